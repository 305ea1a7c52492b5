"""Full sync: one consistent point, parallel reading, and exactly the right hand-over to the stream."""

import contextlib
import re
import signal
import threading

import pymysql
import pytest
from support.consume import rows
from support.rebuild import Rebuild, compare
from support.wait import wait_for
from support.workload import inserting
from test_delivery import dumps
from test_errors import purge


def fill(sql, table, n, first=0, batch=2000):
    for at in range(first, first + n, batch):
        values = ",".join(f"({i}, {i % 97}, REPEAT('x', 40))" for i in range(at, min(at + batch, first + n)))
        sql(f"INSERT INTO {table} VALUES {values}")


def ends_equal(running, db, kafka, mariadb, tables, **more):
    """A marker arrives through the stream, the sync stops cleanly, and every table equals SELECT."""
    running.wait_streaming()
    mariadb.run(f"CREATE TABLE {db}.marker (id INT PRIMARY KEY)", f"INSERT INTO {db}.marker VALUES (1)")
    running.wait_message(f"{db}.marker", lambda m: m.is_row and not m.full, "the marker")
    assert running.stop() == 0
    topics = [f"{db}.{t}" for t in tables]
    rebuilt = Rebuild(kafka.partitions(), **more).feed_all(running.reader(*topics).to_end())
    for table in tables:
        compare(mariadb, db, table, rebuilt.tables().get((db, table)))
    return rebuilt


@pytest.mark.parametrize("parallel", [1, 4])
def test_parallel(sync, sql, db, kafka, mariadb, parallel):
    """Several tables and key ranges in parallel: each row once, no row twice (rule: one-shared-point)."""
    names = [f"p{i}" for i in range(6)]
    for i, name in enumerate(names):
        sql(f"CREATE TABLE {name} (id INT PRIMARY KEY, v INT, s VARCHAR(50))")
        fill(sql, name, 20000 if i == 0 else 500 * i, first=-300)
    sql("CREATE TABLE empty_one (id INT PRIMARY KEY)")
    running = sync(f"full = {{ parallel = {parallel} }},")
    rebuilt = ends_equal(running, db, kafka, mariadb, names)
    keys = [(m.topic, m.key) for m in rebuilt.full]
    assert len(keys) == len(set(keys)) == 20000 + 500 * 15


@pytest.mark.parametrize(
    ("grants", "way"),
    [
        ("SELECT, RELOAD, REPLICATION SLAVE, REPLICATION CLIENT", r"\(a lock of \d+ ms"),
        ("SELECT, REPLICATION SLAVE, REPLICATION CLIENT", r"\((equal positions|the lowest of several positions), without a lock"),
    ],
    ids=["with_lock", "without_lock"],
)
@pytest.mark.slow
def test_position_handed_over_exactly(sync, sql, db, kafka, mariadb, unique, grants, way):
    """Rules: start-under-lock, one-shared-point. Four writers commit while the snapshots are opened, again and again;
    each transaction is either in the full sync or in the stream. The log reports the method."""
    mariadb.make_user(f"u_{unique[:20]}", "secret", grants)
    for i in range(4):
        sql(f"CREATE TABLE w{i} (id INT AUTO_INCREMENT PRIMARY KEY, v INT)")
    done = threading.Event()
    failures = []

    def write(number):
        try:
            connection = mariadb.connect(database=db)
            with connection.cursor() as cursor:
                while not done.wait(0.001):  # each row is read four times and compared
                    cursor.execute(f"INSERT INTO w{number} (v) VALUES (1)")
            connection.close()
        except pymysql.err.MySQLError as failure:
            failures.append(failure)

    writers = [threading.Thread(target=write, args=(i,), daemon=True) for i in range(4)]
    for writer in writers:
        writer.start()
    try:
        syncs = []
        for number in range(4):
            running = sync(
                f'full = {{ parallel = 3 }}, topic = {{ template = "{db}.{number}.${{table_name_src}}" }},',
                topic=False, user=f"u_{unique[:20]}", password="secret",
            )
            running.wait_streaming()
            assert re.search("full sync: 3 connections at .* " + way, running.log), running.log
            syncs.append(running)
    finally:
        done.set()
        for writer in writers:
            writer.join()
    assert not failures
    sql("CREATE TABLE marker (id INT PRIMARY KEY)", "INSERT INTO marker VALUES (1)")
    for number, running in enumerate(syncs):
        running.wait_message(f"{db}.{number}.marker", lambda m: m.is_row, "the marker")
        assert running.stop() == 0
        messages = running.reader(*(f"{db}.{number}.w{i}" for i in range(4))).to_end()
        rebuilt = Rebuild(kafka.partitions()).feed_all(messages)
        for i in range(4):
            assert compare(mariadb, db, f"w{i}", rebuilt.tables()[db, f"w{i}"]) > 0
        keys = [(m.topic, m.key) for m in rows(messages)]
        assert len(keys) == len(set(keys)), "a row of the full sync came again in the stream"


def test_lowest_position(sync, sql, db, kafka, mariadb):
    """Rule: one-shared-point. The snapshots have different positions and the stream begins at the lowest. The changes between
    them are replayed, which converges for a table with a key. A table without a key is read by one connection, at its exact
    position."""
    keyed, plain = ["a", "b", "c", "d"], ["p", "q", "r"]
    for name in keyed:
        sql(f"CREATE TABLE {name} (id INT PRIMARY KEY AUTO_INCREMENT, v BIGINT)",
            f"INSERT INTO {name} (v) SELECT seq FROM seq_1_to_1000")
    for name in plain:
        sql(f"CREATE TABLE {name} (v BIGINT)", f"INSERT INTO {name} SELECT seq FROM seq_1_to_1000")
    with inserting(mariadb, db, keyed + plain):
        running = sync('no_primary_key = "empty", full = { parallel = 4 },', env={"TIDEWAY_SNAPSHOT_WAY": "lowest"})
        running.wait_streaming()
    assert "the lowest of several positions" in running.log
    ends_equal(running, db, kafka, mariadb, keyed)
    for name in plain:
        got = sorted(m.after["v"] for m in rows(running.reader(f"{db}.{name}").to_end()))
        assert got == [v for (v,) in sql(f"SELECT v FROM {name} ORDER BY v")], name


def test_cut_off_keeps_finished_tables(sync, sql, db, kafka, mariadb):
    """Rule: table-position. The second run does not read tables again that were finished when the first run was killed."""
    names = [f"c{i}" for i in range(6)]
    for name in names:
        sql(f"CREATE TABLE {name} (id INT PRIMARY KEY, v INT, s VARCHAR(50))")
        fill(sql, name, 1000)
    running = sync("full = { parallel = 1, rows_per_second = 2000 },")
    prefix = f"{running.name}/full/{db}.".encode()

    def done(messages):
        return {m.key[len(prefix) :].decode() for m in messages if m.key.startswith(prefix) and b'"done"' in m.value}

    checkpoint = f"tideway.{running.name}"
    # what was seen as committed is certainly kept. The kill may leave a save open, and nothing after it can be read for a while
    kept = done(running.until(checkpoint, lambda messages: len(done(messages)) >= 2, "two finished tables"))
    running.kill9()
    assert 2 <= len(kept) < len(names)
    running.start()
    rebuilt = ends_equal(running, db, kafka, mariadb, names)
    times = {name: sum(m.table[1] == name for m in rebuilt.full) for name in names}
    assert all(times[name] == 1000 for name in kept), (kept, times)


def test_cut_off_with_deletes_between(sync, sql, db, kafka, mariadb):
    """Rule: table-position. Rows that a cut-off full sync has written and that are deleted before the next run do not stay."""
    for name in ("a", "b", "c"):
        sql(f"CREATE TABLE {name} (id INT PRIMARY KEY, v INT, s VARCHAR(50))")
        fill(sql, name, 3000)
    running = sync("full = { parallel = 1 },", fault="produce:4500:kill")
    assert running.wait_exit() == -9
    for name in ("a", "b", "c"):
        sql(f"DELETE FROM {name} WHERE id % 3 = 0", f"UPDATE {name} SET id = id + 100000 WHERE id % 3 = 1")
    running.start()
    ends_equal(running, db, kafka, mariadb, ["a", "b", "c"])


@pytest.mark.slow
def test_writes_during_full_sync(sync, sql, db, kafka, mariadb):
    """Rule: table-position. Rows read by the full sync and changed while it runs end as SELECT shows them."""
    for name in ("a", "b"):
        sql(f"CREATE TABLE {name} (id INT PRIMARY KEY, v INT, s VARCHAR(50))")
        fill(sql, name, 10000)
    running = sync("full = { parallel = 2, rows_per_second = 8000 },")
    running.until(f"{db}.a", lambda m: len(m) > 500, "rows of the full sync")
    for i in range(100):
        sql(f"UPDATE a SET v = -{i} WHERE id % 100 = {i}", f"DELETE FROM b WHERE id % 200 = {i}",
            f"UPDATE b SET id = id + 1000000 WHERE id = {i * 100 + 51}", f"INSERT INTO a VALUES ({50000 + i}, 0, 'n')")
    ends_equal(running, db, kafka, mariadb, ["a", "b"])


def test_ddl_during_full_sync(sync, sql, db, kafka, mariadb):
    """Rule: ddl-while-copying. A table altered or emptied while it is being read is read again, with a position of its
    own; the others are not."""
    for name in ("a", "b", "c", "d"):
        sql(f"CREATE TABLE {name} (id INT PRIMARY KEY, v INT, s VARCHAR(50))")
        fill(sql, name, 8000)
    running = sync("full = { parallel = 2, rows_per_second = 8000 },")
    running.until(f"{db}.a", lambda m: len(m) > 500, "rows of the full sync")
    sql("SET lock_wait_timeout = 60")
    for statement in (
        "ALTER TABLE d ADD COLUMN added INT NOT NULL DEFAULT 3",
        "INSERT INTO d VALUES (100000, 1, 'x', 4)",
        "TRUNCATE TABLE c",
        "INSERT INTO c VALUES (1, 1, 'again')",
        "ALTER TABLE b DROP COLUMN s",
        "UPDATE b SET v = 5 WHERE id < 10",
    ):
        sql(statement)
    ends_equal(running, db, kafka, mariadb, ["a", "b", "c", "d"])


def test_definition_that_is_being_changed_at_the_start(sync, sql, db, mariadb, unique):
    """Rules: ddl-while-copying, tracked-catalog. A table that an ALTER holds while the catalog is loaded is not left
    out. MariaDB's information_schema skips it (warning 1684) on a connection that has a user lock."""
    mariadb.make_user(f"u_{unique[:20]}", "secret", "SELECT, REPLICATION SLAVE, REPLICATION CLIENT")
    sql("CREATE TABLE a (id INT PRIMARY KEY)", "CREATE TABLE b LIKE a", "INSERT INTO b SELECT seq FROM seq_1_to_300")
    running = sync('mode = "full",', start=False, user=f"u_{unique[:20]}", password="secret")
    sql(f"SELECT GET_LOCK('tideway.{running.name}', 10)")  # the sync waits for it before it loads the catalog
    running.start()
    running.wait_log("another process of sync")
    slow = "ALTER TABLE b ADD h CHAR(32) AS (MD5(REPEAT('x', 2000000))) PERSISTENT, ALGORITHM=COPY, LOCK=EXCLUSIVE"
    altering = threading.Thread(target=mariadb.run, args=(slow,), kwargs={"db": db})
    altering.start()
    try:
        wait_for(lambda: mariadb.run("SELECT 1 FROM information_schema.processlist WHERE state LIKE 'copy to tmp%'"), "no ALTER")
        sql(f"SELECT RELEASE_LOCK('tideway.{running.name}')")
        assert running.wait_exit() == 0
    finally:
        altering.join()
    assert len(rows(running.reader(f"{db}.b").to_end())) == 300


BETWEEN_THE_LOOKS = {  # what happens before the snapshot, and between it and the second look
    "column": (
        ["ALTER TABLE b ADD COLUMN c INT DEFAULT 5 FIRST", "UPDATE b SET v = 2 WHERE id = 1"],
        ["UPDATE b SET v = 3 WHERE id = 2", "ALTER TABLE b DROP COLUMN c", "UPDATE b SET v = 4 WHERE id = 3"],
    ),
    "table": ([], ["INSERT INTO g VALUES (1)", "DROP TABLE g"]),
}


@pytest.mark.parametrize("what", BETWEEN_THE_LOOKS)
def test_comes_and_goes_at_the_start(sync, sql, db, mariadb, kafka, what):
    """Rule: ddl-while-copying. The definitions before and after the snapshot are the same, but were different in between; or
    a table that existed at the snapshot no longer exists. The stream, which begins at the snapshot, has the definitions of
    the snapshot."""
    before, between = BETWEEN_THE_LOOKS[what]
    sql("CREATE TABLE b (id INT PRIMARY KEY, v INT)", "INSERT INTO b SELECT seq, 1 FROM seq_1_to_300")
    sql("CREATE TABLE x1 (id INT PRIMARY KEY)", "CREATE TABLE x3 LIKE x1", "CREATE TABLE g LIKE x1")
    running = sync(start=False)
    sql(f"SELECT GET_LOCK('tideway.{running.name}', 10)")  # the sync waits for it after it has loaded the tables
    running.start()
    running.wait_log("another process of sync")
    for statement in before:
        sql(statement)
    reader = mariadb.connect(database=db)
    reader.begin()
    reader.cursor().execute("SELECT * FROM x3")
    interrupted = []

    def rename():
        """Waits for x3 for ever, and has x1 meanwhile: the second look waits for that, with the snapshot taken."""
        try:
            mariadb.run("RENAME TABLE x1 TO x2, x3 TO x4", db=db)
        except pymysql.err.OperationalError as error:
            interrupted.append(error)

    renaming = threading.Thread(target=rename)
    renaming.start()
    try:
        waits = "SELECT id FROM information_schema.processlist WHERE state LIKE 'Waiting for table metadata%' AND info LIKE "
        wait_for(lambda: mariadb.run(waits + "'RENAME TABLE x1%'"), "no RENAME")
        sql(f"SELECT RELEASE_LOCK('tideway.{running.name}')")
        wait_for(lambda: mariadb.run(waits + "'%FROM information_schema%' AND id <> CONNECTION_ID()"), lambda: running.log)
        sql(*between)
    finally:
        for (waiting,) in mariadb.run(waits + "'RENAME TABLE x1%'"):
            mariadb.run(f"KILL QUERY {waiting}")
        renaming.join()
        reader.close()
    assert interrupted
    running.wait_streaming()
    if before:
        assert "changed definitions while they were read" in running.log
    sql("UPDATE b SET v = 5 WHERE id = 4")
    ends_equal(running, db, kafka, mariadb, ["b"])


def test_dropped_and_created_during_full_sync(sync, sql, db, kafka, mariadb):
    """Rule: ddl-while-copying. Error 1146 ends only the read of that table. A table created meanwhile is followed by the
    stream."""
    for name in ("a", "z"):
        sql(f"CREATE TABLE {name} (id INT PRIMARY KEY, v INT, s VARCHAR(50))")
        fill(sql, name, 6000)
    running = sync("full = { parallel = 1, rows_per_second = 6000 },")
    running.until(f"{db}.a", lambda m: len(m) > 300, "rows of the full sync")
    sql("DROP TABLE z", "CREATE TABLE n (id INT PRIMARY KEY, v INT, s VARCHAR(50))", "INSERT INTO n VALUES (1, 2, 'n')")
    rebuilt = ends_equal(running, db, kafka, mariadb, ["a", "n"])
    assert [m.full for m in rows(running.reader(f"{db}.a", f"{db}.n").messages, "n")] == [False]
    assert rebuilt.tables()[db, "n"].rows


def test_restart_without_a_copy(sync, sql, broker):
    """A start that copies nothing does not claim a copy."""
    sql("CREATE TABLE t (id INT PRIMARY KEY)")
    running = sync('mode = "full",', kafka=broker)
    assert running.wait_exit() == 0
    assert re.search(r"INFO  full sync: done in \d+\.\d s", running.log), running.log
    assert "copied before" not in running.log
    assert running.start().wait_exit() == 0
    assert "INFO  full sync: every table has been copied already" in running.log
    assert "full sync: done" not in running.log


def test_rate_limit_holds_nothing_up(sync, sql, db):
    """full.rows_per_second: SIGTERM in the middle of a slow full sync ends it at once and cleanly."""
    sql("CREATE TABLE a (id INT PRIMARY KEY, v INT, s VARCHAR(50))")
    fill(sql, "a", 5000)
    running = sync("full = { parallel = 1, rows_per_second = 100 },")
    running.until(f"{db}.a", lambda m: len(m) > 10, "some rows")
    assert running.stop() == 0
    assert len(rows(running.reader(f"{db}.a").to_end())) < 5000


def test_stop_while_a_table_is_locked(sync, sql, db, mariadb):
    """A stop does not wait for a locked table, whose keys cannot be read, maybe for hours."""
    sql("CREATE TABLE a (id INT PRIMARY KEY)", "INSERT INTO a VALUES (1)")
    with contextlib.closing(mariadb.connect(database=db)) as holder, holder.cursor() as cursor:
        cursor.execute("LOCK TABLES a WRITE")
        running = sync()
        waits = f"SELECT 1 FROM information_schema.processlist WHERE state LIKE 'Waiting for table metadata%' AND db IS NULL AND info LIKE '%{db}%'"
        wait_for(lambda: mariadb.run(waits), lambda: f"{mariadb.run('SHOW PROCESSLIST')}\n{running.log[-2000:]}")
        assert running.stop() == 0, running.log[-2000:]


@pytest.mark.parametrize("phase", ["full sync", "stream"])
def test_stop_while_the_server_hangs(sync_on, mariadb_server, kafka, db, phase):
    """A stop does not wait for a server that keeps the connection but does not answer."""
    server = mariadb_server()
    server.run(f"CREATE DATABASE {db}", f"USE {db}", "CREATE TABLE a (id INT PRIMARY KEY, s VARCHAR(200))",
               "INSERT INTO a SELECT seq, REPEAT('x', 200) FROM seq_1_to_20000")
    running = sync_on(server, kafka, [f"{db}.*"], "full = { parallel = 1, rows_per_second = 1000 }," if phase == "full sync" else "").start()
    if phase == "stream":
        running.wait_streaming()
    else:
        running.until(f"{db}.a", lambda m: len(m) > 10, "some rows")
    server.pause()
    try:
        assert running.stop() == 0, running.log[-2000:]
    finally:
        server.resume()


@pytest.mark.slow
def test_stop_while_the_broker_hangs(sync_on, mariadb, sql, db, kafka_server):
    """A stop with messages in flight that no broker acknowledges. They are sent again at the next start."""
    own = kafka_server()
    sql("CREATE TABLE a (id INT PRIMARY KEY)", "INSERT INTO a SELECT seq FROM seq_1_to_100")
    running = sync_on(mariadb, own, [f"{db}.*"]).start()
    running.wait_rows(f"{db}.a", 100)  # the first message to a partition is waited for
    running.wait_streaming()
    own.pause()
    try:
        sql("INSERT INTO a SELECT seq FROM seq_101_to_1000")
        assert running.stop(timeout=60) == 0, running.log[-2000:]
    finally:
        own.resume()
    running.start()
    running.until(f"{db}.a", lambda m: {str(n).encode() for n in range(1, 1001)} <= {x.key for x in m}, "all rows")


@pytest.mark.slow
def test_name_is_kept_while_a_stop_drains(sync_on, mariadb, sql, db, kafka_server):
    """Rule: one-process. Messages that are in flight at a stop may still arrive. The instance lock is therefore released only
    at the end of the process: a process that waits for it would send newer rows in between."""
    own = kafka_server()
    sql("CREATE TABLE a (id INT PRIMARY KEY)")
    seen = 'on_change = function(change) if change.row.id == 400 then require("tideway.log").info("seen") end end,'
    running = sync_on(mariadb, own, [f"{db}.*"], seen).start()
    running.wait_streaming()
    lock = f"SELECT IS_USED_LOCK('tideway.{running.name}')"
    holder = mariadb.run(lock)[0][0]
    sql("INSERT INTO a SELECT seq FROM seq_1_to_100")  # the first message to a partition is waited for
    running.wait_rows(f"{db}.a", 100)
    own.pause()
    try:
        sql("INSERT INTO a SELECT seq FROM seq_101_to_400")  # what fits into a new queue without an answer
        running.wait_log("seen")
        running.child.send_signal(signal.SIGTERM)
        running.wait_log("stopping")
        wait_for(lambda: not dumps(mariadb), lambda: mariadb.run("SHOW PROCESSLIST"))  # the server has noticed what was closed
        assert mariadb.run(lock)[0][0] == holder
        running.must_run()
    finally:
        own.resume()
    assert running.wait_exit() == 0


@pytest.mark.slow
def test_binlog_that_is_purged_meanwhile(sync_on, mariadb_server, kafka):
    """Rule: retention-watch. While tables are copied, the sync warns at 80 % of the retention, and ends when the binlog that
    the stream will need has been purged."""
    server = mariadb_server()
    server.run("CREATE DATABASE d", "USE d", "CREATE TABLE d.a (id INT PRIMARY KEY)", "INSERT INTO d.a SELECT seq FROM seq_1_to_20000",
               "SET GLOBAL binlog_expire_logs_seconds = 10")
    running = sync_on(server, kafka, ["d.*"], "full = { parallel = 1, rows_per_second = 200 },"
                      'on_alert = function(a) print(a.kind, a.severity, a.text) end,').start()
    running.wait_log(r"WARN .*the server keeps it for 10 s: raise binlog_expire_logs_seconds")
    running.wait_log(r"INFO  retention\twarning\t.*the server keeps it for 10 s: raise binlog_expire_logs_seconds")
    server.run("INSERT INTO d.a VALUES (100000)", "FLUSH BINARY LOGS", "FLUSH BINARY LOGS")
    purge(server)
    running.fails(4, "still needed", "binlog_expire_logs_seconds")


def test_keys_that_split(sync, sql, db, kafka, mariadb):
    """Key ranges over odd keys: sparse, negative, unsigned above 2^63, strings, composite, one value many times."""
    sql("CREATE TABLE sparse (id BIGINT PRIMARY KEY, v INT)",
        "INSERT INTO sparse VALUES (-9223372036854775808, 1), (0, 2), (1, 3), (9223372036854775807, 4)",
        "CREATE TABLE big (id BIGINT UNSIGNED PRIMARY KEY, v INT)",
        "INSERT INTO big VALUES (0, 1), (9223372036854775807, 2), (9223372036854775808, 3), (18446744073709551615, 4)",
        "CREATE TABLE same (a INT, b INT, PRIMARY KEY (a, b))",
        "INSERT INTO same SELECT 7, seq FROM seq_1_to_3000",
        "CREATE TABLE text (k VARCHAR(30) PRIMARY KEY, v INT)",
        "INSERT INTO text SELECT CONCAT('Key-', seq), seq FROM seq_1_to_3000",
        "CREATE TABLE tiny (k TINYINT PRIMARY KEY)", "INSERT INTO tiny SELECT CAST(seq AS INT) - 128 FROM seq_0_to_255",
        "CREATE TABLE bits (k BIT(12) PRIMARY KEY)", "INSERT INTO bits VALUES (0), (1), (4095)")
    tables = ["sparse", "big", "same", "text", "tiny", "bits"]
    running = sync("full = { parallel = 4 },")
    rebuilt = ends_equal(running, db, kafka, mariadb, tables)
    assert len(rebuilt.full) == 4 + 4 + 3000 + 3000 + 256 + 3


def test_view_and_other_databases_stay_out(sync, sql, db, mariadb, unique):
    """Patterns select tables: no views, no other databases, excludes with !, braces and wildcards."""
    for name in ("a_1", "a_2", "a_x", "b", "tmp_z"):
        sql(f"CREATE TABLE {name} (id INT PRIMARY KEY)", f"INSERT INTO {name} VALUES (1)")
    sql("CREATE VIEW v AS SELECT * FROM b")
    running = sync(tables=[f"{db}.a_{{1..2}}", f"{db}.?", f"{db}.tmp_*", "!*.tmp_*"])
    running.wait_streaming()
    for name in ("a_1", "a_2", "a_x", "b", "tmp_z"):
        sql(f"INSERT INTO {name} VALUES (2)")
    for name in ("a_1", "a_2", "b"):
        running.wait_rows(f"{db}.{name}", 2)
    assert running.stop() == 0
    there = {t for t in running.kafka.partitions() if t.startswith(f"{db}.")}
    assert there == {f"{db}.a_1", f"{db}.a_2", f"{db}.b"}


@pytest.mark.slow
def test_reader_that_waits_is_not_cut_off(sync, sql, db, mariadb, kafka_server):
    """Rule: long-sessions. The server ends a reader that pauses longer than net_write_timeout, unless the session sets a longer
    one: not reading is the back-pressure."""
    own = kafka_server()
    sql("CREATE TABLE a (id INT PRIMARY KEY, s VARCHAR(3000))",
        "INSERT INTO a SELECT seq, REPEAT('x', 3000) FROM seq_1_to_40000")
    with mariadb.globals(net_write_timeout=1, net_read_timeout=1, wait_timeout=2):
        running = sync('full = { parallel = 1 },', kafka=own, properties={"buffer.memory": 8 << 20})
        running.until(f"{db}.a", lambda m: len(m) > 10, "some rows")
        own.pause()

        def blocked():
            states = mariadb.run(
                f"SELECT time_ms FROM information_schema.processlist WHERE user = '{mariadb.user}' AND time_ms > 3000"
                " AND state LIKE 'Writing to net%'")
            return states

        wait_for(blocked, lambda: mariadb.run("SHOW PROCESSLIST"))
        own.resume()
        running.wait_streaming()
    assert running.stop() == 0
    found = {int(m.key) for m in rows(running.reader(f"{db}.a").to_end())}
    assert found == set(range(1, 40001)), sorted(set(range(1, 40001)) - found)[:10]
