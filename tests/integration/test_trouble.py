"""Trouble with the binlog: what follows the position is purged, or the server reports that it lacks changes (on_purged, decisions/0037)."""

import pymysql
import pytest
from support.admin import admin_of
from support.consume import rows
from support.rebuild import compare
from support.wait import wait_for
from test_admin import run_command, wait_state
from test_alerts import PRINT, alerts
from test_backfill import ONE, Here, arrived
from test_errors import purge

JUMP = 'on_purged = "jump",' + PRINT + ONE


@pytest.fixture(params=["mariadb", "mysql"])
def here(request, unique, sync_on, kafka):
    """A new database on each kind of server."""
    return Here(request.getfixturevalue(request.param), unique, sync_on, kafka)


def lose_binlog(here):
    """Purge everything up to now."""
    here.sql("FLUSH BINARY LOGS")
    purge(here.server)


def lose_changes(here):
    """Let the server write an Incident event: a change without transaction is too large for the binlog's cache."""
    here.sql("CREATE TABLE lossy (id INT PRIMARY KEY, v LONGTEXT) ENGINE = MyISAM")
    with here.server.globals(max_binlog_stmt_cache_size=4096, binlog_stmt_cache_size=4096), \
            pytest.raises(pymysql.err.MySQLError):
        here.sql("INSERT INTO lossy VALUES (1, REPEAT('x', 200000)), (2, REPEAT('x', 200000))")


def rows_of(messages, table):
    return [m for m in rows(messages) if m.table[1] == table]


def place_of(position):
    """A position of the status as the log prints it."""
    parts = [f"{position['file']}:{position['offset']}"] if position["file"] else []
    return ", ".join(parts + ([f"GTID {position['gtids']}"] if position["gtids"] else []))


def prepare_span(here, options):
    """Stream some tables, stop, and change everything in a part of the binlog that is purged then. Return the sync."""
    for table in ("a", "gone", "twice"):
        here.sql(f"CREATE TABLE {table} (id INT PRIMARY KEY, v INT)", f"INSERT INTO {table} VALUES (1, 1)")
    running = here.sync_on(here.server, here.kafka, [f"{here.db}.*"], options).start()
    running.wait_streaming()
    here.sql("INSERT INTO a VALUES (2, 2)")
    running.wait_rows(f"{here.db}.a", 2)
    assert running.stop() == 0
    here.sql("INSERT INTO a VALUES (3, 3)", "ALTER TABLE a ADD COLUMN s VARCHAR(20) FIRST", "DROP TABLE gone",
             "DROP TABLE twice", "CREATE TABLE twice (v INT, id INT PRIMARY KEY)", "INSERT INTO twice VALUES (20, 2)",
             "CREATE TABLE born (id INT PRIMARY KEY, v INT)", "INSERT INTO born VALUES (1, 1), (2, 2)")
    lose_binlog(here)
    return running


def check_after_jump(here, running):
    """Changes after the jump arrive with the present definitions. Of those in the span, only the new table has arrived."""
    here.sql("INSERT INTO a VALUES ('x', 4, 4)", "UPDATE born SET v = 3 WHERE id = 2", "INSERT INTO twice VALUES (30, 3)",
             "CREATE TABLE gone (id INT PRIMARY KEY, w INT)", "INSERT INTO gone VALUES (7, 7)")
    running.until(f"{here.db}.gone", lambda m: any(x.key == b"7" for x in rows(m)), "the last row")
    assert running.stop() == 0
    messages = running.reader(*(f"{here.db}.{t}" for t in ("a", "born", "twice", "gone"))).to_end()
    a = rows_of(messages, "a")
    assert [(m.key, m.full) for m in a] == [(b"1", True), (b"2", False), (b"4", False)]
    assert a[-1].row == {"s": "x", "id": 4, "v": 4} and a[-1].sequence > a[-2].sequence
    compare(here.server, here.db, "born", arrived(messages, f"{here.db}.born"))
    # the definition of the new table is used for the rows of a table that has the name of an old one
    assert [(m.key, m.row["v"]) for m in rows_of(messages, "twice")] == [(b"1", 1), (b"3", 30)]
    assert [(m.key, m.full) for m in rows_of(messages, "gone")] == [(b"1", True), (b"7", False)]
    return messages


def test_jump_over_a_purged_binlog(here):
    """The stream continues at the end of the binlog. Tables that were created meanwhile are copied. The log, an alert and the status
    show what is missing, the status also after a restart, which does not jump again."""
    running = prepare_span(here, JUMP)
    end = here.server.binlog_end()
    running.start()
    running.wait_log("backfill: 1 table done")
    jump = admin_of(running).sync(running.name)["jump"]
    assert jump["code"] == "E-401" and jump["from"]["server"] == jump["to"]["server"]
    assert jump["from"]["file"] < end[0] and jump["from"] != jump["to"]
    assert jump["to"]["gtids"] or (jump["to"]["file"], jump["to"]["offset"]) >= end
    text = f"from {place_of(jump['from'])} to {place_of(jump['to'])} (on_purged = \"jump\", E-401)"
    assert f"WARN  jumped over a part of the binlog, whose changes are not sent: {text}" in running.log
    wait_for(lambda: alerts(running, "jump"), "the alert")
    (raised,) = alerts(running, "jump")
    assert raised[0] == "raised" and raised[1].startswith("E-401 nil ") and text in raised[1]
    check_after_jump(here, running)
    running.start()
    running.wait_streaming()
    assert admin_of(running).sync(running.name)["jump"] == jump
    assert "jumped    " in run_command(running, "status") and "jumped over" not in running.log
    assert running.stop() == 0


def test_killed_while_it_jumps(here):
    """The jump is saved completely or not at all: kill -9 before and after each of the first saves."""
    running = prepare_span(here, JUMP)
    for fault in [f"{point}:{n}:kill" for n in range(1, 5) for point in ("save", "saved")]:
        running.start(fault=fault)
        assert running.wait_exit() == -9, running.log
    running.start()
    wait_for(lambda: admin_of(running).state(running.name) == "streaming", "it streams")
    wait_for(lambda: admin_of(running).tables(running.name)[f"{here.db}.born"]["step"] == "stream", "the new table is copied")
    assert admin_of(running).sync(running.name)["jump"]["code"] == "E-401"
    here.sql("DELETE FROM born WHERE id = 1")
    check_after_jump(here, running)


@pytest.mark.parametrize("kill", [None, *(f"{point}:{n}:kill" for n in (1, 2) for point in ("save", "saved"))])
def test_copied_again_after_a_jump(here, kill):
    """on_purged = "resync": every table that was copied is copied again, with markers, also if the process is killed at the jump. What was deleted
    in the part that is missing is deleted downstream, too. A table without a key is read before the stream."""
    here.sql("CREATE TABLE loose (v INT)", "INSERT INTO loose VALUES (7)")
    running = prepare_span(here, 'on_purged = "resync", no_primary_key = "empty",' + PRINT + ONE)
    here.sql("UPDATE a SET v = 11 WHERE id = 1", "DELETE FROM a WHERE id = 2", "INSERT INTO loose VALUES (8)")
    lose_binlog(here)
    if kill:
        running.start(fault=kill)
        assert running.wait_exit() == -9, running.log
    running.start()
    running.wait_log(r"backfill: \d tables? done")
    assert kill or "(on_purged = \"resync\", E-401)" in running.log
    assert admin_of(running).sync(running.name)["jump"]["code"] == "E-401"
    here.sql("INSERT INTO a VALUES ('x', 4, 4)", "UPDATE twice SET v = 30 WHERE id = 2", "DELETE FROM born WHERE id = 1")
    running.until(f"{here.db}.born", lambda m: any(x.op == "DELETE" for x in rows(m)), "the last row")
    assert running.stop() == 0
    messages = running.reader(*(f"{here.db}.{t}" for t in ("a", "born", "twice", "loose"))).to_end()
    again = [(m.op, m.key, m.row["v"]) for m in rows_of(messages, "a") if m.copy is not None]
    assert again == [("INSERT", b"1", 11), ("INSERT", b"3", 3), ("DELETE", b"2", 2)]
    compare(here.server, here.db, "a", arrived(messages, f"{here.db}.a"))
    compare(here.server, here.db, "born", arrived(messages, f"{here.db}.born"))
    # row 1 belonged to the table that was dropped
    twice = rows_of(messages, "twice")
    assert [(m.key, m.row["v"]) for m in twice if m.op == "DELETE"] == [(b"1", 1)]
    assert [(m.key, m.row["v"]) for m in twice if m.op != "DELETE"][1:] == [(b"2", 20), (b"2", 20), (b"2", 30)]
    compare(here.server, here.db, "twice", arrived(messages, f"{here.db}.twice"))
    assert [m.row["v"] for m in rows_of(messages, "loose")] == [7, 7, 8]
    for table in ("a", "twice"):
        assert [m.ddl["text"].split()[-1] for m in messages if m.is_marker and m.topic == f"{here.db}.{table}"] == ["begins", "ends"]


def test_jump_over_an_incident(here):
    """By default an Incident event ends the sync with its place, and a restart ends in the same way. With "jump", the stream
    continues. A table that was being copied is copied from its beginning, since nothing repeats what has changed."""
    here.make_new(600)
    running = here.stream_a('full = { rows_per_second = 100, chunk_rows = 20 },' + ONE)
    running.start()
    running.until(f"{here.db}.new", lambda m: len(rows(m)) >= 40, "the first rows")
    here.sql("INSERT INTO a VALUES (3, 3, 'before')")
    lose_changes(here)
    log = running.fails(3, r"ERROR E-310: .*binlog event at \S+:\d+.*Incident event")
    assert "jumped" not in log
    running.start()
    running.fails(3, r"ERROR E-310")
    here.sql("UPDATE new SET s = 'late' WHERE id < 40", "DELETE FROM new WHERE id = 41", "INSERT INTO a VALUES (4, 4, 'missed')")
    here.select(running, JUMP)
    running.start()
    here.wait_copied(running)
    assert admin_of(running).sync(running.name)["jump"]["code"] == "E-310"
    here.sql("INSERT INTO a VALUES (5, 5, 'after')", "UPDATE new SET s = 'last' WHERE id = 599")
    running.until(f"{here.db}.a", lambda m: any(x.key == b"5" for x in rows(m)), "the row after the jump")
    running.until(f"{here.db}.new", lambda m: any(x.key == b"599" and x.op == "UPDATE_AFTER" for x in rows(m)), "the last change")
    assert running.stop() == 0
    messages = running.reader(f"{here.db}.a", f"{here.db}.new").to_end()
    assert [m.key for m in rows_of(messages, "a")] == [b"1", b"2", b"3", b"5"]
    table = arrived(messages, f"{here.db}.new")
    for key in (b"41",):  # a delete in the span is missed, if its row had been sent
        table.rows.pop(key, None)
    compare(here.server, here.db, "new", table)


def test_jump_keeps_masks(sync_on, mariadb, kafka, unique):
    """A masked column was renamed in the part that is missing: nothing shows that the new column must be masked."""
    here = Here(mariadb, unique, sync_on, kafka)
    here.sql("CREATE TABLE a (id INT PRIMARY KEY, mail VARCHAR(50))", "INSERT INTO a VALUES (1, 'a@b.c')")
    masked = JUMP + 'columns = { ["*.a"] = { mask = { ["mail?"] = require("tideway.mask").null } } },'
    running = sync_on(mariadb, kafka, [f"{here.db}.a"], masked).start()
    running.wait_streaming()
    assert running.stop() == 0
    here.sql("ALTER TABLE a RENAME COLUMN mail TO address")
    lose_binlog(here)
    running.start()
    running.fails(7, rf"ERROR E-737: table {here.db}\.a, jump: ", '"mail" .* is now "address"')


@pytest.mark.slow
def test_purged_while_paused(sync_on, mariadb_server, broker):
    """A paused sync stays paused, and jumps when it is resumed."""
    here = Here(mariadb_server(), "d", sync_on, broker)
    here.sql("CREATE TABLE a (id INT PRIMARY KEY)")
    running = sync_on(here.server, broker, ["d.*"], JUMP).start()
    running.wait_streaming()
    run_command(running, "pause")
    here.sql("INSERT INTO a VALUES (1)")
    lose_binlog(here)
    running.wait_log("the paused sync needs was purged: when it is resumed, it jumps")
    wait_state(admin_of(running), running.name, "paused")
    run_command(running, "resume")
    running.wait_log("jumped over a part of the binlog")
    here.sql("INSERT INTO a VALUES (2)")
    assert [m.key for m in running.wait_rows("d.a", 1)] == [b"2"]
    assert running.stop() == 0
