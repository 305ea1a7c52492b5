"""The catalog that follows statements equals the one loaded from the server, after each of several hundred."""

import os
import random
import re
import time
import subprocess

import pytest
from support.alters import Alters
from support.paths import BINARY, ROOT

LIVE = BINARY.resolve().parent / "tests" / "integration" / "catalog_live"
FILES = sorted((ROOT / "tests" / "data" / "ddl").glob("*.sql"))


def follow(name, port, files, least):
    if not LIVE.exists():
        pytest.skip(f"{LIVE} is not built: make unit-bin")
    environment = {k: v for k, v in os.environ.items() if not k.startswith("TIDEWAY_TEST_")}
    environment[f"TIDEWAY_TEST_{name}_PORT"] = str(port)
    done = subprocess.run(
        [LIVE, *files], env=environment, capture_output=True, text=True, errors="replace", timeout=3000, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    statements = re.search(r"(\d+) statements, 0 failures", done.stdout)
    assert statements and int(statements.group(1)) > least, done.stdout
    return int(statements.group(1)) - int(re.search(r"(\d+) refused", done.stdout).group(1))


@pytest.mark.slow
def test_mariadb(mariadb):
    follow("MARIADB", mariadb.port, FILES, 200)


@pytest.mark.slow
def test_mysql(mysql):
    follow("MYSQL", mysql.port, FILES, 200)


def follow_alters(name, port, folder):
    """TIDEWAY_TEST_ALTERS: the number of statements, for a long run; TIDEWAY_TEST_SEED: the seed that a failure has printed."""
    count = int(os.environ.get("TIDEWAY_TEST_ALTERS", "240"))
    seed = int(os.environ.get("TIDEWAY_TEST_SEED", time.time_ns() % 10**9))
    print(f"TIDEWAY_TEST_SEED={seed}")
    path = folder / "alters.sql"
    path.write_text(Alters(random.Random(seed), name == "MARIADB").file(count))
    accepted = follow(name, port, [path], count)
    assert accepted > count / 5, f"only {accepted} of {count} statements were accepted"


def test_random_alters_mariadb(mariadb, tmp_path):
    """IF [NOT] EXISTS among other clauses: the catalog equals the server's result for each statement."""
    follow_alters("MARIADB", mariadb.port, tmp_path)


def test_random_alters_mysql(mysql, tmp_path):
    follow_alters("MYSQL", mysql.port, tmp_path)
