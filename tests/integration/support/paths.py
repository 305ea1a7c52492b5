"""Where things are."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
BINARY = Path(os.environ.get("TIDEWAY_BIN", ROOT / "build" / "tideway"))
SERVERS = Path(os.environ.get("TIDEWAY_SERVERS", ROOT / "scripts" / "servers"))
