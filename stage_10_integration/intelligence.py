"""What the stories say together: shared themes, where they part, and one calm headline."""

from __future__ import annotations

from dataclasses import dataclass

from foundation.contracts import (
    STATES,
    FuzzyWindow,
    MarketIntelligence,
    MarketWindow,
    SignalSet,
    Story,
    StoryBook,
    Theme,
)
from foundation.kernel import UpstreamDataError
from foundation.runtime.stage import Stage
from stage_10_integration.divergence import find_divergences, how_rare
from stage_10_integration.settings import IntelligenceSettings
from stage_10_integration.shares import Shared, find_shared
from stage_10_integration.theme_words import GAUGES
from stage_10_integration.wording import amount, counted, in_words, listed, sentence


@dataclass(frozen=True)
class IntelligenceInput:
    """What the themes are drawn from."""

    signals: SignalSet
    stories: StoryBook
    fuzzy: FuzzyWindow
    market: MarketWindow


class IntelligenceStage(Stage[IntelligenceInput, MarketIntelligence]):
    """The as-of stories, read side by side and against the past year."""

    name = "10_intelligence"

    def __init__(self, settings: IntelligenceSettings) -> None:
        self.settings = settings

    def run(self, given: IntelligenceInput) -> MarketIntelligence:
        """Return themes, divergences, breadth of signals and a headline.

        Raises
        ------
        UpstreamDataError
            If the inputs speak of different sessions, or there is no signal or story.
        """
        _check_borders(given)
        today = given.stories.today()
        shared = find_shared(today, given.fuzzy, self.settings)
        unusual = [s for s in shared if s.rarity <= self.settings.unusual]
        themes = [_theme(s, self.settings) for s in unusual[: self.settings.most_themes]]
        ways = [s.direction for s in given.signals.signals]
        return MarketIntelligence(
            as_of=given.signals.as_of,
            produced_at=given.signals.produced_at,
            session=given.signals.session,
            target_session=given.signals.target_session,
            headline=_headline(shared, unusual, len(today)),
            themes=(*themes, *_gauges(today)),
            divergences=find_divergences(given.fuzzy, given.market, given.signals, self.settings),
            breadth_bullish=ways.count("bullish") / len(ways),
            breadth_bearish=ways.count("bearish") / len(ways),
        )


def _check_borders(given: IntelligenceInput) -> None:
    sessions = {
        "signals": given.signals.session,
        "stories": given.stories.session,
        "fuzzy states": given.fuzzy.memberships.sessions[-1],
        "market": given.market.session,
    }
    if len(set(sessions.values())) > 1:
        raise UpstreamDataError(
            "Signals, stories, fuzzy states and market must speak of the same session",
            value={name: day.isoformat() for name, day in sessions.items()},
            remedy="build all of them from one run",
        )
    if not given.signals.signals or not given.stories.today():
        raise UpstreamDataError(
            "Market intelligence needs at least one signal and one story of the session",
            value=f"{len(given.signals.signals)} signals, {len(given.stories.today())} stories",
            remedy="check the findings of stage 01: instruments may have been quarantined",
        )


def _theme(shared: Shared, settings: IntelligenceSettings) -> Theme:
    told = f"{_who(shared)} {shared.phrase.does}"
    if shared.extreme:
        told += f", {amount(shared.extreme)} of them {shared.phrase.extreme}"
    rare = how_rare(shared.matched, shared.past, settings, shared.as_many)
    return Theme(
        title=shared.phrase.title,
        text=f"{sentence(told)} {rare}",
        symbols=shared.symbols,
        share=shared.share,
    )


def _who(shared: Shared) -> str:
    count, base = len(shared.symbols), shared.base
    if count == base:
        return f"all {counted(base, 'instrument')}"
    return f"{in_words(count)} of {counted(base, 'instrument')}"


def _headline(shared: list[Shared], unusual: list[Shared], instruments: int) -> str:
    """Say the two weightiest unusual things of different families, in one sentence."""
    if not shared:
        return (
            f"The stories of {counted(instruments, 'instrument')} have little in common today."
            if instruments > 1
            else "There is one story today, and nothing to hold it against."
        )
    first = (unusual or shared)[0]
    told = f"{_who(first)} {first.phrase.does}"
    second = next((s for s in unusual[1:] if s.family != first.family), None)
    if not unusual:
        told += "; nothing is shared more widely than usual"
    elif second is not None:
        told += f"; {_how_many(second)} {second.phrase.does}"
    return sentence(told)


def _how_many(shared: Shared) -> str:
    if len(shared.symbols) == shared.base:
        return "all"
    return "nearly all" if shared.share >= 0.9 else amount(len(shared.symbols))


def _gauges(today: dict[str, Story]) -> list[Theme]:
    """Say which market-wide series stand at an extreme, as the stories tell it."""
    said: dict[str, dict[str, str]] = {name: {} for name in GAUGES}
    for symbol, story in today.items():
        for claim in story.claims:
            if claim.statement.kind == "state" and claim.statement.subject in said:
                said[claim.statement.subject][symbol] = claim.statement.value
    parts, symbols = [], set()
    for state in (STATES[-1], STATES[0]):
        named = [n for n in GAUGES if state in said[n].values()]
        if named:
            verb = GAUGES[named[0]][1] if len(named) == 1 else "are"
            parts.append(f"{listed([GAUGES[n][0] for n in named])} {verb} {state}")
            symbols |= {s for n in named for s, value in said[n].items() if value == state}
    if not parts:
        return []
    return [
        Theme(
            title="The market's gauges",
            text=sentence(", while ".join(parts) + ", each against its own past quarter"),
            symbols=tuple(s for s in today if s in symbols),
            share=len(symbols) / len(today),
        )
    ]
