"""Whom a statement concerns: the instrument, or the market around it."""

from __future__ import annotations

from functools import cache

from foundation.contracts import SERIES, Statement
from foundation.language.event_phrases import EVENT_NAMES

_MARKET: frozenset[str] = frozenset(
    {name for name, series in SERIES.items() if series.panel == "market"}
    | {"risk appetite", "market news", "events"}
    | set(EVENT_NAMES)
)


@cache
def market_wide(said: Statement) -> bool:
    """Say whether a statement is about the market rather than about the instrument."""
    return said.subject in _MARKET and said.kind not in ("tension", "contradiction")
