"""Fixtures: servers shared by the whole run, a database for each test, and syncs."""

import contextlib
import itertools
import os
import re
import signal
from concurrent.futures import ThreadPoolExecutor

import pytest
from support.paths import BINARY, SERVERS
from support.runner import Sync
from support.servers import Broker, Kafka, KafkaNode, MariaDB, MySQL, ProxiedKafka, StartFailed

pytest.register_assert_rewrite("support.rebuild", "support.convert")


def pytest_configure(config):
    if not BINARY.exists():
        raise pytest.UsageError(f"{BINARY} is not there: run make first")
    # when pytest is killed, end the processes that it has started
    signal.signal(signal.SIGTERM, lambda *_: (_ for _ in ()).throw(SystemExit(143)))


def pytest_collection_modifyitems(items):
    """Spread the slow tests over the first two thirds of the run, so that none of them is the last one, nor all run at once."""
    slow = [item for item in items if item.get_closest_marker("slow")]
    quick = [item for item in items if not item.get_closest_marker("slow")]
    if not slow or not quick:
        return
    step = max(1, len(items) * 2 // 3 // len(slow))
    for number, item in enumerate(slow):
        quick.insert(min(number * step, len(quick)), item)
    items[:] = quick


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("servers")


@pytest.fixture(scope="session")
def mariadb(folder):
    """A shared MariaDB: binlog in ROW format, with the default row metadata (NO_LOG)."""
    server = MariaDB(folder / "mariadb")
    yield server
    server.stop()


@pytest.fixture(scope="session")
def kafka(folder):
    """A shared Apache Kafka with one node, which is also reached through a proxy."""
    server = ProxiedKafka(folder / "kafka")
    yield server
    server.stop(signal.SIGKILL)
    server.proxy.close()


@pytest.fixture
def proxy(kafka):
    """The proxy of the shared Kafka (brokers=kafka.proxied). It is reset after the test."""
    yield kafka.proxy
    kafka.proxy.reset()


@pytest.fixture(scope="session")
def mysql(folder):
    """A shared MySQL 9 with GTIDs."""
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
    """mariadb_server("--skip-log-bin", ...): starts a MariaDB with these options, for one test."""
    made = []

    def make(*options):
        made.append(MariaDB(tmp_path / f"mariadb{len(made)}", options))
        return made[-1]

    yield make
    for server in made:
        server.stop(signal.SIGKILL)


@pytest.fixture
def kafka_server(tmp_path):
    """kafka_server(option, ...): starts a Kafka with these options, for one test."""
    made = []

    def make(*options):
        made.append(Kafka(tmp_path / f"kafka{len(made)}", options))
        return made[-1]

    yield make
    for server in made:
        server.stop(signal.SIGKILL)


@pytest.fixture
def kafka_cluster(tmp_path):
    """kafka_cluster(option, ...): starts three Kafka nodes. The first is also the controller."""
    made = []

    def make(*options):
        made.append(Kafka(tmp_path / "node1", options))
        with ThreadPoolExecutor() as pool:
            nodes = [pool.submit(KafkaNode, tmp_path / f"node{n}", made[0], n, options) for n in (2, 3)]
            made.extend(node.result() for node in nodes)
        return made

    yield make
    for server in made:
        server.stop(signal.SIGKILL)


@pytest.fixture
def broker(tmp_path):
    """A running `tideway broker`."""
    running = Broker(tmp_path / "broker")
    yield running
    running.stop()


_numbers = itertools.count(1)


@pytest.fixture
def unique(request):
    """A unique name for databases, topics and syncs of the test."""
    word = re.sub(r"\W+", "_", request.node.name.removeprefix("test_"))[:24].strip("_").lower()
    return f"t{os.getpid() % 1000}_{next(_numbers)}_{word}"


@pytest.fixture
def db(mariadb, unique):
    """The name of a new, empty database on the shared MariaDB."""
    mariadb.run(f"CREATE DATABASE `{unique}` CHARACTER SET utf8mb4")
    yield unique
    with contextlib.suppress(Exception):
        # a program that was not ended may still hold a metadata lock
        mariadb.run("SET lock_wait_timeout = 5", f"DROP DATABASE IF EXISTS `{unique}`")


@pytest.fixture
def sql(mariadb, db):
    """sql("INSERT ...", ...): executes statements in the test's database, with autocommit.

    Returns the rows of the last statement."""
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
    """sync_on(database, kafka, tables, options, ...): makes a Sync without starting it."""
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
def isolated_sources(sync_on, mariadb, broker, db, sql, unique):
    """isolated_sources(options): starts a list of two sources, `a` with table a and `b` with table b. A failure ends only its own source."""

    def make(options):
        sql("CREATE TABLE a (id INT PRIMARY KEY)", "CREATE TABLE b (id INT PRIMARY KEY)")
        own = f'user = "{mariadb.user}", password = "{mariadb.password}", port = {mariadb.port}'
        running = sync_on(mariadb, broker, [], name=unique[:40], script=f"""
local sync, source, kafka = require "tideway.sync", require "tideway.source", require "tideway.kafka"
sync.run {{ name = "{unique[:40]}", heartbeat = false, sink = kafka.sink {{ brokers = "{broker.bootstrap}" }},
source = {{ source.mysql {{ name = "a", tables = "{db}.a", {own} }}, source.mysql {{ name = "b", tables = "{db}.b", {own} }} }},
on_failure = "isolate", {options} }}""").start()
        running.wait_log(r"(?s)reading the binlog.*reading the binlog")
        return running

    return make


@pytest.fixture
def sync(db, sync_on, mariadb, kafka):  # db first: it is dropped when the syncs have ended
    """sync(options, tables=..., ...): starts a Sync of the test's database to topics db.table.

    By default it reads the shared MariaDB and writes to the shared Kafka."""

    def make(options="", tables=None, start=True, fault=None, args=(), env=None, **more):
        made = sync_on(more.pop("database", mariadb), more.pop("kafka", kafka), tables or [f"{db}.*"], options, **more)
        return made.start(*args, fault=fault, env=env) if start else made

    return make
