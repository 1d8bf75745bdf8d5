"""Where the market parts: one group of instruments against another, story against model."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from foundation.contracts import FuzzyWindow, Instrument, MarketWindow, SignalSet, Theme
from stage_10_integration.settings import IntelligenceSettings
from stage_10_integration.theme_words import LEVELS
from stage_10_integration.wording import amount, listed, sentence


@dataclass(frozen=True)
class Comparison:
    """Two groups of instruments to hold against each other."""

    name: str
    plural: bool
    group: tuple[str, ...]
    others_name: str
    others: tuple[str, ...]


@dataclass(frozen=True)
class Gap:
    """How far two groups stand apart in one series, and how unusual that is.

    ``here`` and ``there`` are median states (0 very low to 4 very high); ``matched`` of ``past``
    sessions showed a gap at least as wide, to either side.
    """

    comparison: Comparison
    series: str
    here: float
    there: float
    matched: int
    past: int

    @property
    def width(self) -> float:
        return abs(self.here - self.there)

    @property
    def rarity(self) -> float:
        return self.matched / self.past if self.past else 1.0


def find_divergences(
    fuzzy: FuzzyWindow,
    market: MarketWindow,
    signals: SignalSet,
    settings: IntelligenceSettings,
) -> tuple[Theme, ...]:
    """Return story against model first, then groups that part, the most unusual first."""
    gaps = [_widest(c, fuzzy, settings) for c in comparisons(market.instruments, settings)]
    unusual = [
        g
        for g in gaps
        if g is not None and g.width >= settings.smallest_gap and g.rarity <= settings.unusual
    ]
    unusual.sort(key=lambda g: (g.rarity, -g.width))
    count = len(market.instruments)
    themes = (
        *_story_against_model(signals, settings),
        *(_theme(g, count, settings) for g in unusual),
    )
    return themes[: settings.most_divergences]


def comparisons(
    instruments: tuple[Instrument, ...], settings: IntelligenceSettings
) -> list[Comparison]:
    """Return the groups worth comparing: indices, each sector, each exchange-traded fund."""
    kinds = {
        kind: tuple(i.symbol for i in instruments if i.kind == kind)
        for kind in ("index", "equity", "etf")
    }
    stocks = kinds["equity"]
    found = []
    if kinds["index"] and len(stocks) >= settings.smallest_count:
        several = len(kinds["index"]) > 1
        name = "the indices" if several else kinds["index"][0]
        found.append(Comparison(name, several, kinds["index"], "the stocks", stocks))
    sectors = dict.fromkeys(i.sector for i in instruments if i.kind == "equity" and i.sector)
    for sector in sectors:
        inside = tuple(i.symbol for i in instruments if i.kind == "equity" and i.sector == sector)
        outside = tuple(s for s in stocks if s not in inside)
        if min(len(inside), len(outside)) >= settings.smallest_count:
            plural = sector.endswith("s") and not sector.endswith("ss")
            found.append(Comparison(sector, plural, inside, "the other stocks", outside))
    for fund in kinds["etf"]:
        others = tuple(s for s in kinds["etf"] if s != fund)
        if len(others) >= settings.smallest_count:
            found.append(Comparison(fund, False, (fund,), "the other funds", others))
    return found


def _widest(
    comparison: Comparison, fuzzy: FuzzyWindow, settings: IntelligenceSettings
) -> Gap | None:
    """Return the comparison's most unusual gap over the series it is made on."""
    gaps = [_gap(comparison, series, fuzzy, settings) for series in LEVELS]
    known = [g for g in gaps if g is not None]
    return min(known, key=lambda g: (g.rarity, -g.width)) if known else None


def _gap(
    comparison: Comparison, series: str, fuzzy: FuzzyWindow, settings: IntelligenceSettings
) -> Gap | None:
    """Compare median states. None where today one side has no state, or there is no past."""
    rows = slice(-1 - settings.comparison_sessions, None)
    degrees = fuzzy.memberships.field(series)[rows]
    state = degrees @ np.arange(5.0)
    here = _median(state, [fuzzy.memberships.index_of("symbols", s) for s in comparison.group])
    there = _median(state, [fuzzy.memberships.index_of("symbols", s) for s in comparison.others])
    past = np.abs(here - there)[:-1]
    past = past[np.isfinite(past)]
    if not (np.isfinite(here[-1]) and np.isfinite(there[-1])) or not past.size:
        return None
    width = abs(here[-1] - there[-1])
    return Gap(
        comparison=comparison,
        series=series,
        here=float(here[-1]),
        there=float(there[-1]),
        matched=int((past >= width - 1e-12).sum()),
        past=int(past.size),
    )


def _median(state: np.ndarray, columns: list[int]) -> np.ndarray:
    """Return the median over symbols that have a state, shape (T,); NaN where none has.

    The median, not the mean: one group far off must not make its peers look apart from the rest.
    """
    chosen = state[:, columns]
    known = np.isfinite(chosen).any(axis=1)
    out = np.full(len(chosen), np.nan)
    out[known] = np.nanmedian(chosen[known], axis=1)
    return out


def _theme(gap: Gap, count: int, settings: IntelligenceSettings) -> Theme:
    pair = gap.comparison
    ahead = gap.here > gap.there
    verb = (
        ("hold up better than" if pair.plural else "holds up better than")
        if ahead
        else ("lag" if pair.plural else "lags")
    )
    here, there = (LEVELS[gap.series][round(x)] for x in (gap.here, gap.there))
    subject = {"price": "the price", "trend": "the trend", "momentum": "momentum"}[gap.series]
    where = "there on the whole" if len(pair.group) > 1 else "here"
    if here == there:
        told = f"{subject} is {here} on both sides, but {'better' if ahead else 'worse'} {where}"
    else:
        there = there.replace("its quarterly mean", "it")
        told = f"{subject} is {here} {where}, {there} elsewhere"
    return Theme(
        title=sentence(f"{pair.name} {verb} {pair.others_name}")[:-1],
        text=f"{sentence(told)} {how_rare(gap.matched, gap.past, settings, 'so wide a gap')}",
        symbols=pair.group,
        share=len(pair.group) / count,
    )


def how_rare(matched: int, past: int, settings: IntelligenceSettings, what: str) -> str:
    """Say how often the past showed ``what``, in one sentence."""
    if not past:
        return "There is no past to hold this against."
    whole = past == settings.comparison_sessions == 252
    span = "the past year" if whole else f"the past {past} sessions"
    if matched == 0:
        return f"No day of {span} saw {what}."
    if matched <= 12:
        return f"Only {amount(matched)} {'day' if matched == 1 else 'days'} of {span} saw {what}."
    return f"About one day in {amount(round(past / matched))} of {span} saw {what}."


def _story_against_model(signals: SignalSet, settings: IntelligenceSettings) -> list[Theme]:
    """Gather the instruments whose story and quantitative view point in opposite directions."""
    apart = [s for s in signals.signals if s.reconciliation.verdict == "contradict"]
    if not apart:
        return []
    up = [s.symbol for s in apart if s.reconciliation.story > s.reconciliation.past]
    down = [s.symbol for s in apart if s.symbol not in up]
    told = []
    if up:
        told.append(
            f"on {listed(up, settings.named)} the story points up and the quantitative model down"
        )
    if down:
        told.append(
            f"on {listed(down, settings.named)} the story points down and the quantitative model up"
        )
    return [
        Theme(
            title="Story and model point apart",
            text=sentence("; ".join(told)) + " Such signals carry little conviction.",
            symbols=tuple(s.symbol for s in apart),
            share=len(apart) / len(signals.signals),
        )
    ]
