"""Price action: what single bars and short runs of them look like.

Inputs are unbroken stretches without NaN, outputs have their length. NaN until the window is
full and where a bar has no range.
"""

from __future__ import annotations

import numpy as np

from stage_01_data_engine.features.rolling import rolling_mean, windows

LONGEST_STREAK = 10


def from_closes(close: np.ndarray) -> dict[str, np.ndarray]:
    """Return ``streak_10``: rises (+) or falls (-) in a row, at most ten; 0 where flat."""
    way = np.sign(np.diff(close))
    at = np.arange(len(way))
    turned = np.concatenate([[True], way[1:] != way[:-1]])[: len(way)]
    begun = np.maximum.accumulate(np.where(turned, at, 0))
    streak = np.full(len(close), np.nan)
    streak[1:] = way * np.minimum(at - begun + 1, LONGEST_STREAK)
    return {"streak_10": streak}


def from_ranges(high: np.ndarray, low: np.ndarray, close: np.ndarray) -> dict[str, np.ndarray]:
    """Return the place of the close and the width of the bar.

    ============== ============================================================================
    close_location (2 close - high - low) / (high - low): -1 at the low, 1 at the high
    range_ratio_14 (high - low) / mean of it over 14 bars, this one included
    ============== ============================================================================
    """
    span = high - low
    usual = rolling_mean(span, 14)
    return {
        "close_location": (2 * close - high - low) / _positive(span),
        "range_ratio_14": span / _positive(usual),
    }


def from_bars(
    opened: np.ndarray, high: np.ndarray, low: np.ndarray, close: np.ndarray
) -> dict[str, np.ndarray]:
    """Return the shape of the candle.

    ================== ========================================================================
    intraday_return    ln(close / open)
    body_share         |close - open| / (high - low), 0 to 1
    upper_shadow_share (high - the higher of open and close) / (high - low), 0 to 1
    lower_shadow_share (the lower of open and close - low) / (high - low), 0 to 1
    ================== ========================================================================
    """
    span = _positive(high - low)
    return {
        "intraday_return": np.log(close / opened),
        "body_share": np.abs(close - opened) / span,
        "upper_shadow_share": (high - np.maximum(opened, close)) / span,
        "lower_shadow_share": (np.minimum(opened, close) - low) / span,
    }


def from_extremes(high: np.ndarray, low: np.ndarray, close: np.ndarray) -> dict[str, np.ndarray]:
    """Return ``bars_since_high_252``: bars since the latest highest high of 252 bars, 0 to 251."""

    since = np.full(len(high), np.nan)
    if len(high) >= 252:
        # TA-Lib's MAXINDEX says for equal highs now the first, now the last, by what came before.
        backwards = windows(high[::-1], 252)
        since[251:] = backwards.argmax(axis=1)[::-1]
    return {"bars_since_high_252": since}


def _positive(values: np.ndarray) -> np.ndarray:
    return np.where(values > 0, values, np.nan)
