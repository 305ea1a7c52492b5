"""Read topics with confluent-kafka: messages with their keys, partitions and headers."""

import base64
import contextlib
import json
import time

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, TopicPartition

from support.wait import DEADLINE_S, TimedOut, wait_for


class Num(str):
    """A JSON number that is not an integer, as its text in the message."""

    __slots__ = ()


def parse(text):
    """Parse JSON with exact numbers: int, or Num for a point or an exponent.

    Refuses duplicate names."""

    def pairs(items):
        names = [name for name, _ in items]
        assert len(names) == len(set(names)), f"a name is twice in {names}"
        return dict(items)

    return json.loads(text, parse_float=Num, parse_constant=_refuse, object_pairs_hook=pairs)


def _refuse(word):
    raise AssertionError(f"{word} is not JSON")


class Message:
    """One record of a topic. Its value is parsed when it is first used."""

    __slots__ = ("headers", "key", "offset", "parsed", "partition", "topic", "value")

    def __init__(self, record):
        self.topic = record.topic()
        self.partition = record.partition()
        self.offset = record.offset()
        self.key = record.key()
        self.value = record.value()
        self.headers = record.headers() or []
        self.parsed = None

    def __repr__(self):
        return f"{self.topic}/{self.partition}@{self.offset} {self.key!r} {self.value!r}"

    @property
    def text(self):
        return self.value.decode("utf-8")

    @property
    def json(self):
        if self.parsed is None:
            self.parsed = parse(self.value)
        return self.parsed

    @property
    def payload(self):
        return self.json["payload"]

    @property
    def op(self):
        return self.payload["op"]

    @property
    def sequence(self):
        return self.payload["sequenceId"]

    @property
    def table(self):
        """(database, table) in the message's schema; None without a source."""
        source = self.json["schema"]["source"]
        return (source["dbName"], source["tableName"]) if source else None

    @property
    def before(self):
        image = self.payload["before"]
        return image and image["dataColumn"]

    @property
    def after(self):
        image = self.payload["after"]
        return image and image["dataColumn"]

    @property
    def row(self):
        """The image of a record with one image; of a record with both, the new one."""
        return self.after if self.after is not None else self.before

    @property
    def types(self):
        """The schema as {column: transport type}."""
        return {c["name"]: c["type"] for c in self.json["schema"]["dataColumn"]}

    @property
    def full(self):
        return self.sequence == "-1"

    @property
    def is_row(self):
        return self.op in ROW_OPS

    @property
    def copy(self):
        """The id in the header of a row or marker of another copy of the table; None: it has no such header."""
        return next((value.decode() for name, value in self.headers if name == "tideway-copy"), None)

    @property
    def is_marker(self):
        return self.copy is not None and self.op == "QUERY"

    @property
    def ddl(self):
        return self.payload["ddl"]

    @property
    def ddl_meta(self):
        return parse(base64.b64decode(self.ddl["ddlMeta"], validate=True))


ROW_OPS = ("INSERT", "UPDATE_BEFOR", "UPDATE_BEFORE", "UPDATE_AFTER", "DELETE")
DDL_OPS = ("CREATE", "ALTER", "ERASE", "TRUNCATE", "RENAME", "CINDEX", "DINDEX", "QUERY")


class Reader:
    """Reads topics from their beginnings. A topic may be created later.

    It keeps all messages in the order in which they arrive. This keeps the order of a partition."""

    def __init__(self, kafka, topics):
        self.kafka = kafka
        self.topics = [topics] if isinstance(topics, str) else list(topics)
        self.messages = []
        self.next = {}  # (topic, partition) -> offset of the next message
        self.consumer = Consumer(
            {
                "bootstrap.servers": kafka.bootstrap,
                "group.id": "tideway-tests",
                "enable.auto.commit": False,
                "auto.offset.reset": "error",
                "enable.partition.eof": True,
                "isolation.level": "read_committed",
                "fetch.wait.max.ms": 20,
                "fetch.error.backoff.ms": 20,
                "reconnect.backoff.max.ms": 200,
                "log_level": 0,
                "topic.metadata.refresh.interval.ms": 500,
            }
        )
        self.assigned = set()

    def close(self):
        with contextlib.suppress(RuntimeError):
            self.consumer.close()

    def find(self):
        """Assign new partitions to the consumer.

        Returns all partitions as a set of (topic, partition)."""
        listed = self.consumer.list_topics(timeout=DEADLINE_S).topics
        there = {(t, p) for t in self.topics if t in listed and listed[t].error is None for p in listed[t].partitions}
        if there - self.assigned:
            self.assigned |= there
            self.consumer.assign(
                [TopicPartition(t, p, self.next.get((t, p), OFFSET_BEGINNING)) for t, p in sorted(self.assigned)]
            )
        return there

    def poll(self, timeout=0.2):
        """Read available messages.

        Returns {(topic, partition): offset} of the ends that were reached."""
        ends = {}
        records = self.consumer.consume(5000, timeout) if self.assigned else []
        for record in records:
            where = (record.topic(), record.partition())
            if record.error() is None:
                message = Message(record)
                self.next[where] = message.offset + 1
                self.messages.append(message)
            elif record.error().code() == KafkaError._PARTITION_EOF:
                ends[where] = record.offset()
            elif not record.error().retriable() and record.error().code() not in _PASSING:
                raise AssertionError(f"{where}: {record.error()}")
        return ends

    def end(self, topic, partition):
        """Return the offset after the last message of a partition, once the partition has a leader."""

        def ask():
            try:
                return self.consumer.get_watermark_offsets(TopicPartition(topic, partition), timeout=DEADLINE_S)
            except KafkaException as failure:
                if failure.args[0].code() not in (KafkaError.NOT_LEADER_FOR_PARTITION, KafkaError.LEADER_NOT_AVAILABLE):
                    raise
                return None

        return wait_for(ask, f"a leader of {topic}, partition {partition}")[1]

    def to_end(self, timeout=DEADLINE_S):
        """Read every partition up to its current end. Return all messages so far."""
        there = self.find()
        goal = {where: self.end(*where) for where in there}
        missing = {where for where, high in goal.items() if high > self.next.get(where, 0)}
        end = time.monotonic() + timeout
        while missing:
            ends = self.poll()
            # a transaction marker has an offset too, so the last message may be before the end
            missing = {w for w in missing if goal[w] > max(self.next.get(w, 0), ends.get(w, 0))}
            if time.monotonic() > end:
                raise TimedOut(f"the ends of {sorted(missing)} were not reached")
        return self.messages

    def until(self, condition, what, timeout=DEADLINE_S, also=None):
        """Read until condition(messages) is true. Return the messages.

        also() is called before each read; it may raise to end the wait."""
        end = time.monotonic() + timeout
        looked = 0.0
        while not condition(self.messages):
            if also:
                also()
            now = time.monotonic()
            if now > end:
                tail = "\n".join(map(repr, self.messages[-5:]))
                raise TimedOut(f"{what} did not come; {len(self.messages)} messages so far, the last:\n{tail}")
            if now - looked > 0.2 and len({t for t, _ in self.assigned}) < len(self.topics):
                self.find()
                looked = now
            if not self.assigned:
                time.sleep(0.02)
                continue
            self.poll(0.1)
        return self.messages


_PASSING = (
    KafkaError._TRANSPORT,
    KafkaError._ALL_BROKERS_DOWN,
    KafkaError._RESOLVE,
    KafkaError._TIMED_OUT,
    KafkaError.UNKNOWN_TOPIC_OR_PART,
    KafkaError._UNKNOWN_PARTITION,
)


def rows(messages, table=None):
    """Return the row messages, of one table name if given."""
    return [m for m in messages if m.value and m.is_row and (table is None or m.table[1] == table)]


def ddls(messages):
    return [m for m in messages if m.value and m.op in DDL_OPS]


def heartbeats(messages):
    return [m for m in messages if m.value and m.op == "MHEARTBEAT"]
