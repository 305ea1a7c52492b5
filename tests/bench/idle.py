"""The cost of one idle sync: threads, memory and CPU, measured from outside over a minute."""

import re
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from measure import Stopped
from support.paths import BINARY

STREAMING_S = 60
SETTLE_S = 10
MEASURE_S = 60

SCRIPT = """
local sync, source, kafka = require "tideway.sync", require "tideway.source", require "tideway.kafka"
sync.run {{
  name = "{name}",
  source = source.mysql {{ host = "127.0.0.1", port = {port}, user = "{user}", password = "{password}", tables = {{ "{table}" }} }},
  sink = kafka.sink {{ brokers = "{brokers}" }},
  topic = {{ template = "{name}" }}, {options}
}}
"""


@dataclass
class Idle:
    """Bytes; CPU in seconds per second."""

    threads: list  # [(name, CPU)]; main has the name of the program
    rss: int
    pss: int
    private: int
    files: int  # of the RSS, pages of the program and its libraries
    cpu: float

    def count(self, of_librdkafka):
        return sum(name.startswith("rdk:") == of_librdkafka for name, _ in self.threads)


def threads(pid):
    """{id: (name, CPU seconds)}. The scheduler counts in ns; the ticks of /proc/PID/stat are too coarse for an idle process."""
    return {task.name: ((task / "comm").read_text().strip(), int((task / "schedstat").read_text().split()[0]) / 1e9)
            for task in Path(f"/proc/{pid}/task").iterdir()}


def memory(pid):
    text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    sizes = {name: 1024 * int(kb) for name, kb in re.findall(r"^(\w+):\s+(\d+) kB", text, re.M)}
    files = int(re.search(r"^RssFile:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text(), re.M)[1]) * 1024
    return sizes["Rss"], sizes["Pss"], sizes["Private_Clean"] + sizes["Private_Dirty"], files


def wait_streaming(child, log):
    end = time.monotonic() + STREAMING_S
    while "stream: reading" not in log.read_text(errors="replace"):
        if child.poll() is not None or time.monotonic() > end:
            raise Stopped(f"an idle sync does not stream\n{log.read_text(errors='replace')[-2000:]}")
        time.sleep(0.1)


def watch(child, log):
    wait_streaming(child, log)
    time.sleep(SETTLE_S)
    before, began = threads(child.pid), time.monotonic()
    time.sleep(MEASURE_S)
    after, seconds = threads(child.pid), time.monotonic() - began
    each = sorted((name, (cpu - before[number][1]) / seconds) for number, (name, cpu) in after.items() if number in before)
    return Idle(each, *memory(child.pid), sum(cpu for _, cpu in each))


def measure(folder, name, mariadb, table, brokers, options=""):
    """Start a sync of one table to these brokers, and return its cost while nothing changes."""
    folder = Path(folder) / name
    folder.mkdir()
    script, log = folder / "sync.lua", folder / "log"
    script.write_text(SCRIPT.format(name=name, port=mariadb.port, user=mariadb.user, password=mariadb.password, table=table,
                                    brokers=brokers, options=options))
    with open(log, "wb") as out:
        child = subprocess.Popen([str(BINARY), "run", str(script)], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=out,
                                 cwd=folder)
    try:
        return watch(child, log)
    finally:
        child.send_signal(signal.SIGTERM)
        try:
            child.wait(30)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
