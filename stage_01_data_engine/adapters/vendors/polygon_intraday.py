"""Minute and hour bars of Polygon (now Massive).

The vendor stamps a bar with its beginning, in milliseconds, and leaves out those in which nothing
was traded; pre-market and after hours are included. Bars are asked for as traded and adjusted here
for the splits up to the last session asked for.

Source: the vendor's REST reference (stocks: custom bars).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from foundation.kernel import NEW_YORK
from stage_01_data_engine.adapters.vendors.payload import Place, Row

if TYPE_CHECKING:
    import pandas as pd

UNITS = {60: (1, "minute"), 3_600: (1, "hour")}
"""Lengths in seconds to the vendor's multiplier and timespan; others are multiples of minutes."""


def timespan(seconds: int) -> tuple[int, str]:
    """Return the vendor's multiplier and timespan for bars of so many seconds."""
    if seconds in UNITS:
        return UNITS[seconds]
    return (seconds // 60, "minute") if seconds % 60 == 0 else (seconds, "second")


def path_of(symbol: str, seconds: int, first: datetime, last: datetime) -> str:
    """Return the address of a symbol's bars that begin between two moments."""
    multiplier, span = timespan(seconds)
    begin, end = (int(moment.timestamp() * 1000) for moment in (first, last))
    return f"/v2/aggs/ticker/{symbol}/range/{multiplier}/{span}/{begin}/{end}"


def interval_frame(
    symbol: str, seconds: int, pages: Iterable[dict[str, Any]], place: Place
) -> pd.DataFrame:
    """Return pages of bars as ``IntervalSource.interval_bars`` does, as traded.

    Raises
    ------
    UpstreamDataError
        If a page is adjusted, or a bar's stamp is no number of milliseconds of our time.
    """
    import pandas as pd

    rows: list[Row] = []
    for page in pages:
        if page.get("adjusted") is not False:
            raise place.broken("is not adjusted, as asked", page.get("adjusted"))
        rows += place.rows(page, "results", absent_means_none=page.get("resultsCount") == 0)
    stamps = place.numbers(rows, "t")
    wrong = ~((stamps > 0) & (stamps < 4e12))
    if wrong.any():
        raise place.broken("has milliseconds in 't'", rows[int(np.argmax(wrong))])
    opened = pd.Series(pd.to_datetime(stamps.astype(np.int64), unit="ms", utc=True))
    opened = opened.astype("datetime64[ns, UTC]")
    named = {"open": "o", "high": "h", "low": "l", "close": "c", "volume": "v", "trades": "n"}
    values = {
        name: place.numbers(rows, letter, optional=name in ("volume", "trades"))
        for name, letter in named.items()
    }
    return pd.DataFrame(
        {
            "symbol": pd.Series([symbol] * len(rows), dtype=object),
            "session": opened.dt.tz_convert(NEW_YORK).dt.normalize().dt.tz_localize(None),
            "opened_at": opened,
            "known_at": opened + pd.Timedelta(seconds=seconds),
            **values,
        }
    )
