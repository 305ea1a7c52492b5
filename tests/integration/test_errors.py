"""Every error that a user meets: one clear message with its remedy, and its exit code."""

import contextlib
import re
import signal
import struct

import pytest
from confluent_kafka.admin import AclBinding, AclOperation, AclPermissionType, ResourcePatternType, ResourceType
from confluent_kafka.admin import NewTopic
from pymysql.constants import COMMAND
from support.consume import rows
from support.servers import Kafka
from support.wait import DEADLINE_S, wait_for


@pytest.fixture
def table(sql):
    sql("CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(20))", "INSERT INTO t VALUES (1, 'a')")


# the source refuses: 3

def test_wrong_password(sync, table, mariadb):
    sync(password="wrong").fails(3, rf"127\.0\.0\.1:{mariadb.port}", mariadb.user, r"(?i)password")


@pytest.mark.parametrize(
    ("grants", "missing"),
    [
        (("SELECT, REPLICATION CLIENT",), "REPLICATION SLAVE"),
        (("REPLICATION SLAVE, REPLICATION CLIENT",), "SELECT"),
        (("SELECT, REPLICATION SLAVE",), r"REPLICATION CLIENT|BINLOG MONITOR"),
    ],
    ids=["replication_slave", "select", "replication_client"],
)
def test_missing_privilege(sync, table, mariadb, unique, grants, missing):
    user = f"m_{unique[:20]}"
    mariadb.make_user(user, "secret", *grants)
    log = sync(user=user, password="secret").fails(3, missing)
    # the remedy is a statement that can be pasted
    assert "GRANT" in log or missing == "SELECT"


def test_binlog_off(sync_on, mariadb_server, kafka):
    server = mariadb_server("--skip-log-bin")
    server.run("CREATE DATABASE d", "CREATE TABLE d.t (id INT PRIMARY KEY)")
    sync_on(server, kafka, ["d.*"]).start().fails(3, r"log[-_]bin")


def test_binlog_not_row(sync, table, mariadb):
    with mariadb.globals(binlog_format="STATEMENT"):
        sync().fails(3, r"binlog_format", "STATEMENT", "ROW")


def test_server_away_at_the_start(sync_on, mariadb_server, kafka):
    """Reconnects with back-off, logs that, and continues when the server is back."""
    server = mariadb_server()
    server.run("CREATE DATABASE d", "CREATE TABLE d.t (id INT PRIMARY KEY)", "INSERT INTO d.t VALUES (1)")
    server.stop()
    running = sync_on(server, kafka, ["d.*"], topic=False, options='topic = { template = "' + f"away{server.port}" + '" },')
    running.start()
    running.wait_log(rf"127\.0\.0\.1:{server.port}")
    running.must_run()
    server.start()
    running.wait_rows(f"away{server.port}", 1)
    # and later: a restart of the server in the middle of the stream
    running.wait_streaming()
    server.run("INSERT INTO d.t VALUES (2)")
    running.wait_rows(f"away{server.port}", 2)
    server.stop(signal.SIGKILL)
    running.wait_log(r"(?i)(lost|gone away|reconnect|again in)")
    server.start()
    server.run("INSERT INTO d.t VALUES (3)")
    found = running.until(f"away{server.port}", lambda m: any(x.key == b"3" for x in m), "the row after the restart")
    assert {m.key for m in rows(found)} == {b"1", b"2", b"3"}
    assert running.stop() == 0


def test_connection_killed(sync, sql, db, table, mariadb):
    """The server ends our connections: the sync reconnects, and no row is missing or doubled within the run."""
    running = sync()
    running.wait_rows(f"{db}.t", 1)
    running.wait_streaming()
    for number in range(2, 5):
        assert mariadb.kill_connections() > 0
        sql(f"INSERT INTO t VALUES ({number}, 'x')")
        running.wait_message(f"{db}.t", lambda m, key=str(number).encode(): m.key == key, "the row after it")
    assert running.stop() == 0
    assert len(rows(running.reader(f"{db}.t").to_end())) == 4


def test_unknown_host(sync, table):
    sync(host="no-such-host.invalid").fails(3, r"no-such-host\.invalid")


def test_names_that_say_the_same(sync, sql, db):
    """Two tables with the same "db.table" are refused, and both are named. Either can be excluded."""
    sql("CREATE TABLE `b.c` (id INT PRIMARY KEY)", f"CREATE DATABASE `{db}.b`", f"CREATE TABLE `{db}.b`.c (id INT PRIMARY KEY)")
    running = sync(tables=[f"{db}.*", f"`{db}.b`.*"])
    try:
        running.fails(3, rf"`{db}`\.`b\.c`", rf"`{db}\.b`\.`c`", "source.tables")
    finally:
        sql(f"DROP DATABASE `{db}.b`")


def test_unknown_table(sync, table, db):
    """An exact name that matches no table is an error."""
    sync(tables=[f"{db}.t", f"{db}.nope"]).fails(1, rf"{db}\.nope")


def test_nothing_selected(sync, sql, db):
    sync(tables=[f"{db}.nope"]).fails(1, rf"{db}\.nope")


def test_table_without_key(sync, sql, db, kafka):
    """Refused by default, with all their names and the settings that help; nothing is sent."""
    sql("CREATE TABLE k (id INT PRIMARY KEY)", "CREATE TABLE n1 (a INT)", "CREATE TABLE n2 (a INT)")
    sync().fails(1, rf"{db}\.n1", rf"{db}\.n2", "no_primary_key")
    assert not [t for t in kafka.partitions() if t.startswith(f"{db}.")]


ENGINES = [("MyISAM", ""), ("Aria", " TRANSACTIONAL=1"), ("MEMORY", "")]


@pytest.mark.parametrize("engine, options", ENGINES)
def test_no_key_and_no_transactions(sync, sql, db, engine, options):
    """Rule: one-shared-point. Rows that are written to a table while it is read would be sent twice if the table has neither
    a key nor transactions: the start and check refuse it. With a key it is read."""
    sql("CREATE TABLE t (id INT PRIMARY KEY)", f"CREATE TABLE m (v INT) ENGINE={engine}{options}", "INSERT INTO m VALUES (1)")
    running = sync('no_primary_key = "empty",', start=False)
    code, out, _ = running.once(command="check")
    assert code == 3 and f"FAIL  table {db}.m: no primary key, and {engine} has no transactions" in out and "ENGINE=InnoDB" in out
    running.start().fails(3, rf"{db}\.m has no primary key", engine, "ENGINE=InnoDB", "source.tables")
    sql("ALTER TABLE m ADD PRIMARY KEY (v)")
    assert "FAIL" not in running.once(command="check")[1]
    running.start()
    running.wait_rows(f"{db}.m", 1)
    running.must_run()


def test_no_key_and_no_transactions_later(sync, sql, db):
    """A table that has been copied may lose its key and its transactions in the stream: the sync continues, also after a restart.
    It also continues with a table that is created in this way, and with a partitioned table without a key."""
    sql("CREATE TABLE t (v INT)", "INSERT INTO t VALUES (1)",
        "CREATE TABLE p (v INT) PARTITION BY HASH (v) PARTITIONS 2", "INSERT INTO p VALUES (1)")
    running = sync('no_primary_key = "empty",')
    running.wait_rows(f"{db}.t", 1)
    running.wait_rows(f"{db}.p", 1)
    running.wait_streaming()
    sql("ALTER TABLE t ENGINE=MyISAM", "INSERT INTO t VALUES (2)", "CREATE TABLE m (v INT) ENGINE=MyISAM", "INSERT INTO m VALUES (1)")
    running.wait_rows(f"{db}.m", 1)
    assert running.stop() == 0
    sql("INSERT INTO t VALUES (3)")
    running.start()
    assert [m.after["v"] for m in running.wait_rows(f"{db}.t", 3)] == [1, 2, 3]


KEYLESS = {
    "created": ["CREATE TABLE n (id INT)", "INSERT INTO n VALUES (1), (2)"],
    "dropped": ["CREATE TABLE n (id INT PRIMARY KEY, v INT)", "INSERT INTO n VALUES (1, 1)",
                "ALTER TABLE n DROP PRIMARY KEY", "DELETE FROM n WHERE id = 1"],
}


@pytest.mark.parametrize("case", KEYLESS)
def test_table_that_loses_its_key(sync, sql, db, table, case):
    """no_primary_key = "reject" also holds in the stream: the first row without a key stops the sync before anything of it is
    written. The error names the table, the position and the remedy. A start without the remedy stops again. After the remedy
    the sync continues at that row."""
    running = sync()
    running.wait_streaming()
    sql(*KEYLESS[case])
    log = running.fails(7, rf"table {db}\.n, (insert|delete) at \S+:\d+: the table has no primary key", "no_primary_key = ",
                        rf'"!{db}\.n" in source\.tables')
    assert re.search(rf"WARN .*{db}\.n has no primary key since the statement at \S+:\d+", log), log
    told = running.reader(f"{db}.n").to_end()
    assert not [m for m in told if m.is_row and m.key == b""], told
    assert [m for m in told if m.ddl], "the statement itself is sent"
    code, _, stderr = running.once()
    assert code == 1 and f"{db}.n has no primary key" in stderr, stderr
    running.write(running.path.read_text().replace("heartbeat = false,", 'heartbeat = false, no_primary_key = "row",'))
    running.start()
    running.wait_message(f"{db}.n", lambda m: m.is_row and re.fullmatch(rb"[0-9a-f]{16}", m.key), "a row with its hash as key")


def test_key_that_is_given_in_time(sync, sql, db, table):
    """A table may lack a key as long as it has no rows: migrations add the key with a second statement."""
    running = sync()
    running.wait_streaming()
    sql("CREATE TABLE n (id INT)", "ALTER TABLE n ADD PRIMARY KEY (id)", "INSERT INTO n VALUES (1)")
    assert running.wait_rows(f"{db}.n", 1)[0].key == b"1"


# the position is lost: 4

def purge(mariadb):
    """Purges all binlogs but the last; a dump that the server has not yet given up may hold them for a moment."""
    last = mariadb.run("SHOW BINARY LOGS")[-1][0]

    def gone():
        mariadb.run(f"PURGE BINARY LOGS TO '{last}'")
        return mariadb.run("SHOW BINARY LOGS")[0][0] == last

    wait_for(gone, "the old binlogs are still there")


def test_purged_position(sync, sql, db, table, mariadb):
    running = sync()
    running.wait_rows(f"{db}.t", 1)
    running.wait_streaming()
    assert running.stop() == 0
    sql("INSERT INTO t VALUES (2, 'b')", "FLUSH BINARY LOGS", "INSERT INTO t VALUES (3, 'c')", "FLUSH BINARY LOGS")
    purge(mariadb)
    running.start()
    running.fails(4, r"(?i)purge|no longer", r"0-1-\d+|mysql-bin\.\d+", "another name, or delete its checkpoint topic or file")


def test_binlog_reset(sync, sql, db, table, mariadb_server, sync_on, kafka):
    """RESET MASTER under a saved position is never taken for a fresh start."""
    server = mariadb_server()
    server.run("CREATE DATABASE d", "CREATE TABLE d.t (id INT PRIMARY KEY)", "INSERT INTO d.t VALUES (1)")
    running = sync_on(server, kafka, ["d.*"], f'topic = {{ template = "reset{server.port}" }},', topic=False).start()
    running.wait_rows(f"reset{server.port}", 1)
    running.wait_streaming()
    server.run("INSERT INTO d.t VALUES (2)")
    running.wait_rows(f"reset{server.port}", 2)
    assert running.stop() == 0
    server.run("RESET MASTER", "INSERT INTO d.t VALUES (3)")
    running.start()
    running.fails(4)


# Kafka refuses: 5

@pytest.mark.parametrize("option", ['"existing"', "{ create = false }"])
def test_topic_must_exist(sync, sql, db, table, kafka, option):
    sql("CREATE TABLE u (id INT PRIMARY KEY)", "CREATE TABLE there (id INT PRIMARY KEY)")
    kafka.create(f"{db}.there", 1)
    sync(f"topics = {option},").fails(5, rf"{db}\.t\b", rf"{db}\.u\b", r"topics")
    assert not {f"{db}.t", f"{db}.u"} & set(kafka.partitions())


def test_existing_topic_is_used(sync, sql, db, table, kafka):
    kafka.create(f"{db}.t", 2)
    running = sync('topics = "existing",')
    running.wait_rows(f"{db}.t", 1)
    assert kafka.partitions()[f"{db}.t"] == 2


def test_message_too_large(sync, sql, db, table, kafka):
    """Rule: size-before-send. It is found before it is sent. The error names the sizes, the setting, the table and the key.
    Earlier rows are in Kafka."""
    kafka.create(f"{db}.big", 1, max_message_bytes=20000)
    sql("CREATE TABLE big (id INT PRIMARY KEY, s LONGTEXT)", "INSERT INTO big VALUES (1, 'small')")
    running = sync()
    running.wait_rows(f"{db}.big", 1)
    running.wait_streaming()
    sql("INSERT INTO big VALUES (2, 'small')", "INSERT INTO big VALUES (3, REPEAT('x', 30000))", "INSERT INTO big VALUES (4, 's')")
    running.fails(7, rf"{db}\.big", r"20000", r"max\.message\.bytes")
    assert {m.key for m in rows(running.reader(f"{db}.big").to_end())} == {b"1", b"2"}
    # the topic now accepts it: the sync continues from there
    kafka.configure(f"{db}.big", "max.message.bytes", "1000000")
    running.start()
    running.until(f"{db}.big", lambda m: {b"3", b"4"} <= {x.key for x in m}, "the large row")


def test_large_rows_pass(sync, sql, db, kafka):
    """A message of nearly 1 MB is sent if the topic accepts it. Larger messages are sent if the topic allows them, even if they
    are larger than a lane's part of the queue."""
    kafka.create(f"{db}.big", 1, max_message_bytes=20000000)
    sql("CREATE TABLE big (id INT PRIMARY KEY, s LONGTEXT)", "INSERT INTO big VALUES (1, REPEAT('x', 5000000))",
        "INSERT INTO big VALUES (4, REPEAT('w', 15000000))")
    running = sync()
    running.wait_rows(f"{db}.big", 2)
    running.wait_streaming()
    sql("INSERT INTO big VALUES (2, REPEAT('y', 5000000))", "INSERT INTO big VALUES (3, REPEAT('z', 900000))")
    found = running.wait_rows(f"{db}.big", 4)
    assert [len(m.after["s"]) for m in found] == [5000000, 15000000, 5000000, 900000]


def test_row_max(sync, sql, db, kafka):
    """Rule: long-sessions. A row larger than limits.row_max stops the sync in both phases, before a function sees it. The error
    names the table, the column and the sizes, but never the values. Each image of an update counts by itself. With a higher
    limit the sync continues at that row."""
    sql("CREATE TABLE big (id INT PRIMARY KEY, note VARCHAR(20), s LONGTEXT)", "INSERT INTO big VALUES (1, 'a', REPEAT('x', 50000))")
    hook = 'on_row = function(row) if #row.s > 70000 then error("seen") end end, '
    running = sync(hook + "limits = { row_max = 40000 },")
    running.fails(7, rf"table {db}\.big, full sync", r"a row of 500\d\d bytes, 50000 of them in column 's'",
                  r"limits\.row_max = 40000", rf'"!{db}\.big"')
    running.write(running.text([f"{db}.*"], hook + 'limits = { row_max = "64KiB" },'))
    running.start()
    running.wait_rows(f"{db}.big", 1)
    running.wait_streaming()
    sql("UPDATE big SET note = 'b', s = REPEAT('y', 60000)")
    running.until(f"{db}.big", lambda found: any(m.op == "UPDATE_AFTER" for m in found), "an update of two rows below the limit")
    sql("INSERT INTO big VALUES (2, 'c', 'small')", "INSERT INTO big VALUES (3, 'd', REPEAT('z', 80000))")
    log = running.fails(7, rf"table {db}\.big, insert at \S+:\d+", r"a row of 800\d\d bytes, 80000 of them in column 's'",
                        r"limits\.row_max = 65536")
    assert "seen" not in log and "zzz" not in log
    assert {m.key for m in rows(running.reader(f"{db}.big").to_end())} == {b"1", b"2"}
    running.write(running.text([f"{db}.*"], 'limits = { row_max = "1MiB" },'))
    running.start()
    running.until(f"{db}.big", lambda found: b"3" in {m.key for m in found}, "the row that was refused")


def test_configuration_that_may_not_be_read(sync, sql, db, kafka_server):
    """Rule: size-before-send. Without DescribeConfigs on a topic: one warning, Kafka's default for the largest message,
    and rows flow."""
    own = kafka_server("authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer",
                       "allow.everyone.if.no.acl.found=true")
    own.create(f"{db}.t", 1)

    def rule(operation, permission):
        return AclBinding(ResourceType.TOPIC, f"{db}.t", ResourcePatternType.LITERAL, "User:ANONYMOUS", "*", operation, permission)

    made = own.admin.create_acls([rule(AclOperation.ALL, AclPermissionType.ALLOW),
                                  rule(AclOperation.DESCRIBE_CONFIGS, AclPermissionType.DENY)])
    for future in made.values():
        future.result(DEADLINE_S)
    sql("CREATE TABLE t (id INT PRIMARY KEY, s LONGTEXT)", "INSERT INTO t VALUES (1, 'x')")
    running = sync(kafka=own)
    running.wait_log(rf'configuration of topic "{db}\.t" cannot be read \(grant DescribeConfigs\).* 1048588')
    running.wait_rows(f"{db}.t", 1)
    running.wait_streaming()
    sql("INSERT INTO t VALUES (2, REPEAT('y', 2000000))")
    running.fails(7, "1048588", "max.message.bytes")


@pytest.mark.slow
def test_broker_away_at_the_start(sync, sql, db, table, kafka_server):
    """Waits, logs that, and continues; SIGTERM while waiting ends it cleanly."""
    own = kafka_server()
    own.stop(signal.SIGKILL)
    running = sync(kafka=own)
    running.wait_log(rf"127\.0\.0\.1:{own.port}")
    running.must_run()
    assert running.stop() == 0
    running.start()
    running.wait_log(rf"127\.0\.0\.1:{own.port}")
    own.start()
    running.wait_rows(f"{db}.t", 1)
    # while its tables are read, they cannot be dropped; and without its broker it reads them for ever
    running.wait_streaming()
    assert running.stop() == 0


# another process: 6

@pytest.mark.parametrize("wrong", ["password", "privilege"])
def test_source_is_judged_while_the_broker_is_away(sync, table, mariadb, unique, wrong):
    """What the database refuses is reported although no broker can be reached."""
    user = f"j_{unique[:20]}"
    mariadb.make_user(user, "right", "SELECT")
    running = sync(brokers="127.0.0.1:1", user=user, password="wrong" if wrong == "password" else "right")
    running.fails(3, "Access denied|password" if wrong == "password" else "REPLICATION (SLAVE|CLIENT)|BINLOG MONITOR")


def test_both_ends_away(sync, table):
    """Both are named, and SIGTERM ends it."""
    running = sync(brokers="127.0.0.1:1", port=1)
    running.wait_log(r"127\.0\.0\.1:1.*trying again once the checkpoint is open")
    running.wait_log(r"Kafka 127\.0\.0\.1:1: no broker can be reached.*waiting, nothing is lost")
    assert running.stop() == 0


def test_fenced_by_a_second_process(sync, sql, db, table):
    """Rule: one-process. A second process of the same name takes over: the first ends with exit code 6 at its next save, and the
    second begins only then."""
    first = sync(name=f"{db[:40]}_same")
    first.wait_rows(f"{db}.t", 1)
    first.wait_streaming()
    second = sync(name=f"{db[:40]}_same")
    second.wait_log("another process of sync")
    first.fails(6, r"(?i)another|displaced|fenced|taken over")
    second.wait_streaming()
    sql("INSERT INTO t VALUES (2, 'b')")
    second.wait_message(f"{db}.t", lambda m: m.key == b"2", "the row")
    second.must_run()


def derived_server_id(name):
    """Return the server_id that a sync of this name uses: FNV-1a, in the upper half of 32 bits."""
    value = 14695981039346656037
    for byte in name.encode():
        value = (value ^ byte) * 1099511628211 % (1 << 64)
    return (value ^ value >> 32) & 0xFFFFFFFF | 1 << 31


@contextlib.contextmanager
def other_dump(server, server_id, uuid=""):
    """Another binlog dump under this id runs on the server."""
    with contextlib.closing(server.connect()) as connection, connection.cursor() as cursor:
        cursor.execute("SHOW BINARY LOGS")
        name = cursor.fetchall()[-1][0]
        cursor.execute("SET @master_binlog_checksum = 'CRC32', @source_binlog_checksum = 'CRC32'")
        if uuid:
            cursor.execute("SET @slave_uuid = %s, @replica_uuid = %s", (uuid, uuid))
        connection._execute_command(COMMAND.COM_BINLOG_DUMP, struct.pack("<IHI", 4, 0, server_id) + name.encode())
        connection._read_packet()
        yield


def displaced(running, *ids):
    """The other dump ends it with exit code 6: it does not reconnect and displace the other one in turn."""
    with other_dump(running.database, *ids):
        log = running.fails(6, "another process reads the binlog with this server id", r"source\.server_id")
    assert not re.search("(connecting|starting) again", log), log


@pytest.mark.parametrize("server_id", [None, 77001])
def test_displaced_on_the_source(sync, sql, db, table, mariadb, server_id):
    """Rule: one-process. MariaDB ends the older of two dumps with the same server id (error 4052). Even if neither fence nor
    instance lock works, the older process ends with exit code 6 and does not reconnect. The id is derived from the name, or
    is source.server_id."""
    running = sync(**({"server_id": server_id} if server_id else {}))
    running.wait_streaming()
    if server_id:
        with other_dump(mariadb, derived_server_id(running.name)):
            sql("INSERT INTO t VALUES (2, 'b')")
            running.wait_rows(f"{db}.t", 2)
    displaced(running, server_id or derived_server_id(running.name))


def test_name_is_kept_on_a_new_connection(sync, table, mariadb, unique, sql, db):
    """Rule: one-process. The instance lock is lost with its connection, and is taken again on another."""
    running = sync(name=f"{unique[:30]}_kept")
    running.wait_streaming()

    def holder():
        return mariadb.run(f"SELECT IS_USED_LOCK('tideway.{running.name}')")[0][0]

    first = holder()
    assert first is not None
    mariadb.run(f"KILL {first}")
    wait_for(lambda: holder() not in (None, first), lambda: f"nobody has the lock\n{running.log[-2000:]}")
    sql("INSERT INTO t VALUES (2, 'b')")
    running.wait_message(f"{db}.t", lambda m: m.key == b"2", "the row")


def test_stale_rows_of_a_displaced_process(sync, sql, db):
    """Rule: one-process. A process that is being displaced in its full sync sends nothing after what its successor sends."""
    sql("CREATE TABLE big (id INT PRIMARY KEY, v INT)", "INSERT INTO big SELECT seq, 0 FROM seq_1_to_20000")
    options = "full = { parallel = 1, rows_per_second = 500 },"
    first = sync(options, name=f"{db[:40]}_same")
    first.until(f"{db}.big", lambda m: len(m) > 10, "some rows")
    second = sync(name=f"{db[:40]}_same")
    sql("UPDATE big SET v = 1")
    first.fails(6, r"(?i)another|displaced|fenced|taken over")
    sent = len(rows(first.reader(f"{db}.big").to_end()))
    second.until(f"{db}.big", lambda m: len(m) > sent, "rows of the second")
    second.wait_streaming()
    assert second.stop() == 0
    newest = {}
    for message in rows(second.reader(f"{db}.big").to_end()):
        if message.after:
            newest[message.key] = message.after["v"]
    assert len(newest) == 20000 and set(newest.values()) == {1}


def test_checkpoint_file_locked(sync, sql, db, table, tmp_path):
    """Rule: one-process. With a checkpoint file the second process finds it locked."""
    option = f'checkpoint = {{ file = "{tmp_path}/checkpoint" }},'
    first = sync(option, name=f"{db[:40]}_lock")
    first.wait_streaming()
    second = sync(option, name=f"{db[:40]}_lock")
    second.fails(6, r"checkpoint")
    first.must_run()


# data errors: 7

def test_statement_based_dml(sync, sql, db, table, mariadb):
    """A session with binlog_format = STATEMENT writes DML as text: never skipped in silence."""
    running = sync()
    running.wait_rows(f"{db}.t", 1)
    running.wait_streaming()
    mariadb.run("SET binlog_format = 'STATEMENT'", f"INSERT INTO {db}.t VALUES (2, 'as text')")
    running.fails(7, r"(?i)statement", r"mysql-bin\.\d+:\d+", r"binlog_format")


def test_statement_based_dml_elsewhere(sync, sql, db, table, mariadb):
    """The same in a database that is not captured does not stop the sync."""
    running = sync()
    running.wait_streaming()
    mariadb.run(f"CREATE DATABASE {db}_o", f"CREATE TABLE {db}_o.x (i INT)", f"USE {db}_o", "SET binlog_format = 'STATEMENT'",
                "INSERT INTO x VALUES (1)", f"DROP DATABASE {db}_o")
    sql("INSERT INTO t VALUES (2, 'b')")
    running.wait_rows(f"{db}.t", 2)


def test_minimal_row_image(sync, sql, db, table, mariadb):
    """binlog_row_image = MINIMAL leaves columns out: an error at the start, or at the row; never a wrong value."""
    with mariadb.globals(binlog_row_image="MINIMAL"):
        sync().fails(3, "binlog_row_image", "FULL")


def test_compressed_events(sync, sql, db, table, mariadb):
    """log_bin_compress is not supported in this version. The error about rows of a captured table names the event, the table, the
    position and the setting. Rows of other tables do not stop the sync, and count in the sequence with their uncompressed size."""
    sql("CREATE TABLE n (id INT PRIMARY KEY, v VARCHAR(50))")
    running = sync(tables=[f"{db}.t"])
    running.wait_rows(f"{db}.t", 1)
    running.wait_streaming()
    for compress in (0, 1):
        with mariadb.globals(log_bin_compress=compress, log_bin_compress_min_len=10):
            connection = mariadb.connect(database=db, autocommit=True)
            sql(f"INSERT INTO t VALUES ({1000 + 2 * compress}, '')")
            with connection.cursor() as cursor:
                for statement in ("INSERT INTO n SELECT seq, REPEAT('x', 40) FROM seq_1_to_20", "UPDATE n SET v = REPEAT('y', 40)",
                                  "DELETE FROM n"):
                    cursor.execute(statement)
            connection.close()
            sql(f"INSERT INTO t VALUES ({1001 + 2 * compress}, '')")
    found = sorted(running.wait_rows(f"{db}.t", 5), key=lambda m: m.row["id"])  # of several partitions
    plain, plain_end, compressed, compressed_end = (int(m.sequence) for m in found[1:])
    assert compressed_end - compressed == plain_end - plain > 3000
    with mariadb.globals(log_bin_compress=1, log_bin_compress_min_len=10):
        connection = mariadb.connect(database=db)
        with connection.cursor() as cursor:
            cursor.execute("INSERT INTO t SELECT seq, REPEAT('x', 20) FROM seq_10_to_500")
        connection.close()
        running.fails(7, rf"table {db}\.t, .*Write_rows_compressed_v1 event", "log_bin_compress=OFF", r"mysql-bin\.\d+:\d+")


def test_xa_prepared(sync, sql, db, table, mariadb):
    """A prepared group with rows of a captured table stops the sync with an error that names it."""
    running = sync()
    running.wait_rows(f"{db}.t", 1)
    running.wait_streaming()
    connection = mariadb.connect(database=db)
    xid = f"x_{db[:20]}"
    try:
        with connection.cursor() as cursor:
            for statement in (f"XA START '{xid}'", "INSERT INTO t VALUES (2, 'prepared')", f"XA END '{xid}'", f"XA PREPARE '{xid}'"):
                cursor.execute(statement)
        running.fails(7, r"XA", f"{xid}|{xid.encode().hex()}")
        assert {m.key for m in rows(running.reader(f"{db}.t").to_end())} == {b"1"}
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"XA ROLLBACK '{xid}'")
        connection.close()


def test_xa_prepared_before_the_snapshot(sync, sql, db, table, mariadb):
    """Rule: xa-prepared. Rows prepared before a snapshot are in neither phase: the start waits, then fails naming them."""
    connection = mariadb.connect(database=db)
    xid = f"y_{db[:20]}"
    try:
        with connection.cursor() as cursor:
            for statement in (f"XA START '{xid}'", "INSERT INTO t VALUES (2, 'prepared')", f"XA END '{xid}'", f"XA PREPARE '{xid}'"):
                cursor.execute(statement)
        sync().fails(3, r"XA", f"{xid}|{xid.encode().hex()}")
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"XA ROLLBACK '{xid}'")
        connection.close()


def test_other_server_behind_the_address(sync_on, mariadb_server, kafka):
    """Another server at the same address is refused, and nothing is read from it (rule: transaction-start)."""
    server = mariadb_server()
    server.run("CREATE DATABASE d", "CREATE TABLE d.t (id INT PRIMARY KEY)", "INSERT INTO d.t VALUES (1)")
    running = sync_on(server, kafka, ["d.*"], f'topic = {{ template = "other{server.port}" }},', topic=False).start()
    running.wait_rows(f"other{server.port}", 1)
    running.wait_streaming()
    assert running.stop() == 0
    server.restart([*server.options, "--server-id=99"])
    running.start()
    running.fails(4, r"server", r"\b99\b")


@pytest.mark.parametrize("value", [b"not json", None])
def test_unreadable_checkpoint_is_no_fresh_start(sync, sql, db, table, kafka, value):
    """Rule: whole-checkpoint. An unreadable or incomplete checkpoint is an error, never "no checkpoint, so full sync"."""
    from confluent_kafka import Producer

    running = sync()
    running.wait_rows(f"{db}.t", 1)
    running.wait_streaming()
    assert running.stop() == 0
    producer = Producer({"bootstrap.servers": kafka.bootstrap})
    producer.produce(f"tideway.{running.name}", value, f"{running.name}/position".encode())
    assert producer.flush(20) == 0
    sql("INSERT INTO t VALUES (2, 'passed over')")
    running.start()
    running.fails(8, running.name, "position")
    assert len(rows(running.reader(f"{db}.t").to_end())) == 1


@pytest.mark.slow
def test_sink_away_for_ever_is_not_lost(sync, sql, db, kafka_server):
    """Kafka dies under load and is started again with its data: every row is in Kafka."""
    own = kafka_server()
    assert isinstance(own, Kafka)
    sql("CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(200))")
    running = sync(kafka=own)
    running.wait_streaming()
    sql("INSERT INTO t SELECT seq, REPEAT('x', 200) FROM seq_1_to_3000")
    own.stop(signal.SIGKILL)
    sql("INSERT INTO t SELECT seq, REPEAT('x', 200) FROM seq_3001_to_6000")
    running.wait_log(rf"(?i)127\.0\.0\.1:{own.port}|broker")
    own.start()
    sql("INSERT INTO t VALUES (9999, 'last')")
    running.until(f"{db}.t", lambda m: any(x.key == b"9999" for x in m), "the last row")
    assert running.stop() == 0
    assert {int(m.key) for m in rows(running.reader(f"{db}.t").to_end())} == {*range(1, 6001), 9999}


def test_compaction_with_empty_keys(sync, sql, db, kafka):
    """Rule: compacted-keys. Compaction together with empty keys would lose rows: refused."""
    sql("CREATE TABLE n (a INT)", "INSERT INTO n VALUES (1), (2)")
    running = sync('no_primary_key = "empty", topics = { config = { ["cleanup.policy"] = "compact" } },')
    running.fails(1, rf"{db}\.n", "compact")


LOSING = {
    "empty": (["CREATE TABLE n (a INT)", "INSERT INTO n VALUES (1), (2)"], 'no_primary_key = "empty",',
              r"the table {db}\.n has an empty key, and the topic \"{db}\.to\" is compacted"),
    "join": (["CREATE TABLE n (a VARCHAR(9), b VARCHAR(9), PRIMARY KEY (a, b))", "INSERT INTO n VALUES ('1,2', '3'), ('1', '2,3')"], "",
             r"the key of {db}\.n joins several texts with commas, and the topic \"{db}\.to\" is compacted.*write key_format = \"json\""),
    "meet": (["CREATE TABLE m (id INT PRIMARY KEY)", "CREATE TABLE n (id INT PRIMARY KEY)", "INSERT INTO n VALUES (1)"], "",
             r"{db}\.m and {db}\.n meet in the topic \"{db}\.to\" .*the topic \"{db}\.to\" is compacted"),
}


@pytest.mark.parametrize("case", LOSING)
@pytest.mark.parametrize("when", ["start", "stream", "function"])
def test_compacted_topic_that_is_there(sync, sql, db, kafka, case, when):
    """Rule: compacted-keys. The policy of the topic itself counts, whoever created it. Such keys are refused before anything is
    sent, and by check; in the stream if the table is created later; and if a topic function returns the topic."""
    statements, options, said = LOSING[case]
    if (case, when) == ("meet", "function"):
        pytest.skip("of the tables that a topic function brings together nothing is known")
    kafka.admin.create_topics([NewTopic(f"{db}.to", 1, 1, config={"cleanup.policy": "compact"})])[f"{db}.to"].result(DEADLINE_S)
    to = f'function() return "{db}.to" end' if when == "function" else f'"{db}.to"'
    options += f'topic = {{ {{ tables = {{ "{db}.[mn]" }}, to = {to} }} }},'.replace("[mn]", "?")
    if when == "stream":
        sql("CREATE TABLE other (id INT PRIMARY KEY)", "INSERT INTO other VALUES (1)")
        running = sync(options, topic=False)
        running.wait_streaming()
    sql(*statements)
    if when != "stream":
        running = sync(options, topic=False, start=False)
    if when == "start":
        code, out, _ = running.once(command="check")
        assert code == 1 and re.search("FAIL .*" + said.format(db=db), out), out
    if when != "stream":
        running.start()
    running.fails(1, said.format(db=db))
    assert not [m for m in running.reader(f"{db}.to").to_end() if m.is_row]


CODES = {
    "key": ("key = { ['*.t'] = function(change) return change.row.none_yet end },", 743),
    "nil_key": ("key = { ['*.t'] = function() end },", 740),
    "topic": ("topic = function() return 5 end,", 741),
    "topic_name": ("topic = function() return 'a b' end,", 708),
    "field": ("fields = { f = function() return {} end },", 742),
    "assign": ("on_row = function(row) row.id = 'seven' end,", 744),
    "read_only": ("on_change = function(change) change.row.v = 'b' end,", 744),
    "emit": ("on_change = function(change) change:emit { topic = 'x', key = 'k' } end,", 745),
    "result": ("on_change = function() return 5 end,", 704),
    "raises": ("on_change = function() error('oh') end,", 701),
}


@pytest.mark.parametrize("case", CODES)
def test_codes_of_functions(sync, table, case):
    """An error of a function at a row has its own code, and names the line of the script."""
    options, code = CODES[case]
    running = sync('mode = "full",' + options, topic=False, sink='kafka.lines { file = "out" }')
    running.fails(7, rf"ERROR E-{code}: table \S+\.t, .*sync\.lua:\d+: ")


def test_codes_of_tables(sync, table, db):
    """An option for a table that is not selected has its own code. So has a column that does not exist."""
    for options, code in ((f"update = {{ ['{db}.tt'] = 'one' }},", 126), (f"columns = {{ ['{db}.t'] = {{ drop = 'w' }} }},", 124)):
        sync(options, sink='kafka.lines { file = "out" }').fails(1, rf"ERROR E-{code}: sync\.lua:\d+: ")
