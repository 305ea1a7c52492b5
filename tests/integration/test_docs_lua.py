"""Every Lua block in the docs of the Lua API runs, and so does every example, without a server.

The first line of a block is its kind: `-- in sync.run` is a piece of the options, `-- in tideway test`
a test beside a sync.lua, `-- with countries.csv` has this file beside it, `-- connects` needs a broker and gets the embedded one; anything else runs as a script.
"""

import contextlib
import os
import re
import subprocess
from pathlib import Path

import pytest
from support.consume import Reader
from support.paths import BINARY
from support.wait import DEADLINE_S

ROOT = Path(__file__).resolve().parents[2]
PAGES = ["docs/debezium-format.md", "docs/lua-api.md", "docs/mapping.md"]

HEAD = """
local sync = require "tideway.sync"
local source = require "tideway.source"
local kafka = require "tideway.kafka"
local field = require "tideway.field"
local mask = require "tideway.mask"
local env = require "tideway.env"
local text = require "tideway.text"
local outbox = require "tideway.outbox"
"""
AROUND = HEAD + """
sync.run {
  name = "docs", source = source.mysql { user = "u", tables = { "*.*" } }, sink = kafka.sink { brokers = "127.0.0.1:1" },
%s
}
"""
SYNC = AROUND % '  columns = { ["shop.users"] = { drop = { "password" } } },'
LOADS = """
local test = require "tideway.test"
test.case("loads", function() test.load "sync.lua" end)
"""


def blocks():
    for page in PAGES:
        text = (ROOT / page).read_text()
        for match in re.finditer(r"^```lua\n(.*?)^```$", text, re.M | re.S):
            line = text.count("\n", 0, match.start()) + 1
            yield pytest.param(match.group(1), id=f"{page}:{line}")


def run(folder, *words, **env):
    done = subprocess.run([BINARY, *words], cwd=folder, capture_output=True, text=True, timeout=DEADLINE_S, check=False,
                          env=dict(os.environ, **env))
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def write(path, text):
    path.write_text(text)
    return path.name


@pytest.mark.parametrize("text", list(blocks()))
def test_block(text, tmp_path, request):
    first = text.split("\n", 1)[0]
    if first == "-- with countries.csv":
        write(tmp_path / "countries.csv", "code,name\nDE,Germany\n")
    if first.startswith("-- connects"):
        broker = request.getfixturevalue("broker")
        run(tmp_path, "exec", write(tmp_path / "script.lua", text), KAFKA_BROKERS=broker.bootstrap)
        topic = re.search(r'name = "(\w+)"', text)[1]
        with contextlib.closing(Reader(broker, topic)) as reader:
            assert reader.until(bool, f"a message in {topic}")
    elif first.startswith("-- in sync.run"):
        write(tmp_path / "sync.lua", AROUND % text)
        assert "1 passed, 0 failed" in run(tmp_path, "test", write(tmp_path / "test.lua", LOADS))
    elif first.startswith("-- in tideway test"):
        write(tmp_path / "sync.lua", SYNC)
        assert "0 failed" in run(tmp_path, "test", write(tmp_path / "test.lua", text))
    elif "sync.run" in text:
        write(tmp_path / "sync.lua", text)
        assert "1 passed, 0 failed" in run(tmp_path, "test", write(tmp_path / "test.lua", LOADS))
    else:
        run(tmp_path, "exec", write(tmp_path / "script.lua", text))


@pytest.mark.parametrize("path", sorted((ROOT / "scripts/examples").glob("*.lua")), ids=lambda path: path.name)
def test_example_loads(path, tmp_path):
    if "sync.run" not in path.read_text():
        pytest.skip("a script of primitives")
    text = LOADS.replace('"sync.lua"', f'"{path}"')
    assert "1 passed, 0 failed" in run(tmp_path, "test", write(tmp_path / "test.lua", text))
