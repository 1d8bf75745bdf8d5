"""LightGBM quantiles of the five-session return and the odds of target before stop.

Trained walk-forward on all symbols pooled. The label is the five-session log return in units
of its GARCH forecast volatility, so that one model serves a calm index and a wild stock; its
answer is multiplied by the volatility again. Quantile regression by pinball loss (Koenker &
Bassett 1978, Econometrica 46) on gradient-boosted trees (Ke et al. 2017, NeurIPS 30); quantiles
are made non-crossing by rearrangement, which on a grid is sorting and never hurts the pinball
loss (Chernozhukov, Fernandez-Val & Galichon 2010, Econometrica 78).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from foundation.contracts import MarketWindow
from foundation.quant.labels import standardised_returns, target_before_stop
from foundation.quant.settings import QuantileSettings

if TYPE_CHECKING:
    import lightgbm as lgb

LEVELS: tuple[float, ...] = (0.1, 0.5, 0.9)
"""Quantile levels, in the order of the output."""

SWANSON: tuple[float, ...] = (0.3, 0.4, 0.3)
"""Weights of q10, q50, q90 in Swanson's rule for a mean (Hurst, Brown & Swanson 2000)."""


@dataclass(frozen=True)
class QuantileForecasts:
    """Walk-forward forecasts; NaN before the first refit and where volatility is absent.

    Attributes
    ----------
    quantiles : float64 array, shape (T, N, 3)
        q10, q50 and q90 of the log return over the horizon; they never cross.
    hit_probability : float64 array, shape (T, N)
        Chance that close + 1 volatility is touched before close - 1 volatility.
    refit_rows : tuple of int
        Rows at whose close the model was trained anew; forecasts from that row on use it.
    """

    quantiles: np.ndarray
    hit_probability: np.ndarray
    refit_rows: tuple[int, ...]

    @property
    def expected_return(self) -> np.ndarray:
        """Mean log return by Swanson's rule: ``0.3 q10 + 0.4 q50 + 0.3 q90``, shape (T, N)."""
        return self.quantiles @ np.array(SWANSON)


def walk_forward_quantiles(
    window: MarketWindow, volatility: np.ndarray, settings: QuantileSettings
) -> QuantileForecasts:
    """Train at each refit row on labels known there, and forecast until the next.

    Parameters
    ----------
    window : MarketWindow
    volatility : float64 array, shape (T, N)
        Past-only volatility forecast of the log return over the horizon.

    Notes
    -----
    A row ``s`` enters the training at refit row ``t`` only if ``s + horizon <= t``: no label
    reaches past the close at which the model is trained. The first refit comes
    ``minimum_sessions`` after the first row of known volatility.
    """
    bars = window.bars
    closes, highs, lows = (bars.field(f) for f in ("close", "high", "low"))
    horizon = settings.horizon
    label = standardised_returns(closes, volatility, horizon)
    hit = target_before_stop(highs, lows, closes, volatility, horizon)
    inputs = model_inputs(window, volatility, settings)

    sessions, symbols = closes.shape
    quantiles = np.full((sessions, symbols, len(LEVELS)), np.nan)
    odds = np.full((sessions, symbols), np.nan)
    answerable = ~np.isnan(volatility)
    refits = _refit_rows(answerable, settings)
    for row, end in zip(refits, (*refits, sessions)[1:], strict=True):
        rows = slice(max(0, row + 1 - settings.fit_window), row + 1 - horizon)
        usable = ~np.isnan(label[rows])
        trees = _train(inputs[rows][usable], label[rows][usable], hit[rows][usable], settings)
        wanted = answerable[row:end]
        asked = inputs[row:end][wanted]
        *standard, chance = (booster.predict(asked) for booster in trees)
        scale = volatility[row:end][wanted]
        quantiles[row:end][wanted] = np.sort(np.stack(standard, axis=-1), axis=-1) * scale[:, None]
        odds[row:end][wanted] = chance
    return QuantileForecasts(quantiles, odds, refits)


def model_inputs(
    window: MarketWindow, volatility: np.ndarray, settings: QuantileSettings
) -> np.ndarray:
    """Return what the trees see, shape (T, N, F): nothing in price units, nothing later.

    The window's features (those in price units over the close), the forecast volatility, and
    each market-wide series standardised by its own past ``market_window`` sessions, as level
    and as change over five sessions. NaN stays NaN: the trees have a branch for it.
    """
    closes = window.bars.field("close")
    features = np.array(window.features.values)
    for name in settings.price_unit_features:
        if window.features.has(name):
            features[:, :, window.features.index_of("fields", name)] /= closes
    market = _standardised(window.market.values[:, 0, :], settings.market_window)
    change = np.full(market.shape, np.nan)
    change[5:] = market[5:] - market[:-5]
    wide = np.concatenate([market, change], axis=-1)[:, None, :]
    wide = np.broadcast_to(wide, (*closes.shape, wide.shape[-1]))
    inputs = np.concatenate([features, volatility[..., None], wide], axis=-1)
    inputs[~np.isfinite(inputs)] = np.nan
    return inputs


def _standardised(series: np.ndarray, window: int) -> np.ndarray:
    """Return (T, M) deviations from the past mean in past standard deviations, window included."""
    import pandas as pd

    rolling = pd.DataFrame(series).rolling(window, min_periods=window // 4)
    deviation = rolling.std().to_numpy()
    return (series - rolling.mean().to_numpy()) / np.where(deviation > 1e-12, deviation, np.nan)


def _refit_rows(answerable: np.ndarray, settings: QuantileSettings) -> tuple[int, ...]:
    known = np.flatnonzero(answerable.any(axis=1))
    if not known.size:
        return ()
    first = int(known[0]) + settings.minimum_sessions
    return tuple(range(first, len(answerable), settings.refit_every))


def _train(
    inputs: np.ndarray, label: np.ndarray, hit: np.ndarray, settings: QuantileSettings
) -> list[lgb.Booster]:
    """Return the boosters of q10, q50, q90 and of the hit, in this order."""
    import lightgbm as lgb

    common = {
        "num_leaves": settings.leaves,
        "learning_rate": settings.learning_rate,
        "min_data_in_leaf": settings.minimum_leaf,
        "feature_fraction": settings.feature_fraction,
        "max_bin": 63,
        "num_threads": settings.threads,
        "seed": settings.seed,
        "deterministic": True,
        "force_row_wise": True,
        "verbosity": -1,
    }
    binning = {
        k: common[k]
        for k in (
            "max_bin",
            "min_data_in_leaf",
            "seed",
            "verbosity",
            "force_row_wise",
            "num_threads",
            "deterministic",
        )
    }
    rows = lgb.Dataset(inputs, label=label, params=binning, free_raw_data=False).construct()
    boosters = [
        lgb.train({**common, "objective": "quantile", "alpha": level}, rows, settings.rounds)
        for level in LEVELS
    ]
    rows.set_label(hit)
    boosters.append(lgb.train({**common, "objective": "binary"}, rows, settings.rounds))
    return boosters
