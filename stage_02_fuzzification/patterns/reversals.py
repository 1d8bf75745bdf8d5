"""Reversal formations on turning points: tops and their mirror images, bottoms.

All are told from the session on which the neckline is broken until the measured move has been
made twice over or the price turns up again. Distances are held against the formation's own
height, so no threshold depends on price or volatility. Sources: Murphy (1999), ch. 5; Bulkowski
(2005); Lo, Mamaysky and Wang (2000), "Foundations of Technical Analysis", sec. II, who define
them by consecutive extrema, as done here (their extrema come from a kernel smoother; ours are
those known at the time).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from stage_02_fuzzification.patterns.chart import Chart
from stage_02_fuzzification.patterns.grading import ago, ramp, ratio, weakest
from stage_02_fuzzification.patterns.turns import Turns

SPAN, FORGOTTEN = 120, 160
"""A formation is remembered in full for half a year and gone after eight months."""
BASE = 60
"""Sessions of a rounding bottom: a quarter."""

_Shape = Callable[[Chart, Turns, np.ndarray], np.ndarray]


def double_top(chart: Chart) -> np.ndarray:
    """Two like highs, the low between them broken.

    Highs apart by at most a tenth of the height (nothing at 35%), 15 sessions from one
    another (nothing at 5; Bulkowski: weeks), 4 scales high (nothing at 2), after a rise of the
    formation's height (nothing at half).
    """
    return _at_every_size(chart, _double_top)


def triple_top(chart: Chart) -> np.ndarray:
    """Three like highs, the lower of the two lows between them broken.

    The three lie within 12% of the height (nothing at 40%); both lows reach well down: the
    shallower one 60% of the height (nothing at 30%). Size and rise before as for two.
    """
    return _at_every_size(chart, _triple_top)


def head_and_shoulders(chart: Chart) -> np.ndarray:
    """A high between two lower, like ones; the line through the two lows broken.

    The head stands out by 20% of the height (nothing at 5%); shoulders and lows differ by at
    most 15% of it (nothing at 50%); shoulders stand 30% above the lows (nothing at 10%); the
    halves take like time (full at twice, nothing at four times); 5 scales high (nothing at 3),
    after a rise of three quarters of the height (nothing at a quarter).
    """
    return _at_every_size(chart, _head_and_shoulders)


def rounding_bottom(chart: Chart) -> np.ndarray:
    """A saucer: a quarter's closes lie along a parabola that opens upwards (Murphy 1999, ch. 5).

    The quadratic term of a least-squares fit on orthogonal polynomials explains 80% of the
    variance of 60 closes (nothing at 50%: a random walk's leading components explain 61% and
    15%, of which the quadratic gets part), and is 5 scales deep (nothing at 3). NaN until 60
    bars with a scale.
    """
    x = np.arange(BASE) - (BASE - 1) / 2
    bowl = x**2 - (x**2).mean()
    weights = bowl / np.sqrt((bowl**2).sum())
    plain, squares, bent = (np.zeros(chart.close.shape) for _ in range(3))
    # Lag by lag, so that a result depends on its window alone, to the last bit.
    for bars in range(BASE - 1, -1, -1):
        distance = ago(chart.close, bars) - chart.close
        plain, squares = plain + distance, squares + distance**2
        bent = bent + weights[BASE - 1 - bars] * distance
    variance = squares - plain**2 / BASE
    depth = bent * (weights.max() - weights.min())
    return weakest(
        chart.seen(BASE),
        ramp(ratio(bent**2, variance), 0.5, 0.8),
        ramp(depth / chart.scale, 3.0, 5.0),
    )


def _at_every_size(chart: Chart, shape: _Shape) -> np.ndarray:
    now = np.arange(len(chart.close))[:, None]
    found = [np.nan_to_num(shape(chart, turns, now)) for turns in chart.turns]
    return weakest(chart.seen(SPAN), np.maximum.reduce(found))


def _double_top(chart: Chart, turns: Turns, now: np.ndarray) -> np.ndarray:
    right, low, left, before = turns.price[:4]
    height = (left + right) / 2 - low
    return _all(
        turns.falling,
        ramp(ratio(np.abs(left - right), height), 0.35, 0.1),
        ramp(turns.bar[0] - turns.bar[2], 5.0, 15.0),
        ramp(height / chart.scale, 2.0, 4.0),
        ramp(ratio(left - before, height), 0.5, 1.0),
        _broken(chart, low, height),
        _remembered(now, turns.bar[2]),
    )


def _triple_top(chart: Chart, turns: Turns, now: np.ndarray) -> np.ndarray:
    right, low_right, middle, low_left, left, before = turns.price
    neck = np.minimum(low_left, low_right)
    top = (left + middle + right) / 3
    height = top - neck
    spread = np.maximum(np.maximum(left, middle), right) - np.minimum(
        np.minimum(left, middle), right
    )
    return _all(
        turns.falling,
        ramp(ratio(spread, height), 0.4, 0.12),
        ramp(ratio(top - np.maximum(low_left, low_right), height), 0.3, 0.6),
        ramp(height / chart.scale, 2.0, 4.0),
        ramp(ratio(left - before, height), 0.5, 1.0),
        _broken(chart, neck, height),
        _remembered(now, turns.bar[4]),
    )


def _head_and_shoulders(chart: Chart, turns: Turns, now: np.ndarray) -> np.ndarray:
    right, low_right, head, low_left, left, before = turns.price
    at = turns.bar
    slope = (low_right - low_left) / np.maximum(at[1] - at[3], 1)
    height = head - (low_left + slope * (at[2] - at[3]))
    neckline = low_right + slope * (now - at[1])
    first, second = at[2] - at[4], at[0] - at[2]
    lopsided = np.maximum(first, second) / np.maximum(np.minimum(first, second), 1)
    shoulder = np.minimum(left, right)
    return _all(
        turns.falling,
        ramp(ratio(head - np.maximum(left, right), height), 0.05, 0.2),
        ramp(ratio(np.abs(left - right), height), 0.5, 0.15),
        ramp(ratio(np.abs(low_left - low_right), height), 0.5, 0.15),
        ramp(ratio(shoulder - np.maximum(low_left, low_right), height), 0.1, 0.3),
        ramp(lopsided, 4.0, 2.0),
        ramp(height / chart.scale, 3.0, 5.0),
        ramp(ratio(left - before, height), 0.25, 0.75),
        _broken(chart, neckline, height),
        _remembered(now, at[4]),
    )


def _broken(chart: Chart, line: np.ndarray, height: np.ndarray) -> np.ndarray:
    """Return how surely the line is broken (half a scale), and that the move is still young.

    The measured move is the formation's height below the line; at twice that it is history.
    """
    beyond = line - chart.close
    return np.minimum(ramp(beyond / chart.scale, 0.0, 0.5), ramp(ratio(beyond, height), 2.0, 1.0))


def _remembered(now: np.ndarray, first: np.ndarray) -> np.ndarray:
    return np.where(first >= 0, ramp(now - first, FORGOTTEN, SPAN), 0.0)


def _all(holds: np.ndarray, *degrees: np.ndarray) -> np.ndarray:
    return np.where(holds, np.minimum.reduce(degrees), 0.0)
