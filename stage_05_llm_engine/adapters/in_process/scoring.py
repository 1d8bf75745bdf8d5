"""How likely a model holds stories that were told: one forward pass, no drawing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from stage_05_llm_engine.network.masks import causal_masks, product_type


def story_scores(
    model: Any, rows: Sequence[np.ndarray], counted: Sequence[np.ndarray], pad: int
) -> np.ndarray:
    """Return float64 (B,): summed log-probability, in nats, of the tokens that count.

    Parameters
    ----------
    rows : token ids of each window, of any lengths
    counted : 1 for every token that counts, same shapes
    """
    import torch

    longest = max(map(len, rows))
    ids = torch.full((len(rows), longest), pad, dtype=torch.int64)
    mask = torch.zeros(len(rows), longest, dtype=torch.bool)
    for place, (row, counts) in enumerate(zip(rows, counted, strict=True)):
        ids[place, : len(row)] = torch.from_numpy(row.astype(np.int64))
        mask[place, : len(row)] = torch.from_numpy(counts == 1)
    ids, mask = ids.to(model.device), mask[:, 1:].to(model.device)
    hidden = model.model(
        input_ids=ids[:, :-1],
        attention_mask=causal_masks(model, longest - 1, product_type(model)),
        use_cache=False,
    ).last_hidden_state
    said = model.lm_head(hidden[mask]).double().log_softmax(dim=-1)
    found = said.gather(1, ids[:, 1:][mask][:, None])[:, 0]
    total = torch.zeros(mask.shape, dtype=torch.float64, device=model.device)
    total[mask] = found
    return total.sum(dim=1).cpu().numpy()
