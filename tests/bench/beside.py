"""A stream at a fifth of its maximum: alone, while a process of its own copies a table by one lane, and while the sync copies that
table beside the stream. The second shows what the copy costs on a machine where servers and program share the cores."""

import contextlib
import re
import signal
import subprocess
import threading
import time
from dataclasses import dataclass

import pymysql
from confluent_kafka import Consumer, TopicPartition
from measure import DEADLINE_S, PARTITIONS, Run, Stopped, stamp
from support.wait import wait_for

SHARE = 5  # the stream has this part of its maximum to do
TRANSACTION = 10  # rows
PREPARED = 1000  # rows that are written again and again: making them anew would take half a core
ALONE_S = 15
SETTLE_S = 2  # after a start, until the stream has caught up
WRITTEN = re.compile(rb'"written_us":(\d+)')


@dataclass(frozen=True)
class Stream:
    """What arrived of the rows that were written in a span of time."""

    share: float  # of the rows that were written
    rate: float  # rows/s
    median_ms: float
    p99_ms: float


@dataclass(frozen=True)
class Round:
    alone: Stream
    apart: Stream  # while another process copies the table by one lane
    beside: Stream  # while the sync copies the table
    backfill: float  # rows/s
    lane: float  # rows/s of that other process
    lane_alone: float  # rows/s of a copy by one lane while nothing else happens


def create(mariadb, db, row):
    """The table `live`, which has the time of each row, and a procedure that fills it at a rate."""
    mariadb.run(
        "CREATE TABLE prepared LIKE orders",
        f"INSERT INTO prepared SELECT {row.format(n='seq')} FROM seq_0_to_{PREPARED - 1}",
        "CREATE TABLE live LIKE orders",
        "ALTER TABLE live DROP PRIMARY KEY, ADD written_us BIGINT NOT NULL FIRST, ADD id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY FIRST",
        f"""CREATE PROCEDURE pace(rows_wanted BIGINT, rows_per_second DOUBLE)
        BEGIN
          DECLARE done BIGINT DEFAULT 0;
          DECLARE begun DOUBLE DEFAULT UNIX_TIMESTAMP(SYSDATE(6));
          WHILE done < rows_wanted DO
            IF done > (UNIX_TIMESTAMP(SYSDATE(6)) - begun) * rows_per_second THEN DO SLEEP(0.002);
            ELSE
              INSERT INTO live SELECT NULL, CAST(UNIX_TIMESTAMP(SYSDATE(6)) * 1000000 AS SIGNED), prepared.* FROM prepared
                WHERE order_identifier >= done % {PREPARED} AND order_identifier < done % {PREPARED} + {TRANSACTION};
              SET done = done + {TRANSACTION};
            END IF;
          END WHILE;
        END""",
        db=db,
    )


@contextlib.contextmanager
def writing(mariadb, db, rows_per_second):
    """Write rows at this rate until the block ends."""
    with contextlib.closing(mariadb.connect(database=db)) as connection:
        def write():
            with contextlib.suppress(pymysql.err.MySQLError), connection.cursor() as cursor:  # it is killed
                cursor.execute(f"CALL pace(1000000000000, {rows_per_second})")

        thread = threading.Thread(target=write)
        thread.start()
        try:
            yield
        finally:
            mariadb.run(f"KILL {connection.thread_id()}")
            thread.join()


class Beside(Run):
    """A sync of `live`, and then of `copied` too, into topics that have the time of each message's arrival at the broker."""

    def __init__(self, folder, mariadb, kafka, db, number):
        self.mariadb = mariadb
        super().__init__(folder, "beside", mariadb, kafka, sink="kafka", lua=False, tables=[f"{db}.live"], topics=2, suffix=f"-{number}")
        self.only_live = self.script.read_text()
        self.both = self.only_live.replace(f'"{db}.live"', f'"{db}.live", "{db}.copied"')
        for topic in self.names():
            kafka.create(topic, PARTITIONS, message_timestamp_type="LogAppendTime")

    def text(self, mariadb, kafka, tables, parallel):
        return super().text(mariadb, kafka, tables, parallel).replace('mode = "stream"', 'mode = "full_then_stream"')

    def mapping(self):
        return f'topic = {{ template = "{self.name}.${{table_name_src}}" }},'

    def names(self):
        return [f"{self.name}.live", f"{self.name}.copied"]

    @contextlib.contextmanager
    def running(self, script):
        """Run it with this script in the block. Give a function that waits for a line of its log, and returns its time."""
        self.script.write_text(script)
        log = self.folder / "log"
        with open(log, "wb") as out:
            child = subprocess.Popen([self.program.binary, "run", str(self.script)], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                     stderr=out, cwd=self.folder)

        def wait(pattern):
            def look():
                text = log.read_text(errors="replace")
                if child.poll() is not None:
                    raise Stopped(f"{self.name}: exit code {child.returncode}\n{text[-2000:]}")
                return re.search(pattern, text)

            wait_for(look, lambda: f"no {pattern!r}", DEADLINE_S)
            return stamp(log.read_text(errors="replace"), pattern)

        try:
            yield wait
        finally:
            child.send_signal(signal.SIGTERM)
            child.wait(DEADLINE_S)

    def measure(self, db, rows_per_second, rows, lane):
        """Return a Round without the copy that happens alone. `lane` copies the table by one lane."""
        with writing(self.mariadb, db, rows_per_second):
            with self.running(self.only_live) as wait:
                wait("stream: reading the binlog from")
                time.sleep(SETTLE_S)
                alone = (time.time(), time.time() + ALONE_S)
                time.sleep(ALONE_S)
                begun = time.time()
                copied = lane.go(rows, rows)
                apart = (begun + SETTLE_S, time.time())
                lane.cleanup()
            with self.running(self.both) as wait:
                begun = wait("beside the stream")
                done = wait("backfill: 1 table done")
        for name, span in (("copy by one lane", copied.seconds), ("backfill", done - begun)):
            if span < SETTLE_S + 1:
                raise Stopped(f"the {name} took only {span:.1f} s: use more rows")
        found = self.arrivals()
        return {"alone": stream(found, *alone), "apart": stream(found, *apart), "beside": stream(found, begun + SETTLE_S, done),
                "backfill": rows / (done - begun), "lane": rows / copied.seconds}

    def arrivals(self):
        """Return [(written, arrived)] of the rows of `live`, in seconds."""
        topic = self.names()[0]
        consumer = Consumer({"bootstrap.servers": self.kafka.bootstrap, "group.id": "bench"})
        ends = {p: consumer.get_watermark_offsets(TopicPartition(topic, p), timeout=30)[1] for p in range(PARTITIONS)}
        consumer.assign([TopicPartition(topic, p, 0) for p in ends])
        found, left = [], sum(ends.values())
        while left > 0:
            for message in consumer.consume(min(left, 10000), 10):
                left -= 1
                written = WRITTEN.search(message.value())
                if written:
                    found.append((int(written[1]) / 1e6, message.timestamp()[1] / 1e3))
        consumer.close()
        return found


def stream(found, begin, end):
    """What arrived in the span, and how late that was."""
    late = sorted(1000 * (arrived - written) for written, arrived in found if begin <= arrived < end)
    if not late:
        raise Stopped("no row arrived through the stream")
    written = sum(begin <= written < end for written, _ in found)
    return Stream(len(late) / written, len(late) / (end - begin), late[len(late) // 2], late[len(late) * 99 // 100])


def greatest_rate(folder, mariadb, kafka, db, rows):
    """The rows/s at which the stream catches up."""
    run = Run(folder, "live", mariadb, kafka, sink="kafka", lua=False, tables=[f"{db}.live"])
    run.prepare()
    mariadb.run(f"CALL pace({rows}, 1e12)", db=db)
    got = run.go(rows, rows)
    run.cleanup()
    return rows / got.seconds
