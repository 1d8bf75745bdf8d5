"""How fast the story model trains, against the same model in a plain loop.

Ours: the recipe's batches (windows of like length together), attention and experts in our
kernels, loss only where it counts, Muon and AdamW. Plain: the same windows in batches of a
random order, padded, transformers' own attention and experts and loss, AdamW. Both take the
same number of windows a step and compute in the same precision, on one thread, by turns; seconds
are processor seconds.
"""

from __future__ import annotations

import time
from itertools import islice
from typing import Any

import numpy as np
from story_worlds import say

from config.recipes import story_tiny_cpu
from foundation.contracts import TokenBatch
from stage_05_llm_engine import Architecture, TrainingRecipe
from stage_05_llm_engine.learning.lessons import Batch, loss_weights, take
from stage_05_llm_engine.learning.losses import autocast
from stage_05_llm_engine.learning.material import HeldMaterial
from stage_05_llm_engine.learning.optimiser import Stepper
from stage_05_llm_engine.learning.steps import steps as read_steps
from stage_05_llm_engine.learning.training import _learn_from
from stage_05_llm_engine.machine.process import prepare_process, reproducible
from stage_05_llm_engine.machine.workers import Workers
from stage_05_llm_engine.network.architecture import build

WARM = 2


def pace(tokens: TokenBatch, steps: int = 14) -> None:
    """Print tokens per processor second of both loops."""
    prepare_process()
    recipe = story_tiny_cpu()
    assert isinstance(recipe.start, Architecture)
    with reproducible(0), Workers(1) as workers:
        ours, plain = (
            build(recipe.start, tokens.vocabulary_size, tokens.codes.pad).train() for _ in range(2)
        )
        plain.config._attn_implementation = plain.config._experts_implementation = "eager"
        stepper = Stepper(ours, recipe)
        import torch

        adamw = torch.optim.AdamW(plain.parameters(), lr=1e-3)
        spent = np.zeros((steps, 2))
        read = np.zeros((steps, 2))
        lessons = islice(read_steps(recipe, HeldMaterial(tokens)), steps)
        for step, (batches, drawn) in enumerate(zip(lessons, _drawn(tokens, recipe), strict=False)):
            began = time.process_time()
            _learn_from(batches, ours, recipe, stepper, workers, step)
            between = time.process_time()
            _plain_step(plain, adamw, drawn, recipe)
            spent[step] = between - began, time.process_time() - between
            read[step] = sum(b.tokens for b in batches), sum(b.tokens for b in drawn)
    rates = read[WARM:].sum(axis=0) / spent[WARM:].sum(axis=0)
    say("| loop | tokens per processor second | median step |\n|---|---:|---:|")
    for name, rate, took in zip(
        ("ours", "plain"), rates, np.median(spent[WARM:], axis=0), strict=True
    ):
        say(f"| {name} | {rate:,.0f} | {1000 * took:.0f} ms |")
    say(f"\n{rates[0] / rates[1]:.1f} times as fast, over {steps - WARM} steps by turns.")


def _drawn(tokens: TokenBatch, recipe: TrainingRecipe) -> Any:
    """Yield the windows of a step in random order: as many batches as the recipe accumulates."""
    windows = tokens.split("train")
    weights = loss_weights(windows, tokens.codes, "every story", 1.0)
    order = np.random.default_rng(0).permutation(len(windows.ids)).tolist()
    size = recipe.batch_windows
    while len(order) >= size * recipe.accumulation:
        rows = [order.pop() for _ in range(size * recipe.accumulation)]
        yield [take(windows, weights, rows[i : i + size]) for i in range(0, len(rows), size)]


def _plain_step(model: Any, adamw: Any, batches: list[Batch], recipe: TrainingRecipe) -> None:
    import torch

    for batch in batches:
        ids = torch.from_numpy(batch.ids)
        labels = ids.masked_fill(torch.from_numpy(batch.weights == 0), -100)
        with autocast(recipe):
            loss = model(input_ids=ids, labels=labels).loss / len(batches)
        loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), recipe.clip)
    adamw.step()
    adamw.zero_grad()
