"""Who may look at whom, as additive attention masks by layer type."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

NEVER = -1e4
"""Added to a score that must not count: its exponential is exactly zero. (The lowest number of the
type does the same, but the exponential of that takes ten times as long.)"""


def layer_masks(
    model: Any, allowed: torch.Tensor, distance: torch.Tensor, kind: torch.dtype
) -> dict[str, torch.Tensor]:
    """Return what a GPT-OSS takes as ``attention_mask``: one mask for each type of layer.

    Parameters
    ----------
    allowed : bool tensor (B or 1, Q, K)
    distance : integer tensor, same shape
        Position of the query less that of the key; sliding layers look back less than their
        window.
    kind : dtype of the masks
    """
    near = distance < model.config.sliding_window
    return {
        "full_attention": additive(allowed, kind),
        "sliding_attention": additive(allowed & near, kind),
    }


def causal_masks(model: Any, length: int, kind: torch.dtype) -> dict[str, torch.Tensor]:
    """Return the masks of plain reading, from left to right, shared by all rows of a batch."""
    import torch

    place = torch.arange(length, device=model.device)
    distance = (place[:, None] - place[None, :])[None]
    return layer_masks(model, distance >= 0, distance, kind)


def additive(allowed: torch.Tensor, kind: torch.dtype) -> torch.Tensor:
    """Return 0 where allowed and ``NEVER`` elsewhere, with an axis for heads."""
    import torch

    mask = torch.zeros(allowed.shape, dtype=kind, device=allowed.device)
    return mask.masked_fill_(~allowed, NEVER)[:, None]


def product_type(model: Any) -> torch.dtype:
    """Return what matrix products are computed in here: autocast's type, or the weights' own."""
    import torch

    device = model.device.type
    if torch.is_autocast_enabled(device):
        return torch.get_autocast_dtype(device)
    return model.dtype
