"""Splits and dividends, applied with what was known by a moment and no more.

An adjusted price depends on the day it is looked at: a split of next year is in the history that a
vendor sends next year, and was in nobody's history today. ``adjust`` therefore takes the as-of
session and uses the actions that were known and effective by its close.

Factors (Center for Research in Security Prices, *Data Definitions*, "Cumulative Factor to Adjust
Prices"): bars before the ex-date of an ``r``-for-one split are divided by ``r`` in price and
multiplied by ``r`` in volume; bars before the ex-date of a cash dividend ``D`` are multiplied by
``1 - D / P`` in price, ``P`` being the last unadjusted close before the ex-date. Factors of several
actions multiply. A dividend on the ex-date of a split is cash per share after the split; one
before the first close adjusts nothing.

``adjustment`` applies a list of actions to one source's bars on their way into ``RawMarket``; here
the list is a table with the day each action was known, and factors come apart by kind, as
``reconciliation`` needs them. Both give the same prices (tested).
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from foundation.kernel import UpstreamDataError

if TYPE_CHECKING:
    import pandas as pd

ACTION_COLUMNS: tuple[str, ...] = ("symbol", "ex_date", "kind", "value", "known_on")
"""``kind`` is ``split`` (``value``: new shares for one old) or ``dividend`` (``value``: cash a
share, in the price unit); ``known_on`` is the first session at whose close it was known."""

PRICES = ["open", "high", "low", "close"]


def adjustment_factors(
    bars: pd.DataFrame, actions: pd.DataFrame, as_of: date, *, dividends: bool = True
) -> pd.DataFrame:
    """Return what to multiply each bar's prices and volume by.

    Parameters
    ----------
    bars : DataFrame
        ``symbol``, ``session``, ``close`` (unadjusted), at most one row a symbol and session.
    actions : DataFrame
        ``ACTION_COLUMNS``. Actions of other symbols, known later than ``as_of`` or effective
        later are not used.
    dividends : bool
        Whether cash dividends count; without them prices are split-adjusted only.

    Returns
    -------
    DataFrame
        Index of ``bars``; ``price``, ``volume`` (factors), ``splits``, ``payouts`` (their split and
        dividend parts, ``price == splits * payouts``).

    Raises
    ------
    UpstreamDataError
        If a split ratio is not above zero, or a dividend is not below the price before it.
    """
    import pandas as pd

    moment = np.datetime64(as_of)
    ex = actions["ex_date"].to_numpy().astype("M8[D]")
    known = actions["known_on"].to_numpy().astype("M8[D]")
    used = actions[(ex <= moment) & (known <= moment)]
    _refuse(used[(used["kind"] == "split") & ~(used["value"] > 0)], "A split ratio is above zero")
    out = pd.DataFrame(1.0, index=bars.index, columns=["price", "volume", "splits", "payouts"])
    by_symbol = dict(list(used.groupby("symbol")))
    for symbol, rows in bars.groupby("symbol", sort=False):
        if symbol in by_symbol:
            splits, payouts = _of_one(rows, by_symbol[symbol], dividends)
            out.loc[rows.index, "splits"] = splits
            out.loc[rows.index, "payouts"] = payouts
    out["price"] = out["splits"] * out["payouts"]
    out["volume"] = 1 / out["splits"]
    return out


def _of_one(
    bars: pd.DataFrame, actions: pd.DataFrame, dividends: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Return the cumulative split and dividend factors of one symbol's bars."""
    day = bars["session"].to_numpy().astype("M8[D]")
    order = np.argsort(day, kind="stable")
    day, close = day[order], bars["close"].to_numpy(dtype=float)[order]
    steps = np.ones((2, len(day) + 1))
    # A factor at place k counts for every bar before the k-th: cumulate from the end.
    splits = actions[actions["kind"] == "split"]
    ex_split = splits["ex_date"].to_numpy().astype("M8[D]")
    np.multiply.at(
        steps[0], np.searchsorted(day, ex_split), 1 / splits["value"].to_numpy(dtype=float)
    )
    if dividends:
        paid = actions[actions["kind"] == "dividend"]
        ex = paid["ex_date"].to_numpy().astype("M8[D]")
        at = np.searchsorted(day, ex)
        reported = ~np.isnan(close)
        last = np.searchsorted(day[reported], ex) - 1  # -1: no close before the ex-date
        since = np.append(day[reported], np.datetime64("NaT"))[last]
        between = (ex_split > since[:, None]) & (ex_split <= ex[:, None])
        ratio = np.where(between, splits["value"].to_numpy(dtype=float), 1.0).prod(axis=1)
        before = np.append(close[reported], np.nan)[last] / ratio
        factor = 1 - paid["value"].to_numpy(dtype=float) / before
        _refuse(paid[factor <= 0], "A dividend is below the price of the share before it")
        np.multiply.at(steps[1], at, np.where(np.isnan(factor), 1.0, factor))
    found = np.cumprod(steps[:, ::-1], axis=1)[:, ::-1][:, 1:]
    back = np.empty(len(order), dtype=int)
    back[order] = np.arange(len(order))
    return found[0][back], found[1][back]


def adjust(
    bars: pd.DataFrame, actions: pd.DataFrame, as_of: date, *, dividends: bool = True
) -> pd.DataFrame:
    """Return the bars up to ``as_of`` on the basis of ``as_of``: what a reader saw that evening.

    Later bars are dropped; prices and volume of the others are multiplied by
    ``adjustment_factors``. Input as there, with all bar fields; NaN stays NaN.
    """
    seen = bars[bars["session"].to_numpy().astype("M8[D]") <= np.datetime64(as_of)].copy()
    factors = adjustment_factors(seen, actions, as_of, dividends=dividends)
    for field in PRICES:
        seen[field] = seen[field] * factors["price"]
    seen["volume"] = seen["volume"] * factors["volume"]
    return seen


def actions_of_factor_file(
    factors: pd.DataFrame, sessions: tuple[date, ...], *, smallest: float = 1e-9
) -> pd.DataFrame:
    """Read splits and dividends back from a file of cumulative factors.

    Parameters
    ----------
    factors : DataFrame
        ``symbol``, ``date`` (last session a row is valid for), ``price_factor``,
        ``split_factor`` (both relative to the file's end), ``ref_price`` (unadjusted close of
        ``date``).
    sessions : tuple of date
        Sessions that cover the file; an action is effective on the one after ``date``.

    Returns
    -------
    DataFrame
        ``ACTION_COLUMNS``. ``known_on`` is the ex-date: factor files do not tell the day of the
        announcement, so actions count as late as they can.
    """
    import pandas as pd

    days = np.array(sessions, dtype="M8[D]")
    found = []
    for symbol, rows in factors.groupby("symbol"):
        rows = rows.sort_values("date", kind="stable")
        day = rows["date"].to_numpy().astype("M8[D]")[:-1]
        at = np.searchsorted(days, day, side="right")
        inside = at < len(days)
        ex = days[np.minimum(at, len(days) - 1)]
        split = rows["split_factor"].to_numpy(dtype=float)
        price = rows["price_factor"].to_numpy(dtype=float)
        ratio = split[1:] / split[:-1]
        cash = rows["ref_price"].to_numpy(dtype=float)[:-1] * (1 - price[:-1] / price[1:])
        for kind, value, changed in (
            ("split", ratio, np.abs(ratio - 1) > smallest),
            ("dividend", cash / ratio, np.abs(price[:-1] / price[1:] - 1) > smallest),
        ):
            keep = changed & inside
            found.append(
                pd.DataFrame(
                    {
                        "symbol": symbol,
                        "ex_date": ex[keep].astype("M8[ns]"),
                        "kind": kind,
                        "value": value[keep],
                        "known_on": ex[keep].astype("M8[ns]"),
                    }
                )
            )
    if not found:
        return pd.DataFrame(columns=list(ACTION_COLUMNS))
    return pd.concat(found, ignore_index=True).sort_values(
        ["symbol", "ex_date", "kind"], kind="stable", ignore_index=True
    )


def _refuse(wrong: pd.DataFrame, rule: str) -> None:
    if len(wrong):
        first = wrong.iloc[0]
        raise UpstreamDataError(
            rule,
            value=f"{first['symbol']} {first['ex_date']:%Y-%m-%d}: {first['value']:.6g}",
            remedy="correct or remove the action",
        )
