"""The page of patterns: what each one asks for, and pictures of its best real match."""

from __future__ import annotations

import inspect
import sys
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import numpy as np
from pattern_charts import Picture, draw

from foundation.contracts import MarketWindow
from foundation.language.phrases import PATTERNS as WORDED
from foundation.testing import planted_patterns as plants
from stage_02_fuzzification import FuzzificationSettings, FuzzificationStage, patterns
from stage_02_fuzzification.patterns import library

SETTINGS = FuzzificationSettings()
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
