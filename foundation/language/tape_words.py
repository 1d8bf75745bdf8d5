"""The tape in plain words, for models that were not brought up on its special tokens.

A story reads ``Session: price: rises sharply; momentum: high; ... Story: The price ...`` then.
The mark behind an answer keeps "rises" from being the beginning of "rises sharply". A model that
never saw our labels may say the same in other words; ``answers`` lists them, label first, so that
their probabilities can be added up.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

from foundation.contracts import TAPE, tape_outcomes

STORY, TEXT = "Session:", " Story:"

PRICE_SYNONYMS: tuple[tuple[str, ...], ...] = (
    ("falls sharply", "plunges", "sells off"),
    ("falls", "slips", "declines", "edges lower"),
    ("steady", "is little changed", "is unchanged", "flat"),
    ("gains", "climbs", "advances", "edges higher"),
    ("surges", "jumps", "rallies"),
)
STATE_SYNONYMS: tuple[tuple[str, ...], ...] = (
    ("extremely low", "unusually low", "exceptionally low"),
    ("rather low", "below normal", "below average", "weak"),
    ("normal", "average", "moderate", "ordinary"),
    ("rather high", "above normal", "above average", "strong"),
    ("extremely high", "unusually high", "exceptionally high"),
)
"""Per outcome, lowest first: what a model that never saw our labels may say instead."""

_MARKED = re.compile(r"\s*([a-z ]+?)\s*:\s*([^;:.\n]+?)\s*;")


def question(series: str) -> str:
    """Return the words that ask what a series will do."""
    return f" {series}:"


@cache
def answers(series: str) -> tuple[tuple[str, ...], ...]:
    """Return per outcome, lowest first, every wording of it: the label, then its synonyms.

    Within a series no wording serves two outcomes and none is the beginning of another.
    """
    others = PRICE_SYNONYMS if series == "price" else STATE_SYNONYMS
    return tuple(
        tuple(f" {words};" for words in (label, *more))
        for label, more in zip(tape_outcomes(series), others, strict=True)
    )


def told(tape: Mapping[str, str]) -> str:
    """Return a tape in words, in the order given: ``price: rises; momentum: high;``."""
    return "".join(f" {series}: {outcome};" for series, outcome in tape.items())


def written(tape: Mapping[str, str], words: str) -> str:
    """Return a whole story in plain words."""
    return f"{STORY}{told(tape)}{TEXT} {words}"


def read_plain(text: str) -> tuple[dict[str, str], str]:
    """Return tape and words of a story in plain words, as far as they can be read.

    The tape holds outcomes by series, in the house's order. Of a series answered twice the first
    answer counts. Without a tape it is empty; without the mark before the words, they are.
    """
    head, mark, words = text.partition(TEXT.strip())
    tape: dict[str, str] = {}
    for series, said in _MARKED.findall(head.removeprefix(STORY)):
        code = _codes(series).get(f" {said};") if series in TAPE else None
        if code is not None:
            tape.setdefault(series, tape_outcomes(series)[code])
    ordered = {series: tape[series] for series in TAPE if series in tape}
    return ordered, words.strip() if mark else ""


@cache
def _codes(series: str) -> dict[str, int]:
    return {wording: code for code, words in enumerate(answers(series)) for wording in words}
