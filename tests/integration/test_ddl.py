"""DDL: followed exactly under each kind of row metadata (rules: tracked-catalog, plan-key, two-phase-alter), and sent
as docs/messages.md, "Schema changes", describes."""

import contextlib
import itertools
import json
import re
import threading

import pymysql
import pytest
from support.consume import ddls, rows
from support.rebuild import check_shape
from support.wait import wait_for

METADATA = ("NO_LOG", "MINIMAL", "FULL")


@pytest.fixture(params=METADATA)
def metadata(request, mariadb):
    with mariadb.globals(binlog_row_metadata=request.param):
        yield request.param


@pytest.fixture
def table(sync, sql, db):
    """A table t with one row, streaming."""
    sql("CREATE TABLE t (id INT PRIMARY KEY, a INT, b VARCHAR(20))", "INSERT INTO t VALUES (1, 10, 'x')")
    running = sync()
    running.wait_rows(f"{db}.t", 1)
    running.wait_streaming()
    return running


# each: the statements, an INSERT after them, and the row that must arrive
FOLLOWED = {
    "add": (["ALTER TABLE t ADD COLUMN c INT"], "INSERT INTO t VALUES (2, 1, 'y', 3)", {"id": 2, "a": 1, "b": "y", "c": 3}),
    "add_first": (["ALTER TABLE t ADD c VARCHAR(5) FIRST"], "INSERT INTO t VALUES ('c', 2, 1, 'y')",
                  {"c": "c", "id": 2, "a": 1, "b": "y"}),
    "add_after": (["ALTER TABLE t ADD COLUMN c INT UNSIGNED AFTER id, ADD d INT AFTER c"],
                  "INSERT INTO t VALUES (2, 4294967295, -1, 1, 'y')", {"id": 2, "c": 4294967295, "d": -1, "a": 1, "b": "y"}),
    "add_many": (["ALTER TABLE t ADD (c INT, d ENUM('p','q') NOT NULL)"], "INSERT INTO t VALUES (2, 1, 'y', 3, 'q')",
                 {"id": 2, "a": 1, "b": "y", "c": 3, "d": "q"}),
    "drop": (["ALTER TABLE t DROP COLUMN a"], "INSERT INTO t VALUES (2, 'y')", {"id": 2, "b": "y"}),
    "drop_add": (["ALTER TABLE t DROP a, ADD a VARCHAR(9) CHARACTER SET latin1"], "INSERT INTO t VALUES (2, 'y', 'é')",
                 {"id": 2, "b": "y", "a": "é"}),
    "rename_column": (["ALTER TABLE t RENAME COLUMN a TO z"], "INSERT INTO t VALUES (2, 1, 'y')", {"id": 2, "z": 1, "b": "y"}),
    "swap_names": (["ALTER TABLE t RENAME COLUMN a TO b, RENAME COLUMN b TO a"], "INSERT INTO t VALUES (2, 1, 'y')",
                   {"id": 2, "b": 1, "a": "y"}),
    "change": (["ALTER TABLE t CHANGE a z BIGINT UNSIGNED NOT NULL FIRST"],
               "INSERT INTO t VALUES (18446744073709551615, 2, 'y')", {"z": 18446744073709551615, "id": 2, "b": "y"}),
    "modify_unsigned": (["ALTER TABLE t MODIFY a INT UNSIGNED"], "INSERT INTO t VALUES (2, 4294967295, 'y')",
                        {"id": 2, "a": 4294967295, "b": "y"}),
    "modify_type": (["ALTER TABLE t MODIFY a VARCHAR(20)", "ALTER TABLE t MODIFY b VARBINARY(9)"],
                    "INSERT INTO t VALUES (2, 'text', 'y')", {"id": 2, "a": "text", "b": "eQ=="}),
    "reorder": (["ALTER TABLE t MODIFY b VARCHAR(20) FIRST"], "INSERT INTO t VALUES ('y', 2, 1)", {"b": "y", "id": 2, "a": 1}),
    "enum_labels": (["ALTER TABLE t ADD e ENUM('a','b')", "ALTER TABLE t MODIFY e ENUM('b','a','c')"],
                    "INSERT INTO t VALUES (2, 1, 'y', 'b')", {"id": 2, "a": 1, "b": "y", "e": "b"}),
    "convert": (["ALTER TABLE t CONVERT TO CHARACTER SET latin1", "ALTER TABLE t ADD c VARCHAR(5)"],
                "INSERT INTO t VALUES (2, 1, 'é', 'ü')", {"id": 2, "a": 1, "b": "é", "c": "ü"}),
    "default_charset": (["ALTER TABLE t DEFAULT CHARSET latin1", "ALTER TABLE t ADD c VARCHAR(5)"],
                        "INSERT INTO t VALUES (2, 1, 'é', 'ü')", {"id": 2, "a": 1, "b": "é", "c": "ü"}),
    "table_again": (["DROP TABLE t", "CREATE TABLE t (x VARCHAR(9) PRIMARY KEY, y INT UNSIGNED)"],
                    "INSERT INTO t VALUES ('2', 4000000000)", {"x": "2", "y": 4000000000}),
    "or_replace": (["CREATE OR REPLACE TABLE t (x INT PRIMARY KEY, y BIT(1))"], "INSERT INTO t VALUES (2, 1)",
                   {"x": 2, "y": True}),
    "engine_comment_index": (["ALTER TABLE t ENGINE=InnoDB, COMMENT 'c'", "ALTER TABLE t ADD INDEX (a), ADD UNIQUE u (b)",
                              "CREATE INDEX i ON t (b)", "DROP INDEX i ON t", "ANALYZE TABLE t", "OPTIMIZE TABLE t"],
                             "INSERT INTO t VALUES (2, 1, 'y')", {"id": 2, "a": 1, "b": "y"}),
    "versioned_comment": (["/*!50000 ALTER TABLE t ADD COLUMN c INT */", "ALTER /* x */ TABLE `t` /*M!100000 ADD COLUMN d INT */"],
                          "INSERT INTO t VALUES (2, 1, 'y', 3, 4)", {"id": 2, "a": 1, "b": "y", "c": 3, "d": 4}),
    "if_exists": (["ALTER TABLE t ADD COLUMN IF NOT EXISTS a INT, ADD COLUMN IF NOT EXISTS c INT, DROP COLUMN IF EXISTS nope"],
                  "INSERT INTO t VALUES (2, 1, 'y', 3)", {"id": 2, "a": 1, "b": "y", "c": 3}),
    "generated": (["ALTER TABLE t ADD g INT AS (a + 1) STORED"], "INSERT INTO t (id, a, b) VALUES (2, 1, 'y')",
                  {"id": 2, "a": 1, "b": "y", "g": 2}),
    "constraints": (["ALTER TABLE t ADD CONSTRAINT ck CHECK (a > 0), ADD c DECIMAL(6,2) NOT NULL DEFAULT (1 + 1) COMMENT 'a, b'"],
                    "INSERT INTO t VALUES (2, 1, 'y', 3.5)", {"id": 2, "a": 1, "b": "y", "c": "3.50"}),
    "other_words": (["CREATE PROCEDURE p() SELECT 1", "CREATE VIEW v AS SELECT * FROM t", "DROP VIEW v",
                     "CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW SET NEW.a = NEW.a + 1", "DROP TRIGGER g",
                     "CREATE SEQUENCE s", "CREATE TABLE IF NOT EXISTS t (z INT)", "DROP TABLE IF EXISTS nope",
                     "FLUSH TABLES", "CREATE EVENT e ON SCHEDULE EVERY 1 YEAR DO SELECT 1"],
                    "INSERT INTO t VALUES (2, 1, 'y')", {"id": 2, "a": 1, "b": "y"}),
}


@pytest.mark.parametrize("case", FOLLOWED)
def test_followed(metadata, table, sql, db, case):
    """Rule: plan-key. Rows after the statement carry the new columns, rows before it the old ones."""
    statements, insert, row = FOLLOWED[case]
    sql(*statements, insert)
    found = table.wait_rows(f"{db}.t", 2)
    assert list(found[0].after) == ["id", "a", "b"]
    assert list(found[1].after.items()) == list(row.items())
    assert found[1].key == b"2"
    table.must_run()


def test_followed_across_a_restart(metadata, table, sql, db):
    """Rules: tracked-catalog, plan-key. Rows of the old definition are read after the table has changed: the catalog in the
    checkpoint contains that definition."""
    assert table.stop() == 0
    sql("INSERT INTO t VALUES (2, 1, 'old')", "ALTER TABLE t ADD c INT FIRST, DROP a", "INSERT INTO t VALUES (9, 3, 'new')",
        "ALTER TABLE t MODIFY c BIGINT UNSIGNED", "INSERT INTO t VALUES (18446744073709551615, 4, 'newer')")
    table.start()
    found = table.wait_rows(f"{db}.t", 4)
    by_key = {m.key: m.after for m in found}
    assert by_key[b"2"] == {"id": 2, "a": 1, "b": "old"}
    assert by_key[b"3"] == {"c": 9, "id": 3, "b": "new"}
    assert by_key[b"4"] == {"c": 18446744073709551615, "id": 4, "b": "newer"}


def test_same_map_bytes(metadata, sync, sql, db):
    """Rule: plan-key. After rename + reorder + unsigned to signed + relabelled enum MariaDB's NO_LOG table map is the
    same bytes; the values must not be those of the old plan."""
    sql("CREATE TABLE t (id INT PRIMARY KEY, a INT UNSIGNED, b INT, e ENUM('x','y'))", "INSERT INTO t VALUES (1, 4294967295, -1, 'x')")
    running = sync()
    running.wait_rows(f"{db}.t", 1)
    running.wait_streaming()
    sql("INSERT INTO t VALUES (2, 4294967295, -1, 'x')", "RENAME TABLE t TO old",
        "CREATE TABLE t (id INT PRIMARY KEY, b INT, a INT UNSIGNED, e ENUM('y','x'))",
        "INSERT INTO t VALUES (3, -1, 4294967295, 'x')")
    found = running.wait_rows(f"{db}.t", 3)
    assert {m.key: list(m.after.items()) for m in found[1:]} == {
        b"2": [("id", 2), ("a", 4294967295), ("b", -1), ("e", "x")],
        b"3": [("id", 3), ("b", -1), ("a", 4294967295), ("e", "x")],
    }


def test_create_in_stream(metadata, table, sql, db):
    """Rule: tracked-catalog. A table created in the stream is not copied, not even by CREATE TABLE LIKE or SELECT."""
    sql("CREATE TABLE n (id INT PRIMARY KEY, v VARCHAR(9))", "INSERT INTO n VALUES (1, 'a')",
        "CREATE TABLE l LIKE n", "INSERT INTO l VALUES (2, 'b')",
        "CREATE TABLE s (PRIMARY KEY (id)) SELECT id, v, 5 AS five FROM n")
    for name in ("n", "l", "s"):
        (message,) = table.wait_rows(f"{db}.{name}", 1)
        assert not message.full and message.op == "INSERT"
    (message,) = table.wait_rows(f"{db}.s", 1)
    assert message.after == {"id": 1, "v": "a", "five": 5}


def test_rename_pair(metadata, table, sql, db):
    """gh-ost's atomic RENAME pair swaps the tables; rows after it have the ghost's columns. Nothing of
    the shadow tables themselves is sent."""
    sql("CREATE TABLE _t_gho LIKE t", "ALTER TABLE _t_gho ADD COLUMN c INT FIRST", "INSERT INTO _t_gho SELECT 5, t.* FROM t",
        "RENAME TABLE t TO _t_del, _t_gho TO t", "INSERT INTO _t_del VALUES (3, 1, 'z')", "DROP TABLE _t_del",
        "INSERT INTO t VALUES (6, 2, 1, 'y')")
    found = table.wait_rows(f"{db}.t", 2)
    assert found[1].after == {"c": 6, "id": 2, "a": 1, "b": "y"}
    assert {t for t in table.kafka.partitions() if t.startswith(f"{db}.")} == {f"{db}.t"}


# the shadow table and the name that the old table gets: what gh-ost and pt-online-schema-change write
SWAPS = {
    "gh_ost": ("t", "_t_gho", "_t_del"),
    "gh_ost_time": ("t", "_t_gho", "_t_20240102030405_del"),
    "gh_ost_long": (60 * "t", "_" + 59 * "t" + "_gho", "_" + 59 * "t" + "_del"),
    "pt": ("t", "_t_new", "_t_old"),
    "pt_again": ("_t", "___t_new", "____t_old"),
}
NO_SWAPS = {
    "any": ("t", "hidden", "t_away"),
    "other_table": ("t", "_u_gho", "_t_del"),
    "kept": ("t", "_t_gho", "kept"),
    "mixed": ("t", "_t_gho", "_t_old"),
    "no_shadow": ("t", "t_new", "_t_old"),
}


@pytest.mark.parametrize("case", [*SWAPS, *NO_SWAPS])
def test_swap(sync, sql, db, case):
    """Rule: table-position. A table that replaces a captured one is assumed to have the same rows only if it has a name of
    gh-ost or pt-online-schema-change. Any other table is an error that names both."""
    name, shadow, away = (SWAPS | NO_SWAPS)[case]
    sql(f"CREATE TABLE {name} (id INT PRIMARY KEY)", f"INSERT INTO {name} VALUES (1)", f"CREATE TABLE {shadow} LIKE {name}",
        f"INSERT INTO {shadow} VALUES (5)")
    running = sync(tables=[f"{db}.{name}"])
    running.wait_rows(f"{db}.{name}", 1)
    running.wait_streaming()
    sql(f"RENAME TABLE {name} TO {away}, {shadow} TO {name}", f"INSERT INTO {name} VALUES (6)")
    if case in SWAPS:
        assert [m.key for m in running.wait_rows(f"{db}.{name}", 2)] == [b"1", b"6"]
    else:
        running.fails(7, rf"{db}\.{shadow}, which is not captured", rf"{db}\.{name}, which is", "gh-ost")


def test_rename_into_a_captured_name(sync, sql, db, mariadb):
    """Rule: table-position. RENAME of a table that is not captured into a captured name is an error that names both."""
    sql("CREATE TABLE t (id INT PRIMARY KEY)", "INSERT INTO t VALUES (1)", "CREATE TABLE hidden (id INT PRIMARY KEY)",
        "INSERT INTO hidden VALUES (5)")
    running = sync(tables=[f"{db}.?"])
    running.wait_rows(f"{db}.t", 1)
    running.wait_streaming()
    sql("RENAME TABLE hidden TO u", "INSERT INTO u VALUES (6)")
    running.fails(7, rf"{db}\.hidden", rf"{db}\.u")


PARTITIONED = ("CREATE TABLE {} (id INT PRIMARY KEY, v INT) PARTITION BY RANGE (id) "
               "(PARTITION p0 VALUES LESS THAN (10), PARTITION p1 VALUES LESS THAN (100))")

# each: tables that are captured (c*) and not, the statement that moves rows between them, and what the error names
MOVED = {
    "exchange_in": ("CREATE TABLE cc (id INT PRIMARY KEY, v INT)", "p", "ALTER TABLE p EXCHANGE PARTITION p0 WITH TABLE cc",
                    (r"\.p, which is not captured", r"\.cc, which is", "EXCHANGE PARTITION", "exclude the latter")),
    "exchange_out": ("CREATE TABLE n (id INT PRIMARY KEY, v INT)", "cp", "ALTER TABLE cp EXCHANGE PARTITION p0 WITH TABLE n",
                     (r"\.n, which is not captured", r"\.cp, which is", "EXCHANGE PARTITION", "exclude the latter")),
    "exchange_both": ("CREATE TABLE cc (id INT PRIMARY KEY, v INT)", "cp", "ALTER TABLE cp EXCHANGE PARTITION p0 WITH TABLE cc",
                      (r"\.cp", r"\.cc", "EXCHANGE PARTITION", "exclude both")),
    "to_table": ("CREATE TABLE n (id INT PRIMARY KEY)", "p", "ALTER TABLE p CONVERT PARTITION p0 TO TABLE cc",
                 (r"\.p, which is not captured", r"\.cc, which is", "CONVERT PARTITION", "exclude the latter")),
    "to_partition": ("CREATE TABLE n (id INT PRIMARY KEY, v INT)", "cp",
                     "ALTER TABLE cp CONVERT TABLE n TO PARTITION p2 VALUES LESS THAN (200)",
                     (r"\.n, which is not captured", r"\.cp, which is", "CONVERT PARTITION", "exclude the latter")),
}


@pytest.mark.parametrize("case", MOVED)
def test_partition_that_brings_rows(sync, sql, db, case):
    """Rule: table-position. Partition DDL that brings rows which were never read into a captured table is an error that
    names both; with the table excluded the sync continues."""
    other, partitioned, statement, patterns = MOVED[case]
    sql("CREATE TABLE c (id INT PRIMARY KEY)", "INSERT INTO c VALUES (1)", other, PARTITIONED.format(partitioned),
        f"INSERT INTO {partitioned} VALUES (1, 1), (20, 2)")
    running = sync(tables=[f"{db}.c*"])
    running.wait_rows(f"{db}.c", 1)
    running.wait_streaming()
    sql(statement, "INSERT INTO c VALUES (2)")
    running.fails(7, *patterns)
    running.write(running.text([f"{db}.c"], ""))
    running.start()
    running.wait_rows(f"{db}.c", 2)


def test_partition_of_tables_that_are_not_captured(sync, sql, db, mariadb):
    """Partition DDL between tables that are not captured does not stop the sync, in a tracked database and elsewhere. Nor does a
    partition that becomes a table with a captured name: its rows are in the topic of the table that it leaves."""
    sql("CREATE TABLE c (id INT PRIMARY KEY)", "INSERT INTO c VALUES (1)", "CREATE TABLE n (id INT PRIMARY KEY, v INT)",
        PARTITIONED.format("p"), "INSERT INTO p VALUES (1, 1), (20, 2)", PARTITIONED.format("cp"), "INSERT INTO cp VALUES (1, 1)")
    mariadb.run(f"CREATE DATABASE {db}_o", f"CREATE TABLE {db}_o.q LIKE {db}.n", f"CREATE TABLE {db}_o.p LIKE {db}.p")
    running = sync(tables=[f"{db}.c*"])
    running.wait_rows(f"{db}.cp", 1)
    running.wait_streaming()
    sql("ALTER TABLE p EXCHANGE PARTITION p0 WITH TABLE n", "ALTER TABLE p CONVERT PARTITION p0 TO TABLE m",
        "ALTER TABLE p CONVERT TABLE m TO PARTITION p2 VALUES LESS THAN (200)",
        f"ALTER TABLE {db}_o.p EXCHANGE PARTITION p0 WITH TABLE {db}_o.q",
        f"ALTER TABLE {db}_o.p EXCHANGE PARTITION p0 WITH TABLE n",
        "ALTER TABLE cp CONVERT PARTITION p0 TO TABLE cq", "INSERT INTO cq VALUES (2, 2)", "INSERT INTO c VALUES (2)")
    running.wait_rows(f"{db}.c", 2)
    assert [m.key for m in running.wait_rows(f"{db}.cq", 1)] == [b"2"]
    mariadb.run(f"DROP DATABASE {db}_o")


def test_partition_before_the_point(sync, sql, db):
    """An exchange that the full sync has seen is not an error: it is at or before the table's start position."""
    sql("CREATE TABLE c (id INT PRIMARY KEY)", "INSERT INTO c VALUES (1)", "CREATE TABLE d (id INT PRIMARY KEY, v INT)",
        PARTITIONED.format("p"), "INSERT INTO p VALUES (1, 1), (20, 2)")
    running = sync(tables=[f"{db}.c"])
    running.wait_rows(f"{db}.c", 1)
    running.wait_streaming()
    assert running.stop() == 0
    sql("INSERT INTO c VALUES (2)", "ALTER TABLE p EXCHANGE PARTITION p0 WITH TABLE d", "INSERT INTO c VALUES (3)")
    running.write(running.text([f"{db}.?", f"!{db}.p"], ""))
    running.start()
    assert [m.key for m in running.wait_rows(f"{db}.d", 1)] == [b"1"]
    running.wait_rows(f"{db}.c", 3)


def test_lower_case_and_quotes(metadata, sync, sql, db):
    """Names with blanks, quotes, dots, upper case and umlauts, in DDL too."""
    name = "Od`d Näme"
    quoted = "`" + name.replace("`", "``") + "`"
    sql(f"CREATE TABLE {quoted} (`i d` INT PRIMARY KEY, `a``b` INT)", f"INSERT INTO {quoted} VALUES (1, 2)")
    running = sync('topic = { { regex = [[.]], to = "' + db + '.odd", final = true } },', topic=False, tables=[f"{db}.*"])
    running.wait_rows(f"{db}.odd", 1)
    running.wait_streaming()
    sql(f"ALTER TABLE {quoted} ADD `ü.\"x` INT AFTER `i d`", f"INSERT INTO {quoted} VALUES (2, 3, 4)")
    found = running.wait_rows(f"{db}.odd", 2)
    assert found[1].after == {"i d": 2, 'ü."x': 3, "a`b": 4}
    assert found[1].table == (db, name)


# names without case: what an ALTER names is the column, whatever the case of its letters (the server's own tables)

ANY_CASE = {
    "moved": ("ALTER TABLE m MODIFY COLUMN IF EXISTS `É` INT FIRST", "(20, 2, 30)", {"É": None, "id": 2, "v": 30}),
    "modified": ("ALTER TABLE m MODIFY `É` BIGINT AFTER v", "(2, 30, 20)", {"id": 2, "v": 30, "É": None}),
    "there_already": ("ALTER TABLE m ADD COLUMN IF NOT EXISTS `é` INT FIRST", "(2, 20, 30)", {"id": 2, "É": None, "v": 30}),
    "another_key": ("ALTER TABLE m DROP INDEX IF EXISTS `ключ`, ADD COLUMN w INT AFTER id", "(2, 5, 20, 30)",
                    {"id": 2, "w": 5, "É": None, "v": 30}),
}


def test_names_in_another_case(metadata, sync, sql, db):
    """A column é or É is masked: its value is sent in no other column, and the sync does not stop."""
    for name, (statement, _, _) in ANY_CASE.items():
        # MODIFY takes the spelling of the statement: masks are for both
        column = "é" if "MODIFY" in statement else "É"
        sql(f"CREATE TABLE {name} (id INT PRIMARY KEY, `{column}` INT, v INT, KEY `Ключ` (v))")
    mask = 'require("tideway.mask").null'
    running = sync(f'columns = {{ ["{db}.*"] = {{ mask = {{ ["é"] = {mask}, ["É"] = {mask} }} }} }},')
    running.wait_streaming()
    for name, (statement, values, _) in ANY_CASE.items():
        sql(statement.replace(" m ", f" {name} "), f"INSERT INTO {name} VALUES {values}")
    for name, (_, _, expected) in ANY_CASE.items():
        assert running.wait_rows(f"{db}.{name}", 1)[0].after == expected, name


# messages

MESSAGES = {
    "CREATE": ["CREATE TABLE n (id INT PRIMARY KEY, v INT)"],
    "ALTER": ["ALTER TABLE t ADD COLUMN c INT"],
    "ERASE": ["DROP TABLE t"],
    "TRUNCATE": ["TRUNCATE TABLE t"],
    "CINDEX": ["CREATE INDEX i ON t (a)"],
    "DINDEX": ["ALTER TABLE t ADD INDEX i (a)", "DROP INDEX i ON t"],
}


@pytest.mark.parametrize("op", MESSAGES)
def test_message(table, sql, db, op):
    """docs/messages.md, "Schema changes": op, text, ddlMeta, key null, partition 0, schema as it is after the change
    (ERASE: before the drop)."""
    sql(*MESSAGES[op])
    name = "n" if op == "CREATE" else "t"
    message = table.wait_message(f"{db}.{name}", lambda m: m.op == op, f"the {op} message")
    check_shape(message)
    assert (message.key, message.partition) == (None, 0)
    assert message.table == (db, name)
    # the server itself rewrites the text of DROP
    assert message.ddl["text"] == MESSAGES[op][-1] or op == "ERASE"
    columns = {"CREATE": ["id", "v"], "ALTER": ["id", "a", "b", "c"]}.get(op, ["id", "a", "b"])
    assert list(message.types) == columns
    assert message.json["schema"]["primaryKey"] == ["id"]
    meta = message.ddl_meta
    assert meta["type"] == op and meta["database"] == db and meta["table"] == name
    if op == "ALTER":
        assert "c" in str(meta["added"])
    stamp = message.payload["timestamp"]
    assert list(stamp) == ["eventTime", "systemTime", "checkpointTime"]


def test_rename_message(table, sql, db):
    """docs/messages.md, "Schema changes": RENAME goes to the old and the new topic."""
    sql("RENAME TABLE t TO u", "INSERT INTO u VALUES (2, 1, 'y')")
    old = table.wait_message(f"{db}.t", lambda m: m.op == "RENAME", "RENAME in the old topic")
    new = table.wait_message(f"{db}.u", lambda m: m.op == "RENAME", "RENAME in the new topic")
    assert old.sequence == new.sequence and old.ddl == new.ddl
    assert table.wait_rows(f"{db}.u", 1)[0].after == {"id": 2, "a": 1, "b": "y"}


def test_alter_rename_message(table, sql, db):
    """docs/messages.md, "Schema changes": ALTER TABLE ... RENAME moves the table as RENAME does: one RENAME in the old
    topic and one in the new, with the new columns; rows go to the new topic."""
    statement = "ALTER TABLE t ADD COLUMN c INT, RENAME TO u"
    sql(statement, "INSERT INTO u VALUES (2, 1, 'y', 3)")
    assert table.wait_rows(f"{db}.u", 1)[0].after == {"id": 2, "a": 1, "b": "y", "c": 3}
    told = sorted(ddls(table.reader(f"{db}.t", f"{db}.u").to_end()), key=lambda m: m.topic)
    assert [(m.topic, m.partition, m.key, m.op) for m in told] == [(f"{db}.{name}", 0, None, "RENAME") for name in ("t", "u")]
    for message in told:
        check_shape(message)
        assert message.ddl["text"] == statement and message.sequence == told[0].sequence
        assert message.table == (db, "u") and list(message.types) == ["id", "a", "b", "c"]
        meta = message.ddl_meta
        assert (meta["table"], meta["newTable"], meta["added"]) == ("t", "u", ["c"])


def test_one_message_for_each_table(sync, sql, db):
    """docs/messages.md, "Schema changes": DROP TABLE of two gives one message for each, in each topic."""
    sql("CREATE TABLE a (id INT PRIMARY KEY)", "CREATE TABLE b (id INT PRIMARY KEY)")
    running = sync()
    running.wait_streaming()
    sql("DROP TABLE a, b")
    for name in ("a", "b"):
        message = running.wait_message(f"{db}.{name}", lambda m: m.op == "ERASE", "the message")
        assert message.table == (db, name)


def test_order_with_rows(table, sql, db):
    """Rules: sequence-id, key-order. In partition 0 and by sequenceId, a DDL message is between the rows before and after it."""
    sql("INSERT INTO t VALUES (2, 1, 'a')", "ALTER TABLE t ADD c INT", "INSERT INTO t VALUES (3, 1, 'a', 1)")
    table.wait_message(f"{db}.t", lambda m: m.op == "ALTER", "the ALTER")
    found = table.wait_rows(f"{db}.t", 3)
    (alter,) = ddls(table.reader(f"{db}.t").messages)
    by_key = {m.key: m.sequence for m in rows(found)}
    assert by_key[b"2"] < alter.sequence < by_key[b"3"]


def test_statements_on_another_database(sync, sql, db, mariadb):
    """Rule: plan-key. A statement that concerns no tracked database does not stop the sync."""
    sql("CREATE TABLE t (id INT PRIMARY KEY)", "INSERT INTO t VALUES (1)")
    running = sync()
    running.wait_rows(f"{db}.t", 1)
    running.wait_streaming()
    mariadb.run(f"CREATE DATABASE {db}_o", f"CREATE TABLE {db}_o.x (i INT)", f"ALTER TABLE {db}_o.x ADD j INT",
                UNPLACED.replace(" t ", f" {db}_o.x "), f"DROP DATABASE {db}_o")
    sql("INSERT INTO t VALUES (2)")
    running.wait_rows(f"{db}.t", 2)
    running.must_run()


# MariaDB takes an escape of ODBC as a default, the parser does not. Once it does, look for another such statement
UNPLACED = "ALTER TABLE t ADD COLUMN c DATE DEFAULT {d '2024-01-02'} FIRST"


@pytest.mark.parametrize("setting", ["NO_LOG", "MINIMAL"])
def test_unplaced_statement(sync, sql, db, mariadb, setting):
    """Rule: plan-key. A statement on a captured table that cannot be placed stops the sync where rows do not carry their
    columns, with the statement, its position and the setting that helps; at every start."""
    sql("CREATE TABLE t (id INT PRIMARY KEY, a INT)", "INSERT INTO t VALUES (1, 10)")
    with mariadb.globals(binlog_row_metadata=setting):
        running = sync()
        running.wait_rows(f"{db}.t", 1)
        running.wait_streaming()
        file, offset = mariadb.binlog_end()
        sql(UNPLACED, "INSERT INTO t (id, a) VALUES (2, 20)")
        said = (rf"statement at {file}:{offset}: ", "cannot be placed", re.escape(UNPLACED), "binlog_row_metadata = FULL")
        running.fails(7, *said)
        running.start().fails(7, *said)
    assert len(rows(running.reader(f"{db}.t").to_end())) == 1


@pytest.mark.parametrize("setting", ["NO_LOG", "MINIMAL"])
def test_unplaced_statement_under_full(sync, sql, db, mariadb, setting):
    """Rule: plan-key. With FULL the rows after such a statement contain the columns, also after a restart. A row of the table
    without them stops the sync: the statement may have changed more than that row shows."""
    sql("CREATE TABLE t (id INT PRIMARY KEY, a INT)", "CREATE TABLE u LIKE t", "INSERT INTO t VALUES (1, 10)")
    with mariadb.globals(binlog_row_metadata="FULL"):
        running = sync()
        running.wait_rows(f"{db}.t", 1)
        running.wait_streaming()
        sql(UNPLACED, "INSERT INTO t (id, a) VALUES (2, 20)")
        days = 19724 * 86400000
        assert list(running.wait_rows(f"{db}.t", 2)[1].after.items()) == [("c", days), ("id", 2), ("a", 20)]
        assert "could not be parsed; from here on" in running.log
        assert running.stop() == 0
        running.start()
        sql("INSERT INTO t (id, a) VALUES (3, 30)")
        assert running.wait_rows(f"{db}.t", 3)[2].after == {"c": days, "id": 3, "a": 30}
    with mariadb.globals(binlog_row_metadata=setting):
        sql("INSERT INTO u VALUES (1, 1)")
        running.wait_rows(f"{db}.u", 1)
        sql("INSERT INTO t (id, a) VALUES (4, 40)")
        running.fails(7, rf"table {db}\.t: the statement at .*:\d+ could not be parsed and may have altered the table",
                      "binlog_row_metadata = FULL")
    assert "could not be parsed; from here on" not in running.log, "the doubt came from the checkpoint"


@pytest.mark.parametrize("large", [False, True])
def test_load_data_as_a_statement(sync, sql, db, mariadb, tmp_path, large):
    """LOAD DATA in a STATEMENT session is handled like any other statement. On a table that is not captured, in this
    database or another, it is ignored; on a captured one it stops the sync with an error that names the setting to change."""
    data = tmp_path / "x.csv"
    data.write_text("".join(f"{n}\t{'x' * 100}\n" for n in range(2, 60_000 if large else 4)))
    sql("CREATE TABLE t (id INT PRIMARY KEY, s VARCHAR(100))", "INSERT INTO t VALUES (1, '')", "CREATE TABLE n LIKE t")
    mariadb.run(f"CREATE DATABASE {db}_o", f"CREATE TABLE {db}_o.x LIKE {db}.t")
    running = sync(tables=[f"{db}.t"])
    running.wait_rows(f"{db}.t", 1)
    running.wait_streaming()
    with mariadb.globals(local_infile=1):
        connection = mariadb.connect(database=f"{db}_o", local_infile=True, init_command="SET binlog_format = 'STATEMENT'")
        with connection.cursor() as cursor:
            cursor.execute(f"LOAD DATA LOCAL INFILE '{data}' INTO TABLE x")
            cursor.execute(f"LOAD DATA LOCAL INFILE '{data}' REPLACE INTO TABLE {db}.n (id, s)")
            sql("INSERT INTO t VALUES (0, '')")
            running.wait_rows(f"{db}.t", 2)
            cursor.execute(f"LOAD DATA LOCAL INFILE '{data}' IGNORE INTO TABLE {db}.t")
        connection.close()
    running.fails(7, "binlog_format = ROW", "LOAD DATA")
    mariadb.run(f"DROP DATABASE {db}_o")


def test_default_database_differs(table, sql, db, mariadb):
    """A statement from another default database, with the table's full name."""
    mariadb.run("USE mysql", f"ALTER TABLE {db}.t ADD COLUMN c INT", f"INSERT INTO {db}.t VALUES (2, 1, 'y', 3)")
    assert table.wait_rows(f"{db}.t", 2)[1].after == {"id": 2, "a": 1, "b": "y", "c": 3}


def test_drop_database(table, sql, db, mariadb):
    """docs/messages.md, "Schema changes": DROP DATABASE is sent as ERASE to the topic of each table, with the table's last
    columns. The sync continues. When the database is created again, CREATE is sent."""
    sql("CREATE TABLE u (k INT PRIMARY KEY)")
    mariadb.run(f"DROP DATABASE {db}", f"CREATE DATABASE {db}", f"CREATE TABLE {db}.t (id INT PRIMARY KEY, z INT)",
                f"INSERT INTO {db}.t VALUES (5, 6)")
    assert table.wait_rows(f"{db}.t", 2)[1].after == {"id": 5, "z": 6}
    told = ddls(table.reader(f"{db}.t", f"{db}.u").to_end())
    erased = sorted((m for m in told if m.op == "ERASE"), key=lambda m: m.topic)
    assert [(m.topic, list(m.types)) for m in erased] == [(f"{db}.t", ["id", "a", "b"]), (f"{db}.u", ["k"])]
    for message in erased:
        check_shape(message)
        assert (message.partition, message.key, message.ddl["text"]) == (0, None, f"DROP DATABASE {db}")
        assert message.table == tuple(message.topic.split("."))
    created = [m for m in told if m.topic == f"{db}.t" and m.op == "CREATE"]
    assert [list(m.types) for m in created] == [["id", "z"]] and created[0].sequence > erased[0].sequence


def test_two_phase_alter(table, sql, db, mariadb):
    """Rule: two-phase-alter. START ALTER and COMMIT ALTER (binlog_alter_two_phase): rows between have the old columns."""
    connection = mariadb.connect(database=db, init_command="SET SESSION binlog_alter_two_phase = 1")
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO t VALUES (2, 1, 'before')")
        cursor.execute("ALTER TABLE t ADD COLUMN c INT, ALGORITHM=COPY")
        cursor.execute("INSERT INTO t VALUES (3, 1, 'after', 4)")
    connection.close()
    found = table.wait_rows(f"{db}.t", 3)
    by_key = {m.key: m.after for m in found}
    assert by_key[b"2"] == {"id": 2, "a": 1, "b": "before"}
    assert by_key[b"3"] == {"id": 3, "a": 1, "b": "after", "c": 4}
    assert len(ddls(table.reader(f"{db}.t").to_end())) == 1


@pytest.mark.parametrize("rolled_back", [False, True])
def test_rows_between_the_phases(table, sql, db, mariadb, rolled_back):
    """Rule: two-phase-alter. Rows between START ALTER and COMMIT ALTER have the old columns, and so have those after
    ROLLBACK ALTER."""
    sql("INSERT INTO t SELECT seq, IF(seq = 60000, 0, seq), '' FROM seq_100_to_60000")
    if rolled_back:  # the index fails at the end of the copy, and the ALTER with it
        sql("INSERT INTO t VALUES (70000, 0, '')")
    between = mariadb.connect(database=db)
    altering = mariadb.connect(database=db, init_command="SET SESSION binlog_alter_two_phase = 1")
    failed = []

    def alter():
        try:
            with altering.cursor() as cursor:
                cursor.execute("ALTER TABLE t ADD COLUMN c INT FIRST, ADD UNIQUE (a), ALGORITHM=INPLACE, LOCK=NONE")
        except pymysql.err.MySQLError as failure:
            failed.append(failure)

    thread = threading.Thread(target=alter)
    thread.start()
    written = 0
    with between.cursor() as cursor:
        while thread.is_alive():
            written += 1
            with contextlib.suppress(pymysql.err.MySQLError):  # the table is locked briefly at the end
                cursor.execute(f"INSERT INTO t (id, a, b) VALUES ({100000 + written}, {-written}, 'between')")
    thread.join()
    between.close()
    altering.close()
    assert bool(failed) == rolled_back, failed
    sql("INSERT INTO t (id, a, b) VALUES (999999, -999999, 'after')")
    table.until(f"{db}.t", lambda m: any(r.key == b"999999" for r in m), "the last row")
    got = {m.key: m.after for m in rows(table.reader(f"{db}.t").to_end())}
    expected = mariadb.run("SELECT id, a, b FROM t WHERE id > 99999", db=db)
    assert len(expected) > 1
    for id_, a, b in expected:
        row = got[str(id_).encode()]
        assert (row["id"], row["a"], row["b"]) == (id_, a, b)
        assert "c" not in row or not rolled_back
    assert "c" not in got[b"100001"]
    assert ("c" in got[b"999999"]) == (not rolled_back)
    assert len(ddls(table.reader(f"{db}.t").to_end())) == (0 if rolled_back else 1)


@pytest.fixture
def between_the_phases(table, sql, db, mariadb):
    """Bring an ALTER of t, ADD COLUMN c INT FIRST, between its two phases, with row 2 written between them. Row 3 is written
    there too, but not committed, and keeps the ALTER from its second phase until release() is called."""
    connections = [mariadb.connect(database=db, autocommit=False) for _ in range(3)]
    failures = []

    def execute(connection, statement):
        try:
            with connection.cursor() as cursor:
                cursor.execute(statement)
        except pymysql.err.MySQLError as failure:
            failures.append(failure)

    def begin(connection, statement):
        thread = threading.Thread(target=execute, args=(connection, statement), daemon=True)
        thread.start()
        return thread

    def waiting(number):
        count = ("SELECT COUNT(*) FROM information_schema.processlist WHERE state = 'Waiting for table metadata lock'"
                 f" AND db = '{db}'")
        wait_for(lambda: failures or mariadb.run(count) == ((number,),), f"{number} that wait")

    def release():
        sql("COMMIT")
        for connection in connections[1:]:
            connection.commit()
        altering.join()
        assert not failures

    file, before = mariadb.binlog_end()
    # the ALTER waits for this reader, and two rows wait for the ALTER: they are written when it releases its lock for the index
    sql("BEGIN", "SELECT * FROM t")
    altering = begin(connections[0], "SET STATEMENT binlog_alter_two_phase = 1 FOR "
                                     "ALTER TABLE t ADD COLUMN c INT FIRST, ADD UNIQUE (a), ALGORITHM=INPLACE, LOCK=NONE")
    try:
        waiting(1)
        inserting = [begin(c, f"INSERT INTO t (id, a, b) VALUES ({i}, {i}, 'between')") for i, c in enumerate(connections[1:], 2)]
        waiting(3)
        sql("COMMIT")
        for thread in inserting:
            thread.join()
        connections[1].commit()
        written = str(mariadb.run(f"SHOW BINLOG EVENTS IN '{file}' FROM {before}"))
        assert "START ALTER" in written and "COMMIT ALTER" not in written and not failures, failures
        yield release
    finally:
        sql("COMMIT")
        for connection in reversed(connections):
            connection.close()


def test_killed_between_the_phases(mariadb, sql, db, table, between_the_phases):
    """Rule: two-phase-alter. After kill -9 between START ALTER and COMMIT ALTER, the next run begins there: rows between
    the two have the old columns, later rows the new ones, and the statement is sent once."""
    file, offset = mariadb.binlog_end()
    table.wait_rows(f"{db}.t", 2)
    table.wait_message(f"tideway.{table.name}", lambda m: m.key.endswith(b"/position") and m.value and
                       (m.json["file"], m.json["offset"]) == (file, str(offset)), "a checkpoint between the phases")
    table.kill9()
    table.start()
    table.wait_log(f"reading the binlog from {file}:{offset}")
    between_the_phases()
    sql("INSERT INTO t VALUES (7, 4, 4, 'after')")
    found = {m.key: m.after for m in table.wait_rows(f"{db}.t", 4)}
    assert found[b"2"] == {"id": 2, "a": 2, "b": "between"} and found[b"3"] == {"id": 3, "a": 3, "b": "between"}
    assert list(found[b"4"].items()) == [("c", 7), ("id", 4), ("a", 4), ("b", "after")]
    assert len(ddls(table.reader(f"{db}.t").to_end())) == 1


def test_stream_begins_while_tables_change(sync, sql, db, mariadb):
    """Rule: ddl-while-copying. mode = "stream": the definitions are those of the position, even when a table changes
    after they were loaded and before the position. The two columns change places, which the binlog does not contain
    (NO_LOG). No definition occurs twice, because one that returns between two loads looks as if it had not changed."""
    sql("CREATE TABLE t (id INT PRIMARY KEY AUTO_INCREMENT, a INT, b INT, s VARCHAR(100))")
    connection = mariadb.connect(database=db)
    done = threading.Event()

    def change():
        with connection.cursor() as cursor:
            for length in itertools.count(101, 2):
                if done.is_set():
                    break
                for more, place in enumerate(("AFTER b", "AFTER id")):
                    cursor.execute(f"ALTER TABLE t MODIFY a INT {place}, MODIFY s VARCHAR({length + more}), ALGORITHM=COPY")
                    for _ in range(40):
                        cursor.execute("INSERT INTO t (a, b) VALUES (1, 2)")

    thread = threading.Thread(target=change)
    thread.start()
    try:
        for run in range(4):
            running = sync('mode = "stream",', name=f"{db[:40]}_{run}")
            running.wait_streaming()
            enough = len(ddls(running.reader(f"{db}.t").to_end())) + 3
            found = running.until(f"{db}.t", lambda m, n=enough: len(ddls(m)) >= n, "rows between statements")
            assert {(m.after["a"], m.after["b"]) for m in rows(found)} == {(1, 2)}
            assert running.stop() == 0
    finally:
        done.set()
        thread.join()
        connection.close()


def test_plan_while_tables_change(sync, sql, db, mariadb):
    """A look at tables that ALTER TABLE copies meanwhile: the server's lists omit such a table, or its keys, for a moment."""
    sql("CREATE TABLE t (id INT PRIMARY KEY, a INT)")
    connection = mariadb.connect(database=db)
    done = threading.Event()

    def change():
        with connection.cursor() as cursor:
            for place in itertools.cycle(("AFTER a", "FIRST")):
                if done.is_set():
                    break
                cursor.execute(f"ALTER TABLE t MODIFY id INT {place}, ALGORITHM=COPY")

    thread = threading.Thread(target=change)
    thread.start()
    try:
        running = sync(tables=[f"{db}.t"], start=False)
        for _ in range(10):
            code, out, err = running.once("--json", command="plan")
            assert code == 0, err
            assert [table["primaryKey"] for table in json.loads(out)] == [["id"]]
    finally:
        done.set()
        thread.join()
        connection.close()


def test_view_that_is_not_made(sync, sql, db):
    """Rule: plan-key. CREATE VIEW IF NOT EXISTS with the name of a table creates nothing, but MariaDB logs it. The table's
    rows are sent as before, also after a restart."""
    sql("CREATE TABLE t (id INT PRIMARY KEY)")
    running = sync()
    running.wait_streaming()
    sql("CREATE VIEW IF NOT EXISTS t AS SELECT 1", "INSERT INTO t VALUES (1)", "ALTER TABLE t ADD a INT", "INSERT INTO t VALUES (2, 2)",
        "CREATE SEQUENCE s", "CREATE OR REPLACE TABLE s (id INT PRIMARY KEY)", "INSERT INTO s VALUES (1)")
    running.wait_rows(f"{db}.t", 2)
    running.wait_rows(f"{db}.s", 1)
    assert running.stop() == 0
    running.start()
    sql("INSERT INTO t VALUES (3, 3)", "INSERT INTO s VALUES (2)")
    running.wait_rows(f"{db}.t", 3)
    running.wait_rows(f"{db}.s", 2)


@pytest.mark.parametrize("metadata", ["NO_LOG", "MINIMAL"])
def test_character_set_of_a_new_database(sync, sql, db, mariadb, metadata):
    """Rule: tracked-catalog. A database that is created without a character set has that of the session's
    collation_server. So have its tables."""
    sql("CREATE TABLE t (id INT PRIMARY KEY)")
    running = sync(tables=[f"{db}.*", f"{db}_new.*"])
    running.wait_streaming()
    with mariadb.globals(binlog_row_metadata=metadata):
        connection = mariadb.connect(init_command="SET NAMES utf8mb4, collation_server = latin1_swedish_ci")
        with connection.cursor() as cursor:
            for statement in (f"CREATE DATABASE {db}_new", f"CREATE TABLE {db}_new.t (id INT PRIMARY KEY, v VARCHAR(9), c TEXT)",
                              f"INSERT INTO {db}_new.t VALUES (1, 'é', 'ü')"):
                cursor.execute(statement)
        connection.close()
    (message,) = running.wait_rows(f"{db}_new.t", 1)
    mariadb.run(f"DROP DATABASE {db}_new")
    assert message.after == {"id": 1, "v": "é", "c": "ü"}


NOON = 1704196800000  # 2024-01-02 12:00:00, of a DATETIME, in every time zone

# each: statements on a table {t} (id INT PRIMARY KEY, b INT) in a session of its own, a row, and the columns and the key of the
# last message; what they mean is decided by variables, by the table as it was, or by a qualified name
MEANINGS = {
    "old_mode": (["ALTER TABLE {t} ADD e TEXT CHARSET utf8, ADD f VARCHAR(9) CHARSET utf8, ADD g TEXT COLLATE utf8_bin"],
                 "1, 2, '😀', '😀', '😀'", {"id": 1, "b": 2, "e": "😀", "f": "😀", "g": "😀"}, b"1"),
    "maxdb": (["SET time_zone = '+05:00', sql_mode = 'MAXDB'", "ALTER TABLE {t} ADD x TIMESTAMP NULL"],
              "1, 2, '2024-01-02 12:00:00'", {"id": 1, "b": 2, "x": NOON}, b"1"),
    "not_maxdb": (["SET time_zone = '+05:00'", "SET STATEMENT sql_mode = 'MAXDB' FOR ALTER TABLE {t} ADD x INT",
                   "ALTER TABLE {t} ADD y TIMESTAMP NULL"],
                  "1, 2, 3, '2024-01-02 17:00:00'", {"id": 1, "b": 2, "x": 3, "y": NOON}, b"1"),
    "mssql": (["SET sql_mode = 'MSSQL'", "ALTER TABLE [{t}] ADD [x y] INT, DROP [b]"], "1, 2", {"id": 1, "x y": 2}, b"1"),
    "real_as_float": (["SET sql_mode = 'REAL_AS_FLOAT'", "ALTER TABLE {t} ADD x REAL"], "1, 2, 1.5", {"id": 1, "b": 2, "x": "1.5"}, b"1"),
    "oracle": (["SET sql_mode = 'ORACLE'", "ALTER TABLE {t} ADD x DATE, ADD y NUMBER(5)"],
               "1, 2, '2024-01-02 12:00:00', 5", {"id": 1, "b": 2, "x": NOON, "y": 5}, b"1"),
    "sql_if_exists": (["SET sql_if_exists = 1", "RENAME TABLE nothere TO nothere2", "DROP TABLE nothere"],
                      "1, 2", {"id": 1, "b": 2}, b"1"),
    "bit0": (["ALTER TABLE {t} ADD z BIT(0)"], "1, 2, 1", {"id": 1, "b": 2, "z": True}, b"1"),
    "qualified": (["ALTER TABLE {t} CHANGE {t}.b b2 BIGINT, ADD .c INT"], "1, 2, 3", {"id": 1, "b2": 2, "c": 3}, b"1"),
    "was_there": (["ALTER TABLE {t} DROP COLUMN b, ADD COLUMN IF NOT EXISTS b BIGINT"], "1", {"id": 1}, b"1"),
    "added_twice": (["ALTER TABLE {t} ADD c TEXT, MODIFY c INT FIRST"], "3, 1, 2", {"c": 3, "id": 1, "b": 2}, b"1"),
    "key_moves": (["ALTER TABLE {t} RENAME COLUMN id TO id2, ADD id INT FIRST"], "7, 1, 2", {"id": 7, "id2": 1, "b": 2}, b"7"),
    "or_replace": (["CREATE OR REPLACE TABLE {t} (b INT PRIMARY KEY, id BIT(1))"], "5, 1", {"b": 5, "id": True}, b"5"),
    "timestamp": (["SET explicit_defaults_for_timestamp = 0, time_zone = '+00:00'", "ALTER TABLE {t} ADD x TIMESTAMP"],
                  "1, 2, '2024-01-02 12:00:00'", {"id": 1, "b": 2, "x": NOON}, b"1"),
}


@pytest.mark.parametrize("metadata", ["NO_LOG", "MINIMAL"])
def test_meanings(sync, sql, db, mariadb, metadata):
    """Rules: tracked-catalog, plan-key. A statement has the meaning that it had on the server: by the variables of its session
    (or those of the server, where the binlog lacks them), clause by clause."""
    with mariadb.globals(binlog_row_metadata=metadata, old_mode=""):
        for name in MEANINGS:
            sql(f"CREATE TABLE {name} (id INT PRIMARY KEY, b INT)")
        running = sync()
        running.wait_streaming()
        for name, (statements, values, _, _) in MEANINGS.items():
            connection = mariadb.connect(database=db)
            with connection.cursor() as cursor:
                for statement in [*statements, f"INSERT INTO {name} VALUES ({values})"]:
                    cursor.execute(statement.format(t=name))
            connection.close()
        for name, (_, _, row, key) in MEANINGS.items():
            (message,) = running.wait_rows(f"{db}.{name}", 1)
            assert (list(message.after.items()), message.key) == (list(row.items()), key), name
        running.must_run()
        (told,) = ddls(running.reader(f"{db}.timestamp").to_end())
        assert [c["nullable"] for c in told.ddl_meta["after"]["columns"]] == [False, True, False]
        erased, made = ddls(running.reader(f"{db}.or_replace").to_end())
        assert [(m.op, list(m.types), m.ddl_meta["before"] is None) for m in (erased, made)] == [
            ("ERASE", ["id", "b"], False), ("CREATE", ["b", "id"], True)]


def test_set_statement_that_may_change_the_meaning(table, sql, db, mariadb):
    """The server parses the text with the session's sql_mode, but the binlog has that of SET STATEMENT: REAL is ambiguous."""
    with mariadb.globals(binlog_row_metadata="MINIMAL"):
        sql("SET STATEMENT sql_mode = 'REAL_AS_FLOAT' FOR ALTER TABLE t ADD x REAL")
    table.fails(7, "SET STATEMENT sets sql_mode", "binlog_row_metadata = FULL")


def test_statement_in_another_character_set(table, db, mariadb):
    """docs/messages.md, "Schema changes": the text of a statement is UTF-8, in any character set of the client."""
    connection = mariadb.connect(database=db, charset="latin1")
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE t COMMENT 'café'")
    connection.close()
    message = table.wait_message(f"{db}.t", lambda m: m.op == "ALTER", "the statement")
    assert message.ddl["text"] == "ALTER TABLE t COMMENT 'café'"


def test_topic_and_partitions(sync, sql, db, kafka):
    """docs/lua-api.md, "ddl": ddl_topic gets the statements on databases, also one that exists before the first of them, and
    ddl_partitions = "all" writes each message to every partition."""
    sql("CREATE TABLE t (id INT PRIMARY KEY)", "INSERT INTO t VALUES (1)")
    running = sync(f'ddl_topic = "{db}.ddl", ddl_partitions = "all", topics = {{ partitions = 3, partitions_without_key = 2, max = 1 }},')
    running.wait_streaming()
    assert kafka.partitions()[f"{db}.ddl"] == 2
    sql("CREATE VIEW v AS SELECT * FROM t", "ALTER TABLE t ADD COLUMN a INT", "INSERT INTO t VALUES (2, 2)")
    for topic, op, count in (("ddl", "QUERY", 2), ("t", "ALTER", 3)):
        found = running.until(f"{db}.{topic}", lambda all_, n=count: len(ddls(all_)) >= n, f"{count} messages")
        found = ddls(found)
        assert sorted(m.partition for m in found) == list(range(count))
        assert {m.op for m in found} == {op} and len({m.sequence for m in found}) == 1
    running.wait_rows(f"{db}.t", 2)
    assert running.stop() == 0
    assert {m.op for m in ddls(running.reader(f"{db}.t").to_end())} == {"ALTER"}


def test_query_message(sync, sql, db, mariadb):
    """docs/messages.md, "Full sync": any other statement that concerns a selected database: op QUERY, columns and key
    null, table null, once in each topic of its tables, those that a function has returned included."""
    sql("CREATE TABLE t (id INT PRIMARY KEY)", "CREATE TABLE u (id INT PRIMARY KEY)", "CREATE TABLE f (id INT PRIMARY KEY)",
        "CREATE TABLE g (id INT PRIMARY KEY)", "INSERT INTO f VALUES (1), (2)", "INSERT INTO g VALUES (1)")
    running = sync(f"""topic = {{ template = "${{db_name_src}}.${{table_name_src}}",
      {{ tables = {{ "{db}.f", "{db}.g" }}, to = function(change) return "{db}.odd" .. change.row.id % 2 end }} }},""", topic=False)
    running.wait_streaming()
    sql("CREATE VIEW v AS SELECT * FROM t")
    for name in ("t", "u", "odd0", "odd1"):
        message = running.wait_message(f"{db}.{name}", lambda m: m.op == "QUERY", "the statement")
        check_shape(message)
        assert [m.op for m in ddls(running.reader(f"{db}.{name}").to_end())] == ["QUERY"]
        assert " VIEW " in message.ddl["text"].upper()
        assert message.table == (db, None)
        assert (message.json["schema"]["dataColumn"], message.json["schema"]["primaryKey"]) == (None, None)
        assert (message.key, message.partition) == (None, 0)
