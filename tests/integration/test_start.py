"""start: a stream without a copy begins at a place in the past (decisions/0044)."""

import pytest
from support.consume import rows
from test_backfill import ONE, Here
from test_errors import purge
from test_xa import xa  # noqa: F401 (a fixture)


@pytest.fixture(params=["mariadb", "mysql"])
def here(request, unique, sync_on, kafka):
    """A new database on each kind of server, with a table `t` that has row 1."""
    here = Past(request.getfixturevalue(request.param), unique, sync_on, kafka)
    here.sql("CREATE TABLE t (id INT PRIMARY KEY, v INT)", "INSERT INTO t VALUES (1, 1)")
    return here


class Past(Here):
    def place(self):
        """The present end of the binlog, for `start`."""
        file, offset = self.server.binlog_end()
        return f'{{ file = "{file}", pos = {offset} }}'

    def gtids(self):
        """The GTIDs of all transactions so far."""
        return self.sql("SELECT @@GLOBAL.gtid_executed" if self.server.mysql else "SELECT @@GLOBAL.gtid_binlog_pos")[0][0].replace("\n", "")

    def options(self, start):
        return f'mode = "stream", start = {start},' + ONE

    def stream(self, start):
        return self.sync_on(self.server, self.kafka, [f"{self.db}.t"], self.options(start))

    def refused(self, start, code, *patterns):
        return self.stream(start).start().fails(code, *patterns)

    def sends(self, running, expected):
        """Stop after the last expected row, and check that all of them have arrived once, in this order."""
        running.until(f"{self.db}.t", lambda all_: any(m.key == expected[-1][1] and m.op == expected[-1][0] for m in rows(all_)),
                      "the last row")
        assert running.stop() == 0
        assert [(m.op, m.key) for m in rows(running.reader(f"{self.db}.t").to_end())] == expected


def event_starts(here, place):
    """The offsets of the events from a place on, in its file."""
    file, offset = place
    return [row[1] for row in here.sql(f"SHOW BINLOG EVENTS IN '{file}' FROM {offset}")]


def test_from_a_place_in_a_file(here):
    """Rows before the place are not sent, all later ones are, also those of later files. Statements on other tables do not matter. kill -9
    leaves no start or a saved one. Afterwards the saved position takes precedence."""
    here.sql("CREATE TABLE gone (id INT PRIMARY KEY)", "CREATE TABLE changed (id INT PRIMARY KEY)")
    before = here.place()
    here.sql("INSERT INTO t VALUES (2, 2)", "DELETE FROM t WHERE id = 1")
    start = here.place()
    here.sql("INSERT INTO t VALUES (3, 3)", "ALTER TABLE changed ADD COLUMN v INT", "INSERT INTO changed VALUES (1, 1)",
             "ALTER TABLE gone ADD COLUMN v INT", "DROP TABLE gone", "CREATE TABLE born (id INT)", "ALTER TABLE born ADD COLUMN v INT",
             "FLUSH BINARY LOGS", "INSERT INTO t VALUES (4, 4)")
    running = here.stream(start)
    for fault in [f"{point}:{n}:kill" for n in (1, 2) for point in ("save", "saved")]:
        running.start(fault=fault)
        assert running.wait_exit() == -9, running.log
    running.start()
    running.wait_streaming()
    here.sql("ALTER TABLE t ADD COLUMN w INT", "INSERT INTO t VALUES (5, 5, 5)")
    expected = [("INSERT", b"3"), ("INSERT", b"4"), ("INSERT", b"5")]
    here.sends(running, expected)
    here.select(running, here.options(before), "t")
    here.sql("INSERT INTO t VALUES (6, 6, 6)")
    running.start()
    here.sends(running, [*expected, ("INSERT", b"6")])


def test_from_the_oldest_binlog(here):
    """"earliest" begins with the oldest binlog that the server still has."""
    here.sql("FLUSH BINARY LOGS")
    purge(here.server)
    here.sql("INSERT INTO t VALUES (2, 2)", "FLUSH BINARY LOGS", "UPDATE t SET v = 3 WHERE id = 2")
    here.sends(here.stream('"earliest"').start(), [("INSERT", b"2"), ("UPDATE_BEFOR", b"2"), ("UPDATE_AFTER", b"2")])


def test_from_a_gtid_set(here):
    """The transactions of the set are not sent, all others are."""
    here.sql("INSERT INTO t VALUES (2, 2)")
    start = f'{{ gtid = "{here.gtids()}" }}'
    here.sql("INSERT INTO t VALUES (3, 3)", "FLUSH BINARY LOGS", "DELETE FROM t WHERE id = 1")
    here.sends(here.stream(start).start(), [("INSERT", b"3"), ("DELETE", b"1")])


def test_from_now(here):
    """"now" is the default: only later changes."""
    running = here.stream('"now"').start()
    running.wait_streaming()
    here.sql("INSERT INTO t VALUES (2, 2)")
    here.sends(running, [("INSERT", b"2")])


def test_statements_after_the_start(here):
    """A statement that changes a captured table refuses the start, with the place after the last one, where a sync can start."""
    start, gtid = here.place(), here.gtids()
    here.sql("INSERT INTO t VALUES (2, 2)", "ALTER TABLE t ADD COLUMN w INT", "INSERT INTO t VALUES (3, 3, 3)",
             "ALTER TABLE t DROP COLUMN v")
    file, offset = here.server.binlog_end()
    after = f'{{ file = "{file}", pos = {offset} }}'
    here.sql("INSERT INTO t VALUES (4, 4)")
    for one in (start, f'{{ gtid = "{gtid}" }}'):
        log = here.refused(one, 4, rf"ERROR E-412: table {here.db}\.t, statement at {file}:\d+: \S+sync\.lua:\d+: ")
        assert f"Start after it, at {after}, or copy the tables" in log
    here.sends(here.stream(after).start(), [("INSERT", b"4")])
    # a table that was dropped and created again, or made by another statement than the first
    start = here.place()
    here.sql("DROP TABLE IF EXISTS t")
    here.sql("CREATE TABLE IF NOT EXISTS t (id INT PRIMARY KEY, z INT)")
    here.refused(start, 4, rf"ERROR E-412: table {here.db}\.t, ")
    start = here.place()
    here.sql("CREATE TABLE new (id INT PRIMARY KEY, x INT)", "RENAME TABLE t TO old, new TO t")
    here.refused(start, 4, rf"ERROR E-412: table {here.db}\.t, ")
    # one that does nothing is none
    start = here.place()
    here.sql("CREATE TABLE IF NOT EXISTS t (id INT PRIMARY KEY)", "DROP TABLE IF EXISTS nothing", "INSERT INTO t VALUES (9, 9)")
    here.sends(here.stream(start).start(), [("INSERT", b"4"), ("INSERT", b"9")])


def test_inside_a_transaction(here):
    """A place inside a transaction, or inside an event, is refused, and the error has the place where it begins."""
    place = here.server.binlog_end()
    here.sql("INSERT INTO t VALUES (2, 2)", "INSERT INTO t VALUES (3, 3)")
    starts = event_starts(here, place)
    assert starts[0] == place[1]
    for pos in (starts[1], starts[2], starts[0] + 3, starts[2] + 5):
        here.refused(f'{{ file = "{place[0]}", pos = {pos} }}', 7,
                     rf"ERROR E-735: .*sync\.lua:\d+: start: {place[0]}:{pos} is inside .* begins at {place[1]}, .* Use pos = {place[1]},")
    head = event_starts(here, (place[0], 4))
    here.refused(f'{{ file = "{place[0]}", pos = {head[1] + 1} }}', 7, rf"ERROR E-735: .* begins at {head[1]},")


def test_a_place_that_is_not_there(here):
    """Files that the server does not have, an offset after the end, and transactions that it has not executed."""
    file, offset = here.server.binlog_end()
    old = f'{{ file = "{file}", pos = {offset} }}'
    gtid = here.gtids()
    here.refused(f'{{ file = "{file}", pos = {offset + 100000} }}', 4, r"ERROR E-411: .*sync\.lua:\d+: start: source \S+ has a shorter file")
    other = file[:-6] + "999999"
    here.refused(f'{{ file = "{other}", pos = 4 }}', 4, rf"ERROR E-411: .* the binlog after {other}:4\. Its oldest binlog is ")
    here.sql("INSERT INTO t VALUES (2, 2)", "FLUSH BINARY LOGS")
    purge(here.server)
    last = here.server.binlog_end()[0]
    here.refused(old, 4, rf"ERROR E-411: .* no longer has the binlog after {file}:{offset}\. Its oldest binlog is {last}\.")
    here.refused(f'{{ gtid = "{gtid}" }}', 4, rf"ERROR E-411: .* no longer has the binlog after GTID .* Its oldest binlog is {last}\.")
    unknown = "99999999-1111-1111-1111-111111111111:1-5" if here.server.mysql else "7-77-5"
    here.refused(f'{{ gtid = "{unknown}" }}', 4, rf"ERROR E-411: .* does not have all transactions of GTID {unknown}\.")
    wrong = "0-1-5" if here.server.mysql else "99999999-1111-1111-1111-111111111111:1-5"
    here.refused(f'{{ gtid = "{wrong}" }}', 1, r"ERROR E-107: .*sync\.lua:\d+: start\.gtid: ")


def test_prepared_before_the_start(here, unique, xa):  # noqa: F811 (the fixture)
    """A transaction that was prepared before the place and committed after it: its rows are not in the stream, which must not pass over it."""
    decide = xa(here.server, here.db, unique[:30], "INSERT INTO t VALUES (2, 2)")
    start = here.place()
    decide("COMMIT")
    here.sql("INSERT INTO t VALUES (3, 3)")
    here.refused(start, 7, r"ERROR E-733: .*XA COMMIT")
