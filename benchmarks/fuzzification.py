"""What grading a whole market costs, how exact it is, and what its settings change.

Claims measured:

1. speed, 500 symbols x 1,260 sessions x 12 series: the membership kernel within 3 x of a copy of
   its own output and 25 x as fast as scikit-fuzzy's ``trimf``; with rolling calibration and
   movements still 5 x. ``trimf`` takes one set of corners a call, so it is timed twice: as five
   fixed sets over the whole array (that is no calibration at all), and as calibration would need
   it, one call per session, symbol, series and state (a sample, scaled up);
2. the whole of a real window (505 symbols, 5 years, every continuous field): seconds, bytes, and
   how far degrees lie from scikit-fuzzy's on windows summed exactly by ``math.fsum``;
3. sensitivity: how many states and movements each setting changes, and what tomorrow's states
   then owe to today's: log-loss skill of a first-order Markov chain beyond persistence, fitted on
   the first half and scored on the second, with 95% circular block bootstrap intervals;
4. what the rules conclude of a session's states (story confidence) tells how well its morrow is
   told from it: the chain's log loss by thirds of that confidence.

Run: ``python benchmarks/fuzzification.py [--symbols 100] [--only speed|window|sensitivity]``.
Needs ``../shared/data``. The dated result stands in ``docs/evidence/fuzzification.md``.
"""

from __future__ import annotations

import argparse
import math
import os
import platform
import sys
import time
import tracemalloc
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import skfuzzy
from fuzzification_choices import SETTINGS, confidence, say, sensitivity

from foundation.contracts import MarketWindow, grade
from foundation.kernel import NEW_YORK
from stage_01_data_engine import DataEngineSettings, DataEngineStage, FolderSource, MarketRequest
from stage_02_fuzzification.calibration import position
from stage_02_fuzzification.movement import by_horizon, classify, code, own_scale
from stage_02_fuzzification.series import positions

SHARED = Path(os.environ.get("STORY_SHARED_DATA", Path(__file__).parents[2] / "shared" / "data"))
BARS = "ohlcv_sp500_2013_2018"
AS_OF = date(2018, 2, 7)
BORDERS = {
    "steady_multiple": SETTINGS.steady_multiple,
    "sharp_multiple": SETTINGS.sharp_multiple,
}


def timed(work: Callable[[], object], times: int = 5) -> float:
    """Return the median processor seconds of a few runs, after one that does not count.

    Everything here runs on one thread; the wall clock would also count whoever shares the machine.
    """
    work()
    taken = []
    for _ in range(times):
        begun = time.process_time()
        work()
        taken.append(time.process_time() - begun)
    return float(np.median(taken))


def beyond_the_result(work: Callable[[], Any]) -> float:
    """Return the megabytes that work holds at its peak beside what it returns."""
    tracemalloc.start()
    made = work()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    arrays = made if isinstance(made, tuple) else (made,)
    return (peak - sum(a.nbytes for a in arrays)) / 1e6


def speed() -> None:
    """Claim 1."""
    rng = np.random.default_rng(0)
    values = rng.normal(size=(1_260, 500, 12)).cumsum(axis=0) + 100.0
    placed = np.clip(2.0 + rng.normal(size=values.shape), -1.0, 5.0)
    flat = placed.ravel()
    sets = [[k - 1.0, float(k), k + 1.0] for k in range(5)]
    theirs = timed(lambda: [skfuzzy.trimf(flat, corners) for corners in sets])
    out = grade(placed)
    again = np.empty_like(out)
    copy, fresh = timed(lambda: np.copyto(again, out)), timed(out.copy)
    scale = own_scale(values, SETTINGS.scale_window)

    def place() -> np.ndarray:
        return position(values, SETTINGS.window, SETTINGS.minimum_valid, SETTINGS.sigma)

    def codes() -> tuple[np.ndarray, np.ndarray]:
        own = own_scale(values, SETTINGS.scale_window)
        return code(values, own, 1, **BORDERS), code(values, own, 5, **BORDERS)

    def everything() -> tuple[np.ndarray, ...]:
        degrees = grade(place())
        session, week = (classify(found) for found in codes())
        return degrees, *(
            by_horizon(one, other, 3) for one, other in zip(session, week, strict=True)
        )

    def by_pandas() -> np.ndarray:
        frame = pd.DataFrame(values.reshape(len(values), -1))
        past = frame.rolling(SETTINGS.window)
        return ((frame - past.mean().shift()) / past.std(ddof=0).shift()).to_numpy()

    rows = [
        ("scikit-fuzzy `trimf`, five fixed sets", theirs, 5),
        ("copy of the degrees into memory at hand", copy, 5),
        ("copy of the degrees into fresh memory", fresh, 5),
        ("membership kernel", timed(lambda: grade(placed)), 5),
        ("rolling calibration (positions)", timed(place), 1),
        ("rolling calibration by pandas", timed(by_pandas, 1), 1),
        ("scale and movement codes, session and segment", timed(codes), 2),
        ("positions and codes: all that degrees and movements follow from",
         timed(lambda: (place(), codes())), 3),
        ("positions, degrees, four movements, four strengths, written out", timed(everything), 13),
    ]  # fmt: skip
    say(f"### Speed: 500 symbols x 1,260 sessions x 12 series ({flat.size:,} values)\n")
    say("| work | seconds | numbers out a value | ns a value | against `trimf` |")
    say("|---|---:|---:|---:|---:|")
    for name, seconds, numbers in rows:
        say(
            f"| {name} | {seconds:.3f} | {numbers} | {seconds / flat.size * 1e9:.1f} | "
            f"{theirs / seconds:.2f} x |"
        )
    each = per_calibration(values)
    say(
        f"| `trimf` by each value's own calibration, sampled | {each * flat.size:,.0f} | 5 | "
        f"{each * 1e9:,.0f} | {theirs / (each * flat.size):.4f} x |"
    )
    say()
    floor = copy / flat.size / 5
    say(
        f"The floor: a number takes {floor * 1e9:.2f} ns to copy ({16 / floor / 1e9:.0f} GB/s read "
        f"and written). 25 x of `trimf` is {theirs / 25 * 1e3:.0f} ms; {out.nbytes / 1e6:.0f} MB "
        f"of degrees take {copy * 1e3:.0f} ms to copy. 5 x is {theirs / 5 * 1e3:.0f} ms; "
        f"{13 * flat.nbytes / 1e6:.0f} MB of degrees, movements and strengths take "
        f"{13 * floor * flat.size * 1e3:.0f} ms to copy."
    )
    say()
    say("| work | peak beside its result, MB |")
    say("|---|---:|")
    say(f"| positions | {beyond_the_result(place):.1f} |")
    say(f"| kernel | {beyond_the_result(lambda: grade(placed)):.1f} |")
    week = beyond_the_result(lambda: code(values, scale, 5, **BORDERS))
    say(f"| movement codes of one segment | {week:.1f} |")
    say(f"| positions by pandas | {beyond_the_result(by_pandas):.1f} |")
    say()


def per_calibration(values: np.ndarray, cells: int = 2_000) -> float:
    """Return seconds a value of ``trimf`` with the value's own five sets, known beforehand."""
    rng = np.random.default_rng(1)
    where = [rng.integers(0, n, cells) for n in values.shape]
    chosen = values[tuple(where)]
    sets = np.sort(rng.normal(chosen.mean(), 5.0, (cells, 7)), axis=1)

    def work() -> None:
        for value, edges in zip(chosen, sets, strict=True):
            for k in range(5):
                skfuzzy.trimf(np.array([value]), edges[k : k + 3])

    return timed(work, 3) / cells


def window_of(count: int | None = None) -> MarketWindow:
    """Return the real window, or that of symbols spread evenly over it."""
    settings = DataEngineSettings()
    source = FolderSource(SHARED / BARS, settings)
    request = MarketRequest(as_of=AS_OF, symbols=None, history_sessions=1_259)
    window = DataEngineStage(settings).run(source.load(request))
    if count is None or count >= len(window.bars.symbols):
        return window
    spread = np.linspace(0, len(window.bars.symbols) - 1, count).astype(int)
    chosen = [window.bars.symbols[n] for n in spread]
    return window.model_copy(
        update={
            "instruments": tuple(i for i in window.instruments if i.symbol in chosen),
            "bars": window.bars.select(symbols=chosen),
            "features": window.features.select(symbols=chosen),
        }
    )


def whole_window(window: MarketWindow) -> None:
    """Claim 2."""
    given = {"bars": window.bars, "features": window.features}
    taken = timed(lambda: positions(given, SETTINGS), 3)
    placed = positions(given, SETTINGS)
    sessions, symbols, fields = placed.values.shape
    say(f"### A real window: {symbols} symbols x {sessions:,} sessions x {fields} fields\n")
    say("| measure | value |")
    say("|---|---:|")
    say(f"| values placed | {placed.values.size:,} |")
    say(f"| processor seconds (median of 3) | {taken:.2f} |")
    say(f"| positions, MB | {placed.values.nbytes / 1e6:.0f} |")
    say(f"| the same as five degrees, MB | {5 * placed.values.nbytes / 1e6:,.0f} |")
    beside = beyond_the_result(lambda: positions(given, SETTINGS).values)
    say(f"| peak beside the result, MB | {beside:.0f} |")
    cells, worst = exactness(window, placed.fields, placed.values)
    say(f"| cells held against scikit-fuzzy | {cells:,} |")
    say(f"| largest difference of a degree | {worst:.1e} |")
    say()


def exactness(
    window: MarketWindow, fields: tuple[str, ...], placed: np.ndarray, a_field: int = 200
) -> tuple[int, float]:
    """Return how many cells were compared with scikit-fuzzy and the largest difference."""
    rng = np.random.default_rng(2)
    worst, compared = 0.0, 0
    for k, name in enumerate(fields):
        panel, field = name.split("|")
        values = getattr(window, panel).field(field)
        logs = name in (*SETTINGS.logarithmic, "bars|volume")
        held = np.argwhere(~np.isnan(placed[..., k]))
        for t, n in held[rng.integers(0, len(held), min(a_field, len(held)))]:
            column = values[t - SETTINGS.window : t + 1, n]
            if logs:
                column = np.array([math.log(v) if v > 0 else math.nan for v in column])
            past = [v for v in column[:-1].tolist() if not math.isnan(v)]
            mean = math.fsum(past) / len(past)
            sd = math.sqrt(math.fsum((v - mean) ** 2 for v in past) / len(past))
            if sd <= 1e-12 * abs(mean):
                continue
            ours = grade(placed[t, n, k])
            worst = max(worst, float(np.abs(ours - theirs(column[-1], mean, sd)).max()))
            compared += 1
    return compared, worst


def theirs(value: float, mean: float, sd: float) -> np.ndarray:
    """Return scikit-fuzzy's degrees of one value."""
    centre = mean + sd * np.arange(-2.0, 3.0)
    x = np.clip(np.array([value]), centre[0], centre[4])
    low, high = centre[0] - sd, centre[4] + sd
    return np.array(
        [
            skfuzzy.trapmf(x, [low, low, centre[0], centre[1]])[0],
            *(skfuzzy.trimf(x, centre[k : k + 3])[0] for k in range(3)),
            skfuzzy.trapmf(x, [centre[3], centre[4], high, high])[0],
        ]
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])  # type: ignore[union-attr]
    parser.add_argument("--symbols", type=int, default=100, help="of the sensitivity table")
    parser.add_argument("--only", choices=("speed", "window", "sensitivity"))
    chosen = parser.parse_args()
    if chosen.only != "speed" and not (SHARED / BARS).is_dir():
        sys.exit(f"The bars are not there: {SHARED / BARS}. Set STORY_SHARED_DATA.")
    say("# Fuzzification, measured\n")
    say(
        f"`python benchmarks/fuzzification.py --symbols {chosen.symbols}`, {BARS}, "
        f"{datetime.now(NEW_YORK):%Y-%m-%d}, Python {platform.python_version()}, "
        f"{os.cpu_count()} cores (load {os.getloadavg()[0]:.1f}), NumPy {np.__version__}, "
        f"scikit-fuzzy {skfuzzy.__version__}. One thread, processor seconds.\n"
    )
    if chosen.only in (None, "speed"):
        speed()
    if chosen.only in (None, "window"):
        whole_window(window_of())
    if chosen.only in (None, "sensitivity"):
        some = window_of(chosen.symbols)
        sensitivity(some)
        confidence(some)


if __name__ == "__main__":
    main()
