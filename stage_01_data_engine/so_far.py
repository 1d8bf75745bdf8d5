"""The session so far: the running bar at a moment, from minute or hour bars that had ended by then.

The previous close comes from the same bars, so that a gap compares like with like whatever the
daily bars are adjusted for.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from foundation.contracts import BAR_FIELDS, SO_FAR_FIELDS, SessionSoFar
from foundation.kernel import NEW_YORK, OperatorError, UpstreamDataError
from foundation.market import close_of, is_session
from foundation.timeseries import Panel
from stage_01_data_engine.intraday import Length, place

if TYPE_CHECKING:
    import pandas as pd

USUAL_SESSIONS = 20
LEAST_SESSIONS = 5
LOOK_BACK = timedelta(days=60)
"""Calendar days that hold the usual sessions with room for holidays and gaps."""


def session_so_far(placed: pd.DataFrame, symbols: Sequence[str], moment: datetime) -> SessionSoFar:
    """Return every symbol's running bar as known at a moment of a session.

    Parameters
    ----------
    placed : DataFrame
        As ``intraday.place`` returns it. Rows known later than ``moment`` are not looked at.
    moment : datetime
        Aware; between the opening and the close of a session.

    Raises
    ------
    OperatorError
        If the moment does not lie in a session.
    """
    import pandas as pd

    local = moment.astimezone(NEW_YORK)
    day = local.date()
    opens = local.replace(hour=9, minute=30, second=0, microsecond=0)
    if not is_session(day) or not opens < local <= close_of(day):
        raise OperatorError(
            "An update is told between the opening and the close of a session",
            value=local.isoformat(),
            remedy="name a moment such as 2018-12-28T11:00 New York time",
        )
    elapsed = (local - opens) / (close_of(day) - opens)
    known = pd.Timestamp(moment).tz_convert("UTC").tz_localize(None)
    rows = placed[(placed["part"] == "regular") & (placed["known_at"] <= known)]
    today = rows["session"] == pd.Timestamp(day)
    values = np.full((1, len(symbols), len(SO_FAR_FIELDS)), np.nan)
    by_hour = rows[_by_hour(rows, local)]
    for n, symbol in enumerate(symbols):
        own = rows["symbol"] == symbol
        values[0, n] = _bar(
            rows[own & today], rows[own & ~today], by_hour[by_hour["symbol"] == symbol], day
        )
    return SessionSoFar(
        as_of=moment,
        produced_at=moment,
        session=day,
        elapsed=float(elapsed),
        values=Panel(sessions=(day,), symbols=tuple(symbols), fields=SO_FAR_FIELDS, values=values),
    )


def sessions_so_far(
    placed: pd.DataFrame, symbols: Sequence[str], days: Sequence[date], at: time
) -> Iterator[SessionSoFar]:
    """Yield the running bars of past sessions at one time of day, each as known then.

    Sessions that had closed by that time, and those without a bar of any symbol, are left out.

    Parameters
    ----------
    placed : DataFrame
        As ``session_so_far`` takes it.
    days : sequence of date
        Sessions, ascending.
    at : time
        Of New York's clock.
    """
    import pandas as pd

    rows = placed.sort_values("session", kind="stable")
    found = rows["session"].to_numpy()
    for day in days:
        moment = datetime.combine(day, at, tzinfo=NEW_YORK)
        if moment > close_of(day):
            continue
        first, stop = np.searchsorted(
            found, [np.datetime64(day - LOOK_BACK), np.datetime64(day + timedelta(days=1))]
        )
        near = rows.iloc[first:stop]
        if (near["session"] == pd.Timestamp(day)).any():
            yield session_so_far(near, symbols, moment)


def _by_hour(rows: pd.DataFrame, local: datetime) -> pd.Series:
    """Say which bars end by this time of day on their own day."""
    ended = rows["known_at"].dt.tz_localize("UTC").dt.tz_convert(str(NEW_YORK))
    return ended.dt.time <= local.time()


def _bar(
    today: pd.DataFrame, earlier: pd.DataFrame, by_hour: pd.DataFrame, day: object
) -> list[float]:
    nan = float("nan")
    previous = float(earlier.sort_values("stamp")["close"].iloc[-1]) if len(earlier) else nan
    past = by_hour[by_hour["session"].dt.date < day].groupby("session")["volume"].sum(min_count=1)
    past = past.dropna().iloc[-USUAL_SESSIONS:]
    usual = float(past.mean()) if len(past) >= LEAST_SESSIONS else nan
    if not len(today):
        return [previous, nan, nan, nan, nan, nan, usual]
    bars = today.sort_values("stamp")
    volume = float(bars["volume"].sum(min_count=1))
    return [
        previous,
        float(bars["open"].iloc[0]),
        float(bars["high"].max()),
        float(bars["low"].min()),
        float(bars["close"].iloc[-1]),
        volume,
        usual,
    ]


def read_intraday(path: Path, moment: datetime) -> pd.DataFrame:
    """Return the placed bars of a file that had ended by a moment.

    Parameters
    ----------
    path : Path
        CSV or Parquet with ``symbol``, ``stamp``, open, high, low, close and volume. Bars of an
        hour where all stamps stand on full hours, else of a minute.

    Raises
    ------
    UpstreamDataError
        If the file or a column is missing.
    """
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
    stamps = pd.to_datetime(rows["stamp"])
    length: Length = "hour" if bool((stamps.dt.minute == 0).all()) else "minute"
    placed = place(rows.assign(stamp=stamps), length, location=path.name).kept
    known = pd.Timestamp(moment).tz_convert("UTC").tz_localize(None)
    return placed[placed["known_at"] <= known]
