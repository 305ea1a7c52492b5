"""Code blocks of a Markdown page that a comment marks: <!-- test: KIND WORD key=value -->"""

import re
import textwrap
from dataclasses import dataclass, field

MARKED = re.compile(r"^[ \d.]*<!-- test: (?P<mark>.*?) -->\s*\n(?P<indent> *)```\w*\n(?P<text>.*?)^(?P=indent)```", re.M | re.S)


@dataclass
class Block:
    kind: str
    line: int
    text: str
    words: list = field(default_factory=list)
    options: dict = field(default_factory=dict)

    def __str__(self):
        return f"line {self.line}: {self.kind}"


def blocks(page):
    """Yield the marked blocks of a page, in order."""
    text = page.read_text()
    for found in MARKED.finditer(text):
        kind, *words = found["mark"].split()
        yield Block(
            kind, text.count("\n", 0, found.start()) + 1, textwrap.dedent(found["text"]),
            [w for w in words if "=" not in w], dict(w.split("=", 1) for w in words if "=" in w),
        )
