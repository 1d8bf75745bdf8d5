"""Moves that have gone on for long."""

from __future__ import annotations

import numpy as np

from stage_02_fuzzification.patterns.chart import Chart
from stage_02_fuzzification.patterns.grading import ago, ramp, weakest

SETUP, LAG = 9, 4


def buying_exhaustion(chart: Chart) -> np.ndarray:
    """Nine closes in a row above the close of four bars earlier, and a move to show for it.

    DeMark, *The New Science of Technical Analysis* (1994), "TD setup". Full at nine, nothing at
    six; the price stands 3 scales above the close of nine bars ago (nothing at 1). It holds
    until the run ends. NaN until 13 bars with a scale.
    """
    rows = np.arange(len(chart.close))[:, None]
    broken = ~(chart.close > ago(chart.close, LAG))
    run = rows - np.maximum.accumulate(np.where(broken, rows, -1), axis=0)
    return weakest(
        chart.seen(SETUP + LAG),
        ramp(run, SETUP - 3.0, SETUP),
        ramp((chart.close - ago(chart.close, SETUP)) / chart.scale, 1.0, 3.0),
    )
