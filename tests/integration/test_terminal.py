"""Messages on a terminal are readable lines. --json prints the raw messages, and so does any output that is not a terminal."""

import json
import re

import pytest
from support.consume import parse
from support.paths import BINARY
from support.terminal import Terminal
from support.wait import wait_for

HEADERS = 'on_change = function(change) change.headers = { trace = "x\\27y" } end,'
LINES = "kafka.lines { }"


@pytest.fixture(autouse=True)
def table(sql):
    sql("CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(20), n DECIMAL(6,2))", "INSERT INTO t VALUES (1, 'a\x1b[2J', 1.5), (2, 'b', NULL)")


def inserted(db, trace=""):
    """The lines of the rows of the table, without colours."""
    topic = f"{db}.t".ljust(12)
    return [f"+ {topic} key 1      INSERT       id=1 v=a\\u001b[2J n=1.50{trace}",
            f"+ {topic} key 2      INSERT       id=2 v=b n=null{trace}"]


def plain(text):
    return re.sub(r"\x1b\[\d*m", "", text)


def on_terminal(running, *arguments, command="run", env=None):
    return Terminal([BINARY, command, running.path, *arguments], running.folder / "log", env=env, cwd=running.folder)


def test_preview(sync, db):
    """Readable and coloured, headers included."""
    shown = sync(HEADERS, start=False)
    with on_terminal(shown, command="preview", env={"NO_COLOR": ""}) as terminal:
        code, text = terminal.finish()
    assert code == 0
    assert "\x1b[32m+\x1b[0m" in text
    assert plain(text).splitlines() == inserted(db, " [trace=x\\u001by]")


def test_preview_without_colour(sync, db):
    with on_terminal(sync(start=False), command="preview", env={"NO_COLOR": "1"}) as terminal:
        code, text = terminal.finish()
    assert (code, text.splitlines()) == (0, inserted(db))


def test_preview_raw(sync):
    """--json on a terminal prints the same bytes as a pipe with and without it."""
    shown = sync(HEADERS, start=False)
    with on_terminal(shown, "--json", command="preview") as terminal:
        code, text = terminal.finish()
    piped = shown.once(command="preview")

    def fixed(output):
        return re.sub(r'"(executeTime|systemTime|eventTime|checkpointTime|sequenceId)":("\d+"|\d+)', r'"\1":0', output)

    assert code == 0 and piped[0] == 0
    assert fixed(text) == fixed(piped[1]) == fixed(shown.once("--json", command="preview")[1])
    for line in piped[1].splitlines():
        assert list(parse(line)) == ["topic", "key", "value"]


def test_check_colours(sync):
    """check honours NO_COLOR too."""
    for env, coloured in (({"NO_COLOR": ""}, True), ({"NO_COLOR": "1"}, False)):
        with on_terminal(sync(start=False, name="colours"), command="check", env=env) as terminal:
            code, text = terminal.finish()
        assert code == 0 and ("\x1b" in text) == coloured, text


def test_dry_run(sync, sql, db, kafka):
    """The messages of the full sync and the stream are shown and not sent."""
    running = sync(start=False)
    with on_terminal(running, "--dry-run", env={"NO_COLOR": "1"}) as terminal:
        terminal.wait(re.escape(inserted(db)[1]))
        wait_for(lambda: "stream: reading the binlog from" in (running.folder / "log").read_text(), "no stream")
        sql("UPDATE t SET v = 'c' WHERE id = 2", "DELETE FROM t WHERE id = 1")
        terminal.wait(r"(?m)^- .* key 1      DELETE ")
        lines = terminal.text.splitlines()
    assert sorted(lines[:2]) == inserted(db)
    topic = f"{db}.t".ljust(12)
    assert lines[2:] == [f"< {topic} key 2      UPDATE_BEFOR id=2 v=b n=null", f"> {topic} key 2      UPDATE_AFTER id=2 v=c n=null",
                         f"- {topic} key 1      DELETE       id=1 v=a\\u001b[2J n=1.50"]
    assert terminal.child.returncode == 0
    assert not [t for t in kafka.partitions() if t.startswith(db) or running.name in t]


def test_dry_run_elsewhere(sync, db, kafka):
    """Without a terminal it prints nothing, as before; with --json the messages."""
    running = sync('mode = "full",', start=False)
    assert running.once("--dry-run")[:2] == (0, "")
    code, out, err = running.once("--dry-run", "--json")
    assert code == 0, err
    found = [parse(line) for line in out.splitlines()]
    assert sorted((m["topic"], m["key"]) for m in found) == [(f"{db}.t", "1"), (f"{db}.t", "2")]
    assert not [t for t in kafka.partitions() if t.startswith(db)]


def test_json_without_messages(sync):
    """--json is refused by a run that prints no messages, before anything connects."""
    running = sync(start=False, brokers="127.0.0.1:1")
    code, out, err = running.once("--json")
    assert (code, out) == (2, "")
    assert re.search(r"ERROR E-202: --json does nothing here: 'run' prints no messages\. Use it with --dry-run", err), err
    assert len(err.splitlines()) == 1, err


def test_lines(sync, db):
    """kafka.lines on a terminal, raw with --json, and into a pipe and a file."""
    running = sync('mode = "full",' + HEADERS, sink=LINES, start=False)
    expected = inserted(db, " [trace=x\\u001by]")
    with on_terminal(running, env={"NO_COLOR": "1"}) as terminal:
        code, text = terminal.finish()
    assert code == 0 and sorted(text.splitlines()) == expected
    with on_terminal(running) as terminal:
        code, text = terminal.finish()
    assert code == 0 and sorted(plain(text).splitlines()) == expected and "\x1b[32m" in text
    with on_terminal(running, "--json") as terminal:
        code, text = terminal.finish()
    assert code == 0
    for output in (text, running.once()[1]):
        found = [json.loads(line) for line in output.splitlines()]
        assert [list(m) for m in found] == 2 * [["topic", "partition", "key", "headers", "value"]]
        assert sorted(m["key"] for m in found) == ["1", "2"]


def test_status_line_between_messages(sync, sql, db):
    """On one terminal with the progress line no message begins in the middle of a line."""
    running = sync(sink=LINES, start=False)
    with Terminal([BINARY, "run", running.path], None, env={"NO_COLOR": "1"}, cwd=running.folder) as terminal:
        terminal.wait(r"stream: .* s behind")
        sql("INSERT INTO t VALUES (3, 'c', 1)")
        terminal.wait(r"key 3 ")
        terminal.wait(r"key 3 .*\n.*s behind")
        text = terminal.text
    assert re.search(rf"(^|\n|\x1b\[K)\+ {db}\.t *key 3      INSERT       id=3 v=c n=1\.00\n", text), text
