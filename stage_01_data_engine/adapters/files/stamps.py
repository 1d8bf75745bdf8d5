"""From written dates to exchange dates.

A stamp without a zone names an exchange date as it stands. A stamp with a zone is a moment; its
exchange date is its date in New York, except at midnight of its own zone, where it labels a
date and not a moment (vendors stamp daily bars that way, in UTC too).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

NAIVE = np.iinfo(np.int32).min
"""The zone code of a stamp without a zone."""

OFFSET = r"(Z|[+-]\d{2}:?\d{2}|[+-]\d{2})$"


def exchange_dates(cells: pd.Series) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the exchange date of every stamp.

    Returns
    -------
    days : M8[D] array
        NaT where the stamp is not ISO 8601 (``2018-12-28``, ``20181228``,
        ``2018-12-28T16:00:00-05:00``). Other orders of day and month are not guessed at.
    zone : int array
        Minutes ahead of UTC; ``NAIVE`` for stamps without a zone.
    local : bool array
        Whether the offset is New York's at that moment.
    """
    import pandas as pd

    if isinstance(cells.dtype, pd.DatetimeTZDtype):
        wall = cells.dt.tz_localize(None)
        offset = (wall - cells.dt.tz_convert(None)).dt.total_seconds() / 60
        return _from_moments(wall, offset)
    if cells.dtype.kind == "M":
        days = cells.to_numpy().astype("M8[D]")
        return days, np.full(len(days), NAIVE), np.zeros(len(days), dtype=bool)
    if cells.dtype.kind in "iuf":
        cells = cells.map("{:.0f}".format)
    return _from_text(cells.astype(str).str.strip())


def _from_text(text: pd.Series) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    import pandas as pd

    days = pd.to_datetime(text, format="%Y-%m-%d", errors="coerce").to_numpy().astype("M8[D]")
    zone = np.full(len(text), NAIVE)
    local = np.zeros(len(text), dtype=bool)
    rest = np.flatnonzero(np.isnat(days) & (text.str.len() >= 8).to_numpy())
    if len(rest) == 0:
        return days, zone, local
    other = text.iloc[rest]
    clock = other.str.slice(10)
    offset = clock.str.extract(OFFSET)[0]
    aware = offset.notna().to_numpy()
    naive = pd.to_datetime(other[~aware], format="ISO8601", errors="coerce")
    days[rest[~aware]] = naive.to_numpy().astype("M8[D]")
    if aware.any():
        stamped = (
            other[aware]
            .str.slice(0, -1)
            .where(offset[aware] == "Z", other[aware].str.replace(OFFSET, "", regex=True))
        )
        wall = pd.to_datetime(stamped, format="ISO8601", errors="coerce")
        found = _from_moments(wall, offset[aware].map(_minutes))
        for target, values in zip((days, zone, local), found, strict=True):
            target[rest[aware]] = values
    return days, zone, local


def _minutes(offset: str) -> int:
    if offset == "Z":
        return 0
    digits = offset[1:].replace(":", "").ljust(4, "0")
    minutes = 60 * int(digits[:2]) + int(digits[2:])
    return -minutes if offset[0] == "-" else minutes


def _from_moments(wall: pd.Series, offset: pd.Series) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return dates, zone codes and whether they are New York's, from wall clocks and offsets."""
    import pandas as pd

    moment = (wall - pd.to_timedelta(offset, unit="min")).dt.tz_localize("UTC")
    new_york = moment.dt.tz_convert("America/New_York").dt.tz_localize(None)
    midnight = (wall == wall.dt.normalize()).to_numpy()
    days = np.where(midnight, _days(wall), _days(new_york))
    return days, offset.fillna(NAIVE).to_numpy().astype(int), (wall == new_york).to_numpy()


def _days(stamps: pd.Series) -> np.ndarray:
    return np.asarray(stamps.to_numpy().astype("M8[D]"))


def of_one_zone(zone: np.ndarray, local: np.ndarray) -> np.ndarray:
    """Say which stamps share the zone of the first.

    New York's two offsets are one zone; so is any single offset. Stamps without a zone are a
    zone of their own.
    """
    if len(zone) == 0 or (zone == zone[0]).all():
        return np.ones(len(zone), dtype=bool)
    return local if local[0] else np.asarray(zone == zone[0])
