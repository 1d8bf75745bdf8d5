"""Training of many twins at once, each with its own rate, its own stop and its own best weights."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from foundation.kernel import OperatorError
from foundation.market_model.losses import hit_or_miss, masked_mean, pinball, squared
from foundation.market_model.model import LEVELS
from foundation.market_model.numerics import seeded
from foundation.twins.bank import Drops, TwinInputs, TwinOpinion, answer, corrected, corrections
from foundation.twins.layout import Layout
from foundation.twins.recipe import TwinRecipe, TwinWeights

BETAS, EPSILON = (0.9, 0.999), 1e-8

ROWS_AT_ONCE = 4
"""Twins updated at once: their weights, gradients and moments then stay in the cache."""


@dataclass(frozen=True)
class TwinTargets:
    """What happened after each session, (n, B); NaN (regime: -1) where it is not known."""

    returns: Tensor
    hit: Tensor
    volatility: Tensor
    regime: Tensor

    def cut(self, rows: Tensor | slice) -> TwinTargets:
        """Return some sessions."""
        return TwinTargets(
            self.returns[:, rows],
            self.hit[:, rows],
            self.volatility[:, rows],
            self.regime[:, rows],
        )

    def of(self, twins: Tensor) -> TwinTargets:
        """Return some twins."""
        return TwinTargets(
            self.returns[twins], self.hit[twins], self.volatility[twins], self.regime[twins]
        )


@dataclass(frozen=True)
class TrainedRows:
    """Weights of the best epoch of every twin, and how they were found.

    Attributes
    ----------
    rows : Tensor, shape (n, width)
    losses : float array, shape (n, 2)
        Loss on the sessions held back: untrained, and of the best epoch. NaN where nothing was
        held back with a known outcome.
    epochs : int array, shape (n,)
        Epoch whose weights were kept; 0 where the untrained twin was not bettered.
    """

    rows: Tensor
    losses: np.ndarray
    epochs: np.ndarray


def losses(opinion: TwinOpinion, targets: TwinTargets, weights: TwinWeights) -> Tensor:
    """Return each twin's weighted loss, (n,): means over the sessions whose outcome is known."""
    dim = (1,)
    known = ~targets.returns.isnan()
    returns = torch.where(known, targets.returns, 0.0)
    volatility = squared(opinion.volatility, targets.volatility)
    named = targets.regime >= 0
    regime = F.cross_entropy(
        opinion.regimes.flatten(0, 1), targets.regime.clamp(min=0).flatten(), reduction="none"
    ).view_as(named)
    return (
        weights.returns * masked_mean(squared(opinion.returns, targets.returns), known, dim)
        + weights.hit
        * masked_mean(hit_or_miss(opinion.hit, targets.hit), ~targets.hit.isnan(), dim)
        + weights.volatility * masked_mean(volatility, ~targets.volatility.isnan(), dim)
        + weights.quantiles * masked_mean(pinball(opinion.quantiles, returns, LEVELS), known, dim)
        + weights.regime * masked_mean(regime, named, dim)
    )


def train(
    rows: Tensor,
    given: TwinInputs,
    targets: TwinTargets,
    recipe: TwinRecipe,
    *,
    rates: Tensor | None = None,
    report: Callable[[int, float], None] | None = None,
) -> TrainedRows:
    """Fine-tune twins on their last sessions; all that are still learning learn in one program.

    Parameters
    ----------
    rows : Tensor, shape (n, width)
        Where they begin: untrained, or last week's.
    given, targets
        The last ``recipe.sessions`` sessions, oldest first.
    rates : Tensor, shape (n,), optional
        Multiple of the learning rate per twin; 0 freezes a twin.
    report : callable, optional
        Called after each epoch with its number and the share of twins still learning.

    Raises
    ------
    OperatorError
        If there are too few sessions to learn from and to hold back.
    """
    layout = Layout(recipe.sizes)
    twins, sessions = given.returns.shape
    stop = sessions - recipe.held_back - recipe.horizon
    if stop < 1:
        raise OperatorError(
            "A twin learns from some sessions and is stopped by later ones",
            value=f"{sessions} sessions, {recipe.held_back} held back, horizon {recipe.horizon}",
            remedy="give it a longer past, or hold back fewer sessions",
        )
    pace = torch.ones(twins) if rates is None else rates
    late = slice(sessions - recipe.held_back, sessions)
    with seeded(recipe.seed, recipe.threads):
        return _learn(layout, rows, given, targets, recipe, pace, stop, late, report)


def _learn(
    layout: Layout,
    rows: Tensor,
    given: TwinInputs,
    targets: TwinTargets,
    recipe: TwinRecipe,
    pace: Tensor,
    stop: int,
    late: slice,
    report: Callable[[int, float], None] | None,
) -> TrainedRows:
    twins = len(rows)
    best = rows.clone()
    judged, truth = given.cut(late), targets.cut(late)
    least = _judge(layout, rows, judged, truth, recipe.weights)
    begun, epochs = least.clone(), torch.zeros(twins, dtype=torch.long)
    active = torch.nonzero(pace > 0)[:, 0]
    learning = _Learning(layout, rows[active], recipe, pace[active])
    for epoch in range(1, recipe.epochs + 1):
        if not len(active):
            break
        order = torch.randperm(stop)
        mine, theirs = given.of(active), targets.of(active)
        # Batches of one size: a small last one would cost a whole pass over all weights.
        for batch in order.tensor_split(max(1, round(stop / recipe.batch))):
            learning.step(mine.cut(batch), theirs.cut(batch))
        loss = _judge(layout, learning.rows, judged.of(active), truth.of(active), recipe.weights)
        better = loss < least[active]
        improved = active[better]
        least[improved], epochs[improved] = loss[better], epoch
        best[improved] = learning.rows[better]
        going = epoch - epochs[active] <= recipe.patience
        if not bool(going.all()):
            active = active[going]
            learning.keep(going)
        if report is not None:
            report(epoch, len(active) / twins)
    known = ~targets.cut(late).returns.isnan().all(dim=1)
    table = torch.stack([begun, least], dim=1)
    table[~known] = torch.nan
    return TrainedRows(best, table.double().numpy(), epochs.numpy())


@torch.no_grad()
def _judge(
    layout: Layout, rows: Tensor, given: TwinInputs, targets: TwinTargets, weights: TwinWeights
) -> Tensor:
    return losses(answer(layout, rows, given), targets, weights)


class _Learning:
    """Weights, moments and gradients of the twins that are still learning, one row each.

    Adam (Kingma & Ba 2015) with decoupled decay (Loshchilov & Hutter 2019), written out over
    rows: each twin has its own rate, its own clipped gradient, and leaves when it is done.
    """

    def __init__(self, layout: Layout, rows: Tensor, recipe: TwinRecipe, pace: Tensor) -> None:
        self.layout, self.recipe = layout, recipe
        self.rows, self.pace = rows.clone(), pace
        self.first, self.second = torch.zeros_like(rows), torch.zeros_like(rows)
        self.rates = layout.rates(recipe.learning_rate, recipe.stock_rate)
        self.steps = 0
        self.drops = Drops(*recipe.dropout)
        self.gradient = torch.zeros_like(rows)

    def step(self, given: TwinInputs, targets: TwinTargets) -> None:
        """Learn from one batch of sessions."""
        parameters = {
            name: view.detach().requires_grad_()
            for name, view in self.layout.views(self.rows).items()
        }
        opinion = corrected(given, *corrections(self.layout, parameters, given, self.drops))
        # A sum over twins: each twin's gradient is that of its own loss alone.
        total = losses(opinion, targets, self.recipe.weights).sum()
        names = list(parameters)
        found = torch.autograd.grad(total, [parameters[n] for n in names], allow_unused=True)
        views = self.layout.views(self.gradient)
        for name, gradient in zip(names, found, strict=True):
            if gradient is not None:
                views[name].copy_(gradient)
        self._update()

    def keep(self, going: Tensor) -> None:
        """Go on with some of the twins."""
        self.rows, self.pace = self.rows[going], self.pace[going]
        self.first, self.second = self.first[going], self.second[going]
        self.gradient = self.gradient[going]

    def _update(self) -> None:
        self.steps += 1
        (b1, b2), recipe = BETAS, self.recipe
        norm = torch.linalg.vector_norm(self.gradient, dim=1)
        shrink = (recipe.clip / norm.clamp(min=1e-12)).clamp(max=1.0)
        unbias1, unbias2 = 1 - b1**self.steps, (1 - b2**self.steps) ** 0.5
        # A few twins at a time, so that their rows stay in the cache through all six passes.
        for at in range(0, len(self.rows), ROWS_AT_ONCE):
            some = slice(at, at + ROWS_AT_ONCE)
            g = self.gradient[some].mul_(shrink[some, None])
            m, v, w = self.first[some], self.second[some], self.rows[some]
            m.lerp_(g, 1 - b1)
            v.mul_(b2).addcmul_(g, g, value=1 - b2)
            move = torch.sqrt(v, out=g).div_(unbias2).add_(EPSILON)
            move = torch.div(m, move, out=g).div_(unbias1)
            move.add_(w, alpha=recipe.decay).mul_(self.rates)
            w.addcmul_(move, self.pace[some, None], value=-1.0)
