"""Both phases know the same columns: tables of random columns, each type once in front of every other, on each server and
with each kind of row metadata. A row that the full sync has read, and that is deleted and inserted again while the stream
runs, gives the same bytes and the same schema. So does a table with these columns that is created while the stream runs.

A run prints its seed. TIDEWAY_COLUMNS=rounds:seed makes this many rounds, the first with this seed and each other with the next;
without a seed each has its own (make types-long).
"""

import contextlib
import os
import random
import re

import pytest
from support import convert
from support.consume import ROW_OPS
from support.runner import Exited

ROUNDS, _, SEED = os.environ.get("TIDEWAY_COLUMNS", "1:").partition(":")
COLUMNS = 40  # of a table
LEVELS = {"mariadb": ("NO_LOG", "MINIMAL", "FULL"), "mysql": ("MINIMAL", "FULL")}

CHARSETS = {
    "utf8mb4": ("'ä€😀'", "'漢字'", "''", "'plain'", "'q\"uo\\\\te'"),
    "utf8mb3": ("'ä€'", "'漢字'", "''"),
    "latin1": ("'äöü'", "x'80819fe4'", "''"),
    "ascii": ("'ascii'", "''"),
    "cp1251": ("'привет'", "''"),
    "greek": ("'αβγ'",),
    "sjis": ("'日本'", "'ｱ'"),
    "gbk": ("'中文'",),
    "ucs2": ("'ä漢'",),
    "utf16": ("'ä😀'",),
    "utf32": ("'ä😀'",),
    "eucjpms": ("'日本'",),
    "euckr": ("'한국'",),
    "big5": ("'中文'",),
    "koi8r": ("'привет'",),
    "latin2": ("'ąć'",),
    "cp1250": ("'ąć'",),
    "tis620": ("'ไทย'",),
    "utf16le": ("'ä😀'",),
    "swe7": ("'plain'",),
}
COLLATIONS = {
    "mariadb": ("utf8mb4_bin", "utf8mb4_unicode_nopad_ci", "utf8mb4_uca1400_ai_ci", "utf8mb4_uca1400_swedish_nopad_as_cs", "latin1_bin",
                "latin1_german2_ci", "utf16_uca1400_ai_ci", "utf8mb3_general_mysql500_ci"),
    "mysql": ("utf8mb4_bin", "utf8mb4_0900_ai_ci", "utf8mb4_ja_0900_as_cs_ks", "utf8mb4_zh_0900_as_cs", "latin1_bin", "latin1_german2_ci"),
}
LABELS = {"utf8mb4": ("ä", "€", "😀", "x,y", "it''s", "back\\\\slash", "new\\nline", 'dou"ble'), "latin1": ("ä", "ß", "x,y"), "ascii": ("x,y",), "cp1251": ("я", "ю"),
          "gbk": ("中",), "utf16": ("ä", "€", "😀"), "ucs2": ("漢",), "binary": ("x'e4'", "x'f6fc'", "ä")}


class Choice:
    """Draws the columns of a run: each kind is a method of kinds() that gives a definition and a value of it."""

    def __init__(self, seed, server):
        self.random = random.Random(seed)
        self.mariadb = server == "mariadb"

    def one(self, *things):
        return self.random.choice(things)

    def charset(self, pool=CHARSETS):
        return self.one(*pool)

    def integer(self, name, bits):
        def kind():
            unsigned = self.one(True, False)
            low, high = (0, 2**bits - 1) if unsigned else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
            return name + (" UNSIGNED" if unsigned else ""), str(self.one(low, high, high // 2 + 1, 7, 0))

        return kind

    def decimal(self):
        scale = self.one(0, 2, 9)
        sign = self.one("", " UNSIGNED", " ZEROFILL")
        return f"DECIMAL({10 + scale},{scale}){sign}", self.one("0", "12.5", "7") if sign else self.one("-12.25", "0.5", "99999")

    def real(self, name):
        return lambda: (name + self.one("", "", " UNSIGNED", "(8,3)"), self.one("0", "0.1", "16777217", "1234.5"))

    def bit(self):
        return self.one(("BIT(1)", "1"), ("BIT(12)", "4000"), ("BIT(64)", "18446744073709551615"))

    def year(self):
        if self.mariadb and self.one(True, False, False):
            return "YEAR(2)", self.one("1999", "2000", "0", "70", "2069")
        return self.one("YEAR", "YEAR(4)"), self.one("1901", "2024", "0", "2155")

    def date(self):
        return "DATE", self.one("'2024-02-29'", "'1000-01-01'", "'0000-00-00'")

    def fraction(self):
        digits = self.one(0, 0, 1, 2, 3, 4, 5, 6)
        return (f"({digits})" if digits else ""), ("." + "123456"[:digits] if digits else "")

    def clock(self):
        size, part = self.fraction()
        return "TIME" + size, f"'{self.one('-838:59:58', '00:00:00', '-00:00:01', '12:34:56')}{part}'"

    def datetime(self):
        size, part = self.fraction()
        return "DATETIME" + size, f"'{self.one('2024-03-31 02:30:00', '1969-12-31 23:59:59')}{part}'"

    def timestamp(self):
        size, part = self.fraction()
        return f"TIMESTAMP{size} NULL", f"'{self.one('2024-01-02 03:04:05', '2038-01-19 03:14:06')}{part}'"

    def text(self, name, *sizes):
        def kind():
            charset = self.charset()
            collation = self.one("", self.one(*COLLATIONS["mariadb" if self.mariadb else "mysql"]))
            size = f"({self.one(*sizes)})" if sizes else ""
            if collation:
                return f"{name}{size} COLLATE {collation}", self.one(*CHARSETS[collation.partition("_")[0]])
            return f"{name}{size} CHARACTER SET {charset}", self.one(*CHARSETS[charset])

        return kind

    def binary(self, name, *sizes):
        return lambda: (name + (f"({self.one(*sizes)})" if sizes else ""), self.one("x'00'", "x'e4ff'", "''", "x'6100'", "'ab'"))

    def labels(self, name):
        def kind():
            charset = self.charset(LABELS)
            count = self.one(0, 0, 1, 7, 8, 20, 50 if name == "SET" else 300)
            # MySQL makes labels that are not text by CONVERT TO alone: test_labels.py
            labels = [label for label in LABELS[charset] if self.mariadb or not label.startswith("x'")]
            labels += [f"l{i}" for i in range(count)]
            if name == "SET":
                labels = [label for label in labels if "," not in label] or ["a"]
            self.random.shuffle(labels)
            labels = [label if label.startswith("x'") else f"'{label}'" for label in labels]
            listed = ",".join(labels)
            if name == "SET":
                chosen = [label for label in labels if self.one(True, False, False)]
                value = f"CONCAT_WS({', '.join([repr(','), *chosen])})" if chosen else "''"
            else:
                value = self.one(labels[0], labels[-1])
            return f"{name}({listed}) CHARACTER SET {charset}", value

        return kind

    def json(self):
        return "JSON", self.one("'{\"a\":[1,\"ä\",null]}'", "'[]'", "'{}'", "'\"text\"'")

    def spatial(self):
        return self.one(
            ("POINT", "ST_GeomFromText('POINT(1 2)')"),
            ("GEOMETRY", "ST_GeomFromText('LINESTRING(0 0,1 1)')"),
            ("LINESTRING", "ST_GeomFromText('LINESTRING(0 0,1 1)')"),
            ("POLYGON", "ST_GeomFromText('POLYGON((0 0,1 0,1 1,0 0))')"),
            ("GEOMETRYCOLLECTION", "ST_GeomFromText('GEOMETRYCOLLECTION(POINT(1 2))')"),
        )

    def computed(self):
        return f"BIGINT AS (id * 2) {self.one('VIRTUAL', 'STORED')}", "DEFAULT"

    def computed_text(self):
        return f"VARCHAR(30) CHARACTER SET latin1 AS (CONCAT('ä', id)) {self.one('VIRTUAL', 'STORED')}", "DEFAULT"

    def compressed(self):
        charset = self.charset()
        column = self.one(
            f"VARCHAR({self.one(20, 800)}) COMPRESSED CHARACTER SET {charset}",
            f"{self.one('TINYTEXT', 'TEXT', 'MEDIUMTEXT', 'LONGTEXT')} COMPRESSED CHARACTER SET {charset}",
        )
        value = self.one(*CHARSETS[charset])
        return column, self.one(value, value if "20" in column else f"REPEAT({value}, {self.one(20, 120)})")

    def compressed_bytes(self):
        return f"{self.one('VARBINARY(900)', 'TINYBLOB', 'BLOB', 'LONGBLOB')} COMPRESSED", self.one("x'00ff'", "''", "REPEAT('ab', 120)", "x'" + random.Random(1).randbytes(150).hex() + "'")

    def uuid(self):
        return "UUID", self.one("'123e4567-e89b-12d3-a456-426655440000'", "'ffffffff-ffff-ffff-ffff-ffffffffffff'")

    def inet6(self):
        return "INET6", self.one("'::1'", "'2001:db8::ff00:42:8329'")

    def inet4(self):
        return "INET4", "'192.0.2.1'"

    def vector(self):
        return "VECTOR(3)", "STRING_TO_VECTOR('[1,2.5,-3]')"

    def kinds(self):
        kinds = {
            "TINYINT": self.integer("TINYINT", 8), "SMALLINT": self.integer("SMALLINT", 16),
            "MEDIUMINT": self.integer("MEDIUMINT", 24), "INT": self.integer("INT", 32), "BIGINT": self.integer("BIGINT", 64),
            "DECIMAL": self.decimal, "FLOAT": self.real("FLOAT"), "DOUBLE": self.real("DOUBLE"), "BIT": self.bit,
            "YEAR": self.year, "DATE": self.date, "TIME": self.clock, "DATETIME": self.datetime,
            "TIMESTAMP": self.timestamp, "CHAR": self.text("CHAR", 5, 60, 200), "VARCHAR": self.text("VARCHAR", 5, 40, 100),
            "TINYTEXT": self.text("TINYTEXT"), "TEXT": self.text("TEXT"), "MEDIUMTEXT": self.text("MEDIUMTEXT"),
            "LONGTEXT": self.text("LONGTEXT"), "BINARY": self.binary("BINARY", 4, 16, 100),
            "VARBINARY": self.binary("VARBINARY", 8, 300), "TINYBLOB": self.binary("TINYBLOB"),
            "BLOB": self.binary("BLOB"), "MEDIUMBLOB": self.binary("MEDIUMBLOB"), "LONGBLOB": self.binary("LONGBLOB"),
            "ENUM": self.labels("ENUM"), "SET": self.labels("SET"), "JSON": self.json, "spatial": self.spatial,
            "computed": self.computed, "computed text": self.computed_text,
        }
        if self.mariadb:
            kinds.update({"UUID": self.uuid, "INET6": self.inet6, "INET4": self.inet4, "COMPRESSED": self.compressed,
                          "COMPRESSED bytes": self.compressed_bytes})
        else:
            kinds["VECTOR"] = self.vector
        return kinds

    def sequences(self, names):
        """Lists of names in which each name is once directly in front of each, itself included: a walk over all edges of
        the complete graph, cut into pieces that overlap by one."""
        names = list(names)
        self.random.shuffle(names)
        left = {name: self.random.sample(names, len(names)) for name in names}
        walk, stack = [], [names[0]]
        while stack:
            if left[stack[-1]]:
                stack.append(left[stack[-1]].pop())
            else:
                walk.append(stack.pop())
        walk.reverse()
        assert len(set(zip(walk, walk[1:]))) == len(names) ** 2
        return [walk[at : at + COLUMNS] for at in range(0, len(walk) - 1, COLUMNS - 1)]

    def column(self, kind):
        definition, value = kind()
        generated = " AS (" in definition
        if not generated and self.one(True, False, False, False):
            value = "NULL"
        if not generated and value != "NULL" and not definition.startswith("TIMESTAMP") and self.one(True, False, False):
            definition += " NOT NULL"
        if (generated or value == "NULL") and self.one(True, False, False, False, False):
            definition += " INVISIBLE"
        return definition, value

    def table(self, sequence, kinds):
        """(the text in parentheses of CREATE TABLE, names, values of one row)."""
        drawn = [self.column(kinds[name]) for name in sequence]
        lines = [f"c{i} {definition}" for i, (definition, _) in enumerate(drawn)]
        names = [f"c{i}" for i in range(len(drawn))]
        values = [value for _, value in drawn]
        at = self.one(0, len(lines), self.random.randrange(len(lines)))
        lines.insert(at, "id INT NOT NULL")
        names.insert(at, "id")
        values.insert(at, "1")
        integers = [f"c{i}" for i, (d, _) in enumerate(drawn) if re.match(r"(TINY|SMALL|MEDIUM|BIG|)INT( UNSIGNED)? NOT NULL$", d)]
        key = self.one("id", "id", *(f"{name}, id" for name in integers[:2]))
        lines.append(f"PRIMARY KEY ({key})")
        texts = [i for i, (d, _) in enumerate(drawn) if d.startswith("TEXT") and "COMPRESSED" not in d]
        if self.mariadb and texts and self.one(True, False):
            lines.append(f"UNIQUE KEY long_one (c{texts[0]})")  # kept by a hash in a hidden column
        return ", ".join(lines), names, ", ".join(values)


# Tables whose keys and hidden columns the binlog describes in its own way: (columns, later statement, names, values).
SPECIAL = {
    "mariadb": [
        # named as the primary key, which it is not
        ("a TEXT CHARACTER SET latin1, id INT NOT NULL UNIQUE, e ENUM('x','y')", "", "a, id, e", "'ä', 1, 'y'"),
        ("a TEXT CHARACTER SET latin1, b BLOB, id INT, PRIMARY KEY (id), UNIQUE (a), UNIQUE (b)", "", "a, b, id", "'ä', 'b', 1"),
        ("id INT, s DATE, e DATE, a TEXT CHARACTER SET latin1, PERIOD FOR p (s, e), PRIMARY KEY (id, p WITHOUT OVERLAPS)", "",
         "id, s, e, a", "1, '2024-01-01', '2024-02-01', 'ä'"),
        # a period that an earlier statement made
        ("id INT NOT NULL, s DATE, e DATE, a TEXT CHARACTER SET latin1, PERIOD FOR p (s, e)", "ADD PRIMARY KEY (id, p WITHOUT OVERLAPS)",
         "id, s, e, a", "1, '2024-01-01', '2024-02-01', 'ä'"),
        ("a VARCHAR(40) CHARACTER SET latin1, id INT UNSIGNED, PRIMARY KEY (id, a(3)), UNIQUE (id)", "", "a, id", "'äöü', 1"),
    ],
    "mysql": [
        ("a TEXT CHARACTER SET latin1, id INT NOT NULL UNIQUE, e ENUM('x','y')", "", "a, id, e", "'ä', 1, 'y'"),
        # a hidden column for each functional index, before columns that were added later
        ("a VARCHAR(40) CHARACTER SET latin1, b INT, KEY f ((b + 1)), KEY g ((LOWER(a)))",
         "ADD COLUMN id INT UNSIGNED, ADD COLUMN e ENUM('x','y') FIRST, ADD COLUMN c TEXT CHARACTER SET cp1251, ADD PRIMARY KEY (id)",
         "a, b, id, e, c", "'ä', 7, 4294967295, 'y', 'я'"),
        ("a TEXT CHARACTER SET latin1, e SET('x','y')", "", "my_row_id, a, e", "1, 'ä', 'y'"),  # a generated invisible key
        ("a VARCHAR(40) CHARACTER SET latin1, id INT UNSIGNED, PRIMARY KEY (id, a(3)), UNIQUE (id)", "", "a, id", "'äöü', 1"),
        ("id INT PRIMARY KEY, j JSON, a TEXT CHARACTER SET latin1, KEY m ((CAST(j->'$.a' AS UNSIGNED ARRAY)))", "", "id, j, a",
         "1, '{\"a\": [1, 2]}', 'ä'"),
    ],
}


class Tables:
    """The tables of one run and the statements that fill them."""

    def __init__(self, seed, server):
        choice = Choice(seed, server)
        self.mariadb = choice.mariadb
        kinds = choice.kinds()
        drawn = [choice.table(sequence, kinds) for sequence in choice.sequences(kinds)]
        self.tables = [*SPECIAL[server], *((text, "", ", ".join(names), values) for text, names, values in drawn)]

    def create(self, number, name):
        text, later, names, _ = self.tables[number]
        if not self.mariadb:
            yield f"SET sql_generate_invisible_primary_key = {int('my_row_id' in names)}"
        yield f"CREATE TABLE {name} ({text}) ENGINE=InnoDB ROW_FORMAT=DYNAMIC"
        if later:
            yield f"ALTER TABLE {name} {later}"

    def old_times(self, number):
        """Return whether the table has MariaDB's own form of TIME, DATETIME and TIMESTAMP with fractions."""
        return self.mariadb and number % 3 == 0

    def insert(self, number, name):
        _, _, names, values = self.tables[number]
        return f"INSERT INTO {name} ({names}) VALUES ({values})"


def split(message):
    """(schema, key, image) of a row message, as bytes."""
    value = message.value
    schema, _, payload = value.partition(b',"payload":')
    before = message.op in ("DELETE", "UPDATE_BEFOR")
    start, end = (b'{"before":', b',"after":null,"sequenceId":') if before else (b'{"before":null,"after":', b',"sequenceId":')
    assert payload.startswith(start)
    return schema, message.key, payload[len(start) : payload.rindex(end)]


class Opened:
    """One open connection instead of a database, for many short queries."""

    def __init__(self, database, cursor):
        self.mysql = database.mysql
        self.opened = cursor

    def run(self, *statements):
        for statement in statements:
            self.opened.execute(statement)
        return self.opened.fetchall()

    def connect(self):
        return self

    def cursor(self):
        return contextlib.nullcontext(self.opened)

    def close(self):
        pass

    @contextlib.contextmanager
    def setting(self, name, value):
        """Set a global variable during a with block."""
        ((before,),) = self.run(f"SELECT @@GLOBAL.{name}")
        self.run(f"SET GLOBAL {name} = {value!r}")
        try:
            yield
        finally:
            self.run(f"SET GLOBAL {name} = {before!r}")


@pytest.mark.parametrize("server", ["mariadb", "mysql"])
@pytest.mark.parametrize("number", range(int(ROUNDS)))
def test_both_phases_agree(request, sync_on, broker, unique, server, number):
    """The full sync, the stream and a new table give the same bytes and the same schema (rule: same-bytes; docs/types.md)."""
    seed = int(SEED) + number if SEED else random.SystemRandom().randrange(10**6)
    print(f"TIDEWAY_COLUMNS=1:{seed}")
    database = request.getfixturevalue(server)
    tables = Tables(seed, server)
    count = len(tables.tables)
    connection = database.connect(init_command="SET time_zone = '+00:00', sql_mode = '', innodb_strict_mode = 0")
    with contextlib.closing(connection), connection.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {unique} CHARACTER SET utf8mb4")
        cursor.execute(f"USE {unique}")
        try:
            opened = Opened(database, cursor)
            create(opened, tables, range(count), "t")
            check(opened, tables, sync_on(
                database, broker, [f"{unique}.*"], """topic = { template = "all" }, topics = { partitions = 1 },
                no_primary_key = "unique",""", topic=False,
            ), unique, LEVELS[server])
        finally:
            cursor.execute(f"DROP DATABASE {unique}")


def create(opened, tables, numbers, name):
    """Makes tables of these numbers, with a row in each."""
    for old in (False, True) if tables.mariadb else (False,):
        with opened.setting("mysql56_temporal_format", 0) if old else contextlib.nullcontext():
            for number in numbers:
                if tables.old_times(number) == old:
                    opened.run(*tables.create(number, f"{name}{number}"), tables.insert(number, f"{name}{number}"))


def check(opened, tables, sync, db, levels):
    count = len(tables.tables)
    sync.start().wait_streaming()
    for level in levels:
        with opened.setting("binlog_row_metadata", level):
            if tables.mariadb:
                opened.run(f"SET column_compression_threshold = {0 if level == 'MINIMAL' else 100},"
                           f" column_compression_zlib_wrap = {level == 'FULL'}")
            opened.run("BEGIN")
            for number in range(count):
                opened.run(f"DELETE FROM t{number}", tables.insert(number, f"t{number}"))
            opened.run("COMMIT")
            create(opened, tables, range(levels.index(level), count, len(levels) * 2), "born")
    born = sorted({n for i in range(len(levels)) for n in range(i, count, len(levels) * 2)})
    rows = count * (1 + 2 * len(levels)) + len(born)
    try:
        sync.until("all", lambda m: sum(x.op in ROW_OPS for x in m) >= rows, f"{rows} rows")
    except Exited as ended:
        pytest.fail(f"{ended}")
    assert sync.stop() == 0
    names = [f"t{n}" for n in range(count)]
    expected = {name: convert.select(opened, db, name)[0] for name in names}
    copies, seen = {}, dict.fromkeys([*names, *(f"born{n}" for n in born)], 0)
    for message in sync.reader("all").to_end():
        if message.op not in ROW_OPS:
            continue
        name = message.table[1]
        seen[name] += 1
        if message.full:
            copies[name] = split(message)
            assert message.row == expected[name], name
            continue
        model = name.replace("born", "t")
        schema, key, image = split(message)
        want = copies[model]
        context = f"{message.op} of {name}: ({tables.tables[int(model[1:])][0]})"
        assert image == want[2], context
        assert key == want[1], context
        assert schema.replace(f'"tableName":"{name}"'.encode(), f'"tableName":"{model}"'.encode()) == want[0], context
    assert sorted(copies) == sorted(names)
    assert all(n == (1 if name.startswith("born") else 1 + 2 * len(levels)) for name, n in seen.items()), seen


# (row metadata, definition of c, the ALTER that no binlog has, a value, what the error must name)
CONTRADICTIONS = {
    "mariadb": [
        ("NO_LOG", "INT", "MODIFY c BIGINT", "7", r"column 2 \(c\): the catalog has int\(11\), the binlog BIGINT"),
        ("MINIMAL", "INT", "MODIFY c INT UNSIGNED", "7", r"column 2 \(c\): the catalog has signed, the binlog unsigned"),
        ("MINIMAL", "INT UNSIGNED", "MODIFY c VARCHAR(40) CHARACTER SET latin1", "'x'",
         r"column 2 \(c\): the catalog has int\(10\) unsigned, the binlog VARCHAR of 40 bytes in latin1"),
        ("FULL", "TEXT CHARACTER SET latin1", "MODIFY c TEXT CHARACTER SET cp1251", "'x'",
         r"column 2 \(c\): the catalog has character set latin1, the binlog cp1251"),
        ("FULL", "INT", "CHANGE c d INT", "7", r"column 2 \(c\): the binlog calls it d"),
        ("FULL", "INT NOT NULL", "DROP PRIMARY KEY, ADD PRIMARY KEY (c)", "7",
         r"the catalog has primary key \(id\), the binlog \(c\)"),
        ("FULL", "INT", "ADD COLUMN d INT", "7, 8", r"the catalog has 2 columns, the binlog 3"),
    ],
    "mysql": [
        ("MINIMAL", "DATETIME", "MODIFY c DATETIME(3)", "NOW()", r"column 2 \(c\): the catalog has datetime, the binlog DATETIME\(3\)"),
        ("MINIMAL", "INT", "MODIFY c INT UNSIGNED", "7", r"column 2 \(c\): the catalog has signed, the binlog unsigned"),
        ("FULL", "ENUM('a','b')", "MODIFY c ENUM('b','a')", "'a'", r"column 2 \(c\): label 1 is 'a' in the catalog, 'b' in the binlog"),
        ("FULL", "BLOB", "MODIFY c TEXT", "'x'", r"column 2 \(c\): the catalog has blob, the binlog text in utf8mb4"),
    ],
}


@pytest.mark.parametrize("server", ["mariadb", "mysql"])
def test_contradictions_stop(request, sync_on, broker, unique, server):
    """Rule: tracked-catalog. A definition in the binlog that differs from the catalog's, with no statement that
    explains it, stops the sync with both named; neither is chosen. Each case has a sync of its own."""
    database = request.getfixturevalue(server)
    cases = CONTRADICTIONS[server]
    connection = database.connect()
    with contextlib.closing(connection), connection.cursor() as cursor:
        opened = Opened(database, cursor)
        opened.run(f"CREATE DATABASE {unique} CHARACTER SET utf8mb4", f"USE {unique}")
        try:
            syncs = []
            for number, (_, definition, _, _, _) in enumerate(cases):
                opened.run(f"CREATE TABLE t{number} (id INT PRIMARY KEY, c {definition})")
                syncs.append(sync_on(database, broker, [f"{unique}.t{number}"]).start())
            for running in syncs:
                running.wait_streaming()
            for number, (level, _, alter, value, _) in enumerate(cases):
                with opened.setting("binlog_row_metadata", level):
                    opened.run("SET sql_log_bin = 0", f"ALTER TABLE t{number} {alter}", "SET sql_log_bin = 1",
                               f"INSERT INTO t{number} VALUES (1, {value})")
            for number, (running, (_, _, _, _, named)) in enumerate(zip(syncs, cases)):
                running.fails(7, rf"table {unique}\.t{number}, binlog event at \S+:\d+: .*{named}", "No statement in the binlog explains it")
                assert running.reader(f"{unique}.t{number}").to_end() == []
        finally:
            opened.run(f"DROP DATABASE {unique}")


def test_refused_at_the_start_and_by_statements(sync, sql, db):
    """A table that only the full sync could read is refused by name: by check, plan, preview and run, and when a
    statement creates it."""
    sql("CREATE TABLE t (id INT PRIMARY KEY)", "CREATE TABLE v (id INT PRIMARY KEY) WITH SYSTEM VERSIONING")
    refused = sync(start=False)
    named = rf"table {db}\.v: it is WITH SYSTEM VERSIONING.*\"!{db}\.v\""
    for command in ("check", "plan", "preview", "run"):
        code, out, err = refused.once(command=command)
        assert code == 3, (command, code)
        assert re.search(named, out + err), (command, out, err)
    running = sync(tables=[f"{db}.*", f"!{db}.v"])
    running.wait_streaming()
    sql("ALTER TABLE t ADD SYSTEM VERSIONING")
    running.fails(7, rf"table {db}\.t, statement at \S+:\d+: it is WITH SYSTEM VERSIONING")


def test_columns_that_the_binlog_does_not_decide(sync, sql, db, mariadb):
    """Only row metadata FULL contains the definition of a table. A BINARY(16) there may be a UUID, which is not guessed. The
    next start reads the table with its definition."""
    other = f"{db}_o"
    sql(f"CREATE DATABASE {other}", f"CREATE TABLE {other}.u (id INT PRIMARY KEY, c UUID)",
        f"CREATE TABLE {other}.s (id INT PRIMARY KEY, c BINARY(15))", "CREATE TABLE t (id INT PRIMARY KEY)")
    try:
        with mariadb.globals(binlog_row_metadata="FULL"):
            running = sync()
            running.wait_streaming()
            sql(f"CREATE TABLE sure LIKE {other}.s", "INSERT INTO sure VALUES (1, 'a')", f"CREATE TABLE unsure LIKE {other}.u",
                "INSERT INTO unsure VALUES (1, '123e4567-e89b-12d3-a456-426655440000')")
            running.fails(7, rf"table {db}\.unsure, .*: column c: it is CHAR of 16 bytes in the binlog, which may be BINARY\(16\), UUID or INET6",
                          "Start again")
            running.start()
            found = running.wait_rows(f"{db}.unsure", 1)
            assert found[0].after == {"id": 1, "c": "123e4567-e89b-12d3-a456-426655440000"}
            assert [m.types for m in running.wait_rows(f"{db}.sure", 1)] == [{"id": "LONG", "c": "BYTES"}]
    finally:
        sql(f"DROP DATABASE {other}")
