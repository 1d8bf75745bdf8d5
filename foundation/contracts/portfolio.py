"""10 -> people: the universe as one portfolio and one set of themes."""

from __future__ import annotations

from datetime import date

from foundation.kernel.model import Contract, Part


class Position(Part):
    """A weight in the portfolio (fraction of capital, long only) with its reason."""

    symbol: str
    weight: float
    reason: str


class LimitCheck(Part):
    """A limit, what it allows, what the plan uses; ``held`` must be true for a plan to stand."""

    name: str
    limit: float
    used: float
    held: bool


class PortfolioPlan(Contract):
    """Weights under limits. ``cash`` is the rest; weights and cash sum to one."""

    session: date
    target_session: date
    method: str
    positions: tuple[Position, ...]
    cash: float
    expected_volatility: float | None
    limits: tuple[LimitCheck, ...]
    notes: tuple[str, ...]


class Theme(Part):
    """A statement that many instruments' stories share, or on which they part."""

    title: str
    text: str
    symbols: tuple[str, ...]
    share: float


class MarketIntelligence(Contract):
    """What the stories say together."""

    session: date
    target_session: date
    headline: str
    themes: tuple[Theme, ...]
    divergences: tuple[Theme, ...]
    breadth_bullish: float
    breadth_bearish: float
