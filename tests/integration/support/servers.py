"""Real servers in temporary folders: MariaDB, MySQL, Apache Kafka, and tideway's own broker."""

import contextlib
import functools
import os
import re
import signal
import subprocess
from pathlib import Path

import pymysql
from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient, AlterConfigOpType, ConfigEntry, ConfigResource, NewPartitions, NewTopic

from support import process
from support.proxy import Proxy
from support.paths import BINARY, SERVERS
from support.wait import DEADLINE_S, TimedOut, wait_for


class StartFailed(Exception):
    """A server failed to start. The text is its output."""


class Server:
    """A server. `scripts/servers/<script> DIR PORT [option ...]` starts it and writes DIR/pid."""

    script = ""
    ports = 1

    def __init__(self, folder, options=(), env=None):
        self.folder = Path(folder)
        self.options = list(options)
        self.env = dict(os.environ, **(env or {}))
        self.pid = 0
        for tries in range(3):
            self.port = process.free_port(self.ports)
            try:
                self.start()
                return
            except StartFailed:
                # another process may have taken the port meanwhile
                if tries == 2:
                    raise

    def start(self, options=None):
        """Start the server, again with the same port and data."""
        if options is not None:
            self.options = list(options)
        command = [SERVERS / self.script, self.folder, self.port, *self.options]
        self.folder.mkdir(parents=True, exist_ok=True)
        printed = self.folder / "start.out"
        with open(printed, "ab") as out:
            code = subprocess.run(
                [str(a) for a in command], stdin=subprocess.DEVNULL, stdout=out, stderr=out, env=self.env, timeout=600,
                check=False,
            ).returncode
        if code != 0:
            raise StartFailed(printed.read_text(errors="replace")[-2000:])
        self.pid = int((self.folder / "pid").read_text())
        process.adopt(self.pid)

    def stop(self, sig=signal.SIGTERM):
        if self.pid:
            process.end_pid(self.pid, sig)
            self.pid = 0

    def restart(self, options=None, sig=signal.SIGTERM):
        self.stop(sig)
        self.start(options)

    def pause(self):
        """Stop the process until resume()."""
        os.kill(self.pid, signal.SIGSTOP)

    def resume(self):
        os.kill(self.pid, signal.SIGCONT)


class Database(Server):
    """A MariaDB or MySQL server, used through PyMySQL."""

    user, password = "tideway", "tide"
    grants = ("SELECT, RELOAD, REPLICATION SLAVE, REPLICATION CLIENT",)
    mysql = False

    def start(self, options=None):
        fresh = self.pid == 0 and not (self.folder / "made").exists()
        super().start(options)
        if fresh:
            self.make_user(self.user, self.password, *self.grants)
            (self.folder / "made").touch()

    def connect(self, **more):
        """Connect as root, in UTC and with autocommit. `more` overrides these settings."""
        settings = {
            "host": "127.0.0.1",
            "port": self.port,
            "user": "root",
            "password": "",
            "charset": "utf8mb4",
            "autocommit": True,
            "init_command": "SET time_zone = '+00:00'",
        }
        settings.update(more)
        if settings["user"] == "root":
            # PyMySQL reads all certificates of the system for each connection that may use TLS
            settings.setdefault("ssl_disabled", "ssl" not in settings)
        return pymysql.connect(**settings)

    def run(self, *statements, db=None):
        """Execute statements on a new connection. Return the rows of the last one."""
        with contextlib.closing(self.connect(database=db)) as connection, connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
            return cursor.fetchall()

    def binlog_end(self):
        """Return the end of the binlog: (file, offset)."""
        return self.run("SHOW BINARY LOG STATUS" if self.mysql else "SHOW MASTER STATUS")[0][:2]

    def make_user(self, user, password, *grants):
        """Create a user with exactly these grants, for every host. Write nothing to the binlog."""
        self.run(
            "SET sql_log_bin = 0",
            f"DROP USER IF EXISTS '{user}'@'%'",
            f"CREATE USER '{user}'@'%' IDENTIFIED BY '{password}'",
            *(f"GRANT {g} ON *.* TO '{user}'@'%'" if " ON " not in g else f"GRANT {g} TO '{user}'@'%'" for g in grants),
        )

    @contextlib.contextmanager
    def globals(self, **settings):
        """Set global variables during a with block."""
        names = list(settings)
        before = self.run("SELECT " + ", ".join(f"@@GLOBAL.{n}" for n in names))[0]
        self.run(*(f"SET GLOBAL {n} = {_literal(settings[n])}" for n in names))
        try:
            yield
        finally:
            self.run(*(f"SET GLOBAL {n} = {_literal(v)}" for n, v in zip(names, before)))

    def kill_connections(self, user=None):
        """Kill every connection of the user. Return their number."""
        user = user or self.user
        rows = self.run(f"SELECT id FROM information_schema.processlist WHERE user = '{user}'")
        for (number,) in rows:
            with contextlib.suppress(pymysql.err.MySQLError):
                self.run(f"KILL {number}")
        return len(rows)


def _literal(value):
    return f"'{value}'" if isinstance(value, str) else str(value)


class MariaDB(Database):
    """MariaDB with a binlog in ROW format. Its time zone is not UTC: code must not assume it."""

    script = "mariadb"
    # when an option is repeated, the server uses the last one
    always = (
        "--skip-name-resolve",
        "--default-time-zone=+03:00",
        "--innodb-flush-log-at-trx-commit=0",
        "--innodb-buffer-pool-size=64M",
        "--max-connections=300",
        "--performance-schema=OFF",
        "--table-open-cache=4000",
    )

    def __init__(self, folder, options=()):
        super().__init__(folder, (*self.always, *options))

    @property
    def datadir(self):
        return Path(self.run("SELECT @@datadir")[0][0])


class MySQL(Database):
    """MySQL 9 with GTIDs. The performance schema keeps less than by default, which saves 200 MB of memory."""

    script = "mysql"
    mysql = True
    always = (
        "--innodb-flush-log-at-trx-commit=0",
        "--sync-binlog=0",
        "--innodb-buffer-pool-size=64M",
        "--innodb-log-buffer-size=8M",
        "--performance-schema-digests-size=200",
        "--performance-schema-events-statements-history-size=0",
        "--performance-schema-events-statements-history-long-size=0",
        "--performance-schema-max-digest-length=128",
        "--performance-schema-max-memory-classes=0",
        "--performance-schema-max-mutex-instances=1000",
        "--performance-schema-max-table-instances=200",
    )

    def __init__(self, folder, options=()):
        super().__init__(folder, (*self.always, *options))


class Kafka(Server):
    """One Apache Kafka node in KRaft mode. It creates no topics by itself."""

    script = "kafka"
    ports = 2

    def __init__(self, folder, options=()):
        super().__init__(folder, options, env={"KAFKA_HEAP": "512m"})

    @property
    def bootstrap(self):
        return f"127.0.0.1:{self.port}"

    @functools.cached_property
    def admin(self):
        return AdminClient({"bootstrap.servers": self.bootstrap, "log_level": 0})

    def configure(self, topic, name, value):
        """Set one property of a topic."""
        entry = ConfigEntry(name, value, incremental_operation=AlterConfigOpType.SET)
        resource = ConfigResource(ConfigResource.Type.TOPIC, topic, incremental_configs=[entry])
        self.admin.incremental_alter_configs([resource])[resource].result(DEADLINE_S)

    def partitions(self):
        """Return {topic: number of partitions} for every topic."""
        listed = self.admin.list_topics(timeout=DEADLINE_S)
        return {name: len(t.partitions) for name, t in listed.topics.items() if t.error is None}

    def create(self, topic, partitions=1, **config):
        config = {k.replace("_", "."): str(v) for k, v in config.items()}
        future = self.admin.create_topics([NewTopic(topic, partitions, 1, config=config)])
        future[topic].result(DEADLINE_S)
        wait_for(lambda: self.partitions().get(topic) == partitions, f"topic {topic}")

    def grow(self, topic, partitions):
        self.admin.create_partitions([NewPartitions(topic, partitions)])[topic].result(DEADLINE_S)
        wait_for(lambda: self.partitions().get(topic) == partitions, f"topic {topic}")

    def remove(self, topic, partition, before):
        """Remove the messages of a partition before this offset, as retention does."""
        place = TopicPartition(topic, partition, before)
        self.admin.delete_records([place])[place].result(DEADLINE_S)

    def config(self, topic):
        """Return a topic's configuration as {name: value}."""
        resource = ConfigResource(ConfigResource.Type.TOPIC, topic)
        described = self.admin.describe_configs([resource])[resource].result(DEADLINE_S)
        return {name: entry.value for name, entry in described.items()}


class KafkaNode(Kafka):
    """Another broker in the cluster whose controller is `first`."""

    def __init__(self, folder, first, number, options=()):
        self.own = [f"controller.quorum.voters=1@127.0.0.1:{first.port + 1}", "process.roles=broker", f"node.id={number}", *options]
        super().__init__(folder)

    def start(self, options=None):
        # when a setting is repeated, Kafka uses the last one
        super().start([*self.own, f"listeners=PLAINTEXT://{self.bootstrap}"])


class ProxiedKafka(Kafka):
    """A Kafka that is also reached through a proxy, at the address `proxied`.

    It advertises the proxy's address to clients that connect through the proxy."""

    ports = 3

    def __init__(self, folder, options=()):
        self.proxy = Proxy()
        super().__init__(folder, options)

    @property
    def proxied(self):
        return self.proxy.address

    def start(self, options=None):
        self.proxy.target = self.port + 2
        own, controller = f"PLAINTEXT://127.0.0.1:{self.port}", f"CONTROLLER://127.0.0.1:{self.port + 1}"
        two_ways = [
            f"listeners={own},PROXIED://127.0.0.1:{self.port + 2},{controller}",
            f"advertised.listeners={own},PROXIED://{self.proxied}",
            "listener.security.protocol.map=PLAINTEXT:PLAINTEXT,PROXIED:PLAINTEXT,CONTROLLER:PLAINTEXT",
            "inter.broker.listener.name=PLAINTEXT",
        ]
        self.options = two_ways + [o for o in (self.options if options is None else options) if o not in two_ways]
        super().start()


class Broker:
    """A running `tideway broker`, the embedded broker."""

    def __init__(self, folder, *options):
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.child = process.spawn([BINARY, "broker", *options], self.folder / "out", self.folder / "err")
        try:
            self.bootstrap = wait_for(self._address, self.printed)
        except TimedOut:
            self.stop()
            raise

    def _address(self):
        if self.child.poll() is not None:
            raise StartFailed(self.printed())
        found = re.search(r"127\.0\.0\.1:\d+", self.printed())
        return found and found.group(0)

    def printed(self):
        return (self.folder / "out").read_text() + (self.folder / "err").read_text()

    def stop(self):
        return process.end(self.child)
