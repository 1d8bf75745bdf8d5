"""Features of every instrument on every session, past only.

An indicator counts reported bars: a missing bar is bridged, so that one hole does not silence
a 200-day mean for 200 sessions. After a gap longer than the setting ``gap_sessions`` its window
starts afresh. On a session without the bar it needs, an indicator is NaN. Returns over k
sessions and opening gaps are held to the calendar: NaN unless both sessions report.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from stage_01_data_engine.features import indicators

FEATURE_FIELDS: tuple[str, ...] = (
    "log_return_1",
    "log_return_5",
    "log_return_20",
    "sma_20_gap",
    "sma_50_gap",
    "sma_200_gap",
    "sma_50_200_gap",
    "rsi_14",
    "macd_histogram",
    "bollinger_b",
    "bollinger_width",
    "atr_20",
    "volatility_scale_20",
    "stochastic_k",
    "adx_14",
    "cci_20",
    "mfi_14",
    "williams_r_14",
    "roc_10",
    "realised_volatility_20",
    "volume_ratio_20",
    "high_252_gap",
    "low_252_gap",
    "support_20",
    "resistance_20",
    "gap_open",
)
"""Formulas, units and NaN rules: ``indicators``, and ``returns_and_gaps`` below."""

_AT = {field: i for i, field in enumerate(FEATURE_FIELDS)}


def feature_values(bars: np.ndarray, has_ranges: np.ndarray, gap_sessions: int) -> np.ndarray:
    """Return every feature of every instrument.

    Parameters
    ----------
    bars : float64 array, shape (T, N, 5)
        Open, high, low, close, volume; NaN where not reported.
    has_ranges : bool array, shape (N,)
        Whether the instrument's source reports highs and lows at all. Without them the
        volatility scale and the extremes are taken from closes.
    gap_sessions : int
        Longest gap, in sessions between two bars, that an indicator bridges.

    Returns
    -------
    float64 array, shape (T, N, F)
        In the order of ``FEATURE_FIELDS``.
    """
    values = np.full((*bars.shape[:2], len(FEATURE_FIELDS)), np.nan)
    for field, array in returns_and_gaps(bars).items():
        values[:, :, _AT[field]] = array
    for symbol in range(bars.shape[1]):
        _fill(values[:, symbol], bars[:, symbol], bool(has_ranges[symbol]), gap_sessions)
    values[~np.isfinite(values)] = np.nan
    return values


def returns_and_gaps(bars: np.ndarray) -> dict[str, np.ndarray]:
    """Return features of exact session pairs.

    ``log_return_k``: ln close(t) - ln close(t - k sessions). ``gap_open``: open over the
    previous session's close, minus 1. Shape (T, N) each.
    """
    opens, close = bars[:, :, 0], bars[:, :, 3]
    logs = np.log(close)
    found = {}
    for lag in (1, 5, 20):
        change = np.full(close.shape, np.nan)
        change[lag:] = logs[lag:] - logs[:-lag]
        found[f"log_return_{lag}"] = change
    gap = np.full(close.shape, np.nan)
    gap[1:] = opens[1:] / close[:-1] - 1
    found["gap_open"] = gap
    return found


def stretches(reported: np.ndarray, gap_sessions: int) -> Iterator[np.ndarray]:
    """Yield the positions of bars, cut wherever more than ``gap_sessions`` sessions lie between."""
    positions = np.flatnonzero(reported)
    if len(positions):
        yield from np.split(positions, np.flatnonzero(np.diff(positions) > gap_sessions + 1) + 1)


def breadth(close: np.ndarray, sma_50_gap: np.ndarray) -> np.ndarray:
    """Return the share of instruments above their 50-bar mean, of those that have one.

    Parameters
    ----------
    close, sma_50_gap : float64 arrays, shape (T, N)

    Returns
    -------
    float64 array, shape (T,)
        0 to 1; NaN on sessions where no instrument has a 50-bar mean.
    """
    known = np.isfinite(sma_50_gap) & np.isfinite(close)
    count = known.sum(axis=1)
    above = ((sma_50_gap > 0) & known).sum(axis=1)
    return np.divide(above, count, out=np.full(len(count), np.nan), where=count > 0)


def _fill(out: np.ndarray, bars: np.ndarray, has_ranges: bool, gap_sessions: int) -> None:
    """Write one instrument's indicators (T, F) from its bars (T, 5)."""
    _, high, low, close, volume = bars.T
    closes = np.isfinite(close)
    ranges = closes & np.isfinite(high) & np.isfinite(low)
    _scatter(out, closes, gap_sessions, indicators.from_closes, close)
    _scatter(out, ranges, gap_sessions, indicators.from_ranges, high, low, close)
    _scatter(
        out,
        ranges & np.isfinite(volume),
        gap_sessions,
        indicators.from_volume,
        high,
        low,
        close,
        volume,
    )
    _scatter(
        out,
        np.isfinite(volume),
        gap_sessions,
        lambda v: {"volume_ratio_20": indicators.volume_ratio(v)},
        volume,
    )
    if has_ranges:
        _scatter(out, ranges, gap_sessions, indicators.extremes, high, low, close)
        out[:, _AT["volatility_scale_20"]] = out[:, _AT["atr_20"]]
    else:
        _scatter(out, closes, gap_sessions, indicators.extremes, close, close, close)
        _scatter(
            out,
            closes,
            gap_sessions,
            lambda c: {"volatility_scale_20": indicators.volatility_scale_of_closes(c)},
            close,
        )


def _scatter(
    out: np.ndarray,
    reported: np.ndarray,
    gap_sessions: int,
    compute: Callable[..., dict[str, np.ndarray]],
    *inputs: np.ndarray,
) -> None:
    """Compute on each stretch of reported bars and write back to the sessions they came from."""
    for at in stretches(reported, gap_sessions):
        with np.errstate(divide="ignore", invalid="ignore"):
            found = compute(*(np.ascontiguousarray(values[at]) for values in inputs))
        for field, array in found.items():
            out[at, _AT[field]] = array
