"""How much of what a model has learnt is believed: as much as the sessions held back bear out.

Each head corrects the plain past. Its correction is multiplied by a share in [0, 1]: the smallest
whose loss, on sessions that training has not seen, lies within one standard error of the best
share's (the one-standard-error rule of Breiman, Friedman, Olshen & Stone 1984, section 3.4.3). A
quarter of a year holds a dozen five-session outcomes that do not overlap; the best share by itself
would follow their noise. A share of nothing leaves the plain past.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from foundation.market_model.blocking import Targets
from foundation.market_model.losses import hit_or_miss, pinball, squared
from foundation.market_model.network.model import LEVELS, MarketModel, moved_quantiles
from foundation.quant.evaluation.bootstrap import block_length, circular_block_bootstrap

SHARES = np.linspace(0.0, 1.0, 11)
HEADS = ("return", "hit", "median", "spread")
"""What has a share of its own: the last two are rows of the quantile head."""


@torch.no_grad()
def borne_out(
    model: MarketModel, embedding: Tensor, past: Tensor, targets: Targets, seed: int
) -> dict[str, float]:
    """Return the share of each head's correction that sessions held back bear out.

    Parameters
    ----------
    embedding : Tensor, shape (N, B, E)
    past : Tensor, shape (B, 5)
        ``inputs.PAST`` of the same sessions.
    targets : Targets, each (N, B)
    seed : int
        Of the bootstrap that the standard errors come from.
    """
    move = {
        "return": model.return_head(embedding)[..., 0],
        "hit": model.hit_head(embedding)[..., 0],
        "quantiles": model.quantile_head(embedding),
    }
    returns = torch.stack(
        [squared(past[:, 0] + float(s) * move["return"], targets.returns) for s in SHARES]
    )
    hits = torch.stack(
        [hit_or_miss(past[:, 1] + float(s) * move["hit"], targets.hit) for s in SHARES]
    )
    pairs = [(m, w) for m in SHARES for w in SHARES]
    observed = targets.returns.nan_to_num()
    quantiles = torch.stack(
        [
            pinball(
                moved_quantiles(past[:, 2:], move["quantiles"] * torch.tensor([w, m, w]).float()),
                observed,
                LEVELS,
            )
            for m, w in pairs
        ]
    )
    known, asked = ~targets.returns.isnan(), ~targets.hit.isnan()
    median, spread = pairs[_chosen(quantiles, known, [m + w for m, w in pairs], seed)]
    return {
        "return": float(SHARES[_chosen(returns, known, list(SHARES), seed)]),
        "hit": float(SHARES[_chosen(hits, asked, list(SHARES), seed)]),
        "median": float(median),
        "spread": float(spread),
    }


def _chosen(loss: Tensor, known: Tensor, size: list[float], seed: int) -> int:
    """Return which of (S, N, B) losses is the smallest correction within a standard error."""
    count = known.sum(dim=0).double().numpy()
    total = torch.where(known, loss, 0.0).double().sum(dim=1).numpy()
    told = count > 0
    if not told.any():
        return int(np.argmin(size))
    mean = total.sum(axis=1) / count.sum()
    best = int(mean.argmin())
    gaps = (total - total[best]).T[told]
    counts = np.broadcast_to(count[told][:, None], gaps.shape)
    # Outcomes of neighbouring sessions overlap: blocks keep them together.
    found = circular_block_bootstrap(
        gaps, counts, block=2 * block_length(len(gaps)), samples=500, seed=seed
    )
    allowed = [i for i, g in enumerate(found) if g.mean <= g.standard_error + 1e-12]
    return min(allowed, key=lambda i: (size[i], mean[i]))


def shrunk(state: Mapping[str, Tensor], shares: Mapping[str, float]) -> dict[str, Tensor]:
    """Return weights whose heads correct by their shares only."""
    rows = torch.tensor([shares["spread"], shares["median"], shares["spread"]])
    factor = {
        "return_head": torch.tensor([shares["return"]]),
        "hit_head": torch.tensor([shares["hit"]]),
        "quantile_head": rows,
    }
    out = dict(state)
    for head, share in factor.items():
        out[f"{head}.weight"] = state[f"{head}.weight"] * share[:, None]
        out[f"{head}.bias"] = state[f"{head}.bias"] * share
    return out
