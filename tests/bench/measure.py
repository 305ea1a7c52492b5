"""One run of tideway, measured from outside; and the programs that measure limits."""

import json
import os
import re
import struct
import subprocess
import threading
import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from confluent_kafka import Consumer, TopicPartition
from support.paths import BINARY

DEADLINE_S = 900
PARTITIONS = 6


class Stopped(Exception):
    """A measurement that failed. The text is the reason."""


def tideway():
    return Program().version()


@dataclass(frozen=True)
class Program:
    """A build of tideway, and the folder of the librdkafka that it loads; "": the system's."""

    binary: str = str(BINARY)
    library: str = ""

    def env(self):
        return {"LD_LIBRARY_PATH": self.library} if self.library else {}

    def version(self):
        done = subprocess.run([self.binary, "version"], capture_output=True, text=True, check=False,
                              env={**os.environ, **self.env()})
        return done.stdout.strip()

    def __str__(self):
        version = self.version()
        library = re.search(r"librdkafka \S+", version)
        return f"{version.splitlines()[0]}, {library[0]}" if library else f"{os.path.relpath(self.binary)}, which does not start"


@dataclass
class Got:
    """The time, CPU and memory of a run, from the first log line of its work to its end."""

    seconds: float
    cpu: float
    rss: int

    def best(self, other):
        """The shortest time and the least CPU of both; the most memory."""
        if other is None:
            return self
        return Got(min(self.seconds, other.seconds), min(self.cpu, other.cpu), max(self.rss, other.rss))


@dataclass(frozen=True)
class Planned:
    """What plan said: how long it took, and the rows and the seconds that it expects of the copy."""

    seconds: float
    rows: int
    copy_seconds: float


class Run:
    """One sync with a checkpoint of its own. prepare() creates the checkpoint, go() reads everything after it."""

    def __init__(self, folder, what, mariadb, kafka, sink, lua, tables, parallel=None, topics=1, program=Program(), suffix=""):
        self.what, self.sink, self.lua = what, sink, lua
        self.program = program
        self.kafka = kafka
        self.topics, self.parallel = topics, parallel
        self.name = f"bench-{what}-{sink}-{'lua' if lua else 'plain'}" + (f"-{parallel}" if parallel else "") + suffix
        self.topic = self.name
        self.label = f"{'Lua' if lua else 'plain'}, {sink}"
        self.folder = Path(folder) / self.name
        self.folder.mkdir()
        self.script = self.folder / "sync.lua"
        self.checkpoint = self.folder / "checkpoint.json"
        self.began_at = None
        self.script.write_text(self.text(mariadb, kafka, tables, parallel))

    def text(self, mariadb, kafka, tables, parallel):
        mode = "full" if self.what == "full" else "stream"
        sink = f'kafka.sink {{ brokers = "{kafka.bootstrap}" }}' if self.sink == "kafka" else 'kafka.lines { file = "/dev/null" }'
        listed = ", ".join(f'"{t}"' for t in tables)
        return f"""
local sync = require "tideway.sync"
local source = require "tideway.source"
local kafka = require "tideway.kafka"
sync.run {{
  name = "{self.name}", mode = "{mode}",
  source = source.mysql {{ host = "127.0.0.1", port = {mariadb.port}, user = "{mariadb.user}", password = "{mariadb.password}",
    tables = {{ {listed} }} }},
  sink = {sink},
  checkpoint = {{ file = "checkpoint.json" }},
  {f"full = {{ parallel = {parallel} }}," if parallel else ""}
  {self.mapping()}
}}
"""

    def mapping(self):
        if self.topics > 1:
            return 'topic = { template = "many.${table_name_src}" },'
        if not self.lua:
            return f'topic = {{ template = "{self.topic}" }},'
        return f"""topic = {{ {{ tables = {{ "*.*" }}, to = function(change)
    return change.row.total_item_quantity > 0 and "{self.topic}" or "{self.topic}.none"
  end }} }},
  fields = {{ shard = function(change) return change.row.customer_identifier % 16 end }},"""

    def names(self):
        """Return its topics."""
        return [self.topic] if self.topics == 1 else [f"many.t{i}" for i in range(self.topics)]

    def spawn(self, *args):
        log = self.folder / "log"
        with open(log, "wb") as out:
            child = subprocess.Popen(
                [self.program.binary, "run", str(self.script), *args], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                stderr=out, cwd=self.folder, env={**os.environ, **self.program.env(), "TIDEWAY_UNTIL_END": "1"},
            )
        return self.watch(child), log.read_text(errors="replace")

    def watch(self, child):
        """Wait for its end. Return (exit code, rusage, wall time of the end, peak memory)."""
        peak = 0
        killer = threading.Timer(DEADLINE_S, child.kill)
        killer.start()
        try:
            while True:
                peak = max(peak, high_water(child.pid))
                pid, status, usage = os.wait4(child.pid, os.WNOHANG)
                if pid:
                    child.returncode = os.waitstatus_to_exitcode(status)
                    return child.returncode, usage, time.time(), peak
                time.sleep(0.02)
        finally:
            killer.cancel()
            if child.returncode is None:
                child.kill()
                child.wait()

    def prepare(self):
        """Connect once and end. The checkpoint is then at the end of the binlog."""
        (code, *_), log = self.spawn()
        if code != 0:
            raise Stopped(f"{self.name}: exit code {code}\n{log[-2000:]}")
        records = json.loads(self.checkpoint.read_text())
        # each run creates its topics anew: the checkpoint must not have their records (docs/operations.md)
        kept = {name: value for name, value in records.items() if not name.startswith(f"{self.name}/topic/")}
        self.began_at = json.dumps(kept).encode()

    def plan(self):
        """What plan expects of the copy."""
        began = time.monotonic()
        done = subprocess.run([self.program.binary, "plan", str(self.script), "--json"], stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, timeout=DEADLINE_S, check=False)
        if done.returncode != 0:
            raise Stopped(f"{self.name}: plan: exit code {done.returncode}\n{done.stderr[-2000:]}")
        tables = json.loads(done.stdout)
        return Planned(time.monotonic() - began, sum(t["rows"] for t in tables), tables[0]["sync"]["copy_seconds"])

    def begin_again(self):
        """Start at the position of prepare(); a full sync starts without a checkpoint."""
        if self.began_at is not None:
            self.checkpoint.write_bytes(self.began_at)
        else:
            self.checkpoint.unlink(missing_ok=True)

    def go(self, rows, messages):
        self.begin_again()
        (code, usage, ended, peak), log = self.spawn()
        if code != 0:
            raise Stopped(f"{self.name}: exit code {code}\n{log[-2000:]}")
        began = stamp(log, r"full sync: \d+ of \d+ tables" if self.what == "full" else r"stream: ")
        written = stopped_with(log)
        if written != rows:
            raise Stopped(f"{self.name}: {written} rows, not {rows}\n{log[-2000:]}")
        if self.sink == "kafka":
            self.count(messages)
        return Got(ended - began, usage.ru_utime + usage.ru_stime, peak)

    def count(self, messages):
        """Check that every message is in Kafka. There may be heartbeats too."""
        consumer = Consumer({"bootstrap.servers": self.kafka.bootstrap, "group.id": "bench"})
        total = 0
        listed = consumer.list_topics(timeout=30).topics
        for name in self.names():
            for partition in listed[name].partitions if name in listed else ():
                low, high = consumer.get_watermark_offsets(TopicPartition(name, partition), timeout=30)
                total += high - low
        consumer.close()
        if not messages <= total <= messages + 200 * len(self.names()):
            raise Stopped(f"{self.name}: {total} messages in Kafka, not {messages}")

    def cleanup(self):
        if self.sink == "kafka":
            there = set(self.kafka.partitions())
            for future in self.kafka.admin.delete_topics([n for n in self.names() if n in there] or ["none"]).values():
                future.exception(60)


class Restart(Run):
    """A sync that has copied its tables, and starts again. Its checkpoint is a topic."""

    def __init__(self, folder, mariadb, kafka, tables, options, topics):
        self.options = options
        super().__init__(folder, "restart", mariadb, kafka, sink="kafka", lua=False, tables=[tables], topics=topics, suffix=f"-{topics}")

    def text(self, mariadb, kafka, tables, parallel):
        return (super().text(mariadb, kafka, tables, parallel).replace('mode = "stream"', 'mode = "full_then_stream"')
                .replace('checkpoint = { file = "checkpoint.json" },', "heartbeat = false,"))

    def mapping(self):
        return self.options

    def names(self):
        """Its topics, and that of its checkpoint."""
        return [n for n in self.kafka.partitions() if n.startswith("many.") or n == f"tideway.{self.name}"]

    def prepare(self):
        """The copy of the empty tables."""
        (code, *_), log = self.spawn()
        if code != 0:
            raise Stopped(f"{self.name}: exit code {code}\n{log[-2000:]}")

    def go(self):
        """From the start of the process to the binlog, where an event waits; CPU time and memory of the whole run."""
        began = time.time()
        (code, usage, _, peak), log = self.spawn()
        if code != 0 or stopped_with(log) != 1:
            raise Stopped(f"{self.name}: exit code {code}\n{log[-2000:]}")
        return Got(stamp(log, "stream: reading the binlog from") - began, usage.ru_utime + usage.ru_stime, peak)


class Interrupted(Run):
    """A copy, and the stream up to the end of the binlog; the whole of it, or in two runs with a kill between them."""

    def __init__(self, folder, mariadb, kafka, tables):
        super().__init__(folder, "resume", mariadb, kafka, sink="kafka", lua=False, tables=tables)

    def text(self, mariadb, kafka, tables, parallel):
        return super().text(mariadb, kafka, tables, parallel).replace('mode = "stream"', 'mode = "full_then_stream"')

    def finish(self):
        """The rest of the work. Return its seconds, from the start of the process to its end."""
        began = time.time()
        (code, _, ended, _), log = self.spawn()
        if code != 0:
            raise Stopped(f"{self.name}: exit code {code}\n{log[-2000:]}")
        return ended - began

    def whole(self):
        self.begin_again()
        return self.finish()

    def killed_after(self, seconds):
        """Kill the first run after so many seconds, and return those of both runs together."""
        self.begin_again()
        with open(self.folder / "killed.log", "wb") as out:
            child = subprocess.Popen([self.program.binary, "run", str(self.script)], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                     stderr=out, cwd=self.folder, env={**os.environ, **self.program.env()})
            time.sleep(seconds)
            child.kill()
            child.wait()
        return seconds + self.finish()


def high_water(pid):
    """Return the peak memory of the process in bytes."""
    try:
        found = re.search(r"^VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text(), re.M)
    except OSError:
        return 0
    return int(found[1]) * 1024 if found else 0


def stamp(log, pattern):
    """Return the wall time of the first log line that the pattern matches."""
    found = re.search(rf"^(\S+)Z \w+ +.*{pattern}", log, re.M)
    if not found:
        raise Stopped(f"no line {pattern!r} in\n{log[-2000:]}")
    return datetime.fromisoformat(found[1] + "+00:00").timestamp()


def stopped_with(log):
    """Return the number of written rows in the last log line."""
    found = re.findall(r"stopped, rows=(\d+)", log)
    return int(found[-1]) if found else None


def sample_messages(kafka, topic, n, path):
    """Write up to n messages of a topic in the form that limit_produce reads."""
    consumer = Consumer({"bootstrap.servers": kafka.bootstrap, "group.id": "bench", "auto.offset.reset": "earliest"})
    consumer.assign([TopicPartition(topic, p, 0) for p in range(kafka.partitions()[topic])])
    left = n
    end = time.monotonic() + 60
    with open(path, "wb") as out:
        while left > 0 and time.monotonic() < end:
            got = [m for m in consumer.consume(min(left, 5000), 2) if m.error() is None and m.key()]
            for message in got:
                out.write(struct.pack("=II", len(message.key()), len(message.value())) + message.key() + message.value())
            left -= len(got)
            if not got:
                break
    consumer.close()
    return path


class Limits:
    """The limits of the machine without Tideway: {name: count, bytes, seconds, cpu}."""

    def __init__(self, build, mariadb, kafka, db):
        self.programs = Path(build) / "tests/bench"
        self.mariadb, self.kafka, self.db = mariadb, kafka, db
        self.found = {}

    def run(self, program, *args, stdin=None):
        done = subprocess.run([str(self.programs / program), *map(str, args)], stdin=stdin or subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=DEADLINE_S, check=False)
        if done.returncode != 0:
            raise Stopped(f"{program}: {done.stderr[-1000:]}")
        return json.loads(done.stdout)

    def keep(self, name, got, rows):
        """Keep the best of all results."""
        got["rate"] = rows / got["seconds"]
        if name not in self.found or self.found[name]["rate"] < got["rate"]:
            self.found[name] = got

    def select(self, table, way):
        got = self.run("limit_select", self.mariadb.port, self.db, table, way)
        self.keep(f"select {way}", got, got["count"])

    def dump(self, name, position, rows):
        got = self.run("limit_dump", self.mariadb.port, *position)
        self.keep(f"binlog {name}", got, rows)
        got["row_bytes"] = got["bytes"] / rows

    def produce(self, samples, n):
        topic = f"limit-{time.monotonic_ns()}"
        self.kafka.create(topic, PARTITIONS)
        with open(samples, "rb") as stdin:
            got = self.run("limit_produce", self.kafka.bootstrap, topic, PARTITIONS, n, stdin=stdin)
        self.kafka.admin.delete_topics([topic])[topic].exception(60)
        got["message_bytes"] = got["bytes"] / n
        self.keep("producer", got, got["count"])
