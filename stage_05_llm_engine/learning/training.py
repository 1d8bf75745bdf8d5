"""The training loop: a fixed number of steps, seeded, the same weights every time."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from time import perf_counter
from typing import Any

import numpy as np

from foundation.contracts import LearningPoint
from foundation.kernel import ModelError, seed_from
from foundation.runtime.team import ALONE, Team
from stage_05_llm_engine.learning.averaging import averaged
from stage_05_llm_engine.learning.lessons import Batch, spread
from stage_05_llm_engine.learning.losses import autocast, validation_loss, weighted_loss
from stage_05_llm_engine.learning.material import Material
from stage_05_llm_engine.learning.optimiser import Stepper
from stage_05_llm_engine.learning.resume import Keeper, Standing, packed, run_key, unpacked
from stage_05_llm_engine.learning.steps import steps
from stage_05_llm_engine.learning.story_score import story_score
from stage_05_llm_engine.learning.tracking import NoTracker, Progress, Report, Tracker
from stage_05_llm_engine.machine.workers import Workers
from stage_05_llm_engine.recipe import TrainingRecipe
from stage_05_llm_engine.weights.sharding import (
    add_up,
    gathered,
    inner,
    is_spread,
    last_layer_at_hand,
    like,
    within,
)

REPORT_EVERY = 10


@dataclass(frozen=True)
class Lesson:
    """How training went. ``stopped`` says whether it ended before its last step."""

    curve: tuple[LearningPoint, ...]
    steps: int
    tokens: int
    validation_loss: float
    stopped: bool


@dataclass(frozen=True)
class Watch:
    """Who is told how training gets on, and who keeps its standing. They change no number.

    Attributes
    ----------
    progress : callable or None
        Told every few steps.
    tracker : Tracker
    keeper : Keeper or None
        Keeps the standing at every evaluation; a run that was stopped goes on from there.
    """

    progress: Progress | None = None
    tracker: Tracker = field(default_factory=NoTracker)
    keeper: Keeper | None = None


def learn(
    model: Any, recipe: TrainingRecipe, material: Material, watch: Watch, team: Team = ALONE
) -> Lesson:
    """Train a model in place through all phases of a recipe.

    In a team every process calls this with its own copy, or its own share, of the model; what is
    watched is the first process's to tell and to keep.

    Raises
    ------
    ModelError
        If the loss stops being a number.
    DependencyError
        If the device has too little memory.
    """
    model.train()
    stepper = Stepper(model, recipe)
    key = run_key(recipe, material)
    kept = watch.keeper.load(key) if watch.keeper else None
    standing = unpacked(kept, stepper) if kept is not None else Standing()
    watch.tracker.begin(key, _told(recipe))
    try:
        with Workers(_threads(recipe), team) as workers:
            _run(model, recipe, material, watch, stepper, standing, workers, key)
            everything = list(range(len(material.windows("validation").lengths)))
            final = validation_loss(model, recipe, material, everything, workers)
    except BaseException:
        watch.tracker.end(finished=False)
        raise
    watch.tracker.log(standing.step, {"final_validation_loss": final})
    watch.tracker.end(finished=True)
    if watch.keeper:
        watch.keeper.drop(key)
    return Lesson(
        curve=tuple(standing.curve),
        steps=standing.step,
        tokens=standing.seen,
        validation_loss=final,
        stopped=standing.step < recipe.steps,
    )


def _run(
    model: Any,
    recipe: TrainingRecipe,
    material: Material,
    watch: Watch,
    stepper: Stepper,
    standing: Standing,
    workers: Workers,
    key: str,
) -> None:
    """Take the steps that are left, evaluating and keeping the standing on the way."""
    evaluate_at = set(spread(recipe.steps + 1, recipe.evaluations + 1)[1:])
    began, before, first = perf_counter(), standing.seen, standing.step
    left = steps(recipe, material, standing.step)
    for batches in left if not _enough(recipe, standing) else ():
        loss = _learn_from(batches, model, recipe, stepper, workers, standing.step)
        standing.losses.append(loss)
        standing.step += 1
        standing.seen += sum(batch.tokens for batch in batches)
        first_counted = recipe.steps * (1 - recipe.average_last)
        standing.mean = averaged(standing.mean, standing.step, first_counted, stepper.parameters)
        if standing.mean and standing.step == recipe.steps:
            _put_back(stepper, standing.mean.weights)
        if standing.step % REPORT_EVERY == 0 or standing.step == recipe.steps:
            seconds = perf_counter() - began
            report = Report(
                step=standing.step,
                steps=recipe.steps,
                loss=loss,
                tokens_per_second=(standing.seen - before) / seconds,
                seconds_left=seconds / (standing.step - first) * (recipe.steps - standing.step),
            )
            watch.tracker.log(
                report.step, {"loss": loss, "tokens_per_second": report.tokens_per_second}
            )
            if watch.progress:
                watch.progress(report)
        if standing.step in evaluate_at:
            _evaluate(model, recipe, material, stepper, standing, workers, watch.tracker)
            if watch.keeper:
                watch.keeper.save(key, packed(standing, stepper))
            if _enough(recipe, standing):
                break
    if standing.best is not None:
        _put_back(stepper, standing.best[2])


def _evaluate(
    model: Any,
    recipe: TrainingRecipe,
    material: Material,
    stepper: Stepper,
    standing: Standing,
    workers: Workers,
    tracker: Tracker,
) -> None:
    """Note losses and story score; remember the best weights where a run may stop early."""
    rows = spread(len(material.windows("validation").lengths), recipe.evaluation_windows)
    loss = validation_loss(model, recipe, material, rows, workers)
    model.eval()
    score = within(model, partial(_scored, recipe, material, rows, workers))
    model.train()
    point = LearningPoint(
        step=standing.step,
        tokens=standing.seen,
        train_loss=float(np.mean(standing.losses)),
        validation_loss=loss,
        story_score=score,
    )
    standing.curve.append(point)
    standing.losses = []
    tracker.log(standing.step, {"validation_loss": loss, "story_score": score})
    if recipe.patience is None:
        return
    standing.waited += 1
    if standing.best is None or score > standing.best[0]:
        weights = [gathered(weight.detach()).clone() for weight in stepper.parameters]
        standing.best, standing.waited = (score, standing.step, weights), 0


def _scored(
    recipe: TrainingRecipe, material: Material, rows: list[int], workers: Workers, model: Any
) -> float:
    """Return the story score on some validation windows."""
    with autocast(recipe), last_layer_at_hand(model):
        return story_score(inner(model), material, rows, workers)


def _enough(recipe: TrainingRecipe, standing: Standing) -> bool:
    return recipe.patience is not None and standing.waited >= recipe.patience


def _put_back(stepper: Stepper, weights: list[Any]) -> None:
    import torch

    with torch.no_grad():
        for weight, best in zip(stepper.parameters, weights, strict=True):
            weight.copy_(like(best, weight))


def _told(recipe: TrainingRecipe) -> dict[str, str]:
    """Return a recipe's values by name, as a tracker shows them."""
    return {name: str(value) for name, value in recipe.model_dump(mode="json").items()}


def _threads(recipe: TrainingRecipe) -> int:
    """Return how many batches may be computed at once without changing a number.

    Dropout draws from one random state: its batches go one after another. So do a GPU's, and
    those of a model that all processes compute together.
    """
    alone = _drops(recipe) or recipe.device != "cpu" or recipe.sharded
    return 1 if alone else recipe.threads


def _drops(recipe: TrainingRecipe) -> bool:
    return recipe.adapter is not None and recipe.adapter.dropout > 0


def _learn_from(
    batches: Sequence[Batch],
    model: Any,
    recipe: TrainingRecipe,
    stepper: Stepper,
    workers: Workers,
    step: int,
) -> float:
    """Take one optimiser step on some batches together; return their mean loss."""
    total = sum(batch.weight for batch in batches)
    mine = workers.team.share(list(enumerate(batches)))
    parts = workers.map(partial(_gradients, model, stepper.parameters, recipe, total, step), mine)
    loss = sum(workers.team.gathered([part for part, _ in parts], len(batches)))
    if not math.isfinite(loss):
        raise ModelError(
            "The training loss is no longer a number",
            value=f"{loss} at step {step + 1}",
            remedy="lower the recipe's learning rate",
        )
    for _, gradients in parts:
        for weight, gradient in zip(stepper.parameters, gradients, strict=True):
            if gradient is not None:
                weight.grad = gradient if weight.grad is None else weight.grad + gradient
    if not is_spread(model):
        add_up(stepper.parameters, workers.team)
    stepper.step(_rate(step, recipe))
    return loss


def _gradients(
    model: Any,
    parameters: list[Any],
    recipe: TrainingRecipe,
    total: float,
    step: int,
    numbered: tuple[int, Batch],
) -> tuple[float, Sequence[Any]]:
    """Return a batch's share of the mean loss, and that share's gradients.

    A model that is spread out keeps them itself, summed over the processes.
    """
    import torch

    number, batch = numbered
    if _drops(recipe):
        # What a pass drops depends on its place, not on who computes it and what came before.
        torch.manual_seed(seed_from("dropout", recipe.seed, step, number) % 2**63)
    loss = within(model, partial(weighted_loss, batch=batch, recipe=recipe)) / total
    if is_spread(model):
        loss.backward()
        return float(loss.detach()), [None] * len(parameters)
    return float(loss.detach()), torch.autograd.grad(loss, parameters, allow_unused=True)


def _rate(step: int, recipe: TrainingRecipe) -> float:
    """Return the fraction of the peak learning rate at a step (0-based)."""
    if step < recipe.warmup_steps:
        return (step + 1) / recipe.warmup_steps
    done = (step - recipe.warmup_steps) / max(1, recipe.steps - recipe.warmup_steps)
    fall = 0.5 * (1 + math.cos(math.pi * min(1.0, done)))
    return recipe.final_fraction + (1 - recipe.final_fraction) * fall
