"""format = "debezium": the messages, field by field, against those that a real Debezium wrote for the same statements
(tests/data/debezium). Every difference is in this file: VOLATILE members are checked for type and plausibility, and
EXCEPTIONS are values that Tideway writes differently on purpose, with the reason (docs/debezium-format.md)."""

import re
import struct
import time
from decimal import Decimal

import pytest
from support.consume import Reader
from support.debezium import DATABASE, PREFIX, SESSION, parse, recorded, statements

OPTIONS = 'format = "debezium",\ntopics = { partitions = 1 },'
GTID = {"mariadb": r"\d+-\d+-\d+", "mysql": r"[0-9a-f-]{36}:\d+"}
CONTEXT = "__debezium.context."  # headers of Kafka Connect's task: there is none

# Debezium's copy reads text, and differs from its stream in these columns. Tideway's copy writes what both streams write.
COPY_AS_STREAM = {
    ("floats", "f"): "the copy has a FLOAT rounded to six digits",
    ("floats", "fu"): "the copy has a FLOAT rounded to six digits",
    **{("stamps", f"s{n}"): "the copy cuts zeros off a TIMESTAMP's fraction" for n in range(7)},
    **{("zeros", c): "the copy has year 0 as 1 BC, and a zero TIMESTAMP that may be NULL as null"
       for c in ("d", "dt", "dt6", "dt6n", "ts", "tsn", "ts6")},
    ("own", "j"): "the copy has MySQL's text of a JSON, the stream has none of its spaces",
}

# (table, column, ids of rows or None for all, Debezium's value, Tideway's value, reason)
EXCEPTIONS = [
    ("choices", "e", None, "b\\,c", "b,c", "the stream escapes commas in the label of an ENUM"),
    ("years", "y", None, 1900, 0, "the stream has YEAR 0 as 1900"),
    ("own", "y", None, 1900, 0, "the stream has YEAR 0 as 1900"),
    ("own", "y", None, 2000, 0, "the copy has YEAR 0 as 2000"),
    ("own", "j", (6, 106), "[1.0,10000000000000000159028911097599180468360808563945281389781327557747838772170381060813469985"
     "856815104,0.1,-0.0,100000.5,12345678901234567890,1000000000000000000000]",
     "[1.0,1e100,0.1,-0.0,100000.5,12345678901234567890,1e21]", "a JSON has the numbers as the server prints them"),
    ("own", "j", (8, 108), '{"d":"2021-03-03","n":1.50,"t":"12:34:56.5","x":"YWI=","dt":"2021-03-03 12:34:56.789"}',
     '{"d":"2021-03-03","n":1.50,"t":"12:34:56.500000","x":"base64:type15:YWI=","dt":"2021-03-03 12:34:56.789000"}',
     "a JSON has other values as the server prints them"),
    ("altered", "n", (3,), 3, None, "JsonConverter replaces NULL by the column's default"),
    *(("defaults", column, (1, 101), value, None, "JsonConverter replaces NULL by the column's default")
      for column, value in (("i", 5), ("v", "some"), ("e", "b"), ("d", "AJY="), ("ts", 1577836800000))),
]
# Java 17 does not write the shortest text of a binary32: these are compared as numbers of that size
BINARY32 = {("floats", "f"), ("floats", "fu")}


def excepted(table, column, row_id, value):
    """Return what Tideway writes instead of Debezium's value."""
    for its_table, its_column, ids, theirs, ours, _ in EXCEPTIONS:
        if (table, column) == (its_table, its_column) and (ids is None or row_id in ids) and value == theirs:
            return ours
    return value


def expected_image(table, image, stream):
    """Debezium's image with the exceptions applied. stream: its image of the same row in the stream, for a row of the
    copy."""
    if image is None:
        return None
    expected = {}
    for column, value in image.items():
        if stream and (table, column) in COPY_AS_STREAM:
            value = stream[column]
        expected[column] = excepted(table, column, image.get("id"), value)
    return expected


def comparable(table, image):
    """The image with numbers as the binary numbers that they stand for."""
    def number(column, value):
        if isinstance(value, list):
            return [number(None, v) for v in value]
        if isinstance(value, dict):
            return {name: number(None, v) for name, v in value.items()}
        if not isinstance(value, Decimal):
            return value
        return struct.unpack("f", struct.pack("f", float(value)))[0] if (table, column) in BINARY32 else float(value)

    return image and {column: number(column, value) for column, value in image.items()}


class Run:
    """A run of Tideway on the statements, and the messages that it wrote."""

    def __init__(self, server, database, kafka, sync_on, name):
        self.server, self.kafka, self.name = server, kafka, name
        before, after = statements(server)
        self.connection = database.connect(init_command=SESSION)
        self.execute(f"DROP DATABASE IF EXISTS {DATABASE}", f"CREATE DATABASE {DATABASE} CHARACTER SET utf8mb4",
                     f"USE {DATABASE}", *before)
        self.began = time.time() * 1000
        sync = sync_on(database, kafka, [f"{DATABASE}.*"], OPTIONS, name=name, topic=False, heartbeat="0.5").start()
        sync.wait_log("full sync: done")  # 25 topics are created meanwhile
        sync.wait_streaming()
        self.execute(*after)
        for topic in (f"{name}.{DATABASE}.done", f"__debezium-heartbeat.{name}"):
            sync.until(topic, bool, f"a message in {topic}")
        assert sync.stop() == 0, sync.log

    def execute(self, *texts):
        with self.connection.cursor() as cursor:
            for text in texts:
                cursor.execute(text)

    def read(self, topic):
        """All messages of a topic, as recorded() has them."""
        reader = Reader(self.kafka, topic)
        found = [{"topic": m.topic, "key": parse(m.key), "value": parse(m.value),
                  "headers": [[name, text and text.decode()] for name, text in m.headers]} for m in reader.to_end()]
        reader.close()
        return found


@pytest.fixture(scope="module")
def runs():
    return {}


@pytest.fixture(params=["mariadb", "mysql"])
def run(request, runs, kafka, sync_on, unique):
    server = request.param
    if server not in runs:
        runs[server] = Run(server, request.getfixturevalue(server), kafka, sync_on, unique)
    return runs[server]


def tables(server):
    start = f"{PREFIX}.{DATABASE}."
    return {topic.removeprefix(start): found for topic, found in recorded(server).items() if topic.startswith(start)}


def is_copy(message):
    return message["value"] is not None and message["value"]["op"] == "r"


def check_source(run, source, wanted, copied):
    """The volatile members are plausible, and the others are Debezium's."""
    source, wanted = dict(source), dict(wanted)
    assert list(source) == list(wanted)
    assert re.fullmatch(r"\d+\.\d+\.\d+", source.pop("version"))
    assert source.pop("name") == run.name
    ms = source.pop("ts_ms")
    assert run.began - 60000 < ms < time.time() * 1000 + 1000
    assert source.pop("ts_us") == ms * 1000
    assert source.pop("ts_ns") == ms * 1000000
    assert source.pop("file")
    assert source.pop("pos") > 0
    gtid = source.pop("gtid")
    assert gtid is None if copied else re.fullmatch(GTID[run.server], gtid)
    server_id = source.pop("server_id")
    assert server_id == 0 if copied else server_id > 0
    thread = source.pop("thread")
    assert (thread is None) == (wanted["thread"] is None) and (thread is None or thread > 0)
    if copied:  # lanes run side by side: which row is the first or the last is not known
        assert source.pop("snapshot") == "true"
        assert wanted.pop("snapshot") in ("first", "first_in_data_collection", "true", "last_in_data_collection", "last")
    for name in ("version", "name", "ts_ms", "ts_us", "ts_ns", "file", "pos", "gtid", "server_id", "thread"):
        wanted.pop(name)
    assert source == {name: wanted[name] for name in source}


def check_value(run, table, value, wanted, stream):
    assert list(value) == list(wanted)
    copied = wanted["op"] == "r"
    check_source(run, value["source"], wanted["source"], copied)
    for image in ("before", "after"):
        expected = comparable(table, expected_image(table, wanted[image], stream))
        assert comparable(table, value[image]) == expected, table
        assert value[image] is None or list(value[image]) == list(expected)
    assert value["op"] == wanted["op"]
    assert value["transaction"] is None
    assert run.began - 60000 < value["ts_ms"] < time.time() * 1000 + 1000
    assert value["ts_us"] // 1000 == value["ts_ms"] and value["ts_ns"] // 1000000 == value["ts_ms"]


def check_message(run, table, message, wanted, stream=None):
    assert message["key"] == wanted["key"]
    assert message["key"] is None or list(message["key"]) == list(wanted["key"])
    assert message["headers"] == [h for h in wanted["headers"] if not h[0].startswith(CONTEXT)]
    if wanted["value"] is None:
        assert message["value"] is None
    else:
        check_value(run, table, message["value"], wanted["value"], stream)


def test_rows_of_the_stream(run):
    for table, wanted in tables(run.server).items():
        wanted = [m for m in wanted if not is_copy(m)]
        found = [m for m in run.read(f"{run.name}.{DATABASE}.{table}") if not is_copy(m)]
        assert len(found) == len(wanted), table
        for message, one in zip(found, wanted, strict=True):
            check_message(run, table, message, one)


def test_rows_of_the_copy(run):
    def in_order(messages):
        return sorted((m for m in messages if is_copy(m)), key=lambda m: str(m["value"]["after"]))

    for table, all_ in tables(run.server).items():
        wanted, found = in_order(all_), in_order(run.read(f"{run.name}.{DATABASE}.{table}"))
        stream = {m["key"]["id"]: m["value"]["after"] for m in all_
                  if not is_copy(m) and m["value"] and m["value"]["op"] == "c" and "id" in (m["key"] or {})}
        assert len(found) == len(wanted), table
        for message, one in zip(found, wanted, strict=True):
            again = stream.get((one["key"] or {}).get("id", 0) + 100)
            check_message(run, table, message, one, again)


def test_heartbeats(run):
    wanted = recorded(run.server)[f"__debezium-heartbeat.{PREFIX}"][0]
    message = run.read(f"__debezium-heartbeat.{run.name}")[0]
    assert message["key"] == {name: run.name for name in wanted["key"]}
    assert list(message["value"]) == list(wanted["value"])
    assert run.began - 60000 < message["value"]["ts_ms"] < time.time() * 1000 + 1000
    assert message["headers"] == wanted["headers"] == []


# members of a column that a definition of the catalog does not contain: null in Tideway's messages
UNKNOWN = ("autoIncremented", "generated", "comment", "defaultValueExpression")


def check_column(column, wanted):
    assert list(column) == list(wanted)
    for name, value in wanted.items():
        if name in UNKNOWN:
            assert column[name] is None, name
        elif name == "length" and wanted["typeName"] == "INT":
            assert column[name] in (None, 11)  # MariaDB's display width, which the statement does not have
        else:
            assert column[name] == value, name


def check_table_change(change, wanted):
    assert (change["type"], change["id"]) == (wanted["type"], wanted["id"])
    table, its = change["table"], wanted["table"]
    if its is None:
        assert table is None
        return
    assert list(table) == list(its)
    assert {**table, "columns": None} == {**its, "columns": None}
    assert len(table["columns"]) == len(its["columns"])
    for column, one in zip(table["columns"], its["columns"], strict=True):
        check_column(column, one)


def check_statement(run, message, wanted):
    value, its = message["value"], wanted["value"]
    assert message["key"] == wanted["key"]
    assert message["headers"] == []
    assert list(value) == list(its)
    if its["source"]["table"] == "":
        its["source"]["table"] = "altered"  # CREATE INDEX: the connector does not name the table
    check_source(run, value["source"], its["source"], False)
    if its["ddl"].startswith("DROP TABLE"):  # the connector writes its own text
        assert value["ddl"] == "DROP TABLE `remade` /* generated by server */"
    else:
        assert value["ddl"] == its["ddl"]
    assert run.began - 60000 < value["ts_ms"] < time.time() * 1000 + 1000
    assert (value["databaseName"], value["schemaName"]) == (its["databaseName"], its["schemaName"])
    assert len(value["tableChanges"]) == len(its["tableChanges"])
    for change, one in zip(value["tableChanges"], its["tableChanges"], strict=True):
        check_table_change(change, one)


def test_statements(run):
    """Statements of the copy are not written: it reads no CREATE TABLE. TRUNCATE is: the connector skips it."""
    wanted = [m for m in recorded(run.server)[PREFIX] if m["value"]["source"]["snapshot"] == "false"]
    found = run.read(run.name)
    truncate = [m for m in found if m["value"]["ddl"].startswith("TRUNCATE")]
    assert len(truncate) == 1 and truncate[0]["value"]["tableChanges"] == []
    found.remove(truncate[0])
    assert len(found) == len(wanted)
    for message, one in zip(found, wanted, strict=True):
        check_statement(run, message, one)


def test_plan_and_preview(sync, sql):
    sql("CREATE TABLE t (id INT PRIMARY KEY, d DATE, p DECIMAL(5,2), s TIMESTAMP(3) NULL)",
        "INSERT INTO t VALUES (1, '2021-03-03', 1.28, '2021-03-03 12:34:56.789')")
    made = sync('format = "debezium",', start=False)
    code, plan, err = made.once(command="plan")
    assert code == 0, err
    for name in ("int32", "io.debezium.time.Date", "org.apache.kafka.connect.data.Decimal", "io.debezium.time.ZonedTimestamp"):
        assert re.search(rf"-> \w+ {re.escape(name)}", plan), plan
    code, messages, err = made.once("--json", command="preview")
    assert code == 0, err
    value = parse(messages.splitlines()[0])["value"]
    assert value["op"] == "r"
    assert value["after"] == {"id": 1, "d": 18689, "p": "AIA=", "s": "2021-03-03T12:34:56.789Z"}
