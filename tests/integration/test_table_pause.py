"""`tideway pause` and `tideway resume` with tables (decisions/0041): nothing of a paused table is sent, the others continue, and `resume`
copies it again."""

import re

import pytest
from support.consume import rows
from support.link import Link
from support.rebuild import compare
from test_admin import run_command
from test_backfill import ONE, arrived, changing
from test_quarantine import QUARANTINE, RAISES, Trouble
from test_resync import check_copy


@pytest.fixture(params=["mariadb", "mysql"])
def here(request, unique, sync_on, kafka):
    return Trouble(request.getfixturevalue(request.param), unique, sync_on, kafka)


def paused(here):
    return [one["name"].split(".")[1] for one in here.admin.sync(here.running.name)["paused_tables"]]


def test_a_table_is_paused(here):
    """From the pause on, nothing of the table is sent, also after kill -9. The other table gets nothing twice. Status, tables, plan and log show
    the pause. Statements on the table are followed. `resume` copies it again, with markers."""
    running = here.stream(ONE)
    name = f"{here.db}.bad"
    here.sql("INSERT INTO bad VALUES (2, 2)")
    here.wait_row("bad", b"2")
    out = here.command("pause", "bad")
    assert f"sends nothing more of {name}, also after a restart" in out and f'tideway resume "{name}"' in out
    here.sql("INSERT INTO bad VALUES (3, 3)", "DELETE FROM bad WHERE id = 1", "INSERT INTO a VALUES (2, 2, '')")
    here.wait_row("a", b"2")
    one = here.admin.sync(running.name)
    (table,) = one["paused_tables"]
    assert table["name"] == name and table["position"] and one["quarantined"] == [] and one["state"] == "streaming"
    assert one["by_command"] == {"added": [], "removed": []} and one["paused_since_ms"] is None
    assert [(c["command"], c["state"], c["removed"]) for c in one["commands"]] == [("pause_tables", "done", [name])]
    assert f"table     {name} was paused " in run_command(running, "status")
    assert re.search(rf"{name} +paused\n", run_command(running, "tables"))
    assert re.search(rf"table {name} was paused by command", running.log)
    code, out, err = running.once(command="plan")
    assert code == 0 and f"{name}\n  paused  by command" in out, out + err
    here.wait_saved(running)
    running.kill9()
    here.sql("ALTER TABLE bad ADD COLUMN w INT", "INSERT INTO bad VALUES (4, 4, 4)", "INSERT INTO a VALUES (3, 3, '')")
    running.start()
    here.wait_row("a", b"3")
    assert here.admin.sync(running.name)["paused_tables"] == [table] and f"table {name} is paused: nothing of it has been sent since" in running.log
    assert here.keys("bad") == [b"1", b"2"]
    out = here.command("resume", "bad")
    assert f"copies {name} again beside the stream" in out and paused(here) == []
    copy = str(here.admin.sync(running.name)["commands"][-1]["id"])
    here.wait_copied(running)
    here.sql("UPDATE bad SET w = 5 WHERE id = 3", "INSERT INTO a VALUES (4, 4, '')")
    running.until(name, lambda m: any(x.key == b"3" and x.op == "UPDATE_AFTER" for x in rows(m)), "the change after the copy")
    here.wait_row("a", b"4")
    assert running.stop() == 0
    messages = running.reader(name).to_end()
    assert [m.key for m in check_copy(messages, name, copy, 1)] == [b"2", b"3", b"4"]
    table = arrived(messages, name)
    assert table.rows.pop(b"1")["v"] == 1  # it was deleted during the pause, and nobody has seen that
    compare(here.server, here.db, "bad", table)
    assert here.keys("a") == [b"1", b"2", b"3", b"4"]


def test_refused_commands_of_paused_tables(here):
    """A paused table, one in quarantine and a captured one each have their commands. A refused one changes nothing."""
    running = here.stream(QUARANTINE + RAISES)
    here.sql("CREATE TABLE still (id INT PRIMARY KEY, v INT)", "INSERT INTO still VALUES (1, 1)", "INSERT INTO bad VALUES (3, -13)")
    here.wait_row("still", b"1")
    here.wait_quarantined(bad="E-701")
    here.command("pause", "still")
    for command, table, code, expected in (
        ("pause", "still", 2, r"E-234: table \S+still is paused: tideway resume ends that"),
        ("resync", "still", 2, r"E-234: table \S+still is paused"),
        ("add", "still", 2, r"E-234: table \S+still is paused"),
        ("cancel", "still", 2, r"E-222"),
        ("pause", "bad", 2, r"E-234: table \S+bad is in quarantine: tideway resync ends that"),
        ("resume", "bad", 2, r"E-234: table \S+bad is in quarantine"),
        ("resume", "a", 2, r"E-235: table \S+a is not paused"),
        ("pause", "missing", 2, r"E-224: table \S+missing does not exist"),
        ("pause", "a", 2, r"E-225: sync \S+ would have no table"),
    ):
        err = here.command(command, table, code=code)
        assert re.search(expected, err), err
    assert paused(here) == ["still"] and here.quarantined() == {"bad": "E-701"}
    here.command("remove", "still")
    assert paused(here) == [] and here.admin.sync(running.name)["by_command"]["removed"] == [{"db": here.db, "table": "still"}]
    assert running.stop() == 0


@pytest.mark.parametrize("here", ["mariadb"], indirect=True)
def test_paused_while_the_source_is_away(here):
    """A pause needs no source, its end does. A table that a command has added stays one, also if the pause ends while the whole sync is
    paused: nothing of it was left out then, and its copy needs no gap."""
    link = Link(here.server.port)
    try:
        running = here.stream(ONE, patterns=("a",), port=link.port)
        here.command("add", "bad")
        here.wait_row("bad", b"1")
        here.wait_saved(running)
        run_command(running, "pause")
        link.close()
        here.command("pause", "bad")
        assert paused(here) == ["bad"] and here.admin.sync(running.name)["by_command"]["added"] == []
        resuming = running.begin_command("resume", f"{here.db}.bad")
        resuming.wait_text("cannot connect")
        assert paused(here) == ["bad"]
        link = Link(here.server.port, link.port)
        resuming.ends(0)
        assert paused(here) == []
        run_command(running, "resume")
        here.sql("INSERT INTO bad VALUES (2, 2)", "INSERT INTO a VALUES (2, 2, '')")
        here.wait_row("bad", b"2")
        here.wait_row("a", b"2")
        assert here.admin.sync(running.name)["by_command"]["added"] == [{"db": here.db, "table": "bad"}]
        assert running.stop() == 0
    finally:
        link.close()
    here.equals("a", "bad")


@pytest.mark.parametrize("here", ["mariadb"], indirect=True)
def test_killed_while_a_pause_begins_and_ends(here):
    """kill -9 before and after each of the saves since the command: the table is paused or not, and nothing is lost once it is resumed."""
    running = here.stream(ONE)
    assert running.stop() == 0
    with changing(here, "a", 50):
        for n, fault in enumerate(f"{point}:{n}:kill" for n in range(2, 5) for point in ("save", "saved")):
            running.start(fault=fault)
            asking = running.begin_command("resume" if n % 2 else "pause", f"{here.db}.bad")
            here.sql(f"INSERT INTO bad VALUES ({n + 2}, 0)")
            assert running.wait_exit() == -9, running.log
            asking.wait_exit()
        running.start()
        running.wait_streaming()
        if not paused(here):
            here.command("pause", "bad")
        here.sql("INSERT INTO bad VALUES (100, 0)")
        here.command("resume", "bad")
        here.wait_row("bad", b"100")
        here.wait_copied(running)
    here.wait_caught_up()
    assert running.stop() == 0
    here.equals("bad", "a")
