"""What the pages of the project quote: commands to type, files to look at, links to follow."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.laws.tree import ROOT, files

HISTORY = frozenset({"CHANGELOG.md", "docs/log.md"})
"""What was true on its day: nobody is told to type it now."""
ASSIGNMENT = re.compile(r"[A-Z_]+=\S*")
PYTHON = re.compile(r"(?:\.venv/bin/)?python3?")


@dataclass(frozen=True)
class Quote:
    """A quoted piece of code and where it stands.

    Attributes
    ----------
    page, line
        From the repository's root; from 1.
    text : str
    whole : bool
        Whether it is a line to type as it is; a mention in a sentence may lack arguments.
    """

    page: str
    line: int
    text: str
    whole: bool

    def words(self) -> list[str]:
        """Return the command's words, without settings of the environment before it."""
        words = shlex.split(self.text, comments=True)
        while words and ASSIGNMENT.fullmatch(words[0]):
            words = words[1:]
        return words

    @property
    def place(self) -> str:
        """Where it stands, for messages."""
        return f"{self.page}:{self.line}: {self.text}"


def pages() -> Iterator[Path]:
    """Yield every Markdown page that speaks of today."""
    for path in files():
        if path.suffix == ".md" and str(path.relative_to(ROOT)) not in HISTORY:
            yield path


def quotes() -> Iterator[Quote]:
    """Yield every quoted piece of code of every page."""
    for path in pages():
        yield from quotes_of(str(path.relative_to(ROOT)), path.read_text(encoding="utf-8"))


def quotes_of(page: str, text: str) -> Iterator[Quote]:
    """Yield the quotes of one page: lines of blocks without a language, and spans in sentences."""
    fence: str | None = None
    held, begun = "", 0
    for number, line in enumerate(text.splitlines(), start=1):
        if line.lstrip().startswith("```"):
            fence = None if fence is not None else line.strip().removeprefix("```")
        elif fence is None:
            yield from (Quote(page, number, s, False) for s in re.findall(r"`([^`]+)`", line))
        elif fence in ("", "bash", "sh", "console"):
            begun = begun if held else number
            held += line.rstrip().removesuffix("\\").rstrip() + " "
            if not line.rstrip().endswith("\\"):
                yield Quote(page, begun, held.strip(), True)
                yield from (Quote(page, number, s, False) for s in re.findall(r"`([^`]+)`", line))
                held = ""


def story_commands() -> list[Quote]:
    """Return the quotes that begin with the command ``story``."""
    return [q for q in quotes() if re.match(r"(?:[A-Z_]+=\S* )*story\s", q.text)]


def benchmark_commands() -> list[Quote]:
    """Return the quotes that run a script of ``benchmarks/``."""
    found = [q for q in quotes() if "benchmarks/" in q.text and "python" in q.text]
    return [q for q in found if PYTHON.fullmatch(q.words()[0]) and "<" not in q.text]


def named_files() -> list[Quote]:
    """Return the quotes that are nothing but the name of a Python file or a page."""
    return [q for q in quotes() if re.fullmatch(r"[\w./-]*\w\.(?:py|md)", q.text)]


def links() -> Iterator[tuple[Path, str]]:
    """Yield every page and each file that a link or picture of it leads to."""
    for path in pages():
        for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", path.read_text(encoding="utf-8")):
            if not re.match(r"[a-z]+:", target):
                yield path, target
