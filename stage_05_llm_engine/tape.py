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
    place = len(codes.story) if _starts(ids, 0, codes.story) else 0
    tape: dict[int, int] = {}
    while True:
        asked = [s for s, mark in enumerate(codes.series) if _starts(ids, place, mark)]
        if not asked:
            return tape
        series = asked[0]
        place += len(codes.series[series])
        told = [c for c, mark in enumerate(codes.outcomes[series]) if _starts(ids, place, mark)]
        if not told:
            return tape
        tape[series] = told[0]
        place += len(codes.outcomes[series][told[0]])


def _starts(ids: Sequence[int], place: int, mark: Sequence[int]) -> bool:
    return tuple(ids[place : place + len(mark)]) == tuple(mark)
