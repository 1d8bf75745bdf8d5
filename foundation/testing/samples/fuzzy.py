"""A fuzzy window that belongs to a market window."""

from __future__ import annotations

import numpy as np

from foundation.contracts import HORIZONS, MARKET, SERIES, STATES, FuzzyWindow, MarketWindow, Series
from foundation.testing.samples.market import market_window, rolling
from foundation.timeseries import Panel

PATTERNS: tuple[str, ...] = ("bullish reversal", "momentum continuation", "bearish breakdown")

_SEGMENTS = {"session": (0, 1), "early": (10, 20), "middle": (5, 15), "late": (0, 10)}


def series_values(market: MarketWindow, series: Series) -> np.ndarray:
    """Return one series' raw values, shape (T, N); market-wide ones repeated for every symbol."""
    panel: Panel = getattr(market, series.panel)
    shape = (len(market.bars.sessions), len(market.bars.symbols))
    if not panel.has(series.field):
        return np.full(shape, np.nan)
    return np.broadcast_to(panel.field(series.field), shape)


def fuzzy_window(market: MarketWindow | None = None) -> FuzzyWindow:
    """Return memberships, movements, strengths, patterns and events of a market window."""
    market = market or market_window()
    memberships, movements, strengths = [], [], []
    for series in SERIES.values():
        values = series_values(market, series)
        memberships.append(_memberships(np.log(values) if series.logarithmic else values))
        codes, strength = _movements(values, _scale(market, series, values))
        movements.append(codes)
        strengths.append(strength)
    axes = {"sessions": market.bars.sessions, "symbols": market.bars.symbols}
    named = {**axes, "fields": tuple(SERIES)}
    return FuzzyWindow(
        as_of=market.as_of,
        produced_at=market.produced_at,
        session=market.session,
        target_session=market.target_session,
        positions=_positions(bars=market.bars, features=market.features),
        market_positions=_positions(market=market.market),
        option_positions=None if market.options is None else _positions(options=market.options),
        memberships=Panel(**named, layers=STATES, values=np.stack(memberships, axis=2)),
        movements=Panel(**named, layers=HORIZONS, values=np.stack(movements, axis=2)),
        strengths=Panel(**named, layers=HORIZONS, values=np.stack(strengths, axis=2)),
        patterns=Panel(**axes, fields=PATTERNS, values=_patterns(movements[0])),
        inference=_inference(market),
        events=_events(market),
        symbol_events=_symbol_events(market),
    )


def _memberships(values: np.ndarray) -> np.ndarray:
    place = np.clip(_place(values), 0, 4)
    return np.maximum(0, 1 - np.abs(place[..., None] - np.arange(5)))


def _place(values: np.ndarray) -> np.ndarray:
    mean, deviation = rolling(values, 60, np.mean), rolling(values, 60, np.std)
    with np.errstate(invalid="ignore", divide="ignore"):
        placed: np.ndarray = (values - mean) / deviation + 2
    return np.where(np.isfinite(placed), placed, np.nan)


def _positions(**panels: Panel) -> Panel:
    first = next(iter(panels.values()))
    fields = {
        f"{name}|{field}": _place(panel.field(field))
        for name, panel in panels.items()
        for field in panel.fields
    }
    return Panel.from_fields(first.sessions, first.symbols, fields)


def _scale(market: MarketWindow, series: Series, values: np.ndarray) -> np.ndarray:
    if series.scale == "price":
        return market.features.field("volatility_scale_20")
    return 2 * rolling(np.abs(np.diff(values, axis=0, prepend=np.nan)), 20, np.mean)


def _movements(values: np.ndarray, scale: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    codes, strengths = [], []
    for newest, oldest in (_SEGMENTS[h] for h in HORIZONS):
        start, stop = _shift(values, oldest), _shift(values, newest)
        with np.errstate(invalid="ignore", divide="ignore"):
            size = (stop - start) / (scale * np.sqrt(oldest - newest))
        magnitude = np.abs(size)
        code = np.sign(size) * (1.0 * (magnitude > 0.5) + 1.0 * (magnitude > 2.0))
        codes.append(np.where(np.isfinite(size), code + 0.0, np.nan))
        strengths.append(np.where(np.isfinite(size), np.clip(magnitude / 4, 0, 1), np.nan))
    return np.stack(codes, axis=-1), np.stack(strengths, axis=-1)


def _shift(values: np.ndarray, lag: int) -> np.ndarray:
    out = np.full(values.shape, np.nan)
    out[lag:] = values[: len(values) - lag]
    return out


def _patterns(price: np.ndarray) -> np.ndarray:
    wanted = np.array([[-2, 0, 2], [1, 0, 2], [0, 0, -2]], dtype=float)
    distance = np.abs(price[:, :, None, 1:] - wanted).mean(axis=-1)
    return np.clip(1 - distance / 2, 0, 1)


def _inference(market: MarketWindow) -> Panel:
    count, shape = len(market.bars.sessions), market.bars.field("close").shape
    appetite = 50 + 50 * np.sin(np.arange(count) / 9)[:, None]
    fields = {"risk appetite": appetite, "story confidence": np.full(shape, 62.5)}
    return Panel.from_fields(market.bars.sessions, market.bars.symbols, fields)


def _events(market: MarketWindow) -> Panel:
    sessions = np.array(market.bars.sessions, dtype="M8[D]")
    known = np.array([e.known_at.date() for e in market.events], dtype="M8[D]")
    behind = np.searchsorted(known, sessions, side="right") - 1
    since = np.full(len(sessions), np.nan)
    told = behind >= 0
    if told.any():
        since[told] = np.busday_count(known[behind[told]], sessions[told])
    surprise = np.where(told, 0.4 * (behind % 3 - 1), np.nan)
    fields = {
        "core inflation|sessions since": since,
        "core inflation|weekdays until": np.maximum(21 - since, 0),
        "core inflation|surprise": surprise,
    }
    return Panel.from_fields(
        market.bars.sessions, [MARKET], {k: v[:, None] for k, v in fields.items()}
    )


def _symbol_events(market: MarketWindow) -> Panel:
    close = market.bars.field("close")
    step = np.abs(np.diff(np.log(close), axis=0, prepend=np.nan))
    fields = {
        "core inflation|reaction": 50 * step,
        "core inflation|reactions": np.where(np.isnan(step), np.nan, 3.0),
        "earnings|weekdays until": np.full(close.shape, np.nan),
    }
    return Panel.from_fields(market.bars.sessions, market.bars.symbols, fields)
