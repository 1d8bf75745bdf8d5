"""Where the price meets its averages and its bands."""

from __future__ import annotations

import numpy as np

from stage_02_fuzzification.patterns.chart import Chart
from stage_02_fuzzification.patterns.conditions import crosses
from stage_02_fuzzification.patterns.grading import ago, highest, lowest, ramp, total, weakest

RELEASE_SESSIONS = 10
"""A squeeze is remembered for two weeks."""


def average_cross(chart: Chart) -> np.ndarray:
    """The 20-session average crosses the 50-session one from below.

    The quicker sister of the golden cross (Murphy 1999, ch. 9, "double crossover"). Full on the
    day of the crossing, fading over a week. NaN until both averages are there.
    """
    # A difference instead of a quotient: it has the same sign on the chart turned upside down.
    return crosses(chart.short - chart.medium)[0]


def average_bounce(chart: Chart) -> np.ndarray:
    """A dip to a rising 50-session average that held, and the turn away from it.

    In a rise the average acts as support (Murphy 1999, ch. 9). All of: a close 1 to 2 scales
    above the average 4 to 15 sessions ago; a low within a quarter scale of it in the last three
    sessions before today (nothing at one scale), no close more than half a scale below; today a
    half to a full scale above that lowest close, and back above the average; the average has
    risen up to half a scale in ten sessions. NaN until 60 bars with the average.
    """
    place = (chart.close - chart.medium) / chart.scale
    dip = (chart.low - chart.medium) / chart.scale
    reached, dipped = ago(lowest(dip, 3), 1), ago(lowest(place, 3), 1)
    return weakest(
        chart.known & ~np.isnan(ago(chart.medium, 10)),
        ramp(ago(highest(place, 12), 4), 1.0, 2.0),
        ramp(reached, 1.0, 0.25),
        ramp(dipped, -0.5, -0.1),
        ramp((chart.close - ago(lowest(chart.close, 3), 1)) / chart.scale, 0.5, 1.0),
        ramp(place, 0.0, 0.25),
        ramp((chart.medium - ago(chart.medium, 10)) / chart.scale, 0.0, 0.5),
    )


def long_average_reclaimed(chart: Chart) -> np.ndarray:
    """A close above the 200-session average after a month below it.

    Faber (2007), "A Quantitative Approach to Tactical Asset Allocation", on the 10-month
    average; Brock, Lakonishok and LeBaron (1992). All of: 15 to 20 of the 20 closes that ended
    a week ago lay below; today's lies above, fully at half a scale. It fades as the sessions
    above fill the month. NaN until 225 bars.
    """
    below = np.where(np.isnan(chart.long), np.nan, (chart.close < chart.long).astype(float))
    share = ago(total(below, 20), 5)
    return weakest(
        chart.known & ~np.isnan(share),
        ramp(share, 14.0, 20.0),
        ramp((chart.close - chart.long) / chart.scale, 0.0, 0.5),
    )


def squeeze_release(chart: Chart) -> np.ndarray:
    """A close through the upper Bollinger band after a squeeze.

    Bollinger, *Bollinger on Bollinger Bands* (2001), ch. 15. All of: the band was unusually
    narrow on some session of the last two weeks; today's close is near or beyond its upper line
    (nothing at 0.9 of the band, full at 1.1). NaN where the band is.
    """
    tight = ago(highest(np.nan_to_num(chart.tight), RELEASE_SESSIONS), 1)
    return weakest(chart.known & ~np.isnan(chart.band), tight, ramp(chart.band, 0.9, 1.1))
