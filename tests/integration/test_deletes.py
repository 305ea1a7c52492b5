"""Rows that only the topic has are deleted there after another copy of the table (resync --deletes, decisions/0040)."""

import re

import pytest
from confluent_kafka import Producer
from support.consume import rows
from support.rebuild import Rebuild, compare
from support.wait import DEADLINE_S, wait_for
from test_backfill import ONE, arrived, changing
from test_quarantine import Trouble
from test_resync import THREE, Again, markers

RATE = "full = { rows_per_second = env.RATE and tonumber(env.RATE) or 0 },"


@pytest.fixture(autouse=True)
def no_runtime_folder(monkeypatch):
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)


class Deleting(Again):
    def unseen(self, *statements):
        """Change rows so that the binlog does not contain it."""
        self.sql("SET SESSION sql_log_bin = 0", *statements)

    def begin_and_kill(self):
        """Begin a slow copy with deletes, and kill the process when the checkpoint has the begin and rows have arrived. The script has RATE, so
        that the next process has no limit."""
        copy = self.begin_slowly()
        self.sql("INSERT INTO a VALUES (1000000, 3, 'c')")
        self.running.until(f"{self.db}.a", lambda all_: any(m.key == b"1000000" for m in all_), "the row")
        self.wait_saved(self.running)
        self.running.kill9()
        return copy

    def begin_slowly(self):
        assert self.running.stop() == 0
        self.running.start("RATE=100")
        self.running.wait_streaming()
        copy = self.resync("--deletes")
        self.wait_again(copy)
        return copy

    def arrived_equal(self, copy, *tables, keys=None):
        """The topics give the tables. Each DELETE of the copy is for a key that nothing was written for since the begin marker. Return the
        keys that were deleted."""
        if keys is None:
            self.change_a(1000001)
        assert self.running.stop() == 0
        messages = self.running.reader(*(f"{self.db}.{t}" for t in tables)).to_end()
        Rebuild(self.kafka.partitions(), check_key=keys is None, bootstraps=False).feed_all(messages)
        for table in tables:
            state = arrived(messages, f"{self.db}.{table}")
            if keys is None:
                compare(self.server, self.db, table, state)
            else:
                assert set(state.rows) == keys
        return check_deletes(messages, copy)


def check_deletes(messages, copy):
    """Each DELETE of the copy is between its markers, and only for a row with a key that nothing else has come with since the begin. Return the keys."""
    since = {}  # (topic, partition) -> (table, key) of the rows since the last begin marker
    ended = set()
    deleted = []
    for m in messages:
        place = (m.topic, m.partition)
        if m.value and m.is_marker and m.copy == copy:
            if m.ddl["text"].endswith("begins"):
                since[place] = set()
            else:
                ended.add(place)
        elif m.value and m.is_row and place in since:
            if m.op == "DELETE" and m.copy is not None:
                assert m.copy == copy and place not in ended and (m.table, m.key) not in since[place], m
                assert m.full and m.after is None
                deleted.append(m.key)
            since[place].add((m.table, m.key))
    assert since and set(since) == ended
    return deleted


def of_copy(messages, copy):
    return [m for m in rows(messages) if m.copy == copy and m.op == "DELETE"]


@pytest.fixture(params=["mariadb", "mysql"])
def here(request, unique, sync_on, kafka):
    return Deleting(request.getfixturevalue(request.param), unique, sync_on, kafka)


def test_rows_that_nobody_saw_go(here):
    """Rows are deleted where the binlog does not show it, and all rows are changed all the time, also those: inserted again, they stay."""
    running = here.copied(3000, THREE)
    here.sql("UPDATE new SET s = 'seen' WHERE id % 9 = 0", "UPDATE new SET id = id + 300000 WHERE id % 30 = 0")
    here.unseen("DELETE FROM new WHERE id % 3 = 0")
    with changing(here, "new", 3000), changing(here, "a", 50):
        copy = here.resync("--deletes")
        here.wait_end(copy)
    assert re.search(rf"copy {copy} of table {here.db}\.new: \d+ rows that only the topic had are deleted there", running.log)
    deleted = here.arrived_equal(copy, "new")
    assert len(deleted) == len(set(deleted)) > 500 and any(int(key) > 300000 for key in deleted)
    running.start()
    running.wait_streaming()
    assert "beside the stream" not in running.log
    assert running.stop() == 0


@pytest.mark.parametrize("here", ["mariadb"], indirect=True)
def test_killed_at_any_moment(here):
    """kill -9 while rows are copied, in the middle of the DELETEs, and before and after saves: the next process continues."""
    running = here.copied(600, RATE + THREE)
    here.unseen("DELETE FROM new WHERE id >= 200")
    copy = here.begin_and_kill()
    # of 400 DELETEs at most 200 rows and 3 markers are sent before
    for fault in ("produce:20:kill", "produce:300:kill", "saved:1:kill", "produce:310:kill"):
        running.start(fault=fault)
        wait_for(lambda: not running.running or "backfill: 1 table done" in running.log, lambda: running.log[-2000:])
        if running.running:  # the copy ended before
            running.kill9()
        assert fault.startswith("save") or running.wait_exit() == -9, running.log
    running.start()
    running.wait_streaming()
    here.wait_end(copy)
    here.sql("INSERT INTO new VALUES (300, 1, 'later')")
    here.change_a(1000002)
    deleted = here.arrived_equal(copy, "new")
    assert {int(key) for key in deleted} == set(range(200, 600))


@pytest.mark.parametrize("here", ["mysql"], indirect=True)
def test_removed_messages(here):
    """Rows whose messages the topic does not have any more are not found. Where it does not have the begin of the copy, none is."""
    running = here.copied(600, RATE + THREE)
    name = f"{here.db}.new"
    here.unseen("DELETE FROM new WHERE id % 2 = 0")
    before = running.reader(name).to_end()
    here.kafka.remove(name, 1, 30)
    copy = here.begin_and_kill()
    messages = running.reader(name).until(lambda all_: len(markers(all_, copy)) >= 3, "the markers")
    begin = max(m.offset for kind, m in markers(messages, copy) if m.partition == 0)
    here.kafka.remove(name, 0, begin + 1)
    running.start()
    here.wait_end(copy)
    assert f"copy {copy} of table {name}: deleted rows are not looked for in partition 0" in running.log
    here.change_a(1000002)
    assert running.stop() == 0
    new = [m for m in running.reader(name).to_end() if (m.topic, m.partition) != (name, 0)]
    deleted = check_deletes(new, copy)
    there = {m.key for m in rows(before) if int(m.key) % 2 == 0 and (m.partition == 2 or m.partition == 1 and m.offset >= 30)}
    assert set(deleted) == there and len(deleted) == len(there) > 100


def abort_rows(kafka, topic, messages):
    """Write copies of messages in a transaction that is aborted."""
    producer = Producer({"bootstrap.servers": kafka.bootstrap, "transactional.id": f"tests.{topic}"})
    producer.init_transactions(DEADLINE_S)
    producer.begin_transaction()
    for m in messages:
        producer.produce(topic, key=m.key, value=m.value, partition=m.partition)
    assert producer.flush(DEADLINE_S) == 0
    producer.abort_transaction(DEADLINE_S)


@pytest.mark.parametrize("here", ["mariadb"], indirect=True)
def test_other_messages_of_the_topic(here):
    """Another table in the topic has the same keys. Another producer has left an aborted transaction, and messages that are nothing of a
    table. Keys that were deleted before, and moved, are not deleted again."""
    here.sql("CREATE TABLE other (id INT PRIMARY KEY, v INT)")
    name = f"{here.db}.new"
    running = here.copied(300, RATE + f"""topic = {{ {{ tables = "*.a", to = "{here.db}.a" }}, {{ tables = {{ "*.new", "*.other" }}, to = "{name}" }} }},
        """ + THREE, tables=("a", "new", "other"), topic=False)
    here.sql("INSERT INTO other VALUES (1, 1), (2, 2), (150, 3)", "DELETE FROM new WHERE id = 100", "UPDATE new SET id = 1101 WHERE id = 101", "DELETE FROM other WHERE id = 150")
    running.until(name, lambda all_: any(m.key == b"150" and m.op == "DELETE" for m in all_), "the changes")
    here.unseen("DELETE FROM new WHERE id >= 200", "DELETE FROM other WHERE id = 1")
    copy = here.begin_and_kill()
    before = running.reader(name).to_end()
    abort_rows(here.kafka, name, [m for m in rows(before) if m.key == b"250"])
    plain = Producer({"bootstrap.servers": here.kafka.bootstrap})
    for value in (b"not JSON", b"{}", b""):
        plain.produce(name, key=b"5", value=value, partition=0)
    assert plain.flush(DEADLINE_S) == 0
    running.start()
    here.wait_end(copy)
    here.change_a(1000002)
    assert running.stop() == 0
    messages = [m for m in running.reader(name).to_end() if m.value.startswith(b'{"')]
    deleted = check_deletes(messages, copy)
    assert sorted(map(int, deleted)) == [*range(200, 300), 1101]
    compare(here.server, here.db, "new", arrived([m for m in messages if m.table[1] == "new"], name))


@pytest.mark.parametrize("here", ["mariadb"], indirect=True)
def test_an_open_transaction(here):
    """Nobody reads past a transaction that another producer has open. A row that was sent after its begin is not taken for a deleted one."""
    running = here.copied(300, RATE + THREE)
    here.unseen("DELETE FROM new WHERE id >= 200")
    copy = here.begin_slowly()
    name = f"{here.db}.new"
    other = Producer({"bootstrap.servers": here.kafka.bootstrap, "transactional.id": f"tests.{name}"})
    other.init_transactions(DEADLINE_S)
    other.begin_transaction()
    for partition in range(3):
        other.produce(name, key=b"other", value=b"{}", partition=partition)
    assert other.flush(DEADLINE_S) == 0
    waits = "until the keys of its topic are compared"
    wait_for(lambda: here.admin.sync(running.name)["backfill_waits"] == waits, lambda: running.log[-2000:])
    here.change_a(1000002)
    here.wait_saved(running)
    other.abort_transaction(DEADLINE_S)
    here.wait_end(copy)
    deleted = here.arrived_equal(copy, "new")
    assert {int(key) for key in deleted} == set(range(200, 300))


MASKS = """columns = { ["*.new"] = { mask = { %s } } },"""


@pytest.mark.parametrize("here", ["mysql"], indirect=True)
def test_masks(here):
    """A masked key is compared as it is sent. A DELETE does not repeat what was sent plainly and is masked now."""
    key = 'id = require("tideway.mask").hash { key = "s" }'
    running = here.copied(20, ONE + MASKS % key)
    name = f"{here.db}.new"
    before = {m.key: m for m in rows(running.reader(name).to_end())}
    assert running.stop() == 0
    here.unseen("DELETE FROM new WHERE id >= 10")
    running.write(running.path.read_text().replace(key, key + ', s = require("tideway.mask").null'))
    running.start()
    running.wait_streaming()
    copy = here.resync("--deletes")
    here.wait_end(copy)
    here.change_a(9)
    assert running.stop() == 0
    messages = running.reader(name).to_end()
    there = {m.key for m in rows(messages) if m.copy == copy and m.op == "INSERT"}
    assert len(before) == 20 and len(there) == 10
    assert set(check_deletes(messages, copy)) == set(before) - there
    for m in of_copy(messages, copy):
        assert m.before == before[m.key].after | {"s": None} and before[m.key].after["s"] is not None


@pytest.mark.parametrize("here", ["mariadb"], indirect=True)
def test_another_key_from_the_script(here):
    """The script gives rows another key in the middle of the copy: it begins again. The old keys get no DELETE, since consumers may take it
    for one of the row, which exists; and those of rows that are gone cannot be told apart from them."""
    running = here.copied(600, RATE + THREE)
    copy = here.begin_and_kill()
    running.write(running.path.read_text().replace("topics =", "key_format = 'json', topics ="))
    running.start()
    here.wait_end(copy)
    assert f"copy {copy} of table {here.db}.new begins again: the rule for the keys of its messages has changed" in running.log
    keys = {b"%d" % n for n in range(600)} | {b'{"id":%d}' % n for n in range(600)}
    assert here.arrived_equal(copy, "new", keys=keys) == []
    assert f"copy {copy} of table {here.db}.new: 600 keys of the topic are not those that the script makes of their rows now" in running.log


# while `new` is copied again slowly
STATEMENTS = {
    "emptied": ["TRUNCATE TABLE new", "INSERT INTO new VALUES (1, 1, 'after'), (5, 5, 'after'), (7000, 1, 'after')"],
    "altered": ["ALTER TABLE new ADD x INT NOT NULL DEFAULT 7", "UPDATE new SET x = 8 WHERE id < 100"],
    "another_key": ["ALTER TABLE new MODIFY id VARCHAR(20) NOT NULL"],
}


@pytest.mark.parametrize(("here", "case"), [("mariadb", "emptied"), ("mysql", "altered"), ("mariadb", "another_key")], indirect=["here"])
def test_statements(here, case):
    running = here.copied(300, RATE + ONE)
    here.unseen("DELETE FROM new WHERE id >= 150")
    copy = here.begin_slowly()
    here.sql(*STATEMENTS[case])
    here.wait_end(copy)
    assert ("begins again: the rule for the keys" in running.log) == (case == "another_key")
    deleted = here.arrived_equal(copy, "new")
    missing = set(range(150, 300))
    assert {int(k) for k in deleted} >= missing if case == "emptied" else {int(k) for k in deleted} == missing


REFUSED = {
    "filter": ("filter = { ['*.new'] = function(row) return true end },", "on_row, on_change or filter may leave out rows"),
    "loop": ("loop = function(changes, out) for c in changes do for r in c:records() do out:send(r) end end end,", "the script's loop"),
    "dml": ("dml = { ['*.new'] = { delete = 'ignore' } },", "dml does not write deletes as deletes"),
    "headers": ("headers = { ['*.new'] = { origin = 'shop' } },", "its messages have headers"),
    "key": ("key = { ['*.new'] = 'v' },", "the key of its messages does not contain the primary key"),
    "function": ("key = { ['*.new'] = function(change) return change.row.id end },", "a function chooses the topic or the key"),
    "mask": ("columns = { ['*.new'] = { mask = { id = function(value) return value end } } },", "its key contains a time, the topic, or what a function"),
}


@pytest.mark.parametrize("here", ["mariadb"], indirect=True)
def test_refused(here):
    """The command says why deleted rows cannot be found, and the sync does not begin again."""
    running = here.copied(20, ONE)
    assert "E-233: --deletes and --where exclude each other" in here.command("resync", "new", "--where", "v > 0", "--deletes", code=2)
    plain = running.path.read_text()
    for options, expected in REFUSED.values():
        assert running.stop() == 0
        running.write(plain.replace("topics =", options + "topics ="))
        running.start()
        running.wait_streaming()
        err = here.command("resync", "new", "--deletes", code=2)
        assert re.search(rf"E-233: deleted rows of table {here.db}\.new cannot be found: {expected}", err), err
        assert "begins again" not in running.log
    assert running.stop() == 0


@pytest.mark.parametrize("here", ["mysql"], indirect=True)
def test_another_writer(here):
    """Rows of another sync of the script that writes to the topic are not on the source of this one."""
    running = here.copied(20, ONE)
    assert running.stop() == 0
    here.sql(f"CREATE DATABASE {here.db}_2", f"CREATE TABLE {here.db}_2.new (id INT PRIMARY KEY)", f"CREATE TABLE {here.db}_2.a (id INT PRIMARY KEY)", f"INSERT INTO {here.db}_2.new VALUES (77)")
    text = running.path.read_text()
    call = text[text.index("sync.run"):]
    other = call.replace(running.name, running.name + "_2").replace(f"{here.db}.", f"{here.db}_2.")
    other = other.replace('topic = {', f'topic = {{ {{ tables = "*.new", to = "{here.db}.new", final = true }}, ')
    running.write(text + other)
    running.start()
    running.until(f"{here.db}.new", lambda all_: any(m.key == b"77" for m in all_), "the row of the other sync")
    wait_for(lambda: all(here.admin.state(s) == "streaming" for s in (running.name, running.name + "_2")), lambda: running.log[-2000:])
    err = here.command("resync", "new", "--deletes", "--sync", running.name, code=2)
    assert f"E-233: deleted rows cannot be found, because sync '{running.name}_2' writes to topic \"{here.db}.new\" too" in err
    assert running.stop() == 0


@pytest.mark.parametrize("here", ["mariadb"], indirect=True)
def test_tombstones(here):
    """In a compacted topic the markers have keys. A tombstone follows each DELETE, and ends the key for the next copy."""
    options = "tombstones = true, topics = { partitions = 2, config = { ['cleanup.policy'] = 'compact' } },"
    running = here.copied(20, options)
    name = f"{here.db}.new"
    here.unseen("DELETE FROM new WHERE id >= 12")
    copies = []
    for n in (1, 2):
        copies.append(here.resync("--deletes"))
        wait_for(lambda n=n: running.log.count("backfill: 1 table done") == n, lambda: running.log[-2000:])
        here.change_a(8 + n)
        here.wait_saved(running)
    assert running.stop() == 0
    messages = running.reader(name).to_end()
    found = {m.key: m for m in messages if m.value and m.copy == copies[0] and m.is_row and m.op == "DELETE"}
    assert {int(key) for key in found} == set(range(12, 20))
    tombstones = {m.key: m for m in messages if m.value is None}
    assert set(tombstones) == set(found) and sum(m.value is None for m in messages) == len(found)
    for key, m in tombstones.items():
        assert (m.partition, m.offset, m.copy) == (found[key].partition, found[key].offset + 1, copies[0])


def test_after_a_quarantine(unique, sync_on, kafka, mysql):
    """What was deleted while a table was in quarantine is deleted downstream when it is copied again."""
    here = Trouble(mysql, unique, sync_on, kafka)
    here.sql("CREATE TABLE wide (id INT PRIMARY KEY, s TEXT)", "INSERT INTO wide VALUES (1, 'a'), (2, 'b')")
    running = here.stream('on_table_error = "quarantine", limits = { row_max = 1000 },' + ONE)
    here.sql("INSERT INTO wide VALUES (3, REPEAT('x', 2000))")
    wait_for(lambda: "wide" in here.quarantined(), lambda: running.log[-2000:])
    here.sql("DELETE FROM wide WHERE id IN (1, 3)", "INSERT INTO wide VALUES (4, 'd')")
    here.command("resync", "wide", "--deletes")
    copy = str(here.admin.sync(running.name)["commands"][-1]["id"])
    running.until(f"{here.db}.wide", lambda all_: "end" in [kind for kind, _ in markers(all_, copy)], "the end of the copy")
    here.sql("INSERT INTO wide VALUES (1, 'again')")
    running.until(f"{here.db}.wide", lambda all_: any(m.key == b"1" and not m.full for m in rows(all_)), "the row that came again")
    assert running.stop() == 0
    here.equals("wide")
    assert check_deletes(running.reader(f"{here.db}.wide").to_end(), copy) == [b"1"]
