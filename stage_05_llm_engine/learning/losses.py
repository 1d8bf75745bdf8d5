"""What a model is wrong by on a batch, in nats: the weighted loss, and that of validation."""

from __future__ import annotations

from contextlib import AbstractContextManager
from functools import partial
from typing import TYPE_CHECKING, Any

from stage_05_llm_engine.learning.asides import seen_aside
from stage_05_llm_engine.learning.lessons import Batch, loss_weights, take
from stage_05_llm_engine.learning.material import Material
from stage_05_llm_engine.learning.packing import seen_within
from stage_05_llm_engine.machine.workers import Workers
from stage_05_llm_engine.network.masks import causal_masks, layer_masks, product_type
from stage_05_llm_engine.recipe import TrainingRecipe
from stage_05_llm_engine.weights.sharding import inner, within

if TYPE_CHECKING:
    import torch

EVALUATED_TOGETHER = 8


def weighted_loss(model: Any, batch: Batch, recipe: TrainingRecipe) -> torch.Tensor:
    """Return the weighted sum of a batch's losses, in nats.

    Only positions that count go through the output layer.
    """
    from torch.nn import functional

    read, next_, weights = (x.to(recipe.device) for x in _lines(batch))
    counts = weights > 0
    with autocast(recipe):
        network = inner(model)
        hidden = network.model(
            input_ids=read, use_cache=False, **view(network, batch)
        ).last_hidden_state
        logits = network.lm_head(hidden[counts])
    losses = functional.cross_entropy(logits.float(), next_[counts], reduction="none")
    return (losses * weights[counts]).sum()


def _lines(batch: Batch) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return what is read, what comes next, and what that weighs: (B, L - 1 + K) each."""
    import numpy as np
    import torch

    lines = [(batch.ids[:, :-1], batch.ids[:, 1:], batch.weights[:, 1:])]
    if batch.asides is not None:
        lines.append((batch.asides.questions, batch.asides.answers, batch.asides.weights))
    read, next_, weights = (np.concatenate(parts, axis=1) for parts in zip(*lines, strict=True))
    return torch.from_numpy(read), torch.from_numpy(next_), torch.from_numpy(weights)


def view(model: Any, batch: Batch) -> dict[str, Any]:
    """Return who sees whom in a batch, and where each token stands.

    Windows on rows of their own are padded on the right and attention is causal: no token sees
    padding, so one mask serves all rows, unless questions stand behind them.
    """
    import torch

    kind, width = product_type(model), batch.ids.shape[1] - 1
    if batch.segments is None or batch.positions is None:
        if batch.asides is None:
            return {"attention_mask": causal_masks(model, width, kind)}
        positions = torch.arange(width, device=model.device)[None]
        allowed = positions[:, :, None] >= positions[:, None, :]
    else:
        segments, positions = (
            torch.from_numpy(x[:, :-1]).to(model.device) for x in (batch.segments, batch.positions)
        )
        allowed = seen_within(segments, positions)
    if batch.asides is not None:
        behind = torch.from_numpy(batch.asides.behind).to(model.device)
        positions = positions.expand(len(behind), -1)
        allowed = seen_aside(allowed, behind)
        positions = torch.cat([positions, positions.gather(1, behind) + 1], dim=1)
    distance = positions[:, :, None] - positions[:, None, :]
    masks = layer_masks(model, allowed, distance, kind)
    return {"attention_mask": masks, "position_ids": positions}


def validation_loss(
    model: Any, recipe: TrainingRecipe, material: Material, rows: list[int], workers: Workers
) -> float:
    """Return the mean loss on some validation windows: nats per token of target stories."""
    import torch

    windows = material.windows("validation")
    together = [
        rows[first : first + EVALUATED_TOGETHER]
        for first in range(0, len(rows), EVALUATED_TOGETHER)
    ]

    def evaluate(chosen: list[int]) -> tuple[float, float]:
        read = windows.rows(chosen)
        weights = loss_weights(read, material.codes, "target", tape_weight=1.0)
        batch = take(read, weights, list(range(len(chosen))))
        with torch.no_grad():
            loss = within(model, partial(weighted_loss, batch=batch, recipe=recipe))
        return float(loss), batch.weight

    model.eval()
    losses, weights = zip(*workers.everywhere(evaluate, together), strict=True)
    model.train()
    return float(sum(losses) / sum(weights))


def autocast(recipe: TrainingRecipe) -> AbstractContextManager[Any]:
    """Return the context in which the recipe's matrix products are computed."""
    import torch

    return torch.autocast(
        recipe.device, dtype=torch.bfloat16, enabled=recipe.precision == "bfloat16"
    )
