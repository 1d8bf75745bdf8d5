"""What today's move stands out by: the largest of a year, the third in a row."""

from __future__ import annotations

import numpy as np

from foundation.contracts import FuzzyWindow, MarketWindow, Section, statement
from stage_03_story_assembly.content.columns import SILENT, Column

SPANS: tuple[tuple[str, int], ...] = (("month", 21), ("quarter", 63), ("year", 252))
"""What counts as a month, a quarter and a year, in sessions."""
LENGTHS: tuple[str, ...] = ("three", "four", "five", "six")
"""Lengths of streaks that are told; the last stands for all longer ones too."""


def record_columns(market: MarketWindow, fuzzy: FuzzyWindow) -> list[Column]:
    """Say that a move is the largest of its kind in a while, or else one of several in a row."""
    close = market.bars.field("close")
    returns = np.full(close.shape, np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        returns[1:] = np.log(close[1:] / close[:-1])
    moves = fuzzy.movements.field("price")[..., 0]
    record = _records(returns, moves)
    streak = np.where(record == SILENT, _streaks(returns, moves), SILENT)
    return [
        Column(
            name="record",
            section=Section.DIRECTION,
            options=tuple(
                statement("record", "price", f"{side} of a {span}")
                for side in ("fall", "rise")
                for span, _ in SPANS
            ),
            codes=record,
            degrees=np.ones(close.shape),
            cells=(("bars", "close"),),
        ),
        Column(
            name="streak",
            section=Section.DIRECTION,
            options=tuple(
                statement("streak", "price", f"{length} {side}")
                for side in ("falls", "rises")
                for length in LENGTHS
            ),
            codes=streak,
            degrees=np.ones(close.shape),
            cells=(("bars", "close"),),
        ),
    ]


def _records(returns: np.ndarray, moves: np.ndarray) -> np.ndarray:
    """Return 0-2 for the largest fall of a month, quarter, year, 3-5 for rises, else silence.

    Only moves that count as one (not steady) and exceed every move of the span before them; a
    span with a gap has no record.
    """
    codes = np.full(returns.shape, SILENT)
    for k, (_, sessions) in enumerate(SPANS):
        highest, lowest = _extremes_before(returns, sessions)
        codes = np.where((moves <= -1) & (returns < lowest), k, codes)
        codes = np.where((moves >= 1) & (returns > highest), k + len(SPANS), codes)
    return codes


def _extremes_before(values: np.ndarray, window: int) -> tuple[np.ndarray, np.ndarray]:
    """Return highest and lowest of the ``window`` values before each; NaN where one is absent."""
    highest, lowest = np.full(values.shape, np.nan), np.full(values.shape, np.nan)
    if len(values) > window:
        past = np.lib.stride_tricks.sliding_window_view(values[:-1], window, axis=0)
        highest[window:], lowest[window:] = past.max(axis=-1), past.min(axis=-1)
    return highest, lowest


def _streaks(returns: np.ndarray, moves: np.ndarray) -> np.ndarray:
    """Return 0-3 for falls in a row by length, 4-7 for rises, else silence.

    Today's move must count as one; the days before it only have to share its sign.
    """
    codes = np.full(returns.shape, SILENT)
    for first, sign in ((0, -1), (len(LENGTHS), 1)):
        same = np.sign(returns) == sign
        alive, length = same & (moves * sign >= 1), np.zeros(returns.shape, dtype=int)
        for lag in range(len(LENGTHS) + 2):
            before = np.zeros_like(same)
            before[lag:] = same[: len(same) - lag]
            alive &= before
            length += alive
        told = np.clip(length - 3, 0, len(LENGTHS) - 1) + first
        codes = np.where(length >= 3, told, codes)
    return codes
