"""Speed of the block form against one window per example, each in a process of its own.

Imported by ``market_model.py``; run as a script it measures one form and prints JSON.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numpy as np

SYMBOLS, SESSIONS, OBSERVED, HIDDEN, HEADS = 500, 420, 27, 64, 4
FORMS = {
    "blocks of 128 sessions x 32 symbols": (128, 32),
    "one window per example, 128 symbols": (1, 128),
}
FORM_RUNS = (("blocks", 128, 8), ("blocks", 128, 80), ("windows", 1, 1))
"""How the two forms are trained, sessions per pass and epochs at most: the second run of blocks has
about the time that one epoch of windows takes."""
PEER = "pytorch-forecasting, 128 windows"


@dataclass(frozen=True)
class Measured:
    """Examples a second in training, seconds for all symbols of one day, peak MiB over a start."""

    examples: float
    day: float
    memory: float
    parameters: int


def speed(asked: argparse.Namespace) -> None:
    """Print speeds, and what the difference of form costs in loss."""
    print(
        f"## Speed: hidden {HIDDEN}, {HEADS} heads, one LSTM layer, no graph, {OBSERVED} observed"
    )
    print(f"inputs, context 60, {SYMBOLS} symbols, {asked.threads} thread(s)\n")
    found = {name: _measured(sys.executable, str(i), asked) for i, name in enumerate(FORMS)}
    if asked.peer:
        found[PEER] = _measured(str(asked.peer), "peer", asked)
    first = next(iter(found.values()))
    print(
        "| form | parameters | training examples / s | blocks are faster by | "
        "a day of all symbols, s | blocks are faster by | peak MiB |"
    )
    print("|---|---|---|---|---|---|---|")
    for name, m in found.items():
        print(
            f"| {name} | {m.parameters:,} | {m.examples:,.0f} | {first.examples / m.examples:.1f} |"
            f" {m.day:.2f} | {m.day / first.day:.1f} | {m.memory:,.0f} |"
        )
    if not asked.peer:
        print("\nThe peer was not measured: name its environment's python with --peer.")


def form(asked: argparse.Namespace) -> None:
    """Train on real bars in either form; answer unseen sessions in blocks and by windows."""
    from market_case import HELD_BACK, real_case

    from foundation.market_model.answers import answers
    from foundation.market_model.checkpoint import TrainedModel
    from foundation.market_model.training.start import train

    case = real_case("2013-2018", asked.shared, asked.work, 32, (1,), asked.threads)
    row = case.refit_rows[-1]
    last = row + 1 - case.recipe.horizon
    held = range(last - HELD_BACK, last)
    learnt = range(case.refit_rows[0] - 250, held.start - case.recipe.horizon)
    lines = [
        "| trained in | epochs | seconds | pinball, answered in blocks | window by window | "
        "largest difference of a quantile |",
        "|---|---|---|---|---|---|",
    ]
    unseen = range(row, min(row + 126, len(case.scale) - 5))
    for name, block, epochs in FORM_RUNS:
        recipe = case.recipe.model_copy(
            update={
                "graph": None,
                "block": block,
                "epochs": epochs,
                "symbols_per_step": None,
                "patience": max(3, epochs // 4),
            }
        )
        begun = time.perf_counter()
        model = train(case.data, case.labels, training=learnt, validation=held, recipe=recipe)
        seconds = time.perf_counter() - begun
        losses, said = [], {}
        for form in (128, 1):
            as_form = recipe.model_copy(update={"block": form})
            read = TrainedModel(
                as_form, model.vocabulary, model.scaling, model.state, model.history,
                model.trained_until,
            )  # fmt: skip
            said[form] = answers(read, case.data, unseen).quantiles
            losses.append(_pinball(said[form], case.labels.returns[unseen.start : unseen.stop]))
        gap = np.nanmax(np.abs(said[128] - said[1]))
        lines.append(
            f"| {name} | {len(model.history)} | {seconds:.0f} | {losses[0]:.5f} | "
            f"{losses[1]:.5f} | {gap:.0e} |"
        )
    lines.append(
        f"\n{len(case.window.instruments)} stocks, {len(learnt)} sessions learnt, {len(unseen)} "
        f"later ones answered; the {case.recipe.name} recipe without graph."
    )
    print("\n".join(lines))


def _pinball(quantiles: np.ndarray, outcome: np.ndarray) -> float:
    from foundation.quant.evaluation import pinball_loss
    from foundation.quant.quantiles import LEVELS

    return float(np.nanmean(pinball_loss(quantiles, outcome, LEVELS)))


def _measured(python: str, form: str, asked: argparse.Namespace) -> Measured:
    command = [python, str(Path(__file__)), form, str(asked.threads)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)}\n{done.stderr[-2000:]}")
    return Measured(**json.loads(done.stdout.splitlines()[-1]))


def measure(block: int, symbols: int, threads: int, steps: int = 6) -> Measured:
    """Time training steps and one day's answers of our encoder in one form."""
    import torch

    from foundation.market_model import EncoderSizes, MarketModelRecipe
    from foundation.market_model.blocking import Blocks, BlockTargets, Scaling, vocabulary
    from foundation.market_model.network.model import MarketModel
    from foundation.market_model.training.objective import loss

    torch.set_num_threads(threads)
    data, labels = _made_up()
    recipe = MarketModelRecipe(
        name="speed", encoder=EncoderSizes(hidden=HIDDEN, heads=HEADS, lstm_layers=1), graph=None,
        block=block, threads=threads,
    )  # fmt: skip
    cpu = torch.device("cpu")
    blocks = Blocks(data, Scaling.of(data, slice(None)), recipe, cpu)
    targets = BlockTargets(labels, cpu)
    model = MarketModel(recipe, vocabulary(data))
    optimizer = torch.optim.AdamW(model.parameters())
    before = _peak()
    draw, times = np.random.default_rng(0), []
    for _ in range(steps):
        begun = time.perf_counter()
        begin = int(draw.integers(60, SESSIONS - block))
        some = torch.from_numpy(np.sort(draw.permutation(SYMBOLS)[:symbols]))
        span = (begin, begin + block, some)
        value = loss(model(blocks.block(*span), blocks.around(*span)), targets.cut(*span),
                     recipe.weights)  # fmt: skip
        optimizer.zero_grad()
        value.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), recipe.clip)
        optimizer.step()
        times.append(time.perf_counter() - begun)
    memory = _peak() - before
    model.eval()
    days = []
    with torch.inference_mode():
        # In blocks a day follows what was carried to it; a window is read anew.
        carried = None
        if block > 1:
            _, carried = model.advance(blocks.block(200, 201), blocks.around(141, 201), None)
        for day in (201, 202, 203):
            begun = time.perf_counter()
            if carried is None:
                model(blocks.block(day, day + 1), blocks.around(day, day + 1))
            else:
                today = blocks.only(day, day + 1)
                _, carried = model.advance(today, blocks.around(day, day + 1), carried)
            days.append(time.perf_counter() - begun)
    count = sum(p.numel() for p in model.parameters())
    return Measured(block * symbols / median(times), median(days), memory, count)


def _made_up():  # type: ignore[no-untyped-def]
    from datetime import date

    from foundation.market import sessions
    from foundation.market_model import Labels, ModelData, plain_past

    draw, shape = np.random.default_rng(0), (SESSIONS, SYMBOLS)
    outcome = draw.normal(size=shape)
    labels = Labels(returns=outcome, hit=(outcome > 1) * 1.0, volatility=np.abs(outcome))
    data = ModelData(
        sessions=sessions(date(2015, 1, 2), date(2017, 12, 1))[:SESSIONS],
        symbols=tuple(f"S{n}" for n in range(SYMBOLS)),
        observed=draw.standard_normal((*shape, OBSERVED), dtype=np.float32),
        observed_names=tuple(str(n) for n in range(OBSERVED)),
        known=draw.standard_normal((*shape, 3), dtype=np.float32),
        known_codes=np.stack([draw.integers(0, 5, SESSIONS), draw.integers(0, 12, SESSIONS)], 1),
        statics=np.stack([draw.integers(0, 12, SYMBOLS), np.zeros(SYMBOLS, dtype=int)], 1),
        liquidity=draw.integers(0, 4, shape),
        market_regime=draw.integers(0, 4, SESSIONS),
        returns=draw.normal(0, 0.01, shape).astype(np.float32),
        scale=np.full(shape, 0.02),
        past=plain_past(labels, 5),
    )
    return data, labels


def measure_peer(threads: int, steps: int = 5) -> Measured:
    """Time pytorch-forecasting's TFT at equal sizes, its data loading left out."""
    import warnings

    warnings.simplefilter("ignore")
    import logging

    logging.disable(logging.WARNING)
    import pandas as pd
    import torch
    from pytorch_forecasting import QuantileLoss, TemporalFusionTransformer, TimeSeriesDataSet

    torch.set_num_threads(threads)
    draw, length = np.random.default_rng(0), 66
    names = [f"x{i}" for i in range(OBSERVED)]
    frame = pd.DataFrame(
        draw.standard_normal((SYMBOLS * length, OBSERVED + 4)).astype(np.float32),
        columns=[*names, "y", "k0", "k1", "k2"],
    )
    frame["symbol"] = np.repeat([f"S{n}" for n in range(SYMBOLS)], length)
    frame["t"] = np.tile(np.arange(length), SYMBOLS)
    for name, size in (("weekday", 5), ("month", 12)):
        frame[name] = (frame["t"] % size).astype(str)
    for name, size in (("sector", 11), ("kind", 4)):
        frame[name] = frame["symbol"].map(lambda s, size=size: str(int(s[1:]) % size))
    data = TimeSeriesDataSet(
        frame, time_idx="t", target="y", group_ids=["symbol"], max_encoder_length=60,
        min_encoder_length=60, max_prediction_length=5, min_prediction_length=5,
        static_categoricals=["sector", "kind"],
        time_varying_known_categoricals=["weekday", "month"],
        time_varying_known_reals=["k0", "k1", "k2"], time_varying_unknown_reals=[*names],
        target_normalizer=None, add_relative_time_idx=False, add_target_scales=False,
    )  # fmt: skip
    model = TemporalFusionTransformer.from_dataset(
        data, hidden_size=HIDDEN, hidden_continuous_size=HIDDEN, attention_head_size=HEADS,
        lstm_layers=1, dropout=0.1, output_size=3, loss=QuantileLoss([0.1, 0.5, 0.9]),
    )  # fmt: skip
    optimizer = torch.optim.AdamW(model.parameters())
    x, y = next(iter(data.to_dataloader(train=True, batch_size=128, num_workers=0)))
    before, times = _peak(), []
    for _ in range(steps):
        begun = time.perf_counter()
        value = model.loss(model(x)["prediction"], y)
        optimizer.zero_grad()
        value.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        times.append(time.perf_counter() - begun)
    memory = _peak() - before
    model.eval()
    whole, days = next(iter(data.to_dataloader(train=False, batch_size=SYMBOLS))), []
    with torch.inference_mode():
        for _ in range(3):
            begun = time.perf_counter()
            model(whole[0])
            days.append(time.perf_counter() - begun)
    count = sum(p.numel() for p in model.parameters())
    return Measured(128 / median(times), median(days), memory, count)


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    which, threads = sys.argv[1], int(sys.argv[2])
    if which == "peer":
        made = measure_peer(threads)
    else:
        made = measure(*list(FORMS.values())[int(which)], threads)
    print(json.dumps(vars(made)))
