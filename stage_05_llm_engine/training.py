"""The training loop: a fixed number of steps, seeded, the same weights every time."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np

from foundation.contracts import LearningPoint, TokenBatch, TokenWindows
from foundation.kernel import ModelError, seed_from
from stage_05_llm_engine.lessons import Batch, endless_batches, loss_weights, spread, take
from stage_05_llm_engine.masks import causal_masks, product_type
from stage_05_llm_engine.optimiser import Stepper
from stage_05_llm_engine.recipe import TrainingRecipe

if TYPE_CHECKING:
    import torch

Progress = Callable[[int, int, float, float], None]
"""Called with (step, steps, training loss in nats per token, tokens per second)."""

REPORT_EVERY = 10


@dataclass(frozen=True)
class Lesson:
    """How training went."""

    curve: tuple[LearningPoint, ...]
    steps: int
    tokens: int
    validation_loss: float


def learn(
    model: Any, recipe: TrainingRecipe, tokens: TokenBatch, progress: Progress | None = None
) -> Lesson:
    """Train a model in place through all phases of a recipe.

    Raises
    ------
    ModelError
        If the loss stops being a number.
    """
    model.train()
    train, validation = tokens.split("train"), tokens.split("validation")
    stepper = Stepper(model, recipe)
    evaluate_at = set(spread(recipe.steps + 1, recipe.evaluations + 1)[1:])
    curve: list[LearningPoint] = []
    step, seen, losses = 0, 0, []
    began = perf_counter()
    for batches in _phases(recipe, train, tokens):
        loss = 0.0
        for batch in batches:
            part = _loss(model, batch, recipe) / len(batches)
            part.backward()
            loss += float(part.detach())
            seen += batch.tokens
        if not math.isfinite(loss):
            raise ModelError(
                "The training loss is no longer a number",
                value=f"{loss} at step {step + 1}",
                remedy="lower the recipe's learning rate",
            )
        stepper.step(_rate(step, recipe))
        step += 1
        losses.append(loss)
        if progress and (step % REPORT_EVERY == 0 or step == recipe.steps):
            progress(step, recipe.steps, loss, seen / (perf_counter() - began))
        if step in evaluate_at:
            rows = spread(len(validation.ids), recipe.evaluation_windows)
            curve.append(
                LearningPoint(
                    step=step,
                    tokens=seen,
                    train_loss=float(np.mean(losses)),
                    validation_loss=validation_loss(model, recipe, validation, tokens, rows),
                )
            )
            losses = []
    everything = list(range(len(validation.ids)))
    return Lesson(
        curve=tuple(curve),
        steps=step,
        tokens=seen,
        validation_loss=validation_loss(model, recipe, validation, tokens, everything),
    )


def validation_loss(
    model: Any,
    recipe: TrainingRecipe,
    windows: TokenWindows,
    tokens: TokenBatch,
    rows: list[int],
) -> float:
    """Return the mean loss, nats per token of the target stories of some windows, unweighted."""
    import torch

    weights = loss_weights(windows, tokens.codes, "target", tape_weight=1.0)
    model.eval()
    total, count = 0.0, 0.0
    with torch.no_grad():
        for first in range(0, len(rows), recipe.batch_windows):
            batch = take(windows, weights, rows[first : first + recipe.batch_windows])
            size = float(batch.weights[:, 1:].sum())
            total += float(_loss(model, batch, recipe)) * size
            count += size
    model.train()
    return total / count


def _phases(
    recipe: TrainingRecipe, train: TokenWindows, tokens: TokenBatch
) -> Iterator[list[Batch]]:
    """Yield the batches of every optimiser step, phase after phase."""
    for number, phase in enumerate(recipe.phases):
        weights = loss_weights(train, tokens.codes, phase.loss, recipe.tape_weight)
        seed = seed_from("training order", recipe.seed, number)
        batches = endless_batches(train, weights, recipe.batch_windows, seed)
        for _ in range(phase.steps):
            yield [next(batches) for _ in range(recipe.accumulation)]


def _loss(model: Any, batch: Batch, recipe: TrainingRecipe) -> torch.Tensor:
    """Return the weighted mean loss of a batch.

    Windows are padded on the right and attention is causal: no token sees padding, so one mask
    serves all rows. Only positions that count go through the output layer.
    """
    import torch
    from torch.nn import functional

    ids = torch.from_numpy(batch.ids).to(recipe.device)
    weights = torch.from_numpy(batch.weights[:, 1:]).to(recipe.device)
    counts = weights > 0
    with autocast(recipe):
        inner = model.get_base_model() if hasattr(model, "peft_config") else model
        masks = causal_masks(inner, ids.shape[1] - 1, product_type(inner))
        hidden = inner.model(
            input_ids=ids[:, :-1], attention_mask=masks, use_cache=False
        ).last_hidden_state
        logits = inner.lm_head(hidden[counts])
    losses = functional.cross_entropy(logits.float(), ids[:, 1:][counts], reduction="none")
    chosen = weights[counts]
    return (losses * chosen).sum() / chosen.sum()


def autocast(recipe: TrainingRecipe) -> AbstractContextManager[Any]:
    """Return the context in which the recipe's matrix products are computed."""
    import torch

    return torch.autocast(
        recipe.device, dtype=torch.bfloat16, enabled=recipe.precision == "bfloat16"
    )


def _rate(step: int, recipe: TrainingRecipe) -> float:
    """Return the fraction of the peak learning rate at a step (0-based)."""
    if step < recipe.warmup_steps:
        return (step + 1) / recipe.warmup_steps
    done = (step - recipe.warmup_steps) / max(1, recipe.steps - recipe.warmup_steps)
    fall = 0.5 * (1 + math.cos(math.pi * min(1.0, done)))
    return recipe.final_fraction + (1 - recipe.final_fraction) * fall
