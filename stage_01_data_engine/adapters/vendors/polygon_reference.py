"""What Polygon (now Massive) tells of a symbol beside its bars: name, splits, dividends, news."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date
from typing import Any, Literal

from foundation.connect import HttpClient
from foundation.contracts import Instrument, MarketEvent
from foundation.kernel import OperatorError
from foundation.market import close_of
from stage_01_data_engine.adapters.actions import dividend_event, split_event
from stage_01_data_engine.adapters.vendors.payload import Place
from stage_01_data_engine.corporate_actions import CashDividend, SplitOn
from stage_01_data_engine.knowledge import opening_of
from stage_01_data_engine.raw import MarketRequest

KINDS: dict[str, Literal["etf", "index"]] = {
    "ETF": "etf",
    "ETN": "etf",
    "ETV": "etf",
    "ETS": "etf",
    "INDEX": "index",
}
"""Instrument kinds by the vendor's ticker type; every other type is a share of some sort."""


@dataclass
class Actions:
    """Splits and dividends of all symbols, and both as events."""

    splits: list[SplitOn] = field(default_factory=list)
    dividends: list[CashDividend] = field(default_factory=list)
    events: list[MarketEvent] = field(default_factory=list)


def pages(
    client: HttpClient, path: str, asked: dict[str, Any], place: Place
) -> Iterator[dict[str, Any]]:
    """Yield every page of an answer; ``next_url`` links them."""
    page = place.mapping(client.json(path, asked))
    seen = set()
    while True:
        yield page
        following = page.get("next_url")
        if following is None:
            return
        if not isinstance(following, str) or following in seen:
            raise place.broken("moves on from page to page", following)
        seen.add(following)
        page = place.mapping(client.json(following))


def overview(client: HttpClient, symbol: str, as_of: date) -> Instrument:
    """Return a symbol's name and kind on a date."""
    place = Place("Polygon", f"the overview of {symbol}")
    answer = client.get(
        f"/v3/reference/tickers/{symbol}", {"date": as_of.isoformat()}, accept=(200, 404)
    )
    if answer.status == 404:
        raise OperatorError(
            f"Polygon knows the symbol on {as_of.isoformat()}",
            value=symbol,
            remedy="check the spelling (Polygon writes BRK.B), or the date",
        )
    told = place.mapping(place.mapping(answer.json()).get("results"))
    return Instrument(
        symbol=symbol,
        name=place.text(told, "name"),
        kind=KINDS.get(str(told.get("type", "")), "equity"),
        fields=("close",),
    )


def read_splits(client: HttpClient, symbol: str, first: date, last: date, actions: Actions) -> None:
    """Read the splits of a symbol that took effect after one day and up to another, each once."""
    place = Place("Polygon", f"the splits of {symbol}")
    asked = {"ticker": symbol, "execution_date.lte": last.isoformat(), "limit": 1000}
    found = {}
    for page in pages(client, "/v3/reference/splits", asked, place):
        for row in place.rows(page, "results"):
            day = place.day(row, "execution_date")
            before, after = place.number(row, "split_from"), place.number(row, "split_to")
            if before <= 0 or after <= 0:
                raise place.broken("has positive numbers of shares", row)
            if first < day <= last:
                found[day, before, after] = SplitOn(symbol, day, before, after)
    for split in sorted(found.values()):
        actions.splits.append(split)
        actions.events.append(split_event(split))


def read_dividends(
    client: HttpClient, symbol: str, request: MarketRequest, actions: Actions
) -> None:
    """Read the cash dividends of a symbol since the window began, those to come included."""
    place = Place("Polygon", f"the dividends of {symbol}")
    since = request.sessions[0].isoformat()
    asked = {"ticker": symbol, "ex_dividend_date.gte": since, "limit": 1000}
    found = {}
    for page in pages(client, "/v3/reference/dividends", asked, place):
        for row in place.rows(page, "results"):
            ex_date, declared = (
                place.day(row, "ex_dividend_date"),
                place.optional_day(row, "declaration_date"),
            )
            amount = place.number(row, "cash_amount")
            found[ex_date, declared or ex_date, amount] = declared
    for (ex_date, _, amount), declared in sorted(found.items(), key=lambda item: item[0]):
        if ex_date <= request.as_of:
            actions.dividends.append(CashDividend(symbol, ex_date, amount))
        actions.events.append(dividend_event(symbol, ex_date, amount, declared))


def news(client: HttpClient, symbol: str, request: MarketRequest) -> list[MarketEvent]:
    """Return the news of the window that names a symbol, each article once."""
    begin = opening_of(request.sessions[0]).astimezone(UTC)
    end = close_of(request.as_of).astimezone(UTC)
    place = Place("Polygon", f"the news of {symbol}")
    asked = {
        "ticker": symbol,
        "published_utc.gte": f"{begin:%Y-%m-%dT%H:%M:%SZ}",
        "published_utc.lte": f"{end:%Y-%m-%dT%H:%M:%SZ}",
        "order": "asc",
        "sort": "published_utc",
        "limit": 1000,
    }
    events: dict[str, MarketEvent] = {}
    for page in pages(client, "/v2/reference/news", asked, place):
        for row in place.rows(page, "results"):
            published = place.moment(row, "published_utc")
            events[place.text(row, "id")] = MarketEvent(
                kind="news",
                name="news",
                symbol=symbol,
                event_time=published,
                known_at=published,
                text=place.text(row, "title"),
            )
    return list(events.values())
