"""Patterns by rule: breakouts, compression, candles and chart patterns.

Inputs are unbroken stretches without NaN, outputs have their length. A pattern is a number: its
sign says which way it points, 0 that there is none, NaN that there are too few bars to tell.
"""

from __future__ import annotations

import numpy as np

from stage_01_data_engine.features.levels import SWING_BARS, swing_highs
from stage_01_data_engine.features.rolling import (
    lagged,
    rolling_max,
    rolling_mean,
    rolling_min,
    rolling_variance,
    true_range,
)

POLE_BARS, FLAG_BARS, POLE_SCALES = 10, 5, 3.0
"""A flag: a pole of 10 bars and at least 3 mean true ranges, then 5 bars that keep most of it."""

REACH_BARS, APART_BARS, DEPTH_SCALES = 60, 10, 2.0
"""A double bottom: two swing lows at least 10 bars apart, the first within the last 60, at most
one mean true range from one another, and a high between them at least 2 above both."""


def from_bars(
    opened: np.ndarray, high: np.ndarray, low: np.ndarray, close: np.ndarray
) -> dict[str, np.ndarray]:
    """Return ``candle_pattern``: 1 bullish, -1 bearish, 0 none (Nison, 1991).

    Bullish: an engulfing bar (a rising body that holds the falling body before it and is larger),
    or a hammer (lower shadow at least twice the body, upper shadow at most half of it, after a
    close below that of 5 bars before). Bearish: their mirror images. Both at once cancel.
    """
    body = close - opened
    top, bottom = np.maximum(opened, close), np.minimum(opened, close)
    upper, lower, size = high - top, bottom - low, np.abs(body)
    holds = (top >= lagged(top, 1)) & (bottom <= lagged(bottom, 1)) & (size > lagged(size, 1))
    turn = np.sign(body) * (np.sign(body) == -np.sign(lagged(body, 1))) * holds
    change = close - lagged(close, 5)
    pin = (size > 0).astype(float)
    hammer = pin * ((lower >= 2 * size) & (upper <= size / 2) & (change < 0))
    star = pin * ((upper >= 2 * size) & (lower <= size / 2) & (change > 0))
    found = np.sign(np.nan_to_num(turn) + hammer - star)
    return {"candle_pattern": np.where(np.isnan(change), np.nan, found)}


def from_ranges(high: np.ndarray, low: np.ndarray, close: np.ndarray) -> dict[str, np.ndarray]:
    """Return ``squeeze_20``: 1 where two standard deviations of 20 closes are less than one and a
    half mean true ranges of 20 (Bollinger bands inside Keltner channels; Carter, 2005), else 0."""
    band = 2 * np.sqrt(rolling_variance(close, 20))
    channel = 1.5 * rolling_mean(true_range(high, low, close), 20, len(close))
    return {"squeeze_20": np.where(np.isnan(channel), np.nan, band < channel)}


def from_extremes(high: np.ndarray, low: np.ndarray, close: np.ndarray) -> dict[str, np.ndarray]:
    """Return breakouts and chart patterns.

    ======================== ==================================================================
    breakout_n               1 where the close is above every high of the n bars before, -1 where
                             it is below every low of them, else 0; n = 20, 252
    chart_pattern            2 double bottom, 1 bull flag, 0 none, -1 bear flag, -2 double top;
                             the surer one where two are found
    chart_pattern_confidence 0 to 1: for flags, 1 less what was given back of the pole relative to
                             a half; for doubles, 1 less the distance of the two swings in mean
                             true ranges; 0 where there is none
    ======================== ==================================================================

    The yardstick is the mean true range of 20 bars; for closes alone it is twice the mean of
    their |change|, the same stand-in as the volatility scale's. A double bottom holds while the
    close is above the highest high between its lows.
    """
    count = len(close)
    scale = rolling_mean(true_range(high, low, close), 20, count)
    if np.array_equal(high, low):
        scale = 2 * scale
    candidates = (
        (2.0, _double_bottom(high, low, close, scale)),
        (1.0, _flag(close, scale)),
        (-1.0, _flag(-close, scale)),
        (-2.0, _double_bottom(-low, -high, -close, scale)),
    )
    sure, code = np.zeros(count), np.zeros(count)
    for which, confidence in candidates:
        better = confidence > sure
        code[better], sure[better] = which, confidence[better]
    early = np.arange(count) < REACH_BARS + SWING_BARS
    return {
        "breakout_20": _breakout(high, low, close, 20),
        "breakout_252": _breakout(high, low, close, 252),
        "chart_pattern": np.where(early, np.nan, code),
        "chart_pattern_confidence": np.where(early, np.nan, sure),
    }


def _breakout(high: np.ndarray, low: np.ndarray, close: np.ndarray, window: int) -> np.ndarray:
    top, bottom = lagged(rolling_max(high, window), 1), lagged(rolling_min(low, window), 1)
    found = (close > top).astype(float) - (close < bottom)
    return np.where(np.isnan(top), np.nan, found)


def _flag(close: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """Return how surely a bull flag ends on each bar, 0 to 1; hand in -close for bear flags."""
    pole = lagged(close, FLAG_BARS) - lagged(close, FLAG_BARS + POLE_BARS)
    given_back = rolling_max(close, FLAG_BARS + 1) - rolling_min(close, FLAG_BARS + 1)
    long = pole >= POLE_SCALES * lagged(scale, FLAG_BARS)
    share = given_back / np.where(long & (pole > 0), pole, np.nan)
    return np.nan_to_num(np.clip(1 - 2 * share, 0, 1))


def _double_bottom(
    high: np.ndarray, low: np.ndarray, close: np.ndarray, scale: np.ndarray
) -> np.ndarray:
    """Return how surely each bar confirms two swing lows; hand in mirrored prices for tops."""
    sure = np.zeros(len(close))
    known = np.flatnonzero(swing_highs(-low))
    swings = known - SWING_BARS
    if len(swings) < 2:
        return sure
    # Neckline: the highest high from each swing up to, not including, the next.
    neck = np.maximum.reduceat(high, swings)[:-1]
    latest = np.searchsorted(known, np.arange(len(close)), side="right") - 1
    bars = np.flatnonzero(latest >= 1)
    second, first = swings[latest[bars]], swings[latest[bars] - 1]
    line, unit = neck[latest[bars] - 1], scale[bars]
    apart = np.abs(low[first] - low[second])
    shaped = (
        (second - first >= APART_BARS)
        & (bars - first <= REACH_BARS)
        & (line - np.maximum(low[first], low[second]) >= DEPTH_SCALES * unit)
        & (close[bars] > line)
    )
    likeness = 1 - apart / np.where(unit > 0, unit, np.nan)
    sure[bars] = np.where(shaped, np.nan_to_num(np.clip(likeness, 0, 1)), 0.0)
    return sure
