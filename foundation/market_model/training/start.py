"""Begin a training: check what is asked, then run it in one process or in several."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from foundation.kernel import DependencyError, OperatorError, UpstreamDataError
from foundation.market_model.checkpoint import TrainedModel
from foundation.market_model.inputs import Labels, ModelData
from foundation.market_model.recipe import MarketModelRecipe
from foundation.market_model.training.run import Report, Run, Task
from foundation.runtime.team import ALONE, join
from foundation.runtime.together import Member, together


def train(
    data: ModelData,
    labels: Labels,
    *,
    training: range,
    validation: range,
    recipe: MarketModelRecipe,
    checkpoints: Path | None = None,
    device: str = "cpu",
    report: Report | None = None,
    clock: Callable[[], float] = time.monotonic,
    processes: int = 1,
) -> TrainedModel:
    """Return the market model of the best epoch on the validation sessions.

    Parameters
    ----------
    training, validation : range
        Rows that are forecast from. The labels of a training row end before validation begins:
        ``training.stop + horizon <= validation.start``.
    checkpoints : Path, optional
        Folder where a run keeps its state: every so many minutes, and after every epoch. A run
        that finds one there, of the same recipe and data, goes on from it and ends with the same
        weights as one never stopped.
    report : callable, optional
        Called after every epoch.
    processes : int
        Processes of this machine that share the passes of a step, each on a GPU of its own where
        the device is one. They sum in another order than one process, and change nothing else.

    Raises
    ------
    OperatorError
        If the ranges overlap by the horizon, the checkpoint is of another run, or the processes
        do not divide the recipe's ``passes_per_step``.
    DependencyError
        If there are fewer GPUs than processes.
    UpstreamDataError
        If either range has no known label.
    """
    _can_be_learnt_from(labels, training, validation, recipe.horizon)
    task = Task(data, labels, training, validation, recipe, checkpoints, device)
    if processes == 1:
        return Run(task, ALONE).train(report, clock)
    _can_be_shared(recipe, processes, device)
    tell = report or (lambda epoch: None)
    trained: TrainedModel = together(_attend, task, processes, {"tell": tell, "clock": clock})
    return trained


def _attend(member: Member, task: Task) -> TrainedModel:
    """Train as one of several processes; the first tells of the epochs and keeps the state."""
    run = Run(task, join(member.rank, member.size, task.device))
    if member.first:
        return run.train(lambda epoch: member.ask("tell", epoch), lambda: member.ask("clock"))
    return run.train(None, time.monotonic)


def _can_be_learnt_from(labels: Labels, training: range, validation: range, horizon: int) -> None:
    if training.stop + horizon > validation.start:
        raise OperatorError(
            "The labels of the training sessions end before validation begins",
            value=f"training to row {training.stop}, validation from row {validation.start}",
            remedy=f"leave at least {horizon} sessions between them",
        )
    for name, rows in (("training", training), ("validation", validation)):
        if not np.isfinite(labels.returns[rows.start : rows.stop]).any():
            raise UpstreamDataError(
                f"The {name} sessions have known outcomes",
                value=f"rows {rows.start} to {rows.stop - 1}: none",
                remedy="choose sessions with a volatility scale and closes after them",
            )


def _can_be_shared(recipe: MarketModelRecipe, processes: int, device: str) -> None:
    if recipe.passes_per_step % processes:
        raise OperatorError(
            "The processes divide the passes of a step evenly",
            value=f"{processes} processes, {recipe.passes_per_step} passes per step",
            remedy=f"set passes_per_step of the recipe to {processes} or a multiple of it",
        )
    if device != "cpu" and torch.cuda.device_count() < processes:
        raise DependencyError(
            "Every process trains on a CUDA device of its own",
            value=f"{processes} processes, {torch.cuda.device_count()} devices visible to torch",
            remedy="use as many processes as there are GPUs",
        )
