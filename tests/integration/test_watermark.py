"""What eventTime and heartbeats promise (messages.md, "Heartbeats"): the order of the binlog, by the server's clock."""

import contextlib
import signal
import threading
import time

import pytest
from support.consume import parse
from support.link import Link
from support.wait import wait_for


class Rows:
    """Inserts rows. Records for each the latest time at which it was in the binlog, in ms of the clock that the server shares."""

    def __init__(self, connection):
        self.connection = connection
        self.written = {}

    def insert(self, n):
        with self.connection.cursor() as cursor:
            for _ in range(n):
                key = len(self.written) + 1
                cursor.execute(f"INSERT INTO t VALUES ({key}, 0)")
                self.written[key] = time.time() * 1000


class Lines:
    """The lines of a sync, in the order in which they were written."""

    def __init__(self, running):
        self.running = running

    def payloads(self):
        text = (self.running.folder / "out").read_text()
        return [parse(line)["value"]["payload"] for line in text[: text.rfind("\n") + 1].splitlines()]

    @staticmethod
    def is_beat(payload):
        return payload["op"] == "MHEARTBEAT"

    def highest(self):
        """The highest watermark so far."""
        return max((p["timestamp"]["eventTime"] for p in self.payloads() if self.is_beat(p)), default=0)

    def wait_watermark(self, ms):
        """Wait until everything that was written up to then has its heartbeat."""
        wait_for(lambda: self.highest() > ms, lambda: self.running.log)


@pytest.fixture(params=["mariadb", "mysql"])
def source(request):
    """The server, and a connection to it in a new database with a table t."""
    server = request.getfixturevalue(request.param)
    db = request.getfixturevalue("unique")
    server.run(f"CREATE DATABASE {db}")
    with contextlib.closing(server.connect(database=db)) as connection:
        with connection.cursor() as cursor:
            cursor.execute("CREATE TABLE t (id INT PRIMARY KEY, v INT)")
        yield server, db, connection
    server.run(f"DROP DATABASE {db}")


def start(sync_on, server, db, **more):
    running = sync_on(server, None, [f"{db}.*"], sink='kafka.lines { file = "out" }', heartbeat="0.1", **more).start()
    running.wait_streaming()
    return running


def test_heartbeats_keep_their_promise(sync_on, source):
    """No transaction that was written before the time of a heartbeat follows the heartbeat: over a slow link, over one that is
    half-open for a while, in a process that was stopped, and while rows arrive all the time."""
    server, db, connection = source
    link = Link(server.port)
    rows = Rows(connection)
    rows.insert(1)
    running = start(sync_on, server, db, port=link.port)
    lines = Lines(running)

    def settle():
        lines.wait_watermark(rows.written[len(rows.written)])

    settle()
    rows.insert(100)
    settle()
    link.delay = 0.4  # heartbeats in flight were written before
    until = time.monotonic() + 1
    while time.monotonic() < until:
        rows.insert(1)
        time.sleep(0.05)
    settle()
    link.delay = 0
    settle()
    for freeze, thaw in (
        (lambda: running.child.send_signal(signal.SIGSTOP), lambda: running.child.send_signal(signal.SIGCONT)),
        (link.hold, link.let_go),
    ):
        rows.insert(1)
        settle()
        freeze()
        rows.insert(25)
        time.sleep(1)  # heartbeats of the server accumulate meanwhile
        rows.insert(25)
        thaw()
        settle()
    assert running.stop() == 0
    link.close()
    watermark, seen = 0, set()
    for payload in lines.payloads():
        at = payload["timestamp"]["eventTime"]
        if lines.is_beat(payload):
            assert at >= watermark, "a watermark goes back"
            watermark = at
        elif payload["sequenceId"] != "-1":
            key = payload["after"]["dataColumn"]["id"]
            seen.add(key)
            assert rows.written[key] >= watermark, f"row {key} was written {watermark - rows.written[key]:.0f} ms before"
            # MySQL has the time of the commit; MariaDB the second in which the statement began
            assert at >= watermark if server.mysql else at + 1000 > watermark, payload
    assert seen == set(rows.written) - {1}


def in_background(server, db, *statements):
    """Runs statements on a connection of their own; the thread."""
    thread = threading.Thread(target=server.run, args=statements, kwargs={"db": db})
    thread.start()
    return thread


def test_event_time_of_what_waits(sync_on, source):
    """eventTime is the time of the commit as closely as the server records it, also of an autocommit statement that waited for a lock,
    of a statement that changes definitions, and of an engine without transactions."""
    server, db, connection = source
    server.run("CREATE TABLE plain (id INT PRIMARY KEY, v INT) ENGINE=MyISAM", "CREATE TABLE other (id INT PRIMARY KEY)",
               "INSERT INTO t VALUES (1, 0)", db=db)
    running = start(sync_on, server, db)
    lines = Lines(running)
    connection.autocommit(False)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE t SET v = 1 WHERE id = 1")
        cursor.execute("SELECT * FROM other")
        began = time.time() * 1000
        waiting = [
            in_background(server, db, "UPDATE t SET v = 2 WHERE id = 1"),
            in_background(server, db, "ALTER TABLE other ADD COLUMN v INT"),
            in_background(server, db, "INSERT INTO plain SELECT 1, SLEEP(2.2)"),
        ]
        # the seconds of other sessions pass meanwhile: a time that is too early is too early by two seconds
        lines.wait_watermark(began + 2200)
        released = time.time() * 1000
        connection.commit()
    for thread in waiting:
        thread.join()
    ended = time.time() * 1000
    wait_for(lambda: '"v":2}' in (running.folder / "out").read_text() and '"ALTER"' in (running.folder / "out").read_text()
             and '"plain"' in (running.folder / "out").read_text(), lambda: running.log)
    times = {}
    for payload in lines.payloads():
        if payload["op"] not in ("MHEARTBEAT", "UPDATE_BEFOR") and payload["sequenceId"] != "-1":
            image = payload["after"] and payload["after"]["dataColumn"]
            times[payload["op"], str(image)] = payload["timestamp"]["eventTime"]
    second = 0 if server.mysql else 1000
    assert len(times) == 4, times
    for what, at in times.items():
        reached = began + 2200 if what[0] == "INSERT" else released
        assert int(reached) - second <= at <= ended, (what, at - began)  # eventTime has whole milliseconds


def test_session_with_a_time_of_its_own(sync_on, source):
    """SET timestamp changes the time that MariaDB writes: other transactions and heartbeats must not get this time."""
    server, db, _ = source
    running = start(sync_on, server, db)
    lines = Lines(running)
    before = time.time() * 1000
    lines.wait_watermark(before)
    server.run("SET timestamp = 2000000000", "INSERT INTO t VALUES (1, 0)", "SET timestamp = 1000000000",
               "INSERT INTO t VALUES (2, 0)", "SET timestamp = DEFAULT", "INSERT INTO t VALUES (3, 0)", db=db)
    after = time.time() * 1000
    lines.wait_watermark(after)
    times = [p["timestamp"]["eventTime"] for p in lines.payloads() if p["op"] == "INSERT"]
    assert lines.highest() <= time.time() * 1000
    if not server.mysql:
        assert times.pop(0) == 2000000000000
        assert times.pop(0) < after  # before anything else was written: as the session has set it
    assert all(before - 1000 <= at <= after for at in times), times
