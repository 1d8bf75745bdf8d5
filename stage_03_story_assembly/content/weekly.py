"""What the summary of a week says, on the last session of the week.

The week's move and how it came about, what changed between its states (and what stayed), the
events that fell in it, its biggest contradiction, and what is due in the coming one.
"""

from __future__ import annotations

from itertools import permutations

import numpy as np

from foundation.contracts import (
    SERIES,
    STATES,
    FuzzyWindow,
    Horizon,
    MarketWindow,
    Movement,
    QuantContext,
    Section,
    statement,
)
from foundation.language.contradictions import CONFIRMATIONS
from foundation.language.sections import ORDER
from foundation.language.week_phrases import COURSES
from stage_03_story_assembly.coherence import tension_columns
from stage_03_story_assembly.content import columns as c
from stage_03_story_assembly.content.columns import SILENT, Column
from stage_03_story_assembly.content.company import member_column, option_columns
from stage_03_story_assembly.content.events import week_event_columns
from stage_03_story_assembly.content.plan import StoryPlan
from stage_03_story_assembly.content.weeks import Weeks, classify, courses, week_multiple
from stage_03_story_assembly.settings import StoryAssemblySettings

CORE: tuple[str, ...] = ("trend", "volume", "momentum", "volatility", "market volatility")
"""Series that are told every week, whether they changed or not. Of the others a change is told
that crosses at least two states."""
_CONFIRMED = frozenset(pairing.tension for pairing in CONFIRMATIONS)
"""Tensions that are none: they lend weight to one another."""
_PAIRS: tuple[tuple[int, int], ...] = tuple(permutations(range(len(STATES)), 2))


def plan(
    market: MarketWindow, fuzzy: FuzzyWindow, quant: QuantContext, settings: StoryAssemblySettings
) -> StoryPlan:
    """Choose what every weekly summary says."""
    shape = (len(market.bars.sessions), len(market.bars.symbols))
    weeks = Weeks.of(market.bars.sessions)
    close = market.bars.field("close")
    scale = market.features.field("volatility_scale_20")
    told: dict[str, list[Column]] = {}
    for series in SERIES:
        if fuzzy.memberships.has(series) and series != "price":
            shift = shift_column(fuzzy, series, weeks)
            told[series] = [shift]
            if series in CORE:
                state = c.state_column(fuzzy, series, settings)
                told[series].append(state.only(shift.codes == SILENT))
    contradictions = contradiction_columns(fuzzy, weeks)

    def absent(series: str) -> np.ndarray:
        return np.isnan(fuzzy.memberships.field(series)[..., 0])

    ordered = [
        span_column(close, scale, weeks, settings),
        course_column(close, scale, weeks),
        *told["trend"],
        contradictions["direction"],
        *told["volume"],
        c.absence_column("volume", Section.PARTICIPATION, absent("volume")),
        member_column(market, settings),
        *told["breadth"],
        contradictions["participation"],
        *told["momentum"],
        *told["trend strength"],
        *told["band width"],
        contradictions["momentum"],
        c.pattern_column(fuzzy, settings),
        *week_event_columns(fuzzy, weeks, shape, settings),
        *told["volatility"],
        contradictions["risk"],
        *told["market volatility"],
        c.absence_column("market volatility", Section.RISK, absent("market volatility")),
        c.appetite_column(fuzzy, settings, lambda codes: np.abs(codes - 2) == 2),
        *told["credit spread"],
        *told["oil"],
        *c.level_columns(market, settings),
        *c.quant_columns(quant, settings),
        *option_columns(market, settings),
    ]
    return StoryPlan(
        tuple(ordered),
        needed=("week",),
        horizon=Horizon.WEEKLY,
        order=ORDER[Horizon.WEEKLY],
        where=np.broadcast_to(weeks.ends[:, None], shape),
    )


def span_column(
    close: np.ndarray, scale: np.ndarray, weeks: Weeks, settings: StoryAssemblySettings
) -> Column:
    """Say how the price moved over the week."""
    multiple = week_multiple(close, scale, weeks)
    moves, degrees = classify(multiple, settings.span_steady, settings.span_sharp)
    return Column(
        name="week",
        section=Section.DIRECTION,
        options=tuple(statement("span", "price", f"week: {m:+d}") for m in Movement),
        codes=np.where(np.isnan(moves), SILENT, np.nan_to_num(moves).astype(int) + 2),
        degrees=np.nan_to_num(degrees),
        cells=(("bars", "close"),),
        since=weeks.before,
    )


def course_column(close: np.ndarray, scale: np.ndarray, weeks: Weeks) -> Column:
    """Say how the week's move came about."""
    return Column(
        name="course",
        section=Section.DIRECTION,
        options=tuple(statement("course", "week", value) for value in COURSES),
        codes=courses(close, scale, weeks),
        degrees=np.ones(close.shape),
        cells=(("bars", "close"),),
        since=weeks.before,
    )


def shift_column(fuzzy: FuzzyWindow, series: str, weeks: Weeks) -> Column:
    """Say from which state to which a series went in the week."""
    degrees = fuzzy.memberships.field(series)
    absent = np.isnan(degrees[..., 0])
    state = np.nan_to_num(degrees).argmax(axis=-1)
    top = np.nan_to_num(degrees).max(axis=-1)
    at = np.maximum(weeks.before, 0)
    known = (weeks.before >= 0)[:, None] & ~absent & ~absent[at]
    least = 1 if series in CORE else 2
    table = np.full((len(STATES), len(STATES)), SILENT)
    for number, (old, new) in enumerate(_PAIRS):
        table[old, new] = number
    changed = known & (np.abs(state - state[at]) >= least)
    info = SERIES[series]
    return Column(
        name=f"{series} shift",
        section=info.section,
        options=tuple(statement("shift", series, f"{STATES[a]} > {STATES[b]}") for a, b in _PAIRS),
        codes=np.where(changed, table[state[at], state], SILENT),
        degrees=np.minimum(top, top[at]),
        cells=((info.panel, info.field),),
        since=weeks.before,
    )


def contradiction_columns(fuzzy: FuzzyWindow, weeks: Weeks) -> dict[str, Column]:
    """Say the tension that held on most days of the week, and whether on more than one.

    One a week: of two that held equally often, the first in order of telling.
    """
    columns = tension_columns(fuzzy)
    counts = {name: _per_week(column, weeks) for name, column in columns.items()}
    most = np.max([count.max(axis=-1) for count in counts.values()], axis=0)
    made, free = {}, most > 0
    for name, column in columns.items():
        best = counts[name].argmax(axis=-1)
        often = counts[name].max(axis=-1)
        here = free & (often == most)
        free = free & ~here
        options = [
            statement("contradiction", said.subject, said.value, hedge)
            for said in column.options
            for hedge in ("once", "repeated")
        ]
        made[name] = Column(
            name=f"contradiction of {name}",
            section=column.section,
            options=tuple(options),
            codes=np.where(here, best * 2 + (often > 1), SILENT),
            degrees=np.ones(best.shape),
            cells=column.cells,
        )
    return made


def _per_week(column: Column, weeks: Weeks) -> np.ndarray:
    """Return on how many days of the week so far each of a column's statements held, (T, N, K)."""
    held = column.codes[..., None] == np.arange(len(column.options))
    held = held & [(said.subject, said.value) not in _CONFIRMED for said in column.options]
    total = np.concatenate([np.zeros((1, *held.shape[1:]), int), held.cumsum(axis=0)])
    first = np.maximum(weeks.before + 1, 0)
    counted: np.ndarray = total[1:] - total[first]
    return counted
