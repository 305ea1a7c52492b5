"""Memory (rules: long-sessions, shared-queue): peak RSS under 100 MB with 1,000,000 rows, in a transaction and in a full sync,
and with 1,000 tables."""

import pytest
from support import process
from support.consume import Reader
from support.paths import sanitized
from support.wait import wait_for

pytestmark = pytest.mark.skipif(sanitized(), reason="a sanitizer takes memory of its own, which RSS counts")

LIMIT_KB = 100 * 1024


def offsets(kafka, topic):
    """Messages in a topic, counted by offsets."""
    count = kafka.partitions().get(topic, 0)
    reader = Reader(kafka, topic)
    try:
        total = 0
        for number in range(count):
            total += reader.end(topic, number)
        return total
    finally:
        reader.close()


def peak_of(running, kafka, topic, n):
    """Waits for n rows in the topic and ends the program; its peak RSS in KB."""
    wait_for(lambda: running.must_run() or offsets(kafka, topic) >= n,
             lambda: f"{offsets(kafka, topic)} rows\n{running.log[-2000:]}", pause=0.5)
    peak = process.peak_rss_kb(running.child.pid)
    assert running.stop() == 0
    return peak


@pytest.mark.slow
def test_million_rows(sync, sql, db, kafka):
    """Memory grows neither with the size of a transaction nor, with four lanes, with that of a table."""
    topics = 'topics = { partitions = 2, config = { ["retention.bytes"] = "100000000" } },'
    sql("CREATE TABLE t (id INT PRIMARY KEY, a INT, b VARCHAR(40)) ENGINE=InnoDB", "SET unique_checks = 0")
    running = sync(topics)
    running.wait_streaming()
    sql("INSERT INTO t SELECT seq, seq, 'forty characters, more or less, of text' FROM seq_1_to_1000000")
    peak = peak_of(running, kafka, f"{db}.t", 1000000)
    assert peak < LIMIT_KB, f"{peak} KB in the stream"
    running = sync(f'topic = "{db}.full", full = {{ parallel = 4 }}, ' + topics, topic=False)
    peak = peak_of(running, kafka, f"{db}.full", 1000000)
    assert "1 of 1 tables to read, 4 lanes" in running.log
    assert peak < LIMIT_KB, f"{peak} KB in the full sync"


@pytest.mark.slow
def test_thousand_tables(sync, sql, db, kafka_server):
    """1,000 tables of 6 partitions each, in the stream and at full.parallel = 2. It has its own Kafka, because later tests that
    list topics would become slow."""
    kafka = kafka_server()
    for number in range(1000):
        sql(f"CREATE TABLE t{number} (id INT PRIMARY KEY, a INT, b VARCHAR(40)) ENGINE=InnoDB",
            f"INSERT INTO t{number} VALUES (1, 1, 'x')")
    running = sync("full = { parallel = 2 },", kafka=kafka)
    running.wait_streaming()
    for number in range(0, 1000):
        sql(f"INSERT INTO t{number} VALUES (2, 2, 'y')")
    running.wait_rows(f"{db}.t999", 2)
    peak = process.peak_rss_kb(running.child.pid)
    assert running.stop() == 0
    assert offsets(kafka, f"{db}.t0") == 2
    assert sum(n for name, n in kafka.partitions().items() if name.startswith(db)) == 6000
    assert peak < LIMIT_KB, f"{peak} KB"


def test_large_row(sync, sql, db, kafka):
    """Rule: long-sessions. The budget plus three times the largest row; after it the buffers shrink again."""
    large = 15000000
    kafka.create(f"{db}.big", 1, max_message_bytes=20000000)
    sql("CREATE TABLE big (id INT PRIMARY KEY, s LONGTEXT)", "CREATE TABLE small (id INT PRIMARY KEY AUTO_INCREMENT)",
        "INSERT INTO small VALUES ()")
    running = sync()
    running.wait_rows(f"{db}.small", 1)
    running.wait_streaming()
    pid = running.child.pid
    before = process.rss_kb(pid)
    sql(f"INSERT INTO big VALUES (1, REPEAT('x', {large}))")
    running.wait_rows(f"{db}.big", 1)
    peak = process.peak_rss_kb(pid)
    assert peak < LIMIT_KB + 3 * large // 1024, f"{peak} KB"

    def given_back():
        running.must_run()
        sql("INSERT INTO small VALUES ()")
        return process.rss_kb(pid) < before + large // 2048

    wait_for(given_back, lambda: f"{process.rss_kb(pid)} KB are left, it was {before} KB before the row", pause=0.1)
