"""The place in the binlog that a sync begins and resumes at: its GTIDs, and that the binlog still has the same history."""

import json
import re
import threading

import pytest
from support.wait import wait_for

MEGABYTE = 1 << 20


class Writer:
    """Writes single rows to a table, in two GTID domains, until it is stopped."""

    def __init__(self, database, table):
        self.database, self.table = database, table
        self.ended = threading.Event()
        self.rows = 0
        self.thread = threading.Thread(target=self.write, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        self.thread.join()

    def write(self):
        connection = self.database.connect()
        with connection.cursor() as cursor:
            while not self.ended.is_set():
                cursor.execute(f"SET SESSION gtid_domain_id = {7 * (self.rows % 2)}")
                cursor.execute(f"INSERT INTO {self.table} VALUES ({self.rows})")
                self.rows += 1
        connection.close()


@pytest.mark.parametrize("busy", [False, True], ids=["quiet", "busy"])
@pytest.mark.slow
def test_start_after_an_event_larger_than_a_packet(sync_on, mariadb, kafka, sql, db, unique, busy):
    """BINLOG_GTID_POS returns NULL after an event of any table that is larger than max_allowed_packet. The sync starts anyway, at
    the GTIDs that a session with a larger limit gets, also while others write."""
    sql("CREATE TABLE t (id INT PRIMARY KEY)", "CREATE TABLE other (b LONGBLOB)")
    sql(f"INSERT INTO other VALUES (REPEAT('a', {2 * MEGABYTE}))")
    # no RELOAD: no lock stops the writers
    mariadb.make_user(f"u{unique[:20]}", "secret", "SELECT, REPLICATION SLAVE, REPLICATION CLIENT")
    running = sync_on(mariadb, kafka, [f"{db}.t"], user=f"u{unique[:20]}", password="secret")
    large = mariadb.connect()  # with the current limit
    with mariadb.globals(max_allowed_packet=MEGABYTE), Writer(mariadb, f"{db}.t") as writer:
        if not busy:
            writer.__exit__()
        running.start().wait_streaming()
    file, offset, gtids = re.search(r"full sync: .* at (\S+):(\d+), GTID (\S+) \(", running.log).groups()
    with large.cursor() as cursor:
        cursor.execute(f"SELECT BINLOG_GTID_POS('{file}', {offset})")
        assert set(gtids.split(",")) == set(cursor.fetchone()[0].split(","))
    large.close()
    assert {int(m.key) for m in running.until(f"{db}.t", lambda m: len({r.key for r in m}) >= writer.rows, "the rows")} == set(
        range(writer.rows))


class Place:
    """A sync with its checkpoint in a file and its lines in another: no Kafka is needed."""

    def __init__(self, sync_on, database, db):
        self.sync = sync_on(database, None, [f"{db}.*"], 'checkpoint = { file = "saved" },', sink='kafka.lines { file = "out" }')
        self.saved = self.sync.folder / "saved"
        self.out = self.sync.folder / "out"

    @property
    def record(self):
        """The position record's name in the file, and the record."""
        records = json.loads(self.saved.read_text())
        name = next(n for n in records if n.endswith("/position"))
        return name, json.loads(records[name])

    def change(self, **identity):
        """Overwrites parts of the saved identity; with none it is taken out."""
        records = json.loads(self.saved.read_text())
        name, position = self.record
        if identity:
            position["identity"].update(identity)
        else:
            del position["identity"]
        records[name] = json.dumps(position, separators=(",", ":"))
        self.saved.write_text(json.dumps(records))

    def run(self, *keys):
        """Runs until rows with these keys are in the file; then it is stopped."""
        self.sync.start().wait_streaming()
        wait_for(lambda: all(f'"id":{key},' in self.out.read_text() for key in keys), lambda: self.sync.log)
        assert self.sync.stop() == 0

    def refused(self, *patterns):
        """A start ends with exit code 4 and names both sides; nothing is written."""
        before = self.out.read_text()
        self.sync.start().fails(4, r"binlog \S+ of server \S+ is not the one of the saved position", "another name", *patterns)
        assert self.out.read_text() == before

    def fails_check(self):
        code, printed, _ = self.sync.once(command="check")
        assert code == 4 and "is not the one of the saved position" in printed


@pytest.fixture(params=["mariadb", "mysql"])
def server(request, mariadb_server):
    """A server whose history a test may end."""
    return mariadb_server() if request.param == "mariadb" else request.getfixturevalue("mysql")


@pytest.fixture
def h(server, unique):
    """A database on it, with a table t."""
    server.run(f"CREATE DATABASE {unique}", f"CREATE TABLE {unique}.t (id INT PRIMARY KEY, v INT)",
               f"INSERT INTO {unique}.t VALUES (1, 0)")
    yield unique
    server.run(f"DROP DATABASE {unique}")


def insert(server, db, *ids):
    server.run(*(f"INSERT INTO {db}.t VALUES ({n}, 0)" for n in ids))


def new_history(server):
    server.run("RESET BINARY LOGS AND GTIDS" if server.mysql else "RESET MASTER")


def pass_second(server):
    """Begin a new file in a later second than the current one."""
    before = server.run("SELECT UNIX_TIMESTAMP()")[0][0]
    wait_for(lambda: server.run("SELECT UNIX_TIMESTAMP()")[0][0] > before, "the next second")


@pytest.mark.slow
def test_another_history_of_the_same_names_is_refused(sync_on, server, h):
    """Rule: transaction-start. Other files with the same names, offsets and GTIDs are detected before anything is read, also
    if the position is that of the full sync, and if only the transaction at the offset differs."""
    new_history(server)
    first, second = (Place(sync_on, server, h) for _ in range(2))
    first.run(1)
    insert(server, h, 2)
    second.run(1, 2)
    insert(server, h, 3)
    second.run(3)
    name, position = second.record
    identity = position["identity"]
    assert identity["gtid"] and int(identity["offset"]) < int(position["offset"]), name
    # the file is the same, but another transaction is at the offset: that of a history that was begun in the same second
    head, _, number = identity["gtid"].rpartition("-" if not server.mysql else ":")
    second.change(gtid=f"{head}{'-' if not server.mysql else ':'}{int(number) + 1000}")
    second.refused(rf"transaction \S+{int(number) + 1000}, this one has transaction {re.escape(identity['gtid'])} at offset")
    second.change(gtid=identity["gtid"], offset=str(int(identity["offset"]) + 1))
    second.refused("this one has no transaction")
    second.change(offset=identity["offset"])
    # a checkpoint of version 0.1.0 has no identity: it is accepted once
    second.change()
    second.run()
    assert second.record[1]["identity"]["born"] == identity["born"]
    insert(server, h, 4)
    second.run(4)
    pass_second(server)
    new_history(server)
    for number in range(10, 30):
        insert(server, h, number)
    assert server.binlog_end()[0] == position["file"] and int(server.binlog_end()[1]) > int(position["offset"])
    for place in (first, second):
        place.refused(r"that one has \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC, server id \d+, version \S+, layout \w+, this one has \d{4}-")
    first.fails_check()


def test_the_same_history_is_not_refused(sync_on, server, h):
    """A restart of the server, another file, and a purged file belong to the same history."""
    place = Place(sync_on, server, h)
    place.run(1)
    insert(server, h, 2)
    place.run(2)
    server.run("FLUSH BINARY LOGS")
    insert(server, h, 3)
    place.run(3)
    before = place.record[1]["identity"]
    assert before["file"] == server.binlog_end()[0]
    server.restart()
    insert(server, h, 4)
    place.run(4)
    assert place.record[1]["identity"]["file"] == server.binlog_end()[0] != before["file"]
    server.run("FLUSH BINARY LOGS", f"PURGE BINARY LOGS TO '{server.binlog_end()[0]}'")
    server.run(f"PURGE BINARY LOGS TO '{server.binlog_end()[0]}'")
    insert(server, h, 5)
    place.run(5)
