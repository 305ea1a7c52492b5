"""A consumer that rebuilds the tables from the topics alone, and checks every message.

It follows docs/messages.md and the rules of docs/design.md, and uses none of our code."""

import base64
import re

from support import convert
from support.consume import DDL_OPS, ROW_OPS, Num
from support.murmur import partition

_MS = re.compile(r"\d{13}")


def check_shape(message):
    """Check that a message has exactly the fields of docs/messages.md, each of the right type."""
    top = message.json
    assert list(top) == ["schema", "payload", "version"], message
    assert top["version"] == "0.0.1", message
    schema, payload = top["schema"], top["payload"]
    assert list(schema) == ["dataColumn", "primaryKey", "source"], message
    assert list(payload) == ["before", "after", "sequenceId", "timestamp", "op", "ddl"], message
    if payload["op"] == "MHEARTBEAT":
        _check_heartbeat(message)
    elif payload["op"] in ROW_OPS:
        _check_source(message)
        _check_row(message)
    else:
        assert payload["op"] in DDL_OPS, message
        _check_source(message)
        _check_ddl(message)


def _check_source(message):
    source = message.json["schema"]["source"]
    assert list(source) == ["dbType", "dbName", "tableName"], message
    assert source["dbType"] == "MySQL", message


def _check_heartbeat(message):
    payload = message.payload
    assert message.json["schema"] == {"dataColumn": None, "primaryKey": None, "source": None}, message
    assert (payload["before"], payload["after"], payload["sequenceId"], payload["ddl"]) == (None,) * 4, message
    stamp = payload["timestamp"]
    assert list(stamp) == ["eventTime", "checkpointTime"], message
    assert _MS.fullmatch(str(stamp["eventTime"])) and stamp["checkpointTime"] == stamp["eventTime"], message
    assert message.key is None or message.key == b"__tideway.heartbeat", message


def _check_row(message):
    payload, op = message.payload, message.op
    assert payload["ddl"] is None, message
    stamp = payload["timestamp"]
    assert list(stamp) == ["eventTime", "systemTime", "checkpointTime"], message
    assert _MS.fullmatch(str(stamp["systemTime"])), message
    assert stamp["checkpointTime"] == stamp["eventTime"], message
    if message.full:
        deleted = op == "DELETE" and message.copy is not None  # a row that only the topic had
        assert (op == "INSERT" or deleted) and stamp["eventTime"] == -1, message
    else:
        assert re.fullmatch(r"\d{19}", message.sequence), message
        assert _MS.fullmatch(str(stamp["eventTime"])), message
    has = (payload["before"] is not None, payload["after"] is not None)
    allowed = {
        "INSERT": [(False, True)],
        "DELETE": [(True, False)],
        "UPDATE_BEFOR": [(True, False)],
        "UPDATE_AFTER": [(False, True), (True, True)],
    }
    assert has in allowed[op], message
    types = message.types
    assert len(types) == len(message.json["schema"]["dataColumn"]), message
    for image in (payload["before"], payload["after"]):
        if image is not None:
            assert list(image) == ["dataColumn"], message
            assert list(image["dataColumn"]) == list(types), message
            for name, value in image["dataColumn"].items():
                assert value is None or _fits(types[name], value), (name, types[name], value, message)


def _fits(transport, value):
    if transport == "BOOLEAN":
        return value is True or value is False
    if transport == "LONG":
        return type(value) is int
    if transport == "DOUBLE":
        return type(value) in (int, Num)
    if transport == "DATE":
        return type(value) is int
    if transport == "STRING":
        return type(value) is str
    if transport == "BYTES":
        return type(value) is str and base64.b64encode(base64.b64decode(value, validate=True)).decode() == value
    raise AssertionError(f"no transport type {transport}")


def _check_ddl(message):
    payload = message.payload
    assert payload["before"] is None and payload["after"] is None, message
    assert message.is_marker or re.fullmatch(r"\d{19}", message.sequence), message
    assert list(payload["ddl"]) == ["text", "ddlMeta"], message
    assert isinstance(message.ddl_meta, dict), message
    if message.is_marker:
        _check_marker(message)
    else:
        assert message.key is None or message.key.startswith(b"__tideway.ddl."), message


def _check_marker(message):
    stamp = message.payload["timestamp"]
    assert (message.sequence, stamp["eventTime"], stamp["checkpointTime"]) == ("-1", -1, -1), message
    assert message.ddl["text"] in (f"copy {message.copy} begins", f"copy {message.copy} ends"), message
    end = "begin" if message.ddl["text"].endswith("begins") else "end"
    assert message.key is None or message.key.decode() == "__tideway.copy.{}.{}.{}".format(*message.table, end), message


class Partition:
    """Checks the stream rows of one partition: their order, pairs, and replays after a restart."""

    def __init__(self):
        self.stream = []  # (before, after) of each stream row, in order, without replays
        self.place = {}  # (sequence, op, key, table) -> index in stream
        self.last = ""  # sequenceId of the last row in stream
        self.next = None  # index in stream of the next row, if it is a replay
        self.replays = 0
        self.half = None  # an UPDATE_BEFOR whose UPDATE_AFTER must follow

    def feed(self, message, key_changed):
        """Check a stream row. Return whether it is new, and not a replay."""
        self._pair(message, key_changed)
        images = (message.before, message.after)
        identity = (message.sequence, message.op, message.key, message.table)
        seen = self.place.get(identity)
        if seen is not None:
            if seen != self.next:
                self.replays += 1
            assert self.stream[seen] == images, f"replayed with other values: {message}"
            assert seen <= self.next, f"a replay jumps ahead: {message}"
            self.next = seen + 1
            return False
        assert self.next is None or self.next == len(self.stream), f"a replay stops short of its end: {message}"
        assert message.sequence >= self.last, f"sequenceId goes back from {self.last}: {message}"
        self.last = message.sequence
        self.place[identity] = len(self.stream)
        self.stream.append(images)
        self.next = len(self.stream)
        return True

    def _pair(self, message, key_changed):
        """Check that UPDATE_AFTER follows UPDATE_BEFOR directly, if both have one key."""
        if self.half is not None:
            half, self.half = self.half, None
            paired = (message.op, message.sequence, message.key) == ("UPDATE_AFTER", half.sequence, half.key)
            # a kill may separate the pair; then a replay from this row or an earlier one follows
            again = message.op == "UPDATE_BEFOR" and message.sequence <= half.sequence or message.sequence < half.sequence
            assert paired or key_changed(half) or again, f"{half} is not followed by its UPDATE_AFTER but by {message}"
        if message.op == "UPDATE_BEFOR":
            self.half = message


class Rebuild:
    """Feed it every message of the topics, each partition in order. tables() returns the rows."""

    def __init__(self, partitions, check_key=True, bootstraps=True, beside=()):
        """partitions: {topic: count}. check_key: check that the key is the text of the key columns,
        and that it determines the partition. bootstraps: check that the rows of the full sync
        precede those of the stream, but for tables with the names `beside`, whose copy may be a backfill."""
        self.counts = partitions
        self.check_key = check_key
        self.bootstraps = bootstraps
        self.beside = beside
        self.parts = {}  # (topic, partition) -> Partition
        self.stream = {}  # identity -> message: every new stream row
        self.full = []  # messages of the full sync, in order of arrival
        self.deleted = []  # DELETEs of rows that only the topic had
        self.ddl = {}  # identity -> message
        self.markers = []  # of other copies of a table
        self.beats = {}  # (topic, partition) -> list of eventTime
        self.news = {}  # (sequence, table) of every UPDATE_AFTER -> its (topic, key)
        self.count = 0

    def feed_all(self, messages):
        for message in messages:
            if message.op == "UPDATE_AFTER":
                self.news[message.sequence, message.table] = (message.topic, message.key)
        for message in messages:
            self.feed(message)
        return self

    def feed(self, message):
        self.count += 1
        check_shape(message)
        where = (message.topic, message.partition)
        part = self.parts.setdefault(where, Partition())
        if message.op == "MHEARTBEAT":
            self._beat(message, where)
        elif message.is_marker:
            self.markers.append(message)
        elif message.op in DDL_OPS:
            self.ddl.setdefault((message.sequence, message.op, message.topic, message.table), message)
        else:
            self._row(message, part)

    def _beat(self, message, where):
        """Keep the watermark. It must not decrease within a run; after a restart it may."""
        self.beats.setdefault(where, []).append(message.payload["timestamp"]["eventTime"])

    def _row(self, message, part):
        if self.check_key:
            self._check_key(message)
        if message.full and message.op == "DELETE":
            self.deleted.append(message)
        elif message.full:
            first = self.bootstraps and message.table[1] not in self.beside
            assert not (first and part.stream), f"a full-sync row after the stream: {message}"
            self.full.append(message)
        elif part.feed(message, self._moved):
            self.stream[message.sequence, message.op, message.topic, message.key, message.table] = message

    def _moved(self, half):
        """Return whether the UPDATE_AFTER of this UPDATE_BEFOR has another key or topic."""
        return self.news.get((half.sequence, half.table), (half.topic, half.key)) != (half.topic, half.key)

    def _check_key(self, message):
        assert message.key is not None, message
        primary = message.json["schema"]["primaryKey"]
        if primary is not None:
            text = convert.key_text(message.row[name] for name in primary)
            assert message.key.decode() == text, message
        else:
            assert message.key == b"", message
        assert message.partition == partition(message.key, self.counts[message.topic]), message

    # rebuilding

    def tables(self):
        """Return {(db, table): Table} after all messages, applied in the order of the binlog."""
        tables = {}
        for message in self.full:
            tables.setdefault(message.table, Table()).upsert(message)
        rank = {"UPDATE_BEFOR": 0, "DELETE": 0, "INSERT": 1, "UPDATE_AFTER": 1}
        events = [(m.sequence, rank[m.op], m) for m in self.stream.values()]
        events += [(m.sequence, -1, m) for m in self.ddl.values()]
        for _, order, message in sorted(events, key=lambda e: e[:2]):
            if order < 0:
                apply_ddl(tables, message)
                continue
            table = tables.setdefault(message.table, Table())
            if message.op in ("UPDATE_BEFOR", "DELETE"):
                table.remove(message)
            else:
                table.upsert(message)
        return tables


class Table:
    """A rebuilt table: rows by key, and rows without a key in a list."""

    def __init__(self):
        self.rows = {}
        self.loose = []
        self.missing_deletes = []

    def upsert(self, message):
        if message.key:
            self.rows[message.key] = dict(message.after)
        else:
            self.loose.append(dict(message.after))

    def remove(self, message):
        if message.key:
            # the row may be missing: the full sync may have read the table after the delete
            self.rows.pop(message.key, None)
        elif message.before in self.loose:
            self.loose.remove(message.before)
        else:
            self.missing_deletes.append(message)


def apply_ddl(tables, message):
    """Apply a DDL message to the rows of the messages before it."""
    table = tables.get(message.table)
    if message.op == "ERASE":
        tables.pop(message.table, None)
    elif message.op == "TRUNCATE" and table:
        table.rows.clear()
        table.loose.clear()
    elif message.op == "RENAME":
        # the message is in the old and the new topic; its schema has the table's new name
        meta = message.ddl_meta
        if (meta["database"], meta["table"]) in tables:
            tables[meta["newDatabase"], meta["newTable"]] = tables.pop((meta["database"], meta["table"]))


def compare(database, db, name, table, keyless=False):
    """Check that the rebuilt table equals the result of a SELECT. Return the number of rows."""
    columns = convert.columns_of(database, db, name)
    expected = convert.select(database, db, name, columns)
    table = table or Table()
    defaults = {c.name: _default(database, c) for c in columns}
    if keyless:
        return _compare_loose(expected, table.loose, name)
    assert not table.loose, f"{name}: rows without a key {table.loose[:3]}"
    primary = convert.primary_key(database, db, name)
    wanted = {convert.key_text(_plain(row[p]) for p in primary).encode(): row for row in expected}
    assert len(wanted) == len(expected), f"{name}: keys that are not unique as text"
    lost = [k for k in wanted if k not in table.rows]
    extra = [k for k in table.rows if k not in wanted]
    assert not lost and not extra, f"{name}: lost {lost[:5]} ({len(lost)}), too many {extra[:5]} ({len(extra)})"
    for key, row in wanted.items():
        got = table.rows[key]
        for column, value in row.items():
            # a row written before the column was added does not contain it: use the default
            has = got[column] if column in got else defaults[column]
            assert value == has, f"{name} {key!r} {column}: SELECT {value!r}, messages {has!r}"
    return len(wanted)


def _compare_loose(expected, loose, name):
    left = list(loose)
    for row in expected:
        found = next((i for i, got in enumerate(left) if all(v == got.get(c) for c, v in row.items())), None)
        assert found is not None, f"{name}: lost {row}"
        left.pop(found)
    assert not left, f"{name}: too many {left[:3]} ({len(left)})"
    return len(expected)


def _default(database, column):
    if column.default is None or column.default.upper() == "NULL":
        return None
    try:
        (value,) = database.run(f"SELECT CAST({column.default} AS CHAR)")[0]
    except Exception:  # MySQL reports the text of a string default without quotes
        value = column.default
    return _unwrap(column.convert(value))


def _unwrap(value):
    if isinstance(value, convert.Decimal):
        return Num(value.text) if "." in value.text else int(value.text)
    if isinstance(value, convert.Float):
        return Num(repr(value.value))
    return value


def _plain(value):
    """Return a key column's value as a message contains it."""
    if isinstance(value, convert.Virtual):
        value = value.value
    if isinstance(value, convert.Decimal):
        return value.text
    return value
