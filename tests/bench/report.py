"""The table that a bench run prints, and its description of the machine."""

import os
import platform
import re
import statistics
import subprocess
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TITLES = {
    "full": "full sync",
    "bulk": "catching up, 100-row transactions",
    "insert": "catching up, 1-row INSERT transactions",
    "update": "catching up, 1-row UPDATE transactions (2 messages each)",
}
LIMITS = {
    "binlog bulk": "server sends its binlog, 100-row transactions",
    "binlog insert": "server sends its binlog, 1-row inserts",
    "binlog update": "server sends its binlog, 1-row updates",
    "select text": "`SELECT *` alone, text protocol, discarded",
    "select binary": "`SELECT *` alone, raw binary protocol, discarded",
    "producer": "bare librdkafka producer, the same messages",
}


def printed(*command):
    try:
        return subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT).stdout.strip()
    except OSError:
        return ""


def cpu():
    found = re.search(r"^model name\s*: (.*)", Path("/proc/cpuinfo").read_text(), re.M)
    return found[1] if found else platform.machine()


def memory_gb():
    found = re.search(r"^MemTotal:\s+(\d+)", Path("/proc/meminfo").read_text(), re.M)
    return int(found[1]) / 1e6


def kafka_version():
    return re.search(r"<kafka.version>(.*)</kafka.version>", (ROOT / "scripts/servers/kafka.pom.xml").read_text())[1]


def machine(mariadb, tideway, load):
    """Return [(what, value)] of everything that the numbers depend on."""
    return [
        ("measured", time.strftime("%Y-%m-%d", time.gmtime())),
        ("commit", printed("git", "rev-parse", "--short", "HEAD")),
        ("processor", f"{cpu()}, {os.cpu_count()} cores, shared by the database, the broker and Tideway"),
        ("other work", f"load average {load:.1f} before the run"),
        ("memory", f"{memory_gb():.0f} GB"),
        ("kernel", platform.release()),
        ("database", f"MariaDB {mariadb.run('SELECT VERSION()')[0][0]}, sync_binlog=0, row metadata {mariadb.run('SELECT @@binlog_row_metadata')[0][0]}"),
        ("broker", f"Apache Kafka {kafka_version()}, one node, 2 GB heap, {printed('java', '--version').splitlines()[0]}"),
        ("Tideway", " / ".join(tideway.splitlines())),
    ]


class Report:
    def __init__(self, rows, repeat, limits):
        self.rows, self.repeat, self.limits = rows, repeat, limits
        self.resumed, self.backfills = {}, []
        self.lines, self.memory, self.idle, self.turns, self.lanes, self.estimates, self.restarts = [], [], [], {}, {}, {}, {}

    def add(self, what, run, got, rows, messages):
        self.lines.append((what, run.sink, run.lua, got, rows, messages))

    def add_memory(self, what, got, rows):
        self.memory.append((what, got, rows))

    def add_idle(self, label, got):
        self.idle.append((label, got))

    def add_turn(self, label, program, got, rows):
        self.turns.setdefault(label, {}).setdefault(program, []).append((rows / got.seconds, got.cpu * 1e6 / rows, got.rss / 1e6))

    def add_lanes(self, tables, run, got, rows):
        self.lanes.setdefault((tables, run.sink), {}).setdefault(run.parallel, []).append(rows / got.seconds)

    def lane_lines(self):
        """The medians of each number of lanes."""
        for (tables, sink), by_lanes in self.lanes.items():
            rates = " | ".join(f"{statistics.median(rates):,.0f}" for _, rates in sorted(by_lanes.items()))
            yield f"| {tables} | {'Kafka' if sink == 'kafka' else 'discarded'} | {rates} |"

    def add_estimate(self, name, rows, planned, got):
        self.estimates.setdefault((name, rows), []).append((planned, got))

    def estimate_lines(self):
        """The medians of each shape, and the worst ratio."""
        for (name, rows), pairs in self.estimates.items():
            ratios = [planned.copy_seconds / got.seconds for planned, got in pairs]
            yield (f"| {name} | {rows:,} | {statistics.median(p.rows for p, _ in pairs):,} | {statistics.median(p.copy_seconds for p, _ in pairs):.1f} "
                   f"| {statistics.median(g.seconds for _, g in pairs):.1f} | {min(ratios):.2f} to {max(ratios):.2f} "
                   f"| {statistics.median(p.seconds for p, _ in pairs):.1f} |")

    def add_restart(self, label, got):
        self.restarts.setdefault(label, []).append(got)

    def restart_lines(self):
        """The medians of each."""
        for label, got in self.restarts.items():
            yield (f"| {label} | {statistics.median(g.seconds for g in got):.2f} | {statistics.median(g.cpu for g in got):.2f} "
                   f"| {max(g.rss for g in got) / 1e6:.0f} |")

    def add_resume(self, share, seconds, whole):
        self.resumed.setdefault(share, []).append((seconds, whole))

    def resume_lines(self):
        """The medians of each share."""
        for share, pairs in self.resumed.items():
            ratios = [seconds / whole for seconds, whole in pairs]
            yield (f"| {share:.0%} | {statistics.median(w for _, w in pairs):.1f} | {statistics.median(s for s, _ in pairs):.1f} "
                   f"| {statistics.median(ratios):.2f} | {min(ratios):.2f} to {max(ratios):.2f} |")

    def add_backfill(self, got):
        self.backfills.append(got)

    def backfill_lines(self):
        """The medians of the stream in each case, then the ratios."""
        for label, pick in (("alone", lambda r: r.alone), ("while another process copies", lambda r: r.apart),
                            ("beside a backfill", lambda r: r.beside)):
            got = [pick(r) for r in self.backfills]
            yield (f"| {label} | {statistics.median(s.rate for s in got):,.0f} | {statistics.median(s.share for s in got):.3f} "
                   f"| {statistics.median(s.median_ms for s in got):.1f} | {statistics.median(s.p99_ms for s in got):.1f} |")
        yield ""
        for label, ratios, form in (
            ("The p99 beside the backfill in ms, more than alone", [r.beside.p99_ms - r.alone.p99_ms for r in self.backfills], ".1f"),
            ("The same while another process copies", [r.apart.p99_ms - r.alone.p99_ms for r in self.backfills], ".1f"),
            ("The rate of the backfill, of that other process", [r.backfill / r.lane for r in self.backfills], ".2f"),
            ("The same, of a copy by one lane while nothing else happens", [r.backfill / r.lane_alone for r in self.backfills], ".2f"),
        ):
            yield f"- {label}: {statistics.median(ratios):{form}} ({min(ratios):{form}} to {max(ratios):{form}})"
        yield "- Rows/s: " + ", ".join(f"{label} {statistics.median(pick(r) for r in self.backfills):,.0f}" for label, pick in (
            ("backfill", lambda r: r.backfill), ("other process", lambda r: r.lane), ("one lane alone", lambda r: r.lane_alone)))

    def turn_lines(self):
        """Return the medians of each program, compared with those of the first program."""
        for label, programs in self.turns.items():
            first = None
            for program, got in programs.items():
                rate, cpu, rss = (statistics.median(column) for column in zip(*got))
                first = first or (rate, cpu)
                yield f"| {label} | {program} | {rate:,.0f} | {rate / first[0]:.2f} | {cpu:.2f} | {cpu / first[1]:.2f} | {rss:.0f} |"

    def ratio(self, rate, limit):
        found = self.limits.found.get(limit)
        return f"{rate / found['rate']:.2f}" if found else ""

    def source_limit(self, what):
        return "select binary" if what == "full" else f"binlog {what}"

    def row(self, line):
        what, sink, lua, got, rows, messages = line
        rate, message_rate = rows / got.seconds, messages / got.seconds
        return (f"| {TITLES[what]} | {'Kafka' if sink == 'kafka' else 'discarded'} | {'yes' if lua else 'no'} | {rate:,.0f} "
                f"| {message_rate:,.0f} | {got.cpu * 1e6 / rows:.2f} | {got.rss / 1e6:.0f} "
                f"| {self.ratio(message_rate, 'producer') if sink == 'kafka' else ''} | {self.ratio(rate, self.source_limit(what))} |")

    def limit(self, name):
        got = self.limits.found[name]
        size = got.get("row_bytes") or got.get("message_bytes") or got["bytes"] / got["count"]
        return f"| {LIMITS[name]} | {got['rate']:,.0f} | {size:,.0f} | {got['cpu'] / (got['rate'] * got['seconds']) * 1e6:.2f} |"

    def lua_costs(self):
        """Return the additional CPU time of the runs with Lua."""
        by = {(w, s, lua): got.cpu / rows for w, s, lua, got, rows, _ in self.lines}
        return [(w, s, by[w, s, True] / by[w, s, False] - 1) for w, s, lua in by if lua and (w, s, False) in by]

    def limits_and_lines(self):
        return [
            "",
            "## Limits of this machine", "",
            "| | rows or messages/s | bytes each | client's CPU s per million |", "|---|---|---|---|",
            *(self.limit(name) for name in LIMITS if name in self.limits.found),
            "",
            "## Tideway", "",
            "\"Lua\" is a topic function and one added field. CPU seconds are those of the tideway process, librdkafka's threads "
            "included. The last two columns are ratios: messages/s to those of the bare producer, and rows/s to what the server can send.", "",
            "| | sink | Lua | rows/s | messages/s | CPU s per million rows | peak RSS MB | of the producer | of the server |",
            "|---|---|---|---|---|---|---|---|---|",
            *(self.row(line) for line in self.lines),
        ]

    def markdown(self, facts):
        text = [
            "# Benchmarks",
            "",
            "One run of `make bench` printed this page. It measures Tideway, and what the same machine reaches without it. "
            "The figures vary by about 30 % between runs and between machines. The ratios are stable.",
            "",
            "| | |", "|---|---|", *(f"| {k} | {v} |" for k, v in facts),
            f"| work | {self.rows:,} rows of a table with 10 columns; lz4, idempotent producer, acks=all, 6 partitions, linger 0.5 ms; each measured {self.repeat} times in turns; the best result counts (for memory, the highest) |",
        ]
        if self.lines:
            text += self.limits_and_lines()
        costs = self.lua_costs()
        if costs:
            text += ["", "CPU time that Lua adds: " + ", ".join(f"{100 * c:+.0f} % ({w}, {s})" for w, s, c in costs) + "."]
        if self.memory:
            text += ["", "## Memory", "", "| | peak RSS MB | rows/s | CPU s per million rows |", "|---|---|---|---|",
                     *(f"| {w} | {got.rss / 1e6:.0f} | {rows / got.seconds:,.0f} | {got.cpu * 1e6 / rows:.2f} |"
                       for w, got, rows in self.memory)]
        if self.idle:
            text += ["", "## An idle sync", "",
                     "One sync of one table without changes, with the default heartbeat of 5 s, over a minute. \"Own\" threads are those of "
                     "Tideway other than main. Private memory is that which no other process shares; the rest of the RSS is the program "
                     "and its libraries.", "",
                     "| broker | own threads | threads of librdkafka | RSS MB | PSS MB | private MB | % of a core |",
                     "|---|---|---|---|---|---|---|",
                     *(f"| {label} | {got.count(False) - 1} | {got.count(True)} | {got.rss / 1e6:.1f} "
                       f"| {got.pss / 1e6:.1f} | {got.private / 1e6:.1f} | {100 * got.cpu:.2f} |" for label, got in self.idle)]
        if self.turns:
            text += ["", "## Several programs in turns", "", f"Medians of {self.repeat} rounds.", "",
                     "| | program | rows/s | of the first | CPU s per million rows | of the first | peak RSS MB |",
                     "|---|---|---|---|---|---|---|",
                     *self.turn_lines()]
        if self.lanes:
            text += ["", "## Lanes of the full sync", "", f"Rows/s, the medians of {self.repeat} rounds in turns; {self.rows:,} rows in all tables together.", "",
                     "| tables | sink | 1 lane | 2 lanes | 4 lanes |", "|---|---|---|---|---|", *self.lane_lines()]
        if self.estimates:
            text += ["", "## Estimates of the copy", "", f"What `plan` expects of the copy into Kafka with `full.parallel = \"auto\"`, and what it takes. "
                     f"Medians of {self.repeat} rounds; the ratios are all of them.", "",
                     "| table | rows | expected | s expected | s taken | expected/taken | s of plan |", "|---|---|---|---|---|---|---|",
                     *self.estimate_lines()]
        if self.backfills:
            text += ["", "## A backfill beside the stream", "", f"The stream has a fifth of its maximum to do, in transactions of ten rows, alone, while another process "
                     f"copies a table of {self.rows:,} rows by one lane, and while the sync copies that table beside the stream. The delay of a row is from "
                     "its INSERT to its arrival at the broker. Server, broker, writer and program share the cores, so that the second case shows what any copy "
                     f"costs here. Medians of {self.repeat} rounds in turns.", "",
                     "| stream | rows/s | of the rows written | median ms | p99 ms |", "|---|---|---|---|---|", *self.backfill_lines()]
        if self.resumed:
            text += ["", "## A copy that is interrupted", "", f"{self.rows:,} rows in two tables, copied into Kafka. The process is killed at a part of the "
                     f"time of an uninterrupted copy and started again; the seconds are those of both runs. Medians of {self.repeat} rounds.", "",
                     "| killed at | s uninterrupted | s with the kill | ratio | all ratios |", "|---|---|---|---|---|", *self.resume_lines()]
        if self.restarts:
            text += ["", "## Many tables", "", "A start from the checkpoint, which is a topic, up to the first event of the stream. CPU seconds are those of the whole "
                     f"process. Medians of {self.repeat} rounds, of memory the highest.", "",
                     "| | s to the stream | CPU s | peak RSS MB |", "|---|---|---|---|", *self.restart_lines()]
        return "\n".join(text) + "\n"
