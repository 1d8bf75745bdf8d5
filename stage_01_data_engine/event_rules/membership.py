"""Who belonged to an index when: intervals, and lists as of a day."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from stage_01_data_engine.event_rules.shared import FUTURE, UNDATED, Events
from stage_01_data_engine.findings import Rule
from stage_01_data_engine.verdicts import Judged

if TYPE_CHECKING:
    import pandas as pd

FORWARD = Rule(
    "A membership ends after it begins",
    "correct the dates",
    name="ends-before-it-begins",
    why="nobody was a member for a negative time",
)
SAME_INTERVAL = Rule(
    "A membership stands once",
    "remove the copy; the first was kept",
    name="repeated-membership",
    why="a member that counts twice has twice its weight",
)
APART = Rule(
    "Memberships of one symbol do not overlap",
    "look the symbol up; it may have been given to another company",
    severity="warning",
    action="kept",
    name="overlapping-membership",
    why="two companies under one symbol would both be members",
)
LISTED_ONCE = Rule(
    "A list names a symbol once",
    "remove the copy; the first was kept",
    name="listed-twice",
    why="a member that counts twice has twice its weight",
)
REFRESHED = Rule(
    "A list differs from the one of the year before",
    "look up whether the list was kept up; do not use it as of its day",
    severity="warning",
    action="kept",
    name="list-not-refreshed",
    why="a list that was not kept up has members that had left",
)


def judge_membership(
    table: pd.DataFrame, *, collected: date, location: str, listed_rows: int = 25
) -> Judged:
    """Judge intervals: ``symbol``, ``start``, ``end`` (NaT: still a member)."""
    import pandas as pd

    start, end = (pd.to_datetime(table[c]).to_numpy().astype("M8[D]") for c in ("start", "end"))
    events = Events(table, start, location, listed_rows)

    def show(row: int) -> str:
        return f"{start[row]} to {end[row]}"

    events.apply(UNDATED, np.isnat(start), show)
    events.of_nobody(None, show)
    events.apply(FORWARD, end <= start, show)
    last = np.datetime64(collected)
    events.apply(FUTURE, (start > last) | (end > last), show)
    events.apply(SAME_INTERVAL, events.copies(["symbol", "start", "end"]), show)
    events.apply(APART, _overlapping(events, start, end), show)
    return events.judged()


def judge_snapshots(table: pd.DataFrame, *, location: str, listed_rows: int = 25) -> Judged:
    """Judge lists: ``symbol`` and ``as_of``, one row a member and day."""
    import pandas as pd

    day = pd.to_datetime(table["as_of"]).to_numpy().astype("M8[D]")
    events = Events(table, day, location, listed_rows)

    def show(row: int) -> str:
        return f"{events.symbol[row]} as of {day[row]}"

    events.apply(UNDATED, np.isnat(day), show)
    events.of_nobody(None, show)
    events.apply(LISTED_ONCE, events.copies(["symbol", "as_of"]), show)
    good = events.verdicts.good
    days = np.unique(day[good])
    lists = [frozenset(events.symbol[good & (day == one)]) for one in days]
    resent = [one for one, now, was in zip(days[1:], lists[1:], lists, strict=False) if now == was]
    events.apply(REFRESHED, np.isin(day, resent), show)
    return events.judged()


def _overlapping(events: Events, start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """Say which memberships begin before the symbol's one before has ended."""
    found = np.zeros(len(start), dtype=bool)
    rows = np.flatnonzero(events.verdicts.good)
    rows = rows[np.lexsort((start[rows], events.symbol[rows].astype(str)))]
    until = np.where(np.isnat(end), np.datetime64("9999-12-31"), end)[rows]
    same = events.symbol[rows[1:]] == events.symbol[rows[:-1]]
    found[rows[1:][same & (start[rows[1:]] < until[:-1])]] = True
    return found
