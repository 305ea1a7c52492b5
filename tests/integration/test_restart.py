"""A start takes the definitions of the checkpoint where no statement can have changed them (decisions/0039)."""

import contextlib
import json

import pytest
from support.admin import admin_of
from support.rebuild import Rebuild, compare
from support.wait import wait_for

TABLES = 12
TAKES = "definitions: those of the checkpoint"
VERBOSE = ("--verbose",)


class Many:
    """A database with many tables, on one server, and the sync that copies them."""

    def __init__(self, server, kafka, db, running):
        self.server, self.kafka, self.db, self.running = server, kafka, db, running
        self.left = 0

    def run(self, *statements):
        return self.server.run(*statements, db=self.db)

    def begin(self):
        """Copy the tables, and stop."""
        self.run(*(f"CREATE TABLE t{i} (id INT PRIMARY KEY, v VARCHAR(20), e ENUM('a', 'b'))" for i in range(TABLES)),
                 *(f"INSERT INTO t{i} VALUES (1, 'one', 'a')" for i in range(TABLES)))
        self.running.start(*VERBOSE)
        self.running.wait_streaming()
        assert self.running.stop() == 0

    def restart(self):
        """Start until the stream has sent a row. Return whether the definitions were those of the checkpoint."""
        self.left += 1
        self.run(f"INSERT INTO t0 (id, v) VALUES ({100 + self.left}, 'mark')")
        self.running.start(*VERBOSE)
        self.running.wait_message(f"{self.db}.t0", lambda m: m.is_row and m.key == str(100 + self.left).encode(), "the mark")
        return TAKES in self.running.log

    def wait_copies(self):
        """Wait until no table is copied beside the stream."""
        admin = admin_of(self.running)

        def is_done():
            copy = admin.sync(self.running.name)["backfill"]
            return copy["tables"] == copy["tables_done"]

        wait_for(is_done, lambda: self.running.log[-3000:])

    def again(self, *statements, takes):
        """Stop, change something meanwhile, and start."""
        assert self.running.stop() == 0
        if statements:
            self.run(*statements)
        assert self.restart() == takes, self.running.log[-3000:]

    def check(self, *tables):
        """Stop, and compare what the topics contain with the tables."""
        assert self.running.stop() == 0
        rebuilt = Rebuild(self.kafka.partitions(), bootstraps=False).feed_all(self.running.reader(*(f"{self.db}.{t}" for t in tables)).to_end())
        for table in tables:
            compare(self.server, self.db, table, rebuilt.tables().get((self.db, table)))


@pytest.fixture(params=["mariadb", "mysql"])
def many(request, sync_on, unique, kafka):
    server = request.getfixturevalue(request.param)
    server.run(f"CREATE DATABASE {unique} CHARACTER SET utf8mb4")
    running = sync_on(server, kafka, [f"{unique}.*"])
    yield Many(server, kafka, unique, running)
    running.cleanup()
    with contextlib.suppress(Exception):
        server.run(f"DROP DATABASE {unique}")


def test_saved_definitions(many):
    """Rows alone change no definition. After a statement while the sync was stopped, the start asks the server."""
    many.begin()
    assert many.restart()
    many.again("ALTER TABLE t1 ADD c INT DEFAULT 7", "INSERT INTO t1 VALUES (2, 'two', 'b', 8)", takes=False)
    many.again("DROP TABLE t2", "CREATE TABLE made (id INT PRIMARY KEY)", "INSERT INTO made VALUES (1)", "RENAME TABLE t3 TO renamed",
               "INSERT INTO renamed VALUES (3, 'three', 'a')", takes=False)
    # the names are those of the checkpoint, and the tables are not
    many.again("RENAME TABLE t4 TO x, t5 TO t4, x TO t5", "ALTER TABLE t5 DROP v", "UPDATE t5 SET e = 'b'", takes=False)
    many.running.wait_message(f"{many.db}.t5", lambda m: m.is_row and m.after == {"id": 1, "e": "b"}, "a row without the column")
    many.again("DROP TABLE t6", "CREATE TABLE t6 (k BIGINT PRIMARY KEY)", "INSERT INTO t6 VALUES (5)", takes=False)
    many.again("ALTER TABLE t7 ADD d INT", "ALTER TABLE t7 DROP d", takes=False)
    # a statement that changes no definition, and another binlog
    many.again("TRUNCATE TABLE t8", "FLUSH BINARY LOGS", "INSERT INTO t8 VALUES (9, 'nine', 'b')", takes=True)
    many.check("t0", "t1", "made", "renamed", "t6", "t7", "t8", f"t{TABLES - 1}")


def test_saved_definitions_after_a_kill(many):
    """What the stream has followed is saved with the position: a killed process leaves both or neither."""
    many.begin()
    assert many.restart()
    for round_ in range(2):
        many.run(f"ALTER TABLE t1 ADD c{round_} INT", f"INSERT INTO t1 (id, c{round_}) VALUES ({10 + round_}, {round_})",
                 f"CREATE TABLE made{round_} LIKE t1", f"INSERT INTO made{round_} (id) VALUES (1)")
        if round_ % 2:
            many.running.wait_message(f"{many.db}.made{round_}", lambda m: m.is_row, "a row of a new table")
        many.running.kill9()
        many.restart()
    many.wait_copies()
    assert many.running.stop() == 0
    assert many.restart(), many.running.log[-3000:]
    many.check("t0", "t1", *(f"made{i}" for i in range(2)))


def test_other_tables_are_selected(many):
    """A table that must be copied has the server's definition. The other tables are not copied again."""
    many.begin()
    many.running.write(many.running.text([f"{many.db}.*", f"!{many.db}.t1"], ""))
    assert many.restart()
    assert many.running.stop() == 0
    many.running.write(many.running.text([f"{many.db}.*"], ""))
    assert not many.restart()
    many.running.wait_log("backfill: ")
    many.running.wait_message(f"{many.db}.t1", lambda m: m.is_row and m.full and m.offset > 0, "the second copy of t1")
    many.wait_copies()
    many.again(takes=True)
    many.check("t0", "t1", "t2")


def test_a_new_table_meets_an_old_one(sync, sql, db):
    """The stream has not seen a row of a table yet, and refuses another one in its topic all the same."""
    sql("CREATE TABLE a (id INT PRIMARY KEY)", "INSERT INTO a VALUES (1)")
    running = sync(f'topic = {{ {{ tables = {{ "{db}.a" }}, to = "b" }}, template = "{db}.${{db_table_name_src_transed}}" }},', topic=False)
    running.wait_streaming()
    assert running.stop() == 0
    running.start()
    running.wait_streaming()
    sql("CREATE TABLE b (id INT PRIMARY KEY)", "INSERT INTO b VALUES (1)")
    running.fails(1, rf"the tables {db}\.a and {db}\.b meet in the topic", timeout=60)


def test_a_dropped_table_meets_another_one(sync, sql, db):
    """The start cannot check the script with the definition of a table that was dropped. The stream has its rows to come, so it checks."""
    sql("CREATE TABLE a (id INT PRIMARY KEY)", "CREATE TABLE b (id INT PRIMARY KEY)")
    running = sync()
    running.wait_streaming()
    assert running.stop() == 0
    sql("INSERT INTO b VALUES (1)", "DROP TABLE b")
    options = f'topic = {{ {{ tables = {{ "{db}.a" }}, to = "b" }}, template = "{db}.${{db_table_name_src_transed}}" }},'
    running.write(running.text([f"{db}.*"], options, topic=False))
    running.start()
    running.fails(1, rf"the tables {db}\.b and {db}\.a meet in the topic", timeout=60)


def test_a_checkpoint_without_the_identity(sync, sql, db, tmp_path):
    """Version 0.1.0 saved none, so its definitions are not taken. The start saves one, and the next start takes them."""
    sql("CREATE TABLE a (id INT PRIMARY KEY)", "INSERT INTO a VALUES (1)")
    path = tmp_path / "checkpoint.json"
    running = sync(f'checkpoint = {{ file = "{path}" }},')
    running.wait_streaming()
    assert running.stop() == 0
    saved = json.loads(path.read_text())
    position = json.loads(saved[f"{running.name}/position"])
    del position["identity"]
    saved[f"{running.name}/position"] = json.dumps(position)
    path.write_text(json.dumps(saved))
    for takes in (False, True):
        running.start(*VERBOSE)
        running.wait_streaming()
        assert (TAKES in running.log) == takes, running.log[-3000:]
        assert running.stop() == 0
