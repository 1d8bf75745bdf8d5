"""Vendors' answers with something wrong somewhere: what a source makes of them."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from importlib.util import find_spec
from pathlib import Path
from random import Random
from tempfile import gettempdir
from typing import Any

from foundation.connect import Answer, Connection, Credentials
from foundation.kernel import FinancialStoryError, WorldError
from foundation.testing.vendors import (
    Emulator,
    FinnhubEmulator,
    FredEmulator,
    IqfeedLevelOne,
    IqfeedLookup,
    ManualTime,
    NasdaqDataLinkEmulator,
    PolygonEmulator,
    Request,
    YahooEmulator,
    vendor_market,
)
from stage_01_data_engine import FredSource, MarketRequest, PolygonSource
from stage_01_data_engine.adapters.intervals import placed_bars
from stage_01_data_engine.adapters.vendors.finnhub import FinnhubSettings, FinnhubSource
from stage_01_data_engine.adapters.vendors.iqfeed import IqfeedSource
from stage_01_data_engine.adapters.vendors.nasdaq_data_link import (
    NasdaqDataLinkSettings,
    NasdaqDataLinkSource,
)
from stage_01_data_engine.adapters.vendors.yahoo import YahooSource
from stage_01_data_engine.adapters.vendors.yahoo_download import YfinanceDownloader

WORLD = vendor_market(date(2018, 10, 1), date(2019, 2, 15))
REQUEST = MarketRequest(date(2018, 12, 28), ("AAA",), 25)

ODD: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 10**30, -(10**30), 10**400, 1e308, float("nan"), float("inf"), 0.5,
    "", " ", "NaN", "1e5", "2018-12-28", "2018-13-45", "9999-12-31", "0001-01-01",
    "2018-12-28T16:00:00", "2018-12-28T16:00:00Z", "0001-01-01T00:00:00+23:59",
    "9999-12-31T23:59:59-23:59", "\0", "é" * 9, "\ud800", [], {}, [1], [[]], [{}], [None],
    {"a": 1}, {"results": []}, 4e12, 1.5e12, 86_400_000,
)  # fmt: skip


def disturbed(payload: Any, draw: Random) -> Any:
    """Return a payload with one to three of its parts replaced, removed, repeated or renamed."""
    payload = copy.deepcopy(payload)
    for _ in range(draw.randint(1, 3)):
        places = list(_places(payload))
        if not places:
            return draw.choice(ODD)
        holder, at = draw.choice(places)
        deed = draw.randrange(4)
        if deed == 0 or (deed == 3 and isinstance(holder, list)):
            holder[at] = copy.deepcopy(draw.choice(ODD))
        elif deed == 1:
            del holder[at]
        elif deed == 2:
            other = draw.choice(places)
            holder[at] = copy.deepcopy(other[0][other[1]])
        else:
            holder[f"{at}_"] = holder.pop(at)
    return payload


def _places(part: Any) -> Any:
    """Yield every place in a payload as its holder and its name or position there."""
    if not isinstance(part, dict | list):
        return
    for at in list(part) if isinstance(part, dict) else range(len(part)):
        yield part, at
        yield from _places(part[at])


class _Client:
    """Asks an emulator without a server; one answer of the conversation is disturbed."""

    def __init__(self, emulator: Emulator, key: dict[str, str], draw: Random) -> None:
        self.emulator, self.key, self.draw = emulator, key, draw
        self.left = draw.randrange(5)

    def __enter__(self) -> _Client:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def get(self, path: str, parameters: Any = None, *, accept: tuple = (200,)) -> Answer:
        query = {name: str(value) for name, value in (parameters or {}).items()} | self.key
        prefix = "/fred/" if isinstance(self.emulator, FredEmulator) else "/"
        asked = Request(prefix + path.lstrip("/"), query, {})
        reply = self.emulator.reply(asked)
        self.left -= 1
        payload = reply.payload
        if self.left == -1 and reply.status == 200:
            payload = disturbed(payload, self.draw)
        body = json.dumps(payload).encode("utf-8", errors="surrogatepass")
        return Answer(path, reply.status, body, datetime.now(tz=UTC))

    def json(self, path: str, parameters: Any = None, *, accept: tuple = (200,)) -> Any:
        return self.get(path, parameters, accept=accept).json()


def outcome(vendor: str, seed: int) -> object:
    """Return what a source makes of one conversation in which something is wrong.

    Any other exception is a crash.
    """
    draw = Random(seed)
    client, source = MAKERS[vendor](draw)
    if vendor in ANSWERS:
        client.left %= ANSWERS[vendor]
    source._client = lambda *_: client
    try:
        return ASKED.get(vendor, _whole)(source)
    except FinancialStoryError as error:
        return error


def _whole(source: Any) -> Any:
    return source.load(REQUEST)


def _hours(as_of: date) -> Callable[[Any], Any]:
    """Return what asks for the hour bars of a session, and judges them."""
    return lambda source: placed_bars(source, "hour", MarketRequest(as_of, ("AAA",), 1)).kept


def _chain(source: Any) -> Any:
    return source.option_snapshot("AAA")


def _polygon(draw: Random) -> tuple[_Client, Any]:
    source = PolygonSource(Connection(credentials=Credentials({}), timekeeper=ManualTime()))
    key = {"apiKey": PolygonEmulator.key}
    return _Client(PolygonEmulator(WORLD), key, draw), source


def _fred(draw: Random) -> tuple[_Client, Any]:
    credentials = Credentials({"FRED_API_KEY": FredEmulator.key})
    source = FredSource(Connection(credentials=credentials, timekeeper=ManualTime()))
    return _Client(FredEmulator(WORLD), {"api_key": FredEmulator.key}, draw), source


def _finnhub(draw: Random) -> tuple[_Client, Any]:
    connection = Connection(credentials=Credentials({}), timekeeper=ManualTime())
    source = FinnhubSource(connection, FinnhubSettings(dividends=True))
    return _Client(FinnhubEmulator(WORLD), {"token": FinnhubEmulator.key}, draw), source


def _data_link(bars: str) -> Callable[[Random], tuple[_Client, Any]]:
    def make(draw: Random) -> tuple[_Client, Any]:
        key = NasdaqDataLinkEmulator.key
        credentials = Credentials({"NASDAQ_DATA_LINK_API_KEY": key})
        connection = Connection(credentials=credentials, timekeeper=ManualTime())
        source = NasdaqDataLinkSource(connection, NasdaqDataLinkSettings(bars=bars))
        return _Client(NasdaqDataLinkEmulator(WORLD, page_size=9), {"api_key": key}, draw), source

    return make


class _LineClient:
    """Asks IQFeed's emulators without a socket; one answer of the conversation is disturbed."""

    def __init__(self, draw: Random) -> None:
        self.lookup, self.quotes = IqfeedLookup(WORLD), IqfeedLevelOne(WORLD)
        self.draw, self.left = draw, draw.randrange(3)
        self.greeted: list[str] = []

    def __enter__(self) -> _LineClient:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def tell(self, line: str) -> None:
        pass

    def ask(self, question: str, ends: Callable[[str], bool]) -> list[str]:
        emulator = self.lookup if question.startswith("H") else self.quotes
        text = str(emulator.reply(Request(question, {}, {})).payload)
        self.left -= 1
        if self.left == -1:
            # As it comes out of a socket: one byte, one character.
            text = scrambled(text, self.draw).encode("latin-1", errors="replace").decode("latin-1")
        told = []
        for line in text.split("\r\n"):
            told.append(line)
            if ends(line):
                return told
        raise WorldError("IQFeed answers", value="it fell silent", remedy="try again")


def scrambled(text: str, draw: Random) -> str:
    """Return a text with one to four of its fields, lines or characters changed or lost."""
    for _ in range(draw.randint(1, 4)):
        lines = text.split("\r\n")
        at = draw.randrange(len(lines))
        cells = lines[at].split(",")
        cell = draw.randrange(len(cells))
        deed = draw.randrange(6)
        if deed == 0:
            cells[cell] = str(draw.choice(ODD))
        elif deed == 1:
            del cells[cell]
        elif deed == 2:
            cells.insert(cell, draw.choice(cells))
        lines[at] = ",".join(cells)
        if deed == 3:
            del lines[at]
        elif deed == 4:
            lines.insert(at, draw.choice(lines))
        text = "\r\n".join(lines)
        if deed == 5 and text:
            place = draw.randrange(len(text))
            text = text[:place] + chr(draw.randrange(256)) + text[place + draw.randrange(3) :]
    return text


def _iqfeed(draw: Random) -> tuple[Any, Any]:
    return _LineClient(draw), IqfeedSource(Connection(timekeeper=ManualTime()))


def _yahoo(draw: Random) -> tuple[Any, Any]:
    """Yahoo through the whole library, whose session is led to the emulator without a server."""
    from urllib.parse import parse_qsl, urlsplit

    from curl_cffi import requests as curl

    emulator, left = YahooEmulator(WORLD), [draw.randrange(2)]

    class Session(curl.Session):
        chart_status: int | None = None

        def request(self, method: Any, url: str, params: Any = None, **_: Any) -> Any:
            asked = urlsplit(url)
            query = dict(parse_qsl(asked.query)) | {k: str(v) for k, v in (params or {}).items()}
            reply = emulator.reply(Request(asked.path, query, {}))
            payload = reply.payload
            if "/chart/" in asked.path:
                self.chart_status = reply.status
                left[0] -= 1
                payload = disturbed(payload, draw) if left[0] == -1 else payload
            answer = curl.Response()
            answer.status_code, answer.url = reply.status, url
            told = payload if isinstance(payload, str) else json.dumps(payload)
            answer.content = told.encode("utf-8", errors="surrogatepass")
            return answer

    cache = Path(gettempdir()) / "yfinance-emulated"
    cache.mkdir(exist_ok=True)
    downloader = YfinanceDownloader(cache=str(cache))
    downloader._session = Session()
    return None, YahooSource(Connection(timekeeper=ManualTime()), downloader=downloader)


ASKED: dict[str, Callable[[Any], Any]] = {
    "polygon, hours": _hours(date(2018, 11, 21)),
    "polygon, option chain": _chain,
    "iqfeed, hours": _hours(WORLD.sessions[-1]),
}
"""What is asked of a source, where it is not a window."""
ANSWERS = {"polygon, hours": 2, "polygon, option chain": 1}
"""How many answers such a conversation has; one of the first few is disturbed in others."""

MAKERS: dict[str, Callable[[Random], tuple[_Client, Any]]] = {
    "polygon": _polygon,
    "polygon, hours": _polygon,
    "polygon, option chain": _polygon,
    "fred": _fred,
    "finnhub": _finnhub,
    "nasdaq-data-link": _data_link("QUOTEMEDIA/PRICES"),
    "nasdaq-data-link, time series": _data_link("EOD/{symbol}"),
    "iqfeed": _iqfeed,
    "iqfeed, hours": _iqfeed,
}
if find_spec("yfinance") is not None:  # The optional extra "live".
    MAKERS["yahoo"] = _yahoo
