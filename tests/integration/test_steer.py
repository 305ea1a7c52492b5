"""Tables are added to a running sync and removed from it by commands (decisions/0035): of the other tables nothing is sent again, and
a command that cannot take effect does not disturb the sync."""

import json
import re

import pytest
from support.admin import admin_of
from support.consume import rows
from support.link import Link
from support.rebuild import Rebuild, compare
from support.wait import wait_for
from test_backfill import ONE, Here, arrived, changing

SLOW = "full = { rows_per_second = 300 }," + ONE


@pytest.fixture(autouse=True)
def no_runtime_folder(monkeypatch):
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)


class Steered(Here):
    """A sync that streams table `a` and that is steered by commands."""

    def stream(self, options=ONE, patterns=("a",), **more):
        self.sql("CREATE TABLE a (id INT PRIMARY KEY, v INT, s VARCHAR(50))", "INSERT INTO a VALUES (1, 1, 'a')")
        named = [f"!{self.db}.{p[1:]}" if p[0] == "!" else f"{self.db}.{p}" for p in patterns]
        self.running = self.sync_on(self.server, self.kafka, named, options, **more).start()
        self.running.wait_streaming()
        self.sql("INSERT INTO a VALUES (2, 2, 'b')")
        self.running.wait_rows(f"{self.db}.a", 2)
        return self.running

    @property
    def admin(self):
        return admin_of(self.running)

    def captured(self):
        return {name.split(".")[1] for name in self.admin.tables(self.running.name)}

    def command(self, command, *tables, code=0):
        done, out, err = self.running.once(*(f"{self.db}.{t}" for t in tables), command=command)
        assert done == code, f"{command}: exit code {done}\n{out}\n{err}"
        return out if code == 0 else err

    def begin_add(self):
        return self.running.begin_command("add", f"{self.db}.new")

    def takes_effect(self, asking):
        """The command ends, and its table is copied."""
        asking.ends(0)
        self.wait_copied(self.running)
        self.equals_and_once("new")

    def kill_during(self, command, moment):
        """Give the command for `new`, kill the sync at this moment of it, and wait until the command has ended."""
        running = self.running
        asking = running.begin_command(command, f"{self.db}.new")
        if moment == "taken":
            wait_for(lambda: self.admin.sync(running.name)["commands"], "the command")
        elif moment == "saved":
            running.wait_log("takes effect: the sync begins again")
        elif moment == "returned":
            asking.ends(0)
        running.kill9()
        asking.wait_exit()

    def change_a(self, key):
        """A change of `a` goes through the stream."""
        self.sql(f"REPLACE INTO a VALUES ({key}, 0, 'through')")
        self.running.until(f"{self.db}.a", lambda all_: any(m.key == str(key).encode() for m in all_), f"row {key} of a")

    def equals_and_once(self, *tables):
        """Each topic gives its table, and no record of `a` came twice."""
        return self.ends_equal(self.running, "a", *tables)


@pytest.fixture(params=["mariadb", "mysql"])
def here(request, unique, sync_on, kafka):
    """A new database on each kind of server."""
    return Steered(request.getfixturevalue(request.param), unique, sync_on, kafka)


def test_table_is_added_while_the_sync_runs(here):
    """The documented example of the service that this replaces: a table is added. Of the other table, which is changed all the time, not one
    record comes twice."""
    here.make_new(3000)
    running = here.stream("full = { rows_per_second = 1500 }," + ONE)
    with changing(here, "new", 3000), changing(here, "a", 50):
        out = here.command("add", "new")
        assert f"captures {here.db}.new, also after a restart" in out and f'source.tables of the script: "{here.db}.new"' in out
        assert here.captured() == {"a", "new"}
        here.wait_copied(running)
    messages = here.equals_and_once("new")
    assert [m.key for m in rows(messages) if m.full and m.table[1] == "a"] == [b"1"]
    assert running.log.count("resuming at") == 1  # one attempt more
    running.start()
    running.wait_streaming()
    assert "beside the stream" not in running.log
    assert here.captured() == {"a", "new"}
    assert running.stop() == 0


def test_refused_commands_change_nothing(here):
    """The command says why it cannot take effect, and the sync does not begin again."""
    here.sql("CREATE TABLE plain (v INT)", "CREATE TABLE secret (id INT PRIMARY KEY)", "CREATE TABLE fine (id INT PRIMARY KEY)")
    running = here.stream(ONE + "no_primary_key = 'reject',", patterns=("a", "!secret"))
    for command, tables, code, expected in (
        ("add", ["missing"], 2, r"E-224: table \S+missing does not exist on the source"),
        ("add", ["a"], 2, r"E-221: table \S+a is captured already: the script selects it"),
        ("add", ["secret"], 2, r"E-223: a pattern with ! in source.tables excludes table \S+secret"),
        ("add", ["plain"], 1, r"E-\d+: .*the table \S+plain has no primary key"),
        ("add", ["fine", "missing"], 2, r"E-224"),
        ("add", ["*"], 2, r"E-220: \S+ does not name one table"),
        ("remove", ["fine"], 2, r"E-222: table \S+fine is not captured"),
        ("remove", ["a"], 2, r"E-225: sync \S+ would have no table"),
        ("cancel", ["a"], 2, r"E-226: the copy of table \S+a has ended already"),
    ):
        err = here.command(command, *tables, code=code)
        assert re.search(expected, err), err
    assert here.captured() == {"a"}
    one = here.admin.sync(running.name)
    assert one["by_command"] == {"added": [], "removed": []} and one["pending"] is None
    assert [c["state"] for c in one["commands"]] == ["refused"] * 8  # one name was refused at once
    assert "begins again" not in running.log
    here.change_a(9)
    here.equals_and_once()


@pytest.mark.parametrize("here", ["mariadb"], indirect=True)
def test_change_is_withdrawn(here):
    """No attempt can begin with an added table whose topic does not exist, which only an attempt finds out. The command is refused, and the
    sync continues without the table, also after a restart."""
    here.make_new(20)
    running = here.stream()
    assert running.stop() == 0
    running.write(running.text([f"{here.db}.a"], 'topics = "existing",'))
    running.start()
    running.wait_streaming()
    err = here.command("add", "new", code=5)
    assert re.search(rf"E-5\d\d: .*{here.db}\.new", err), err
    one = here.admin.sync(running.name)
    assert one["by_command"] == {"added": [], "removed": []} and one["commands"][0]["state"] == "refused"
    here.change_a(10)
    assert here.captured() == {"a"}
    assert running.stop() == 0
    running.start()
    running.wait_streaming()
    here.equals_and_once()


def test_several_tables_and_commands(here):
    """Tables are added while others are copied: the copies continue. An addition that is repeated is refused."""
    for n, table in enumerate(("x", "y", "z")):
        here.sql(f"CREATE TABLE {table} (id INT PRIMARY KEY, v INT, s VARCHAR(50))",
                 f"INSERT INTO {table} SELECT id, {n}, 's' FROM ({numbers(900)}) AS numbers")
    running = here.stream("full = { rows_per_second = 900 }," + ONE)
    with changing(here, "x", 900), changing(here, "a", 50):
        here.command("add", "x", "y")
        running.until(f"{here.db}.x", lambda m: sum(r.full for r in rows(m)) >= 100, "rows of x")
        here.command("add", "z")
        assert "captured already: a command has added it" in here.command("add", "z", code=2)
        wait_for(lambda: running.log.rfind(" done") > running.log.rfind(" to read beside the stream"), lambda: running.log[-2000:])
    assert here.captured() == {"a", "x", "y", "z"}
    here.equals_and_once("x", "y", "z")


def numbers(n):
    """A SELECT of the ids from 1 to n."""
    digits = " UNION ALL ".join(f"SELECT {d} AS d" for d in range(10))
    return f"SELECT p.d + 10 * q.d + 100 * r.d + 1 AS id FROM ({digits}) p, ({digits}) q, ({digits}) r HAVING id <= {n}"


def test_table_is_removed_and_added_again(here):
    """No more changes of a removed table are sent, also after a restart. When it is added again, it is copied again."""
    here.make_new(20)
    running = here.stream(patterns=("a", "new"))
    running.wait_rows(f"{here.db}.new", 20)
    out = here.command("remove", "new")
    assert "captures no longer" in out and here.captured() == {"a"}
    here.sql("UPDATE new SET v = 555 WHERE id = 5", "DELETE FROM new WHERE id = 6")
    here.change_a(10)
    assert running.stop() == 0
    running.start()
    running.wait_streaming()
    assert here.captured() == {"a"} and here.admin.sync(running.name)["by_command"]["removed"] == [{"db": here.db, "table": "new"}]
    here.change_a(11)
    topic = running.reader(f"{here.db}.new").to_end()
    assert len(rows(topic)) == 20
    here.command("add", "new")
    assert here.admin.sync(running.name)["by_command"] == {"added": [], "removed": []}
    here.wait_copied(running)
    again = rows(running.reader(f"{here.db}.new").to_end())[20:]
    assert sorted(int(m.key) for m in again) == [n for n in range(20) if n != 6]
    assert [m.after["v"] for m in again if m.key == b"5"] == [555]
    here.change_a(12)
    assert running.stop() == 0


def test_copy_is_cancelled(here):
    """`cancel` removes a table that was added, while it is copied. The first copy of a table of the script is not cancelled."""
    here.make_new(3000)
    running = here.stream(SLOW)
    here.command("add", "new")
    running.until(f"{here.db}.new", lambda m: any(r.full for r in rows(m)), "a row")
    here.command("cancel", "new")
    assert here.captured() == {"a"}
    here.change_a(10)
    sent = len(rows(running.reader(f"{here.db}.new").to_end()))
    here.sql("UPDATE new SET v = 1 WHERE id = 2")
    here.change_a(11)
    assert len(rows(running.reader(f"{here.db}.new").to_end())) == sent < 3000
    assert running.stop() == 0
    here.select(running, SLOW)
    running.start()
    running.until(f"{here.db}.new", lambda m: len(rows(m)) > sent, "a row of the second copy")
    assert "E-227" in here.command("cancel", "new", code=2)
    here.command("remove", "new")
    assert here.captured() == {"a"}
    here.change_a(12)
    here.equals_and_once()


def test_script_takes_over(here):
    """What the script selects, or excludes, needs no command any more."""
    here.make_new(20)
    running = here.stream()
    here.command("add", "new")
    here.wait_copied(running)
    assert running.stop() == 0
    here.select(running)
    running.start()
    running.wait_log(rf"table {here.db}\.new was added by command, which is forgotten: the script selects it now")
    running.wait_streaming()
    assert "to read" not in running.log  # it is copied already
    assert here.admin.sync(running.name)["by_command"] == {"added": [], "removed": []}
    here.command("remove", "new")
    assert running.stop() == 0
    here.select(running, ONE, "a")
    running.start()
    running.wait_log(rf"table {here.db}\.new was removed by command, which is forgotten: the script does not select it now")
    running.wait_streaming()
    assert here.captured() == {"a"}
    here.equals_and_once()


@pytest.mark.parametrize("moment", ["asked", "taken", "saved", "returned"])
def test_killed_while_a_table_is_added(here, moment):
    """kill -9 at any moment of the command: the table is captured completely afterwards, or not at all."""
    here.make_new(600)
    running = here.stream("full = { rows_per_second = 600 }," + ONE)
    here.wait_saved(running)
    here.kill_during("add", moment)
    here.sql("UPDATE new SET v = 77 WHERE id = 7", "REPLACE INTO a VALUES (3, 3, 'c')")
    running.start()
    running.wait_streaming()
    captured = here.captured()
    assert captured == {"a", "new"} or (captured == {"a"} and moment != "returned")
    if "new" not in captured:
        here.change_a(10)
        assert not rows(running.reader(f"{here.db}.new").to_end())
        here.command("add", "new")
    here.wait_copied(running)
    here.equals_and_once("new")


@pytest.mark.parametrize("here", ["mariadb"], indirect=True)
def test_source_is_away(here):
    """The command waits for the source, and says so. It takes effect when the source is back."""
    here.make_new(20)
    link = Link(here.server.port)
    try:
        running = here.stream(port=link.port)
        link.close()
        wait_for(lambda: here.admin.sync(running.name)["problems"], "a problem")
        asking = here.begin_add()
        asking.wait_text("waiting for sync")
        assert here.admin.sync(running.name)["pending"] == "add"
        link = Link(here.server.port, link.port)
        here.takes_effect(asking)
    finally:
        link.close()


@pytest.mark.parametrize("here", ["mariadb"], indirect=True)
def test_kafka_is_away(here, proxy):
    """The command waits for the checkpoint, and says so. Killed before, it has had no effect."""
    here.make_new(20)
    running = here.stream(brokers=here.kafka.proxied)
    here.wait_saved(running)
    proxy.set("refuse")
    asking = here.begin_add()
    asking.wait_text("waiting for sync")
    running.kill9()
    asking.ends(2)
    proxy.reset()
    running.start().wait_streaming()
    assert here.captured() == {"a"}
    proxy.set("refuse")
    asking = here.begin_add()
    wait_for(lambda: here.admin.sync(running.name)["pending"] == "add", "the command")
    proxy.reset()
    here.takes_effect(asking)


@pytest.mark.parametrize("here", ["mariadb"], indirect=True)
def test_kafka_is_slow(here, proxy):
    """Kafka does not answer, and no error has come yet: the command says that it waits for Kafka."""
    here.make_new(20)
    running = here.stream(brokers=here.kafka.proxied)
    here.wait_saved(running)
    proxy.set("hold")
    asking = here.begin_add()
    asking.wait_text("and the command waits for Kafka to acknowledge what was sent")
    proxy.reset()
    here.takes_effect(asking)


@pytest.mark.parametrize("here", ["mariadb"], indirect=True)
def test_commands_of_a_paused_sync(here):
    """A table can be added and removed while the sync is paused. It stays paused."""
    here.make_new(20)
    here.sql("CREATE TABLE other (id INT PRIMARY KEY)")
    running = here.stream()
    here.command("pause")
    here.command("add", "new", "other")
    here.command("remove", "other")
    one = here.admin.sync(running.name)
    assert one["state"] == "paused" and one["by_command"]["added"] == [{"db": here.db, "table": "new"}]
    here.command("resume")
    here.wait_copied(running)
    assert here.captured() == {"a", "new"}
    here.equals_and_once("new")


@pytest.mark.parametrize("here", ["mariadb"], indirect=True)
def test_commands_of_a_copy(here):
    """A table is added while the first copy runs: the copy continues with what is missing."""
    here.make_new(2000)
    here.sql("CREATE TABLE b (id INT PRIMARY KEY, v INT, s VARCHAR(50))", "INSERT INTO b VALUES (1, 1, 'b')")
    here.sql("CREATE TABLE a (id INT PRIMARY KEY, v INT, s VARCHAR(50))", "INSERT INTO a VALUES (1, 1, 'a')")
    here.running = running = here.sync_on(here.server, here.kafka, [f"{here.db}.a", f"{here.db}.new"], SLOW).start()
    running.until(f"{here.db}.new", lambda m: any(r.full for r in rows(m)), "a row")
    here.command("add", "b")
    assert here.captured() == {"a", "b", "new"}
    running.write(running.path.read_text().replace("rows_per_second = 300", "rows_per_second = 0"))
    assert running.stop() == 0
    running.start()
    running.wait_streaming()
    here.change_a(10)
    assert running.stop() == 0
    messages = running.reader(*(f"{here.db}.{t}" for t in ("a", "b", "new"))).to_end()
    Rebuild(here.kafka.partitions(), bootstraps=False).feed_all(messages)
    for table in ("a", "b", "new"):
        compare(here.server, here.db, table, arrived(messages, f"{here.db}.{table}"))


@pytest.mark.parametrize("here", ["mariadb"], indirect=True)
def test_requests_by_http(here):
    """The answer is the command. Names that are not valid are refused at once."""
    here.sql("CREATE TABLE `odd.name` (id INT PRIMARY KEY)")
    running = here.stream()
    status, answer = here.admin.ask("POST", f"/syncs/{running.name}/add", {"tables": [f"{here.db}.`odd.name`"]})
    assert status == 200 and answer["command"] == "add" and answer["tables"] == [f"{here.db}.`odd.name`"] and answer["id"] > 0
    wait_for(lambda: [c["state"] for c in here.admin.sync(running.name)["commands"]] == ["done"], lambda: here.admin.sync(running.name))
    assert json.loads(running.once("--json", command="status")[1])["syncs"][0]["by_command"]["added"] == [
        {"db": here.db, "table": "odd.name"}]
    for body, code in (({"tables": ["nodot"]}, "E-220"), ({"tables": []}, "E-220"), ({"tables": "a.b"}, "E-214"), ({}, "E-214"),
                       ({"tables": [1]}, "E-214")):
        status, answer = here.admin.ask("POST", f"/syncs/{running.name}/add", body)
        assert (status, answer["error"]["code"]) == (400, code)
    assert running.stop() == 0


@pytest.mark.parametrize("here", ["mariadb"], indirect=True)
def test_plan_shows_what_commands_have_chosen(here):
    """plan, check and preview count the tables of commands, from the checkpoint. plan prints what to write into the script."""
    here.make_new(20)
    here.sql("CREATE TABLE gone (id INT PRIMARY KEY)")
    running = here.stream(patterns=("a", "gone"))
    here.command("add", "new")
    here.command("remove", "gone")
    code, out, err = running.once(command="plan")
    assert code == 0, err
    assert f'\n{here.db}.new (' in out and f'  added    by command; to keep that, write "{here.db}.new" into source.tables' in out
    assert f'{here.db}.gone\n  removed  by command; to keep that, write "!{here.db}.gone" into source.tables' in out
    planned = json.loads(running.once("--json", command="plan")[1])
    assert {one["table"]: one["by_command"] for one in planned} == {f"{here.db}.a": False, f"{here.db}.new": True}
    code, out, err = running.once(command="check")
    assert code == 0 and "tables: 2 selected" in out, out + err
    assert running.stop() == 0
