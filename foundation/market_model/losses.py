"""Losses over the answers that are known; labels that are not stay out of every mean."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F


def masked_mean(values: Tensor, known: Tensor, dim: tuple[int, ...] | None = None) -> Tensor:
    """Return the mean over known entries; zero where none is known."""
    total = torch.where(known, values, 0.0)
    if dim is None:
        return total.sum() / known.sum().clamp(min=1)
    return total.sum(dim) / known.sum(dim).clamp(min=1)


def pinball(quantiles: Tensor, observed: Tensor, levels: tuple[float, ...]) -> Tensor:
    """Return the mean pinball loss over levels (Koenker & Bassett 1978), shape of ``observed``."""
    taus = torch.tensor(levels, dtype=quantiles.dtype, device=quantiles.device)
    error = observed[..., None] - quantiles
    return torch.maximum(taus * error, (taus - 1) * error).mean(-1)


def squared(forecast: Tensor, observed: Tensor) -> Tensor:
    """Return the squared error of each entry; zero where the observation is NaN."""
    return torch.where(observed.isnan(), 0.0, (forecast - observed.nan_to_num()) ** 2)


def hit_or_miss(logit: Tensor, happened: Tensor) -> Tensor:
    """Return the log loss of each entry; ``happened`` is 1, 0 or NaN (zero loss)."""
    loss = F.binary_cross_entropy_with_logits(logit, happened.nan_to_num(), reduction="none")
    return torch.where(happened.isnan(), 0.0, loss)
