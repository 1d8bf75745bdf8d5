"""What an update during a session says: the opening gap, the move since, its place in the range,
the pace of trade, broken levels, what is due today, and how it bears on the morning's story."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from foundation.contracts import (
    FuzzyWindow,
    Horizon,
    MarketWindow,
    Movement,
    QuantContext,
    Section,
    SessionSoFar,
    Story,
    statement,
)
from foundation.language import tone
from foundation.language.event_phrases import EVENT_NAMES, release_called
from foundation.language.intraday_phrases import BREAKS, CHECKS, DUE_TODAY, PACES, PLACES
from stage_03_story_assembly.content.columns import (
    SILENT,
    Cell,
    Column,
    absence_column,
    quant_columns,
)
from stage_03_story_assembly.content.plan import StoryPlan
from stage_03_story_assembly.content.weeks import classify
from stage_03_story_assembly.settings import StoryAssemblySettings

SO_FAR = "session so far"
_PLACE_BORDERS = (0.1, 0.4, 0.6, 0.9)
_FIVE_SESSIONS = 5
_HOURS = tuple(minutes / 390 for minutes in (0, 30, 90, 150, 210, 270, 330, 390))
_VARIANCE = (0.0, 0.30, 0.51, 0.62, 0.71, 0.79, 0.88, 1.0)
"""Shares of a session gone, and of its variance from open to close: prices move most after the
opening. Means over hour bars of AAPL, BAC and IBM, 2012 to 2014; their later years and AIG agree
within 0.05, the broad index is calmer at the opening (SPY: 0.14 after half an hour). The shape is
that of Wood, McInish and Ord (1985, Journal of Finance 40) and of Andersen and Bollerslev (1997,
Journal of Empirical Finance 4)."""


def plan(
    market: MarketWindow,
    fuzzy: FuzzyWindow,
    quant: QuantContext,
    morning: dict[str, Story],
    so_far: SessionSoFar,
    settings: StoryAssemblySettings,
) -> StoryPlan:
    """Choose what an update says. Everything but the running bar is as of the session before."""
    now = {name: so_far.values.field(name) for name in so_far.values.fields}
    scale = market.features.field("volatility_scale_20")[-1:] * _running_prices(market, now)
    overnight = settings.overnight_share
    gap = _over(now["open"] - now["previous close"], scale, overnight)
    passed = (1 - overnight) * variance_passed(so_far.elapsed)
    since = _over(now["last"] - now["open"], scale, passed)
    moves, _ = classify(since, settings.span_steady, settings.span_sharp)
    ordered = [
        _span("gap", gap, ("open", "previous close"), settings),
        _span("open", since, ("last", "open"), settings),
        _place(now),
        _pace(now, settings),
        absence_column("volume", Section.PARTICIPATION, np.isnan(now["volume"])),
        *_breaks(running_levels(market, so_far), now),
        *_due(fuzzy, so_far, moves.shape),
        _check(market.bars.symbols, morning, moves, settings),
        *(
            replace(column, codes=column.codes[-1:], degrees=column.degrees[-1:])
            for column in quant_columns(quant, settings)
            if column.name in ("range", "tilt")
        ),
    ]
    return StoryPlan(tuple(ordered), needed=("open",), horizon=Horizon.INTRADAY)


def _running_prices(market: MarketWindow, now: dict[str, np.ndarray]) -> np.ndarray:
    """Return what a price of the daily bars is in prices of the running bar, (1, N).

    Daily bars may be adjusted where the running bar is not. Both know the close of the session
    before: what it is in the one over what it is in the other. NaN where either is missing.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(now["previous close"] / market.bars.field("close")[-1:])


def running_levels(market: MarketWindow, so_far: SessionSoFar) -> dict[str, np.ndarray]:
    """Return support and resistance of the session before in prices of the running bar, (1, N)."""
    now = {name: so_far.values.field(name) for name in so_far.values.fields}
    factor = _running_prices(market, now)
    return {
        side: market.features.field(f"{side}_20")[-1:] * factor
        for side in ("support", "resistance")
    }


def variance_passed(elapsed: float) -> float:
    """Return the share of a session's variance that falls into the share of it that has passed."""
    return float(np.interp(elapsed, _HOURS, _VARIANCE))


def _over(move: np.ndarray, scale: np.ndarray, share: float) -> np.ndarray:
    """Return a move in volatility scales of five sessions' length, from a share of one session.

    The spread of prices grows with the square root of time, also within a day.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        multiple = move / (scale * np.sqrt(share / _FIVE_SESSIONS))
    return np.where(np.isfinite(multiple), multiple, np.nan)


def _cells(*fields: str) -> tuple[Cell, ...]:
    return tuple((SO_FAR, name) for name in fields)


def _span(
    name: str, multiple: np.ndarray, fields: tuple[str, str], settings: StoryAssemblySettings
) -> Column:
    moves, degrees = classify(multiple, settings.span_steady, settings.span_sharp)
    return Column(
        name=name,
        section=Section.DIRECTION,
        options=tuple(statement("span", "price", f"{name}: {m:+d}") for m in Movement),
        codes=np.where(np.isnan(moves), SILENT, np.nan_to_num(moves).astype(int) + 2),
        degrees=np.nan_to_num(degrees),
        cells=_cells(*fields),
    )


def _place(now: dict[str, np.ndarray]) -> Column:
    with np.errstate(divide="ignore", invalid="ignore"):
        place = (now["last"] - now["low"]) / (now["high"] - now["low"])
    known = np.isfinite(place)
    values = tuple(reversed(PLACES))
    return Column(
        name="place",
        section=Section.DIRECTION,
        options=tuple(statement("place", "price", value) for value in values),
        codes=np.where(known, np.searchsorted(_PLACE_BORDERS, np.where(known, place, 0)), SILENT),
        degrees=np.ones(place.shape),
        cells=_cells("last", "low", "high"),
    )


def _pace(now: dict[str, np.ndarray], settings: StoryAssemblySettings) -> Column:
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = now["volume"] / now["usual volume"]
    known = np.isfinite(ratio)
    borders = (1 / settings.pace_fast, settings.pace_fast)
    return Column(
        name="pace",
        section=Section.PARTICIPATION,
        options=tuple(statement("pace", "volume", value) for value in PACES),
        codes=np.where(known, np.searchsorted(borders, np.where(known, ratio, 1)), SILENT),
        degrees=np.ones(ratio.shape),
        cells=_cells("volume", "usual volume"),
    )


def _breaks(levels: dict[str, np.ndarray], now: dict[str, np.ndarray]) -> list[Column]:
    """Say that a level of the session before gave way, or held a test."""
    columns = []
    for side, sign, reached in (("support", 1.0, "low"), ("resistance", -1.0, "high")):
        level = sign * levels[side]
        held = sign * now["previous close"] >= level
        broken = held & (sign * now["last"] < level)
        tested = held & ~broken & (sign * now[reached] < level)
        values = [value for at, value in BREAKS if at == side]
        columns.append(
            Column(
                name=f"{side} break",
                section=Section.TECHNICAL,
                options=tuple(statement("break", side, value) for value in values),
                codes=np.select([broken, tested], [0, 1], SILENT),
                degrees=np.ones(level.shape),
                cells=(("features", f"{side}_20"), *_cells("last", reached)),
            )
        )
    return columns


def _due(fuzzy: FuzzyWindow, so_far: SessionSoFar, shape: tuple[int, ...]) -> list[Column]:
    """Say what the calendar of the session before has for today."""
    distance = np.busday_count(fuzzy.session, so_far.session)
    columns = []
    found: list[tuple[str, Cell, np.ndarray]] = [
        (name, ("symbol_events", field), fuzzy.symbol_events.field(field)[-1:])
        for name in DUE_TODAY
        if fuzzy.symbol_events.has(field := f"{name}|weekdays until")
    ]
    for field in fuzzy.events.fields:
        name = release_called(field.removesuffix("|weekdays until"))
        if field.endswith("|weekdays until") and name in EVENT_NAMES:
            values = np.broadcast_to(fuzzy.events.field(field)[-1:], shape)
            found.append((name, ("events", field), values))
    for name, cell, until in found:
        columns.append(
            Column(
                name=f"{name} due",
                section=Section.EVENTS,
                options=(statement("event", name, "until: today"),),
                codes=np.where(until == distance, 0, SILENT),
                degrees=np.ones(shape),
                cells=(cell,),
            )
        )
    return columns


def lean(story: Story | None) -> float:
    """Return which way a story leaned: the mean tone of its claims, weighed by degree, -1 to 1."""
    claims = story.claims if story is not None else ()
    weight = sum(c.degree for c in claims)
    return sum(c.degree * tone(c.statement) for c in claims) / weight if weight else 0.0


def _check(
    symbols: tuple[str, ...],
    morning: dict[str, Story],
    moves: np.ndarray,
    settings: StoryAssemblySettings,
) -> Column:
    """Say how the session so far bears on the morning's story."""
    leans = np.array([[lean(morning.get(symbol)) for symbol in symbols]])
    told = np.array([[symbol in morning for symbol in symbols]])
    way = np.where(np.abs(leans) < settings.lean_threshold, 0, np.sign(leans))
    known = told & ~np.isnan(moves)
    same = np.sign(np.nan_to_num(moves)) * way
    names = tuple(CHECKS)
    value = np.select(
        [way == 0, same > 0, same < 0],
        [names.index("neutral"), names.index("borne out"), names.index("contradicted")],
        names.index("undecided"),
    )
    return Column(
        name="check",
        section=Section.LOOK_AHEAD,
        options=tuple(statement("check", "price", name) for name in names),
        codes=np.where(known, value, SILENT),
        degrees=np.where(way == 0, 1 - np.abs(leans), np.abs(leans)),
        cells=_cells("last", "open"),
    )
