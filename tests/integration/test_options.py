"""Options that decide which messages a change becomes: alike in copy and stream, on MariaDB and MySQL."""

import pytest
from support.consume import rows
from test_backfill import Here

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
