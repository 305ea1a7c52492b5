"""What a copy takes, before it starts: rows, bytes, time, topics, retention; and the lanes that full.parallel = "auto" becomes."""

import contextlib
import json
import os
import re

import pytest
from support.consume import rows

ROWS = 8000
GAP = 3


class Database:
    """An empty database on one of the servers."""

    def __init__(self, server, name):
        self.server, self.name = server, name

    def run(self, *statements):
        return self.server.run(*statements, db=self.name)


@pytest.fixture(params=["mariadb", "mysql"])
def database(request, unique):
    server = request.getfixturevalue(request.param)
    server.run(f"CREATE DATABASE `{unique}` CHARACTER SET utf8mb4")
    yield Database(server, unique)
    with contextlib.suppress(Exception):
        server.run(f"DROP DATABASE IF EXISTS `{unique}`")


def fill(database):
    """`large` has a key with gaps, and rows of the same size; `small` has three rows."""
    database.run(
        "CREATE TABLE large (id INT PRIMARY KEY, v CHAR(200) CHARACTER SET latin1 NOT NULL) STATS_AUTO_RECALC = 0",
        "CREATE TABLE small (id INT PRIMARY KEY)", "INSERT INTO small VALUES (1), (2), (3)",
        *("INSERT INTO large VALUES " + ", ".join(f"({100000 + GAP * i}, REPEAT('v', 200))" for i in range(n, n + 2000))
          for n in range(0, ROWS, 2000)), "ANALYZE TABLE large, small")


def plan_of(running):
    code, out, err = running.once("--json", command="plan")
    assert code == 0, err
    return {t["table"].partition(".")[2]: t for t in json.loads(out)}


def test_plan(sync_on, database, kafka):
    """Rows, bytes, messages and time of each table, and of the sync. Nothing is sent."""
    fill(database)
    (kept,) = database.run("SELECT @@GLOBAL.binlog_expire_logs_seconds")[0]
    running = sync_on(database.server, kafka, [f"{database.name}.*"], 'mode = "full",')
    planned = plan_of(running)
    assert not [t for t in kafka.partitions() if t.startswith(database.name) or t == "sample"]
    large, small = planned["large"], planned["small"]
    assert small["rows"] == small["copy"]["sampled_rows"] == 3 and small["copy"]["exact"]
    assert abs(large["rows"] - ROWS) <= 0.02 * ROWS and not large["copy"]["exact"]
    assert 200 * ROWS < large["bytes"] < 2 * 250 * ROWS
    assert large["copy"]["sampled_rows"] >= 20 and large["copy"]["seconds"] > 0
    both = large["sync"]
    assert both == small["sync"] and both["name"] == running.name
    assert both["copy_seconds"] > 0 and 1 <= both["lanes"] <= 8 and both["tables_not_sampled"] == 0
    assert both["topic_bytes"] == large["copy"]["topic_bytes"] + small["copy"]["topic_bytes"]
    assert both["binlog_kept_seconds"] == (int(kept) or None)
    running.start()
    running.wait_exit()
    sent = rows(running.reader(f"{database.name}.large").to_end())
    assert len(sent) == ROWS
    size = sum(len(m.key) + len(m.value) for m in sent)
    assert size < large["copy"]["topic_bytes"] < 1.1 * size


def test_plan_text(sync_on, database, kafka):
    """The same for people. A table without rows costs nothing; a stream without a copy has no estimate of one."""
    fill(database)
    database.run("CREATE TABLE none (id INT PRIMARY KEY)")
    code, out, err = sync_on(database.server, kafka, [f"{database.name}.*"]).once(command="plan")
    assert code == 0, err
    assert re.search(rf"(?m)^{database.name}\.large \(about \d+ rows, \d+(\.\d)? MB\)\n  copy     about \d+(\.\d)? s with one lane, "
                     r"\d+(\.\d)? MB in its topic before compression$", out), out
    assert re.search(rf"(?m)^{database.name}\.small \(3 rows, \d+ KB\)$", out), out
    assert re.search(rf"(?m)^{database.name}\.none \(0 rows, \d+ KB\)\n  copy     about 0\.0 s with one lane, 0 bytes ", out), out
    assert re.search(r"(?m)^copy about \d+(\.\d)? s with \d lanes?, \d+ rows, \d+(\.\d)? MB in topics before compression, for each replica; "
                     r"binlogs (kept .*: \d+ %|are not purged by age)$", out), out
    code, out, err = sync_on(database.server, kafka, [f"{database.name}.*"], 'mode = "stream",').once(command="plan")
    assert code == 0 and "large (about" in out and not re.search(r"(?m)^( +)?copy", out), out


def statistics(database):
    """The rows of `large` in the statistics of the server."""
    fresh = [] if "MariaDB" in database.run("SELECT VERSION()")[0][0] else ["SET SESSION information_schema_stats_expiry = 0"]
    (found,) = database.run(*fresh, f"SELECT TABLE_ROWS FROM information_schema.TABLES WHERE TABLE_SCHEMA = '{database.name}' AND TABLE_NAME = 'large'")[0]
    return found


@pytest.mark.parametrize("database", ["mysql"], indirect=True)  # MariaDB does not read changed statistics again
def test_rows_where_statistics_are_wrong(sync_on, database, kafka):
    """The rows of a table with an integer key come from the density of the key, whatever the statistics are."""
    fill(database)
    database.run(f"UPDATE mysql.innodb_table_stats SET n_rows = {10 * ROWS} WHERE database_name = '{database.name}' AND table_name = 'large'",
                 "FLUSH TABLE large")
    assert statistics(database) > 5 * ROWS
    assert abs(plan_of(sync_on(database.server, kafka, [f"{database.name}.large"]))["large"]["rows"] - ROWS) <= 0.02 * ROWS


def test_rows_of_an_uneven_key(sync_on, database, kafka):
    """With one key far away from the others the densities differ too much, and the statistics are what is left."""
    fill(database)
    database.run("INSERT INTO large VALUES (2000000000, '')")
    assert plan_of(sync_on(database.server, kafka, [f"{database.name}.large"]))["large"]["rows"] == statistics(database)


def test_warning_of_a_long_copy(sync_on, database, kafka):
    """The time of the copy against the retention of the binlog, with a warning from 50 %."""
    fill(database)
    with database.server.globals(binlog_expire_logs_seconds=14400):
        for speed, percent, late in ((1, 56, True), (2, 28, False)):
            running = sync_on(database.server, kafka, [f"{database.name}.*"], f"full = {{ rows_per_second = {speed} }},")
            for command, line in (("plan", "  warning  "), ("check", "WARN  copy: ")):
                code, out, err = running.once(command=command)
                assert code == 0, out + err
                assert re.search(rf"binlogs kept 4 h: {percent} %", out), out
                assert ("raise binlog_expire_logs_seconds" in out) == late, out
                assert (line in out) == late, out


def test_check(sync_on, database, kafka):
    """check shows the largest tables, and what the whole copy takes."""
    fill(database)
    database.run(*(f"CREATE TABLE t{n} (id INT PRIMARY KEY)" for n in range(12)))
    code, out, err = sync_on(database.server, kafka, [f"{database.name}.*"]).once(command="check")
    assert code == 0, out + err
    assert re.search(rf"(?m)^ok    table {database.name}\.large: about \d+ rows, \d.* MB; copy about .* with one lane, .* before compression$", out), out
    assert re.search(r"(?m)^ok    other tables: 4 smaller ones$", out), out
    assert re.search(r"(?m)^ok    copy: about .* with \d lanes?, .*; binlogs ", out), out


def test_function_that_fails_on_a_row(sync, sql, db):
    """A sample shows an error of the script that the copy would meet, and plan shows everything else."""
    sql("CREATE TABLE t (id INT PRIMARY KEY)", "INSERT INTO t VALUES (1), (2)")
    running = sync('on_row = function(row) error("row " .. row.id .. " is bad") end,', start=False)
    code, out, err = running.once(command="plan")
    assert code == 0, err
    assert re.search(r"(?m)^  warning  its rows could not all be sampled: .*row 1 is bad", out), out
    assert re.search(r"(?m)^  column   id ", out), out
    code, out, err = running.once(command="check")
    assert code == 0 and re.search(rf"(?m)^WARN  table {db}\.t: .*row 1 is bad", out), out + err


@pytest.mark.parametrize("tables", [1, 3])
def test_lanes(sync, sql, db, tables):
    """full.parallel = "auto" is one lane for each core, but none without a table to read."""
    for number in range(tables):
        sql(f"CREATE TABLE t{number} (id INT PRIMARY KEY)", f"INSERT INTO t{number} VALUES (1)")
    running = sync('mode = "full",')
    running.wait_exit()
    cores = len(os.sched_getaffinity(0))
    found = re.search(r'full\.parallel = "auto" is (\d+) here: cores (\d+), free connections (\d+), tables (\d+)', running.log)
    lanes, seen, free, read = map(int, found.groups())
    assert seen <= cores and free > 20 and read == tables
    assert lanes == min(seen, tables, 8)
    assert f"full sync: {lanes} connections at" in running.log and f"to read, {lanes} lane" in running.log
