"""The instrument chart as a plotly figure: price, levels, forecast fan and fuzzy ribbon.

Figures are plain dictionaries in plotly's JSON form. Colours are written as
``var(--name)@opacity``; the page's script resolves them, so that charts follow light and dark.
"""

from __future__ import annotations

import math
from datetime import date
from itertools import pairwise
from typing import Any

import numpy as np

from foundation.contracts import Levels
from stage_08_decision_support.adapters.web.ribbon import RibbonRow, ribbon_traces
from stage_08_decision_support.adapters.web.runs import RunView
from stage_08_decision_support.phrasing import change, price, short_date

SESSIONS_SHOWN = 90
SESSIONS_SHOWN_NARROW = 38
FAN_SESSIONS = 5
LABEL_ROOM = 13
"""Empty sessions to the right of the fan, where the names of the levels stand."""

LABEL_ROOM_NARROW = 10
"""More of it on a narrow screen, where a session is fewer pixels wide."""

Figure = dict[str, Any]


def finite(values: np.ndarray) -> list[float | None]:
    """Return the values as JSON has them: None where absent."""
    return [float(v) if math.isfinite(v) else None for v in values]


def instrument_figure(view: RunView, symbol: str, rows: tuple[RibbonRow, ...]) -> Figure:
    """Return the figure of one instrument over its last sessions and the five ahead."""
    bars = view.market.bars.select(symbols=[symbol]).last(SESSIONS_SHOWN)
    close = bars.field("close")[:, 0]
    labels = [day.isoformat() for day in bars.sessions]
    ahead = [view.brief.target_session.isoformat(), *(f"+{n}" for n in range(2, FAN_SESSIONS + 1))]
    fan = fan_quantiles(view, symbol)
    page = next(p for p in view.brief.instruments if p.signal.symbol == symbol)
    data = [_price_trace(view, symbol, labels)]
    extremes = [*_extremes(view, symbol)]
    if fan is not None:
        data += fan_traces(float(close[-1]), fan, labels[-1], ahead)
        extremes += [float(close[-1]) * math.exp(q) for q in (fan[0], fan[2])]
    named = named_levels(page.signal.levels, page.signal.direction)
    extremes += [value for _, value, _ in named]
    low, high = min(extremes), max(extremes)
    room = 0.05 * (high - low or abs(high) or 1.0)
    span = (low - room, high + room)
    shapes, notes = _level_marks(named, len(labels), span)
    ribbon, ribbon_notes, height = ribbon_traces(rows, labels)
    data += ribbon
    last = len(labels) - 1
    right = last + FAN_SESSIONS + LABEL_ROOM
    ticks = month_ticks(bars.sessions)
    return {
        "data": data,
        "layout": {
            "shapes": [*shapes, today_line(last)],
            "annotations": notes + ribbon_notes,
            "xaxis": {
                "type": "category", "range": [-0.7, right], "fixedrange": False,
                "categoryorder": "array",
                "categoryarray": [*labels, *ahead, *(" " * n for n in range(1, LABEL_ROOM + 1))],
                "tickmode": "array", "tickvals": [t for t, _ in ticks],
                "ticktext": [t for _, t in ticks], "rangeslider": {"visible": False},
                "anchor": "y2", "showspikes": True, "spikemode": "across", "spikethickness": 1,
                "spikedash": "dot", "spikecolor": "var(--line-strong)", "spikesnap": "cursor",
            },
            "yaxis": {"domain": [0.47, 1.0], "range": list(span), "side": "left",
                      "tickformat": ",", "nticks": 7, "ticklabelposition": "outside"},
            "yaxis2": {"domain": [0.0, 0.43], "range": [-0.5, height], "visible": False,
                       "fixedrange": True},
        },
        "narrow": {"xaxis.range": [last - SESSIONS_SHOWN_NARROW, right + LABEL_ROOM_NARROW]},
    }  # fmt: skip


def fan_quantiles(view: RunView, symbol: str) -> tuple[float, float, float] | None:
    """Return q10, q50, q90 of the five-session log return at the as-of close, if there are."""
    if view.quant is None or symbol not in view.quant.values.symbols:
        return None
    n = view.quant.values.index_of("symbols", symbol)
    q10, q50, q90 = (float(view.quant.values.field(name)[-1, n]) for name in ("q10", "q50", "q90"))
    return (q10, q50, q90) if all(map(math.isfinite, (q10, q50, q90))) else None


def _extremes(view: RunView, symbol: str) -> tuple[float, float]:
    bars = view.market.bars.select(symbols=[symbol]).last(SESSIONS_SHOWN)
    seen = bars.select(fields=["high", "low", "close"]).values
    return float(np.nanmin(seen)), float(np.nanmax(seen))


def _price_trace(view: RunView, symbol: str, labels: list[str]) -> Figure:
    bars = view.market.bars.select(symbols=[symbol]).last(SESSIONS_SHOWN)
    fields = {name: bars.field(name)[:, 0] for name in ("open", "high", "low", "close")}
    if np.isfinite(fields["open"]).any():
        return {
            "type": "candlestick", "name": symbol, "x": labels, "yaxis": "y", "showlegend": False,
            **{name: finite(values) for name, values in fields.items()},
            "increasing": {"line": {"color": "var(--up)", "width": 1}, "fillcolor": "var(--up)"},
            "decreasing": {"line": {"color": "var(--down)", "width": 1},
                           "fillcolor": "var(--down)"},
            "whiskerwidth": 0,
        }  # fmt: skip
    return {
        "type": "scatter", "mode": "lines", "name": symbol, "x": labels, "yaxis": "y",
        "y": finite(fields["close"]), "line": {"color": "var(--ink)", "width": 1.6},
        "showlegend": False, "hovertemplate": "%{x}<br>close %{y:,.2f}<extra></extra>",
    }  # fmt: skip


def fan_traces(
    close: float, fan: tuple[float, float, float], today: str, ahead: list[str]
) -> list[Figure]:
    """Return band and median. Only the fifth session is forecast; before it, see below.

    The median is drawn straight in log price and the spread grows with the square root of
    time, as for independent sessions. It is a drawing aid, and the caption says so.
    """
    q10, q50, q90 = fan
    steps = np.arange(FAN_SESSIONS + 1) / FAN_SESSIONS
    middle = q50 * steps
    upper = close * np.exp(middle + (q90 - q50) * np.sqrt(steps))
    lower = close * np.exp(middle + (q10 - q50) * np.sqrt(steps))
    x = [today, *ahead]
    return [
        {"type": "scatter", "x": [*x, *x[::-1]], "y": [*upper.tolist(), *lower.tolist()[::-1]],
         "fill": "toself", "fillcolor": "var(--accent)@0.16", "line": {"width": 0},
         "mode": "lines", "hoverinfo": "skip", "showlegend": False, "yaxis": "y"},
        {"type": "scatter", "x": x, "y": (close * np.exp(middle)).tolist(), "mode": "lines",
         "line": {"color": "var(--accent)", "width": 1.5, "dash": "dot"}, "yaxis": "y",
         "hovertemplate": f"median {change(math.expm1(q50))}, 10% to 90%: "
         f"{change(math.expm1(q10))} to {change(math.expm1(q90))} in five sessions<extra></extra>",
         "showlegend": False},
    ]  # fmt: skip


def named_levels(levels: Levels, direction: str) -> list[tuple[str, float, str]]:
    """Return (name, price, colour) of the levels to draw, highest first."""
    toward = {"bullish": ("var(--up)", "var(--down)"), "bearish": ("var(--down)", "var(--up)")}
    target, stop = toward.get(direction, ("var(--ink-2)", "var(--ink-2)"))
    named = [
        ("target", levels.target, target),
        ("stop", levels.stop, stop),
        ("support", levels.support, "var(--ink-3)"),
        ("resistance", levels.resistance, "var(--ink-3)"),
        ("close", levels.entry, "var(--ink)"),
    ]
    return sorted(
        ((name, value, colour) for name, value, colour in named if value is not None),
        key=lambda item: -item[1],
    )


def _level_marks(
    named: list[tuple[str, float, str]], sessions: int, span: tuple[float, float]
) -> tuple[list[Figure], list[Figure]]:
    """Return lines and labels; labels are pushed apart where levels lie close together."""
    height = span[1] - span[0]
    gap = 0.052 * height
    places: list[float] = []
    for _, value, _ in named:
        places.append(min(value, places[-1] - gap) if places else value)
    short = span[0] + 0.012 * height - places[-1] if places else 0.0
    if short > 0:
        places = [p + short for p in places]
    shapes, notes = [], []
    for (name, value, colour), place in zip(named, places, strict=True):
        if name != "close":
            shapes.append(
                {"type": "line", "xref": "x", "yref": "y", "x0": sessions - 12,
                 "x1": sessions + FAN_SESSIONS, "y0": value, "y1": value,
                 "line": {"color": colour, "width": 1, "dash": "dash"}}
            )  # fmt: skip
        notes.append(
            {"xref": "x", "yref": "y", "x": sessions + FAN_SESSIONS + 0.2, "y": place,
             "text": f"{name} {price(value)}", "showarrow": False, "xanchor": "left",
             "yanchor": "middle", "font": {"size": 11.5, "color": colour}}
        )  # fmt: skip
    return shapes, notes


def today_line(last: int) -> Figure:
    """Return the line between the last session and those ahead."""
    return {"type": "line", "xref": "x", "yref": "paper", "x0": last + 0.5, "x1": last + 0.5,
            "y0": 0, "y1": 1, "line": {"color": "var(--line-strong)", "width": 1}}  # fmt: skip


def month_ticks(sessions: tuple[date, ...]) -> list[tuple[str, str]]:
    """Return (category, text) of the first session of each month, and of the last session."""
    ticks = []
    for before, day in pairwise(sessions):
        if day.month != before.month:
            ticks.append((day.isoformat(), f"{day:%b %Y}" if day.month == 1 else f"{day:%b}"))
    if sessions and (not ticks or (sessions[-1] - date.fromisoformat(ticks[-1][0])).days > 12):
        ticks.append((sessions[-1].isoformat(), short_date(sessions[-1])))
    return ticks
