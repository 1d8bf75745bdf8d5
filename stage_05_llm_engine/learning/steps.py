"""What each optimiser step reads: which windows, drawn by the seed, and only then the windows."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

import numpy as np

from foundation.contracts import TapeCodes
from foundation.kernel import seed_from
from stage_05_llm_engine.learning.lessons import (
    Batch,
    endless_rows,
    loss_weights,
    series_shares,
    take,
    with_asides,
)
from stage_05_llm_engine.learning.material import Material, Windows
from stage_05_llm_engine.learning.names import exchange, scarcity, share_of
from stage_05_llm_engine.learning.packing import endless_packs, pack
from stage_05_llm_engine.recipe import Phase, TrainingRecipe

Pass = list[list[int]]
"""Which windows share each row of a batch."""


def steps(recipe: TrainingRecipe, material: Material, first: int = 0) -> Iterator[list[Batch]]:
    """Yield the batches of every optimiser step, phase after phase.

    Parameters
    ----------
    first : int
        Steps that were taken before. Their windows are drawn again, because the order is a
        function of the seed, but not read.
    """
    train = material.windows("train")
    shares = series_shares(material.symbols)
    scarce = scarcity(train, material.codes) if recipe.exchanged_names else 0.0
    drawn = islice(_drawn(recipe, train.lengths), first, None)
    for step, (phase, passes) in enumerate(drawn, first):
        rng = np.random.Generator(np.random.Philox(seed_from("names", recipe.seed, step)))
        yield [
            exchange(
                _batch(recipe, train, material.codes, shares, phase, rows),
                material.codes,
                share_of(recipe, step) * scarce,
                rng,
            )
            for rows in passes
        ]


def _drawn(recipe: TrainingRecipe, lengths: np.ndarray) -> Iterator[tuple[Phase, list[Pass]]]:
    """Yield the phase of every step and what its passes read."""
    for number, phase in enumerate(recipe.phases):
        seed = seed_from("training order", recipe.seed, number)
        drawn = (
            ([[row] for row in rows] for rows in endless_rows(lengths, recipe.batch_windows, seed))
            if recipe.pack_tokens is None
            else endless_packs(lengths, recipe.batch_windows, recipe.pack_tokens, seed)
        )
        for _ in range(phase.steps):
            yield phase, [next(drawn) for _ in range(recipe.accumulation)]


def _batch(
    recipe: TrainingRecipe,
    train: Windows,
    codes: TapeCodes,
    shares: np.ndarray,
    phase: Phase,
    rows: Pass,
) -> Batch:
    windows = train.rows([window for row in rows for window in row])
    weights = loss_weights(windows, codes, phase.loss, recipe.tape_weight * shares)
    places = iter(range(len(windows.labels)))
    read = [[next(places) for _ in row] for row in rows]
    batch = (
        take(windows, weights, [place for (place,) in read])
        if recipe.pack_tokens is None
        else pack(windows, weights, read, codes.pad)
    )
    return with_asides(batch, codes, recipe.aside_weight * shares)
