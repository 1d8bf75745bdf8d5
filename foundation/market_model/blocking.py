"""Cuts a market's history into blocks of sessions, standardised, as tensors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from foundation.kernel import OperatorError
from foundation.market_model.inputs import (
    KINDS,
    KNOWN,
    LIQUIDITY,
    MARKET_REGIMES,
    SECTORS,
    Labels,
    ModelData,
)
from foundation.market_model.network.encoder import Block
from foundation.market_model.network.graph import correlations, edges
from foundation.market_model.network.model import Surroundings, Vocabulary
from foundation.market_model.recipe import MarketModelRecipe

FAR = 5.0
"""Standardised inputs are cut here: beyond five deviations a value says "extreme", no more."""


@dataclass(frozen=True)
class Scaling:
    """Mean and deviation of every observed input over the training sessions, each (F,)."""

    mean: np.ndarray
    deviation: np.ndarray

    @classmethod
    def of(cls, data: ModelData, rows: slice) -> Scaling:
        """Return the scaling of some sessions; an input that never varies there is centred only."""
        seen = data.observed[rows].reshape(-1, data.observed.shape[-1]).astype(float)
        present = np.isfinite(seen)
        count = np.maximum(present.sum(axis=0), 1)
        mean = np.where(present, seen, 0.0).sum(axis=0) / count
        spread = np.where(present, seen - mean, 0.0)
        deviation = np.sqrt((spread**2).sum(axis=0) / count)
        return cls(mean, np.where(deviation > 1e-12, deviation, 1.0))

    def apply(self, observed: np.ndarray) -> np.ndarray:
        """Return standardised float32 inputs; NaN stays NaN."""
        scaled = (observed - self.mean) / self.deviation
        return np.clip(scaled, -FAR, FAR).astype(np.float32)


def vocabulary(data: ModelData) -> Vocabulary:
    """Return how many variables and categories a market's inputs have."""
    return Vocabulary(
        observed=data.observed.shape[-1],
        known=len(KNOWN),
        known_codes=(7, 12),
        statics=(len(SECTORS) + 1, len(KINDS)),
        sectors=len(SECTORS) + 1,
        liquidity=len(LIQUIDITY),
        market_regimes=len(MARKET_REGIMES),
    )


@dataclass(frozen=True)
class Targets:
    """Labels of a block's forecast sessions, float Tensors (N, B); NaN where not known."""

    returns: Tensor
    hit: Tensor


class Blocks:
    """A market's history on a device, from which blocks are cut without copying it anew.

    Parameters
    ----------
    data : ModelData
    scaling : Scaling
    recipe : MarketModelRecipe
    device : torch.device or str
    """

    def __init__(
        self, data: ModelData, scaling: Scaling, recipe: MarketModelRecipe, device: torch.device
    ) -> None:
        if data.observed.shape[-1] != len(scaling.mean):
            raise OperatorError(
                "The inputs are those that the model was trained on",
                value=f"{data.observed.shape[-1]} inputs, {len(scaling.mean)} in training",
                remedy="build the inputs by the model's own recipe",
            )
        self.recipe = recipe
        # Symbols first: a block is then a narrow view of each symbol's own row.
        self._observed = _symbols_first(scaling.apply(data.observed), device)
        self._known = _symbols_first(data.known, device)
        self._codes = torch.from_numpy(data.known_codes).to(device)
        self._statics = torch.from_numpy(data.statics).to(device)
        self._liquidity = torch.from_numpy(data.liquidity.T.copy()).to(device)
        self._regime = torch.from_numpy(data.market_regime).to(device)
        self._returns = torch.from_numpy(data.returns.T.copy()).to(device)
        self._past = torch.from_numpy(np.nan_to_num(data.past)).to(device)
        self.symbols, self.sessions = self._returns.shape

    def block(self, begin: int, end: int, symbols: Tensor | None = None) -> Block:
        """Return sessions ``begin .. end - 1`` preceded by their context, of some symbols."""
        return self.only(max(0, begin - self.recipe.context + 1), end, symbols)

    def only(self, begin: int, end: int, symbols: Tensor | None = None) -> Block:
        """Return sessions ``begin .. end - 1`` and nothing before them."""
        rows = slice(begin, end)
        chosen = slice(None) if symbols is None else symbols
        return Block(
            observed=self._observed[chosen, rows],
            known=self._known[chosen, rows],
            known_codes=self._codes[rows],
            statics=self._statics[chosen],
        )

    def around(self, begin: int, end: int, symbols: Tensor | None = None) -> Surroundings:
        """Return what surrounds the symbols on sessions ``begin .. end - 1``."""
        chosen = slice(None) if symbols is None else symbols
        return Surroundings(
            edges=self._edges(begin, end, chosen),
            sector=self._statics[chosen, 0],
            liquidity=self._liquidity[chosen, begin:end],
            market_regime=self._regime[begin:end],
            past=self._past[begin:end],
        )

    def _edges(self, begin: int, end: int, chosen: Tensor | slice) -> Tensor:
        graph = self.recipe.graph
        if graph is None:
            return torch.zeros(0)
        past = self._returns[chosen, max(0, begin - graph.window + 1) : end]
        return edges(correlations(past, end - begin, graph.window), graph.threshold)


class BlockTargets:
    """Labels on a device, cut as the blocks are."""

    def __init__(self, labels: Labels, device: torch.device) -> None:
        self._returns = _rows(labels.returns, device)
        self._hit = _rows(labels.hit, device)

    def cut(self, begin: int, end: int, symbols: Tensor | None = None) -> Targets:
        """Return the labels of sessions ``begin .. end - 1``."""
        chosen = slice(None) if symbols is None else symbols
        return Targets(self._returns[chosen, begin:end], self._hit[chosen, begin:end])


def spans(rows: Sequence[int] | range, block: int) -> list[tuple[int, int]]:
    """Return consecutive (begin, end) of at most ``block`` sessions that cover a range."""
    return [(at, min(at + block, rows[-1] + 1)) for at in range(rows[0], rows[-1] + 1, block)]


def _symbols_first(values: np.ndarray, device: torch.device) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(values.swapaxes(0, 1), np.float32)).to(device)


def _rows(values: np.ndarray, device: torch.device) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(values.T, np.float32)).to(device)
