"""A file of intraday bars, read up to a moment: how long its bars are, and what its stamps mean.

Neither stands in such files. Both are read off the stamps, and a file that leaves them open is
refused: a bar taken for a shorter one would be known before it has ended.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from foundation.contracts import BAR_FIELDS
from foundation.kernel import NEW_YORK, UpstreamDataError
from foundation.market import closes, sessions
from stage_01_data_engine.intraday import OPENS, place
from stage_01_data_engine.verdicts import Judged

if TYPE_CHECKING:
    import pandas as pd

LENGTHS = (1, 2, 3, 5, 10, 15, 20, 30, 60)
"""Minutes that divide an hour, of which vendors make bars."""


def read_intraday(path: Path, moment: datetime) -> Judged:
    """Return the judged bars of a file that had ended by a moment.

    Parameters
    ----------
    path : Path
        CSV or Parquet with ``symbol``, ``stamp`` (the beginning of the bar: New York's wall clock,
        or with its offset), open, high, low, close and volume. As traded, or adjusted for splits.
        Bars of 1 to 60 minutes, all of one length.

    Returns
    -------
    Judged
        As ``intraday.place`` returns it. Later rows of the file are not looked at.

    Raises
    ------
    UpstreamDataError
        If the file or a column is missing, a stamp cannot be read, the length of the bars cannot
        be told, stamps are the end of bars, or no bar passes the rules.
    """
    rows = _rows(path)
    stamps = _stamps(rows["stamp"], path.name)
    local = moment.astimezone(NEW_YORK)
    past = (stamps <= local.replace(tzinfo=None)).to_numpy()
    rows, stamps = rows[past].reset_index(drop=True), stamps[past].reset_index(drop=True)
    symbols = rows["symbol"].to_numpy(dtype=object)
    wall = stamps.to_numpy().astype("M8[ns]")
    span = _length(symbols, wall, path.name)
    _begins(symbols, wall, path.name)
    judged = place(rows.assign(stamp=stamps), span, location=path.name)
    if not len(judged.kept):
        first = judged.findings[0] if judged.findings else None
        raise UpstreamDataError(
            f"{path.name} has a bar that ended by {local:%Y-%m-%d %H:%M}"
            + (f"; {first.rule}" if first else ""),
            value=first.value if first else f"{len(rows)} rows",
            remedy=first.remedy if first else "hand in the bars of that session",
        )
    known = np.datetime64(int(moment.timestamp()), "s")
    kept = judged.kept[judged.kept["known_at"].to_numpy() <= known]
    return Judged(kept, judged.findings, judged.verdicts, judged.found, judged.tally)


def _rows(path: Path) -> pd.DataFrame:
    import pandas as pd

    if not path.is_file():
        raise UpstreamDataError(
            "Intraday bars come from a file", value=path.name, remedy="name a CSV or Parquet file"
        )
    rows = pd.read_parquet(path) if path.suffix == ".parquet" else pd.read_csv(path)
    missing = [name for name in ("symbol", "stamp", *BAR_FIELDS) if name not in rows.columns]
    if missing:
        raise UpstreamDataError(
            "Intraday bars have symbol, stamp and the bar fields",
            value=f"{path.name} without {', '.join(missing)}",
            remedy="rename the columns of the file",
        )
    return rows


def _stamps(column: pd.Series, name: str) -> pd.Series:
    """Return stamps as New York's wall clock. Offsets change with the season, so one by one."""
    import pandas as pd

    if isinstance(column.dtype, pd.DatetimeTZDtype):
        return column.dt.tz_convert("America/New_York").dt.tz_localize(None)
    if pd.api.types.is_datetime64_dtype(column.dtype):
        return column
    text = column.astype(str)
    offset = text.str.contains(r"(?:Z|[+-]\d{2}:?\d{2})$", regex=True)
    try:
        if offset.all():
            utc = pd.to_datetime(text, utc=True, format="ISO8601")
            return utc.dt.tz_convert("America/New_York").dt.tz_localize(None)
        if not offset.any() and not pd.api.types.is_numeric_dtype(column.dtype):
            return pd.to_datetime(text, format="ISO8601")
    except ValueError as error:
        raise _unreadable(name, str(error)) from error
    raise _unreadable(name, f"{text.iloc[0]}, {int(offset.sum())} of {len(text)} with an offset")


def _unreadable(name: str, value: str) -> UpstreamDataError:
    return UpstreamDataError(
        "Stamps of intraday bars are moments in ISO 8601, all with an offset or none",
        value=f"{name}: {value}",
        remedy="write 2014-06-09T09:30 (New York), or 2014-06-09T13:30Z",
    )


def _length(symbols: np.ndarray, wall: np.ndarray, name: str) -> np.timedelta64:
    """Return how long bars are: the commonest step between bars of one symbol and day.

    Minutes without a trade make longer steps, but no step is as common as the bar's own length.
    """
    order = np.lexsort((wall, symbols))
    ordered, stamp = symbols[order], wall[order]
    day = stamp.astype("M8[D]")
    together = (ordered[1:] == ordered[:-1]) & (day[1:] == day[:-1])
    steps = np.diff(stamp)[together] / np.timedelta64(1, "m")
    steps = steps[steps > 0]
    found, count = np.unique(steps, return_counts=True)
    length = float(found[count.argmax()]) if len(found) else float("nan")
    if length not in LENGTHS:
        raise UpstreamDataError(
            "The length of intraday bars shows in the commonest step between their stamps, and is "
            f"one of {', '.join(map(str, LENGTHS))} minutes",
            value=f"{name}: {length:g} minutes" if len(found) else f"{name}: no two bars of a day",
            remedy="hand in bars of one such length, several a session",
        )
    return np.timedelta64(int(length), "m")


def _begins(symbols: np.ndarray, wall: np.ndarray, name: str) -> None:
    """Refuse stamps that are the ends of bars: sessions with one at the close, none at the open.

    Bars of extended hours, which go on after the close, are never taken for such.
    """
    import pandas as pd

    if not len(wall):
        return
    day = wall.astype("M8[D]")
    ends = closes(day.min().item(), day.max().item())
    days = np.array(sessions(day.min().item(), day.max().item()), dtype="M8[D]")
    if not len(days):
        return
    local = pd.DatetimeIndex(ends).tz_localize("UTC").tz_convert("America/New_York")
    at = np.clip(np.searchsorted(days, day), 0, len(days) - 1)
    close = local.tz_localize(None).to_numpy().astype("M8[ns]")[at]
    after = wall - day.astype("M8[ns]")
    seen = pd.DataFrame(
        {
            "opens": after <= OPENS,
            "at_close": wall == close,
            "later": wall > close,
        }
    )
    one = seen.groupby([symbols, day]).any()
    ended = int((one["at_close"] & ~one["opens"] & ~one["later"]).sum())
    if ended > len(one) / 2:
        raise UpstreamDataError(
            "A stamp is the beginning of its bar",
            value=f"{name}: a bar at the close and none at the opening, in {ended} of {len(one)} "
            "sessions",
            remedy="take the length of a bar off the stamps",
        )
