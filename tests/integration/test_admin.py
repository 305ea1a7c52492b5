"""Watching and steering a running process: the admin socket and port, and the commands that use them."""

import json
import os
import re
import socket
import stat
import subprocess

import pytest
from support import process
from support.admin import Admin, admin_of
from support.consume import rows
from support.link import Link
from support.paths import BINARY, ROOT
from support.runner import PROLOGUE
from support.terminal import Terminal
from support.wait import DEADLINE_S, wait_for


@pytest.fixture(autouse=True)
def no_runtime_folder(monkeypatch):
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)


@pytest.fixture
def short_folder(tmp_path_factory):
    """A folder whose path is short enough for a socket."""
    folder = tmp_path_factory.mktemp("a", numbered=True)
    short = f"/tmp/ta{os.getpid()}_{abs(hash(folder)) % 100000}"
    os.mkdir(short, 0o700)
    yield short
    for name in os.listdir(short):
        path = os.path.join(short, name)
        os.rmdir(path) if os.path.isdir(path) else os.unlink(path)
    os.rmdir(short)


def table(sql, n=1):
    sql("CREATE TABLE t (id INT PRIMARY KEY)", f"INSERT INTO t SELECT seq FROM seq_1_to_{n}")


def run_command(running, command, *words, code=0, env=None):
    done, out, err = running.once(*words, command=command, env=env)
    assert done == code, f"{command}: exit code {done}\n{out}\n{err}"
    return out if code == 0 else err


def wait_state(admin, name, state):
    """Wait until the process answers and the sync has this state. Return the sync."""
    wait_for(lambda: admin.state(name) == state, lambda: f"it is {admin.state(name)}, not {state}")
    return admin.sync(name)


def gtids_of(server):
    return server.run("SELECT @@gtid_executed" if server.mysql else "SELECT @@gtid_binlog_pos")[0][0].replace("\n", "")


class Site:
    """A database of its own on a server, and a sync of its tables."""

    def __init__(self, server, db, sync_on, broker):
        self.server, self.db, self.broker, self.sync_on = server, db, broker, sync_on
        server.run(f"CREATE DATABASE {db} CHARACTER SET utf8mb4")

    def sql(self, *statements):
        return self.server.run(*statements, db=self.db)

    def table(self, name, n):
        """A table with the rows 1 to n."""
        self.sql(f"CREATE TABLE {name} (id INT PRIMARY KEY)",
                 f"INSERT INTO {name} VALUES " + ", ".join(f"({i})" for i in range(1, n + 1)))

    def sync(self, options="", **more):
        return self.sync_on(self.server, self.broker, [f"{self.db}.*"], options, **more).start()


@pytest.fixture(params=["mariadb", "mysql"])
def site(request, unique, sync_on, broker):
    return Site(request.getfixturevalue(request.param), unique, sync_on, broker)


# ---- status ----


def test_status_of_a_stream(site):
    """State, position, lag and tables of a stream, as JSON and as text."""
    db = site.db
    site.table("t", 3)
    running = site.sync()
    running.wait_streaming()
    site.sql("INSERT INTO t VALUES (10)")
    running.wait_rows(f"{db}.t", 4)
    admin = admin_of(running)
    end = site.server.binlog_end()

    def at_end():
        one = admin.sync(running.name)
        place = one["position"]
        return one if (place["file"], place["offset"]) == end and (one["lag_s"], one["lag_bytes"]) == (0, 0) else None

    one = wait_for(at_end, lambda: f"{admin.sync(running.name)} is not at {end}")
    assert (one["state"], one["problems"], one["restarts"], one["rows"], one["messages"]) == ("streaming", [], 0, 4, 4)
    assert one["position"]["gtids"] == gtids_of(site.server)
    assert one["steps"] == {"structure": 0, "copy": 0, "stream": 1}
    assert one["paused_since_ms"] is None and one["pending"] is None
    whole = admin.get("/status")
    assert whole["process"]["pid"] == running.child.pid and whole["process"]["script"] == str(running.path)
    assert whole["process"]["started_ms"] <= one["state_since_ms"] <= one["acknowledged_ms"] + 60000
    assert abs(whole["process"]["time_ms"] - one["saved_ms"]) < 60000
    assert admin.tables(running.name) == {f"{db}.t": {"name": f"{db}.t", "step": "stream", "rows": 3, "estimate": 3}}
    text = run_command(running, "status")
    assert f"process {running.child.pid}, tideway " in text and f"\n{running.name}: streaming, 0.0 s behind\n" in text
    assert f"  position  {end[0]}:{end[1]}, GTIDs " in text and "  rows      4 (" in text
    assert "\n  tables    1 stream\n" in text and "\n  unread    0 bytes of the binlog\n" in text
    assert re.search(rf"^{db}\.t +stream +3$", run_command(running, "tables"), re.M)
    printed = json.loads(run_command(running, "status", "--json"))
    assert printed["syncs"][0]["name"] == running.name
    assert running.stop() == 0


def test_metrics_of_the_script(sync, db, sql):
    """docs/lua-api.md "metrics": copy and stream, which have a Lua state each, share a metric, and status shows it."""
    sql("CREATE TABLE t (id INT PRIMARY KEY)", "INSERT INTO t VALUES (1), (2)")
    running = sync(f'''on_change = (function()
        local metrics = require "tideway.metrics"
        local rows, largest = metrics.counter "rows_total", metrics.histogram("ids", {{ 2, 10 }})
        return function(change) rows:add() largest:observe(change.row.id) end
      end)(),''')
    running.wait_streaming()
    sql("INSERT INTO t VALUES (7)")
    running.wait_rows(f"{db}.t", 3)
    assert json.loads(run_command(running, "status", "--json"))["metrics"] == [
        {"name": "rows_total", "type": "counter", "value": 3},
        {"name": "ids", "type": "histogram", "sum": 10, "count": 3, "buckets": [{"count": 2, "le": 2}, {"count": 3, "le": 10}]}]
    assert "\nmetric rows_total 3\nmetric ids 3 values, sum 10\n" in run_command(running, "status")


def test_progress_of_a_copy(sync, broker, db, sql):
    """Each table is at its step: copied, being copied with the time left, and not begun."""
    sql("CREATE TABLE a (id INT PRIMARY KEY)", "INSERT INTO a SELECT seq FROM seq_1_to_100",
        "CREATE TABLE b (id INT PRIMARY KEY)", "INSERT INTO b SELECT seq FROM seq_1_to_20000",
        "CREATE TABLE c (id INT PRIMARY KEY)", "ANALYZE TABLE a, b, c")
    running = sync("full = { parallel = 1, rows_per_second = 300 },", kafka=broker)
    running.wait_log(r"full sync: 3 of 3 tables to read")
    admin = admin_of(running)

    def reads_b():
        found = admin.tables(running.name)
        return found if found and found[f"{db}.b"].get("percent", 0) > 0 else None

    found = wait_for(reads_b, lambda: admin.tables(running.name))
    one = found[f"{db}.b"]
    assert one["step"] == "copy" and one["rows"] < one["estimate"] and 0 < one["percent"] < 100
    assert one["rows_per_second"] > 0 and one["left_s"] > 0
    assert found[f"{db}.a"]["step"] == "stream" and found[f"{db}.a"]["rows"] == 100
    assert found[f"{db}.c"] == {"name": f"{db}.c", "step": "structure", "rows": 0, "estimate": 0}
    copy = admin.sync(running.name)["copy"]
    assert copy["tables"] == 3 and copy["tables_done"] >= 1 and 100 < copy["rows"] < copy["estimate"]
    assert re.search(r"^  copy      \d of 3 tables, \d+ of about \d+ rows \(\d+ %\), ", run_command(running, "status"), re.M)
    assert re.search(rf"^{db}\.b +copy +\d+ +\d+ +\d+\.\d +\d+  \d", run_command(running, "tables"), re.M)
    assert running.stop() == 0


def test_status_says_why_a_sync_waits(sync, broker, mariadb, sql):
    """A source that is away is a problem with code and remedy, which is gone when the source is back."""
    table(sql)
    link = Link(mariadb.port)
    try:
        running = sync(kafka=broker, port=link.port)
        running.wait_streaming()
        admin = admin_of(running)
        assert admin.sync(running.name)["problems"] == []
        link.close()
        (problem,) = wait_for(lambda: admin.sync(running.name)["problems"], "a problem")
        assert re.fullmatch(r"E-3\d\d", problem["code"]) and problem["remedy"] and problem["retry_ms"] > problem["since_ms"] - 1
        assert f"problem   {problem['code'][:3]}" in run_command(running, "status")
        link = Link(mariadb.port, link.port)
        wait_for(lambda: admin.sync(running.name)["problems"] == [], lambda: admin.sync(running.name))
        assert running.stop() == 0
    finally:
        link.close()


def test_log_level(sync, broker, sql):
    table(sql)
    running = sync(kafka=broker)
    running.wait_streaming()
    admin = admin_of(running)
    assert admin.get("/status")["process"]["log_level"] == "info"
    assert "level debug" in run_command(running, "log-level", "debug")
    assert admin.get("/status")["process"]["log_level"] == "debug"
    assert running.stop() == 0
    assert "DEBUG state: stopping, was streaming" in running.log


def test_watch(sync, broker, db, sql):
    """--watch draws the page again and again on a terminal, and prints a line in each second elsewhere."""
    table(sql, 3)
    running = sync(kafka=broker)
    running.wait_streaming()
    with Terminal([BINARY, "status", running.path, "--watch"], running.folder / "errors", cwd=running.folder) as terminal:
        terminal.wait(rf"\n{running.name}: streaming, 0\.0 s behind\x1b\[K\n  tables    1 stream\x1b\[K\n")
        terminal.wait(r"\x1b\[Hprocess (?s:.*)\x1b\[Hprocess ")
    with Terminal([BINARY, "tables", running.path, "--watch"], running.folder / "errors", cwd=running.folder) as terminal:
        terminal.wait(rf"(?s)\x1b\[Htable .*\n{db}\.t +stream +3\x1b\[K\n\x1b\[J")
    printed = running.folder / "watched"
    watching = process.spawn([BINARY, "status", running.path, "--watch"], printed, running.folder / "errors", cwd=running.folder)
    line = rf"\d\d:\d\d:\d\d {running.name}: streaming, \d+\.\d s behind, 0 bytes unread, 3 rows, \d+ rows/s\n"
    wait_for(lambda: re.search(line + line, printed.read_text()), printed.read_text)
    assert running.stop() == 0
    watching.wait(DEADLINE_S)
    assert watching.returncode == 2


def test_unread_binlog(sync, broker, mariadb, db, sql):
    """What the server has written and the stream has not read, across several files of the binlog."""
    table(sql)
    link = Link(mariadb.port)
    try:
        running = sync(heartbeat="0.5", kafka=broker, port=link.port)
        running.wait_streaming()
        admin = admin_of(running)
        wait_for(lambda: admin.sync(running.name)["lag_bytes"] == 0, lambda: admin.sync(running.name))
        sql("INSERT INTO t VALUES (2)")
        running.wait_rows(f"{db}.t", 2)
        link.hold_stream(mariadb)
        sql("CREATE TABLE fill (id INT PRIMARY KEY, s LONGTEXT)", "INSERT INTO fill VALUES (1, REPEAT('x', 100000))",
            "FLUSH BINARY LOGS", "INSERT INTO fill VALUES (2, REPEAT('x', 200000))", "FLUSH BINARY LOGS",
            "INSERT INTO fill VALUES (3, REPEAT('x', 400000))")
        one = wait_for(lambda: unread(admin, running, 700000), lambda: admin.sync(running.name))
        assert one["lag_bytes"] < 800000 and one["lag_s"] > 0
        assert re.search(r"\n  unread    70\d KB of the binlog\n", run_command(running, "status"))
        link.let_go()
        wait_for(lambda: admin.sync(running.name)["lag_bytes"] == 0, lambda: admin.sync(running.name))
        assert running.stop() == 0
    finally:
        link.close()


def unread(admin, running, bytes_):
    one = admin.sync(running.name)
    return one if one["lag_bytes"] >= bytes_ else None


# ---- pause ----


def test_pause_of_a_stream(site):
    """A paused sync reads nothing, also after a restart. It ends with 0, and continues at its position: no row is lost and none
    comes twice."""
    db, sql = site.db, site.sql
    site.table("t", 3)
    running = site.sync()
    running.wait_streaming()
    admin = admin_of(running)
    sql("INSERT INTO t VALUES (10)")
    running.wait_rows(f"{db}.t", 4)
    out = run_command(running, "pause")
    assert f"Sync '{running.name}' is paused at " in out and "'tideway resume'" in out
    paused = admin.sync(running.name)
    assert paused["state"] == "paused" and paused["paused_since_ms"] > 0 and paused["pending"] is None
    assert f"{running.name}: paused" in run_command(running, "status")
    assert run_command(running, "pause") == out  # again: it has no further effect
    sql("INSERT INTO t VALUES (11)")
    assert running.stop() == 0
    assert re.search(rf"INFO  run: {running.name} stopped \(paused\), rows=4", running.log)

    running.start()
    running.wait_log(r"INFO  paused, also after a restart, until 'tideway resume'; the position waits at ")
    again = wait_state(admin, running.name, "paused")
    assert again["position"] == paused["position"] and again["paused_since_ms"] == paused["paused_since_ms"]
    assert again["rows"] == 0
    assert "is not paused any more and continues at" in run_command(running, "resume")
    found = running.wait_rows(f"{db}.t", 5)
    assert sorted(m.row["id"] for m in found) == [1, 2, 3, 10, 11]
    running.wait_log("INFO  the pause has ended")
    assert admin.sync(running.name)["paused_since_ms"] is None
    sql("INSERT INTO t VALUES (12)")
    running.wait_rows(f"{db}.t", 6)
    assert running.stop() == 0

    running.start().wait_streaming()  # the record is gone
    assert running.stop() == 0


def test_pause_of_a_copy(sync, broker, db, sql):
    """The copy ends early. Finished tables are not copied again after the pause."""
    sql("CREATE TABLE a (id INT PRIMARY KEY)", "INSERT INTO a SELECT seq FROM seq_1_to_50",
        "CREATE TABLE b (id INT PRIMARY KEY)", "INSERT INTO b SELECT seq FROM seq_1_to_3000")
    running = sync("full = { parallel = 1, rows_per_second = 400 },", kafka=broker)
    running.wait_log(r"full sync: 2 of 2 tables to read")
    admin = admin_of(running)
    wait_for(lambda: admin.sync(running.name)["copy"]["tables_done"] == 1, lambda: admin.tables(running.name))
    run_command(running, "pause")
    one = admin.sync(running.name)
    assert one["state"] == "paused" and one["copy"]["tables_done"] == 1
    sql("INSERT INTO a VALUES (1000)", "INSERT INTO b VALUES (10000)")
    running.write(running.path.read_text().replace("rows_per_second = 400", "rows_per_second = 0"))
    assert running.stop() == 0
    running.start()
    wait_state(admin, running.name, "paused")
    run_command(running, "resume")
    running.wait_streaming()
    assert sorted(m.row["id"] for m in running.wait_rows(f"{db}.a", 51)) == [*range(1, 51), 1000]
    all_ = rows(running.until(f"{db}.b", lambda m: any(x.row["id"] == 10000 and not x.full for x in rows(m)), "the new row"))
    assert {m.row["id"] for m in all_} == {*range(1, 3001), 10000}
    assert running.stop() == 0


def test_pause_while_the_source_is_away(sync, broker, mariadb, db, sql):
    """The source is not needed for a pause, nor for its end."""
    table(sql)
    link = Link(mariadb.port)
    try:
        running = sync(kafka=broker, port=link.port)
        running.wait_streaming()
        admin = admin_of(running)
        link.close()
        wait_for(lambda: admin.sync(running.name)["problems"], "a problem")
        run_command(running, "pause")
        one = admin.sync(running.name)
        assert one["state"] == "paused" and one["problems"] == []
        assert running.stop() == 0
        running.start()
        wait_state(admin, running.name, "paused")
        run_command(running, "resume")
        wait_state(admin, running.name, "waiting")
        assert admin.sync(running.name)["paused_since_ms"] is None
        link = Link(mariadb.port, link.port)
        running.wait_streaming()
        sql("INSERT INTO t VALUES (2)")
        running.wait_rows(f"{db}.t", 2)
        assert running.stop() == 0
    finally:
        link.close()


def test_pause_while_kafka_is_away(sync, kafka, proxy, db, sql):
    """The command says what it waits for. Killed before the checkpoint is saved, it has had no effect."""
    table(sql)
    running = sync(brokers=kafka.proxied)
    running.wait_streaming()
    admin = admin_of(running)
    proxy.set("refuse")
    asking = running.begin_command("pause")
    asking.wait_text("waiting for sync")
    assert asking.running
    running.kill9()
    asking.ends(2)
    proxy.reset()
    running.start().wait_streaming()
    assert admin.sync(running.name)["paused_since_ms"] is None

    proxy.set("refuse")
    asking = running.begin_command("pause")
    wait_for(lambda: admin.sync(running.name)["state"] == "pausing", lambda: admin.sync(running.name))
    proxy.reset()
    asking.ends(0)
    assert admin.sync(running.name)["state"] == "paused"
    sql("INSERT INTO t VALUES (2)")
    run_command(running, "resume")
    running.wait_rows(f"{db}.t", 2)
    assert running.stop() == 0


def test_kills_during_commands(sync, broker, db, sql):
    """kill -9 at any moment of a pause or its end: the sync is paused afterwards or it is not, and no row is lost."""
    table(sql)
    running = sync(kafka=broker)
    admin = admin_of(running)
    running.wait_streaming()
    for turn in range(6):
        word = "pause" if turn % 2 == 0 else "resume"
        asking = running.begin_command(word)
        if turn < 4:  # as early as possible, and when the process has taken the command
            wait_for(lambda: turn < 2 or not asking.running or admin.sync(running.name)["pending"], "the command")
        else:
            asking.wait_exit()
        running.kill9()
        ended = asking.wait_exit()
        sql(f"INSERT INTO t VALUES ({100 + turn})")
        running.start()
        wait_for(lambda: admin.state(running.name) in ("paused", "streaming"), lambda: running.log[-2000:])
        state = admin.state(running.name)
        if ended == 0:
            assert state == ("paused" if word == "pause" else "streaming")
    run_command(running, "resume")
    found = rows(running.until(f"{db}.t", lambda m: {x.row["id"] for x in rows(m)} >= {1, *range(100, 106)}, "all rows"))
    assert {m.row["id"] for m in found} == {1, *range(100, 106)}
    assert running.stop() == 0


@pytest.mark.slow
def test_pause_watches_the_binlog(sync_on, mariadb_server, broker):
    """Rule: retention-watch. While a sync is paused, a warning at 80 % of the retention, and the end when what it needs is gone."""
    server = mariadb_server()
    server.run("CREATE DATABASE d", "CREATE TABLE d.t (id INT PRIMARY KEY)", "SET GLOBAL binlog_expire_logs_seconds = 10")
    running = sync_on(server, broker, ["d.*"]).start()
    running.wait_streaming()
    run_command(running, "pause")
    running.wait_log(r"WARN .*the server keeps it for 10 s: raise binlog_expire_logs_seconds")
    admin = admin_of(running)
    wait_for(lambda: admin.sync(running.name)["lag_bytes"] is not None, "the bytes that are unread")  # set right after the warning
    (problem,) = admin.sync(running.name)["problems"]
    assert problem["code"] == "E-410" and "the server keeps it for 10 s" in problem["message"]
    server.run("SET GLOBAL binlog_expire_logs_seconds = 0", "INSERT INTO d.t VALUES (1)", "FLUSH BINARY LOGS", "FLUSH BINARY LOGS")

    def purge():
        names = [row[0] for row in server.run("SHOW BINARY LOGS")]
        server.run(f"PURGE BINARY LOGS TO '{names[-1]}'")
        return server.run("SHOW BINARY LOGS")[0][0] == names[-1]

    wait_for(purge, "the binlog is purged")
    running.fails(4, "ERROR E-410: .*still needed", "binlog_expire_logs_seconds")


# ---- several syncs ----


def test_several_syncs(isolated_sources, db, sql, unique):
    """One socket for the process. A command names one of several syncs; the others go their way."""
    running = isolated_sources("")
    name = unique[:40]
    admin = Admin(admin_of(running).path.with_name(f"{name}.a.sock"))
    assert [one["name"] for one in admin.get("/status")["syncs"]] == [f"{name}.a", f"{name}.b"]
    error = run_command(running, "pause", code=2)
    assert f"E-211: the process runs 2 syncs. Name one with --sync: '{name}.a', '{name}.b'" in error
    error = run_command(running, "pause", "--sync", "c", code=2)
    assert f"E-211: there is no sync 'c' in this process. It runs '{name}.a', '{name}.b'" in error
    run_command(running, "pause", "--sync", f"{name}.a")
    assert [one["state"] for one in admin.get("/status")["syncs"]] == ["paused", "streaming"]
    sql("INSERT INTO a VALUES (1)", "INSERT INTO b VALUES (1)")
    running.until("b", rows, "a row of b")
    assert f"{name}.b: streaming" not in run_command(running, "status", "--sync", f"{name}.a")
    run_command(running, "resume", "--sync", f"{name}.a")
    running.until("a", rows, "a row of a")
    assert running.stop() == 0


# ---- errors ----


def test_no_process(sync_on, mariadb, broker, db, sql, tmp_path):
    running = sync_on(mariadb, broker, [f"{db}.*"])
    error = run_command(running, "status", code=2)
    assert re.search(rf"E-209: no process answers on \S*/{running.name}\.sock", error)
    assert f"Start it with 'tideway run {running.path}', or name its socket with --socket PATH" in error
    error = subprocess.run([BINARY, "pause", "--socket", "nothing.sock"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert error.returncode == 2 and "E-209: no process answers on nothing.sock" in error.stderr
    off = sync_on(mariadb, broker, [f"{db}.*"], "admin = false,")
    assert re.search(r"E-209: \S*sync\.lua:\d+: the script sets admin = false", run_command(off, "status", code=2))


def test_bad_requests(sync, broker, sql):
    """Each mistake has its status and its code."""
    table(sql)
    running = sync(kafka=broker)
    running.wait_streaming()
    admin = admin_of(running)
    cases = [
        ("GET", "/nothing", None, 404, "E-212"),
        ("GET", f"/syncs/{running.name}x", None, 404, "E-211"),
        ("GET", f"/syncs/{running.name}/pause", None, 405, "E-213"),
        ("DELETE", "/status", None, 405, "E-213"),
        ("POST", "/log-level", "{", 400, "E-214"),
        ("POST", "/log-level", {"level": "loud"}, 400, "E-214"),
        ("POST", f"/syncs/{running.name}/pause", {"for": "ever"}, 400, "E-214"),
        ("POST", "/log-level", " " * 70000, 413, "E-215"),
    ]
    for method, path, body, status, code in cases:
        found, answer = admin.ask(method, path, body)
        assert (found, answer["error"]["code"]) == (status, code), (method, path, answer)
        assert answer["error"]["message"] and answer["error"]["remedy"]
    found, answer = admin.ask("POST", "/log-level", (b" " * 1000 for _ in range(100)))  # of unknown length
    assert (found, answer["error"]["code"]) == (413, "E-215")
    error = run_command(running, "log-level", "loud", code=2)
    assert "E-214: 'loud' is not a value of level: debug|info|warn|error" in error
    assert admin.sync(running.name)["state"] == "streaming"
    assert running.stop() == 0


def test_port(sync, sync_on, mariadb, broker, db, sql):
    """The port takes the token only. Without a token it reads only, and listens on loopback only."""
    table(sql)
    port = process.free_port()
    running = sync(f'admin = {{ http = "127.0.0.1:{port}", token = "sesame" }},', kafka=broker)
    running.wait_streaming()
    for token in (None, "sesam", "sesame2", "Sesame"):
        status, answer = Admin(port=port, token=token).ask("GET", "/status")
        assert (status, answer["error"]["code"]) == (401, "E-216")
    with_token = Admin(port=port, token="sesame")
    assert with_token.sync(running.name)["state"] == "streaming"
    assert with_token.ask("POST", f"/syncs/{running.name}/pause")[0] == 200
    wait_state(with_token, running.name, "paused")
    assert admin_of(running).sync(running.name)["state"] == "paused"  # the Unix socket is there, too
    assert "sesame" not in running.log

    other = sync_on(mariadb, broker, [f"{db}.*"], f'admin = {{ http = "127.0.0.1:{port}" }},').start()
    other.fails(1, rf"ERROR E-139: \S*sync\.lua:\d+: admin: http = \"127\.0\.0\.1:{port}\" cannot be opened: Address already in use")
    assert running.stop() == 0
    other.start().wait_streaming()
    reads = Admin(port=port)
    assert reads.sync(other.name)["state"] == "streaming"
    status, answer = reads.ask("POST", f"/syncs/{other.name}/pause")
    assert (status, answer["error"]["code"]) == (403, "E-217")
    assert other.stop() == 0
    open_ = sync_on(mariadb, broker, [f"{db}.*"], f'admin = {{ http = "0.0.0.0:{port}" }},').start()
    open_.fails(1, r"ERROR E-139: \S*sync\.lua:\d+: .*can be reached from other machines\. Set a token")


def test_options_hold_for_the_process(sync_on, mariadb, broker):
    """Two calls of sync.run with different admin options are refused at the line of the second."""
    calls = "\n".join(
        f'sync.run {{ name = "{name}", source = source.mysql {{ user = "u", tables = "a.b" }}, '
        f'sink = kafka.lines {{}}, admin = {{ socket = "{name}.sock" }} }}' for name in ("one", "two"))
    running = sync_on(mariadb, broker, [], script=PROLOGUE + calls).start()
    line = PROLOGUE.count("\n") + 1
    running.fails(1, rf"ERROR E-107: \S*sync\.lua:{line + 1}: admin holds for the process, and the sync\.run in line {line} has another one")


# ---- security ----


def mode(path):
    return stat.S_IMODE(os.stat(path).st_mode)


def test_default_socket(sync, broker, sql, short_folder):
    """The folder and the socket belong to the user alone. The socket is gone when the process has ended, and one that a killed
    process has left is replaced."""
    table(sql)
    env = {"XDG_RUNTIME_DIR": short_folder}
    running = sync(kafka=broker, env=env)
    running.wait_streaming()
    path = f"{short_folder}/tideway/{running.name}.sock"
    assert mode(path) == 0o600 and mode(f"{short_folder}/tideway") == 0o700
    assert "streaming" in run_command(running, "status", env=env)
    running.kill9()
    assert os.path.exists(path)
    assert "E-209" in run_command(running, "status", code=2, env=env)
    running.start(env=env).wait_streaming()
    assert "streaming" in run_command(running, "status", env=env)
    assert running.stop() == 0
    assert not os.path.exists(path)


def test_unsafe_folder(sync, broker, sql, short_folder):
    """A folder to which others can write is not used. The sync runs without the socket, which it logs."""
    table(sql)
    os.mkdir(f"{short_folder}/tideway")
    os.chmod(f"{short_folder}/tideway", 0o777)
    running = sync(kafka=broker, env={"XDG_RUNTIME_DIR": short_folder})
    running.wait_streaming()
    assert re.search(r"WARN  the folder \S+/tideway must belong to this user, who alone may write to it\. .*"
                     r"Commands do not reach this process", running.log)
    assert os.listdir(f"{short_folder}/tideway") == []
    assert running.stop() == 0


def test_named_socket(sync, sync_on, mariadb, broker, db, sql, short_folder):
    """A socket that the script names: that of a running process is refused, and so are other files and long paths."""
    table(sql)
    path = f"{short_folder}/s.sock"
    running = sync(f'admin = {{ socket = "{path}" }},', kafka=broker)
    running.wait_streaming()
    assert mode(path) == 0o600
    assert "streaming" in run_command(running, "status")
    done = subprocess.run([BINARY, "status", "--socket", path, "--json"], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)["process"]["pid"] == running.child.pid

    def refuses(socket_path, why):
        other = sync_on(mariadb, broker, [f"{db}.*"], f'admin = {{ socket = "{socket_path}" }},').start()
        other.fails(1, rf"ERROR E-138: \S*sync\.lua:\d+: admin\.socket: {why}")

    refuses(path, rf"process {running.child.pid} uses the socket ")
    refuses(f"{short_folder}/{'x' * 120}", r"the path \S+ has \d+ bytes, and that of a socket may have 107")
    refuses(f"{short_folder}/no/s.sock", r"the socket \S+ cannot be opened: No such file or directory")
    with open(f"{short_folder}/file", "w", encoding="ascii") as file:
        file.write("data")
    refuses(f"{short_folder}/file", r"\S+ exists and is not a socket")
    assert open(f"{short_folder}/file", encoding="ascii").read() == "data"
    assert running.stop() == 0
    assert not os.path.exists(path)


def test_two_processes_of_a_name(sync, sync_on, mariadb, broker, db, sql):
    """The newer process has the default socket, as it has the checkpoint. The end of the older one does not remove it."""
    table(sql)
    older = sync(kafka=broker)
    older.wait_streaming()
    newer = sync_on(mariadb, broker, [f"{db}.*"], name=older.name).start()
    older.fails(6, "E-601|another process")
    newer.wait_streaming()
    assert admin_of(newer).get("/status")["process"]["pid"] == newer.child.pid
    assert newer.stop() == 0


def test_slow_clients(sync, broker, sql):
    """Clients that send nothing, or half a request, do not keep others away for long, and the sync does not notice them."""
    table(sql)
    port = process.free_port()
    running = sync(f'admin = {{ http = "127.0.0.1:{port}" }},', kafka=broker)
    running.wait_streaming()
    admin = admin_of(running)
    slow = []
    for _ in range(60):
        slow.append(socket.create_connection(("127.0.0.1", port)))
        slow[-1].sendall(b"POST /log-level HTTP/1.1\r\nHost: x\r\nContent-Le")
    assert admin.sync(running.name)["state"] == "streaming"  # the Unix socket has places of its own
    for _ in range(60):
        one = socket.socket(socket.AF_UNIX)
        one.settimeout(DEADLINE_S)
        one.connect(str(admin.path))
        slow.append(one)
    assert admin.sync(running.name)["state"] == "streaming"  # when the idle connections were closed
    assert Admin(port=port).sync(running.name)["state"] == "streaming"
    for one in slow:
        one.close()
    assert running.stop() == 0


@pytest.mark.slow
def test_trickling_client(sync, broker, sql):
    """A client that sends a byte now and then loses its connection. One whose requests are answered keeps it."""
    table(sql)
    running = sync(kafka=broker)
    running.wait_streaming()
    admin = admin_of(running)
    kept = admin.connect()
    slow = socket.socket(socket.AF_UNIX)
    slow.connect(str(admin.path))
    slow.settimeout(0.2)
    slow.sendall(b"GET /status HTTP/1.1\r\nX-Header: ")

    def is_closed():
        kept.request("GET", "/status")
        assert kept.getresponse().read()
        try:
            slow.sendall(b"a")
            return slow.recv(1) == b""
        except TimeoutError:
            return False
        except OSError:
            return True

    wait_for(is_closed, "the slow connection is closed")
    kept.close()
    slow.close()
    assert running.stop() == 0


# ---- the page ----


def test_endpoints_are_all_there(sync, broker, sql):
    """docs/admin.md lists the endpoints of GET /, with the same words."""
    table(sql)
    running = sync(kafka=broker)
    running.wait_streaming()
    rows_ = []
    for one in admin_of(running).get("/")["endpoints"]:
        arguments = "; ".join(
            f"`{a['name']}`: " + (", ".join(f"`{c}`" for c in a["choices"].split("|")) if "choices" in a else a["help"])
            for a in one["arguments"])
        rows_.append((f"{one['method']} {one['path']}", arguments, one["help"]))
    page = (ROOT / "docs/admin.md").read_text()
    assert re.findall(r"^\| `((?:GET|POST) \S+)` \| (.*?) ?\| (.*) \|$", page, re.M) == rows_
    assert running.stop() == 0
