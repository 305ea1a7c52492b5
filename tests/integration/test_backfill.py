"""A table that is added to the script is copied beside the stream: nothing of the other tables is sent again, and its topic,
read in the order of arrival, gives the table (decisions/0033)."""

import contextlib
import re
import threading
import time

import pymysql
import pytest
from support.admin import admin_of
from support.consume import rows
from support.link import Link
from support.rebuild import Rebuild, Table, compare
from support.wait import wait_for
from support.workload import Writer, targets
from test_full import fill

ONE = "topics = { partitions = 1 },"


@pytest.fixture(params=["mariadb", "mysql"])
def here(request, unique, sync_on, kafka):
    """A new database on each kind of server, and a sync of its table `a`, which has streamed and is stopped."""
    return Here(request.getfixturevalue(request.param), unique, sync_on, kafka)


class Here:
    def __init__(self, server, db, sync_on, kafka):
        self.server, self.db, self.kafka, self.sync_on = server, db, kafka, sync_on
        self.more = {}  # of the script: options of the source, and heartbeat
        server.run(f"CREATE DATABASE {db} CHARACTER SET utf8mb4")

    def sql(self, *statements):
        return self.server.run(*statements, db=self.db)

    def stream_a(self, options=ONE):
        """Stream table `a`, and stop. The script then has table `new`, too."""
        self.sql("CREATE TABLE a (id INT PRIMARY KEY, v INT, s VARCHAR(50))", "INSERT INTO a VALUES (1, 1, 'a')")
        running = self.sync_on(self.server, self.kafka, [f"{self.db}.a"], options, **self.more)
        running.start()
        running.wait_streaming()
        self.sql("INSERT INTO a VALUES (2, 2, 'b')")
        running.wait_rows(f"{self.db}.a", 2)
        assert running.stop() == 0
        self.select(running, options)
        return running

    def select(self, running, options=ONE, *tables):
        running.write(running.text([".".join(self.name(t)) for t in tables or ("a", "new")], options, **self.more))

    def name(self, table):
        """Return the database and the name of a table: of the test's database, unless there is a dot."""
        return tuple(table.split(".")) if "." in table else (self.db, table)

    def make_new(self, n):
        self.sql("CREATE TABLE new (id INT PRIMARY KEY, v INT, s VARCHAR(50))")
        fill(self.sql, "new", n)

    def wait_copied(self, running):
        running.wait_log(r"backfill: 1 table done")

    def wait_saved(self, running):
        """Wait until the checkpoint has the end of the binlog: a killed process then sends nothing of the stream again."""
        admin = admin_of(running)
        end = self.server.binlog_end()

        def place():
            position = admin.sync(running.name)["position"]
            return position and (position["file"], position["offset"])

        wait_for(lambda: place() == tuple(end), lambda: f"{place()} is saved, not {end}")

    def ends_equal(self, running, *tables):
        """The same, and no record of `a` is there twice."""
        messages = self.arrives_equal(running, *tables)
        self.once(messages, "a")
        return messages

    def arrives_equal(self, running, *tables):
        """A marker row of `a` comes through the stream, a clean stop, and each topic read as it arrived equals SELECT."""
        self.sql("INSERT INTO a VALUES (1000000, 0, 'marker')")
        running.until(f"{self.db}.a", lambda all_: any(m.key == b"1000000" for m in all_), "the marker")
        assert running.stop() == 0
        messages = running.reader(*(".".join(self.name(t)) for t in tables)).to_end()
        Rebuild(self.kafka.partitions(), bootstraps=False).feed_all(messages)
        for table in tables:
            compare(self.server, *self.name(table), arrived(messages, ".".join(self.name(table))))
        return messages

    def once(self, messages, table):
        """Assert that no record of the table is there twice."""
        seen = [(m.sequence, m.op, m.key, m.text if m.full else "") for m in rows(messages) if m.table[1] == table]
        keys = [(m.op, m.key) for m in rows(messages) if m.table[1] == table and m.full]
        assert len(seen) == len(set(seen)) and len(keys) == len(set(keys)), sorted(seen)


def arrived(messages, topic):
    """Return the table as a consumer has it that takes each message as it comes. The topic has one partition, or only rows."""
    table = Table()
    for message in messages:
        if message.topic != topic:
            continue
        if message.op == "TRUNCATE":
            table.rows.clear()
        elif message.op in ("DELETE", "UPDATE_BEFOR"):
            table.remove(message)
        elif message.is_row:
            table.upsert(message)
    return table


CHANGES = (
    "REPLACE INTO {table} (id, v, s) VALUES ({key}, {n}, 'again')",
    "UPDATE IGNORE {table} SET id = ({key} + 1) % {keys} WHERE id = {key}",
    "UPDATE {table} SET v = v + 1 WHERE id = {key}",
    "DELETE FROM {table} WHERE id = {key}",
)


@contextlib.contextmanager
def changing(here, table, keys, changes=CHANGES):
    """Change rows with these keys all the time."""
    ends = threading.Event()

    def change():
        with contextlib.closing(here.server.connect(database=here.db)) as connection, connection.cursor() as cursor:
            n = 0
            while not ends.is_set():
                n += 1
                key = (n * 7919) % keys
                cursor.execute(changes[n % len(changes)].format(table=table, key=key, keys=keys, n=n))
                time.sleep(0.001)

    thread = threading.Thread(target=change)
    thread.start()
    try:
        yield
    finally:
        ends.set()
        thread.join()


def test_nothing_is_written_to_the_binlog(here):
    """Reading leaves no trace in the binlog, whatever the user may do: neither a full sync with two lanes nor a backfill."""
    here.sql(*(f"CREATE TABLE t{i} (id INT PRIMARY KEY, v INT)" for i in range(6)),
             *(f"INSERT INTO t{i} VALUES (1, 1), (2, 2)" for i in range(6)))
    end = here.server.binlog_end()
    running = here.sync_on(here.server, here.kafka, [f"{here.db}.t{i}" for i in range(5)], "full = { parallel = 2 },")
    running.start().wait_streaming()
    assert running.stop() == 0
    here.select(running, "", *(f"t{i}" for i in range(6)))
    running.start()
    here.wait_copied(running)
    assert running.stop() == 0
    assert here.server.binlog_end() == end


def test_added_beside_the_stream(here):
    """The documented example of the service that this replaces: a table is added. Of the other table not one record comes twice.
    Rows are changed before the restart, and all the time while the table is copied."""
    here.make_new(3000)
    running = here.stream_a("full = { rows_per_second = 1500 }," + ONE)
    here.sql("UPDATE new SET v = 1000 WHERE id = 5", "DELETE FROM new WHERE id = 6", "INSERT INTO a VALUES (3, 3, 'c')")
    running.start()
    running.wait_streaming()
    with changing(here, "new", 3000), changing(here, "a", 50):
        here.wait_copied(running)
    messages = here.ends_equal(running, "a", "new")
    assert "1 of 2 tables to read beside the stream" in running.log
    assert [m.key for m in rows(messages) if m.full and m.table[1] == "a"] == [b"1"]


DROPPED = {
    "sends nothing": "if change.op == 'update' then return false end",
    "sends to another topic": """if change.op == 'update' then
        change:emit { topic = "TOPIC", key = change.row.id, value = { v = change.row.v } }
        return false
      end""",
    "replaces all messages": """change:emit { topic = "TOPIC", key = change.row.id, value = { v = change.row.v } }
      return false""",
}


@pytest.mark.parametrize("case", list(DROPPED))
def test_a_change_whose_message_is_dropped(here, case):
    """A function of the script drops the updates of a row that is copied meanwhile. The copy sends the row to each topic to which
    no update of it was sent, and to no other."""
    here.make_new(2000)
    emitted = f"{here.db}.emitted"
    options = f"""full = {{ rows_per_second = 1000 }}, {ONE}
    on_change = {{ ["*.new"] = function(change)
      {DROPPED[case].replace("TOPIC", emitted)}
    end }},"""
    running = here.stream_a(options)
    running.start()
    running.wait_streaming()
    with changing(here, "new", 2000, ["UPDATE {table} SET v = v + 1 WHERE id = {key}"]):
        here.wait_copied(running)
    here.ends_equal(running, "a")
    new, last = [], {}
    for message in running.reader(f"{here.db}.new", emitted).to_end():
        if message.topic == emitted:
            last[int(message.key)] = message.json["v"]
        elif message.is_row:
            new.append(int(message.key))
    assert sorted(new) == (list(range(2000)) if case != "replaces all messages" else [])
    current = dict(here.sql("SELECT id, v FROM new"))
    if case == "replaces all messages":
        assert last == current
    else:
        assert (len(last) > 0) == (case == "sends to another topic")
        assert last.items() <= current.items()


def test_keys_of_every_kind(here):
    """Tables with keys of each kind are changed in every way, in transactions that are partly rolled back, while they are copied."""
    tables = targets([("VARCHAR(200)", ["REPEAT('x', 150)", "'y'"])] * 10, count=10)
    names = [table.name for table in tables]
    for table in tables:
        table.engine = "InnoDB"
    writer = Writer(here.server, here.db, tables, seed=4)
    writer.load(400)
    options = "full = { rows_per_second = 1500 }," + ONE
    running = here.stream_a(options)
    here.select(running, options, "a", *names)
    running.start()
    writer.start()
    running.wait_log(r"backfill: 10 tables done")
    writer.stop()
    here.ends_equal(running, "a", *names)


def test_quiet_server(here):
    """Nothing is written to the server: the table is copied at once nevertheless."""
    here.make_new(5000)
    running = here.stream_a()
    here.sql("FLUSH BINARY LOGS")
    running.start()
    running.wait_streaming()
    here.wait_copied(running)
    messages = here.ends_equal(running, "a", "new")
    keys = [m.key for m in rows(messages) if m.table[1] == "new"]
    assert len(keys) == len(set(keys)) == 5000


def test_killed_while_it_is_copied(here):
    """kill -9 at any time: the next process copies what is missing, and sends nothing of the other table again."""
    here.make_new(6000)  # at the last kill, rows for three seconds are missing
    running = here.stream_a("full = { rows_per_second = 1500 }," + ONE)
    with changing(here, "new", 6000):
        for sent in (1, 600, 1500):
            running.start()
            running.until(f"{here.db}.new", lambda m, sent=sent: sum(r.full for r in rows(m)) >= sent, f"{sent} rows")
            running.kill9()
        running.start()
        here.wait_copied(running)
    here.ends_equal(running, "a", "new")
    running.start()
    running.wait_streaming()
    assert "beside the stream" not in running.log
    assert running.stop() == 0


def test_status(here):
    """The status shows how far a table is that is copied beside the stream; a restart counts what was copied before it."""
    name = f"{here.db}.new"
    here.make_new(3000)
    running = here.stream_a("full = { rows_per_second = 300, chunk_rows = 50 }," + ONE)
    admin = admin_of(running)
    running.start()
    running.wait_streaming()
    one = wait_for(lambda: with_rows(admin, running, 1), lambda: admin.sync(running.name))
    copied = one["backfill"]["rows"]
    assert (one["backfill"]["tables"], one["backfill"]["tables_done"]) == (1, 0)
    assert one["steps"] == {"structure": 0, "copy": 1, "stream": 1} and one["state"] == "streaming"
    assert one["backfill"]["estimate"] >= copied and 0 < one["backfill"]["percent"] <= 100
    table = admin.tables(running.name)[name]
    assert (table["step"], table["backfill"]) == ("copy", True) and table["rows"] >= copied and table["rows_per_second"] > 0
    code, text, _ = running.once(command="status")
    assert code == 0 and re.search(r"\n  tables    1 copy, 1 stream\n", text)
    assert re.search(r"\n  backfill  0 of 1 tables, \d+ of about \d+ rows \(\d+ %\), \d+ rows/s, .* left\n", text)
    wait_for(lambda: (admin.sync(running.name)["backfill_waits"] or "").startswith("to keep to full.rows_per_second"), "the pace")
    # the finished ranges are in the checkpoint once a message that followed them is
    wait_for(lambda: with_rows(admin, running, copied + 200), lambda: admin.sync(running.name))
    here.sql("INSERT INTO a VALUES (3, 3, 'c')")
    running.until(f"{here.db}.a", lambda all_: any(m.key == b"3" for m in all_), "the row")
    here.wait_saved(running)
    running.kill9()
    running.start()
    running.wait_streaming()
    again = wait_for(lambda: with_rows(admin, running, copied), lambda: admin.sync(running.name))
    read = again["backfill"]["rows"] - copied  # by this process, at most
    assert again["backfill"]["rows_per_second"] <= read, "it counts what an earlier process has copied"
    select = running.text([f"{here.db}.a", name], "full = { rows_per_second = 0 }," + ONE)
    assert running.stop() == 0
    running.write(select)
    running.start()
    here.wait_copied(running)
    one = wait_for(lambda: admin.sync(running.name), "the status")
    assert one["steps"] == {"structure": 0, "copy": 0, "stream": 2}
    assert one["backfill"] == {"tables": 1, "tables_done": 1, "rows": 3000, "estimate": 3000} and one["backfill_waits"] is None
    assert admin.tables(running.name)[name]["rows"] == 3000
    here.ends_equal(running, "a", "new")


def with_rows(admin, running, n):
    """The status, once the backfill has copied n rows; None before."""
    try:
        one = admin.sync(running.name)
    except OSError:  # the process has just been started
        return None
    return one if one["backfill"]["rows"] >= n else None


def test_yields_to_the_stream(here):
    """While the stream lags, a backfill sends nothing; when it has caught up, the copy continues (full.yield_lag_s)."""
    link = Link(here.server.port)
    here.more = {"port": link.port, "heartbeat": "0.5"}
    try:
        here.make_new(4000)
        running = here.stream_a("full = { yield_lag_s = 1, rows_per_second = 1000 }," + ONE)
        admin = admin_of(running)
        running.start()
        running.wait_streaming()
        with changing(here, "a", 50):
            running.until(f"{here.db}.new", lambda m: any(r.full for r in rows(m)), "a row")
            link.delay_stream(here.server, 2.5)
            waits = "until the stream has caught up"
            wait_for(lambda: (admin.sync(running.name)["backfill_waits"] or "").startswith(waits), lambda: admin.sync(running.name))
            counts = [copied_after_marker(here, running, key) for key in (1001, 1002)]
            assert counts[0] == counts[1] < 4000 and admin.sync(running.name)["backfill_waits"].startswith(waits)
            assert waits in running.once(command="status")[1]
            link.let_go()
            here.wait_copied(running)
        here.ends_equal(running, "a", "new")
    finally:
        link.close()


def copied_after_marker(here, running, key):
    """Return how many rows of the copy of `new` are there, when a change that is written now has come through the stream."""
    here.sql(f"INSERT INTO a VALUES ({key}, 0, 'marker')")
    running.until(f"{here.db}.a", lambda all_: any(m.key == str(key).encode() for m in all_), "the marker")
    return sum(m.full for m in rows(running.reader(f"{here.db}.new").to_end()))


def test_paused_while_it_is_copied(here):
    """A sync is paused in the middle of a backfill, also over a restart. Then it copies what is missing."""
    here.make_new(3000)
    running = here.stream_a("full = { rows_per_second = 300 }," + ONE)
    admin = admin_of(running)
    running.start()
    with changing(here, "new", 3000), changing(here, "a", 50):
        for restarts in (False, True):
            wait_for(lambda: with_rows(admin, running, 900 if restarts else 1), lambda: running.log[-2000:])
            assert running.once(command="pause")[0] == 0
            paused = admin.sync(running.name)
            assert paused["state"] == "paused"
            if restarts:
                assert running.stop() == 0
                running.start()
                wait_for(lambda: admin.state(running.name) == "paused", lambda: running.log[-2000:])
            assert running.once(command="resume")[0] == 0
        here.wait_copied(running)
    here.ends_equal(running, "a", "new")


# while `new` is copied slowly
STATEMENTS = {
    "altered": ["ALTER TABLE new ADD x INT NOT NULL DEFAULT 7", "UPDATE new SET x = 8 WHERE id < 100"],
    "emptied": ["TRUNCATE TABLE new", "INSERT INTO new VALUES (1, 1, 'after'), (5, 5, 'after')"],
    "made_again": ["DROP TABLE new", "CREATE TABLE new (id INT PRIMARY KEY, t VARCHAR(9))", "INSERT INTO new VALUES (1, 'after')"],
    "replaced": ["CREATE TABLE _new_gho LIKE new", "ALTER TABLE _new_gho ADD x INT", "INSERT INTO _new_gho SELECT id, v, s, 9 FROM new",
                 "RENAME TABLE new TO _new_del, _new_gho TO new", "DROP TABLE _new_del", "INSERT INTO new VALUES (9999, 1, 'n', 2)"],
    "replaced_by_two": ["CREATE TABLE rebuilt LIKE new", "INSERT INTO rebuilt SELECT id, v + 1, s FROM new", "RENAME TABLE new TO old",
                        "RENAME TABLE rebuilt TO new", "INSERT INTO new VALUES (9999, 1, 'n')"],
}


@pytest.mark.parametrize("case", STATEMENTS)
def test_statements_while_it_is_copied(here, case):
    """A statement on the table discards what was read of it meanwhile; one that empties it ends its copy."""
    here.make_new(3000)
    # so slow that the copy has not ended before the statements
    running = here.stream_a(f"full = {{ rows_per_second = {1500 if case == 'altered' else 150} }}," + ONE)
    running.start()
    running.until(f"{here.db}.new", lambda m: any(r.full for r in rows(m)), "a row")
    here.sql(*STATEMENTS[case])
    if case == "altered":
        here.wait_copied(running)
    if case in ("replaced", "replaced_by_two"):
        running.wait_log(r"was replaced by")
        running.wait_log(r"full sync: done in")
    here.sql("INSERT INTO a VALUES (77, 0, 'through')")
    running.until(f"{here.db}.a", lambda all_: any(m.key == b"77" for m in all_), "the row after the statements")
    messages = here.ends_equal(running, "a", *(["new"] if case != "made_again" else []))
    if case == "made_again":
        here.server.run("SELECT 1")
        last = [m for m in running.reader(f"{here.db}.new").to_end() if m.is_row][-1]
        assert (last.key, last.after) == (b"1", {"id": 1, "t": "after"})
    assert messages
    running.start()
    running.wait_streaming()
    assert "beside the stream" not in running.log and "tables to read" not in running.log
    assert running.stop() == 0


def test_replaced_while_it_was_stopped(here):
    """While the sync is stopped, another table gets the name of an added one, by two statements: its rows are read."""
    here.make_new(3000)
    running = here.stream_a()
    here.sql("CREATE TABLE rebuilt LIKE new", "INSERT INTO rebuilt SELECT id, v + 1, s FROM new WHERE id > 10",
             "RENAME TABLE new TO old", "RENAME TABLE rebuilt TO new")
    running.start()
    here.wait_copied(running)
    here.ends_equal(running, "a", "new")
    running.start()
    running.wait_streaming()
    assert "to read" not in running.log
    assert running.stop() == 0


# while the sync is stopped, in the order of the binlog; `o` is a database that nobody has tracked
UNTIL_START = (
    "INSERT INTO altered VALUES (2, 2, 'b')", "ALTER TABLE altered ADD x INT FIRST", "INSERT INTO altered VALUES (7, 3, 3, 'c')",
    "ALTER TABLE altered MODIFY x INT UNSIGNED", "INSERT INTO altered VALUES (4294967295, 4, 4, 'd')",
    "CREATE TABLE made (id INT PRIMARY KEY, v INT)", "INSERT INTO made VALUES (1, 1), (2, 2)", "DELETE FROM made WHERE id = 1",
    "RENAME TABLE unread TO renamed", "UPDATE renamed SET v = 7 WHERE id = 1", "DELETE FROM renamed WHERE id = 2",
    "DROP TABLE same", "CREATE TABLE same LIKE o.same", "INSERT INTO same VALUES (2, 2)", "DROP TABLE again", "CREATE TABLE again (k VARCHAR(5) PRIMARY KEY, v INT)", "INSERT INTO again VALUES ('x', 1)",
    "INSERT INTO o.n VALUES (2, 2, 'b')", "ALTER TABLE o.n ADD x INT FIRST", "INSERT INTO o.n VALUES (7, 3, 3, 'c')",
    "CREATE TABLE alike LIKE o.n", "INSERT INTO alike VALUES (8, 1, 1, 'l')", "RENAME TABLE o.moved TO moved", "UPDATE moved SET v = 9",
)
# while the stream has not reached the start position
AFTER_START = (
    "ALTER TABLE altered ADD late INT NOT NULL DEFAULT 4", "INSERT INTO altered VALUES (5, 5, 5, 'e', 5)", "ALTER TABLE made ADD late INT FIRST",
    "INSERT INTO made VALUES (3, 3, 3)", "ALTER TABLE o.n DROP COLUMN x", "INSERT INTO o.n VALUES (4, 4, 'd')",
    "DELETE FROM again WHERE k = 'x'", "INSERT INTO again VALUES ('y', 2)", "ALTER TABLE alike MODIFY x INT AFTER id", "UPDATE alike SET v = 2",
    "RENAME TABLE moved TO moved_on", "INSERT INTO moved_on VALUES (5, 5)",
)


def test_definitions_of_the_start_position(here):
    """Tables of a database that nobody has tracked, and tables that were altered, created, renamed or made again while the sync was stopped,
    are copied beside the stream. It is killed twice before it reaches their start position, and they change again meanwhile."""
    added = ("altered", "made", "renamed", "same", "again", "o.n", "alike", "moved*")
    other = f"{here.db}_o"

    def there(text):
        return text.replace("o.", f"{other}.")

    here.server.run(f"CREATE DATABASE {other} CHARACTER SET utf8mb4")
    here.sql(*map(there, (
        "CREATE TABLE altered (id INT PRIMARY KEY, v INT, s VARCHAR(50))", "INSERT INTO altered VALUES (1, 1, 'a')",
        "CREATE TABLE unread (id INT PRIMARY KEY, v INT)", "INSERT INTO unread VALUES (1, 1), (2, 2), (3, 3)",
        "CREATE TABLE same (id INT PRIMARY KEY, v INT)", "INSERT INTO same VALUES (1, 1)", "CREATE TABLE o.same LIKE same",
        "CREATE TABLE again (id INT PRIMARY KEY, v INT)", "INSERT INTO again VALUES (1, 1)",
        "CREATE TABLE o.n (id INT PRIMARY KEY, v INT, s VARCHAR(50))", "INSERT INTO o.n VALUES (1, 1, 'a')",
        "CREATE TABLE o.moved (id INT PRIMARY KEY, v INT)", "INSERT INTO o.moved VALUES (1, 1)")))
    running = here.stream_a()
    here.select(running, ONE, "a", *map(there, added))
    for i, statement in enumerate(UNTIL_START):
        here.sql(f"INSERT INTO a VALUES ({100 + i}, 0, 'between')", there(statement))
    for message in (4, len(UNTIL_START) - 1):
        running.start(fault=f"produce:{message}:kill")
        assert running.wait_exit() == -9, running.log
        assert "8 of 9 tables to read beside the stream" in running.log, running.log
    here.sql(*map(there, AFTER_START))
    running.start()
    running.wait_log(r"backfill: \d tables done")
    here.sql("INSERT INTO made VALUES (NULL, 9, 9)", f"UPDATE {other}.n SET v = 10", "INSERT INTO again VALUES ('z', 3)")
    here.arrives_equal(running, "a", *map(there, added[:-1]), "moved_on")
    assert not re.search(r"full sync: \d+ (of|connections)", running.log)
    assert [m.key for m in rows(running.reader(f"{here.db}.a").to_end()) if m.full] == [b"1"]
    running.start()
    running.wait_streaming()
    assert "to read" not in running.log
    assert running.stop() == 0
    here.server.run(f"DROP DATABASE {other}")


HELD = 4  # the key of the row that the held transaction changes


@contextlib.contextmanager
def held_commit(here):
    """Commit a transaction that changes a row of both tables and that stays between the binlog and the engine until the block ends: semi-synchronous replication with
    AFTER_SYNC, and no replica that acknowledges."""
    side = "source" if here.server.mysql else "master"
    if here.server.mysql:
        with contextlib.suppress(pymysql.err.MySQLError):  # it is installed already
            here.server.run("INSTALL PLUGIN rpl_semi_sync_source SONAME 'semisync_source.so'")
    settings = {f"rpl_semi_sync_{side}_timeout": 600000, f"rpl_semi_sync_{side}_enabled": 1}
    if not here.server.mysql:
        settings["rpl_semi_sync_master_wait_point"] = "AFTER_SYNC"
    with here.server.globals(**settings):
        changes = [f"UPDATE {table} SET v = 4444 WHERE id = {key}" for table, key in (("new", HELD), ("a", 1))]
        committer = threading.Thread(target=here.sql, args=("BEGIN", *changes, "COMMIT"))
        committer.start()
        wait_for(lambda: is_held(here.server), lambda: "no commit waits for an acknowledgement")
        yield
    committer.join()


def is_held(server):
    states = server.run("SELECT state FROM information_schema.processlist")
    return any("semi-sync ack" in (state or "").lower() for (state,) in states)


def is_held_change(message):
    return message.op == "UPDATE_AFTER" and message.after["v"] == 4444


def test_held_transaction_in_the_window(here):
    """The stream sends a transaction that is in the binlog, while a snapshot shows the row before it: that row must not follow."""
    here.make_new(10)
    running = here.stream_a()
    with held_commit(here):
        running.start()
        running.wait_message(f"{here.db}.new", is_held_change, "the held change")
        here.wait_copied(running)
        assert here.sql(f"SELECT v FROM new WHERE id = {HELD}") == ((HELD,),)
        keys = [int(m.key) for m in rows(running.reader(f"{here.db}.new").to_end()) if m.full]
        assert sorted(keys) == [n for n in range(10) if n != HELD]
    here.ends_equal(running, "a", "new")


@pytest.mark.parametrize("here", ["mariadb"], indirect=True)  # MySQL refuses to begin after what it has not committed
def test_held_transaction_before_the_window(here):
    """The stream has passed the transaction before the table was selected. A snapshot that does not show it is not read."""
    here.make_new(10)
    running = here.stream_a()
    here.select(running, ONE, "a")
    with held_commit(here):
        running.start()
        running.wait_message(f"{here.db}.a", is_held_change, "the held change")
        assert running.stop() == 0
        here.select(running)
        running.start()
        running.wait_log(rf"table {here.db}\.new waits for a transaction that the stream has sent")
        assert here.sql(f"SELECT v FROM new WHERE id = {HELD}") == ((HELD,),)
        assert not rows(running.reader(f"{here.db}.new").to_end())
    here.wait_copied(running)
    here.ends_equal(running, "a", "new")


@pytest.mark.parametrize("again", ["a restart", "a lost connection"])
@pytest.mark.parametrize("here", ["mysql"], indirect=True)  # MariaDB continues at once
def test_held_transaction_of_the_position(here, again):
    """The server has not committed a transaction that the stream has sent. The stream continues once it has; nothing is missing then, or comes
    twice."""
    link = Link(here.server.port)
    here.more = {"port": link.port}
    try:
        here.make_new(10)
        running = here.stream_a()
        here.select(running, ONE, "a")
        running.start()
        running.wait_streaming()
        with held_commit(here):
            running.wait_message(f"{here.db}.a", is_held_change, "the held change")
            if again == "a restart":
                assert running.stop() == 0
                running.start()
            else:
                link.cut()
            running.wait_log("the server has not finished their commit")
            admin = admin_of(running)
            wait_for(lambda: [p["code"] for p in admin.sync(running.name)["problems"]] == ["E-331"], lambda: admin.sync(running.name))
        running.wait_streaming()
        here.ends_equal(running, "a")
    finally:
        link.close()
