"""Twins refitted week by week on stored embeddings, judged by the weeks that followed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from foundation.kernel import OperatorError
from foundation.market_model.answers import Answers
from foundation.market_model.inputs import Labels
from foundation.market_model.model import LEVELS
from foundation.quant.evaluation.scores import pinball_loss
from foundation.twins.bank import TwinInputs, TwinOpinion, answer
from foundation.twins.layout import Layout
from foundation.twins.promotion import Comparison, compare
from foundation.twins.recipe import TwinRecipe
from foundation.twins.training import TrainedRows, TwinTargets, train


@dataclass(frozen=True)
class TwinAnswers:
    """What twins say of each row, by those trained before it; NaN where none was.

    Attributes
    ----------
    returns, hit, volatility : float32 arrays (T, N)
        In units of the volatility scale; ``hit`` is a probability.
    quantiles : float32 array (T, N, 3)
    regimes : float32 array (T, N, 4)
        Probabilities.
    """

    returns: np.ndarray
    hit: np.ndarray
    volatility: np.ndarray
    quantiles: np.ndarray
    regimes: np.ndarray


@dataclass(frozen=True)
class TwinHistory:
    """Answers, and which twins had earned their place at each row.

    Attributes
    ----------
    answers : TwinAnswers
        Of every twin, whether it had earned its place or not: they are what it is judged by.
    promoted : bool array (T, N)
        Whether the twin answers for its stock at a row: decided at the last refit, by the rows
        whose outcome was known there.
    comparisons : tuple of list of Comparison
        One per refit row.
    rows : Tensor (N, width)
        Weights of the last refit.
    losses : float array (N, 2)
        Of the last refit, on the sessions held back: before training, and of the kept epoch.
    epochs : int array (N,)
        Epochs that the last refit's weights took; 0 where it bettered nothing.
    """

    answers: TwinAnswers
    promoted: np.ndarray
    comparisons: tuple[list[Comparison], ...]
    rows: torch.Tensor
    losses: np.ndarray
    epochs: np.ndarray


def twin_inputs(shared: Answers, rows: slice, options: np.ndarray | None = None) -> TwinInputs:
    """Return what twins are given on some rows: the shared answers; absent ones are zero.

    A row without an answer has no outcome to learn from either, and is not asked.
    """

    def by_twin(values: np.ndarray, absent: float = 0.0) -> torch.Tensor:
        filled = np.nan_to_num(values[rows].swapaxes(0, 1), nan=absent)
        return torch.from_numpy(np.ascontiguousarray(filled, np.float32))

    quantiles = by_twin(shared.quantiles)
    quantiles[..., 2] += (quantiles[..., 2] <= quantiles[..., 0]).float()
    hit = np.clip(shared.hit, 1e-6, 1 - 1e-6)
    extra = None
    if options is not None:
        extra = torch.from_numpy(np.ascontiguousarray(options[rows].swapaxes(0, 1), np.float32))
    return TwinInputs(
        embedding=by_twin(shared.embedding),
        returns=by_twin(shared.returns),
        hit=by_twin(np.log(hit / (1 - hit))),
        quantiles=quantiles,
        options=extra,
    )


def twin_targets(
    labels: Labels, regimes: np.ndarray, answered: np.ndarray, rows: slice
) -> TwinTargets:
    """Return what happened on some rows; not known where no shared answer was given.

    ``regimes`` holds codes (T, N), -1 where no regime is named.
    """

    def by_twin(values: np.ndarray) -> torch.Tensor:
        kept = np.where(answered[rows], values[rows], np.nan).T
        return torch.from_numpy(np.ascontiguousarray(kept, np.float32))

    named = np.where(answered[rows], regimes[rows], -1).T
    return TwinTargets(
        returns=by_twin(labels.returns),
        hit=by_twin(labels.hit),
        volatility=by_twin(labels.volatility),
        regime=torch.from_numpy(np.ascontiguousarray(named, np.int64)),
    )


def walk_forward(
    shared: Answers,
    labels: Labels,
    regimes: np.ndarray,
    recipe: TwinRecipe,
    *,
    refit_rows: Sequence[int],
    fresh_rows: Sequence[int],
    trial: int,
    least: int,
    options: np.ndarray | None = None,
    report: Callable[[int, float], None] | None = None,
) -> TwinHistory:
    """Refit all twins at some rows; each refit goes on from the weights of the one before.

    Parameters
    ----------
    shared : Answers
        Of the market model, walk-forward.
    regimes : int array (T, N)
        Regimes named by a rule on past data, for the detector; -1 where none is.
    refit_rows : sequence of int, ascending
        Rows at whose close twins are trained: on outcomes known there.
    fresh_rows : sequence of int
        Rows from which another market model answers: its embeddings mean other things, so twins
        begin anew and learn only from rows since. They must be among the refit rows.
    trial, least : int
        Sessions of the past by which a twin is judged, at most and at least.

    Raises
    ------
    OperatorError
        If a fresh row is no refit row.
    """
    if not set(fresh_rows) <= set(refit_rows):
        raise OperatorError(
            "Twins begin anew where the market model does",
            value=sorted(set(fresh_rows) - set(refit_rows)),
            remedy="refit twins at every row at which the market model is refitted",
        )
    layout = Layout(recipe.sizes)
    sessions, stocks = shared.returns.shape
    answered = np.isfinite(shared.returns)
    said = _empty(sessions, stocks)
    promoted = np.zeros((sessions, stocks), dtype=bool)
    comparisons = []
    rows, since = _untrained(layout, stocks, recipe), refit_rows[0]
    last_fit = TrainedRows(rows, np.full((stocks, 2), np.nan), np.zeros(stocks, dtype=int))
    for row, until in zip(refit_rows, (*refit_rows[1:], sessions), strict=True):
        if row in fresh_rows:
            rows, since = _untrained(layout, stocks, recipe), row
        last = max(since, row + 1 - recipe.horizon)
        begin = max(since, last - recipe.sessions)
        if last - begin > recipe.held_back + recipe.horizon + recipe.batch:
            past = slice(begin, last)
            given = twin_inputs(shared, past, options)
            last_fit = train(rows, given, twin_targets(labels, regimes, answered, past), recipe)
            rows = last_fit.rows
        _say(said, layout, rows, shared, slice(row, until), answered, options)
        found = _judge(said, shared, labels, slice(max(since, last - trial), last), least, recipe)
        promoted[row:until] = [comparison.promotes for comparison in found]
        comparisons.append(found)
        if report is not None:
            report(row, float(np.mean(promoted[row])))
    return TwinHistory(
        TwinAnswers(**said), promoted, tuple(comparisons), rows, last_fit.losses, last_fit.epochs
    )


def losses(
    returns: np.ndarray, hit: np.ndarray, quantiles: np.ndarray, labels: Labels
) -> np.ndarray:
    """Return the loss by which twins and shared heads are compared, (T, N).

    Pinball loss of the quantiles plus Brier score of the hit: both proper, both of order one
    tenth to one in units of the scale. NaN where an outcome is not known.
    """
    brier = (hit - labels.hit) ** 2
    return pinball_loss(quantiles, labels.returns, LEVELS).mean(axis=-1) + brier


def _judge(
    said: dict[str, np.ndarray],
    shared: Answers,
    labels: Labels,
    rows: slice,
    least: int,
    recipe: TwinRecipe,
) -> list[Comparison]:
    """Compare on the rows that twins answered for and whose outcome is known by now."""
    cut = Labels(*(getattr(labels, n)[rows] for n in ("returns", "hit", "volatility")))
    mine = losses(said["returns"][rows], said["hit"][rows], said["quantiles"][rows], cut)
    theirs = losses(shared.returns[rows], shared.hit[rows], shared.quantiles[rows], cut)
    return compare(theirs, mine, least=least, seed=recipe.seed)


def _say(
    said: dict[str, np.ndarray],
    layout: Layout,
    weights: torch.Tensor,
    shared: Answers,
    rows: slice,
    answered: np.ndarray,
    options: np.ndarray | None,
) -> None:
    with torch.inference_mode():
        opinion: TwinOpinion = answer(layout, weights, twin_inputs(shared, rows, options))
        values = {
            "returns": opinion.returns,
            "hit": torch.sigmoid(opinion.hit),
            "volatility": opinion.volatility,
            "quantiles": opinion.quantiles,
            "regimes": torch.softmax(opinion.regimes, dim=-1),
        }
    for name, value in values.items():
        known = value.numpy().swapaxes(0, 1).copy()
        known[~answered[rows]] = np.nan
        said[name][rows] = known


def _untrained(layout: Layout, stocks: int, recipe: TwinRecipe) -> torch.Tensor:
    return layout.untrained(stocks, torch.Generator().manual_seed(recipe.seed))


def _empty(sessions: int, stocks: int) -> dict[str, np.ndarray]:
    shapes: dict[str, tuple[int, ...]] = {
        "returns": (),
        "hit": (),
        "volatility": (),
        "quantiles": (3,),
        "regimes": (4,),
    }
    return {
        name: np.full((sessions, stocks, *shape), np.nan, dtype=np.float32)
        for name, shape in shapes.items()
    }
