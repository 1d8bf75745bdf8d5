"""The parent of the LSTM comparison: its recipe, its inputs, what it learns of the whole market."""

from __future__ import annotations

import numpy as np
import torch
from pydantic import Field
from torch import Tensor, nn

from foundation.kernel import Part

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


def market_mean(standard: np.ndarray, past: np.ndarray) -> np.ndarray:
    """Return the mean over the symbols that have an input, (T, 7)."""
    present = np.isfinite(past)
    return (standard * present).sum(axis=1) / np.maximum(present.sum(axis=1), 1)


def raise_parent(mean_series: np.ndarray, stop: int, recipe: TransferRecipe) -> Parent:
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


def parent_states(
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


def said_by_parent(parent: Parent, states: np.ndarray) -> np.ndarray:
    """Return what a parent foretells from its states (..., hidden): (..., ahead * 7)."""
    with torch.inference_mode():
        out: np.ndarray = parent.out(torch.from_numpy(states)).numpy()
    return out
