"""Cutting text into clauses at commas and joining words; turns of phrase stay whole."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from foundation.contracts import Statement, statement
from foundation.language import idioms
from foundation.language.reading.words import Token, Word, words


@dataclass(frozen=True)
class Piece:
    """A clause's words, and the turns of phrase found in it."""

    words: list[Word]
    idioms: list[tuple[Statement, int, int]]
    joined_by: str = ""


def pieces(given: list[Token]) -> Iterator[Piece]:
    """Cut tokens into clauses at marks and joining words; turns of phrase stay whole."""
    hits = _idioms(given)
    named: list[Word] = []
    spans: list[tuple[Statement, int, int]] = []
    at = 0
    while at < len(given):
        hit = next((h for h in hits if h[1] == at), None)
        if hit is not None:
            said, first, last = hit
            shown = " ".join(t.text for t in given[first:last])
            spans.append((said, len(named), len(named) + 1))
            named.append(Word(shown, given[first].start, given[last - 1].end, {"idiom": said}))
            at = last
            continue
        stop = min((h[1] for h in hits if h[1] > at), default=len(given))
        named += words(given[at:stop])
        at = stop
    piece: list[Word] = []
    joined = ""
    for i, word in enumerate(named):
        if _cuts(named, i, piece):
            if any(not w.has("mark") for w in piece):
                yield _piece(piece, joined)
            piece, joined = [], word.text
        else:
            piece.append(word)
    if any(not w.has("mark") for w in piece):
        yield _piece(piece, joined)


def _piece(piece: list[Word], joined: str) -> Piece:
    hits = [(w.get("idiom"), i, i + 1) for i, w in enumerate(piece) if w.has("idiom")]
    return Piece(list(piece), [h for h in hits if isinstance(h[0], Statement)], joined)  # type: ignore[misc]


def _cuts(named: Sequence[Word], at: int, piece: Sequence[Word]) -> bool:
    """Say whether a sentence is cut here; two nouns that share a predicate stay together."""
    word = named[at]
    if word.has("mark"):
        return True
    if not word.has("break"):
        return False
    if word.text in ("and", "nor", "or") and piece:
        ahead = next((w for w in named[at + 1 :] if not w.has("filler", "intensifier")), None)
        if ahead is not None and ahead.has("noun") and piece[-1].has("noun"):
            return False
    return True


@lru_cache(maxsize=1)
def _patterns() -> tuple[tuple[re.Pattern[str], Statement], ...]:
    return tuple(
        (re.compile(rf"(?<!\w)(?:{pattern})(?!\w)"), statement(kind, subject, value))
        for pattern, kind, subject, value in idioms.IDIOMS
    )


def _idioms(given: list[Token]) -> list[tuple[Statement, int, int]]:
    """Return turns of phrase as (statement, first token, one past the last), none overlapping."""
    line = " ".join(t.text for t in given)
    starts: dict[int, int] = {}
    ends: dict[int, int] = {}
    at = 0
    for i, token in enumerate(given):
        starts[at] = i
        at += len(token.text)
        ends[at] = i + 1
        at += 1
    hits = [
        (said, starts[m.start()], ends[m.end()])
        for pattern, said in _patterns()
        for m in pattern.finditer(line)
        if m.start() in starts and m.end() in ends
    ]
    hits.sort(key=lambda h: h[1] - h[2])
    kept: list[tuple[Statement, int, int]] = []
    for hit in hits:
        if all(hit[2] <= k[1] or hit[1] >= k[2] for k in kept):
            kept.append(hit)
    return sorted(kept, key=lambda h: h[1])
