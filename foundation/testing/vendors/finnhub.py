"""Finnhub, as far as the client uses it: company news, earnings calendar, dividends.

Formats follow the vendor's API reference. News comes newest first and no more than a fixed number
of articles a request; a 429 names the second at which the limit is lifted in
``X-Ratelimit-Reset``.
"""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar

from foundation.kernel import NEW_YORK
from foundation.testing.vendors.market import VendorMarket
from foundation.testing.vendors.server import Emulator, Fault, Reply, Request


def finnhub_limit(reset: int | None) -> Fault:
    """Answer 429 as Finnhub does. ``reset``: seconds since 1970, or not told."""
    headers = {"X-Ratelimit-Limit": "60", "X-Ratelimit-Remaining": "0"}
    if reset is not None:
        headers["X-Ratelimit-Reset"] = str(reset)
    said = {"error": "API limit reached. Please try again later. Remaining Limit: 0"}
    return Fault(lambda request, reply: Reply(said, 429, headers))


class FinnhubEmulator(Emulator):
    """The REST service on this machine.

    Parameters
    ----------
    market : VendorMarket
    *faults : Fault
    page_size : int
        Articles an answer holds at most.
    """

    key: ClassVar[str] = "emulated-finnhub-key"

    def __init__(self, market: VendorMarket, *faults: Fault, page_size: int = 200) -> None:
        super().__init__(*faults)
        self.market, self.page_size = market, page_size

    def reply(self, request: Request) -> Reply:
        given = {name.lower(): value for name, value in request.headers.items()}
        key = given.get("x-finnhub-token") or request.query.get("token", "")
        if key != self.key:
            said = "Invalid API key" if key else "Please use an API key."
            return Reply({"error": said}, 401)
        query = request.query
        symbol = query.get("symbol", "")
        first, last = (date.fromisoformat(query[name]) for name in ("from", "to"))
        if request.path == "/company-news":
            return Reply(self._news(symbol, first, last))
        if request.path == "/calendar/earnings":
            return Reply({"earningsCalendar": self._earnings(symbol, first, last)})
        if request.path == "/stock/dividend":
            return Reply(self._dividends(symbol, first, last))
        return Reply("404 page not found", 404, {"Content-Type": "text/plain"})

    def _news(self, symbol: str, first: date, last: date) -> list[dict[str, Any]]:
        rows = [
            {
                "category": "company",
                "datetime": int(article.published.timestamp()),
                "headline": article.title,
                "id": 7_000_000 + at,
                "image": "",
                "related": symbol,
                "source": article.publisher,
                "summary": "",
                "url": f"https://example.com/{at}",
            }
            for at, article in enumerate(self.market.articles)
            if symbol in article.symbols
            and first <= article.published.astimezone(NEW_YORK).date() <= last
        ]
        newest = sorted(rows, key=lambda row: row["datetime"], reverse=True)  # type: ignore[arg-type,return-value]
        return newest[: self.page_size]

    def _earnings(self, symbol: str, first: date, last: date) -> list[dict[str, Any]]:
        return [
            {
                "date": report.day.isoformat(),
                "epsActual": report.eps,
                "epsEstimate": report.estimate,
                "hour": report.hour,
                "quarter": report.quarter,
                "revenueActual": 52_896_000_000,
                "revenueEstimate": None,
                "symbol": report.symbol,
                "year": report.year,
            }
            for report in sorted(self.market.earnings, key=lambda e: e.day, reverse=True)
            if report.symbol == symbol and first <= report.day <= last
        ]

    def _dividends(self, symbol: str, first: date, last: date) -> list[dict[str, Any]]:
        return [
            {
                "symbol": symbol,
                "date": dividend.ex_date.isoformat(),
                "amount": dividend.amount,
                "adjustedAmount": dividend.amount,
                "payDate": dividend.paid.isoformat(),
                "recordDate": dividend.ex_date.isoformat(),
                "declarationDate": dividend.declared.isoformat() if dividend.declared else "",
                "currency": "USD",
                "freq": "4",
            }
            for dividend in self.market.dividends
            if dividend.symbol == symbol and first <= dividend.ex_date <= last
        ]
