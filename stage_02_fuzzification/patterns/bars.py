"""Single bars and pairs of bars. Absent (NaN) where the source reports closes only."""

from __future__ import annotations

import numpy as np

from stage_02_fuzzification.patterns.chart import Chart
from stage_02_fuzzification.patterns.grading import ago, lowest, ramp, ratio, weakest

ISLAND_SESSIONS = 10


def gap_up(chart: Chart) -> np.ndarray:
    """A low above yesterday's high: prices between were never traded (Murphy 1999, ch. 4).

    Degree: the gap in scales, full at half a scale. Close-only instruments: NaN.
    """
    gap = (chart.low - ago(chart.high, 1)) / ago(chart.scale, 1)
    return weakest(_pair(chart) & ~np.isnan(ago(chart.scale, 1)), ramp(gap, 0.0, 0.5))


def bullish_island(chart: Chart) -> np.ndarray:
    """Bars left behind below two gaps: down into them within two weeks, up out of them today.

    Bulkowski, *Encyclopedia of Chart Patterns* (2005), "island reversals". Degree: how far the
    island's highest high lies below both neighbours, full at a quarter scale. The longest
    island is ten bars.
    """
    degree = np.zeros(chart.close.shape)
    roof = np.full(chart.close.shape, -np.inf)
    for bars in range(1, ISLAND_SESSIONS + 1):
        roof = np.maximum(roof, ago(chart.high, bars))
        shore = np.minimum(chart.low, ago(chart.low, bars + 1))
        degree = np.fmax(degree, ramp((shore - roof) / chart.scale, 0.0, 0.25))
    return weakest(_pair(chart), degree)


def inside_bar(chart: Chart) -> np.ndarray:
    """A bar within yesterday's range (Raschke and Connors 1995).

    Degree: nothing at 80% of yesterday's range, full at 30%, and yesterday's range was an
    ordinary one (full at a scale, nothing at half): every seventh bar lies inside the one before
    it, and most of them are no news.
    """
    within = (chart.high <= ago(chart.high, 1)) & (chart.low >= ago(chart.low, 1))
    before = ago(chart.high - chart.low, 1)
    return weakest(
        _pair(chart),
        within.astype(float),
        ramp(ratio(chart.high - chart.low, before), 0.8, 0.3),
        ramp(before / chart.scale, 0.5, 1.0),
    )


def bullish_outside_bar(chart: Chart) -> np.ndarray:
    """A bar beyond yesterday's range on both sides that closes near its high.

    Murphy (1999), ch. 4, "outside days". Full at one and a half times yesterday's range, a
    whole scale long, and a close in the top tenth (nothing below the top 40%).
    """
    size = chart.high - chart.low
    beyond = (chart.high > ago(chart.high, 1)) & (chart.low < ago(chart.low, 1))
    return weakest(
        _pair(chart),
        beyond.astype(float),
        ramp(ratio(size, ago(size, 1)), 1.0, 1.5),
        ramp(size / chart.scale, 0.5, 1.0),
        ramp(ratio(chart.close - chart.low, size), 0.6, 0.9),
    )


def narrow_range(chart: Chart) -> np.ndarray:
    """The narrowest range of seven sessions (Crabel 1990, "NR7").

    Degree: nothing at 90% of the narrowest of the six before, full at half of it: by chance
    alone every seventh bar is the narrowest.
    """
    size = np.where(chart.ranged, chart.high - chart.low, np.nan)
    before = ago(lowest(size, 6), 1)
    known = _pair(chart) & ~np.isnan(before)
    return weakest(known, ramp(ratio(size, before), 0.9, 0.5))


def hammer(chart: Chart) -> np.ndarray:
    """After a fall, a bar whose long lower shadow was bought back (Nison 1991).

    All of: the shadow below the body takes up two thirds of the range (nothing at half), the
    one above hardly a tenth (nothing at a quarter), the range a whole scale (nothing at half),
    and the close of yesterday stands 0.5 to 1.5 scales below that of four sessions earlier.
    """
    size = chart.high - chart.low
    body_low, body_high = np.minimum(chart.open, chart.close), np.maximum(chart.open, chart.close)
    return weakest(
        _pair(chart) & ~np.isnan(ago(chart.close, 5)),
        ramp(ratio(body_low - chart.low, size), 0.5, 2 / 3),
        ramp(ratio(chart.high - body_high, size), 0.25, 0.1),
        ramp(size / chart.scale, 0.5, 1.0),
        ramp((ago(chart.close, 5) - ago(chart.close, 1)) / chart.scale, 0.5, 1.5),
    )


def _pair(chart: Chart) -> np.ndarray:
    """Say where this bar and the one before have ranges."""
    before = np.zeros(chart.ranged.shape, dtype=bool)
    before[1:] = chart.ranged[:-1]
    return chart.known & chart.ranged & before
