"""Chunks of a copy (rule: chunk-borders): by every kind of key, each row once, each chunk by a range of the index, and a comment that
shows a DBA who asks."""

import contextlib
import json
import re
from collections import namedtuple

import pytest
from support.consume import rows
from support.wait import wait_for

ROWS, CHUNK = 1200, 100

# columns: DDL of the key's columns and the key; values: SQL of their values, where n is 1 ... ROWS in the order of insertion, and p
# is 0 ... ROWS - 1 in another order; cut: whether the table is divided; into: the columns of the values, if not all
Case = namedtuple("Case", "columns values cut servers into", defaults=(True, ("mariadb", "mysql"), None))
MARIADB, MYSQL = ("mariadb",), ("mysql",)

INTEGERS = {
    "int_signed": Case("k INT PRIMARY KEY", "p - 700"),
    "smallint": Case("k SMALLINT UNSIGNED PRIMARY KEY", "64036 + p"),
    "mediumint_zerofill": Case("k MEDIUMINT(8) ZEROFILL PRIMARY KEY", "p * 7"),
    "bigint_limits": Case("k BIGINT PRIMARY KEY", "IF(p < 750, -9223372036854775808 + p, 9223372036854775807 - p)"),
    "bigint_unsigned": Case("k BIGINT UNSIGNED PRIMARY KEY", "18446744073709551615 - p"),
    "sparse": Case("k BIGINT PRIMARY KEY", "CAST(p AS SIGNED) * 6000000000000000 - 4500000000000000000"),
    "skewed": Case("k BIGINT PRIMARY KEY", "IF(p < 1100, p, p * 1000000000000)"),
    "descending": Case("k INT, PRIMARY KEY (k DESC)", "p"),
    "partitioned": Case("k INT PRIMARY KEY", "p"),
}
NUMBERS = {
    "decimal": Case("k DECIMAL(30,4) PRIMARY KEY", "p * 1.25 - 900"),
    "decimal_zerofill": Case("k DECIMAL(12,2) UNSIGNED ZEROFILL PRIMARY KEY", "p * 0.5"),
    "year": Case("k YEAR, l INT, PRIMARY KEY (k, l)", "IF(p % 100 = 0, 0, 1901 + p % 100), p"),
    "bit": Case("k BIT(20) PRIMARY KEY", "p * 699"),
    "bit64": Case("k BIT(64) PRIMARY KEY", "18446744073709551615 - p * 9"),
    "float": Case("k FLOAT PRIMARY KEY", "p * 0.5", cut=False),
    "double": Case("k DOUBLE PRIMARY KEY", "p * 0.1", cut=False),
}
TIMES = {
    "date": Case("k DATE PRIMARY KEY", "IF(p = 0, '0000-00-00', DATE '1990-01-01' + INTERVAL p DAY)"),
    "datetime": Case("k DATETIME(6) PRIMARY KEY", "IF(p = 0, '0000-00-00', TIMESTAMP '1969-12-31 23:59:00.999999' + INTERVAL p * 317 SECOND)"),
    "timestamp": Case("k TIMESTAMP(3) PRIMARY KEY", "TIMESTAMP '2001-02-03 04:05:06.789' + INTERVAL p * 3 SECOND"),
    "time": Case("k TIME(2) PRIMARY KEY", "SEC_TO_TIME((CAST(p AS SIGNED) - 750) * 3000.25)"),
}
HASH = "LEFT(SHA2(p, 256), 32)"
WORD = "CONCAT(ELT(p % 6 + 1, 'é', 'ß', 'Z', 'a', '日本', ''), p, IF(p % 3, '', '\\'\\\\'))"
MIXED = "IF(p = 0, '', CONCAT(IF(p % 2, 'kEY', 'Key'), p))"
PADDED = "CONCAT('k', p, REPEAT(' ', p % 3))"
TEXTS = {
    "char_ci": Case("k CHAR(30) CHARACTER SET utf8mb4 PRIMARY KEY", MIXED),
    "varchar_general": Case("k VARCHAR(30) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci PRIMARY KEY", WORD),
    "varchar_unicode": Case("k VARCHAR(30) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci PRIMARY KEY", WORD),
    "varchar_bin": Case("k VARCHAR(30) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PRIMARY KEY", f"CONCAT({WORD}, '😀')"),
    "varchar_utf8mb3": Case("k VARCHAR(30) CHARACTER SET utf8mb3 PRIMARY KEY", WORD),
    "varchar_latin1": Case("k VARCHAR(30) CHARACTER SET latin1 PRIMARY KEY", "CONCAT(ELT(p % 3 + 1, 'ä', 'Ä', 'ÿ'), p)"),
    "varchar_ascii": Case("k VARCHAR(30) CHARACTER SET ascii PRIMARY KEY", MIXED),
    "varchar_gbk": Case("k VARCHAR(30) CHARACTER SET gbk PRIMARY KEY", "CONCAT(ELT(p % 3 + 1, '日', '本', ''), p)"),
    "varchar_sjis": Case("k VARCHAR(30) CHARACTER SET sjis PRIMARY KEY", "CONCAT(ELT(p % 3 + 1, '日', '本', ''), p)"),
    "varchar_ucs2": Case("k VARCHAR(30) CHARACTER SET ucs2 PRIMARY KEY", "CONCAT(ELT(p % 3 + 1, '日', 'é', ''), p)"),
    "varchar_utf16": Case("k VARCHAR(30) CHARACTER SET utf16 PRIMARY KEY", "CONCAT(ELT(p % 3 + 1, '😀', 'é', ''), p)"),
    "padded": Case("k VARCHAR(30) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci PRIMARY KEY", PADDED),
    "nopad_mariadb": Case("k VARCHAR(30) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_nopad_ci PRIMARY KEY", PADDED, servers=MARIADB),
    "nopad_mysql": Case("k VARCHAR(30) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_ai_ci PRIMARY KEY", PADDED, servers=MYSQL),
    # equal to others but for their number of spaces, which only a NO PAD collation tells apart
    "spaces_mariadb": Case("k VARCHAR(2000) CHARACTER SET ascii COLLATE ascii_nopad_bin PRIMARY KEY", "REPEAT(' ', p)", servers=MARIADB),
    "binary": Case("k BINARY(8) PRIMARY KEY", "UNHEX(LPAD(HEX(p * 7919), 16, '0'))"),
    "varbinary": Case("k VARBINARY(20) PRIMARY KEY", "IF(p = 0, '', CONCAT(UNHEX(LPAD(HEX(p), 4, '0')), REPEAT(UNHEX('FF'), p % 4)))"),
    "uuid": Case("k UUID PRIMARY KEY", f"CONCAT_WS('-', LEFT({HASH}, 8), MID({HASH}, 9, 4), CONCAT(ELT(p % 3 + 1, 1, 4, 7), "
                 f"MID({HASH}, 14, 3)), CONCAT('a', MID({HASH}, 18, 3)), RIGHT({HASH}, 12))", servers=MARIADB),
    "inet6": Case("k INET6 PRIMARY KEY", "CONCAT('2001:db8::', HEX(p))", servers=MARIADB),
    "inet4": Case("k INET4 PRIMARY KEY", "INET_NTOA(4278190080 + p * 7)", servers=MARIADB),
    "enum": Case("k ENUM('z','a'), l INT, PRIMARY KEY (k, l)", "IF(p % 2, 'a', 'z'), p", cut=False),
    "set": Case("k SET('z','a'), l INT, PRIMARY KEY (k, l)", "IF(p % 2, 'a', 'z'), p", cut=False),
}
SEVERAL = {
    "three_parts": Case("a INT, b VARCHAR(10) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci, c INT, PRIMARY KEY (a, b, c)",
                        "p % 7, ELT(p % 4 + 1, 'x', 'X', 'y ', 'Y'), p"),
    "mixed_order": Case("a INT, b VARCHAR(10) CHARACTER SET utf8mb4, c INT, PRIMARY KEY (a DESC, b, c DESC)",
                        "p % 7, ELT(p % 4 + 1, 'x', 'X', 'y ', 'Y'), p"),
    "one_first_value": Case("a INT, b DATE, PRIMARY KEY (a, b)", "7, DATE '2000-01-01' + INTERVAL p DAY"),
    "other_order": Case("a INT, b INT, PRIMARY KEY (b, a)", "p, p % 11"),
    "integer_and_enum": Case("a INT, b ENUM('z','a'), PRIMARY KEY (a, b)", "p DIV 2, IF(p % 2, 'a', 'z')"),
    "unique": Case("a INT NULL UNIQUE, z VARCHAR(20) NOT NULL UNIQUE, b INT NOT NULL UNIQUE", "IF(p % 2, NULL, p), LEFT(SHA2(p, 256), 32), p"),
    "unique_parts": Case("a INT NOT NULL, b BINARY(2) NOT NULL, UNIQUE z (a, b)", "p % 5, UNHEX(LPAD(HEX(p), 4, '0'))"),
}
WITHOUT = {
    "no_key": Case("a INT", "p", cut=False),
    "nullable": Case("a INT NULL UNIQUE", "p", cut=False),
    "index_only": Case("a INT NOT NULL, KEY (a)", "p", cut=False),
    "prefix": Case("k VARCHAR(40) NOT NULL, PRIMARY KEY (k(34))", "LEFT(SHA2(p, 256), 32)", cut=False),
    "unique_prefix": Case("k VARCHAR(40) NOT NULL, UNIQUE (k(34))", "LEFT(SHA2(p, 256), 32)", cut=False),
    "virtual": Case("a INT NOT NULL, k INT AS (a + 1) VIRTUAL NOT NULL, UNIQUE (k)", "p", cut=False, servers=MYSQL, into="a"),
    "functional": Case("a INT NOT NULL, UNIQUE ((a + 1))", "p", cut=False, servers=MYSQL),
    "long_hash": Case("k VARCHAR(4000) CHARACTER SET utf8mb4 NOT NULL UNIQUE", "LEFT(SHA2(p, 256), 32)", cut=False, servers=MARIADB),
    "overlaps": Case("a INT, s DATE, e DATE, PERIOD FOR p (s, e), PRIMARY KEY (a, p WITHOUT OVERLAPS)",
                     "p, '2000-01-01', '2001-01-01'", cut=False, servers=MARIADB),
}
GROUPS = {"integers": INTEGERS, "numbers": NUMBERS, "times": TIMES, "texts": TEXTS, "several": SEVERAL, "without": WITHOUT}
ENDS = {"k_partitioned": "PARTITION BY HASH (k) PARTITIONS 3"}


@pytest.fixture(params=["mariadb", "mysql"])
def server(request):
    made = request.getfixturevalue(request.param)
    made.kind = request.param
    return made


@pytest.fixture
def on(server, unique):
    """on(statement, ...): runs statements in a fresh database of the server. on.db is its name."""
    server.run(f"CREATE DATABASE `{unique}` CHARACTER SET utf8mb4")
    depth = {"mariadb": "max_recursive_iterations", "mysql": "cte_max_recursion_depth"}[server.kind]
    connection = server.connect(
        database=unique, init_command=f"SET time_zone = '+00:00', sql_mode = '', {depth} = 100000",
    )

    def run(*statements):
        with connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
            return cursor.fetchall()

    run.db = unique
    yield run
    connection.close()
    with contextlib.suppress(Exception):
        server.run("SET lock_wait_timeout = 5", f"DROP DATABASE IF EXISTS `{unique}`")


def make_numbers(on, n=ROWS):
    """Make a table of n = 1 ... and a permutation of p = 0 ..., so that rows are not inserted in the order of their keys."""
    on("CREATE TABLE numbers (n INT PRIMARY KEY, p INT NOT NULL)",
       f"INSERT INTO numbers WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r WHERE n < {n}) "
       f"SELECT n, n * 611 % {n} FROM r")


def fill(on, name, case, n=ROWS):
    into = f"({case.into}, n)" if case.into else ""
    on(f"CREATE TABLE {name} ({case.columns}, n INT NOT NULL) {ENDS.get(name, '')}",
       f"INSERT INTO {name} {into} SELECT {case.values}, n FROM numbers WHERE n <= {n} ORDER BY n")


@contextlib.contextmanager
def statements_of(server, name):
    """Log the statements of a sync. The block's value is a function of them: [(thread, kind, text)]."""
    with server.globals(log_output="TABLE", general_log=1):
        server.run("TRUNCATE mysql.general_log")
        yield lambda: [
            (thread, kind, bytes(text).decode() if isinstance(text, (bytes, bytearray)) else text)
            for thread, kind, text in server.run(
                "SELECT thread_id, command_type, argument FROM mysql.general_log "
                f"WHERE argument LIKE '%/* tideway {name} copy %' AND argument NOT LIKE '%general_log%' ORDER BY event_time"
            )
        ]


COMMENT = re.compile(r"/\* tideway (\S+) copy (\S+) chunk (\d+) \*/")


def reads_of(statements, table):
    """[(thread, number of the chunk, text)] of the chunks of a table that were read."""
    found = []
    for thread, kind, text in statements:
        comment = COMMENT.search(text)
        if kind == "Prepare" and comment and comment[2] == table:
            found.append((thread, int(comment[3]), text))
    return found


class Counting:
    """A connection that counts the rows that the server reads for a statement."""

    def __init__(self, server, db):
        self.connection = server.connect(database=db, init_command="SET time_zone = '+00:00', sql_mode = ''")
        self.cursor = self.connection.cursor()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.connection.close()

    def explain(self, text):
        self.cursor.execute("EXPLAIN FORMAT=TRADITIONAL " + text)
        return dict(zip([d[0] for d in self.cursor.description], self.cursor.fetchone()))

    def read(self, text):
        """Return (rows of the result, rows that were read)."""
        self.cursor.execute("FLUSH STATUS")
        self.cursor.execute(text)
        n = len(self.cursor.fetchall())
        self.cursor.execute("SHOW SESSION STATUS LIKE 'Handler_read%'")
        return n, sum(int(v) for _, v in self.cursor.fetchall())


def copy(sync_on, server, kafka, on, tables, options):
    running = sync_on(server, kafka, [f"{on.db}.{t}" for t in tables], f'mode = "full", no_primary_key = "empty", {options}', name=on.db)
    with statements_of(server, on.db) as statements:
        running.start()
        assert running.wait_exit() == 0, running.log
        found = statements()
    messages = rows(running.reader(*(f"{on.db}.{t}" for t in tables)).to_end())
    return messages, found


def check_statements(server, on, name, statements):
    """Check that each statement of the copy of a table reads the rows of a chunk from the index, and no others."""
    partitioned = name in ENDS  # whose partitions are merged
    reads = reads_of(statements, f"{on.db}.{name}")
    assert sorted(number for _, number, _ in reads) == list(range(1, len(reads) + 1)), name
    assert ROWS / CHUNK / 2 <= len(reads) <= ROWS / CHUNK * 3, (name, len(reads))
    walks = {text for _, kind, text in statements if kind == "Query" and f" copy {on.db}.{name} " in text and "FORCE INDEX" in text}
    with Counting(server, on.db) as counting:
        for _, _, text in reads:
            n, read = counting.read(text)
            explained = counting.explain(text)
            assert n <= 3 * CHUNK, (name, n, text)
            assert explained["type"] == "range", (name, text, explained)
            # the row after the range, and the first one of each interval
            assert read <= n + 16 or partitioned, (name, n, read, text, explained)
        for text in walks:
            _, read = counting.read(text)
            explained = counting.explain(text)
            assert "filesort" not in (explained["Extra"] or ""), (name, text)
            assert read <= 2 * CHUNK + 16 or partitioned, (name, read, text, explained)


@pytest.mark.parametrize("group", GROUPS)
def test_keys(sync_on, server, kafka, on, group):
    """Each row of a table comes once, whatever its key is. The chunks are ranges of the index, and none is much too large."""
    cases = {f"k_{name}": case for name, case in GROUPS[group].items() if server.kind in case.servers}
    make_numbers(on)
    for name, case in cases.items():
        fill(on, name, case)
    messages, statements = copy(sync_on, server, kafka, on, cases, f"full = {{ parallel = 2, chunk_rows = {CHUNK} }},")
    for name, case in cases.items():
        got = sorted(m.after["n"] for m in messages if m.table[1] == name)
        assert got == list(range(1, ROWS + 1)), f"{name}: {len(got)} rows"
        if case.cut:
            check_statements(server, on, name, statements)
        else:
            assert len(reads_of(statements, f"{on.db}.{name}")) == 1, name


def test_few_rows(sync_on, server, kafka, on):
    """Empty tables, tables of one row, and chunks of one row."""
    make_numbers(on, 40)
    for name, n in [("empty", 0), ("one", 1), ("forty", 40)]:
        fill(on, name + "_int", Case("k INT PRIMARY KEY", "p"), n)
        fill(on, name + "_text", Case("k VARCHAR(20) PRIMARY KEY", "LEFT(SHA2(p, 256), 32)"), n)
    tables = [f"{name}_{kind}" for name in ("empty", "one", "forty") for kind in ("int", "text")]
    on("ANALYZE TABLE " + ", ".join(tables))
    messages, statements = copy(sync_on, server, kafka, on, tables, "full = { parallel = 1, chunk_rows = 1 },")
    for name, n in [("empty", 0), ("one", 1), ("forty", 40)]:
        for kind in ("int", "text"):
            got = sorted(m.after["n"] for m in messages if m.table[1] == f"{name}_{kind}")
            assert got == list(range(1, n + 1))
    assert len(reads_of(statements, f"{on.db}.forty_text")) in (40, 41)
    assert len(reads_of(statements, f"{on.db}.forty_int")) >= 20


def test_large_rows(sync_on, server, kafka, on):
    """A chunk is limited in bytes, too."""
    make_numbers(on, 600)
    on("CREATE TABLE large (k VARCHAR(40) PRIMARY KEY, n INT, v LONGTEXT)",
       "INSERT INTO large SELECT LEFT(SHA2(p, 256), 32), n, REPEAT('x', 10000) FROM numbers", "ANALYZE TABLE large")
    messages, statements = copy(sync_on, server, kafka, on, ["large"], 'full = { parallel = 1, chunk_bytes = "512KiB" },')
    assert sorted(m.after["n"] for m in messages) == list(range(1, 601))
    assert 8 <= len(reads_of(statements, f"{on.db}.large")) <= 40


def test_old_statistics(sync_on, server, kafka, on):
    """Statistics from the time when a table was empty make neither one large chunk of it, nor statements that begin at its first row."""
    make_numbers(on)
    cases = {"k_int": INTEGERS["sparse"], "k_text": TEXTS["varchar_bin"], "k_parts": SEVERAL["three_parts"]}
    for name, case in cases.items():
        fill(on, name, case, 0)
        on(f"ALTER TABLE {name} STATS_AUTO_RECALC = 0", f"ANALYZE TABLE {name}", f"INSERT INTO {name} SELECT {case.values}, n FROM numbers",
           f"FLUSH TABLES {name}")
    messages, statements = copy(sync_on, server, kafka, on, cases, f"full = {{ parallel = 1, chunk_rows = {CHUNK} }},")
    for name in cases:
        assert sorted(m.after["n"] for m in messages if m.table[1] == name) == list(range(1, ROWS + 1))
        check_statements(server, on, name, statements)


def test_one_table_uses_all_lanes(sync_on, server, kafka, on):
    """Several connections read one table, with a key that is not an integer."""
    make_numbers(on, 30000)
    on("CREATE TABLE wide (k VARCHAR(40) PRIMARY KEY, n INT, v VARCHAR(500))",
       "INSERT INTO wide SELECT LEFT(SHA2(p, 256), 32), n, REPEAT('x', 400) FROM numbers", "ANALYZE TABLE wide")
    messages, statements = copy(sync_on, server, kafka, on, ["wide"], "full = { parallel = 3, chunk_rows = 1500 },")
    assert sorted(m.after["n"] for m in messages) == list(range(1, 30001))
    reads = reads_of(statements, f"{on.db}.wide")
    assert 15 <= len(reads) <= 30
    assert len({thread for thread, _, _ in reads}) == 3


def test_dba_sees_who_asks(sync_on, server, kafka, on):
    """A comment in the list of processes names the sync, the table and the chunk. It cannot be ended by a name."""
    on("CREATE TABLE `a*/b` (k INT PRIMARY KEY, v LONGTEXT)")
    for k in range(40):
        on(f"INSERT INTO `a*/b` VALUES ({k}, REPEAT('x', 1000000))")
    running = sync_on(server, kafka, [f"{on.db}.*"], 'topic = { template = "${db_name_src}.t" }, full = { rows_per_second = 2 },',
                      topic=False, name=on.db).start()

    def asking():
        assert running.running, running.log
        return [info for (info,) in server.run("SELECT info FROM information_schema.processlist WHERE info IS NOT NULL")
                if info.startswith(f"SELECT /* tideway {on.db} copy {on.db}.a?/b chunk 1 */ `k`,`v` FROM")]

    wait_for(asking, "the statement in the list of processes")
    running.kill9()


def test_resume(sync_on, server, kafka, on):
    """After a kill in the middle, a copy continues with the ranges that are missing, whatever the values of their bounds are."""
    cases = {"k_text": TEXTS["varchar_general"], "k_bits": NUMBERS["bit64"], "k_parts": SEVERAL["mixed_order"], "k_bytes": TEXTS["varbinary"]}
    make_numbers(on)
    options = "full = {{ parallel = 4, rows_per_second = {}, chunk_rows = 50 }}, checkpoint = {{ file = 'saved' }},"
    for name, case in cases.items():
        fill(on, name, case)
        running = sync_on(server, kafka, [f"{on.db}.{name}"], options.format(200), name=f"{on.db}_{name}").start()

        def finished(running=running, name=name):
            assert running.running, running.log
            with contextlib.suppress(OSError):
                saved = json.loads((running.folder / "saved").read_text())
                return json.loads(saved.get(f"{running.name}/full/{on.db}.{name}", "{}")).get("copied", {}).get("ranges")

        wait_for(finished, "finished ranges")
        running.kill9()
        running.write(running.path.read_text().replace("rows_per_second = 200, ", ""))
        running.start()
        running.wait_streaming()
        assert running.stop() == 0
        assert f"table {on.db}.{name} continues:" in running.log
        got = [m.after["n"] for m in rows(running.reader(f"{on.db}.{name}").to_end())]
        assert set(got) == set(range(1, ROWS + 1)), name
        assert len(got) < 2 * ROWS
