"""What training goes down on: the losses of three heads, weighted as the recipe says."""

from __future__ import annotations

import torch
from torch import Tensor

from foundation.market_model.blocking import Targets
from foundation.market_model.losses import hit_or_miss, masked_mean, pinball, squared
from foundation.market_model.network.model import LEVELS, Opinion
from foundation.market_model.recipe import Weights


def loss(opinion: Opinion, targets: Targets, weights: Weights) -> Tensor:
    """Return the weighted loss: squared return, hit or miss, pinball; each over its own knowns."""
    known = ~targets.returns.isnan()
    returns = torch.where(known, targets.returns, 0.0)
    return (
        weights.returns * masked_mean(squared(opinion.returns, targets.returns), known)
        + weights.hit * masked_mean(hit_or_miss(opinion.hit, targets.hit), ~targets.hit.isnan())
        + weights.quantiles * masked_mean(pinball(opinion.quantiles, returns, LEVELS), known)
    )


def in_full(opinion: Opinion) -> Opinion:
    """Return the answers in float32: losses are not summed in half precision."""
    return Opinion(
        embedding=opinion.embedding,
        returns=opinion.returns.float(),
        hit=opinion.hit.float(),
        quantiles=opinion.quantiles.float(),
    )
