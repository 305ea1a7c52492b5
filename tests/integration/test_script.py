"""The options of a sync.lua (docs/lua-api.md), against real servers: mapping, fields, keys, columns, filter, hooks, loop."""

import itertools
import json
import re

import pytest
from support.consume import ddls, heartbeats, rows
from support.murmur import partition
from support.runner import PROLOGUE
from support.wait import wait_for


@pytest.fixture
def users(sql):
    sql("CREATE TABLE users (id INT PRIMARY KEY, mail VARCHAR(50), password VARCHAR(50), region VARCHAR(10), price DECIMAL(8,2),"
        " qty INT, flags INT)",
        "INSERT INTO users VALUES (1, 'ann@example.org', 'secret', 'eu', 2.50, 3, 5)")


UPDATE = "UPDATE users SET qty = 4, region = 'us' WHERE id = 1"


def both_phases(running, topic, sql, n=3, statement=UPDATE):
    """The rows of the full sync and of one update."""
    running.wait_rows(topic, n - 2)
    running.wait_streaming()
    sql(statement)
    return running.wait_rows(topic, n)


# topics

TOPICS = {
    "tables": ('{{ tables = {{ "{db}.orders_*" }}, to = "{db}.orders" }}', {"orders_1": "{db}.orders", "orders_2": "{db}.orders",
               "doc_a": "doc_a"}),
    "braces": ('{{ tables = {{ "{db}.orders_{{1..2}}" }}, to = "{db}.o12" }}, {{ tables = {{ "*.doc_a" }}, to = "{db}.d" }}',
               {"orders_1": "{db}.o12", "orders_2": "{db}.o12", "doc_a": "{db}.d"}),
    "prefix": ('{{ prefix = "doc_", to = "{db}.pre_" }}', {"doc_a": "{db}.pre_a"}),
    "regex": ('{{ regex = [[^(\\w+)_(\\d)$]], to = "{db}.$2.$1.archive" }}',
              {"orders_1": "{db}.1.orders.archive", "orders_2": "{db}.2.orders.archive"}),
    "first_wins": ('{{ prefix = "orders_1", to = "{db}.one" }}, {{ prefix = "orders_", to = "{db}.any_" }}',
                   {"orders_1": "{db}.one", "orders_2": "{db}.any_2"}),
    "template": ('{{ prefix = "doc_", to = "pre_" }}, template = "${{db_name_src}}_${{db_table_name_src_transed}}_cdc"',
                 {"doc_a": "{db}_pre_a_cdc", "orders_1": "{db}_orders_1_cdc"}),
    "final": ('{{ prefix = "doc_", to = "{db}.pre_", final = true }}, template = "{db}.${{db_table_name_src_transed}}.t"',
              {"doc_a": "{db}.pre_a", "orders_1": "{db}.orders_1.t"}),
    "db": ('template = "${{db_name_src_transed}}.${{table_name_src}}", db = {{ {{ regex = "^{db}$", to = "{db}store" }} }}',
           {"doc_a": "{db}store.doc_a"}),
    "table_function": ('{{ tables = {{ "{db}.doc_*" }}, name = function(t) return "{db}." .. t.name:upper() .. "." .. #t.columns end }}',
                       {"doc_a": "{db}.DOC_A.2"}),
    "function": ('{{ tables = {{ "{db}.orders_*" }}, to = function(change) return "{db}.v" .. change.row.v end }}',
                 {"orders_1": "{db}.v1", "orders_2": "{db}.v2"}),
}


@pytest.mark.parametrize("case", TOPICS)
def test_topic_rules(sync, sql, db, case):
    """lua-api "Topics": each kind of rule, in both phases."""
    rules, expected = TOPICS[case]
    names = {"orders_1": 1, "orders_2": 2, "doc_a": 3}
    for name, v in names.items():
        if name in expected or case == "tables":
            sql(f"CREATE TABLE {name} (id INT PRIMARY KEY, v INT)", f"INSERT INTO {name} VALUES ({v}, {v})")
    running = sync("topic = { " + rules.format(db=db) + " },", topic=False)
    running.wait_streaming()
    for name, topic in expected.items():
        sql(f"INSERT INTO {name} VALUES ({names[name] + 10}, {names[name]})")
        found = running.until(topic.format(db=db), lambda m, name=name: len(rows(m, name)) >= 2, f"two rows of {name}")
        assert {(m.key, m.full) for m in rows(found, name)} == {
            (str(names[name]).encode(), True), (str(names[name] + 10).encode(), False)}


def test_topic_function_moves(sync, sql, db, users):
    """docs/messages.md, "Changes": an update that changes the topic: UPDATE_BEFOR to the old topic, UPDATE_AFTER to the
    new one; DDL goes to every topic that the function has returned."""
    running = sync(f'topic = {{ {{ tables = {{ "{db}.users" }}, to = function(change) return "{db}." .. change.row.region end }} }},',
                   topic=False)
    running.wait_rows(f"{db}.eu", 1)
    running.wait_streaming()
    sql(UPDATE)
    before = running.wait_rows(f"{db}.eu", 2)[1]
    after = running.wait_rows(f"{db}.us", 1)[0]
    assert (before.op, after.op) == ("UPDATE_BEFOR", "UPDATE_AFTER")
    assert before.sequence == after.sequence
    sql("ALTER TABLE users ADD COLUMN x INT")
    for topic in ("eu", "us"):
        running.wait_message(f"{db}.{topic}", lambda m: m.op == "ALTER", f"the DDL message in {topic}")


def test_topic_function_one_record(sync, sql, db, users):
    """One-record mode splits it into DELETE and INSERT with one sequenceId."""
    running = sync('update = "one", '
                   f'topic = {{ {{ tables = {{ "{db}.users" }}, to = function(change) return "{db}." .. change.row.region end }} }},',
                   topic=False)
    running.wait_rows(f"{db}.eu", 1)
    running.wait_streaming()
    sql(UPDATE)
    gone = running.wait_rows(f"{db}.eu", 2)[1]
    come = running.wait_rows(f"{db}.us", 1)[0]
    assert (gone.op, come.op, gone.sequence) == ("DELETE", "INSERT", come.sequence)


def test_topics_of_a_function_outlive_a_restart(sync, sql, db, users):
    """lua-api "Topics": DDL and heartbeats go to every topic that the function has returned. This set is saved with the
    checkpoint, so it includes topics without a row since the restart."""
    rules = f'topic = {{ {{ tables = {{ "{db}.users" }}, to = function(change) return "{db}." .. change.row.region end }} }},'
    running = sync(rules, topic=False)
    running.wait_rows(f"{db}.eu", 1)
    running.wait_streaming()
    sql("INSERT INTO users (id, region) VALUES (2, 'us')")
    running.wait_rows(f"{db}.us", 1)
    assert running.stop() == 0
    running.write(running.text([f"{db}.*"], rules, topic=False, heartbeat="0.5"))
    running.start()
    running.wait_streaming()
    sql("ALTER TABLE users ADD COLUMN x INT")
    for topic in ("eu", "us"):
        found = running.until(f"{db}.{topic}", lambda m: ddls(m) and len({h.partition for h in heartbeats(m)}) == 6,
                              f"the DDL message and heartbeats in {topic}")
        assert len(rows(found)) == 1
        assert [(m.op, m.partition) for m in ddls(found)] == [("ALTER", 0)]


def test_topic_list(sync, sql, db, users):
    """A topic function may return a list: the record goes to each topic."""
    running = sync(f'topic = {{ {{ tables = {{ "{db}.*" }}, to = function(change) return {{ "{db}.one", "{db}.two" }} end }} }},',
                   topic=False)
    for topic in (f"{db}.one", f"{db}.two"):
        assert running.wait_rows(topic, 1)[0].key == b"1"


# fields

def test_fields(sync, sql, db, users):
    """lua-api "fields": constants, variables, functions, for all or some tables; sorted by name after the columns."""
    sql("CREATE TABLE other (id INT PRIMARY KEY)", "INSERT INTO other VALUES (1)")
    running = sync(f'''fields = {{
        site = "eu-west", number = 42, yes = true, ratio = 1.5,
        origin = "${{DB_NAME_SRC}}.${{TABLE_NAME_SRC}}", at = "${{EXECUTE_TIME}}", goes = "${{TABLE_NAME_DEST}}",
        ["{db}.users"] = {{
            total = field.decimal(2, function(change) return change.row.price * change.row.qty end),
            image = function(change) return change.image end,
            op = function(change) return change.op end,
            nothing = field.string(function(change) return nil end),
        }},
    }},''')
    full, before, after = both_phases(running, f"{db}.users", sql)
    own = ["id", "mail", "password", "region", "price", "qty", "flags"]
    added = ["at", "goes", "image", "nothing", "number", "op", "origin", "ratio", "site", "total", "yes"]
    assert list(full.types) == own + added
    types = full.types
    assert {n: types[n] for n in ("site", "number", "yes", "ratio", "origin", "total", "image")} == {
        "site": "STRING", "number": "LONG", "yes": "BOOLEAN", "ratio": "DOUBLE", "origin": "STRING", "total": "DOUBLE",
        "image": "STRING"}
    assert full.after["site"] == "eu-west" and full.after["number"] == 42 and full.after["yes"] is True
    assert full.after["ratio"] == "1.5" and full.after["origin"] == f"{db}.users" and full.after["goes"] == f"{db}.users"
    assert [m.row["total"] for m in (full, before, after)] == ["7.50", "7.50", "10.00"]
    assert [m.row["image"] for m in (full, before, after)] == ["after", "before", "after"]
    assert [m.row["op"] for m in (full, before, after)] == ["read", "update", "update"]
    assert after.row["nothing"] is None and types["nothing"] == "STRING"
    assert re.fullmatch(r"\d{13}", str(after.row["at"]))
    assert str(after.row["at"]) == str(after.payload["timestamp"]["eventTime"])
    (other,) = running.wait_rows(f"{db}.other", 1)
    assert list(other.types) == ["id", "at", "goes", "number", "origin", "ratio", "site", "yes"]


# keys

def test_key_one_several_and_field(sync, sql, db, kafka):
    """lua-api "Keys": one column, several parts, a constant or variable field, a function."""
    for name in ("a", "b", "c", "d", "e"):
        sql(f"CREATE TABLE {name} (id INT PRIMARY KEY, u VARCHAR(9), n INT)", f"INSERT INTO {name} VALUES (1, 'x', NULL)")
    running = sync(f'''fields = {{ origin = "${{TABLE_NAME_SRC}}" }},
        key = {{
            ["{db}.a"] = "u",
            ["{db}.b"] = {{ "origin", "id" }},
            ["{db}.c"] = function(change) return change.row.u .. "-" .. change.row.id end,
            ["{db}.d"] = function(change) return {{ change.row.u, change.row.id }} end,
            ["{db}.e"] = {{ "n", "id" }},
        }},''')
    running.wait_streaming()
    keys = {"a": b"x", "b": b"b,1", "c": b"x-1", "d": b"x,1", "e": b"null,1"}
    primary = {"a": ["u"], "b": ["origin", "id"], "c": ["id"], "d": ["id"], "e": ["n", "id"]}
    for name, key in keys.items():
        sql(f"DELETE FROM {name}")
        found = running.wait_rows(f"{db}.{name}", 2)
        assert [m.key for m in found] == [key, key], name
        assert found[0].json["schema"]["primaryKey"] == primary[name], name
        assert {m.partition for m in found} == {partition(key, kafka.partitions()[f"{db}.{name}"])}


def test_key_makes_up_for_a_missing_one(sync, sql, db):
    """A custom key serves a table without a primary key."""
    sql("CREATE TABLE t (a INT NOT NULL, b INT)", "INSERT INTO t VALUES (5, 1)")
    running = sync(f'key = {{ ["{db}.t"] = "a" }},')
    assert running.wait_rows(f"{db}.t", 1)[0].key == b"5"


# columns

def test_columns(sync, sql, db, users):
    """lua-api "columns": rename, drop, mask, in both images, schema and key; functions use source names and see the rest."""
    running = sync(f'''
        columns = {{ ["{db}.users"] = {{ rename = {{ mail = "email", id = "uid" }}, drop = {{ "password" }},
                     mask = {{ mail = mask.email }} }} }},
        fields = {{ ["{db}.users"] = {{ secret_len = function(change) return #change.row.password end }} }},''')
    found = both_phases(running, f"{db}.users", sql)
    for message in found:
        assert list(message.types) == ["uid", "email", "region", "price", "qty", "flags", "secret_len"]
        assert message.json["schema"]["primaryKey"] == ["uid"]
        assert message.key == b"1"
        assert "ann@" not in message.text and "secret\"" not in message.text
        assert message.row["email"].endswith("@example.org") and message.row["secret_len"] == 6


def test_keep(sync, sql, db, users):
    """keep is an allow-list: a column that is added later is not written."""
    running = sync(f'columns = {{ ["{db}.users"] = {{ keep = {{ "id", "qty" }} }} }},')
    running.wait_rows(f"{db}.users", 1)
    running.wait_streaming()
    sql("ALTER TABLE users ADD COLUMN later INT DEFAULT 9", "INSERT INTO users (id, qty) VALUES (2, 8)")
    found = running.wait_rows(f"{db}.users", 2)
    assert [m.after for m in found] == [{"id": 1, "qty": 3}, {"id": 2, "qty": 8}]


# filter

SHELTERED = 'mask = {{ v = mask.const("***") }}, drop = {{ "p" }}'
SHELTERS_V, SHELTERS_P = SHELTERED.format().split("}, ")
# statements, the columns that no entry names then (old, new), what stays in the entry, and the row that follows; the
# line in the error is added to the script
FALL_OFF = {
    "rename": (["ALTER TABLE t RENAME COLUMN v TO w"], "v", "w", SHELTERS_P, {"w": "***"}),
    "change": (["ALTER TABLE t CHANGE p q VARCHAR(20)"], "p", "q", SHELTERS_V + "}", {"v": "***"}),
    "case": (["ALTER TABLE t CHANGE v V VARCHAR(20)"], "v", "V", SHELTERS_P, {"V": "***"}),
    "allowed": (["ALTER TABLE t RENAME COLUMN v TO w"], "v", "w", SHELTERS_P + ', mask = { ["v?"] = mask.null }', {"w": "secret"}),
    "table_swapped": (["CREATE TABLE _t_gho LIKE t", "ALTER TABLE _t_gho CHANGE v w VARCHAR(20)",
                       "INSERT INTO _t_gho SELECT * FROM t", "RENAME TABLE t TO _t_del, _t_gho TO t"],
                      "v", "w", SHELTERS_P, {"w": "***"}),
}


def line_to_write(running, allowed=False):
    """Return the line in the rename guard's error: for a column that stays protected, or for one that may be written
    unchanged."""
    kept, where, written = re.findall(r"Write (.*?) in (columns\S*) \(or (rename = .*?), if they may be\)", running.log)[-1]
    return written if allowed else kept


@pytest.mark.parametrize("case", FALL_OFF)
def test_no_mask_falls_off(sync, sql, db, case):
    """README "a row is never sent unmasked": when an ALTER renames a column that a pattern masks or drops, the sync stops before
    the next row. Every start stops until the script contains the new name."""
    statements, old, new, rest, expected = FALL_OFF[case]
    sql("CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(20), p VARCHAR(20))", "INSERT INTO t VALUES (1, 'secret', 'secret')")
    options = f'columns = {{{{ ["{db}.*"] = {{{{ {{}} }}}} }}}},'
    running = sync(options.format(SHELTERED.format()))
    running.wait_rows(f"{db}.t", 1)
    running.wait_streaming()
    sql(*statements, "INSERT INTO t VALUES (2, 'secret', 'secret')")
    said = [rf"statement at \S+:\d+: .*sync\.lua:\d+: columns", rf'column "{old}" of {db}\.t, which is (masked|dropped)',
            rf'is now "{new}" of {db}\.t', rf'Write .*"{new}\?"', rf'in columns\["{db}\.\*"\]']
    running.fails(7, *said)
    running.start().fails(7, *said)
    assert "secret" not in "".join(m.text for m in running.reader(f"{db}.t").to_end())
    running.write(running.text([f"{db}.*"], options.format(f"{line_to_write(running, case == 'allowed')}, {rest}")))
    running.start()
    assert running.wait_rows(f"{db}.t", 2)[1].after == {"id": 2, **expected}


def test_no_mask_falls_off_an_exact_name(sync, sql, db):
    """The same if the table is named exactly, which is strict about its columns: in the line that the error contains, both
    columns may be absent."""
    sql("CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(20))", "INSERT INTO t VALUES (1, 'secret')")
    running = sync(f'columns = {{ ["{db}.t"] = {{ mask = {{ v = mask.null }} }} }},')
    running.wait_rows(f"{db}.t", 1)
    running.wait_streaming()
    sql("ALTER TABLE t RENAME COLUMN v TO w", "INSERT INTO t VALUES (2, 'secret')")
    running.fails(7, r"statement at \S+:\d+", rf'in columns\["{db}\.t"\]')
    assert line_to_write(running) == 'mask = { ["v?"] = mask.null, ["w?"] = mask.null }'
    running.write(running.text([f"{db}.*"], f'columns = {{ ["{db}.t"] = {{ {line_to_write(running)} }} }},'))
    running.start()
    assert running.wait_rows(f"{db}.t", 2)[1].after == {"id": 2, "w": None}
    sql("RENAME TABLE t TO u", "INSERT INTO u VALUES (3, 'secret')")
    running.fails(7, rf'column "w" of {db}\.t, which is masked, is now "w" of {db}\.u')
    running.write(running.text([f"{db}.*"], f"columns = {{ {line_to_write(running)} }},"))
    running.start()
    running.wait_message(f"{db}.u", lambda m: m.key == b"3", "the row of the stream")
    assert {m.after["w"] for m in rows(running.reader(f"{db}.u").to_end())} == {None}


def test_no_mask_falls_off_a_renamed_table(sync, sql, db):
    """A rename moves a table out of the pattern that masks it, and the table stays captured."""
    sql("CREATE TABLE users_a (id INT PRIMARY KEY, v VARCHAR(20))", "INSERT INTO users_a VALUES (1, 'secret')")
    running = sync(f'columns = {{ ["{db}.users_*"] = {{ mask = {{ v = mask.null }} }} }},')
    running.wait_rows(f"{db}.users_a", 1)
    running.wait_streaming()
    sql("RENAME TABLE users_a TO people", "INSERT INTO people VALUES (2, 'secret')")
    running.fails(7, rf'column "v" of {db}\.users_a, which is masked, is now "v" of {db}\.people')
    assert line_to_write(running) == f'["{db}.people"] = {{ mask = {{ ["v?"] = mask.null }} }}'


def test_no_mask_falls_off_in_the_full_sync(sync, sql, db):
    """A table whose reading was cut off has another definition when it is read again: its ALTER is not read yet."""
    sql("CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(20))", "INSERT INTO t VALUES (1, 'secret')")
    running = sync(f'columns = {{ ["{db}.*"] = {{ mask = {{ v = mask.null }} }} }},', start=False)
    running.start(fault="chunk:1:kill")
    running.wait_exit()
    sql("ALTER TABLE t RENAME COLUMN v TO w")
    running.start().fails(7, rf"table {db}\.t, full sync: .*column \"v\" of {db}\.t, which is masked")


def test_renames_that_uncover_nothing(sync, sql, db):
    """Unmasked columns may be renamed, a masked column may be dropped, and a new column may be added beside it."""
    sql("CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(20), a INT)", "INSERT INTO t VALUES (1, 'secret', 1)")
    running = sync(f'columns = {{ ["{db}.*"] = {{ mask = {{ v = mask.null, ["x?"] = mask.null }} }} }},')
    running.wait_rows(f"{db}.t", 1)
    running.wait_streaming()
    sql("ALTER TABLE t RENAME COLUMN a TO b", "ALTER TABLE t RENAME COLUMN v TO x", "ALTER TABLE t DROP COLUMN x, ADD COLUMN c INT",
        "INSERT INTO t VALUES (2, 3, 4)")
    assert running.wait_rows(f"{db}.t", 2)[1].after == {"id": 2, "b": 3, "c": 4}


def test_filter(sync, sql, db):
    """lua-api "filter": UPDATE if both images pass, INSERT if only the new one, DELETE if only the old one, else nothing; also in
    the full sync."""
    sql("CREATE TABLE t (id INT PRIMARY KEY, s VARCHAR(9))", "INSERT INTO t VALUES (1, 'draft'), (2, 'live'), (3, NULL)")
    running = sync(f'filter = {{ ["{db}.t"] = function(row) return row.s ~= "draft" end }}, topics = {{ partitions = 1 }},')
    running.wait_rows(f"{db}.t", 2)
    running.wait_streaming()
    sql("UPDATE t SET s = 'live' WHERE id = 1", "UPDATE t SET s = 'more' WHERE id = 1", "UPDATE t SET s = 'draft' WHERE id = 1",
        "UPDATE t SET s = 'draft', id = 4 WHERE id = 1", "DELETE FROM t WHERE id = 4", "DELETE FROM t WHERE id = 2")
    found = running.wait_rows(f"{db}.t", 7)
    assert {m.key for m in found[:2]} == {b"2", b"3"}
    assert [(m.key, m.op) for m in found[2:]] == [
        (b"1", "INSERT"), (b"1", "UPDATE_BEFOR"), (b"1", "UPDATE_AFTER"), (b"1", "DELETE"), (b"2", "DELETE")]


def test_filtered_rows_move_the_position(sync, sql, db):
    """Rule: always-advance. Filtered transactions advance the window: a restart does not begin before them."""
    sql("CREATE TABLE t (id INT PRIMARY KEY, s VARCHAR(200))", "INSERT INTO t VALUES (1, 'a')")
    running = sync(f'filter = {{ ["{db}.t"] = function(row) return row.id == 1 end }},')
    running.wait_rows(f"{db}.t", 1)
    running.wait_streaming()

    def saved():
        return [m.value for m in running.reader(f"tideway.{running.name}").to_end() if m.key.endswith(b"/position")]

    before = saved()
    sql("INSERT INTO t VALUES (2, 'filtered')")
    running.until(f"tideway.{running.name}", lambda m: [x.value for x in m if x.key.endswith(b"/position")] != before,
                  "a saved position")


# hooks

def test_on_row(sync, sql, db, users):
    """on_row edits each image; the edit shows in message, key and topic functions; nil is NULL."""
    running = sync(f'''on_row = {{ ["{db}.users"] = function(row, change)
            row.mail = row.mail:upper(); row.password = nil; row.qty = row.qty * 2; row.price = 1.005
        end }},''')
    full, before, after = both_phases(running, f"{db}.users", sql)
    assert [m.row["qty"] for m in (full, before, after)] == [6, 6, 8]
    assert {m.row["mail"] for m in (full, before, after)} == {"ANN@EXAMPLE.ORG"}
    assert {m.row["password"] for m in (full, before, after)} == {None}
    assert {m.row["price"] for m in (full, before, after)} == {"1.01"}


def test_on_change(sync, sql, db, users):
    """on_change: false drops the whole change; topic, key and headers beat the rules; emit fans out."""
    running = sync(f'''on_change = {{ ["{db}.users"] = function(change)
            if change.op == "delete" then return false end
            if change.op == "update" and change:changed("region") then
                change.topic = "{db}.moved"
                change.key = "k" .. change.row.id
                change.headers = {{ why = "region" }}
            end
            if change.is_new then
                change:emit {{ topic = "{db}.new", key = "n", value = {{ id = change.row.id, ok = true }} }}
                change:emit {{ topic = "{db}.new", key = "gone", value = require("tideway.json").null }}
                change:emit {{ topic = "{db}.copy", key = change, value = change }}
            end
        end }},''')
    running.wait_rows(f"{db}.users", 1)
    running.wait_streaming()
    sql("UPDATE users SET qty = 9", UPDATE, "DELETE FROM users", "INSERT INTO users VALUES (2, 'b@c.d', '', 'eu', 1, 1, 1)")
    found = running.wait_rows(f"{db}.users", 4)
    assert [m.op for m in found if m.key == b"1"] == ["INSERT", "UPDATE_BEFOR", "UPDATE_AFTER"]
    assert [m.op for m in found if m.key == b"2"] == ["INSERT"]
    moved = running.wait_rows(f"{db}.moved", 2)
    assert {(m.key, tuple(m.headers)) for m in moved} == {(b"k1", (("why", b"region"),))}
    new = running.until(f"{db}.new", lambda m: len(m) >= 4, "four emitted messages")
    by_key = {m.key: m.value for m in new}
    assert json.loads(by_key[b"n"]) == {"id": 2, "ok": True} and by_key[b"gone"] is None
    copies = running.wait_rows(f"{db}.copy", 2)
    assert {m.key for m in copies} == {b"1", b"2"}


FAILS = {
    "topic": 'topic = {{ {{ tables = {{ "{db}.*" }}, to = function(change) return change.row.nope end }} }},',
    "on_row": 'on_row = {{ ["{db}.users"] = function(row) error("no!") end }},',
    "on_change": 'on_change = {{ ["{db}.users"] = function(change) local x = change.row.qty.z end }},',
    "filter": 'filter = {{ ["{db}.users"] = function(row) return row.qtty > 1 end }},',
    "key": 'key = {{ ["{db}.users"] = function(change) return nil end }},',
    "fields": 'fields = {{ x = function(change) return change.row.price.a end }},',
    "topic_name": 'topic = {{ {{ tables = {{ "{db}.*" }}, to = function(change) return "a b" end }} }},',
    "edit_type": 'on_row = {{ ["{db}.users"] = function(row) row.qty = "many" end }},',
    "endless": 'on_row = {{ ["{db}.users"] = function(row) while true do end end }},',
}


@pytest.mark.parametrize("case", FAILS)
def test_function_that_raises(sync, sql, db, users, case):
    """Fail closed: exit code 7 with file:line, table and position; no row of it is written."""
    running = sync("\n" + FAILS[case].format(db=db), topic="topic" not in FAILS[case])
    log = running.fails(7, r"sync\.lua:\d+", rf"{db}\.users")
    assert "Traceback" not in log
    found = [t for t in running.kafka.partitions() if t.startswith(db)]
    assert not rows(running.reader(*found).to_end()) if found else True


def test_function_that_raises_in_the_stream(sync, sql, db, users):
    """The error names the position of the event, and its row is not sent unchanged. After the script is corrected, nothing
    is missing."""
    bad = f'\non_row = {{ ["{db}.users"] = function(row) if row.qty == 4 then error("four") end end }},'
    running = sync(bad)
    running.wait_rows(f"{db}.users", 1)
    running.wait_streaming()
    sql("UPDATE users SET flags = 6", UPDATE)
    running.fails(7, r"sync\.lua:\d+: four", rf"{db}\.users", r"mysql-bin\.\d+:\d+")
    passed = rows(running.reader(f"{db}.users").to_end())
    assert [(m.op, m.row["qty"], m.row["flags"]) for m in passed] == [
        ("INSERT", 3, 5), ("UPDATE_BEFOR", 3, 5), ("UPDATE_AFTER", 3, 6)]
    running.write(running.path.read_text().replace('error("four")', "row.flags = 44"))
    running.start()
    running.until(f"{db}.users", lambda all_: any(m.op == "UPDATE_AFTER" and m.row["flags"] == 44 for m in rows(all_)),
                  "the update after the correction")


# wrong options: (Lua, the text of the error)
WRONG = {
    "key_name": ('\n\nheartbeet = 5,', r"sync\.lua:\d+: .*heartbeet.*heartbeat"),
    "source_key": (None, r"sync\.lua:\d+: .*pasword.*password"),
    "type": ('heartbeat = "often",', r"sync\.lua:\d+: .*heartbeat"),
    "value": ('update = "three",', r'sync\.lua:\d+: .*update.*three.*two'),
    "variable": ('topic = { template = "${db_nam_src}" },', r"sync\.lua:\d+: .*db_nam_src.*db_name_src"),
    "table": ('columns = { ["DB.users_"] = { drop = { "mail" } } },', r"sync\.lua:\d+: .*users_"),
    "column": ('columns = { ["DB.users"] = { drop = { "maill" } } },', r"sync\.lua:\d+: .*maill.*mail"),
    "key_column": ('key = { ["DB.users"] = "idd" },', r"sync\.lua:\d+: .*idd.*id"),
    "regex": ('topic = { { regex = "(", to = "x" } },', r"sync\.lua:\d+: .*regex"),
    "global": ('\nheartbeat = nope,', r"sync\.lua:\d+: .*nope"),
    "module": ("\nheartbeat = kafka.heartbet,", r"sync\.lua:\d+: tideway\.kafka has no 'heartbet'"),
    "not_yet": ('transactions = true,', r"sync\.lua:\d+: .*transactions.* is not in this version yet"),
    "disagree": ('update = { ["DB.u*"] = "one", ["DB.*s"] = "two" },', r"sync\.lua:\d+: .*DB\.u\*.*DB\.\*s|DB\.\*s.*DB\.u\*"),
    "property": (None, r"lingr\.ms.*linger\.ms"),
    "weaker": (None, r"acks"),
    "syntax": ("= = =", r"sync\.lua:\d+: "),
    "key_dropped": ('columns = { ["DB.users"] = { drop = { "id" } } },', r"sync\.lua:\d+: .*id"),
}


@pytest.mark.parametrize("case", WRONG)
def test_wrong_option(sync, sql, db, users, case, kafka):
    """lua-api "Errors": exit code 1, file:line, what was expected, the nearest right name; nothing was sent."""
    text, pattern = WRONG[case]
    more = {}
    if case == "source_key":
        more["pasword"] = "x"
    elif case == "property":
        more["properties"] = {"lingr.ms": 5}
    elif case == "weaker":
        more["properties"] = {"acks": "1"}
    options = (text or "").replace("DB", db)
    running = sync(options, topic="topic" not in options, **more)
    running.fails(1, pattern.replace("DB", db))
    assert not [t for t in kafka.partitions() if t.startswith(db)]


def test_column_that_a_table_lacks(sync, sql, db, users):
    """A table without the column that a pattern masks is not an error; an exact name is (lua-api "Masks")."""
    sql("CREATE TABLE other (id INT PRIMARY KEY)", "INSERT INTO other VALUES (1)")
    running = sync(f'columns = {{ ["{db}.*"] = {{ drop = {{ "password" }} }} }},')
    assert "password" not in running.wait_rows(f"{db}.users", 1)[0].after
    assert running.wait_rows(f"{db}.other", 1)
    running.stop()
    refused = sync(f'columns = {{ ["{db}.other"] = {{ drop = {{ "password" }} }} }},', name=f"{running.name}_x")
    refused.fails(1, r"sync\.lua:\d+: .*password")


@pytest.mark.parametrize("entry", ["mask = {{ emial = mask.email }}", 'drop = {{ "emial" }}', 'keep = {{ "id", "emial" }}',
                                   'order = {{ "emial" }}', 'rename = {{ emial = "address" }}'])
def test_column_that_no_table_of_a_pattern_has(sync, sql, db, kafka, entry):
    """Every command refuses a misspelt column in an entry by a pattern, with the line and the nearest name. With "?" the
    column may be absent."""
    sql("CREATE TABLE a (id INT PRIMARY KEY, email VARCHAR(20))", "CREATE TABLE b (id INT PRIMARY KEY)", "INSERT INTO a VALUES (1, 'a@b.c')")
    entry = entry.format()
    columns = f'mode = "full", columns = {{ ["{db}.*"] = {{\n  {entry} }} }},'
    running = sync(columns, start=False)
    said = r'sync\.lua:\d+: columns\["\w+\.\*"\]\.\w+(\.emial|\[\d\]): no table that it matches has a column "emial", did you mean "email"'
    for command in ("check", "plan", "preview"):
        code, out, err = running.once(command=command)
        assert code == 1 and re.search(said + r'\?; write "emial\?" if it may be absent', out + err), (command, out + err)
    running.start().fails(1, said)
    assert not [t for t in kafka.partitions() if t.startswith(db)]
    lenient = columns.replace('"emial"', '"emial?"').replace("emial =", '["emial?"] =')
    running.write(running.text([f"{db}.*"], lenient))
    code, out, err = running.once(command="plan")
    assert code == 0, out + err


def test_column_in_another_case_under_a_pattern(sync, sql, db):
    """A column that one table of a pattern has in another letter case does not stay unmasked: neither at the start nor in a
    table that is created later."""
    sql("CREATE TABLE a (id INT PRIMARY KEY, mail VARCHAR(20))", "CREATE TABLE b (id INT PRIMARY KEY, Mail VARCHAR(20))", "INSERT INTO b VALUES (1, 'secret')")
    columns = f'columns = {{ ["{db}.*"] = {{ mask = {{ mail = mask.null }} }} }},'
    running = sync(columns, start=False)
    running.start().fails(1, rf'sync\.lua:\d+: columns.*mail: the table {db}\.b has the column "Mail", which differs from "mail" only in letter case')
    running.write(running.text([f"{db}.*"], columns.replace("mail =", 'Mail = mask.null, mail =')))
    running.start().wait_streaming()
    assert running.wait_rows(f"{db}.b", 1)[0].after == {"id": 1, "Mail": None}
    sql("CREATE TABLE c (id INT PRIMARY KEY, MAIL VARCHAR(20))", "INSERT INTO c VALUES (1, 'secret')")
    running.fails(7, rf'table {db}\.c, insert at \S+:\d+: .*the table {db}\.c has the column "MAIL"')
    assert "secret" not in "".join(m.text for m in running.reader(f"{db}.c").to_end())


def test_column_that_no_table_had_when_the_sync_began(sync, sql, db):
    """A pattern that matches no table yet: the first such table is refused before its first row if the entry names a column
    that no table has. Tables that are created before that row count."""
    sql("CREATE TABLE a (id INT PRIMARY KEY)", "INSERT INTO a VALUES (1)")
    running = sync(f'columns = {{ ["{db}.u*"] = {{ mask = {{ mail = mask.null }} }}, ["{db}.w*"] = {{ drop = {{ "emial" }} }} }},')
    running.wait_streaming()
    sql("CREATE TABLE u1 (id INT PRIMARY KEY)", "CREATE TABLE u2 (id INT PRIMARY KEY, mail VARCHAR(20))", "INSERT INTO u1 VALUES (1)",
        "INSERT INTO u2 VALUES (1, 'secret')")
    assert running.wait_rows(f"{db}.u2", 1)[0].after == {"id": 1, "mail": None}
    sql("CREATE TABLE w1 (id INT PRIMARY KEY, email VARCHAR(20))", "INSERT INTO w1 VALUES (1, 'secret')")
    running.fails(7, rf'table {db}\.w1, insert at \S+:\d+: .*no table that it matches has a column "emial", did you mean "email"')
    assert "secret" not in "".join(m.text for m in running.reader(f"{db}.w1").to_end())


def test_tables_meet_in_one_topic(sync, sql, db, kafka):
    """docs/messages.md, "Topics": two tables that share a topic without a rule that combines them are an error. With such a
    rule they are not."""
    sql(f"CREATE TABLE `{db}_a b` (id INT PRIMARY KEY)", f"CREATE TABLE `{db}_a_b` (id INT PRIMARY KEY)",
        f"CREATE TABLE `{db}_a_u0020b` (id INT PRIMARY KEY)", f"CREATE TABLE `{db}_a?b` (id INT PRIMARY KEY)")
    refused = sync(name=f"{db[:30]}_refused")  # the escaped form of "a b" is the other table's name
    refused.fails(1, rf'sync\.lua:\d+: .*the tables {db}\.{db}_a b and {db}\.{db}_a_u0020b meet in the topic .* and no rule says so')
    assert not [t for t in kafka.partitions() if t.startswith(f"{db}.")]
    together = sync(f'topic = {{ {{ tables = {{ "{db}.*" }}, to = "{db}.all" }} }}, fields = {{ t = "${{TABLE_NAME_SRC}}" }},'
                    'key = { default = { "t", "id" } },', topic=False)
    together.wait_streaming()
    sql(f"INSERT INTO `{db}_a b` VALUES (1)", f"INSERT INTO `{db}_a_b` VALUES (1)")
    assert {m.key for m in together.wait_rows(f"{db}.all", 2)} == {f"{db}_a b,1".encode(), f"{db}_a_b,1".encode()}


def test_arguments_and_environment(sync, sql, db, users):
    """env.NAME: name=value on the command line beats the environment; env.need of a missing one is an error."""
    running = sync(f'topic = {{ template = "{db}." .. env.WHERE .. "." .. env.need "ELSE" }},', topic=False,
                   args=("WHERE=line",), env={"WHERE": "environment", "ELSE": "x"})
    running.wait_rows(f"{db}.line.x", 1)
    running.stop()
    running.start()
    running.fails(1, r"sync\.lua:\d+: .*(WHERE|ELSE)")


def test_two_syncs_in_one_script(sync_on, sql, db, mariadb, kafka, users, unique):
    """lua-api "Loading": all registered syncs start when the file ends."""
    parts = []
    for number in (1, 2):
        parts.append(f'''sync.run {{ name = "{unique[:30]}_{number}", heartbeat = false,
            source = source.mysql {{ host = "127.0.0.1", port = {mariadb.port}, user = "{mariadb.user}",
                                     password = "{mariadb.password}", tables = {{ "{db}.*" }} }},
            sink = kafka.sink {{ brokers = "{kafka.bootstrap}" }}, topic = {{ template = "{db}.s{number}" }} }}''')
    running = sync_on(mariadb, kafka, [], script=PROLOGUE + "\n".join(parts)).start()
    for number in (1, 2):
        assert running.wait_rows(f"{db}.s{number}", 1)[0].key == b"1"
    assert running.stop() == 0


def test_loop(sync, sql, db, users):
    """lua-api "The primitives": a loop of one's own gets rows, DDL and beats; out:send writes; the position moves."""
    running = sync(f'''heartbeat = require("tideway.heartbeat").new {{ interval = 0.5 }},
        loop = function(changes, out)
            for change in changes do
                if change.op == "heartbeat" or change.op == "ddl" then
                    out:send {{ topic = "{db}.other", key = change.op, value = '{{"op":"' .. change.op .. '"}}' }}
                else
                    for record in change:records() do
                        record.topic = "{db}.own"
                        out:send(record)
                    end
                end
            end
        end,''', heartbeat="nil")
    found = both_phases(running, f"{db}.own", sql)
    assert [m.op for m in found] == ["INSERT", "UPDATE_BEFOR", "UPDATE_AFTER"]
    sql("ALTER TABLE users ADD COLUMN x INT")
    running.until(f"{db}.other", lambda m: {x.key for x in m} == {b"heartbeat", b"ddl"}, "a heartbeat and a DDL message")
    assert running.stop() == 0
    before = len(rows(running.reader(f"{db}.own").to_end()))
    running.start()
    sql("INSERT INTO users (id) VALUES (77)")
    found = running.wait_rows(f"{db}.own", before + 1)
    assert found[-1].key == b"77"


def sequences(gtids):
    """MariaDB's GTIDs as {domain: sequence number}."""
    return {domain: int(number) for domain, _, number in (gtid.split("-") for gtid in gtids.split(",") if gtid)}


def saved_behind(running, mariadb):
    """A condition: the saved position contains everything that is in the binlog now.

    Other tests write in other domains of the shared server, so all domains are compared."""
    written = sequences(mariadb.run("SELECT @@GLOBAL.gtid_binlog_pos")[0][0])
    checkpoint = running.reader(f"tideway.{running.name}")

    def contains(gtids):
        saved = sequences(gtids)
        return all(saved.get(domain, 0) >= number for domain, number in written.items())

    def look():
        running.must_run()
        checkpoint.find()
        checkpoint.poll(0.01)
        return any(contains(json.loads(m.value)["gtid"]) for m in checkpoint.messages if m.key.endswith(b"/position"))

    return look


def test_silent_loop(sync, sql, db, mariadb, users):
    """lua-api "The primitives": the position advances past a change even if nothing was sent."""
    running = sync("loop = function(changes) for _ in changes do end end,")
    running.wait_streaming()
    sql("INSERT INTO users (id) VALUES (2)")
    wait_for(saved_behind(running, mariadb), "no position after the row was saved")
    assert running.stop() == 0
    assert not running.reader(f"{db}.users").to_end()


def test_loop_that_is_killed(sync, sql, db, mariadb, users):
    """The script's own loop. What it sends belongs to the change before it. If the process is killed while the loop sends,
    nothing is missing, and what was saved is not repeated."""
    running = sync('''loop = function(changes, out)
            for change in changes do
                if change.row then
                    for record in change:records() do out:send(record) end
                end
            end
        end,''')
    running.wait_streaming()
    sql("INSERT INTO users (id) VALUES (2)")
    saved, numbers = saved_behind(running, mariadb), itertools.count(3)

    def more():
        sql(f"INSERT INTO users (id) VALUES {', '.join(f'({next(numbers)})' for _ in range(20))}")
        return saved()

    wait_for(more, "no position after row 2 was saved")
    sql(*(f"INSERT INTO users (id) VALUES ({next(numbers)})" for _ in range(100)))
    running.kill9()
    last = next(numbers)
    sql(f"INSERT INTO users (id) VALUES ({last})")
    running.start()
    running.wait_message(f"{db}.users", lambda m: m.key == str(last).encode(), "the last row")
    found = [int(m.key) for m in rows(running.reader(f"{db}.users").to_end())]
    assert set(found) == set(range(1, last + 1)) and found.count(2) == 1, running.stderr.read_text()


def test_row_expires(sync, sql, db, users):
    """A row used after its function raises "row expired"."""
    sql("CREATE TABLE other (id INT PRIMARY KEY)")
    running = sync(f'''on_change = (function()
            local kept
            return {{
                ["{db}.users"] = function(change) kept = change.row end,
                ["{db}.other"] = function(change) if kept then local x = kept.id end end,
            }}
        end)(),''')
    running.wait_rows(f"{db}.users", 1)
    running.wait_streaming()
    sql("INSERT INTO users (id) VALUES (2)", "INSERT INTO other (id) VALUES (3)")
    running.fails(7, "row expired", rf"{db}\.other")


def test_sandbox(sync, sql, db, users):
    """io, os.execute, load and debug do not exist."""
    for name in ("io", "debug", "dofile", "load"):
        running = sync(f"description = tostring({name}),", name=f"{db[:40]}_{name}")
        running.fails(1, rf"sync\.lua:\d+: .*{name}")


ON_TABLE = """on_table = function(t)
    for _, column in ipairs(t.columns) do
      if column.name == "secret" then error(column.name .. " must not leave the database", 0) end
    end
  end,"""


def test_on_table(sync, sql, db):
    """on_table refuses a table before anything is sent, at the start and in the stream. Nothing of it is sent, and with the
    column gone the sync continues with its rows."""
    sql("CREATE TABLE t (id INT PRIMARY KEY)", "INSERT INTO t VALUES (1)", "CREATE TABLE u (id INT PRIMARY KEY, secret INT)")
    running = sync(ON_TABLE, start=False)
    refused = rf"on_table refuses {db}\.{{}}: secret must not leave the database"
    for command in ("plan", "check"):
        code, out, log = running.once(command=command)
        assert code == 1 and "E-140" in log and re.search(refused.format("u"), out + log), out + log
    running.start().fails(1, refused.format("u"))
    sql("ALTER TABLE u DROP COLUMN secret")
    running.start()
    running.wait_rows(f"{db}.t", 1)
    running.wait_streaming()
    sql("CREATE TABLE w (id INT PRIMARY KEY, secret INT)", "INSERT INTO w VALUES (1, 1)", "INSERT INTO t VALUES (2)")
    log = running.fails(1, r"E-140.*statement at \S+:\d+: " + refused.format("w"))
    assert not [m for m in running.reader(f"{db}.w").to_end() if m.is_row], log
    running.write(running.path.read_text().replace("secret must", "it must").replace('== "secret"', '== "other"'))
    running.start()
    running.wait_rows(f"{db}.w", 1)
    running.wait_rows(f"{db}.t", 2)


# outbox

def test_outbox(sync, sql, db):
    """lua-api "outbox": rows of the copy and of the stream become messages of other topics; a delete sends nothing."""
    sql("CREATE TABLE outbox (id INT PRIMARY KEY, kind VARCHAR(20), entity INT, payload JSON)",
        "INSERT INTO outbox VALUES (1, 'order', 7, '{\"total\": 5}')")
    running = sync(f'''on_change = {{ ["{db}.outbox"] = require "tideway.outbox".new {{
        topic = "{db}.${{kind}}", key = "entity", value = "payload", headers = {{ id = "id" }} }} }},''')
    running.wait_streaming()
    sql("INSERT INTO outbox VALUES (2, 'order', 7, NULL)", "DELETE FROM outbox", "INSERT INTO outbox VALUES (3, 'order', 7, '[]')")
    found = running.until(f"{db}.order", lambda messages: any(m.value == b"[]" for m in messages), "the message of row 3")
    sent = [(m.value, m.headers) for m in found if m.key == b"7"]
    assert sent == [(b'{"total": 5}', [("id", b"1")]), (None, [("id", b"2")]), (b"[]", [("id", b"3")])]
