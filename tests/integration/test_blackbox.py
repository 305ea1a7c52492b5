"""The black-box test of the whole program: thirty tables of all types, a writer that never pauses, and repeated kill -9 in
both phases. Then the tables are rebuilt from the topics alone and compared with SELECT, row for row."""

import random

import pytest
from support import workload
from support.admin import admin_of
from support.rebuild import Rebuild, compare
from support.wait import wait_for
from test_backfill import arrived
from test_types import CASES

# run while the full sync is killed and started again
DDL_IN_FULL_SYNC = [
    "ALTER TABLE b00 ADD COLUMN added INT NOT NULL DEFAULT 7",
    "ALTER TABLE b01 ADD COLUMN first_added VARCHAR(20) DEFAULT 'dflt' FIRST",
    "ALTER TABLE b02 DROP COLUMN c0",
    "ALTER TABLE b03 MODIFY COLUMN touched BIGINT NOT NULL DEFAULT 0",
    "CREATE TABLE fresh (id INT PRIMARY KEY, v VARCHAR(20))",
    "INSERT INTO fresh VALUES (1, 'a'), (2, 'b')",
    "TRUNCATE TABLE b15",
]
# run in the stream
DDL_IN_STREAM = [
    "TRUNCATE TABLE b05",
    "ALTER TABLE b06 ADD COLUMN after_key DECIMAL(8,3) NOT NULL DEFAULT 1.500 AFTER k, ADD INDEX (touched)",
    "ALTER TABLE b00 ADD COLUMN again SMALLINT UNSIGNED AFTER touched, DROP COLUMN c0",
    "CREATE INDEX i ON b08 (touched)",
    "UPDATE fresh SET v = 'c' WHERE id = 2",
    "ALTER TABLE b10 CHANGE COLUMN touched touched BIGINT UNSIGNED NOT NULL DEFAULT 0 AFTER k",
    "ALTER TABLE b11 COMMENT 'only a comment'",
    "DROP INDEX i ON b08",
    "CREATE TABLE like_it LIKE b12",
    "INSERT INTO like_it SELECT * FROM b12",
    "OPTIMIZE TABLE b13",
]
# made while the sync runs or is down: a start that finds one ahead of its position copies it beside the stream
CREATED = ("fresh", "like_it", "last_one")


def is_copied(running):
    copy = admin_of(running).sync(running.name)["backfill"]
    return copy["tables_done"] == copy["tables"]


@pytest.mark.parametrize("metadata", ["NO_LOG", "FULL"])
@pytest.mark.slow
def test_black_box(sync, db, mariadb, kafka, metadata):
    """Equal row for row after kills in both phases (rules: table-position, outcome-known, ddl-while-copying, plan-key,
    transaction-start, key-order)."""
    tables = workload.targets(CASES)
    dropped = {2: "c0", 0: "c0"}
    writer = workload.Writer(mariadb, db, tables, seed=20240 + len(metadata), ddl=DDL_IN_FULL_SYNC)
    with mariadb.globals(binlog_row_metadata=metadata):
        writer.load(400)
        for number, column in dropped.items():
            tables[number].columns.pop(column)  # the writer does not use it, because it is dropped
        running = sync("full = { parallel = 3 },", start=False)
        topics = [f"{db}.{t.name}" for t in tables] + [f"{db}.{n}" for n in (*CREATED, "marker")]
        mariadb.run(f"CREATE TABLE {db}.marker (id INT PRIMARY KEY)")
        writer.start()
        try:
            kill_in_full_sync(running)
            writer.ddl.extend(DDL_IN_STREAM)
            kill_in_stream(running, mariadb, db)
        finally:
            writer.stop()
        running.wait_streaming()
        mariadb.run(f"CREATE TABLE {db}.last_one (id INT PRIMARY KEY)", f"INSERT INTO {db}.last_one VALUES (1)",
                    f"INSERT INTO {db}.marker VALUES (1000)")
        running.wait_message(f"{db}.marker", lambda m: m.key == b"1000", "the marker")
        wait_for(lambda: is_copied(running), "the copy of all tables")
        assert running.stop() == 0
    messages = running.reader(*topics).to_end()
    rebuilt = Rebuild(kafka.partitions(), beside=CREATED).feed_all(messages)
    found = rebuilt.tables()
    counted = sum(
        compare(mariadb, db, name, found.get((db, name))) for name in [*(t.name for t in tables), *CREATED]
    )
    for name in CREATED:
        compare(mariadb, db, name, arrived(messages, f"{db}.{name}"))
    assert counted > 3000
    # the test has covered its subject
    ops = {m.op for m in messages}
    assert {"INSERT", "UPDATE_BEFOR", "UPDATE_AFTER", "DELETE", "ALTER", "TRUNCATE", "CREATE"} <= ops
    assert any(part.replays for part in rebuilt.parts.values()), "no kill made a replay"
    assert writer.steps > 300


def kill_in_full_sync(running):
    """Run four times; each run is killed at a different place of the full sync."""
    for fault in ("chunk:2:kill", "table_done:3:kill", "produce:5000:kill", "table_done:9:kill"):
        running.start(fault=fault)
        assert running.wait_exit() == -9, running.log[-2000:]


def kill_in_stream(running, mariadb, db):
    """Run six times; each run streams for a while and is killed, the sixth with acknowledged but unsaved rows. Then
    start the last."""
    rng = random.Random(1)
    for number in range(5):
        running.start(fault=None if number % 2 else f"ack:{rng.randint(3000, 4000)}:kill")
        if number % 2:
            mariadb.run(f"INSERT INTO {db}.marker VALUES ({number})")
            key = str(number).encode()
            running.wait_message(f"{db}.marker", lambda m, key=key: m.key == key, f"marker {number}")
            running.kill9()
        else:
            assert running.wait_exit() == -9, running.log[-2000:]
    running.start(fault="save:4:kill")
    assert running.wait_exit() == -9, running.log[-2000:]
    running.start()
