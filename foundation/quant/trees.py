"""Boosted trees whose number of rounds is earned on the past, down to none at all.

Before each fit the last part of the known past is held back (purged by the horizon). The rounds
with the smallest loss there are taken; zero rounds means that the features earned nothing and
the unconditional quantile, or frequency, of the whole past answers. The model is then fitted
on all of the known past with those rounds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from foundation.quant.evaluation import brier_score, pinball_loss
from foundation.quant.settings import QuantileSettings

if TYPE_CHECKING:
    import lightgbm as lgb


@dataclass(frozen=True)
class Task:
    """What a model answers for: a quantile level, or (None) the chance of an event."""

    level: float | None

    @property
    def objective(self) -> dict[str, object]:
        """LightGBM's name and parameter for the task."""
        if self.level is None:
            return {"objective": "binary"}
        return {"objective": "quantile", "alpha": self.level}

    def constant(self, label: np.ndarray) -> float:
        """Return the best answer without features."""
        return float(label.mean() if self.level is None else np.quantile(label, self.level))

    def loss(self, answer: np.ndarray, label: np.ndarray) -> float:
        """Return the mean Brier score or pinball loss."""
        if self.level is None:
            return float(brier_score(answer, label).mean())
        return float(pinball_loss(answer[:, None], label, (self.level,)).mean())


@dataclass(frozen=True)
class Fitted:
    """A model that answers by its trees, or by a constant where it has none."""

    rounds: int
    constant: float
    trees: lgb.Booster | None

    def answer(self, inputs: np.ndarray) -> np.ndarray:
        """Return one answer per row of inputs."""
        if self.trees is None:
            return np.full(len(inputs), self.constant)
        return np.asarray(self.trees.predict(inputs, num_iteration=self.rounds))


@dataclass(frozen=True)
class Rows:
    """Samples in order of time: inputs (R, F) and one label (R,) per task."""

    inputs: np.ndarray
    labels: tuple[np.ndarray, ...]


def fit(
    tasks: Sequence[Task], early: Rows, late: Rows, everything: Rows, settings: QuantileSettings
) -> tuple[Fitted, ...]:
    """Choose each task's rounds on ``late`` after training on ``early``, then fit on everything.

    Where either part is too small to train or judge on, the constant answers.
    """
    choices = (0,) * len(tasks)
    if min(len(early.inputs), len(late.inputs)) >= 2 * settings.minimum_leaf:
        tried = _boosted(tasks, early, (settings.rounds,) * len(tasks), settings)
        choices = tuple(
            _best_rounds(task, booster, early.labels[i], late, i, settings)
            for i, (task, booster) in enumerate(zip(tasks, tried, strict=True))
        )
    final = _boosted(tasks, everything, choices, settings)
    return tuple(
        Fitted(rounds, task.constant(label), booster)
        for rounds, task, label, booster in zip(
            choices, tasks, everything.labels, final, strict=True
        )
    )


def _best_rounds(
    task: Task,
    booster: lgb.Booster | None,
    label: np.ndarray,
    late: Rows,
    place: int,
    settings: QuantileSettings,
) -> int:
    truth = late.labels[place]
    losses = {}
    for rounds in settings.round_choices:
        fitted = Fitted(rounds, task.constant(label), booster if rounds else None)
        losses[rounds] = task.loss(fitted.answer(late.inputs), truth)
    return min(losses, key=lambda rounds: (losses[rounds], rounds))


def _boosted(
    tasks: Sequence[Task], rows: Rows, rounds: Sequence[int], settings: QuantileSettings
) -> list[lgb.Booster | None]:
    """Return one booster per task (None for zero rounds); the rows are binned once."""
    if not any(rounds):
        return [None] * len(tasks)
    import lightgbm as lgb

    binning = {
        "max_bin": 63,
        "min_data_in_leaf": settings.minimum_leaf,
        "num_threads": settings.threads,
        "seed": settings.seed,
        "deterministic": True,
        "force_row_wise": True,
        "verbosity": -1,
    }
    growing = {
        "num_leaves": settings.leaves,
        "learning_rate": settings.learning_rate,
        "feature_fraction": settings.feature_fraction,
    }
    data = lgb.Dataset(rows.inputs, label=rows.labels[0], params=binning, free_raw_data=False)
    data.construct()
    boosters: list[lgb.Booster | None] = []
    for task, label, count in zip(tasks, rows.labels, rounds, strict=True):
        if not count:
            boosters.append(None)
            continue
        data.set_label(label)
        boosters.append(lgb.train({**binning, **growing, **task.objective}, data, count))
    return boosters
