"""Tables that appear and disappear: added to the script, removed and put back, created and renamed while the sync is stopped,
and read in rounds (rules: table-position, ddl-while-copying; decisions/0001, 0004)."""

import re

import pytest
from support.consume import ddls, heartbeats, rows
from support.rebuild import Rebuild, compare
from support.wait import wait_for
from test_backfill import arrived
from test_full import ends_equal, fill


def select(running, tables, options=""):
    """Write another script for the sync, which is stopped."""
    running.write(running.text(tables, options))


def full_rows(running, topic):
    return [m.key for m in rows(running.reader(topic).to_end()) if m.full]


def test_table_made_in_the_stream_is_not_read(sync, sql, db, mariadb, kafka):
    """A table created, renamed or made again while the sync runs came from the stream: a restart does not read it."""
    sql("CREATE TABLE a (id INT PRIMARY KEY, v INT)", "INSERT INTO a VALUES (1, 1)",
        "CREATE TABLE again (id INT PRIMARY KEY)", "INSERT INTO again VALUES (1)")
    running = sync()
    running.wait_streaming()
    sql("CREATE TABLE made (id INT PRIMARY KEY, v INT)", "INSERT INTO made VALUES (1, 1)", "RENAME TABLE a TO b",
        "INSERT INTO b VALUES (2, 2)", "DROP TABLE again", "CREATE TABLE again (x INT PRIMARY KEY)", "INSERT INTO again VALUES (5)")
    running.until(f"{db}.again", lambda m: any(r.key == b"5" for r in rows(m)), "the last row")
    assert running.stop() == 0
    running.start()
    ends_equal(running, db, kafka, mariadb, ["made", "again"])
    rebuilt = Rebuild(kafka.partitions()).feed_all(running.reader(f"{db}.a", f"{db}.b").to_end())
    assert compare(mariadb, db, "b", rebuilt.tables()[db, "b"]) == 2
    for topic in ("made", "b"):
        assert full_rows(running, f"{db}.{topic}") == []
    assert full_rows(running, f"{db}.again") == [b"1"]


def test_taken_out_and_put_back(sync, sql, db, mariadb, kafka):
    """Changes of a table that the script does not select are not sent, so the table is read again once it is selected again."""
    for name in ("a", "b"):
        sql(f"CREATE TABLE {name} (id INT PRIMARY KEY, v INT)", f"INSERT INTO {name} VALUES (1, 1), (2, 2)")
    running = sync()
    running.wait_streaming()
    assert running.stop() == 0
    select(running, [f"{db}.*", f"!{db}.b"])
    running.start()
    running.wait_log(rf"{db}\.b is not selected any more")
    running.wait_streaming()
    sql("UPDATE b SET v = 20 WHERE id = 2", "INSERT INTO b VALUES (3, 3)", "INSERT INTO a VALUES (3, 3)")
    running.wait_rows(f"{db}.a", 3)
    assert running.stop() == 0
    select(running, [f"{db}.*"])
    running.start()
    ends_equal(running, db, kafka, mariadb, ["a", "b"])
    assert sorted(full_rows(running, f"{db}.b")) == [b"1", b"1", b"2", b"2", b"3"]
    assert sorted(full_rows(running, f"{db}.a")) == [b"1", b"2"]


# while the sync is stopped, before `new` is selected: the statements are between the stream's position and the table's start
# position
BETWEEN = {
    "rows": ["INSERT INTO new VALUES (2, 'b')", "UPDATE new SET s = 'B' WHERE id = 2", "DELETE FROM new WHERE id = 1"],
    "alter": ["INSERT INTO new VALUES (2, 'b')", "ALTER TABLE new ADD x INT UNSIGNED FIRST, MODIFY s VARCHAR(50)",
              "INSERT INTO new VALUES (7, 3, 'c')", "ALTER TABLE new DROP COLUMN s", "INSERT INTO new VALUES (8, 4)"],
    "same_map_bytes": ["ALTER TABLE new ADD i INT", "INSERT INTO new VALUES (2, 'b', 7)",
                       "ALTER TABLE new MODIFY i INT UNSIGNED", "INSERT INTO new VALUES (3, 'c', 4294967295)"],
    "renamed_into": ["RENAME TABLE new TO gone", "CREATE TABLE other (k VARCHAR(5) PRIMARY KEY, n INT)", "INSERT INTO other VALUES ('a', 1)",
                     "RENAME TABLE other TO new", "ALTER TABLE new ADD m INT", "INSERT INTO new VALUES ('b', 2, 3)"],
    "swapped": ["CREATE TABLE _new_gho LIKE new", "ALTER TABLE _new_gho ADD x INT", "INSERT INTO _new_gho SELECT id, s, 9 FROM new",
                "RENAME TABLE new TO _new_del, _new_gho TO new", "DROP TABLE _new_del", "INSERT INTO new VALUES (2, 'b', 3)"],
    "made_again": ["DROP TABLE new", "CREATE TABLE new (k VARCHAR(5) PRIMARY KEY)", "INSERT INTO new VALUES ('x')", "TRUNCATE new",
                   "INSERT INTO new VALUES ('y')"],
    "made_like": ["CREATE TABLE copy LIKE new", "ALTER TABLE new ADD x INT", "DROP TABLE new", "CREATE TABLE new LIKE copy",
                  "INSERT INTO new VALUES (5, 'e')"],
}


@pytest.mark.parametrize("metadata", ["NO_LOG", "FULL"])
@pytest.mark.parametrize("case", BETWEEN)
def test_added_after_ddl(sync, sql, db, mariadb, kafka, case, metadata):
    """Rule: table-position. A table that is added to the script has its own start position. Its definitions before that position
    are followed, but its rows and statements are not sent. A restart in between changes nothing."""
    with mariadb.globals(binlog_row_metadata=metadata):
        connection = mariadb.connect(database=db)
        with connection.cursor() as cursor:
            for statement in ("CREATE TABLE a (id INT PRIMARY KEY, v INT)", "INSERT INTO a VALUES (1, 1)",
                              "CREATE TABLE new (id INT PRIMARY KEY, s VARCHAR(20))", "INSERT INTO new VALUES (1, 'a')"):
                cursor.execute(statement)
            running = sync(tables=[f"{db}.a", f"{db}.marke?"])
            running.wait_streaming()
            assert running.stop() == 0
            for statement in (*BETWEEN[case], "INSERT INTO a VALUES (2, 2)"):
                cursor.execute(statement)
            select(running, [f"{db}.a", f"{db}.new", f"{db}.marke?"])
            # dies after the first save that contains the table's record, before the stream has begun
            running.start(fault="stream_start:1:kill")
            assert running.wait_exit() == -9
            if case not in ("renamed_into", "made_again"):
                cursor.execute("ALTER TABLE new ADD late INT NOT NULL DEFAULT 4")
            running.start()
            running.wait_streaming()
        connection.close()
    read = full_rows(running, f"{db}.new")
    rebuilt = ends_equal(running, db, kafka, mariadb, ["a", "new"])
    assert len(read) == len(set(read)) and read
    told = [m for m in rebuilt.ddl.values() if m.table[1] == "new"]
    assert all("late" in m.ddl["text"] for m in told), told
    assert not [m for m in rows(running.reader(f"{db}.new").messages) if not m.full]


def test_added_database(sync, sql, db, mariadb, kafka, unique):
    """A database without captured tables so far is tracked from the start position of its first ones, also across restarts."""
    other = f"{unique}_o"
    mariadb.run(f"CREATE DATABASE {other}", f"CREATE TABLE {other}.n (id INT PRIMARY KEY, s VARCHAR(9))",
                f"INSERT INTO {other}.n VALUES (1, 'a')")
    sql("CREATE TABLE a (id INT PRIMARY KEY)")
    running = sync()
    running.wait_streaming()
    sql("INSERT INTO a VALUES (0)")
    running.wait_rows(f"{db}.a", 1)
    assert running.stop() == 0
    mariadb.run(f"INSERT INTO {other}.n VALUES (2, 'b')", f"ALTER TABLE {other}.n ADD x INT FIRST",
                f"INSERT INTO {other}.n VALUES (7, 3, 'c')", f"CREATE TABLE {db}.l LIKE {other}.n",
                f"ALTER DATABASE {other} CHARACTER SET latin1", f"CREATE TABLE {other}.unselected (i INT)",
                f"ALTER TABLE {other}.unselected ADD j INT", f"INSERT INTO {db}.a VALUES (1)")
    select(running, [f"{db}.a", f"{db}.marke?", f"{other}.n"])
    running.start(fault="stream_start:1:kill")
    assert running.wait_exit() == -9
    mariadb.run(f"INSERT INTO {other}.n VALUES (8, 4, 'd')", f"ALTER TABLE {other}.n DROP COLUMN x",
                f"ALTER TABLE {other}.unselected ADD k INT", f"INSERT INTO {other}.n VALUES (5, 'e')")
    running.start()
    running.until(f"{other}.n", lambda m: any(r.key == b"5" for r in rows(m)), "the row after the start position")
    running.wait_log("backfill: 1 table done")
    assert running.stop() == 0
    mariadb.run(f"ALTER TABLE {other}.n ADD y INT UNSIGNED", f"INSERT INTO {other}.n VALUES (6, 'f', 4294967295)")
    running.start()
    ends_equal(running, db, kafka, mariadb, ["a"])
    found = running.reader(f"{other}.n").to_end()
    copied = [m.key for m in rows(found) if m.full]  # beside the stream: of the rows after the start position, those that it met
    assert set(copied) >= {b"1", b"2", b"3"} and len(copied) == len(set(copied))
    assert sorted(m.key for m in rows(found) if not m.full) == [b"4", b"5", b"6"]
    assert len(ddls(found)) == 2
    Rebuild(kafka.partitions(), bootstraps=False).feed_all(found)
    compare(mariadb, other, "n", arrived(found, f"{other}.n"))
    mariadb.run(f"DROP DATABASE {other}")


def test_key_less_table_of_a_cut_off_full_sync(sync, sql, db, mariadb, kafka):
    """Rule: table-position. A table without a key counts from its second position on. Statements between the two positions are
    followed."""
    sql("CREATE TABLE a (id INT PRIMARY KEY, v INT, s VARCHAR(50))", "CREATE TABLE k (v INT, s VARCHAR(50))")
    fill(sql, "a", 3000)
    sql("INSERT INTO k VALUES (1, 'x'), (1, 'x'), (2, 'y')")
    running = sync('full = { parallel = 1 }, no_primary_key = "empty",', fault="produce:1500:kill")
    assert running.wait_exit() == -9
    sql("INSERT INTO k VALUES (3, 'z')", "ALTER TABLE k ADD c INT FIRST", "INSERT INTO k VALUES (5, 4, 'between')",
        "DELETE FROM k WHERE v = 2")
    running.start()
    running.wait_streaming()
    sql("INSERT INTO k VALUES (6, 5, 'after')", "CREATE TABLE marker (id INT PRIMARY KEY)", "INSERT INTO marker VALUES (1)")
    running.wait_message(f"{db}.marker", lambda m: m.is_row, "the marker")
    assert running.stop() == 0
    rebuilt = Rebuild(kafka.partitions(), check_key=False).feed_all(running.reader(f"{db}.k").to_end())
    assert compare(mariadb, db, "k", rebuilt.tables()[db, "k"], keyless=True) == 5
    assert [m.after["s"] for m in rebuilt.stream.values()] == ["after"]


ROUNDS = [f"r{i}" for i in range(6)]


def slow_copy(sync, sql, db, mariadb, unique, *more):
    """A full sync of ROUNDS whose snapshots may last a millisecond, by a user with these privileges too; r0 is done."""
    mariadb.make_user(f"u_{unique[:20]}", "secret", ", ".join(("SELECT, RELOAD, REPLICATION SLAVE, REPLICATION CLIENT", *more)))
    for name in ROUNDS:
        sql(f"CREATE TABLE {name} (id INT PRIMARY KEY, v INT, s VARCHAR(50))")
        fill(sql, name, 2000)
    running = sync("full = { parallel = 2, rows_per_second = 3000 },", user=f"u_{unique[:20]}", password="secret",
                   env={"TIDEWAY_SNAPSHOT_MS": "1"}, args=("--verbose",))
    running.wait_log(rf"table {db}\.r0 done")
    sql("SET lock_wait_timeout = 60")
    return running


def test_snapshots_end_where_locks_stay(sync, sql, db, mariadb, kafka, unique):
    """Rule: ddl-while-copying. Without BINLOG ADMIN a snapshot of MariaDB keeps the metadata lock of every table it has
    read. An ALTER waits for the tables of its snapshot, not for the whole copy. Tables that are read later have their own
    start position."""
    running = slow_copy(sync, sql, db, mariadb, unique)
    sql("ALTER TABLE r0 ADD x INT", "INSERT INTO r0 VALUES (5000, 1, 'n', 2)", "ALTER TABLE r5 DROP COLUMN s", "DELETE FROM r5 WHERE id < 10")
    assert "full sync: done in" not in running.log, "the ALTER has waited for the whole copy"
    rebuilt = ends_equal(running, db, kafka, mariadb, ROUNDS)
    assert len(rebuilt.full) == 6 * 2000 - 10
    assert not [m for m in rebuilt.stream.values() if m.table[1] == "r5"], "told again what its own point has seen"


def copying(sync, sql, mariadb, unique, options, **counts):
    """A full sync of tables of so many rows each, in this order, by a user whose snapshots do not hold a RENAME up."""
    mariadb.make_user(f"u_{unique[:20]}", "secret", "SELECT, RELOAD, REPLICATION SLAVE, REPLICATION CLIENT, BINLOG ADMIN")
    for name, count in counts.items():
        sql(f"CREATE TABLE {name} (id INT PRIMARY KEY, v INT, s VARCHAR(50))")
        fill(sql, name, count)
    return sync(options, user=f"u_{unique[:20]}", password="secret", args=("--verbose",))


def ends_after_the_rename(running, db, kafka, mariadb):
    """The stream has met the RENAME, the table was read, and both are equal."""
    assert "full sync: done in" not in running.log, "the RENAME has waited for the whole copy"
    running.wait_log(rf"(?s)table {db}\.t was renamed to {db}\.u before it was read.*reading the binlog from")
    ends_equal(running, db, kafka, mariadb, ["a", "u"])
    assert running.log.count("is read now; starting again") == 1


RENAMED = {  # of that many rows a table is read in ranges
    "before it is read": ("a", "parallel = 1, rows_per_second = 1500", 3000),
    "while it is read": ("t", "parallel = 2, rows_per_second = 30000", 120000),
}


@pytest.mark.parametrize("when", RENAMED)
@pytest.mark.slow
def test_renamed_during_the_full_sync(sync, sql, db, mariadb, kafka, unique, when):
    """Rules: ddl-while-copying, plan-key. A table that is renamed before its rows are read is read under its new name."""
    first, options, count = RENAMED[when]
    running = copying(sync, sql, mariadb, unique, f"full = {{ {options} }},", a=3000, t=count)
    running.until(f"{db}.{first}", lambda m: len(m) > 10, "some rows")
    sql("INSERT INTO t VALUES (900001, 1, 'n')", "RENAME TABLE t TO u", "DELETE FROM u WHERE id < 10",
        "INSERT INTO u VALUES (900002, 2, 'n')")
    ends_after_the_rename(running, db, kafka, mariadb)
    running.start()
    sql("INSERT INTO u VALUES (900003, 3, 'n')")
    running.wait_message(f"{db}.u", lambda m: m.key == b"900003", "a row after the restart")


def test_renamed_and_made_again_during_the_full_sync(sync, sql, db, mariadb, kafka, unique):
    """Rules: ddl-while-copying, plan-key. The old table's rows are read under its new name, the new table's under the old one."""
    running = copying(sync, sql, mariadb, unique, "full = { parallel = 1, rows_per_second = 1500 },", a=3000, t=3000)
    running.until(f"{db}.a", lambda m: len(m) > 10, "some rows")
    sql("RENAME TABLE t TO u", "CREATE TABLE t (x INT, id INT PRIMARY KEY)", "INSERT INTO t VALUES (5, 1), (6, 2)")
    ends_after_the_rename(running, db, kafka, mariadb)
    newest = {m.key: m.after for m in rows(running.reader(f"{db}.t").to_end()) if m.after}
    assert {newest[b"1"]["x"], newest[b"2"]["x"]} == {5, 6}


@pytest.mark.parametrize("cut", [False, True])
def test_renamed_over_another_during_the_full_sync(sync, sql, db, mariadb, kafka, unique, cut):
    """Rules: ddl-while-copying, plan-key. A table that is not read yet gets the name of a finished one; also with kill -9 in
    between, because the record of that name is `done`."""
    running = copying(sync, sql, mariadb, unique, "full = { parallel = 1, rows_per_second = 1500 },", a=1000, m=3000, t=3000)
    running.wait_log(rf"table {db}\.a done")
    if cut:
        record = f"{running.name}/full/{db}.a".encode()
        running.until(f"tideway.{running.name}", lambda found: any(m.key == record and b'"done"' in m.value for m in found), "the record")
        running.kill9()
    sql("RENAME TABLE a TO x, t TO a", "DELETE FROM a WHERE id < 10")
    if cut:
        running.start()
    else:
        assert "full sync: done in" not in running.log, "the RENAME has waited for the whole copy"
    running.wait_log(rf"(?s)table {db}\.t was renamed to {db}\.a before it was read.*reading the binlog from")
    running.wait_streaming()
    sql("INSERT INTO a VALUES (900001, 1, 'n')")
    running.wait_message(f"{db}.a", lambda m: m.key == b"900001", "a row of the stream")
    assert running.stop() == 0
    newest = {m.key: m.after for m in rows(running.reader(f"{db}.a").to_end())}
    missing = [id_ for (id_,) in mariadb.run("SELECT id FROM a", db=db) if newest.get(str(id_).encode()) is None]
    assert not missing
    left = [id_ for id_ in range(10) if newest[str(id_).encode()]]
    assert not left, "deleted after the RENAME, and there since before it"


def test_renamed_in_a_circle_while_it_stands(sync, sql, db, mariadb, kafka, unique):
    """Rules: ddl-while-copying, plan-key. While the sync does not run, two tables that are not read yet exchange their names,
    and a third gets several names in turn. The sync follows all of this at once."""
    running = copying(sync, sql, mariadb, unique, "full = { parallel = 1, rows_per_second = 1500 },", a=1000, m=3000, t=100, u=200, v=300)
    running.wait_log(rf"table {db}\.a done")
    running.kill9()
    sql("INSERT INTO t VALUES (700001, 1, 't')", "RENAME TABLE t TO tmp", "INSERT INTO tmp VALUES (700002, 1, 'tmp')", "RENAME TABLE u TO t",
        "DELETE FROM t WHERE id < 10", "RENAME TABLE tmp TO u", "DELETE FROM u WHERE id < 20", "RENAME TABLE v TO v1", "DELETE FROM v1 WHERE id < 10",
        "RENAME TABLE v1 TO v2, v2 TO v3", "INSERT INTO v3 VALUES (700003, 1, 'v3')", "RENAME TABLE v3 TO v4")
    running.start()
    running.wait_log("reading the binlog from")
    sql("INSERT INTO v4 VALUES (900001, 1, 'n')")
    running.wait_message(f"{db}.v4", lambda m: m.key == b"900001", "a row of the stream")
    assert running.stop() == 0
    for name, deleted in (("t", range(1, 10)), ("u", range(1, 20)), ("v4", range(1, 10))):
        newest = {m.key: m.after for m in rows(running.reader(f"{db}.{name}").to_end())}
        there = {str(id_).encode(): (v, text) for id_, v, text in mariadb.run(f"SELECT id, v, s FROM {name}", db=db)}
        assert {key: newest[key] and (newest[key]["v"], newest[key]["s"]) for key in there} == there
        assert not [id_ for id_ in deleted if newest.get(str(id_).encode())], name
    assert "before it was read" not in running.log
    running.start().wait_log("reading the binlog from")
    assert "tables to read" not in running.log, "a table is read again after another restart"


def test_made_a_partition_before_it_is_read(sync, sql, db, mariadb, kafka, unique):
    """Rules: ddl-while-copying, plan-key. A table that is not read yet becomes a partition of one whose record is `done`: that
    table is read again, with the rows of the partition."""
    sql("CREATE TABLE b (id INT PRIMARY KEY, v INT, s VARCHAR(50)) PARTITION BY RANGE (id) (PARTITION p0 VALUES LESS THAN (0))",
        "INSERT INTO b VALUES (-1, 1, 'n'), (-2, 2, 'n')")
    running = copying(sync, sql, mariadb, unique, "full = { parallel = 1, rows_per_second = 1500 },", m=3000, t=3000)
    running.wait_log(rf"table {db}\.b done")
    sql("ALTER TABLE b CONVERT TABLE t TO PARTITION p1 VALUES LESS THAN MAXVALUE", "DELETE FROM b WHERE id < 10")
    assert "full sync: done in" not in running.log, "the ALTER has waited for the whole copy"
    running.wait_log(rf"(?s)table {db}\.t has become a partition of {db}\.b before it was read.*reading the binlog from")
    ends_equal(running, db, kafka, mariadb, ["b", "m"])
    assert running.log.count("is read now; starting again") == 1


def test_made_a_partition_while_kafka_is_away(sync, sql, db, mariadb, kafka, unique):
    """While messages from before the statement are not acknowledged, the statement has no effect, because deletes from before it
    must be sent again."""
    sql("CREATE TABLE b (id INT PRIMARY KEY, v INT, s VARCHAR(50)) PARTITION BY RANGE (id) (PARTITION p0 VALUES LESS THAN (0))",
        "INSERT INTO b VALUES (-1, 1, 'n'), (-2, 2, 'n')")
    slow = f"""fields = {{ ["{db}.m"] = {{ z = function(change)
        if change.row.v == 777777 then for i = 1, 4e6 do end end
        return "x" end }} }},"""
    running = copying(sync, sql, mariadb, unique, slow + 'checkpoint = { file = "saved" }, '
                      "full = { parallel = 1, rows_per_second = 1500 },", m=3000, t=3000)
    running.wait_log(rf"table {db}\.b done")
    # first messages to the partitions, then time to pause Kafka, then what Kafka no longer receives
    sql("UPDATE b SET v = 5", "UPDATE m SET v = 1", "UPDATE m SET v = 777777 WHERE id < 60", "DELETE FROM b WHERE id = -1",
        "ALTER TABLE b CONVERT TABLE t TO PARTITION p1 VALUES LESS THAN MAXVALUE")
    assert "full sync: done in" not in running.log, "the ALTER has waited for the whole copy"
    running.until(f"{db}.m", lambda found: any(m.row["v"] == 777777 for m in rows(found)), "a slow row")
    kafka.pause()
    try:
        running.wait_log("what was sent before the statement at .* is not acknowledged yet")
        assert "before it was read" not in running.log
    finally:
        kafka.resume()
    running.wait_log(r"(?s)before it was read.*reading the binlog from")
    sql("INSERT INTO b VALUES (900001, 1, 'n')")
    running.wait_message(f"{db}.b", lambda m: m.key == b"900001", "a row of the stream")
    assert running.stop() == 0
    newest = {m.key: m.after for m in rows(running.reader(f"{db}.b").to_end())}
    there = {key: row["v"] for key, row in newest.items() if row}
    assert there == {str(id_).encode(): v for id_, v in mariadb.run("SELECT id, v FROM b", db=db)}


def test_masked_column_of_the_table_whose_name_it_gets(sync, sql, db, mariadb, unique):
    """Before a table is read again, it is compared with the definition of its own rows, not with that of the table that had its
    name before."""
    sql("CREATE TABLE a (id INT PRIMARY KEY, secret INT)", "INSERT INTO a VALUES (1, 1)")
    mask = f'columns = {{ ["{db}.*"] = {{ mask = {{ secret = mask.null }} }} }},'
    running = copying(sync, sql, mariadb, unique, mask + "full = { parallel = 1, rows_per_second = 1500 },", m=3000, t=3000)
    running.wait_log(rf"table {db}\.a done")
    sql("RENAME TABLE a TO x, t TO a")
    assert "full sync: done in" not in running.log, "the RENAME has waited for the whole copy"
    running.wait_log(r"(?s)before it was read.*reading the binlog from")
    sql("INSERT INTO a VALUES (900001, 1, 'n')")
    running.wait_message(f"{db}.a", lambda m: m.key == b"900001", "a row of the stream")


def test_renamed_during_a_full_sync_alone(sync, sql, db, mariadb, kafka, unique):
    """mode = "full": there is no stream that would contain the new name."""
    running = copying(sync, sql, mariadb, unique, 'mode = "full", full = { parallel = 1, rows_per_second = 1500 },', a=3000, t=3000)
    running.until(f"{db}.a", lambda m: len(m) > 10, "some rows")
    sql("RENAME TABLE t TO u")
    assert running.wait_exit() == 0
    assert len(rows(running.reader(f"{db}.u").to_end())) == 3000


def test_locks_are_given_back(sync, sql, db, mariadb, kafka, unique):
    """Rule: ddl-while-copying. With BINLOG ADMIN (MySQL: always) one snapshot serves all, and an ALTER does not wait for it."""
    running = slow_copy(sync, sql, db, mariadb, unique, "BINLOG ADMIN")
    sql("ALTER TABLE r0 ADD x INT", "INSERT INTO r0 VALUES (5000, 1, 'n', 2)")
    assert "full sync: done in" not in running.log, "the ALTER has waited for the whole copy"
    ends_equal(running, db, kafka, mariadb, ROUNDS)
    assert running.log.count("connections at") == 1


def test_topics_of_functions_are_shared_by_lanes(sync, sql, db, mariadb, kafka):
    """Rules: pinned-partitions, whole-checkpoint. Topics that parallel lanes of the full sync have used get heartbeats
    and DDL before the first row of the stream, and the checkpoint names all of their tables."""
    names = ["a", "b", "c", "d"]
    for name in names:
        sql(f"CREATE TABLE {name} (id INT PRIMARY KEY, v INT)", f"INSERT INTO {name} SELECT seq, 0 FROM seq_1_to_2000")
    topic = f'topic = {{ {{ tables = {{ "{db}.?" }}, to = function(change) return "{db}." .. change.row.id % 3 end }} }},'
    running = sync("full = { parallel = 4 }, " + topic, topic=False, heartbeat="0.2")
    running.wait_streaming()
    for number in range(3):
        running.until(f"{db}.{number}", heartbeats, "a heartbeat")
    sql("ALTER TABLE c ADD x INT")
    for number in range(3):
        running.wait_message(f"{db}.{number}", lambda m: m.op == "ALTER" and m.table == (db, "c"), "the ALTER")
    assert running.stop() == 0
    records = {m.key.decode(): m.json for m in running.reader(f"tideway.{running.name}").to_end() if m.value}
    for number in range(3):
        record = records[f"{running.name}/topic/{db}.{number}"]
        assert (record["partitions"], sorted(record["tables"])) == (6, [f"{db}.{name}" for name in names])


def test_watermark_does_not_go_back(sync, sql, db):
    """At the end of the binlog, heartbeats follow the server's clock, and do not decrease when an older transaction
    arrives."""
    sql("CREATE TABLE t (id INT PRIMARY KEY)", "INSERT INTO t VALUES (1)")
    running = sync(heartbeat="0.1")
    beats = running.until(f"{db}.t", lambda m: len({b.payload["timestamp"]["eventTime"] for b in heartbeats(m)}) > 10, "drained")
    number = 1

    def later():
        nonlocal number
        number += 1
        sql(f"INSERT INTO t VALUES ({number})")
        reader = running.reader(f"{db}.t")
        reader.poll(0.01)
        return len(heartbeats(reader.messages)) > len(heartbeats(beats)) + 60

    beats = list(beats)
    wait_for(later, "heartbeats while rows come")
    last = {}
    for message in heartbeats(running.reader(f"{db}.t").messages):
        time = message.payload["timestamp"]["eventTime"]
        assert time >= last.get(message.partition, 0), f"{message} is older than the one before it"
        last[message.partition] = time


def test_table_changed_while_ranges_are_cut(sync, sql, db, mariadb, kafka, unique):
    """Rule: ddl-while-copying. A table that is rebuilt after the snapshot and before its keys are examined is read again. The
    other tables are not."""
    mariadb.make_user(f"u_{unique[:20]}", "secret", "SELECT, REPLICATION SLAVE, REPLICATION CLIENT, BINLOG ADMIN")
    for name in ("a", "b"):
        sql(f"CREATE TABLE {name} (id INT PRIMARY KEY, v INT)", f"INSERT INTO {name} SELECT seq, 1 FROM seq_1_to_30000",
            f"ANALYZE TABLE {name}")
    sql("LOCK TABLES a WRITE")
    # with one lane: another one would not wait, and might have read all of b before it is rebuilt
    running = sync("full = { parallel = 1 },", user=f"u_{unique[:20]}", password="secret")
    # examining the keys of a waits for the lock; b, the next table, is rebuilt meanwhile
    wait_for(lambda: mariadb.run("SELECT 1 FROM information_schema.processlist WHERE state LIKE 'Waiting for table metadata lock'"
                                 f" AND user = 'u_{unique[:20]}'"), lambda: running.log)
    mariadb.run("ALTER TABLE b FORCE, ALGORITHM=COPY", "INSERT INTO b VALUES (50000, 2)", "ANALYZE TABLE b", db=db)
    sql("UNLOCK TABLES")
    running.wait_log(rf"table {db}\.b changed while it was read")
    ends_equal(running, db, kafka, mariadb, ["a", "b"])


@pytest.fixture
def template(mariadb, db):
    """A table in a database that is not followed."""
    mariadb.run(f"CREATE DATABASE {db}_o", f"CREATE TABLE {db}_o.x (id INT PRIMARY KEY, v INT)")
    yield f"{db}_o.x"
    mariadb.run(f"DROP DATABASE {db}_o")


def like_goes_on(running, sql, db):
    """The rows of n, which is copied, arrive from the stream; also after an ALTER, and after restarts at each point."""
    sql("INSERT INTO n VALUES (2, 2)")
    running.wait_rows(f"{db}.n", 2)
    assert running.stop() == 0
    sql("INSERT INTO n VALUES (3, 3)")
    running.start()
    running.wait_rows(f"{db}.n", 3)
    sql("ALTER TABLE n ADD COLUMN w INT FIRST", "INSERT INTO n VALUES (44, 4, 4)")
    running.wait_rows(f"{db}.n", 4)
    assert running.stop() == 0
    sql("INSERT INTO n VALUES (55, 5, 5)")
    running.start()
    found = running.wait_rows(f"{db}.n", 5)
    assert [m.after for m in found[1:]] == [{"id": 2, "v": 2}, {"id": 3, "v": 3}, {"w": 44, "id": 4, "v": 4}, {"w": 55, "id": 5, "v": 5}]


def test_like_a_table_that_is_not_followed(sync, sql, db, template):
    """CREATE TABLE LIKE a table of another database: without row metadata FULL the stream does not contain its definition. At its
    first row the sync stops, and a plain restart copies the table with its own start position."""
    sql("CREATE TABLE t (id INT PRIMARY KEY)", "INSERT INTO t VALUES (1)")
    running = sync()
    running.wait_rows(f"{db}.t", 1)
    running.wait_streaming()
    sql(f"CREATE TABLE n LIKE {template}", "ALTER TABLE n COMMENT 'x'", "INSERT INTO t VALUES (2)")
    running.wait_rows(f"{db}.t", 2)
    sql("INSERT INTO n VALUES (1, 1)")
    running.fails(7, rf"table {db}\.n, .*: there is no definition of the table", "Start again")
    running.start()
    running.wait_rows(f"{db}.n", 1)
    like_goes_on(running, sql, db)


def test_like_while_it_stood_still(sync, sql, db, template):
    """The same while the sync is stopped, with rows and statements before the table's start position: they are skipped."""
    sql("CREATE TABLE t (id INT PRIMARY KEY)")
    running = sync()
    running.wait_streaming()
    assert running.stop() == 0
    sql(f"CREATE TABLE n LIKE {template}", "ALTER TABLE n DROP COLUMN v", "INSERT INTO n VALUES (1)", "ALTER TABLE n ADD v INT",
        "UPDATE n SET v = 1")
    running.start()
    running.wait_rows(f"{db}.n", 1)
    like_goes_on(running, sql, db)


def test_like_and_nothing_more(sync, sql, db, template):
    """The same when the table's start position is where the stream resumes."""
    sql("CREATE TABLE t (id INT PRIMARY KEY)")
    running = sync()
    running.wait_streaming()
    sql(f"CREATE TABLE n LIKE {template}", "INSERT INTO t VALUES (1)")
    running.wait_rows(f"{db}.t", 1)
    assert running.stop() == 0
    running.start()
    running.wait_streaming()
    sql("INSERT INTO n VALUES (1, 1)")
    running.wait_rows(f"{db}.n", 1)
    like_goes_on(running, sql, db)


def test_like_with_full_metadata(sync, sql, db, mariadb, template):
    """With row metadata FULL the table map contains the definition, and the sync does not stop."""
    with mariadb.globals(binlog_row_metadata="FULL"):
        sql("CREATE TABLE t (id INT PRIMARY KEY)")
        running = sync()
        running.wait_streaming()
        sql(f"CREATE TABLE n LIKE {template}", "INSERT INTO n VALUES (1, 1)")
        running.wait_rows(f"{db}.n", 1)
        like_goes_on(running, sql, db)


def test_like_of_a_table_that_is_not_captured(sync, sql, db, template):
    """Such a table that is not captured may be changed as well: that its definition is unknown is not an error."""
    sql("CREATE TABLE t (id INT PRIMARY KEY)", "INSERT INTO t VALUES (1)")
    running = sync(tables=[f"{db}.t"])
    running.wait_rows(f"{db}.t", 1)
    running.wait_streaming()
    sql(f"CREATE TABLE n LIKE {template}", "INSERT INTO n VALUES (1, 1)", "ALTER TABLE n ADD COLUMN w INT", "INSERT INTO t VALUES (2)")
    running.wait_rows(f"{db}.t", 2)
    assert running.stop() == 0
    sql("ALTER TABLE n DROP COLUMN w", "INSERT INTO t VALUES (3)")
    running.start()
    running.wait_rows(f"{db}.t", 3)


def test_dropped_before_its_point_is_reached(sync, sql, db, mariadb, kafka):
    """Rule: table-position. The rows up to the start position of a table are in its full sync, even if the table no longer exists
    when the stream reaches that position."""
    sql("CREATE TABLE a (id INT PRIMARY KEY)", "CREATE TABLE k (v INT)", "INSERT INTO k VALUES (1)")
    running = sync('no_primary_key = "empty",', tables=[f"{db}.a", f"{db}.marke?"])
    running.wait_streaming()
    assert running.stop() == 0
    sql("INSERT INTO k VALUES (2)", "INSERT INTO a VALUES (1)")
    select(running, [f"{db}.a", f"{db}.k", f"{db}.marke?"], 'no_primary_key = "empty",')
    running.start(fault="stream_start:1:kill")
    assert running.wait_exit() == -9
    sql("INSERT INTO k VALUES (3)", "DROP TABLE k")
    select(running, [f"{db}.a", f"{db}.?", f"{db}.marke?"], 'no_primary_key = "empty",')
    running.start()
    ends_equal(running, db, kafka, mariadb, ["a"])
    found = running.reader(f"{db}.k").to_end()
    assert [(m.after["v"], m.full) for m in rows(found)] == [(1, True), (2, True), (3, False)]
    assert [m.op for m in ddls(found)] == ["ERASE"]


def test_names_of_any_case(sync_on, mariadb_server, kafka):
    """lower_case_table_names = 1: statements may write names in any case; they are of the captured table all the same."""
    server = mariadb_server("--lower-case-table-names=1")
    server.run("CREATE DATABASE d", "CREATE TABLE d.t (id INT PRIMARY KEY)", "INSERT INTO d.t VALUES (1)",
               "CREATE TABLE d.`Ärger` (id INT PRIMARY KEY)")
    # patterns are compared as written: the error or warning contains the pattern to write
    lower = r"the server keeps names in lower case \(lower_case_table_names = 1\): write "
    for tables, options, expected, ends in (
        (["Big.*"], "", rf'sync\.lua:\d+: source\.tables\[1\]: "Big\.\*" matches no source table: {lower}"big\.\*"', 1),
        (["D.T"], "", rf'sync\.lua:\d+: source\.tables\[1\]: "D\.T" is not the name of a source table: {lower}"d\.t"', 1),
        (["d.t", "Big.*"], 'columns = { ["D.*"] = { drop = { "x" } } },', rf'columns.*"D\.\*" matches no selected table: {lower}"d\.\*"', 0),
    ):
        code, out, err = sync_on(server, kafka, tables, options).once(command="check")
        assert re.search(expected, out + err), out + err
        assert code == ends, out + err
    running = sync_on(server, kafka, ["d.t", "d.ä*", "d.ö*"], f'topic = {{ template = "case{server.port}" }},', topic=False).start()
    running.wait_streaming()
    server.run("ALTER TABLE D.T ADD x INT FIRST", "INSERT INTO D.T VALUES (7, 2)")
    found = {m.key: m.after for m in running.wait_rows(f"case{server.port}", 2)}  # of several partitions
    assert found[b"2"] == {"x": 7, "id": 2}
    server.run("ALTER TABLE D.`ÄRGER` ADD `É` INT FIRST", "INSERT INTO d.`Ärger` VALUES (7, 8)")
    server.run("CREATE TABLE d.`ÖL` (id INT PRIMARY KEY)", "INSERT INTO D.`Öl` VALUES (9)")
    found = {m.key: (m.table, m.after) for m in running.wait_rows(f"case{server.port}", 4)}
    assert found[b"8"] == (("d", "ärger"), {"É": 7, "id": 8})
    assert found[b"9"] == (("d", "öl"), {"id": 9})
    server.run("SET SESSION binlog_format = STATEMENT", "INSERT INTO D.T VALUES (8, 3)")
    running.fails(7, "a change of rows was logged as a statement")
