"""A checkpoint that a released version has written is continued by this one (rule: whole-checkpoint)."""

import json
from pathlib import Path

import pytest
from support.consume import rows
from test_full import ends_equal

FIXTURES = Path(__file__).parent.parent / "data" / "checkpoints"
POSITIONS = ("position", "read", "reading")


def records(version):
    """Return one record of a table for each set of members that the version writes: {("reading", "table"): record}. The state is
    the first member."""
    found = {}
    for file in FIXTURES.glob(f"{version}-*.json"):
        for name, value in json.loads(file.read_text()).items():
            if name.split("/")[1] == "full":
                record = json.loads(value)
                found[(record["state"], *(key for key in record if key != "state"))] = record
    return found


def placed(record, position, table=None):
    """The record, at a position of the server of this test."""
    return {key: position if key in POSITIONS else table if key == "table" else value for key, value in record.items()}


def position_now(mariadb, saved):
    file, offset = mariadb.binlog_end()
    ((gtid,),) = mariadb.run("SELECT @@gtid_binlog_pos")
    return saved | {"file": file, "offset": str(offset), "gtid": gtid}


@pytest.mark.parametrize("version", ["0.1.0", "0.1.1"])
def test_checkpoint_of_a_released_version(sync, sql, db, mariadb, kafka, tmp_path, version):
    """Finished tables are not read again. Half-copied tables are read again, even if rows were deleted since. The events of a table
    that was read after the stream's position count from its own start position on."""
    names = ["done", "half", "renamed", "moved", "late"]
    for name in names:
        sql(f"CREATE TABLE {name} (id INT PRIMARY KEY, v INT)", f"INSERT INTO {name} VALUES (1, 1), (2, 2), (3, 3)")
    path = tmp_path / "checkpoint.json"
    running = sync(f'checkpoint = {{ file = "{path}" }},')
    running.wait_streaming()
    assert running.stop() == 0
    for name in names:
        sql(f"DELETE FROM {name} WHERE id = 1", f"INSERT INTO {name} VALUES (4, 4)")
    saved = json.loads(path.read_text())
    position = json.loads(saved[f"{running.name}/position"])
    if version == "0.1.0":
        del position["identity"]
    now = position_now(mariadb, position)
    table = json.loads(next(value for name, value in saved.items() if f"/catalog/{db}.late/" in name))
    old = records(version)
    made = {
        "done": placed(old["done",], position),
        "half": placed(old["reading", "reading"], position),
        "renamed": placed(old.get(("reading",), old["reading", "reading"]), position),
        "moved": placed(old["reading", "position", "table"], position, table | {"table": "moved"}),
        "late": placed(old["done", "position", "read", "table"], now, table),
    }
    saved[f"{running.name}/position"] = json.dumps(position)
    saved |= {f"{running.name}/full/{db}.{name}": json.dumps(record) for name, record in made.items()}
    path.write_text(json.dumps(saved))
    sql(*(f"INSERT INTO {name} VALUES (5, 5)" for name in names))
    running.start()
    ends_equal(running, db, kafka, mariadb, ["done", "half", "renamed", "moved"])
    assert "3 of 5 tables to read" in running.log
    full = {name: [m.key for m in rows(running.reader(f"{db}.{name}").to_end()) if m.full] for name in names}
    assert sorted(full["done"]) == sorted(full["late"]) == [b"1", b"2", b"3"]
    for name in ("half", "renamed", "moved"):
        assert sorted(full[name]) == [b"1", b"2", b"2", b"3", b"3", b"4", b"5"], name
    assert [m.key for m in rows(running.reader(f"{db}.late").to_end()) if not m.full] == [b"5"]
