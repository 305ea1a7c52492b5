"""The sink's C code against a real Kafka: one case of sink_live each."""

import os
import subprocess

import pytest
from support.paths import BINARY
from support.wait import DEADLINE_S

LIVE = BINARY.resolve().parent / "tests" / "integration" / "sink_live"
CASES = ["create", "many", "missing", "size", "poison", "gap", "pressure", "pinned", "ends", "client", "store", "fence", "store_topic",
         "transaction"]


@pytest.mark.parametrize("case", CASES)
def test_sink_live(kafka, case):
    if not LIVE.exists():
        pytest.skip(f"{LIVE} is not built: make unit-bin")
    done = subprocess.run(
        [LIVE, case],
        env={**os.environ, "TIDEWAY_TEST_KAFKA": kafka.bootstrap},
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"ok {case} " in done.stdout
