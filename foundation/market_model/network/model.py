"""The market model: what a symbol's own past says, joined with what its neighbours' pasts say."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from foundation.market_model.network.encoder import Block, Carried, TemporalFusionEncoder
from foundation.market_model.network.graph import GraphEncoder
from foundation.market_model.recipe import MarketModelRecipe

LEVELS: tuple[float, ...] = (0.1, 0.5, 0.9)
"""Quantile levels, lowest first."""

LEAST_DISTANCE = 1e-4
"""Distance between quantiles, in scales, below which softplus is not inverted."""


@dataclass(frozen=True)
class Vocabulary:
    """How many variables and categories the inputs have."""

    observed: int
    known: int
    known_codes: tuple[int, ...]
    statics: tuple[int, ...]
    sectors: int
    liquidity: int
    market_regimes: int


@dataclass(frozen=True)
class Surroundings:
    """What surrounds the symbols on the forecast sessions.

    Attributes
    ----------
    edges : Tensor, shape (B, N, N)
        Edge weights; zero where there is no edge, one on the diagonal.
    sector : int Tensor, shape (N,)
    liquidity : int Tensor, shape (N, B)
    market_regime : int Tensor, shape (B,)
    past : Tensor, shape (B, 5)
        What the past says by itself, ``inputs.PAST``: the answers begin there.
    """

    edges: Tensor
    sector: Tensor
    liquidity: Tensor
    market_regime: Tensor
    past: Tensor


@dataclass(frozen=True)
class Opinion:
    """What the shared heads say, each (N, B); returns in units of their forecast volatility.

    ``quantiles`` has shape (N, B, 3) and never crosses; ``hit`` is a logit.
    """

    embedding: Tensor
    returns: Tensor
    hit: Tensor
    quantiles: Tensor


class Correction(nn.Linear):
    """A head that begins at nothing: an untrained model answers as the plain past does."""

    def reset_parameters(self) -> None:
        """Set weight and bias to zero."""
        nn.init.zeros_(self.weight)
        nn.init.zeros_(self.bias)


def moved_quantiles(quantiles: Tensor, move: Tensor) -> Tensor:
    """Return q10, q50, q90 with the median moved and the distances to its sides stretched.

    Distances are moved before a softplus: they stay positive, so quantiles never cross.

    Parameters
    ----------
    quantiles : Tensor, shape (..., 3)
    move : Tensor, shape (..., 3)
        Of the distance below, the median, the distance above; zero changes nothing.
    """
    low, median, high = quantiles.unbind(-1)
    below, by, above = move.unbind(-1)
    middle = median + by
    return torch.stack(
        [
            middle - F.softplus(inverse_softplus(median - low) + below),
            middle,
            middle + F.softplus(inverse_softplus(high - median) + above),
        ],
        dim=-1,
    )


def inverse_softplus(distance: Tensor) -> Tensor:
    """Return what softplus takes to a distance; one below ``LEAST_DISTANCE`` counts as that."""
    kept = distance.clamp(min=LEAST_DISTANCE)
    return kept + torch.log(-torch.expm1(-kept))


class MarketModel(nn.Module):
    """TFT encoder, graph attention, embeddings and backbone (448 -> 256 -> 128 at full size).

    The heads correct what the past says by itself; untrained, they correct nothing.
    """

    def __init__(self, recipe: MarketModelRecipe, vocabulary: Vocabulary) -> None:
        super().__init__()
        self.recipe, self.vocabulary = recipe, vocabulary
        sizes, hidden = recipe.backbone, recipe.encoder.hidden
        self.encoder = TemporalFusionEncoder(
            recipe.encoder,
            observed=vocabulary.observed,
            known=vocabulary.known,
            known_codes=vocabulary.known_codes,
            statics=vocabulary.statics,
            context=recipe.context,
        )
        self.graph = None if recipe.graph is None else GraphEncoder(hidden, recipe.graph)
        self.sector = nn.Embedding(vocabulary.sectors, sizes.sector)
        self.liquidity = nn.Embedding(vocabulary.liquidity, sizes.liquidity)
        self.market_regime = nn.Embedding(vocabulary.market_regimes, sizes.market_regime)
        projected = 0 if recipe.graph is None else recipe.graph.projected
        joined = hidden + projected + sizes.sector + sizes.liquidity + sizes.market_regime
        self.backbone = nn.Sequential(
            nn.Linear(joined, sizes.middle),
            nn.LayerNorm(sizes.middle),
            nn.ReLU(),
            nn.Dropout(sizes.dropout[0]),
            nn.Linear(sizes.middle, sizes.embedding),
            nn.LayerNorm(sizes.embedding),
            nn.ReLU(),
            nn.Dropout(sizes.dropout[1]),
        )
        self.return_head = Correction(sizes.embedding, 1)
        self.hit_head = Correction(sizes.embedding, 1)
        self.quantile_head = Correction(sizes.embedding, 3)

    def forward(self, block: Block, around: Surroundings) -> Opinion:
        """Return the opinion on the sessions that ``around`` covers: the last of the block."""
        return self._opinion(self.encoder(block, around.market_regime.shape[0]), around)

    def advance(
        self, block: Block, around: Surroundings, carried: Carried | None
    ) -> tuple[Opinion, Carried]:
        """Return the opinion on all sessions of a block that follows what was carried.

        A day of all symbols then costs one session each, not a window.
        """
        encoded, carried = self.encoder.advance(block, carried)
        return self._opinion(encoded, around), carried

    def _opinion(self, encoded: Tensor, around: Surroundings) -> Opinion:
        parts = [encoded]
        if self.graph is not None:
            parts.append(self.graph(encoded.transpose(0, 1), around.edges).transpose(0, 1))
        symbols, sessions, _ = encoded.shape
        parts += [
            self.sector(around.sector)[:, None].expand(-1, sessions, -1),
            self.liquidity(around.liquidity),
            self.market_regime(around.market_regime)[None].expand(symbols, -1, -1),
        ]
        embedding = self.backbone(torch.cat(parts, dim=-1))
        return Opinion(
            embedding=embedding,
            returns=around.past[:, 0] + self.return_head(embedding)[..., 0],
            hit=around.past[:, 1] + self.hit_head(embedding)[..., 0],
            quantiles=moved_quantiles(around.past[:, 2:], self.quantile_head(embedding)),
        )
