"""Option chain snapshots of Polygon (now Massive), contract by contract.

Source: the vendor's REST reference (options: chain snapshot).
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np

from stage_01_data_engine.adapters.vendors.payload import Place, Row

if TYPE_CHECKING:
    import pandas as pd

LAST_NANOSECOND = 4.1e18
"""Since 1970, late in the year 2099: what lies beyond is no moment."""
RIGHTS = {"call": "C", "put": "P", "other": ""}


def snapshot_frame(rows: list[Row], symbol: str, place: Place, now: datetime) -> pd.DataFrame:
    """Return snapshot rows as ``SnapshotSource.option_snapshot`` does."""
    import pandas as pd

    def part(name: str) -> list[Row]:
        return [row[name] if isinstance(row.get(name), dict) else {} for row in rows]

    details, quotes, greeks = part("details"), part("last_quote"), part("greeks")
    kinds = [place.text(row, "contract_type") for row in details]
    if strange := set(kinds) - set(RIGHTS):
        raise place.broken("has call or put in 'contract_type'", strange)
    quoted = place.numbers(quotes, "last_updated", optional=True)
    wrong = ~(np.isnan(quoted) | ((quoted >= 0) & (quoted < LAST_NANOSECOND)))
    if wrong.any():
        raise place.broken("has nanoseconds in 'last_updated'", quoted[wrong][0])
    expiry = pd.to_datetime([place.day(row, "expiration_date") for row in details])
    return pd.DataFrame(
        {
            "contract": [place.text(row, "ticker") for row in details],
            "underlying": symbol,
            "expiry": expiry.astype("datetime64[ns]"),
            "strike": place.numbers(details, "strike_price"),
            "right": [RIGHTS[kind] for kind in kinds],
            "bid": place.numbers(quotes, "bid", optional=True),
            "ask": place.numbers(quotes, "ask", optional=True),
            "last": place.numbers(part("day"), "close", optional=True),
            "spot": place.numbers(part("underlying_asset"), "price", optional=True),
            "volume": place.numbers(part("day"), "volume", optional=True),
            "open_interest": place.numbers(rows, "open_interest", optional=True),
            "implied_volatility": place.numbers(rows, "implied_volatility", optional=True),
            **{
                name: place.numbers(greeks, name, optional=True)
                for name in ("delta", "gamma", "theta", "vega")
            },
            "quoted_at": pd.to_datetime(quoted, unit="ns", utc=True).astype("datetime64[ns, UTC]"),
            "known_at": pd.Timestamp(now).tz_convert("UTC").as_unit("ns"),
        }
    )
