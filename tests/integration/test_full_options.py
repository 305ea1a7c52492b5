"""Options of `full` that choose what is copied, and in which order (docs/lua-api.md, "full"): in the first copy, beside the
stream, and in another copy."""

import re

import pytest
from support.consume import rows
from test_backfill import ONE
from test_resync import Again

WHERE = """full = { where = { ["*.new"] = "v < 1000 -- the small ones\\n", ["*.b"] = "id > 1" }, order = { "*.new", "*.b" }, parallel = 1 },"""


@pytest.fixture(params=["mariadb", "mysql"])
def here(request, unique, sync_on, kafka):
    return Again(request.getfixturevalue(request.param), unique, sync_on, kafka)


def copied(messages, copy=None):
    return sorted(int(m.key) for m in rows(messages) if m.full and m.copy == copy)


def wait_recorded(here, key):
    """Wait until the record that a copy has ended is saved: with the position of a row that comes later."""
    here.sql(f"INSERT INTO a VALUES ({key}, 0)")
    here.wait_saved(here.running)


def test_some_rows_of_the_first_copy(here):
    """Rows that fulfil the condition are copied, in the order of the script; changes of the others are written."""
    here.sql("CREATE TABLE a (id INT PRIMARY KEY, v INT)", "CREATE TABLE b LIKE a", "CREATE TABLE new LIKE a",
             *(f"INSERT INTO {t} VALUES (1, 1), (2, 2000), (3, 3)" for t in ("a", "b", "new")))
    topic = f"{here.db}.all"
    running = here.sync_on(here.server, here.kafka, [f"{here.db}.*"], WHERE + ONE + f'topic = "{topic}",', topic=False).start()
    running.wait_streaming()
    here.sql("UPDATE new SET v = 2001 WHERE id = 2", "INSERT INTO a VALUES (9, 9)")
    found = running.until(topic, lambda m: any(x.key == b"9" for x in m), "the row after")
    assert running.stop() == 0
    assert [(m.table[1], m.key) for m in rows(found) if m.full] == [
        ("new", b"1"), ("new", b"3"), ("b", b"2"), ("b", b"3"), ("a", b"1"), ("a", b"2"), ("a", b"3")]
    assert [(m.table[1], m.op, m.row["v"]) for m in rows(found) if not m.full] == [
        ("new", "UPDATE_BEFOR", 2000), ("new", "UPDATE_AFTER", 2001), ("a", "INSERT", 9)]


def test_another_condition_after_a_kill(here):
    """Ranges that were finished by another condition are read again."""
    here.make_new(4000)
    options = 'full = { where = { ["*.new"] = "id % 2 = 0" }, rows_per_second = 1500, chunk_rows = 500 },' + ONE
    running = here.sync_on(here.server, here.kafka, [f"{here.db}.new"], options).start()
    running.until(f"{here.db}.new", lambda m: len(copied(m)) >= 600, "rows")
    running.kill9()
    before = set(copied(running.reader(f"{here.db}.new").to_end()))
    assert all(key % 2 == 0 for key in before)
    running.write(running.path.read_text().replace("id % 2 = 0", "id % 2 = 1").replace("rows_per_second = 1500", "rows_per_second = 0"))
    running.start()
    running.wait_streaming()
    assert running.stop() == 0
    after = copied(running.reader(f"{here.db}.new").to_end())
    assert set(after) - before == {n for n in range(4000) if n % 2 == 1}


def test_some_rows_beside_the_stream(here):
    """An added table, and another copy of it, with a condition of its own. Deleted rows cannot be found: those that the condition
    leaves out would be taken for deleted."""
    here.sql("CREATE TABLE a (id INT PRIMARY KEY, v INT)", "CREATE TABLE new LIKE a",
             "INSERT INTO new VALUES (1, 1), (2, 2000), (3, 3), (4, 4)", "INSERT INTO a VALUES (1, 1)")
    here.running = running = here.sync_on(here.server, here.kafka, [f"{here.db}.a"], WHERE.replace('"*.new", "*.b"', "").replace(
        ', ["*.b"] = "id > 1"', "") + 'unmatched = "warn",' + ONE).start()
    running.wait_streaming()
    here.command("add", "new")
    running.until(f"{here.db}.new", lambda m: len(copied(m)) >= 3, "the copied rows")
    here.wait_copied(running)
    wait_recorded(here, 2)
    copy = here.resync("--where", "id > 1")
    here.wait_end(copy)
    wait_recorded(here, 3)
    assert "full.where leaves rows out of its copies" in here.command("resync", "new", "--deletes", code=2)
    assert running.stop() == 0
    messages = running.reader(f"{here.db}.new").to_end()
    assert copied(messages) == [1, 3, 4] and copied(messages, copy) == [3, 4]


def test_tables_that_are_not_copied(here):
    """Their changes are written from the start on: of one that the first start has, of one without a key, and of tables that come
    later, by the script or by a command. `resync` copies one nevertheless. kill -9 changes nothing of that."""
    here.sql("CREATE TABLE a (id INT PRIMARY KEY, v INT)",
             *(f"CREATE TABLE {t} (id INT{'' if t == 'loose' else ' PRIMARY KEY'}, v INT)" for t in ("loose", "new", "log1", "log2")),
             *(f"INSERT INTO {t} VALUES (1, 1)" for t in ("a", "loose", "new", "log1", "log2")))
    options = 'full = { skip = { "*.loose", "*.new", "*.log?" } }, no_primary_key = "empty",' + ONE
    here.running = running = here.sync_on(here.server, here.kafka, [f"{here.db}.{t}" for t in ("a", "loose", "new")], options).start()
    running.wait_streaming()
    here.sql("INSERT INTO loose VALUES (2, 2)", "INSERT INTO new VALUES (2, 2)", "INSERT INTO log1 VALUES (2, 2)")
    running.wait_rows(f"{here.db}.new", 1)
    running.kill9()
    running.write(running.text([f"{here.db}.{t}" for t in ("a", "loose", "new", "log1")], options))
    running.start()
    running.wait_streaming()
    here.command("add", "log2")
    here.sql("INSERT INTO log1 VALUES (3, 3)", "INSERT INTO log2 VALUES (3, 3)", "DELETE FROM new WHERE id = 1", "INSERT INTO a VALUES (3, 3)")
    running.until(f"{here.db}.a", lambda m: any(x.key == b"3" for x in m), "the row after")
    copy = here.resync()
    here.wait_end(copy)
    assert running.stop() == 0

    def written(table):
        return list(dict.fromkeys((m.op, m.row["id"]) for m in rows(running.reader(f"{here.db}.{table}").to_end()) if m.copy is None))

    assert written("a") == [("INSERT", 1), ("INSERT", 3)]
    assert written("loose") == [("INSERT", 2)]
    assert written("new") == [("INSERT", 2), ("DELETE", 1)]
    assert written("log1") == written("log2") == [("INSERT", 3)]
    assert copied(running.reader(f"{here.db}.new").to_end(), copy) == [2]
    assert running.log.count("is not copied (full.skip)") == 2  # log1 and log2, in this process


def test_a_condition_that_the_source_refuses(here):
    """The start fails with the place of the condition, the table, and the server's error; plan shows conditions and warns, and check
    fails."""
    here.sql("CREATE TABLE a (id INT PRIMARY KEY)", "INSERT INTO a VALUES (1)")
    running = here.sync_on(here.server, here.kafka, [f"{here.db}.a"], 'full = { where = { ["*.a"] = "idd > 3" } },' + ONE)
    code, out, err = running.once(command="plan")
    assert code == 0, err
    assert re.search(r"rows +where idd > 3\n", out)
    assert re.search(r"warning  \S+\.lua:\d+: full\.where\[\"\*\.a\"\]: rows of \S+\.a that do not fulfil the condition are not copied", out)
    code, out, err = running.once(command="check")
    assert code == 1 and re.search(rf"FAIL  table {here.db}\.a: .*full\.where.*the source does not accept the condition", out), out + err
    running.start().fails(1, r'ERROR E-142: \S+\.lua:\d+: full\.where\["\*\.a"\]: the source does not accept the condition for table '
                             rf"{here.db}\.a: .*idd")
