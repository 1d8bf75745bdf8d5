"""The age of answers is told, and changes the fingerprint only where it should."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import date, timedelta
from pathlib import Path

import pytest

from foundation.connect import Connection, Credentials, Freshness, ResponseCache, RetryPolicy
from foundation.kernel import WorldError
from foundation.testing.vendors import (
    Emulator,
    FredEmulator,
    ManualTime,
    PolygonEmulator,
    server_error,
    vendor_market,
)
from stage_01_data_engine import (
    SOURCES,
    BundledSource,
    FredSettings,
    FredSource,
    MarketRequest,
    PolygonSettings,
    PolygonSource,
    RawMarket,
    Reading,
    WatchedSource,
)

WORLD = vendor_market()
REQUEST = MarketRequest(date(2018, 12, 28), ("AAA", "BBB"), 20)
KEPT, FRESH = "Kept answers are dated", "Answers are no older than asked for"


class Watch:
    """A watched Polygon over its emulator."""

    def __init__(self, stack: ExitStack, cache: Path | None, *, stale: bool = False) -> None:
        self.server: Emulator = stack.enter_context(PolygonEmulator(WORLD))
        self.time = ManualTime()
        self.readings: list[Reading] = []
        connection = Connection(
            credentials=Credentials({"POLYGON_API_KEY": PolygonEmulator.key}),
            timekeeper=self.time,
            cache=ResponseCache(cache) if cache else None,
            freshness=Freshness(3_600, stale_on_error=stale) if cache else None,
        )
        settings = PolygonSettings(
            base_url=self.server.url, rates=(), retry=RetryPolicy(attempts=1)
        )
        source = PolygonSource(connection, settings)
        self.source = WatchedSource(source, connection, self.readings.append)

    def load(self) -> RawMarket:
        return self.source.load(REQUEST)


def rules(raw: RawMarket) -> list[str]:
    return [finding.rule for finding in raw.findings]


def test_without_a_cache_nothing_is_said_of_age() -> None:
    with ExitStack() as stack:
        watch = Watch(stack, None)
        raw = watch.load()
        plain = watch.source._source.load(REQUEST)
    assert KEPT not in rules(raw)
    assert raw.source == plain.source


def test_kept_answers_are_dated_the_same_whether_just_fetched_or_used_again(
    tmp_path: Path,
) -> None:
    with ExitStack() as stack:
        watch = Watch(stack, tmp_path)
        fetched = watch.load()
        watch.time.advance(timedelta(minutes=50))
        again = watch.load()
        watch.time.advance(timedelta(hours=3))
        anew = watch.load()
    assert fetched.findings == again.findings
    [told] = [f for f in again.findings if f.rule == KEPT]
    assert (told.symbol, told.severity, told.rows) == ("Polygon", "info", 0)
    assert told.value == "10 answers, fetched 2019-01-02 09:30 New York time"
    [later] = [f for f in anew.findings if f.rule == KEPT]
    assert later.value == "10 answers, fetched 2019-01-02 13:20 New York time"
    assert fetched.source == again.source == anew.source, "the same rows are the same rows"
    assert [(r.answers, r.cached) for r in watch.readings] == [(10, 0), (10, 10), (10, 0)]


def test_what_still_grows_is_asked_for_anew(tmp_path: Path) -> None:
    """Chains are quoted now; bars up to a moment to come are not all there yet."""
    with ExitStack() as stack:
        watch = Watch(stack, tmp_path)
        source, now = watch.source._source, watch.time.now()
        assert isinstance(source, PolygonSource)
        for moment, asked_again in ((now + timedelta(hours=6), True), (now, False)):
            before = len(watch.server.requests)
            for _ in range(2):
                source.interval_bars("AAA", 60, now - timedelta(days=5), moment)
            aggregates = [r for r in watch.server.requests[before:] if "/v2/aggs/" in r.path]
            assert len(aggregates) == (2 if asked_again else 1)
        before = len(watch.server.requests)
        source.option_snapshot("AAA")
        source.option_snapshot("AAA")
        assert len(watch.server.requests) == before + 2


def test_vintages_of_a_day_that_is_not_over_are_asked_for_anew(tmp_path: Path) -> None:
    with FredEmulator(WORLD) as server:
        time = ManualTime()
        connection = Connection(
            credentials=Credentials({"FRED_API_KEY": FredEmulator.key}),
            timekeeper=time,
            cache=ResponseCache(tmp_path),
            freshness=Freshness(None),
        )
        settings = FredSettings(base_url=f"{server.url}/fred", rates=(), series=("vix",))
        source = FredSource(connection, settings)
        asked = []
        for as_of in (time.now().date(), date(2018, 12, 31)):
            for _ in range(2):
                before = len(server.requests)
                source.load(MarketRequest(as_of, None, 10))
                asked.append(len(server.requests) - before)
    assert asked == [2, 2, 2, 0]


def test_stale_answers_are_a_warning_and_another_fingerprint(tmp_path: Path) -> None:
    with ExitStack() as stack:
        watch = Watch(stack, tmp_path, stale=True)
        fetched = watch.load()
        watch.time.advance(timedelta(hours=30))
        watch.server.befall(server_error(503).on("/v2/aggs/", times=None))
        stale = watch.load()
    [told] = [f for f in stale.findings if f.rule == FRESH]
    assert (told.symbol, told.severity, told.action) == ("Polygon", "warning", "kept")
    assert told.value == "2 of 10 answers, the oldest fetched 2019-01-02 09:30 New York time"
    assert told.remedy
    assert stale.bars.equals(fetched.bars)
    assert stale.source.fingerprint != fetched.source.fingerprint
    assert watch.readings[-1].stale == 2


def test_a_reading_tells_what_a_source_gave() -> None:
    with ExitStack() as stack:
        watch = Watch(stack, None)
        raw = watch.load()
    [reading] = watch.readings
    assert (reading.source, reading.as_of, reading.rows) == ("polygon", REQUEST.as_of, 40)
    assert reading.events == len(raw.events) > 0
    assert reading.last_session == REQUEST.as_of
    assert reading.last_known == max(event.known_at for event in raw.events)
    assert reading.circuits == {"Polygon": "closed"}
    assert Reading.model_validate_json(reading.model_dump_json()) == reading


def test_a_reading_that_failed_says_why_and_shows_the_open_circuit() -> None:
    with ExitStack() as stack:
        watch = Watch(stack, None)
        watch.server.befall(server_error(503).always())
        for _ in range(5):
            with pytest.raises(WorldError):
                watch.load()
    last = watch.readings[-1]
    assert "503" in last.error
    assert (last.rows, last.last_session) == (0, None)
    assert last.circuits == {"Polygon": "open"}


def test_a_source_without_a_server_has_nothing_to_date() -> None:
    readings: list[Reading] = []
    source = WatchedSource(BundledSource(), Connection(), readings.append)
    raw = source.load(MarketRequest(date(2018, 12, 28), ("SPX",), 40))
    assert raw.source == BundledSource().load(raw.request).source
    assert (readings[0].answers, readings[0].circuits) == (0, {})


def test_every_card_says_what_a_user_must_know() -> None:
    for name, card in SOURCES.items():
        assert card.name == name
        assert card.gives
        for words in (card.needs, card.point_in_time, card.licence, card.tried):
            assert words
            assert not words.endswith(".")
        held = getattr(card.kind, "name", name)
        assert held == name, "findings and logs call a source as the command does"
