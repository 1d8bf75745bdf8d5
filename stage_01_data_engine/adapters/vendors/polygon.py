"""Polygon (now Massive), REST: bars, splits, dividends, news, names and option chains.

When each value counts as known:

========= ========================================================================================
bars      at the close of their session. They are asked for as traded and adjusted here, for what
          had happened by the as-of date; the vendor's own adjustment knows later splits.
splits    at the opening of the session they take effect on
dividends at the opening of the session after their declaration; where that is not reported, at
          the opening of the ex-date
news      when published
========= ========================================================================================

Sources: the vendor's REST reference (stocks: custom bars, splits, dividends, news, ticker
overview; options: chain snapshot).
"""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Literal

import numpy as np
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
from foundation.contracts import QualityFinding
from foundation.kernel import NEW_YORK, UpstreamDataError
from foundation.kernel.model import Part
from stage_01_data_engine.adapters.actions import event_order, with_reported_fields
from stage_01_data_engine.adapters.intervals import require_aware
from stage_01_data_engine.adapters.vendors.asked import named_symbols, nothing_in_window
from stage_01_data_engine.adapters.vendors.payload import Place, Row
from stage_01_data_engine.adapters.vendors.polygon_intraday import interval_frame, path_of
from stage_01_data_engine.adapters.vendors.polygon_options import snapshot_frame
from stage_01_data_engine.adapters.vendors.polygon_reference import (
    Actions,
    news,
    overview,
    pages,
    read_dividends,
    read_splits,
)
from stage_01_data_engine.corporate_actions import (
    Adjusted,
    action_table,
    adjust,
)
from stage_01_data_engine.findings import BrokenRow, Rows, Rule
from stage_01_data_engine.knowledge import require_closed
from stage_01_data_engine.raw import MarketRequest, RawMarket, observation_frame, raw_market

if TYPE_CHECKING:
    import pandas as pd

CREDENTIAL = Credential(
    vendor="Polygon",
    variables=("POLYGON_API_KEY", "MASSIVE_API_KEY"),
    obtain="https://polygon.io/dashboard/keys",
)
AT_MIDNIGHT = Rule(
    "A daily bar of Polygon is stamped with midnight in New York",
    "ask the vendor which session the bar belongs to; it was not guessed at",
    ("date",),
    name="not-midnight",
    dimension="schema",
    why="a bar moved to another session is a look ahead or a look behind",
)


class PolygonSettings(Part):
    """What can be set about this source."""

    base_url: str = Field(
        default="https://api.polygon.io", description="The service; api.massive.com is the same."
    )
    rates: tuple[Rate, ...] = Field(
        default=(Rate(requests=5, seconds=60),),
        description="The free plan's. Paid plans have none: set ().",
    )
    retry: RetryPolicy = RetryPolicy()
    read_timeout: float = Field(default=30.0, gt=0, description="Seconds without a byte.")
    page_limit: int = Field(default=50_000, ge=1, le=50_000, description="Bars a page.")
    adjustment: Literal["splits", "splits and dividends"] = Field(
        default="splits",
        description="What earlier prices are adjusted for, as of the as-of date.",
    )
    news: bool = Field(default=True, description="Whether to ask for news.")


class PolygonSource:
    """Market data from Polygon.

    Parameters
    ----------
    connection : Connection, optional
        Keys, time, limits and cache. Default: one without keys; `story` hands over those of the
        environment (``config.environment``).
    settings : PolygonSettings, optional
    """

    name = "polygon"

    def __init__(
        self, connection: Connection | None = None, settings: PolygonSettings | None = None
    ) -> None:
        self.connection = connection or Connection()
        self.settings = settings or PolygonSettings()

    def load(self, request: MarketRequest) -> RawMarket:
        """Return what Polygon knew of the symbols at the as-of close.

        Raises
        ------
        OperatorError
            If no symbols are named, one is unknown, or the as-of session has not closed.
        DependencyError
            If no key is set, or it is refused.
        UpstreamDataError
            If an answer is not as agreed, or there is no bar in the window.
        WorldError
            If Polygon cannot be reached after all tries.
        """
        import pandas as pd

        symbols = named_symbols(request, "Polygon lists tens of thousands")
        require_closed(request.as_of, self.connection.timekeeper.now())
        with self._client() as client:
            instruments, pieces, findings, unread = [], [], [], []
            actions, articles = Actions(), []
            for symbol in self.connection.log.steps("Polygon", symbols):
                instruments.append(overview(client, symbol, request.as_of))
                bars, found, aside = self._bars(client, symbol, request)
                pieces.append(bars)
                findings += found
                unread += aside
                read_splits(client, symbol, request.sessions[0], request.as_of, actions)
                read_dividends(client, symbol, request, actions)
                if self.settings.news:
                    articles += news(client, symbol, request)
            events = [*actions.events, *articles]
        bars = pd.concat(pieces, ignore_index=True)
        if bars.empty and not findings:
            raise nothing_in_window("Polygon", symbols, request)
        adjusted, doubts = self._adjusted(bars, actions, request.as_of)
        return raw_market(
            request,
            name=self.name,
            bars=adjusted,
            observations=observation_frame([]),
            events=tuple(sorted(events, key=event_order)),
            instruments=tuple(with_reported_fields(i, bars) for i in instruments),
            findings=(*findings, *doubts),
            unread=tuple(unread),
            licence="Polygon/Massive market data terms; not for redistribution",
            note=f"Bars as traded, adjusted here for {self.settings.adjustment} up to the as-of "
            "date. Names are asked for one by one: whether delisted ones are missing is not known.",
        )

    def interval_bars(
        self, symbol: str, seconds: int, first: datetime, last: datetime
    ) -> pd.DataFrame:
        """Return bars shorter than a day; see ``intervals.IntervalSource``.

        As traded, adjusted here for the splits up to the date of ``last``.

        Raises
        ------
        OperatorError
            If the bounds carry no zone or a bar no time.
        DependencyError, UpstreamDataError, WorldError
            As in ``load``.
        """
        require_aware(first, last, seconds)
        place = Place("Polygon", f"the {seconds}-second bars of {symbol}")
        asked = {"adjusted": "false", "sort": "asc", "limit": self.settings.page_limit}
        begin, end = (moment.astimezone(NEW_YORK).date() for moment in (first, last))
        actions = Actions()
        with self._client(self.connection.freshness_of(last)) as client:
            told = pages(client, path_of(symbol, seconds, first, last), asked, place)
            bars = interval_frame(symbol, seconds, told, place)
            read_splits(client, symbol, begin, end, actions)
        return adjust(bars, action_table(actions.splits), end).bars.drop(columns="session")

    def option_snapshot(self, symbol: str) -> pd.DataFrame:
        """Return the chain of an underlying as it is quoted now; see ``SnapshotSource``.

        A snapshot has no past: it is known when it is fetched, and no as-of date can be asked
        for. ``option_snapshots.keep_snapshot`` keeps it, so that it will have one.

        Raises
        ------
        DependencyError, UpstreamDataError, WorldError
            As in ``load``.
        """
        # A kept answer would be an older chain, taken for one of this moment.
        with self._client(Freshness(0.0)) as client:
            place = Place("Polygon", f"the option chain of {symbol}")
            rows = [
                row
                for page in pages(client, f"/v3/snapshot/options/{symbol}", {"limit": 250}, place)
                for row in place.rows(page, "results", absent_means_none=True)
            ]
        if not rows:
            raise UpstreamDataError(
                "Polygon quotes options on the underlying",
                value=symbol,
                remedy="check the symbol, and whether your plan covers options",
            )
        return snapshot_frame(rows, symbol, place, self.connection.timekeeper.now())

    def _client(self, freshness: Freshness | None = None) -> HttpClient:
        policy = VendorPolicy(
            vendor="Polygon",
            base_url=self.settings.base_url,
            rates=self.settings.rates,
            retry=self.settings.retry,
            read_timeout=self.settings.read_timeout,
            key_in="bearer",
        )
        return self.connection.client(policy, CREDENTIAL, freshness)

    def _bars(
        self, client: HttpClient, symbol: str, request: MarketRequest
    ) -> tuple[pd.DataFrame, list[QualityFinding], list[BrokenRow]]:
        """Return the bars of a symbol as traded, and what could not be read."""
        first, last = request.sessions[0].isoformat(), request.as_of.isoformat()
        place = Place("Polygon", f"the bars of {symbol}")
        path = f"/v2/aggs/ticker/{symbol}/range/1/day/{first}/{last}"
        asked = {"adjusted": "false", "sort": "asc", "limit": self.settings.page_limit}
        rows: list[Row] = []
        for page in pages(client, path, asked, place):
            if page.get("adjusted") is not False:
                raise place.broken("is not adjusted, as asked", page.get("adjusted"))
            count = page.get("resultsCount")
            found = place.rows(page, "results", absent_means_none=count == 0)
            rows += found
        return _bar_frame(symbol, rows, place)

    def _adjusted(self, bars: pd.DataFrame, actions: Actions, as_of: date) -> Adjusted:
        return adjust(
            bars,
            action_table(actions.splits, actions.dividends),
            as_of,
            dividends=self.settings.adjustment == "splits and dividends",
        )


def _bar_frame(
    symbol: str, rows: list[Row], place: Place
) -> tuple[pd.DataFrame, list[QualityFinding], list[BrokenRow]]:
    """Return rows as bars; those not stamped with midnight in New York are set aside."""
    import pandas as pd

    named = {"open": "o", "high": "h", "low": "l", "close": "c", "volume": "v"}
    values = {
        name: place.numbers(rows, letter, optional=name == "volume")
        for name, letter in named.items()
    }
    stamps = place.numbers(rows, "t")
    if not (np.abs(stamps) < 4e12).all():
        raise place.broken("has milliseconds in 't'", rows[int(np.argmax(~(stamps < 4e12)))])
    moments = pd.to_datetime(stamps.astype(np.int64), unit="ms", utc=True)
    local = moments.tz_convert("America/New_York").tz_localize(None)
    good = np.asarray(local == local.normalize())
    if len(rows) and not good.any():
        raise place.broken("stamps daily bars with midnight in New York", str(moments[0]))
    location = np.array([f"aggs/{symbol}:{n}" for n in range(1, len(rows) + 1)], dtype=object)
    days = local.normalize()
    about = Rows(np.full(len(rows), symbol, dtype=object), _dates(days), location)
    aside = np.flatnonzero(~good)
    findings = about.report(AT_MIDNIGHT, aside, lambda row: f"{moments[row]}", limit=25)
    frame = pd.DataFrame(
        {"symbol": symbol, "session": days.astype("M8[ns]"), **values, "location": location}
    ).astype({"symbol": object})
    return frame[good].reset_index(drop=True), findings, about.verdicts(AT_MIDNIGHT, aside)


def _dates(days: pd.DatetimeIndex) -> np.ndarray:
    return np.asarray(days.to_numpy().astype("M8[D]"))
