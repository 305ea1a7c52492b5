"""Names without case: the tables of ident against every character that a name may have, on each server."""

import os
import re
import subprocess

import pytest
from support.paths import BINARY

LIVE = BINARY.resolve().parent / "tests" / "integration" / "ident_live"


def compare(name, port):
    if not LIVE.exists():
        pytest.skip(f"{LIVE} is not built: make unit-bin")
    environment = {k: v for k, v in os.environ.items() if not k.startswith("TIDEWAY_TEST_")}
    environment[f"TIDEWAY_TEST_{name}_PORT"] = str(port)
    done = subprocess.run([LIVE], env=environment, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    counts = re.search(r"(\d+) characters fold, (\d+) have a case and (\d+) none, 0 failures", done.stdout)
    assert counts and int(counts[1]) > 600, done.stdout
    assert sum(int(n) for n in counts.groups()) == 0xFFFF - 0x800, "every character of a name, once"


def test_mariadb(mariadb):
    compare("MARIADB", mariadb.port)


def test_mysql(mysql):
    compare("MYSQL", mysql.port)
