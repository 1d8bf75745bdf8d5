"""Headlines, articles, tweets: texts with a symbol and a moment."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np

from stage_01_data_engine.event_rules.shared import FUTURE, KNOWN_BEFORE, UNDATED, Events
from stage_01_data_engine.findings import Rule
from stage_01_data_engine.verdicts import Judged

if TYPE_CHECKING:
    import pandas as pd

EMPTY = Rule(
    "A text says something",
    "remove the row, or fetch the text again",
    name="empty-text",
    why="an empty text counts as news in every count of news",
)
SAID_TWICE = Rule(
    "A text stands once a symbol and day",
    "remove the copy; the first was kept",
    severity="warning",
    name="repeated-text",
    why="a text passed on a hundred times is one piece of news",
)
OTHER_DAY = Rule(
    "The date of a text is the day of its stamp",
    "use the stamp; its day is another in another zone",
    severity="info",
    action="kept",
    name="other-day",
    why="a text moved to the day before is known too early",
)


def judge_texts(
    table: pd.DataFrame,
    *,
    collected: datetime,
    location: str,
    universe: Collection[str] | None = None,
    listed_rows: int = 25,
) -> Judged:
    """Judge every text.

    Parameters
    ----------
    table : DataFrame
        ``symbol``, ``text``, ``stamp`` (datetime64[ns, UTC]; midnight where only a date is known);
        optional ``known_at`` (datetime64[ns, UTC]) and ``date`` (the source's own).
    collected : datetime
        Aware; when the set was fetched. Texts stamped later cannot be.
    universe : collection of str, optional
        Symbols that exist; None takes every name that is not blank.
    """
    import pandas as pd

    stamp = pd.to_datetime(table["stamp"], utc=True).dt.tz_convert(None)
    moment = stamp.to_numpy().astype("M8[ns]")
    events = Events(table, moment, location, listed_rows)
    text = events.table["text"].fillna("").astype(str)
    events.table = events.table.assign(_said=_plain(text), _day=events.day)

    def show(row: int) -> str:
        return f"{moment[row].astype('M8[m]')}: {text.iloc[row][:80]}"

    until = np.datetime64(pd.Timestamp(collected).tz_convert(None).to_datetime64())
    events.apply(UNDATED, np.isnat(moment), show)
    events.apply(EMPTY, (events.table["_said"] == "").to_numpy(), show)
    events.apply(FUTURE, moment > until, show)
    if "known_at" in table:
        known = pd.to_datetime(events.table["known_at"], utc=True).dt.tz_convert(None)
        events.apply(KNOWN_BEFORE, (known < stamp.reset_index(drop=True)).to_numpy(), show)
    events.of_nobody(universe, show)
    events.apply(SAID_TWICE, events.copies(["symbol", "_day", "_said"]), show)
    if "date" in table:
        written = pd.to_datetime(events.table["date"]).to_numpy().astype("M8[D]")
        events.apply(OTHER_DAY, (written != events.day) & ~np.isnat(written), show)
    events.table = events.table.drop(columns=["_said", "_day"])
    return events.judged()


def _plain(text: pd.Series) -> pd.Series:
    """Return texts as they are compared: lower case, single blanks, nothing around."""
    return text.str.lower().str.split().str.join(" ")
