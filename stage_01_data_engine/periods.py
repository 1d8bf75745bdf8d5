"""Series by month, week, quarter or day: periods that are missing.

A macro series is dated by its reference period. Which period it has is read off the series (the
spacing that most of its dates have), so a series that was quarterly once and is monthly now
lacks two months in three of its early years: that is what a reader of "monthly" would trip over.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from stage_01_data_engine.findings import Rule
from stage_01_data_engine.verdicts import Judged, Verdicts, rows_of

if TYPE_CHECKING:
    import pandas as pd

EVERY_PERIOD = Rule(
    "A series has a value for every period since its first",
    "supply the missing periods, or start the series after the last gap",
    ("value",),
    "warning",
    "kept",
    name="periods-missing",
    why="a change over a gap is no monthly change",
)
ONE_VALUE = Rule(
    "A series has one value a date",
    "keep the right one; none was used, since none can be told to be right",
    ("value",),
    name="conflicting-date",
    why="two values for a month cannot both hold",
)
SAME_VALUE = Rule(
    "A series has one row a date",
    "remove the repeated row; its first copy was kept",
    ("value",),
    name="repeated-date",
    why="a value that counts twice is wrong in every mean",
)
HAS_VALUE = Rule(
    "A dated row has a finite value",
    "supply the value or remove the row",
    ("value",),
    name="no-value",
    why="an empty row hides a missing period",
)

PERIODS: tuple[tuple[str, int, int], ...] = (
    ("daily", 1, 5), ("weekly", 6, 8), ("monthly", 28, 31), ("quarterly", 89, 92),
    ("yearly", 365, 366),
)  # fmt: skip
"""Name and shortest and longest usual spacing in days. Daily series pause for weekends and
holidays; five days are Thursday to Tuesday around a long one."""
DAILY_LEAST = 5
"""Weekdays in a row without a value that count as missing in a daily series. Holidays take one or
two, the closure of September 2001 four."""


def period_of(days: np.ndarray) -> str | None:
    """Return the name of the period that at least half of the spacings have; None where none."""
    spacing = np.diff(np.unique(days)).astype(int)
    for name, low, high in PERIODS:
        if len(spacing) and 2 * ((spacing >= low) & (spacing <= high)).sum() >= len(spacing):
            return name
    return None


def missing_periods(days: np.ndarray) -> np.ndarray:
    """Return the dates (M8[D]) on which a series lacks a value, between its first and last.

    Monthly, quarterly and yearly: the first day of the month. Weekly: multiples of seven days
    after the value before. Daily: weekdays, where at least five lack in a row.
    """
    days = np.unique(days[~np.isnat(days)])
    period = period_of(days)
    if period in ("monthly", "quarterly", "yearly"):
        step = {"monthly": 1, "quarterly": 3, "yearly": 12}[period]
        months = days.astype("M8[M]")
        wanted = np.arange(months[0], months[-1], np.timedelta64(step, "M"))
        return np.asarray(np.setdiff1d(wanted, months).astype("M8[D]"))
    if period == "weekly":
        gap = np.diff(days).astype(int)
        return np.array(
            [
                days[i] + np.timedelta64(7 * n, "D")
                for i in np.flatnonzero(gap > 10)
                for n in range(1, round(gap[i] / 7))
            ],
            dtype="M8[D]",
        )
    if period == "daily":
        wanted = np.arange(days[0], days[-1])
        wanted = wanted[np.is_busday(wanted)]
        absent = ~np.isin(wanted, days)
        run = np.cumsum(absent & ~np.concatenate([[False], absent[:-1]])) * absent
        return np.asarray(wanted[absent & (np.bincount(run)[run] >= DAILY_LEAST)])
    return np.empty(0, dtype="M8[D]")


def judge_series(table: pd.DataFrame, *, location: str, listed_rows: int = 25) -> Judged:
    """Judge series in one long table with columns ``series``, ``date`` and ``value``.

    Missing periods have no row: they are reported once a gap, at the row after it, with the
    dates that lack.
    """
    name = table["series"].to_numpy(dtype=object)
    days = table["date"].to_numpy().astype("M8[D]")
    value = table["value"].to_numpy(dtype=float)
    verdicts = Verdicts(rows_of(name, days, location), listed_rows)

    def show(row: int) -> str:
        return f"{days[row]}: {value[row]:.10g}"

    verdicts.apply(HAS_VALUE, ~np.isfinite(value) | np.isnat(days), show)
    keys = table[["series", "date"]]
    good = verdicts.good
    many = keys[good].duplicated(keep=False).reindex(table.index, fill_value=False).to_numpy()
    copies = table[["series", "date", "value"]]
    same = copies[good].duplicated(keep=False).reindex(table.index, fill_value=False).to_numpy()
    verdicts.apply(ONE_VALUE, many & ~same, show)
    left = verdicts.good
    again = copies[left].duplicated(keep="first").reindex(table.index, fill_value=False).to_numpy()
    verdicts.apply(SAME_VALUE, again, show)
    for series in dict.fromkeys(name):
        _report_gaps(series, np.flatnonzero((name == series) & verdicts.good), days, verdicts)
    return Judged(
        kept=table[verdicts.good],
        findings=tuple(verdicts.findings),
        verdicts=verdicts.table(),
        found=verdicts,
        tally=verdicts.tally(),
    )


def _report_gaps(series: str, rows: np.ndarray, days: np.ndarray, verdicts: Verdicts) -> None:
    """Record the row after each gap of one series, under one finding."""
    absent = missing_periods(days[rows])
    if not len(absent):
        return
    ordered = rows[np.argsort(days[rows], kind="stable")]
    after = np.unique(np.searchsorted(days[ordered], absent, side="right"))
    broken = np.zeros(len(days), dtype=bool)
    broken[ordered[after]] = True
    kind = {"monthly": "months", "weekly": "weeks", "quarterly": "quarters", "yearly": "years"}
    unit = kind.get(str(period_of(days[rows])), "weekdays")
    shown = ", ".join(str(day) for day in absent[:3]) + (" ..." if len(absent) > 3 else "")
    finding = EVERY_PERIOD.finding(
        series, f"{len(absent)} {unit} missing: {shown}", rows=len(after)
    )
    verdicts.apply_as_one(EVERY_PERIOD, broken, finding)
