"""The commands beside run: check, plan, preview, test, exec, broker, version; --dry-run; how run ends."""

import json
import os
import re
import signal
import socket
import subprocess

import pytest
from confluent_kafka.admin import AdminClient
from support import process
from support.consume import Reader, parse, rows
from support.paths import BINARY
from support.runner import PROLOGUE
from support.servers import Broker
from support.wait import DEADLINE_S, wait_for
from test_errors import purge


def tideway(*arguments, cwd=None, timeout=DEADLINE_S):
    done = subprocess.run([str(BINARY), *map(str, arguments)], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=timeout, cwd=cwd, check=False)
    return done.returncode, done.stdout, done.stderr


@pytest.fixture
def table(sql):
    sql("CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(20), n DECIMAL(6,2))", "INSERT INTO t VALUES (1, 'a', 1.5), (2, 'b', NULL)")


# usage

@pytest.mark.parametrize("arguments", [(), ("nonsense",), ("run",), ("run", "a.lua", "--nope"), ("check",), ("preview", "a.lua", "--limit", "x"),
                                       ("broker", "--partitions", "1001")])
def test_usage_error(arguments):
    """Exit code 2, and the error names what was expected."""
    code, out, err = tideway(*arguments)
    assert code == 2
    assert re.search(r"(?i)usage|takes|unknown|command", out + err)


def test_near_command():
    """An unknown command names the nearest."""
    for arguments in (("chekc", "x.lua"), ("help", "chekc")):
        code, out, err = tideway(*arguments)
        assert (code, out) == (2, "") and "there is no command 'chekc', did you mean 'check'?" in err
    code, _, err = tideway("nonsense")
    assert code == 2 and "there is no command 'nonsense'; see tideway help" in err


def test_explain():
    """A code in the form of the log is explained; for an unknown code the error names the nearest."""
    code, out, err = tideway("nonsense")
    (printed,) = re.findall(r"ERROR (E-\d{3}): there is no command", err)
    assert code == 2 and printed == "E-201"
    for word in (printed, "e201", "201"):
        code, out, _ = tideway("explain", word)
        assert code == 0 and out.startswith("E-201: a command does not exist (exit code 2)\n")
        assert "\nWhen: " in out and "\nRemedy: " in out
    code, out, err = tideway("explain", "E-299")
    assert (code, out) == (2, "") and "E-208: there is no error 'E-299'. Did you mean E-2" in err
    code, out, err = tideway("explain", "nonsense")
    assert (code, out) == (2, "") and "there is no error 'nonsense'. See tideway explain" in err
    code, out, _ = tideway("explain")
    assert code == 0 and re.search(r"^  E-201  a command does not exist$", out, re.M)


def test_no_command():
    """The list of commands is printed as a result, not as a log line. The exit code shows that nothing was run."""
    code, out, err = tideway()
    assert (code, err) == (2, "")
    assert out == tideway("help")[1]


def test_hook_without_effect():
    """An invalid test hook ends the program; otherwise the test that set it would test nothing."""
    done = subprocess.run([str(BINARY), "version"], capture_output=True, text=True, timeout=DEADLINE_S, check=False,
                          env=dict(os.environ, TIDEWAY_LEASE_MS="4s"))
    assert done.returncode == 2 and "TIDEWAY_LEASE_MS: '4s' is not a number" in done.stderr


def test_setting_without_value():
    """A word after the script is most likely a NAME=value that lacks its end."""
    code, _, err = tideway("run", "sync.lua", "MYSQL_PASSWORD")
    assert code == 2 and "did you mean MYSQL_PASSWORD=...?" in err
    code, _, err = tideway("check", "sync.lua", "MYSQL-PASSWORD=x")
    assert code == 2 and "'MYSQL-PASSWORD=x' is not of the form name=value" in err
    code, _, err = tideway("run", "a.lua", "b.lua")
    assert code == 2 and "takes one script, 2 given" in err


def test_script_not_there(tmp_path):
    code, _, err = tideway("run", tmp_path / "nope.lua")
    assert code in (1, 2) and "nope.lua" in err


def test_help():
    code, out, _ = tideway("--help")
    assert code == 0
    for command in ("run", "check", "plan", "preview", "test", "exec", "broker", "version"):
        assert re.search(rf"\b{command}\b", out)


def test_version():
    """The versions of all linked libraries are printed."""
    code, out, _ = tideway("version")
    assert code == 0
    for name in ("tideway", "Lua", "librdkafka"):
        assert re.search(rf"(?i){name}.*\d+\.\d+", out), out
    assert re.search(r"(?i)mariadb.*\d+\.\d+", out)


# check

def test_check_all_well(sync, table, kafka):
    """check reports each point and ends with 0 when none fails."""
    code, out, err = sync(start=False).once(command="check")
    assert code == 0, out + err
    for point in ("binlog_format", "log_bin", "binlog_row_image", "REPLICATION SLAVE", "SELECT", "retention|expire_logs"):
        assert re.search(point, out), f"{point} is not in\n{out}"
    assert kafka.bootstrap in out


def test_check_says_what_fails(sync, table, mariadb, unique):
    """Each failure with its remedy; exit code of the first kind of failure."""
    user = f"c_{unique[:20]}"
    mariadb.make_user(user, "secret", "SELECT, REPLICATION CLIENT")
    with mariadb.globals(binlog_format="MIXED", binlog_row_image="MINIMAL"):
        code, out, err = sync(start=False, user=user, password="secret").once(command="check")
    assert code == 3, out + err
    for remedy in (r"GRANT REPLICATION SLAVE", r"SET GLOBAL binlog_format *= *'?ROW", r"binlog_row_image"):
        assert re.search(remedy, out + err), f"{remedy} is not in\n{out}{err}"


def test_check_names_tables_that_the_start_refuses(sync, table, sql, db):
    """check, plan and run agree on a table that cannot be followed."""
    sql("CREATE TABLE v (id INT PRIMARY KEY) WITH SYSTEM VERSIONING")
    refused = sync(start=False)
    for command in ("check", "plan", "run"):
        code, out, err = refused.once(command=command)
        assert code == 3 and f"table {db}.v: it is WITH SYSTEM VERSIONING" in out + err, (command, out, err)


def test_check_sends_nothing(sync, table, kafka, db):
    sync(start=False).once(command="check")
    assert not [t for t in kafka.partitions() if t.startswith(db)]


def test_check_broker_away(sync, table):
    """It reports at once what it waits for, and does not promise a sync that continues by itself."""
    checking = sync(start=False, brokers="127.0.0.1:1").start(command="check")
    checking.wait_log(r"kafka: asking 127\.0\.0\.1:1, for at most 10 s")
    assert "tables: 1 selected" in checking.stdout.read_text(), "what was found so far is there"
    log = checking.fails(5, r"kafka: asking 127[^\n]*\n[^\n]*127\.0\.0\.1:1: no broker can be reached.*trying for some seconds",
                         "check: 1 points would fail")
    assert "nothing is lost" not in log
    assert re.search(r"FAIL  kafka: .*127\.0\.0\.1:1: no broker can be reached", checking.stdout.read_text())


def test_check_looks_at_the_checkpoint(sync, table, kafka, sql, db, mariadb):
    """A missing checkpoint is reported as one that run will create; check does not create it. An existing one is shown
    with position and server, without disturbing the running sync. Then a purged position, and a topic that would lose
    the checkpoint."""
    checked = sync(start=False)
    topic = f"tideway.{checked.name}"
    code, out, err = checked.once(command="check")
    assert code == 0 and re.search(rf"ok    checkpoint: topic {topic} will be created", out), out + err
    assert topic not in kafka.partitions() and f"{db}.t" not in kafka.partitions()
    checked.start()
    checked.wait_streaming()
    for _ in range(2):
        code, out, err = checked.once(command="check")
        assert code == 0 and re.search(rf"ok    checkpoint: topic {topic}\n", out), out + err
        assert re.search(r"ok    position: mysql-bin\.\d+:\d+, GTID ", out), out
        assert re.search(rf"ok    topic {db}\.t: exists", out), out
    sql("INSERT INTO t VALUES (77, 'after', 1)")
    checked.wait_message(f"{db}.t", lambda m: m.key == b"77", "a row after the checks")
    assert checked.stop() == 0
    sql("FLUSH BINARY LOGS", "INSERT INTO t VALUES (78, 'b', 1)", "FLUSH BINARY LOGS")
    purge(mariadb)
    code, out, err = checked.once(command="check")
    assert code == 4 and re.search(r"FAIL  position: .*binlog mysql-bin\.\d+ .* is no longer there", out), out + err
    checked.write(checked.text([f"{db}.*"], 'on_purged = "jump",'))
    code, out, err = checked.once(command="check")
    assert code == 0 and re.search(r"WARN  position: .*binlog mysql-bin\.\d+ .* is no longer there(?s:.*)without the changes", out), out + err
    kafka.configure(topic, "cleanup.policy", "delete")
    code, out, err = checked.once(command="check")
    assert code == 5 and re.search(r"FAIL  checkpoint: .*its cleanup\.policy must be compact", out), out + err


def test_check_looks_at_the_checkpoint_file(sync, table, mariadb_server, kafka, sync_on):
    """A file is read without its lock, so also while a sync runs, and is not created."""
    checked = sync('checkpoint = { file = "here" },', start=False)
    code, out, err = checked.once(command="check")
    assert code == 0 and "checkpoint: the file does not exist yet" in out, out + err
    assert not [p for p in checked.folder.iterdir() if p.name.startswith("here")]
    checked.start()
    checked.wait_streaming()
    code, out, err = checked.once(command="check")
    assert code == 0 and re.search(r"ok    position: mysql-bin\.\d+:\d+", out), out + err
    assert checked.stop() == 0
    other = mariadb_server("--server-id=77")
    other.run("CREATE DATABASE shop", "CREATE TABLE shop.t (id INT PRIMARY KEY)")
    elsewhere = sync_on(other, kafka, ["shop.t"], 'checkpoint = { file = "here" },', name=checked.name)
    (elsewhere.folder / "here").write_bytes((checked.folder / "here").read_bytes())
    code, out, err = elsewhere.once(command="check")
    assert code == 4 and re.search(r"FAIL  position: .*belongs to server 1, this one is 77", out), out + err
    (elsewhere.folder / "here").write_text("{")
    code, out, err = elsewhere.once(command="check")
    assert code == 4 and re.search(r"FAIL  checkpoint: .*is damaged", out), out + err


def test_check_asks_whether_topics_may_be_made(sync, table, db, kafka):
    """The broker validates the topics: here there are more replicas than brokers."""
    code, out, err = sync("topics = { replication = 3 },", start=False).once(command="check")
    assert code == 5 and re.search(rf'FAIL  topic {db}\.t: .*would not be created: .*[Rr]eplication', out), out + err
    assert f"{db}.t" not in kafka.partitions()


def test_check_missing_topics(sync, table, db):
    code, out, err = sync('topics = "existing",', start=False).once(command="check")
    assert code == 5 and f"{db}.t" in out + err


# plan

def test_plan(sync, sql, table, db, kafka):
    """plan: rows, key, topic with its partitions, every column with its destination and type, added fields."""
    running = sync(f'description = "all orders", columns = {{ ["{db}.t"] = {{ rename = {{ v = "value" }} }} }}, '
                   'fields = { site = "eu" },', start=False)
    code, out, err = running.once(command="plan")
    assert code == 0, err
    assert ": all orders\n" in out
    for part in (f"{db}.t", "id", "value", "site", "LONG", "STRING", "DOUBLE", "6"):
        assert part in out, f"{part} is not in\n{out}"
    code, out, err = running.once("--json", command="plan")
    assert code == 0, err
    assert f"{db}.t" in json.dumps(json.loads(out))
    assert not [t for t in kafka.partitions() if t.startswith(db)]


def test_plan_shows_masks_and_functions(sync, sql, db):
    """plan and plan --json: the mask of each column, and where the functions of each table, column and field are."""
    sql("CREATE TABLE t (id INT PRIMARY KEY, mail VARCHAR(20), n INT, pw VARCHAR(9))", "CREATE TABLE u (a VARCHAR(9), b VARCHAR(9), PRIMARY KEY (a, b))")
    running = sync(f'''key_format = "json", columns = {{ ["{db}.t"] = {{ drop = {{ "pw" }}, mask = {{ mail = mask.last(4), pw = mask.null,
  n = function(value) return value + 1 end }} }} }},
fields = {{ ["{db}.t"] = {{
  free = function() return 1 end,
  long = field.long(function() return 1 end) }} }},
filter = {{ ["{db}.t"] = function(row) return true end }},
on_row = {{ ["{db}.*"] = function(row) end, ["{db}.t"] = function(row)
  end }},
on_change = {{ ["{db}.t"] = function(change) end }},
key = {{ ["{db}.t"] = function(change) return "k" end }},
topic = {{ {{ tables = "{db}.t", to = function(change) return "{db}.x" end }} }},''', topic=False, start=False)
    lines = running.path.read_text().splitlines()
    first = next(i for i, text in enumerate(lines, 1) if "key_format" in text)
    at = [f"sync.lua:{first + i}" for i in range(11)]
    code, out, err = running.once(command="plan")
    assert code == 0, err
    for line in (rf"topic +by function, for each record \({at[10]}\)", rf"key +function \({at[9]}\)", rf"filter +{at[5]}",
                 rf"on_row +{at[6]}, {at[6]}", rf"on_change +{at[8]}", r"column +mail .*-> mail STRING, mask\.last\(4\)",
                 rf"column +n .*-> n LONG, function {at[1]}", r"column +pw .*-> dropped, mask\.null", r"column +id .*-> id LONG",
                 rf"field +free +by the function's value \({at[3]}\)",
                 r"key +a, b \(json\)"):
        assert re.search(rf"(?m)^  {line}$", out), f"{line} is not in\n{out}"
    code, out, err = running.once("--json", command="plan")
    t, u = json.loads(out)
    assert [(c["name"], c["type"], c["mask"], c["function"]) for c in t["columns"]] == [
        ("id", "LONG", None, None), ("mail", "STRING", "mask.last(4)", None), ("n", "LONG", f"function {at[1]}", None),
        ("free", None, None, at[3]), ("long", "LONG", None, at[4])]
    assert t["dropped"] == [{"name": "pw", "mask": "mask.null"}]
    assert [t[k] for k in ("topic_function", "key_function", "filter", "on_row", "on_change")] == [
        at[10], at[9], at[5], [at[6], at[6]], [at[8]]]
    assert (u["key_format"], u["filter"], u["on_change"], u["dropped"]) == ("json", None, [], [])


def test_plan_refused_table(sync, sql, db):
    sql("CREATE TABLE n (a INT)")
    code, out, err = sync(start=False).once(command="plan")
    assert code == 1 and f"{db}.n" in out + err


@pytest.fixture(params=["refuses", "is silent"])
def absent_broker(request):
    """The address of a broker that refuses connections, or accepts them and never answers."""
    if request.param == "refuses":
        yield "127.0.0.1:1"
        return
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"127.0.0.1:{server.getsockname()[1]}"


def test_plan_broker_away(sync, sql, table, db, absent_broker):
    """plan waits one second for all tables together, reports that, and shows everything else."""
    sql("CREATE TABLE u (id INT PRIMARY KEY)")
    planned = sync(start=False, brokers=absent_broker)
    code, out, err = planned.once(command="plan")
    assert code == 0, err
    for name in ("t", "u"):
        assert re.search(rf"(?m)^  topic    {db}\.{name} \(the broker could not be asked\)$", out), out
    assert len(re.findall("waited 1 s for a broker; the plan does not show which topics exist: "
                          f"Kafka {absent_broker}: no broker can be reached", err)) == 1, err
    code, out, err = planned.once("--json", command="plan")
    assert code == 0 and [t["topic_exists"] for t in json.loads(out)] == [False, False]
    assert err.count("waited 1 s for a broker") == 1, err


def test_preview_broker_away(sync, table, db, absent_broker):
    """preview asks no broker: it shows the same messages, and has nothing to report."""
    code, out, err = sync(start=False, brokers=absent_broker).once(command="preview")
    assert code == 0 and "broker" not in err, err
    assert [parse(line)["key"] for line in out.splitlines()] == ["1", "2"]


# preview, dry run

def test_preview(sync, table, db, kafka):
    """preview: the messages that real rows would become, on stdout; nothing is written."""
    code, out, err = sync(start=False).once("--limit", 1, command="preview")
    assert code == 0, err
    (found,) = map(parse, out.splitlines())
    assert (found["topic"], found["key"]) == (f"{db}.t", "1")
    assert found["value"]["payload"]["after"]["dataColumn"] == {"id": 1, "v": "a", "n": "1.50"}
    assert not [t for t in kafka.partitions() if t.startswith(db) or t.startswith("tideway." + db)]


def test_preview_one_table(sync, sql, table, db):
    sql("CREATE TABLE u (id INT PRIMARY KEY)", "INSERT INTO u VALUES (77)")
    code, out, err = sync(start=False).once("--table", f"{db}.u", command="preview")
    assert code == 0, err
    assert "77" in out and '"tableName":"t"' not in out


def test_dry_run(sync, sql, table, db, kafka):
    """run --dry-run: full sync and stream, but nothing in Kafka and no checkpoint."""
    running = sync(args=("--dry-run", "--verbose"))
    running.wait_streaming()
    sql("DELETE FROM t WHERE id = 1", "UPDATE t SET v = 'c'")
    running.wait_log(r"(?i)done, 2 rows")
    assert running.stop() == 0
    assert not [t for t in kafka.partitions() if t.startswith(db) or running.name in t]
    running.start("--dry-run", "--verbose")
    running.wait_log(r"(?i)done, 1 rows")
    assert running.stop() == 0


# test and exec

def test_test(tmp_path, sync):
    """tideway test: unit tests of a mapping, nothing connects; exit code 0 or 1 and file:line of what fails."""
    (tmp_path / "shop.lua").write_text(PROLOGUE + '''
sync.run { name = "shop", source = source.mysql { host = "127.0.0.1", port = 1, user = "u", password = env.need "PW", tables = { "shop.*" } },
  sink = kafka.sink { brokers = "127.0.0.1:1" },
  columns = { ["shop.users"] = { drop = { "password" }, mask = { mail = mask.email } } },
  topic = { template = "${db_name_src}_${table_name_src}" } }
''')
    test = tmp_path / "test_shop.lua"
    test.write_text('''
local test = require "tideway.test"
local shop = test.load("shop.lua", { env = { PW = "x" } })
shop:table [[CREATE TABLE shop.users (id INT PRIMARY KEY, mail VARCHAR(90), password VARCHAR(90))]]
test.case("update", function()
  local r = shop:update("shop.users", { id = 7, mail = "a@b.c" }, { mail = "x@y.z" })
  test.equal(#r, 2); test.equal(r[1].key, "7"); test.equal(r[1].topic, "shop_users"); test.absent(r[2].after, "password")
end)
test.case("insert", function()
  test.equal(shop:insert("shop.users", { id = 7, mail = "a@b.c" })[1].op, "INSERT")
end)
''')
    code, out, err = tideway("test", test, cwd=tmp_path)
    assert code == 0, out + err
    assert "2 passed" in out
    test.write_text(test.read_text().replace('"INSERT"', '"NOPE"'))
    code, out, err = tideway("test", test, cwd=tmp_path)
    assert code == 1
    assert re.search(r"test_shop\.lua:\d+", out + err) and "1 failed" in out


def test_exec(tmp_path, kafka, unique):
    """tideway exec: the primitives connect and act at once."""
    script = tmp_path / "x.lua"
    script.write_text(f'''
local kafka = require "tideway.kafka"
local heartbeat = require "tideway.heartbeat"
local log = require "tideway.log"
kafka.topics {{ brokers = "{kafka.bootstrap}" }}:create {{ name = "{unique}", partitions = 3 }}
local producer = kafka.producer {{ brokers = "{kafka.bootstrap}" }}
producer:send {{ topic = "{unique}", key = "k", value = "v", headers = {{ h = "x" }} }}
producer:send {{ topic = "{unique}", key = "b", value = heartbeat.new {{ interval = 5 }}:message(1620457659000) }}
producer:flush(10)
''')
    code, out, err = tideway("exec", script)
    assert code == 0, out + err
    reader = Reader(kafka, unique)
    by_key = {m.key: m for m in reader.to_end()}
    reader.close()
    assert by_key[b"k"].value == b"v" and by_key[b"k"].headers == [("h", b"x")]
    assert by_key[b"b"].json["payload"]["timestamp"] == {"eventTime": 1620457659000, "checkpointTime": 1620457659000}
    assert kafka.partitions()[unique] == 3


def test_exec_error(tmp_path):
    script = tmp_path / "x.lua"
    script.write_text('local x = 1\nerror("on purpose")\n')
    code, _, err = tideway("exec", script)
    assert code == 1 and "x.lua:2" in err and "on purpose" in err


# broker

def test_whole_way_over_the_embedded_broker(sync, sql, table, db, broker):
    """tideway broker: full sync, stream and restart work against it too (it has no CreateTopics request)."""
    running = sync(kafka=broker)
    running.wait_rows(f"{db}.t", 2)
    running.wait_streaming()
    sql("INSERT INTO t VALUES (3, 'c', 1)")
    running.wait_rows(f"{db}.t", 3)
    assert running.stop() == 0
    sql("INSERT INTO t VALUES (4, 'd', 1)")
    running.start()
    found = running.until(f"{db}.t", lambda m: any(x.key == b"4" for x in m), "row 4")
    assert len(rows(found)) == 4
    assert running.stop() == 0
    assert broker.stop() == 0


@pytest.mark.parametrize("options, partitions", [((), 6), (("--partitions", "3"), 3)])
def test_partitions_of_the_embedded_broker(tmp_path, options, partitions):
    """A topic is created when a client requests it, with the requested number of partitions."""
    broker = Broker(tmp_path / "broker", *options)
    try:
        admin = AdminClient({"bootstrap.servers": broker.bootstrap, "log_level": 0})
        assert len(admin.list_topics("anew", timeout=DEADLINE_S).topics["anew"].partitions) == partitions
    finally:
        assert broker.stop() == 0


# how run ends

@pytest.mark.parametrize("sig", [signal.SIGTERM, signal.SIGINT])
def test_clean_exit(sync, sql, table, db, sig):
    """SIGTERM and SIGINT end it with 0. What was read is acknowledged and saved: no row of a transaction that was read
    completely is sent again."""
    running = sync('on_change = function(change) if change.row.id == 5000 then require("tideway.log").info("the last") end end,')
    running.wait_rows(f"{db}.t", 2)
    running.wait_streaming()
    sql("INSERT INTO t SELECT seq, 'x', 1 FROM seq_10_to_5000")
    running.wait_log("the last")
    assert running.stop(sig) == 0, running.log
    sql("INSERT INTO t VALUES (9999, 'marker', 1)")
    running.start()
    running.wait_message(f"{db}.t", lambda m: m.key == b"9999", "the marker")
    found = rows(running.reader(f"{db}.t").to_end())
    assert sorted(int(m.key) for m in found) == [1, 2, *range(10, 5001), 9999]


@pytest.mark.parametrize("sig", ["TERM", "INT"])
def test_signal_before_the_start(sync, table, db, sig):
    """A signal that arrives before the program waits for signals ends it with 0, too. Here it is pending from the first instruction on."""
    running = sync(start=False)
    pending = ("env", f"--block-signal={sig}", "sh", "-c", f'kill -{sig} $$; exec "$@"', "sh")
    child = process.spawn([*pending, BINARY, "run", running.path], running.stdout, running.stderr, cwd=running.folder)
    child.wait(DEADLINE_S)
    log = running.stderr.read_text()
    assert process.end(child) == 0, log
    assert ": stopping" in log
    running.start().wait_rows(f"{db}.t", 2)


def test_stop_that_cannot_save(sync, sql, table, db):
    """If the position is not saved at the end, the log reports it, and the rows are sent again."""
    running = sync(fault=",".join(f"save:{n}" for n in range(3, 9)))
    running.wait_streaming()
    sql("INSERT INTO t VALUES (3, 'c', 1)")
    running.wait_message(f"{db}.t", lambda m: m.key == b"3", "the row")
    running.stop()
    assert "saving the checkpoint: fault injected" in running.log, running.log


def test_terminal_progress(sync, sql, db, kafka):
    """On a terminal a progress line, elsewhere log lines without escape sequences."""
    import pty

    sql("CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(100))", "INSERT INTO t SELECT seq, REPEAT('x', 100) FROM seq_1_to_3000")
    running = sync("full = { rows_per_second = 2000 },")
    running.wait_streaming()
    assert running.stop() == 0
    assert "\x1b" not in running.log
    again = sync("full = { rows_per_second = 2000 },", start=False, name=running.name + "t")
    primary, secondary = pty.openpty()
    child = subprocess.Popen([str(BINARY), "run", str(again.path)], stdin=subprocess.DEVNULL, stdout=secondary, stderr=secondary)
    os.close(secondary)
    seen = b""
    try:
        def look_for(*patterns):
            nonlocal seen
            seen += os.read(primary, 65536)
            return all(re.search(p, seen) for p in patterns)

        # in all, and of each table that is being read; then the lag
        wait_for(lambda: look_for(rb"rows/s", rb"\.t \d+ % \(\d+ s left\)"), lambda: seen)
        wait_for(lambda: look_for(rb"stream: .* \d+\.\d s behind"), lambda: seen)
    finally:
        child.terminate()
        child.wait(20)
        os.close(primary)
    assert b"\r" in seen
