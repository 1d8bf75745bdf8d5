"""Reading the tape of a story from its ids, however the tokeniser spells it."""

from __future__ import annotations

from collections.abc import Sequence

from foundation.contracts import TapeCodes, TokenWindows


def last_story(windows: TokenWindows, row: int) -> list[int]:
    """Return the ids of a window's last story."""
    index = windows.story_index[row]
    return windows.ids[row, index == index.max()].tolist()


def read_tape(codes: TapeCodes, ids: Sequence[int]) -> dict[int, int]:
    """Return the outcome code by series position that a story's tape says.

    Reading stops at the first thing that is neither question nor answer.
    """
    place = len(codes.opening) if codes.opening and _starts(ids, 0, codes.opening) else 0
    place += len(codes.story) if _starts(ids, place, codes.story) else 0
    tape: dict[int, int] = {}
    while True:
        asked = [s for s, mark in enumerate(codes.series) if _starts(ids, place, mark)]
        if not asked:
            return tape
        series = asked[0]
        place += len(codes.series[series])
        told = [
            (outcome, mark)
            for outcome in range(len(codes.outcomes[series]))
            for mark in codes.spellings(series, outcome)
            if _starts(ids, place, mark)
        ]
        if not told:
            return tape
        tape[series], mark = told[0]
        place += len(mark)


def _starts(ids: Sequence[int], place: int, mark: Sequence[int]) -> bool:
    return tuple(ids[place : place + len(mark)]) == tuple(mark)


def words_of(codes: TapeCodes, ids: Sequence[int]) -> list[int]:
    """Return the ids of a whole story's words: behind the mark before them, up to its close."""
    begins = next(i for i in range(len(ids)) if _starts(ids, i, codes.text)) + len(codes.text)
    words = list(ids[begins:])
    for close in (codes.separator, codes.end):
        if close and tuple(words[-len(close) :]) == tuple(close):
            return words[: -len(close)]
    return words
