"""Reads a text: sentences, clauses at the connectives, each looked up or made sense of."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from foundation.contracts import Statement
from foundation.language.grammar import CONNECTIVES
from foundation.language.reading.exact import meaning
from foundation.language.reading.figures import Yardstick
from foundation.language.reading.grounding import ground
from foundation.language.reading.result import Clause, Reading
from foundation.language.reading.words import NAMED

_FIGURES = re.compile(r"\s*\([^()]*\)")
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+|\n+")
_SPACES = re.compile(r"\s+")
_JOINS = re.compile(
    "|".join(re.escape(c) for group in CONNECTIVES.values() for c in sorted(group, key=len)[::-1]),
    re.IGNORECASE,
)


def read(
    text: str, *, name: str | None = None, yardsticks: Mapping[str, Yardstick] | None = None
) -> Reading:
    """Read a story in either rendering, or anybody's text as far as it can be grounded.

    Parameters
    ----------
    text : str
        Any text. Case, repeated white space, line breaks and parenthesised figures are ignored.
    name : str, optional
        The instrument's name where the text is a reading rendering, so that "Apple fell" and
        "the S&P 500 fell" are understood as "the price fell".
    yardsticks : mapping of series to Yardstick, optional
        Scales on which numbers in free text are graded. Without one, "fell 3.2%" says only
        what "fell" says, and "RSI at 71" says nothing.

    Returns
    -------
    Reading
        Every clause in order, grounded or not.
    """
    plain = _blanked(_FIGURES, text, "")
    if name:
        named = re.compile(rf"(?<!\w)(?:the )?{re.escape(name)}(?!\w)", re.IGNORECASE)
        plain = _blanked(named, plain, NAMED)
    clauses: list[Clause] = []
    number = 0
    for start, end in _pieces(_SENTENCE_END, plain, 0, len(plain)):
        found = list(_sentence(plain, start, end, number, yardsticks or {}))
        clauses += found
        number += bool(found)
    return Reading(clauses=tuple(clauses))


def _blanked(pattern: re.Pattern[str], text: str, sign: str) -> str:
    """Replace matches by a sign and blanks of the same length: places in the text stay."""
    return pattern.sub(lambda m: sign + " " * (len(m.group()) - len(sign)), text)


def _pieces(pattern: re.Pattern[str], text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    for mark in pattern.finditer(text, start, end):
        yield start, mark.start()
        start = mark.end()
    yield start, end


def _sentence(
    text: str, start: int, end: int, number: int, yardsticks: Mapping[str, Yardstick]
) -> Iterator[Clause]:
    """Yield the clauses of one sentence; those next to one another that are not the language's
    own are read together."""
    before: Statement | None = None
    carried: Statement | None = None
    strange: tuple[int, int] | None = None
    while start < end and text[start].isspace():
        start += 1
    for first, last in _pieces(_JOINS, text, start, end):
        shown = _SPACES.sub(" ", text[first:last]).strip().rstrip(".!? ")
        if not shown:
            continue
        said = meaning(shown.lower().replace(NAMED, "the price"), before)
        if said is None:
            carried = carried if strange else before
            strange = (strange[0] if strange else first, last)
        else:
            if strange:
                yield from ground(text, *strange, number, carried, yardsticks)
                strange = None
            yield Clause(shown, first, last, number, "exact", (said,))
        before = said
    if strange:
        yield from ground(text, *strange, number, carried, yardsticks)
