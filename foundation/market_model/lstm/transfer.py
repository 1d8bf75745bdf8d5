"""Parent and children: an LSTM of the whole market, and one small layer of each stock's own.

A comparison model. The parent reads the market's mean series and foretells the seven inputs of each
of the next five sessions (60 x 7 -> 5 x 7, three layers of 128); frozen, it then reads each stock,
and the stock's own layer corrects what the parent would say. Yosinski et al. (2014, NeurIPS 27)
for transfer of frozen layers; the layers of all stocks are one batched ridge regression.

The recurrent part runs once over blocks of sessions with ``context`` sessions before each, not
once per window: each session's state has at least its window's past.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from foundation.contracts import MarketWindow
from foundation.kernel import OperatorError
from foundation.market_model.answers import Answers
from foundation.market_model.inputs import Labels, ModelData
from foundation.market_model.lstm.children import fit_children, layer_added
from foundation.market_model.lstm.parent import (
    FAR,
    GAP,
    RETURN,
    SERIES,
    Parent,
    TransferRecipe,
    market_mean,
    parent_states,
    raise_parent,
    said_by_parent,
)
from foundation.market_model.network.model import LEVELS
from foundation.market_model.numerics import seeded
from foundation.quant.returns import log_returns


@dataclass(frozen=True)
class Family:
    """A trained parent and its children.

    Attributes
    ----------
    parent : Parent
    mean, deviation : float arrays, shape (N, 7)
        By which each stock's inputs are standardised.
    children : float array, shape (N, hidden + 1, ahead * 7)
        What each stock's layer adds to the parent's answer; the last row is its bias.
    ridge : float
        The penalty that was taken.
    residuals : float array, shape (3,)
        Past quantiles of (return - foretold) in units of the scale, all stocks together.
    """

    recipe: TransferRecipe
    parent: Parent
    mean: np.ndarray
    deviation: np.ndarray
    children: np.ndarray
    ridge: float
    residuals: np.ndarray


def transfer_inputs(window: MarketWindow) -> np.ndarray:
    """Return the seven inputs of every session and symbol, (T, N, 7); NaN where absent."""
    import pandas as pd

    opens, highs, lows, closes, volume = (
        window.bars.field(f) for f in ("open", "high", "low", "close", "volume")
    )
    usual = pd.DataFrame(volume).rolling(20, min_periods=5).mean().to_numpy()
    returns = log_returns(closes)
    with np.errstate(divide="ignore", invalid="ignore"):
        before = np.log(closes) - returns
        series = np.stack(
            [
                returns,
                np.log(opens) - before,
                np.log(highs) - before,
                np.log(lows) - before,
                np.log(volume) - np.log(usual),
                window.features.field("rsi_14"),
                window.features.field("macd_histogram") / closes,
            ],
            axis=-1,
        )
    series[~np.isfinite(series)] = np.nan
    return series


def fit_family(
    series: np.ndarray,
    data: ModelData,
    labels: Labels,
    *,
    stop: int,
    recipe: TransferRecipe,
    entry: str,
) -> Family:
    """Train parent and children on the rows before ``stop``, whose outcomes are known there.

    Parameters
    ----------
    series : float array, shape (T, N, 7)
    stop : int
        Rows ``s < stop`` are learnt from; row ``s`` is compared with rows to ``s + ahead``.
    entry : "close" or "next open"
        From where the labels' returns run.

    Raises
    ------
    OperatorError
        If there are too few rows.
    """
    if stop - recipe.held_back - recipe.ahead < recipe.context:
        raise OperatorError(
            f"A parent has at least {recipe.context} sessions to learn from",
            value=stop - recipe.held_back - recipe.ahead,
            remedy="begin later, or hold back fewer sessions",
        )
    past = series[: stop + recipe.ahead]
    mean, deviation = _moments(past)
    standard = _standardised(past, mean, deviation)
    with seeded(recipe.seed, recipe.threads):
        parent = raise_parent(market_mean(standard, past), stop, recipe)
        states = parent_states(parent, standard, range(stop), recipe)
        coming = _coming(standard, past, stop, recipe.ahead)
        children, ridge = fit_children(states, coming, parent, recipe)
    untold = Family(recipe, parent, mean, deviation, children, ridge, np.zeros(len(LEVELS)))
    told = _expected(untold, states, entry) / data.scale[:stop]
    errors = (labels.returns[:stop] - told)[np.isfinite(labels.returns[:stop] - told)]
    return Family(recipe, parent, mean, deviation, children, ridge, np.quantile(errors, LEVELS))


def family_answers(
    family: Family, series: np.ndarray, data: ModelData, rows: range, entry: str
) -> Answers:
    """Return what the children say of some rows, from blocks counted from row 0.

    The expected return is the sum of the foretold ones, quantiles stand around it as the past's
    errors did. This model says nothing of targets and stops: ``hit`` is NaN; it has no embedding
    that others could use either.
    """
    standard = _standardised(series, family.mean, family.deviation)
    with seeded(family.recipe.seed, family.recipe.threads):
        states = parent_states(family.parent, standard, rows, family.recipe)
    scale = data.scale[rows.start : rows.stop]
    expected = (_expected(family, states, entry) / scale).astype(np.float32)
    quantiles = expected[..., None] + family.residuals.astype(np.float32)
    return Answers(
        embedding=np.zeros((*expected.shape, 0), np.float32),
        returns=expected,
        hit=np.full(expected.shape, np.nan, np.float32),
        quantiles=quantiles,
        inputs=np.zeros((*expected.shape, 0), np.float32),
    )


def transfer_walk_forward(
    series: np.ndarray,
    data: ModelData,
    labels: Labels,
    recipe: TransferRecipe,
    *,
    refit_rows: Sequence[int],
    entry: str,
) -> Answers:
    """Refit at each row on outcomes known at its close, and answer until the next; else NaN."""
    sessions, symbols = data.scale.shape
    returns, hit = np.full((2, sessions, symbols), np.nan, np.float32)
    quantiles = np.full((sessions, symbols, len(LEVELS)), np.nan, np.float32)
    for row, until in zip(refit_rows, (*refit_rows[1:], sessions), strict=True):
        family = fit_family(
            series, data, labels, stop=row + 1 - recipe.ahead, recipe=recipe, entry=entry
        )
        said = family_answers(family, series, data, range(row, until), entry)
        returns[row:until], quantiles[row:until] = said.returns, said.quantiles
    nothing = np.zeros((sessions, symbols, 0), np.float32)
    return Answers(nothing, returns, hit, quantiles, inputs=nothing)


def _moments(past: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    present = np.isfinite(past)
    count = np.maximum(present.sum(axis=0), 1)
    mean = np.where(present, past, 0.0).sum(axis=0) / count
    square = np.where(present, past - mean, 0.0) ** 2
    deviation = np.sqrt(square.sum(axis=0) / count)
    return mean, np.where(deviation > 1e-12, deviation, 1.0)


def _standardised(series: np.ndarray, mean: np.ndarray, deviation: np.ndarray) -> np.ndarray:
    """Return float32 (T, N, 7); what is absent counts as the mean."""
    return np.clip(np.nan_to_num((series - mean) / deviation), -FAR, FAR).astype(np.float32)


def _coming(standard: np.ndarray, past: np.ndarray, stop: int, ahead: int) -> np.ndarray:
    """Return the inputs of the next sessions, (stop, N, ahead * 7); NaN where absent."""
    known = np.where(np.isfinite(past), standard, np.nan)
    windows = np.lib.stride_tricks.sliding_window_view(known[1:], ahead, axis=0)[:stop]
    return windows.swapaxes(2, 3).reshape(stop, standard.shape[1], -1)


def _expected(family: Family, states: np.ndarray, entry: str) -> np.ndarray:
    """Return the log return from the entry that parent and children foretell, (T, N)."""
    said = said_by_parent(family.parent, states) + layer_added(family.children, states)
    said = said.reshape(*said.shape[:2], family.recipe.ahead, len(SERIES))
    total = said[..., RETURN].sum(axis=-1) * family.deviation[:, RETURN]
    total = total + family.recipe.ahead * family.mean[:, RETURN]
    if entry == "close":
        return total
    gap = said[:, :, 0, GAP] * family.deviation[:, GAP] + family.mean[:, GAP]
    return total - gap
