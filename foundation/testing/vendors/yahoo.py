"""Yahoo Finance, as far as yfinance asks for it: the chart of a symbol.

The shape follows what public clients record. Prices, volume and dividends are in the terms of
today's shares, prices in single precision; a daily bar is stamped with the opening of its session,
in seconds. An unknown symbol is 404 with an error object.
"""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any

import numpy as np

from foundation.kernel import NEW_YORK
from foundation.testing.vendors.market import VendorMarket
from foundation.testing.vendors.server import Emulator, Fault, Reply, Request

CHART = "/v8/finance/chart/"
RANGES = ["1d", "5d", "1mo", "3mo", "6mo", "1y", "2y", "5y", "10y", "ytd", "max"]


class YahooEmulator(Emulator):
    """The chart service on this machine.

    Parameters
    ----------
    market : VendorMarket
    *faults : Fault
    """

    def __init__(self, market: VendorMarket, *faults: Fault) -> None:
        super().__init__(*faults)
        self.market = market

    def reply(self, request: Request) -> Reply:
        if request.path.endswith("/getcrumb"):
            return Reply("emulated-crumb", headers={"Content-Type": "text/plain"})
        if not request.path.startswith(CHART):
            return Reply("<html>nothing here</html>", 404, {"Content-Type": "text/html"})
        symbol = request.path.removeprefix(CHART)
        if symbol not in self.market.bars:
            return Reply(
                {
                    "chart": {
                        "result": None,
                        "error": {
                            "code": "Not Found",
                            "description": "No data found, symbol may be delisted",
                        },
                    }
                },
                404,
            )
        begin = int(request.query.get("period1", "0"))
        end = int(request.query.get("period2", "99999999999"))
        return Reply({"chart": {"result": [self._chart(symbol, begin, end)], "error": None}})

    def _chart(self, symbol: str, begin: int, end: int) -> dict[str, Any]:
        market = self.market
        stamps = [opening_stamp(day) for day in market.sessions]
        kept = [at for at, stamp in enumerate(stamps) if begin <= stamp < end]
        values = np.array([self._today(symbol, at) for at in kept]).reshape(-1, 5)
        prices = np.float32(values[:, :4]).astype(float)
        quote = {
            name: prices[:, at].tolist() for at, name in enumerate(("open", "high", "low", "close"))
        }
        quote["volume"] = [int(volume) for volume in values[:, 4]]
        events: dict[str, Any] = {}
        dividends = {
            str(opening_stamp(d.ex_date)): {
                "amount": round(d.amount / self._later(symbol, d.ex_date), 6),
                "date": opening_stamp(d.ex_date),
            }
            for d in market.dividends
            if d.symbol == symbol and begin <= opening_stamp(d.ex_date) < end
        }
        splits = {
            str(opening_stamp(s.day)): {
                "date": opening_stamp(s.day),
                "numerator": float(s.after),
                "denominator": float(s.before),
                "splitRatio": f"{s.after:g}:{s.before:g}",
            }
            for s in market.splits
            if s.symbol == symbol and begin <= opening_stamp(s.day) < end
        }
        events |= {"dividends": dividends} if dividends else {}
        events |= {"splits": splits} if splits else {}
        made: dict[str, Any] = {
            "meta": {
                "currency": "USD",
                "symbol": symbol,
                "exchangeName": "NMS",
                "fullExchangeName": "NasdaqGS",
                "instrumentType": "EQUITY",
                "firstTradeDate": stamps[0],
                "regularMarketTime": stamps[-1] + 23_400,
                "gmtoffset": -18_000,
                "timezone": "EST",
                "exchangeTimezoneName": "America/New_York",
                "regularMarketPrice": 1.0,
                "longName": f"Example {symbol} Inc.",
                "shortName": symbol,
                "priceHint": 2,
                "dataGranularity": "1d",
                "range": "",
                "validRanges": RANGES,
            },
            "timestamp": [stamps[at] for at in kept],
            "indicators": {"quote": [quote], "adjclose": [{"adjclose": list(quote["close"])}]},
        }
        return made | ({"events": events} if events else {})

    def _later(self, symbol: str, day: date) -> float:
        """Return the product of the splits of a symbol after a day."""
        ratio = 1.0
        for split in self.market.splits:
            if split.symbol == symbol and split.day > day:
                ratio *= split.after / split.before
        return ratio

    def _today(self, symbol: str, at: int) -> list[float]:
        """Return a bar in the terms of today's shares."""
        ratio = self._later(symbol, self.market.sessions[at])
        *prices, volume = self.market.bars[symbol][at].tolist()
        return [*(price / ratio for price in prices), round(volume * ratio)]


def opening_stamp(day: date) -> int:
    """Return the opening of a session, in seconds since 1970 UTC."""
    return int(datetime.combine(day, time(9, 30), tzinfo=NEW_YORK).timestamp())
