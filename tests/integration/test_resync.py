"""A table is copied again while the sync runs (decisions/0036): its rows carry the id of the copy, between a marker at the begin and one
at the end of each partition. The stream of the table and of all others continues."""

import re

import pytest
from support.consume import heartbeats, rows
from support.rebuild import Rebuild, check_shape
from support.wait import wait_for
from test_backfill import ONE, changing, with_rows
from test_steer import Steered

SLOW = "full = { rows_per_second = 100 },"
THREE = "topics = { partitions = 3 },"


@pytest.fixture(autouse=True)
def no_runtime_folder(monkeypatch):
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)


class Again(Steered):
    """A sync that has copied the tables `a` and `new`, and streams them."""

    def copied(self, n, options=ONE, tables=("a", "new"), **more):
        self.make_new(n)
        running = self.stream(options.replace(SLOW, ""), patterns=tables, **more)
        running.wait_rows(f"{self.db}.new", n)
        if SLOW in options:  # only the copies that follow are slow
            assert running.stop() == 0
            running.write(running.path.read_text().replace("topics =", SLOW + "topics ="))
            running.start()
            running.wait_streaming()
        return running

    def resync(self, *words):
        """Copy `new` again. Return the id of the copy."""
        out = self.command("resync", "new", *words)
        assert f"copies {self.db}.new again beside the stream" in out
        return str(self.admin.sync(self.running.name)["commands"][-1]["id"])

    def command(self, command, *words, code=0):
        """Options and what follows them are given as they are, the words before them as names of tables."""
        end = next((i for i, word in enumerate(words) if word.startswith("--")), len(words))
        done, out, err = self.running.once(*(f"{self.db}.{t}" for t in words[:end]), *words[end:], command=command)
        assert done == code, f"{command}: exit code {done}\n{out}\n{err}"
        return out if code == 0 else err

    def wait_again(self, copy, n=1):
        """Wait until n rows of the copy have arrived."""
        self.running.until(f"{self.db}.new", lambda m: len(of_copy(m, copy)) >= n, f"{n} rows of copy {copy}")

    def wait_end(self, copy):
        self.running.until(f"{self.db}.new", lambda m: "end" in [kind for kind, _ in markers(m, copy)], f"the end of copy {copy}")

    def lift_limit(self):
        """The next start copies without a limit."""
        self.running.write(self.running.path.read_text().replace(SLOW, ""))


def of_copy(messages, copy):
    return [m for m in rows(messages) if m.copy == copy]


def markers(messages, copy):
    """Return (kind, message) of each marker of the copy."""
    return [("begin" if m.ddl["text"].endswith("begins") else "end", m)
            for m in messages if m.value and m.copy == copy and not m.is_row]


def check_copy(messages, topic, copy, partitions, begins=1, ends=1):
    """Each partition has the begin of the copy before its rows, and an end after them. Return the rows."""
    of_topic = [m for m in messages if m.topic == topic]
    found = markers(of_topic, copy)
    for partition in range(partitions):
        here = [(kind, m.offset) for kind, m in found if m.partition == partition]
        first = [offset for kind, offset in here if kind == "begin"]
        last = [offset for kind, offset in here if kind == "end"]
        assert 1 <= len(first) <= begins and 1 <= len(last) <= ends, here
        offsets = [m.offset for m in of_copy(of_topic, copy) if m.partition == partition]
        assert all(first[0] < offset < last[-1] for offset in offsets)
        for beat in heartbeats(m for m in of_topic if m.partition == partition):
            copying = [value for name, value in beat.headers if name == "tideway-copying"]
            assert copying == ([b"1"] if first[0] < beat.offset < last[-1] else copying), beat
            assert not (beat.offset > last[-1] and copying), beat
    assert all(m.full for m in of_copy(of_topic, copy))
    assert not [m for m in rows(messages) if m.copy is not None and (not m.full or m.topic != topic)]
    return of_copy(of_topic, copy)


@pytest.fixture(params=["mariadb", "mysql"])
def here(request, unique, sync_on, kafka):
    return Again(request.getfixturevalue(request.param), unique, sync_on, kafka)


def test_copied_again_while_rows_change(here):
    """Rows of all tables are changed all the time. Nothing of the other table comes twice, and the copy changes nothing of its own."""
    running = here.copied(3000, "full = { rows_per_second = 1500 }," + THREE, heartbeat="0.2")
    with changing(here, "new", 3000), changing(here, "a", 50):
        copy = here.resync()
        here.wait_copied(running)
    messages = here.equals_and_once("new")
    again = check_copy(messages, f"{here.db}.new", copy, 3)
    first = [m for m in rows(messages) if m.full and m.table[1] == "new" and m.copy is None]
    assert len(first) == 3000 and 0 < len(again) <= 3000
    assert len({m.key for m in again}) == len(again)
    assert running.log.count("begins again at its position") == 1 and "tables to read beside the stream" in running.log
    running.start()
    running.wait_streaming()
    assert "beside the stream" not in running.log
    assert running.stop() == 0


def test_some_rows(here):
    """With a condition, only rows that fulfil it are copied again."""
    running = here.copied(1000)
    copy = here.resync("--where", "id < 100 OR s = 'none' -- the first ones\n")
    here.wait_end(copy)
    here.sql("UPDATE new SET v = 7777 WHERE id = 5")
    messages = here.equals_and_once("new")
    again = check_copy(messages, f"{here.db}.new", copy, 1)
    assert sorted(int(m.key) for m in again) == list(range(100))
    assert running.log.count("begins again at its position") == running.log.count("1 table done") == 1


def test_refused(here):
    """The command says why it cannot take effect, and the sync does not begin again."""
    here.sql("CREATE TABLE plain (v INT)", "CREATE TABLE other (id INT PRIMARY KEY)", "INSERT INTO plain VALUES (1)")
    running = here.copied(20, ONE + "no_primary_key = 'empty',", ("a", "new*", "plain"))
    for words, expected in (
        (["new_typo"], r"E-230: table \S+new_typo is not known to the sync: it does not exist, or its copy has not begun"),
        (["other"], r"E-222: table \S+other is not captured"),
        (["plain"], r"E-231: table \S+plain cannot be copied beside the stream: it has no primary key"),
        (["new", "plain"], r"E-231"),
        (["new", "--where", ""], r"E-232: .*You have an error in your SQL syntax"),
        (["new", "--where", "v >"], r"E-232: .*You have an error in your SQL syntax"),
        (["new", "--where", "none = 1"], r"E-232: .*Unknown column 'none'"),
        (["new", "--where", "v > 0) OR (v < 9"], r"E-232"),
        (["new", "--where", "v > 0 -- "], r"E-232"),
        (["new", "--where", "v > 0 #"], r"E-232"),
        (["new", "--where", "v > 0 /*"], r"E-232"),
        (["new", "--where", "v > 0; DELETE FROM new"], r"E-232"),
        (["new", "--where", "v > 0 LIMIT 1"], r"E-232"),
        (["new", "--where", "v > ?"], r"E-232"),
    ):
        err = here.command("resync", *words, code=2)
        assert re.search(expected, err), err
    assert "E-226" in here.command("cancel", "new", code=2)
    assert running.once(command="resync")[0] == 2
    assert "begins again" not in running.log and here.sql("SELECT COUNT(*) FROM new") == ((20,),)
    here.change_a(9)
    assert not [m for m in here.equals_and_once("new") if m.headers]


def test_killed_while_it_is_copied_again(here):
    """kill -9 at any time: the next process continues with what is missing, as it was asked to, and does not lose the end."""
    name = f"{here.db}.new"
    running = here.copied(9000, SLOW + THREE, heartbeat="0.2")  # at the last kill, rows for a minute are missing
    copy = here.resync("--where", "id < 8900")
    assert "E-230: table" in here.command("resync", "new", code=2)
    here.wait_again(copy)
    running.until(name, lambda all_: any(h == ("tideway-copying", b"1") for m in heartbeats(all_) for h in m.headers), "the header")
    running.kill9()
    running.start()
    one = wait_for(lambda: with_rows(here.admin, running, 200), lambda: running.log[-2000:])
    copied = one["backfill"]["rows"]
    table = here.admin.tables(running.name)[name]
    assert (table["step"], table["backfill"]) == ("copy", True)
    here.sql("INSERT INTO a VALUES (3, 3, 'c')")
    running.until(f"{here.db}.a", lambda all_: any(m.key == b"3" for m in all_), "the row")
    here.wait_saved(running)
    running.kill9()
    running.start()
    again = wait_for(lambda: with_rows(here.admin, running, copied), lambda: running.log[-2000:])
    assert again["backfill"]["rows_per_second"] < 1000, "it counts what an earlier process has copied"
    running.kill9()
    here.lift_limit()
    running.start()
    here.wait_copied(running)
    here.wait_end(copy)
    here.change_a(10)
    assert running.stop() == 0
    messages = running.reader(name, f"{here.db}.a").to_end()
    Rebuild(here.kafka.partitions(), bootstraps=False).feed_all(messages)
    again = check_copy(messages, name, copy, 3, begins=2)
    assert {int(m.key) for m in again} == set(range(8900))


@pytest.mark.parametrize("here", ["mariadb"], indirect=True)
@pytest.mark.parametrize("moment", ["asked", "saved", "returned"])
def test_killed_while_the_command_runs(here, moment):
    """kill -9 at any moment of the command: the table is copied again to the end, or the command has had no effect."""
    running = here.copied(600)
    here.wait_saved(running)
    here.kill_during("resync", moment)
    running.start()
    running.wait_streaming()
    begun = here.admin.sync(running.name)["backfill"]["tables"] > 0
    here.change_a(10)
    copies = {m.copy for m in running.reader(f"{here.db}.new").to_end() if m.copy is not None}
    if not begun and not copies:
        assert moment != "returned"
        copies = {here.resync()}
    running.until(f"{here.db}.new", lambda all_: any("ends" in m.ddl["text"] for m in all_ if m.is_marker), "the end of the copy")
    messages = here.equals_and_once("new")
    (copy,) = {m.copy for m in messages if m.copy is not None}
    assert copies <= {copy}
    check_copy(messages, f"{here.db}.new", copy, 1, begins=2, ends=2)
    assert {int(m.key) for m in of_copy(messages, copy)} == set(range(600))


def test_cancelled(here):
    """`cancel` ends the copy without an end marker. The table stays captured, and can be copied again."""
    name = f"{here.db}.new"
    running = here.copied(6000, SLOW + ONE)
    first = here.resync()
    here.wait_again(first)
    out = here.command("cancel", "new")
    assert f"ends the copy of {name}, without an end marker, and continues to send its changes" in out
    assert here.admin.sync(running.name)["commands"][-1]["removed"] == []
    assert re.search(rf"copy {first} of table {name} has ended before all of its rows were sent, without an end marker: a command", running.log)
    assert here.captured() == {"a", "new"}
    here.change_a(10)
    sent = len(of_copy(running.reader(name).to_end(), first))
    here.sql("UPDATE new SET v = 4444 WHERE id = 5999")
    running.wait_message(name, lambda m: m.value and m.op == "UPDATE_AFTER" and m.after["v"] == 4444, "the change")
    here.change_a(11)
    assert len(of_copy(running.reader(name).to_end(), first)) == sent < 6000
    assert [kind for kind, _ in markers(running.reader(name).to_end(), first)] == ["begin"]
    assert "E-226" in here.command("cancel", "new", code=2)
    here.lift_limit()
    assert running.stop() == 0
    running.start()
    running.wait_streaming()
    assert "beside the stream" not in running.log
    second = here.resync()
    here.wait_end(second)
    assert int(second) > int(first) and len(of_copy(running.reader(name).to_end(), second)) == 6000
    here.equals_and_once("new")


# while `new` is copied again slowly: (statements, why the copy has ended; None: it continues to its end)
STATEMENTS = {
    "altered": (["ALTER TABLE new ADD x INT NOT NULL DEFAULT 7", "UPDATE new SET x = 8 WHERE id < 100"], None),
    "emptied": (["TRUNCATE TABLE new", "INSERT INTO new VALUES (1, 1, 'after'), (5, 5, 'after')"], None),
    "made_again": (["DROP TABLE new", "CREATE TABLE new (id INT PRIMARY KEY, v INT)", "INSERT INTO new VALUES (1, 5)"], "dropped"),
    "swapped": (["CREATE TABLE _new_gho LIKE new", "INSERT INTO _new_gho SELECT * FROM new",
                 "RENAME TABLE new TO _new_del, _new_gho TO new", "DROP TABLE _new_del", "INSERT INTO new VALUES (9999, 1, 'n')"], "renamed"),
    "condition": (["ALTER TABLE new DROP COLUMN v"], "Unknown column"),
}


@pytest.mark.parametrize(("here", "case"), [("mariadb", "altered"), ("mysql", "altered"), ("mariadb", "emptied"), ("mysql", "made_again"),
                                            ("mariadb", "swapped"), ("mariadb", "condition"), ("mysql", "condition")], indirect=["here"])
def test_statements_while_it_is_copied_again(here, case):
    """A statement on the table discards what was read of it meanwhile, or ends the copy, with a line in the log. The sync continues."""
    statements, why = STATEMENTS[case]
    running = here.copied(6000 if why else 300, SLOW + ONE)  # one that must not end before the statements is long
    copy = here.resync(*(["--where", "v >= 0"] if case == "condition" else []))
    here.wait_again(copy)
    here.sql(*statements)
    if why:
        running.wait_log(rf"copy {copy} of table {here.db}\.new has ended before all of its rows were sent, without an end marker: .*{why}")
    else:
        here.wait_end(copy)
    here.change_a(10)
    running.wait_log(r"backfill: 1 table done")
    if case == "made_again":
        here.sql("UPDATE new SET v = 6 WHERE id = 1")
    messages = here.equals_and_once("new") if case != "made_again" else here.equals_and_once()
    assert [kind for kind, m in markers(running.reader(f"{here.db}.new").to_end(), copy)] == ["begin"] + ["end"] * (why is None)
    assert messages and running.log.count("begins again at its position") == 1
    running.start()
    running.wait_streaming()
    assert "beside the stream" not in running.log and "to read" not in running.log
    assert running.stop() == 0


@pytest.mark.parametrize("here", ["mariadb"], indirect=True)
def test_other_modes(here):
    """A table is copied again only beside a stream that follows a copy."""
    here.sql("CREATE TABLE a (id INT PRIMARY KEY, v INT, s VARCHAR(50))", "INSERT INTO a VALUES (1, 1, 'a')")
    here.make_new(6000)
    for mode, topic in (("full", "new"), ("stream", "a")):
        tables = [f"{here.db}.a", f"{here.db}.new"]
        here.running = running = here.sync_on(here.server, here.kafka, tables, f"mode = '{mode}'," + SLOW + ONE).start()
        if mode == "stream":
            running.wait_streaming()
            here.sql("INSERT INTO a VALUES (2, 2, 'b')")
        running.until(f"{here.db}.{topic}", lambda m: any(rows(m)), "a row")
        assert "E-231: with another mode" in here.command("resync", "a", code=2)
        running.kill9()


@pytest.mark.parametrize("here", ["mariadb"], indirect=True)
def test_compacted_topics(here):
    """A compacted topic takes markers with keys. A row of the copy has the headers of the script, too. A paused sync keeps the command,
    also over a restart."""
    options = ("topics = { partitions = 2, config = { ['cleanup.policy'] = 'compact' } },"
               "on_change = { ['*.new'] = function(change) change.headers = { mine = 'yes' } end },")
    running = here.copied(20, options)
    here.command("pause")
    copy = here.resync()
    waits = here.admin.sync(running.name)["by_command"]["again"]
    assert [(w["db"], w["table"], str(w["id"])) for w in waits] == [(here.db, "new", copy)]
    assert running.stop() == 0
    running.start()
    wait_for(lambda: here.admin.state(running.name) == "paused", lambda: running.log[-2000:])
    here.command("resume")
    here.wait_end(copy)
    assert "again" not in here.admin.sync(running.name)["by_command"]
    here.change_a(9)
    assert running.stop() == 0
    messages = running.reader(f"{here.db}.new").to_end()
    again = check_copy(messages, f"{here.db}.new", copy, 2)
    assert len(again) == 20 and all(m.headers == [("tideway-copy", copy.encode()), ("mine", b"yes")] for m in again)
    for _, marker in markers(messages, copy):
        check_shape(marker)
        assert marker.key is not None and marker.ddl_meta["type"] == "QUERY"


@pytest.mark.parametrize("here", ["mariadb"], indirect=True)
def test_loop(here):
    """A script that sends all records itself sends the markers and the headers, too."""
    running = here.copied(20, THREE + """loop = function(changes, out)
        for change in changes do
            for record in change:records() do out:send(record) end
        end
    end,""", heartbeat="0.2")
    copy = here.resync()
    here.wait_end(copy)
    messages = here.equals_and_once("new")
    assert len(check_copy(messages, f"{here.db}.new", copy, 3)) == 20
    assert running.log.count("begins again at its position") == 1


@pytest.mark.parametrize("here", ["mariadb"], indirect=True)
def test_debezium(here):
    """In this format the topics of tables contain rows alone: those of another copy have the header, and there are no markers."""
    here.make_new(5)
    name = f"{here.db}.new"
    here.running = running = here.sync_on(here.server, here.kafka, [name], "format = 'debezium'," + ONE).start()
    running.until(name, lambda m: len(m) >= 5, "the rows")
    running.wait_streaming()
    copy = str(here.admin.ask("POST", f"/syncs/{running.name}/resync", {"tables": [name], "where": "id < 3"})[1]["id"])
    here.wait_copied(running)
    here.sql("INSERT INTO new VALUES (100, 1, 'x')")
    messages = running.until(name, lambda m: any(b"100" in (one.key or b"") for one in m), "the row after the copy")
    assert [m.copy for m in messages] == [None] * 5 + [copy] * 3 + [None]
    status, answer = here.admin.ask("POST", f"/syncs/{running.name}/resync", {"tables": [name], "where": 5})
    assert (status, answer["error"]["code"]) == (400, "E-214")
    assert running.stop() == 0
