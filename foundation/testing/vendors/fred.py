"""FRED/ALFRED, as far as the client uses it.

Formats follow the reference of the Federal Reserve Bank of St. Louis (fred/series,
fred/series/observations, fred/series/vintagedates, fred/release/dates). Values are text, ``"."``
where there is none; an observation carries the real-time period in which it was the current value,
clipped to the period asked for; a request may span 2,000 vintage dates at most.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, ClassVar

from foundation.testing.vendors.market import VendorMarket, Vintage
from foundation.testing.vendors.server import Emulator, Fault, Reply, Request

ALWAYS = "9999-12-31"
DOCS = "Read https://fred.stlouisfed.org/docs/api/api_key.html for more information."


class FredEmulator(Emulator):
    """The service on this machine.

    Parameters
    ----------
    market : VendorMarket
    *faults : Fault
    page_size : int
        No answer holds more rows, whatever limit is asked for.
    vintage_limit : int
        Vintage dates a request for observations may span.
    """

    key: ClassVar[str] = "0123456789abcdef0123456789abcdef"

    def __init__(
        self,
        market: VendorMarket,
        *faults: Fault,
        page_size: int = 100_000,
        vintage_limit: int = 2_000,
    ) -> None:
        super().__init__(*faults)
        self.market, self.page_size, self.vintage_limit = market, page_size, vintage_limit

    def reply(self, request: Request) -> Reply:
        query = request.query
        key = query.get("api_key", "")
        if not key:
            return _bad(f"Variable api_key is not set.  {DOCS}")
        if key != self.key:
            return _bad(f"The value for variable api_key is not registered.  {DOCS}")
        if query.get("file_type") != "json":
            return _bad("The emulator speaks file_type=json only.")
        if request.path == "/fred/release/dates":
            return self._release_dates(query)
        if request.path not in (
            "/fred/series",
            "/fred/series/observations",
            "/fred/series/vintagedates",
        ):
            return Reply({"error_code": 404, "error_message": "Not Found"}, 404)
        found = self.market.vintages.get(query.get("series_id", ""))
        if found is None:
            return _bad("The series does not exist.")
        if request.path.endswith("observations"):
            return self._observations(query, found)
        if request.path.endswith("vintagedates"):
            return self._vintage_dates(query, found)
        return self._series(query, found)

    def _series(self, query: dict[str, str], found: tuple[Vintage, ...]) -> Reply:
        start, end = _period(query)
        return Reply(
            {
                "realtime_start": start,
                "realtime_end": end,
                "seriess": [
                    {
                        "id": query["series_id"],
                        "realtime_start": start,
                        "realtime_end": end,
                        "title": f"Example series {query['series_id']}",
                        "observation_start": min(v.period for v in found).isoformat(),
                        "observation_end": max(v.period for v in found).isoformat(),
                        "frequency_short": "D",
                        "units": "Index",
                        "last_updated": "2019-03-29 07:41:02-05",
                    }
                ],
            }
        )

    def _vintage_dates(self, query: dict[str, str], found: tuple[Vintage, ...]) -> Reply:
        start, end = _period(query, start="1776-07-04", end=ALWAYS)
        days = sorted({v.day.isoformat() for v in found if start <= v.day.isoformat() <= end})
        offset, size = self._slice(query, 10_000)
        return Reply(
            {
                "realtime_start": start,
                "realtime_end": end,
                "order_by": "vintage_date",
                "sort_order": "asc",
                "count": len(days),
                "offset": offset,
                "limit": size,
                "vintage_dates": days[offset : offset + size],
            }
        )

    def _release_dates(self, query: dict[str, str]) -> Reply:
        """Return the dates of consumer price releases; scheduled ones only when asked for."""
        if query.get("release_id") != "10":
            return _bad("The release does not exist.")
        start, end = _period(query, start="1776-07-04", end=ALWAYS)
        days = [d.isoformat() for d in self.market.release_days]
        if query.get("include_release_dates_with_no_data", "false") != "true":
            told = {v.day.isoformat() for v in self.market.vintages["CPILFESL"]}
            days = [day for day in days if day in told]
        rows = [{"release_id": 10, "date": day} for day in days if start <= day <= end]
        offset, size = self._slice(query, 10_000)
        return Reply(
            {
                "realtime_start": start,
                "realtime_end": end,
                "order_by": "release_date",
                "sort_order": "asc",
                "count": len(rows),
                "offset": offset,
                "limit": size,
                "release_dates": rows[offset : offset + size],
            }
        )

    def _observations(self, query: dict[str, str], found: tuple[Vintage, ...]) -> Reply:
        start, end = _period(query)
        spanned = {v.day for v in found if start <= v.day.isoformat() <= end}
        if len(spanned) > self.vintage_limit:
            return _bad(
                f"The number of vintage dates in the real-time period is {len(spanned)}, "
                f"which exceeds the maximum of {self.vintage_limit}."
            )
        rows = [row for row in _real_time(found, start, end) if _asked(row, query)]
        offset, size = self._slice(query, 100_000)
        return Reply(
            {
                "realtime_start": start,
                "realtime_end": end,
                "observation_start": query.get("observation_start", "1600-01-01"),
                "observation_end": query.get("observation_end", ALWAYS),
                "units": "lin",
                "output_type": 1,
                "file_type": "json",
                "order_by": "observation_date",
                "sort_order": "asc",
                "count": len(rows),
                "offset": offset,
                "limit": size,
                "observations": rows[offset : offset + size],
            }
        )

    def _slice(self, query: dict[str, str], largest: int) -> tuple[int, int]:
        size = min(int(query.get("limit", str(largest))), largest, self.page_size)
        return int(query.get("offset", "0")), size


def _real_time(found: tuple[Vintage, ...], start: str, end: str) -> list[dict[str, Any]]:
    """Return each value with the part of its real-time period that lies in the one asked for."""
    periods: dict[date, list[Vintage]] = {}
    for vintage in sorted(found, key=lambda v: v.day):
        periods.setdefault(vintage.period, []).append(vintage)
    rows = []
    for period, vintages in sorted(periods.items()):
        for at, vintage in enumerate(vintages):
            later = vintages[at + 1 :]
            until = (later[0].day - timedelta(days=1)).isoformat() if later else ALWAYS
            begun = vintage.day.isoformat()
            if begun <= end and until >= start:
                rows.append(
                    {
                        "realtime_start": max(begun, start),
                        "realtime_end": min(until, end),
                        "date": period.isoformat(),
                        "value": "."
                        if vintage.value is None
                        else f"{vintage.value:g}"
                        if vintage.value == int(vintage.value)
                        else repr(vintage.value),
                    }
                )
    return rows


def _asked(row: dict[str, Any], query: dict[str, str]) -> bool:
    first = query.get("observation_start", "1600-01-01")
    return first <= str(row["date"]) <= query.get("observation_end", ALWAYS)


def _period(query: dict[str, str], start: str = "", end: str = "") -> tuple[str, str]:
    """Return the real-time period asked for; by default the last day of all."""
    return query.get("realtime_start", start or ALWAYS), query.get("realtime_end", end or ALWAYS)


def _bad(message: str) -> Reply:
    return Reply({"error_code": 400, "error_message": f"Bad Request.  {message}"}, 400)
