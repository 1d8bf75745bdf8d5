"""Twins refitted week by week on stored embeddings, judged by the weeks that followed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch.nn import functional as F

from foundation.kernel import OperatorError
from foundation.market_model.answers import Answers
from foundation.market_model.inputs import Labels
from foundation.market_model.network.model import LEVELS
from foundation.quant.evaluation.scores import pinball_loss
from foundation.twins.bank import TwinInputs, corrected, corrections
from foundation.twins.given import check_widths, cut, twin_inputs, twin_targets, with_earlier
from foundation.twins.layout import Layout
from foundation.twins.promotion import Comparison, compare
from foundation.twins.recipe import TwinRecipe
from foundation.twins.shrinkage import earned, shrunk, spread
from foundation.twins.training import TrainedRows, train

SPAN = 8
"""Sessions that are asked about at once, whatever comes after them: products of one shape give
the same bits to a session whether it is the last one or not."""


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
        Weights of the last refit, the factors that its corrections had earned made part of them.
    factors : float array (N, 4)
        Those factors, by ``shrinkage.HEADS``: 0 where the shared heads answer alone.
    losses : float array (N, 2)
        Of the last refit, on the sessions held back: before training, and of the kept epoch.
    epochs : int array (N,)
        Epochs that the last refit's weights took; 0 where it bettered nothing.
    """

    answers: TwinAnswers
    promoted: np.ndarray
    comparisons: tuple[list[Comparison], ...]
    rows: torch.Tensor
    factors: np.ndarray
    losses: np.ndarray
    epochs: np.ndarray


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
    before: Mapping[int, Answers] | None = None,
    report: Callable[[int, float], None] | None = None,
) -> TwinHistory:
    """Refit all twins at some rows; each refit goes on from the weights of the one before.

    Parameters
    ----------
    shared : Answers
        Of the market model, walk-forward.
    regimes : int array (T, N)
        Regimes named on past data, for the detector; -1 where none is.
    refit_rows : sequence of int, ascending
        Rows at whose close twins are trained: on outcomes known there.
    fresh_rows : sequence of int
        Rows from which another market model answers: its embeddings mean other things, so twins
        begin anew. They must be among the refit rows.
    before : mapping of fresh row to Answers, optional
        What the market model of a fresh row says of the sessions before it, up to and without that
        row: its twins then learn from them at once. Where there are none, twins learn only from
        rows since. Nothing is judged by these answers, for the model has learnt from some of them.
    trial, least : int
        Sessions of the past by which a twin is judged, at most and at least.

    Raises
    ------
    OperatorError
        If a fresh row is no refit row, or the recipe is not for this market model.
    """
    if not set(fresh_rows) <= set(refit_rows):
        raise OperatorError(
            "Twins begin anew where the market model does",
            value=sorted(set(fresh_rows) - set(refit_rows)),
            remedy="refit twins at every row at which the market model is refitted",
        )
    check_widths(shared, recipe)
    layout = Layout(recipe.sizes)
    sessions, stocks = shared.returns.shape
    answered = np.isfinite(shared.returns)
    said = _empty(sessions, stocks)
    added = np.zeros((sessions, stocks, 6), dtype=np.float32)
    promoted = np.zeros((sessions, stocks), dtype=bool)
    comparisons = []
    rows, fresh = _untrained(layout, stocks, recipe), refit_rows[0]
    last_fit = TrainedRows(
        rows, np.full((stocks, 2), np.nan), np.zeros(stocks, int), np.zeros(stocks, int)
    )
    for row, until in zip(refit_rows, (*refit_rows[1:], sessions), strict=True):
        if row in fresh_rows:
            rows, fresh = _untrained(layout, stocks, recipe), row
        earlier = (before or {}).get(fresh)
        since = fresh - (0 if earlier is None else len(earlier.returns))
        last = max(0, row + 1 - recipe.horizon)
        past = slice(max(since, last - recipe.sessions), last)
        if past.stop - past.start > recipe.held_back + recipe.horizon + recipe.batch:
            seen = with_earlier(shared, fresh, earlier, past)
            given = twin_inputs(seen, None if options is None else options[past])
            last_fit = train(rows, given, twin_targets(seen, labels, regimes, past), recipe)
            rows = last_fit.rows
        judged, now = slice(max(0, last - trial), last), slice(row, until)
        factors = earned(
            twin_inputs(cut(shared, judged)),
            torch.from_numpy(np.ascontiguousarray(added[judged].swapaxes(0, 1))),
            twin_targets(cut(shared, judged), labels, regimes, judged),
            recipe.horizon,
        )
        given = twin_inputs(cut(shared, now), None if options is None else options[now])
        added[now] = _say(said, layout, rows, factors, given, now, answered)
        found = _judge(said, shared, labels, judged, least, recipe)
        promoted[row:until] = [comparison.promotes for comparison in found]
        comparisons.append(found)
        if report is not None:
            report(row, float(np.mean(promoted[row])))
    return TwinHistory(
        TwinAnswers(**said),
        promoted,
        tuple(comparisons),
        shrunk(layout, rows, factors),
        factors.numpy(),
        last_fit.losses,
        last_fit.epochs,
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
    rows: torch.Tensor,
    factors: torch.Tensor,
    given: TwinInputs,
    now: slice,
    answered: np.ndarray,
) -> np.ndarray:
    """Answer for some sessions; return the corrections before any factor, (B, N, 6)."""
    sessions = given.returns.shape[1]
    parts = []
    with torch.inference_mode():
        for begin in range(0, sessions, SPAN):
            part = _filled_up(given.cut(slice(begin, begin + SPAN)))
            added, regimes = corrections(layout, layout.views(rows), part)
            opinion = corrected(part, added * spread(factors)[:, None], regimes)
            values = {
                "returns": opinion.returns,
                "hit": torch.sigmoid(opinion.hit),
                "volatility": opinion.volatility,
                "quantiles": opinion.quantiles,
                "regimes": torch.softmax(opinion.regimes, dim=-1),
            }
            parts.append({"added": added, **values})
    whole = {name: torch.cat([p[name] for p in parts], dim=1)[:, :sessions] for name in parts[0]}
    raw = whole.pop("added").numpy().swapaxes(0, 1)
    for name, value in whole.items():
        known = value.numpy().swapaxes(0, 1).copy()
        known[~answered[now]] = np.nan
        said[name][now] = known
    return raw


def _filled_up(given: TwinInputs) -> TwinInputs:
    """Return the inputs with zeros appended up to a whole span."""
    missing = SPAN - given.returns.shape[1]
    return given.each(lambda part: F.pad(part, (0, 0) * (part.dim() - 2) + (0, missing)))


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
