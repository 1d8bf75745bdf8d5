"""Formations between two lines: triangles, wedges, channels, rectangles.

Five turns make two lines, three touches on one side and two on the other, and the third touch
must lie on its line (Murphy 1999, ch. 4 and 6: two points draw a trend line, the third confirms
it). What the formation is called depends on how far each line travels over it, in mean widths
of the formation: a line that travels less than 0.15 is flat. The price must still be between
the lines. Sources: Murphy (1999), ch. 6; Bulkowski (2005); Lo, Mamaysky and Wang (2000).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from stage_02_fuzzification.patterns.chart import Chart
from stage_02_fuzzification.patterns.grading import ramp, weakest
from stage_02_fuzzification.patterns.reversals import FORGOTTEN, SPAN
from stage_02_fuzzification.patterns.turns import Turns

_Name = Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]
"""From the travels of ceiling and floor to two degrees."""


@dataclass(frozen=True)
class Lines:
    """Two lines through five turns, shape (T, N) each.

    Attributes
    ----------
    upper, lower : array
        How far each line travels from the first to the last turn, in mean widths.
    drawn : array
        Degree to which there are two such lines with the price between them.
    """

    upper: np.ndarray
    lower: np.ndarray
    drawn: np.ndarray

    @property
    def mirrored(self) -> Lines:
        """The lines of the chart upside down."""
        return Lines(upper=-self.lower, lower=-self.upper, drawn=self.drawn)


def lines(chart: Chart) -> tuple[Lines, ...]:
    """Return the lines at every size of reversal."""
    now = np.arange(len(chart.close))[:, None]
    return tuple(_lines(chart, turns, now) for turns in chart.turns)


def ascending_triangle(chart: Chart, drawn: tuple[Lines, ...]) -> np.ndarray:
    """A flat ceiling and a rising floor: the floor travels half a width (nothing at a quarter)."""
    return _named(chart, drawn, lambda u, v: (_flat(u), ramp(v, 0.25, 0.5)))


def symmetrical_triangle(chart: Chart, drawn: tuple[Lines, ...]) -> np.ndarray:
    """A falling ceiling and a rising floor: each travels 0.4 widths (nothing at 0.15)."""
    return _named(chart, drawn, lambda u, v: (ramp(u, -0.15, -0.4), ramp(v, 0.15, 0.4)))


def rising_wedge(chart: Chart, drawn: tuple[Lines, ...]) -> np.ndarray:
    """Both lines rise and converge: the ceiling travels 0.4 widths, the floor 0.4 more."""
    return _named(chart, drawn, lambda u, v: (ramp(u, 0.15, 0.4), ramp(v - u, 0.15, 0.4)))


def broadening_formation(chart: Chart, drawn: tuple[Lines, ...]) -> np.ndarray:
    """A rising ceiling and a falling floor: each travels 0.4 widths (nothing at 0.15)."""
    return _named(chart, drawn, lambda u, v: (ramp(u, 0.15, 0.4), ramp(v, -0.15, -0.4)))


def rectangle(chart: Chart, drawn: tuple[Lines, ...]) -> np.ndarray:
    """Two flat lines: a trading range."""
    return _named(chart, drawn, lambda u, v: (_flat(u), _flat(v)))


def rising_channel(chart: Chart, drawn: tuple[Lines, ...]) -> np.ndarray:
    """Two rising, parallel lines: both travel 0.8 widths (nothing at 0.4), as far as each other
    within 0.2 (nothing at 0.5)."""
    return _named(
        chart,
        drawn,
        lambda u, v: (ramp(np.minimum(u, v), 0.4, 0.8), ramp(np.abs(u - v), 0.5, 0.2)),
    )


def _flat(travel: np.ndarray) -> np.ndarray:
    return ramp(np.abs(travel), 0.4, 0.15)


def _named(chart: Chart, drawn: tuple[Lines, ...], name: _Name) -> np.ndarray:
    found = [
        np.nan_to_num(np.minimum.reduce((one.drawn, *name(one.upper, one.lower)))) for one in drawn
    ]
    return weakest(chart.seen(SPAN), np.maximum.reduce(found))


def _lines(chart: Chart, turns: Turns, now: np.ndarray) -> Lines:
    """Draw the lines.

    The third touch lies within a tenth of the width of its line (nothing at 0.35); the turns
    span 20 sessions (nothing at 10) and are not forgotten; the last is not older than the
    formation is long (full at half of that); the price is at most half a scale outside.
    """
    new, other_new, middle, other_old, old = turns.price[:5]
    at = turns.bar[:5]
    length = np.maximum(at[0] - at[4], 1)
    slope = (new - old) / length
    other_slope = (other_new - other_old) / np.maximum(at[1] - at[3], 1)
    touch = np.abs(middle - (old + slope * (at[2] - at[4])))
    # The newest turn is a high where the price is falling: then the first line is the ceiling.
    side = np.where(turns.falling, 1.0, -1.0)
    start = side * (old - (other_old + other_slope * (at[4] - at[3])))
    end = side * (new - (other_new + other_slope * (at[0] - at[1])))
    width = np.where((start > 0) & (end > 0), (start + end) / 2, np.nan)
    here, there = new + slope * (now - at[0]), other_new + other_slope * (now - at[1])
    ceiling, floor = np.maximum(here, there), np.minimum(here, there)
    crossed = side * (here - there) <= 0
    outside = np.maximum(chart.close - ceiling, floor - chart.close) / chart.scale
    drawn = np.minimum.reduce(
        (
            ramp(touch / width, 0.35, 0.1),
            ramp(length, 10.0, 20.0),
            ramp(now - at[4], FORGOTTEN, SPAN),
            ramp((now - at[0]) / length, 1.0, 0.5),
            ramp(outside, 0.5, 0.0),
        )
    )
    travel, other_travel = slope * length / width, other_slope * length / width
    return Lines(
        upper=np.where(turns.falling, travel, other_travel),
        lower=np.where(turns.falling, other_travel, travel),
        drawn=np.where((at[4] < 0) | crossed, 0.0, drawn),
    )
