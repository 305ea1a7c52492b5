"""Processes that a test starts. At exit, each of them is ended by its pid."""

import atexit
import os
import random
import signal
import socket
import subprocess
import time

_children = {}  # pid -> Popen of each running child
_pids = set()  # pids of servers that a start script left running


def free_port(n=1):
    """Return the first of n successive loopback ports that are free now.

    They are below the range of ports for outgoing connections, so that no connection takes one of
    them before the server has started. Each worker of pytest has a part of them, so that no other
    worker takes one meanwhile: the ping of a start script would be answered by that one's server."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    share = 12000 // int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    first = 20000 + worker * share
    while True:
        port = random.randrange(first, first + share - n + 1)
        if all(_is_free(port + i) for i in range(n)):
            return port


def _is_free(port):
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def spawn(args, stdout, stderr, env=None, cwd=None):
    """Start args, with its output appended to the two files. Return the Popen."""
    with open(stdout, "ab") as out, open(stderr, "ab") as err:
        child = subprocess.Popen(
            [str(a) for a in args], stdin=subprocess.DEVNULL, stdout=out, stderr=err, env=env, cwd=cwd
        )
    _children[child.pid] = child
    return child


def end(child, sig=signal.SIGTERM, timeout=20):
    """Send sig, and SIGKILL if the child has not ended after `timeout`. Return the exit code."""
    if child.poll() is None:
        child.send_signal(signal.SIGCONT)
        child.send_signal(sig)
        try:
            child.wait(timeout)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
    _children.pop(child.pid, None)
    return child.returncode


def adopt(pid):
    """Register a server that a start script left running, so that it is ended at exit."""
    _pids.add(pid)


def alive(pid):
    try:
        with open(f"/proc/{pid}/stat", "rb") as stat:
            return stat.read().rsplit(b")", 1)[1].split()[0] != b"Z"
    except FileNotFoundError:
        return False


def end_pid(pid, sig=signal.SIGTERM, timeout=30):
    """End a process that is not our child: send sig, and SIGKILL if it runs after `timeout`."""
    try:
        os.kill(pid, signal.SIGCONT)
        os.kill(pid, sig)
        deadline = time.monotonic() + timeout
        while alive(pid):
            if time.monotonic() > deadline:
                os.kill(pid, signal.SIGKILL)
                deadline += timeout
            time.sleep(0.01)
    except ProcessLookupError:
        pass
    _pids.discard(pid)


def peak_rss_kb(pid):
    """Return the highest resident size so far, in KiB."""
    return _status_kb(pid, "VmHWM:")


def rss_kb(pid):
    """Return the resident size, in KiB."""
    return _status_kb(pid, "VmRSS:")


def _status_kb(pid, name):
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        for line in status:
            if line.startswith(name):
                return int(line.split()[1])
    raise AssertionError(f"no {name}")


@atexit.register
def _end_all():
    for child in list(_children.values()):
        end(child, signal.SIGKILL)
    for pid in list(_pids):
        end_pid(pid, signal.SIGKILL)
