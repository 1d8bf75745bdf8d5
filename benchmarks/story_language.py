"""What the story language keeps, costs and tells, on real bars.

Claims measured:

1. data -> claims -> text -> claims loses nothing on every symbol-day of five years of S&P 500
   members, and what fuzzification itself loses, in bits per series: the mutual information of
   states with raw quantiles (32 bins), against the entropy of the bins;
2. stories per second on one core, with claims, against narrata (PyPI) on the same bars;
3. how varied and readable the stories are: distinct sentences, self-BLEU (4-grams), Flesch
   reading ease, words per story and sentence;
4. whether today's state tells tomorrow's beyond persistence: log-loss skill of a first-order
   Markov chain fitted on the first half and scored on the second, by series, with 95% circular
   block bootstrap intervals over sessions.

Run: ``python benchmarks/story_language.py [--symbols 505]``. Needs ``../shared/data``; narrata
is timed only where it is installed, and its absence is said. The dated result stands in
``docs/evidence/story_language.md``.
"""

from __future__ import annotations

import argparse
import os
import platform
import re
import sys
import time
from collections import Counter
from collections.abc import Callable
from datetime import date, datetime
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from foundation.contracts import SERIES, TAPE, FuzzyWindow, MarketWindow, grade
from foundation.kernel import NEW_YORK
from foundation.language import read
from foundation.quant import QuantForecaster, QuantSettings
from foundation.quant.evaluation import circular_block_bootstrap
from stage_01_data_engine import DataEngineSettings, DataEngineStage, FolderSource, MarketRequest
from stage_02_fuzzification import FuzzificationSettings, FuzzificationStage
from stage_02_fuzzification.series import address
from stage_03_story_assembly import AssemblyInput, StoryAssemblySettings, StoryAssemblyStage
from stage_03_story_assembly.content.daily import plan
from stage_03_story_assembly.stage import observed
from stage_03_story_assembly.telling.figures import Figures
from stage_03_story_assembly.telling.teller import Teller

SHARED = Path(os.environ.get("STORY_SHARED_DATA", Path(__file__).parents[2] / "shared" / "data"))
BARS = "ohlcv_sp500_2013_2018"
AS_OF = date(2018, 2, 7)


def say(text: str = "") -> None:
    print(text, flush=True)


def timed(work: Callable[[], object], times: int = 3) -> float:
    """Return the median seconds of a few runs."""
    taken = []
    for _ in range(times):
        begun = time.perf_counter()
        work()
        taken.append(time.perf_counter() - begun)
    return float(np.median(taken))


def load(count: int) -> MarketWindow:
    settings = DataEngineSettings()
    source = FolderSource(SHARED / BARS, settings)
    request = MarketRequest(as_of=AS_OF, symbols=None, history_sessions=1259)
    window = DataEngineStage(settings).run(source.load(request))
    if count >= len(window.bars.symbols):
        return window
    kept = window.bars.symbols[:count]
    return window.model_copy(
        update={
            "instruments": window.instruments[:count],
            "bars": window.bars.select(symbols=kept),
            "features": window.features.select(symbols=kept),
        }
    )


def round_trip(teller: Teller) -> None:
    """Claim 1: every told symbol-day, in both renderings of the learning text."""
    days = lost = ungrounded = clauses = 0
    begun = time.perf_counter()
    for t, n in zip(*np.nonzero(teller.plan.tellable), strict=True):
        reading = read(teller.learning(t, n))
        numbers = teller.plan.codes[t, n]
        expected = Counter(
            column.options[k]
            for column, k in zip(teller.plan.columns, numbers.tolist(), strict=True)
            if k >= 0
        )
        days += 1
        clauses += sum(expected.values())
        lost += Counter(reading.statements) != expected
        ungrounded += len(reading.ungrounded)
    say("### Round trip\n")
    say("| symbol-days | clauses | days with any loss | clauses not understood | seconds |")
    say("|---:|---:|---:|---:|---:|")
    say(f"| {days:,} | {clauses:,} | {lost} | {ungrounded} | {time.perf_counter() - begun:.0f} |")
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


def stories(window: MarketWindow, teller: Teller) -> None:
    """Claim 2: stories per second with claims, and a peer on the same bars."""
    sessions, symbols = range(-20, 0), range(len(window.bars.symbols))
    places = [(t, n) for t in sessions for n in symbols if teller.plan.tellable[t, n]]
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


def prose(teller: Teller) -> None:
    """Claim 3: variety and readability of 1,000 learning texts spread over the window."""
    where = np.argwhere(teller.plan.tellable)
    chosen = where[np.linspace(0, len(where) - 1, 1_000).astype(int)]
    texts = [teller.learning(t, n) for t, n in chosen]
    sentences = [s for text in texts for s in re.split(r"(?<=\.) ", text)]
    words = [re.findall(r"[A-Za-z'-]+", text) for text in texts]
    syllables = [max(1, len(re.findall(r"[aeiouy]+", w.lower()))) for ws in words for w in ws]
    total = len(syllables)
    ease = 206.835 - 1.015 * total / len(sentences) - 84.6 * sum(syllables) / total
    bleu = np.mean([_overlap(words[i], words[i + 1 : i + 21]) for i in range(0, 960, 20)])
    say("### Prose (1,000 stories)\n")
    say("| measure | value |")
    say("|---|---:|")
    say(f"| distinct sentences among {len(sentences):,} | {len(set(sentences)):,} |")
    say(f"| self-BLEU, 4-grams against 20 others | {bleu:.2f} |")
    say(f"| Flesch reading ease | {ease:.0f} |")
    say(f"| words per story | {np.mean([len(w) for w in words]):.0f} |")
    say(f"| words per sentence | {total / len(sentences):.1f} |")
    say()


def _overlap(words: list[str], others: list[list[str]]) -> float:
    """Return the geometric mean of 1- to 4-gram precisions against the best of the others."""
    precisions = []
    for size in range(1, 5):
        mine = Counter(tuple(words[i : i + size]) for i in range(len(words) - size + 1))
        best: Counter[tuple[str, ...]] = Counter()
        for other in others:
            best |= Counter(tuple(other[i : i + size]) for i in range(len(other) - size + 1))
        precisions.append(sum((mine & best).values()) / max(1, sum(mine.values())))
    return float(np.exp(np.mean(np.log(np.maximum(precisions, 1e-9)))))


def prediction(fuzzy_codes: np.ndarray) -> None:
    """Claim 4: a Markov chain on states against persistence with the same smoothing."""
    half = len(fuzzy_codes) // 2
    say("### What today's outcome tells of tomorrow's\n")
    say("| series | forecasts | persistence | Markov chain | skill [95% interval] |")
    say("|---|---:|---:|---:|---:|")
    for s, name in enumerate(TAPE):
        codes = fuzzy_codes[..., s]
        known = ~np.isnan(codes[:-1]) & ~np.isnan(codes[1:])
        now, then = np.nan_to_num(codes[:-1]).astype(int), np.nan_to_num(codes[1:]).astype(int)
        past = known.copy()
        past[half:] = False
        counts = np.full((5, 5), 0.5)
        np.add.at(counts, (now[past], then[past]), 1)
        chain = counts / counts.sum(1, keepdims=True)
        stay = float((now[past] == then[past]).mean()) if past.any() else 0.2
        still = np.full((5, 5), (1 - stay) / 4)
        np.fill_diagonal(still, stay)
        scored = known.copy()
        scored[:half] = False
        if not scored.any():
            continue
        loss = {
            k: np.where(scored, -np.log(p[now, then]), np.nan)
            for k, p in (("still", still), ("chain", chain))
        }
        gain = np.nan_to_num(loss["still"] - loss["chain"])[half:]
        interval = circular_block_bootstrap(
            gain.sum(axis=1)[:, None],
            scored[half:].sum(axis=1)[:, None].astype(float),
            block=5,
            samples=2_000,
            seed=0,
        )[0]
        say(
            f"| {name} | {int(scored.sum()):,} | {np.nanmean(loss['still']):.3f} | "
            f"{np.nanmean(loss['chain']):.3f} | {interval.mean:+.3f} "
            f"[{interval.low:+.3f}, {interval.high:+.3f}] |"
        )
    say()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])  # type: ignore[union-attr]
    parser.add_argument("--symbols", type=int, default=505)
    chosen = parser.parse_args()
    if not (SHARED / BARS).is_dir():
        sys.exit(f"The bars are not there: {SHARED / BARS}. Set STORY_SHARED_DATA.")
    begun = time.perf_counter()
    window = load(chosen.symbols)
    fuzzy = FuzzificationStage(FuzzificationSettings()).run(window)
    quant = QuantForecaster(QuantSettings()).context(window)
    settings = StoryAssemblySettings()
    teller = Teller(plan(window, fuzzy, quant, settings), Figures(window, fuzzy, quant))
    StoryAssemblyStage(settings.model_copy(update={"story_sessions": 10})).run(
        AssemblyInput(window, fuzzy, quant)
    )
    say("# The story language, measured\n")
    say(f"`python benchmarks/story_language.py --symbols {chosen.symbols}` on {BARS}, ")
    say(f"{datetime.now(NEW_YORK):%Y-%m-%d}, Python {platform.python_version()}, ")
    say(f"{os.cpu_count()} cores, NumPy {np.__version__}; built in ")
    say(f"{time.perf_counter() - begun:.0f} s.\n")
    stories(window, teller)
    prose(teller)
    prediction(observed(fuzzy).values)
    information(fuzzy)
    round_trip(teller)


if __name__ == "__main__":
    main()
