"""A running tideway: a sync.lua of its own, its output in files, ended by pid."""

import os
import re
import signal
import subprocess

from support import process
from support.consume import Reader, rows
from support.paths import BINARY
from support.wait import DEADLINE_S, PATIENCE, TimedOut, wait_for

PROLOGUE = """\
local sync = require "tideway.sync"
local source = require "tideway.source"
local kafka = require "tideway.kafka"
local field = require "tideway.field"
local mask = require "tideway.mask"
local env = require "tideway.env"
"""

# what the log says, in one place
STREAMING = r"stream: reading the binlog from"


def lua(value):
    """A Python value as Lua."""
    if value is None:
        return "nil"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return repr(value)
    if isinstance(value, str):
        return '"' + "".join(c if c.isprintable() and c not in '"\\' else _escape(c) for c in value) + '"'
    if isinstance(value, dict):
        return "{ " + ", ".join(f"[{lua(k)}] = {lua(v)}" for k, v in value.items()) + " }"
    if isinstance(value, Raw):
        return value.text
    return "{ " + ", ".join(lua(v) for v in value) + " }"


def _escape(char):
    return "".join(f"\\{byte:03d}" for byte in char.encode())


class Raw:
    """Lua text that stands as it is."""

    def __init__(self, text):
        self.text = text


class Exited(AssertionError):
    """tideway ended while a test was waiting for it."""


class Sync:
    """One sync: its script, and the process that runs it (or runs it again)."""

    def __init__(self, folder, name, database, kafka, tables, options="", **more):
        """options: Lua between the braces of sync.run, each line ending in a comma. more: user, password, port, brokers,
        properties, server_id, topic (False: no topic option of ours), heartbeat (Lua), script (the whole text)."""
        self.folder = folder
        self.folder.mkdir(parents=True, exist_ok=True)
        self.name = name
        self.database = database
        self.kafka = kafka
        self.path = self.folder / "sync.lua"
        self.stdout = self.folder / "stdout"
        self.stderr = self.folder / "stderr"
        self.child = None
        self.readers = {}
        self.peak_kb = 0
        self.write(more.pop("script", None) or self.text(tables, options, **more))

    def text(self, tables, options, topic=True, heartbeat="false", properties=None, brokers=None, sink=None, **source):
        """The script: sync.run with these parts."""
        described = {
            "host": "127.0.0.1",
            "port": self.database.port,
            "user": self.database.user,
            "password": self.database.password,
            "tables": tables,
        }
        described.update(source)
        goes = {"brokers": brokers or (self.kafka.bootstrap if self.kafka else "127.0.0.1:1")}
        if properties:
            goes["properties"] = properties
        lines = [
            f"name = {lua(self.name)},",
            f"source = source.mysql {lua(described)},",
            f"sink = {sink or 'kafka.sink ' + lua(goes)},",
            f"heartbeat = {heartbeat},",
        ]
        if topic:
            lines.append('topic = { template = "${db_name_src}.${table_name_src}" },')
        return PROLOGUE + "sync.run {\n\t" + "\n\t".join(lines) + "\n" + options + "\n}\n"

    def write(self, script):
        self.path.write_text(script)

    # the process

    def start(self, *arguments, command="run", fault=None, env=None):
        """Starts (again): `tideway run sync.lua arguments...`."""
        assert self.child is None or self.child.poll() is not None, "it runs already"
        environment = dict(os.environ, **(env or {}))
        environment.pop("TIDEWAY_FAULT", None)
        if fault:
            environment["TIDEWAY_FAULT"] = fault
        self.seen = self.stderr.stat().st_size if self.stderr.exists() else 0
        self.child = process.spawn(
            [BINARY, command, self.path, *arguments], self.stdout, self.stderr, env=environment, cwd=self.folder
        )
        return self

    def once(self, *arguments, command="run", env=None, timeout=60 * PATIENCE):
        """Runs a command to its end; (exit code, stdout, stderr)."""
        done = subprocess.run(
            [str(BINARY), command, str(self.path), *map(str, arguments)],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=timeout, cwd=self.folder,
            env=dict(os.environ, **(env or {})), check=False,
        )
        return done.returncode, done.stdout, done.stderr

    @property
    def log(self):
        """What this run has printed on stderr so far."""
        with open(self.stderr, "rb") as printed:
            printed.seek(self.seen)
            return printed.read().decode("utf-8", "replace")

    @property
    def running(self):
        return self.child is not None and self.child.poll() is None

    def must_run(self):
        if not self.running:
            raise Exited(f"exit code {self.child.returncode}\n{self.log[-3000:]}")

    def wait_log(self, pattern, timeout=DEADLINE_S):
        """Waits for a line of this run that the pattern matches; the match. Ended without it: Exited."""

        def look():
            ended = not self.running
            found = re.search(pattern, self.log)
            if not found and ended:
                raise Exited(f"exit code {self.child.returncode} without {pattern!r}\n{self.log[-3000:]}")
            return found

        return wait_for(look, lambda: f"no {pattern!r} in\n{self.log[-3000:]}", timeout)

    def wait_streaming(self, timeout=DEADLINE_S):
        """The full sync is done and the stream has begun."""
        return self.wait_log(STREAMING, timeout)

    def wait_exit(self, timeout=DEADLINE_S):
        """Waits until it ends by itself; the exit code."""
        try:
            self.child.wait(timeout)
        except subprocess.TimeoutExpired:
            raise TimedOut(f"still running\n{self.log[-3000:]}") from None
        process.end(self.child)
        return self.child.returncode

    def stop(self, sig=signal.SIGTERM, timeout=20 * PATIENCE):
        """SIGTERM, and the exit code; a process that does not end in time is killed and gives -9."""
        return process.end(self.child, sig, timeout)

    def kill9(self):
        return process.end(self.child, signal.SIGKILL)

    def fails(self, code, *patterns, timeout=DEADLINE_S):
        """It must end by itself with this exit code and say each of these; returns the log."""
        ended = self.wait_exit(timeout)
        log = self.log
        assert ended == code, f"exit code {ended}, not {code}\n{log[-3000:]}"
        for pattern in patterns:
            assert re.search(pattern, log), f"no {pattern!r} in\n{log[-3000:]}"
        assert not re.search(r"AddressSanitizer|runtime error:|Assertion", log), log[-3000:]
        return log

    def cleanup(self):
        if self.running:
            process.end(self.child, signal.SIGKILL)
        for reader in self.readers.values():
            reader.close()

    # what came out of it

    def reader(self, *topics):
        """A Reader kept for these topics."""
        if topics not in self.readers:
            self.readers[topics] = Reader(self.kafka, topics)
        return self.readers[topics]

    def until(self, topic, condition, what, timeout=DEADLINE_S):
        """Reads the topic until condition(messages); fails at once when tideway ends."""
        return self.reader(topic).until(condition, what, timeout, self.must_run)

    def wait_rows(self, topic, n, timeout=DEADLINE_S):
        """The row messages of the topic as soon as there are n; more than n fail."""
        found = rows(self.until(topic, lambda m: len(rows(m)) >= n, f"{n} rows in {topic}", timeout))
        assert len(found) == n, f"{len(found)} rows, not {n}: {found[n - 1:n + 3]}"
        return found

    def wait_message(self, topic, test, what, timeout=DEADLINE_S):
        """The first message of the topic for which test is true."""
        messages = self.until(topic, lambda all_: any(test(m) for m in all_), what, timeout)
        return next(m for m in messages if test(m))
