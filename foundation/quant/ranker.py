"""Ranks the stocks of a session by what the coming sessions may bring: LightGBM's lambdarank.

Burges (2010), "From RankNet to LambdaRank to LambdaMART", Microsoft Research MSR-TR-2010-82, on
gradient-boosted trees (Ke et al. 2017, NeurIPS 30). A session's stocks are one query; the relevance
of a stock is the fifth of the cross-section that its return over the horizon fell into. Trained
walk-forward; how many trees are used is earned on the last part of the known past, down to none,
and then every stock ranks alike.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from foundation.contracts import MarketWindow
from foundation.quant.labels import entry_prices, returns_from_entry
from foundation.quant.quantiles import model_inputs
from foundation.quant.settings import QuantileSettings, RankerSettings

if TYPE_CHECKING:
    import lightgbm as lgb


@dataclass(frozen=True)
class Ranking:
    """Walk-forward ranks of every session's stocks.

    Attributes
    ----------
    score : float64 array (T, N)
        Rank within the session from 0 (lowest expected return) to 1, ties at their mean; NaN
        before the first refit and for what is not ranked.
    refit_rows : tuple of int
    rounds : tuple of int
        Trees of each refit; 0 where the features had earned nothing.
    importance : dict of str to float
        Share of the last model's gain by input; empty where it has no trees.
    """

    score: np.ndarray
    refit_rows: tuple[int, ...]
    rounds: tuple[int, ...]
    importance: dict[str, float]


def walk_forward_ranking(
    window: MarketWindow, volatility: np.ndarray, settings: RankerSettings
) -> Ranking:
    """Train at each refit row on outcomes known there, and rank until the next.

    Parameters
    ----------
    window : MarketWindow
    volatility : float64 array, shape (T, N)
        Past-only forecast volatility; where it is absent a stock is not ranked.

    Notes
    -----
    Only equities are ranked, and sessions with fewer than ``least_stocks`` of them are left out.
    Inputs that all stocks share on a session say nothing about their order and are left out.
    """
    bars = window.bars
    closes = bars.field("close")
    known = np.isfinite(volatility)
    known &= np.array([i.kind == "equity" for i in window.instruments])
    known &= known.sum(axis=1, keepdims=True) >= settings.least_stocks
    entry = entry_prices(bars.field("open"), closes)
    outcome = np.where(known, returns_from_entry(entry, closes, settings.horizon), np.nan)
    relevance = fifths(outcome, settings.least_stocks)
    columns = QuantileSettings(
        features=settings.features,
        price_unit_features=settings.price_unit_features,
        market_series=(),
    )
    inputs = model_inputs(window, volatility, columns)

    score = np.full(closes.shape, np.nan)
    refits, rounds, importance = _refit_rows(known, settings), [], {}
    for row, end in zip(refits, (*refits, len(closes))[1:], strict=True):
        first, stop = max(0, row + 1 - settings.fit_window), row + 1 - settings.horizon
        model = _fit(inputs, relevance, outcome, first, stop, settings)
        rounds.append(0 if model is None else model.num_trees())
        importance = {} if model is None else _importance(model, settings.features)
        asked = known[row:end]
        said = np.zeros(asked.sum()) if model is None else model.predict(inputs[row:end][asked])
        block = np.full(asked.shape, np.nan)
        block[asked] = said
        score[row:end] = percentiles(block)
    return Ranking(score, refits, tuple(rounds), importance)


def fifths(outcome: np.ndarray, least: int) -> np.ndarray:
    """Return the fifth (0 lowest to 4) of each session's cross-section, (T, N); NaN where absent
    or where fewer than ``least`` outcomes are known."""
    rank = percentiles(outcome)
    enough = np.isfinite(outcome).sum(axis=1, keepdims=True) >= least
    return np.where(enough & np.isfinite(rank), np.minimum(np.floor(rank * 5), 4), np.nan)


def percentiles(values: np.ndarray) -> np.ndarray:
    """Return ranks within each row from 0 to 1, ties at their mean; a row of one is at 1/2."""
    import pandas as pd

    frame = pd.DataFrame(values)
    rank = frame.rank(axis=1).to_numpy() - 1
    count = np.isfinite(values).sum(axis=1, keepdims=True)
    return np.where(
        count > 1, rank / np.maximum(count - 1, 1), np.where(np.isfinite(rank), 0.5, rank)
    )


def rank_correlation(score: np.ndarray, outcome: np.ndarray, least: int) -> np.ndarray:
    """Return each session's Spearman correlation of scores and outcomes (rank IC), (T,).

    NaN on sessions with fewer than ``least`` pairs, or where all scores are alike.
    """
    both = np.isfinite(score) & np.isfinite(outcome)
    a = percentiles(np.where(both, score, np.nan))
    b = percentiles(np.where(both, outcome, np.nan))
    count = both.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        a = a - np.nansum(a, axis=1, keepdims=True) / count[:, None]
        b = b - np.nansum(b, axis=1, keepdims=True) / count[:, None]
        spread = np.sqrt(np.nansum(a * a, axis=1) * np.nansum(b * b, axis=1))
        found = np.nansum(a * b, axis=1) / spread
    return np.where((count >= least) & (spread > 1e-12), found, np.nan)


def newey_west_t(values: np.ndarray, lags: int) -> tuple[float, float]:
    """Return the mean of a series and its t-statistic with Newey & West's (1987) variance.

    NaN values are left out. Overlapping outcomes of ``h`` sessions need at least ``h - 1`` lags.
    """
    x = values[np.isfinite(values)]
    if len(x) <= lags + 1:
        return float("nan"), float("nan")
    mean = float(x.mean())
    e = x - mean
    variance = float(e @ e) / len(e)
    for lag in range(1, lags + 1):
        variance += 2 * (1 - lag / (lags + 1)) * float(e[lag:] @ e[:-lag]) / len(e)
    return mean, mean / float(np.sqrt(max(variance, 1e-30) / len(e)))


def _fit(
    inputs: np.ndarray,
    relevance: np.ndarray,
    outcome: np.ndarray,
    first: int,
    stop: int,
    settings: RankerSettings,
) -> lgb.Booster | None:
    """Choose the rounds on what is held back, then train on the whole known past; None for none."""
    cut = stop - round(settings.held_back * (stop - first))
    early = _queries(inputs, relevance, slice(first, max(first, cut - settings.horizon)), settings)
    if early is None:
        return None
    tried = _boosted(early, settings.rounds, settings)
    late = slice(cut, stop)
    gains = {0: 0.0}
    asked = np.isfinite(relevance[late])
    for rounds in settings.round_choices:
        if rounds == 0:
            continue
        said = np.full(asked.shape, np.nan)
        if asked.any():
            said[asked] = tried.predict(inputs[late][asked], num_iteration=rounds)
        found = rank_correlation(said, outcome[late], settings.least_stocks)
        gains[rounds] = float(np.nanmean(found)) if np.isfinite(found).any() else 0.0
    best = max(gains, key=lambda rounds: (gains[rounds], -rounds))
    everything = _queries(inputs, relevance, slice(first, stop), settings)
    if best == 0 or everything is None:
        return None
    return _boosted(everything, best, settings)


def _queries(
    inputs: np.ndarray, relevance: np.ndarray, rows: slice, settings: RankerSettings
) -> tuple[np.ndarray, np.ndarray, np.ndarray] | None:
    """Return inputs, relevance and stocks per session of every ``every``-th session."""
    kept = slice(rows.start, rows.stop, settings.every)
    known = np.isfinite(relevance[kept])
    sizes = known.sum(axis=1)
    if (sizes > 0).sum() < 2:
        return None
    return inputs[kept][known], relevance[kept][known], sizes[sizes > 0]


def _boosted(
    queries: tuple[np.ndarray, np.ndarray, np.ndarray], rounds: int, settings: RankerSettings
) -> lgb.Booster:
    import lightgbm as lgb

    rows, relevance, sizes = queries
    parameters = {
        "objective": "lambdarank",
        "label_gain": [0, 1, 2, 3, 4],
        "lambdarank_truncation_level": settings.truncation,
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
    data = lgb.Dataset(rows, label=relevance, group=sizes, params=parameters)
    return lgb.train(parameters, data, rounds)


def _importance(model: lgb.Booster, features: tuple[str, ...]) -> dict[str, float]:
    gain = model.feature_importance("gain")
    names = (*features, "volatility")
    total = float(gain.sum())
    if total <= 0:
        return {}
    order = np.argsort(-gain)
    return {names[i]: float(gain[i] / total) for i in order if gain[i] > 0}


def _refit_rows(known: np.ndarray, settings: RankerSettings) -> tuple[int, ...]:
    rows = np.flatnonzero(known.any(axis=1))
    if not rows.size:
        return ()
    first = int(rows[0]) + settings.minimum_sessions
    return tuple(range(first, len(known), settings.refit_every))
