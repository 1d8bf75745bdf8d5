"""Finnhub: company news, earnings with their surprise, and dividends, as events.

When each counts as known:

============ ====================================================================================
news         when published
earnings     ``bmo`` (before the open): at the opening of their day. ``dmh`` (during market hours):
             at its close. ``amc`` (after the close), and where no hour is reported: at the
             opening of the session after. Reports still to come are left out: since when their
             date was known is not told.
dividends    at the opening of the session after their declaration; where that is not reported, at
             the opening of the ex-date
============ ====================================================================================

Estimates and figures are those of today: Finnhub tells no vintages. The estimate is the last one
before the report; a figure may have been restated since.

Source: the vendor's API reference (company news, earnings calendar, dividends, rate limits).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

from pydantic import Field

from foundation.connect import Connection, Credential, HttpClient, Rate, RetryPolicy, VendorPolicy
from foundation.contracts import MarketEvent, QualityFinding
from foundation.kernel import NEW_YORK
from foundation.kernel.model import Part
from foundation.market import close_of, is_session
from stage_01_data_engine.adapters.actions import dividend_event, event_order
from stage_01_data_engine.adapters.vendors.asked import named_symbols, nothing_in_window
from stage_01_data_engine.adapters.vendors.payload import Place, Row
from stage_01_data_engine.findings import Rule
from stage_01_data_engine.knowledge import known_after, opening_of, require_closed
from stage_01_data_engine.raw import MarketRequest, RawMarket, observation_frame, raw_market

CREDENTIAL = Credential(
    vendor="Finnhub",
    variables=("FINNHUB_API_KEY",),
    obtain="https://finnhub.io/dashboard",
)
HOURS = ("bmo", "amc", "dmh", "")
WHOLE_DAY = Rule(
    "Finnhub gives all the news of a day; it gives so many articles a request and no next page",
    "take the day's news as a part of it, or ask a source that pages",
    severity="warning",
    action="kept",
)


class FinnhubSettings(Part):
    """What can be set about this source."""

    base_url: str = Field(default="https://finnhub.io/api/v1", description="The service.")
    rates: tuple[Rate, ...] = Field(
        default=(Rate(requests=30, seconds=1), Rate(requests=60, seconds=60)),
        description="30 a second on every plan; 60 a minute on the free one.",
    )
    retry: RetryPolicy = RetryPolicy()
    read_timeout: float = Field(default=30.0, gt=0, description="Seconds without a byte.")
    news: bool = Field(default=True, description="Whether to ask for news.")
    articles_a_request: int = Field(
        default=200,
        ge=2,
        description="An answer with as many articles counts as cut off; its window is halved.",
    )
    earnings: bool = Field(default=True, description="Whether to ask for earnings.")
    dividends: bool = Field(
        default=False, description="Whether to ask for dividends; not on the free plan."
    )


class FinnhubSource:
    """Events from Finnhub. It has no bars: join it to a source of bars with ``JoinedSource``.

    Parameters
    ----------
    connection : Connection, optional
        Keys, time, limits and cache. Default: one without keys; `story` hands over those of the
        environment (``config.environment``).
    settings : FinnhubSettings, optional
    """

    name = "finnhub"

    def __init__(
        self, connection: Connection | None = None, settings: FinnhubSettings | None = None
    ) -> None:
        self.connection = connection or Connection()
        self.settings = settings or FinnhubSettings()

    def load(self, request: MarketRequest) -> RawMarket:
        """Return the events of the symbols that were known at the as-of close.

        Raises
        ------
        OperatorError
            If no symbols are named, or the as-of session has not closed.
        DependencyError
            If no key is set, it is refused, or the plan lacks what is asked for.
        UpstreamDataError
            If an answer is not as agreed, or there is no event in the window.
        WorldError
            If Finnhub cannot be reached after all tries.
        """
        symbols = named_symbols(request, "Finnhub lists tens of thousands")
        require_closed(request.as_of, self.connection.timekeeper.now())
        events: list[MarketEvent] = []
        findings: list[QualityFinding] = []
        with self._client() as client:
            for symbol in self.connection.log.steps("Finnhub", symbols):
                if self.settings.news:
                    articles, found = self._news(client, symbol, request)
                    events += articles
                    findings += found
                if self.settings.earnings:
                    events += _earnings(client, symbol, request)
                if self.settings.dividends:
                    events += _dividends(client, symbol, request)
        known = [event for event in events if event.known_at <= close_of(request.as_of)]
        if not known:
            raise nothing_in_window(
                "Finnhub",
                symbols,
                request,
                what="an event",
                more="; the free plan has a year of news and a month of earnings",
            )
        return raw_market(
            request,
            name=self.name,
            bars=_no_bars(),
            observations=observation_frame([]),
            events=tuple(sorted(known, key=event_order)),
            instruments=(),
            findings=tuple(findings),
            licence="Finnhub terms of service; not for redistribution",
            note="Earnings and estimates as they stand today, not by vintage.",
        )

    def _client(self) -> HttpClient:
        policy = VendorPolicy(
            vendor="Finnhub",
            base_url=self.settings.base_url,
            rates=self.settings.rates,
            retry=self.settings.retry,
            read_timeout=self.settings.read_timeout,
            key_in="header",
            key_name="X-Finnhub-Token",
            reset_header="X-Ratelimit-Reset",
        )
        return self.connection.client(policy, CREDENTIAL)

    def _news(
        self, client: HttpClient, symbol: str, request: MarketRequest
    ) -> tuple[list[MarketEvent], list[QualityFinding]]:
        """Return the news of the window, each article once, and the days that may lack some."""
        first, last = request.sessions[0], request.as_of
        place = Place("Finnhub", f"the news of {symbol}")
        found: dict[int, MarketEvent] = {}
        findings = []
        for begin, end, rows in self._windows(client, symbol, first, last, place):
            for row in rows:
                published = _epoch(place, row)
                found[int(place.number(row, "id"))] = MarketEvent(
                    kind="news",
                    name="news",
                    symbol=symbol,
                    event_time=published,
                    known_at=published,
                    text=place.text(row, "headline"),
                )
            # On the as-of day itself the count tells of what came after the close.
            if begin == end < request.as_of and len(rows) >= self.settings.articles_a_request:
                shown = f"{len(rows)} articles on {begin.isoformat()}"
                findings.append(WHOLE_DAY.finding(symbol, shown))
        opened = opening_of(first)
        return [event for event in found.values() if event.known_at >= opened], findings

    def _windows(
        self, client: HttpClient, symbol: str, first: date, last: date, place: Place
    ) -> Iterator[tuple[date, date, list[Row]]]:
        """Yield the articles of windows narrow enough to be given whole, newest window first."""
        asked = {"symbol": symbol, "from": first.isoformat(), "to": last.isoformat()}
        rows = _rows(place, client.json("company-news", asked))
        if len(rows) < self.settings.articles_a_request or first == last:
            yield first, last, rows
            return
        middle = first + (last - first) // 2
        yield from self._windows(client, symbol, middle + timedelta(days=1), last, place)
        yield from self._windows(client, symbol, first, middle, place)


def _rows(place: Place, payload: Any) -> list[Row]:
    """Return a payload that is a list of objects."""
    return place.rows({"the answer": payload}, "the answer")


def _epoch(place: Place, row: Row) -> datetime:
    """Return the field ``datetime``, seconds since 1970."""
    seconds = place.number(row, "datetime")
    if not 0 < seconds < 4_102_444_800:  # The year 2100: milliseconds would lie beyond it.
        raise place.broken("has seconds since 1970 in 'datetime'", seconds)
    return datetime.fromtimestamp(seconds, tz=UTC).astimezone(NEW_YORK)


def _optional_number(place: Place, row: Row, field: str) -> float | None:
    if field not in row:
        raise place.broken(f"has the field {field!r}", sorted(row))
    return None if row[field] is None else place.number(row, field)


def earnings_moments(day: date, hour: str) -> tuple[datetime, datetime]:
    """Return when a report came out and from when it counts as known.

    Parameters
    ----------
    day : date
        The day of the report; need not be a session.
    hour : {"bmo", "dmh", "amc", ""}
        Before the open, during market hours, after the close, or not reported.
    """
    if not is_session(day) or hour == "":
        known = known_after(day)
        return known, known
    if hour == "bmo":
        return opening_of(day), opening_of(day)
    closed = close_of(day)
    return closed, closed if hour == "dmh" else known_after(day)


def _earnings(client: HttpClient, symbol: str, request: MarketRequest) -> list[MarketEvent]:
    """Return the reports of the window, each once, beside the quarter before."""
    place = Place("Finnhub", f"the earnings of {symbol}")
    asked = {
        "symbol": symbol,
        # A quarter more, for the figure before the first report of the window.
        "from": (request.sessions[0] - timedelta(days=120)).isoformat(),
        "to": request.as_of.isoformat(),
    }
    told: dict[tuple[date, float, float], Row] = {}
    for row in place.rows(client.json("calendar/earnings", asked), "earningsCalendar"):
        day = place.day(row, "date")
        hour = row.get("hour")
        if hour not in HOURS:
            raise place.broken("has bmo, amc, dmh or nothing in 'hour'", row)
        told[day, place.number(row, "year"), place.number(row, "quarter")] = row
    events = []
    before: float | None = None
    for (day, year, quarter), row in sorted(told.items(), key=lambda item: item[0]):
        actual = _optional_number(place, row, "epsActual")
        expected = _optional_number(place, row, "epsEstimate")
        happened, known = earnings_moments(day, row["hour"])
        if actual is not None and day >= request.sessions[0]:
            events.append(
                MarketEvent(
                    kind="earnings",
                    name="earnings per share",
                    symbol=symbol,
                    event_time=happened,
                    known_at=known,
                    actual=actual,
                    expected=expected,
                    previous=before,
                    unit="US dollars a share",
                    text=f"Quarter {quarter:.0f} of {year:.0f}",
                )
            )
        before = actual if actual is not None else before
    return events


def _dividends(client: HttpClient, symbol: str, request: MarketRequest) -> list[MarketEvent]:
    """Return the cash dividends of the window, and those to come that were declared in it."""
    place = Place("Finnhub", f"the dividends of {symbol}")
    asked = {
        "symbol": symbol,
        "from": request.sessions[0].isoformat(),
        # Dividends are declared weeks, sometimes months, before their ex-date.
        "to": (request.as_of + timedelta(days=184)).isoformat(),
    }
    found: dict[tuple[date, float], date | None] = {}
    for row in _rows(place, client.json("stock/dividend", asked)):
        ex_date, amount = place.day(row, "date"), place.number(row, "amount")
        found[ex_date, amount] = place.optional_day(row, "declarationDate")
    return [
        dividend_event(symbol, ex_date, amount, declared)
        for (ex_date, amount), declared in sorted(found.items(), key=lambda item: item[0])
        if is_session(ex_date)
    ]


def _no_bars() -> Any:
    import pandas as pd

    return pd.DataFrame(
        {
            "symbol": pd.Series(dtype=object),
            "session": pd.Series(dtype="M8[ns]"),
            **{f: pd.Series(dtype=float) for f in ("open", "high", "low", "close", "volume")},
            "location": pd.Series(dtype=object),
        }
    )
