"""Minute and hour bars of any source that has them, judged and placed on one clock.

A source gives bars as they come; ``placed_bars`` judges them and says of each when it was known
(``intraday.place``), and ``on_one_clock`` reads minute, hour and daily bars of the same symbols at
common moments, each as last known then.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, time
from typing import TYPE_CHECKING, Literal, Protocol, runtime_checkable

import numpy as np

from foundation.contracts import BAR_FIELDS
from foundation.kernel import NEW_YORK, OperatorError, UpstreamDataError
from foundation.market import close_of
from stage_01_data_engine.intraday import SPAN, AlignedBars, align, daily_known, place, resample
from stage_01_data_engine.knowledge import OPENING
from stage_01_data_engine.raw import MarketRequest, RawMarket
from stage_01_data_engine.verdicts import Judged

if TYPE_CHECKING:
    import pandas as pd

DAY_BEGINS = time(4)
"""When the pre-market begins, New York."""


@runtime_checkable
class IntervalSource(Protocol):
    """A source of bars shorter than a day."""

    @property
    def name(self) -> str: ...

    def interval_bars(
        self, symbol: str, seconds: int, first: datetime, last: datetime
    ) -> pd.DataFrame:
        """Return bars of so many seconds that begin between two aware moments.

        Returns
        -------
        DataFrame
            ``symbol``, ``opened_at`` and ``known_at`` (datetime64[ns, UTC]; a bar is known when it
            ends), the bar fields (US dollars, shares; split-adjusted as of the date of ``last``)
            and ``trades``. Pre-market and after hours included.
        """
        ...


def require_aware(first: datetime, last: datetime, seconds: int) -> None:
    """Check what interval bars are asked for with.

    Raises
    ------
    OperatorError
        If a bound carries no zone, or bars are shorter than a second.
    """
    if first.tzinfo is None or last.tzinfo is None or seconds < 1:
        raise OperatorError(
            "Interval bars are asked for between two aware moments, a second long at least",
            value=(first.isoformat(), last.isoformat(), seconds),
            remedy="add a time zone, e.g. NEW_YORK of foundation.kernel",
        )


def interval_source(source: object, name: str) -> IntervalSource:
    """Return a source that has intraday bars as such.

    Raises
    ------
    OperatorError
        If it has none.
    """
    if not isinstance(source, IntervalSource):
        raise OperatorError(
            "The source has minute and hour bars",
            value=name,
            remedy="choose one that gives intraday bars; see `story data sources`",
        )
    return source


def placed_bars(
    source: IntervalSource, length: Literal["minute", "hour"], request: MarketRequest
) -> Judged:
    """Return the minute or hour bars of a request's symbols and sessions, judged.

    Raises
    ------
    OperatorError
        If no symbols are named.
    UpstreamDataError
        If there is not one bar.
    """
    import pandas as pd

    if request.symbols is None:
        raise OperatorError(
            "The symbols of intraday bars are named",
            value="all symbols",
            remedy="name the symbols, e.g. AAPL,MSFT",
        )
    seconds = int(SPAN[length] / np.timedelta64(1, "s"))
    first = datetime.combine(request.sessions[0], DAY_BEGINS, tzinfo=NEW_YORK)
    last = close_of(request.as_of)
    told = [source.interval_bars(s, seconds, first, last) for s in request.symbols]
    bars = pd.concat(told, ignore_index=True)
    bars = bars[bars["known_at"] <= pd.Timestamp(last).tz_convert("UTC")]
    if bars.empty:
        raise UpstreamDataError(
            f"{source.name} has a {length} bar of the symbols in the window",
            value=f"{', '.join(request.symbols)}, {request.sessions[0]} to {request.as_of}",
            remedy="choose later sessions; vendors keep minutes for some years, seconds for months",
        )
    columns = ["symbol", "stamp", *BAR_FIELDS]
    stamped = bars.rename(columns={"opened_at": "stamp"})[columns].reset_index(drop=True)
    return place(stamped, length, location=f"{source.name}/{length}")


def on_one_clock(
    minutes: Judged, daily: RawMarket, moments: Sequence[datetime] | None = None
) -> AlignedBars:
    """Return minute, hour and daily bars at common moments, each as last known then.

    Parameters
    ----------
    minutes : Judged
        Minute bars, as ``placed_bars`` returns them. Hours are made of their regular trading.
    daily : RawMarket
        Of the same source, as-of date and symbols.
    moments : sequence of datetime, optional
        Aware, ascending. Default: every half hour of regular trading of the sessions of
        ``minutes``, the close included.
    """
    as_of = close_of(daily.request.as_of)
    symbols = tuple(i.symbol for i in daily.instruments)
    if moments is None:
        moments = _half_hours(minutes.kept)
    utc = np.array([m.astimezone(UTC).replace(tzinfo=None) for m in moments], dtype="M8[ns]")
    lengths = {
        "minute": minutes.kept,
        "hour": resample(minutes.kept, "hour", as_of=as_of),
        "daily": daily_known(daily.bars),
    }
    return align(lengths, utc, symbols)


def _half_hours(kept: pd.DataFrame) -> list[datetime]:
    days = [day.date() for day in sorted(kept["session"].unique())]
    found = []
    for day in days:
        opened = datetime.combine(day, OPENING, tzinfo=NEW_YORK).timestamp()
        closed = close_of(day).timestamp()
        steps = np.append(np.arange(opened + 1_800, closed, 1_800), closed)
        found += [datetime.fromtimestamp(float(step), tz=NEW_YORK) for step in steps]
    return found
