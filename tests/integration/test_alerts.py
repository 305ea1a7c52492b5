"""on_alert: the kinds of alerts, each raised once and resolved. A faulty on_alert does not disturb a sync."""

import re

import pytest
from support.link import Link
from support.wait import wait_for

# one line for each alert
PRINT = """on_alert = function(a)
print(("alert: %s %s %s %s %s %s %s"):format(a.sync, a.kind, a.severity, a.resolved and "resolved" or "raised", a.code, a.table, a.text))
assert(a.time >= a.since and a.since > 1700000000000)
end,
"""
QUICK = {"TIDEWAY_ALERT_MS": "300"}


def alerts(running, kind):
    """The alerts of a kind so far, as (raised or resolved, rest of the line)."""
    return re.findall(rf"INFO  alert: {re.escape(running.name)} {kind} \w+ (\w+) (.*)", running.log)


def wait_resolved(running, kind):
    running.wait_log(rf"alert: \S+ {kind} \w+ resolved")
    raised, resolved = alerts(running, kind)
    assert (raised[0], resolved[0]) == ("raised", "resolved")
    return raised[1], resolved[1]


def test_retried_attempts(sync, broker, db, sql):
    """Two attempts fail, and then the sync streams: one warning, and one alert that it is resolved."""
    sql("CREATE TABLE t (id INT PRIMARY KEY)", "INSERT INTO t VALUES (1)")
    running = sync(PRINT, kafka=broker, fault="stream_start:1,stream_start:2", env=QUICK)
    raised, resolved = wait_resolved(running, "retrying")
    assert len(re.findall(r"WARN .*starting again from the checkpoint", running.log)) == 2, running.log
    assert re.fullmatch(r"E-899 nil before the stream: fault injected; starting again from the checkpoint in 0\.5 s", raised)
    assert re.fullmatch(r"E-899 nil the sync works again after \d+\.\d s", resolved)
    running.wait_rows(f"{db}.t", 1)
    assert running.stop() == 0
    assert "failed critical" not in running.log


def test_end_with_an_error(sync, broker, mariadb, db, sql):
    """An error that ends the sync is a critical alert, before on_stop is called."""
    sql("CREATE TABLE t (id INT PRIMARY KEY)")
    running = sync(PRINT + 'on_stop = function(reason) print("stop: " .. reason) end,', kafka=broker)
    running.wait_streaming()
    mariadb.run("SET binlog_format = 'STATEMENT'", "INSERT INTO t VALUES (1)", db=db)
    log = running.fails(7)
    alert, stop, error = [line for line in log.splitlines() if "stopped, rows=" not in line][-3:]
    assert re.search(rf"alert: {running.name} failed critical raised E-739 nil statement at .*binlog_format = ROW", alert), log[-2000:]
    assert stop.endswith("stop: failed")
    assert "ERROR E-739" in error


def test_every_source_of_a_list(isolated_sources, mariadb, db):
    """Each source of a list has its alerts, under its own name."""
    running = isolated_sources(PRINT)
    mariadb.run("SET binlog_format = 'STATEMENT'", "INSERT INTO b VALUES (1)", db=db)
    running.wait_log(rf"alert: {re.escape(running.name)}\.b failed critical raised E-739")
    assert f"alert: {running.name}.a" not in running.log
    running.must_run()


def test_source_away(sync, broker, mariadb, sql):
    """A source that is away for longer than the documented time raises one alert, which is resolved when it returns."""
    sql("CREATE TABLE t (id INT PRIMARY KEY)")
    link = Link(mariadb.port)
    try:
        running = sync(PRINT, kafka=broker, port=link.port, env=QUICK)
        running.wait_streaming()
        link.close()
        running.wait_log(r"(?s)alert: \S+ source_away warning raised.*\n\S+ WARN .*connecting again.*\n\S+ WARN .*connecting again")
        link = Link(mariadb.port, link.port)
        raised, resolved = wait_resolved(running, "source_away")
        assert "connecting again" in raised
        assert "the source can be reached again after" in resolved
        assert not alerts(running, "retrying")
        assert running.stop() == 0
    finally:
        link.close()


def test_kafka_away(sync, proxy, kafka, db, sql):
    """The same for Kafka. A short outage raises none."""
    sql("CREATE TABLE t (id INT PRIMARY KEY)")
    running = sync(PRINT, brokers=kafka.proxied, env={"TIDEWAY_ALERT_MS": "1500"})
    running.wait_streaming()
    proxy.set("refuse")
    sql("INSERT INTO t VALUES (1)")
    running.wait_log(r"alert: \S+ kafka_away warning raised nil nil .*no broker can be reached")
    proxy.reset()
    raised, resolved = wait_resolved(running, "kafka_away")
    assert "waiting, nothing is lost" in raised
    assert "Kafka can be reached again after" in resolved
    running.wait_rows(f"{db}.t", 1)
    assert running.stop() == 0


def test_failover(sync_on, broker, mariadb, db, sql):
    """Using another host of the source raises an alert; the first choice does not."""
    sql("CREATE TABLE t (id INT PRIMARY KEY)")
    first, second = Link(mariadb.port), Link(mariadb.port)
    try:
        hosts = [f"127.0.0.1:{link.port}" for link in (first, second)]
        running = sync_on(mariadb, broker, [f"{db}.*"], PRINT, host=None, hosts=hosts).start()
        running.wait_streaming()
        assert not alerts(running, "failover")
        first.close()
        running.wait_log(r"alert: \S+ failover warning raised")
        assert alerts(running, "failover") == [("raised", f"nil nil source: using {hosts[1]} instead of {hosts[0]}")]
        running.wait_log(rf"INFO  source: using {hosts[1]}")
        assert running.stop() == 0
    finally:
        first.close()
        second.close()


@pytest.mark.parametrize(("body", "error"), [
    ("while true do end", r"ERROR E-137: on_alert: sync\.lua:\d+: stopped after 5 s"),
    ('error("no mail server")', r"ERROR E-136: on_alert: sync\.lua:\d+: no mail server"),
], ids=["endless", "raises"])
def test_bad_function(sync, broker, db, sql, body, error):
    """An on_alert that does not return is cut off, one that raises is logged. Rows flow meanwhile, and the next alert
    is raised."""
    sql("CREATE TABLE t (id INT PRIMARY KEY)")
    running = sync(f"on_alert = function(a) print('calls ' .. a.kind .. ' ' .. tostring(a.resolved)) {body} end,", kafka=broker,
                   fault="stream_start:1", env=QUICK)
    running.wait_log("calls retrying false")
    running.wait_streaming()
    sent = 0
    while not re.search(error, running.log):
        sent += 1
        sql(f"INSERT INTO t VALUES ({sent})")
        running.wait_rows(f"{db}.t", sent)
    running.wait_log(f"(?s){error}.*calls retrying true.*{error}")
    wait_for(lambda: len(re.findall(error, running.log)) == 2, lambda: running.log[-2000:])
    running.must_run()
    assert running.stop() == 0
