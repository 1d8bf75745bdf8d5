"""One training from its first epoch to its best: the order, the patience, what is kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from foundation.market_model.blocking import Scaling
from foundation.market_model.checkpoint import (
    TrainedModel,
    drop_progress,
    load_progress,
    save_progress,
)
from foundation.market_model.inputs import Labels, ModelData
from foundation.market_model.numerics import seeded
from foundation.market_model.recipe import MarketModelRecipe
from foundation.market_model.training.learner import Learner
from foundation.market_model.training.passes import Pass, passes_of
from foundation.market_model.training.progress import Epoch, Progress
from foundation.market_model.training.shrinkage import shrunk
from foundation.runtime.team import Team

Report = Callable[[Epoch], None]


@dataclass(frozen=True)
class Task:
    """What every process of a training is told."""

    data: ModelData
    labels: Labels
    training: range
    validation: range
    recipe: MarketModelRecipe
    folder: Path | None
    device: str


class Run:
    """One training; its state is in ``progress``, the learner and torch's random state.

    In a team every process has a copy of the run; the first alone writes and tells.
    """

    def __init__(self, task: Task, team: Team) -> None:
        self.task, self.recipe, self.team = task, task.recipe, team
        # Where the state is kept, in the one process that keeps it.
        self.keeps = task.folder if team.first else None

    def train(self, report: Report | None, clock: Callable[[], float]) -> TrainedModel:
        """Prepare, go on where a checkpoint was left, train, and return the best model."""
        with seeded(self.recipe.seed, self.recipe.threads):
            self._prepare()
            self._resume()
            self._go(report, clock)
            return self._result()

    def _prepare(self) -> None:
        task = self.task
        self.scaling = Scaling.of(task.data, slice(task.training.start, task.training.stop))
        self.learner = Learner(
            task.data, task.labels, self.scaling, self.recipe, task.device, self.team
        )
        self.progress = Progress()
        self.passes_per_epoch = len(self._passes(0))

    def _passes(self, epoch: int) -> list[Pass]:
        return passes_of(epoch, self.task.training, len(self.task.data.symbols), self.recipe)

    @property
    def identity(self) -> dict[str, Any]:
        """What a checkpoint must share with this run."""
        training, validation = self.task.training, self.task.validation
        return {
            "recipe": self.recipe.model_dump(mode="json"),
            "training": [training.start, training.stop],
            "validation": [validation.start, validation.stop],
            "mean": self.scaling.mean.tolist(),
            "symbols": list(self.task.data.symbols),
        }

    def _resume(self) -> None:
        """Go on from the folder's checkpoint, if it has one."""
        if self.task.folder is None:
            return
        found = load_progress(self.task.folder, self.identity)
        if found is not None:
            self.progress = Progress(**found.pop("progress"))
            self.learner.go_on_from(found)

    def _go(self, report: Report | None, clock: Callable[[], float]) -> None:
        """Train until the epochs are over or validation has not improved for long enough."""
        progress, saved = self.progress, clock()
        while progress.epoch < self.recipe.epochs and not self._patience_is_over():
            passes, begun, examples = self._passes(progress.epoch), clock(), 0
            while progress.step < len(passes):
                group = passes[progress.step : progress.step + self.recipe.passes_per_step]
                place = (progress.epoch, progress.step)
                value, count = self.learner.step(group, place, self._share_done())
                progress.losses.append(value)
                progress.step += len(group)
                examples += count
                if self.keeps and clock() - saved >= 60 * self.recipe.checkpoint_minutes:
                    self._save(self.keeps)
                    saved = clock()
            self._close_epoch(examples / max(clock() - begun, 1e-9))
            if self.keeps:
                self._save(self.keeps)  # an interruption costs an epoch at most
            if report is not None:
                report(Epoch(**progress.history[-1]))  # type: ignore[arg-type]
        if self.keeps:
            drop_progress(self.keeps)

    def _share_done(self) -> float:
        """Return how much of all epochs is behind, from 0 to 1."""
        done = self.progress.epoch * self.passes_per_epoch + self.progress.step
        return min(done / max(self.recipe.epochs * self.passes_per_epoch - 1, 1), 1.0)

    def _close_epoch(self, speed: float) -> None:
        progress = self.progress
        validation = self.learner.judge(self.task.validation)
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
                for name, value in self.learner.model.state_dict().items()
            }
        progress.epoch, progress.step, progress.losses = progress.epoch + 1, 0, []

    def _patience_is_over(self) -> bool:
        progress = self.progress
        return bool(progress.history) and (
            progress.epoch - progress.best_epoch > self.recipe.patience
        )

    def _save(self, folder: Path) -> None:
        state = {**self.learner.state(), "progress": asdict(self.progress)}
        save_progress(folder, self.identity, state)

    def _result(self) -> TrainedModel:
        """Return the model of the best epoch."""
        best, model = self.progress.best_state, self.learner.model
        model.load_state_dict(best)
        shares = self.learner.borne_out(self.task.validation)
        return TrainedModel(
            recipe=self.recipe,
            vocabulary=model.vocabulary,
            scaling=self.scaling,
            state=shrunk(best, shares),
            history=tuple(self.progress.history),
            trained_until=self.task.data.sessions[self.task.training.stop - 1],
            shares=shares,
        )
