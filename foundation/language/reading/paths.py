"""How the price went over the past two weeks, told in other words."""

from __future__ import annotations

import re
from collections.abc import Sequence

from foundation.contracts import Statement, statement
from foundation.language import idioms
from foundation.language.grammar import path_value
from foundation.language.reading.words import Token, Word, words


def path_of(given: Sequence[Token]) -> tuple[Statement | None, tuple[str, ...]] | None:
    """Return the path that a stretch of text tells, and its unknown words.

    None for a stretch that does not speak of the past two weeks; a path of None where it does
    and cannot be followed. Three verbs are the three segments, two say where the turn came, one
    went all the way.
    """
    line = " ".join(t.text for t in given)
    if not re.search(idioms.PATH_OPENING, line):
        return None
    named = words(list(given))
    codes = _codes(named)
    if not 1 <= len(codes) <= 3 or any(w.has("possibility", "negation") for w in named):
        return None, ()
    late = len(codes) == 2 and re.search(idioms.PATH_LATE_TURN, line)
    first, last = codes[0], codes[-1]
    middle = codes[1] if len(codes) == 3 else first if late else last
    said = statement("path", "price", path_value((first, middle, last)))
    return said, tuple(w.text for w in named if w.unknown)


def _codes(named: Sequence[Word]) -> list[int]:
    """Return the movements that verbs tell of the price, in order."""
    codes = []
    for i, word in enumerate(named):
        of = word.of("verb of", "price")
        code = of if isinstance(of, int) else word.code("verb")
        if code is not None:
            sharp = i + 1 < len(named) and named[i + 1].has("sharp")
            codes.append(max(-2, min(2, 2 * code)) if sharp else code)
    return codes
