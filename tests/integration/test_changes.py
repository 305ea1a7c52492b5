"""source:changes of `tideway exec` on real servers: every row with its place, or an error that names what cannot be read."""

import contextlib
import json
import re
import subprocess

import pytest
from support.paths import BINARY
from support.wait import DEADLINE_S

SCRIPT = """
local source, json = require "tideway.source", require "tideway.json"
local server = source.mysql {{ host = "127.0.0.1", port = {port}, user = "tideway", password = "tide" }}
for change in server:changes {{ from = "{start}", wait_s = 0 }} do
  local image = change.after or change.before
  print(json.encode {{ op = change.op, table = change.table, id = image.id, v = image.v, at = change.file .. ":" .. change.pos }})
end
"""


class Source:
    """A server, a database on it, and the end of its binlog when the test began."""

    def __init__(self, server, database, folder):
        self.server, self.database, self.folder = server, database, folder
        self.connection = server.connect(database=database)
        self.start = self.position()

    def __call__(self, *statements):
        with self.connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
            return cursor.fetchall()

    def position(self):
        file, offset = self.server.binlog_end()
        return f"{file}:{offset}"

    def execute(self, start=None):
        """Return the exit code, the changes from `start` to the end, and stderr."""
        script = self.folder / "changes.lua"
        script.write_text(SCRIPT.format(port=self.server.port, start=start or self.start))
        done = subprocess.run([str(BINARY), "exec", str(script)], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=DEADLINE_S, check=False)
        return done.returncode, [json.loads(line) for line in done.stdout.splitlines()], done.stderr

    def changes(self, start=None):
        code, changes, err = self.execute(start)
        assert code == 0, err
        return changes

    def rows(self, start=None):
        """(op, table, id) of each change."""
        return [(c["op"], c["table"], c["id"]) for c in self.changes(start)]

    def events(self, start=None):
        """(place, type) of the events from there to the end of the file."""
        file, offset = (start or self.start).split(":")
        return [(f"{file}:{row[1]}", row[2]) for row in self.server.run(f"SHOW BINLOG EVENTS IN '{file}' FROM {offset}")]


def rows_events(events):
    return [at for at, kind in events if re.match(r"(Write|Update|Delete)_rows", kind)]


SERVERS = ["mariadb", "mysql"]


@pytest.fixture(params=SERVERS)
def source(request, unique, tmp_path):
    server = request.getfixturevalue(request.param)
    server.run(f"CREATE DATABASE `{unique}` CHARACTER SET utf8mb4")
    made = Source(server, unique, tmp_path)
    yield made
    made.connection.close()
    with contextlib.suppress(Exception):
        server.run(f"DROP DATABASE `{unique}`")


def test_every_row_with_its_place(source):
    """Statements that announce several tables before their rows; rolled-back work, with engines mixed; names that are
    not tables."""
    mixed = not source.server.mysql  # with GTIDs MySQL refuses engines mixed in a transaction
    source("CREATE TABLE a (id INT PRIMARY KEY, v INT)", "CREATE TABLE b (id INT PRIMARY KEY, v INT)",
           "CREATE TABLE log (id INT AUTO_INCREMENT PRIMARY KEY, v INT)", "CREATE TABLE m (id INT PRIMARY KEY, v INT) ENGINE=MyISAM",
           "CREATE TRIGGER a_log AFTER DELETE ON a FOR EACH ROW INSERT INTO log (v) VALUES (OLD.id)")
    source.start = source.position()
    source("INSERT INTO a VALUES (1, 0), (2, 0)", "INSERT INTO b VALUES (1, 0), (2, 0)",
           "UPDATE a, b SET a.v = 5, b.v = 6 WHERE a.id = b.id", "DELETE a, b FROM a JOIN b USING (id) WHERE a.id = 2",
           "BEGIN", "INSERT INTO a VALUES (10, 0)", "SAVEPOINT s", "INSERT INTO a VALUES (11, 0)",
           *(["INSERT INTO m VALUES (1, 0)"] if mixed else []), "UPDATE a, b SET a.v = 7, b.v = 7", "ROLLBACK TO s", "INSERT INTO b VALUES (12, 0)", "COMMIT",
           "BEGIN", "INSERT INTO a VALUES (13, 0)",
           *(["INSERT INTO m VALUES (2, 0)"] if mixed else []), "ROLLBACK", "DELETE FROM a")
    if not source.server.mysql:
        source("CREATE SEQUENCE s", "SELECT NEXTVAL(s)")
    source("TRUNCATE TABLE a", "INSERT INTO a VALUES (20, 0)")
    changes = source.changes()
    found = [(c["op"], c["table"], c["id"]) for c in changes]
    assert found[:4] == [("insert", "a", 1), ("insert", "a", 2), ("insert", "b", 1), ("insert", "b", 2)]
    assert sorted(found[4:8]) == [("update", t, i) for t in "ab" for i in (1, 2)]
    assert {c["table"]: c["v"] for c in changes[4:8]} == {"a": 5, "b": 6}
    assert sorted(found[8:11]) == [("delete", "a", 2), ("delete", "b", 2), ("insert", "log", 1)]
    rest = found[11:]
    assert [r for r in rest if r[1] == "m"] == ([("insert", "m", 1), ("insert", "m", 2)] if mixed else [])
    rest = [r for r in rest if r[1] != "m"]
    assert rest[:2] == [("insert", "a", 10), ("insert", "b", 12)]
    assert sorted(rest[2:6]) == [("delete", "a", 1), ("delete", "a", 10), ("insert", "log", 2), ("insert", "log", 3)]
    assert rest[6:] == [("insert", "a", 20)]
    # each place is that of a rows event, in ascending order
    places = list(dict.fromkeys(c["at"] for c in changes))
    written = rows_events(source.events())
    assert set(places) <= set(written)
    assert places == sorted(places, key=written.index)
    assert len({c["at"] for c in changes if c["op"] == "update"}) == 2
    # what a start inside a transaction would miss
    code, _, err = source.execute(places[0])
    assert code != 0 and re.search(rf"at {places[0]}: \w+ event \(type \d+\) belongs to no transaction", err)


# name: the only server that has it, statements, the error
CANNOT = {
    "compressed": ("mariadb", ["SET GLOBAL log_bin_compress = 1", "SET GLOBAL log_bin_compress_min_len = 10",
                               "INSERT INTO t VALUES (2, REPEAT('x', 500))", "SET GLOBAL log_bin_compress = 0"],
                   r"table \S+\.t, binlog event at \S+: Write_rows_compressed_v1 event .*log_bin_compress=OFF"),
    "partial": ("mysql", ["SET binlog_row_value_options = PARTIAL_JSON", "UPDATE j SET v = JSON_SET(v, '$.a', 2)"],
                r"table \S+\.j, binlog event at \S+: column v: Partial_update_rows event .*binlog_row_value_options"),
    "payload": ("mysql", ["SET binlog_transaction_compression = ON", "INSERT INTO t VALUES (2, 'x')"], "Transaction_payload"),
    "xa": ("", ["XA START 'x'", "INSERT INTO t VALUES (2, 'x')", "XA END 'x'", "XA PREPARE 'x'", "XA COMMIT 'x'"],
           r"binlog event at \S+: XA transaction \S+, prepared here, holds rows"),
    "statement": ("", ["SET binlog_format = STATEMENT", "UPDATE t SET v = 'y'"],
                  r"logged as a statement: UPDATE t SET v = 'y'; set binlog_format = ROW"),
    "dropped": ("", ["INSERT INTO t VALUES (2, 'x')", "DROP TABLE t"], r"table \S+\.t, binlog event at \S+: its rows cannot be read"),
    "renamed": ("", ["INSERT INTO t VALUES (2, 'x')", "ALTER TABLE t RENAME COLUMN v TO w"],
                r"table \S+\.t, binlog event at \S+: its rows cannot be read: its columns here are unknown, since the statement at \S+:\d+ may"),
}


@pytest.mark.parametrize(("source", "case"), [(s, c) for c in CANNOT for s in SERVERS if CANNOT[c][0] in ("", s)],
                         indirect=["source"])
def test_what_cannot_be_read_stops(source, case):
    """What cannot be read is an error with its name and place, after the rows before it."""
    _, statements, error = CANNOT[case]
    source("CREATE TABLE t (id INT PRIMARY KEY, v TEXT)", "CREATE TABLE j (id INT PRIMARY KEY, v JSON)",
           "CREATE TABLE other (id INT PRIMARY KEY, v INT)", """INSERT INTO j VALUES (1, '{"a": 1, "b": "a long value"}')""")
    source.start = source.position()
    source("INSERT INTO other VALUES (1, 1)")
    try:
        source(*statements)
    finally:
        if case == "compressed":
            source.server.run("SET GLOBAL log_bin_compress = 0")
    code, changes, err = source.execute()
    assert code != 0
    assert re.search(error, err), err
    file = source.start.split(":")[0]
    places = {at for at, _ in source.events()}
    named = re.findall(rf"at ({re.escape(file)}:\d+)", err)
    assert named and set(named) <= places, err
    assert [(c["table"], c["id"]) for c in changes] == [("other", 1)]


def test_definitions_follow_statements(source):
    """A row is read with the columns at its place: after an ALTER always, before an ALTER only with row metadata FULL."""
    source("CREATE TABLE t (id INT PRIMARY KEY, a INT, v INT)")
    source.start = source.position()
    source("INSERT INTO t VALUES (1, 10, 11)")
    assert [c["v"] for c in source.changes()] == [11]
    source(f"ALTER TABLE `{source.database}`.t CHANGE a v INT, CHANGE v a INT")
    after = source.position()
    source("INSERT INTO t VALUES (2, 20, 21)", "CREATE TABLE IF NOT EXISTS t (id INT)", "CREATE TABLE other (id INT)", "FLUSH TABLES")
    assert [c["v"] for c in source.changes(after)] == [20]
    code, changes, err = source.execute()
    assert code != 0 and changes == [] and "may have changed the table" in err
    with source.server.globals(binlog_row_metadata="FULL"):
        source.connection.close()
        source.connection = source.server.connect(database=source.database)
        start = source.position()
        source("INSERT INTO t VALUES (3, 30, 31)", "ALTER TABLE t CHANGE a v INT, CHANGE v a INT", "INSERT INTO t VALUES (4, 40, 41)")
        assert [(c["id"], c["v"]) for c in source.changes(start)] == [(3, 30), (4, 41)]
