"""Compute the expected value of each column from a SELECT, by the rules of docs/types.md.

The server converts each value to text, and this module converts the text to the message's value."""

import base64
import contextlib
import re
import struct

from support.consume import Num

_DAY_MS = 86400000


def days_from_civil(year, month, day):
    """Return the days since 1970-01-01 in the proleptic Gregorian calendar, also for year 0."""
    year -= month <= 2
    era = year // 400
    of_era = year - era * 400
    of_year = (153 * (month + (-3 if month > 2 else 9)) + 2) // 5 + day - 1
    return era * 146097 + of_era * 365 + of_era // 4 - of_era // 100 + of_year - 719468


def date_ms(text):
    """Return '2020-01-31 23:59:59.123456' or '2020-01-31' as ms since 1970, without a time zone.

    Returns None for a date whose month or day is zero."""
    found = re.fullmatch(r"(\d{4})-(\d\d)-(\d\d)(?: (\d\d):(\d\d):(\d\d)(?:\.(\d+))?)?", text)
    assert found, text
    year, month, day = (int(found.group(i)) for i in (1, 2, 3))
    if month == 0 or day == 0:
        return None
    hour, minute, second = (int(found.group(i) or 0) for i in (4, 5, 6))
    milli = int(((found.group(7) or "") + "000")[:3])
    return days_from_civil(year, month, day) * _DAY_MS + ((hour * 60 + minute) * 60 + second) * 1000 + milli


def compact_json(text):
    """Return MySQL's JSON text without the spaces that it prints after "," and ":"."""
    out = []
    inside = False
    at = 0
    while at < len(text):
        char = text[at]
        if inside and char == "\\":
            out.append(text[at : at + 2])
            at += 2
            continue
        if char == '"':
            inside = not inside
        if inside or char != " ":
            out.append(char)
        at += 1
    return "".join(out)


def strip_zerofill(text):
    return re.sub(r"^(-?)0+(?=\d)", r"\1", text)


class Float:
    """A FLOAT or DOUBLE. It equals a JSON number that reads back as it with the fewest digits."""

    def __init__(self, value, single):
        self.value = value
        self.single = single

    def __repr__(self):
        return f"{'FLOAT' if self.single else 'DOUBLE'} {self.value!r}"

    def digits(self):
        """Return the least number of significant digits that read back as the value."""
        for n in range(1, 18):
            text = f"{self.value:.{n - 1}e}"
            if self.read(text) == self.value:
                return n
        raise AssertionError(self.value)

    def read(self, text):
        value = float(text)
        if not self.single:
            return value
        try:
            return struct.unpack("<f", struct.pack("<f", value))[0]
        except OverflowError:
            return float("inf")

    def __eq__(self, other):
        if isinstance(other, bool) or not isinstance(other, (int, Num)):
            return NotImplemented
        text = str(other)
        mantissa = re.split("[eE]", text)[0].replace("-", "").replace(".", "").strip("0")
        return self.read(text) == self.value and len(mantissa) <= self.digits()

    __hash__ = None


class Virtual:
    """The value of a virtual generated column. It also equals null, since a binlog may omit it."""

    def __init__(self, value):
        self.value = value

    def __repr__(self):
        return f"null or {self.value!r}"

    def __eq__(self, other):
        return other is None or self.value == other

    __hash__ = None


class Decimal:
    """A DECIMAL: its text with all digits of its scale; an integer when the scale is 0."""

    def __init__(self, text):
        self.text = strip_zerofill(text)

    def __repr__(self):
        return f"DECIMAL {self.text}"

    def __eq__(self, other):
        return isinstance(other, (int, Num)) and not isinstance(other, bool) and str(other) == self.text

    __hash__ = None


class Column:
    """A column: the SELECT expression that returns its exact text, and the value in a message."""

    def __init__(self, name, data_type, column_type, extra, default, nullable, charset, mysql):
        self.name = name
        self.type = data_type.lower()
        self.column_type = column_type.lower()
        self.virtual = "virtual" in extra.lower()
        self.default = default
        self.nullable = nullable
        self.mysql = mysql
        bytes_of = (*_BYTES, *_SPATIAL, "vector", *(("enum", "set") if charset in (None, "binary") else ()))
        self.bytes = self.type in bytes_of

    @property
    def expression(self):
        quoted = "`" + self.name.replace("`", "``") + "`"
        if self.bytes:
            return f"HEX({quoted})"
        if self.type == "bit":
            return f"CAST({quoted} + 0 AS CHAR)"
        if self.type == "float":
            return f"CAST(CAST({quoted} AS DOUBLE) AS CHAR)"
        if self.type in _TEXT:
            return f"CONVERT({quoted} USING utf8mb4)"
        return f"CAST({quoted} AS CHAR)"

    @property
    def transport(self):
        """The expected type in schema.dataColumn."""
        if self.type == "bit":
            return "BOOLEAN" if self.column_type == "bit(1)" else "BYTES"
        if self.type in _INTEGERS:
            return "LONG"
        if self.type in ("float", "double", "decimal"):
            return "DOUBLE"
        if self.type in ("date", "datetime", "timestamp"):
            return "DATE"
        if self.bytes:
            return "BYTES"
        return "STRING"

    def expect(self, text):
        """Return the expected JSON value for the text that the expression returned."""
        value = None if text is None else self.convert(text)
        return Virtual(value) if self.virtual else value

    def convert(self, text):
        if self.type in _INTEGERS:
            return int(text)
        if self.type == "decimal":
            return Decimal(text)
        if self.type in ("float", "double"):
            return Float(float(text), self.type == "float")
        if self.type == "bit":
            bits = int(re.search(r"\((\d+)\)", self.column_type).group(1))
            number = int(text)
            return bool(number) if bits == 1 else _base64(number.to_bytes((bits + 7) // 8, "big"))
        if self.transport == "BYTES":
            return _base64(bytes.fromhex(text))
        if self.transport == "DATE":
            return date_ms(text)
        if self.type == "json" and self.mysql:
            return compact_json(text)
        return text


_INTEGERS = ("tinyint", "smallint", "mediumint", "int", "bigint", "year")
_BYTES = ("binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob")
_TEXT = ("char", "varchar", "tinytext", "text", "mediumtext", "longtext", "enum", "set")
_SPATIAL = (
    "geometry",
    "point",
    "linestring",
    "polygon",
    "multipoint",
    "multilinestring",
    "multipolygon",
    "geometrycollection",
    "geomcollection",
)


def _base64(raw):
    return base64.b64encode(raw).decode()


def columns_of(database, db, table):
    """Return the columns of a table in table order, including invisible ones."""
    rows = database.run(
        "SELECT column_name, data_type, column_type, extra, column_default, is_nullable, character_set_name FROM information_schema.columns"
        f" WHERE table_schema = '{db}' AND table_name = '{table}' ORDER BY ordinal_position"
    )
    return [
        Column(n, _str(d), _str(t), _str(e), default and _str(default), nullable == "YES", charset, database.mysql)
        for n, d, t, e, default, nullable, charset in rows
    ]


def _str(value):
    return value.decode() if isinstance(value, bytes) else value


def primary_key(database, db, table):
    rows = database.run(
        "SELECT column_name FROM information_schema.statistics"
        f" WHERE table_schema = '{db}' AND table_name = '{table}' AND index_name = 'PRIMARY' ORDER BY seq_in_index"
    )
    return [name for (name,) in rows]


def select(database, db, table, columns=None):
    """Return every row of the table as {column: expected value in a message}."""
    columns = columns or columns_of(database, db, table)
    chosen = ", ".join(c.expression for c in columns)
    with contextlib.closing(database.connect()) as connection, connection.cursor() as cursor:
        cursor.execute(f"SELECT {chosen} FROM `{db}`.`{table}`")
        return [{c.name: c.expect(_str(v)) for c, v in zip(columns, row)} for row in cursor.fetchall()]


def key_text(parts):
    """Return the text of a key with these values: docs/messages.md."""
    return ",".join(_key_part(p) for p in parts)


def _key_part(value):
    if value is None:
        return "null"
    if value is True or value is False:
        return "true" if value else "false"
    return str(value)
