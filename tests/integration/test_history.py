"""The place in the binlog that a sync begins and resumes at: its GTIDs, and that the binlog is still the one it was."""

import re
import threading

import pytest

MEGABYTE = 1 << 20


class Writer:
    """Writes single rows to a table, in two GTID domains, until it is stopped."""

    def __init__(self, database, table):
        self.database, self.table = database, table
        self.ended = threading.Event()
        self.rows = 0
        self.thread = threading.Thread(target=self.write, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        self.thread.join()

    def write(self):
        connection = self.database.connect()
        with connection.cursor() as cursor:
            while not self.ended.is_set():
                cursor.execute(f"SET SESSION gtid_domain_id = {7 * (self.rows % 2)}")
                cursor.execute(f"INSERT INTO {self.table} VALUES ({self.rows})")
                self.rows += 1
        connection.close()


@pytest.mark.parametrize("busy", [False, True], ids=["quiet", "busy"])
def test_start_after_an_event_larger_than_a_packet(sync_on, mariadb, kafka, sql, db, unique, busy):
    """BINLOG_GTID_POS gives NULL after an event larger than max_allowed_packet, of any table: the sync starts all the same, at
    the same GTIDs as a session with a larger limit gets, also while others write."""
    sql("CREATE TABLE t (id INT PRIMARY KEY)", "CREATE TABLE other (b LONGBLOB)")
    sql(f"INSERT INTO other VALUES (REPEAT('a', {2 * MEGABYTE}))")
    # no RELOAD: no lock holds the writers off
    mariadb.make_user(f"u{unique[:20]}", "secret", "SELECT, REPLICATION SLAVE, REPLICATION CLIENT")
    running = sync_on(mariadb, kafka, [f"{db}.t"], user=f"u{unique[:20]}", password="secret")
    large = mariadb.connect()  # with the limit of now
    with mariadb.globals(max_allowed_packet=MEGABYTE), Writer(mariadb, f"{db}.t") as writer:
        if not busy:
            writer.__exit__()
        running.start().wait_streaming()
    file, offset, gtids = re.search(r"full sync: .* at (\S+):(\d+), GTID (\S+) \(", running.log).groups()
    with large.cursor() as cursor:
        cursor.execute(f"SELECT BINLOG_GTID_POS('{file}', {offset})")
        assert set(gtids.split(",")) == set(cursor.fetchone()[0].split(","))
    large.close()
    assert {int(m.key) for m in running.until(f"{db}.t", lambda m: len({r.key for r in m}) >= writer.rows, "the rows")} == set(
        range(writer.rows))
