"""An epoch in pieces: which sessions of which symbols are read together, and in what order."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor

from foundation.market_model.blocking import spans
from foundation.market_model.recipe import MarketModelRecipe

Pass = tuple[int, int, Tensor | None]
"""Sessions ``begin .. end - 1`` of some symbols, or of all."""


def passes_of(epoch: int, training: range, symbols: int, recipe: MarketModelRecipe) -> list[Pass]:
    """Return an epoch's passes in random order: every (symbol, session) is in one of them.

    Blocks begin at another session in every epoch, so that a session is not always preceded by
    the same burn-in of the recurrent state.

    Parameters
    ----------
    epoch : int
        From 0; with the recipe's seed it decides the order.
    training : range
        Rows that are forecast from.
    symbols : int
        How many there are; ``recipe.symbols_per_step`` of them share a pass.
    """
    draw = np.random.default_rng([recipe.seed, epoch])
    shift = int(draw.integers(min(recipe.block, len(training))))
    begins = training.start + shift
    cut = spans(range(begins, training.stop), recipe.block)
    if shift:
        cut.insert(0, (training.start, begins))
    passes: list[Pass] = []
    for begin, end in cut:
        size = recipe.symbols_per_step
        if size is None or size >= symbols:
            passes.append((begin, end, None))
            continue
        order = draw.permutation(symbols)
        groups = np.array_split(order, math.ceil(symbols / size))
        passes += [(begin, end, torch.from_numpy(np.sort(group))) for group in groups]
    return [passes[i] for i in draw.permutation(len(passes))]
