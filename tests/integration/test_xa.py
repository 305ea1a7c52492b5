"""XA (rule: xa-prepared): a prepared transaction is in neither phase until it is decided. Whatever cannot be distinguished stops
the sync."""

import contextlib
import re

import pytest
from support.admin import admin_of
from support.consume import rows
from support.wait import wait_for


@pytest.fixture
def xa():
    """decide = xa(server, db, xid, *statements): prepares a transaction; decide("COMMIT") or decide("ROLLBACK") ends it, as does
    the end of the test."""
    left = []

    def prepare(server, db, xid, *statements):
        connection = server.connect(database=db)

        def decide(how):
            with connection.cursor() as cursor:
                cursor.execute(f"XA {how} '{xid}'")

        left.append((connection, decide))
        with connection.cursor() as cursor:
            for statement in (f"XA START '{xid}'", *statements, f"XA END '{xid}'", f"XA PREPARE '{xid}'"):
                cursor.execute(statement)
        return decide

    yield prepare
    for connection, decide in left:
        with contextlib.suppress(Exception):
            decide("ROLLBACK")
        connection.close()


def test_of_other_tables(sync, sql, db, mariadb, unique, xa):
    """Rows of tables that are not captured: prepared, committed and rolled back, over restarts; the stream continues."""
    sql("CREATE TABLE t (id INT PRIMARY KEY)", "INSERT INTO t VALUES (1)", "CREATE TABLE other (id INT PRIMARY KEY)")
    running = sync(tables=[f"{db}.t"])
    running.wait_rows(f"{db}.t", 1)
    running.wait_streaming()
    decide = [xa(mariadb, db, f"{unique[:20]}_{i}", f"INSERT INTO other VALUES ({i})") for i in range(3)]
    sql("INSERT INTO t VALUES (2)")
    running.wait_rows(f"{db}.t", 2)
    decide[0]("COMMIT")
    assert running.stop() == 0
    decide[1]("COMMIT")
    running.start()
    sql("INSERT INTO t VALUES (3)")
    running.wait_rows(f"{db}.t", 3)
    running.kill9()
    running.start()
    running.wait_streaming()
    decide[2]("ROLLBACK")
    sql("INSERT INTO t VALUES (4)")
    running.until(f"{db}.t", lambda m: any(r.key == b"4" for r in rows(m)), "the last row")
    assert running.stop() == 0
    # the position after them no longer contains decided transactions
    last = [m for m in running.reader(f"tideway.{running.name}").to_end() if m.key.endswith(b"/position")][-1]
    assert last.json["pending"] == []


def test_committed_although_never_seen(sync_on, mysql, kafka, unique, xa):
    """MySQL without XA_RECOVER_ADMIN: the start cannot detect a prepared transaction, so its XA COMMIT must stop the sync."""
    mysql.run(f"CREATE DATABASE `{unique}`")
    mysql.make_user(f"l_{unique[:20]}", "secret", "SELECT, REPLICATION SLAVE, REPLICATION CLIENT")
    mysql.run("CREATE TABLE t (id INT PRIMARY KEY)", db=unique)
    xid = unique[:30]
    decide = xa(mysql, unique, xid, "INSERT INTO t VALUES (2)")
    running = sync_on(mysql, kafka, [f"{unique}.*"], user=f"l_{unique[:20]}", password="secret").start()
    running.wait_log("XA_RECOVER_ADMIN")
    running.wait_streaming()
    decide("COMMIT")
    running.fails(7, "XA COMMIT", xid.encode().hex(), "another sync name")
    mysql.run(f"DROP DATABASE `{unique}`")


def test_prepared_before_a_stream_without_full_sync(sync, sql, db, mariadb, unique, xa):
    """mode = "stream" begins where nothing is prepared, like a full sync."""
    sql("CREATE TABLE t (id INT PRIMARY KEY)")
    xa(mariadb, db, unique[:30], "INSERT INTO t VALUES (1)")
    sync('mode = "stream",').fails(3, "XA", unique[:30])


def test_before_the_point_of_an_added_table(sync, sql, db, mariadb, unique, xa):
    """Prepared and committed before the table was read: in the full sync, once, and no reason to stop."""
    sql("CREATE TABLE a (id INT PRIMARY KEY)", "CREATE TABLE b (id INT PRIMARY KEY)", "INSERT INTO b VALUES (1)")
    running = sync(tables=[f"{db}.a"])
    running.wait_streaming()
    assert running.stop() == 0
    xa(mariadb, db, unique[:30], "INSERT INTO b VALUES (2)")("COMMIT")
    running.write(running.text([f"{db}.*"], ""))
    running.start()
    running.wait_streaming()
    sql("INSERT INTO b VALUES (3)")
    found = running.wait_rows(f"{db}.b", 3)
    assert sorted((m.key, m.full) for m in found) == [(b"1", True), (b"2", True), (b"3", False)]
    assert running.stop() == 0


@pytest.mark.parametrize("server", ["mariadb", "mysql"])
def test_decided_before_a_table_is_added(sync_on, kafka, unique, xa, request, server):
    """The stream has seen PREPARE, and rows of a table that was not captured. They are decided before the table is added: its copy has them,
    beside the stream."""
    server = request.getfixturevalue(server)
    server.run(f"CREATE DATABASE `{unique}`")
    server.run("CREATE TABLE a (id INT PRIMARY KEY)", "CREATE TABLE b (id INT PRIMARY KEY)", "INSERT INTO b VALUES (1)", db=unique)
    running = sync_on(server, kafka, [f"{unique}.a"]).start()
    running.wait_streaming()
    decide = [xa(server, unique, f"{unique[:20]}_{n}", f"INSERT INTO b VALUES ({n})") for n in (2, 3)]
    server.run("INSERT INTO a VALUES (1)", db=unique)
    running.wait_rows(f"{unique}.a", 1)
    assert running.stop() == 0
    decide[0]("COMMIT")
    decide[1]("ROLLBACK")
    running.write(running.text([f"{unique}.*"], ""))
    running.start()
    running.wait_log("backfill: 1 table done")
    assert not re.search(r"full sync: \d+ (of|connections)", running.log)
    assert sorted(m.key for m in rows(running.reader(f"{unique}.b").to_end()) if m.full) == [b"1", b"2"]
    assert running.stop() == 0
    server.run(f"DROP DATABASE `{unique}`")


@pytest.mark.parametrize("when", ["streamed", "stopped"])
def test_prepared_when_a_table_is_added(sync_on, mysql, kafka, unique, xa, when):
    """MySQL without XA_RECOVER_ADMIN: the start cannot see that transactions with rows of the added table are prepared. No snapshot
    shows their rows before they are decided, so the copy waits for that. The stream does not."""
    limited = {"user": f"l_{unique[:20]}", "password": "secret"}
    mysql.run(f"CREATE DATABASE `{unique}`")
    mysql.make_user(limited["user"], limited["password"], "SELECT, REPLICATION SLAVE, REPLICATION CLIENT")
    mysql.run("CREATE TABLE a (id INT PRIMARY KEY)", "CREATE TABLE b (id INT PRIMARY KEY)", "INSERT INTO b VALUES (1)", db=unique)
    running = sync_on(mysql, kafka, [f"{unique}.a"], **limited).start()
    running.wait_streaming()

    def prepare():
        return [xa(mysql, unique, f"{unique[:20]}_{n}", f"INSERT INTO b VALUES ({n})") for n in (2, 3)]

    if when == "streamed":
        decide = prepare()
        mysql.run("INSERT INTO a VALUES (1)", db=unique)
        running.wait_rows(f"{unique}.a", 1)
    assert running.stop() == 0
    if when == "stopped":
        decide = prepare()
    running.write(running.text([f"{unique}.*"], "", **limited))
    running.start()
    running.wait_streaming()
    admin = admin_of(running)
    wait_for(lambda: admin.sync(running.name)["backfill_waits"] == "until prepared XA transactions are decided", lambda: running.log)
    mysql.run("INSERT INTO a VALUES (2)", "INSERT INTO b VALUES (4)", db=unique)
    decide[1]("ROLLBACK")
    running.wait_message(f"{unique}.a", lambda m: m.key == b"2", "a row of the stream")
    running.wait_message(f"{unique}.b", lambda m: m.key == b"4", "a row of the added table")
    assert not [m for m in rows(running.reader(f"{unique}.b").to_end()) if m.full]
    decide[0]("COMMIT")
    running.wait_log("backfill: 1 table done")
    found = rows(running.reader(f"{unique}.b").to_end())
    assert {m.key for m in found} == {b"1", b"2", b"4"} and {b"1", b"2"} <= {m.key for m in found if m.full}
    mysql.run(f"DROP DATABASE `{unique}`")
