"""Calendars whose stamps forgot daylight saving.

Statistics offices publish at a fixed wall clock: United States payrolls at 8:30 in New York, summer
and winter. A calendar written in a fixed offset shows the same release an hour earlier (or later)
for part of the year. A trader who trusts it knows the figure an hour before the world did.

The rule needs no list of release times. For each event it asks at which minute the releases of
summer (daylight saving in force at the place) and of winter stand. If most of them stand at one
minute in each season and the two lie exactly one hour apart, the stamps are not wall clock.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np

from stage_01_data_engine.findings import Rule
from stage_01_data_engine.verdicts import Judged, Verdicts, rows_of

if TYPE_CHECKING:
    import pandas as pd

WALL_CLOCK = Rule(
    "A release stands at the wall clock of its place, summer and winter",
    "the stamps lack daylight saving: read them in their fixed offset (`wall_clock`)",
    ("stamp",),
    "warning",
    "kept",
    name="no-daylight-saving",
    why="read as wall clock, the release would be known an hour off",
)
RELEASED_ONCE = Rule(
    "A release stands once in the calendar",
    "remove the repeated row; its first copy was kept",
    (),
    name="repeated-release",
    why="a surprise that counts twice is twice as loud",
)

SEASON_LEAST = 6
"""Releases of an event in each season below which nothing is said: half a year of months."""
SEASON_SHARE = 0.6
"""Share of a season's releases that must stand at its most frequent minute. Holidays move a few."""
HOUR = 60


def clock_shifts(
    stamps: pd.Series, event: pd.Series, zone: str
) -> tuple[np.ndarray, dict[str, int]]:
    """Say which releases stand an hour off because their stamps lack daylight saving.

    Parameters
    ----------
    stamps : Series of datetime64 without zone
        As written in the calendar, said to be wall clock in ``zone``.
    event : Series of str
        Name of the recurring release.

    Returns
    -------
    shifted : bool array
        Summer releases of the events concerned that stand at the shifted minute.
    events : dict of str to int
        Event and shift in minutes (summer less winter), for events that shift by one hour.
    """
    import pandas as pd

    moments = pd.DatetimeIndex(stamps)
    minute = (moments.hour * 60 + moments.minute).to_numpy()
    summer = _in_summer(moments, zone)
    frame = pd.DataFrame({"event": event.to_numpy(), "summer": summer, "minute": minute})
    count = frame.groupby(["event", "summer", "minute"], observed=True).size().rename("n")
    total = count.groupby(level=[0, 1]).transform("sum")
    top = count.reset_index().assign(total=total.to_numpy())
    top = top.sort_values("n", kind="stable").drop_duplicates(["event", "summer"], keep="last")
    top = top[(top["total"] >= SEASON_LEAST) & (top["n"] >= SEASON_SHARE * top["total"])]
    seasons = top.pivot(index="event", columns="summer", values="minute").dropna()
    if len(seasons.columns) < 2:
        return np.zeros(len(frame), dtype=bool), {}
    shift = (seasons[True] - seasons[False]).astype(int)
    # Around midnight an hour earlier reads as 23 hours later.
    shift = (shift + 720) % 1440 - 720
    shift = shift[shift.abs() == HOUR]
    usual = frame["event"].map(seasons[True])
    shifted = frame["event"].isin(shift.index) & frame["summer"] & (frame["minute"] == usual)
    return shifted.to_numpy(), {str(name): int(by) for name, by in shift.items()}


def _in_summer(moments: pd.DatetimeIndex, zone: str) -> np.ndarray:
    """Say which wall-clock moments lie in daylight saving time of a place."""
    local = moments.tz_localize(ZoneInfo(zone), ambiguous=True, nonexistent="shift_forward")
    offset = (local.tz_localize(None) - local.tz_convert("UTC").tz_localize(None)).to_numpy()
    return np.asarray(offset > (np.nanmin(offset) if len(offset) else np.timedelta64(0, "s")))


def all_day(stamps: pd.Series, event: pd.Series, zone: str) -> np.ndarray:
    """Say which entries of a calendar in a fixed offset stand for a day, not for a moment.

    Bank holidays, or figures that come out some time during a day, are stamped with midnight. In a
    place that changes its clocks, a release that kept to them would stand at midnight of the file
    in one season only: what stands there in summer and in winter follows no clock. In a place that
    does not change them, the two cannot be told apart, and nothing counts as all-day.

    Parameters
    ----------
    stamps : Series of datetime64 without zone
        As written in the file's fixed offset.
    event : Series of str
    zone : str
        The place's.
    """
    import pandas as pd

    moments = pd.DatetimeIndex(stamps)
    midnight = np.asarray(moments == moments.normalize())
    summer = _in_summer(moments, zone)
    frame = pd.DataFrame(
        {"event": event.to_numpy(), "summer": summer & midnight, "winter": ~summer & midnight,
         "midnight": midnight}
    )  # fmt: skip
    by_event = frame.groupby("event")[["summer", "winter", "midnight"]]
    both = by_event.transform("any")[["summer", "winter"]].all(axis=1)
    usual = by_event.transform("mean")["midnight"] >= SEASON_SHARE
    return np.asarray(midnight & both.to_numpy() & usual.to_numpy())


def judge_calendar(
    calendar: pd.DataFrame, *, zone: str, location: str, listed_rows: int = 25
) -> Judged:
    """Judge a calendar of releases: repeated rows, and stamps without daylight saving.

    Parameters
    ----------
    calendar : DataFrame
        ``stamp`` (datetime64 without zone, said to be wall clock in ``zone``), ``place`` and
        ``event``, and whatever else; rows equal in every column are repeated.
    """
    key = calendar["place"].astype(str) + ": " + calendar["event"].astype(str)
    stamps = calendar["stamp"]
    days = stamps.to_numpy().astype("M8[D]")
    verdicts = Verdicts(rows_of(key.to_numpy(), days, location), listed_rows)

    def show(row: int) -> str:
        return f"{key.iloc[row]} at {stamps.iloc[row]:%Y-%m-%d %H:%M}"

    verdicts.apply(RELEASED_ONCE, calendar.duplicated(keep="first").to_numpy(), show)
    shifted, _ = clock_shifts(stamps, key, zone)
    verdicts.apply(WALL_CLOCK, shifted, show)
    return Judged(
        kept=calendar[verdicts.good],
        findings=tuple(verdicts.findings),
        verdicts=verdicts.table(),
        found=verdicts,
        tally=verdicts.tally(),
    )


def wall_clock(
    stamps: pd.Series, event: pd.Series, *, hours: float, zone: str
) -> tuple[pd.Series, np.ndarray]:
    """Return stamps written in one fixed offset as the wall clock of a place.

    Parameters
    ----------
    hours : float
        The offset from UTC, e.g. -5.

    Returns
    -------
    wall : Series of datetime64 without zone
        All-day entries keep their date, at midnight.
    whole_day : bool array
        Which entries those are (``all_day``): their moment is not known.
    """
    import pandas as pd

    whole_day = all_day(stamps, event, zone)
    moments = (stamps - pd.Timedelta(hours=hours)).dt.tz_localize("UTC")
    wall = moments.dt.tz_convert(zone).dt.tz_localize(None)
    return wall.where(~whole_day, stamps.dt.normalize()), whole_day
