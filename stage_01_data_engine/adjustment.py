"""Adjusting bars as traded for the splits and dividends known at the as-of date.

Backward adjustment: the last price of the window stands as it was traded, earlier ones are
brought to its terms, so what happens later changes nothing. A split of b shares into a on day
d multiplies prices before d by b/a and volume by a/b. A cash dividend D with ex-date d multiplies
prices before d by 1 - D/C, C being the close before d (CRSP, *Data Descriptions Guide*, "Factor to
Adjust Price").
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

PRICES = ["open", "high", "low", "close"]


class SplitOn(NamedTuple):
    """``before`` shares of ``symbol`` become ``after`` before the open of ``day``."""

    symbol: str
    day: date
    before: float
    after: float


class CashDividend(NamedTuple):
    """``amount`` a share, in the terms of its ex-date."""

    symbol: str
    ex_date: date
    amount: float


def split_adjusted(bars: pd.DataFrame, splits: Sequence[SplitOn]) -> pd.DataFrame:
    """Return bars in the terms of the last session.

    Parameters
    ----------
    bars : DataFrame
        As in ``RawMarket``, as traded.
    splits : sequence of SplitOn
        Those with a day up to the as-of date, each once.
    """
    adjusted = bars.copy()
    for symbol in sorted({split.symbol for split in splits}):
        mine = (bars["symbol"] == symbol).to_numpy()
        factor = _later_product(
            bars.loc[mine, "session"].to_numpy().astype("M8[D]"),
            [(split.day, split.before / split.after) for split in splits if split.symbol == symbol],
        )
        with np.errstate(over="ignore"):  # Infinite is for the gate to find.
            adjusted.loc[mine, PRICES] = bars.loc[mine, PRICES].to_numpy() * factor[:, None]
            adjusted.loc[mine, "volume"] = bars.loc[mine, "volume"].to_numpy() / factor
    return adjusted


def dividend_adjusted(
    bars: pd.DataFrame, dividends: Sequence[CashDividend], splits: Sequence[SplitOn]
) -> pd.DataFrame:
    """Return split-adjusted bars with cash dividends taken out of earlier prices.

    A dividend before the first bar, or one not smaller than the close before it (a bad row),
    adjusts nothing. Volume stays.
    """
    adjusted = bars.copy()
    for symbol in sorted({dividend.symbol for dividend in dividends}):
        mine = bars["symbol"] == symbol
        closes = bars[mine].dropna(subset=["close"]).sort_values("session", kind="stable")
        days, close = closes["session"].to_numpy().astype("M8[D]"), closes["close"].to_numpy()
        changes = [(s.day, s.before / s.after) for s in splits if s.symbol == symbol]
        factors = []
        for dividend in dividends:
            at = int(np.searchsorted(days, np.datetime64(dividend.ex_date))) - 1
            if dividend.symbol != symbol or at < 0:
                continue
            terms = _later_product(np.array([dividend.ex_date], dtype="M8[D]"), changes)[0]
            share = dividend.amount * terms / close[at]
            if 0 < share < 1:
                factors.append((dividend.ex_date, 1 - share))
        factor = _later_product(bars.loc[mine, "session"].to_numpy().astype("M8[D]"), factors)
        adjusted.loc[mine, PRICES] = bars.loc[mine, PRICES].to_numpy() * factor[:, None]
    return adjusted


def _later_product(days: np.ndarray, changes: Sequence[tuple[date, float]]) -> np.ndarray:
    """Return for each day the product of the factors dated after it."""
    ordered = sorted(changes)
    dates = np.array([day for day, _ in ordered], dtype="M8[D]")
    products = np.append(np.cumprod([factor for _, factor in ordered][::-1])[::-1], 1.0)
    return np.asarray(products[np.searchsorted(dates, days, side="right")])
