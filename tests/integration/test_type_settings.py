"""docs/types.md, "Settings": each setting of `types` over its column types. Every value is copied, comes through the stream, and is
copied beside the stream; all three write the same bytes (rule: same-bytes)."""

import base64
import re

import pytest
from support.rebuild import Rebuild
from support.runner import lua
from test_backfill import ONE, Here, arrived, changing
from test_full import fill

GEOMETRIES = {
    text.replace("((0 0),(1 1))", "(0 0,1 1)"): text  # MariaDB reads points without parentheses only
    for text in (
        "POINT(1 -2.5)",
        "LINESTRING(0 0,1 1,2 2)",
        "POLYGON((0 0,9 0,9 9,0 0),(1 1,2 1,2 2,1 1))",
        "MULTIPOINT((0 0),(1 1))",
        "MULTILINESTRING((0 0,1 1),(2 2,3 3))",
        "MULTIPOLYGON(((0 0,1 0,1 1,0 0)),((5 5,6 5,6 6,5 5)))",
        "GEOMETRYCOLLECTION(POINT(1 2),LINESTRING(0 0,1 1),MULTIPOINT((0 0),(1 1)))",
    )
}


def b64(digits):
    return base64.b64encode(bytes.fromhex(digits)).decode()


# (settings of `types`, or a transport type for columns.type; {column type: (transport type, {SQL value: JSON})})
CASES = [
    ({"tinyint1": "boolean"}, {
        "TINYINT(1)": ("BOOLEAN", {"NULL": "null", "0": "false", "1": "true"}),
        "BOOL NOT NULL": ("BOOLEAN", {"TRUE": "true", "FALSE": "false"}),
        "TINYINT": ("LONG", {"0": "0", "1": "1", "-128": "-128"}),
    }),
    ({"tinyint1": "long", "bigint_unsigned": "long", "decimal": "double"}, {
        "TINYINT(1)": ("LONG", {"NULL": "null", "0": "0", "1": "1", "2": "2"}),
        "BIGINT UNSIGNED": ("LONG", {"18446744073709551615": "18446744073709551615"}),
        "DECIMAL(10,2)": ("DOUBLE", {"12.3": "12.30"}),
    }),
    ({"bigint_unsigned": "string"}, {
        "BIGINT UNSIGNED": ("STRING", {"NULL": "null", "0": '"0"', "9223372036854775807": '"9223372036854775807"',
                                       "18446744073709551615": '"18446744073709551615"'}),
        "BIGINT": ("LONG", {"-1": "-1"}),
        "INT UNSIGNED": ("LONG", {"4294967295": "4294967295"}),
    }),
    ({"decimal": "string"}, {
        "DECIMAL(10,2)": ("STRING", {"NULL": "null", "12.3": '"12.30"', "-0.01": '"-0.01"', "99999999.99": '"99999999.99"'}),
        "DECIMAL(65,30)": ("STRING", {"1e-30": '"0.000000000000000000000000000001"', "-" + "9" * 35: f'"-{"9" * 35}.{"0" * 30}"'}),
        "DECIMAL(5,0) UNSIGNED ZEROFILL": ("STRING", {"0": '"0"', "42": '"42"'}),
        "DOUBLE": ("DOUBLE", {"12.5": "12.5"}),
    }),
    ({"bit": "bytes"}, {
        "BIT(1)": ("BOOLEAN", {"1": "true"}),
        "BIT(12)": ("BYTES", {"5": '"AAU="'}),
    }),
    ({"bit": "long"}, {
        "BIT(1)": ("LONG", {"NULL": "null", "0": "0", "1": "1"}),
        "BIT(12)": ("LONG", {"0": "0", "5": "5", "4095": "4095"}),
        "BIT(64)": ("LONG", {"0": "0", "9223372036854775808": "9223372036854775808",
                             "18446744073709551615": "18446744073709551615"}),
    }),
    ({"datetime": "string"}, {
        "DATE": ("STRING", {"NULL": "null", "'2021-03-03'": '"2021-03-03"', "'1000-01-01'": '"1000-01-01"', "'0000-00-00'": "null",
                            "'2024-00-10'": "null"}),
        "DATETIME": ("STRING", {"'9999-12-31 23:59:59'": '"9999-12-31 23:59:59"', "'0001-01-01 00:00:00'": '"0001-01-01 00:00:00"',
                                "'0000-00-00 00:00:00'": "null"}),
        "DATETIME(2)": ("STRING", {"'1969-12-31 23:59:59.99'": '"1969-12-31 23:59:59.99"',
                                   "'2021-03-03'": '"2021-03-03 00:00:00.00"'}),
        "DATETIME(6)": ("STRING", {"'2024-02-29 01:02:03.000009'": '"2024-02-29 01:02:03.000009"'}),
        "TIMESTAMP NULL": ("STRING", {"NULL": "null", "'1970-01-01 00:00:01'": '"1970-01-01 00:00:01"',
                                      "'2038-01-19 03:14:07'": '"2038-01-19 03:14:07"', "'0000-00-00 00:00:00'": "null"}),
        "TIMESTAMP(6) NULL": ("STRING", {"'2024-12-31 23:59:59.999999'": '"2024-12-31 23:59:59.999999"'}),
        "TIME(3)": ("STRING", {"'-01:02:03.004'": '"-01:02:03.004"'}),
    }),
    ({"datetime": "string", "zero_date": "string"}, {
        "DATE": ("STRING", {"'0000-00-00'": '"0000-00-00"', "'2024-00-10'": '"2024-00-10"', "NULL": "null"}),
        "DATETIME(1)": ("STRING", {"'0000-00-00 00:00:00'": '"0000-00-00 00:00:00.0"',
                                   "'2024-02-00 01:02:03.4'": '"2024-02-00 01:02:03.4"'}),
        "TIMESTAMP NULL": ("STRING", {"'0000-00-00 00:00:00'": '"0000-00-00 00:00:00"', "NULL": "null"}),
    }),
    ({"datetime": "string", "zero_date": "epoch"}, {
        "DATE": ("STRING", {"'0000-00-00'": '"1970-01-01"', "'2024-00-10'": '"1970-01-01"', "NULL": "null"}),
        "DATETIME(3)": ("STRING", {"'0000-00-00 00:00:00'": '"1970-01-01 00:00:00.000"'}),
        "TIMESTAMP NULL": ("STRING", {"'0000-00-00 00:00:00'": '"1970-01-01 00:00:00"', "NULL": "null"}),
    }),
    ({"datetime": "ms", "zero_date": "epoch"}, {
        "DATE": ("DATE", {"'0000-00-00'": "0", "'2024-00-10'": "0", "'2021-03-03'": "1614729600000", "NULL": "null"}),
        "DATETIME(3)": ("DATE", {"'0000-00-00 00:00:00'": "0", "'1969-12-31 23:59:59.999'": "-1"}),
        "TIMESTAMP NULL": ("DATE", {"'0000-00-00 00:00:00'": "0", "'1970-01-01 00:00:01'": "1000"}),
    }),
    ({"zero_date": "dirty"}, {
        "DATE": ("DATE", {"'2021-03-03'": "1614729600000", "NULL": "null"}),
    }),
    ({"timezone": "+08:00"}, {
        "DATE": ("DATE", {"NULL": "null", "'1970-01-01'": "-28800000", "'2021-03-03'": "1614700800000", "'0000-00-00'": "null"}),
        "DATETIME(6)": ("DATE", {"'2021-03-03 08:00:00.125999'": "1614729600125", "'1970-01-01 07:59:59.999999'": "-1"}),
        "TIMESTAMP(3) NULL": ("DATE", {"'2021-03-03 08:00:00.125'": "1614758400125", "'0000-00-00 00:00:00'": "null"}),
        "TIME": ("STRING", {"'08:00:00'": '"08:00:00"'}),
    }),
    ({"timezone": "-03:30", "zero_date": "epoch"}, {
        "DATETIME": ("DATE", {"'2021-03-03 00:00:00'": "1614742200000", "'2021-03-00 00:00:00'": "0"}),
    }),
    ({"timezone": "+08:00", "datetime": "string"}, {
        "DATE": ("STRING", {"'2021-03-03'": '"2021-03-03"'}),
        "DATETIME(2)": ("STRING", {"'2021-03-03 23:00:00.5'": '"2021-03-03 23:00:00.50"'}),
        "TIMESTAMP(1) NULL": ("STRING", {"'2021-12-31 20:00:00.5'": '"2022-01-01 04:00:00.5"', "'0000-00-00 00:00:00'": "null"}),
    }),
    ({"time": "date"}, {
        "TIME": ("DATE", {"NULL": "null", "'00:00:00'": "0", "'838:59:59'": "3020399000", "'-838:59:59'": "-3020399000"}),
        "TIME(3)": ("DATE", {"'-01:02:03.004'": "-3723004", "'12:34:56.789'": "45296789"}),
        "TIME(6)": ("DATE", {"'00:00:00.000999'": "0", "'-00:00:00.000001'": "-1"}),
    }),
    ({"geometry": "wkb"}, {
        "POINT": ("BYTES", {"NULL": "null", "ST_GeomFromText('POINT(1 2)')": f'"{b64("0101000000000000000000f03f0000000000000040")}"',
                            "ST_GeomFromText('POINT(1 2)', 3857)": f'"{b64("0101000000000000000000f03f0000000000000040")}"'}),
    }),
    ({"geometry": "wkt"}, {
        "GEOMETRY": ("STRING", {f"ST_GeomFromText('{sql}')": f'"{text}"' for sql, text in GEOMETRIES.items()}),
        "LINESTRING": ("STRING", {"NULL": "null", "ST_GeomFromText('LINESTRING(0 0,1.5 -2e-7)')": '"LINESTRING(0 0,1.5 -2e-7)"'}),
        "BLOB": ("BYTES", {"x'00'": '"AA=="'}),
    }),
    ("STRING", {
        "BIGINT UNSIGNED": ("STRING", {"NULL": "null", "18446744073709551615": '"18446744073709551615"'}),
        "TINYINT(1)": ("STRING", {"-1": '"-1"'}),
        "YEAR": ("STRING", {"2024": '"2024"'}),
        "DECIMAL(5,2)": ("STRING", {"12.3": '"12.30"'}),
        "FLOAT": ("STRING", {"0.1": '"0.1"'}),
        "DOUBLE": ("STRING", {"0.1": '"0.1"', "1e22": '"1e+22"'}),
        "BIT(1)": ("STRING", {"0": '"false"', "1": '"true"'}),
        "DATETIME(3)": ("STRING", {"'2021-03-03 12:00:00.5'": '"2021-03-03 12:00:00.500"', "'0000-00-00 00:00:00'": "null"}),
        "TIME": ("STRING", {"'01:02:03'": '"01:02:03"'}),
        "VARBINARY(10)": ("STRING", {"'Straße'": '"Straße"', "''": '""'}),
        "SET('x','y') CHARACTER SET binary": ("STRING", {"'x,y'": '"x,y"'}),
        "POINT": ("STRING", {"ST_GeomFromText('POINT(1 2)')": '"POINT(1 2)"'}),
    }),
    ("LONG", {
        "INT": ("LONG", {"NULL": "null", "-7": "-7"}),
        "DECIMAL(22,2)": ("LONG", {"12": "12", "-0.00": "0", "18446744073709551615": "18446744073709551615"}),
        "DOUBLE": ("LONG", {"-3": "-3", "1e15": "1000000000000000"}),
        "BIT(1)": ("LONG", {"1": "1"}),
        "BIT(12)": ("LONG", {"5": "5"}),
        "DATE": ("LONG", {"'2021-03-03'": "1614729600000", "'0000-00-00'": "null"}),
        "TIME": ("LONG", {"'-00:00:01'": "-1000"}),
        "VARCHAR(30)": ("LONG", {"'-9223372036854775808'": "-9223372036854775808", "'007'": "7", "NULL": "null"}),
        "ENUM('1','2')": ("LONG", {"'2'": "2"}),
    }),
    ("DOUBLE", {
        "INT": ("DOUBLE", {"7": "7"}),
        "VARCHAR(30)": ("DOUBLE", {"'-12.30'": "-12.30", "'0'": "0", "'1e5'": "1e5", "NULL": "null"}),
    }),
    ("BOOLEAN", {
        "INT": ("BOOLEAN", {"0": "false", "1": "true", "NULL": "null"}),
        "VARCHAR(30) CHARACTER SET latin1": ("BOOLEAN", {"'true'": "true", "'false'": "false", "'1'": "true", "'0'": "false"}),
        "ENUM('true','false')": ("BOOLEAN", {"'false'": "false"}),
    }),
    ("DATE", {
        "BIGINT": ("DATE", {"1614729600000": "1614729600000"}),
        "TIME": ("DATE", {"'00:00:01'": "1000"}),
        "VARCHAR(30)": ("DATE", {"'2021-03-03'": "1614729600000", "'2021-03-03 12:00:00.125'": "1614772800125", "NULL": "null"}),
    }),
    ("BYTES", {
        "VARCHAR(30) CHARACTER SET latin1": ("BYTES", {"'ß'": '"w58="', "NULL": "null"}),
        "BIT(12)": ("BYTES", {"5": '"AAU="'}),
    }),
]
STEP = 1000  # ids of the stream begin after it


@pytest.fixture(params=["mariadb", "mysql"])
def server(request, unique):
    """A server with an empty database of the test, and sql(...) that runs statements there."""
    found = request.getfixturevalue(request.param)
    found.run(f"CREATE DATABASE `{unique}` CHARACTER SET utf8mb4")
    connection = found.connect(database=unique, init_command="SET time_zone = '+00:00', sql_mode = ''")

    def sql(*statements):
        with connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)

    found.sql = sql
    yield found
    connection.close()
    found.run(f"DROP DATABASE `{unique}`")


def rows_of(columns):
    """Return {id: [(SQL value, JSON) of each column]}, so that each value of each column is in a row."""
    values = [list(pairs.items()) for _, pairs in columns.values()]
    return {i: [pairs[i % len(pairs)] for pairs in values] for i in range(max(map(len, values)))}


def insert(server, table, columns, first):
    listed = ",".join(f"({first + i}, {', '.join(sql for sql, _ in row)})" for i, row in rows_of(columns).items())
    server.sql(f"INSERT INTO {table} VALUES {listed}")


def check(message, settings, columns):
    """Check the transport type and the bytes of each column."""
    row = rows_of(columns)[int(message.key) % STEP]
    expected = "".join(f',"c{i}":{json}' for i, (_, json) in enumerate(row))
    assert list(message.types.values()) == ["LONG"] + [transport for transport, _ in columns.values()], settings
    image = message.value[message.value.index(b'"after":') : message.value.index(b',"sequenceId"')].decode()
    assert image == f'"after":{{"dataColumn":{{"id":{message.key.decode()}{expected}}}}}', (settings, row)


def options_of(tables):
    """Return the options that give each table its settings: {its name: (settings or a transport type, names of its columns)}."""
    types = {name: settings for name, (settings, _) in tables.items() if isinstance(settings, dict)}
    columns = {
        name: {"type": dict.fromkeys(names, settings)} for name, (settings, names) in tables.items() if isinstance(settings, str)
    }
    return f"types = {lua(types)}, columns = {lua(columns)},"


def test_settings(server, sync_on, broker, unique):
    """docs/types.md, "Settings": the form and the transport type of each value, copied, in the stream, and copied beside it."""
    tables = {f"t{number}": case for number, case in enumerate(CASES)}
    options = options_of({
        f"{unique}.{{t,b}}{name[1:]}": (settings, [f"c{i}" for i in range(len(columns))]) for name, (settings, columns) in tables.items()
    })
    for name, (_, columns) in tables.items():
        server.sql(f"CREATE TABLE {name} (id INT PRIMARY KEY, {', '.join(f'c{i} {c}' for i, c in enumerate(columns))})")
        insert(server, name, columns, 0)
    running = sync_on(server, broker, [f"{unique}.t*"], options).start()
    running.wait_streaming()
    for name, (_, columns) in tables.items():
        insert(server, name, columns, STEP)
    for name, case in tables.items():
        for message in running.wait_rows(f"{unique}.{name}", 2 * len(rows_of(case[1]))):
            assert message.full == (int(message.key) < STEP)
            check(message, *case)
    assert running.stop() == 0
    for name in tables:
        server.sql(f"CREATE TABLE b{name[1:]} LIKE {name}", f"INSERT INTO b{name[1:]} SELECT * FROM {name}")
    running.write(running.text([f"{unique}.*"], options))
    running.start()
    for name, case in tables.items():
        for message in running.wait_rows(f"{unique}.b{name[1:]}", 2 * len(rows_of(case[1]))):
            assert message.full
            check(message, *case)
    assert f"{len(tables)} of {2 * len(tables)} tables to read beside the stream" in running.log
    assert running.stop() == 0


# (settings, column type, SQL value of column c, Lua that makes column d of it, JSON of d)
ASSIGNED = [
    ({"tinyint1": "boolean"}, "TINYINT(1)", "1", "not row.c", "false"),
    ({"tinyint1": "boolean"}, "TINYINT(1)", "2", "row.c == 2", "true"),
    ({"bigint_unsigned": "string"}, "BIGINT UNSIGNED", "41", "row.c + 1", '"42"'),
    ({"bigint_unsigned": "string"}, "BIGINT UNSIGNED", "18446744073709551615", "row.c", '"18446744073709551615"'),
    ({"decimal": "string"}, "DECIMAL(5,2)", "12.3", "row.c + 1", '"13.30"'),
    ({"decimal": "string"}, "DECIMAL(20,2)", "12.3", "row.c + 1", '"13.30"'),
    ({"bit": "long"}, "BIT(1)", "0", "row.c + 1", "1"),
    ({"bit": "long"}, "BIT(12)", "5", "row.c | 2", "7"),
    ({"bit": "long"}, "BIT(64)", "18446744073709551615", "row.c", "18446744073709551615"),
    ({"datetime": "string"}, "DATE", "'2021-03-03'", '"1999-" .. row.c:sub(6)', '"1999-03-03"'),
    ({"datetime": "string"}, "DATETIME(6)", "'2021-03-03 12:00:00.000009'", "row.c", '"2021-03-03 12:00:00.000009"'),
    ({"datetime": "string"}, "DATETIME(3)", "'2021-03-03 12:00:00'", "row.c:sub(1, 19)", '"2021-03-03 12:00:00.000"'),
    ({"datetime": "string"}, "TIMESTAMP(2) NULL", "'2021-03-03 12:00:00.25'", "1614729600250", '"2021-03-03 00:00:00.25"'),
    ({"datetime": "string"}, "DATE", "'0000-00-00'", "row.c or 0", '"1970-01-01"'),
    ({"datetime": "string", "zero_date": "string"}, "DATE", "'2024-00-10'", "row.c", '"2024-00-10"'),
    ({"zero_date": "epoch"}, "DATE", "'0000-00-00'", "row.c + 86400000", "86400000"),
    ({"zero_date": "dirty"}, "DATE", "'0000-00-00'", "row.c or 86400000", "86400000"),
    ({"timezone": "+08:00"}, "DATE", "'2021-03-03'", "row.c + 86400000", "1614787200000"),
    ({"timezone": "+08:00"}, "DATETIME(3)", "'2021-03-03 08:00:00.125'", "row.c + 1", "1614729600126"),
    ({"timezone": "+08:00", "datetime": "string"}, "DATETIME", "NULL", "1614729600000", '"2021-03-03 08:00:00"'),
    ({"timezone": "+08:00", "datetime": "string"}, "DATE", "NULL", "1614700800000", '"2021-03-03"'),
    ({"time": "date"}, "TIME(3)", "'-01:02:03.004'", "row.c:sub(2)", "3723004"),
    ({"geometry": "wkt"}, "POINT", "ST_GeomFromText('POINT(1 2)')", "row.c", '"POINT(1 2)"'),
    ("BOOLEAN", "INT", "0", "not row.c", "true"),
    ("LONG", "DECIMAL(5,2)", "12", "row.c + 1", "13"),
    ("LONG", "BIT(12)", "5", "row.c + 1", "6"),
    ("LONG", "VARCHAR(9)", "'12'", "row.c .. row.c", "1212"),
    ("STRING", "DATE", "'2021-03-03'", "row.c", '"2021-03-03"'),
    ("STRING", "INT", "1", "row.c + 1", '"2"'),
]


def test_functions(sync, sql, db, broker):
    """docs/lua-api.md, "Values": what functions read and set under a setting, in the full sync and in the stream."""
    tables, functions = {}, []
    for number, (settings, column_type, value, code, _) in enumerate(ASSIGNED):
        sql(f"CREATE TABLE t{number} (id INT PRIMARY KEY, c {column_type}, d {column_type})",
            f"INSERT INTO t{number} (id, c) VALUES (1, {value})")
        tables[f"{db}.t{number}"] = (settings, "cd")
        functions.append(f'["{db}.t{number}"] = function(row) row.d = {code} row.c = nil end,')
    running = sync(f"{options_of(tables)} on_row = {{ {' '.join(functions)} }},", kafka=broker)
    running.wait_streaming()
    for number, (_, _, value, _, _) in enumerate(ASSIGNED):
        sql(f"INSERT INTO t{number} (id, c) VALUES (2, {value})")
    for number, case in enumerate(ASSIGNED):
        for message in running.wait_rows(f"{db}.t{number}", 2):
            assert f'"c":null,"d":{case[-1]}}}'.encode() in message.value, case
    assert running.stop() == 0


@pytest.mark.parametrize("name", ["mariadb", "mysql"])
def test_key_in_a_backfill(request, name, unique, sync_on, kafka):
    """A key column with a setting: rows that the stream changes while they are copied are found by their key, and the topic, read as
    it arrived, has the rows of SELECT."""
    here = Here(request.getfixturevalue(name), unique, sync_on, kafka)
    options = 'types = { tinyint1 = "boolean" }, full = { rows_per_second = 1500 },' + ONE
    here.make_new(3000)
    here.sql("ALTER TABLE new ADD b TINYINT(1) NOT NULL DEFAULT 1, DROP PRIMARY KEY, ADD PRIMARY KEY (b, id)",
             "UPDATE new SET b = id % 2")
    running = here.stream_a(options)
    running.start()
    running.wait_streaming()
    with changing(here, "new", 3000):
        here.wait_copied(running)
    here.sql("INSERT INTO a VALUES (1000000, 0, 'marker')")
    running.until(f"{unique}.a", lambda all_: any(m.key == b"1000000" for m in all_), "the marker")
    assert running.stop() == 0
    messages = running.reader(f"{unique}.new").to_end()
    Rebuild(kafka.partitions(), bootstraps=False).feed_all(messages)
    assert any(not m.full for m in messages)
    assert arrived(messages, f"{unique}.new").rows == {
        f"{'true' if b else 'false'},{id_}".encode(): {"id": id_, "v": v, "s": s, "b": b == 1}
        for id_, v, s, b in here.sql("SELECT id, v, s, b FROM new")
    }


def test_one_column(server, sync_on, broker, unique):
    """docs/lua-api.md, "types": a setting of a column takes precedence over that of its table, and this over that for all tables.
    A key has the form in which the column is written, and functions read it."""
    server.sql("CREATE TABLE a (k TINYINT(1) PRIMARY KEY, x TINYINT(1), y TINYINT(1))", "CREATE TABLE b LIKE a",
               "INSERT INTO a VALUES (0, 1, 1)", "INSERT INTO b VALUES (1, 1, 1)")
    options = f"""
    types = {{ tinyint1 = "boolean", ["{unique}.b"] = {{ tinyint1 = "long" }} }},
    columns = {{ ["{unique}.a"] = {{ type = {{ y = {{ tinyint1 = "long" }} }} }},
                 ["{unique}.b"] = {{ drop = "k", type = {{ k = {{ tinyint1 = "boolean" }} }} }} }},
    key = "k",
    fields = {{ seen = field.string(function(change) return math.type(change.row.x) or type(change.row.x) end) }},
    on_row = {{ ["{unique}.a"] = function(row) if row.k then row.x = not row.x end end }},"""
    running = sync_on(server, broker, [f"{unique}.*"], options).start()
    running.wait_streaming()
    server.sql("INSERT INTO a VALUES (1, 1, 1)", "INSERT INTO b VALUES (0, 1, 1)")
    a, b = ({m.key: m.after for m in running.wait_rows(f"{unique}.{table}", 2)} for table in "ab")
    assert a == {
        b"false": {"k": False, "x": True, "y": 1, "seen": "boolean"},
        b"true": {"k": True, "x": False, "y": 1, "seen": "boolean"},
    }
    assert b == {
        b"false": {"x": 1, "y": 1, "seen": "integer"},
        b"true": {"x": 1, "y": 1, "seen": "integer"},
    }
    assert running.stop() == 0


UNFIT = [
    ("TINYINT(1)", {"tinyint1": "boolean"}, "2", r"neither 0 nor 1.*tinyint1 = \"long\""),
    ("DATE", {"zero_date": "dirty"}, "'0000-00-00'", r"zero date.*zero_date = \"null\""),
    ("TIMESTAMP NULL", {"zero_date": "dirty", "datetime": "string"}, "'0000-00-00 00:00:00'", r"zero date.*zero_date = \"null\""),
    ("DECIMAL(5,2)", "LONG", "12.01", r"not a whole number.*type = \"LONG\" \(sync.lua:\d+\).*= \"DOUBLE\""),
    ("VARBINARY(9)", "STRING", "x'c3'", r"not valid UTF-8.*= \"BYTES\""),
    ("VARCHAR(9)", "DATE", "'2021-02'", r"not a date.*= \"STRING\""),
]


@pytest.mark.parametrize(("column_type", "settings", "value", "text"), UNFIT, ids=[f"{c}-{v}" for c, _, v, _ in UNFIT])
def test_value_that_does_not_fit(sync, sql, db, broker, column_type, settings, value, text):
    """docs/types.md, "Settings": such a value stops the sync, in the full sync and in the stream, with table, column and remedy, and in
    the stream with key and position. With the default form the sync resumes at the row."""
    sql(f"CREATE TABLE t (id INT PRIMARY KEY, c {column_type})", "INSERT INTO t VALUES (1, NULL)")
    options = options_of({f"{db}.t": (settings, "c")})
    running = sync(options, kafka=broker)
    running.wait_streaming()
    sql(f"INSERT INTO t VALUES (2, {value})")
    log = running.fails(7, rf"(?s){db}\.t.*{text}", "E-749", "column c", "key 2", r"bin\.\d+:\d+")
    assert "sync.lua:" in log
    remedy = re.search(r"columns = \{ .*? \} \} \}( \})?", log).group()
    running.write(running.path.read_text().replace(options, remedy + ","))
    running.start()
    assert {m.key for m in running.wait_rows(f"{db}.t", 2)} == {b"1", b"2"}
    assert running.stop() == 0
    copied = sync(options, kafka=broker, name=f"{db[:40]}_copy", start=False)
    copied.start().fails(7, rf"(?s){db}\.t.*{text}", "E-749", "key 2")
