"""The black-box test of a sync that is steered: a seed decides which tables are added and removed, when the sync is paused, killed
with kill -9 and moved to another server, and which statements change a table that is being copied, while a writer changes all
tables. In the end each topic, read in the order of arrival, equals its table. A failure prints its seed."""

import contextlib
import random
import signal
import threading

import pymysql
import pytest
from support.admin import admin_of
from support.consume import rows
from support.rebuild import compare
from support.servers import MariaDB
from support.wait import DEADLINE_S, wait_for
from test_backfill import arrived
from test_full import fill
from test_hosts import caught_up, follow, promote, servers  # noqa: F401 (a fixture)

TABLES = ("n0", "n1", "n2")
ROWS = 600
OPTIONS = "full = { rows_per_second = 400 }, topics = { partitions = 1 },"
STEPS = 9
# a process that was killed at another host may still be sending, and this is how long the next one waits
SHORT_LEASE = {"TIDEWAY_LEASE_MS": "4000"}


class Writer(threading.Thread):
    """Changes all tables until stop(). A transaction that a dying server has not committed is not repeated. While a table is in
    `kept`, no row leaves it. `gate` is held during each transaction."""

    def __init__(self, server, db, seed):
        super().__init__(daemon=True)
        self.server, self.db = server, db
        self.random = random.Random(seed)
        self.kept = set()
        self.gate = threading.Lock()
        self.ends = threading.Event()
        self.committed = 0
        self.failure = None
        self.start()

    def run(self):
        while not self.ends.is_set() and self.failure is None:
            try:
                with contextlib.closing(self.server.connect(database=self.db, autocommit=False)) as connection:
                    self.write(connection)
            except pymysql.err.OperationalError:
                continue  # the server has died
            except Exception as failure:  # wait() and stop() raise it in the test
                self.failure = failure

    def write(self, connection):
        while not self.ends.wait(0.003):
            with self.gate, connection.cursor() as cursor:
                for _ in range(self.random.randint(1, 3)):
                    cursor.execute(self.statement())
                connection.commit()
                self.committed += 1

    def statement(self):
        table = self.random.choice(("a", *TABLES))
        key, other, choice = self.random.randrange(ROWS), self.random.randrange(ROWS), self.random.random()
        if choice < 0.4:
            return f"UPDATE {table} SET v = v + 1 WHERE id BETWEEN {key} AND {key + 3}"
        if choice < 0.7 or table in self.kept:
            return f"INSERT INTO {table} (id, v, s) VALUES ({key}, 0, 'again') ON DUPLICATE KEY UPDATE v = v + 100"
        if choice < 0.85:
            return f"DELETE FROM {table} WHERE id = {key}"
        return f"UPDATE IGNORE {table} SET id = {other} WHERE id = {key}"

    def wait(self, n):
        goal = self.committed + n
        wait_for(lambda: self.failure or self.committed >= goal, "the writer")
        if self.failure:
            raise self.failure

    def keep(self, table):
        """From now on, no row leaves the table."""
        with self.gate:
            self.kept.add(table)

    def stop(self):
        self.ends.set()
        self.join(DEADLINE_S)
        if self.failure:
            raise self.failure


class Steered:
    """A sync, what a seed has done to it, and what it captures."""

    def __init__(self, sync_on, kafka, db, servers_, seed):
        self.db, self.servers, self.kafka = db, servers_, kafka
        self.random = random.Random(seed)
        self.done = []  # for the report of a failure
        self.captured = {"a"}
        self.markers = 0
        self.altered = 0
        self.server.run(f"CREATE DATABASE {db} CHARACTER SET utf8mb4")
        for table in ("a", *TABLES):
            self.sql(f"CREATE TABLE {table} (id INT PRIMARY KEY, v INT, s VARCHAR(50))")
            fill(self.sql, table, ROWS if table != "a" else 50)
        several = {"host": None, "hosts": [f"127.0.0.1:{s.port}" for s in servers_]} if len(servers_) > 1 else {}
        self.more = several
        self.running = sync_on(self.server, kafka, [f"{db}.a"], OPTIONS, **several)
        self.admin = admin_of(self.running)
        self.writer = Writer(self.server, db, seed)
        self.begin()

    @property
    def server(self):
        return self.servers[0]

    def sql(self, *statements):
        return self.server.run(*statements, db=self.db)

    # the process

    def begin(self):
        self.running.start(env=SHORT_LEASE)

    def wait_working(self):
        """Wait until the process works, so that it takes commands."""
        wait_for(lambda: self.running.must_run() or self.admin.state(self.running.name) in ("copying", "streaming"),
                 lambda: f"{self.done}\n{self.running.log[-2000:]}")

    def mark(self):
        """Everything that was written until now is in the topics afterwards."""
        self.markers += 1
        key = str(10**6 + self.markers).encode()
        self.sql(f"INSERT INTO a VALUES ({key.decode()}, 0, 'marker')")
        self.running.until(f"{self.db}.a", lambda all_: any(m.key == key for m in all_), f"the marker after {self.done}")

    def select(self):
        """Start it again with the tables that are captured now."""
        wait_for(lambda: self.running.must_run() or self.admin.state(self.running.name), "the process, which ends cleanly from then on")
        assert self.running.stop() == 0, self.running.log[-2000:]
        self.running.write(self.running.text(sorted(f"{self.db}.{t}" for t in self.captured), OPTIONS, **self.more))
        self.begin()

    # the steps

    def add(self):
        table = self.random.choice([t for t in TABLES if t not in self.captured] or [None])
        if table is None:
            return False
        self.captured.add(table)
        self.select()
        with self.writer.gate:
            self.writer.kept.discard(table)
        return table

    def remove(self):
        """Rows that leave a table while it is not captured stay in its topic. So no row does."""
        table = self.random.choice(sorted(self.captured - {"a"}) or [None])
        if table is None:
            return False
        self.writer.keep(table)
        self.mark()
        self.captured.discard(table)
        self.select()
        return table

    def pause(self):
        self.wait_working()
        assert self.running.once(command="pause", env=SHORT_LEASE)[0] == 0, self.running.log[-2000:]
        self.writer.wait(self.random.randrange(40))
        kills = self.random.random() < 0.3
        if kills:
            self.running.kill9()
            self.begin()
            wait_for(lambda: self.admin.state(self.running.name) == "paused", lambda: self.running.log[-2000:])
        assert self.running.once(command="resume")[0] == 0, self.running.log[-2000:]
        return "killed" if kills else "resumed"

    def kill(self):
        self.running.kill9()
        self.begin()
        return True

    def change(self):
        """A statement on a table, above all on one that is being copied."""
        table = self.random.choice(sorted(self.captured - {"a"}) or ["a"])
        self.altered += 1
        statement = self.random.choice((
            f"ALTER TABLE {table} ADD x{self.altered} INT NOT NULL DEFAULT {self.altered}",
            f"ALTER TABLE {table} MODIFY s VARCHAR({60 + self.altered})",
            f"TRUNCATE TABLE {table}",
        ))
        with self.writer.gate:
            self.sql(statement)
        return statement

    def fail_over(self):
        """The primary dies, between two transactions of the writer, and the replica becomes the primary."""
        if len(self.servers) < 2:
            return False
        old, new = self.servers[0], self.servers.pop(1)
        with self.writer.gate:
            caught_up(new, old)
            old.stop(signal.SIGKILL)
            promote(new)
            self.servers[0] = self.writer.server = new
        return True

    def go(self):
        self.running.wait_streaming()
        steps = ["add", "add", *self.random.choices(("add", "remove", "pause", "kill", "kill", "change", "change"), k=STEPS - 2)]
        if len(self.servers) > 1:
            steps[self.random.randrange(2, STEPS)] = "fail_over"
        for step in steps:
            done = getattr(self, step)()
            self.done.append(f"{step}: {done}")
            self.writer.wait(self.random.randrange(80))

    def end(self):
        """Capture all tables, wait until they are copied and everything has arrived, and compare."""
        missing = set(TABLES) - self.captured
        if missing:
            self.captured |= missing
            self.select()
        wait_for(lambda: self.running.must_run() or self.all_are_copied(), lambda: f"{self.done}\n{self.running.log[-3000:]}")
        self.writer.stop()
        self.mark()
        assert self.running.stop() == 0
        messages = self.running.reader(*(f"{self.db}.{t}" for t in ("a", *TABLES))).to_end()
        for table in ("a", *TABLES):
            compare(self.server, self.db, table, arrived(messages, f"{self.db}.{table}"))
        assert sum(m.full for m in rows(messages)) >= ROWS

    def all_are_copied(self):
        if self.admin.state(self.running.name) != "streaming":
            return False
        steps = self.admin.sync(self.running.name)["steps"]
        return steps == {"structure": 0, "copy": 0, "stream": 1 + len(TABLES)}


@contextlib.contextmanager
def steered(*arguments):
    one = Steered(*arguments)
    try:
        yield one
    except Exception:
        print("steps:", *one.done, sep="\n  ")
        raise
    finally:
        one.writer.ends.set()


SEEDS = [1, *(pytest.param(seed, marks=pytest.mark.soak) for seed in range(2, 31))]


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("kind", ["mariadb", "mysql"])
@pytest.mark.slow
def test_commands_at_random(request, unique, sync_on, kafka, kind, seed):
    with steered(sync_on, kafka, unique, [request.getfixturevalue(kind)], seed) as one:
        one.go()
        one.end()


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.slow
def test_commands_and_failover_at_random(unique, sync_on, kafka, servers, seed):  # noqa: F811 (the fixture)
    primary, replica = servers(MariaDB), servers(MariaDB)
    follow(replica, primary)
    with steered(sync_on, kafka, unique, [primary, replica], seed) as one:
        one.go()
        one.end()
