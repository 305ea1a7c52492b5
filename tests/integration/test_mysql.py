"""A smoke test of the whole path against a real MySQL 9 with GTIDs: full sync, stream, DDL, kill -9, types."""

import contextlib
import json
import signal
import time

import pytest
from support.consume import rows
from support.rebuild import Rebuild, compare
from support.servers import MySQL, StartFailed
from support.workload import inserting
from test_errors import displaced, purge


@pytest.fixture
def my(mysql, unique):
    """A fresh database on MySQL; sql(...) runs statements there."""
    mysql.run(f"CREATE DATABASE `{unique}` CHARACTER SET utf8mb4")
    connection = mysql.connect(database=unique, init_command="SET time_zone = '+00:00', sql_mode = ''")

    def run(*statements):
        with connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
            return cursor.fetchall()

    run.db = unique
    yield run
    connection.close()
    with contextlib.suppress(Exception):
        mysql.run(f"DROP DATABASE IF EXISTS `{unique}`")


TYPES = {
    "i": ("INT UNSIGNED", "4294967295"),
    "b": ("BIGINT UNSIGNED", "18446744073709551615"),
    "n": ("DECIMAL(20,4)", "-1234567890123456.7890"),
    "z": ("DECIMAL(8,2) ZEROFILL", "12.3"),
    "f": ("FLOAT", "16777217"),
    "d": ("DOUBLE", "0.1"),
    "da": ("DATE", "'2024-02-29'"),
    "dt": ("DATETIME(6)", "'1969-12-31 23:59:59.999999'"),
    "ts": ("TIMESTAMP(3) NULL", "'2024-01-02 03:04:05.678'"),
    "ti": ("TIME(6)", "'-00:00:00.000001'"),
    "y": ("YEAR", "2024"),
    "c": ("CHAR(10)", "'ä€😀'"),
    "v": ("VARCHAR(300) CHARACTER SET latin1", "x'e4f6fc81'"),
    "t": ("TEXT", "'text'"),
    "bi": ("BINARY(4)", "x'6100'"),
    "bl": ("BLOB", "x'00ff'"),
    "e": ("ENUM('a','ü')", "'ü'"),
    "s": ("SET('a','b','c')", "'a,c'"),
    "bt": ("BIT(1)", "1"),
    "bs": ("BIT(12)", "4000"),
    "g": ("POINT", "ST_GeomFromText('POINT(1 2)')"),
    "j": ("JSON", """'{"b": [1, 2.5, -3, true, null, "ü", "q\\\\"uote"], "a": {"x": 12345678901, "y": 1e100, "z": 0.1}, "": []}'"""),
}


@pytest.mark.parametrize("metadata", ["MINIMAL", "FULL"])
def test_types(sync_on, mysql, my, kafka, metadata):
    """The same bytes in both phases, equal to SELECT."""
    columns = ", ".join(f"{n} {t}" for n, (t, _) in TYPES.items())
    my(f"CREATE TABLE t (id INT PRIMARY KEY, {columns})")
    values = ", ".join(v for _, v in TYPES.values())
    with mysql.globals(binlog_row_metadata=metadata):
        my(f"INSERT INTO t VALUES (1, {values})", "INSERT INTO t (id) VALUES (2)")
        running = sync_on(mysql, kafka, [f"{my.db}.*"]).start()
        running.wait_rows(f"{my.db}.t", 2)
        running.wait_streaming()
        my(f"INSERT INTO t VALUES (3, {values})", "INSERT INTO t (id) VALUES (4)")
        found = {m.key: m for m in running.wait_rows(f"{my.db}.t", 4)}
        assert running.stop() == 0

    def tail(message):
        return message.text.partition('"i":')[2].partition('},"sequenceId"')[0]

    assert tail(found[b"1"]) == tail(found[b"3"])
    assert tail(found[b"2"]) == tail(found[b"4"])
    rebuilt = Rebuild(kafka.partitions()).feed_all(found.values())
    assert compare(mysql, my.db, "t", rebuilt.tables()[my.db, "t"]) == 4


@pytest.mark.parametrize("metadata", ["MINIMAL", "FULL"])
def test_full_stream_ddl_and_kill(sync_on, mysql, my, kafka, metadata):
    """Full sync, stream, DDL, savepoints, a kill and a restart of the server: equal to SELECT."""
    with mysql.globals(binlog_row_metadata=metadata):
        my("CREATE TABLE a (id INT PRIMARY KEY, v VARCHAR(20))", "INSERT INTO a VALUES (1, 'x'), (2, 'y')",
           "CREATE TABLE b (k VARCHAR(20) PRIMARY KEY, n DECIMAL(8,2))", "INSERT INTO b VALUES ('k', 1.5)")
        running = sync_on(mysql, kafka, [f"{my.db}.*"]).start()
        running.wait_streaming()
        my("UPDATE a SET v = 'z' WHERE id = 1", "ALTER TABLE a ADD COLUMN c INT UNSIGNED FIRST", "INSERT INTO a VALUES (7, 3, 'n')",
           "UPDATE b SET k = 'moved'", "BEGIN", "INSERT INTO a VALUES (1, 4, 'kept')", "SAVEPOINT s", "INSERT INTO a VALUES (1, 5, 'gone')",
           "ROLLBACK TO s", "COMMIT", "BEGIN", "DELETE FROM a", "ROLLBACK")
        running.wait_message(f"{my.db}.a", lambda m: m.key == b"4", "row 4")
        alter = running.wait_message(f"{my.db}.a", lambda m: m.op == "ALTER", "the ALTER")
        assert list(alter.types) == ["c", "id", "v"]
        running.kill9()
        my("INSERT INTO a VALUES (9, 6, 'while away')", "ALTER TABLE a DROP COLUMN c", "INSERT INTO a VALUES (8, 'after')",
           "CREATE TABLE n (id INT PRIMARY KEY) SELECT 5 AS id")
        running.start()
        running.wait_message(f"{my.db}.n", lambda m: m.key == b"5" and m.is_row, "the row of the new table")  # by a full sync
        running.wait_message(f"{my.db}.a", lambda m: m.key == b"8", "the last row of the stream")
        assert running.stop() == 0
    messages = running.reader(*(f"{my.db}.{t}" for t in ("a", "b", "n"))).to_end()
    rebuilt = Rebuild(kafka.partitions()).feed_all(messages)
    for name in ("a", "b", "n"):
        compare(mysql, my.db, name, rebuilt.tables()[my.db, name])


def test_least_privileges(sync_on, mysql, my, kafka, unique):
    """Rule: one-shared-point. With SELECT, REPLICATION SLAVE and REPLICATION CLIENT alone MySQL refuses every lock; GTIDs give
    an exact position without one."""
    user = f"l_{unique[:20]}"
    mysql.make_user(user, "secret", "SELECT, REPLICATION SLAVE, REPLICATION CLIENT")
    my("CREATE TABLE a (id INT PRIMARY KEY)", "INSERT INTO a VALUES (1)")
    running = sync_on(mysql, kafka, [f"{my.db}.*"], user=user, password="secret").start()
    running.wait_rows(f"{my.db}.a", 1)
    running.wait_streaming()
    my("INSERT INTO a VALUES (2)")
    assert [m.key for m in running.wait_rows(f"{my.db}.a", 2)] == [b"1", b"2"]


def test_lowest_position(sync_on, mysql, my, kafka):
    """Rule: one-shared-point. Without an exact position, the overlap of a table with a key is replayed. A table without a key
    is refused by name."""
    names = ["a", "b", "c", "d"]
    my("CREATE TABLE plain (v INT)", *(f"CREATE TABLE {n} (id INT PRIMARY KEY AUTO_INCREMENT, v BIGINT)" for n in names))
    lowest = {"TIDEWAY_SNAPSHOT_WAY": "lowest"}
    sync_on(mysql, kafka, [f"{my.db}.*"], 'no_primary_key = "empty",').start(env=lowest).fails(
        3, rf"table {my.db}\.plain has no primary key", "GRANT RELOAD")
    with inserting(mysql, my.db, names, 4):
        running = sync_on(mysql, kafka, [f"{my.db}.?"]).start(env=lowest)
        running.wait_streaming()
    assert "the lowest of several positions" in running.log
    my("INSERT INTO d (id, v) VALUES (1000000, 0)")
    running.wait_message(f"{my.db}.d", lambda m: m.key == b"1000000", "the last row")
    assert running.stop() == 0
    rebuilt = Rebuild(kafka.partitions()).feed_all(running.reader(*(f"{my.db}.{n}" for n in names)).to_end())
    for name in names:
        compare(mysql, my.db, name, rebuilt.tables()[my.db, name])


def test_position_by_gtid_in_the_log(sync_on, mysql, my, kafka):
    """A position of GTIDs alone is printed as that, not as a file without a name."""
    my("CREATE TABLE a (id INT PRIMARY KEY)", "INSERT INTO a VALUES (1)")
    running = sync_on(mysql, kafka, [f"{my.db}.*"]).start()
    running.wait_rows(f"{my.db}.a", 1)
    running.wait_streaming()
    assert running.stop() == 0
    running.start()
    running.wait_log(r"resuming at .*GTID [0-9a-f-]{36}:\d")
    running.wait_log(r"reading the binlog from .*GTID [0-9a-f-]{36}:\d")
    assert " :0" not in running.log


def test_displaced_on_the_source(sync_on, mysql, my, kafka):
    """Rule: one-process. MySQL ends the older of two dumps with one replica UUID (error 1236), which comes from the
    sync's name."""
    my("CREATE TABLE a (id INT PRIMARY KEY)")
    running = sync_on(mysql, kafka, [f"{my.db}.*"]).start()
    running.wait_streaming()
    ((uuid,),) = mysql.run(
        "SELECT variable_value FROM performance_schema.user_variables_by_thread JOIN performance_schema.threads USING (thread_id)"
        " WHERE variable_name = 'replica_uuid' AND processlist_command LIKE 'Binlog Dump%' ORDER BY thread_id DESC LIMIT 1")
    displaced(running, 1, uuid.decode())


def test_compressed_transactions(sync_on, mysql, my, kafka):
    """Not supported in this version: an error that names the setting that turns it off. No row is lost silently."""
    my("CREATE TABLE a (id INT PRIMARY KEY)")
    running = sync_on(mysql, kafka, [f"{my.db}.*"]).start()
    running.wait_streaming()
    my("SET SESSION binlog_transaction_compression = ON", "INSERT INTO a VALUES (1)")
    running.fails(7, "Transaction_payload", "binlog_transaction_compression")


def test_event_time_is_the_commit_time(sync_on, mysql, my, kafka):
    """Rule: commit-time. Rows of a transaction carry its commit time, not that of their statement. MySQL records it in
    microseconds."""
    my("CREATE TABLE a (id INT PRIMARY KEY)")
    running = sync_on(mysql, kafka, [f"{my.db}.*"]).start()
    running.wait_streaming()
    my("BEGIN", "INSERT INTO a VALUES (1)", "INSERT INTO a VALUES (2)")
    before = int(time.time() * 1000)
    my("COMMIT")
    after = int(time.time() * 1000)
    times = {m.payload["timestamp"]["eventTime"] for m in running.wait_rows(f"{my.db}.a", 2)}
    assert len(times) == 1 and before <= times.pop() <= after


def test_column_that_comes_and_goes_at_the_start(sync_on, mysql, my, kafka):
    """Rule: ddl-while-copying. The binlog shows that definitions have changed since they were loaded."""
    my("CREATE TABLE a (id INT PRIMARY KEY)", "INSERT INTO a VALUES (1)")
    running = sync_on(mysql, kafka, [f"{my.db}.*"])
    my(f"SELECT GET_LOCK('tideway.{running.name}', 10)")  # the sync waits for it after it has loaded the tables
    running.start()
    running.wait_log("another process of sync")
    my("ALTER TABLE a ADD COLUMN c INT", "ALTER TABLE a DROP COLUMN c", "CREATE TABLE IF NOT EXISTS a (id INT)",
       f"SELECT RELEASE_LOCK('tideway.{running.name}')")
    running.wait_streaming()
    assert running.log.count("changed definitions while they were read") == 1


def test_tagged_gtids(sync_on, mysql, my, kafka):
    """Not in this version: a tagged GTID in the stream, and a set of them at a start. The error names them and their cause."""
    my("CREATE TABLE a (id INT PRIMARY KEY)", "INSERT INTO a VALUES (1)")
    running = sync_on(mysql, kafka, [f"{my.db}.*"]).start()
    running.wait_rows(f"{my.db}.a", 1)
    running.wait_streaming()
    file, offset = mysql.binlog_end()
    try:
        my("SET gtid_next = 'AUTOMATIC:label'", "INSERT INTO a VALUES (2)", "SET gtid_next = 'AUTOMATIC'")
        said = (f"binlog event at {file}:{offset}: ", r"Gtid_tagged event that ends at \d+",
                "gtid_next at AUTOMATIC, without a tag")
        running.fails(7, *said)
        running.start().fails(7, *said)
        sync_on(mysql, kafka, [f"{my.db}.*"]).start().fails(3, "the tag 'label'", "gtid_next = AUTOMATIC, without a tag")
    finally:
        mysql.run("RESET BINARY LOGS AND GTIDS")
    # the server still knows the tag, and writes the sets at the begin of its files in another form
    my("INSERT INTO a VALUES (3)", "FLUSH BINARY LOGS", "INSERT INTO a VALUES (4)")
    file, offset = mysql.binlog_end()
    my("INSERT INTO a VALUES (5)")
    past = sync_on(mysql, kafka, [f"{my.db}.*"], f"mode = 'stream', start = {{ file = '{file}', pos = {offset} }},").start()
    past.wait_message(f"{my.db}.a", lambda m: m.key == b"5", "the last row")
    assert past.stop() == 0
    assert [m.key for m in past.reader(f"{my.db}.a").to_end() if m.is_row and m.op == "INSERT"].count(b"4") == 0


def test_partial_json(sync_on, mysql, my, kafka):
    """Not in this version: named, with the setting that turns it off."""
    long = '{"a": 1, "b": "a long text to make a diff worth it"}'
    my("CREATE TABLE a (id INT PRIMARY KEY, i JSON, v VARCHAR(9), j JSON)", f"INSERT INTO a VALUES (1, '{long}', 'x', '{long}')",
       "CREATE TABLE n LIKE a", "INSERT INTO n SELECT * FROM a")
    running = sync_on(mysql, kafka, [f"{my.db}.a"]).start()
    running.wait_rows(f"{my.db}.a", 1)
    running.wait_streaming()
    my("SET SESSION binlog_row_value_options = PARTIAL_JSON", "UPDATE n SET j = JSON_SET(j, '$.a', 2)",
       "INSERT INTO a VALUES (2, NULL, 'x', NULL)")
    running.wait_rows(f"{my.db}.a", 2)
    my("UPDATE a SET j = JSON_SET(j, '$.a', 2) WHERE id = 1")
    running.fails(7, rf"table {my.db}\.a, .*: column j: Partial_update_rows event", "binlog_row_value_options")


def test_partitions(sync_on, mysql, my, kafka):
    """Rule: sequence-id. The rows events of a partitioned table carry extra data, and one statement writes an event for each
    partition; an update may move a row to another."""
    my("CREATE TABLE p (id INT PRIMARY KEY, v VARCHAR(20)) PARTITION BY HASH (id) PARTITIONS 4",
       "INSERT INTO p VALUES (1, 'a'), (2, 'b'), (3, 'c'), (4, NULL)")
    running = sync_on(mysql, kafka, [f"{my.db}.*"]).start()
    running.wait_rows(f"{my.db}.p", 4)
    running.wait_streaming()
    my("INSERT INTO p VALUES (5, 'e'), (6, 'f'), (7, 'g'), (8, NULL)", "UPDATE p SET id = id + 101 WHERE id < 4",
       "UPDATE p SET v = 'same partition' WHERE id > 6", "DELETE FROM p WHERE id IN (4, 5, 103)",
       "INSERT INTO p VALUES (9, 'end')")
    running.wait_message(f"{my.db}.p", lambda m: m.key == b"9", "the last row")
    assert running.stop() == 0
    messages = running.reader(f"{my.db}.p").to_end()
    rebuilt = Rebuild(kafka.partitions()).feed_all(messages)
    assert compare(mysql, my.db, "p", rebuilt.tables()[my.db, "p"]) == 6
    inserted = [m for m in rows(messages) if m.op == "INSERT" and not m.full]
    assert len({m.sequence for m in inserted}) == len(inserted) == 5


def test_generated_invisible_primary_key(sync_on, mysql, my, kafka):
    """docs/messages.md, "Changes": a generated invisible primary key serves as the key."""
    my("SET SESSION sql_generate_invisible_primary_key = ON", "CREATE TABLE a (v INT)", "INSERT INTO a VALUES (5)")
    running = sync_on(mysql, kafka, [f"{my.db}.*"]).start()
    running.wait_rows(f"{my.db}.a", 1)
    running.wait_streaming()
    my("INSERT INTO a VALUES (6)")
    found = running.wait_rows(f"{my.db}.a", 2)
    assert [m.key for m in rows(found)] == [b"1", b"2"]
    assert found[0].after == {"my_row_id": 1, "v": 5}


@pytest.mark.parametrize("lost", ["named by the identity", "not named"])
def test_position_of_lost_transactions(sync_on, mysql, my, kafka, lost):
    """The server does not have transactions of the position, which another one has sent or which it has lost: the start fails."""
    my("CREATE TABLE t (id INT PRIMARY KEY)")
    running = sync_on(mysql, kafka, [f"{my.db}.t"], 'checkpoint = { file = "saved" },').start()
    running.wait_streaming()
    my("INSERT INTO t VALUES (1)")
    running.wait_rows(f"{my.db}.t", 1)
    assert running.stop() == 0
    records = json.loads((running.folder / "saved").read_text())
    position = json.loads(records[f"{running.name}/position"])
    identity = position["identity"]
    uuid, number = identity["gtid"].split(":")
    there, missing = f"{uuid}:1-{number}", f"{uuid}:{int(number) + 1000000}"
    assert there in position["gtid"]
    position["gtid"] = position["gtid"].replace(there, f"{there}:{int(number) + 1000000}")
    if lost == "named by the identity":
        identity["gtid"] = missing
    records[f"{running.name}/position"] = json.dumps(position)
    (running.folder / "saved").write_text(json.dumps(records))
    running.start().fails(4, rf"ERROR E-406: .*contains transactions that this server does not have: {missing}\.")


@pytest.mark.parametrize("metadata", ["MINIMAL", "FULL"])
def test_meanings(sync_on, mysql, my, kafka, metadata):
    """Rules: tracked-catalog, plan-key. Like test_ddl.py. CONVERT TO ... DEFAULT is collation_database, and a key stays
    with the first column that has the name of its part."""
    my("CREATE TABLE c (id INT PRIMARY KEY, v VARCHAR(9), w TEXT)", "CREATE TABLE k (id INT PRIMARY KEY, b INT)")
    running = sync_on(mysql, kafka, [f"{my.db}.*"]).start()
    running.wait_streaming()
    with mysql.globals(binlog_row_metadata=metadata):
        connection = mysql.connect(database=my.db)
        with connection.cursor() as cursor:
            for statement in ("SET collation_database = latin1_swedish_ci", "ALTER TABLE c CONVERT TO CHARACTER SET DEFAULT",
                              "INSERT INTO c VALUES (1, 'é', 'ü')", "ALTER TABLE k RENAME COLUMN id TO id2, ADD id INT FIRST",
                              "INSERT INTO k VALUES (7, 1, 2)"):
                cursor.execute(statement)
        connection.close()
    (message,) = running.wait_rows(f"{my.db}.c", 1)
    assert message.after == {"id": 1, "v": "é", "w": "ü"}
    (message,) = running.wait_rows(f"{my.db}.k", 1)
    assert (list(message.after.items()), message.key) == ([("id", 7), ("id2", 1), ("b", 2)], b"7")


@pytest.mark.slow
def test_alter_does_not_wait_for_the_copy(sync_on, mysql, my, kafka):
    """Rule: ddl-while-copying. No metadata lock is kept on a table that is read, or whose keys are examined before it is read."""
    my("SET cte_max_recursion_depth = 100000", "CREATE TABLE a (id INT PRIMARY KEY, v INT)",
       "INSERT INTO a WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < 30000) SELECT n, 1 FROM s",
       "CREATE TABLE b LIKE a", "CREATE TABLE c LIKE a", "CREATE TABLE z LIKE a", "INSERT INTO b SELECT * FROM a WHERE id < 1000",
       "INSERT INTO c SELECT * FROM a", "INSERT INTO z SELECT * FROM a",  # c is read before z: a range that is being read keeps its lock
       "ANALYZE TABLE a", "ANALYZE TABLE c", "ANALYZE TABLE z")
    running = sync_on(mysql, kafka, [f"{my.db}.*"], "full = { parallel = 2, rows_per_second = 6000 },").start("--verbose")
    running.wait_log(rf"table {my.db}\.b done")
    my("SET lock_wait_timeout = 60", "ALTER TABLE z ADD COLUMN n INT", "ALTER TABLE b ADD COLUMN n INT")
    assert "full sync: done in" not in running.log, "the ALTER has waited for the whole copy"
    running.wait_streaming()
    assert running.stop() == 0


@pytest.fixture(scope="module")
def without_gtids(folder):
    """A MySQL 9 without GTIDs."""
    try:
        server = MySQL(folder / "mysql_without_gtids", ("--gtid-mode=OFF", "--enforce-gtid-consistency=OFF"))
    except StartFailed as failure:
        pytest.skip(f"MySQL cannot be installed here: {failure}")
    yield server
    server.stop(signal.SIGKILL)


def test_without_gtids(sync_on, without_gtids, kafka, unique):
    """file and position alone: full sync under a lock, stream, a rotation, DDL, kill -9 and a reconnect."""
    server = without_gtids
    server.run("CREATE DATABASE d", "CREATE TABLE d.t (id INT PRIMARY KEY, v INT)", "INSERT INTO d.t VALUES (1, 1), (2, 2)")
    running = sync_on(server, kafka, ["d.*"], f'topic = {{ template = "{unique}" }},', topic=False).start()
    running.wait_rows(unique, 2)
    running.wait_streaming()
    server.run("INSERT INTO d.t VALUES (3, 3)", "FLUSH BINARY LOGS", "UPDATE d.t SET v = 30 WHERE id = 3")
    running.until(unique, lambda m: any(r.op == "UPDATE_AFTER" for r in rows(m)), "the update")
    running.kill9()
    server.run("ALTER TABLE d.t ADD COLUMN c INT", "INSERT INTO d.t VALUES (4, 4, 4)")
    running.start()
    running.until(unique, lambda m: any(r.key == b"4" for r in rows(m)), "the row after the restart")
    server.kill_connections()
    server.run("DELETE FROM d.t WHERE id = 1", "INSERT INTO d.t VALUES (5, 5, 5)")
    running.until(unique, lambda m: any(r.key == b"5" for r in rows(m)), "the row after the reconnect")
    assert running.stop() == 0
    rebuilt = Rebuild(kafka.partitions()).feed_all(running.reader(unique).to_end())
    assert compare(server, "d", "t", rebuilt.tables()["d", "t"]) == 4
    assert sum(m.full for m in rows(running.reader(unique).messages)) == 2


def test_start_without_gtids(sync_on, without_gtids, kafka, unique):
    """A start in the past by file and offset alone, also at the oldest binlog. A set of GTIDs is refused."""
    server, db = without_gtids, unique
    server.run(f"CREATE DATABASE {db}", f"CREATE TABLE {db}.t (id INT PRIMARY KEY)", "FLUSH BINARY LOGS")
    purge(server)
    server.run(f"INSERT INTO {db}.t VALUES (1)")
    file, offset = server.binlog_end()
    server.run(f"INSERT INTO {db}.t VALUES (2)", "FLUSH BINARY LOGS", f"INSERT INTO {db}.t VALUES (3)")

    def sync(start):
        return sync_on(server, kafka, [f"{db}.t"], f'mode = "stream", start = {start}, topic = {{ template = "{unique}" }},', topic=False)

    sync(f'{{ file = "{file}", pos = {offset - 1} }}').start().fails(7, "ERROR E-735: ")
    sync('{ gtid = "11111111-1111-1111-1111-111111111111:1" }').start().fails(1, "ERROR E-107: .* has no GTIDs")
    for start, first in ((f'{{ file = "{file}", pos = {offset} }}', [b"2", b"3"]), ('"earliest"', [b"2", b"3", b"1", b"2", b"3"])):
        running = sync(start).start()
        running.until(unique, lambda m, n=len(first): len(rows(m)) == n, "the rows")
        assert running.stop() == 0
        found = running.reader(unique).to_end()
        assert sorted(m.key for m in rows(found)) == sorted(first)


def test_rollback_with_myisam(sync_on, without_gtids, kafka, unique):
    """Rule: outcome-known. Some or all rows of a transaction are rolled back, and the transaction also changed a MyISAM table,
    whose rows stay. GTIDs forbid the mix. (Unlike MariaDB, MySQL 9 removes the rows from the binlog and writes those of
    MyISAM as a transaction of their own, in ROW and MIXED format.)"""
    server, db = without_gtids, unique
    server.run(f"CREATE DATABASE {db}", f"USE {db}", "CREATE TABLE i (id INT PRIMARY KEY, s VARCHAR(20)) ENGINE=InnoDB",
               "CREATE TABLE m (id INT PRIMARY KEY, s VARCHAR(20)) ENGINE=MyISAM")
    running = sync_on(server, kafka, [f"{db}.*"]).start()
    running.wait_streaming()
    server.run("BEGIN", "INSERT INTO i VALUES (1, 'kept')", "SAVEPOINT s", "INSERT INTO i VALUES (2, 'rolled back')",
               "INSERT INTO m VALUES (1, 'stays')", "UPDATE i SET s = 'rolled back' WHERE id = 1", "ROLLBACK TO s",
               "INSERT INTO i VALUES (3, 'after')", "COMMIT",
               "BEGIN", "INSERT INTO i VALUES (4, 'rolled back')", "INSERT INTO m VALUES (2, 'stays')", "DELETE FROM i",
               "ROLLBACK",
               "INSERT INTO i VALUES (5, 'end')", db=db)
    running.wait_message(f"{db}.i", lambda m: m.key == b"5", "the last row")
    assert running.stop() == 0
    messages = running.reader(f"{db}.i", f"{db}.m").to_end()
    assert sorted((m.topic[-1], m.key, m.op) for m in rows(messages)) == [
        ("i", b"1", "INSERT"), ("i", b"3", "INSERT"), ("i", b"5", "INSERT"), ("m", b"1", "INSERT"), ("m", b"2", "INSERT")]
    rebuilt = Rebuild(kafka.partitions()).feed_all(messages)
    assert compare(server, db, "i", rebuilt.tables()[db, "i"]) == 3
    assert compare(server, db, "m", rebuilt.tables()[db, "m"]) == 2
