"""Prices in the terms of another day: what a split or a dividend in between changes, and no more.

A source that adjusts as of the as-of date tells the same past in other terms once an action has
taken effect: every earlier price of the symbol times one factor, every volume times another. That
is no look ahead, for the earlier date was told in its own terms.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from foundation.market import close_of

if TYPE_CHECKING:
    import pandas as pd

    from stage_01_data_engine import RawMarket

CLOSE_ENOUGH = 1e-9
"""Relative difference up to which factors of one symbol are one factor: rounding."""


def in_terms_of(bars: pd.DataFrame, early: RawMarket, whole: RawMarket) -> pd.DataFrame:
    """Return bars that a later source told in the terms of an earlier one.

    Parameters
    ----------
    bars : DataFrame
        Those of ``whole`` up to the as-of date of ``early``, row by row like ``early.bars``.
    early, whole : RawMarket
        The same source as of two dates.

    Returns
    -------
    DataFrame
        Symbols with a corporate action between the two dates whose fields differ by one factor
        each stand as in ``early``; all others as they are.
    """
    if len(bars) != len(early.bars):
        return bars
    stated = bars.copy()
    for symbol in _with_actions(early, whole):
        mine = (bars["symbol"] == symbol).to_numpy()
        prices = _one_factor(bars.loc[mine], early.bars.loc[mine], ["open", "high", "low", "close"])
        shares = _one_factor(bars.loc[mine], early.bars.loc[mine], ["volume"])
        if prices and shares:
            stated.loc[mine] = early.bars.loc[mine].to_numpy()
    return stated.astype(bars.dtypes.to_dict())


def _with_actions(early: RawMarket, whole: RawMarket) -> list[str]:
    """Return the symbols on which an action took effect between two as-of dates."""
    begin, end = close_of(early.request.as_of), close_of(whole.request.as_of)
    return sorted(
        {
            event.symbol
            for event in whole.events
            if event.kind == "corporate action" and begin < event.event_time <= end
        }
    )


def _one_factor(one: pd.DataFrame, other: pd.DataFrame, fields: list[str]) -> bool:
    """Say whether some fields of two tables differ by one factor throughout."""
    a, b = (side[fields].to_numpy(dtype=float).ravel() for side in (one, other))
    if (np.isnan(a) != np.isnan(b)).any():
        return False
    both = ~np.isnan(a) & (a != 0)
    if (b[~np.isnan(a) & (a == 0)] != 0).any():
        return False
    ratio = b[both] / a[both]
    return bool(len(ratio) == 0 or np.ptp(ratio) <= CLOSE_ENOUGH * abs(ratio[0]))
