"""What twins are given of a market model's answers, and what they learn to foresee."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import torch

from foundation.kernel import OperatorError
from foundation.market_model.answers import Answers, answers
from foundation.market_model.inputs import Labels, ModelData
from foundation.market_model.walk_forward import WalkForward
from foundation.twins.bank import TwinInputs
from foundation.twins.objective import TwinTargets
from foundation.twins.recipe import TwinRecipe


def twin_inputs(shared: Answers, options: np.ndarray | None = None) -> TwinInputs:
    """Return what twins are given: the shared answers; absent ones are zero.

    A row without an answer has no outcome to learn from either, and is not asked.
    """

    def by_twin(values: np.ndarray, absent: float = 0.0) -> torch.Tensor:
        filled = np.nan_to_num(values.swapaxes(0, 1), nan=absent)
        return torch.from_numpy(np.ascontiguousarray(filled, np.float32))

    quantiles = by_twin(shared.quantiles)
    quantiles[..., 2] += (quantiles[..., 2] <= quantiles[..., 0]).float()
    hit = np.clip(shared.hit, 1e-6, 1 - 1e-6)
    extra = None
    if options is not None:
        extra = torch.from_numpy(np.ascontiguousarray(options.swapaxes(0, 1), np.float32))
    return TwinInputs(
        embedding=by_twin(shared.embedding),
        inputs=by_twin(shared.inputs),
        returns=by_twin(shared.returns),
        hit=by_twin(np.log(hit / (1 - hit))),
        quantiles=quantiles,
        options=extra,
    )


def twin_targets(shared: Answers, labels: Labels, regimes: np.ndarray, rows: slice) -> TwinTargets:
    """Return what happened on some rows; not known where the shared answers there are absent.

    ``regimes`` holds codes (T, N), -1 where no regime is named.
    """
    answered = np.isfinite(shared.returns)

    def by_twin(values: np.ndarray) -> torch.Tensor:
        kept = np.where(answered, values[rows], np.nan).T
        return torch.from_numpy(np.ascontiguousarray(kept, np.float32))

    named = np.where(answered, regimes[rows], -1).T
    return TwinTargets(
        returns=by_twin(labels.returns),
        hit=by_twin(labels.hit),
        volatility=by_twin(labels.volatility),
        regime=torch.from_numpy(np.ascontiguousarray(named, np.int64)),
    )


def cut(shared: Answers, rows: slice) -> Answers:
    """Return a copy of the answers on some rows."""
    return Answers(**{f.name: getattr(shared, f.name)[rows].copy() for f in fields(Answers)})


def with_earlier(shared: Answers, row: int, earlier: Answers | None, past: slice) -> Answers:
    """Return the answers on some past rows: those before ``row`` from the earlier ones."""
    if earlier is None or past.start >= row:
        return cut(shared, past)
    skipped = past.start - (row - len(earlier.returns))
    return Answers(
        **{
            f.name: np.concatenate(
                [getattr(earlier, f.name)[skipped:], getattr(shared, f.name)[row : past.stop]]
            )[: past.stop - past.start]
            for f in fields(Answers)
        }
    )


def earlier_answers(walked: WalkForward, data: ModelData, sessions: int) -> dict[int, Answers]:
    """Return what each refit's model says of the sessions before its refit row, by that row.

    The model has learnt from most of them: twins may learn from these answers, and are not judged
    by them.
    """
    return {
        refit.row: answers(refit.model, data, range(max(0, refit.row - sessions), refit.row))
        for refit in walked.refits
    }


def check_widths(shared: Answers, recipe: TwinRecipe) -> None:
    """Refuse a recipe that is not for the market model of these answers."""
    for what, values in (("embedding", shared.embedding), ("inputs", shared.inputs)):
        asked, given = getattr(recipe.sizes, what), values.shape[-1]
        if asked != given:
            raise OperatorError(
                f"A twin's {what} are as wide as its market model's",
                value=f"{asked} in {recipe.name}, {given} in the market model",
                remedy=f"set the twins' sizes.{what} to {given}",
            )
