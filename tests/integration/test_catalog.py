"""The catalog that follows statements equals the one loaded from the server, after each of several hundred."""

import os
import re
import subprocess

import pytest
from support.paths import BINARY, ROOT

LIVE = BINARY.resolve().parent / "tests" / "integration" / "catalog_live"
FILES = sorted((ROOT / "tests" / "data" / "ddl").glob("*.sql"))


def follow(name, port):
    if not LIVE.exists():
        pytest.skip(f"{LIVE} is not built: make unit-bin")
    environment = {k: v for k, v in os.environ.items() if not k.startswith("TIDEWAY_TEST_")}
    environment[f"TIDEWAY_TEST_{name}_PORT"] = str(port)
    done = subprocess.run(
        [LIVE, *FILES], env=environment, capture_output=True, text=True, errors="replace", timeout=300, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    statements = re.search(r"(\d+) statements, 0 failures", done.stdout)
    assert statements and int(statements.group(1)) > 200, done.stdout


def test_mariadb(mariadb):
    follow("MARIADB", mariadb.port)


def test_mysql(mysql):
    follow("MYSQL", mysql.port)
