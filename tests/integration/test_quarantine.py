"""A table in trouble alone: nothing of it is sent any more, and the others continue (on_table_error = "quarantine", decisions/0038)."""

import re

import pytest
from support.admin import admin_of
from support.consume import rows
from support.paths import ROOT
from support.rebuild import compare
from support.wait import wait_for
from test_admin import run_command
from test_alerts import PRINT, alerts
from test_backfill import ONE, arrived, changing
from test_resync import Again, check_copy

QUARANTINE = 'on_table_error = "quarantine",' + ONE
# raises at a row that has this value; no other test helper writes negative ones
RAISES = 'on_row = function(row) if row.v == -13 then error("thirteen") end end,'


class Trouble(Again):
    """A sync of all tables of its database, at first `a` and `bad`. `bad` goes into quarantine."""

    def stream(self, options=QUARANTINE, patterns=("*",), **more):
        self.sql("CREATE TABLE a (id INT PRIMARY KEY, v INT, s VARCHAR(50))", "INSERT INTO a VALUES (1, 1, 'a')",
                 "CREATE TABLE bad (id INT PRIMARY KEY, v INT)", "INSERT INTO bad VALUES (1, 1)")
        tables = [f"!{self.db}.{p[1:]}" if p[0] == "!" else f"{self.db}.{p}" for p in patterns]
        self.running = self.sync_on(self.server, self.kafka, tables, options, **more).start()
        self.running.wait_streaming()
        return self.running

    def wait_row(self, table, key):
        return self.running.until(f"{self.db}.{table}", lambda m: any(x.key == key for x in rows(m)), f"row {key} of {table}")

    def wait_caught_up(self):
        """Wait for a row of `a` that is written now: what was written before has arrived then."""
        self.sql("REPLACE INTO a VALUES (99, 0, '')")
        self.wait_row("a", b"99")

    def quarantined(self):
        """The tables in quarantine, without their database, and the code of the error of each."""
        return {one["name"].split(".")[1]: one["code"] for one in self.admin.sync(self.running.name)["quarantined"]}

    def wait_quarantined(self, **expected):
        wait_for(lambda: self.quarantined() == expected, lambda: f"{self.quarantined()} are in quarantine\n{self.running.log[-2000:]}")

    def end(self, table="bad", *words):
        """Copy the table again, and wait until that has ended. Return the id of the copy."""
        self.command("resync", table, *words)
        copy = str(self.admin.sync(self.running.name)["commands"][-1]["id"])
        name = f"{self.db}.{table}"
        wait_for(lambda: self.admin.tables(self.running.name).get(name, {}).get("step") == "stream", lambda: self.running.log[-2000:])
        assert table not in self.quarantined()
        return copy

    def keys(self, table):
        return [m.key for m in rows(self.running.reader(f"{self.db}.{table}").to_end())]

    def equals(self, *tables):
        """The topic of each table has its rows."""
        for table in tables:
            name = f"{self.db}.{table}"
            compare(self.server, self.db, table, arrived(self.running.reader(name).to_end(), name))


@pytest.fixture(params=["mariadb", "mysql"])
def here(request, unique, sync_on, kafka):
    return Trouble(request.getfixturevalue(request.param), unique, sync_on, kafka)


def test_a_function_that_fails_for_one_table(here):
    """The row at which a function raises, and all later ones of its table, are not sent. The other table loses nothing and gets
    nothing twice, also after kill -9. Status, tables, check, plan, an alert and the log name the table. Statements on it are followed.
    `resync` copies it again when the cause is gone, with markers."""
    running = here.stream(QUARANTINE + RAISES + PRINT)
    name = f"{here.db}.bad"
    here.sql("INSERT INTO bad VALUES (2, 2)", "INSERT INTO a VALUES (2, 2, '')")
    here.wait_row("bad", b"2")
    here.wait_row("a", b"2")
    here.wait_saved(running)  # what follows is the first that is not saved
    here.sql("INSERT INTO bad VALUES (3, -13)", "INSERT INTO bad VALUES (4, 4)", "INSERT INTO a VALUES (3, 3, '')")
    here.wait_row("a", b"3")
    (table,) = here.admin.sync(running.name)["quarantined"]
    assert table["name"] == name and table["code"] == "E-701" and "thirteen" in table["message"] and table["position"]
    assert re.search(rf"ERROR table {name} is in quarantine, nothing of it is sent \(on_table_error\): E-701: .*thirteen", running.log)
    assert re.search(rf"WARN  table {name} is in quarantine: nothing of it has been sent since ", running.log)
    wait_for(lambda: alerts(running, "quarantine"), "the alert")
    (raised,) = alerts(running, "quarantine")
    assert raised[1].startswith(f"E-701 {name} ")
    assert f"table     {name} went into quarantine " in run_command(running, "status")
    assert re.search(rf"{name} +quarantined, E-701", run_command(running, "tables"))
    code, out, err = running.once(command="check")
    assert code == 0 and f"WARN  table {name}: it is in quarantine: E-701: " in out, out + err
    code, out, err = running.once(command="plan")
    assert code == 0 and f"{name}\n  quarantined  E-701: " in out, out + err
    assert "is in quarantine: tideway resync ends that" in here.command("add", "bad", code=2)
    assert "leave out --where" in here.command("resync", "bad", "--where", "v > 0", code=2)
    here.wait_saved(running)
    running.kill9()
    here.sql("ALTER TABLE bad ADD COLUMN w INT", "INSERT INTO bad VALUES (5, 5, 5)", "INSERT INTO a VALUES (4, 4, '')")
    running.start()
    here.wait_row("a", b"4")
    assert here.admin.sync(running.name)["quarantined"] == [table]
    assert here.keys("bad") == [b"1", b"2"]
    here.sql("DELETE FROM bad WHERE v = -13")
    copy = here.end()
    here.sql("UPDATE bad SET w = 6 WHERE id = 4", "INSERT INTO a VALUES (5, 5, '')")
    here.wait_row("a", b"5")
    running.until(name, lambda m: any(x.key == b"4" and x.op == "UPDATE_AFTER" for x in rows(m)), "the change after the copy")
    assert running.stop() == 0
    messages = running.reader(name).to_end()
    compare(here.server, here.db, "bad", arrived(messages, name))
    assert [m.key for m in check_copy(messages, name, copy, 1)] == [b"1", b"2", b"4", b"5"]
    assert here.keys("a") == [b"1", b"2", b"3", b"4", b"5"]


def test_a_definition_that_is_contradicted(here):
    """The binlog contradicts the definition of one table, on which statements follow. After the quarantine, its rows have the definition of now, and
    one that was deleted meanwhile gets a DELETE."""
    running = here.stream()
    here.server.run("SET SESSION sql_log_bin = 0", "ALTER TABLE bad ADD COLUMN s VARCHAR(20) FIRST", db=here.db)
    here.sql("INSERT INTO bad VALUES ('x', 2, 2)", "INSERT INTO a VALUES (2, 2, '')")
    here.wait_row("a", b"2")
    here.wait_quarantined(bad="E-721")
    here.sql("ALTER TABLE bad ADD COLUMN t INT AFTER s", "INSERT INTO bad VALUES ('y', 3, 3, 3)", "DELETE FROM bad WHERE id = 1",
             "INSERT INTO a VALUES (3, 3, '')")
    here.wait_row("a", b"3")
    here.end("bad", "--deletes")
    here.sql("INSERT INTO bad VALUES ('z', 4, 4, 4)", "INSERT INTO a VALUES (4, 4, '')")
    here.wait_row("a", b"4")
    here.wait_row("bad", b"4")
    assert running.stop() == 0
    here.equals("a", "bad")


def test_a_statement_that_does_not_fit(here):
    """A statement does not fit the definition of a table, and then that of one in quarantine, whose definition was right until then."""
    running = here.stream(QUARANTINE + RAISES)
    here.sql("CREATE TABLE other (id INT PRIMARY KEY, v INT)", "INSERT INTO other VALUES (1, 1)", "INSERT INTO bad VALUES (3, -13)")
    here.wait_quarantined(bad="E-701")
    for table in ("bad", "other"):
        here.server.run("SET SESSION sql_log_bin = 0", f"ALTER TABLE {table} ADD COLUMN s INT", db=here.db)
        here.sql(f"ALTER TABLE {table} DROP COLUMN s, ADD COLUMN t INT")
    here.sql("INSERT INTO a VALUES (2, 2, '')")
    here.wait_row("a", b"2")
    assert here.quarantined() == {"bad": "E-701", "other": "E-726"}
    here.sql("DELETE FROM bad WHERE v = -13", "INSERT INTO other VALUES (2, 2, 2)")
    here.end("bad")
    here.end("other")
    assert running.stop() == 0
    here.equals("bad", "other")


def test_a_table_in_quarantine_is_renamed(here):
    """The rows of a table in quarantine get another selected name: that one is in quarantine, too, and loses no row by that. The old
    name can be removed although the table is gone. The same holds for a table that nobody captured."""
    here.sql("CREATE TABLE unseen (id INT PRIMARY KEY, v INT)", "INSERT INTO unseen VALUES (7, 7)")
    running = here.stream(QUARANTINE + RAISES, patterns=("*", "!unseen"))
    here.sql("INSERT INTO bad VALUES (3, -13), (4, 4)")
    here.wait_quarantined(bad="E-701")
    here.sql("DELETE FROM bad WHERE v = -13", "RENAME TABLE bad TO other", "INSERT INTO other VALUES (5, 5)", "INSERT INTO a VALUES (2, 2, '')")
    here.wait_row("a", b"2")
    assert here.quarantined() == {"bad": "E-701", "other": "E-730"}
    here.sql("RENAME TABLE unseen TO came", "INSERT INTO came VALUES (8, 8)", "INSERT INTO a VALUES (3, 3, '')")
    here.wait_row("a", b"3")
    assert here.quarantined() == {"bad": "E-701", "other": "E-730", "came": "E-730"}
    here.command("remove", "bad")
    here.end("other")
    here.end("came")
    here.sql("INSERT INTO other VALUES (6, 6)")
    here.wait_row("other", b"6")
    assert running.stop() == 0
    here.equals("other", "came")


def test_a_mapping_that_no_longer_fits(here):
    """A statement removes the column that the script uses as the key of one table."""
    running = here.stream(QUARANTINE + 'key = { ["*.bad"] = { "v", "id" } },')
    here.sql("ALTER TABLE bad CHANGE v w INT", "INSERT INTO bad VALUES (2, 2)", "INSERT INTO a VALUES (2, 2, '')")
    here.wait_row("a", b"2")
    assert list(here.quarantined()) == ["bad"]
    assert "E-1" in here.command("resync", "bad", code=1)  # the script still does not fit
    assert list(here.quarantined()) == ["bad"]
    here.sql("ALTER TABLE bad CHANGE w v INT")
    copy = here.end()
    assert running.stop() == 0
    assert {m.key for m in check_copy(running.reader(f"{here.db}.bad").to_end(), f"{here.db}.bad", copy, 1)} == {b"1,1", b"2,2"}


def test_a_copy_that_fails_for_one_table(here):
    """The first copy meets rows at which a function raises: the other table is copied. A restart with a corrected script and `resync`
    copies the others, too, one without a key before the stream. The only table of a sync is not put into quarantine."""
    here.sql("CREATE TABLE loose (v INT)", "INSERT INTO loose VALUES (-13), (14)", "CREATE TABLE bad2 (id INT PRIMARY KEY, v INT)",
             "INSERT INTO bad2 VALUES (1, 1), (3, -13)")
    keyless = 'no_primary_key = "empty",'
    running = here.stream(QUARANTINE + keyless + RAISES)
    here.wait_row("a", b"1")
    assert here.quarantined() == {"bad2": "E-701", "loose": "E-701"}
    assert running.stop() == 0
    running.write(running.path.read_text().replace(RAISES, ""))
    running.start()
    running.wait_streaming()
    here.end("bad2")
    here.end("loose")
    assert here.quarantined() == {}
    here.sql("INSERT INTO loose VALUES (15)", "INSERT INTO bad2 VALUES (4, 4)")
    here.wait_row("bad2", b"4")
    running.until(f"{here.db}.loose", lambda m: any(x.row["v"] == 15 for x in rows(m)), "the row of a table without a key")
    assert running.stop() == 0
    here.equals("bad2")
    sent = [m.row["v"] for m in rows(running.reader(f"{here.db}.loose").to_end()) if m.copy is None]
    assert sorted(sent)[-2:] == [14, 15] and -13 in sent
    alone = here.sync_on(here.server, here.kafka, [f"{here.db}.bad2"], QUARANTINE + RAISES, name=running.name + "x").start()
    alone.fails(7, "ERROR E-701: .*thirteen")


@pytest.mark.parametrize("here", ["mariadb"], indirect=True)
def test_a_table_that_cannot_be_read_any_more(here):
    """A table cannot be read since it was altered, when the sync continues after an outage. The first start of a sync refuses such a table."""
    running = here.stream()
    assert running.stop() == 0
    here.sql("ALTER TABLE bad ADD SYSTEM VERSIONING", "INSERT INTO bad VALUES (2, 2)", "INSERT INTO a VALUES (2, 2, '')")
    running.start()
    running.wait_streaming()
    here.wait_row("a", b"2")
    assert here.quarantined() == {"bad": "E-323"}
    first = here.sync_on(here.server, here.kafka, [f"{here.db}.*"], QUARANTINE, name=running.name + "x").start()
    first.fails(3, "ERROR E-323")
    here.sql("ALTER TABLE bad DROP SYSTEM VERSIONING")
    here.end()
    assert running.stop() == 0
    here.equals("a", "bad")


@pytest.mark.parametrize("here", ["mariadb"], indirect=True)
def test_a_table_that_a_command_has_added(here):
    """It stays one that a command has added. `remove` ends the quarantine, too. A table that the script no longer selects leaves it."""
    running = here.stream(QUARANTINE + RAISES, patterns=("a",))
    added = [{"db": here.db, "table": "bad"}]
    here.command("add", "bad")
    here.wait_row("bad", b"1")
    here.sql("INSERT INTO bad VALUES (3, -13)")
    here.wait_quarantined(bad="E-701")
    assert here.admin.sync(running.name)["by_command"]["added"] == []
    here.sql("DELETE FROM bad WHERE v = -13")
    here.end()
    assert here.admin.sync(running.name)["by_command"]["added"] == added
    here.sql("INSERT INTO bad VALUES (4, -13)")
    here.wait_quarantined(bad="E-701")
    assert running.stop() == 0
    running.start()
    running.wait_streaming()
    assert here.quarantined() == {"bad": "E-701"}
    here.command("remove", "bad")
    assert here.quarantined() == {} and here.admin.sync(running.name)["by_command"] == {"added": [], "removed": []}
    assert running.stop() == 0
    here.select(running, QUARANTINE + RAISES, "a", "bad")
    running.start()
    running.wait_log(r"(?s)ERROR table \S+ is in quarantine.*stream: reading")
    assert here.quarantined() == {"bad": "E-701"}
    assert running.stop() == 0
    here.select(running, QUARANTINE + RAISES, "a")
    running.start()
    running.wait_streaming()
    assert "bad was in quarantine, which is forgotten: the script does not select it now" in running.log
    assert here.quarantined() == {}
    assert running.stop() == 0


@pytest.mark.parametrize("here", ["mariadb"], indirect=True)
def test_killed_while_a_quarantine_begins(here):
    """It has begun completely or not at all: kill -9 before and after each of the saves that follow the error."""
    running = here.stream(QUARANTINE + RAISES)
    assert running.stop() == 0
    here.sql("INSERT INTO bad VALUES (3, -13), (4, 4)")
    with changing(here, "a", 50):  # there is always something to save
        for fault in [f"{point}:{n}:kill" for n in range(1, 5) for point in ("save", "saved")]:
            running.start(fault=fault)
            assert running.wait_exit() == -9, running.log
        running.start()
        running.wait_streaming()
        here.wait_quarantined(bad="E-701")
    here.wait_caught_up()
    assert running.stop() == 0
    assert here.keys("bad") == [b"1"]
    here.equals("a")


@pytest.mark.parametrize("here", ["mariadb"], indirect=True)
def test_killed_while_a_quarantine_ends(here):
    """kill -9 before and after each of the saves since the command: the table is in quarantine, or is copied to the end."""
    running = here.stream(QUARANTINE + RAISES)
    here.sql("INSERT INTO bad VALUES (3, -13), (4, 4)")
    here.wait_quarantined(bad="E-701")
    here.sql("UPDATE bad SET v = 14 WHERE v = -13")
    assert running.stop() == 0
    with changing(here, "a", 50):
        for fault in [f"{point}:{n}:kill" for n in range(2, 6) for point in ("save", "saved")]:
            running.start(fault=fault)
            asking = running.begin_command("resync", f"{here.db}.bad")
            assert running.wait_exit() == -9, running.log
            asking.wait_exit()
        running.start()
        running.wait_streaming()
        if here.quarantined():
            here.end()
        here.wait_row("bad", b"4")
        wait_for(lambda: here.admin.tables(running.name)[f"{here.db}.bad"]["step"] == "stream", "the copy has ended")
    here.wait_caught_up()
    assert running.stop() == 0
    here.equals("bad", "a")


def test_the_page_lists_the_errors():
    """docs/operations.md names each error that puts a table into quarantine, and no other."""
    names = re.findall(r"\{(E_\w+), BLAME_(?:TABLE|DEFINITION)\}", (ROOT / "src/engine/sync/quarantine.c").read_text())
    numbers = dict(re.findall(r"^X\((E_\w+), (\d+),", (ROOT / "src/base/errors.def").read_text(), re.M))
    (section,) = re.findall(r"### A table in quarantine\n(.*?)\n### ", (ROOT / "docs/operations.md").read_text(), re.S)
    (line,) = re.findall(r"^\| codes \| (.*) \|$", section, re.M)
    assert re.findall(r"E-(\d+)", line) == sorted(numbers[name] for name in names)
