"""Corporate actions: splits and dividends that can be, each once."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

import numpy as np

from foundation.market import sessions
from stage_01_data_engine.event_rules.shared import UNDATED, Events
from stage_01_data_engine.findings import Rule
from stage_01_data_engine.verdicts import Judged

if TYPE_CHECKING:
    import pandas as pd

POSSIBLE = Rule(
    "A dividend is above zero; a split gives between a hundredth and a hundred new shares for one",
    "correct the value or remove the row",
    name="impossible-action",
    why="every price before it would be multiplied by it",
)
NO_CHANGE = Rule(
    "A split changes the number of shares",
    "remove the row",
    severity="info",
    name="split-of-one",
    why="one for one is no split; vendors write it on days without one",
)
TWO_RATIOS = Rule(
    "A share splits in one ratio a day",
    "look the split up; neither was used",
    name="conflicting-split",
    why="prices adjusted by both are adjusted by their product",
)
SAME_ACTION = Rule(
    "An action stands once",
    "remove the copy; the first was kept",
    name="repeated-action",
    why="applied twice it halves the past twice",
)
NEAR_COPY = Rule(
    "Equal dividends of a share are weeks apart",
    "look up which of the two dates is the ex-date",
    severity="warning",
    action="kept",
    name="near-copy",
    why="vendors list the record date or the payment beside the ex-date",
)
ON_SESSION = Rule(
    "An ex-date is a session of the exchange",
    "look the ex-date up; it takes effect on the next session",
    severity="warning",
    action="kept",
    name="ex-date-off-session",
    why="a payment or record date taken for the ex-date adjusts the wrong bar",
)

ANNOUNCED_LATE = Rule(
    "An action is announced by its ex-date",
    "correct the day of announcement; until then the action counts from it on",
    severity="warning",
    action="kept",
    name="announced-after-ex-date",
    why="between the two nobody could have adjusted",
)

LARGEST_SPLIT = 100.0
NEAR_DAYS = 6
"""Days within which an equal dividend is a copy. The most frequent dividends are weekly."""


def judge_actions(
    table: pd.DataFrame,
    *,
    location: str,
    universe: Collection[str] | None = None,
    listed_rows: int = 25,
) -> Judged:
    """Judge every action.

    Parameters
    ----------
    table : DataFrame
        ``symbol``, ``ex_date``, ``kind`` ("split" or "dividend"), ``value`` (new shares for one, or
        US dollars a share); optional ``known_at`` (when it was announced).
    """
    import pandas as pd

    day = pd.to_datetime(table["ex_date"]).to_numpy().astype("M8[D]")
    events = Events(table, day, location, listed_rows)
    value = events.table["value"].to_numpy(dtype=float)
    kind = events.table["kind"].to_numpy(dtype=object)
    split = kind == "split"

    def show(row: int) -> str:
        return f"{day[row]}: {kind[row]} {value[row]:.6g}"

    events.apply(UNDATED, np.isnat(day), show)
    events.of_nobody(universe, show)
    with np.errstate(divide="ignore"):
        far = split & (np.fmax(value, 1 / np.where(value == 0, np.nan, value)) > LARGEST_SPLIT)
    events.apply(POSSIBLE, ~(value > 0) | np.isinf(value) | far, show)
    events.apply(NO_CHANGE, split & (value == 1), show)
    if "known_at" in table:
        known = pd.to_datetime(events.table["known_at"], utc=True).dt.tz_convert("America/New_York")
        late = known.dt.tz_localize(None).to_numpy().astype("M8[D]") > day
        events.apply(ANNOUNCED_LATE, late, show)
    key = ["symbol", "ex_date", "kind"]
    events.apply(TWO_RATIOS, events.conflicts(key, ["value"]) & split, show)
    events.apply(SAME_ACTION, events.copies([*key, "value"]), show)
    events.apply(NEAR_COPY, _near_copies(events, ~split, value), show)
    dated = day[~np.isnat(day)]
    if len(dated):
        open_days = np.array(sessions(dated.min().item(), dated.max().item()), dtype="M8[D]")
        events.apply(ON_SESSION, ~np.isin(day, open_days), show)
    return events.judged()


def _near_copies(events: Events, among: np.ndarray, value: np.ndarray) -> np.ndarray:
    """Say which dividends repeat the share's one before within days."""
    rows = np.flatnonzero(events.verdicts.good & among)
    rows = rows[np.lexsort((events.day[rows], events.symbol[rows].astype(str)))]
    near = np.zeros(len(events.day), dtype=bool)
    same = (events.symbol[rows[1:]] == events.symbol[rows[:-1]]) & (
        value[rows[1:]] == value[rows[:-1]]
    )
    near[rows[1:][same & (np.diff(events.day[rows]).astype(int) <= NEAR_DAYS)]] = True
    return near
