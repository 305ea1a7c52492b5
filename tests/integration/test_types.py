"""messages.md section 3: every column type with its edge values. Each value is in its table before the sync starts (full
sync), and again in the stream under each kind of row metadata. The message must contain the value of SELECT, and the same
bytes in every phase (rule: same-bytes)."""

import contextlib

import pytest
from support import convert
from support.consume import rows
from support.rebuild import Rebuild, check_shape, compare
from support.runner import Exited, Sync

INTS = {
    "TINYINT": (-128, -1, 0, 127),
    "TINYINT UNSIGNED": (0, 128, 255),
    "BOOL": (0, 1),
    "SMALLINT": (-32768, 0, 32767),
    "SMALLINT UNSIGNED": (0, 32768, 65535),
    "MEDIUMINT": (-8388608, -1, 0, 8388607),
    "MEDIUMINT UNSIGNED": (0, 8388608, 16777215),
    "INT": (-2147483648, -1, 0, 2147483647),
    "INT UNSIGNED": (0, 2147483648, 4294967295),
    "INT(8) ZEROFILL": (0, 42, 4294967295),
    "BIGINT": (-9223372036854775808, -1, 0, 9223372036854775807),
    "BIGINT UNSIGNED": (0, 9223372036854775807, 9223372036854775808, 18446744073709551615),
    "YEAR": (1901, 2155, 0, 2024),
}
DECIMALS = {
    "DECIMAL(10,2)": ("0", "12.3", "-12.30", "99999999.99", "-99999999.99", "0.01", "-0.01"),
    "DECIMAL(5,0)": ("0", "-99999", "99999"),
    "DECIMAL(65,30)": (
        "0",
        "99999999999999999999999999999999999.999999999999999999999999999999",
        "-99999999999999999999999999999999999.999999999999999999999999999999",
        "0.000000000000000000000000000001",
        "1e-30",
        "123456789.000000001",
    ),
    "DECIMAL(65,0)": ("9" * 65, "-" + "9" * 65, "1000000000000000000000000"),
    "DECIMAL(30,30)": ("0.000000000000000000000000000001", "-0.999999999999999999999999999999"),
    "DECIMAL(9,9)": ("0.123456789", "-0.000000001"),
    "DECIMAL(10,1)": ("0.1", "-123456789.1"),
    "DECIMAL(19,10) UNSIGNED": ("0", "999999999.9999999999"),
    "DECIMAL(8,2) ZEROFILL": ("0", "12.3", "999999.99"),
}
FLOATS = {
    "FLOAT": (
        "0", "1", "-1", "0.1", "16777217", "16777216", "3.4028235e38", "-3.4028235e38", "1.17549435e-38", "1e-45", "1e10",
        "123456.7", "9.9999999e9", "33554430", "8388608.5", "0.3", "1e21", "1e-7",
    ),
    "FLOAT UNSIGNED": ("0", "16777217"),
    "FLOAT(7,3)": ("1.5", "9999.999"),
    "DOUBLE": (
        "0", "0.1", "-0.1", "1e22", "1e21", "123456789012345680", "1.7976931348623157e308", "-1.7976931348623157e308",
        "2.2250738585072014e-308", "5e-324", "9007199254740993", "0.30000000000000004", "1e-7", "100", "1e15", "1e16",
    ),
    "DOUBLE(10,2)": ("1.5", "-99999999.99"),
}
TEMPORAL = {
    "DATE": ("'1000-01-01'", "'9999-12-31'", "'1970-01-01'", "'1969-12-31'", "'2024-02-29'", "'0000-00-00'",
             "'2024-00-00'", "'2024-02-00'", "'0001-01-01'"),
    "DATETIME": ("'1000-01-01 00:00:00'", "'9999-12-31 23:59:59'", "'1969-12-31 23:59:59'", "'2024-03-31 02:30:00'",
                 "'0000-00-00 00:00:00'", "'2024-00-10 01:02:03'"),
    "DATETIME(1)": ("'2024-01-02 03:04:05.9'", "'1969-12-31 23:59:59.9'"),
    "DATETIME(3)": ("'2024-01-02 03:04:05.001'", "'1969-12-31 23:59:59.999'", "'0000-00-00 00:00:00.000'"),
    "DATETIME(5)": ("'2024-01-02 03:04:05.00123'",),
    "DATETIME(6)": ("'2024-01-02 03:04:05.000999'", "'2024-01-02 03:04:05.999999'", "'1969-12-31 23:59:59.999999'",
                    "'1969-12-31 23:59:59.000001'"),
    "TIMESTAMP NULL": ("'1970-01-01 00:00:01'", "'2038-01-19 03:14:07'", "'2024-03-31 01:30:00'",
                       "'0000-00-00 00:00:00'"),
    "TIMESTAMP(3) NULL": ("'2024-01-02 03:04:05.678'", "'2038-01-19 03:14:07.999'"),
    "TIMESTAMP(6) NULL": ("'2024-01-02 03:04:05.678901'", "'1970-01-01 00:00:01.000001'"),
    "TIME": ("'00:00:00'", "'838:59:59'", "'-838:59:59'", "'23:59:59'", "'-00:00:01'", "'100:00:00'"),
    "TIME(1)": ("'01:02:03.4'", "'-01:02:03.4'", "'-00:00:00.1'"),
    "TIME(2)": ("'-01:02:03.45'", "'-00:00:00.01'"),
    "TIME(3)": ("'01:02:03.456'", "'-01:02:03.001'", "'-838:59:58.999'"),
    "TIME(4)": ("'-00:00:00.0001'", "'12:34:56.7891'"),
    "TIME(5)": ("'-00:00:00.00001'",),
    "TIME(6)": ("'-00:00:00.000001'", "'838:59:58.999999'", "'-838:59:58.999999'", "'00:00:00.000000'"),
}
ALL_BYTES = "x'" + bytes(range(256)).hex() + "'"
PRINTING = "'plain'", "''", "'tab\\tline\\nquote\\\" back\\\\ slash/ nul\\0 bell\\Z'", "'trailing  '"
STRINGS = {
    "CHAR(10)": (*PRINTING[:2], "'ä€😀'", "'trail   '"),
    "CHAR(255) CHARACTER SET utf8mb4": ("REPEAT('😀', 255)", "REPEAT('a', 255)", "''"),
    "CHAR(100) CHARACTER SET utf8mb3": ("REPEAT('€', 100)", "'x'"),
    "VARCHAR(200)": (*PRINTING, "'ünï 漢字 😀'", "x'7f'", "x'0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f'"),
    "VARCHAR(255) CHARACTER SET ascii": ("'ascii'", "REPEAT('x', 255)"),
    "VARCHAR(256) CHARACTER SET latin1": (ALL_BYTES, "'é'", "REPEAT('é', 256)"),
    "CHAR(20) CHARACTER SET latin1": ("x'808182838485868788898a8b8c8d8e8f90919293'", "'ÿ'"),
    "VARCHAR(8000)": ("REPEAT('漢', 8000)", "''"),
    "TINYTEXT": ("'x'", "REPEAT('y', 255)"),
    "TEXT": ("'x'", "REPEAT('é', 30000)"),
    "TEXT CHARACTER SET latin1": (ALL_BYTES,),
    "MEDIUMTEXT": ("REPEAT('z', 70000)",),
    "LONGTEXT": ("'l'", "''"),
    "VARCHAR(20) COLLATE utf8mb4_bin": ("'Ab'",),
    "BINARY(8)": ("x'00'", "x'0102030405060708'", "''", "x'6100000000000000'", "x'2020'", "x'ff00ff00'"),
    "BINARY(1)": ("x'00'", "x'ff'"),
    "BINARY(255)": ("''", "x'00ff'"),
    "VARBINARY(300)": (ALL_BYTES, "''", "x'00'", "x'6100'"),
    "TINYBLOB": ("x'00'", "''", "x'0001'", "x'000102'"),
    "BLOB": (ALL_BYTES,),
    "MEDIUMBLOB": ("REPEAT(x'00ff10', 30000)",),
    "LONGBLOB": ("x'ff'",),
    "ENUM('a','b','grün','x,y','it''s')": ("'a'", "'grün'", "'x,y'", "'it''s'", "0"),
    "ENUM('ä','ß') CHARACTER SET latin1": ("'ä'", "'ß'"),
    "ENUM(" + ",".join(f"'v{i}'" for i in range(300)) + ")": ("'v0'", "'v254'", "'v255'", "'v299'"),
    "SET('a','b','grün','d')": ("''", "'a'", "'a,grün'", "'d,b,a'", "15"),
    "SET('ä','ß') CHARACTER SET latin1": ("'ß'", "'ä,ß'"),
    "SET(" + ",".join(f"'m{i}'" for i in range(64)) + ")": ("'m0'", "'m63'", "18446744073709551615", "'m7,m8,m31,m32'"),
}
OTHERS = {
    "BIT(1)": ("0", "1"),
    "BIT(2)": ("0", "3", "1"),
    "BIT(8)": ("0", "255", "128"),
    "BIT(9)": ("0", "256", "511"),
    "BIT(17)": ("65536", "131071"),
    "BIT(64)": ("0", "1", "18446744073709551615", "9223372036854775808"),
    "JSON": ("'{}'", "'[]'", "'{\"a\": [1, 2.50, \"x\\\\u00e9\", null, true]}'", "'\"text\"'", "'{\"b\":1,  \"a\" : 2}'", "'null'"),
    "GEOMETRY": ("ST_GeomFromText('POINT(1 2)')", "ST_GeomFromText('LINESTRING(0 0,1 1,2 2)', 4326)"),
    "POINT": ("ST_GeomFromText('POINT(-1.5 2.25)')",),
    "LINESTRING": ("ST_GeomFromText('LINESTRING(0 0,1 1)')",),
    "POLYGON": ("ST_GeomFromText('POLYGON((0 0,1 0,1 1,0 0))')",),
    "MULTIPOINT": ("ST_GeomFromText('MULTIPOINT(0 0,1 1)')",),
    "MULTILINESTRING": ("ST_GeomFromText('MULTILINESTRING((0 0,1 1),(2 2,3 3))')",),
    "MULTIPOLYGON": ("ST_GeomFromText('MULTIPOLYGON(((0 0,1 0,1 1,0 0)))')",),
    "GEOMETRYCOLLECTION": ("ST_GeomFromText('GEOMETRYCOLLECTION(POINT(1 2),LINESTRING(0 0,1 1))')",),
    "UUID": ("'123e4567-e89b-12d3-a456-426655440000'", "'00000000-0000-0000-0000-000000000000'",
             "'ffffffff-ffff-ffff-ffff-ffffffffffff'"),
    "INET6": ("'::1'", "'2001:db8::ff00:42:8329'", "'::ffff:192.0.2.1'", "'::'"),
    "INET4": ("'192.0.2.1'", "'0.0.0.0'", "'255.255.255.255'"),
}
CASES = [
    (column_type, tuple(map(str, values)))
    for group in (INTS, DECIMALS, FLOATS, TEMPORAL, STRINGS, OTHERS)
    for column_type, values in group.items()
]
METADATA = ("NO_LOG", "MINIMAL", "FULL")
STEP = 1000  # ids of one phase: full sync from 1, NO_LOG from 1001, ...


def name_of(column_type):
    return column_type[:30]


@pytest.fixture(scope="module")
def phases(mariadb, kafka, folder):
    """Every table loaded, synced, and written again under each kind of row metadata: {table: messages}."""
    db = "types_all"
    root = mariadb.connect(init_command="SET time_zone = '+00:00', sql_mode = '', innodb_strict_mode = 0")
    with contextlib.closing(root), root.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {db} CHARACTER SET utf8mb4")
        for number, (column_type, values) in enumerate(CASES):
            cursor.execute(f"CREATE TABLE {db}.t{number} (id INT PRIMARY KEY, c {column_type}) ENGINE=InnoDB")
            write(cursor, db, number, values, 1)
        sync = Sync(
            folder / "types", "types_all", mariadb, kafka, [f"{db}.*"],
            "topics = { partitions = 1 }, full = { parallel = 2 },",
        ).start()
        try:
            sync.wait_streaming()
            for step, metadata in enumerate(METADATA, 1):
                with mariadb.globals(binlog_row_metadata=metadata):
                    for number, (_, values) in enumerate(CASES):
                        write(cursor, db, number, values, step * STEP + 1)
            topics = [f"{db}.t{number}" for number in range(len(CASES))]
            last = f"{db}.t{len(CASES) - 1}"
            count = len(CASES[-1][1]) + 1
            sync.until(last, lambda m: len(rows(m)) >= count * (1 + len(METADATA)), "the last rows")
            assert sync.stop() == 0
            found = {}
            for message in rows(sync.reader(*topics).to_end()):
                found.setdefault(message.table[1], {})[int(message.key)] = message
            yield db, found
        finally:
            sync.cleanup()
            mariadb.run(f"DROP DATABASE {db}")


def write(cursor, db, number, values, first):
    """NULL, then each value."""
    listed = ",".join(f"({first + i}, {value})" for i, value in enumerate(("NULL", *values)))
    cursor.execute(f"INSERT INTO {db}.t{number} VALUES {listed}")


def raw(message):
    """The bytes of c's value."""
    start = f'"after":{{"dataColumn":{{"id":{message.key.decode()},"c":'.encode()
    at = message.value.index(start) + len(start)
    return message.value[at : message.value.index(b'}},"sequenceId"', at)]


@pytest.mark.parametrize("number", range(len(CASES)), ids=[name_of(c) for c, _ in CASES])
def test_type(phases, mariadb, number):
    """docs/messages.md, "Changes": the value of SELECT in the right transport type, and the same bytes in both phases
    (rule: same-bytes)."""
    db, found = phases
    messages = found.get(f"t{number}", {})
    column_type, values = CASES[number]
    columns = convert.columns_of(mariadb, db, f"t{number}")
    expected = {row["id"]: row["c"] for row in convert.select(mariadb, db, f"t{number}", columns)}
    assert len(expected) == (len(values) + 1) * (1 + len(METADATA))
    assert sorted(messages) == sorted(expected), "rows lost or too many"
    for key, message in messages.items():
        check_shape(message)
        assert message.types == {"id": "LONG", "c": columns[1].transport}
        assert message.full == (key < STEP)
        value = values[key % STEP - 2] if key % STEP > 1 else "NULL"
        assert message.after["c"] == expected[key], (column_type, value, key)
        assert raw(message) == raw(messages[key % STEP]), (column_type, value, key)


def test_zero_dates_are_null(phases):
    """docs/messages.md, "Changes": zero and partial-zero dates are null, never 1970."""
    _, found = phases
    number = next(n for n, (c, _) in enumerate(CASES) if c == "DATE")
    values = CASES[number][1]
    for bad in ("'0000-00-00'", "'2024-00-00'", "'2024-02-00'"):
        key = values.index(bad) + 2
        assert found[f"t{number}"][key].after["c"] is None
        assert found[f"t{number}"][key + STEP].after["c"] is None


def test_float_exact(phases):
    """Rule: same-bytes. 16777217 as FLOAT is 16777216, not the text protocol's 16777200."""
    _, found = phases
    number = next(n for n, (c, _) in enumerate(CASES) if c == "FLOAT")
    key = CASES[number][1].index("16777217") + 2
    for phase in range(1 + len(METADATA)):
        assert float(found[f"t{number}"][key + phase * STEP].after["c"]) == 16777216.0


def test_zerofill_is_a_number(phases):
    """Rule: same-bytes. DECIMAL ZEROFILL and INT ZEROFILL lose their zeros."""
    _, found = phases
    number = next(n for n, (c, _) in enumerate(CASES) if c == "DECIMAL(8,2) ZEROFILL")
    for phase in range(1 + len(METADATA)):
        assert raw(found[f"t{number}"][3 + phase * STEP]) == b"12.30"


def test_all_in_one_table(sync, sql, db, mariadb, kafka):
    """Sixty columns of all the types in one table, many NULLs (bitmaps over bytes), updates of every column."""
    chosen = [(c, v) for c, v in CASES if "REPEAT" not in " ".join(v)][:60]
    columns = ", ".join(f"c{i} {c}" for i, (c, _) in enumerate(chosen))
    sql("SET sql_mode = ''", f"CREATE TABLE wide (id INT PRIMARY KEY, {columns}) ENGINE=InnoDB ROW_FORMAT=DYNAMIC")

    def insert(key, which):
        values = [v[which % len(v)] if (i + key) % 3 else "NULL" for i, (_, v) in enumerate(chosen)]
        sql(f"INSERT INTO wide VALUES ({key}, {', '.join(values)})")

    for key in range(10):
        insert(key, key)
    running = sync()
    running.wait_rows(f"{db}.wide", 10)
    running.wait_streaming()
    for key in range(10):
        insert(100 + key, key)
        sets = ", ".join(f"c{i} = {v[(key + 1) % len(v)]}" for i, (_, v) in enumerate(chosen) if (i + key) % 2)
        sql(f"UPDATE wide SET {sets} WHERE id = {key}")
    found = running.wait_rows(f"{db}.wide", 40)
    expected = {row["id"]: row for row in convert.select(mariadb, db, "wide")}
    last = {int(m.key): m.after for m in found if m.after}
    assert last == expected


def test_generated_and_invisible_columns(sync, sql, db, mariadb):
    """docs/messages.md, "Changes": a stored generated column has its value, an invisible column is written, and a virtual column
    that the binlog does not contain is null in both phases."""
    sql("CREATE TABLE g (id INT PRIMARY KEY, a INT, stored_c INT AS (a * 2) STORED, virtual_c INT AS (a * 3) VIRTUAL,"
        " hidden INT INVISIBLE DEFAULT 5, z INT)")
    sql("INSERT INTO g (id, a, z) VALUES (1, 10, 1)")
    running = sync()
    running.wait_rows(f"{db}.g", 1)
    running.wait_streaming()
    sql("INSERT INTO g (id, a, z) VALUES (2, 10, 1)", "UPDATE g SET a = 11 WHERE id = 2")
    found = running.wait_rows(f"{db}.g", 4)
    assert list(found[0].types) == ["id", "a", "stored_c", "virtual_c", "hidden", "z"]
    full, stream, before, after = (m.row for m in found)
    assert {**full, "id": 2} == stream == before
    assert full["stored_c"] == 20 and full["hidden"] == 5
    assert full["virtual_c"] in (None, 30)
    assert after["stored_c"] == 22


def test_system_versioned_table(sync, sql, db, mariadb, kafka):
    """A system-versioned table logs UPDATE as an update and an insert of the old row, and DELETE as an update. It is either
    followed correctly or refused by name, and never gives a wrong row."""
    sql("CREATE TABLE v (id INT PRIMARY KEY, a INT) WITH SYSTEM VERSIONING", "INSERT INTO v VALUES (1, 1), (2, 2)")
    running = sync()
    try:
        running.wait_streaming()
        sql("UPDATE v SET a = 5 WHERE id = 1", "DELETE FROM v WHERE id = 2", "INSERT INTO v VALUES (3, 3)")
        running.wait_message(f"{db}.v", lambda m: m.key == b"3", "row 3")
    except Exited:
        running.fails(running.child.returncode, rf"{db}\.v", r"(?i)system.version")
        assert running.child.returncode in (1, 3, 7)
        return
    assert running.stop() == 0
    rebuilt = Rebuild(kafka.partitions()).feed_all(running.reader(f"{db}.v").to_end())
    compare(mariadb, db, "v", rebuilt.tables()[db, "v"])


def test_checksum_none(sync, sql, db, mariadb):
    """binlog_checksum = NONE: events end where they end."""
    sql("CREATE TABLE t (id INT PRIMARY KEY, s VARCHAR(20))", "INSERT INTO t VALUES (1, 'a')")
    with mariadb.globals(binlog_checksum="NONE"):
        running = sync()
        running.wait_rows(f"{db}.t", 1)
        running.wait_streaming()
        sql("INSERT INTO t VALUES (2, 'b')")
        assert running.wait_rows(f"{db}.t", 2)[1].after == {"id": 2, "s": "b"}
    sql("INSERT INTO t VALUES (3, 'c')")
    assert running.wait_rows(f"{db}.t", 3)[2].after == {"id": 3, "s": "c"}
