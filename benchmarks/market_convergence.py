"""Loss on unseen sessions over seconds of training: blocks of sessions beside windows of a peer.

Imported by ``market_model.py``; run as a script it is one of the two learners, in its own process
and, for the peer, its own environment. Both get the same stocks, inputs, sizes, sessions and loss
(pinball), one thread, and are scored on the same sessions. Seconds are of the processor: others on
the machine do not slow them. Scoring stands outside the clock.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

HIDDEN, HEADS, CONTEXT, BATCH = 32, 4, 60, 128
LEVELS = (0.1, 0.5, 0.9)
BUDGET = 200.0
"""Seconds of training for each."""
SCORED = 126
"""Sessions held back, and again as many after them, unseen by either."""
RUNS: dict[str, tuple[str, int, int | None, float]] = {
    "blocks of 128 sessions, all stocks a step": ("ours", 128, None, 2e-3),
    "blocks of 128 sessions, 8 stocks a step": ("ours", 128, 8, 2e-3),
    "pytorch-forecasting, 128 windows a step": ("peer", 1, BATCH, 1e-3),
}
"""Who learns, sessions and stocks (or windows) of a step, learning rate."""
COLOURS = ("#1b6ca8", "#4aa564", "#c8553d")


def convergence(asked: argparse.Namespace) -> None:
    """Train both from the same arrays; print loss over seconds and draw it."""
    from market_case import HELD_BACK, real_case

    case = real_case("2013-2018", asked.shared, asked.work, asked.every, (1,), 1)
    folder = case.work / case.name / "convergence"
    folder.mkdir(parents=True, exist_ok=True)
    row = case.refit_rows[-1] - SCORED + HELD_BACK
    begin = int(np.flatnonzero(case.data.answerable.any(axis=1))[0])
    held, unseen = (row - SCORED, row), (row + 5, min(row + 5 + SCORED, len(case.scale) - 5))
    learnt = (begin, held[0] - 5)
    data = case.data
    np.savez(
        folder / "arrays.npz",
        observed=data.observed,
        known=data.known,
        known_codes=data.known_codes,
        statics=data.statics,
        past=data.past,
        outcome=np.where(data.answerable, case.labels.returns, np.nan),
        spans=np.array([learnt, held, unseen]),
    )
    curves = {name: curve(name, folder, asked) for name in RUNS}
    outcome = case.labels.returns
    plain = [pinball(np.broadcast_to(data.past[a:b, None, 2:], (*outcome[a:b].shape, 3)),
                     outcome[a:b]) for a, b in (held, unseen)]  # fmt: skip
    print(table(curves, plain))
    days = data.sessions
    print(
        f"\n{len(data.symbols)} stocks, {len(data.observed_names)} observed inputs, hidden "
        f"{HIDDEN}, {HEADS} heads, one LSTM layer, no graph; learnt from {days[learnt[0]]} to "
        f"{days[learnt[1] - 1]}, held back {days[held[0]]} to {days[held[1] - 1]}, unseen "
        f"{days[unseen[0]]} to {days[unseen[1] - 1]}. Seconds of one processor, scoring left out."
    )
    picture = Path("docs/images/market_model_convergence.svg")
    picture.write_text(drawing(curves, plain[0]), encoding="utf-8")


def curve(name: str, folder: Path, asked: argparse.Namespace) -> list[dict[str, float]]:
    """Return a learner's losses over seconds; kept in the folder against a kill."""
    kept = folder / f"{name}.json"
    if not kept.exists():
        who = RUNS[name][0]
        python = str(asked.peer) if who == "peer" else sys.executable
        command = [python, __file__, name, str(folder)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise SystemExit(f"{' '.join(command)}\n{done.stderr[-2000:]}")
        kept.write_text(done.stdout.splitlines()[-1])
    found: list[dict[str, float]] = json.loads(kept.read_text())
    return found


def pinball(quantiles: np.ndarray, outcome: np.ndarray) -> float:
    """Return the mean pinball loss over levels and what is known."""
    error = outcome[..., None] - quantiles
    tau = np.array(LEVELS)
    return float(np.nanmean(np.maximum(tau * error, (tau - 1) * error)))


def table(curves: dict[str, list[dict[str, float]]], plain: list[float]) -> str:
    """Return loss at equal seconds and at each one's best."""
    marks = (10, 30, 60, 120, 200)
    lines = [
        f"| learner | {' | '.join(f'{m} s' for m in marks)} | best held back | after | passes | "
        "unseen, at the best |",
        "|---" * (len(marks) + 5) + "|",
    ]
    for name, points in curves.items():
        cells = []
        for mark in marks:
            until = [p["held"] for p in points if p["seconds"] <= mark]
            cells.append(f"{min(until):.4f}" if until else "")
        best = min(points, key=lambda p: p["held"])
        lines.append(
            f"| {name} | {' | '.join(cells)} | {best['held']:.4f} | {best['seconds']:.0f} s | "
            f"{best['epochs']:.1f} | {best['unseen']:.4f} |"
        )
    blank = " | ".join([f"{plain[0]:.4f}"] * len(marks))
    lines.append(f"| the plain past | {blank} | {plain[0]:.4f} | | | {plain[1]:.4f} |")
    return "\n".join(lines)


def drawing(curves: dict[str, list[dict[str, float]]], plain: float) -> str:
    """Return held-back loss over seconds, both axes labelled, as SVG; seconds by logarithm."""
    width, height, left, low, high = 760, 360, 56, 1.0, BUDGET
    losses = [p["held"] for points in curves.values() for p in points]
    bottom, top = min([*losses, plain]) - 0.001, min(max(losses), plain * 1.15)

    def x(seconds: float) -> float:
        share = np.log(max(seconds, low) / low) / np.log(high / low)
        return round(left + (width - left - 24) * float(share), 1)

    def y(loss: float) -> float:
        return round(14 + (height - 120) * (top - min(loss, top)) / (top - bottom), 1)

    parts = []
    for mark in (1, 3, 10, 30, 100, 200):
        parts.append(f'<path d="M{x(mark)} 14V{height - 106}" stroke="#ddd"/>')
        parts.append(f'<text x="{x(mark)}" y="{height - 90}" text-anchor="middle">{mark} s</text>')
    for loss in np.linspace(bottom, top, 5):
        parts.append(f'<text x="{left - 6}" y="{y(loss) + 4}" text-anchor="end">{loss:.3f}</text>')
    parts.append(
        f'<path d="M{left} {y(plain)}H{width - 12}" stroke="#555" stroke-dasharray="5 4"/>'
    )
    names = [*curves, "the plain past"]
    for k, (name, colour) in enumerate(zip(names, (*COLOURS, "#555"), strict=True)):
        if name in curves:
            dots = " ".join(f"{x(p['seconds'])},{y(p['held'])}" for p in curves[name])
            parts.append(f'<polyline points="{dots}" fill="none" stroke="{colour}"/>')
        at = height - 68 + 16 * (k // 2)
        column = left + 360 * (k % 2)
        parts.append(f'<path d="M{column} {at}h22" stroke="{colour}" stroke-width="2"/>')
        parts.append(f'<text x="{column + 28}" y="{at + 4}">{name}</text>')
    parts.append(f'<text x="{left}" y="{height - 8}">Pinball loss on sessions held back, over '
                 "seconds of training by one processor; larger losses lie on the upper "
                 "rim</text>")  # fmt: skip
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'font-family="Helvetica, Arial, sans-serif" font-size="11" fill="#333">'
        f"{''.join(parts)}</svg>\n"
    )


Step = Callable[[], float]
"""Trains a little; returns what share of the examples it was."""


def learn(step: Step, quantiles: Callable[[slice], np.ndarray], given: Any) -> list[dict[str, Any]]:
    """Return losses over seconds: scored after 1, 2, 4, ... seconds, then every tenth of the
    budget."""
    outcome, (_, held, unseen) = given["outcome"], given["spans"]
    points, seconds, done, due = [], 0.0, 0.0, 1.0
    while seconds < BUDGET:
        begun = time.process_time()
        done += step()
        seconds += time.process_time() - begun
        if seconds < due and seconds < BUDGET:
            continue
        due = min(2 * due, due + BUDGET / 20)
        losses = [pinball(quantiles(slice(*s)), outcome[slice(*s)]) for s in (held, unseen)]
        points.append({"seconds": seconds, "epochs": done, "held": losses[0], "unseen": losses[1]})
    return points


def ours(given: Any, block: int, symbols: int | None, rate: float) -> list[dict[str, Any]]:
    """Train the market model without graph, on quantiles alone, at a constant rate."""
    import torch

    sys.path.insert(0, str(Path(__file__).parents[1]))
    from datetime import date

    from foundation.market import sessions
    from foundation.market_model.blocking import Blocks, BlockTargets, Scaling, spans, vocabulary
    from foundation.market_model.inputs import Labels, ModelData
    from foundation.market_model.network.model import MarketModel
    from foundation.market_model.recipe import EncoderSizes, MarketModelRecipe, Weights
    from foundation.market_model.training.objective import loss

    torch.set_num_threads(1)
    torch.manual_seed(0)
    rows, stocks = given["outcome"].shape
    recipe = MarketModelRecipe(
        name="convergence",
        encoder=EncoderSizes(hidden=HIDDEN, heads=HEADS, lstm_layers=1),
        graph=None,
        weights=Weights(returns=0.0, hit=0.0, quantiles=1.0),
        block=block,
        threads=1,
    )
    nothing = np.zeros((rows, stocks))
    data = ModelData(
        sessions=sessions(date(2000, 1, 3), date(2012, 1, 3))[:rows],
        symbols=tuple(str(n) for n in range(stocks)),
        observed=given["observed"],
        observed_names=(),
        known=given["known"],
        known_codes=given["known_codes"],
        statics=given["statics"],
        liquidity=np.full((rows, stocks), 3),
        market_regime=np.full(rows, 3),
        returns=nothing.astype(np.float32),
        scale=nothing,
        past=given["past"],
    )
    begin, end = (int(x) for x in given["spans"][0])
    here = torch.device("cpu")
    blocks = Blocks(data, Scaling.of(data, slice(begin, end)), recipe, here)
    labels = Labels(given["outcome"], np.full_like(given["outcome"], np.nan), nothing)
    targets, model = BlockTargets(labels, here), MarketModel(recipe, vocabulary(data))
    optimizer = torch.optim.AdamW(model.parameters(), lr=rate, weight_decay=1e-5)
    draw = np.random.default_rng(0)
    queue: list[tuple[int, int, np.ndarray | None]] = []

    def step() -> float:
        if not queue:
            cut = spans(range(begin + int(draw.integers(block)), end), block)
            groups = [None] if symbols is None else np.array_split(
                draw.permutation(stocks), max(1, stocks // symbols)
            )  # fmt: skip
            queue.extend((a, b, g) for a, b in cut for g in groups)
            draw.shuffle(queue)
        a, b, group = queue.pop()
        chosen = None if group is None else torch.from_numpy(np.sort(group))
        model.train()
        opinion = model(blocks.block(a, b, chosen), blocks.around(a, b, chosen))
        value = loss(opinion, targets.cut(a, b, chosen), recipe.weights)
        optimizer.zero_grad()
        value.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        return (b - a) * (stocks if group is None else len(group)) / ((end - begin) * stocks)

    def quantiles(rows: slice) -> np.ndarray:
        model.eval()
        with torch.no_grad():
            said = model(blocks.block(rows.start, rows.stop), blocks.around(rows.start, rows.stop))
        return said.quantiles.numpy().swapaxes(0, 1)

    return learn(step, quantiles, given)


def peer(given: Any, batch: int, rate: float) -> list[dict[str, Any]]:
    """Train pytorch-forecasting's TFT on windows; its data loading is left out."""
    import torch

    model, reals, codes = peer_model(given)
    torch.manual_seed(0)
    begin, end = (int(x) for x in given["spans"][0])
    seen = given["observed"][begin:end].reshape(-1, given["observed"].shape[-1])
    mean, deviation = np.nanmean(seen, axis=0), np.nanstd(seen, axis=0)
    standard = (given["observed"] - mean) / np.where(deviation > 1e-12, deviation, 1.0)
    standard = np.nan_to_num(np.clip(standard, -5, 5)).astype(np.float32)
    rows, stocks, width = standard.shape
    # What is known at a close about the session ahead stands, there, in that session's row.
    ahead = np.zeros((rows + 1, stocks, 3), np.float32)
    ahead[1:] = np.nan_to_num(given["known"])
    columns = {f"x{i}": np.pad(standard[..., i], ((0, 1), (0, 0))) for i in range(width)}
    columns |= {f"k{i}": ahead[..., i] for i in range(3)}
    cont = torch.from_numpy(np.stack([columns[name] for name in reals], axis=-1))
    of_day = np.zeros((rows + 1, 2), np.int64)
    of_day[1:] = given["known_codes"]
    cats = {
        "weekday": np.broadcast_to(of_day[:, :1], (rows + 1, stocks)),
        "month": np.broadcast_to(of_day[:, 1:], (rows + 1, stocks)),
        "sector": np.broadcast_to(given["statics"][:, 0], (rows + 1, stocks)),
        "kind": np.broadcast_to(given["statics"][:, 1], (rows + 1, stocks)),
    }
    cat = torch.from_numpy(np.stack([cats[name] for name in codes], axis=-1).copy())
    outcome = torch.from_numpy(given["outcome"].astype(np.float32))

    def windows(pairs: np.ndarray) -> dict[str, torch.Tensor]:
        at = torch.from_numpy(pairs[:, :1] + np.arange(1 - CONTEXT, 2))
        stock = torch.from_numpy(pairs[:, 1:])
        c, k, count = cont[at, stock], cat[at, stock], len(pairs)
        return {
            "encoder_cont": c[:, :CONTEXT], "decoder_cont": c[:, CONTEXT:],
            "encoder_cat": k[:, :CONTEXT], "decoder_cat": k[:, CONTEXT:],
            "encoder_lengths": torch.full((count,), CONTEXT),
            "decoder_lengths": torch.ones(count, dtype=torch.long),
            "target_scale": torch.tensor([[0.0, 1.0]]).expand(count, 2),
        }  # fmt: skip

    known = np.argwhere(np.isfinite(given["outcome"][begin:end])) + np.array([[begin, 0]])
    optimizer = torch.optim.AdamW(model.parameters(), lr=rate, weight_decay=1e-5)
    draw, tau = np.random.default_rng(0), torch.tensor(LEVELS)
    queue: list[np.ndarray] = []

    def step() -> float:
        if not queue:
            order = draw.permutation(len(known))
            queue.extend(np.array_split(order, max(1, len(order) // batch)))
        pairs = known[queue.pop()]
        model.train()
        said = model(windows(pairs))["prediction"][:, 0]
        error = outcome[pairs[:, 0], pairs[:, 1]][:, None] - said
        value = torch.maximum(tau * error, (tau - 1) * error).mean()
        optimizer.zero_grad()
        value.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        return len(pairs) / len(known)

    def quantiles(span: slice) -> np.ndarray:
        model.eval()
        pairs = np.stack(np.meshgrid(np.arange(span.start, span.stop), np.arange(stocks),
                                     indexing="ij"), -1).reshape(-1, 2)  # fmt: skip
        with torch.no_grad():
            parts = [model(windows(p))["prediction"][:, 0].numpy()
                     for p in np.array_split(pairs, max(1, len(pairs) // 512))]  # fmt: skip
        return np.concatenate(parts).reshape(span.stop - span.start, stocks, 3)

    return learn(step, quantiles, given)


def peer_model(given: Any) -> tuple[Any, list[str], list[str]]:
    """Return the peer at our sizes, and the order of its real and categorical inputs."""
    import logging
    import warnings

    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    import pandas as pd
    import torch
    from pytorch_forecasting import QuantileLoss, TemporalFusionTransformer, TimeSeriesDataSet

    torch.set_num_threads(1)
    torch.manual_seed(0)
    width, sizes = given["observed"].shape[-1], {"weekday": 7, "month": 12, "sector": 12, "kind": 4}
    names = [f"x{i}" for i in range(width)]
    draw = np.random.default_rng(0)
    rows = 12 * (CONTEXT + 2)
    frame = pd.DataFrame(
        draw.standard_normal((rows, width + 4)).astype(np.float32),
        columns=[*names, "y", "k0", "k1", "k2"],
    )
    frame["symbol"] = np.repeat([f"S{n}" for n in range(12)], CONTEXT + 2)
    frame["t"] = np.tile(np.arange(CONTEXT + 2), 12)
    for name, size in sizes.items():
        of = frame["t"] if name in ("weekday", "month") else np.repeat(np.arange(12), CONTEXT + 2)
        frame[name] = (of % size).astype(str)
    data = TimeSeriesDataSet(
        frame, time_idx="t", target="y", group_ids=["symbol"], max_encoder_length=CONTEXT,
        min_encoder_length=CONTEXT, max_prediction_length=1, min_prediction_length=1,
        static_categoricals=["sector", "kind"],
        time_varying_known_categoricals=["weekday", "month"],
        time_varying_known_reals=["k0", "k1", "k2"], time_varying_unknown_reals=names,
        target_normalizer=None, add_relative_time_idx=False, add_target_scales=False,
    )  # fmt: skip
    model = TemporalFusionTransformer.from_dataset(
        data, hidden_size=HIDDEN, hidden_continuous_size=HIDDEN, attention_head_size=HEADS,
        lstm_layers=1, dropout=0.1, output_size=3, loss=QuantileLoss(list(LEVELS)),
    )  # fmt: skip
    return model, list(model.hparams.x_reals), list(model.hparams.x_categoricals)


if __name__ == "__main__":
    learner, block_, symbols_, rate_ = RUNS[sys.argv[1]]
    with np.load(Path(sys.argv[2]) / "arrays.npz") as kept_:
        arrays = dict(kept_)
    if learner == "peer":
        assert symbols_ is not None
        made = peer(arrays, symbols_, rate_)
    else:
        made = ours(arrays, block_, symbols_, rate_)
    print(json.dumps(made))
