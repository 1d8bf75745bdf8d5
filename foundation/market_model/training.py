"""Pre-training of the market model: resumable bit for bit, stopped by what it has not seen."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from foundation.kernel import DependencyError, OperatorError, UpstreamDataError, seed_from
from foundation.market_model.blocking import (
    Blocks,
    BlockTargets,
    Scaling,
    Targets,
    spans,
    vocabulary,
)
from foundation.market_model.checkpoint import (
    TrainedModel,
    drop_progress,
    load_progress,
    save_progress,
)
from foundation.market_model.inputs import Labels, ModelData
from foundation.market_model.losses import hit_or_miss, masked_mean, pinball, squared
from foundation.market_model.model import LEVELS, MarketModel, Opinion
from foundation.market_model.numerics import seeded
from foundation.market_model.recipe import MarketModelRecipe, Weights
from foundation.market_model.shrinkage import borne_out, shrunk
from foundation.runtime.team import ALONE, Team, join
from foundation.runtime.together import Member, together

Report = Callable[["Epoch"], None]
Pass = tuple[int, int, Tensor | None]
"""Sessions ``begin .. end - 1`` of some symbols, or of all."""


@dataclass(frozen=True)
class Epoch:
    """One pass over the training sessions.

    Attributes
    ----------
    number : int
        From 1.
    training, validation : float
        Weighted losses.
    examples_per_second : float
        (symbol, session) pairs forecast and learnt from; wall time, so it differs between runs.
    """

    number: int
    training: float
    validation: float
    examples_per_second: float


@dataclass
class _Progress:
    """Everything that a run needs to go on as if it had never stopped."""

    epoch: int = 0
    step: int = 0
    losses: list[float] = field(default_factory=list)
    best: float = math.inf
    best_epoch: int = 0
    best_state: dict[str, Tensor] = field(default_factory=dict)
    history: list[dict[str, float]] = field(default_factory=list)


def loss(opinion: Opinion, targets: Targets, weights: Weights) -> Tensor:
    """Return the weighted loss: squared return, hit or miss, pinball; each over its own knowns."""
    known = ~targets.returns.isnan()
    returns = torch.where(known, targets.returns, 0.0)
    return (
        weights.returns * masked_mean(squared(opinion.returns, targets.returns), known)
        + weights.hit * masked_mean(hit_or_miss(opinion.hit, targets.hit), ~targets.hit.isnan())
        + weights.quantiles * masked_mean(pinball(opinion.quantiles, returns, LEVELS), known)
    )


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
    if training.stop + recipe.horizon > validation.start:
        raise OperatorError(
            "The labels of the training sessions end before validation begins",
            value=f"training to row {training.stop}, validation from row {validation.start}",
            remedy=f"leave at least {recipe.horizon} sessions between them",
        )
    for name, rows in (("training", training), ("validation", validation)):
        if not np.isfinite(labels.returns[rows.start : rows.stop]).any():
            raise UpstreamDataError(
                f"The {name} sessions have known outcomes",
                value=f"rows {rows.start} to {rows.stop - 1}: none",
                remedy="choose sessions with a volatility scale and closes after them",
            )
    task = _Task(data, labels, training, validation, recipe, checkpoints, device)
    if processes == 1:
        return _Run(task, ALONE).train(report, clock)
    _can_be_shared(recipe, processes, device)
    tell = report or (lambda epoch: None)
    trained: TrainedModel = together(_attend, task, processes, {"tell": tell, "clock": clock})
    return trained


@dataclass(frozen=True)
class _Task:
    """What every process is told."""

    data: ModelData
    labels: Labels
    training: range
    validation: range
    recipe: MarketModelRecipe
    folder: Path | None
    device: str


def _attend(member: Member, task: _Task) -> TrainedModel:
    """Train as one of several processes; the first tells of the epochs and keeps the state."""
    run = _Run(task, join(member.rank, member.size, task.device))
    if member.first:
        return run.train(lambda epoch: member.ask("tell", epoch), lambda: member.ask("clock"))
    return run.train(None, time.monotonic)


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


class _Run:
    """One training run; its state is in ``progress``, the modules and torch's random state.

    In a team every process has a copy of the run, takes its share of the passes of a step, and
    comes to the same weights; the first alone writes and tells.
    """

    def __init__(self, task: _Task, team: Team) -> None:
        self.recipe, self.folder, self.data = task.recipe, task.folder, task.data
        self.training, self.validation, self.team = task.training, task.validation, team
        self.labels, self.device = task.labels, task.device

    def train(self, report: Report | None, clock: Callable[[], float]) -> TrainedModel:
        """Prepare, go on where a checkpoint was left, train, and return the best model."""
        with seeded(self.recipe.seed, self.recipe.threads):
            self._prepare()
            self.resume()
            self.go(report, clock)
            return self.result()

    def _prepare(self) -> None:
        data, recipe, training = self.data, self.recipe, self.training
        self.accelerator = _accelerator(recipe, self.device)
        self.scaling = Scaling.of(data, slice(training.start, training.stop))
        where = torch.device(self.device)
        self.blocks = Blocks(data, self.scaling, recipe, where)
        self.targets = BlockTargets(self.labels, where)
        self.model = MarketModel(recipe, vocabulary(data)).to(where)
        self.optimizer = torch.optim.AdamW(
            self.model.parameters(), lr=recipe.learning_rate, weight_decay=recipe.weight_decay
        )
        self.wrapped, self.optimizer = self.accelerator.prepare(self.model, self.optimizer)
        if recipe.compile:
            self.model.encoder.compile()
        self.progress = _Progress()
        self.steps_per_epoch = len(self._passes(0))

    @property
    def identity(self) -> dict[str, Any]:
        """What a checkpoint must share with this run."""
        return {
            "recipe": self.recipe.model_dump(mode="json"),
            "training": [self.training.start, self.training.stop],
            "validation": [self.validation.start, self.validation.stop],
            "mean": self.scaling.mean.tolist(),
            "symbols": list(self.data.symbols),
        }

    def resume(self) -> None:
        """Go on from the folder's checkpoint, if it has one."""
        if self.folder is None:
            return
        found = load_progress(self.folder, self.identity)
        if found is not None:
            self.model.load_state_dict(found["model"])
            self.optimizer.load_state_dict(found["optimizer"])
            torch.set_rng_state(found["random"])
            self.progress = _Progress(**found["progress"])

    def go(self, report: Report | None, clock: Callable[[], float]) -> None:
        """Train until the epochs are over or validation has not improved for long enough."""
        progress, saved = self.progress, clock()
        while progress.epoch < self.recipe.epochs and not self._patience_is_over():
            passes, begun, examples = self._passes(progress.epoch), clock(), 0
            while progress.step < len(passes):
                group = passes[progress.step : progress.step + self.recipe.passes_per_step]
                value, count = self._step(group)
                progress.losses.append(value)
                progress.step += len(group)
                examples += count
                if (
                    self.folder
                    and self.team.first
                    and clock() - saved >= 60 * self.recipe.checkpoint_minutes
                ):
                    self._save()
                    saved = clock()
            self._close_epoch(examples / max(clock() - begun, 1e-9))
            if self.folder and self.team.first:
                self._save()  # an interruption costs an epoch at most, whatever the minutes
            if report is not None:
                report(Epoch(**progress.history[-1]))  # type: ignore[arg-type]
        if self.folder and self.team.first:
            drop_progress(self.folder)

    def result(self) -> TrainedModel:
        """Return the model of the best epoch."""
        self.model.load_state_dict(self.progress.best_state)
        shares = self._borne_out()
        return TrainedModel(
            recipe=self.recipe,
            vocabulary=self.model.vocabulary,
            scaling=self.scaling,
            state=shrunk(self.progress.best_state, shares),
            history=tuple(self.progress.history),
            trained_until=self.data.sessions[self.training.stop - 1],
            shares=shares,
        )

    @torch.no_grad()
    def _borne_out(self) -> dict[str, float]:
        """Return how much of each head's correction the validation sessions bear out."""
        self.model.eval()
        embeddings, pasts, returns, hits = [], [], [], []
        for begin, end in spans(self.validation, self.recipe.block):
            around, targets = self.blocks.around(begin, end), self.targets.cut(begin, end)
            embeddings.append(self.model(self.blocks.block(begin, end), around).embedding.float())
            pasts.append(around.past)
            returns.append(targets.returns)
            hits.append(targets.hit)
        return borne_out(
            self.model,
            torch.cat(embeddings, dim=1),
            torch.cat(pasts),
            Targets(torch.cat(returns, dim=1), torch.cat(hits, dim=1)),
            self.recipe.seed,
        )

    def _passes(self, epoch: int) -> list[Pass]:
        """Return an epoch's passes in random order: every (symbol, session) is in one of them.

        Blocks begin at another session in every epoch, so that a session is not always preceded by
        the same burn-in of the recurrent state.
        """
        draw = np.random.default_rng([self.recipe.seed, epoch])
        shift = int(draw.integers(min(self.recipe.block, len(self.training))))
        begins = self.training.start + shift
        cut = spans(range(begins, self.training.stop), self.recipe.block)
        if shift:
            cut.insert(0, (self.training.start, begins))
        passes: list[Pass] = []
        for begin, end in cut:
            size, symbols = self.recipe.symbols_per_step, self.blocks.symbols
            if size is None or size >= symbols:
                passes.append((begin, end, None))
                continue
            order = draw.permutation(symbols)
            groups = np.array_split(order, math.ceil(symbols / size))
            passes += [(begin, end, torch.from_numpy(np.sort(group))) for group in groups]
        return [passes[i] for i in draw.permutation(len(passes))]

    def _step(self, passes: list[Pass]) -> tuple[float, int]:
        """Take one step on the mean of some passes; return that mean and the examples in them."""
        done = self.progress.epoch * self.steps_per_epoch + self.progress.step
        for group in self.optimizer.param_groups:
            group["lr"] = _rate(self.recipe, done, self.steps_per_epoch)
        self.wrapped.train()
        self.optimizer.zero_grad()
        numbered = list(enumerate(passes))
        mine = self.team.share(numbered)
        results = []
        for turn, (number, one) in enumerate(mine):
            # Where passes run out, a process repeats the last one, which then counts for nothing.
            real = turn * self.team.size + self.team.rank < len(passes)
            last = turn == len(mine) - 1
            with nullcontext() if last else self.accelerator.no_sync(self.wrapped):
                results.append(self._learn(number, one, self.team.size / len(passes) * real))
        self.accelerator.clip_grad_norm_(self.model.parameters(), self.recipe.clip)
        self.optimizer.step()
        told = self.team.gathered(results, len(passes))
        return sum(value for value, _ in told) / len(told), sum(count for _, count in told)

    def _learn(self, number: int, one: Pass, weight: float) -> tuple[float, int]:
        """Add a pass's gradient, so weighted; return its loss and its examples.

        Processes average their gradients, so the weight of a pass is their number over that of
        the passes of the step.
        """
        begin, end, symbols = one
        if self.recipe.passes_per_step > 1:
            # What a pass drops depends on its place, not on who computes it and what came before.
            place = (self.progress.epoch, self.progress.step, number)
            torch.manual_seed(seed_from("dropout", self.recipe.seed, *place) % 2**63)
        opinion = self.wrapped(
            self.blocks.block(begin, end, symbols), self.blocks.around(begin, end, symbols)
        )
        targets = self.targets.cut(begin, end, symbols)
        value = loss(_in_full(opinion), targets, self.recipe.weights)
        self.accelerator.backward(value * weight)
        return float(value.detach()), int((~targets.returns.isnan()).sum())

    @torch.no_grad()
    def _validate(self) -> float:
        self.model.eval()
        blocks = spans(self.validation, self.recipe.block)
        results = []
        for begin, end in self.team.share(blocks):
            targets = self.targets.cut(begin, end)
            count = int((~targets.returns.isnan()).sum())
            opinion = self.wrapped(self.blocks.block(begin, end), self.blocks.around(begin, end))
            value = float(loss(_in_full(opinion), targets, self.recipe.weights))
            results.append((count * value, count))
        told = self.team.gathered(results, len(blocks))
        return sum(value for value, _ in told) / max(sum(count for _, count in told), 1)

    def _close_epoch(self, speed: float) -> None:
        progress = self.progress
        validation = self._validate()
        progress.history.append(
            {
                "number": progress.epoch + 1,
                "training": float(np.mean(progress.losses)),
                "validation": validation,
                "examples_per_second": speed,
            }
        )
        if validation < progress.best:
            progress.best, progress.best_epoch = validation, progress.epoch
            progress.best_state = {
                name: value.detach().cpu().clone()
                for name, value in self.model.state_dict().items()
            }
        progress.epoch, progress.step, progress.losses = progress.epoch + 1, 0, []

    def _patience_is_over(self) -> bool:
        progress = self.progress
        return bool(progress.history) and (
            progress.epoch - progress.best_epoch > self.recipe.patience
        )

    def _save(self) -> None:
        assert self.folder is not None
        save_progress(
            self.folder,
            self.identity,
            {
                "model": self.model.state_dict(),
                "optimizer": self.optimizer.state_dict(),
                "random": torch.get_rng_state(),
                "progress": asdict(self.progress),
            },
        )


def _rate(recipe: MarketModelRecipe, step: int, per_epoch: int) -> float:
    """Return the learning rate on a cosine over all epochs, first to final."""
    share = min(step / max(recipe.epochs * per_epoch - 1, 1), 1.0)
    span = recipe.learning_rate - recipe.final_rate
    return recipe.final_rate + span * (1 + math.cos(math.pi * share)) / 2


def _in_full(opinion: Opinion) -> Opinion:
    """Return the answers in float32: losses are not summed in half precision."""
    return Opinion(
        embedding=opinion.embedding,
        returns=opinion.returns.float(),
        hit=opinion.hit.float(),
        quantiles=opinion.quantiles.float(),
    )


def _accelerator(recipe: MarketModelRecipe, device: str) -> Any:
    from accelerate import Accelerator
    from accelerate.state import AcceleratorState

    # One process may train several models; what an earlier one chose must not bind this one.
    AcceleratorState._reset_state(reset_partial_state=True)
    precision = "bf16" if recipe.precision == "bfloat16" else "no"
    return Accelerator(cpu=device == "cpu", mixed_precision=precision)


def parameters(module: nn.Module) -> int:
    """Return the number of trainable parameters."""
    return sum(p.numel() for p in module.parameters() if p.requires_grad)
