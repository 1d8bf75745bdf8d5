"""Splits and dividends as events, and what sources of bars do alike with their columns."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from foundation.contracts import BAR_FIELDS, Instrument, MarketEvent
from stage_01_data_engine.corporate_actions import PRICES, SplitOn
from stage_01_data_engine.knowledge import known_after, opening_of

if TYPE_CHECKING:
    import pandas as pd


def split_event(split: SplitOn) -> MarketEvent:
    """Return a split as an event, known from the opening of the session it takes effect on."""
    return MarketEvent(
        kind="corporate action",
        name="stock split",
        symbol=split.symbol,
        event_time=opening_of(split.day),
        known_at=opening_of(split.day),
        actual=split.after / split.before,
        unit="shares for one",
        text=f"{split.after:g} shares for {split.before:g}",
    )


def dividend_event(
    symbol: str, ex_date: date, amount: float, declared: date | None = None
) -> MarketEvent:
    """Return a cash dividend as an event.

    Known from the opening of the session after its declaration; where that is not reported, from
    the opening of the ex-date.
    """
    known = opening_of(ex_date)
    if declared is not None:
        known = min(known, known_after(declared))
    return MarketEvent(
        kind="corporate action",
        name="cash dividend",
        symbol=symbol,
        event_time=opening_of(ex_date),
        known_at=known,
        actual=amount,
        unit="US dollars a share",
        text=f"Ex-dividend {ex_date.isoformat()}",
    )


def session_column(days: Sequence[date]) -> pd.Series:
    """Return dates as the column ``session``.

    Dates beyond what nanoseconds can count are moved to the bounds: no window reaches so far.
    """
    import pandas as pd

    first, last = date(1700, 1, 1), date(2200, 1, 1)
    inside = np.array([min(max(day, first), last) for day in days], dtype="M8[D]")
    return pd.Series(inside.astype("M8[ns]"))


def to_digits(values: np.ndarray, decimals: int, digits: int) -> np.ndarray:
    """Return values rounded to so many decimals, and to so many significant digits if fewer.

    Adjusted prices come with the rounding of their format; this takes it off again.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        magnitude = np.floor(np.log10(np.abs(values)))
    places = np.where(np.isfinite(magnitude), digits - 1 - magnitude, decimals)
    scale = 10.0 ** np.minimum(decimals, places)
    return np.asarray(np.rint(values * scale) / scale)


def rounded(bars: pd.DataFrame, decimals: int, digits: int) -> pd.DataFrame:
    """Return bars with prices rounded by ``to_digits``."""
    changed = bars.copy()
    changed[PRICES] = to_digits(bars[PRICES].to_numpy(dtype=float), decimals, digits)
    return changed


def with_reported_fields(instrument: Instrument, bars: pd.DataFrame) -> Instrument:
    """Return an instrument with the bar fields that any of its rows reports."""
    mine = bars.loc[bars["symbol"] == instrument.symbol, list(BAR_FIELDS)]
    reported = tuple(name for name in BAR_FIELDS if mine[name].notna().any())
    return instrument.model_copy(update={"fields": reported or ("close",)})


def event_order(event: MarketEvent) -> tuple[object, ...]:
    """Return the key by which sources sort their events."""
    return (event.known_at, event.symbol, event.kind, event.name, event.event_time, event.text)
