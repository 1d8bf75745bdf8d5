"""Ranges of a quarter and of a year, and breaks that failed."""

from __future__ import annotations

import numpy as np

from stage_02_fuzzification.patterns.chart import Chart
from stage_02_fuzzification.patterns.grading import ago, highest, ramp, weakest

MONTH, QUARTER, YEAR = 20, 60, 252
FULL_BREAK = 0.5
"""A close half a scale beyond the old extreme is a full break: about 0.8 daily standard
deviations, where Murphy (1999, ch. 4) asks for a filter of 1 to 3% to keep whipsaws out."""
TRAP_SESSIONS = 5
"""Breaks that fail, fail within the week (Connors and Raschke, *Street Smarts*, 1995, "turtle
soup")."""


def quarterly_breakout(chart: Chart) -> np.ndarray:
    """Close above every high of the 60 sessions before (Donchian's rule on a quarter).

    Degree: distance in scales of the session before, full at half a scale. NaN until 61 bars.
    """
    return _beyond(chart, QUARTER)


def yearly_breakout(chart: Chart) -> np.ndarray:
    """Close above every high of the 252 sessions before: a new 52-week high, not a run at one.

    George and Hwang (2004), "The 52-Week High and Momentum Investing". Degree as for the
    quarter. NaN until 253 bars.
    """
    return _beyond(chart, YEAR)


def bull_trap(chart: Chart) -> np.ndarray:
    """A break above the 20-session range in the past week that has been taken back.

    Some session of the last five closed above the range before it (full at half a scale), and
    today's close is back below that range's top (full at half a scale below). NaN until 26 bars.
    """
    top = highest(chart.high, MONTH)
    degree = np.zeros(chart.close.shape)
    for bars in range(1, TRAP_SESSIONS + 1):
        level, then, scale = ago(top, bars + 1), ago(chart.close, bars), ago(chart.scale, bars + 1)
        broke = ramp((then - level) / scale, 0.0, FULL_BREAK)
        back = ramp((level - chart.close) / chart.scale, 0.0, FULL_BREAK)
        degree = np.fmax(degree, np.minimum(broke, back))
    return weakest(chart.seen(MONTH + TRAP_SESSIONS + 1), degree)


def _beyond(chart: Chart, window: int) -> np.ndarray:
    level, scale = ago(highest(chart.high, window), 1), ago(chart.scale, 1)
    known = chart.known & ~np.isnan(level) & ~np.isnan(scale)
    return weakest(known, ramp((chart.close - level) / scale, 0.0, FULL_BREAK))
