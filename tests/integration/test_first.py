"""One keyed table from MariaDB to Apache Kafka: full sync, stream, checkpoint, kill -9."""

from support.consume import rows
from support.rebuild import Rebuild, compare


def make(sql, n=100):
    sql("CREATE TABLE t (id INT PRIMARY KEY, name VARCHAR(50), amount DECIMAL(10,2), at DATETIME(3))")
    values = ",".join(f"({i}, 'name {i}', {i}.50, '2024-01-02 03:04:05.{i % 1000:03d}')" for i in range(n))
    sql(f"INSERT INTO t VALUES {values}")


def test_full_sync_then_stream(sync, sql, db, kafka, mariadb):
    """Every row of the full sync, then each change, in order, with the keys and partitions of docs/messages.md."""
    make(sql)
    running = sync()
    topic = f"{db}.t"
    full = running.wait_rows(topic, 100)
    assert {m.key for m in full} == {str(i).encode() for i in range(100)}
    assert all(m.full and m.op == "INSERT" for m in full)
    running.wait_streaming()
    sql("INSERT INTO t VALUES (1000, 'new', 1.00, NULL)")
    sql("UPDATE t SET name = 'changed' WHERE id = 7")
    sql("DELETE FROM t WHERE id = 8")
    found = running.wait_rows(topic, 104)[100:]
    by_key = {}
    for message in found:
        by_key.setdefault(message.key, []).append(message.op)
    assert by_key == {b"1000": ["INSERT"], b"7": ["UPDATE_BEFOR", "UPDATE_AFTER"], b"8": ["DELETE"]}
    assert kafka.partitions()[topic] == 6
    assert running.stop() == 0
    rebuilt = Rebuild(kafka.partitions()).feed_all(running.reader(topic).to_end())
    assert compare(mariadb, db, "t", rebuilt.tables()[db, "t"]) == 100


def test_unix_socket(sync, sql, db, mariadb):
    """source.mysql { socket }: full sync, stream, and a connection that is lost. host and port do not count beside it."""
    make(sql, 3)
    running = sync(host="nowhere.invalid", port=1, socket=str(mariadb.folder / "sock"))
    running.wait_rows(f"{db}.t", 3)
    running.wait_streaming()
    hosts = mariadb.run("SELECT host FROM information_schema.processlist WHERE command LIKE 'Binlog Dump%' AND user = 'tideway'")
    assert hosts == (("localhost",),)
    mariadb.kill_connections()
    sql("INSERT INTO t VALUES (100, 'new', 1, NULL)")
    running.wait_rows(f"{db}.t", 4)
    assert running.stop() == 0


def test_clean_stop_then_goes_on(sync, sql, db):
    """Rules: transaction-start, always-advance. After SIGTERM the next run begins where this one ended: nothing is repeated
    and nothing is missing."""
    make(sql, 10)
    topic = f"{db}.t"
    running = sync()
    running.wait_rows(topic, 10)
    running.wait_streaming()
    sql("INSERT INTO t VALUES (100, 'while running', 1, NULL)")
    running.wait_rows(topic, 11)
    assert running.stop() == 0
    sql("INSERT INTO t VALUES (101, 'while away', 1, NULL)", "UPDATE t SET name = 'x' WHERE id = 101")
    running.start()
    found = running.wait_rows(topic, 14)
    assert [(m.key, m.op) for m in found[10:]] == [
        (b"100", "INSERT"),
        (b"101", "INSERT"),
        (b"101", "UPDATE_BEFOR"),
        (b"101", "UPDATE_AFTER"),
    ]
    assert running.stop() == 0
    assert len(rows(running.reader(topic).to_end())) == 14


def test_kill_in_the_stream(sync, sql, db, kafka, mariadb):
    """Rules: transaction-start, key-order. After kill -9 the last messages may be repeated, with the same keys and
    sequenceIds."""
    make(sql, 10)
    topic = f"{db}.t"
    running = sync()
    running.wait_rows(topic, 10)
    running.wait_streaming()
    number = 1000
    for _ in range(4):
        for _ in range(30):
            number += 1
            sql(f"INSERT INTO t VALUES ({number}, 'n', 1, NULL)", f"UPDATE t SET name = 'm' WHERE id = {number - 5}")
        key = str(number).encode()
        running.wait_message(topic, lambda m, key=key: m.key == key, f"row {key}")
        running.kill9()
        number += 1
        sql(f"INSERT INTO t VALUES ({number}, 'while away', 1, NULL)")
        running.start()
    key = str(number).encode()
    running.wait_message(topic, lambda m: m.key == key, f"row {key}")
    assert running.stop() == 0
    rebuilt = Rebuild(kafka.partitions()).feed_all(running.reader(topic).to_end())
    compare(mariadb, db, "t", rebuilt.tables()[db, "t"])


def test_kill_at_once_after_start(sync, sql, db, kafka, mariadb):
    """Killed at each step of the start, it begins again and nothing is missing."""
    make(sql, 500)
    topic = f"{db}.t"
    running = sync(start=False)
    for fault in ("snapshot:1:kill", "chunk:1:kill", "produce:250:kill", "table_done:1:kill", "saved:1:kill",
                  "stream_start:1:kill", "saved:2:kill"):
        running.start(fault=fault)
        if fault.startswith(("saved", "stream")):
            running.until(topic, lambda m: len(m) >= 500, "the full sync")
            sql("UPDATE t SET name = CONCAT(name, '.') WHERE id % 7 = 0")
        running.wait_exit()
    running.start()
    sql("INSERT INTO t VALUES (9999, 'last', 1, NULL)")
    running.wait_message(topic, lambda m: m.key == b"9999", "the last row")
    assert running.stop() == 0
    rebuilt = Rebuild(kafka.partitions()).feed_all(running.reader(topic).to_end())
    assert compare(mariadb, db, "t", rebuilt.tables()[db, "t"]) == 501


def test_checkpoint_in_a_file(sync, sql, db):
    """A checkpoint file instead of the topic: the same promise."""
    make(sql, 5)
    topic = f"{db}.t"
    running = sync('checkpoint = { file = "checkpoint.json" },')
    running.wait_rows(topic, 5)
    running.wait_streaming()
    sql("INSERT INTO t VALUES (100, 'a', 1, NULL)")
    running.wait_rows(topic, 6)
    assert running.stop() == 0
    assert (running.folder / "checkpoint.json").stat().st_size > 0
    sql("DELETE FROM t WHERE id = 100")
    running.start()
    assert running.wait_rows(topic, 7)[6].op == "DELETE"
    assert running.stop() == 0


def test_without_full_sync(sync, sql, db):
    """mode = "stream": only changes from now on, no earlier row."""
    make(sql, 5)
    running = sync('mode = "stream",')
    running.wait_streaming()
    sql("INSERT INTO t VALUES (100, 'a', 1, NULL)")
    (message,) = running.wait_rows(f"{db}.t", 1)
    assert (message.key, message.op) == (b"100", "INSERT")


def test_only_full_sync(sync, sql, db):
    """mode = "full": ends by itself with exit code 0 when every row is acknowledged."""
    make(sql, 50)
    running = sync('mode = "full",')
    assert running.wait_exit() == 0
    assert len(rows(running.reader(f"{db}.t").to_end())) == 50


def test_checkpoint_topic(sync, sql, db, kafka):
    """Rule: whole-checkpoint. The checkpoint topic is compacted and has one partition. The names of its records begin with
    that of the sync. Only tombstones are left of superseded versions."""
    make(sql, 5)
    running = sync()
    running.wait_rows(f"{db}.t", 5)
    running.wait_streaming()
    sql("ALTER TABLE t ADD COLUMN c1 INT", "ALTER TABLE t ADD COLUMN c2 INT", "ALTER TABLE t ADD COLUMN c3 INT",
        "INSERT INTO t VALUES (100, 'a', 1, NULL, 1, 2, 3)")
    running.wait_rows(f"{db}.t", 6)
    assert running.stop() == 0
    topic = f"tideway.{running.name}"
    assert kafka.partitions()[topic] == 1
    config = kafka.config(topic)
    assert config["cleanup.policy"] == "compact"
    assert config["segment.bytes"] == str(16 << 20)
    assert config["segment.ms"] == "3600000"
    assert float(config["min.cleanable.dirty.ratio"]) == 0.01
    kept = {m.key.decode(): m.value for m in running.reader(topic).to_end()}  # as after compaction
    keys = {key for key, value in kept.items() if value is not None}
    assert all(k.startswith(running.name + "/") for k in kept), kept
    assert f"{running.name}/position" in keys
    versions = [k for k in kept if k.startswith(f"{running.name}/catalog/{db}.t/")]
    (live,) = [k for k in versions if k in keys]
    assert len(versions) == 4 and b"c3" in kept[live], kept
    assert f"{running.name}/full/{db}.t" in keys, keys
    assert f"{running.name}/topic/{db}.t" in keys, keys
