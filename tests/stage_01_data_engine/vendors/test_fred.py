"""FRED by vintage: at every close what could be read then, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime, time

import numpy as np
import pytest

from foundation.connect import Connection, Credentials
from foundation.contracts import MarketEvent
from foundation.kernel import NEW_YORK, DependencyError, OperatorError, UpstreamDataError
from foundation.market import close_of, next_session
from foundation.testing.vendors import (
    Fault,
    FredEmulator,
    ManualTime,
    VendorMarket,
    Vintage,
    vendor_market,
)
from stage_01_data_engine import (
    DataEngineSettings,
    DataEngineStage,
    FredSettings,
    FredSource,
    MarketRequest,
    RawMarket,
)
from stage_01_data_engine.alignment import last_known

WORLD = vendor_market()
AS_OF = date(2019, 3, 22)
"""After the yearly revision of February 2019."""


@contextmanager
def source_of(
    world: VendorMarket = WORLD, *faults: Fault, vintage_limit: int = 2_000, **settings: object
) -> Iterator[tuple[FredEmulator, FredSource]]:
    with FredEmulator(world, *faults, vintage_limit=vintage_limit) as server:
        assert isinstance(server, FredEmulator)
        connection = Connection(
            credentials=Credentials({"FRED_API_KEY": server.key}), timekeeper=ManualTime()
        )
        chosen = FredSettings.model_validate(
            {"base_url": f"{server.url}/fred", "rates": ()} | settings
        )
        yield server, FredSource(connection, chosen)


def load(world: VendorMarket = WORLD, as_of: date = AS_OF, sessions: int = 150) -> RawMarket:
    with source_of(world) as (_, source):
        return source.load(MarketRequest(as_of, None, sessions))


def could_be_read(world: VendorMarket, name: str, moment: datetime, released: bool) -> dict:
    """Return values by period as a reader had them at a moment. Slow on purpose."""
    read: dict[date, float] = {}
    for vintage in sorted(world.vintages[name], key=lambda v: v.day):
        known = (
            datetime.combine(vintage.day, time(8, 30), tzinfo=NEW_YORK)
            if released
            else datetime.combine(next_session(vintage.day), time(9, 30), tzinfo=NEW_YORK)
        )
        if known <= moment and vintage.value is not None:
            read[vintage.period] = vintage.value
    return read


def truth(world: VendorMarket, series: str, session: date) -> float:
    """Return our series as a reader at the close of a session would have worked it out."""
    moment = close_of(session)
    if series == "core_cpi_yoy":
        read = could_be_read(world, "CPILFESL", moment, released=True)
        month = max(read)
        return 100 * (read[month] / read[month.replace(year=month.year - 1)] - 1)
    if series == "credit_spread":
        high, low = (could_be_read(world, n, moment, released=False) for n in ("BAA", "AAA"))
        month = max(set(high) & set(low))
        return high[month] - low[month]
    ids = {
        "vix": "VIXCLS", "wti": "DCOILWTICO", "treasury_10y": "DGS10", "treasury_3m": "DGS3MO",
        "dollar_index": "DTWEXBGS",
    }  # fmt: skip
    read = could_be_read(world, ids[series], moment, False)
    return read[max(read)]


@pytest.mark.parametrize(
    "series",
    ["vix", "wti", "credit_spread", "core_cpi_yoy", "treasury_10y", "treasury_3m", "dollar_index"],
)
def test_at_every_close_a_series_is_what_a_reader_had(series: str) -> None:
    raw = load()
    rows = raw.observations[raw.observations["series"] == series]
    values, _ = last_known(rows, raw.request.sessions, stale_after=60)
    expected = [truth(WORLD, series, session) for session in raw.request.sessions]
    np.testing.assert_allclose(values, expected, rtol=1e-12)
    assert len(set(np.round(expected, 9))) > 4


def test_the_revision_is_not_known_before_its_vintage() -> None:
    raw = load()
    rows = raw.observations[raw.observations["series"] == "core_cpi_yoy"]
    revised = rows[rows.duplicated("event_time")]
    assert len(revised) >= 5
    assert set(revised["known_at"].dt.tz_convert(NEW_YORK).dt.date) == {date(2019, 2, 11)}
    before = load(as_of=date(2019, 2, 8))
    assert not before.observations.duplicated(["series", "event_time"]).any()


def test_a_blank_of_a_holiday_is_no_value() -> None:
    raw = load()
    wti = raw.observations[raw.observations["series"] == "wti"]
    assert date(2018, 9, 3) not in set(wti["event_time"].dt.tz_convert(NEW_YORK).dt.date)
    assert wti["value"].notna().all()


@pytest.mark.parametrize("limit", [7, 50])
def test_a_history_of_more_vintages_than_a_request_may_span_is_read_in_parts(limit: int) -> None:
    whole = load(sessions=40)
    with source_of(vintage_limit=limit, vintages_a_request=limit) as (server, source):
        parts = source.load(MarketRequest(AS_OF, None, 40))
        asked = len(server.requests)
    assert parts.source.fingerprint == whole.source.fingerprint
    assert asked > 10


def test_a_value_that_continues_over_the_bound_of_two_requests_is_one_value() -> None:
    name, day = "VIXCLS", date(2018, 7, 2)
    world = replace(
        WORLD,
        vintages=WORLD.vintages
        | {name: (Vintage(day, date(2018, 7, 3), 15.0), Vintage(day, date(2018, 7, 9), 15.5),
                  Vintage(date(2018, 7, 9), date(2018, 7, 10), 16.0))},
    )  # fmt: skip
    with source_of(world, vintages_a_request=1) as (_, source):
        raw = source.load(MarketRequest(date(2018, 7, 13), None, 10))
    vix = raw.observations[raw.observations["series"] == "vix"]
    assert vix["value"].tolist() == [15.0, 15.5, 16.0]


def test_a_release_tells_its_first_print_beside_the_month_before_as_it_then_stood() -> None:
    raw = load()
    releases = [e for e in raw.events if e.actual is not None]
    texts = [event.text for event in releases]
    assert len(texts) == len(set(texts)) >= 7
    for event in releases:
        assert event.event_time == event.known_at
        assert event.known_at.time() == time(8, 30)
        read = could_be_read(WORLD, "CPILFESL", event.known_at, released=True)
        month = max(read)
        before = date(month.year - (month.month == 1), (month.month - 2) % 12 + 1, 1)
        year = {m: 100 * (read[m] / read[m.replace(year=m.year - 1)] - 1) for m in (month, before)}
        assert event.text == f"Core consumer prices for {month:%B %Y}"
        assert event.actual == pytest.approx(year[month], rel=1e-12)
        assert event.previous == pytest.approx(year[before], rel=1e-12)


def test_a_refused_key_and_a_missing_series_are_told_apart() -> None:
    with source_of() as (_, source):
        source.connection = Connection(
            credentials=Credentials({"FRED_API_KEY": "f" * 32}), timekeeper=ManualTime()
        )
        with pytest.raises(DependencyError, match="not registered") as caught:
            source.load(MarketRequest(AS_OF, None, 5))
        assert "FRED_API_KEY" in caught.value.rule
    without = replace(WORLD, vintages={k: v for k, v in WORLD.vintages.items() if k != "BAA"})
    with source_of(without) as (_, source), pytest.raises(OperatorError, match="BAA"):
        source.load(MarketRequest(AS_OF, None, 5))


def test_the_series_do_not_depend_on_the_symbols_asked_for() -> None:
    with source_of() as (_, source):
        some = source.load(MarketRequest(AS_OF, ("AAPL",), 40))
    assert some.observations.equals(load(sessions=40).observations)
    assert some.instruments == ()


def test_series_alone_make_no_window_and_the_error_says_so() -> None:
    with pytest.raises(UpstreamDataError, match="'fred' has a usable bar"):
        DataEngineStage(DataEngineSettings()).run(load(sessions=40))


def coming(raw: RawMarket) -> list[MarketEvent]:
    """Return the announced releases, in order of their announcement."""
    return [event for event in raw.events if event.actual is None]


def test_the_next_release_is_announced_by_the_one_before_it() -> None:
    raw = load()
    [due] = [e for e in coming(raw) if e.event_time > close_of(AS_OF)]
    # By hand: March's figures come out on the first session after the tenth of April 2019.
    assert due.event_time == datetime(2019, 4, 11, 8, 30, tzinfo=NEW_YORK)
    assert due.known_at == datetime(2019, 3, 11, 8, 30, tzinfo=NEW_YORK)
    last = max((e for e in raw.events if e.actual is not None), key=lambda e: e.known_at)
    assert due.previous == last.actual


def test_what_was_to_come_on_an_earlier_day_is_told_the_same_on_a_later_one() -> None:
    then, now = load(as_of=date(2018, 12, 28)), load()
    moment = close_of(date(2018, 12, 28))
    assert coming(then)
    assert [e for e in coming(now) if e.known_at <= moment and e.event_time > moment] == [
        e for e in coming(then) if e.event_time > moment
    ]


def test_a_date_that_was_moved_after_its_announcement_is_not_announced() -> None:
    """Five weeks and more between two releases: when the new date was known is not told."""
    days = [d for d in WORLD.release_days if d != date(2018, 11, 12)]
    assert len(days) == len(WORLD.release_days) - 1
    raw = load(replace(WORLD, release_days=tuple(days)))
    told = {e.event_time.date() for e in coming(raw)}
    assert date(2018, 12, 11) not in told
    assert {date(2018, 10, 11), date(2019, 1, 11)} <= told


def test_the_calendar_makes_a_due_in_so_many_sessions() -> None:
    """The stage that counts the days finds the release that FRED's calendar announced."""
    from stage_02_fuzzification.events.occurrence import Timeline, weekdays_until

    raw = load()
    line = Timeline.of(raw.request.sessions)
    until = weekdays_until(list(raw.events), line)
    assert until[-1] == np.busday_count("2019-03-22", "2019-04-11")


def test_without_the_calendar_nothing_is_announced() -> None:
    with source_of(release_dates=False) as (server, source):
        raw = source.load(MarketRequest(AS_OF, None, 60))
        assert not any("release/dates" in request.path for request in server.requests)
    assert not coming(raw)


def test_only_the_series_named_are_asked_for() -> None:
    with source_of(series=("treasury_2y",)) as (server, source):
        raw = source.load(MarketRequest(AS_OF, None, 60))
        assert {r.query["series_id"] for r in server.requests} == {"DGS2"}
    assert set(raw.observations["series"]) == {"treasury_2y"}
