"""A copy that was cut off continues with the ranges that are missing (rule: table-position; decisions/0034)."""

import contextlib
import json
import math
import random
import re
import threading

import pytest
from support.wait import wait_for
from test_full import ends_equal, fill

ROWS = 8000
OPTIONS = 'full = { parallel = 2, rows_per_second = 3500, chunk_rows = 500 }, checkpoint = { file = "saved" },'
TABLE = "(id INT PRIMARY KEY, v INT, s VARCHAR(50))"


def record(running, db, table):
    """The record of a table in the checkpoint file."""
    saved = json.loads((running.folder / "saved").read_text())
    return json.loads(saved[f"{running.name}/full/{db}.{table}"])


def finished(running, db, table):
    """The finished ranges (after, to) of a table whose key is an integer. All of it, if it is done."""
    found = record(running, db, table)
    if found["state"] == "done":
        return [(-math.inf, math.inf)]
    ranges = found.get("copied", {"ranges": []})["ranges"]
    return [(int(low[0]) if low else -math.inf, int(high[0]) if high else math.inf) for low, high in ranges]


class Statements:
    """The ranges of the rows that tideway has read, from the server's log of statements. Use it as a context manager."""

    def __init__(self, database, db):
        self.database = database
        self.db = db

    def __enter__(self):
        self.before = self.database.globals(log_output="TABLE", general_log=1)
        self.before.__enter__()
        return self

    def __exit__(self, *_):
        self.before.__exit__(*_)
        self.database.run("TRUNCATE mysql.general_log")

    def take(self):
        """The ranges (table, after, to) that were read since the last call."""
        found = []
        sql = "SELECT argument FROM mysql.general_log WHERE command_type = 'Execute'"
        for (text,) in self.database.run(sql):
            text = text.decode() if isinstance(text, bytes) else text
            of = re.search(rf"FROM `{self.db}`\.`(\w+)`", text)
            if of:
                low, high = re.search(r"`id` > (-?\d+)", text), re.search(r"`id` <= (-?\d+)", text)
                found.append((of[1], int(low[1]) if low else -math.inf, int(high[1]) if high else math.inf))
        self.database.run("TRUNCATE mysql.general_log")
        return found


def twice(before, read):
    """What was read although it was finished before: {table: [(after, to)]}."""
    return [
        (table, (after, to), done)
        for table, after, to in read
        for done in before[table]
        if max(after, done[0]) < min(to, done[1])
    ]


def cut_off(sync, sql, db, more=""):
    """A copy of t that was killed when some of its ranges were saved as finished, and not all."""
    sql(f"CREATE TABLE t {TABLE}")
    fill(sql, "t", ROWS)
    running = sync(OPTIONS + more)
    wait_for(lambda: (running.folder / "saved").exists() and finished(running, db, "t"), lambda: running.log)
    running.kill9()
    assert record(running, db, "t")["state"] == "reading"
    return running


def test_finished_ranges_are_not_read_again(sync, sql, db, mariadb, kafka):
    """The second run reads the ranges that are missing and nothing else; what has changed meanwhile in the others comes too."""
    running = cut_off(sync, sql, db)
    before = finished(running, db, "t")
    sql("DELETE FROM t WHERE id % 1000 = 1", "UPDATE t SET v = 5 WHERE id % 1000 = 2",
        "UPDATE t SET id = id + 1000000 WHERE id % 1000 = 3", "INSERT INTO t VALUES (-5, 1, 'n'), (500000, 1, 'n')")
    with Statements(mariadb, db) as statements:
        running.start()
        rebuilt = ends_equal(running, db, kafka, mariadb, ["t"])
        read = statements.take()
    assert read
    assert not twice({"t": before}, read)
    assert re.search(rf"table {db}\.t continues: \d+ rows were copied before, \d+ ranges? of its key (is|are) missing", running.log)
    copied = [int(m.key) for m in rebuilt.full]
    assert all(copied.count(key) == 1 for low, high in before for key in range(max(low, 0) + 1, min(high, ROWS - 1), 997))


def has_all_rows(running, sql, db):
    """The topic has every row that t has now. It also has rows of the table that had the name before (docs/decisions/0004)."""
    running.wait_streaming()
    sql("INSERT INTO t VALUES (-6, 1, 'n')")
    running.wait_message(f"{db}.t", lambda m: m.key == b"-6", "a row of the stream")
    assert running.stop() == 0
    newest = {m.key: m.after for m in running.reader(f"{db}.t").to_end() if m.is_row}
    expected = {str(id_).encode(): (v, text) for id_, v, text in sql("SELECT id, v, s FROM t")}
    assert {key: newest.get(key) and (newest[key]["v"], newest[key]["s"]) for key in expected} == expected


CHANGED = {  # what happens between the two runs, and whether the ranges stay valid
    "altered": (["ALTER TABLE t ADD COLUMN c INT NOT NULL DEFAULT 3", "INSERT INTO t VALUES (-5, 1, 'n', 4)"], False),
    "swapped": (["RENAME TABLE t TO x, other TO t", "INSERT INTO t VALUES (-5, 1, 'n')"], False),
    "dropped": (["DROP TABLE t", f"CREATE TABLE t {TABLE}", "INSERT INTO t VALUES (-5, 1, 'n')"], False),
    "emptied": (["TRUNCATE TABLE t", "INSERT INTO t VALUES (-5, 1, 'n')"], True),
    "not named": (["RENAME TABLE other TO x", "CREATE TABLE y (id INT PRIMARY KEY)"], True),
}


@pytest.mark.parametrize("case", CHANGED)
def test_changed_while_it_was_cut_off(sync, sql, db, mariadb, kafka, case):
    """Finished ranges of a table that a statement names are dropped: another table may have the name now."""
    statements, kept = CHANGED[case]
    sql(f"CREATE TABLE other {TABLE}")
    fill(sql, "other", 2000, first=100)
    sql("UPDATE other SET v = v + 1000")
    running = cut_off(sync, sql, db)
    sql(*statements)
    running.start()
    if case == "swapped":
        has_all_rows(running, sql, db)
    else:
        ends_equal(running, db, kafka, mariadb, ["t"])
    assert ("t continues:" in running.log) == kept
    assert (f"table {db}.t is read from the beginning again: a statement has changed it" in running.log) != kept


def test_another_signature(sync, sql, db, mariadb, kafka):
    """The record of another server version, or of other columns, is not used."""
    running = cut_off(sync, sql, db)
    path = running.folder / "saved"
    saved = json.loads(path.read_text())
    name = f"{running.name}/full/{db}.t"
    kept = json.loads(saved[name])
    kept["copied"]["key"] += " and more"
    saved[name] = json.dumps(kept)
    path.write_text(json.dumps(saved))
    running.start()
    rebuilt = ends_equal(running, db, kafka, mariadb, ["t"])
    assert re.search(rf"table {db}\.t is read from the beginning again: its key was .* and more, and is ", running.log)
    assert len(rebuilt.full) > ROWS


def test_full_sync_alone_reads_the_table_again(sync, sql, db):
    """With mode = "full" nothing brings what has changed in the finished ranges: they are read again."""
    running = cut_off(sync, sql, db, 'mode = "full",')
    sql("UPDATE t SET v = 999")
    running.start()
    assert running.wait_exit() == 0
    assert "is read from the beginning again: with mode" in running.log
    newest = {m.key: m.after["v"] for m in running.reader(f"{db}.t").to_end()}
    assert len(newest) == ROWS
    assert set(newest.values()) == {999}


class Changes(threading.Thread):
    """Changes rows of the tables until the end of the with block."""

    def __init__(self, server, db, tables, rows):
        super().__init__(daemon=True)
        self.connection = server.connect(database=db)
        self.tables, self.rows = tables, rows
        self.random = random.Random(1)
        self.ending = threading.Event()
        self.failure = None

    def run(self):
        try:
            with self.connection.cursor() as cursor:
                for number in range(10**9):
                    if self.ending.wait(0.005):
                        return
                    cursor.execute(self.change(number))
        except Exception as failure:
            self.failure = failure

    def change(self, number):
        table, id_ = self.random.choice(self.tables), self.random.randrange(self.rows)
        return self.random.choice((
            f"UPDATE {table} SET v = {number} WHERE id = {id_}",
            f"DELETE FROM {table} WHERE id = {id_}",
            f"REPLACE INTO {table} VALUES ({id_}, {number}, 'again')",
            f"UPDATE {table} SET id = {self.rows + number} WHERE id = {id_}",
        ))

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.ending.set()
        self.join()
        self.connection.close()
        if self.failure:
            raise self.failure


@pytest.fixture(params=["mariadb", "mysql"])
def server(request, unique):
    """A server with an empty database `unique`."""
    made = request.getfixturevalue(request.param)
    made.run(f"CREATE DATABASE `{unique}` CHARACTER SET utf8mb4")
    yield made
    with contextlib.suppress(Exception):
        made.run(f"DROP DATABASE IF EXISTS `{unique}`")


@pytest.mark.parametrize("kills", [10, pytest.param(200, marks=pytest.mark.soak)])
@pytest.mark.slow
def test_killed_again_and_again(sync_on, server, unique, kafka, kills):
    """Kills at any moment of a copy of ten tables, while rows are changed: what was finished is never read again, and the tables
    rebuilt from the topics are those of the server."""
    tables, rows = [f"k{i}" for i in range(10)], 300 * kills
    with contextlib.closing(server.connect(database=unique)) as connection, connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f"CREATE TABLE {table} {TABLE}")
            fill(cursor.execute, table, rows)
    running = sync_on(server, kafka, [f"{unique}.*"],
                      'full = { parallel = 2, rows_per_second = 3000, chunk_rows = 300 }, checkpoint = { file = "saved" },')
    choose, in_a_copy, continued = random.Random(kills), 0, 0
    with Statements(server, unique) as statements, Changes(server, unique, tables, rows):
        before = {table: [] for table in tables}
        for number in range(kills):
            running.start()
            running.wait_log("tables to read" if in_a_copy == number else "tables to read|reading the binlog")
            if number % 2 == 1:  # so that the next start has something to continue, on a slow machine, too
                wait_for(lambda known=before: "reading the binlog" in running.log
                         or any(finished(running, unique, table) != known[table] for table in tables), lambda: running.log)
            threading.Event().wait(choose.uniform(0.2, 1.6))
            running.kill9()
            in_a_copy += "reading the binlog" not in running.log
            continued += " continues: " in running.log
            again = twice(before, statements.take())
            assert not again, f"run {number}: {again[:5]}"
            before = {table: finished(running, unique, table) for table in tables}
        running.start()
        running.wait_streaming()
        again = twice(before, statements.take())
        assert not again, f"last run: {again[:5]}"
    ends_equal(running, unique, kafka, server, tables)
    assert in_a_copy > kills / 2
    assert continued > kills / 4


def test_start_position_is_kept_over_rounds(sync, sql, db, mariadb, kafka, unique):
    """Two tables were half read. The next start reads them in two snapshots, since MariaDB keeps locks. What was deleted before
    the second one is deleted in the topic of the second table, too."""
    mariadb.make_user(f"u_{unique[:20]}", "secret", "SELECT, RELOAD, REPLICATION SLAVE, REPLICATION CLIENT")
    for name in ("a", "b"):
        sql(f"CREATE TABLE {name} {TABLE}")
        fill(sql, name, 4000)
    running = sync("full = { parallel = 2, rows_per_second = 1500 },", user=f"u_{unique[:20]}", password="secret")
    for name in ("a", "b"):
        running.until(f"{db}.{name}", lambda found: len(found) > 200, "rows of the full sync")
    running.kill9()
    sql("DELETE FROM a WHERE id < 200", "DELETE FROM b WHERE id < 200")
    running.write(running.path.read_text().replace("parallel = 2, rows_per_second = 1500", "parallel = 1"))
    running.start(env={"TIDEWAY_SNAPSHOT_MS": "1"})
    ends_equal(running, db, kafka, mariadb, ["a", "b"])
    assert running.log.count("full sync: 1 connections at") == 2, running.log
