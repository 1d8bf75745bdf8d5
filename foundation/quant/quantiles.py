"""LightGBM quantiles of the five-session return and the odds of target before stop.

Trained walk-forward on all symbols pooled. The label is the five-session log return in units
of its GARCH forecast volatility, so that one model serves a calm index and a wild stock; its
answer is multiplied by the volatility again. How many trees are used is earned on the past
(``trees``); with none, the pooled past quantile times the volatility answers.

Quantile regression by pinball loss (Koenker & Bassett 1978, Econometrica 46) on gradient-boosted
trees (Ke et al. 2017, NeurIPS 30). Quantiles are made non-crossing by rearrangement, which on a
grid is sorting and never hurts the pinball loss (Chernozhukov, Fernandez-Val & Galichon 2010,
Econometrica 78).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from foundation.contracts import MarketWindow
from foundation.quant.labels import entry_prices, returns_from_entry, target_before_stop
from foundation.quant.settings import QuantileSettings
from foundation.quant.trees import Rows, Task, fit

LEVELS: tuple[float, ...] = (0.1, 0.5, 0.9)
"""Quantile levels, in the order of the output."""

TASKS: tuple[Task, ...] = (*(Task(level) for level in LEVELS), Task(None))
"""One model each: the quantiles, then the odds of target before stop."""

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
    rounds : tuple of tuples of int
        Boosting rounds of q10, q50, q90 and the odds at each refit; 0 where the features had
        earned nothing on the part of the past held back, so that the plain past answers.
    """

    quantiles: np.ndarray
    hit_probability: np.ndarray
    refit_rows: tuple[int, ...]
    rounds: tuple[tuple[int, ...], ...]

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
    entry = closes if settings.entry == "close" else entry_prices(bars.field("open"), closes)
    label = returns_from_entry(entry, closes, horizon) / volatility
    hit = target_before_stop(highs, lows, closes, volatility, horizon, entry)
    inputs = model_inputs(window, volatility, settings)

    sessions, symbols = closes.shape
    quantiles = np.full((sessions, symbols, len(LEVELS)), np.nan)
    odds = np.full((sessions, symbols), np.nan)
    answerable = ~np.isnan(volatility)
    refits, rounds = _refit_rows(answerable, settings), []
    for row, end in zip(refits, (*refits, sessions)[1:], strict=True):
        first, stop = max(0, row + 1 - settings.fit_window), row + 1 - horizon
        cut = stop - round(settings.held_back * (stop - first))
        early, late, everything = (
            _rows(inputs, label, hit, slice(*span))
            for span in ((first, max(first, cut - horizon)), (cut, stop), (first, stop))
        )
        models = fit(TASKS, early, late, everything, settings)
        rounds.append(tuple(model.rounds for model in models))
        wanted = answerable[row:end]
        asked = inputs[row:end][wanted]
        *standard, chance = (model.answer(asked) for model in models)
        scale = volatility[row:end][wanted]
        quantiles[row:end][wanted] = np.sort(np.stack(standard, axis=-1), axis=-1) * scale[:, None]
        odds[row:end][wanted] = chance
    return QuantileForecasts(quantiles, odds, refits, tuple(rounds))


def past_quantiles(
    outcome: np.ndarray, scale: np.ndarray, *, horizon: int, every: int = 21, least: int = 1000
) -> np.ndarray:
    """Return the pooled past quantiles of standardised outcomes times the scale, (T, N, 3).

    The plainest use of a volatility forecast (filtered historical simulation: Barone-Adesi,
    Giannopoulos & Vosper 1999, J. Futures Markets 19), and what features must beat.

    Parameters
    ----------
    outcome : float array, shape (T, N)
        Returns over the horizon in units of the scale; what began at row ``s`` is known at row
        ``s + horizon``.
    scale : float array, shape (T, N)
    every : int
        Rows for which quantiles hold.
    least : int
        Known outcomes below which nothing is said (NaN).
    """
    unknown = np.full(outcome.shape, np.nan)
    past = pooled_past(outcome, unknown, horizon=horizon, every=every, least=least)
    return past.quantiles[:, None, :] * scale[..., None]


@dataclass(frozen=True)
class PooledPast:
    """What had happened by each row, over all symbols; NaN where too little was known.

    Attributes
    ----------
    mean : float array, shape (T,)
        Mean outcome.
    hit : float array, shape (T,)
        Share of hits, one half of a hit and of a miss added (Krichevsky & Trofimov 1981, IEEE
        Trans. Inf. Theory 27), so that it is never nought or one.
    quantiles : float array, shape (T, 3)
        q10, q50 and q90 of the outcomes.
    """

    mean: np.ndarray
    hit: np.ndarray
    quantiles: np.ndarray


def pooled_past(
    outcome: np.ndarray, hit: np.ndarray, *, horizon: int, every: int = 21, least: int = 1000
) -> PooledPast:
    """Return what outcomes known at each row say of the next, with no features asked.

    Parameters
    ----------
    outcome, hit : float arrays, shape (T, N)
        Returns over the horizon in units of their scale, and whether the target was touched
        before the stop; what began at row ``s`` is known at row ``s + horizon``.
    every, least : int
        As in ``past_quantiles``.
    """
    mean, share = np.full((2, len(outcome)), np.nan)
    quantiles = np.full((len(outcome), len(LEVELS)), np.nan)
    known = np.isfinite(outcome)
    counts = np.cumsum(known.sum(axis=1))
    hits, asked = (np.cumsum(x) for x in (np.nansum(hit, axis=1), np.isfinite(hit).sum(axis=1)))
    for row in range(horizon - 1, len(outcome), every):
        stop, held = row + 1 - horizon, slice(row, row + every)
        if stop and counts[stop - 1] >= least:
            past = outcome[:stop][known[:stop]]
            mean[held], quantiles[held] = past.mean(), np.quantile(past, LEVELS)
            if asked[stop - 1]:
                share[held] = (hits[stop - 1] + 0.5) / (asked[stop - 1] + 1)
    return PooledPast(mean, share, quantiles)


def _rows(inputs: np.ndarray, label: np.ndarray, hit: np.ndarray, rows: slice) -> Rows:
    """Return the samples of some sessions whose label is known, in order of time."""
    known = ~np.isnan(label[rows])
    returns, hits = label[rows][known], hit[rows][known]
    return Rows(inputs[rows][known], (*[returns] * len(LEVELS), hits))


def model_inputs(
    window: MarketWindow, volatility: np.ndarray, settings: QuantileSettings
) -> np.ndarray:
    """Return what the trees see, shape (T, N, F): nothing in price units, nothing later.

    The features that the settings name (those in price units over the close), the forecast
    volatility, and each market-wide series named there standardised by its own past
    ``market_window`` sessions, as level and as change over five sessions. NaN stays NaN: the trees
    have a branch for it.

    Raises
    ------
    OperatorError
        If the window lacks a feature or a series that the settings name.
    """
    closes = window.bars.field("close")
    features = np.array(window.features.select(fields=settings.features).values)
    for name in settings.price_unit_features:
        if name in settings.features:
            features[:, :, settings.features.index(name)] /= closes
    series = window.market.select(fields=settings.market_series).values[:, 0, :]
    market = _standardised(series, settings.market_window)
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
