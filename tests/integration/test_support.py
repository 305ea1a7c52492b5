"""Tests of the checks themselves: if they found no errors, the other tests would show nothing."""

import json

import pytest
from confluent_kafka import Producer
from support import convert
from support.consume import Message, Num, Reader
from support.murmur import murmur2, partition
from support.rebuild import Rebuild


class Record:
    """What confluent-kafka gives."""

    def __init__(self, key, value, offset=0, count=6):
        self.fields = ("t", partition(key, count), offset, key, json.dumps(value).encode(), [])

    def __getattr__(self, name):
        at = ("topic", "partition", "offset", "key", "value", "headers").index(name)
        return lambda: self.fields[at]


def row(key, op="INSERT", sequence="1700000000000000001", before=None, after=None, **changes):
    """A good message, or one with changes."""
    at = -1 if sequence == "-1" else 1700000000000
    if before is None and after is None:
        after = {"id": int(key)}
    images = [x if x is None else {"dataColumn": x} for x in (before, after)]
    value = {
        "schema": {"dataColumn": [{"name": "id", "type": "LONG"}], "primaryKey": ["id"],
                   "source": {"dbType": "MySQL", "dbName": "d", "tableName": "t"}},
        "payload": {"before": images[0], "after": images[1], "sequenceId": sequence,
                    "timestamp": {"eventTime": at, "systemTime": 1700000000001, "checkpointTime": at}, "op": op, "ddl": None},
        "version": "0.0.1",
    }
    value["payload"].update(changes)
    return Message(Record(str(key).encode(), value))


def judge(*messages):
    return Rebuild({"t": 6}).feed_all(messages)


def test_good_messages_pass():
    found = judge(row(1, sequence="-1"), row(1, "DELETE", before={"id": 1}), row(2)).tables()["d", "t"]
    assert found.rows == {b"2": {"id": 2}}


@pytest.mark.parametrize(
    "bad",
    [
        row(1, op="UPDATE"),
        row(1, sequence="12"),
        row(1, after={"id": "1"}),
        row(1, after={"id": 2}),
        row(1, after={"idd": 1}),
        row(1, "DELETE"),
        row(1, ddl={}),
        row(1, timestamp={"eventTime": 17, "systemTime": 1700000000001, "checkpointTime": 17}),
    ],
)
def test_bad_messages_do_not(bad):
    with pytest.raises((AssertionError, KeyError)):
        judge(bad)


def test_wrong_partition():
    message = row(1)
    message.partition = (message.partition + 1) % 6
    with pytest.raises(AssertionError):
        judge(message)


def sequence(number):
    return f"17000000000000000{number:02d}"


def test_replay_of_a_suffix_passes():
    run = [row(1, sequence=sequence(n)) for n in (1, 2, 3)]
    rebuilt = judge(*run, *run[1:], row(1, sequence=sequence(4)))
    assert sum(p.replays for p in rebuilt.parts.values()) == 1


@pytest.mark.parametrize(
    "numbers",
    [(2, 1), (1, 2, 3, 2, 4), (1, 2, 3, 1, 3), (1, 3, 2, 3)],
    ids=["goes back", "stops short", "leaves out", "comes late"],
)
def test_other_disorder_does_not(numbers):
    with pytest.raises(AssertionError):
        judge(*(row(1, sequence=sequence(n)) for n in numbers))


def test_replay_with_other_values():
    with pytest.raises(AssertionError):
        judge(row(1, "INSERT", after={"id": 1}), row(1, "INSERT", after={"id": 1, "x": 1}))


def test_pair_torn_apart():
    with pytest.raises(AssertionError):
        judge(row(1, "UPDATE_BEFOR", sequence(1), before={"id": 1}), row(1, sequence=sequence(2)))


def test_murmur2():
    """Values of the Java client."""
    assert murmur2(b"") == 275646681
    assert murmur2(b"21") == -973932308 & 0x7FFFFFFF
    assert murmur2(b"foobar") == -790332482 & 0x7FFFFFFF
    assert murmur2(b"a-little-bit-long-string") == -985981536 & 0x7FFFFFFF
    assert murmur2(b"a-little-bit-longer-string") == -1486304829 & 0x7FFFFFFF
    assert murmur2(b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8") == -58897971 & 0x7FFFFFFF


def test_conversions():
    assert convert.date_ms("1969-12-31 23:59:59.999999") == -1
    assert convert.date_ms("2021-03-02") == 1614643200000
    assert convert.date_ms("2021-00-02") is None
    assert convert.Float(0.1, False) == Num("0.1")
    assert convert.Float(0.1, False) != Num("0.10000000000000001")
    assert convert.Float(16777216.0, True) == 16777216
    assert convert.Decimal("0012.30") == Num("12.30")
    assert convert.Decimal("12.30") != Num("12.3")
    assert convert.compact_json('{"a b": [1, "x, y: \\" z"]}') == '{"a b":[1,"x, y: \\" z"]}'


def test_reader_and_kafka(kafka, unique):
    """What is produced is read, with key, headers and partition; a topic that appears later is found."""
    reader = Reader(kafka, unique)
    assert reader.to_end() == []
    kafka.create(unique, 3)
    producer = Producer({"bootstrap.servers": kafka.bootstrap, "partitioner": "murmur2_random"})
    for number in range(100):
        producer.produce(unique, b"{}", str(number).encode(), headers={"h": b"x"})
    assert producer.flush(20) == 0
    assert len(reader.to_end()) == 100
    assert all(m.partition == partition(m.key, 3) and m.headers == [("h", b"x")] for m in reader.messages)
    reader.close()
