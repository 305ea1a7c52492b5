"""Where things are."""

import functools
import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
BINARY = Path(os.environ.get("TIDEWAY_BIN", ROOT / "build" / "tideway"))
SERVERS = Path(os.environ.get("TIDEWAY_SERVERS", ROOT / "scripts" / "servers"))


@functools.cache
def sanitized():
    """Whether BINARY was built with a sanitizer that has an allocator of its own."""
    program = BINARY.read_bytes()
    return b"__asan_init" in program or b"__tsan_init" in program
