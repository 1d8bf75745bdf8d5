"""Finnhub's particulars: hours of reports, surprise, days with too much news, bad payloads."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from foundation.connect import Connection, Credentials, RetryPolicy
from foundation.contracts import MarketEvent
from foundation.kernel import NEW_YORK, DependencyError
from foundation.testing.vendors import (
    Article,
    Fault,
    FinnhubEmulator,
    ManualTime,
    Reply,
    VendorMarket,
    fault,
    vendor_market,
)
from stage_01_data_engine import MarketRequest
from stage_01_data_engine.adapters.vendors.finnhub import (
    FinnhubSettings,
    FinnhubSource,
    earnings_moments,
)

WORLD = vendor_market()


def at(day: date, hour: int, minute: int) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=NEW_YORK)


@contextmanager
def source_of(
    *faults: Fault, world: VendorMarket = WORLD, page_size: int = 200, **changes: object
) -> Iterator[FinnhubSource]:
    with FinnhubEmulator(world, *faults, page_size=page_size) as server:
        connection = Connection(
            credentials=Credentials({"FINNHUB_API_KEY": FinnhubEmulator.key}),
            timekeeper=ManualTime(),
            jitter=lambda: 0.5,
        )
        told = FinnhubSettings(
            base_url=server.url,
            rates=(),
            retry=RetryPolicy(attempts=2),
            articles_a_request=page_size,
        )
        yield FinnhubSource(connection, told.model_copy(update=changes))


def events(source: FinnhubSource, as_of: date = date(2018, 12, 28)) -> tuple[MarketEvent, ...]:
    return source.load(MarketRequest(as_of, ("AAA", "BBB", "CCC"), 110)).events


FRIDAY, MONDAY, EARLY = date(2018, 12, 28), date(2018, 12, 31), date(2018, 12, 24)


@pytest.mark.parametrize(
    ("day", "hour", "happened", "known"),
    [
        (FRIDAY, "bmo", at(FRIDAY, 9, 30), at(FRIDAY, 9, 30)),
        (FRIDAY, "dmh", at(FRIDAY, 16, 0), at(FRIDAY, 16, 0)),
        (FRIDAY, "amc", at(FRIDAY, 16, 0), at(MONDAY, 9, 30)),
        (FRIDAY, "", at(MONDAY, 9, 30), at(MONDAY, 9, 30)),
        (date(2018, 12, 29), "bmo", at(MONDAY, 9, 30), at(MONDAY, 9, 30)),  # A Saturday.
        (EARLY, "amc", at(EARLY, 13, 0), at(date(2018, 12, 26), 9, 30)),  # Closed at one.
    ],
)
def test_a_report_counts_as_known_by_its_hour(
    day: date, hour: str, happened: datetime, known: datetime
) -> None:
    assert earnings_moments(day, hour) == (happened, known)


def test_a_report_after_the_as_of_close_is_not_seen_and_seen_a_session_later() -> None:
    with source_of() as source:
        before = [e for e in events(source) if e.kind == "earnings" and e.symbol == "AAA"]
        after = [e for e in events(source, MONDAY) if e.kind == "earnings" and e.symbol == "AAA"]
    assert [e.actual for e in before] == [1.10, 1.21]
    assert [e.actual for e in after] == [1.10, 1.21, 1.30]
    assert (after[-1].expected, after[-1].previous) == (1.25, 1.21)
    assert before[0].previous is None  # Its quarter before is not in the calendar.


def test_an_estimate_that_is_not_reported_is_absent() -> None:
    with source_of() as source:
        found = [e for e in events(source) if e.kind == "earnings" and e.symbol == "CCC"]
    assert [e.expected for e in found] == [None, 0.33]


def test_a_day_with_more_news_than_an_answer_holds_is_told_of() -> None:
    day = date(2018, 12, 20)
    many = tuple(
        Article(("AAA",), at(day, 10, 0) + timedelta(minutes=n), f"Report {n}") for n in range(9)
    )
    with source_of(world=replace(WORLD, articles=(*WORLD.articles, *many)), page_size=5) as source:
        raw = source.load(MarketRequest(FRIDAY, ("AAA",), 30))
    assert [f.value for f in raw.findings] == ["5 articles on 2018-12-20"]
    assert sum(e.text.startswith("Report") for e in raw.events) == 5


def test_dividends_the_plan_lacks_are_an_error_that_says_so() -> None:
    said = {"error": "You don't have access to this resource."}
    refused = fault(lambda request, reply: Reply(said, 403)).on("dividend")
    with source_of(refused, dividends=True) as source, pytest.raises(DependencyError) as caught:
        events(source)
    assert "plan" in caught.value.remedy
