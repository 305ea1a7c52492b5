"""Run a program whose stdout is a terminal (a pty)."""

import os
import pty
import re
import select
import subprocess

from support import process
from support.wait import DEADLINE_S, wait_for


class Terminal:
    """`with Terminal(arguments, stderr=file) as terminal` runs the child.

    When the block ends, the child is ended if it still runs."""

    def __init__(self, arguments, stderr, env=None, cwd=None):
        """stderr: the path of a file; None: stderr is the terminal too."""
        self.output = b""
        self.ended = False
        self.master, slave = pty.openpty()
        with open(stderr or os.devnull, "wb") as log:
            self.child = subprocess.Popen([str(a) for a in arguments], stdin=subprocess.DEVNULL, stdout=slave, cwd=cwd,
                                          stderr=log if stderr else slave, env=dict(os.environ, **(env or {})))
        os.close(slave)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        process.end(self.child)
        os.close(self.master)

    def _read(self):
        """Read the available output. Set `ended` at its end."""
        while not self.ended and select.select([self.master], [], [], 0)[0]:
            try:
                self.output += os.read(self.master, 65536)
            except OSError:  # EIO: no process has the terminal open any more
                self.ended = True

    @property
    def text(self):
        """The output so far, with plain line ends."""
        self._read()
        return self.output.decode().replace("\r\n", "\n")

    def wait(self, pattern, timeout=DEADLINE_S):
        return wait_for(lambda: re.search(pattern, self.text), lambda: f"no {pattern!r} in\n{self.text}", timeout)

    def finish(self, timeout=DEADLINE_S):
        """Wait until the child ends. Return (exit code, output)."""
        wait_for(lambda: self.text is not None and self.ended, lambda: f"still running:\n{self.text}", timeout)
        return self.child.wait(timeout), self.text
