"""Run tideway with a script of its own. Its output goes to files, and it is ended by its pid."""

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

# the log line at the start of the stream
STREAMING = r"stream: reading the binlog from"


def lua(value):
    """Return a Python value as Lua text."""
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
    """Lua text, which lua() returns unchanged."""

    def __init__(self, text):
        self.text = text


class Exited(AssertionError):
    """tideway ended while a test waited for it."""


class Command:
    """A command to a running sync, and what it prints."""

    def __init__(self, sync, word, tables):
        self.file = sync.folder / f"{word}.out"
        self.child = process.spawn([BINARY, word, sync.path, *tables], self.file, self.file, cwd=sync.folder)

    @property
    def running(self):
        return self.child.poll() is None

    @property
    def text(self):
        return self.file.read_text()

    def wait_text(self, text):
        wait_for(lambda: text in self.text, lambda: self.text)

    def wait_exit(self):
        """Wait until it ends by itself. Return the exit code."""
        self.child.wait(DEADLINE_S)
        return self.child.returncode

    def ends(self, code):
        """Check that it ends by itself with this exit code."""
        assert self.wait_exit() == code, self.text


class Sync:
    """One sync: its script, and the process that runs it (or runs it again)."""

    def __init__(self, folder, name, database, kafka, tables, options="", **more):
        """options: Lua text inside the braces of sync.run; each line ends with a comma. more: user,
        password, port, brokers, properties, server_id, topic (False: no topic option), heartbeat
        (Lua text), script (the whole script)."""
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
        """Return the script: a call of sync.run with these parts."""
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
        """Start `tideway run sync.lua arguments...`, also after it has ended. Return self."""
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

    def once(self, *arguments, command="run", env=None, timeout=DEADLINE_S):
        """Run a command until it ends. Return (exit code, stdout, stderr)."""
        done = subprocess.run(
            [str(BINARY), command, str(self.path), *map(str, arguments)],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=timeout, cwd=self.folder,
            env=dict(os.environ, **(env or {})), check=False,
        )
        return done.returncode, done.stdout, done.stderr

    def begin_command(self, word, *tables):
        """Give a command to the running process. Return it, as a Command."""
        return Command(self, word, tables)

    @property
    def log(self):
        """The stderr output of this run so far."""
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
        """Wait until the pattern matches the log of this run. Return the match.

        Raises Exited when tideway ends without a match."""

        def look():
            ended = not self.running
            found = re.search(pattern, self.log)
            if not found and ended:
                raise Exited(f"exit code {self.child.returncode} without {pattern!r}\n{self.log[-3000:]}")
            return found

        return wait_for(look, lambda: f"no {pattern!r} in\n{self.log[-3000:]}", timeout)

    def wait_streaming(self, timeout=DEADLINE_S):
        """Wait until the full sync has ended and the stream has begun."""
        return self.wait_log(STREAMING, timeout)

    def wait_exit(self, timeout=DEADLINE_S):
        """Wait until tideway ends by itself. Return the exit code."""
        try:
            self.child.wait(timeout)
        except subprocess.TimeoutExpired:
            raise TimedOut(f"still running\n{self.log[-3000:]}") from None
        process.end(self.child)
        return self.child.returncode

    def stop(self, sig=signal.SIGTERM, timeout=20 * PATIENCE):
        """Send `sig`, and SIGKILL if tideway has not ended after `timeout`. Return the exit code."""
        return process.end(self.child, sig, timeout)

    def kill9(self):
        return process.end(self.child, signal.SIGKILL)

    def fails(self, code, *patterns, timeout=DEADLINE_S):
        """Check that tideway ends by itself with this exit code, and each pattern matches its log.

        Returns the log."""
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

    # the messages

    def reader(self, *topics):
        """Return the Reader of these topics; the same one in each call."""
        if topics not in self.readers:
            self.readers[topics] = Reader(self.kafka, topics)
        return self.readers[topics]

    def until(self, topic, condition, what, timeout=DEADLINE_S):
        """Read the topic until condition(messages) is true. Fail at once when tideway ends."""
        return self.reader(topic).until(condition, what, timeout, self.must_run)

    def wait_rows(self, topic, n, timeout=DEADLINE_S):
        """Wait until the topic has n row messages. Return them. Fail when it has more."""
        found = rows(self.until(topic, lambda m: len(rows(m)) >= n, f"{n} rows in {topic}", timeout))
        assert len(found) == n, f"{len(found)} rows, not {n}: {found[n - 1:n + 3]}"
        return found

    def wait_message(self, topic, test, what, timeout=DEADLINE_S):
        """Wait for a message of the topic for which test(message) is true. Return the first one."""
        messages = self.until(topic, lambda all_: any(test(m) for m in all_), what, timeout)
        return next(m for m in messages if test(m))
