"""What is sent while the checkpoint cannot be saved, and what a displaced process sends (rules: first-error-poisons, one-process;
decisions/0019)."""

import re
import signal
import time

import pytest
from support.consume import rows
from support.rebuild import Rebuild, compare
from support.wait import PATIENCE, wait_for

LEASE_MS = int(3000 * PATIENCE)
SHORT = {"TIDEWAY_LEASE_MS": str(LEASE_MS)}
ENDED = r"waiting until the checkpoint can be saved"
AGAIN = r"the checkpoint can be saved again; starting again from the checkpoint"
WAITS = r"has not ended cleanly and may still be sending \((.*)\): waiting for"
# with the real times: make soak
both = pytest.mark.parametrize("env", [SHORT, pytest.param({}, marks=pytest.mark.soak)], ids=["short", "real"])
OUTAGE_S = 60  # with the real times
TABLE = "CREATE TABLE t (id INT PRIMARY KEY, v INT, s VARBINARY(2000) NOT NULL DEFAULT '')"


def comes_through(running, sql, db, key):
    """Check that a row that is written now arrives, and that the topic has the content of the table."""
    sql(f"INSERT INTO t (id, v) VALUES ({key}, 0)")
    running.wait_message(f"{db}.t", lambda m: m.key == str(key).encode(), f"row {key}")


def same(running, mariadb, kafka, db):
    rebuilt = Rebuild(kafka.partitions()).feed_all(running.reader(f"{db}.t").to_end())
    compare(mariadb, db, "t", rebuilt.tables()[db, "t"])


def checkpoint_of(running):
    """The client.id of the producer that saves the checkpoint. It also talks to the coordinator."""
    return lambda client: client == f"tideway.{running.name}"


@both
@pytest.mark.parametrize("cut", ["hold", *(pytest.param(c, marks=pytest.mark.soak) for c in ("refuse", "swallow", "coordinator"))])
def test_outage(sync, sql, db, mariadb, kafka, proxy, cut, env):
    """No broker can be reached, or none answers, or only the coordinator does not answer: the stream ends with its lease and the
    process waits. When the checkpoint can be saved again, the stream resumes there. No message is lost."""
    sql(TABLE, "INSERT INTO t (id, v) SELECT seq, 0 FROM seq_1_to_50")
    running = sync(brokers=kafka.proxied, env=env)
    running.wait_streaming()
    comes_through(running, sql, db, 1001)
    began = time.monotonic()
    if cut == "coordinator":
        proxy.set("hold", only=checkpoint_of(running))
    else:
        proxy.set(cut)
    sql("UPDATE t SET v = 1")
    running.wait_log(ENDED)
    sql("UPDATE t SET v = 2")
    if env is not SHORT:
        time.sleep(max(began + OUTAGE_S - time.monotonic(), 0))
    running.must_run()
    proxy.reset()
    running.wait_log(AGAIN)
    comes_through(running, sql, db, 1002)
    assert running.stop() == 0
    same(running, mariadb, kafka, db)


def test_outage_in_a_copy(sync, sql, db, mariadb, kafka, proxy):
    """The lanes of a copy end with the lease, too. When the checkpoint can be saved again, the copy continues with the ranges that
    are missing."""
    sql(TABLE, "INSERT INTO t (id, v) SELECT seq, 0 FROM seq_1_to_8000")
    running = sync("full = { parallel = 2, rows_per_second = 2500, chunk_rows = 400 },", brokers=kafka.proxied, env=SHORT)
    running.until(f"tideway.{running.name}", lambda found: any(b'"copied"' in m.value for m in found), "finished ranges")
    proxy.set("hold")
    running.wait_log(ENDED)
    sql("UPDATE t SET v = 1 WHERE id % 100 = 1", "DELETE FROM t WHERE id % 100 = 2")
    running.must_run()
    proxy.reset()
    running.wait_log(AGAIN)
    running.wait_log(rf"table {db}\.t continues")
    running.wait_streaming()
    comes_through(running, sql, db, 100001)
    assert running.stop() == 0
    same(running, mariadb, kafka, db)


@both
def test_slow_broker(sync, sql, db, mariadb, kafka, proxy, env):
    """500 kB/s: the queue is kept so short that its messages are not dropped, and everything arrives without a new start."""
    sql(TABLE, "INSERT INTO t (id, v) VALUES (1, 0)")
    if env is SHORT:
        env = {"TIDEWAY_LEASE_MS": str(2 * LEASE_MS)}
    running = sync(brokers=kafka.proxied, env=env)
    running.wait_streaming()
    proxy.rate = 500_000
    # random bytes do not compress, and JSON doubles their number
    sql(f"INSERT INTO t SELECT seq, 0, RANDOM_BYTES(1000) FROM seq_10001_to_{12000 if env else 30000}")
    comes_through(running, sql, db, 9999)
    proxy.reset()
    assert running.stop() == 0
    assert not re.search("starting again|" + ENDED, running.log), running.log
    same(running, mariadb, kafka, db)


IN_A_REQUEST = 10  # messages
FEW = {"batch.num.messages": IN_A_REQUEST, "max.in.flight.requests.per.connection": 1}


@both
def test_stopped_process(sync, sql, db, kafka, proxy, env):
    """A process is stopped with a full queue while a second one takes over and writes newer rows of all keys. When it runs
    again it sends at most the requests that it had built."""
    sql(TABLE, "INSERT INTO t (id, v) SELECT seq, 0 FROM seq_1_to_2000")
    name = f"{db[:40]}_same"
    # the log has a line for each row before its message is sent
    options = 'on_change = function(change) require("tideway.log").info("taken") end, topics = { partitions = 1 },'
    first = sync(options, name=name, brokers=kafka.proxied, properties=FEW, env=env)
    first.wait_streaming()
    comes_through(first, sql, db, 9001)
    before = first.log.count("taken")
    proxy.set("hold", only=lambda client: client == f"tideway-{name}-stream")
    sql("UPDATE t SET v = 1")
    wait_for(lambda: first.log.count("taken") >= before + 150, lambda: f"no full queue\n{first.log[-2000:]}")
    first.child.send_signal(signal.SIGSTOP)
    began = time.monotonic()
    proxy.reset()
    second = sync("topics = { partitions = 1 },", name=name, env=env)
    second.wait_log("assuming that its process is dead")
    sql("UPDATE t SET v = 2")
    second.until(f"{db}.t", lambda m: sum(x.after is not None and x.after["v"] == 2 for x in rows(m)) >= 2000, "newer rows")
    seen = len(second.reader(f"{db}.t").to_end())
    if env is not SHORT:
        time.sleep(max(began + OUTAGE_S - time.monotonic(), 0))
    first.child.send_signal(signal.SIGCONT)
    first.fails(6, r"(?i)another|displaced|fenced|taken over")
    sql("INSERT INTO t (id, v) VALUES (9002, 0)")
    second.wait_message(f"{db}.t", lambda m: m.key == b"9002", "the last row")
    late = [m for m in second.reader(f"{db}.t").to_end()[seen:] if m.after and m.after["v"] == 1]
    assert len(late) <= 2 * IN_A_REQUEST, f"{len(late)} old rows came late"
    assert second.stop() == 0


@both
def test_displaced_without_coordinator(sync, sql, db, mariadb, kafka, proxy, env):
    """The coordinator does not answer a process, which therefore cannot detect that another one has taken over. The brokers would
    still accept its rows. Its stream ends before that of the other process begins, and it ends when the coordinator answers again."""
    sql(TABLE, "INSERT INTO t (id, v) SELECT seq, 0 FROM seq_1_to_50")
    name = f"{db[:40]}_same"
    first = sync(name=name, brokers=kafka.proxied, env=env)
    first.wait_streaming()
    comes_through(first, sql, db, 1001)
    proxy.set("hold", only=checkpoint_of(first))
    second = sync(name=name, env=env)
    second.wait_streaming()
    assert re.search(ENDED, first.log), first.log
    first.must_run()
    sql("UPDATE t SET v = 1")
    comes_through(second, sql, db, 1002)
    proxy.reset()
    first.fails(6, r"(?i)another|displaced|fenced|taken over")
    assert second.stop() == 0
    same(second, mariadb, kafka, db)


@both
def test_start_after(sync_on, mariadb_server, kafka, env):
    """A process waits if the previous one may still be sending. It does not wait if the previous one has ended cleanly, or had the
    instance lock on the same server. It waits if the previous one was killed and the server has been restarted since."""
    server = mariadb_server()
    server.run("CREATE DATABASE d", "CREATE TABLE d.t (id INT PRIMARY KEY)", "INSERT INTO d.t VALUES (1)")
    running = sync_on(server, kafka, ["d.*"])
    for end, again, waits in [
        (None, False, None),
        (signal.SIGTERM, True, None),
        (signal.SIGKILL, False, None),
        (signal.SIGKILL, True, "the source has been restarted"),
    ]:
        if end:
            assert running.stop(end) == (-signal.SIGKILL if end == signal.SIGKILL else 0)
        if again:
            server.restart()
        running.start(env=env)
        if waits:
            assert running.wait_log(WAITS).group(1).startswith(waits)
        running.wait_streaming()
        assert bool(waits) == bool(re.search(WAITS, running.log)), running.log
    assert running.stop() == 0
