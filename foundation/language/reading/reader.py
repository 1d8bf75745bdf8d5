"""Reads a text: sentences, clauses at the connectives, each looked up or made sense of."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

from foundation.contracts import Statement
from foundation.language.grammar import CONNECTIVES
from foundation.language.reading.exact import meaning, put_right
from foundation.language.reading.figures import Yardstick
from foundation.language.reading.grounding import ground
from foundation.language.reading.result import Clause, How, Reading
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
        written = "|".join(map(re.escape, {name, name.upper()}))
        plain = _blanked(re.compile(rf"(?<!\w)(?:[Tt]he |THE )?(?:{written})(?!\w)"), plain, NAMED)
    clauses: list[Clause] = []
    number = 0
    for start, end in _pieces(_SENTENCE_END, plain, 0, len(plain)):
        found = list(_sentence(plain, start, end, number, name or "", yardsticks or {}))
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
    text: str,
    start: int,
    end: int,
    number: int,
    name: str,
    yardsticks: Mapping[str, Yardstick],
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
        how, said = _looked_up(shown.lower(), name.lower(), before)
        if said is None:
            carried = carried if strange else before
            strange = (strange[0] if strange else first, last)
        else:
            if strange:
                yield from _grounded(text, strange, number, name, carried, yardsticks)
                strange = None
            yield Clause(shown.replace(NAMED, name), first, last, number, how, (said,))
        before = said
    if strange:
        yield from _grounded(text, strange, number, name, carried, yardsticks)


def _looked_up(clause: str, name: str, before: Statement | None) -> tuple[How, Statement | None]:
    """Look a lower-case clause up as it stands, then with slips of the pen put right.

    A name may also be a word ("A", "Gap"): where the price makes no sense in its place, it is
    taken for that word.
    """
    for named in ("the price", name) if NAMED in clause else ("",):
        said = meaning(clause.replace(NAMED, named), before)
        if said is not None:
            return "exact", said
    respelt = put_right(clause.replace(NAMED, "the price"))
    return "respelt", meaning(respelt, before) if respelt else None


def _grounded(
    text: str,
    stretch: tuple[int, int],
    number: int,
    name: str,
    before: Statement | None,
    yardsticks: Mapping[str, Yardstick],
) -> Iterator[Clause]:
    for clause in ground(text, *stretch, number, before, yardsticks):
        yield replace(clause, text=clause.text.replace(NAMED, name))
