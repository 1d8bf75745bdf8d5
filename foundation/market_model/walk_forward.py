"""Market models refitted along history, each answering only for what came after its training."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from functools import partial
from pathlib import Path

import numpy as np

from foundation.kernel import OperatorError
from foundation.market_model.answers import Answers, answers
from foundation.market_model.checkpoint import TrainedModel
from foundation.market_model.inputs import Labels, ModelData
from foundation.market_model.recipe import MarketModelRecipe
from foundation.market_model.training.progress import Epoch
from foundation.market_model.training.start import train


@dataclass(frozen=True)
class Refit:
    """One training: at whose close, and which rows it then answers for."""

    row: int
    stop: int
    model: TrainedModel


@dataclass(frozen=True)
class WalkForward:
    """Answers of every row by the model that was current there; NaN before the first refit."""

    answers: Answers
    refits: tuple[Refit, ...]


def walk_forward(
    data: ModelData,
    labels: Labels,
    recipe: MarketModelRecipe,
    *,
    refit_rows: Sequence[int],
    held_back: int,
    stop: int | None = None,
    checkpoints: Path | None = None,
    report: Callable[[int, Epoch], None] | None = None,
) -> WalkForward:
    """Train at the close of each refit row and answer until the next.

    Parameters
    ----------
    refit_rows : sequence of int, ascending
        A row ``s`` is learnt from at refit row ``r`` only if ``s + horizon <= r``.
    held_back : int
        The last sessions with known labels: training is stopped on them and learns nothing from
        them. Between them and what is learnt lie ``horizon`` sessions.
    stop : int, optional
        Row before which answering ends; the end of the data where None.
    report : callable, optional
        Called with the refit row after every epoch.

    Raises
    ------
    OperatorError
        If a refit row leaves too little past to learn from.
    """
    end = len(data.sessions) if stop is None else stop
    refits, parts = [], []
    for row, until in zip(refit_rows, (*refit_rows[1:], end), strict=True):
        last = row + 1 - recipe.horizon
        validation = range(last - held_back, last)
        training = range(first_usable(data), validation.start - recipe.horizon)
        if len(training) < recipe.context:
            raise OperatorError(
                f"A refit has at least {recipe.context} sessions to learn from",
                value=f"{max(len(training), 0)} at {data.sessions[row]}",
                remedy="begin later, or hold back fewer sessions",
            )
        model = train(
            data,
            labels,
            training=training,
            validation=validation,
            recipe=recipe,
            checkpoints=None if checkpoints is None else checkpoints / str(data.sessions[row]),
            report=None if report is None else partial(report, row),
        )
        refits.append(Refit(row, until, model))
        parts.append(answers(model, data, range(row, until)))
    return WalkForward(joined(parts, refits, data), tuple(refits))


def first_usable(data: ModelData) -> int:
    """Return the first row on which a forecast is made for any symbol."""
    known = data.answerable.any(axis=1)
    if not known.any():
        raise OperatorError(
            "A market has a volatility scale and known outcomes somewhere",
            value="none",
            remedy="give a longer history",
        )
    return int(known.argmax())


def joined(parts: Sequence[Answers], refits: Sequence[Refit], data: ModelData) -> Answers:
    """Return one set of answers over all rows; NaN where no model answered."""
    out = {}
    for field in fields(Answers):
        first = getattr(parts[0], field.name)
        whole = np.full((len(data.sessions), *first.shape[1:]), np.nan, dtype=first.dtype)
        for part, refit in zip(parts, refits, strict=True):
            whole[refit.row : refit.stop] = getattr(part, field.name)
        out[field.name] = whole
    return Answers(**out)
