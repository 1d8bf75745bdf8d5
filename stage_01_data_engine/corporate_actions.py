"""Splits and dividends, applied with what was known by a moment and no more.

An adjusted price depends on the day it is looked at: a split of next year is in the history that a
vendor sends next year, and was in nobody's history today. So there is one table of actions, with
the day each took effect and the day it was known; ``adjustment_factors`` takes an as-of session
and uses those known and effective by its close; ``adjust`` multiplies. Bars that a vendor has
adjusted for later splits are taken back first (``as_traded``).

Factors (Center for Research in Security Prices, *Data Definitions*, "Cumulative Factor to Adjust
Prices"): bars before the ex-date of an ``r``-for-one split are divided by ``r`` in price and
multiplied by ``r`` in volume; bars before the ex-date of a cash dividend ``D`` are multiplied by
``1 - D / P`` in price, ``P`` being the last unadjusted close before the ex-date. Factors of several
actions multiply, the last price of the window stands as it was traded. A dividend on the ex-date
of a split is cash per share after the split; one before the first close adjusts nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from foundation.contracts import QualityFinding
from foundation.kernel import UpstreamDataError
from stage_01_data_engine.findings import Rule

if TYPE_CHECKING:
    import pandas as pd

ACTION_COLUMNS: tuple[str, ...] = ("symbol", "ex_date", "kind", "value", "known_on")
"""``kind`` is ``split`` (``value``: new shares for one old) or ``dividend`` (``value``: cash a
share, in the price unit, in the terms of its ex-date); ``known_on`` is the first session at whose
close it was known."""

PRICES = ["open", "high", "low", "close"]

LAST_DAY = date(2200, 1, 1)
"""Later than any action."""

BELOW_PRICE = Rule(
    "A dividend is above zero and below the price of the share before it",
    "check its amount with another source; no price was adjusted for it",
    ("close",),
    "warning",
    "kept",
    name="impossible-dividend",
    why="taken out of earlier prices, it would turn them negative",
)


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


class Factors(NamedTuple):
    """What bars are multiplied by.

    Attributes
    ----------
    table : DataFrame
        Index of the bars; ``price`` and ``volume`` (what to multiply by), ``splits``, ``payouts``
        (the parts of ``price``: ``price == splits * payouts``).
    findings : tuple of QualityFinding
        Dividends that could not be.
    """

    table: pd.DataFrame
    findings: tuple[QualityFinding, ...]


class Adjusted(NamedTuple):
    """Bars on the basis of an as-of date, and dividends that could not be."""

    bars: pd.DataFrame
    findings: tuple[QualityFinding, ...]


def action_table(
    splits: Iterable[SplitOn] = (), dividends: Iterable[CashDividend] = ()
) -> pd.DataFrame:
    """Return actions as a table, each known on the day it takes effect.

    Returns
    -------
    DataFrame
        ``ACTION_COLUMNS``, a row for each action in the order given.
    """
    import pandas as pd

    rows: list[tuple[str, date, str, float]] = [
        (s.symbol, s.day, "split", s.after / s.before) for s in splits
    ]
    rows += [(d.symbol, d.ex_date, "dividend", d.amount) for d in dividends]
    frame = pd.DataFrame(rows, columns=list(ACTION_COLUMNS[:4]))
    days = np.array([row[1] for row in rows], dtype="M8[D]").astype("M8[ns]")
    return frame.assign(ex_date=days, value=frame["value"].astype(float), known_on=days)


def adjustment_factors(
    bars: pd.DataFrame, actions: pd.DataFrame, as_of: date, *, dividends: bool = True
) -> Factors:
    """Return what to multiply each bar's prices and volume by.

    Parameters
    ----------
    bars : DataFrame
        ``symbol``, ``session``, ``close`` (unadjusted; NaN where not reported), in any order.
    actions : DataFrame
        ``ACTION_COLUMNS``. Actions of other symbols, known later than ``as_of`` or effective
        later are not used.
    dividends : bool
        Whether cash dividends count; without them prices are split-adjusted only.

    Raises
    ------
    UpstreamDataError
        If a split ratio is not above zero.
    """
    import pandas as pd

    moment = np.datetime64(as_of)
    ex = actions["ex_date"].to_numpy().astype("M8[D]")
    known = actions["known_on"].to_numpy().astype("M8[D]")
    used = actions[(ex <= moment) & (known <= moment)]
    _refuse(used[(used["kind"] == "split") & ~(used["value"] > 0)])
    ones = np.ones(len(bars))
    out = pd.DataFrame({"splits": ones, "payouts": ones}, index=bars.index)
    findings: list[QualityFinding] = []
    if len(used):
        symbols = bars["symbol"].to_numpy(dtype=object)
        for symbol, own in used.groupby("symbol", sort=True):
            at = np.flatnonzero(symbols == symbol)
            splits, payouts, wrong = _of_one(bars.iloc[at], own, dividends)
            out.iloc[at, 0], out.iloc[at, 1] = splits, payouts
            findings += wrong
    out["price"] = out["splits"] * out["payouts"]
    out["volume"] = 1 / out["splits"]
    return Factors(out[["price", "volume", "splits", "payouts"]], tuple(findings))


def _of_one(
    bars: pd.DataFrame, actions: pd.DataFrame, dividends: bool
) -> tuple[np.ndarray, np.ndarray, list[QualityFinding]]:
    """Return the cumulative split and dividend factors of one symbol's bars, and what was wrong."""
    day = bars["session"].to_numpy().astype("M8[D]")
    order = np.argsort(day, kind="stable")
    day, close = day[order], bars["close"].to_numpy(dtype=float)[order]
    steps = np.ones((2, len(day) + 1))
    # A factor at place k counts for every bar before the k-th: cumulate from the end.
    splits = actions[actions["kind"] == "split"]
    ex_split = splits["ex_date"].to_numpy().astype("M8[D]")
    ratio = splits["value"].to_numpy(dtype=float)
    np.multiply.at(steps[0], np.searchsorted(day, ex_split), 1 / ratio)
    wrong: list[QualityFinding] = []
    if dividends:
        paid = actions[actions["kind"] == "dividend"]
        ex = paid["ex_date"].to_numpy().astype("M8[D]")
        factor = _payout_factors(day, close, paid, ex_split, ratio)
        bad = ~np.isnan(factor) & ~((factor > 0) & (factor < 1))
        wrong = [
            BELOW_PRICE.finding(row["symbol"], f"{row['value']:.6g} on {row['ex_date']:%Y-%m-%d}")
            for _, row in paid[bad].iterrows()
        ]
        np.multiply.at(
            steps[1], np.searchsorted(day, ex), np.where(np.isnan(factor) | bad, 1.0, factor)
        )
    found = np.cumprod(steps[:, ::-1], axis=1)[:, ::-1][:, 1:]
    back = np.empty(len(order), dtype=int)
    back[order] = np.arange(len(order))
    return found[0][back], found[1][back], wrong


def _payout_factors(
    day: np.ndarray, close: np.ndarray, paid: pd.DataFrame, ex_split: np.ndarray, ratio: np.ndarray
) -> np.ndarray:
    """Return ``1 - D / P`` of each dividend; NaN where there is no close before its ex-date."""
    ex = paid["ex_date"].to_numpy().astype("M8[D]")
    reported = ~np.isnan(close)
    last = np.searchsorted(day[reported], ex) - 1  # -1: no close before the ex-date
    since = np.append(day[reported], np.datetime64("NaT"))[last]
    between = (ex_split > since[:, None]) & (ex_split <= ex[:, None])
    new_shares = np.where(between, ratio, 1.0).prod(axis=1)
    before = np.append(close[reported], np.nan)[last] / new_shares
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        return np.asarray(1 - paid["value"].to_numpy(dtype=float) / before)


def adjust(
    bars: pd.DataFrame, actions: pd.DataFrame, as_of: date, *, dividends: bool = True
) -> Adjusted:
    """Return the bars up to ``as_of`` on the basis of ``as_of``: what a reader saw that evening.

    Later bars are dropped; prices and volume of the others are multiplied by
    ``adjustment_factors``. Input as there, with all bar fields; NaN stays NaN.
    """
    seen = bars[bars["session"].to_numpy().astype("M8[D]") <= np.datetime64(as_of)].copy()
    factors, findings = adjustment_factors(seen, actions, as_of, dividends=dividends)
    with np.errstate(over="ignore"):  # Infinite is for the gate to find.
        for field in PRICES:
            seen[field] = seen[field].to_numpy() * factors["price"].to_numpy()
        seen["volume"] = seen["volume"].to_numpy() / factors["splits"].to_numpy()
    return Adjusted(seen, findings)


def as_traded(bars: pd.DataFrame, splits: Sequence[SplitOn]) -> pd.DataFrame:
    """Return bars that were adjusted for some splits as they traded, volume in whole shares.

    Parameters
    ----------
    bars : DataFrame
        As in ``RawMarket``.
    splits : sequence of SplitOn
        All those the bars are adjusted for, each once.
    """
    factors = adjustment_factors(bars, action_table(splits), LAST_DAY, dividends=False).table
    restored = bars.copy()
    with np.errstate(over="ignore"):
        for field in PRICES:
            restored[field] = bars[field].to_numpy() / factors["splits"].to_numpy()
        restored["volume"] = np.round(bars["volume"].to_numpy() * factors["splits"].to_numpy())
    return restored


def _refuse(wrong: pd.DataFrame) -> None:
    if len(wrong):
        first = wrong.iloc[0]
        raise UpstreamDataError(
            "A split ratio is above zero",
            value=f"{first['symbol']} {first['ex_date']:%Y-%m-%d}: {first['value']:.6g}",
            remedy="correct or remove the action",
        )
