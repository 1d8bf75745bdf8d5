"""Two sources of one instrument, held against each other bar by bar.

Every (symbol, session) of either source ends in exactly one class, so the classes add up to the
union of both:

``agree``
    Equal closes.
``rounding``
    Equal to half a cent.
``adjusted``
    Equal once the known splits, the known dividends or both are applied to the left side, up to
    one constant factor a symbol (the right side adjusts as of a later day).
``other print``
    As ``adjusted`` or ``agree``, but up to half a percent apart: vendors take the last trade of one
    exchange, of all exchanges, or the closing auction.
``differs``
    None of these: flagged.
``only left``, ``only right``
    The other side has no bar.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from foundation.contracts import QualityFinding
from stage_01_data_engine.corporate_actions import adjustment_factors
from stage_01_data_engine.findings import Rows, Rule

if TYPE_CHECKING:
    import pandas as pd

CLASSES: tuple[str, ...] = (
    "agree", "rounding", "adjusted", "other print", "differs", "only left", "only right",
)  # fmt: skip
BASES: tuple[str, ...] = ("unadjusted", "splits", "dividends", "splits and dividends")
"""What the right side may have applied."""

SAME_CLOSE = Rule(
    "Two sources of an instrument report one close, up to rounding and known adjustments",
    "compare both with a third source",
    ("close",),
    "warning",
    "kept",
    name="sources-differ",
    why="one of the two is wrong, or an action is missing from the list",
)

EXACT = 1e-9
CENT = 0.005
"""Half a cent: what rounding to cents moves a price by at most."""
FOUR_DIGITS = 2e-4
"""Relative slack for adjusted prices: factor files give seven digits, dividends four, and factors
of many dividends multiply."""
PRINT = 0.005
"""Relative difference up to which two closes may be two prints of one session. Half a percent is
the usual spread between last trade and auction of a liquid share (SPY traded until 16:15 while
others closed at 16:00); a misprint or a forgotten action is larger."""
FEWEST = 20
"""Common bars below which no constant factor is fitted."""


@dataclass(frozen=True)
class Reconciliation:
    """What became of every bar of either source.

    Attributes
    ----------
    table : DataFrame
        One row per (symbol, session) of either: ``left``, ``right`` (closes; NaN where absent),
        ``ratio`` (right over left), ``expected`` (the ratio that actions explain), ``verdict``.
    counts : dict of str to int
        Rows by class; they add up to ``len(table)``.
    bases : dict of str to (str, float)
        Per symbol: what the right side has applied (one of ``BASES``), and the constant factor
        that remains (1 where both adjust as of the same day).
    findings : tuple of QualityFinding
        What differs.
    """

    table: pd.DataFrame
    counts: dict[str, int]
    bases: dict[str, tuple[str, float]]
    findings: tuple[QualityFinding, ...]


def reconcile(
    left: pd.DataFrame,
    right: pd.DataFrame,
    actions: pd.DataFrame,
    as_of: date,
    *,
    listed_rows: int = 25,
) -> Reconciliation:
    """Hold an unadjusted source (left) against another, adjusted in any of the usual ways.

    Parameters
    ----------
    left, right : DataFrame
        ``symbol``, ``session``, ``close``; one row per symbol and session. ``left`` is unadjusted.
    actions : DataFrame
        As for ``adjust``. The right side may count none of them, splits only, dividends only or
        both: per symbol, what fits the most bars is taken as its basis.
    as_of : date
        Basis of the right side; later actions do not count. Bars after it are not compared.
    """
    import pandas as pd

    key = ["symbol", "session"]
    moment = pd.Timestamp(as_of)
    left, right = (side[side["session"] <= moment] for side in (left, right))
    factors, impossible = adjustment_factors(left, actions, as_of)
    table = (
        left[[*key, "close"]]
        .assign(splits=factors["splits"], payouts=factors["payouts"])
        .rename(columns={"close": "left"})
        .merge(
            right[[*key, "close"]].rename(columns={"close": "right"}),
            on=key, how="outer", indicator=True,
        )
        .sort_values(key, kind="stable", ignore_index=True)
    )  # fmt: skip
    a, b = table["left"].to_numpy(), table["right"].to_numpy()
    symbol = table["symbol"].to_numpy(dtype=object)
    splits, payouts = table["splits"].to_numpy(), table["payouts"].to_numpy()
    known = np.column_stack([np.ones(len(table)), splits, payouts, splits * payouts])
    expected = np.full(len(table), np.nan)
    bases = {}
    for name in dict.fromkeys(symbol):
        mine = np.flatnonzero((symbol == name) & np.isfinite(a) & np.isfinite(b))
        basis, constant = _basis(b[mine] / a[mine], known[mine])
        bases[name] = (BASES[basis], constant)
        expected[mine] = known[mine, basis] * constant
    plain, error = np.abs(a - b), np.abs(a * expected - b)
    verdict = np.full(len(table), "differs", dtype=object)
    verdict[np.fmin(plain, error) <= PRINT * np.abs(b)] = "other print"
    moved = np.abs(expected - 1) > EXACT
    verdict[moved & (error <= np.fmax(CENT + EXACT, FOUR_DIGITS * np.abs(b)))] = "adjusted"
    verdict[plain <= CENT + EXACT] = "rounding"
    verdict[plain <= EXACT * np.abs(b)] = "agree"
    verdict[(table["_merge"] == "left_only").to_numpy()] = "only left"
    verdict[(table["_merge"] == "right_only").to_numpy()] = "only right"
    table = table.drop(columns=["_merge", "splits", "payouts"]).assign(
        ratio=b / a, expected=expected, verdict=verdict
    )
    return Reconciliation(
        table=table,
        counts={name: int((verdict == name).sum()) for name in CLASSES},
        bases=bases,
        findings=(*impossible, *_findings(table, listed_rows)),
    )


def _basis(ratio: np.ndarray, known: np.ndarray) -> tuple[int, float]:
    """Return which of the bases fits the most bars, and the constant factor beside it.

    The constant is the median of ratio over factor; 1 where it is within four digits of it, where
    a constant does not fit most bars (then it would explain nothing), or where bars are few.
    """
    if len(ratio) == 0:
        return 0, 1.0
    best, found = -1, (0, 1.0)
    for basis in range(known.shape[1]):
        left = np.log(ratio / known[:, basis])
        middle = float(np.median(left)) if len(ratio) >= FEWEST else 0.0
        for constant in (0.0, middle):
            fits = int((np.abs(left - constant) <= PRINT).sum())
            near = int((np.abs(left - constant) <= FOUR_DIGITS).sum())
            free = constant != 0.0 and (abs(constant) <= FOUR_DIGITS or 2 * fits <= len(ratio))
            if not free and (score := fits + near) > best:
                best, found = score, (basis, float(np.exp(constant)))
    return found


def _findings(table: pd.DataFrame, listed_rows: int) -> tuple[QualityFinding, ...]:
    rows = np.flatnonzero((table["verdict"] == "differs").to_numpy())
    where = Rows(
        table["symbol"].to_numpy(dtype=object),
        table["session"].to_numpy().astype("M8[D]"),
        np.full(len(table), "", dtype=object),
    )

    def show(row: int) -> str:
        one = table.iloc[row]
        return f"{one['left']:.6g} against {one['right']:.6g}, factor {one['expected']:.6g} known"

    return tuple(where.report(SAME_CLOSE, rows, show, listed_rows)) if len(rows) else ()
