"""consistency 20, issue "Speed and memory": peak RSS under 100 MB with a transaction of 1,000,000 rows and with 1,000 tables."""

import pytest
from confluent_kafka import TopicPartition
from support import process
from support.consume import Reader
from support.wait import wait_for

LIMIT_KB = 100 * 1024


def offsets(kafka, topic):
    """Messages in a topic, counted by offsets."""
    count = kafka.partitions().get(topic, 0)
    reader = Reader(kafka, topic)
    try:
        total = 0
        for number in range(count):
            _, high = reader.consumer.get_watermark_offsets(TopicPartition(topic, number), timeout=10)
            total += high
        return total
    finally:
        reader.close()


@pytest.mark.slow
def test_transaction_of_a_million_rows(sync, sql, db, kafka):
    """Memory does not grow with the size of a transaction."""
    sql("CREATE TABLE t (id INT PRIMARY KEY, a INT, b VARCHAR(40)) ENGINE=InnoDB", "SET unique_checks = 0")
    running = sync('topics = { partitions = 2, config = { ["retention.bytes"] = "100000000" } },')
    running.wait_streaming()
    sql("INSERT INTO t SELECT seq, seq, 'forty characters, more or less, of text' FROM seq_1_to_1000000")
    wait_for(lambda: running.must_run() or offsets(kafka, f"{db}.t") >= 1000000,
             lambda: f"{offsets(kafka, f'{db}.t')} rows\n{running.log[-2000:]}", 120, pause=0.5)
    peak = process.peak_rss_kb(running.child.pid)
    assert running.stop() == 0
    assert peak < LIMIT_KB, f"{peak} KB"


@pytest.mark.slow
def test_thousand_tables(sync, sql, db, kafka, mariadb):
    """1,000 tables in the stream and at full.parallel = 2."""
    for number in range(1000):
        sql(f"CREATE TABLE t{number} (id INT PRIMARY KEY, a INT, b VARCHAR(40)) ENGINE=InnoDB",
            f"INSERT INTO t{number} VALUES (1, 1, 'x')")
    running = sync("full = { parallel = 2 }, topics = { partitions = 1 },")
    running.wait_streaming(120)
    for number in range(0, 1000):
        sql(f"INSERT INTO t{number} VALUES (2, 2, 'y')")
    running.wait_rows(f"{db}.t999", 2, 60)
    peak = process.peak_rss_kb(running.child.pid)
    assert running.stop() == 0
    assert offsets(kafka, f"{db}.t0") == 2
    assert peak < LIMIT_KB, f"{peak} KB"
