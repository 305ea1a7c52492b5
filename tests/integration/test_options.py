"""Options that decide which messages a change becomes: alike in copy and stream, on MariaDB and MySQL."""

import re

import pytest
from support.consume import heartbeats, rows
from support.wait import wait_for
from test_alerts import PRINT, alerts
from test_backfill import Here, changing

ONE = "topics = { partitions = 1 },"


@pytest.fixture(params=["mariadb", "mysql"])
def here(request, unique, sync_on, kafka):
    """A new database on each kind of server."""
    return Here(request.getfixturevalue(request.param), unique, sync_on, kafka)


def make_sync(here, options, *tables, **more):
    """A sync of these tables, by default all of the database, whose topics have one partition. It is not started."""
    return here.sync_on(here.server, here.kafka, [f"{here.db}.{table}" for table in tables or "*"], ONE + options, **more)


def test_key_null(here):
    """key_null = "error": a row with a NULL in its key stops the sync before anything of it is written, in the first copy, in the
    stream, and in a copy beside the stream. The sync continues at that row with key_null = "null"."""
    here.sql("CREATE TABLE t (id INT PRIMARY KEY, k VARCHAR(9))", "INSERT INTO t VALUES (1, NULL)")
    options = f'key = {{ ["{here.db}.*"] = {{ "k", "id" }} }}, key_format = "json", key_null = '
    running = make_sync(here, options + '"error",', "t")
    why = r'key \S+: column k: .* key_null = "error" refuses NULL .*key = \{ \["'
    running.start().fails(7, rf"E-746: .*table {here.db}\.t, full sync: {why}{here.db}\.t")
    assert running.reader(f"{here.db}.t").to_end() == []
    here.select(running, ONE + options + '"null",', "t")
    running.start()
    assert [m.key for m in running.wait_rows(f"{here.db}.t", 1)] == [b'{"k":null,"id":1}']
    running.wait_streaming()
    assert running.stop() == 0

    here.select(running, ONE + options + '"error",', "t")
    running.start()
    here.sql("UPDATE t SET k = 'a'")
    running.fails(7, rf"E-746: .*table {here.db}\.t, update at .*: {why}{here.db}\.t")
    assert len(running.reader(f"{here.db}.t").to_end()) == 1
    here.select(running, ONE + options + '"null",', "t")
    running.start()
    found = running.wait_rows(f"{here.db}.t", 3)
    assert [(m.op, m.key) for m in found[1:]] == [("UPDATE_BEFOR", b'{"k":null,"id":1}'), ("UPDATE_AFTER", b'{"k":"a","id":1}')]
    assert running.stop() == 0

    here.sql("CREATE TABLE new (id INT PRIMARY KEY, k VARCHAR(9))", "INSERT INTO new VALUES (1, NULL)")
    here.select(running, ONE + options + '"error",', "t", "new")
    running.start().fails(7, rf"E-746: .*table {here.db}\.new, full sync: {why}{here.db}\.new")
    here.select(running, ONE + options + '"null",', "t", "new")
    running.start()
    assert [m.key for m in running.wait_rows(f"{here.db}.new", 1)] == [b'{"k":null,"id":1}']


def test_op_names(here):
    """op_names = "canonical" changes one spelling: that of the image before an update."""
    here.sql("CREATE TABLE t (id INT PRIMARY KEY, v INT)", "INSERT INTO t VALUES (1, 1)")
    running = make_sync(here, 'op_names = "canonical",').start()
    running.wait_streaming()
    here.sql("UPDATE t SET v = 2", "ALTER TABLE t ADD COLUMN w INT", "DELETE FROM t")
    found = running.until(f"{here.db}.t", lambda m: any(x.op == "DELETE" for x in m), "the deleted row")
    assert [m.op for m in found] == ["INSERT", "UPDATE_BEFORE", "UPDATE_AFTER", "ALTER", "DELETE"]
    assert found[1].before == {"id": 1, "v": 1} and found[1].after is None


def shape(messages):
    """(op, key) of each message; a tombstone has no op."""
    return [(m.value and m.op, m.key.decode()) for m in messages]


def test_tombstones(here):
    """A null value follows each row that is deleted or leaves its key. A kill before the tombstone is sent loses neither it nor the
    DELETE. Compacted topics accept both."""
    here.sql("CREATE TABLE t (id INT PRIMARY KEY, v INT)", "INSERT INTO t VALUES (1, 1), (2, 2)",
             "CREATE TABLE plain (id INT PRIMARY KEY)", "INSERT INTO plain VALUES (1)")
    options = f'tombstones = {{ ["{here.db}.t"] = true }}, update = {{ default = "two", ["{here.db}.plain"] = "one" }},'
    running = make_sync(here, options)
    compacted = running.path.read_text().replace("{ partitions = 1 }", '{ partitions = 1, config = { ["cleanup.policy"] = "compact" } }')
    running.write(compacted)
    code, text, log = running.once(command="plan")
    assert code == 0 and text.count("with a tombstone") == 1, text + log
    running.start(fault="produce:5:kill")  # three rows, the DELETE, its tombstone
    running.wait_rows(f"{here.db}.t", 2)
    running.wait_rows(f"{here.db}.plain", 1)
    running.wait_streaming()
    here.sql("DELETE FROM t WHERE id = 1")
    assert running.wait_exit() == -9
    running.start()
    running.until(f"{here.db}.t", lambda m: m[-1].value is None, "the tombstone")
    here.sql("UPDATE t SET id = 3 WHERE id = 2", "DELETE FROM plain", "UPDATE t SET v = 4")
    found = running.until(f"{here.db}.t", lambda m: m[-1].value and m[-1].after == {"id": 3, "v": 4}, "the last update")
    first = shape(found).index(("DELETE", "1"))
    assert shape(found[:first]) == [("INSERT", "1"), ("INSERT", "2")]
    assert [s for s in shape(found[first:]) if s != ("DELETE", "1")] == [
        (None, "1"), ("UPDATE_BEFOR", "2"), (None, "2"), ("UPDATE_AFTER", "3"), ("UPDATE_BEFOR", "3"), ("UPDATE_AFTER", "3")]
    assert shape(running.wait_rows(f"{here.db}.plain", 2)) == [("INSERT", "1"), ("DELETE", "1")]


def test_tombstones_without_a_key(here):
    """A table whose rows share a key has no tombstones: the start refuses it, and so does the stream at the statement."""
    here.sql("CREATE TABLE t (id INT PRIMARY KEY)", "CREATE TABLE n (id INT)")
    running = make_sync(here, 'tombstones = true, no_primary_key = "row",').start()
    refused = rf"E-123: .*sync\.lua:\d+: tombstones: {here.db}\.n has the hash of the row as its key.*write \[\"{here.db}\.n\"\] = false"
    running.fails(1, refused)
    here.sql("DROP TABLE n")
    running.start()
    running.wait_streaming()
    here.sql("CREATE TABLE n (id INT)", "INSERT INTO n VALUES (1)")
    running.fails(1, refused)
    running.write(running.path.read_text().replace("tombstones = true", f'tombstones = {{ default = true, ["{here.db}.n"] = false }}'))
    running.start()
    running.wait_rows(f"{here.db}.n", 1)


def test_tombstones_beside_the_stream(here):
    """Rows are deleted, inserted and get other keys while their table is copied beside the stream. What compaction leaves of its
    topic is the table."""
    here.make_new(3000)
    options = "tombstones = true, full = { rows_per_second = 2000 }," + ONE
    running = here.stream_a(options)
    running.start()
    with changing(here, "new", 3000):
        here.wait_copied(running)
    here.sql("INSERT INTO new VALUES (9999, 0, 'marker')")
    found = running.until(f"{here.db}.new", lambda m: any(x.key == b"9999" for x in m), "the marker")
    last = {m.key: m for m in found}
    left = [tuple(m.after.values()) for m in last.values() if m.value]
    assert sorted(left) == sorted(here.sql("SELECT id, v, s FROM new"))
    deletes = [i for i, m in enumerate(found) if m.value and m.op == "DELETE"]
    assert deletes and all(found[i + 1].value is None and found[i + 1].key == found[i].key for i in deletes)


def test_headers(here):
    """Headers of constants, variables and functions, the same in the first copy, in the stream, beside it, and in another copy, on
    rows and tombstones only."""
    here.sql("CREATE TABLE t (id INT PRIMARY KEY, v INT)", "INSERT INTO t VALUES (1, NULL)",
             "CREATE TABLE new (id INT PRIMARY KEY)", "INSERT INTO new VALUES (1)")
    options = f"""tombstones = true, headers = {{
      origin = "${{DB_NAME_SRC}}.${{TABLE_NAME_SRC}}", version = 3,
      ["{here.db}.t"] = {{ v = function(change) return change.row.v end }},
    }},"""
    here.more = {"heartbeat": "0.5"}
    running = make_sync(here, options, "t", **here.more)
    code, text, log = running.once(command="plan")
    assert code == 0 and re.search(r"header   v \(sync\.lua:\d+\)", text), text + log
    running.start()
    running.wait_streaming()
    here.sql("INSERT INTO t VALUES (2, 5)", "ALTER TABLE t ADD COLUMN w INT", "UPDATE t SET v = 6 WHERE id = 2", "DELETE FROM t WHERE id = 1")
    found = running.until(f"{here.db}.t", lambda m: any(x.value is None for x in m) and heartbeats(m), "the tombstone and a heartbeat")
    same = [("origin", f"{here.db}.t".encode()), ("version", b"3")]
    assert [(m.op, m.headers) for m in rows(found)] == [
        ("INSERT", same), ("INSERT", [same[0], ("v", b"5"), same[1]]), ("UPDATE_BEFOR", [same[0], ("v", b"5"), same[1]]),
        ("UPDATE_AFTER", [same[0], ("v", b"6"), same[1]]), ("DELETE", same)]
    assert [m.headers for m in found if m.value is None] == [same]
    assert not any(m.headers for m in found if m.value and not m.is_row)
    assert running.stop() == 0

    here.select(running, ONE + options, "t", "new")
    running.start()
    same[0] = ("origin", f"{here.db}.new".encode())
    assert running.wait_rows(f"{here.db}.new", 1)[0].headers == same
    # until the record of the finished copy is saved, another one is refused
    wait_for(lambda: running.once(f"{here.db}.new", command="resync")[0] == 0, lambda: running.log)
    again = running.wait_rows(f"{here.db}.new", 2)[1]
    assert again.copy and again.headers == [("tideway-copy", again.copy.encode()), *same]


def test_dml(here):
    """A logical delete is an update that sets a field; the copy has the field too. Ignored changes write nothing, and the position
    moves past them."""
    here.sql("CREATE TABLE t (id INT PRIMARY KEY, v INT)", "INSERT INTO t VALUES (1, 1)",
             "CREATE TABLE u (id INT PRIMARY KEY, v INT)", "INSERT INTO u VALUES (1, 1)")
    running = make_sync(here, f"""dml = {{
      ["{here.db}.t"] = {{ delete = "logical", flag = "deleted" }}, ["{here.db}.u"] = {{ update = "ignore", delete = "ignore" }},
    }},""")
    code, text, log = running.once(command="plan")
    assert code == 0 and re.search(r"delete   as an update that sets deleted", text) and text.count("ignored") == 2, text + log
    running.start()
    running.wait_streaming()
    here.sql("DELETE FROM t", "INSERT INTO t VALUES (2, 2)", "UPDATE u SET v = 2", "DELETE FROM u", "INSERT INTO u VALUES (3, 3)")
    found = running.wait_rows(f"{here.db}.t", 4)
    old = {"id": 1, "v": 1, "deleted": False}
    assert [(m.op, m.row) for m in found] == [
        ("INSERT", old), ("UPDATE_BEFOR", old), ("UPDATE_AFTER", {**old, "deleted": True}),
        ("INSERT", {"id": 2, "v": 2, "deleted": False})]
    assert found[0].types["deleted"] == "BOOLEAN"
    assert [(m.op, m.key) for m in running.wait_rows(f"{here.db}.u", 2)] == [("INSERT", b"1"), ("INSERT", b"3")]
    here.sql("UPDATE u SET v = 4")  # the last transaction is ignored as a whole
    assert running.stop() == 0
    running.start()
    running.wait_streaming()
    here.sql("INSERT INTO u VALUES (5, 5)")
    assert [m.key for m in running.wait_rows(f"{here.db}.u", 3)] == [b"1", b"3", b"5"]


def test_dml_beside_the_stream(here):
    """Rows are changed in every way while their tables are copied beside the stream. With logical deletes, what compaction leaves of
    the topic is the table, and the rows that were deleted. Where changes are ignored, each row of the table comes once, from the copy."""
    here.make_new(2000)
    here.sql("CREATE TABLE other LIKE new", "INSERT INTO other SELECT * FROM new")
    options = """dml = { ["*.new"] = { delete = "logical", flag = "gone" }, ["*.other"] = { update = "ignore", delete = "ignore" } },
      full = { rows_per_second = 2000 },""" + ONE
    running = here.stream_a(options)
    here.select(running, options, "a", "new", "other")
    running.start()
    running.wait_streaming()
    with changing(here, "new", 2000), changing(here, "other", 2000, ["UPDATE {table} SET v = v + 1 WHERE id = {key}"]):
        running.wait_log(r"backfill: 2 tables done")
    here.sql("DELETE FROM other", "INSERT INTO new VALUES (9999, 0, 'marker')")
    found = running.until(f"{here.db}.new", lambda m: any(x.key == b"9999" for x in m), "the marker")
    assert not any(m.op == "DELETE" for m in found)
    last = {m.key: m.after for m in found}
    assert sorted((r["id"], r["v"], r["s"]) for r in last.values() if not r["gone"]) == sorted(here.sql("SELECT id, v, s FROM new"))
    assert any(r["gone"] for r in last.values())
    assert sorted(int(m.key) for m in running.wait_rows(f"{here.db}.other", 2000)) == list(range(2000))


def test_ddl(here):
    """Policies of statements: not written, an alert, or a stop before the statement, from which the sync continues with another
    policy. Rows have the columns of each statement."""
    here.sql("CREATE TABLE t (id INT PRIMARY KEY)", "INSERT INTO t VALUES (1)")
    running = make_sync(here, PRINT + 'ddl = { add_column = "ignore", MODIFYCOLUMN = "WARNING", drop_column = "error" },').start()
    running.wait_streaming()
    here.sql("ALTER TABLE t ADD COLUMN a INT", "ALTER TABLE t MODIFY a BIGINT", "INSERT INTO t VALUES (2, 20)",
             "CREATE INDEX i ON t (a)")
    running.wait_message(f"{here.db}.t", lambda m: m.op == "CINDEX", "the index")
    here.sql("ALTER TABLE t DROP COLUMN a, ADD COLUMN b INT", "INSERT INTO t VALUES (3, 30)")
    log = running.fails(7, rf'E-748: .*table {here.db}\.t, statement at \S+:\d+: ddl\.drop_column = "error" stops the sync before this '
                           r'statement: ALTER TABLE t DROP COLUMN a.*write ddl = \{ drop_column = "normal" \}')
    assert re.search(r'WARN .*a statement at \S+:\d+ is not written to Kafka \(ddl.modify_column = "alert"\): ALTER TABLE t MODIFY', log)
    assert [text for _, text in alerts(running, "ddl")][0].startswith(f"nil {here.db}.t a statement at ")
    found = running.reader(f"{here.db}.t").to_end()
    assert [(m.op, m.after) for m in found] == [("INSERT", {"id": 1}), ("INSERT", {"id": 2, "a": 20}), ("CINDEX", None)]

    running.write(running.path.read_text().replace('drop_column = "error"', 'drop_column = "normal"'))
    running.start()
    found = running.until(f"{here.db}.t", lambda m: any(x.key == b"3" for x in m), "the row after the statement")
    assert [(m.op, m.after) for m in found[3:]] == [("INSERT", {"id": 3, "b": 30})]
