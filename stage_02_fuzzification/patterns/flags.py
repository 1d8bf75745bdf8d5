"""Flags and pennants: a steep pole, and a short rest that keeps most of it.

Murphy (1999), ch. 6: the pole is a sharp, nearly straight advance; the rest takes one to three
weeks, slopes against the pole (flag) or narrows (pennant), and gives back no more than half.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from stage_02_fuzzification.patterns.chart import Chart
from stage_02_fuzzification.patterns.grading import (
    ago,
    highest,
    lowest,
    ramp,
    ratio,
    total,
    weakest,
)

POLE = 8
"""Bars of the pole."""
RESTS: tuple[int, ...] = (5, 8, 12)
"""Bars of the rest: one week to two and a half."""

_Kind = Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]
"""From drift (in poles) and narrowing of the rest to two degrees."""


def bull_flag(chart: Chart) -> np.ndarray:
    """A rise of 5 scales in eight bars, then a drift of a tenth of it downwards, in parallel.

    Nothing at a rise of 3 scales (about two standard deviations of eight bars), at a drift of
    zero, or where the rest's second half spans less than 0.4 of its first (full at 0.7). Parts
    in common with the pennant: see ``_rest``. NaN until 21 bars with a scale.
    """
    return _best(
        chart, lambda drift, narrowing: (ramp(drift, 0.0, -0.1), ramp(narrowing, 0.4, 0.7))
    )


def bull_pennant(chart: Chart) -> np.ndarray:
    """A rise of 5 scales in eight bars, then a rest that narrows without drift.

    The rest's second half spans half of its first (nothing at 0.9), and it ends within a tenth
    of the pole from where it began (nothing at a quarter).
    """
    return _best(
        chart,
        lambda drift, narrowing: (ramp(np.abs(drift), 0.25, 0.1), ramp(narrowing, 0.9, 0.5)),
    )


def _best(chart: Chart, kind: _Kind) -> np.ndarray:
    found = [np.nan_to_num(_rest(chart, bars, kind)) for bars in RESTS]
    return weakest(chart.seen(max(RESTS) + POLE + 1), np.maximum.reduce(found))


def _rest(chart: Chart, bars: int, kind: _Kind) -> np.ndarray:
    """Return the match of a rest of ``bars`` bars.

    The pole is straight: net over summed changes at 0.7 (nothing at 0.4; Kaufman's efficiency
    ratio). The rest gives back a third of it (nothing at half), rises above its top by a tenth
    at most (nothing at a quarter) and spans 0.4 of it at most (nothing at 0.6).
    """
    close = chart.close
    top = ago(close, bars)
    pole = top - ago(close, bars + POLE)
    travelled = ago(total(np.abs(close - ago(close, 1)), POLE), bars)
    high, low = highest(close, bars + 1), lowest(close, bars + 1)
    half = bars // 2 + 1
    late = highest(close, half) - lowest(close, half)
    early = ago(highest(close, half) - lowest(close, half), bars - half + 1)
    return np.minimum.reduce(
        (
            ramp(pole / ago(chart.scale, bars), 3.0, 5.0),
            ramp(ratio(pole, travelled), 0.4, 0.7),
            ramp(ratio(top - low, pole), 0.5, 1 / 3),
            ramp(ratio(high - top, pole), 0.25, 0.1),
            ramp(ratio(high - low, pole), 0.6, 0.4),
            *kind(ratio(close - top, pole), ratio(late, early)),
        )
    )
