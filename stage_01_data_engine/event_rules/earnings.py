"""Earnings: one report a company and quarter, with values that can be."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from stage_01_data_engine.event_rules.shared import FUTURE, UNDATED, Events
from stage_01_data_engine.findings import Rule
from stage_01_data_engine.verdicts import Judged

if TYPE_CHECKING:
    import pandas as pd

POSSIBLE = Rule(
    "Earnings of a share are smaller than the dearest share's price",
    "correct the value: it is a total, or in another unit",
    name="impossible-earnings",
    why="one such value makes every mean of surprises meaningless",
)
TWO_ANSWERS = Rule(
    "A company reports one figure a day",
    "look the report up; neither was used",
    name="conflicting-earnings",
    why="picking the first or the last would be a guess",
)
SAME_REPORT = Rule(
    "A report stands once",
    "remove the copy; the first was kept",
    name="repeated-earnings",
    why="a surprise that counts twice is twice as loud",
)
TOO_SOON = Rule(
    "A company reports once a quarter",
    "look up which of the two dates is the report's",
    severity="warning",
    action="kept",
    name="two-reports-a-quarter",
    why="a quarter that is told twice has two days of surprise, one of them made up",
)
ONE_BASIS = Rule(
    "Reported and expected earnings are on one basis",
    "look up whether one of them is adjusted, or before a split",
    severity="warning",
    action="kept",
    name="bases-differ",
    why="the difference of two definitions is no surprise",
)
REVENUE = Rule(
    "Revenue is above zero",
    "supply it; a zero was taken as not reported",
    severity="warning",
    action="repaired",
    name="zero-revenue",
    why="vendors write zero for missing, and read as a figure it is the worst quarter ever",
)
NEGATIVE = Rule(
    "Revenue is not negative",
    "look the report up",
    severity="warning",
    action="kept",
    name="negative-revenue",
    why="only an insurer's losses on its investments can make it so",
)
SAYS_NOTHING = Rule(
    "A report has a figure or an expectation",
    "supply them; the date alone was kept",
    severity="info",
    action="kept",
    name="no-earnings",
    why="without figures there is a date, and no surprise",
)

DEAREST = 1e5
"""US dollars; the dearest share of all (Berkshire A) stood below until 2006 and at three times
that in 2018, and earns some hundredths of its price a quarter."""
QUARTER_LEAST = 20
"""Days between two reports of a company; the shortest quarters in use are eight weeks apart, late
annual and early first-quarter reports three."""
BASIS = 10.0
"""Factor between reported and expected earnings from which they are not one measure ..."""
BASIS_LEAST = 1.0
"""... where the larger is at least this many dollars: ten cents against one are a bad quarter."""


def judge_earnings(
    table: pd.DataFrame,
    *,
    collected: date,
    location: str,
    universe: Collection[str] | None = None,
    listed_rows: int = 25,
) -> Judged:
    """Judge every report.

    Parameters
    ----------
    table : DataFrame
        ``symbol``, ``date``, ``eps`` and ``eps_estimate`` (US dollars a share; NaN where absent);
        optional ``revenue`` (US dollars). Zero revenues come back as NaN.
    collected : date
        When the set was fetched. A report dated later has no actual figure yet.
    """
    import pandas as pd

    day = pd.to_datetime(table["date"]).to_numpy().astype("M8[D]")
    events = Events(table, day, location, listed_rows)
    eps, expected = (events.table[c].to_numpy(dtype=float) for c in ("eps", "eps_estimate"))

    def show(row: int) -> str:
        return f"{day[row]}: {eps[row]:.4g} against {expected[row]:.4g} expected"

    events.apply(UNDATED, np.isnat(day), show)
    events.apply(FUTURE, (day > np.datetime64(collected)) & ~np.isnan(eps), show)
    events.of_nobody(universe, show)
    largest = np.fmax(np.abs(eps), np.abs(expected))
    smallest = np.fmin(np.abs(eps), np.abs(expected))
    events.apply(POSSIBLE, (largest > DEAREST) | np.isinf(largest), show)
    values = [c for c in ("eps", "eps_estimate", "revenue") if c in events.table]
    events.apply(TWO_ANSWERS, events.conflicts(["symbol", "date"], values), show)
    events.apply(SAME_REPORT, events.copies(["symbol", "date", *values]), show)
    events.apply(TOO_SOON, _too_soon(events), show)
    told = ~np.isnan(eps) & ~np.isnan(expected)
    apart = (largest >= BASIS_LEAST) & (largest >= BASIS * smallest) & (smallest > 0)
    events.apply(ONE_BASIS, told & apart, show)
    events.apply(SAYS_NOTHING, np.isnan(eps) & np.isnan(expected), show)
    if "revenue" in events.table:
        revenue = events.table["revenue"].to_numpy(dtype=float)
        events.apply(REVENUE, revenue == 0, lambda row: f"{day[row]}: revenue 0")
        events.apply(NEGATIVE, revenue < 0, lambda row: f"{day[row]}: revenue {revenue[row]:.4g}")
        events.table = events.table.assign(revenue=np.where(revenue == 0, np.nan, revenue))
    return events.judged()


def _too_soon(events: Events) -> np.ndarray:
    """Say which reports follow one of the same company within twenty days."""
    rows = np.flatnonzero(events.verdicts.good)
    rows = rows[np.lexsort((events.day[rows], events.symbol[rows].astype(str)))]
    soon = np.zeros(len(events.day), dtype=bool)
    same = events.symbol[rows[1:]] == events.symbol[rows[:-1]]
    apart = np.diff(events.day[rows]).astype(int)
    soon[rows[1:][same & (apart < QUARTER_LEAST)]] = True
    return soon
