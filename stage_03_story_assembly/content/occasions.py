"""What an event story says: what happened against what was expected, how the price answered, how
it used to answer, and what things looked like going in.

An event is an earnings report, a release (for indices and funds: it concerns everybody), a halt,
a corporate action, a wide opening gap, or a move out of all proportion.
"""

from __future__ import annotations

import numpy as np

from foundation.contracts import (
    SERIES,
    STATES,
    FuzzyWindow,
    Horizon,
    MarketWindow,
    QuantContext,
    Section,
    statement,
)
from foundation.language.occasion_phrases import EVE_SERIES, OCCASIONS, RESPONSES
from foundation.language.sections import ORDER
from stage_03_story_assembly.coherence import tension_columns
from stage_03_story_assembly.content import columns as c
from stage_03_story_assembly.content.columns import SILENT, Column
from stage_03_story_assembly.content.company import (
    member_column,
    option_columns,
    relative_columns,
)
from stage_03_story_assembly.content.events import ACTIONS, event_columns, release_fields
from stage_03_story_assembly.content.plan import StoryPlan
from stage_03_story_assembly.content.records import record_columns
from stage_03_story_assembly.settings import StoryAssemblySettings


def plan(
    market: MarketWindow, fuzzy: FuzzyWindow, quant: QuantContext, settings: StoryAssemblySettings
) -> StoryPlan:
    """Choose what every event story says, and where there is an event to tell of."""
    shape = (len(market.bars.sessions), len(market.bars.symbols))
    kinds = happened_today(market, fuzzy)
    strange = occasion_columns(market, fuzzy, settings)
    fresh, coming = _events(fuzzy, shape, settings)
    tensions = tension_columns(fuzzy)
    where = np.any([*kinds.values(), *(o.codes != SILENT for o in strange)], axis=0)
    ordered = [
        *fresh,
        *strange,
        *coming,
        c.movement_column(fuzzy, "price"),
        *record_columns(market, fuzzy),
        *relative_columns(market, settings),
        response_column(market, fuzzy, kinds, settings),
        tensions["direction"],
        c.state_column(fuzzy, "volume", settings),
        c.movement_column(fuzzy, "volume", lambda moves: np.abs(moves) == 2),
        member_column(market, settings),
        tensions["participation"],
        *(eve_column(fuzzy, series) for series in EVE_SERIES),
        c.state_column(fuzzy, "volatility", settings),
        tensions["risk"],
        *c.level_columns(market, settings),
        *c.quant_columns(quant, settings),
        *option_columns(market, settings),
    ]
    return StoryPlan(
        tuple(ordered),
        needed=("price movement",),
        horizon=Horizon.EVENT,
        order=ORDER[Horizon.EVENT],
        where=where,
    )


def _events(
    fuzzy: FuzzyWindow, shape: tuple[int, int], settings: StoryAssemblySettings
) -> tuple[list[Column], list[Column]]:
    """Return what is told of events that are out, and of those to come.

    Releases are told where they came out today; the calendar's distances are for other stories.
    """
    fresh, coming = [], []
    for column in event_columns(fuzzy, shape, settings):
        if column.name in ("event since", "event surprise"):
            since = fuzzy.events.field(f"{column.cells[0][1]}|sessions since")
            fresh.append(column.only(np.broadcast_to(since == 0, shape)))
        elif column.name.endswith((" since", " surprise", " reaction", " often")):
            fresh.append(column)
        elif column.name not in ("event until", "no events"):
            coming.append(column)
    return fresh, coming


def happened_today(market: MarketWindow, fuzzy: FuzzyWindow) -> dict[str, np.ndarray]:
    """Return where each kind of dated event fell on the session itself, by kind, each (T, N).

    A release concerns everybody; its story is told of indices and funds, not of every stock.
    """
    shape = (len(market.bars.sessions), len(market.bars.symbols))
    found: dict[str, np.ndarray] = {}
    for name in ("earnings", "halt", *ACTIONS):
        if fuzzy.symbol_events.has(f"{name}|sessions since"):
            found[name] = fuzzy.symbol_events.field(f"{name}|sessions since") == 0
    broad = np.array([i.kind != "equity" for i in market.instruments], dtype=bool)
    for field in release_fields(fuzzy).values():
        since = np.broadcast_to(fuzzy.events.field(f"{field}|sessions since"), shape)
        found[field] = (since == 0) & broad
    return found


def occasion_columns(
    market: MarketWindow, fuzzy: FuzzyWindow, settings: StoryAssemblySettings
) -> list[Column]:
    """Say that the day began with a wide gap, or moved out of all proportion."""
    columns = []
    moves = _multiples(market)
    panel = fuzzy.symbol_events
    gap = "structure|opening gap"
    gaps = panel.field(gap) if panel.has(gap) else np.full(moves.shape, np.nan)
    for subject, values, least, cells in (
        ("gap", gaps, settings.occasion_gap, (("bars", "open"),)),
        ("move", moves, settings.occasion_move, (("bars", "close"),)),
    ):
        options = tuple(statement("occasion", s, value) for s, value in OCCASIONS if s == subject)
        large = np.abs(np.nan_to_num(values)) >= least
        columns.append(
            Column(
                name=f"occasion {subject}",
                section=Section.EVENTS,
                options=options,
                codes=np.where(large, np.where(values > 0, 0, 1), SILENT),
                degrees=np.ones(moves.shape),
                cells=cells,
            )
        )
    return columns


def eve_column(fuzzy: FuzzyWindow, series: str) -> Column:
    """Say in which state a series was on the session before."""
    degrees = fuzzy.memberships.field(series)
    before = np.full(degrees.shape, np.nan)
    before[1:] = degrees[:-1]
    absent = np.isnan(before[..., 0])
    info = SERIES[series]
    return Column(
        name=f"{series} eve",
        section=Section.TECHNICAL,
        options=tuple(statement("eve", series, state) for state in STATES),
        codes=np.where(absent, SILENT, np.nan_to_num(before).argmax(axis=-1)),
        degrees=np.nan_to_num(before).max(axis=-1),
        cells=((info.panel, info.field),),
        lag=1,
    )


def response_column(
    market: MarketWindow,
    fuzzy: FuzzyWindow,
    kinds: dict[str, np.ndarray],
    settings: StoryAssemblySettings,
) -> Column:
    """Say how today's move compares with those on earlier events of the kind.

    Where two kinds fall on one day, the first in order of telling counts. Silent with fewer than
    ``minimum_reactions`` earlier ones.
    """
    size = np.abs(_multiples(market))
    usual = np.full(size.shape, np.nan)
    for name, here in reversed(kinds.items()):
        if fuzzy.symbol_events.has(f"{name}|reaction"):
            mean = fuzzy.symbol_events.field(f"{name}|reaction")
            enough = fuzzy.symbol_events.field(f"{name}|reactions") >= settings.minimum_reactions
            usual = np.where(here & enough, mean, usual)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = size / usual
    known = np.isfinite(ratio)
    borders = (settings.response_smaller, settings.response_larger)
    return Column(
        name="response",
        section=Section.DIRECTION,
        options=tuple(statement("response", "event", value) for value in RESPONSES),
        codes=np.where(known, np.searchsorted(borders, np.nan_to_num(ratio)), SILENT),
        degrees=np.ones(size.shape),
        cells=(("bars", "close"),),
    )


def _multiples(market: MarketWindow) -> np.ndarray:
    """Return each session's move in the volatility scale of the session before, (T, N)."""
    close, scale = market.bars.field("close"), market.features.field("volatility_scale_20")
    moves = np.full(close.shape, np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        moves[1:] = np.diff(close, axis=0) / scale[:-1]
    moves[~np.isfinite(moves)] = np.nan
    return moves
