"""A year of one instrument beside what was forecast of it: bands, fan ahead, regimes below."""

from __future__ import annotations

import math

import numpy as np

from foundation.contracts import HorizonForecast, TwinState
from stage_08_decision_support.adapters.web.price_chart import (
    FAN_SESSIONS,
    Figure,
    fan_quantiles,
    fan_traces,
    finite,
    month_ticks,
    today_line,
)
from stage_08_decision_support.adapters.web.quantitative.regimes import (
    REGIME_NAMES,
    YEAR,
    as_told,
    by_twin,
    most_likely,
)
from stage_08_decision_support.adapters.web.runs import RunView
from stage_08_decision_support.phrasing import change, percent

NARROW = 76
"""Sessions shown on a narrow screen."""
LABEL_ROOM, LABEL_ROOM_NARROW = 34, 38
"""Empty sessions to the right, where the two opinions and the names of regimes stand."""
LANES = len(REGIME_NAMES)
GAP = 1.7
"""Room above each ribbon for its title, in lanes."""


def twin_figure(view: RunView, symbol: str, state: TwinState | None) -> Figure:
    """Return the figure. The view must have a quantitative context of the symbol."""
    assert view.quant is not None
    bars = view.market.bars.select(symbols=[symbol]).last(YEAR)
    close = bars.field("close")[:, 0]
    labels = [day.isoformat() for day in bars.sessions]
    last = len(labels) - 1
    ahead = [view.brief.target_session.isoformat(), *(f"+{n}" for n in range(2, FAN_SESSIONS + 1))]
    empty = [" " * n for n in range(1, LABEL_ROOM + 1)]
    band = [edge[-len(labels) :] for edge in forecast_bands(view, symbol)]
    data = [*_band(labels, band), _path(labels, close)]
    fan = fan_quantiles(view, symbol)
    if fan is not None:
        data += fan_traces(float(close[-1]), fan, labels[-1], ahead)
    ends = [math.exp(q) * close[-1] for o in _opinions(state) for q in (o.q10, o.q90)]
    span = _span([close, *band], ends)
    notes: list[Figure] = []
    if state is not None and state.shared is not None and state.twin is not None:
        data += [
            _opinion("shared heads", state.shared, float(close[-1]), empty[2], "var(--ink-3)"),
            _opinion("twin", state.twin, float(close[-1]), empty[5], "var(--accent)"),
        ]
        gap = 0.05 * (span[1] - span[0])
        notes = _opinion_names(state.shared, state.twin, float(close[-1]), last + FAN_SESSIONS, gap)
    ribbons, titles, height = _ribbons(view, symbol, labels, last)
    ticks = month_ticks(bars.sessions)
    right = last + FAN_SESSIONS + LABEL_ROOM
    return {
        "data": data + ribbons,
        "layout": {
            "shapes": [today_line(last)],
            "annotations": notes + titles,
            "xaxis": {
                "type": "category", "range": [-0.7, right], "fixedrange": False,
                "categoryorder": "array", "categoryarray": [*labels, *ahead, *empty],
                "tickmode": "array", "tickvals": [t for t, _ in ticks],
                "ticktext": [t for _, t in ticks], "anchor": "y2",
            },
            "yaxis": {"domain": [0.40, 1.0], "range": span, "side": "left", "tickformat": ",",
                      "nticks": 6},
            "yaxis2": {"domain": [0.0, 0.36], "range": [-0.6, height], "visible": False,
                       "fixedrange": True},
        },
        "narrow": {
            "xaxis.range": [last - NARROW, last + FAN_SESSIONS + LABEL_ROOM_NARROW],
            "yaxis.range": _span([v[-NARROW:] for v in (close, *band)], ends),
        },
    }  # fmt: skip


def _opinions(state: TwinState | None) -> list[HorizonForecast]:
    said = () if state is None else (state.shared, state.twin)
    return [opinion for opinion in said if opinion is not None]


def _span(series: list[np.ndarray], ends: list[float]) -> list[float]:
    """Return the range of prices to draw, with room above and below."""
    known = np.concatenate([np.asarray(ends), *(v[np.isfinite(v)] for v in series)])
    low, high = float(known.min()), float(known.max())
    room = 0.06 * (high - low or abs(high))
    return [low - room, high + room]


def forecast_bands(view: RunView, symbol: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the prices between which each session was forecast to end, five sessions before.

    Float arrays (T,) over the window; NaN where there was no forecast. A return from the next open
    runs from that open, or from the close where no open is reported, as in ``QuantContext``.
    """
    assert view.quant is not None
    market, values = view.market.bars, view.quant.values
    n, m = market.index_of("symbols", symbol), values.index_of("symbols", symbol)
    entry = market.field("close")[:, n].copy()
    if view.quant.entry == "next open" and np.isfinite(market.field("open")[:, n]).any():
        entry[:-1] = market.field("open")[1:, n]
    bands = []
    for name in ("q10", "q90"):
        out = np.full(len(entry), np.nan)
        made = entry[:-FAN_SESSIONS] * np.exp(values.field(name)[:-FAN_SESSIONS, m])
        out[FAN_SESSIONS:] = made
        bands.append(out)
    return bands[0], bands[1]


def _band(labels: list[str], band: list[np.ndarray]) -> list[Figure]:
    line = {"width": 0, "shape": "linear"}
    common = {"type": "scatter", "mode": "lines", "x": labels, "yaxis": "y", "line": line,
              "hoverinfo": "skip", "showlegend": False}  # fmt: skip
    return [
        {**common, "y": finite(band[0])},
        {**common, "y": finite(band[1]), "fill": "tonexty", "fillcolor": "var(--ink-3)@0.17"},
    ]


def _path(labels: list[str], close: np.ndarray) -> Figure:
    return {"type": "scatter", "mode": "lines", "x": labels, "y": finite(close), "yaxis": "y",
            "line": {"color": "var(--ink)", "width": 1.5}, "showlegend": False,
            "hovertemplate": "%{x}<br>close %{y:,.2f}<extra></extra>"}  # fmt: skip


def _opinion(name: str, said: HorizonForecast, close: float, place: str, colour: str) -> Figure:
    """Return an opinion as a bar from q10 to q90 with its median."""
    low, middle, high = (close * math.exp(q) for q in (said.q10, said.q50, said.q90))
    told = (
        f"{name}: median {change(math.expm1(said.q50))}, 10% to 90%: "
        f"{change(math.expm1(said.q10))} to {change(math.expm1(said.q90))}, "
        f"target before stop {percent(said.hit_probability)}<extra></extra>"
    )
    return {
        "type": "scatter", "mode": "lines+markers", "x": [place] * 3, "y": [low, middle, high],
        "yaxis": "y", "line": {"color": colour, "width": 2.5}, "showlegend": False,
        "marker": {"color": colour, "size": [0, 9, 0], "symbol": "circle"},
        "hovertemplate": told,
    }  # fmt: skip


def _opinion_names(
    shared: HorizonForecast, twin: HorizonForecast, close: float, ahead: int, gap: float
) -> list[Figure]:
    """Return the two names beside their bars, ``gap`` apart where the medians lie together."""
    places = {"shared heads": close * math.exp(shared.q50), "twin": close * math.exp(twin.q50)}
    upper, lower = sorted(places, key=lambda name: -places[name])
    short = gap - (places[upper] - places[lower])
    if short > 0:
        places[upper] += short / 2
        places[lower] -= short / 2
    colours = {"shared heads": "var(--ink-3)", "twin": "var(--accent)"}
    return [
        {"xref": "x", "yref": "y", "x": ahead + 7.5, "y": place, "text": name,
         "showarrow": False, "xanchor": "left", "yanchor": "middle",
         "font": {"size": 11.5, "color": colours[name]}}
        for name, place in places.items()
    ]  # fmt: skip


def _ribbons(
    view: RunView, symbol: str, labels: list[str], last: int
) -> tuple[list[Figure], list[Figure], float]:
    """Return heatmaps (as told on top), their titles and lanes' names, and the height."""
    assert view.quant is not None
    rows = {"as told": as_told(view.quant, symbol)}
    detected = by_twin(view.quant, symbol)
    if detected is not None:
        rows["by the twin"] = detected
    traces, notes, base = [], [], 0.0
    for name, shares in reversed(rows.items()):
        traces.append(_lanes(shares, labels, base, name))
        now = most_likely(shares[-1]) or "not known"
        notes.append(_text(f"regime {name} · {now}", 0, base + LANES - 0.4, "paper", 11.5))
        notes += [
            _text(regime, last + 1.2, base + LANES - 1 - lane, "x", 10.5)
            for lane, regime in enumerate(REGIME_NAMES)
        ]
        base += LANES + GAP
    return traces, notes, base - 0.5


def _lanes(shares: np.ndarray, labels: list[str], base: float, name: str) -> Figure:
    shown = labels[-len(shares) :]
    lanes = [finite(lane) for lane in shares.T[::-1]]  # the first regime on top
    return {
        "type": "heatmap", "x": shown, "y0": base, "dy": 1, "z": lanes, "yaxis": "y2",
        "zmin": 0, "zmax": 1, "showscale": False, "ygap": 1, "name": name,
        "colorscale": [[0, "var(--sunken)"], [1, "var(--accent)"]], "hoverongaps": False,
        "text": [[regime] * len(shown) for regime in reversed(REGIME_NAMES)],
        "hovertemplate": f"%{{text}} {name}: %{{z:.0%}}<br>%{{x}}<extra></extra>",
    }  # fmt: skip


def _text(text: str, x: float, y: float, across: str, size: float) -> Figure:
    middle = across == "x"
    colour = "var(--ink-3)" if middle else "var(--ink-2)"
    return {"xref": across, "yref": "y2", "x": x, "y": y, "text": text, "showarrow": False,
            "xanchor": "left", "yanchor": "middle" if middle else "bottom",
            "font": {"size": size, "color": colour}}  # fmt: skip
