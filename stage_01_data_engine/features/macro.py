"""Macro: what market-wide series say, and how far an instrument moves with them.

Everything is past only: the series are those of ``MarketWindow.market``, the last values known at
each close. A series that the source does not report leaves its features absent.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from stage_01_data_engine.features.cross_section import Moments
from stage_01_data_engine.features.rolling import over_windows

SERIES: tuple[str, ...] = (
    "vix",
    "wti",
    "credit_spread",
    "treasury_10y",
    "treasury_2y",
    "dollar_index",
)
"""The market-wide series that these features are made of."""


def conditions(market: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return what is the same for every instrument, shape (T, 1) each.

    ======================= ===================================================================
    vix_percentile_252      share of the last 252 sessions' VIX values that are not above today's
    vix_change_5            log change of the VIX over 5 sessions
    wti_return_20           log change of crude oil over 20 sessions; NaN where a price is not
                            above zero, as on 2020-04-20
    credit_spread_change_20 change of BAA less AAA over 20 sessions, percentage points
    treasury_10y_change_20  change of the ten-year Treasury yield over 20 sessions, percentage
                            points
    yield_slope_10y_2y      ten-year less two-year Treasury yield, percentage points; below zero
                            before most recessions (Estrella & Hardouvelis, 1991, Journal of
                            Finance 46)
    yield_slope_change_20   its change over 20 sessions, percentage points
    dollar_return_20        log change of the dollar index over 20 sessions
    ======================= ===================================================================

    NaN where the series is absent on a session that a value needs.
    """
    vix, wti, spread, ten_years, two_years, dollar = (market[name] for name in SERIES)
    slope = ten_years - two_years
    found = {
        "vix_percentile_252": np.where(
            _whole(vix, 252), over_windows(_percentile, vix, 252), np.nan
        ),
        "vix_change_5": _change(_log(vix), 5),
        "wti_return_20": _change(_log(wti), 20),
        "credit_spread_change_20": _change(spread, 20),
        "treasury_10y_change_20": _change(ten_years, 20),
        "yield_slope_10y_2y": slope,
        "yield_slope_change_20": _change(slope, 20),
        "dollar_return_20": _change(_log(dollar), 20),
    }
    return {name: values[:, None] for name, values in found.items()}


def sensitivities(
    log_return_1: np.ndarray, market: Mapping[str, np.ndarray]
) -> dict[str, np.ndarray]:
    """Return how far an instrument moves with a series, shape (T, N) each.

    Slope of an instrument's 60 log returns on the changes of the same sessions: log changes for
    ``vix_beta_60``, ``wti_beta_60`` and ``dollar_beta_60``, percentage points of the ten-year
    yield for ``treasury_10y_beta_60``. Sessions on which one side is absent are left out; NaN
    with less than 80% of them.
    """
    changes = {
        "vix_beta_60": _change(_log(market["vix"]), 1),
        "wti_beta_60": _change(_log(market["wti"]), 1),
        "treasury_10y_beta_60": _change(market["treasury_10y"], 1),
        "dollar_beta_60": _change(_log(market["dollar_index"]), 1),
    }
    nothing = np.full((1, 1), np.nan)
    return {
        name: Moments.of(change[:, None], log_return_1, 60).slope
        if np.isfinite(change).any()
        else np.broadcast_to(nothing, log_return_1.shape)
        for name, change in changes.items()
    }


def slopes(market: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return the slopes of the yield curve whose two ends are known, shape (T,) each.

    ``yield_slope_10y_2y`` and ``yield_slope_10y_3m``: the ten-year Treasury yield less the
    two-year and the three-month one, percentage points.
    """
    return {
        f"yield_slope_10y_{short}": market["treasury_10y"] - market[f"treasury_{short}"]
        for short in ("2y", "3m")
        if {"treasury_10y", f"treasury_{short}"} <= set(market)
    }


def _log(values: np.ndarray) -> np.ndarray:
    return np.log(np.where(values > 0, values, np.nan))


def _change(values: np.ndarray, sessions: int) -> np.ndarray:
    out = np.full(len(values), np.nan)
    out[sessions:] = values[sessions:] - values[:-sessions]
    return out


def _whole(values: np.ndarray, window: int) -> np.ndarray:
    """Say on which sessions the last ``window`` values are all present."""
    return np.asarray(over_windows(np.all, np.isfinite(values), window) == 1)


def _percentile(windows: np.ndarray, axis: int) -> np.ndarray:
    below = np.count_nonzero(windows <= windows[:, -1:], axis=axis)
    return np.asarray(below / windows.shape[axis])
