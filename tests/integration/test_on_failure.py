"""Several syncs in one process: what the failure of one does to the others (on_failure), and the exit code."""

import re
import signal

import pytest
from support.runner import PROLOGUE, STREAMING, lua


@pytest.fixture
def two(sync_on, mariadb, broker, db, unique):
    """two(on_failure): a running process of two syncs: `good` of table good, `bad` of table bad. Both use the embedded broker."""

    def make(on_failure):
        syncs = []
        for name in ("good", "bad"):
            described = {"host": "127.0.0.1", "port": mariadb.port, "user": mariadb.user,
                         "password": mariadb.password, "tables": [f"{db}.{name}"]}
            syncs.append(f"""sync.run {{
name = "{unique[:40]}.{name}", source = source.mysql {lua(described)},
sink = kafka.sink {{ brokers = "{broker.bootstrap}" }}, heartbeat = false,
checkpoint = {{ file = "{name}.checkpoint" }}, on_failure = "{on_failure}",
topic = {{ template = "${{db_name_src}}.${{table_name_src}}" }},
}}""")
        running = sync_on(None, broker, [], name=unique[:40], script=PROLOGUE + "\n".join(syncs))
        running.start()
        for name in ("good", "bad"):
            running.wait_log(rf"\.{name}: {STREAMING}")
        return running

    return make


@pytest.fixture
def tables(sql):
    """Two tables of the same form."""
    sql("CREATE TABLE good (id INT PRIMARY KEY)", "CREATE TABLE bad (id INT PRIMARY KEY)")


def break_bad(mariadb, db):
    """The binlog has a change of `bad` as a statement, which no sync can read."""
    mariadb.run("SET binlog_format = 'STATEMENT'", "INSERT INTO bad VALUES (1)", db=db)


REASON = r"binlog_format = ROW"


def test_isolated_failure(two, tables, mariadb, db, sql):
    """With "isolate" one sync fails, the log has its error at once, and the other sync continues to send rows. SIGTERM then ends
    the process with the exit code of the failure. The other sync has stopped cleanly: it has nothing to send again."""
    running = two("isolate")
    break_bad(mariadb, db)
    running.wait_log(rf"ERROR \S*\.bad: .*{REASON}.*only this sync ends")
    for number in range(1, 4):
        sql(f"INSERT INTO good VALUES ({number})")
        running.wait_rows(f"{db}.good", number)
    running.must_run()
    assert running.stop(signal.SIGTERM) == 7, running.log[-3000:]
    assert re.search(rf"ERROR {running.name}\.bad: .*{REASON}", running.log.splitlines()[-1]), running.log[-3000:]
    assert "will be sent again" not in running.log
    running.start()
    running.wait_log(rf"\.good: {STREAMING}")
    running.wait_log(rf"ERROR \S*\.bad: .*{REASON}")
    sql("INSERT INTO good VALUES (4)")
    running.wait_rows(f"{db}.good", 4)


def test_last_isolated_sync_ends_the_process(two, tables, mariadb, db):
    """When every sync has failed, the process ends by itself with the code of the first failure."""
    running = two("isolate")
    break_bad(mariadb, db)
    running.wait_log(rf"ERROR \S*\.bad: .*{REASON}")
    mariadb.run("SET binlog_format = 'STATEMENT'", "INSERT INTO good VALUES (1)", db=db)
    log = running.fails(7, rf"ERROR \S*\.good: .*{REASON}")
    assert re.search(rf"ERROR {running.name}\.bad: ", log.splitlines()[-1]), log[-3000:]


def test_failure_ends_all_by_default(two, tables, mariadb, db):
    """With "exit" the first failure stops the other sync, which ends cleanly; the error is the last line of the log."""
    running = two("exit")
    break_bad(mariadb, db)
    log = running.fails(7, rf"ERROR {running.name}\.bad: .*{REASON}", rf"run: {running.name}\.good stopped")
    assert len(re.findall(REASON, log)) == 1, log[-3000:]
