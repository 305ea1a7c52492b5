"""Rule: outcome-known. The binlog contains rolled-back rows, and they are never written."""

import pytest
from support.consume import rows
from support.rebuild import Rebuild, compare


@pytest.fixture
def pair(sync, sql, db):
    """An InnoDB table i and a MyISAM table m, streaming."""
    sql("CREATE TABLE i (id INT PRIMARY KEY, s LONGTEXT) ENGINE=InnoDB",
        "CREATE TABLE m (id INT PRIMARY KEY, s LONGTEXT) ENGINE=MyISAM", "CREATE TABLE marker (id INT PRIMARY KEY)")
    running = sync()
    running.wait_streaming()
    return running


def finish(running, sql, db, mariadb, kafka):
    """Wait for everything up to now. It must equal SELECT, and no row may have been written and taken back."""
    sql("INSERT INTO marker VALUES (1)")
    running.wait_message(f"{db}.marker", lambda m: m.is_row, "the marker")
    assert running.stop() == 0
    messages = running.reader(f"{db}.i", f"{db}.m").to_end()
    rebuilt = Rebuild(kafka.partitions()).feed_all(messages)
    for name in ("i", "m"):
        compare(mariadb, db, name, rebuilt.tables().get((db, name)))
    return rows(messages)


def binlog_has(mariadb, db, text):
    """Return whether the current binlog has an event with this text: the server writes what the test needs."""
    log = mariadb.run("SHOW BINARY LOGS")[-1][0]
    return any(text in str(row[5]) for row in mariadb.run(f"SHOW BINLOG EVENTS IN '{log}'"))


def test_savepoint_with_myisam(pair, sql, db, mariadb, kafka):
    """InnoDB with MyISAM and ROLLBACK TO: the rows of InnoDB are in the binlog between SAVEPOINT and ROLLBACK TO."""
    sql("BEGIN", "INSERT INTO i VALUES (1, 'kept')", "SAVEPOINT sp", "INSERT INTO i VALUES (2, 'rolled back')",
        "INSERT INTO m VALUES (1, 'no transaction')", "UPDATE i SET s = 'rolled back' WHERE id = 1",
        "ROLLBACK TO sp", "INSERT INTO i VALUES (3, 'after')", "COMMIT")
    found = finish(pair, sql, db, mariadb, kafka)
    assert sorted((m.topic, m.key) for m in found) == [(f"{db}.i", b"1"), (f"{db}.i", b"3"), (f"{db}.m", b"1")]
    assert all(m.op == "INSERT" for m in found)


def test_temporary_table_ends_in_rollback(pair, sql, db, mariadb, kafka):
    """InnoDB with CREATE TEMPORARY TABLE: the whole group is in the binlog and ends in ROLLBACK."""
    sql("BEGIN", "INSERT INTO i VALUES (1, 'rolled back')", "CREATE TEMPORARY TABLE tt (x INT)",
        "INSERT INTO i VALUES (2, 'rolled back')", "ROLLBACK", "INSERT INTO i VALUES (3, 'kept')")
    found = finish(pair, sql, db, mariadb, kafka)
    assert [m.key for m in found] == [b"3"]
    assert binlog_has(mariadb, db, "ROLLBACK"), "this server does not write the group: the test shows nothing"


def test_mixed_rollback_of_all(pair, sql, db, mariadb, kafka):
    """A rolled-back transaction changed a MyISAM table: only the rows of that table stay."""
    sql("BEGIN", "INSERT INTO i VALUES (1, 'rolled back')", "INSERT INTO m VALUES (1, 'stays')",
        "UPDATE m SET s = 'stays changed' WHERE id = 1", "INSERT INTO i VALUES (2, 'rolled back')", "ROLLBACK")
    found = finish(pair, sql, db, mariadb, kafka)
    assert {m.topic for m in found} == {f"{db}.m"}


def test_nested_savepoints(pair, sql, db, mariadb, kafka):
    """Savepoints within savepoints, the same name twice, RELEASE, odd names; with and without a MyISAM table between."""
    for base, mixed in ((0, False), (100, True)):
        sql("BEGIN", f"INSERT INTO i VALUES ({base + 1}, 'kept')", "SAVEPOINT a",
            f"INSERT INTO i VALUES ({base + 2}, 'kept')", "SAVEPOINT `b ``quoted`",
            f"INSERT INTO i VALUES ({base + 3}, 'gone')")
        if mixed:
            sql(f"INSERT INTO m VALUES ({base + 3}, 'stays')")
        sql("SAVEPOINT c", f"INSERT INTO i VALUES ({base + 4}, 'gone')", "ROLLBACK TO c", "ROLLBACK TO `b ``quoted`",
            f"INSERT INTO i VALUES ({base + 5}, 'kept')", "SAVEPOINT a", f"INSERT INTO i VALUES ({base + 6}, 'gone')",
            "ROLLBACK TO SAVEPOINT A", f"INSERT INTO i VALUES ({base + 7}, 'kept')", "RELEASE SAVEPOINT a", "COMMIT")
    found = finish(pair, sql, db, mariadb, kafka)
    inserted = sorted(int(m.key) for m in found if m.topic.endswith(".i"))
    assert inserted == [1, 2, 5, 7, 101, 102, 105, 107]


def test_group_above_the_hold(pair, sql, db, mariadb, kafka):
    """A group larger than transaction_hold (4 MB) whose parts were rolled back: only the rest is written."""
    sql("BEGIN", "INSERT INTO i VALUES (1, 'kept')", "SAVEPOINT sp")
    for number in range(2, 10):
        sql(f"INSERT INTO i VALUES ({number}, REPEAT('gone', 200000))")
    sql("INSERT INTO m VALUES (1, 'stays')", "ROLLBACK TO sp", "INSERT INTO i VALUES (10, REPEAT('kept', 200000))", "COMMIT")
    sql("BEGIN")
    for number in range(20, 30):
        sql(f"INSERT INTO i VALUES ({number}, REPEAT('gone', 200000))")
    sql("CREATE TEMPORARY TABLE tt (x INT)", f"INSERT INTO i VALUES ({30}, 'gone')", "ROLLBACK")
    sql("BEGIN")
    for number in range(40, 50):
        sql(f"INSERT INTO i VALUES ({number}, REPEAT('kept', 200000))")
    sql("COMMIT")
    found = finish(pair, sql, db, mariadb, kafka)
    assert sorted(int(m.key) for m in found if m.topic.endswith(".i")) == [1, 10, *range(40, 50)]


def test_kill_within_a_large_group(sync, sql, db, mariadb, kafka):
    """Rule: transaction-start. Killed in the middle of a transaction that is too large to hold: it is sent again as a whole, with
    the same sequenceIds."""
    sql("CREATE TABLE i (id INT PRIMARY KEY, s LONGTEXT)", "CREATE TABLE m (id INT PRIMARY KEY)",
        "CREATE TABLE marker (id INT PRIMARY KEY)")
    running = sync(fault="produce:300:kill")
    running.wait_streaming()
    sql("INSERT INTO i SELECT seq, REPEAT('x', 20000) FROM seq_1_to_500")
    assert running.wait_exit() == -9
    running.start()
    finish(running, sql, db, mariadb, kafka)


def test_rolled_back_ddl_statements(pair, sql, db, mariadb, kafka):
    """A CREATE TABLE ... SELECT that fails leaves neither a table nor rows. An INSERT ... SELECT that fails half-way leaves no
    rows."""
    with pytest.raises(Exception, match="Duplicate"):
        sql("CREATE TABLE cs (id INT PRIMARY KEY) ENGINE=InnoDB SELECT 1 AS id UNION ALL SELECT 1")
    sql("INSERT INTO i VALUES (5, 'there')")
    with pytest.raises(Exception, match="Duplicate"):
        sql("INSERT INTO i VALUES (4, 'half'), (5, 'twice')")
    with pytest.raises(Exception, match="Duplicate"):
        sql("INSERT INTO m VALUES (1, 'stays'), (1, 'twice')")
    sql("CREATE TABLE made (id INT PRIMARY KEY) SELECT 7 AS id")
    pair.wait_message(f"{db}.made", lambda m: m.is_row and m.key == b"7", "the row of CREATE TABLE SELECT")
    found = finish(pair, sql, db, mariadb, kafka)
    assert sorted((m.topic.rsplit(".")[-1], m.key) for m in found) == [("i", b"5"), ("m", b"1")]
