"""A list of sources: one sync follows several servers into the same topics."""

import re
import time

import pytest
from support.consume import heartbeats, rows
from support.runner import PROLOGUE, STREAMING, lua
from support.wait import wait_for

OPTIONS = """
fields = { origin = "${DATASOURCE_NAME_SRC}" }, key = { "origin", "id" },
"""


@pytest.fixture
def west(mariadb_server, db):
    """The second server; the first is the shared one. Both have the test's database."""
    server = mariadb_server()
    server.run(f"CREATE DATABASE `{db}` CHARACTER SET utf8mb4")
    return server


@pytest.fixture
def both(sync_on, mariadb, kafka, db, unique):
    """both(west, options): a sync of db.* from the two, not started yet; topics are db.table."""

    def make(west, options="", heartbeat="false", tables=None):
        sources = []
        for name, server in (("east", mariadb), ("west", west)):
            described = {"name": name, "host": "127.0.0.1", "port": server.port, "user": server.user,
                         "password": server.password, "tables": tables or [f"{db}.*"]}
            sources.append(f"source.mysql {lua(described)}")
        script = f"""{PROLOGUE}sync.run {{
name = "{unique[:40]}", source = {{ {", ".join(sources)} }}, sink = kafka.sink {{ brokers = "{kafka.bootstrap}" }},
heartbeat = {heartbeat}, topic = {{ template = "${{db_name_src}}.${{table_name_src}}" }},
{OPTIONS}{options}
}}"""
        return sync_on(None, kafka, [], name=unique[:40], script=script)

    return make


def wait_both(running):
    """Each of the two follows its binlog."""
    for name in ("east", "west"):
        running.wait_log(rf"\.{name}: {STREAMING}")


def newest(messages):
    """Return {(origin, id): row} of the topic, without deleted rows."""
    state = {}
    for message in messages:
        if message.op == "DELETE":
            state.pop((message.before["origin"], message.before["id"]), None)
        elif message.op != "UPDATE_BEFOR":
            state[message.after["origin"], message.after["id"]] = message.after
    return state


def equals(running, servers, db, table):
    """Assert that the final rows of the topic equal those of the servers."""
    def same():
        running.must_run()
        found = {k: row["v"] for k, row in newest(rows(running.reader(f"{db}.{table}").to_end())).items()}
        expected = {
            (name, number): v for name, server in servers.items() for number, v in server.run(f"SELECT id, v FROM {table}", db=db)
        }
        return found == expected

    wait_for(same, lambda: running.log[-3000:], pause=0.2)


@pytest.mark.parametrize("second", ["mariadb", "mysql"])
def test_rows_of_both_and_kill9(request, both, mariadb, kafka, db, sql, second):
    """Full sync and stream of two servers into one topic, also with MariaDB and MySQL together. Each source has its own
    position, and resumes there after kill -9."""
    other = request.getfixturevalue("west" if second == "mariadb" else "mysql")
    if second == "mysql":
        other.run(f"CREATE DATABASE `{db}` CHARACTER SET utf8mb4")
    servers = {"east": mariadb, "west": other}
    for server in servers.values():
        server.run("CREATE TABLE t (id INT PRIMARY KEY, v INT)", "INSERT INTO t VALUES (1, 10), (2, 20), (3, 30)", db=db)
    running = both(other).start()
    wait_both(running)
    full = running.wait_rows(f"{db}.t", 6)
    assert {(m.after["origin"], m.full) for m in full} == {("east", True), ("west", True)}
    assert {m.key for m in full} == {f"{name},{n}".encode() for name in servers for n in (1, 2, 3)}
    for name, server in servers.items():
        server.run(f"UPDATE t SET v = {len(name) + ord(name[0])} WHERE id = 1", "DELETE FROM t WHERE id = 2", db=db)
    equals(running, servers, db, "t")
    running.kill9()
    for server in servers.values():
        server.run("INSERT INTO t VALUES (7, 70)", "UPDATE t SET v = v + 1", db=db)
    running.start()
    wait_both(running)
    equals(running, servers, db, "t")
    assert not any(m.full for m in rows(running.reader(f"{db}.t").messages)[6:])
    assert running.stop() == 0
    if second == "mysql":
        other.run(f"DROP DATABASE `{db}`")


def test_one_that_is_away(both, west, mariadb, kafka, db, sql):
    """A server that cannot be reached does not delay the other one, neither in the stream nor at a start. Its rows are sent once
    it can be reached again."""
    for server in (mariadb, west):
        server.run("CREATE TABLE t (id INT PRIMARY KEY, v INT)", "INSERT INTO t VALUES (1, 1)", db=db)
    running = both(west, heartbeat="0.2").start()
    wait_both(running)
    running.until(f"{db}.t", heartbeats, "a heartbeat")
    west.stop()
    running.wait_log(r"\.west: .*connecting again")
    sql("INSERT INTO t VALUES (2, 2)")
    running.until(f"{db}.t", lambda m: ("east", 2) in newest(rows(m)), "the row of east")
    assert running.stop() == 0
    reader = running.reader(f"{db}.t")
    before = len(heartbeats(reader.to_end()))
    running.start()
    running.wait_log(r"\.east: " + STREAMING)
    sql("INSERT INTO t VALUES (3, 3)")
    running.until(f"{db}.t", lambda m: ("east", 3) in newest(rows(m)), "the row of east")
    running.until(f"{db}.t", lambda m: len(heartbeats(m)) > before, "heartbeats, so that the position of west is in the checkpoint")
    west.start()
    running.wait_log(r"\.west: " + STREAMING)
    west.run("INSERT INTO t VALUES (4, 4)", db=db)
    equals(running, {"east": mariadb, "west": west}, db, "t")
    assert running.stop() == 0


def marks(messages, partition=0):
    """The watermarks of a partition, in order."""
    return [int(m.payload["timestamp"]["eventTime"]) for m in heartbeats(messages) if m.partition == partition]


def are_two_that_rise(marks):
    """Return whether the marks are those of two producers, and neither decreases. Two heartbeats that are sent at the same time may
    arrive in either order (messages.md, "Heartbeats")."""
    last = [0, 0]
    for mark in marks:
        before = max((at for at in last if at <= mark), default=None)
        if before is None:
            return False
        last[last.index(before)] = mark
    return True


def test_heartbeats_tell_the_lowest(both, west, mariadb, kafka, db, sql):
    """Rule: heartbeats-in-order. A heartbeat covers every row of its partition. While one server is silent, heartbeats stay at
    the last known time of that server, whichever server the other messages are of. Those of one source never decrease."""
    for server in (mariadb, west):
        server.run("CREATE TABLE t (id INT PRIMARY KEY, v INT)", "INSERT INTO t VALUES (1, 1)", db=db)
    running = both(west, heartbeat="0.2").start()
    wait_both(running)
    running.until(f"{db}.t", lambda m: len(set(marks(m))) > 3, "heartbeats that rise")
    west.pause()
    try:
        silent_ms = int(time.time() * 1000)
        sql("INSERT INTO t VALUES (2, 2)")

        def steady(messages):
            found = marks(messages)
            return len(found) > 6 and len(set(found[-6:])) == 1 and ("east", 2) in newest(rows(messages))

        stopped_ms = marks(running.until(f"{db}.t", steady, "heartbeats that do not rise"))[-1]
        assert stopped_ms <= silent_ms + 1000  # one heartbeat was in flight
    finally:
        west.resume()
    found = marks(running.until(f"{db}.t", lambda m: marks(m)[-1] > stopped_ms + 1000, "heartbeats that rise again"))
    assert running.stop() == 0
    assert are_two_that_rise(found), found


def test_no_heartbeats_while_one_is_copied(both, west, mariadb, kafka, db, sql):
    """While the tables of one server are copied its watermark is unknown: heartbeats begin after the copy."""
    sql("CREATE TABLE t (id INT PRIMARY KEY, v INT)", "INSERT INTO t VALUES (1, 1)")
    west.run("CREATE TABLE t (id INT PRIMARY KEY, v INT)", "INSERT INTO t SELECT seq, seq FROM seq_1_to_4000", db=db)
    running = both(west, "full = { rows_per_second = 1000 },", heartbeat="0.1").start()
    running.wait_log(r"\.east: " + STREAMING)
    for number in range(2, 12):
        sql(f"INSERT INTO t VALUES ({number}, 1)")
        messages = running.until(f"{db}.t", lambda m, n=number: ("east", n) in newest(rows(m)), "the row of east")
        if not re.search(r"\.west: full sync: table", running.log):
            assert not heartbeats(messages)
    running.wait_log(r"\.west: " + STREAMING)
    messages = running.until(f"{db}.t", heartbeats, "heartbeats")
    first = messages.index(heartbeats(messages)[0])
    here = [m for m in rows(messages[:first]) if m.full and m.partition == messages[first].partition]
    whole = [m for m in rows(running.reader(f"{db}.t").to_end()) if m.full and m.partition == messages[first].partition]
    assert len(here) == len(whole) > 600
    assert running.stop() == 0


def test_error_of_one_ends_both_by_name(both, west, mariadb, kafka, db, sql):
    """A failure that one source cannot recover from ends the process, and the error names the source."""
    for server in (mariadb, west):
        server.run("CREATE TABLE t (id INT PRIMARY KEY, v INT)", db=db)
    running = both(west).start()
    wait_both(running)
    west.run("SET binlog_format = 'STATEMENT'", "INSERT INTO t VALUES (1, 1)", db=db)
    running.fails(7, rf"ERROR {running.name}\.west: .*binlog_format = ROW")


def test_commands_name_each(both, west, mariadb, kafka, db, sql):
    """check, plan and preview go through the list; tables that meet in a topic are reported."""
    sql("CREATE TABLE t (id INT PRIMARY KEY, v INT)", "INSERT INTO t VALUES (1, 11)")
    west.run("CREATE TABLE t (id INT PRIMARY KEY, v INT)", "INSERT INTO t VALUES (1, 22)", db=db)
    running = both(west)
    code, out, err = running.once(command="check")
    assert code == 0, out + err
    assert [s.split(".")[1] for s in re.findall(r"^sync '(.*)'$", out, re.M)] == ["east", "west"]
    code, out, err = running.once(command="preview")
    assert code == 0, err
    assert out.index('"v":11') < out.index('"v":22')
    code, out, err = running.once(command="plan")
    assert code == 0, err
    assert out.count(f"{db}.t") >= 2
    assert "meet in the topic" not in err
    running.write(running.path.read_text().replace('key = { "origin", "id" },', ""))
    code, out, err = running.once(command="plan")
    assert code == 0, err
    assert re.search(r'tables \S+ of the sources "east" and "west" meet in the topic', out + err)


def test_each_has_a_name(both, west, db):
    """A source without a name has a default name, which a list does not accept: its sources need names."""
    running = both(west)
    running.write(running.path.read_text().replace('["name"] = "west", ', ""))
    code, _, err = running.once()
    assert code == 1
    assert "source[2]: needs a name" in err
