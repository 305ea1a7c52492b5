"""What the Makefile offers a newcomer: make help, make install, make demo."""

import os
import re
import subprocess

import pytest
from support.paths import BINARY, ROOT
from support.wait import DEADLINE_S

BUILD = BINARY.resolve().parent
# of an outer make, whose targets and variables must not reach this one
ENV = {k: v for k, v in os.environ.items() if not k.startswith(("MAKE", "MFLAGS"))}


def make(*words, **env):
    done = subprocess.run(["make", f"BUILD={BUILD}", *words], cwd=ROOT, capture_output=True, text=True, timeout=DEADLINE_S,
                          env=dict(ENV, **env), check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


built = pytest.mark.skipif(not (BUILD / "libtideway.a").exists(), reason=f"make does not build in {BUILD}")


def test_help():
    """Every target for users has a line, and every listed target exists."""
    listed = re.findall(r"^  (\w[\w-]*) {2,}\S", make("help"), re.M)
    text = (ROOT / "Makefile").read_text()
    phony = set(re.search(r"^\.PHONY: (.*)", text, re.M)[1].split())
    inner = {"FORCE", "unit-bin", "fuzz-bin", "bench-bin"}
    assert len(listed) == len(set(listed)) and set(listed) == phony - inner
    for target in phony - {"FORCE"}:
        assert re.search(rf"^{target}:", text, re.M), target


@built
def test_install(tmp_path):
    """One file, which runs from where it is; a PREFIX moves it."""
    for prefix, words in (("usr/local", []), ("opt/t", ["PREFIX=/opt/t"])):
        make("install", f"DESTDIR={tmp_path}", *words)
        program = tmp_path / prefix / "bin/tideway"
        assert "tideway" in subprocess.run([program, "version"], capture_output=True, text=True, timeout=DEADLINE_S, check=True).stdout
    assert len([p for p in tmp_path.rglob("*") if p.is_file()]) == 2


@built
@pytest.mark.parametrize("words", [[], ["KAFKA=apache"]], ids=["embedded", "apache"])
def test_demo(tmp_path, words):
    """A database, the embedded broker or a real one, and a sync: the messages of each step are printed, and no file or process
    is left."""
    out = make("demo", *words, TIDEWAY_BIN=str(BINARY), TMPDIR=str(tmp_path))
    steps = (r"(?i)full sync", r"\bINSERT ", r"\bUPDATE_AFTER ", r"\bDELETE ", r"\* users .*\bALTER +ALTER TABLE shop\.users",
             "What to try next")
    assert all(re.search(step, out) for step in steps), out
    assert not list(tmp_path.iterdir())
