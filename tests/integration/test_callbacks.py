"""Functions of the script outside of the lanes: on_start, on_stop and every; also the threads of a sync."""

import re
from pathlib import Path

from support.wait import wait_for


def test_order_and_reasons(sync, mariadb, db, sql):
    """on_start is called before the source is contacted, the timer while the sync runs, on_stop after its end."""
    sql("CREATE TABLE t (id INT PRIMARY KEY)")
    running = sync("""
on_start = function() print("starts") end,
every = { seconds = 0.2, function() print("ticks") end },
on_stop = function(reason, message) print("ends: " .. reason .. ", " .. tostring(message)) end,
""")
    running.wait_streaming()
    running.wait_log("(?s)ticks.*ticks")
    assert running.stop() == 0
    lines = [line.split(" ", 1)[1].strip() for line in running.log.splitlines()]
    assert lines[0] == "INFO  starts", lines
    assert lines[-1] == "INFO  ends: stopped, nil", lines


def test_on_stop_gets_the_error(sync, mariadb, db, sql):
    """A sync that fails calls on_stop with the text of the error, which is the last line of the log, too."""
    sql("CREATE TABLE t (id INT PRIMARY KEY)")
    running = sync('on_stop = function(reason, message) print(reason .. ": " .. message) end,')
    running.wait_streaming()
    mariadb.run("SET binlog_format = 'STATEMENT'", "INSERT INTO t VALUES (1)", db=db)
    log = running.fails(7)
    stopped, last = log.splitlines()[-2:]
    assert re.search(r"INFO  failed: .*binlog_format = ROW", stopped), log[-2000:]
    assert last.endswith(": " + stopped.split("failed: ")[1]), log[-2000:]


def test_on_stop_gets_the_first_failure(isolated_sources, mariadb, db):
    """With a list of sources on_stop gets the first failure, at any place of its source in the list."""
    running = isolated_sources('on_stop = function(reason, message) print("ends: " .. reason .. ", " .. message) end')
    for table in ("b", "a"):
        mariadb.run("SET binlog_format = 'STATEMENT'", f"INSERT INTO {table} VALUES (1)", db=db)
        running.wait_log(rf"ERROR \S+\.{table}: E-739: ")
    log = running.fails(7)
    assert re.search(r"ends: failed, .*INSERT INTO b VALUES", log), log[-2000:]


def test_on_start_refuses(sync_on, mariadb, kafka, db):
    """An error of on_start ends the process with 1 before anything connects."""
    running = sync_on(mariadb, kafka, [f"{db}.*"], 'on_start = function() error("not today") end,').start()
    log = running.fails(1, r"ERROR E-136: sync '\S+': on_start: sync\.lua:\d+: not today")
    assert len(log.splitlines()) == 1, log


def test_a_blocking_timer_stops_no_rows(sync, db, sql):
    """A function that does not return is stopped after five seconds. Rows keep flowing and positions are saved meanwhile, and the
    function is called again."""
    sql("CREATE TABLE t (id INT PRIMARY KEY)")
    running = sync("every = { seconds = 0.3, function() print('blocks') while true do end end },")

    def calls():
        return running.log.count("INFO  blocks"), len(re.findall(r"ERROR E-137: every: sync\.lua:\d+: stopped after 5 s", running.log))

    running.wait_streaming()
    begun, stopped = wait_for(lambda: (lambda n: n[0] > n[1] > 0 and n)(calls()), lambda: running.log[-2000:])
    sent = 0
    while calls() == (begun, stopped):
        sent += 1
        sql(f"INSERT INTO t VALUES ({sent})")
        running.wait_rows(f"{db}.t", sent)
    assert sent > 5
    running.must_run()
    assert running.stop() == 0


def own_threads(pid):
    """Names of the threads other than main and those of librdkafka."""
    tasks = (task for task in Path(f"/proc/{pid}/task").iterdir() if task.name != str(pid))
    names = [(task / "comm").read_text().strip() for task in tasks]
    return sorted(name for name in names if not name.startswith("rdk:"))


def test_threads_of_an_idle_sync(sync, sql):
    """An idle sync has three threads: the supervisor, the stream lane, and the one that asks the source for its clock.
    Functions outside of the lanes take one more for the whole process, and so do the commands that steer it."""
    sql("CREATE TABLE t (id INT PRIMARY KEY)")
    running = sync(heartbeat="0.2")
    running.wait_streaming()
    wait_for(lambda: own_threads(running.child.pid) == ["admin", "clock", "stream", "sync"],
             lambda: own_threads(running.child.pid))
    assert running.stop() == 0
