"""What drafts are held against: today's data, the past, and the model's own distributions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from foundation.contracts import (
    REGIMES,
    SERIES,
    TAPE,
    FuzzyWindow,
    MarketWindow,
    QuantContext,
    Section,
    Story,
    StoryBook,
    StoryForecast,
)
from foundation.kernel import ModelError
from foundation.language import Yardstick
from foundation.language.sections import section_of
from stage_06_validation.precedent import Precedents, count_precedents, count_transitions
from stage_06_validation.settings import ValidationSettings
from stage_06_validation.yardsticks import yardsticks

LEVEL_BANDS: tuple[str, ...] = ("at", "near", "within reach", "far")
"""Distances of support and resistance as stories tell them, nearest first."""


@dataclass(frozen=True)
class ValidationInput:
    """What stage 06 is given. All five stand at the same session."""

    forecast: StoryForecast
    stories: StoryBook
    market: MarketWindow
    fuzzy: FuzzyWindow
    quant: QuantContext


@dataclass(frozen=True)
class SymbolFacts:
    """The facts about one symbol at the as-of session.

    Attributes
    ----------
    position : int
        The symbol's place in the story book.
    today : dict of series to code
        Tape outcomes observed today; absent series are left out.
    standing : dict of series to code
        Strongest state today of every series that has one.
    absent : frozenset of str
        Series with no membership today.
    required : frozenset of Section
        Sections that every one of the symbol's recent stories has.
    spoken : frozenset of str
        Series of which today's story speaks.
    distributions : dict of series to array, shape (5,)
        The model's probabilities for the target session; absent series are left out.
    market_view : dict of series to float
        Mean expected code, over all symbols, of the market-wide tape series.
    levels : dict of side to band
        How far today's story says support and resistance are.
    calendar : dict of event to {"since": days, "until": days}
        Distances as they will be on the target session, of market-wide releases and of the
        symbol's own events; unknown ones are left out.
    yardsticks : dict of series to Yardstick
        The scales on which numbers in a text about the target session are graded.
    regimes : dict of regime to float
        Today's regime probabilities; empty where the quantitative model does not answer.
    precedents : Precedents
        Counts of past tape outcomes, shared by all symbols.
    changes : dict of series to int array, shape (5, 5)
        How often each state was followed by each other in one session, all symbols together
        (market-wide series once).
    """

    symbol: str
    position: int
    today: dict[str, int]
    standing: dict[str, int]
    absent: frozenset[str]
    required: frozenset[Section]
    spoken: frozenset[str]
    distributions: dict[str, np.ndarray]
    market_view: dict[str, float]
    levels: dict[str, str]
    calendar: dict[str, dict[str, float]]
    yardsticks: dict[str, Yardstick]
    regimes: dict[str, float]
    precedents: Precedents
    changes: dict[str, np.ndarray]


def gather_facts(given: ValidationInput, settings: ValidationSettings) -> dict[str, SymbolFacts]:
    """Return the facts of every symbol for which there is a continuation.

    Raises
    ------
    ModelError
        If the inputs stand at different sessions, or a continuation is about a symbol that
        the stories do not know.
    """
    _check_sessions(given)
    stories, fuzzy = given.stories, given.fuzzy
    symbols = tuple(dict.fromkeys(c.symbol for c in given.forecast.continuations))
    unknown = [s for s in symbols if s not in stories.symbols]
    if unknown:
        raise ModelError(
            "A continuation must be about a symbol of the story book",
            value=unknown,
            remedy="forecast from the same story book that is validated against",
        )
    precedents = count_precedents(_tape_codes(stories))
    distributions = _tomorrow(given.forecast)
    market_view = _market_view(distributions)
    memberships = fuzzy.memberships.values[fuzzy.memberships.index_of("sessions", fuzzy.session)]
    observed = _tape_codes(stories)[-1]
    recent: dict[str, list[Story]] = {}
    for story in stories.recent:
        recent.setdefault(story.symbol, []).append(story)
    today = stories.today()
    changes = _changes(fuzzy)
    facts = {}
    for symbol in symbols:
        row = stories.symbols.index(symbol)
        degrees = memberships[fuzzy.memberships.index_of("symbols", symbol)]
        known = ~np.isnan(degrees).any(axis=1)
        names = fuzzy.memberships.fields
        facts[symbol] = SymbolFacts(
            symbol=symbol,
            position=row,
            today={s: int(c) for s, c in zip(TAPE, observed[row], strict=True) if not np.isnan(c)},
            standing={
                n: int(d.argmax()) for n, d, k in zip(names, degrees, known, strict=True) if k
            },
            absent=frozenset(n for n, k in zip(names, known, strict=True) if not k)
            | (frozenset(SERIES) - frozenset(names)),
            required=_required(recent.get(symbol, [])),
            spoken=_spoken(today.get(symbol)),
            distributions=distributions.get(symbol, {}),
            market_view=market_view,
            levels=_levels(today.get(symbol)),
            calendar=_calendar(fuzzy, symbol),
            yardsticks=yardsticks(given.market, symbol, settings),
            regimes=_regimes(given.quant, symbol),
            precedents=precedents,
            changes=changes,
        )
    return facts


def _check_sessions(given: ValidationInput) -> None:
    quant = given.quant.values.sessions
    sessions = {
        "quant": quant[-1] if quant else None,
        "forecast": given.forecast.session,
        "stories": given.stories.session,
        "market": given.market.session,
        "fuzzy": given.fuzzy.session,
    }
    if len(set(sessions.values())) != 1:
        raise ModelError(
            "Forecast, stories, market, fuzzy window and quantitative context must stand at one "
            "session",
            value={k: str(v) for k, v in sessions.items()},
            remedy="run the earlier stages again for one as-of moment",
        )
    if not given.stories.sessions or given.stories.sessions[-1] != given.stories.session:
        raise ModelError(
            "The story book must end at its own session",
            value=str(given.stories.sessions[-1:]),
            remedy="assemble the stories up to the as-of session",
        )


def _tape_codes(stories: StoryBook) -> np.ndarray:
    return stories.observed.select(symbols=stories.symbols, fields=TAPE).values


def _tomorrow(forecast: StoryForecast) -> dict[str, dict[str, np.ndarray]]:
    panel = forecast.distributions
    if not panel.sessions or panel.sessions[-1] != forecast.session:
        raise ModelError(
            "The last row of the distributions must be the forecast's own session",
            value=str(panel.sessions[-1:]),
            remedy="score tomorrow's states with the story model again",
        )
    last = panel.values[-1]
    return {
        symbol: {
            series: last[n, s]
            for s, series in enumerate(panel.fields)
            if not np.isnan(last[n, s]).any()
        }
        for n, symbol in enumerate(panel.symbols)
    }


def _market_view(distributions: dict[str, dict[str, np.ndarray]]) -> dict[str, float]:
    codes = np.arange(5)
    view = {}
    for series in TAPE:
        if SERIES[series].panel == "market":
            expected = [float(d[series] @ codes) for d in distributions.values() if series in d]
            if expected:
                view[series] = float(np.mean(expected))
    return view


def _required(stories: list[Story]) -> frozenset[Section]:
    covered = [frozenset(section_of(c.statement) for c in story.claims) for story in stories]
    return frozenset.intersection(*covered) if covered else frozenset()


def _spoken(story: Story | None) -> frozenset[str]:
    if story is None:
        return frozenset()
    return frozenset(c.statement.subject for c in story.claims if c.statement.subject in SERIES)


def _changes(fuzzy: FuzzyWindow) -> dict[str, np.ndarray]:
    degrees = fuzzy.memberships.until(fuzzy.session).values
    absent = np.isnan(degrees).any(axis=-1)
    codes = np.where(absent, np.nan, np.nan_to_num(degrees).argmax(axis=-1))
    counts = count_transitions(codes)
    return {
        # A market-wide series is repeated for every symbol but happened once.
        name: counts[0, s] if SERIES[name].panel == "market" else counts[:, s].sum(axis=0)
        for s, name in enumerate(fuzzy.memberships.fields)
    }


def _levels(story: Story | None) -> dict[str, str]:
    if story is None:
        return {}
    return {
        c.statement.subject: c.statement.value
        for c in story.claims
        if c.statement.kind == "level" and c.statement.value in LEVEL_BANDS
    }


def _calendar(fuzzy: FuzzyWindow, symbol: str) -> dict[str, dict[str, float]]:
    """Distances on the target session of market-wide releases and of the symbol's own events."""
    step = float(np.busday_count(fuzzy.session, fuzzy.target_session))
    calendar: dict[str, dict[str, float]] = {}
    for events, column in ((fuzzy.events, None), (fuzzy.symbol_events, symbol)):
        if not events.sessions or events.sessions[-1] != fuzzy.session:
            continue
        if column is not None and column not in events.symbols:
            continue
        row = events.values[-1, 0 if column is None else events.index_of("symbols", column)]
        _add_distances(calendar, events.fields, row, step)
    for known in calendar.values():
        # Only a calendar with nothing due by then makes the distances certain: a release may
        # be late, or come without a date.
        if known.get("until", 0.0) <= 0:
            known.clear()
    return calendar


def _add_distances(
    calendar: dict[str, dict[str, float]], fields: tuple[str, ...], row: np.ndarray, step: float
) -> None:
    """Take up days since and until: weekdays between the two sessions will have passed by then."""
    for field, value in zip(fields, row, strict=True):
        kind, _, aspect = field.partition("|")
        if np.isnan(value):
            continue
        if aspect == "weekdays until":
            calendar.setdefault(kind, {})["until"] = float(value) - step
        elif aspect == "sessions since":
            calendar.setdefault(kind, {})["since"] = float(value) + 1


def _regimes(quant: QuantContext, symbol: str) -> dict[str, float]:
    values = quant.values
    if symbol not in values.symbols or not values.sessions:
        return {}
    last = values.values[-1, values.index_of("symbols", symbol)]
    found = {
        regime: float(last[values.index_of("fields", f"p_{regime.replace('-', '_')}")])
        for regime in REGIMES
    }
    return {} if np.isnan(list(found.values())).any() else found
