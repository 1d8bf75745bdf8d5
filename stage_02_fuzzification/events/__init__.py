"""Discrete events as seen from every session: market-wide, and symbol by symbol."""

from stage_02_fuzzification.events.releases import MINIMUM_HISTORY, summarise
from stage_02_fuzzification.events.summary import (
    SYMBOL_EVENT_FIELDS,
    summarise_market,
    summarise_symbols,
)

__all__ = [
    "MINIMUM_HISTORY",
    "SYMBOL_EVENT_FIELDS",
    "summarise",
    "summarise_market",
    "summarise_symbols",
]
