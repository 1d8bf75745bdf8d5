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
import torch
from pydantic import Field
from torch import Tensor, nn

from foundation.contracts import MarketWindow
from foundation.kernel import OperatorError, Part
from foundation.market_model.answers import Answers
from foundation.market_model.inputs import Labels, ModelData
from foundation.market_model.network.model import LEVELS
from foundation.market_model.numerics import seeded
from foundation.quant.returns import log_returns

SERIES: tuple[str, ...] = ("return", "gap", "high", "low", "volume", "rsi", "macd")
"""The seven inputs: close, open, high and low in logs over the close before, volume in logs over
its past twenty sessions' mean, RSI and MACD's histogram over the close."""
RETURN, GAP = SERIES.index("return"), SERIES.index("gap")
FAR = 5.0
"""Standardised inputs are cut at so many deviations."""


class TransferRecipe(Part):
    """Everything that decides a parent and its children.

    Attributes
    ----------
    hidden, layers, dropout
        Of the parent's LSTM.
    context, block : int
        Sessions before a block, and in it.
    ahead : int
        Sessions foretold; returns are summed over them.
    epochs, batch, learning_rate
        Of the parent, by Adam.
    ridges : tuple of float
        Penalties on a child's layer, in sessions' worth of evidence for the parent; the one with
        the smallest error on the last ``held_back`` sessions is taken, the same for all stocks.
    """

    name: str = "lstm-transfer"
    hidden: int = Field(default=128, ge=1)
    layers: int = Field(default=3, ge=1)
    dropout: float = Field(default=0.2, ge=0, lt=1)
    context: int = Field(default=60, ge=1)
    block: int = Field(default=64, ge=1)
    ahead: int = Field(default=5, ge=1)
    epochs: int = Field(default=20, ge=1)
    batch: int = Field(default=4, ge=1)
    learning_rate: float = Field(default=1e-3, gt=0)
    ridges: tuple[float, ...] = (100.0, 1000.0, 10000.0)
    held_back: int = Field(default=63, ge=1)
    threads: int = Field(default=1, ge=1)
    seed: int = 20181228


class Parent(nn.Module):
    """Stacked LSTM and one linear map to all that is foretold."""

    def __init__(self, recipe: TransferRecipe) -> None:
        super().__init__()
        self.recurrent = nn.LSTM(
            len(SERIES),
            recipe.hidden,
            recipe.layers,
            batch_first=True,
            dropout=recipe.dropout if recipe.layers > 1 else 0.0,
        )
        self.out = nn.Linear(recipe.hidden, recipe.ahead * len(SERIES))

    def states(self, series: Tensor) -> Tensor:
        """Return the last layer's states (batch, sessions, hidden) of (batch, sessions, 7)."""
        states: Tensor = self.recurrent(series)[0]
        return states


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
        parent = _raise_parent(_market_mean(standard, past), stop, recipe)
        states = _states(parent, standard, range(stop), recipe)
        coming = _coming(standard, past, stop, recipe.ahead)
        children, ridge = _children(states, coming, parent, recipe)
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
        states = _states(family.parent, standard, rows, family.recipe)
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


def _market_mean(standard: np.ndarray, past: np.ndarray) -> np.ndarray:
    """Return the mean over the symbols that have an input, (T, 7)."""
    present = np.isfinite(past)
    return (standard * present).sum(axis=1) / np.maximum(present.sum(axis=1), 1)


def _coming(standard: np.ndarray, past: np.ndarray, stop: int, ahead: int) -> np.ndarray:
    """Return the inputs of the next sessions, (stop, N, ahead * 7); NaN where absent."""
    known = np.where(np.isfinite(past), standard, np.nan)
    windows = np.lib.stride_tricks.sliding_window_view(known[1:], ahead, axis=0)[:stop]
    return windows.swapaxes(2, 3).reshape(stop, standard.shape[1], -1)


def _raise_parent(mean_series: np.ndarray, stop: int, recipe: TransferRecipe) -> Parent:
    """Train on the market's mean series, blocks of it drawn anew in every epoch."""
    parent = Parent(recipe)
    series = torch.from_numpy(np.ascontiguousarray(mean_series, np.float32))
    coming = series[1:].unfold(0, recipe.ahead, 1)[:stop].mT.flatten(1)
    length = min(recipe.context + recipe.block, stop)
    optimizer = torch.optim.Adam(parent.parameters(), lr=recipe.learning_rate)
    draw = np.random.default_rng(recipe.seed)
    blocks = -(-stop // recipe.block)
    for _ in range(recipe.epochs):
        begins = torch.from_numpy(draw.integers(0, stop - length + 1, blocks))
        for some in begins.split(recipe.batch):
            rows = some[:, None] + torch.arange(length)
            said = parent.out(parent.states(series[rows]))
            late = slice(min(recipe.context, length - 1), None)
            error = (said - coming[rows])[:, late]
            optimizer.zero_grad()
            error.square().mean().backward()
            optimizer.step()
    return parent.eval()


def _states(
    parent: Parent, standard: np.ndarray, rows: range, recipe: TransferRecipe
) -> np.ndarray:
    """Return the frozen parent's states of some rows, float32 (rows, N, hidden).

    Blocks are counted from row 0 and always of one length: what lies before the first row and
    after the last counts as the mean, so that no row feels what comes after it.
    """
    first = rows.start - rows.start % recipe.block
    count = -(-(rows.stop - first) // recipe.block)
    symbols = standard.shape[1]
    known = standard[: rows.stop]
    padded = np.zeros((recipe.context + first + count * recipe.block, symbols, len(SERIES)), "f4")
    padded[recipe.context : recipe.context + len(known)] = known
    out = np.empty((count * recipe.block, symbols, recipe.hidden), np.float32)
    with torch.inference_mode():
        for i in range(count):
            at = first + i * recipe.block
            part = padded[at : at + recipe.context + recipe.block].swapaxes(0, 1)
            states = parent.states(torch.from_numpy(np.ascontiguousarray(part)))
            block = states[:, recipe.context :].numpy().swapaxes(0, 1)
            out[i * recipe.block : (i + 1) * recipe.block] = block
    return out[rows.start - first : rows.stop - first]


def _children(
    states: np.ndarray, coming: np.ndarray, parent: Parent, recipe: TransferRecipe
) -> tuple[np.ndarray, float]:
    """Return every stock's correction of the parent's answer, and the penalty that was taken."""
    stop = len(states)
    cut = stop - recipe.held_back
    learnt, late = slice(0, cut - recipe.ahead), slice(cut, stop)
    missing = coming - _by_parent(parent, states)
    errors = {}
    for ridge in recipe.ridges:
        layer = batched_ridge(states[learnt], missing[learnt], ridge)
        errors[ridge] = float(np.nanmean((missing[late] - _layer(layer, states[late])) ** 2))
    best = min(errors, key=lambda ridge: (errors[ridge], -ridge))
    return batched_ridge(states, missing, best), best


def batched_ridge(inputs: np.ndarray, outcome: np.ndarray, ridge: float) -> np.ndarray:
    """Return one ridge regression per stock, bias included and not penalised, (N, F + 1, K).

    Parameters
    ----------
    inputs : float array, shape (T, N, F)
    outcome : float array, shape (T, N, K)
        A session of which any entry is NaN is left out for its stock.
    ridge : float
        Added to the diagonal of the inputs' products.
    """
    known = np.isfinite(outcome).all(axis=-1)
    x = np.concatenate([inputs, np.ones((*inputs.shape[:2], 1), inputs.dtype)], axis=-1)
    x = (x * known[..., None]).astype(float).swapaxes(0, 1)
    y = np.where(known[..., None], outcome, 0.0).swapaxes(0, 1)
    products = x.swapaxes(1, 2) @ x
    penalty = np.full(x.shape[-1], ridge)
    penalty[-1] = 1e-9
    products += np.diag(penalty)
    return np.linalg.solve(products, x.swapaxes(1, 2) @ y)


def _by_parent(parent: Parent, states: np.ndarray) -> np.ndarray:
    with torch.inference_mode():
        out: np.ndarray = parent.out(torch.from_numpy(states)).numpy()
    return out


def _layer(layer: np.ndarray, states: np.ndarray) -> np.ndarray:
    """Return (T, N, K) of states (T, N, H) and layers (N, H + 1, K)."""
    corrected = states.swapaxes(0, 1).astype(float) @ layer[:, :-1] + layer[:, -1:]
    return corrected.swapaxes(0, 1)


def _expected(family: Family, states: np.ndarray, entry: str) -> np.ndarray:
    """Return the log return from the entry that parent and children foretell, (T, N)."""
    said = _by_parent(family.parent, states) + _layer(family.children, states)
    said = said.reshape(*said.shape[:2], family.recipe.ahead, len(SERIES))
    total = said[..., RETURN].sum(axis=-1) * family.deviation[:, RETURN]
    total = total + family.recipe.ahead * family.mean[:, RETURN]
    if entry == "close":
        return total
    gap = said[:, :, 0, GAP] * family.deviation[:, GAP] + family.mean[:, GAP]
    return total - gap
