"""Training of many twins at once, each with its own rate, its own stop and its own best weights."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from foundation.kernel import OperatorError
from foundation.market_model.numerics import seeded
from foundation.twins.bank import Drops, TwinInputs, corrected, corrections
from foundation.twins.layout import Layout
from foundation.twins.learning import Learning
from foundation.twins.objective import TwinTargets, losses
from foundation.twins.recipe import TwinRecipe, TwinSizes

GROUP = 50
"""Twins that learn together: what a step reads and writes stays near the processor, and memory
does not grow with the number of twins."""
WORTH_MOVING = 0.1
"""Share of a group that has to have stopped before the others move together."""


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
    passes : int array, shape (n,)
        Epochs that it learnt for, until it was stopped; 0 for a frozen twin.
    """

    rows: Tensor
    losses: np.ndarray
    epochs: np.ndarray
    passes: np.ndarray


def train(
    rows: Tensor,
    given: TwinInputs,
    targets: TwinTargets,
    recipe: TwinRecipe,
    *,
    rates: Tensor | None = None,
    report: Callable[[int, int], None] | None = None,
) -> TrainedRows:
    """Fine-tune twins on their last sessions, group by group; a group is one program.

    What a twin learns depends on itself and the seed, not on its company: all groups see the same
    order of sessions and drop the same units.

    Parameters
    ----------
    rows : Tensor, shape (n, width)
        Where they begin: untrained, or last week's.
    given, targets
        The last ``recipe.sessions`` sessions, oldest first.
    rates : Tensor, shape (n,), optional
        Multiple of the learning rate per twin; 0 freezes a twin.
    report : callable, optional
        Called after each group with how many twins are done, of how many.

    Raises
    ------
    OperatorError
        If there are too few sessions to learn from and to hold back.
    """
    layout = Layout(recipe.sizes)
    twins, sessions = given.returns.shape
    if sessions - recipe.held_back - recipe.horizon < 1:
        raise OperatorError(
            "A twin learns from some sessions and is stopped by later ones",
            value=f"{sessions} sessions, {recipe.held_back} held back, horizon {recipe.horizon}",
            remedy="give it a longer past, or hold back fewer sessions",
        )
    pace = torch.ones(twins) if rates is None else rates
    made = TrainedRows(
        rows.clone(), np.full((twins, 2), np.nan), np.zeros(twins, int), np.zeros(twins, int)
    )
    learning = torch.nonzero(pace > 0)[:, 0]
    frozen = torch.nonzero(pace <= 0)[:, 0]
    if len(frozen):
        loss = _judge(
            layout, layout.views(rows[frozen]), *_late(given, targets, recipe, frozen), recipe
        )
        made.losses[frozen] = np.stack([loss.double().numpy()] * 2, axis=1)
    groups = learning.split(GROUP)
    # One thread per group and none within a product: nobody waits for anybody at each of them.
    with seeded(recipe.seed, threads=1), ThreadPoolExecutor(recipe.threads) as pool:
        done = [pool.submit(_learn, layout, g, given, targets, recipe, pace, made) for g in groups]
        for group, work in zip(groups, done, strict=True):
            work.result()
            if report is not None:
                report(int(group[-1]) + 1, twins)
    known = ~targets.returns[:, -recipe.held_back :].isnan().all(dim=1).numpy()
    made.losses[~known] = np.nan
    return made


def _learn(
    layout: Layout,
    group: Tensor,
    given: TwinInputs,
    targets: TwinTargets,
    recipe: TwinRecipe,
    pace: Tensor,
    made: TrainedRows,
) -> None:
    """Train the twins of one group and write what came of it into ``made``."""
    given, targets, pace = given.of(group), targets.of(group), pace[group]
    draw = torch.Generator().manual_seed(recipe.seed)
    stop = given.returns.shape[1] - recipe.held_back - recipe.horizon
    late = slice(stop + recipe.horizon, None)
    learning = Learning(layout, made.rows[group], recipe, pace)
    least = _judge(layout, learning.named, given.cut(late), targets.cut(late), recipe)
    begun, epochs, passes = least.clone(), torch.zeros_like(group), torch.zeros_like(group)
    # ``active``: places in the group of the twins at hand; ``going``: those of them still learning.
    active, going = torch.arange(len(group)), torch.ones(len(group), dtype=torch.bool)
    mine, theirs = given, targets
    for epoch in range(1, recipe.epochs + 1):
        passes[active[going]] = epoch
        # Batches of one size: a small last one would cost a whole pass over all weights.
        order = torch.randperm(stop, generator=draw)
        for batch in order.tensor_split(max(1, round(stop / recipe.batch))):
            drops = _drops(recipe.sizes, recipe.dropout, len(batch), draw)
            learning.step(mine.cut(batch), theirs.cut(batch), drops)
        loss = _judge(layout, learning.named, mine.cut(late), theirs.cut(late), recipe)
        better = going & (loss < least[active])
        improved = active[better]
        least[improved], epochs[improved] = loss[better], epoch
        learning.put(made.rows, group[improved], better)
        going = going & (epoch - epochs[active] <= recipe.patience)
        if not bool(going.any()):
            break
        if going.sum() <= (1 - WORTH_MOVING) * len(going):
            active = active[going]
            learning.keep(going)
            mine, theirs = mine.of(going), theirs.of(going)
            going = going[going]
    places = group.numpy()
    made.losses[places] = torch.stack([begun, least], dim=1).double().numpy()
    made.epochs[places], made.passes[places] = epochs.numpy(), passes.numpy()


def _late(
    given: TwinInputs, targets: TwinTargets, recipe: TwinRecipe, some: Tensor
) -> tuple[TwinInputs, TwinTargets]:
    late = slice(given.returns.shape[1] - recipe.held_back, None)
    return given.of(some).cut(late), targets.of(some).cut(late)


@torch.no_grad()
def _judge(
    layout: Layout,
    named: dict[str, Tensor],
    given: TwinInputs,
    targets: TwinTargets,
    recipe: TwinRecipe,
) -> Tensor:
    return losses(corrected(given, *corrections(layout, named, given)), targets, recipe.weights)


def _drops(
    sizes: TwinSizes,
    rates: tuple[float, float, float, float],
    sessions: int,
    draw: torch.Generator,
) -> Drops:
    """Draw what is dropped: zero at a rate, else the inverse of what is left (Srivastava 2014)."""
    widths = (sizes.detector[0], *sizes.correction, 3 * sizes.head)
    return Drops(
        *(
            torch.empty(sessions, width).bernoulli_(1 - rate, generator=draw) / (1 - rate)
            if rate
            else None
            for width, rate in zip(widths, rates, strict=True)
        )
    )
