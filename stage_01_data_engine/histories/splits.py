"""Unadjusted splits, told from news by what is likelier.

A step from the last close to the open is either a split, or news. As a split it is a declared ratio
and an ordinary night on top, and the money turned over is that of an ordinary day (the number of
shares changes, not the money). As news it may have any size, but large ones are rare, and turnover
is several times the usual. From how often either happens follow the odds. The step is reported from
1:100: a missed split stays in every return and indicator across it, a false alarm costs one look.

Numbers that describe ordinary nights, news and turnover were measured on half of the symbols of
2013 to 2018 (``docs/evidence/data_quality.md``); splits are as frequent as among large US shares.
"""

from __future__ import annotations

import numpy as np

from stage_01_data_engine.histories.history import BEFORE, History, median_of

MONTH = 21
AFTER = 5
"""Bars after a step that show whether the price stays: a week."""
SPLIT_RATIOS = np.array(
    [5 / 4, 4 / 3, 3 / 2, 5 / 3, 2, 5 / 2, 3, 7 / 2, *range(4, 11), 12, 15, 20, 25, 30, 40, 50]
)
"""New shares for one old, as companies declare them; reverse splits are their inverses."""
NEAR = (0.03, 0.05)
"""How far, in logs, a step may lie from a declared ratio to be called by it: 3% (an ordinary gap
at the open), or 5% of the log ratio where that is more. What is found further off is a spin-off or
a special dividend rather than a split."""
LEAST_STEP = np.log(5 / 4) - 0.03
"""Smallest step that is looked at: 5:4 on a night that took 3% of it back."""

SPLITS_A_YEAR = 0.05
"""Splits a symbol and year, spread evenly over the ratios and their inverses."""
NIGHT_TAIL = 2.0
"""Degrees of freedom of Student's t for a night's own step in overnight scales: 1% of nights lie
beyond 9, 0.1% beyond 28."""
NEWS_TAIL, NEWS_RATE = 3.0, 0.6
"""A night's step beyond x daily scales: 0.6 x^-3 (the inverse cubic law of returns, Gopikrishnan,
Plerou, Amaral, Meyer and Stanley 1999, with the rate of overnight steps)."""
TURNOVER_SPREAD = 0.41
"""Standard deviation of an ordinary day's log turnover over the month's median."""
NEWS_TURNOVER = (2.0, 0.9)
"""Mean and standard deviation of the same on days that open 15% away: seven times the usual."""
VOLUME_ADJUSTED = 0.2
"""Share of vendors that state volume on the new basis throughout; turnover then steps, too."""
TURNOVER_TAIL = 4.0
ODDS = 0.01
"""Least odds of a split against news at which a step is reported."""


def split_steps(bars: History, excluded: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Say at which bars the price basis seems to change as in an unadjusted split.

    The odds of a split against news are at least 1:100, where the step from the last close to the
    open, with or without the market's common step, is held against the nearest of the declared
    ratios (``SPLIT_RATIOS``); and the price stays: the median close of this bar and the next five
    lies nearer to the new level than to the old, that of the five before does not. Spin-offs and
    class dividends of the same size look alike and are meant to be found as well.

    Parameters
    ----------
    excluded : bool array
        Rows already explained otherwise (misprints, re-used symbols).

    Returns
    -------
    found : bool array
    ratio : float64 array
        New shares for one old that the step suggests; NaN where nothing was found, or no declared
        ratio lies near.
    """
    found = np.zeros(len(bars.symbol), dtype=bool)
    ratio = np.full(len(bars.symbol), np.nan)
    steps = np.stack([bars.step, bars.own_step])
    least = np.nan_to_num(np.abs(steps).min(axis=0))
    rows = np.flatnonzero((least >= LEAST_STEP) & ~excluded)
    rows = rows[bars.gap[rows] <= MONTH]
    logs = np.log(SPLIT_RATIOS)
    # Whether a stock took part in the market's move cannot be told: either may be near a ratio.
    away = np.abs(np.abs(steps[:, rows])[:, :, None] - logs).min(axis=0)
    nearest = away.argmin(axis=1)
    distance = away.min(axis=1)
    signed = np.sign(bars.step[rows]) * logs[nearest]
    likely = _log_odds(bars, rows, distance, signed, least[rows]) >= np.log(ODDS)
    good = likely & _stays(bars, rows)
    found[rows[good]] = True
    named = good & (distance <= np.fmax(NEAR[0], NEAR[1] * logs[nearest]))
    ratio[rows[named]] = np.exp(-signed)[named]
    return found, ratio


def _log_odds(
    bars: History, rows: np.ndarray, distance: np.ndarray, signed: np.ndarray, size: np.ndarray
) -> np.ndarray:
    """Return the log odds of a split against news, NaN where the past is too short.

    Parameters
    ----------
    distance, signed, size : float64 arrays (N,)
        How far the step lies from its ratio, the log step of that ratio, and the step's size.
    """
    night, day = bars.gap_scale(rows), bars.scale(rows)
    each = SPLITS_A_YEAR / 252 / (2 * len(SPLIT_RATIOS))
    as_split = np.log(each) + _log_student(distance, night, NIGHT_TAIL)
    rate = NEWS_RATE * NEWS_TAIL / 2
    as_news = np.log(rate) + NEWS_TAIL * np.log(day) - (NEWS_TAIL + 1) * np.log(size)
    near, inside = bars.around(rows, -BEFORE, -1)
    usual = median_of(np.where(inside, bars.turnover[near], np.nan))
    turnover = bars.turnover[rows] - usual
    # Where no volume is reported the ratio alone has to convince.
    money = np.zeros(len(rows))
    known = np.isfinite(turnover)
    money[known] = _log_money(turnover[known], signed[known])
    return np.asarray(as_split - as_news + money)


def _log_money(turnover: np.ndarray, signed: np.ndarray) -> np.ndarray:
    """Return the log odds of a split against news that turnover alone gives."""
    ordinary = _log_student(turnover, TURNOVER_SPREAD, TURNOVER_TAIL)
    stepped = _log_student(turnover - signed, TURNOVER_SPREAD, TURNOVER_TAIL)
    busy = _log_student(turnover - NEWS_TURNOVER[0], NEWS_TURNOVER[1], TURNOVER_TAIL)
    kept, adjusted = ordinary + np.log1p(-VOLUME_ADJUSTED), stepped + np.log(VOLUME_ADJUSTED)
    return np.asarray(np.logaddexp(kept, adjusted) - busy)


def _log_student(x: np.ndarray, scale: np.ndarray | float, tail: float) -> np.ndarray:
    """Return the log density of ``scale`` times Student's t with ``tail`` degrees of freedom."""
    from scipy.stats import t

    return np.asarray(t.logpdf(x / scale, tail) - np.log(scale))


def _stays(bars: History, rows: np.ndarray) -> np.ndarray:
    """Say at which steps one level gives way to another.

    The median close of this bar and the five after it lies past the middle of the step, that of
    the five before it does not.
    """
    if len(rows) == 0:
        return np.zeros(0, dtype=bool)
    before = bars.log_close[rows - 1]
    step = bars.step[rows]

    def share(first: int, last: int) -> np.ndarray:
        near, inside = bars.around(rows, first, last)
        level = np.nanmedian(np.where(inside, bars.log_close[near], np.nan), axis=1)
        return np.asarray((level - before) / step)

    return (share(0, AFTER) > 0.5) & (share(-AFTER, -1) < 0.5)
