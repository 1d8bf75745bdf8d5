"""Nasdaq Data Link (formerly Quandl): bars as traded, splits and dividends.

Two ways lead to the same kind of data, and ``bars`` of the settings names one of them:

``QUOTEMEDIA/PRICES``, ``WIKI/PRICES`` (a table)
    ``/datatables/{code}.json``: one table of all tickers, in pages linked by ``next_cursor_id``.
``EOD/{symbol}``, ``WIKI/{symbol}`` (a time series for each symbol)
    ``/datasets/{code}.json``: column names and rows.

Both hold bars as traded, the cash dividend of an ex-date and the ratio of a split beside them. They
are adjusted here for what had happened by the as-of date; the vendor's adjusted columns know later
splits and are left unread.

========= ========================================================================================
bars      known at the close of their session
splits    at the opening of the session they take effect on
dividends at the opening of the ex-date; declarations are not reported
========= ========================================================================================

Market-wide series of this vendor are not read: it tells neither when a value was published nor what
stood there before a revision. ``FredSource`` has vintages.

Source: the vendor's documentation (tables API, time-series API, error codes).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from foundation.connect import (
    Answer,
    Connection,
    Credential,
    HttpClient,
    Rate,
    RetryPolicy,
    VendorPolicy,
)
from foundation.contracts import Instrument, MarketEvent
from foundation.kernel import DependencyError, OperatorError, UpstreamDataError
from foundation.kernel.model import Part
from stage_01_data_engine.adapters.actions import (
    dividend_event,
    event_order,
    session_column,
    split_event,
    with_reported_fields,
)
from stage_01_data_engine.adapters.vendors.asked import named_symbols, nothing_in_window
from stage_01_data_engine.adapters.vendors.payload import Place, Row
from stage_01_data_engine.corporate_actions import (
    CashDividend,
    SplitOn,
    action_table,
    adjust,
)
from stage_01_data_engine.knowledge import require_closed
from stage_01_data_engine.raw import MarketRequest, RawMarket, observation_frame, raw_market

if TYPE_CHECKING:
    import pandas as pd

CREDENTIAL = Credential(
    vendor="Nasdaq Data Link",
    variables=("NASDAQ_DATA_LINK_API_KEY", "QUANDL_API_KEY"),
    obtain="https://data.nasdaq.com/account/profile",
)
PRICE_COLUMNS = ("open", "high", "low", "close", "volume")
DIVIDEND, SPLIT = ("dividend", "exdividend"), ("split", "splitratio")
SYMBOL = re.compile(r"[A-Za-z0-9._-]+")
CODE = re.compile(r"[A-Z0-9_]+/(\{symbol\}|[A-Z0-9_.]+)")


class NasdaqDataLinkSettings(Part):
    """What can be set about this source."""

    base_url: str = Field(default="https://data.nasdaq.com/api/v3", description="The service.")
    rates: tuple[Rate, ...] = Field(
        default=(Rate(requests=300, seconds=10), Rate(requests=2_000, seconds=600)),
        description="The limits of a registered user.",
    )
    retry: RetryPolicy = RetryPolicy()
    read_timeout: float = Field(default=30.0, gt=0, description="Seconds without a byte.")
    bars: str = Field(
        default="QUOTEMEDIA/PRICES",
        pattern=CODE.pattern,
        description="A table of all tickers, or the code of a time series with {symbol} in it.",
    )
    page_limit: int = Field(default=10_000, ge=1, le=10_000, description="Rows a page of a table.")
    adjustment: Literal["splits", "splits and dividends"] = Field(
        default="splits",
        description="What earlier prices are adjusted for, as of the as-of date.",
    )

    @property
    def is_table(self) -> bool:
        return "{symbol}" not in self.bars


class NasdaqDataLinkSource:
    """Market data from Nasdaq Data Link.

    Parameters
    ----------
    connection : Connection, optional
        Keys, time, limits and cache. Default: one without keys; `story` hands over those of the
        environment (``config.environment``).
    settings : NasdaqDataLinkSettings, optional
    """

    name = "nasdaq-data-link"

    def __init__(
        self, connection: Connection | None = None, settings: NasdaqDataLinkSettings | None = None
    ) -> None:
        self.connection = connection or Connection()
        self.settings = settings or NasdaqDataLinkSettings()

    def load(self, request: MarketRequest) -> RawMarket:
        """Return what the database knew of the symbols at the as-of close.

        Raises
        ------
        OperatorError
            If no symbols are named, one is unknown, or the as-of session has not closed.
        DependencyError
            If no key is set, it is refused, or the plan lacks the database.
        UpstreamDataError
            If an answer is not as agreed, or there is no bar in the window.
        WorldError
            If the service cannot be reached after all tries, or the day's calls are used up.
        """
        import pandas as pd

        symbols = named_symbols(request, "the database lists thousands")
        require_closed(request.as_of, self.connection.timekeeper.now())
        with self._client() as client:
            steps = self.connection.log.steps("Nasdaq Data Link", symbols)
            rows = {symbol: self._rows(client, symbol, request) for symbol in steps}
            self._require_rows(client, rows, request)
        bars = pd.concat([_bars(s, told, self._place(s)) for s, told in rows.items()])
        bars = bars.reset_index(drop=True)
        splits: list[SplitOn] = []
        dividends: list[CashDividend] = []
        for symbol, told in rows.items():
            _read_actions(symbol, told, self._place(symbol), splits, dividends)
        adjusted, findings = adjust(
            bars,
            action_table(splits, dividends),
            request.as_of,
            dividends=self.settings.adjustment == "splits and dividends",
        )
        first = request.sessions[0]
        events: list[MarketEvent] = [split_event(s) for s in splits if s.day > first]
        events += [dividend_event(d.symbol, d.ex_date, d.amount) for d in dividends]
        return raw_market(
            request,
            name=self.name,
            bars=adjusted,
            observations=observation_frame([]),
            events=tuple(sorted(events, key=event_order)),
            instruments=tuple(
                with_reported_fields(
                    Instrument(symbol=symbol, name=symbol, kind="equity", fields=("close",)),
                    adjusted,
                )
                for symbol in symbols
            ),
            findings=findings,
            licence=f"Nasdaq Data Link, {self.settings.bars}: the publisher's terms",
            note=f"Bars as traded, adjusted here for {self.settings.adjustment} up to the as-of "
            "date. Names and kinds of instruments are not reported; each counts as an equity.",
        )

    def _place(self, symbol: str) -> Place:
        return Place("Nasdaq Data Link", f"{self.settings.bars} for {symbol}")

    def _client(self) -> HttpClient:
        policy = VendorPolicy(
            vendor="Nasdaq Data Link",
            base_url=self.settings.base_url,
            rates=self.settings.rates,
            retry=self.settings.retry,
            read_timeout=self.settings.read_timeout,
            key_in="header",
            key_name="X-Api-Token",
        )
        return self.connection.client(policy, CREDENTIAL)

    def _rows(self, client: HttpClient, symbol: str, request: MarketRequest) -> list[Row]:
        """Return a symbol's rows of the window by column name, whichever way they come."""
        first, last = request.sessions[0].isoformat(), request.as_of.isoformat()
        if self.settings.is_table:
            asked = {"ticker": symbol, "date.gte": first, "date.lte": last}
            return list(self._table(client, self.settings.bars, asked, self._place(symbol)))
        if not SYMBOL.fullmatch(symbol):
            raise OperatorError(
                "A symbol in the code of a time series is letters, digits, dots and dashes",
                value=symbol,
                remedy="write the symbol as the database lists it, e.g. AAPL or BRK.B",
            )
        code = self.settings.bars.replace("{symbol}", symbol.replace(".", "_"))
        return self._time_series(client, code, first, last, self._place(symbol))

    def _table(
        self, client: HttpClient, code: str, asked: dict[str, str], place: Place
    ) -> Iterator[Row]:
        """Yield the rows of every page of a table."""
        query: dict[str, str | int | float] = {**asked, "qopts.per_page": self.settings.page_limit}
        seen: set[str] = set()
        while True:
            answer = self._get(client, f"datatables/{code}.json", query, place)
            whole = place.mapping(answer.json())
            table = place.mapping(whole.get("datatable"))
            names = [place.text(column, "name") for column in place.rows(table, "columns")]
            yield from _named(names, table, place)
            cursor = place.mapping(whole.get("meta")).get("next_cursor_id")
            if cursor is None:
                return
            if not isinstance(cursor, str) or cursor in seen:
                raise place.broken("moves on from page to page", cursor)
            seen.add(cursor)
            query["qopts.cursor_id"] = cursor

    def _time_series(
        self, client: HttpClient, code: str, first: str, last: str, place: Place
    ) -> list[Row]:
        """Return the rows of a time series, oldest first."""
        query: dict[str, str | int | float] = {
            "start_date": first,
            "end_date": last,
            "order": "asc",
        }
        answer = self._get(client, f"datasets/{code}.json", query, place)
        series = place.mapping(place.mapping(answer.json()).get("dataset"))
        names = series.get("column_names")
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            raise place.broken("has a list of names 'column_names'", sorted(series))
        return list(_named(names, series, place))

    def _get(
        self,
        client: HttpClient,
        path: str,
        query: dict[str, str | int | float],
        place: Place,
    ) -> Answer:
        answer = client.get(path, query, accept=(200, 400, 403, 404, 422))
        if answer.status == 200:
            return answer
        told = place.mapping(place.mapping(answer.json()).get("quandl_error"))
        code, said = place.text(told, "code"), place.text(told, "message")
        raise self._refused(code, said, place)

    def _refused(
        self, code: str, said: str, place: Place
    ) -> DependencyError | OperatorError | UpstreamDataError:
        """Return the error that a refusal stands for, by the vendor's code."""
        shown = f"{code}: {said}"
        if code.startswith(("QEA", "QEP")):
            key = self.connection.credentials.secret(CREDENTIAL)
            return DependencyError(
                f"Nasdaq Data Link accepts the key in {key.variable} for {place.asked}",
                value=key.redact(shown),
                remedy=f"check {key.variable} at {CREDENTIAL.obtain}, and whether your plan "
                "covers this database",
            )
        if code.startswith("QEC"):
            return OperatorError(
                f"Nasdaq Data Link has {place.asked}",
                value=shown,
                remedy="check the code of the database and the symbol",
            )
        return place.broken("is an answer and no refusal", shown)

    def _require_rows(
        self, client: HttpClient, rows: dict[str, list[Row]], request: MarketRequest
    ) -> None:
        """Raise if a symbol is unknown (which a table answers with nothing), or none has a row."""
        for symbol, told in rows.items():
            if told or not self.settings.is_table:
                continue
            asked = {"ticker": symbol, "qopts.columns": "ticker,date"}
            if not any(self._table(client, self.settings.bars, asked, self._place(symbol))):
                raise OperatorError(
                    f"{self.settings.bars} lists the symbol",
                    value=symbol,
                    remedy="check the spelling, and whether the table covers it",
                )
        if not any(rows.values()):
            raise nothing_in_window(self.settings.bars, rows, request)


def _named(names: list[str], holder: Row, place: Place) -> Iterator[Row]:
    """Yield the rows of a list ``data`` as objects by column name."""
    data = holder.get("data")
    if not isinstance(data, list):
        raise place.broken("has a list 'data'", sorted(holder))
    if len(set(names)) != len(names) or not names:
        raise place.broken("names every column once", names)
    for cells in data:
        if not isinstance(cells, list) or len(cells) != len(names):
            raise place.broken(f"has {len(names)} cells in every row of 'data'", cells)
        yield dict(zip(names, cells, strict=True))


def _plain(row: Row) -> Row:
    """Return a row by column names in small letters, without blanks and marks."""
    return {"".join(c for c in name.lower() if c.isalnum()): cell for name, cell in row.items()}


def _bars(symbol: str, rows: list[Row], place: Place) -> pd.DataFrame:
    """Return rows as bars, as traded."""
    import pandas as pd

    plain = [_plain(row) for row in rows]
    values = {name: place.numbers(plain, name) for name in PRICE_COLUMNS}
    days = [place.day(row, "date") for row in plain]
    for row in plain:
        if "ticker" in row and row["ticker"] != symbol:
            raise place.broken(f"is about {symbol} only", row["ticker"])
    return pd.DataFrame(
        {
            "symbol": pd.Series([symbol] * len(rows), dtype=object),
            "session": session_column(days),
            **values,
            "location": pd.Series([f"{symbol}:{n}" for n in range(1, len(rows) + 1)], dtype=object),
        }
    )


def _read_actions(
    symbol: str,
    rows: list[Row],
    place: Place,
    splits: list[SplitOn],
    dividends: list[CashDividend],
) -> None:
    """Read splits and dividends from the columns beside the bars, each once."""
    plain = [_plain(row) for row in rows]
    paid, ratio = _column(plain, DIVIDEND, place), _column(plain, SPLIT, place)
    split_here: set[SplitOn] = set()
    paid_here: set[CashDividend] = set()
    for row in plain:
        if not {paid, ratio} <= set(row):  # A later page may name other columns.
            raise place.broken(f"has the columns {paid!r} and {ratio!r} on every page", sorted(row))
        day = place.day(row, "date")
        amount = 0.0 if row[paid] is None else place.number(row, paid)
        factor = 1.0 if row[ratio] is None else place.number(row, ratio)
        if not 1e-6 <= factor <= 1e6 or amount < 0:
            expected = f"has plausible, positive ratios in {ratio!r} and amounts in {paid!r}"
            raise place.broken(expected, row)
        if factor != 1.0:
            split_here.add(SplitOn(symbol, day, 1.0, factor))
        if amount > 0:
            paid_here.add(CashDividend(symbol, day, amount))
    splits += sorted(split_here)
    dividends += sorted(paid_here)


def _column(rows: list[Row], synonyms: tuple[str, ...], place: Place) -> str:
    """Return the name under which rows carry a column."""
    for name in synonyms:
        if rows and name in rows[0]:
            return name
    if rows:
        raise place.broken(f"has the column {synonyms[0]!r}", sorted(rows[0]))
    return synonyms[0]
