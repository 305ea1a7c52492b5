"""source.mysql { hosts = {...} }: a primary and its replica, real ones; decisions/0010."""

import contextlib
import itertools
import signal
import threading
import time

import pymysql
import pytest
from support import process
from support.consume import rows
from support.link import Link
from support.servers import MariaDB, MySQL, StartFailed
from support.wait import wait_for

# a process that was killed at another host may still be sending, and this is how long the next one waits
SHORT_LEASE = {"TIDEWAY_LEASE_MS": "4000"}
TABLE = "CREATE TABLE d.t (id INT PRIMARY KEY, v INT NOT NULL)"


@pytest.fixture
def servers(tmp_path):
    """servers(kind, *options): starts a server for one test, with a new server_id. It logs what it applies."""
    made = []
    numbers = itertools.count(101)

    def make(kind, *options):
        number = next(numbers)
        folder = tmp_path / f"server{number}"
        # 2: committed transactions survive a kill of the server
        options = (f"--server-id={number}", "--innodb-flush-log-at-trx-commit=2", *options)
        try:
            if kind is MySQL:
                made.append(MySQL(folder, options))
            else:
                made.append(MariaDB(folder, ("--log-slave-updates", *options)))
        except StartFailed as failure:
            if kind is MySQL:
                pytest.skip(f"MySQL cannot be installed here: {failure}")
            raise
        return made[-1]

    yield make
    for server in made:
        server.stop(signal.SIGKILL)


@pytest.fixture
def pair(servers):
    """pair(kind): a primary with d.t, and its replica."""

    def make(kind, *options):
        primary, replica = servers(kind, *options), servers(kind, *options)
        follow(replica, primary)
        primary.run("CREATE DATABASE d", TABLE)
        caught_up(replica, primary)
        return primary, replica

    return make


both = pytest.mark.parametrize("kind", [MariaDB, MySQL], ids=["mariadb", "mysql"])


# replication


def follow(replica, primary, use_gtid="slave_pos"):
    if replica.mysql:
        replica.run(
            "CHANGE REPLICATION SOURCE TO SOURCE_HOST = '127.0.0.1', SOURCE_USER = 'root', SOURCE_PASSWORD = '', "
            f"SOURCE_PORT = {primary.port}, SOURCE_AUTO_POSITION = 1, SOURCE_CONNECT_RETRY = 1, GET_SOURCE_PUBLIC_KEY = 1",
            "START REPLICA",
        )
    else:
        replica.run(
            "CHANGE MASTER TO MASTER_HOST = '127.0.0.1', MASTER_USER = 'root', MASTER_PASSWORD = '', "
            f"MASTER_PORT = {primary.port}, MASTER_USE_GTID = {use_gtid}, MASTER_CONNECT_RETRY = 1",
            "START SLAVE",
        )


def gtids(server):
    return server.run("SELECT @@GLOBAL.gtid_executed" if server.mysql else "SELECT @@GLOBAL.gtid_binlog_pos")[0][0]


def caught_up(replica, primary):
    wait_for(lambda: gtids(replica) == gtids(primary), lambda: f"replica at {gtids(replica)}, primary at {gtids(primary)}")


def promote(server):
    server.run("STOP REPLICA", "RESET REPLICA ALL")


class Writer:
    """Inserts and updates in a thread, on the current `server`. A transaction that a dying server has not committed is
    written again. `gate` is held while a transaction is between its rows and its COMMIT."""

    def __init__(self, server, first=1000):
        self.server = server
        self.number = first
        self.committed = 0
        self.gate = threading.Lock()
        self.stopping = False
        self.thread = threading.Thread(target=self._main, daemon=True)
        self.thread.start()

    def _main(self):
        while not self.stopping:
            with contextlib.suppress(pymysql.err.MySQLError), contextlib.closing(
                self.server.connect(autocommit=False, database="d")
            ) as connection:
                self._write(connection)

    def _write(self, connection):
        while not self.stopping:
            with connection.cursor() as cursor:
                cursor.execute(f"REPLACE INTO t VALUES ({self.number}, 0)")
                cursor.execute(f"UPDATE t SET v = v + 1 WHERE id <= {self.number} AND id > {self.number - 5}")
                with self.gate:
                    connection.commit()
            self.number += 1
            self.committed += 1
            time.sleep(0.005)  # do not fill the disk while the sync waits for a host

    def wait(self, n):
        goal = self.committed + n
        wait_for(lambda: self.committed >= goal, "the writer")

    def stop(self):
        self.stopping = True
        self.thread.join(30)


# what the topics contain


def hosts_of(*servers):
    return [s if isinstance(s, str) else f"127.0.0.1:{s.port}" for s in servers]


@pytest.fixture
def run_on(sync_on, kafka, unique):
    """run_on(server, ...): a sync of d.* whose hosts are these servers, with topics <unique>.<table>."""
    made = []

    def make(*servers, options="", first=None, **more):
        first = first or next(s for s in servers if not isinstance(s, str))
        options = f'topic = {{ template = "{unique}.${{table_name_src}}" }},' + options
        made.append(sync_on(first, kafka, ["d.*"], options, topic=False, host=None, hosts=hosts_of(*servers), **more))
        made[-1].topic = f"{unique}.t"
        return made[-1]

    return make


def use_hosts(sync, before, *after):
    """Write the script again, with other hosts."""
    text = sync.path.read_text()
    old = ", ".join(f'"{h}"' for h in hosts_of(*before))
    assert old in text
    sync.write(text.replace(old, ", ".join(f'"{h}"' for h in hosts_of(*after))))


def last_rows(messages):
    """Return {id: v} as a consumer finally has it."""
    table = {}
    for m in rows(messages):
        if m.op == "DELETE":
            table.pop(m.before["id"], None)
        elif m.after is not None:
            table[m.after["id"]] = m.after["v"]
    return table


def same_as(server, sync):
    """Wait until the topic equals the table. Return the number of rows."""
    wanted = dict(server.run("SELECT id, v FROM d.t"))
    sync.until(sync.topic, lambda m: last_rows(m) == wanted, "the rows of the table")
    return len(wanted)


def growing(messages):
    """Check that the sequenceIds of the stream do not decrease within a partition. Return their number."""
    last, n = {}, 0
    for m in rows(messages):
        if m.full:
            continue
        number = int(m.sequence)
        assert number >= last.get(m.partition, 0), m
        last[m.partition] = number
        n += 1
    return n


def dead_place():
    return f"127.0.0.1:{process.free_port()}"


# the tests


def test_first_host_is_away(run_on, servers):
    """A host that cannot be reached is skipped and named, and the second one serves full sync and stream."""
    server = servers(MariaDB)
    server.run("CREATE DATABASE d", TABLE, "INSERT INTO d.t VALUES (1, 1)")
    dead = dead_place()
    # by name over TCP; other clients use a socket for this name
    running = run_on(dead, f"localhost:{server.port}", first=server).start()
    running.wait_streaming()
    server.run("INSERT INTO d.t VALUES (2, 2)")
    assert same_as(server, running) == 2
    assert f"source: {dead} is skipped: cannot connect to the source {dead}" in running.log
    assert running.log.count(f"source: using localhost:{server.port}") == 1
    assert running.stop() == 0
    # plan and preview use the first host that answers
    code, out, _ = running.once(command="plan")
    assert code == 0 and "d.t" in out
    code, out, _ = running.once(command="preview")
    assert code == 0 and running.topic in out


@both
@pytest.mark.slow
def test_failover_and_back(run_on, pair, kind):
    """The primary is killed while a writer writes, and the sync continues at the replica; then the other way round. In the
    end no row is missing, and sequenceIds have grown."""
    primary, replica = pair(kind)
    primary.run("INSERT INTO d.t VALUES (1, 1), (2, 2)")
    running = run_on(primary, replica).start()
    running.wait_streaming()
    writer = Writer(primary)
    try:
        fail_over(running, writer, primary, replica)
        writer.wait(20)
        # the dead server returns as a replica
        primary.start()
        follow(primary, replica, "current_pos")
        moment_ms = int(time.time() * 1000)
        fail_over(running, writer, replica, primary)
        writer.wait(20)
    finally:
        writer.stop()
    assert same_as(primary, running) > 100
    messages = running.reader(running.topic).messages
    assert growing(messages) > 500
    assert max(int(m.sequence) for m in rows(messages)) > moment_ms * 10**6
    assert running.stop() == 0
    # the checkpoint now belongs to this server
    primary.run("INSERT INTO d.t VALUES (3, 3)")
    running.start().wait_log("checkpoint: found, resuming at")
    assert same_as(primary, running)
    assert "by GTID; the position was" not in running.log and "tables to read" not in running.log
    assert sum(m.full for m in running.reader(running.topic).messages) == 2


def fail_over(running, writer, old, new):
    """Kill `old` in the middle of a transaction, once `new` has everything that was committed. `new` becomes the primary."""
    writer.wait(30)
    with writer.gate:
        same_as(old, running)
        caught_up(new, old)
        old.stop(signal.SIGKILL)
        promote(new)
        writer.server = new
    running.wait_log(rf"source: resuming at 127\.0\.0\.1:{new.port} \(server \S+\), by GTID; the position was of server")
    running.wait_log(rf"source: using 127\.0\.0\.1:{new.port}")


def test_a_hiccup_changes_nothing(run_on, pair):
    """A lost connection is opened again to the same host."""
    primary, replica = pair(MariaDB)
    running = run_on(primary, replica).start()
    running.wait_streaming()
    primary.run("INSERT INTO d.t VALUES (1, 1)")
    assert same_as(primary, running) == 1
    primary.kill_connections()
    running.wait_log("connecting again in")
    primary.run("INSERT INTO d.t VALUES (2, 2)")
    assert same_as(primary, running) == 2
    assert running.log.count("source: using ") == 1 and "is skipped" not in running.log


def test_address_leads_to_another_server(sync_on, pair, kafka, unique):
    """The address of a source leads to another server when a lost connection is opened again. Nothing of that server is taken for what was
    read, neither its binlog nor the end of it: the sync ends."""
    primary, replica = pair(MariaDB)
    link = Link(primary.port)
    try:
        options = f'topic = {{ template = "{unique}.${{table_name_src}}" }},'
        running = sync_on(primary, kafka, ["d.*"], options, topic=False, port=link.port).start()
        running.wait_streaming()
        link.target = replica.port
        link.cut()
        running.fails(4, "ERROR E-404: .*belongs to server 101, this one is 102")
    finally:
        link.close()


def test_what_comes_again_has_higher_ids(run_on, pair):
    """Killed between the acknowledgements and the save, and started again at another host: the rows are repeated with higher
    ids. Killed there in the same way: they are repeated with the same ids."""
    primary, replica = pair(MariaDB)
    running = run_on(primary, replica).start()
    running.wait_streaming()
    assert running.stop() == 0
    running.start(fault="save:3:kill").wait_streaming()
    primary.run(*(f"INSERT INTO d.t VALUES ({n}, 0)" for n in range(5)))
    assert running.wait_exit() == -9
    assert len(rows(running.reader(running.topic).to_end())) == 5
    caught_up(replica, primary)
    primary.stop(signal.SIGKILL)
    promote(replica)
    running.start(fault="save:3:kill", env=SHORT_LEASE)
    assert running.wait_exit() == -9
    running.start()
    messages = rows(running.until(running.topic, lambda m: len(rows(m)) >= 15, "the rows, a third time"))
    first, second, third = ([(m.key, int(m.sequence)) for m in messages[n:n + 5]] for n in (0, 5, 10))
    assert min(number for _, number in second) > max(number for _, number in first)
    assert sorted(third) == sorted(second)


def test_a_host_that_refuses(run_on, pair):
    """What one host refuses for good, in the middle of the stream, is a reason for the next one."""
    primary, replica = pair(MariaDB)
    running = run_on(primary, replica).start()
    running.wait_streaming()
    primary.run("SET sql_log_bin = 0", "ALTER USER tideway@'%' ACCOUNT LOCK")
    primary.kill_connections()
    running.wait_log(rf"cannot connect to the source 127\.0\.0\.1:{primary.port} .*ACCOUNT UNLOCK")
    running.wait_log(rf"source: resuming at 127\.0\.0\.1:{replica.port} ")
    primary.run("INSERT INTO d.t VALUES (1, 1)")
    assert same_as(primary, running) == 1
    # both: that is permanent
    replica.run("SET sql_log_bin = 0", "ALTER USER tideway@'%' ACCOUNT LOCK")
    replica.kill_connections()
    running.fails(3, "none of the 2 hosts of the source can be used: ",
                  rf"source: 127\.0\.0\.1:{primary.port} is skipped: .*ACCOUNT UNLOCK")


@both
def test_a_host_of_another_set(run_on, servers, kind):
    """It is skipped while another host serves, and ends the sync with 4 when it is the only one."""
    server, other = servers(kind), servers(kind)
    for each in (server, other):
        each.run("CREATE DATABASE d", TABLE)
    # after the position, by its number
    other.run(*(f"INSERT INTO d.t VALUES ({n}, 0)" for n in range(100, 150)))
    running = run_on(server, options=" mode = 'stream',").start()
    running.wait_streaming()
    server.run("INSERT INTO d.t VALUES (1, 1)")
    assert same_as(server, running) == 1
    assert running.stop() == 0
    use_hosts(running, [server], other, server)
    server.run("INSERT INTO d.t VALUES (2, 2)")
    running.start().wait_log(rf"source: 127\.0\.0\.1:{other.port} is skipped: ")
    assert same_as(server, running) == 2
    assert running.stop() == 0
    use_hosts(running, [other, server], other)
    running.start().fails(4, rf"source 127\.0\.0\.1:{other.port}|the binlog dump from GTID")
    # a host that cannot be reached may have it
    dead = dead_place()
    use_hosts(running, [other], other, dead)
    running.start().wait_log("none of the 2 hosts of the source can be used: .*; starting again")
    assert running.stop() == 0


def test_a_host_of_the_other_kind(run_on, servers):
    """MariaDB's GTIDs mean nothing to MySQL: it does not have the position and can never reach it."""
    server, other = servers(MariaDB), servers(MySQL)
    for each in (server, other):
        each.run("CREATE DATABASE d", TABLE)
    running = run_on(server).start()
    running.wait_streaming()
    assert running.stop() == 0
    use_hosts(running, [server], other)
    running.start().fails(4, "belongs to server 101")
    assert running.once(command="check")[0] == 4


def test_without_gtids_nothing_moves(run_on, servers):
    """MySQL with gtid_mode = OFF: another server is refused, like without hosts."""
    off = ("--gtid-mode=OFF", "--enforce-gtid-consistency=OFF")
    server, other = servers(MySQL, *off), servers(MySQL, *off)
    for each in (server, other):
        each.run("CREATE DATABASE d", TABLE)
    running = run_on(server).start()
    running.wait_streaming()
    assert running.stop() == 0
    use_hosts(running, [server], other)
    running.start().fails(4, "belongs to server .*, this one is .*: positions of one server are not valid on another")


@both
@pytest.mark.slow
def test_a_replica_that_lags(run_on, pair, kind):
    """It is skipped. When the primary cannot be reached, the sync waits until this host has caught up."""
    primary, replica = pair(kind)
    running = run_on(replica, primary).start()
    running.wait_log(rf"source: using 127\.0\.0\.1:{replica.port}")
    running.wait_streaming()
    assert running.stop() == 0
    replica.run("STOP REPLICA SQL_THREAD" if replica.mysql else "STOP SLAVE SQL_THREAD")
    primary.run("INSERT INTO d.t VALUES (1, 1)")
    use_hosts(running, [replica, primary], primary)
    running.start()
    assert same_as(primary, running) == 1
    assert running.stop() == 0
    primary.run("INSERT INTO d.t VALUES (2, 2)")
    use_hosts(running, [primary], replica, primary)
    running.start()
    running.wait_log(rf"source: 127\.0\.0\.1:{replica.port} is skipped: .*does not have everything that sync")
    assert same_as(primary, running) == 2
    wait_for(lambda: received(replica, primary), "what the primary has written, unapplied")
    primary.stop(signal.SIGKILL)
    running.wait_log("none of the 2 hosts of the source can be used: .*; starting again")
    replica.run("START REPLICA SQL_THREAD" if replica.mysql else "START SLAVE SQL_THREAD")
    running.wait_log(rf"source: resuming at 127\.0\.0\.1:{replica.port} ")
    promote(replica)
    replica.run("INSERT INTO d.t VALUES (3, 3)")
    assert same_as(replica, running) == 3
    growing(running.reader(running.topic).messages)


@both
def test_a_replica_that_lags_alone(run_on, pair, kind):
    """It answers, and may still receive what it lacks: the sync waits for it."""
    primary, replica = pair(kind)
    running = run_on(primary).start()
    running.wait_streaming()
    with contextlib.closing(replica.connect()) as holding:
        holding.query("LOCK TABLES d.t WRITE")
        primary.run("INSERT INTO d.t VALUES (1, 1)")
        assert same_as(primary, running) == 1
        assert running.stop() == 0
        use_hosts(running, [primary], replica)
        running.start().wait_log("does not have everything that sync.*; starting again")
    running.wait_log(rf"source: resuming at 127\.0\.0\.1:{replica.port} ")
    primary.run("INSERT INTO d.t VALUES (2, 2)")
    assert same_as(primary, running) == 2


def received(replica, primary):
    """Whether the replica has the primary's last transaction, applied or not."""
    with contextlib.closing(replica.connect()) as connection, connection.cursor(pymysql.cursors.DictCursor) as cursor:
        cursor.execute("SHOW REPLICA STATUS" if replica.mysql else "SHOW SLAVE STATUS")
        status = cursor.fetchone()
    if replica.mysql:
        last = gtids(primary).rpartition("-")[2]
        return status["Retrieved_Gtid_Set"].endswith("-" + last)
    return status["Gtid_IO_Pos"] == gtids(primary)


def backed_up(run_on, servers):
    """A primary, a replica made from a backup that has two rows more than a sync of the primary, and that sync, stopped."""
    primary, replica = servers(MariaDB), servers(MariaDB)
    primary.run("CREATE DATABASE d", TABLE)
    running = run_on(primary).start()
    running.wait_streaming()
    assert running.stop() == 0
    primary.run("INSERT INTO d.t VALUES (1, 1)", "INSERT INTO d.t VALUES (2, 2)")
    replica.run("SET sql_log_bin = 0", "CREATE DATABASE d", TABLE, "INSERT INTO d.t VALUES (1, 1), (2, 2)")
    replica.run(f"SET GLOBAL gtid_slave_pos = '{gtids(primary)}'")
    follow(replica, primary)
    return primary, replica, running


def test_a_replica_made_behind_the_position(run_on, servers):
    """MariaDB: a host that was made from a backup has a binlog that begins after the position. The changes between them are
    missing."""
    primary, replica, running = backed_up(run_on, servers)
    primary.run("INSERT INTO d.t VALUES (3, 3)")
    caught_up(replica, primary)
    use_hosts(running, [primary], replica, primary)
    running.start().wait_log(rf"source: 127\.0\.0\.1:{replica.port} is skipped: .*is missing the GTID")
    assert same_as(primary, running) == 3
    assert running.stop() == 0
    # it can serve positions after what it lacks, even with nothing to send yet
    use_hosts(running, [replica, primary], replica)
    running.start().wait_log(rf"source: resuming at 127\.0\.0\.1:{replica.port} ")
    primary.run("INSERT INTO d.t VALUES (4, 4)")
    assert same_as(primary, running) == 4


def test_an_idle_replica_made_behind_the_position(run_on, servers):
    """Its binlog is empty, so it could not report what is missing: it serves only at the position of its backup."""
    primary, replica, running = backed_up(run_on, servers)
    use_hosts(running, [primary], replica, primary)
    running.start().wait_log(rf"source: 127\.0\.0\.1:{replica.port} is skipped: .*does not have everything that sync")
    assert same_as(primary, running) == 2
    assert running.stop() == 0
    use_hosts(running, [replica, primary], replica)
    running.start().wait_log(rf"source: resuming at 127\.0\.0\.1:{replica.port} ")
    running.wait_streaming()
    primary.run("INSERT INTO d.t VALUES (3, 3)")
    assert same_as(primary, running) == 3


def test_another_server_goes_on_with_the_numbers(run_on, pair):
    """MariaDB: no server has the last transactions of the dead primary. The new primary has given their numbers to other
    transactions."""
    primary, replica = pair(MariaDB)
    running = run_on(primary).start()
    running.wait_streaming()
    replica.run("STOP SLAVE")
    primary.run("INSERT INTO d.t VALUES (1, 1)", "INSERT INTO d.t VALUES (2, 2)")
    assert same_as(primary, running) == 2
    assert running.stop() == 0
    primary.stop(signal.SIGKILL)
    replica.run("RESET SLAVE ALL", *(f"INSERT INTO d.t VALUES ({n}, {n})" for n in range(10, 15)))
    use_hosts(running, [primary], replica)
    running.start().fails(4, "does not have everything that sync")


def test_a_domain_that_the_position_does_not_have(run_on, pair):
    """MariaDB: a dump would begin at the first transaction of that domain, no matter how old it is."""
    primary, replica = pair(MariaDB)
    running = run_on(primary).start()
    running.wait_streaming()
    assert running.stop() == 0
    replica.run("SET gtid_domain_id = 5", "UPDATE d.t SET v = 0")
    replica.run("SET gtid_domain_id = 5", "CREATE TABLE d.u (id INT)")
    use_hosts(running, [primary], replica)
    running.start().fails(4, "contains the GTID domain 5, which the saved position does not")


def break_event(server, number):
    """Set the length to 0 in the header of the rows event that wrote this id."""
    file = server.binlog_end()[0]
    events = server.run(f"SHOW BINLOG EVENTS IN '{file}'")
    at = [pos for _, pos, kind, *_ in events if kind.startswith("Write_rows")][number]
    with open(server.datadir / file, "r+b") as binlog:
        binlog.seek(at + 9)
        binlog.write(bytes(4))


def test_a_binlog_that_is_broken(run_on, pair):
    """What ends the stream on one host for good is a reason for the next one; when they all have it, it is the end."""
    primary, replica = pair(MariaDB)
    running = run_on(primary, replica).start()
    running.wait_streaming()
    assert running.stop() == 0
    primary.run(*(f"INSERT INTO d.t VALUES ({n}, {n})" for n in range(3)))
    caught_up(replica, primary)
    break_event(primary, 2)
    running.start().wait_log(rf"source: resuming at 127\.0\.0\.1:{replica.port} ")
    assert same_as(replica, running) == 3
    assert running.stop() == 0
    replica.run("STOP SLAVE", "RESET SLAVE ALL", *(f"INSERT INTO d.t VALUES ({n}, {n})" for n in range(10, 13)))
    break_event(replica, 5)
    use_hosts(running, [primary, replica], replica)
    running.start().fails(3, "1236")


def test_a_replica_that_logs_nothing(run_on, pair):
    """A replica without log_slave_updates has nothing to send."""
    primary, replica = pair(MariaDB)
    replica.restart([*replica.options, "--skip-log-slave-updates"])
    wait_for(lambda: replica.run("SHOW GLOBAL STATUS LIKE 'Slaves_running'")[0][1] == "1", "the replica")
    running = run_on(replica, primary).start()
    running.wait_log(rf"source: 127\.0\.0\.1:{replica.port} is skipped: .*log_slave_updates = ON")
    running.wait_log(rf"source: using 127\.0\.0\.1:{primary.port}")
    running.wait_streaming()


def test_a_table_that_was_read_behind_the_position(run_on, pair):
    """Its rows are of a time that the other host must have reached, though the stream has not."""
    primary, replica = pair(MariaDB)
    primary.run("CREATE TABLE d.u LIKE d.t")
    running = run_on(primary, first=primary)
    text = running.path.read_text()
    running.write(text.replace('"d.*"', '"d.t"'))
    running.start().wait_streaming()
    assert running.stop() == 0
    caught_up(replica, primary)
    replica.run("STOP SLAVE")
    # a table of an engine without transactions is read before the stream continues
    primary.run("ALTER TABLE d.u ADD w INT, ENGINE = MyISAM", "INSERT INTO d.u VALUES (1, 1, 1)")
    running.write(text)
    assert running.start("--verbose", fault="stream_start:1:kill").wait_exit() == -9
    assert "table d.u done, 1 rows" in running.log
    use_hosts(running, [primary], replica)
    running.start().fails(4, "does not have everything that sync")
    replica.run("START SLAVE")
    caught_up(replica, primary)
    running.start(env=SHORT_LEASE).wait_streaming()
    primary.run("INSERT INTO d.t VALUES (5, 5)")
    assert same_as(primary, running) == 1


@both
@pytest.mark.slow
def test_failover_in_the_full_sync(run_on, pair, kind):
    """Tables that were not finished are read again on the other server. Rows that were deleted meanwhile are deleted in Kafka."""
    primary, replica = pair(kind)
    primary.run(*("INSERT INTO d.t VALUES " + ", ".join(f"({n}, {n})" for n in range(k, k + 100)) for k in range(0, 1200, 100)))
    running = run_on(primary, replica, options=" full = { parallel = 1, rows_per_second = 120 },").start()
    running.until(running.topic, lambda m: len(rows(m)) >= 300, "some rows of the full sync")
    primary.run("DELETE FROM d.t WHERE id < 50", "UPDATE d.t SET v = -v WHERE id < 100", "INSERT INTO d.t VALUES (5000, 1)")
    caught_up(replica, primary)
    primary.stop(signal.SIGKILL)
    promote(replica)
    running.wait_log(rf"source: resuming at 127\.0\.0\.1:{replica.port} ")
    assert "full sync: done" not in running.log
    replica.run("DELETE FROM d.t WHERE id BETWEEN 50 AND 60", "INSERT INTO d.t VALUES (5001, 1)")
    running.wait_streaming()
    replica.run("INSERT INTO d.t VALUES (5002, 1)")
    assert same_as(replica, running) == 1200 - 61 + 3
    growing(running.reader(running.topic).messages)


@both
@pytest.mark.slow
def test_failover_in_a_backfill(run_on, pair, kind):
    """The primary dies while a chunk of an added table is read. The other server has the rest of the table: what was copied
    before is not copied again, and the topic equals the table."""
    primary, replica = pair(kind)
    rows_of = [", ".join(f"({n}, {n})" for n in range(k, k + 100)) for k in range(0, 1500, 100)]
    primary.run("CREATE TABLE d.u LIKE d.t", *(f"INSERT INTO d.u VALUES {some}" for some in rows_of))
    options = " full = { rows_per_second = 400 },"
    running = run_on(primary, replica, options=options)
    text = running.path.read_text()
    running.write(text.replace('"d.*"', '"d.t"'))
    running.start().wait_streaming()
    primary.run("INSERT INTO d.t VALUES (1, 1)")
    assert same_as(primary, running) == 1
    assert running.stop() == 0
    running.write(text)
    running.start()
    copied = running.topic.replace(".t", ".u")
    writer = Writer(primary)
    locked = primary.connect(database="d")
    try:
        running.until(copied, lambda m: len(rows(m)) >= 400, "some rows of the copy")
        primary.run("DELETE FROM d.u WHERE id < 50", "UPDATE d.u SET v = -v WHERE id < 100", "INSERT INTO d.u VALUES (5000, 1)")
        with locked.cursor() as cursor:
            cursor.execute("LOCK TABLES u WRITE")
        wait_for(lambda: waits_for_table(primary), "the next chunk is being read")
        fail_over(running, writer, primary, replica)
        replica.run("DELETE FROM d.u WHERE id BETWEEN 50 AND 60", "UPDATE d.u SET v = 7 WHERE id > 1400")
        running.wait_log(r"backfill: 1 table done")
    finally:
        writer.stop()
        with contextlib.suppress(pymysql.err.MySQLError):
            locked.close()
    same_as(replica, running)
    wanted = dict(replica.run("SELECT id, v FROM d.u"))
    messages = running.until(copied, lambda m: last_rows(m) == wanted, "the rows of the table")
    keys = [m.key for m in rows(messages) if m.full]
    assert len(keys) == len(set(keys)) and "full sync: " not in running.log
    growing(messages)
    assert running.stop() == 0


def waits_for_table(server):
    """Return whether a chunk of a backfill waits for a table that is locked."""
    shown = server.run("SELECT state, info FROM information_schema.processlist")
    return any("metadata lock" in (state or "") and "backfill" in (info or "") for state, info in shown)


def test_check_names_every_host(run_on, pair):
    """Each host has its line and its points. A host that cannot be reached fails. The position is searched on all hosts."""
    primary, replica = pair(MariaDB)
    running = run_on(primary, replica).start()
    running.wait_streaming()
    assert running.stop() == 0
    code, out, _ = running.once(command="check")
    assert code == 0, out
    for server in (primary, replica):
        assert f"source 127.0.0.1:{server.port}: " in out
    assert out.count("  log_bin: ") == 2 and out.count("ok    position: ") == 1
    primary.stop()
    code, out, _ = running.once(command="check")
    assert code == 3, out
    assert f"FAIL  source 127.0.0.1:{primary.port}: cannot connect" in out
    assert f"ok    source 127.0.0.1:{replica.port}: " in out
    assert out.count("  log_bin: ") == 1 and out.count("ok    position: ") == 1
    twice = f"localhost:{replica.port}"
    use_hosts(running, [primary, replica], replica, twice)
    code, out, _ = running.once(command="check")
    assert code == 3, out
    assert f"FAIL  server_id of {twice}: 102, the same as 127.0.0.1:{replica.port}" in out
