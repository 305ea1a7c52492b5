"""Paths of the checkout, the program and the scripts that start servers."""

import functools
import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
BINARY = Path(os.environ.get("TIDEWAY_BIN", ROOT / "build" / "tideway"))
SERVERS = Path(os.environ.get("TIDEWAY_SERVERS", ROOT / "scripts" / "servers"))


@functools.cache
def sanitized():
    """Return whether BINARY was built with AddressSanitizer or ThreadSanitizer."""
    program = BINARY.read_bytes()
    return b"__asan_init" in program or b"__tsan_init" in program
