"""tests/data/debezium: the statements, and the messages that a real Debezium wrote for them (scripts/dev/record-debezium)."""

import json
import pathlib
import re
from decimal import Decimal

DATA = pathlib.Path(__file__).resolve().parents[2] / "data" / "debezium"
DATABASE, PREFIX = "rec", "dbz"
SESSION = "SET sql_mode = '', time_zone = '+00:00'"


def statements(server):
    """The statements before and after the line "-- stream" of both files."""
    parts = [[], []]
    for name in (server, "common"):
        text = (DATA / f"{name}.sql").read_text()
        for part, piece in zip(parts, re.split(r"(?m)^-- stream$", text), strict=True):
            piece = re.sub(r"(?m)^--.*$", "", piece)
            part += [s.strip() for s in re.split(r"(?m);$", piece) if s.strip()]
    return parts


def parse(text):
    """Parse JSON, with numbers that are not integers as exact decimals. null stays None."""
    return None if text is None else json.loads(text, parse_float=Decimal)


def recorded(server):
    """{topic: messages}, each message a dict of topic, key, value and headers."""
    found = {}
    for line in (DATA / f"{server}.jsonl").read_text().rstrip().split("\n"):
        message = parse(line)
        found.setdefault(message["topic"], []).append(message)
    return found
