"""What each page shows, prepared from a run: plain data for the templates."""

from __future__ import annotations

import difflib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from foundation.contracts import (
    SERIES,
    STATES,
    TAPE,
    CalibrationBin,
    CheckedContinuation,
    Outcome,
    PerformanceReport,
    Story,
    tape_outcomes,
)
from stage_08_decision_support.adapters.web.price_chart import (
    SESSIONS_SHOWN,
    fan_quantiles,
    instrument_figure,
)
from stage_08_decision_support.adapters.web.quantitative import MATTERS, twin_panel
from stage_08_decision_support.adapters.web.ribbon import ribbon_rows
from stage_08_decision_support.adapters.web.runs import RunView
from stage_08_decision_support.phrasing import change, number, percent, price, signed
from stage_08_decision_support.rendering.graphics import sparkline

SPARK_SESSIONS = 60
STORIES_SHOWN = 10
REGIME_SHOWN = 0.05
"""Least probability of a regime that is shown."""

_MARKET_NAMES = {
    "vix": "Volatility (VIX)", "wti": "Crude oil (WTI)", "credit_spread": "Credit spread",
    "breadth": "Breadth", "core_cpi_yoy": "Core inflation",
}  # fmt: skip
_STATE_OF_MARKET = {s.field: s.name for s in SERIES.values() if s.panel == "market"}


@dataclass(frozen=True)
class Tile:
    """One tile of the market strip; ``symbol`` is set where it has a page."""

    label: str
    value: str
    change: str
    state: str
    spark: str
    symbol: str | None = None


def market_strip(view: RunView) -> tuple[Tile, ...]:
    """Return the indices, then the market-wide series with their fuzzy state."""
    tiles = []
    close = view.market.bars.field("close")
    for n, instrument in enumerate(view.market.instruments):
        if instrument.kind == "index":
            row = close[:, view.market.bars.index_of("symbols", instrument.symbol)]
            tiles.append(
                Tile(
                    label=instrument.name,
                    value=price(float(row[-1])),
                    change=change(_return(row)),
                    state=_state(view, "price", n),
                    spark=sparkline(row[-SPARK_SESSIONS:].tolist()),
                    symbol=instrument.symbol,
                )
            )
    for field in view.market.market.fields:
        row = view.market.market.field(field)[:, 0]
        series = _STATE_OF_MARKET.get(field)
        share = field == "breadth"
        tiles.append(
            Tile(
                label=_MARKET_NAMES.get(field, field.replace("_", " ")),
                value=percent(float(row[-1])) if share else number(float(row[-1])),
                change=signed(100 * _difference(row), 0) + " pts"
                if share
                else signed(_difference(row)),
                state=_state(view, series, 0) if series else "",
                spark=sparkline(row[-SPARK_SESSIONS:].tolist()),
            )
        )
    return tuple(tiles)


def _return(row: np.ndarray) -> float:
    return float(row[-1] / row[-2] - 1) if len(row) > 1 else math.nan


def _difference(row: np.ndarray) -> float:
    return float(row[-1] - row[-2]) if len(row) > 1 else math.nan


def _state(view: RunView, series: str | None, n: int) -> str:
    if series is None or not view.fuzzy.memberships.has(series):
        return ""
    degrees = view.fuzzy.memberships.field(series)[-1, n]
    return STATES[int(np.argmax(degrees))] if np.isfinite(degrees).all() else ""


@dataclass(frozen=True)
class Share:
    """One outcome of a tape series and its probability."""

    outcome: str
    probability: float
    most: bool


@dataclass(frozen=True)
class Distribution:
    """Tomorrow's five outcomes of one series, highest first; empty where it is absent."""

    series: str
    shares: tuple[Share, ...]


def distributions(view: RunView, symbol: str) -> tuple[Distribution, ...]:
    """Return the forecast for the target session, one entry per tape series."""
    panel = view.forecast.distributions
    n = panel.index_of("symbols", symbol)
    told = []
    for series in TAPE:
        p = panel.field(series)[-1, n]
        shares: tuple[Share, ...] = ()
        if np.isfinite(p).all():
            top = int(np.argmax(p))
            shares = tuple(
                Share(name, float(p[code]), code == top)
                for code, name in reversed(list(enumerate(tape_outcomes(series))))
            )
        told.append(Distribution(series, shares))
    return tuple(told)


def drafts(view: RunView, symbol: str) -> tuple[CheckedContinuation, ...]:
    """Return the validated continuations: base, alternatives and risk.

    They bear the names of a signal's scenarios but are not their texts: a scenario is a set of
    price outcomes with its probability, a draft is one story drawn from the model. So the page
    never pairs them.
    """
    return next(v for v in view.validated.verdicts if v.symbol == symbol).scenarios


def instrument_context(view: RunView, symbol: str) -> dict[str, Any]:
    """Return everything that the instrument page shows."""
    page = next(p for p in view.brief.instruments if p.signal.symbol == symbol)
    instrument = view.market.instrument(symbol)
    rows = ribbon_rows(view.fuzzy, symbol, SESSIONS_SHOWN)
    close = view.market.bars.field("close")[:, view.market.bars.index_of("symbols", symbol)]
    order = [p.signal.symbol for p in view.brief.instruments]
    place = order.index(symbol)
    return {
        "view": view,
        "page": page,
        "instrument": instrument,
        "close": float(close[-1]),
        "day_change": _return(close),
        "figure": instrument_figure(view, symbol, rows),
        "fan": fan_quantiles(view, symbol),
        "quant": quant_facts(view, symbol),
        "twin": twin_panel(view, symbol),
        "matters": MATTERS,
        "absent": [row.series for row in rows if not row.reported],
        "days": recent_stories(view, symbol),
        "distributions": distributions(view, symbol),
        "drafts": drafts(view, symbol),
        "setup": next((s for s in view.brief.setups if s.symbol == symbol), None),
        "alerts": [a for a in view.brief.alerts if a.symbol == symbol],
        "previous": order[place - 1] if place else None,
        "following": order[place + 1] if place + 1 < len(order) else None,
    }


def quant_facts(view: RunView, symbol: str) -> tuple[tuple[str, str], ...]:
    """Return the quantitative context of the as-of close as (label, value) pairs."""
    if view.quant is None or symbol not in view.quant.values.symbols:
        return ()
    panel = view.quant.values
    n = panel.index_of("symbols", symbol)
    row = {field: float(panel.values[-1, n, k]) for k, field in enumerate(panel.fields)}
    regimes = {
        name.removeprefix("p_").replace("_", "-"): value
        for name, value in row.items()
        if name.startswith("p_") and math.isfinite(value)
    }
    facts = []
    if regimes:
        likeliest = sorted(regimes, key=lambda name: -regimes[name])
        shown = [name for name in likeliest if regimes[name] >= REGIME_SHOWN]
        facts.append(("Regime", ", ".join(f"{name} {percent(regimes[name])}" for name in shown)))
    facts += [
        ("Expected return, 5 sessions", change(math.expm1(row["expected_return_5d"]))),
        ("Volatility, 5 sessions", percent(row["volatility_5d"], 1)),
        ("Target before stop", percent(row["hit_probability"])),
    ]
    return tuple(facts)


def recent_stories(view: RunView, symbol: str) -> tuple[Story, ...]:
    """Return the last stories of a symbol, newest first."""
    told = [s for s in view.stories.recent if s.symbol == symbol]
    return tuple(sorted(told, key=lambda s: s.session, reverse=True)[:STORIES_SHOWN])


def suggestions(view: RunView, asked: str) -> tuple[str, ...]:
    """Return the symbols that come closest to what was asked for, by symbol or by name."""
    known = {p.signal.symbol: p.story.name for p in view.brief.instruments}
    return closest(asked, tuple(known), {name: symbol for symbol, name in known.items()})


def closest(
    asked: str, known: Sequence[str], named: Mapping[str, str] | None = None
) -> tuple[str, ...]:
    """Return the known symbols that come closest to what was asked for, at most six.

    ``named`` leads from further spellings, such as a company's name, to symbols.
    """
    wanted = asked.strip().lower()
    spellings = {symbol.lower(): symbol for symbol in known}
    spellings |= {name.lower(): symbol for name, symbol in (named or {}).items()}
    close = difflib.get_close_matches(wanted, spellings, n=6, cutoff=0.4)
    inside = [s for spelling, s in spellings.items() if wanted and wanted in spelling]
    return tuple(dict.fromkeys([*inside, *(spellings[c] for c in close)]))[:6] or tuple(known)[:6]


def calibration_by_series(
    report: PerformanceReport,
) -> tuple[tuple[str, tuple[CalibrationBin, ...]], ...]:
    """Return the reliability bins by series, in the order of the report."""
    grouped: dict[str, list[CalibrationBin]] = {}
    for found in report.calibration:
        grouped.setdefault(found.series, []).append(found)
    return tuple((series, tuple(bins)) for series, bins in grouped.items())


@dataclass(frozen=True)
class ScoredDay:
    """Past forecasts for one session: per symbol the outcome of each tape series, or None."""

    target: date
    rows: tuple[tuple[str, tuple[Outcome | None, ...]], ...]


def scored_days(report: PerformanceReport) -> tuple[ScoredDay, ...]:
    """Return the matched forecasts by target session, newest first."""
    by_day: dict[date, dict[str, dict[str, Outcome]]] = {}
    for outcome in report.outcomes:
        by_symbol = by_day.setdefault(outcome.target_session, {})
        by_symbol.setdefault(outcome.symbol, {})[outcome.series] = outcome
    return tuple(
        ScoredDay(
            day,
            tuple(
                (symbol, tuple(found.get(series) for series in TAPE))
                for symbol, found in by_day[day].items()
            ),
        )
        for day in sorted(by_day, reverse=True)
    )
