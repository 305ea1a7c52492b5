"""Topics that differ from the checkpoint: deleted, created again, with more partitions or colliding names; brokers that cannot be
reached."""

import re
import threading

import pytest
from confluent_kafka import Producer
from support.consume import heartbeats, rows
from support.wait import DEADLINE_S, wait_for

GONE = r'topic "{topic}" does not exist any more.*{topic}.*copied again.*another sync name'
OTHER = r'topic "{topic}" is not the same as before: partition \d+ ends (before|at) .*copied again.*another sync name'


@pytest.fixture(scope="session")
def eager_kafka(folder):
    """Apache Kafka that makes topics as soon as somebody asks for them."""
    from support.servers import Kafka

    server = Kafka(folder / "eager", ["auto.create.topics.enable=true"])
    yield server
    server.stop(9)


def delete(kafka, *topics):
    for future in kafka.admin.delete_topics(list(topics)).values():
        future.result(DEADLINE_S)
    wait_for(lambda: not set(topics) & set(kafka.partitions()), f"{topics} to be gone")


def checked(running, *patterns):
    """`tideway check` reports the same."""
    code, out, err = running.once(command="check")
    assert code == 5, out + err
    for pattern in patterns:
        assert re.search("FAIL .*" + pattern, out), out
    return out


def fill(kafka, topic, partitions, n):
    """Somebody else's messages."""
    producer = Producer({"bootstrap.servers": kafka.bootstrap, "log_level": 0})
    for partition in range(partitions):
        for number in range(n):
            producer.produce(topic, b"theirs", str(number).encode(), partition)
    assert producer.flush(20) == 0


def test_topic_gone_while_stopped(sync, sql, db, kafka):
    """A topic was deleted, or deleted and created again, while the sync was stopped. The start fails with an error that names the
    topic, and changes nothing else. The remedy works: the table is removed from the script for one start, and is then copied again."""
    for name in "tu":
        sql(f"CREATE TABLE {name} (id INT PRIMARY KEY)", f"INSERT INTO {name} SELECT seq FROM seq_1_to_20")
    topic, again = f"{db}.t", [f"{db}.t", f"{db}.u"]
    running = sync("topics = { partitions = 2 },", tables=again)
    running.wait_rows(topic, 20)
    running.wait_streaming()
    sql("INSERT INTO t VALUES (21)")
    running.wait_rows(topic, 21)
    assert running.stop() == 0
    delete(kafka, topic)
    running.start().fails(5, GONE.format(topic=re.escape(topic)))
    checked(running, GONE.format(topic=re.escape(topic)))
    assert topic not in kafka.partitions()
    kafka.create(topic, 2)
    running.start().fails(5, OTHER.format(topic=re.escape(topic)))
    out = checked(running, OTHER.format(topic=re.escape(topic)))
    assert re.search(rf"ok    topic {db}\.u: exists", out), out
    # longer than it ever was: a topic that an earlier start has found to be replaced stays replaced
    fill(kafka, topic, 2, 2000)
    running.start().fails(5, rf'topic "{re.escape(topic)}" is not the same as before.*copied again')
    running.readers.pop((topic,)).close()
    # the remedy
    running.write(running.text([f"{db}.u"], "topics = { partitions = 2 },"))
    running.start().wait_streaming()
    assert running.stop() == 0
    delete(kafka, topic)
    running.write(running.text(again, "topics = { partitions = 2 },"))
    running.start()
    assert {m.after["id"] for m in running.wait_rows(topic, 21)} == set(range(1, 22))
    running.wait_streaming()
    sql("INSERT INTO t VALUES (22)")
    running.wait_rows(topic, 22)
    assert running.stop() == 0
    running.start().wait_streaming()
    assert running.stop() == 0
    assert len(rows(running.reader(f"{db}.u").to_end())) == 20


@pytest.fixture
def load(db, mariadb):
    """load("t"): updates of the table, one after the other, until the test is over."""
    over, threads = threading.Event(), []

    def start(table):
        def work():
            connection = mariadb.connect(database=db)
            with connection.cursor() as cursor:
                while not over.is_set():
                    cursor.execute(f"UPDATE {table} SET v = v + 1")
            connection.close()

        threads.append(threading.Thread(target=work))
        threads[-1].start()

    yield start
    over.set()
    for thread in threads:
        thread.join()


@pytest.mark.parametrize("how", ["deleted", "made again"])
@pytest.mark.parametrize("server", ["kafka", "eager_kafka"])
@pytest.mark.slow
def test_topic_gone_under_load(sync, sql, db, load, request, server, how):
    """A topic is deleted, or deleted and created again, while the sync writes to it. The sync ends with an error that names the
    topic, and so does every later start. The sync does not create the topic again, even if the broker would do so on request."""
    own = request.getfixturevalue(server)
    sql("CREATE TABLE t (id INT PRIMARY KEY, v INT)", "INSERT INTO t SELECT seq, 0 FROM seq_1_to_30")
    topic = f"{db}.t"
    running = sync("topics = { partitions = 2 },", kafka=own)
    running.wait_streaming()
    load("t")
    running.until(topic, lambda found: len(found) > 300, "updates")
    running.readers.pop((topic,)).close()
    for future in own.admin.delete_topics([topic]).values():
        future.result(DEADLINE_S)
    if how == "made again":
        own.create(topic, 2)
    running.fails(5, rf'topic "{re.escape(topic)}"', "another sync name")
    if how == "deleted":
        assert topic not in own.partitions()
        running.start().fails(5, GONE.format(topic=re.escape(topic)))
    else:
        # longer than it ever was
        fill(own, topic, 2, 20000)
        running.start().fails(5, rf'topic "{re.escape(topic)}" is not the same as before.*copied again')


def test_forgotten_topic_record(sync, sql, db, kafka):
    """docs/operations.md: after the loss is accepted and the topic's record is removed, the sync continues."""
    sql("CREATE TABLE t (id INT PRIMARY KEY)", "INSERT INTO t VALUES (1)")
    running = sync()
    running.wait_rows(f"{db}.t", 1)
    running.wait_streaming()
    assert running.stop() == 0
    delete(kafka, f"{db}.t")
    running.readers.pop((f"{db}.t",)).close()
    producer = Producer({"bootstrap.servers": kafka.bootstrap, "log_level": 0})
    producer.produce(f"tideway.{running.name}", None, f"{running.name}/topic/{db}.t")
    assert producer.flush(20) == 0
    sql("INSERT INTO t VALUES (2)")
    running.start()
    assert [m.after["id"] for m in running.wait_rows(f"{db}.t", 1)] == [2]


def test_added_partitions_get_heartbeats(sync, sql, db, kafka):
    """Heartbeats go to all existing partitions, both those added while the sync runs and those found at a start. Keys stay on the
    first ones. The log reports this."""
    sql("CREATE TABLE t (id INT PRIMARY KEY)", "INSERT INTO t SELECT seq FROM seq_1_to_20")
    running = sync("topics = { partitions = 2 },", heartbeat="0.2", properties={"topic.metadata.refresh.interval.ms": 200})
    running.wait_rows(f"{db}.t", 20)
    running.wait_streaming()

    def beat_in(partitions):
        def condition(found):
            # a reader keeps the partitions that it has found
            running.reader(f"{db}.t").find()
            return {m.partition for m in heartbeats(found)} == set(range(partitions))

        return condition

    grown = r'topic "{}" now has {} partitions.*keys stay on the first 2.*partitions = "adopt"'
    kafka.grow(f"{db}.t", 4)
    running.until(f"{db}.t", beat_in(4), "heartbeats in 4 partitions")
    running.wait_log(grown.format(re.escape(f"{db}.t"), 4))
    assert running.stop() == 0
    kafka.grow(f"{db}.t", 5)
    running.start()
    running.wait_log(grown.format(re.escape(f"{db}.t"), 5))
    running.until(f"{db}.t", beat_in(5), "heartbeats in 5 partitions")
    sql("DELETE FROM t")
    found = rows(running.until(f"{db}.t", lambda m: len(rows(m)) >= 40, "the deletes"))
    assert {m.partition for m in found} == {0, 1}


def test_colliding_names(sync, sql, db, kafka):
    """Kafka treats "." and "_" in topic names as the same: plan and check report this for tables, and for an existing topic."""
    for name in ("a_b", "c", "x"):
        sql(f"CREATE TABLE {name} (id INT PRIMARY KEY)")
    rules = f'topic = {{ {{ tables = "{db}.a_b", to = "{db}_a_b" }}, {{ tables = "{db}.c", to = "{db}_a.b" }}, {{ tables = "{db}.x", to = "{db}_x.x" }} }},'
    kafka.create(f"{db}_x_x")
    running = sync(rules, topic=False, start=False)
    own = rf'"{db}_a_b".*{db}\.a_b.*"{db}_a\.b".*{db}\.c|"{db}_a\.b".*{db}\.c.*"{db}_a_b".*{db}\.a_b'
    there = rf"{db}_x\.x.*{db}_x_x"
    code, out, err = running.once(command="plan")
    assert code == 0, err
    assert re.search(f"warning  .*(?:{own})", out) and re.search(f"warning  .*{there}", out), out
    code, out, err = running.once(command="check")
    assert code == 5, out + err
    assert re.search(f"FAIL .*(?:{own})", out) and re.search(f"FAIL .*{there}", out), out
    running.start().fails(5, f"{db}_(a.b|x.x)", "collides with")


@pytest.mark.soak
def test_two_of_three_brokers_away(sync, sql, db, kafka_cluster):
    """The log names the broker that is up and those that are missing, and what too few replicas mean, for rows and for the
    checkpoint. When they are up again, everything continues."""
    nodes = kafka_cluster(
        "default.replication.factor=3", "min.insync.replicas=2", "transaction.state.log.replication.factor=3",
        "transaction.state.log.min.isr=2", "broker.session.timeout.ms=3000", "broker.heartbeat.interval.ms=500",
    )
    wait_for(lambda: len(nodes[0].admin.list_topics(timeout=DEADLINE_S).brokers) == 3, "three brokers")
    sql("CREATE TABLE t (id INT PRIMARY KEY)", "INSERT INTO t VALUES (1)")
    running = sync("topics = { partitions = 1 },", kafka=nodes[0], brokers=",".join(n.bootstrap for n in nodes))
    running.wait_rows(f"{db}.t", 1)
    running.wait_streaming()
    sql("INSERT INTO t VALUES (2)")
    running.wait_rows(f"{db}.t", 2)
    for node in nodes[1:]:
        node.stop(9)
    sql("INSERT INTO t VALUES (3)")
    who = rf"1 of 3 brokers is up \({re.escape(nodes[0].bootstrap)}\), missing: broker 2, 3"
    few = "1 of 3 replicas in sync"
    running.wait_log(rf'topic "{re.escape(db)}\.t", partition 0.* has acknowledged nothing .*{who}.*{few}, and min\.insync\.replicas is 2')
    running.wait_log(rf"still waiting to save the checkpoint.*{who}.*{few}.*min\.insync\.replicas")
    assert "no broker can be reached" not in running.log
    nodes[1].start()
    running.wait_log("messages are acknowledged again")
    running.wait_rows(f"{db}.t", 3)
    assert running.stop() == 0
