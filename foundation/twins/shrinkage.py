"""How much of a twin's corrections is believed: as much as its past forecasts have earned.

Each head's correction is multiplied by a factor between zero (the shared heads answer) and one. A
few factors compete as experts do (Vovk 1990, COLT; Cesa-Bianchi & Lugosi 2006, chapter 2): each
is weighted by the exponential of minus its losses on past sessions, forecast before their outcome
was known, and the mean is used. Zero begins with four fifths of the weight, so that a twin whose
corrections are noise is silenced by its own record; one that has no record yet is silent.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from foundation.market_model.losses import pinball
from foundation.market_model.network.model import LEVELS
from foundation.twins.bank import TwinInputs, corrected
from foundation.twins.layout import Layout
from foundation.twins.objective import TwinTargets

HEADS: tuple[str, ...] = ("returns", "hit", "volatility", "quantiles")
WIDTHS = (1, 1, 1, 3)
"""How many of the six corrections belong to each head."""
FACTORS = (0.0, 0.25, 0.5, 0.75, 1.0)
BEGIN = (0.8, 0.05, 0.05, 0.05, 0.05)
"""Weights of the factors before any outcome is known."""


def shrunk(layout: Layout, rows: Tensor, factors: Tensor) -> Tensor:
    """Return rows of twins whose corrections are theirs times the factors (n, 4) of ``HEADS``.

    The last layer of every head is linear, so that its weights carry the factor: what is stored
    and asked is an ordinary twin.
    """
    out = rows.clone()
    p = layout.views(out)
    p["heads.1.weight"].mul_(factors[:, :3, None])
    p["heads.1.bias"].mul_(factors[:, :3])
    for name in ("quantiles.weight", "quantiles.bias"):
        p[name].mul_(factors[:, 3].reshape(-1, *[1] * (p[name].dim() - 1)))
    if "gamma.weight" in p:
        p["gamma.weight"].mul_(factors[:, 0, None, None])
    return out


def spread(factors: Tensor) -> Tensor:
    """Return the factor of every one of the six corrections, (n, 6)."""
    return factors.repeat_interleave(torch.tensor(WIDTHS), dim=-1)


def earned(given: TwinInputs, added: Tensor, targets: TwinTargets, horizon: int) -> Tensor:
    """Return the factors that past corrections have earned, (n, 4) by ``HEADS``.

    Parameters
    ----------
    added : Tensor, shape (n, B, 6)
        Corrections before any factor, made by twins that had not learnt from these sessions.
    targets : TwinTargets
        NaN where an outcome is not known yet: it says nothing.
    horizon : int
        Outcomes of so many neighbouring sessions overlap: each counts for one part of it.
    """
    said = torch.stack([_losses(given, factor * added, targets) for factor in FACTORS])
    known = said.isfinite()
    plain = torch.where(known[0], said[0], 0.0).sum((0, 1)) / known[0].sum((0, 1)).clamp(min=1)
    # Scales of a Gaussian (squared losses) and of a Laplace density (pinball); logs are their own.
    rates = torch.stack([0.5 / plain[0], torch.ones(()), 0.5 / plain[2], 1.0 / plain[3]])
    gained = torch.where(known, said[:1] - said, 0.0).sum(2) * rates / horizon
    chances = torch.softmax(gained + torch.log(torch.tensor(BEGIN))[:, None, None], dim=0)
    factors = (chances * torch.tensor(FACTORS)[:, None, None]).sum(0)
    moved = torch.stack([part.abs().sum((1, 2)) for part in added.split(WIDTHS, dim=-1)], dim=-1)
    return torch.where(known[0].any(1) & (moved > 0), factors, 0.0)


def _losses(given: TwinInputs, added: Tensor, targets: TwinTargets) -> Tensor:
    """Return every head's own loss, (n, B, 4); NaN where its outcome is not known."""
    said = corrected(given, added, added[..., :0])
    log_loss = F.binary_cross_entropy_with_logits(
        said.hit, targets.hit.nan_to_num(), reduction="none"
    )
    return torch.stack(
        [
            (said.returns - targets.returns) ** 2,
            torch.where(targets.hit.isnan(), torch.nan, log_loss),
            (said.volatility - targets.volatility) ** 2,
            pinball(said.quantiles, targets.returns, LEVELS),
        ],
        dim=-1,
    )
