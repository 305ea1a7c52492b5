"""scripts/examples: each runs against a real MariaDB and the embedded broker: the full sync of shop.sql, then
shop-changes.sql; what is in the topics then must equal scripts/examples/expected/<name>.txt.

A line is: topic, key, headers, op, and the row (old -> new where a message has both). A first line of each topic and table names the
fields and their types. TIDEWAY_EXPECT=write writes the files instead.
"""

import json
import os
import subprocess

import pytest
from confluent_kafka.admin import AdminClient
from support.consume import Num, Reader, parse
from support.paths import ROOT
from support.runner import Sync
from support.wait import DEADLINE_S, wait_for

EXAMPLES = ROOT / "scripts/examples"
EXPECTED = EXAMPLES / "expected"
NAMES = sorted(p.stem for p in EXAMPLES.glob("*.lua"))
LAST = "UPDATE shop.carts SET total = total + 1000 WHERE id = 4"


class Example(Sync):
    """An unchanged example, with its settings in the environment."""

    def __init__(self, folder, path, mariadb, broker):
        self.env = dict(
            MYSQL_PORT=str(mariadb.port), MYSQL_USER=mariadb.user, MYSQL_PASSWORD=mariadb.password, KAFKA_BROKERS=broker.bootstrap
        )
        super().__init__(folder, path.stem, mariadb, broker, [], script=path.read_text())


def sql(mariadb, text):
    """Statements as the mariadb client reads them."""
    done = subprocess.run(["mariadb", "--no-defaults", "-h", "127.0.0.1", "-P", str(mariadb.port), "-u", "root"], input=text,
                          capture_output=True, text=True, timeout=DEADLINE_S, check=False)
    assert done.returncode == 0, done.stderr


@pytest.fixture
def shop(mariadb):
    sql(mariadb, "DROP DATABASE IF EXISTS shop;" + (EXAMPLES / "shop.sql").read_text())
    yield
    mariadb.run("DROP DATABASE IF EXISTS shop")


def compact(value):
    return json.dumps(value, ensure_ascii=False)


def row_text(image):
    """Write the value as JSON again, with the numbers as they were."""
    cells = (f"{compact(name)}: {value if isinstance(value, Num) else compact(value)}" for name, value in image["dataColumn"].items())
    return "{" + ", ".join(cells) + "}"


def debezium_text(value):
    """op and images of a message of format = "debezium"."""
    images = [row_text({"dataColumn": value[i]}) for i in ("before", "after") if value[i]]
    return f"{value['op']} {' -> '.join(images)}"


def readable(message):
    """topic, key, headers, op and row of one message, as (head line or None, line)."""
    head = f"{message['topic']} key={message['key'] if message['key'] is not None else '-'}"
    if message.get("headers"):
        head += " (" + ", ".join(f"{name}={text}" for name, text in message["headers"]) + ")"
    value = message["value"]
    if isinstance(value, dict) and "source" in value:
        return None, f"{head} {debezium_text(value)}"
    if not isinstance(value, dict) or "payload" not in value:
        return None, f"{head} {compact(value)}"
    payload, schema = value["payload"], value["schema"]
    images = [row_text(payload[i]) for i in ("before", "after") if payload[i]]
    line = f"{head} {payload['op']}{' full' if payload['sequenceId'] == '-1' else ''} {' -> '.join(images)}"
    if payload["ddl"]:
        line += payload["ddl"]["text"]
    source = schema["source"]
    types = ", ".join(f"{c['name']} {c['type']}" for c in schema["dataColumn"] or ())
    key = ",".join(schema["primaryKey"] or ())
    return f"# {message['topic']} {source['dbName']}.{source['tableName']} ({types}) key ({key})", line


def listing(messages):
    """The text of the expected file: by topic, in the order of the messages, partition after partition."""
    out = []
    heads = set()
    for message in messages:
        head, line = readable(message)
        if head and head not in heads:
            heads.add(head)
            out.append(head)
        out.append(line)
    return "\n".join(out) + "\n"


def of_kafka(message):
    return {"topic": message.topic, "key": message.key.decode() if message.key is not None else None,
            "value": message.json if message.value is not None else None,
            "headers": [(name, text.decode()) for name, text in message.headers]}


def is_beat(message):
    value = message["value"]
    return isinstance(value, dict) and "payload" in value and value["payload"]["op"] == "MHEARTBEAT"


def place(message):
    """Return a sort key: it sorts the rows of the full sync within a partition, because the tables have no order, and nothing
    else."""
    value = message.json if message.value is not None else {}
    if "payload" in value and value["payload"]["sequenceId"] == "-1":
        return message.topic, message.partition, 0, message.table, message.key, 0
    if value.get("op") == "r":
        return message.topic, message.partition, 0, (), message.key or b"", message.offset
    return message.topic, message.partition, 1, (), b"", message.offset


def all_messages(broker):
    """Everything in every topic of the sync, heartbeats left out, by topic and partition."""
    topics = sorted(t for t in topics_of(broker) if not t.startswith(("tideway.", "__")))
    reader = Reader(broker, topics)
    try:
        found = sorted(reader.to_end(), key=place)
    finally:
        reader.close()
    return [m for m in map(of_kafka, found) if not is_beat(m)]


def topics_of(broker):
    return AdminClient({"bootstrap.servers": broker.bootstrap}).list_topics(timeout=DEADLINE_S).topics


def compare(name, text):
    path = EXPECTED / f"{name}.txt"
    if os.environ.get("TIDEWAY_EXPECT") == "write":
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    assert text == path.read_text()


@pytest.mark.parametrize("name", [n for n in NAMES if n not in ("exec_primitives", "stdout")])
def test_example(name, tmp_path, mariadb, broker, shop):
    example = Example(tmp_path / name, EXAMPLES / f"{name}.lua", mariadb, broker)
    try:
        example.start(env=example.env)
        example.wait_streaming()
        sql(mariadb, (EXAMPLES / "shop-changes.sql").read_text())
        caught_up(example, mariadb)
        assert example.stop() == 0
        compare(name, listing(all_messages(broker)))
    finally:
        example.cleanup()


def caught_up(example, mariadb):
    """The saved position has reached the end of the binlog."""
    file, offset = mariadb.binlog_end()

    def saved():
        example.must_run()
        reader = example.reader(f"tideway.{checkpoint_name(example)}")
        found = [m for m in reader.to_end() if m.value and m.key.endswith(b"/position")]
        return found and (found[-1].json["file"], int(found[-1].json["offset"])) >= (file, offset)

    wait_for(saved, lambda: f"the position {file}:{offset} was not saved\n{example.log[-2000:]}")


def checkpoint_name(example):
    return example.path.read_text().split('name = "', 1)[1].split('"', 1)[0]


def test_stdout(tmp_path, mariadb, broker, shop):
    """Lines on stdout instead of Kafka."""
    example = Example(tmp_path / "stdout", EXAMPLES / "stdout.lua", mariadb, broker)
    try:
        example.start(env=example.env)
        example.wait_streaming()
        sql(mariadb, (EXAMPLES / "shop-changes.sql").read_text())

        def lines():
            return [parse(line) for line in example.stdout.read_text().splitlines()]

        def six():
            example.must_run()
            return len(lines()) >= 6

        wait_for(six, "six lines")
        assert example.stop() == 0
        compare("stdout", listing(lines()))
    finally:
        example.cleanup()


def test_exec_primitives(tmp_path, mariadb, broker, shop):
    example = Example(tmp_path / "exec", EXAMPLES / "exec_primitives.lua", mariadb, broker)
    code, out, err = example.once(command="exec", env=example.env)
    assert code == 0, err
    compare("exec_primitives", out)


@pytest.mark.parametrize("name", [n for n in NAMES if n != "exec_primitives"])
def test_example_preview(name, tmp_path, mariadb, broker, shop):
    """The preview in each example's header prints its messages and writes nothing."""
    example = Example(tmp_path / name, EXAMPLES / f"{name}.lua", mariadb, broker)
    code, out, err = example.once(command="preview", env=example.env)
    assert code == 0, err
    assert all(json.loads(line)["topic"] for line in out.splitlines())
    assert out or name == "loop"
