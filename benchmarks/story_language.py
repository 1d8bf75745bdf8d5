"""What the story language keeps, costs and tells, on real bars.

Claims measured, each by the module named:

1. data -> claims -> text -> claims loses nothing on every symbol-day of five years of S&P 500
   members and of the bundled set (close-only and market-wide series, releases); what
   fuzzification itself loses, in bits per series: the mutual information of states with raw
   quantiles (32 bins), against the entropy of the bins;
2. stories per second on one core, with claims, against narrata (PyPI) on the same bars;
3. the learning form does not tell whose story it is or of which year, much better than chance
   (``story_leak``);
4. how varied and readable stories are, and how many tokens of GPT-OSS a week of one symbol
   takes (``story_prose``);
5. what states, movements and patterns of a session tell of the next, beyond persistence
   (``story_prediction``);
6. what the reader makes of other people's words, and which contradictions it finds
   (``story_reading``).

Run: ``python benchmarks/story_language.py [--symbols 505]``. Needs ``../shared/data``; narrata
and the tokenizer of GPT-OSS are used only where they are installed, and their absence is said.
The dated result stands in ``docs/evidence/story_language.md``.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import multiprocessing
import os
import platform
import resource
import sys
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from datetime import datetime
from functools import partial
from importlib.metadata import version
from importlib.util import find_spec

import numpy as np
from story_leak import leak
from story_prediction import prediction
from story_prose import prose, tokens
from story_reading import bruised, coherence, free_text, headlines
from story_worlds import MEMBERS, SHARED, World, bundled, members, note, said, say, spread, timed

from foundation.contracts import SERIES, FuzzyWindow, grade
from foundation.kernel import NEW_YORK
from foundation.language import read
from stage_02_fuzzification.series import address
from stage_03_story_assembly.stage import PLANS
from stage_03_story_assembly.telling.uncollected import uncollected


def round_trip(world: World, most: int) -> None:
    """Claim 1: up to ``most`` stories per horizon, spread over all symbols and sessions.

    Both renderings are read for every hundredth.
    """
    say(f"### Round trip, {world.name}\n")
    say("| horizon | stories | clauses | with any loss | clauses not understood | seconds |")
    say("|---|---:|---:|---:|---:|---:|")
    for horizon in PLANS:
        teller = world.telling(horizon)
        days = lost = strange = clauses = 0
        begun = time.perf_counter()
        for t, n in spread(teller, most):
            claims = Counter(said(teller, t, n))
            readings = [read(teller.learning(t, n))]
            if days % 100 == 0:
                story = teller.story(t, n)
                readings.append(read(story.reading, name=story.name))
            days += 1
            clauses += sum(claims.values())
            lost += any(Counter(reading.statements) != claims for reading in readings)
            strange += sum(len(reading.ungrounded) for reading in readings)
        taken = time.perf_counter() - begun
        say(f"| {horizon} | {days:,} | {clauses:,} | {lost} | {strange} | {taken:.0f} |")
    say()


def information(fuzzy: FuzzyWindow, bins: int = 32) -> None:
    """Claim 1: bits that five states keep of where a value lies among its past quarter."""
    say("### What five states keep\n")
    say("| series | bits in 32 bins | bits kept by the state | share | kept by state and hedge |")
    say("|---|---:|---:|---:|---:|")
    for name, series in SERIES.items():
        panel = fuzzy.market_positions if series.panel == "market" else fuzzy.positions
        where = panel.field(address(series))
        where = where[~np.isnan(where)]
        if where.size < 1_000:
            continue
        edges = np.quantile(where, np.linspace(0, 1, bins + 1)[1:-1])
        raw = np.searchsorted(edges, where)
        degrees = grade(where)
        state = degrees.argmax(axis=-1)
        top = degrees.max(axis=-1)
        second = np.sign(where - state) * (top < 0.85) * np.where(top >= 0.65, 1, 2)
        hedged = state * 5 + (second + 2).astype(int)
        total = _entropy(np.bincount(raw))
        kept, fine = (_mutual(raw, label) for label in (state, hedged))
        say(f"| {name} | {total:.2f} | {kept:.2f} | {kept / total:.0%} | {fine:.2f} |")
    say()


def _entropy(counts: np.ndarray) -> float:
    share = counts[counts > 0] / counts.sum()
    return float(-(share * np.log2(share)).sum())


def _mutual(a: np.ndarray, b: np.ndarray) -> float:
    joint = np.zeros((a.max() + 1, b.max() + 1))
    np.add.at(joint, (a, b), 1)
    return _entropy(joint.sum(1)) + _entropy(joint.sum(0)) - _entropy(joint.ravel())


def stories(world: World) -> None:
    """Claim 2: stories per second with claims, and a peer on the same bars."""
    window, teller = world.window, world.teller
    count = len(window.bars.sessions)
    sessions, symbols = range(count - 100, count), range(len(window.bars.symbols))
    places = [(t, n) for t in sessions for n in symbols if teller.plan.tellable[t, n]]
    with uncollected():  # as the stage does
        learning = timed(lambda: [teller.learning(t, n) for t, n in places])
        full = timed(lambda: [teller.story(t, n) for t, n in places])
    say(f"### Stories per second on one core ({len(places):,} stories)\n")
    say("| what | per second |")
    say("|---|---:|")
    say(f"| learning texts from planned claims | {len(places) / learning:,.0f} |")
    say(f"| full stories: two renderings, figures, claims with cells | {len(places) / full:,.0f} |")
    if find_spec("narrata") is None:
        say("| narrata | not installed |")
    else:
        import pandas as pd
        from narrata import narrate

        frames = []
        for n in symbols[:40]:
            bars = window.bars.values[-250:, n]
            index = pd.DatetimeIndex(np.array(window.bars.sessions[-250:], dtype="M8[ns]"))
            frame = pd.DataFrame(
                bars, index=index, columns=["Open", "High", "Low", "Close", "Volume"]
            )
            if not frame.isna().any().any():
                frames.append(frame)
        peer = timed(lambda: [narrate(frame, ticker="X") for frame in frames])
        say(f"| narrata {version('narrata')}, last 250 bars | {len(frames) / peer:,.0f} |")
    say()


def writing(worlds: list[World]) -> None:
    """Claim 4."""
    say("### Prose (1,000 stories each)\n")
    say("| set | sentences | distinct | self-BLEU, 20 others | Flesch | words | per sentence |")
    say("|---|---:|---:|---:|---:|---:|---:|")
    for world in worlds:
        prose(world)
    say()
    tokens(worlds)


def reading(worlds: list[World]) -> None:
    """Claim 6."""
    free_text()
    headlines()
    bruised(worlds[-1])
    coherence(worlds)


PARTS: list[Callable[[], None]] = []
"""Parts of the report. Forked processes find them here: what they rest on is not sent about."""


def printed(part: int) -> str:
    """Return what a part of the report prints."""
    held = io.StringIO()
    with contextlib.redirect_stdout(held):
        PARTS[part]()
    note(f"done: {held.getvalue().splitlines()[0]}")
    return held.getvalue()


def _peak(who: int) -> int:
    return resource.getrusage(who).ru_maxrss


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--symbols", type=int, default=505)
    parser.add_argument("--round-trips", type=int, default=70_000, help="stories per set")
    parser.add_argument("--side-by-side", type=int, default=os.cpu_count(), help="processes")
    chosen = parser.parse_args()
    if not (SHARED / MEMBERS).is_dir():
        sys.exit(f"The bars are not there: {SHARED / MEMBERS}. Set STORY_SHARED_DATA.")
    begun = time.perf_counter()
    worlds = [members(chosen.symbols), bundled()]
    note("built")
    say("# The story language, measured\n")
    say(f"`python benchmarks/story_language.py --symbols {chosen.symbols}` on {MEMBERS} and the ")
    say(f"bundled set, {datetime.now(NEW_YORK):%Y-%m-%d}, Python {platform.python_version()}, ")
    say(f"{os.cpu_count()} cores, NumPy {np.__version__}; built in ")
    say(f"{time.perf_counter() - begun:.0f} s.\n")
    stories(worlds[0])
    # What is not timed runs side by side, on copies of what is in memory; printed in order.
    context = multiprocessing.get_context("fork")
    with ProcessPoolExecutor(chosen.side_by_side, mp_context=context) as pool:
        PARTS.extend(
            (
                partial(writing, worlds),
                partial(reading, worlds),
                partial(information, worlds[0].fuzzy),
                partial(leak, worlds[0]),
                *(partial(round_trip, world, chosen.round_trips) for world in worlds),
                partial(prediction, worlds[0]),
            )
        )
        for told in [pool.submit(printed, k) for k in range(len(PARTS))]:
            say(told.result().rstrip("\n") + "\n")
    peak = max(map(_peak, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))) / 2**20
    taken = time.perf_counter() - begun
    say(f"In all {taken:.0f} s, at most {peak:.1f} GiB of memory in one process.")


if __name__ == "__main__":
    main()
