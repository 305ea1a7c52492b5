"""The pages of docs/ and the README: their marked blocks run in order, against a real MariaDB and the embedded broker;
what is generated is current; links lead somewhere.

Kinds of block: file NAME (written into the folder), sql, sh [until=TEXT] (again until it prints that), background (a sync
that keeps running), messages TOPIC, ddlmeta TOPIC, heartbeat TOPIC and after TOPIC (what is in Kafka); make (targets
that `make help` lists: test_make.py runs them), steer (commands for a sync that runs), grants (the user of a sync), mycnf (a server's settings), unit (of systemd).
"""

import configparser
import contextlib
import json
import os
import re
import shlex
import subprocess

import pytest
import test_docs_lua
from support import process
from support.consume import Reader, heartbeats
from support.markdown import blocks
from support.normal import normal
from support.paths import BINARY, ROOT
from support.runner import STREAMING, Sync
from support.wait import DEADLINE_S, wait_for

DOCS = sorted((ROOT / "docs").glob("*.md"))
PAGES = [ROOT / "README.md", *DOCS]
DATABASES = ("shop", "doc")


class Story:
    """One page: its blocks in order, in one folder."""

    def __init__(self, folder, mariadb, broker, mariadb_server):
        self.folder, self.mariadb, self.broker, self.mariadb_server = folder, mariadb, broker, mariadb_server
        self.env = dict(
            os.environ, PATH=f"{self.bin()}:{os.environ['PATH']}", MYSQL_PORT=str(mariadb.port),
            KAFKA_BROKERS=broker.bootstrap, EXAMPLES=str(ROOT / "scripts/examples"),
        )
        self.env.pop("MYSQL_PASSWORD", None)  # each page sets it itself
        self.children, self.readers, self.seen = [], {}, {}
        self.sync = None

    def bin(self):
        """A folder in which the program that is tested is called tideway."""
        folder = self.folder / "bin"
        folder.mkdir()
        (folder / "tideway").symlink_to(BINARY.resolve())
        return folder

    def close(self):
        for child in self.children:
            process.end(child)
        for reader in self.readers.values():
            reader.close()
        if self.sync:
            self.sync.cleanup()

    def run(self, block):
        getattr(self, "do_" + block.kind)(block)

    # doing

    def do_file(self, block):
        (self.folder / block.words[0]).write_text(block.text)

    def do_sql(self, block):
        with contextlib.closing(self.mariadb.connect()) as connection, connection.cursor() as cursor:
            for statement in re.split(r";\s*(?:\n|$)", block.text):
                if statement.strip():
                    cursor.execute(statement)

    def shell(self, text):
        done = subprocess.run(["bash", "-euo", "pipefail", "-c", text], cwd=self.folder, env=self.env, capture_output=True,
                              text=True, timeout=DEADLINE_S, check=False)
        assert done.returncode == 0, f"exit code {done.returncode}\n{text}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def do_sh(self, block):
        self.env.update(re.findall(r"^export (\w+)='(.*)'$", block.text, re.M))  # as in the reader's shell
        text = block.options.get("until")
        if text:
            wait_for(lambda: text in self.shell(block.text), f"{text!r} is not printed", pause=0.2)
        else:
            assert self.shell(block.text).strip() or "<" in block.text, "it printed nothing"

    def do_background(self, block):
        log = self.folder / f"log{len(self.children)}"
        child = process.spawn(["bash", "-c", "exec env " + block.text], log, log, env=self.env, cwd=self.folder)
        self.children.append(child)

        def streaming():
            assert child.poll() is None, log.read_text()
            return re.search(STREAMING, log.read_text())

        wait_for(streaming, log.read_text)

    def do_steer(self, block):
        """The commands of an operator, one by one, against a sync that runs."""
        self.mariadb.run("CREATE DATABASE IF NOT EXISTS shop", *(f"CREATE TABLE IF NOT EXISTS shop.{t} (id INT PRIMARY KEY)" for t in ("orders", "users")))
        self.reader("doc.t")
        for line in block.text.splitlines():
            program, command, script, *words = shlex.split(line, comments=True)
            assert (program, script) == ("tideway", self.sync.path.name), line
            if command == "resync":
                out = self.resync(*words)
            else:
                code, out, err = self.sync.once(*words, command=command)
                assert code == 0, out + err
            assert "paused" in out or command == "status" or all(word in out for word in words if "shop." in word), out

    def resync(self, *words):
        """The command is refused until an earlier copy of the table is over, and in the checkpoint."""
        done = [None]

        def succeeds():
            done[0] = self.sync.once(*words, command="resync")
            return done[0][0] == 0

        wait_for(succeeds, lambda: done[0])
        return done[0][1]

    def do_make(self, block):
        listed = re.findall(r"^  (\w[\w-]*)", make_help(), re.M)
        for line in block.text.splitlines():
            program, *targets = line.split("#")[0].split()
            assert program == "make" and set(targets) <= set(listed), line

    def checked(self, server, user):
        """Run `tideway check` as this user on a server with two tables, and return its output."""
        server.run("CREATE DATABASE doc", "CREATE TABLE doc.t (id INT PRIMARY KEY)")
        checked = Sync(self.folder / f"check{server.port}", "checked", server, self.broker, ["doc.*"], **user)
        code, out, err = checked.once(command="check")
        assert code == 0, out + err
        return out

    def do_grants(self, block):
        """The user of the page passes every point of check except those that the page calls optional."""
        assert "tideway@'%'" in block.text
        block.text = block.text.replace("tideway@'%'", "'by the page'@'%'").replace("'...'", "'a password'")
        try:
            self.do_sql(block)
            out = self.checked(self.mariadb, {"user": "by the page", "password": "a password"})
        finally:
            self.mariadb.run("DROP USER IF EXISTS 'by the page'@'%'")
        warned = re.findall(r"^WARN  (.*)", out, re.M)
        assert not [w for w in warned if w.startswith("privilege") and "BINLOG ADMIN" not in w], out

    def do_mycnf(self, block):
        """A server accepts these settings, and check warns about none of them."""
        head, *lines = block.text.splitlines()
        assert head == "[mariadb]"
        settings = dict(re.fullmatch(r"(\w+) = (\S+)", line).groups() for line in lines)
        server = self.mariadb_server(*(f"--{name}={value}" for name, value in settings.items()))
        server.make_user(server.user, server.password, *server.grants, "BINLOG ADMIN")
        variables = {k.lower(): v for k, v in server.run("SHOW GLOBAL VARIABLES")}
        for name, value in settings.items():
            assert variables[name].split(".")[0] in (value, "ON"), name
        out = self.checked(server, {})
        warned = re.findall(r"^(?:WARN|FAIL)  (.*?):", out, re.M)
        assert set(warned) <= {"log_slave_updates"}, out  # which concerns only replicas

    def do_unit(self, block):
        """The command is the one that `make install` installs; the exit codes that prevent a restart are those of commands.md."""
        unit = configparser.ConfigParser(strict=False)
        unit.optionxform = str
        unit.read_string(block.text)
        service = unit["Service"]
        program, *words = shlex.split(service["ExecStart"])
        assert program == re.search(r"^PREFIX \?= (.*)", (ROOT / "Makefile").read_text(), re.M)[1] + "/bin/tideway"
        assert words[0] == "run" and words[1].endswith(".lua") and service["EnvironmentFile"].startswith("/etc/")
        prevented = set(service["RestartPreventExitStatus"].split())
        assert prevented <= set(re.findall(r"^\| (\d) \|", (ROOT / "docs/commands.md").read_text(), re.M))
        done = subprocess.run([BINARY, words[0], str(self.folder / "not there.lua")], capture_output=True, timeout=DEADLINE_S, check=False)
        assert str(done.returncode) in prevented

    # looking

    def reader(self, topic):
        """For a page without a script of its own, run a sync of the database `doc`."""
        if not self.sync and not self.children:
            self.sync = Sync(self.folder / "sync", "docs", self.mariadb, self.broker, ["doc.*"], topic=False, heartbeat="1").start()
            self.sync.wait_streaming()
        if topic not in self.readers:
            self.readers[topic] = Reader(self.broker, topic)
        return self.readers[topic]

    def take(self, topic, n):
        """The next n messages of a topic that are not heartbeats."""
        at = self.seen.get(topic, 0)

        def data(messages):
            return [m for m in messages if m.op != "MHEARTBEAT"]

        found = data(self.reader(topic).until(lambda all_: len(data(all_)) >= at + n, f"{n} messages in {topic}"))
        self.seen[topic] = at + n
        return found[at : at + n]

    def do_messages(self, block):
        lines = block.text.splitlines()
        found = self.take(block.words[0], len(lines))
        assert [normal(m.text) for m in found] == [normal(line) for line in lines]

    def do_after(self, block):
        (message,) = self.take(block.words[0], 1)
        assert f'"after":{{"dataColumn":{block.text.strip()}}}' in message.text

    def do_ddlmeta(self, block):
        last = [m for m in self.reader(block.words[0]).messages if m.ddl][-1]
        found, expected = last.ddl_meta, json.loads(block.text)
        assert list(found) == list(expected)
        assert list(found.pop("position")) == list(expected.pop("position"))
        assert found == expected

    def do_resync(self, block):
        """Copy the table again. The partition of its row has these messages."""
        topic, lines = block.words[0], block.text.splitlines()
        before = len(self.reader(topic).messages)
        self.resync(f"doc.{topic}")
        copy = self.reader(topic).until(lambda all_: any("ends" in m.ddl["text"] for m in all_[before:] if m.is_marker), "the end")[before:]
        partition = next(m.partition for m in copy if m.is_row)
        found = [m.text for m in copy if m.partition == partition and m.copy]
        assert [re.sub(r"copy \d+", "copy 1764600000001", normal(text)) for text in found] == [normal(line) for line in lines]

    def do_heartbeat(self, block):
        found = heartbeats(self.reader(block.words[0]).until(heartbeats, "a heartbeat"))[0]
        assert normal(found.text) == normal(block.text.strip())


def told(page):
    return any(True for _ in blocks(page))


@pytest.mark.parametrize("page", [p for p in PAGES if told(p)], ids=lambda p: p.stem)
def test_page(page, tmp_path, mariadb, broker, mariadb_server, monkeypatch):
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))  # the syncs of all pages have one name, and pages are tested at the same time
    story = Story(tmp_path, mariadb, broker, mariadb_server)
    drop = [f"DROP DATABASE IF EXISTS {name}" for name in DATABASES]
    mariadb.run(*drop)
    try:
        if page.stem == "README":
            story.shell("mariadb --no-defaults -h 127.0.0.1 -P $MYSQL_PORT -u root < $EXAMPLES/shop.sql; echo done")
        for block in blocks(page):
            try:
                story.run(block)
            except Exception as problem:
                raise AssertionError(f"{page.name}, {block}: {problem}") from problem
    finally:
        story.close()
        mariadb.run(*drop)


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.stem)
def test_every_block_is_run(page):
    """A fenced block is marked, or Lua on a page whose Lua test_docs_lua.py runs."""
    lines = {block.line for block in blocks(page)}
    text = page.read_text()
    for found in re.finditer(r"^ *```(\w+)\n", text, re.M):
        line = text.count("\n", 0, found.start()) + 1
        lua = found[1] == "lua" and f"docs/{page.name}" in test_docs_lua.PAGES
        assert lua or line - 1 in lines, f"{page.name}:{line} is not run"


def make_help():
    return subprocess.run(["make", "-s", "help"], cwd=ROOT, capture_output=True, text=True, timeout=DEADLINE_S, check=True).stdout


def printed(*words):
    return subprocess.run([str(BINARY), *words], capture_output=True, text=True, timeout=DEADLINE_S, check=True).stdout


def test_options_are_current():
    """docs/options.md is what `tideway options` prints: scripts/dev/gen-docs writes it."""
    assert (ROOT / "docs/options.md").read_text() == printed("options"), "run scripts/dev/gen-docs"


def test_errors_are_current():
    """docs/errors.md is what `tideway explain --markdown` prints: scripts/dev/gen-docs writes it."""
    assert (ROOT / "docs/errors.md").read_text() == printed("explain", "--markdown"), "run scripts/dev/gen-docs"


def test_commands_are_all_there():
    """Every command of the program has a line and a section in docs/commands.md, and vice versa. So have its options."""
    text = (ROOT / "docs/commands.md").read_text()
    known = set(re.findall(r"^  tideway ([\w-]+)", printed("help"), re.M))
    assert known == set(re.findall(r"^## ([\w-]+)$", text, re.M))
    assert known == set(re.findall(r"^\| \[`([\w-]+)`\]", text, re.M))
    for command in known:
        (row,) = re.findall(rf"^\| \[`{command}`\].*", text, re.M)
        assert set(re.findall(r"--\w[\w-]*", printed("help", command).splitlines()[0])) == set(re.findall(r"--\w[\w-]*", row))


def test_alerts_are_all_there():
    """Every kind of alert is in the pages and in the stub, with its severity, and no other."""
    kinds = dict(re.findall(r'^\tX\(\w+, "(\w+)", (\w+),', (ROOT / "src/model/alert.h").read_text(), re.M))
    assert "kafka_away" in kinds
    rows = re.findall(r"^\| `(\w+)` \| (warning|critical) \|", (ROOT / "docs/operations.md").read_text(), re.M)
    assert {kind: severity.upper() for kind, severity in rows} == kinds
    (row,) = re.findall(r"^\| `kind` \| (.*) \|$", (ROOT / "docs/lua-api.md").read_text(), re.M)
    assert set(re.findall(r'"(\w+)"', row)) == set(kinds)
    (stub,) = re.findall(r'---@field kind ("retrying".*)', (ROOT / "lua/stdlib/_meta/sync.lua").read_text())
    assert set(re.findall(r'"(\w+)"', stub)) == set(kinds)


def anchors(page):
    """Return the anchors that links may use for a heading."""
    headings = re.findall(r"^#+ (.*)", page.read_text(), re.M)
    return {re.sub(r"[^\w\- ]", "", h.lower()).replace(" ", "-") for h in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.stem)
def test_links(page):
    for target in re.findall(r"\]\(([^)\s]+)\)", re.sub(r"```.*?```", "", page.read_text(), flags=re.S)):
        if "://" in target:
            continue
        path, _, anchor = target.partition("#")
        file = (page.parent / path) if path else page
        assert file.exists(), f"{target} is not there"
        if anchor:
            assert anchor in anchors(file), f"{target}: no such heading"


def test_features_are_shown():
    """Each test, option and command that docs/features.md names is there, and each row of its tables names a test."""
    page = (ROOT / "docs/features.md").read_text()
    rows = [line.strip("|").split("|") for line in page.splitlines() if line.startswith("|") and "---" not in line]
    rows = [cells for cells in rows if cells[-1].strip() != "shown by"]
    for cells in rows:
        named = re.findall(r"`(test_\w+)::(\w+)`", cells[-1])
        assert named, f"no test: {cells}"
        for module, test in named:
            assert re.search(rf"^def {test}\(", (ROOT / f"tests/integration/{module}.py").read_text(), re.M), f"{module}::{test}"
        options = re.findall(r"^\| `(\w+)` \|", (ROOT / "docs/options.md").read_text(), re.M)
        for option in re.findall(r"`([a-z_.]+)`", cells[1]):
            assert set(option.split(".")) <= {*options, "source"}, option
        for command in re.findall(r"`tideway ([a-z]+)`", cells[1]):
            assert command in printed("help"), command
