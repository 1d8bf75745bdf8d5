"""What twins learn to foresee, and the loss that they are trained by."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from foundation.market_model.losses import hit_or_miss, masked_mean, pinball, squared
from foundation.market_model.network.model import LEVELS
from foundation.twins.bank import TwinOpinion
from foundation.twins.recipe import TwinWeights


@dataclass(frozen=True)
class TwinTargets:
    """What happened after each session, (n, B); NaN (regime: -1) where it is not known."""

    returns: Tensor
    hit: Tensor
    volatility: Tensor
    regime: Tensor

    def cut(self, rows: Tensor | slice) -> TwinTargets:
        """Return some sessions."""
        return TwinTargets(
            self.returns[:, rows],
            self.hit[:, rows],
            self.volatility[:, rows],
            self.regime[:, rows],
        )

    def of(self, twins: Tensor) -> TwinTargets:
        """Return some twins."""
        return TwinTargets(
            self.returns[twins], self.hit[twins], self.volatility[twins], self.regime[twins]
        )


def losses(opinion: TwinOpinion, targets: TwinTargets, weights: TwinWeights) -> Tensor:
    """Return each twin's weighted loss, (n,): means over the sessions whose outcome is known."""
    dim = (1,)
    known = ~targets.returns.isnan()
    returns = torch.where(known, targets.returns, 0.0)
    volatility = squared(opinion.volatility, targets.volatility)
    named = targets.regime >= 0
    regime = F.cross_entropy(
        opinion.regimes.flatten(0, 1), targets.regime.clamp(min=0).flatten(), reduction="none"
    ).view_as(named)
    return (
        weights.returns * masked_mean(squared(opinion.returns, targets.returns), known, dim)
        + weights.hit
        * masked_mean(hit_or_miss(opinion.hit, targets.hit), ~targets.hit.isnan(), dim)
        + weights.volatility * masked_mean(volatility, ~targets.volatility.isnan(), dim)
        + weights.quantiles * masked_mean(pinball(opinion.quantiles, returns, LEVELS), known, dim)
        + weights.regime * masked_mean(regime, named, dim)
    )
