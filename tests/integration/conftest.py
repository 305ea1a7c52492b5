"""Fixtures: servers that live for the whole run, a database for each test, and syncs."""

import contextlib
import itertools
import os
import re
import signal

import pytest
from _pytest.runner import runtestprotocol
from support.paths import BINARY, SERVERS
from support.runner import Sync
from support.servers import Broker, Kafka, MariaDB, MySQL, StartFailed

pytest.register_assert_rewrite("support.rebuild", "support.convert")


def pytest_configure(config):
    if not BINARY.exists():
        raise pytest.UsageError(f"{BINARY} is not there: run make first")
    # a kill of pytest ends what it has started
    signal.signal(signal.SIGTERM, lambda *_: (_ for _ in ()).throw(SystemExit(143)))


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("servers")


# the session's MariaDB, for pytest_runtest_protocol
SHARED = []


def crashed(server):
    """Whether the server has ended by a crash of its own: its log says so. MariaDB 10.11 does that now and then in
    queries of information_schema (ha_maria::drop_table, called from free_tmp_table)."""
    with open(server.folder / "log", errors="replace") as log:
        return "got signal 11" in log.read()


def pytest_runtest_protocol(item, nextitem):
    """A test in which the shared MariaDB crashed has shown nothing: the server is started again and so is the test, once,
    and the output says so. Every other failure stays one."""
    item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
    reports = runtestprotocol(item, nextitem=nextitem, log=False)
    if any(r.failed for r in reports) and nextitem is not None and any(crashed(s) for s in SHARED):
        print(f"\n{item.nodeid}: the MariaDB server crashed (signal 11); both are started again")
        for server in SHARED:
            with contextlib.suppress(ProcessLookupError):
                server.stop(signal.SIGKILL)
            (server.folder / "log").rename(server.folder / "log.crashed")
            server.start()
        item._initrequest()
        reports = runtestprotocol(item, nextitem=nextitem, log=False)
    for report in reports:
        item.ihook.pytest_runtest_logreport(report=report)
    item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
    return True


@pytest.fixture(scope="session")
def mariadb(folder):
    """MariaDB, binlog in ROW format with its default row metadata (NO_LOG)."""
    server = MariaDB(folder / "mariadb")
    SHARED.append(server)
    yield server
    SHARED.remove(server)
    server.stop()


@pytest.fixture(scope="session")
def kafka(folder):
    """Apache Kafka, one node."""
    server = Kafka(folder / "kafka")
    yield server
    server.stop(signal.SIGKILL)


@pytest.fixture(scope="session")
def mysql(folder):
    """MySQL 9 with GTIDs."""
    if not (SERVERS / "mysql").exists():
        pytest.skip("scripts/servers/mysql is not there")
    try:
        server = MySQL(folder / "mysql")
    except StartFailed as failure:
        pytest.skip(f"MySQL cannot be installed here: {failure}")
    yield server
    server.stop()


@pytest.fixture
def mariadb_server(tmp_path):
    """Makes a MariaDB of its own with these options: mariadb_server("--skip-log-bin")."""
    made = []

    def make(*options):
        made.append(MariaDB(tmp_path / f"mariadb{len(made)}", options))
        return made[-1]

    yield make
    for server in made:
        server.stop(signal.SIGKILL)


@pytest.fixture
def kafka_server(tmp_path):
    """Makes a Kafka of its own."""
    made = []

    def make(*options):
        made.append(Kafka(tmp_path / f"kafka{len(made)}", options))
        return made[-1]

    yield make
    for server in made:
        server.stop(signal.SIGKILL)


@pytest.fixture
def broker(tmp_path):
    """`tideway broker`."""
    running = Broker(tmp_path / "broker")
    yield running
    running.stop()


_numbers = itertools.count(1)


@pytest.fixture
def unique(request):
    """A name that no other test has: for databases, topics and syncs."""
    word = re.sub(r"\W+", "_", request.node.name.removeprefix("test_"))[:24].strip("_").lower()
    return f"t{os.getpid() % 1000}_{next(_numbers)}_{word}"


@pytest.fixture
def db(mariadb, unique):
    """A fresh database on the shared MariaDB; its name."""
    mariadb.run(f"CREATE DATABASE `{unique}` CHARACTER SET utf8mb4")
    yield unique
    with contextlib.suppress(Exception):
        mariadb.run(f"DROP DATABASE IF EXISTS `{unique}`")


@pytest.fixture
def sql(mariadb, db):
    """sql("INSERT ...", ...): statements on the test's database, each run at once."""
    connection = mariadb.connect(database=db)

    def run(*statements):
        with connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
            return cursor.fetchall()

    run.connection = connection
    yield run
    with contextlib.suppress(Exception):
        connection.close()


@pytest.fixture
def sync_on(tmp_path, unique):
    """sync_on(database, kafka, tables, options, ...): a Sync that is not started yet."""
    made = []

    def make(database, kafka, tables, options="", name=None, **more):
        number = len(made)
        made.append(
            Sync(tmp_path / f"sync{number}", name or f"{unique[:40]}_{number}", database, kafka, tables, options, **more)
        )
        return made[-1]

    yield make
    for sync in made:
        sync.cleanup()


@pytest.fixture
def sync(sync_on, mariadb, kafka, db):
    """sync(options, tables=..., ...): started, on the test's database, MariaDB to Apache Kafka; topics db.table."""

    def make(options="", tables=None, start=True, fault=None, args=(), env=None, **more):
        made = sync_on(more.pop("database", mariadb), more.pop("kafka", kafka), tables or [f"{db}.*"], options, **more)
        return made.start(*args, fault=fault, env=env) if start else made

    return make
