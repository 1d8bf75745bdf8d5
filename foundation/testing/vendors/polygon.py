"""Polygon/Massive REST, as far as the client uses it.

Formats follow the vendor's reference (stocks: custom bars, splits, dividends, news, ticker
overview; options: chain snapshot) and the responses recorded in its Python client's tests. A daily
bar is stamped with midnight in New York, in milliseconds; pages are linked by ``next_url``, which
carries no key.
"""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from typing import Any, ClassVar
from urllib.parse import parse_qsl, urlencode

import numpy as np

from foundation.kernel import NEW_YORK
from foundation.testing.vendors.market import VendorMarket
from foundation.testing.vendors.server import Emulator, Fault, Reply, Request

REQUEST_ID = "0f00ba40f00ba40f00ba40f00ba40f00"
AGGREGATES = re.compile(r"/v2/aggs/ticker/([^/]+)/range/(\d+)/(\w+)/([^/]+)/([^/]+)")
KINDS = {"AAA": "CS", "BBB": "CS", "CCC": "ETF"}


def midnight_ms(day: date) -> int:
    """Return the start of a date in New York, in milliseconds since 1970 UTC."""
    return int(datetime.combine(day, time(0), tzinfo=NEW_YORK).timestamp() * 1000)


class PolygonEmulator(Emulator):
    """The REST service on this machine.

    Parameters
    ----------
    market : VendorMarket
    *faults : Fault
    page_size : int
        No page holds more rows, whatever limit is asked for.
    """

    key: ClassVar[str] = "emulated-polygon-key"

    def __init__(self, market: VendorMarket, *faults: Fault, page_size: int = 50_000) -> None:
        super().__init__(*faults)
        self.market, self.page_size = market, page_size

    def reply(self, request: Request) -> Reply:
        bearer = request.headers.get("Authorization", "").removeprefix("Bearer ")
        given = bearer or request.query.get("apiKey", "")
        if not given:
            return _error(401, "API Key was not provided")
        if given != self.key:
            return _error(401, "Unknown API Key")
        if found := AGGREGATES.fullmatch(request.path):
            return self._aggregates(request, *found.groups())
        query = request.query
        if "cursor" in query:
            query = dict(parse_qsl(_decode(query["cursor"])))
        if request.path.startswith("/v3/reference/tickers/"):
            return self._overview(request.path.rpartition("/")[2])
        lists = {
            "/v3/reference/splits": self._splits,
            "/v3/reference/dividends": self._dividends,
            "/v2/reference/news": self._news,
        }
        if request.path in lists:
            return self._page(request.path, query, lists[request.path](query))
        if request.path.startswith("/v3/snapshot/options/"):
            symbol = request.path.rpartition("/")[2]
            return self._page(request.path, query, self._chain(symbol))
        return Reply("404 page not found", 404, {"Content-Type": "text/plain"})

    def _page(self, path: str, query: dict[str, str], rows: list[dict[str, Any]]) -> Reply:
        """Return one page of a list; its cursor holds the query and where to go on."""
        begin = int(query.get("ap", "0"))
        size = min(int(query.get("limit", "10")), self.page_size)
        payload: dict[str, Any] = {
            "results": rows[begin : begin + size],
            "status": "OK",
            "request_id": REQUEST_ID,
        }
        if begin + size < len(rows):
            cursor = _encode(urlencode(query | {"ap": str(begin + size)}))
            payload["next_url"] = f"{self.url}{path}?cursor={cursor}"
        return Reply(payload)

    def _aggregates(
        self, request: Request, symbol: str, multiple: str, span: str, begin: str, end: str
    ) -> Reply:
        query = request.query
        if "cursor" in query:
            query = dict(parse_qsl(_decode(query["cursor"])))
        if multiple != "1" or span not in ("day", "hour", "minute"):
            return _error(400, f"the emulator has no bars of {multiple} {span}")
        adjusted = query.get("adjusted", "true") != "false"
        first, last = _moment(begin), _moment(end)
        if span == "day":
            rows = self._rows(symbol, adjusted)
        else:
            rows = list(self._intervals(symbol, span, first, last))
        rows = [row for row in rows if first <= row["t"] <= last]
        size = min(int(query.get("limit", "5000")), self.page_size)
        page, rest = rows[:size], rows[size:]
        payload: dict[str, Any] = {
            "ticker": symbol,
            "queryCount": len(page),
            "resultsCount": len(page),
            "adjusted": adjusted,
            "status": "OK",
            "request_id": REQUEST_ID,
        }
        if page:
            payload |= {"results": page, "count": len(page)}
        if rest:
            cursor = _encode(urlencode({k: v for k, v in query.items() if k != "apiKey"}))
            payload["next_url"] = (
                f"{self.url}/v2/aggs/ticker/{symbol}/range/1/{span}/{rest[0]['t']}/{end}"
                f"?cursor={cursor}"
            )
        return Reply(payload)

    def _rows(self, symbol: str, adjusted: bool) -> list[dict[str, Any]]:
        """Return bars as the vendor has them: adjusted ones for every split up to today."""
        if symbol not in self.market.bars:
            return []
        days = self.market.sessions
        values = self.market.bars[symbol]
        if adjusted and days:
            values = self.market.adjusted(symbol, days[-1])
        return [
            {
                "v": volume,
                "vw": round((high + low + close) / 3, 4),
                "o": opened,
                "c": close,
                "h": high,
                "l": low,
                "t": midnight_ms(day),
                "n": int(volume // 120),
            }
            for day, (opened, high, low, close, volume) in zip(days, values.tolist(), strict=True)
        ]

    def _intervals(self, symbol: str, span: str, first: int, last: int) -> Iterator[dict[str, Any]]:
        """Yield minute or hour bars, as traded, stamped with their beginning.

        Each session has one minute before the open and one after the close. The bar of the hour
        from nine holds what was traded from half past on.
        """
        length = 60_000 if span == "minute" else 3_600_000
        for day in self.market.sessions if symbol in self.market.bars else ():
            midnight = midnight_ms(day)
            if not first - 86_400_000 < midnight <= last:
                continue
            values = self.market.minutes(symbol, day)
            opens = int(datetime.combine(day, time(9, 30), tzinfo=NEW_YORK).timestamp() * 1000)
            stamps = opens + 60_000 * np.arange(len(values))
            values = np.vstack([values[:1], values, values[-1:]])
            stamps = np.concatenate([[opens - 600_000], stamps, [stamps[-1] + 600_000]])
            values[[0, -1], 4] = 100
            begun = stamps - stamps % length
            if span == "hour":  # Regular trading alone: this vendor mixes no parts of a day.
                values, begun = values[1:-1], begun[1:-1]
            for stamp in np.unique(begun):
                own = values[begun == stamp]
                yield {
                    "v": float(own[:, 4].sum()),
                    "vw": round(float(own[:, 3].mean()), 4),
                    "o": float(own[0, 0]),
                    "c": float(own[-1, 3]),
                    "h": float(own[:, 1].max()),
                    "l": float(own[:, 2].min()),
                    "t": int(stamp),
                    "n": len(own) * 3,
                }

    def _overview(self, symbol: str) -> Reply:
        if symbol not in self.market.bars:
            return Reply(
                {"status": "NOT_FOUND", "request_id": REQUEST_ID, "message": "Ticker not found."},
                404,
            )
        return Reply(
            {
                "results": {
                    "ticker": symbol,
                    "name": f"Example {symbol} Inc.",
                    "market": "stocks",
                    "locale": "us",
                    "primary_exchange": "XNAS",
                    "type": KINDS.get(symbol, "CS"),
                    "active": True,
                    "currency_name": "usd",
                    "list_date": "1980-12-12",
                },
                "status": "OK",
                "request_id": REQUEST_ID,
            }
        )

    def _splits(self, query: dict[str, str]) -> list[dict[str, Any]]:
        rows = [
            {
                "execution_date": split.day.isoformat(),
                "id": f"S{at}",
                "split_from": split.before,
                "split_to": split.after,
                "ticker": split.symbol,
            }
            for at, split in enumerate(self.market.splits)
        ]
        return _filtered(rows, query, "execution_date")

    def _dividends(self, query: dict[str, str]) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = []
        for at, dividend in enumerate(self.market.dividends):
            row = {
                "cash_amount": dividend.amount,
                "currency": "USD",
                "dividend_type": "CD",
                "ex_dividend_date": dividend.ex_date.isoformat(),
                "frequency": 4,
                "id": f"D{at}",
                "pay_date": dividend.paid.isoformat(),
                "record_date": dividend.ex_date.isoformat(),
                "ticker": dividend.symbol,
            }
            if dividend.declared:
                row["declaration_date"] = dividend.declared.isoformat()
            rows.append(row)
        return _filtered(rows, query, "ex_dividend_date")

    def _news(self, query: dict[str, str]) -> list[dict[str, Any]]:
        rows = []
        for at, article in enumerate(self.market.articles):
            published = article.published.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
            rows.append(
                {
                    "id": f"N{at}",
                    "publisher": {"name": article.publisher, "homepage_url": "https://example.com"},
                    "title": article.title,
                    "author": "A. Writer",
                    "published_utc": published,
                    "article_url": f"https://example.com/{at}",
                    "tickers": list(article.symbols),
                    "description": "",
                }
            )
        return _filtered(rows, query, "published_utc")

    def _chain(self, symbol: str) -> list[dict[str, Any]]:
        """Return a chain of twelve contracts around the last close."""
        if symbol not in self.market.bars:
            return []
        day = self.market.sessions[-1]
        spot = float(self.market.bars[symbol][-1, 3])
        quoted = int(datetime.combine(day, time(15, 59), tzinfo=NEW_YORK).timestamp() * 1e9)
        rows = []
        for kind in ("call", "put"):
            for step in range(-3, 3):
                strike = round(spot * (1 + 0.05 * step))
                worth = max(0.0, (spot - strike) if kind == "call" else (strike - spot)) + 2.5
                tag = f"{kind[0].upper()}{round(strike * 1000):08d}"
                rows.append(
                    {
                        "break_even_price": strike + worth if kind == "call" else strike - worth,
                        "day": {"close": worth, "volume": 8 + step, "last_updated": quoted},
                        "details": {
                            "contract_type": kind,
                            "exercise_style": "american",
                            "expiration_date": "2019-06-21",
                            "shares_per_contract": 100,
                            "strike_price": strike,
                            "ticker": f"O:{symbol}190621{tag}",
                        },
                        "greeks": {"delta": 0.5, "gamma": 0.01, "theta": -0.02, "vega": 0.3},
                        "implied_volatility": 0.31,
                        "last_quote": {
                            "ask": worth + 0.1,
                            "ask_size": 20,
                            "bid": worth - 0.1,
                            "bid_size": 29,
                            "last_updated": quoted,
                            "midpoint": worth,
                            "timeframe": "REAL-TIME",
                        },
                        "open_interest": 800 + step,
                        "underlying_asset": {
                            "last_updated": quoted,
                            "price": spot,
                            "ticker": symbol,
                            "timeframe": "REAL-TIME",
                        },
                    }
                )
        return rows


def _filtered(
    rows: list[dict[str, Any]], query: dict[str, str], field: str
) -> list[dict[str, Any]]:
    """Apply ``ticker`` and the bounds ``<field>.gte`` and ``.lte``; newest first unless asc."""
    if symbol := query.get("ticker"):
        rows = [row for row in rows if symbol in row.get("tickers", [row.get("ticker")])]
    for bound, holds in (("gte", str.__ge__), ("lte", str.__le__)):
        if limit := query.get(f"{field}.{bound}"):
            rows = [row for row in rows if holds(row[field], limit)]
    return sorted(rows, key=lambda row: row[field], reverse=query.get("order") != "asc")


def _moment(text: str) -> int:
    """Return a bound of an aggregate request in milliseconds."""
    return int(text) if text.isdigit() else midnight_ms(date.fromisoformat(text))


def _error(status: int, message: str) -> Reply:
    said = {"status": "ERROR", "request_id": REQUEST_ID, "error": message}
    return Reply(said, status)


def _encode(text: str) -> str:
    return urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _decode(cursor: str) -> str:
    return urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
