"""How fast a bank of twins answers and learns, against a loop of modules and against arithmetic.

Claims measured:

1. one day of 500 twins is answered in at most 20 ms;
2. 500 twins are fine-tuned on six months of stored embeddings, at most 20 epochs with early
   stopping, in at most 15 s on two cores: at least 4 x faster than the loop over modules, and
   within 1.5 x of what the machine's measured multiplication and memory rates allow;
3. time grows linearly from 50 to 5,000 twins, and memory no faster than the weights themselves.

Stored embeddings are drawn at random with effects of each stock's own, so that early stopping has
something to decide on.

Run: ``python benchmarks/twins.py [--twins 500] [--threads 2] [--growth]``. The dated result stands
in ``docs/evidence/twins.md``.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from statistics import median

import numpy as np
import torch

from config.recipes.market_model import twins_full
from foundation.kernel import NEW_YORK
from foundation.twins.bank import TwinInputs, answer
from foundation.twins.layout import Layout
from foundation.twins.objective import TwinTargets, losses
from foundation.twins.recipe import TwinRecipe
from foundation.twins.training import train

GROWTH = (50, 158, 500, 1581, 5000)
LOOPED = 20
"""Twins of the loop that are timed; its time is proportional to their number."""


def main() -> None:
    """Print every table asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--twins", type=int, default=500)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--growth", action="store_true", help="50 to 5,000 twins, fitted")
    parser.add_argument("--one", action="store_true", help="measure once and print JSON")
    asked = parser.parse_args()
    torch.set_num_threads(asked.threads)
    recipe = twins_full().model_copy(update={"threads": asked.threads})
    if asked.one:
        print(json.dumps(bank_times(recipe, asked.twins, epochs=2)))
        return
    print(f"Command: `python benchmarks/twins.py {' '.join(sys.argv[1:])}`")
    print(
        f"Date: {datetime.now(tz=NEW_YORK):%Y-%m-%d}. Machine: {os.cpu_count()} cores, "
        f"{platform.machine()}, torch {version('torch')}, {asked.threads} thread(s), load "
        f"{os.getloadavg()[0]:.0f} at start.\n"
    )
    if asked.growth:
        growth(asked)
    else:
        beside_the_loop(recipe, asked.twins)


def beside_the_loop(recipe: TwinRecipe, twins: int) -> None:
    """Time the bank, the loop and the machine."""
    bank = bank_times(recipe, twins)
    loop = loop_times(recipe, twins)
    bound = lower_bound(recipe, twins, bank["steps"])
    width = Layout(recipe.sizes).width
    print(f"{twins} twins of {width:,} parameters, {recipe.sessions} sessions, {recipe.name}\n")
    print("| work | bank | loop over modules | bank is faster by | arithmetic bound |")
    print("|---|---|---|---|---|")
    day, step = 1000 * bank["day"], 1000 * bank["step"]
    print(
        f"| one day of all twins | {day:.1f} ms | {1000 * loop['day']:.0f} ms | "
        f"{loop['day'] / bank['day']:.1f} | |"
    )
    print(
        f"| one step of {recipe.batch} sessions | {step:.0f} ms | {1000 * loop['step']:.0f} ms | "
        f"{loop['step'] / bank['step']:.1f} | |"
    )
    print(
        f"| fine-tuning, {bank['steps']:.0f} steps in full twins | {bank['train']:.1f} s | "
        f"{loop['step'] * bank['steps']:.1f} s | {loop['step'] * bank['steps'] / bank['train']:.1f}"
        f" | {bound['seconds']:.1f} s ({bank['train'] / bound['seconds']:.1f} x of it) |"
    )
    print(
        f"\nPeak memory of fine-tuning {bank['memory']:,.0f} MiB over its start. Bound: "
        f"{bound['flops'] / 1e9:,.0f} GFLOP at a measured {bound['rate'] / 1e9:.0f} GFLOP/s "
        f"(batched products of the bank's largest layer) and {bound['bytes'] / 1e9:,.0f} GB at a "
        f"measured {bound['bandwidth'] / 1e9:.0f} GB/s, one after the other."
    )


def growth(asked: argparse.Namespace) -> None:
    """Fit time over twins; each count in a process of its own, two epochs, in CPU seconds.

    CPU seconds of all threads: they grow as the work does, whoever else is on the machine.
    """
    print("| twins | one day, ms | two epochs, s | CPU s | CPU ms per twin | peak MiB over start |")
    print("|---|---|---|---|---|---|")
    seconds = []
    for twins in GROWTH:
        command = [sys.executable, __file__, "--one", "--twins", str(twins)]
        command += ["--threads", str(asked.threads)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        found = json.loads(done.stdout.splitlines()[-1])
        seconds.append(found["cpu"])
        print(
            f"| {twins:,} | {1000 * found['day']:.1f} | {found['train']:.2f} | {found['cpu']:.2f} "
            f"| {1000 * found['cpu'] / twins:.2f} | {found['memory']:,.0f} |",
            flush=True,
        )
    relative = np.stack([np.ones(len(GROWTH)), np.array(GROWTH)]).T / np.array(seconds)[:, None]
    fixed, each = np.linalg.lstsq(relative, np.ones(len(GROWTH)), rcond=None)[0]
    slope = np.polyfit(np.log(GROWTH), np.log(seconds), 1)[0]
    print(
        f"\nFitted: {fixed:.2f} CPU s and {1000 * each:.2f} ms per twin (least squares of "
        f"relative errors); as a power of the twins, {slope:.2f}."
    )


def bank_times(recipe: TwinRecipe, twins: int, epochs: int | None = None) -> dict[str, float]:
    """Return seconds of a day, of a step and of fine-tuning, and its steps in units of all twins.

    ``steps`` counts what early stopping left: a step of half the twins is half a step.
    """
    if epochs is not None:
        recipe = recipe.model_copy(update={"epochs": epochs, "patience": epochs})
    layout = Layout(recipe.sizes)
    given, targets = stored(recipe, twins)
    rows = layout.untrained(twins, torch.Generator().manual_seed(1))
    today = given.cut(slice(-1, None))
    with torch.inference_mode():
        day = timed(lambda: answer(layout, rows, today), 20)
    # Once on a few of them: what is done only the first time is no part of the growth.
    few = torch.arange(min(4, twins))
    train(rows[few], given.of(few), targets.of(few), recipe.model_copy(update={"epochs": 1}))
    before = _peak()
    begun, worked = time.perf_counter(), time.process_time()
    trained = train(rows, given, targets, recipe)
    seconds, cpu = time.perf_counter() - begun, time.process_time() - worked
    learnt = recipe.sessions - recipe.held_back - recipe.horizon
    per_epoch = max(1, round(learnt / recipe.batch))
    steps = per_epoch * float(trained.passes.mean())
    return {"day": day, "step": seconds / steps, "train": seconds, "cpu": cpu, "steps": steps,
            "memory": _peak() - before}  # fmt: skip


def loop_times(recipe: TwinRecipe, twins: int) -> dict[str, float]:
    """Return the seconds that one module per twin takes, from some of them."""
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    from tests.foundation.twins.plain import PlainTwin

    given, targets = stored(recipe, LOOPED)
    modules = [PlainTwin(recipe.sizes) for _ in range(LOOPED)]
    optimisers = [torch.optim.AdamW(m.parameters(), lr=1e-3) for m in modules]
    batch = slice(0, recipe.batch)

    def day() -> None:
        with torch.inference_mode():
            for n, module in enumerate(modules):
                x = given.of(torch.tensor([n])).cut(slice(-1, None))
                module(x)

    def step() -> None:
        from foundation.twins.bank import TwinOpinion

        for n, (module, optimiser) in enumerate(zip(modules, optimisers, strict=True)):
            one = torch.tensor([n])
            x, y = given.of(one).cut(batch), targets.of(one).cut(batch)
            out = module(x)
            opinion = TwinOpinion(**{k: v[None] for k, v in out.items()})
            optimiser.zero_grad()
            losses(opinion, y, recipe.weights).sum().backward()
            torch.nn.utils.clip_grad_norm_(module.parameters(), recipe.clip)
            optimiser.step()

    share = twins / LOOPED
    return {"day": share * timed(day, 5), "step": share * timed(step, 5)}


def lower_bound(recipe: TwinRecipe, twins: int, steps: float) -> dict[str, float]:
    """Return the time that products and memory traffic alone need, at measured rates.

    Two operations per parameter and session forward, four backward. Per step each parameter's
    weight is read forward and backward, its gradient written and read, and weight and both moments
    read and written by Adam: ten passes of four bytes.
    """
    width = Layout(recipe.sizes).width
    learnt = recipe.sessions - recipe.held_back - recipe.horizon
    sessions = learnt / max(1, round(learnt / recipe.batch))
    flops = 6.0 * width * twins * sessions * steps
    traffic = 10.0 * 4 * width * twins * steps
    inner, outer = 224, 128
    a, b = torch.randn(twins, recipe.batch, inner), torch.randn(twins, inner, outer)
    out = torch.empty(twins, recipe.batch, outer)
    product = timed(lambda: torch.bmm(a, b, out=out), 10)
    rate = 2.0 * twins * recipe.batch * inner * outer / product
    x, y = torch.zeros(25_000_000), torch.zeros(25_000_000)
    bandwidth = 8.0 * len(x) / timed(lambda: y.copy_(x), 10)
    return {
        "flops": flops, "rate": rate, "bytes": traffic, "bandwidth": bandwidth,
        "seconds": flops / rate + traffic / bandwidth,
    }  # fmt: skip


def stored(recipe: TwinRecipe, twins: int) -> tuple[TwinInputs, TwinTargets]:
    """Return six months of embeddings and outcomes; every other stock has an effect of its own."""
    draw = torch.Generator().manual_seed(0)
    shape = (twins, recipe.sessions)
    embedding = torch.randn(*shape, recipe.sizes.embedding, generator=draw)
    effect = 0.5 * (torch.arange(twins) % 2)[:, None]
    outcome = effect * embedding[..., 0] + torch.randn(shape, generator=draw)
    shared = torch.tensor([-1.28, 0.0, 1.28]).expand(*shape, 3).contiguous()
    inputs = torch.randn(*shape, recipe.sizes.inputs, generator=draw)
    given = TwinInputs(embedding, inputs, torch.zeros(shape), torch.full(shape, -0.5), shared)
    hit = (outcome > 1).float()
    regime = torch.randint(0, 4, shape, generator=draw)
    return given, TwinTargets(outcome, hit, outcome.abs(), regime)


def timed(work: Callable[[], object], runs: int) -> float:
    """Return the median seconds of some runs after one that is not counted."""
    work()
    seconds = []
    for _ in range(runs):
        begun = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - begun)
    return median(seconds)


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
