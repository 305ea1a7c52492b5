"""The source's C code against real servers. source_live purges binlogs, sets global variables and removes
accounts, so each case has a server of its own."""

import os
import signal
import subprocess

import pytest
from support.paths import BINARY
from support.servers import MariaDB, MySQL, StartFailed

LIVE = BINARY.resolve().parent / "tests" / "integration" / "source_live"
NO_GTID = ("--gtid-mode=OFF", "--enforce-gtid-consistency=OFF")
CASES = {
    "mariadb": (MariaDB, (), "MARIADB"),
    "mariadb-full-metadata": (MariaDB, ("--binlog-row-metadata=FULL", "--binlog-checksum=NONE"), "MARIADB"),
    "mysql": (MySQL, (), "MYSQL"),
    "mysql-without-gtid": (MySQL, NO_GTID, "MYSQL"),
}


@pytest.fixture(params=CASES.values(), ids=CASES.keys())
def server(request, tmp_path):
    """(its name in the environment, the server)"""
    kind, options, name = request.param
    try:
        made = kind(tmp_path / "server", options)
    except StartFailed as failure:
        if kind is MariaDB:
            raise
        pytest.skip(f"MySQL cannot be installed here: {failure}")
    yield name, made
    made.stop(signal.SIGKILL)


@pytest.mark.slow
def test_source_live(server):
    name, database = server
    if not LIVE.exists():
        pytest.skip(f"{LIVE} is not built: make unit-bin")
    done = subprocess.run(
        [LIVE],
        env={**os.environ, f"TIDEWAY_TEST_{name}_PORT": str(database.port)},
        capture_output=True,
        text=True,
        errors="replace",
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "FAILED" not in done.stderr
