"""Exactly docs/messages.md: the bytes of data, full-sync rows, heartbeats and keys."""

import re
import time

import pytest
from support.consume import Reader, heartbeats, rows
from support.murmur import partition
from support.rebuild import check_shape
from support.wait import wait_for


def masked(message):
    """The value with times and ids replaced where they cannot be known."""
    text = message.text
    text = re.sub(r'"sequenceId":"\d{19}"', '"sequenceId":"S"', text)
    text = re.sub(r'"systemTime":\d{13}', '"systemTime":N', text)
    return re.sub(r'"eventTime":(\d{13}),(.*?)"checkpointTime":\1', r'"eventTime":T,\2"checkpointTime":T', text)


def envelope(db, before, after, op, sequence='"S"', at="T", name="t"):
    return (
        '{"schema":{"dataColumn":[{"name":"id","type":"LONG"},{"name":"d","type":"DATE"}],"primaryKey":["id"],'
        f'"source":{{"dbType":"MySQL","dbName":"{db}","tableName":"{name}"}}}},'
        f'"payload":{{"before":{before},"after":{after},"sequenceId":{sequence},'
        f'"timestamp":{{"eventTime":{at},"systemTime":N,"checkpointTime":{at}}},'
        f'"op":"{op}","ddl":null}},"version":"0.0.1"}}'
    )


def image(id_, day):
    return f'{{"dataColumn":{{"id":{id_},"d":{day}}}}}'


def test_exact_bytes_two_records(sync, sql, db):
    """docs/messages.md, "Changes": key order, ops, images, -1 in the full sync; update = "two"."""
    sql("CREATE TABLE t (id INT PRIMARY KEY, d DATE)", "INSERT INTO t VALUES (7, '2021-03-02')")
    running = sync()
    running.wait_rows(f"{db}.t", 1)
    running.wait_streaming()
    sql("INSERT INTO t VALUES (8, NULL)", "UPDATE t SET d = '2021-03-03' WHERE id = 7", "DELETE FROM t WHERE id = 7")
    found = running.wait_rows(f"{db}.t", 5)
    by_key = {}
    for message in found:
        by_key.setdefault(message.key, []).append(masked(message))
    old, new = image(7, 1614643200000), image(7, 1614729600000)
    assert by_key[b"7"] == [
        envelope(db, "null", old, "INSERT", '"-1"', "-1"),
        envelope(db, old, "null", "UPDATE_BEFOR"),
        envelope(db, "null", new, "UPDATE_AFTER"),
        envelope(db, new, "null", "DELETE"),
    ]
    assert by_key[b"8"] == [envelope(db, "null", image(8, "null"), "INSERT")]


def test_exact_bytes_one_record(sync, sql, db):
    """docs/messages.md, "Changes": update = "one": UPDATE_AFTER with both images; a change of the key becomes DELETE
    and INSERT with one sequenceId."""
    sql("CREATE TABLE t (id INT PRIMARY KEY, d DATE)", "INSERT INTO t VALUES (7, '2021-03-02')")
    running = sync('update = "one",')
    running.wait_rows(f"{db}.t", 1)
    running.wait_streaming()
    sql("UPDATE t SET d = '2021-03-03' WHERE id = 7", "UPDATE t SET id = 9 WHERE id = 7")
    found = running.wait_rows(f"{db}.t", 4)
    old, new, moved = image(7, 1614643200000), image(7, 1614729600000), image(9, 1614729600000)
    by_key = {}
    for message in found:
        by_key.setdefault(message.key, []).append(message)
    assert [masked(m) for m in by_key[b"7"][1:]] == [
        envelope(db, old, new, "UPDATE_AFTER"),
        envelope(db, new, "null", "DELETE"),
    ]
    assert [masked(m) for m in by_key[b"9"]] == [envelope(db, "null", moved, "INSERT")]
    assert by_key[b"7"][-1].sequence == by_key[b"9"][0].sequence


def test_update_by_table(sync, sql, db):
    """lua-api: update = { default = "two", ["db.t"] = "one" }."""
    for name in ("t", "u"):
        sql(f"CREATE TABLE {name} (id INT PRIMARY KEY, d DATE)", f"INSERT INTO {name} VALUES (1, NULL)")
    running = sync(f'update = {{ default = "two", ["{db}.t"] = "one" }},')
    running.wait_streaming()
    sql("UPDATE t SET d = '2021-03-03'", "UPDATE u SET d = '2021-03-03'")
    assert [m.op for m in running.wait_rows(f"{db}.t", 2)] == ["INSERT", "UPDATE_AFTER"]
    assert [m.op for m in running.wait_rows(f"{db}.u", 3)] == ["INSERT", "UPDATE_BEFOR", "UPDATE_AFTER"]


def test_key_change_two_records(sync, sql, db):
    """docs/messages.md, "Changes": UPDATE_BEFOR goes to the old key, UPDATE_AFTER to the new one, with one sequenceId."""
    sql("CREATE TABLE t (id INT PRIMARY KEY, d DATE)", "INSERT INTO t VALUES (1, NULL)")
    running = sync()
    running.wait_rows(f"{db}.t", 1)
    running.wait_streaming()
    sql("UPDATE t SET id = 2")
    before, after = sorted(running.wait_rows(f"{db}.t", 3)[1:], key=lambda m: m.key)
    assert (before.op, before.key, before.before, before.after) == ("UPDATE_BEFOR", b"1", {"id": 1, "d": None}, None)
    assert (after.op, after.key, after.before, after.after) == ("UPDATE_AFTER", b"2", None, {"id": 2, "d": None})
    assert before.sequence == after.sequence


KEYS = {
    "int": ("k INT PRIMARY KEY", "-5", b"-5"),
    "unsigned": ("k BIGINT UNSIGNED PRIMARY KEY", "18446744073709551615", b"18446744073709551615"),
    "decimal": ("k DECIMAL(8,3) PRIMARY KEY", "1.5", b"1.500"),
    "string": ("k VARCHAR(30) PRIMARY KEY", "'q\"uo\\\\te\\n ä,b'", 'q"uo\\te\n ä,b'.encode()),
    "latin1": ("k VARCHAR(30) CHARACTER SET latin1 PRIMARY KEY", "'ä€'", "ä€".encode()),
    "binary": ("k VARBINARY(9) PRIMARY KEY", "x'00ff'", b"AP8="),
    "fixed_binary": ("k BINARY(3) PRIMARY KEY", "x'61'", b"YQAA"),
    "date": ("k DATE PRIMARY KEY", "'2021-03-02'", b"1614643200000"),
    "datetime": ("k DATETIME(6) PRIMARY KEY", "'2021-03-02 00:00:00.123456'", b"1614643200123"),
    "time": ("k TIME PRIMARY KEY", "'-01:02:03'", b"-01:02:03"),
    "bit1": ("k BIT(1) PRIMARY KEY", "1", b"true"),
    "bits": ("k BIT(9) PRIMARY KEY", "257", b"AQE="),
    "enum": ("k ENUM('x','y') PRIMARY KEY", "'y'", b"y"),
    "set": ("k SET('x','y') PRIMARY KEY", "'x,y'", b"x,y"),
    "double": ("k DOUBLE PRIMARY KEY", "0.1", b"0.1"),
    "year": ("k YEAR PRIMARY KEY", "2024", b"2024"),
    "uuid": ("k UUID PRIMARY KEY", "'123e4567-e89b-12d3-a456-426655440000'", b"123e4567-e89b-12d3-a456-426655440000"),
    "inet6": ("k INET6 PRIMARY KEY", "'::1'", b"::1"),
    "two": ("k INT, l VARCHAR(9), PRIMARY KEY (k, l)", "7, 'x'", b"7,x"),
    "order": ("k INT, l VARCHAR(9), m INT, PRIMARY KEY (m, k)", "7, 'x', 3", b"3,7"),
    "prefix": ("k VARCHAR(30), PRIMARY KEY (k(3))", "'abcdef'", b"abcdef"),
}


def test_keys(sync, sql, db, kafka):
    """docs/messages.md, "Keys": the text of each kind of key, alike in both phases; the partition is murmur2's (rule:
    pinned-partitions)."""
    for name, (columns, values, _) in KEYS.items():
        sql(f"CREATE TABLE k_{name} ({columns})", f"INSERT INTO k_{name} VALUES ({values})")
    running = sync("full = { parallel = 1 },")
    running.wait_streaming()
    for name, (_, values, _) in KEYS.items():
        sql(f"DELETE FROM k_{name}", f"INSERT INTO k_{name} VALUES ({values})")
    count = kafka.partitions()
    for name, (_, _, key) in KEYS.items():
        topic = f"{db}.k_{name}"
        found = running.wait_rows(topic, 3)
        assert [m.op for m in found] == ["INSERT", "DELETE", "INSERT"]
        assert [m.key for m in found] == [key] * 3, name
        assert count[topic] == 6
        assert {m.partition for m in found} == {partition(key, 6)}, name


def test_json_keys_and_rows(sync, sql, db, kafka):
    """key_format = "json" distinguishes all composite keys, in copy and stream, so that a compacted topic accepts them. A row that
    is emitted as JSON has its NULLs, its columns in order, and base64, with the same bytes in both phases."""
    insert = (
        "INSERT INTO k VALUES ('a,b', 'c', NULL, x'ff00', 1.50, 0.1), ('a', 'b,c', 'q\"', NULL, NULL, NULL)",
        "INSERT INTO j VALUES (7)",
    )
    sql(
        "CREATE TABLE k (a VARCHAR(9), b VARCHAR(9), n VARCHAR(9), raw VARBINARY(9), d DECIMAL(6,2), f FLOAT, PRIMARY KEY (a, b))",
        "CREATE TABLE j (id INT PRIMARY KEY)",
        *insert,
    )
    running = sync(
        f'''key_format = "json", columns = {{ ["{db}.k"] = {{ rename = {{ b = "second" }} }} }},
        topics = {{ config = {{ ["cleanup.policy"] = "compact" }} }},
        on_change = {{ ["{db}.k"] = function(change)
            if change.op ~= "delete" then change:emit {{ topic = "{db}.flat", key = change, value = change.row }} end
        end }},'''
    )
    running.wait_streaming()
    sql("DELETE FROM k", "DELETE FROM j", *insert)
    keys = [b'{"a":"a,b","second":"c"}', b'{"a":"a","second":"b,c"}']
    found = running.wait_rows(f"{db}.k", 6)
    for key in keys:
        mine = [m for m in found if m.key == key]
        assert [m.op for m in mine] == ["INSERT", "DELETE", "INSERT"]
        assert {m.partition for m in mine} == {partition(key, 6)}
        assert mine[0].json["schema"]["primaryKey"] == ["a", "second"]
    assert [m.key for m in running.wait_rows(f"{db}.j", 3)] == [b'{"id":7}'] * 3
    flat = running.until(f"{db}.flat", lambda m: len(m) >= 4, "four emitted rows")
    assert sorted((m.key, m.value) for m in flat) == sorted(
        2 * [
            (keys[0], b'{"a":"a,b","b":"c","n":null,"raw":"/wA=","d":1.50,"f":0.1}'),
            (keys[1], b'{"a":"a","b":"b,c","n":"q\\"","raw":null,"d":null,"f":null}'),
        ]
    )


def test_without_primary_key(sync, sql, db, kafka):
    """docs/messages.md, "Keys": no_primary_key = "empty": the empty key, one partition, primaryKey null."""
    sql("CREATE TABLE t (a INT, b INT)", "INSERT INTO t VALUES (1, 2), (1, 2)")
    running = sync('no_primary_key = "empty",')
    running.wait_rows(f"{db}.t", 2)
    running.wait_streaming()
    sql("UPDATE t SET b = 3 LIMIT 1", "DELETE FROM t WHERE b = 2")
    found = running.wait_rows(f"{db}.t", 5)
    assert [m.op for m in found] == ["INSERT", "INSERT", "UPDATE_BEFOR", "UPDATE_AFTER", "DELETE"]
    assert {m.key for m in found} == {b""}
    assert all(m.json["schema"]["primaryKey"] is None for m in found)
    assert kafka.partitions()[f"{db}.t"] == 1


def test_default_topic_is_the_table(sync, sql, db, kafka, unique):
    """docs/messages.md, "Topics": without rules the topic is the table's name. Characters that Kafka does not allow are
    escaped."""
    name = f"{unique}_own"
    sql(f"CREATE TABLE {name} (id INT PRIMARY KEY)", f"INSERT INTO {name} VALUES (1)",
        f"CREATE TABLE `{unique} ö` (id INT PRIMARY KEY)", f"INSERT INTO `{unique} ö` VALUES (1)")
    running = sync(topic=False)
    running.wait_rows(name, 1)
    running.wait_streaming()
    found = [t for t in kafka.partitions() if t.startswith(unique) and t != name]
    assert len(found) == 1 and re.fullmatch(r"[A-Za-z0-9._-]{1,249}", found[0]), found


def test_topic_settings(sync, sql, db, kafka):
    """docs/messages.md, "Topics": partitions, partitions_without_key and config of topics that are created."""
    sql("CREATE TABLE k (id INT PRIMARY KEY)", "CREATE TABLE n (id INT)")
    sql("CREATE TABLE own (id INT PRIMARY KEY)")
    running = sync('no_primary_key = "empty", topics = { partitions = 3, partitions_without_key = 2,'
                   ' config = { ["retention.ms"] = "7777777", ["cleanup.policy"] = "delete" },'
                   f' named = {{ ["{db}.own"] = {{ partitions = 5, config = {{ ["retention.ms"] = 8888888 }} }},'
                   f' ["{db}.late"] = {{ partitions = 4 }}, ["{db}.nowhere"] = {{}} }} }},', start=False)
    code, text, log = running.once(command="plan")
    assert code == 0 and f"{db}.own (to be created, 5 partitions)" in text, text + log
    assert re.search(rf'topics.named\["{db}.nowhere"\]: no table goes to this topic', text + log)
    running.start()
    running.wait_streaming()
    assert kafka.partitions()[f"{db}.k"] == 3
    assert kafka.partitions()[f"{db}.n"] == 2
    assert kafka.partitions()[f"{db}.own"] == 5
    assert kafka.config(f"{db}.k")["retention.ms"] == "7777777"
    assert (kafka.config(f"{db}.own")["retention.ms"], kafka.config(f"{db}.own")["cleanup.policy"]) == ("8888888", "delete")
    sql("CREATE TABLE late (id INT PRIMARY KEY)", "INSERT INTO late VALUES (1)")  # a topic that the stream creates
    running.wait_rows(f"{db}.late", 1)
    assert kafka.partitions()[f"{db}.late"] == 4


def test_escapes(sync, sql, db, mariadb):
    """A JSON parser returns every control character, quotes, backslashes, U+2028 and 4-byte characters unchanged."""
    text = "".join(map(chr, range(32))) + '"\\/\x7f\u2028\u2029\ufffd😀é'
    sql("CREATE TABLE t (id INT PRIMARY KEY, s VARCHAR(200))")
    connection = mariadb.connect(database=db)
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO t VALUES (1, %s)", (text,))
        running = sync()
        running.wait_rows(f"{db}.t", 1)
        running.wait_streaming()
        cursor.execute("INSERT INTO t VALUES (2, %s)", (text,))
    connection.close()
    for message in running.wait_rows(f"{db}.t", 2):
        assert message.after["s"] == text


# heartbeat

def test_heartbeat_shape_and_places(sync, sql, db, kafka):
    """docs/messages.md, "Heartbeats": exactly this text, in every partition of every topic, with a null key. The first one
    follows the begin of the stream."""
    sql("CREATE TABLE a (id INT PRIMARY KEY)", "CREATE TABLE b (id INT)", "INSERT INTO a VALUES (1)")
    start = int(time.time() * 1000)
    running = sync('no_primary_key = "empty",', heartbeat="0.5")
    running.wait_streaming()
    for topic, count in ((f"{db}.a", 6), (f"{db}.b", 1)):
        messages = running.until(
            topic, lambda m, n=count: len({h.partition for h in heartbeats(m)}) == n and len(heartbeats(m)) >= 3 * n,
            "heartbeats in every partition")
        for beat in heartbeats(messages):
            check_shape(beat)
            at = beat.payload["timestamp"]["eventTime"]
            assert start - 5000 < at <= time.time() * 1000 + 1
            assert beat.key is None
            assert beat.text == (
                '{"schema":{"dataColumn":null,"primaryKey":null,"source":null},"payload":{"before":null,"after":null,'
                f'"sequenceId":null,"timestamp":{{"eventTime":{at},"checkpointTime":{at}}},'
                '"op":"MHEARTBEAT","ddl":null},"version":"0.0.1"}'
            )
        by_partition = {}
        for beat in heartbeats(messages):
            by_partition.setdefault(beat.partition, []).append(beat.payload["timestamp"]["eventTime"])
        assert all(times == sorted(times) for times in by_partition.values())


def test_first_heartbeats_stand_behind_the_full_sync(sync, sql, db):
    """Rule: heartbeats-in-order. The first round is written when the stream has begun, after every row of the full sync."""
    sql("CREATE TABLE t (id INT PRIMARY KEY)", "INSERT INTO t SELECT seq FROM seq_1_to_3000")
    running = sync(heartbeat="3600")
    running.until(f"{db}.t", lambda m: len({h.partition for h in heartbeats(m)}) == 6, "a heartbeat in each partition")
    sql("INSERT INTO t VALUES (9999)")
    running.wait_message(f"{db}.t", lambda m: m.key == b"9999", "a row of the stream")
    found = running.reader(f"{db}.t").to_end()
    assert len(rows(found)) == 3001
    for number in range(6):
        kinds = ["beat" if m.op == "MHEARTBEAT" else "full" if m.full else "stream" for m in found if m.partition == number]
        full = kinds.count("full")
        assert full > 0 and kinds[: full + 1] == full * ["full"] + ["beat"] and "beat" not in kinds[full + 1 :], kinds


def test_heartbeat_is_a_watermark(sync, sql, db, kafka):
    """Rule: commit-time (docs/messages.md, "Heartbeats"). Everything that was committed before the time of a heartbeat
    precedes it in the partition."""
    sql("CREATE TABLE t (id INT PRIMARY KEY, v INT)")
    running = sync(heartbeat="0.5")
    running.wait_streaming()
    for number in range(200):
        sql(f"INSERT INTO t VALUES ({number}, 1)")
    running.wait_rows(f"{db}.t", 200)
    last = max(m.payload["timestamp"]["eventTime"] for m in rows(running.reader(f"{db}.t").messages))
    running.until(
        f"{db}.t",
        lambda m: len({h.partition for h in heartbeats(m) if h.payload["timestamp"]["eventTime"] > last}) == 6,
        "a later heartbeat in each partition")
    watermark = {}
    for message in running.reader(f"{db}.t").messages:
        at = message.payload["timestamp"]["eventTime"]
        if message.op == "MHEARTBEAT":
            watermark[message.partition] = at
        elif not message.full:
            # commit times have whole seconds or better: one that equals the watermark may follow it
            assert at + 1000 > watermark.get(message.partition, 0), message


def test_heartbeat_named_topic(sync, sql, db):
    """lua-api: with heartbeat = { seconds =, topic = } heartbeats go only to that topic."""
    sql("CREATE TABLE t (id INT PRIMARY KEY)", "INSERT INTO t VALUES (1)")
    running = sync(heartbeat=f'{{ seconds = 0.5, topic = "{db}.beats" }}')
    running.until(f"{db}.beats", lambda m: len(heartbeats(m)) >= 3, "heartbeats")
    assert not heartbeats(running.reader(f"{db}.t").to_end())


def test_heartbeat_in_a_compacted_topic(sync, sql, db, kafka):
    """Rule: compacted-keys. Compacted topics refuse null keys, so heartbeats and DDL have keys there."""
    sql("CREATE TABLE t (id INT PRIMARY KEY)", "INSERT INTO t VALUES (1)")
    running = sync('topics = { config = { ["cleanup.policy"] = "compact" } },', heartbeat="0.5")
    running.wait_rows(f"{db}.t", 1)
    beat = running.wait_message(f"{db}.t", lambda m: m.op == "MHEARTBEAT", "a heartbeat")
    assert beat.key == b"__tideway.heartbeat"
    sql("ALTER TABLE t ADD COLUMN c INT", "INSERT INTO t VALUES (2, 1)")
    alter = running.wait_message(f"{db}.t", lambda m: m.op == "ALTER", "the DDL message")
    assert alter.key.decode() == f"__tideway.ddl.{db}.t.{alter.sequence}"
    running.wait_rows(f"{db}.t", 2)


def test_sequence_does_not_depend_on_the_script(sync, sql, db):
    """Rule: sequence-id. Two syncs of the same start with other tables and filters give a change the same distance in ids."""
    sql("CREATE TABLE a (id INT PRIMARY KEY, v INT)", "CREATE TABLE b (id INT PRIMARY KEY, v INT)")
    all_ = sync(f'topic = {{ template = "{db}.all.${{table_name_src}}" }},', topic=False)
    some = sync(f'topic = {{ template = "{db}.some.${{table_name_src}}" }}, '
                f'filter = {{ ["{db}.a"] = function(row) return row.id ~= 2 end }},', topic=False, tables=[f"{db}.a"])
    for running in (all_, some):
        running.wait_streaming()
    sql("INSERT INTO a VALUES (1, 1)", "BEGIN", "INSERT INTO b VALUES (1, 1), (2, 2)", "INSERT INTO a VALUES (2, 2), (3, 3)",
        "COMMIT", "DELETE FROM b", "INSERT INTO a VALUES (4, 4)")
    ids = {m.key: int(m.sequence) for m in all_.wait_rows(f"{db}.all.a", 4)}
    fewer = {m.key: int(m.sequence) for m in some.wait_rows(f"{db}.some.a", 3)}
    assert fewer[b"3"] - fewer[b"1"] == ids[b"3"] - ids[b"1"]
    assert fewer[b"4"] - fewer[b"3"] == ids[b"4"] - ids[b"3"]


def test_event_time_is_the_commit_time(sync, sql, db, mariadb):
    """Rule: commit-time. Rows of a long transaction carry its commit time, not their statement's."""
    sql("CREATE TABLE t (id INT PRIMARY KEY)")
    running = sync()
    running.wait_streaming()
    sql("BEGIN", "INSERT INTO t VALUES (1)", "SELECT SLEEP(2.1)", "INSERT INTO t VALUES (2)")
    before = int(time.time()) * 1000
    sql("COMMIT")
    times = {m.payload["timestamp"]["eventTime"] for m in running.wait_rows(f"{db}.t", 2)}
    assert len(times) == 1 and times.pop() >= before


@pytest.mark.parametrize("engine", ["InnoDB", "MyISAM"])
def test_rows_of_one_statement(sync, sql, db, engine):
    """Rule: sequence-id. Each row of a statement has its own id, and the ids grow."""
    sql(f"CREATE TABLE t (id INT PRIMARY KEY, s VARCHAR(200)) ENGINE={engine}")
    running = sync('topics = { partitions = 1 },')
    running.wait_streaming()
    sql("INSERT INTO t SELECT seq, REPEAT('x', seq % 200) FROM seq_1_to_2000", "UPDATE t SET s = 'u'")
    found = running.wait_rows(f"{db}.t", 6000)
    ids = [int(m.sequence) for m in found]
    assert ids == sorted(ids)
    assert len(set(ids)) == 4000


def beats_of(kafka, topics, enough):
    """{(topic, partition): [time of each heartbeat in Kafka, ms]} as soon as enough(them)."""
    found = {}
    reader = Reader(kafka, topics)

    def look():
        reader.find()
        for record in reader.consumer.consume(5000, 0.1):
            if record.error() is None and b'"MHEARTBEAT"' in record.value():
                found.setdefault((record.topic(), record.partition()), []).append(record.timestamp()[1])
        return enough(found)

    try:
        wait_for(look, lambda: f"{len(found)} partitions have heartbeats")
    finally:
        reader.close()
    return found


@pytest.mark.slow
def test_heartbeats_of_many_partitions(sync, sql, db, kafka_server):
    """Rule: heartbeats-in-order. A round is spread over the interval: rows that arrive after its begin precede the
    heartbeats of their partitions. Above 1,000 partitions, heartbeats go to one topic."""
    own = kafka_server()
    for name in ("a", "b"):
        sql(f"CREATE TABLE {name} (id INT PRIMARY KEY)")
    options = "topics = { partitions = 300 },"
    running = sync(options, heartbeat="3600", kafka=own)
    topics = (f"{db}.a", f"{db}.b")
    running.reader(*topics).until(heartbeats, "the first heartbeat", 60, running.must_run)
    for name in ("a", "b"):
        sql(f"INSERT INTO {name} SELECT seq FROM seq_1_to_100")
    found = running.reader(*topics).until(lambda m: len(rows(m)) == 200, "the rows", 60, running.must_run)
    kinds = {}
    for message in found:
        kinds.setdefault((message.topic, message.partition), []).append(message.op)
    assert any(ops[0] == "INSERT" for ops in kinds.values()), "the round came in one go"
    assert running.stop() == 0
    running.write(running.text([f"{db}.*"], options, heartbeat="4"))
    running.start()
    running.wait_streaming()
    beats_of(own, topics, lambda found: len(found) == 600)
    sql("CREATE TABLE c (id INT PRIMARY KEY)", "CREATE TABLE d (id INT PRIMARY KEY)", "INSERT INTO c VALUES (1)", "INSERT INTO d VALUES (1)")
    running.wait_log("1200 partitions are more than 1000, they go only to topic")
    named = f"tideway.heartbeat.{running.name}"
    beats_of(own, [named], lambda found: any(len(times) > 1 for times in found.values()))
    assert running.stop() == 0


def test_topics_max_counts_all_lanes(sync, sql, db, kafka):
    """lua-api: topics.max stops a typo from making thousands, whichever lane meets the topics."""
    for name in ("a", "b", "c", "d"):
        sql(f"CREATE TABLE {name} (id INT PRIMARY KEY)", f"INSERT INTO {name} SELECT seq FROM seq_1_to_200")
    running = sync('full = { parallel = 4 }, topics = { max = 5 }, topic = { { tables = { "*.*" }, '
                   f'to = function(change) return "{db}." .. change.table .. change.row.id end }} }},', topic=False)
    running.fails(7, "topics.max is 5")
    assert len([t for t in kafka.partitions() if t.startswith(f"{db}.")]) <= 5
