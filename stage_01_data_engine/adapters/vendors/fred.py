"""FRED and ALFRED of the Federal Reserve Bank of St. Louis: market-wide series by vintage.

Every value is taken from the vintage in which it first appeared, and every revision from its
own; so a window as of a past day holds what could be read on that day, first prints included. A
vintage has a date and no time: its values count as known from the opening of the session after
it, or from the time of day at which the series is known to come out (core CPI: 08:30, the Bureau
of Labor Statistics' release time).

Values from before a series' first vintage carry the date of that vintage: ALFRED does not know
when they were first published, and neither do we.

================= ============================== ============================================
``vix``           VIXCLS                         index points
``wti``           DCOILWTICO                     US dollars a barrel
``treasury_10y``  DGS10 (``2y``: DGS2,           percent a year, constant maturity
                  ``3m``: DGS3MO)
``dollar_index``  DTWEXBGS, broad, nominal       index points; not the index DXY
``credit_spread`` BAA - AAA (monthly)            percentage points
``core_cpi_yoy``  CPILFESL, twelve-month change  percent, both levels from the same vintage
================= ============================== ============================================

Coming releases of consumer prices are announced as well: each from the release before it, whose
text names the date of the next (``fred_series.announcements``).

Source: the FRED API reference (fred/series/observations, fred/series/vintagedates,
fred/release/dates).
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from pydantic import Field

from foundation.connect import (
    Connection,
    Credential,
    Freshness,
    HttpClient,
    Rate,
    RetryPolicy,
    VendorPolicy,
)
from foundation.contracts import MarketEvent
from foundation.kernel import DependencyError, OperatorError, UpstreamDataError
from foundation.kernel.model import Part
from foundation.market import close_of
from stage_01_data_engine.adapters.vendors.fred_series import (
    CONSUMER_PRICES,
    SERIES,
    Published,
    SeriesName,
    announcements,
    derived_values,
    observations,
    releases,
)
from stage_01_data_engine.adapters.vendors.payload import Place
from stage_01_data_engine.raw import MarketRequest, RawMarket, observation_frame, raw_market

CREDENTIAL = Credential(
    vendor="FRED",
    variables=("FRED_API_KEY",),
    obtain="https://fredaccount.stlouisfed.org/apikeys",
)
LOOK_BACK = timedelta(days=92)
"""How long before the window a series is read: a quarter, longer than any value stays valid."""


class FredSettings(Part):
    """What can be set about this source."""

    base_url: str = Field(default="https://api.stlouisfed.org/fred", description="The service.")
    rates: tuple[Rate, ...] = Field(
        default=(Rate(requests=2, seconds=1), Rate(requests=120, seconds=60)),
        description="The service's limits.",
    )
    retry: RetryPolicy = RetryPolicy()
    read_timeout: float = Field(default=30.0, gt=0, description="Seconds without a byte.")
    vintages_a_request: int = Field(
        default=2_000, ge=1, le=2_000, description="The service allows no more than 2,000."
    )
    page_limit: int = Field(default=100_000, ge=1, le=100_000, description="Rows a page.")
    series: tuple[SeriesName, ...] = Field(
        default=tuple(SERIES), min_length=1, description="Which of our series to ask for."
    )
    release_dates: bool = Field(
        default=True, description="Whether to announce coming releases of consumer prices."
    )


class FredSource:
    """Market-wide series and releases of core inflation. It has no instruments: join it to a source
    of bars with ``JoinedSource``.

    Parameters
    ----------
    connection : Connection, optional
        Keys, time, limits and cache. Default: one without keys; `story` hands over those of the
        environment (``config.environment``).
    settings : FredSettings, optional
    """

    name = "fred"

    def __init__(
        self, connection: Connection | None = None, settings: FredSettings | None = None
    ) -> None:
        self.connection = connection or Connection()
        self.settings = settings or FredSettings()

    def load(self, request: MarketRequest) -> RawMarket:
        """Return the market-wide series as they were known at the as-of close.

        The request's symbols are not looked at: the series are the same for all.

        Raises
        ------
        DependencyError
            If no key is set, or it is refused.
        UpstreamDataError
            If an answer is not as agreed, or no series has a value in the window.
        WorldError
            If FRED cannot be reached after all tries.
        """
        import pandas as pd

        found: list[tuple[str, datetime, datetime, float, str]] = []
        events: list[MarketEvent] = []
        with self._client(self.connection.freshness_of(close_of(request.as_of))) as client:
            for name in self.connection.log.steps("FRED", self.settings.series):
                series = SERIES[name]
                history = {
                    fred_id: self._history(client, fred_id, request) for fred_id in series.ids
                }
                derived = derived_values(series, history)
                since = request.sessions[0] - LOOK_BACK
                found += observations(name, series, derived, since)
                if name == "core_cpi_yoy":
                    events += releases(series, derived, since)
                    if self.settings.release_dates:
                        days = self._release_days(client, since)
                        events += announcements(series, days, tuple(events), since)
        if not found:
            raise UpstreamDataError(
                "FRED has a value of the series in the window",
                value=f"none published up to {request.as_of.isoformat()}",
                remedy="choose a later as-of date or a longer history",
            )
        bars = pd.DataFrame(
            {
                "symbol": pd.Series(dtype=object),
                "session": pd.Series(dtype="M8[ns]"),
                **{f: pd.Series(dtype=float) for f in ("open", "high", "low", "close", "volume")},
                "location": pd.Series(dtype=object),
            }
        )
        return raw_market(
            request,
            name=self.name,
            bars=bars,
            observations=observation_frame(found),
            events=tuple(events),
            instruments=(),
            licence="FRED terms of use; some series belong to their providers",
            note="Values by vintage: first prints and revisions, each known from the session after "
            "its vintage (core CPI: 08:30 of its vintage).",
        )

    def _client(self, freshness: Freshness) -> HttpClient:
        policy = VendorPolicy(
            vendor="FRED",
            base_url=self.settings.base_url,
            rates=self.settings.rates,
            retry=self.settings.retry,
            read_timeout=self.settings.read_timeout,
            key_in="query",
            key_name="api_key",
        )
        return self.connection.client(policy, CREDENTIAL, freshness)

    def _history(self, client: HttpClient, fred_id: str, request: MarketRequest) -> list[Published]:
        """Return every value of a series with the vintage that brought it, up to the as-of date."""
        until = request.as_of.isoformat()
        vintages = self._vintages(client, fred_id, until)
        size = self.settings.vintages_a_request
        begins = vintages[::size]
        # Fifteen months more than the look-back: a twelve-month change needs its base.
        since = (request.sessions[0] - LOOK_BACK - timedelta(days=460)).isoformat()
        found: dict[tuple[date, date], float] = {}
        for at, begin in enumerate(begins):
            last = at + 1 == len(begins)
            end = until if last else _day_before(begins[at + 1])
            asked = {"realtime_start": begin, "realtime_end": end, "observation_start": since}
            found |= self._observed(client, fred_id, asked)
        return sorted(Published(day, period, value) for (period, day), value in found.items())

    def _vintages(self, client: HttpClient, fred_id: str, until: str) -> list[str]:
        """Return the dates on which a series was published or revised, ascending."""
        place = Place("FRED", f"the vintage dates of {fred_id}")
        asked = {"series_id": fred_id, "realtime_start": "1776-07-04", "realtime_end": until}
        limit = min(self.settings.page_limit, 10_000)
        days: set[str] = set()
        for page in self._pages(
            client, "series/vintagedates", asked, "vintage_dates", limit, place
        ):
            days |= {
                place.day({"vintage_dates": day}, "vintage_dates").isoformat()
                for day in page["vintage_dates"]
            }
        return sorted(day for day in days if day <= until)

    def _release_days(self, client: HttpClient, since: date) -> list[date]:
        """Return the dates of consumer price releases, the scheduled ones to come included."""
        place = Place("FRED", "the dates of consumer price releases")
        asked = {
            "release_id": str(CONSUMER_PRICES),
            "realtime_start": (since - timedelta(days=92)).isoformat(),
            "include_release_dates_with_no_data": "true",
        }
        limit = min(self.settings.page_limit, 10_000)
        days: set[date] = set()
        for page in self._pages(client, "release/dates", asked, "release_dates", limit, place):
            days |= {place.day(row, "date") for row in place.rows(page, "release_dates")}
        return sorted(days)

    def _observed(
        self, client: HttpClient, fred_id: str, asked: dict[str, str]
    ) -> dict[tuple[date, date], float]:
        """Return values by period and first day of their real-time period."""
        place = Place("FRED", f"the observations of {fred_id}")
        asked = {"series_id": fred_id, **asked}
        found: dict[tuple[date, date], float] = {}
        rows, count = set(), 0
        for page in self._pages(
            client, "series/observations", asked, "observations", self.settings.page_limit, place
        ):
            count = place.count(page, "count")
            for row in place.rows(page, "observations"):
                period, day = place.day(row, "date"), place.day(row, "realtime_start")
                value = place.text(row, "value")
                rows.add((period, day))
                if value == ".":
                    continue
                try:
                    found[period, day] = float(value)
                except ValueError:
                    raise place.broken("has numbers in 'value'", row) from None
        if len(rows) != count:
            raise place.broken(f"has all {count} rows it counts", f"{len(rows)} rows")
        return found

    def _pages(
        self,
        client: HttpClient,
        path: str,
        asked: dict[str, str],
        field: str,
        limit: int,
        place: Place,
    ) -> list[dict[str, Any]]:
        """Return every page of an answer; its rows stand in ``field``."""
        pages: list[dict[str, Any]] = []
        offset, count = 0, 1
        while offset < count:
            query: dict[str, str | int | float] = {**asked, "file_type": "json"}
            query |= {"limit": limit, "offset": offset}
            answer = client.get(path, query, accept=(200, 400))
            page = place.mapping(answer.json())
            if answer.status == 400:
                raise self._refused(place, str(page.get("error_message", page)))
            pages.append(page)
            count, step = place.count(page, "count"), place.count(page, "limit")
            if not isinstance(page.get(field), list):
                raise place.broken(f"has a list {field!r}", sorted(page))
            if offset < count and (step < 1 or not page[field]):
                raise place.broken(f"has all {count} rows it counts", f"none after {offset}")
            offset += step
        return pages

    def _refused(
        self, place: Place, message: str
    ) -> DependencyError | OperatorError | UpstreamDataError:
        """Return the error that a refusal stands for; FRED says all of them with status 400."""
        if "api_key" in message:
            variable = self.connection.credentials.secret(CREDENTIAL)
            return DependencyError(
                f"FRED accepts the key in {variable.variable}",
                value=variable.redact(message),
                remedy=f"check {variable.variable}; keys are at {CREDENTIAL.obtain}",
            )
        if "does not exist" in message:
            return OperatorError(
                f"FRED has the series behind {place.asked}",
                value=message,
                remedy="check the series id; it may have been discontinued",
            )
        return place.broken("is an answer and no refusal", message)


def _day_before(day: str) -> str:
    return (date.fromisoformat(day) - timedelta(days=1)).isoformat()
