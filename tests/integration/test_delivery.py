"""Whatever fails, nothing is lost, and a message that is sent again is the same (rules: first-error-poisons, transaction-start,
sequence-id, whole-checkpoint, one-process, always-advance, key-order)."""

import contextlib
import itertools
import json
import random
import re
import signal
import sys
import threading

import pymysql
import pytest
from support import process
from support.consume import rows
from support.paths import ROOT
from support.proxy import RefusedFirst
from support.rebuild import Rebuild, compare
from support.wait import wait_for
from test_errors import purge


def fault_points():
    """The names in src/base/fault.h: each must have a case here."""
    text = (ROOT / "src" / "base" / "fault.h").read_text()
    return re.findall(r'X\(\w+, "(\w+)"\)', text)


# each fails the passage of that number, or dies there
FAULTS = [
    "produce:1", "produce:150", "produce:1150", "produce:1150:kill",
    "ack:1", "ack:200", "ack:1100", "ack:1100:kill",
    "save:1", "save:3", "save:3:kill", "saved:1", "saved:3", "saved:3:kill",
    "snapshot:1", "snapshot:1:kill", "chunk:1", "chunk:1:kill", "table_done:1", "table_done:2:kill",
    "stream_start:1", "stream_start:1:kill", "ddl:1", "ddl:1:kill",
]


def test_every_fault_point_is_here():
    assert {f.split(":")[0] for f in FAULTS} == set(fault_points())


@pytest.mark.parametrize("fault", FAULTS)
def test_fault(sync, sql, db, mariadb, kafka, fault):
    """Fail or die at this point, in full sync or stream, under a writer. The fault occurs, and nothing is lost. The sync
    continues by itself, or is started again after it was killed."""
    for name in ("a", "b"):
        sql(f"CREATE TABLE {name} (id INT PRIMARY KEY, v INT)", f"INSERT INTO {name} SELECT seq, 0 FROM seq_1_to_300")
    sql("CREATE TABLE marker (id INT AUTO_INCREMENT PRIMARY KEY)")
    running = sync("full = { parallel = 1 },", fault=fault)
    stopped = threading.Event()
    broken = []
    written = []

    def write():
        connection = mariadb.connect(database=db)
        try:
            with connection.cursor() as cursor:
                for number in itertools.count():
                    if stopped.wait(0.01 if number > 400 else 0) and number > 400:
                        break
                    cursor.execute(f"UPDATE a SET v = v + 1 WHERE id % 40 = {number % 40}")
                    cursor.execute(f"INSERT INTO b VALUES ({1000 + number}, 0)")
                    if number % 300 == 60:
                        cursor.execute("ALTER TABLE b ADD COLUMN c INT DEFAULT 5")
                        cursor.execute("ALTER TABLE b ADD INDEX IF NOT EXISTS i (v), DROP COLUMN c")
                    if number % 7 == 0:
                        cursor.execute(f"DELETE FROM b WHERE id = {1000 + number // 2}")
        except Exception as failure:
            broken.append(failure)
        finally:
            connection.close()

    def came():
        """Return whether the process was killed, or has logged the fault."""
        if fault.endswith("kill"):
            return not running.running and running.wait_exit() == -signal.SIGKILL
        running.must_run()
        return re.search("fault injected|fault point: ", running.log)

    def come_through():
        """Wait until a marker arrives through the stream. If it arrived with the full sync, write another."""
        running.must_run()
        markers = running.reader(f"{db}.marker")
        markers.find()
        markers.poll(0.05)
        if len({m.key for m in markers.messages}) == len(written):
            written.append(sql("INSERT INTO marker VALUES ()"))
        return any(not m.full for m in markers.messages)

    writer = threading.Thread(target=write, daemon=True)
    writer.start()
    try:
        wait_for(came, lambda: f"{fault} has not come\n{running.log[-3000:]}")
        if fault.endswith("kill"):
            running.start()
        running.wait_streaming()
    finally:
        stopped.set()
        writer.join()
    assert not broken
    wait_for(come_through, lambda: running.log[-3000:])
    assert running.stop() == 0
    rebuilt = Rebuild(kafka.partitions()).feed_all(running.reader(f"{db}.a", f"{db}.b").to_end())
    for name in ("a", "b"):
        compare(mariadb, db, name, rebuilt.tables()[db, name])


def test_kill_loop(sync, sql, db, mariadb, kafka):
    """Kill -9 in a loop at random moments under a writer: nothing is lost, replays are exact."""
    sql("CREATE TABLE t (id INT PRIMARY KEY, v INT)", "INSERT INTO t SELECT seq, 0 FROM seq_1_to_200")
    running = sync()
    running.wait_streaming()
    stop = threading.Event()

    def write():
        connection = mariadb.connect(database=db)
        with connection.cursor() as cursor:
            number = 1000
            while not stop.is_set():
                number += 1
                cursor.execute(f"UPDATE t SET v = {number} WHERE id = {number % 200 + 1}")
                cursor.execute(f"INSERT INTO t VALUES ({number}, 0)")
                cursor.execute(f"UPDATE t SET id = -id WHERE id = {number - 3}")
                stop.wait(0.001)
        connection.close()

    writer = threading.Thread(target=write, daemon=True)
    writer.start()
    rng = random.Random(7)
    try:
        for _ in range(8):
            have = len(running.reader(f"{db}.t").messages)
            running.until(f"{db}.t", lambda m, n=have + rng.randint(20, 600): len(m) > n, "more rows")
            running.kill9()
            running.start()
    finally:
        stop.set()
        writer.join()
    sql("INSERT INTO t VALUES (1000000000, 0)")
    running.wait_message(f"{db}.t", lambda m: m.key == b"1000000000", "the last row")
    assert running.stop() == 0
    rebuilt = Rebuild(kafka.partitions()).feed_all(running.reader(f"{db}.t").to_end())
    compare(mariadb, db, "t", rebuilt.tables()[db, "t"])
    assert any(p.replays for p in rebuilt.parts.values())


# the log has a line for each row that is taken, before its messages are sent
LOG_ROWS = 'on_change = function(change) require("tideway.log").info("taken " .. change.row.id) end,'


def takes_no_more(running, there):
    """A condition: the sync takes no more rows, because their number has not changed several times."""
    taken = []

    def look():
        running.must_run()
        taken.append(len(re.findall("taken ", running.log)))
        return taken[-1] < there and taken[-25:] == 25 * [taken[-1]]

    return look


@pytest.mark.parametrize("how", ["restart", "pause"])
@pytest.mark.slow
def test_kafka_under_load(sync, sql, db, mariadb, kafka_server, how):
    """Rule: first-error-poisons. The broker restarts, or hangs until the queue is full, under load: order and rows
    hold, without a restart of ours."""
    own = kafka_server()
    sql("CREATE TABLE t (id INT PRIMARY KEY, v INT, s VARCHAR(5000))", "INSERT INTO t SELECT seq, 0, '' FROM seq_1_to_500")
    # an outage that outlasts the lease is test_lease.py's; a broker may take that long to start here
    lease = {"TIDEWAY_LEASE_MS": "120000"}
    running = sync(LOG_ROWS, kafka=own, properties={"buffer.memory": 256 << 10}, env=lease)
    running.wait_streaming()
    for round_ in range(1, 4):
        sql(f"UPDATE t SET v = {round_}")
        if round_ == 2:
            if how == "restart":
                own.restart(sig=signal.SIGKILL)
            else:
                # the first message to each partition is waited for; that is not a full queue
                running.until(f"{db}.t", lambda found: len({m.partition for m in found if not m.full}) == 6, "rows of the stream")
                own.pause()
                sql("UPDATE t SET v = 20, s = REPEAT('x', 5000)")
                wait_for(takes_no_more(running, 2500), lambda: f"the queue does not become full\n{running.log[-2000:]}")
                own.resume()
        sql(f"UPDATE t SET v = {round_} * 10 + 1, s = ''")
    sql("INSERT INTO t VALUES (9999, 1, '')")
    running.wait_message(f"{db}.t", lambda m: m.key == b"9999", "the last row")
    assert running.stop() == 0
    assert "starting again" not in running.log, running.log
    rebuilt = Rebuild(own.partitions()).feed_all(running.reader(f"{db}.t").to_end())
    compare(mariadb, db, "t", rebuilt.tables()[db, "t"])


@pytest.mark.slow
def test_stop_while_the_queue_is_full(sync, sql, db, kafka_server):
    """A stop while Kafka hangs and the queue is full: if Kafka answers in time, what was read is acknowledged and
    saved."""
    own = kafka_server()
    sql("CREATE TABLE t (id INT PRIMARY KEY, s VARCHAR(3000))")
    running = sync(LOG_ROWS + "topics = { partitions = 1 },", kafka=own, properties={"buffer.memory": 256 << 10})
    running.wait_streaming()
    sql("INSERT INTO t VALUES (1, '')")
    running.wait_rows(f"{db}.t", 1)
    own.pause()
    sql(*(f"INSERT INTO t VALUES ({n}, REPEAT('x', 3000))" for n in range(2, 501)))
    wait_for(takes_no_more(running, 500), lambda: f"the queue does not become full\n{running.log[-2000:]}")
    running.child.send_signal(signal.SIGTERM)
    running.wait_log("signal 15: stopping")
    own.resume()
    assert running.wait_exit() == 0
    # the queue had no room for the last one, so the next run sends it
    taken = [int(n) for n in re.findall(r"taken (\d+)", running.log)][:-1]
    found = [int(m.key) for m in rows(running.reader(f"{db}.t").to_end())]
    assert found[: len(taken)] == taken
    running.start()
    running.wait_message(f"{db}.t", lambda m: m.key == b"500", "the last row")
    assert [int(m.key) for m in rows(running.reader(f"{db}.t").to_end())] == list(range(1, 501))


def test_order_per_key(sync, sql, db):
    """Within a run, the order per key and topic is the commit order, and no message is repeated."""
    sql("CREATE TABLE t (id INT PRIMARY KEY, v INT)", "INSERT INTO t SELECT seq, 0 FROM seq_1_to_20")
    running = sync('update = "one",')
    running.wait_streaming()
    for number in range(1, 101):
        sql(f"UPDATE t SET v = {number}")
    found = running.wait_rows(f"{db}.t", 20 + 100 * 20)
    by_key = {}
    for message in found:
        by_key.setdefault(message.key, []).append(message.after["v"])
    assert all(values == list(range(101)) for values in by_key.values())


@pytest.mark.slow
def test_checkpoint_stays_behind_what_is_acknowledged(sync, sql, db, mariadb, kafka_server):
    """While Kafka does not answer, no position is saved beyond what it has acknowledged (file checkpoint), although
    later rows have been sent and the checkpoint is saved again."""
    own = kafka_server()
    sql("CREATE TABLE t (id INT PRIMARY KEY, v INT)", "INSERT INTO t VALUES (1, 0)")
    # one partition: the first message to a new one would be waited for
    running = sync(LOG_ROWS + 'checkpoint = { file = "cp" }, topics = { partitions = 1 },', kafka=own)
    checkpoint = running.folder / "cp"

    def saved():
        position = json.loads(json.loads(checkpoint.read_text())[f"{running.name}/position"])
        return position["file"], int(position["offset"])

    running.wait_rows(f"{db}.t", 1)
    running.wait_streaming()
    sql("INSERT INTO t VALUES (2, 0)")
    running.wait_rows(f"{db}.t", 2)
    acknowledged = mariadb.binlog_end()
    wait_for(lambda: saved() == acknowledged, lambda: f"{saved()} is saved, not {acknowledged}")
    own.pause()
    try:
        sql("INSERT INTO t VALUES (3, 0)", "INSERT INTO t VALUES (4, 0)")
        running.wait_log("taken 4")
        written = checkpoint.stat().st_mtime_ns
        wait_for(lambda: checkpoint.stat().st_mtime_ns > written, "the checkpoint was not saved again")
        assert saved() == acknowledged
    finally:
        running.kill9()
        own.resume()
    running.start()
    found = running.until(f"{db}.t", lambda m: {b"3", b"4"} <= {x.key for x in m}, "rows 3 and 4")
    assert {m.key for m in rows(found)} == {b"1", b"2", b"3", b"4"}


def test_more_partitions_later(sync, sql, db, kafka):
    """Rule: pinned-partitions. The pinned count holds: a topic that grows keeps its keys' partitions, until the script
    asks for more."""
    sql("CREATE TABLE t (id INT PRIMARY KEY)", "INSERT INTO t SELECT seq FROM seq_1_to_20")
    running = sync("topics = { partitions = 2 },")
    first = {m.key: m.partition for m in running.wait_rows(f"{db}.t", 20)}
    running.wait_streaming()
    assert running.stop() == 0
    kafka.grow(f"{db}.t", 5)
    running.start()
    sql("DELETE FROM t")
    found = running.wait_rows(f"{db}.t", 40)
    assert all(m.partition == first[m.key] for m in found)
    assert running.stop() == 0
    # on request they are used from the next start on, and in later runs
    running.write(running.text([f"{db}.*"], 'topics = { partitions = "adopt" },'))
    running.start()
    running.wait_log(rf'topic "{db}\.t" now has 5 partitions instead of 2: .*newer messages of the key before older')
    sql("INSERT INTO t SELECT seq FROM seq_1_to_20")
    running.readers.pop((f"{db}.t",)).close()  # it knows two partitions
    adopted = {m.key: m.partition for m in running.wait_rows(f"{db}.t", 60) if m.op == "INSERT" and not m.full}
    assert set(adopted) == set(first) and set(adopted.values()) > {0, 1}
    assert running.stop() == 0
    running.write(running.text([f"{db}.*"], ""))
    running.start()
    sql("DELETE FROM t")
    deleted = {(m.key, m.partition) for m in running.wait_rows(f"{db}.t", 80) if m.op == "DELETE"}
    assert deleted == set(first.items()) | set(adopted.items())


def test_quiet_table_moves_its_position(sync, sql, db, mariadb):
    """Rule: always-advance. Foreign transactions move the saved position, so that a purge of old logs does no harm."""
    sql("CREATE TABLE t (id INT PRIMARY KEY)", "INSERT INTO t VALUES (1)")
    mariadb.run(f"CREATE TABLE {db}.other (id INT)")
    running = sync(tables=[f"{db}.t"])
    running.wait_rows(f"{db}.t", 1)
    running.wait_streaming()
    mariadb.run("FLUSH BINARY LOGS", f"INSERT INTO {db}.other VALUES (1)")
    last = mariadb.run("SHOW BINARY LOGS")[-1][0]
    running.until(f"tideway.{running.name}", lambda m: any(last.encode() in (x.value or b"") for x in m), f"a position in {last}")
    running.kill9()
    purge(mariadb)
    running.start()
    sql("INSERT INTO t VALUES (2)")
    running.wait_rows(f"{db}.t", 2)


@pytest.mark.slow
def test_more_transactions_than_the_window_holds(sync, sql, db, mariadb, kafka_server):
    """Rule: always-advance. While one message waits for its acknowledgement, more transactions arrive than the window holds
    (65,536). The source waits, and when the acknowledgement arrives the stream continues."""
    own = kafka_server()
    sql("CREATE TABLE t (id INT PRIMARY KEY)", "CREATE TABLE other (id INT PRIMARY KEY AUTO_INCREMENT, s VARCHAR(300))")
    running = sync(tables=[f"{db}.t"], kafka=own)
    running.wait_streaming()
    sql("INSERT INTO t VALUES (1)")
    running.wait_rows(f"{db}.t", 1)
    own.pause()
    with mariadb.globals(innodb_flush_log_at_trx_commit=0):
        sql("INSERT INTO t VALUES (2)",
            f"""BEGIN NOT ATOMIC
              FOR i IN 1..90000 DO INSERT INTO {db}.other (s) VALUES (REPEAT('x', 300)); END FOR;
            END""")
    dump = "SELECT 1 FROM information_schema.processlist WHERE command LIKE 'Binlog Dump%' AND state LIKE 'Writing to net%' AND time_ms > 1000"
    wait_for(lambda: mariadb.run(dump), lambda: f"{mariadb.run('SHOW PROCESSLIST')}\n{running.log[-2000:]}")
    own.resume()
    sql("INSERT INTO t VALUES (3)")
    running.wait_rows(f"{db}.t", 3)
    assert running.stop() == 0


@pytest.mark.parametrize("beat", ["false", "1"])
def test_quiet_server_moves_the_position(sync_on, mariadb_server, kafka, db, beat):
    """Rule: always-advance. Nothing is written at all, but the server begins new files: the saved position is in the
    last one, so that a purge of the earlier ones does no harm, not even to `check`."""
    server = mariadb_server()
    server.run(f"CREATE DATABASE {db}", f"CREATE TABLE {db}.t (id INT PRIMARY KEY)", f"INSERT INTO {db}.t VALUES (1)")
    running = sync_on(server, kafka, [f"{db}.*"], heartbeat=beat).start()
    running.wait_rows(f"{db}.t", 1)
    running.wait_streaming()
    for _ in range(2):
        server.run("FLUSH BINARY LOGS")
        last = server.run("SHOW BINARY LOGS")[-1][0]
        running.until(f"tideway.{running.name}", lambda m, file=last: any(file.encode() in (x.value or b"") for x in m),
                      f"a position in {last}")
    assert running.stop() == 0
    purge(server)
    code, out, err = running.once(command="check")
    assert code == 0, out + err
    running.start()
    running.wait_streaming()
    server.run(f"INSERT INTO {db}.t VALUES (2)")
    running.wait_rows(f"{db}.t", 2)
    assert running.stop() == 0


def test_purge_of_what_was_read(sync_on, mariadb_server, kafka, db):
    """Rules: retention-watch, always-advance. The files that were purged while the sync was stopped contained nothing for it.
    With GTIDs this is known, and it is not an error."""
    server = mariadb_server()
    server.run(f"CREATE DATABASE {db}", f"CREATE TABLE {db}.t (id INT PRIMARY KEY)", f"INSERT INTO {db}.t VALUES (1)")
    running = sync_on(server, kafka, [f"{db}.*"]).start()
    running.wait_rows(f"{db}.t", 1)
    running.wait_streaming()
    assert running.stop() == 0
    server.run("FLUSH BINARY LOGS", "FLUSH BINARY LOGS")
    purge(server)
    code, out, err = running.once(command="check")
    assert code == 0, out + err
    server.run(f"INSERT INTO {db}.t VALUES (2)")
    running.start()
    running.wait_rows(f"{db}.t", 2)
    assert running.stop() == 0


def test_gtids_that_go_back(sync_on, mariadb_server, kafka, db):
    """Rule: retention-watch. Without gtid_strict_mode the numbers of a domain may go back; a position whose file exists
    is not purged."""
    server = mariadb_server()
    server.run(f"CREATE DATABASE {db}", f"CREATE TABLE {db}.t (id INT PRIMARY KEY)")
    running = sync_on(server, kafka, [f"{db}.*"]).start()
    running.wait_streaming()
    server.run("SET gtid_seq_no = 100", f"INSERT INTO {db}.t VALUES (1)")
    server.run("FLUSH BINARY LOGS", "SET server_id = 2, gtid_seq_no = 50", f"INSERT INTO {db}.t VALUES (2)")
    running.wait_rows(f"{db}.t", 2)
    assert running.stop() == 0
    purge(server)
    running.start()
    server.run(f"INSERT INTO {db}.t VALUES (3)")
    running.wait_rows(f"{db}.t", 3)
    assert running.stop() == 0


def dumps(server):
    """Return the connection ids of the binlog dumps that run on the server."""
    return [row[0] for row in server.run("SELECT id FROM information_schema.processlist WHERE command LIKE 'Binlog Dump%'")]


@pytest.mark.parametrize("server", ["mariadb", "mysql"])
@pytest.mark.slow
def test_reconnect_replays_nothing(sync_on, kafka, unique, request, server):
    """Rule: transaction-start. A connection is lost, also in the middle of a transaction that is too large to hold: the stream
    continues with the same producer, and no row is repeated."""
    database = request.getfixturevalue(server)
    database.run(f"CREATE DATABASE {unique}")
    database.run("CREATE TABLE t (id INT PRIMARY KEY, s VARCHAR(400))", db=unique)
    running = sync_on(database, kafka, [f"{unique}.*"], 'topic = { template = "${db_name_src}.${table_name_src}" },', topic=False)
    running.start()
    running.wait_streaming()
    rows_ = 100_000
    connection = database.connect(database=unique, autocommit=False)
    with connection.cursor() as cursor:
        for first in range(1, rows_, 10_000):
            cursor.execute("INSERT INTO t VALUES " + ",".join(f"({i}, REPEAT('x', 300))" for i in range(first, first + 10_000)))
        connection.commit()
        killed, written = 0, itertools.count(rows_ + 1)
        while killed < 4:
            (dump,) = wait_for(lambda: dumps(database), lambda: running.log)[:1]
            with contextlib.suppress(pymysql.err.MySQLError):  # gone by itself meanwhile
                database.run(f"KILL {dump}")
                killed += 1
            wait_for(lambda: dump not in dumps(database), lambda: running.log)
            last = next(written)
            cursor.execute(f"INSERT INTO t VALUES ({last}, 'after')")
            connection.commit()
    connection.close()
    running.until(f"{unique}.t", lambda found: any(m.key == str(last).encode() for m in found), "the last row")
    assert running.stop() == 0
    assert re.search("connecting again", running.log) and "starting again" not in running.log, running.log
    found = rows(running.reader(f"{unique}.t").to_end())
    assert sorted(int(m.key) for m in found) == list(range(1, last + 1))
    database.run(f"DROP DATABASE {unique}")


def test_table_added_to_the_script(sync, sql, db, mariadb, kafka):
    """Rule: table-position. A table that the checkpoint does not know is read like an unfinished one, the others are not."""
    for name in ("a", "b"):
        sql(f"CREATE TABLE {name} (id INT PRIMARY KEY)", f"INSERT INTO {name} SELECT seq FROM seq_1_to_50")
    running = sync(tables=[f"{db}.a"])
    running.wait_rows(f"{db}.a", 50)
    running.wait_streaming()
    assert running.stop() == 0
    sql("INSERT INTO a VALUES (100)", "INSERT INTO b VALUES (100)", "DELETE FROM b WHERE id = 7")
    running.write(running.path.read_text().replace(f'"{db}.a"', f'"{db}.*"'))
    running.start()
    running.wait_rows(f"{db}.b", 50)
    running.wait_rows(f"{db}.a", 51)
    assert running.stop() == 0
    rebuilt = Rebuild(kafka.partitions(), bootstraps=False).feed_all(running.reader(f"{db}.a", f"{db}.b").to_end())
    for name in ("a", "b"):
        compare(mariadb, db, name, rebuilt.tables()[db, name])
    assert sum(m.full for m in rows(running.reader(f"{db}.a").to_end())) == 50


def test_first_messages_of_new_topics(sync, sql, db, kafka, tmp_path):
    """Rules: first-error-poisons, topics-first. A broker under load shows a new partition before it accepts messages. Of two
    batches in flight, it once refused the first and accepted the second, and the first was reported as delivered. Every row
    must be in Kafka."""
    names = [f"n{i}" for i in range(40)]
    for name in names:
        sql(f"CREATE TABLE {name} (id INT PRIMARY KEY, s VARCHAR(2000))",
            f"INSERT INTO {name} SELECT seq, REPEAT('x', 1000) FROM seq_1_to_300")
    burners = [
        process.spawn([sys.executable, "-c", "while True: pass"], tmp_path / "out", tmp_path / "err") for _ in range(3)
    ]
    try:
        running = sync('mode = "full", full = { parallel = 4 },')
        assert running.wait_exit() == 0
    finally:
        for burner in burners:
            process.end(burner)
    found = {}
    for message in rows(running.reader(*(f"{db}.{n}" for n in names)).to_end()):
        found.setdefault(message.topic, set()).add(int(message.key))
    lost = {n: sorted(set(range(1, 301)) - found.get(f"{db}.{n}", set()))[:5] for n in names}
    assert not any(lost.values()), {n: keys for n, keys in lost.items() if keys}


def test_first_batch_refused(sync, sql, db, kafka, proxy):
    """Rules: first-error-poisons, topics-first (decisions/0003). The broker refuses the first batch of a partition and
    would accept the next one. librdkafka (2.0.2 to 2.15.1) then reports the first as delivered without sending it again.
    Every row must be in Kafka."""
    sql("CREATE TABLE t (id INT PRIMARY KEY)", "INSERT INTO t SELECT seq FROM seq_1_to_300")
    proxy.edit = refusal = RefusedFirst(f"{db}.t")
    running = sync('mode = "full", topics = { partitions = 1 },', brokers=kafka.proxied, properties={"batch.size": 1})
    assert running.wait_exit() == 0
    assert refusal.refused
    found = rows(running.reader(f"{db}.t").to_end())
    assert sorted(int(m.key) for m in found) == list(range(1, 301))
