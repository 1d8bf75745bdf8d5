"""Exchange of names: to look up a series' last answers, whatever the series is called.

A model learns "what did the series that I am asked about say last?" for each series by itself,
from that series' own answers: nothing makes what it has learnt of momentum serve volume. A series
that few symbols report then has too few answers to learn it from, though enough for its own rates.
So while a model learns, in some of its windows the tape's states trade names: momentum's questions
and answers are called volume's, volume's trend's, the same way in the whole window. Levels stay
(lowest first in every series); words stay. The price keeps its name: its answers are
movements, not states. Real names alone must come last, for rates are each series' own. Exchange
costs the other series some of their steps, so it is for the rare one's sake alone: where every
series is told as often as the next, no names are exchanged.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from foundation.contracts import STATES, TAPE, TapeCodes
from foundation.contracts.lexicon import tape_outcomes
from foundation.kernel import OperatorError
from stage_05_llm_engine.learning.lessons import Batch, marks_are_single
from stage_05_llm_engine.learning.material import Windows, one_after_another
from stage_05_llm_engine.recipe import TrainingRecipe

TRADING = tuple(s for s, name in enumerate(TAPE) if tape_outcomes(name) == STATES)
"""Positions of the series that trade names."""


def share_of(recipe: TrainingRecipe, step: int) -> float:
    """Return the share of windows with exchanged names at a step (0-based).

    ``exchanged_names`` until weights begin to be averaged, none from there on: what the mean is
    of has learnt every series under its own name.
    """
    averaging = step >= recipe.steps * (1 - recipe.average_last)
    return 0.0 if averaging else recipe.exchanged_names


def scarcity(train: Windows, codes: TapeCodes) -> float:
    """Return how much less often the rarest state is told than the commonest: 0 to 1.

    States that no window tells do not count: nobody asks about them.
    """
    told = np.zeros(len(TRADING))
    for read in one_after_another(train):
        told += [np.count_nonzero(read.ids == codes.series[s][0]) for s in TRADING]
    told = told[told > 0]
    return float(1 - told.min() / told.max()) if len(told) else 0.0


def exchange(batch: Batch, codes: TapeCodes, share: float, rng: np.random.Generator) -> Batch:
    """Return the batch with names exchanged in a share of its rows; weights stay as they are.

    Parameters
    ----------
    share : float
        Probability of each row. 0: the batch itself.

    Raises
    ------
    OperatorError
        If marks take several tokens, as in a base model's vocabulary.
    """
    if not share:
        return batch
    if not marks_are_single(codes):
        raise OperatorError(
            "Names are exchanged in a vocabulary that has one token for each mark",
            value="marks of several tokens",
            remedy="set exchanged_names = 0 in the recipe of a base model",
        )
    size = 1 + max(int(batch.ids.max()), *(int(mark.max()) for mark in _marks(codes)))
    called = np.stack([_renamed(codes, size, share, rng) for _ in batch.ids])
    row = np.arange(len(called))[:, None]
    asides = batch.asides and replace(
        batch.asides,
        questions=called[row, batch.asides.questions],
        answers=called[row, batch.asides.answers],
    )
    return replace(batch, ids=called[row, batch.ids], asides=asides)


def _renamed(codes: TapeCodes, size: int, share: float, rng: np.random.Generator) -> np.ndarray:
    """Return int64 (size,): the token that each token becomes in one row."""
    called = np.arange(size)
    # Both are drawn for every row: what one row becomes changes nothing for the next.
    chosen, names = rng.random() < share, rng.permutation(len(TRADING))
    if chosen:
        marks = _marks(codes)
        for one, other in enumerate(names):
            called[marks[one]] = marks[other]
    return called


def _marks(codes: TapeCodes) -> list[np.ndarray]:
    """Return the question and the answers, lowest first, of every series that trades its name."""
    return [np.array([codes.series[s][0], *(o[0] for o in codes.outcomes[s])]) for s in TRADING]
