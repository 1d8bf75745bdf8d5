"""How fast the market model is, and whether anything in it foresees anything.

Claims measured, each by its own part:

``speed``
    Reading blocks of sessions trains at least 10 x more (symbol, session) examples a second than
    reading one window per example (our own encoder, and pytorch-forecasting's where its
    environment is given), and answers a day at least 5 x faster.
``form``
    What the difference of form costs in loss, on real bars.
``convergence``
    On equal stocks, inputs, sizes and seconds the loss on unseen sessions is no higher than
    pytorch-forecasting's, and no higher at its best.
``quality``
    On real bars, walk-forward with at least three refits, against everything simpler.
``controls``
    On a martingale nobody has skill; planted effects are found.

Run: ``python benchmarks/market_model.py --part quality [--every 4] [--work DIR]``. Forecasts are
kept in the work folder: a run that was stopped goes on where it was. Tables go to stdout as
Markdown; the dated result stands in ``docs/evidence/market_model.md``.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
from collections.abc import Callable
from datetime import datetime
from importlib.metadata import version
from pathlib import Path

import numpy as np
from forecast_scores import hit_table, quantile_table, rank_table, volatility_table
from market_case import SEEDS, SETS, TWINS_EVERY, Case, Forecast, real_case
from market_controls import controls
from market_convergence import convergence
from market_forecasts import market_models, plain, ranking, together, transfer, trees, twins
from market_speed import form, speed

from foundation.kernel import NEW_YORK

REFERENCE = "GARCH x past quantiles"
VARIANTS = ("TFT + GAT", "TFT only", "GAT only")


def main() -> None:
    """Run the parts asked for."""
    parts: dict[str, Callable[[argparse.Namespace], None]] = {
        "speed": speed,
        "form": form,
        "convergence": convergence,
        "quality": quality,
        "controls": controls,
    }
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--part", choices=parts, required=True)
    parser.add_argument("--shared", type=Path, default=Path("../shared/data"))
    parser.add_argument("--work", type=Path, default=Path("runs/market_model"))
    parser.add_argument("--sets", nargs="*", choices=SETS, default=list(SETS))
    parser.add_argument("--every", type=int, default=4, help="of the stocks, each how many-th")
    parser.add_argument("--variants", nargs="*", choices=VARIANTS, default=list(VARIANTS))
    parser.add_argument("--seeds", type=int, default=1, choices=range(1, len(SEEDS) + 1))
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--peer", type=Path, help="python of an environment that has the peer")
    asked = parser.parse_args()
    print(f"Command: `python benchmarks/market_model.py {' '.join(sys.argv[1:])}`")
    print(
        f"Date: {datetime.now(tz=NEW_YORK):%Y-%m-%d}. Machine: {os.cpu_count()} cores, "
        f"{platform.machine()}, torch {version('torch')}, load {os.getloadavg()[0]:.0f} at start.\n"
    )
    parts[asked.part](asked)


def quality(asked: argparse.Namespace) -> None:
    """Score every model on real bars, walk-forward."""
    for name in asked.sets:
        case = real_case(
            name, asked.shared, asked.work, asked.every, SEEDS[: asked.seeds], asked.threads
        )
        print(f"## {name}\n\n{described(case)}")
        said, promoted = everything(case, tuple(asked.variants))
        made, told = together(case, said)
        said = made | said
        tables = (
            quantile_table(case, said, REFERENCE),
            hit_table(case, said, "climatology"),
            volatility_table(case, said, "GARCH-normal"),
            rank_table(case, said),
        )
        print("\n".join(line for table in tables for line in table))
        print(f"\n{twins_line(case, promoted)}\n")
        print(f"Mean weights in what the foundation publishes: {'; '.join(told)}.\n", flush=True)


def everything(case: Case, variants: tuple[str, ...]) -> tuple[dict[str, Forecast], np.ndarray]:
    """Return what every model says; the cheap ones first, so that a stop loses little."""
    simple = plain(case)
    boosted, ranked, lstm = trees(case), ranking(case), transfer(case)
    own, promoted = twins(case)
    shared = market_models(case, variants)
    learnt = {"LightGBM": boosted, "LightGBM ranker": ranked, "LSTM transfer": lstm}
    return shared | own | learnt | simple, promoted


def described(case: Case) -> str:
    """Say what was forecast from what."""
    days, rows = case.window.bars.sessions, case.refit_rows
    return (
        f"{len(case.window.instruments)} stocks (every {case.name.split()[-1]}th by name of those "
        f"with bars on the first and last session: survivor-biased), {days[0]} to {days[-1]}; "
        f"refits at the closes of {', '.join(str(days[row]) for row in rows)}; recipe "
        f"{case.recipe.name}, {len(case.seeds)} seed(s); twins refitted every {TWINS_EVERY} "
        "sessions. A star marks an interval (circular blocks of 20 sessions) without zero."
    )


def twins_line(case: Case, promoted: np.ndarray) -> str:
    """Say how often a twin had earned its place."""
    asked = promoted[case.refit_rows[0] :]
    return (
        f"Twins answered for their stock on {asked.mean():.1%} of all (stock, session) pairs; at "
        f"the end {promoted[-1].sum()} of {promoted.shape[1]} did. With intervals of 95% about "
        "2.5% would where nothing is to be had."
    )


if __name__ == "__main__":
    main()
