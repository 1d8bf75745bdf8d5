"""Nasdaq Data Link, as far as the client uses it: tables and time series.

Formats follow the vendor's documentation and the fixtures of its Python client: a table answers
``{"datatable": {"data", "columns"}, "meta": {"next_cursor_id"}}``, a time series
``{"dataset": {"column_names", "data", ...}}``, an error ``{"quandl_error": {"code", "message"}}``.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import date
from typing import Any, ClassVar

from foundation.testing.vendors.market import VendorMarket
from foundation.testing.vendors.server import Emulator, Fault, Reply, Request

COLUMNS = (
    ("ticker", "String"), ("date", "Date"), ("open", "BigDecimal(19,6)"),
    ("high", "BigDecimal(19,6)"), ("low", "BigDecimal(19,6)"), ("close", "BigDecimal(19,6)"),
    ("volume", "BigDecimal(21,2)"), ("dividend", "BigDecimal(19,6)"),
    ("split", "BigDecimal(19,6)"), ("adj_close", "BigDecimal(19,6)"),
)  # fmt: skip
TITLES = ("Date", "Open", "High", "Low", "Close", "Volume", "Dividend", "Split", "Adj_Close")


def call_limit(retry_after: str | None = None) -> Fault:
    """Answer 429 as this vendor does."""
    headers = {} if retry_after is None else {"Retry-After": retry_after}
    said = {
        "quandl_error": {
            "code": "QELx04",
            "message": "You have exceeded the API speed limit of 2000 calls per 10 minutes.",
        }
    }
    return Fault(lambda request, reply: Reply(said, 429, headers))


class NasdaqDataLinkEmulator(Emulator):
    """The REST service on this machine.

    Parameters
    ----------
    market : VendorMarket
    *faults : Fault
    page_size : int
        Rows a page of a table holds at most.
    """

    key: ClassVar[str] = "emulated-data-link-key"

    def __init__(self, market: VendorMarket, *faults: Fault, page_size: int = 10_000) -> None:
        super().__init__(*faults)
        self.market, self.page_size = market, page_size

    def reply(self, request: Request) -> Reply:
        given = {name.lower(): value for name, value in request.headers.items()}
        key = given.get("x-api-token") or request.query.get("api_key", "")
        if key != self.key:
            return _error(400, "QEAx01", "We could not recognize your API key.")
        _, _, rest = request.path.partition("/datatables/")
        if rest == "QUOTEMEDIA/PRICES.json":
            return self._table(request.query)
        database, _, code = request.path.partition("/datasets/")[2].partition("/")
        code = code.removesuffix(".json")
        if database == "EOD" and code in self.market.bars:
            return self._dataset(code, request.query)
        if database == "LOCKED":
            return _error(403, "QEPx04", "You do not have permission to view this dataset.")
        return _error(404, "QECx02", "You have submitted an incorrect Quandl code.")

    def _table(self, query: dict[str, str]) -> Reply:
        if query.get("date.gte", "") > query.get("date.lte", "9"):
            return _error(422, "QESx04", "You cannot use date.gte after date.lte.")
        rows = [
            [symbol, *row]
            for symbol in self.market.bars
            if symbol == query.get("ticker", symbol)
            for row in self._rows(symbol)
            if query.get("date.gte", "") <= row[0] <= query.get("date.lte", "9")
        ]
        size = min(int(query.get("qopts.per_page", self.page_size)), self.page_size)
        cursor = query.get("qopts.cursor_id")
        begin = 0 if cursor is None else _decode(cursor)
        if begin is None:
            return _error(422, "QESx06", "The cursor you have submitted is invalid.")
        following = begin + size if begin + size < len(rows) else None
        chosen = [name for name, _ in COLUMNS]
        if "qopts.columns" in query:
            chosen = query["qopts.columns"].split(",")
        at = [[name for name, _ in COLUMNS].index(name) for name in chosen]
        return Reply(
            {
                "datatable": {
                    "data": [[row[i] for i in at] for row in rows[begin : begin + size]],
                    "columns": [{"name": COLUMNS[i][0], "type": COLUMNS[i][1]} for i in at],
                },
                "meta": {"next_cursor_id": None if following is None else _encode(following)},
            }
        )

    def _dataset(self, symbol: str, query: dict[str, str]) -> Reply:
        first, last = query.get("start_date", ""), query.get("end_date", "9")
        rows = [row for row in self._rows(symbol) if first <= row[0] <= last]
        return self._series("EOD", symbol, list(TITLES), rows, query)

    def _series(
        self,
        database: str,
        code: str,
        names: list[str],
        rows: list[list[Any]],
        query: dict[str, str],
    ) -> Reply:
        return Reply(
            {
                "dataset": {
                    "id": 42_635_437,
                    "dataset_code": code,
                    "database_code": database,
                    "name": f"Example {code}",
                    "column_names": names,
                    "frequency": "daily",
                    "type": "Time Series",
                    "start_date": query.get("start_date"),
                    "end_date": query.get("end_date"),
                    "data": rows if query.get("order") == "asc" else rows[::-1],
                    "collapse": None,
                    "order": query.get("order"),
                }
            }
        )

    def _rows(self, symbol: str) -> list[list[Any]]:
        """Return bars as traded, with the dividend and the split of their day."""
        market = self.market
        paid: dict[date, float] = {d.ex_date: d.amount for d in market.dividends
                                   if d.symbol == symbol}  # fmt: skip
        ratio = {s.day: s.after / s.before for s in market.splits if s.symbol == symbol}
        return [
            [day.isoformat(), *values, paid.get(day, 0.0), ratio.get(day, 1.0), values[3]]
            for day, values in zip(market.sessions, market.bars[symbol].tolist(), strict=True)
        ]


def _error(status: int, code: str, message: str) -> Reply:
    return Reply({"quandl_error": {"code": code, "message": message}}, status)


def _encode(at: int) -> str:
    return urlsafe_b64encode(f"v1_{at}".encode()).decode()


def _decode(cursor: str) -> int | None:
    """Return where a cursor goes on, or None if it is none of ours."""
    try:
        return int(urlsafe_b64decode(cursor).decode().removeprefix("v1_"))
    except ValueError:
        return None
