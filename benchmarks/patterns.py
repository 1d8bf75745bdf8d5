"""Claim: every named pattern is found where it is planted in noise and told from a martingale, and
27 symbols x 2,000 sessions are searched for all of them in under a second on one core.

Planted charts (``foundation.testing.planted_patterns``) and martingales pass through the
indicators of stage 01 and the library of stage 02. A chart's score is its best match on the
planted session and its neighbours; the area under the ROC curve is the chance that a planted
chart scores higher than a martingale on the same sessions (ties count half). Thresholds stand in
the docstrings of the library and were set from the sources they name; three were narrowed after
a first table showed them to fire too often on martingales (the log says which).

Run: ``python benchmarks/patterns.py [--write docs] [--shared ../shared/data]``. With ``--write``
it rebuilds ``docs/patterns.md`` and its pictures, from real charts of the bundled data and,
where it is there, of the shared S&P 500 bars.
"""

from __future__ import annotations

import argparse
import inspect
import os
import platform
import sys
import time
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from statistics import median

import numpy as np
from pattern_charts import Picture, draw
from scipy.stats import rankdata

from foundation.contracts import MarketWindow, grade
from foundation.language.phrases import PATTERNS as WORDED
from foundation.testing import planted_patterns as plants
from stage_01_data_engine import (
    BundledSource,
    DataEngineSettings,
    DataEngineStage,
    FolderSource,
    MarketRequest,
)
from stage_01_data_engine.features import indicators
from stage_02_fuzzification import FuzzificationSettings, FuzzificationStage, patterns
from stage_02_fuzzification.calibration import position
from stage_02_fuzzification.movement import by_horizon, code
from stage_02_fuzzification.patterns import library

PLANTED, NOWHERE, TOLD = 300, 1_500, 0.4
QUIET, LOUD = (0.5, 1.0), (0.25, 0.5)
SETTINGS = FuzzificationSettings()
MONTH, WEEK, DAY = range(-10, 11), range(-2, 3), range(0, 1)


def main() -> None:
    """Print the tables; with ``--write`` rebuild the document and its pictures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", type=Path)
    parser.add_argument("--shared", type=Path, default=Path("../shared/data"))
    asked = parser.parse_args()
    table = roc_table()
    windows = [("bundled", bundled(2_000))]
    folder = asked.shared / "ohlcv_sp500_2013_2018"
    if folder.is_dir():
        windows.append(("505 US stocks, 2013 to 2018", shared(folder)))
    else:
        print(f"{folder} is not there: left out", file=sys.stderr)
    speeds = [f"| {name} | {speed(window)}" for name, window in windows]
    text = "\n".join([*HEAD, *table, "", *SPEED, *speeds, ""])
    print(text)
    if asked.write:
        windows[0] = ("bundled", bundled(4_900))
        pages = gallery([window for _, window in windows], asked.write / "images" / "patterns")
        (asked.write / "patterns.md").write_text(
            "\n".join([INTRODUCTION, text, *pages, ""]), encoding="utf-8"
        )


# --- planted charts -----------------------------------------------------------------------------

HEAD = [
    "## Found where it is planted",
    "",
    f"{date.today()}, `python benchmarks/patterns.py`: {PLANTED} planted charts per cell against "
    f"{NOWHERE:,} martingales. *AUC*: the chance that a planted chart scores higher than a "
    f"martingale. *Found*: share of planted charts that reach {TOLD}, from which a story mentions "
    "a pattern. *By chance*: share of a martingale's sessions that do. Two levels of noise: "
    "between its corners a planted chart wanders by 0.5% or 1% a day (martingales by 1%); for the "
    "eleven sessions of a sequence 0.25% or 0.5%; bars are blurred in each price. A sequence is "
    "planted as it is defined, so its AUC says little more than that the code does what it says. "
    "Sessions looked at: a month around the planted one for shapes and crossings, which are told "
    "late, a week for sequences and breaks, the planted one alone for bars.",
    "",
    "| pattern | AUC, quiet | AUC, loud | found, quiet | found, loud | by chance |",
    "|---|---|---|---|---|---|",
]


def roc_table() -> list[str]:
    rng = np.random.default_rng(20_181_228)
    nowhere = searched(plants.martingale(NOWHERE, rng))
    lines = []
    for name in patterns.PATTERNS:
        near = [plants.LAST + offset for offset in sessions_of(name)]
        chance = np.nan_to_num(nowhere[name])
        areas, found = [], []
        for quiet, loud in zip(QUIET, LOUD, strict=True):
            made = (
                plants.planted_sequence(patterns.SEQUENCES[name], PLANTED, loud, rng)
                if name in patterns.SEQUENCES
                else plants.planted(name, PLANTED, quiet, rng)
            )
            scores = np.nan_to_num(searched(made)[name][near]).max(axis=0)
            areas.append(area(scores, chance[near].max(axis=0)))
            found.append((scores >= TOLD).mean())
        known = ~np.isnan(nowhere[name])
        rate = (chance[known] >= TOLD).mean()
        lines.append(
            f"| {name} | {areas[0]:.3f} | {areas[1]:.3f} | {found[0]:.0%} | {found[1]:.0%} "
            f"| {rate:.2%} |"
        )
        print(lines[-1], file=sys.stderr)
    return lines


def sessions_of(name: str) -> range:
    plain = plants.MIRRORS.get(name, name)
    if plain in plants.BAR_PLANTS:
        return DAY
    shapes = [row[0] for row in (*library.REVERSALS, *library.LINED)]
    slow = ("bull flag", "bull pennant", "golden cross", "bullish average cross")
    return MONTH if plain in (*shapes, *slow) else WEEK


def area(planted: np.ndarray, nowhere: np.ndarray) -> float:
    """Return the area under the ROC curve (Mann and Whitney's U over its largest value)."""
    ranks = rankdata(np.concatenate([planted, nowhere]))[: len(planted)]
    count = len(planted)
    return float((ranks.sum() - count * (count + 1) / 2) / (count * len(nowhere)))


def searched(bars: plants.PlantedBars) -> dict[str, np.ndarray]:
    """Return all match strengths of planted bars, through stage 01's indicators."""
    features = {n: np.full(bars.close.shape, np.nan) for n in patterns.FEATURES}
    width = np.full(bars.close.shape, np.nan)
    for n in range(bars.close.shape[1]):
        high, low, close = (
            np.ascontiguousarray(v[:, n]) for v in (bars.high, bars.low, bars.close)
        )
        found = (
            indicators.from_closes(close)
            | indicators.scale_of_ranges(high, low, close)
            | indicators.extremes(high, low, close)
        )
        width[:, n] = found["bollinger_width"]
        for name in features:
            features[name][:, n] = found[name]
    week = code(
        bars.close,
        features["volatility_scale_20"],
        SETTINGS.segment_sessions,
        steady_multiple=SETTINGS.steady_multiple,
        sharp_multiple=SETTINGS.sharp_multiple,
    )
    steps = np.moveaxis(by_horizon(week, week, SETTINGS.segment_stride)[..., 1:], -1, 0)
    return patterns.recognise(
        codes=(steps[0], steps[1], steps[2]),
        bars={f: getattr(bars, f) for f in ("open", "high", "low", "close")},
        features=features,
        width_low=grade(
            position(width, SETTINGS.window, SETTINGS.minimum_valid, SETTINGS.sigma),
            SETTINGS.shape,
        )[..., 0],
    )


# --- speed --------------------------------------------------------------------------------------

SPEED = [
    "## Speed",
    "",
    f"{date.today()}, {platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.0f}, "
    f"NumPy {np.__version__}, one thread, median of 5: all patterns of a window.",
    "",
    "| data | sessions x symbols | patterns | wall s | processor s |",
    "|---|---|---|---|---|",
]


def bundled(sessions: int) -> MarketWindow:
    request = MarketRequest(as_of=date(2018, 12, 28), symbols=None, history_sessions=sessions)
    return DataEngineStage(DataEngineSettings()).run(BundledSource().load(request))


def shared(folder: Path) -> MarketWindow:
    settings = DataEngineSettings()
    request = MarketRequest(as_of=date(2018, 2, 7), symbols=None, history_sessions=1_259)
    return DataEngineStage(settings).run(FolderSource(folder, settings).load(request))


def speed(window: MarketWindow) -> str:
    given: dict[str, object] = {}
    whole = patterns.recognise

    def kept(**parts: object) -> object:
        given.update(parts)
        return whole(**parts)  # type: ignore[arg-type]

    patterns.recognise = kept  # type: ignore[assignment]
    FuzzificationStage(SETTINGS).run(window)
    patterns.recognise = whole
    walls, busy = [], []
    for _ in range(5):
        wall, cpu = time.perf_counter(), time.process_time()
        whole(**given)  # type: ignore[arg-type]
        walls.append(time.perf_counter() - wall)
        busy.append(time.process_time() - cpu)
    shape = f"{len(window.bars.sessions):,} x {len(window.bars.symbols)}"
    return f"{shape} | {len(patterns.PATTERNS)} | {median(walls):.2f} | {median(busy):.2f} |"


# --- real charts --------------------------------------------------------------------------------

INTRODUCTION = """# Patterns

Stage 02 looks for every pattern below on every session of every symbol and says how well it
matches, from 0 to 1; a story tells the best match of the day from 0.4 on (*partly in place*),
0.65 (*in place*) and 0.9 (*as in a textbook*). Where two match equally well the one that took
longer to form is told.

- **Known at the time.** Shapes are drawn through turning points, and a high becomes a turn only
  once the price has fallen two (or three) scales from it; nothing is smoothed over later sessions.
  In the pictures the dashed line is the session told of; what lies in the grey was not used.
- **Scales.** Distances are in volatility scales (ATR(20), for closes alone its equivalent) or in
  the formation's own height, so that no threshold depends on price or calm.
- **The weakest part counts.** A pattern matches as well as its worst condition (Zadeh's minimum).
- **NaN** means that it cannot be told: too short a history, no bar that day, or no ranges where
  the pattern needs them. A bearish twin is the bullish pattern on the chart turned upside down.
- **What they are worth** as forecasts is another question; names and tones are conventions.
"""

CONDITIONS = {
    "golden cross": "The 50-session average crosses the 200-session one from below: full on the "
    "day, fading over a week (Murphy 1999, ch. 9).",
    "death cross": "The same from above.",
    "yearly high": "Close within a scale of the highest high of 252 sessions, fading linearly.",
    "yearly low": "Close within a scale of the lowest low of 252 sessions, fading linearly.",
    "breakout": "Close above the range of the 20 sessions before: full at half a scale (Murphy "
    "1999, ch. 4).",
    "breakdown": "The same downwards.",
    "squeeze": "The Bollinger band is unusually narrow against its own past quarter (Murphy 1999, "
    "ch. 9; Bollinger 2001).",
}
AVERAGES = {
    "long-term average reclaimed": ("long",),
    "bounce off the average": ("medium",),
    "bullish average cross": ("short", "medium"),
    "golden cross": ("medium", "long"),
}
SHOWN = {
    "rounding bottom": 70,
    "golden cross": 220,
    "yearly breakout": 265,
    "yearly high": 265,
    "long-term average reclaimed": 90,
    "quarterly breakout": 75,
    "squeeze": 75,
    "bounce off the average": 80,
    "bullish average cross": 80,
}
"""Bars drawn before the session told of, where it is not 45."""
MOVES = {-2: "drops sharply", -1: "drops", 0: "steady", 1: "rises", 2: "rises sharply"}


@dataclass(frozen=True)
class Search:
    """A window with its charts and match strengths."""

    window: MarketWindow
    chart: library.Chart
    found: dict[str, np.ndarray]


def gallery(windows: list[MarketWindow], folder: Path) -> list[str]:
    """Draw the best real match of every pattern and return the document's sections."""
    folder.mkdir(parents=True, exist_ok=True)
    searches = [search(window) for window in windows]
    lines: list[str] = []
    drawn: set[tuple[str, date]] = set()
    for title, groups in sections():
        lines += ["", f"## {title}", ""]
        for text, names in groups:
            pictures = []
            for name in names:
                picture = best_picture(name, searches, drawn)
                file = f"{name.replace(' ', '_')}.svg"
                if picture is None:
                    print(f"{name}: no real match found", file=sys.stderr)
                    continue
                (folder / file).write_text(draw(picture), encoding="utf-8")
                pictures.append(f'<img src="images/patterns/{file}" width="420" alt="{name}">')
            heading = ", ".join(f"**{WORDED[n].split(' ', 1)[1]}**" for n in names)
            lines += [f"{heading}. {text}", "", " ".join(pictures), ""]
    return lines


def sections() -> list[tuple[str, list[tuple[str, list[str]]]]]:
    def of(table: tuple) -> list[tuple[str, list[str]]]:
        return [
            (prose(row[-1]), [name for name in row[:2] if isinstance(name, str)]) for row in table
        ]

    alone = [(prose(maker), [name]) for name, maker in library.ALONE]
    conditions = [(text, [name]) for name, text in CONDITIONS.items()]
    sequences = [
        ("Early, middle and late segment of the fortnight: "
         + ", ".join(MOVES[m] for m in moves) + ".", [name])
        for name, moves in patterns.SEQUENCES.items()
    ]  # fmt: skip
    return [
        ("Reversals", of(library.REVERSALS)),
        ("Between two lines", of(library.LINED)),
        ("Flags, breaks, averages, exhaustion", of(library.SETUPS)),
        ("Levels and averages of stage 01", conditions),
        ("Bars", of(library.SHORT) + alone),
        ("Sequences of movements", sequences),
    ]


def prose(maker: object) -> str:
    return " ".join((inspect.getdoc(maker) or "").split())


def search(window: MarketWindow) -> Search:
    made: list[library.Chart] = []
    build = library._chart

    def kept(*parts: dict[str, np.ndarray]) -> library.Chart:
        made.append(build(*parts))
        return made[-1]

    library._chart = kept  # type: ignore[assignment]
    fuzzy = FuzzificationStage(SETTINGS).run(window)
    library._chart = build
    found = {name: fuzzy.patterns.field(name) for name in fuzzy.patterns.fields}
    return Search(window, made[0], found)


def best_picture(name: str, searches: list[Search], drawn: set[tuple[str, date]]) -> Picture | None:
    """Return the best match: highest degree, then the one that also held the session before.

    No symbol is shown twice within the same quarter, and 30 sessions must follow.
    """
    best, place = 0.0, None
    for which, one in enumerate(searches):
        degrees = np.nan_to_num(one.found[name])
        held = np.vstack([degrees[:1] * 0, degrees[:-1]])
        rank = degrees + 0.01 * held
        rank[:260], rank[-30:] = 0.0, 0.0
        for t, n in zip(
            *np.unravel_index(np.argsort(-rank, axis=None)[:200], rank.shape), strict=True
        ):
            key = (one.window.bars.symbols[n], one.window.bars.sessions[t].replace(day=1))
            if rank[t, n] > best and key not in drawn:
                best, place = float(rank[t, n]), (which, int(t), int(n), key)
                break
    if place is None:
        return None
    which, t, n, key = place
    drawn.add(key)
    return picture_of(name, searches[which], t, n)


def picture_of(name: str, one: Search, t: int, n: int) -> Picture:
    bars, chart = one.window.bars, one.chart
    plain = plants.MIRRORS.get(name, name)
    turns: tuple[tuple[int, float], ...] = ()
    before = 45
    shaped = [row[0] for row in (*library.REVERSALS[:3], *library.LINED)]
    if plain in shaped:
        turns, before = shape_turns(name, chart, t, n)
    lines = [(c, getattr(chart, w)[:, n]) for c, w in zip(("#2457a6", "#8e5bb5"),
             AVERAGES.get(plain, ()), strict=False)]  # fmt: skip
    before = SHOWN.get(plain, before)
    if plain in plants.BAR_PLANTS or name in patterns.SEQUENCES:
        before = 25
    instrument = one.window.instruments[n]
    return Picture(
        title=name,
        note=f"{instrument.name}, {bars.sessions[t]:%d %b %Y}, match {one.found[name][t, n]:.2f}",
        **{f: bars.field(f)[:, n] for f in ("open", "high", "low", "close")},
        at=t,
        before=before,
        turns=turns,
        lines=tuple(lines),
    )


def shape_turns(
    name: str, chart: library.Chart, t: int, n: int
) -> tuple[tuple[tuple[int, float], ...], int]:
    """Return the turns that made the match, oldest first, with today's close behind them."""
    count = {"double top": 4}.get(plants.MIRRORS.get(name, name), 6)
    if name in [twin for row in library.LINED for twin in row[:2]]:
        count = 5
    best, chosen = -1.0, chart.turns[0]
    for turns in chart.turns:
        alone = replace(chart)
        alone.__dict__["turns"] = (turns,)
        degree = np.nan_to_num(library._charted(alone)[name][t, n])
        if degree > best:
            best, chosen = float(degree), turns
    rows = [int(r) for r in chosen.bar[:count, t, n] if r >= 0][::-1]
    turns_of = [(r, float(chart.close[r, n])) for r in rows] + [(t, float(chart.close[t, n]))]
    return tuple(turns_of), t - rows[0] + 12


if __name__ == "__main__":
    main()
