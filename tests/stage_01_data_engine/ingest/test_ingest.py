"""What is read back from the store is what the source told, as of every day."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from foundation.contracts import MarketEvent
from foundation.kernel import NEW_YORK, OperatorError, UpstreamDataError
from foundation.market import close_of
from foundation.storage.bitemporal import BitemporalStore
from foundation.storage.records import IngestLedger, open_database
from stage_01_data_engine import BundledSource, MarketRequest, RawMarket
from stage_01_data_engine.adapters.stored import StoredSource
from stage_01_data_engine.ingest import Ingestor
from tests.stage_01_data_engine.ingest.told import DAYS, ToldSource

fresh = itertools.count()


class Place:
    """An empty store with its ledger, in memory."""

    def __init__(self, dataset: str = "main") -> None:
        self.store = BitemporalStore(f"mem://ingest-{next(fresh)}")
        self.ledger = IngestLedger(open_database("sqlite://"))
        self.clock = datetime(2026, 7, 1, tzinfo=NEW_YORK)
        self.ingestor = Ingestor(self.store, self.ledger, dataset, self._now)
        self.source = StoredSource(self.store, self.ledger, dataset)

    def _now(self) -> datetime:
        self.clock += timedelta(hours=1)
        return self.clock


def request(day: date, history: int = 20) -> MarketRequest:
    return MarketRequest(day, None, history)


def same(one: RawMarket, other: RawMarket) -> None:
    """Assert that two sources told the same rows; where they stood in a file apart."""
    pd.testing.assert_frame_equal(
        *(
            r.bars.drop(columns="location")
            .sort_values(["symbol", "session"], kind="stable")
            .reset_index(drop=True)
            for r in (one, other)
        ),
        check_dtype=False,
    )
    columns = ["series", "symbol", "event_time", "known_at", "value"]
    pd.testing.assert_frame_equal(
        *(
            r.observations.sort_values(["known_at", "series"])[columns].reset_index(drop=True)
            for r in (one, other)
        ),
        check_dtype=False,
    )
    assert sorted(one.events, key=str) == sorted(other.events, key=str)
    assert sorted(one.instruments, key=str) == sorted(other.instruments, key=str)


def steady(symbols: Sequence[str] = ("AAA", "BBB")) -> ToldSource:
    """Return a source that never changes its mind; the last symbol is listed a week later."""
    source = ToldSource()
    for n, symbol in enumerate(symbols):
        for at, day in enumerate(DAYS[5:] if symbol == symbols[-1] else DAYS):
            source.tell(symbol, day, 10.0 * (n + 1) + at)
    source.observed = [("vix", day, 15.0 + n) for n, day in enumerate(DAYS)]
    for n, day in enumerate(DAYS[::3]):
        moment = close_of(day) - timedelta(hours=n)
        source.happened.append(
            MarketEvent(kind="news", name="headline", symbol="AAA", event_time=moment,
                        known_at=moment, text=f"{n}")
        )  # fmt: skip
    return source


WEEK = DAYS[:6]
worlds = st.lists(
    st.tuples(
        st.sampled_from(["AAA", "BBB", "CCC"]),
        st.integers(0, len(WEEK) - 1),
        st.integers(0, len(WEEK) - 1),
        st.one_of(st.just(float("nan")), st.integers(5, 99).map(float)),
    ),
    min_size=1,
    max_size=25,
)


@settings(max_examples=5, phases=[Phase.generate])
@given(worlds)
def test_walked_day_by_day_the_store_tells_what_the_source_told_on_every_day(
    told: list[tuple[str, int, int, float]],
) -> None:
    source = ToldSource()
    source.tell("ZZZ", DAYS[0], 50.0)
    for symbol in sorted({symbol for symbol, *_ in told}):
        # A symbol that is not told of at all any more stays in the store.
        source.tell(symbol, date(2018, 6, 22), 10.0, WEEK[0])
    for symbol, session, later, close in told:
        source.tell(symbol, DAYS[session], close, DAYS[max(session, later)])
    place = Place()
    for day in WEEK:
        place.ingestor.ingest(source, request(day))
    for day in WEEK:
        same(place.source.load(request(day)), source.load(request(day)))


@settings(max_examples=3, phases=[Phase.generate])
@given(st.sets(st.integers(0, len(DAYS) - 2), max_size=4))
def test_in_whatever_portions_a_steady_source_is_ingested_the_store_is_the_same(
    stops: set[int],
) -> None:
    source, place = steady(), Place()
    for stop in [*sorted(stops), len(DAYS) - 1]:
        place.ingestor.ingest(source, request(DAYS[stop]))
    for day in DAYS:
        same(place.source.load(request(day)), source.load(request(day)))


def test_a_correction_ingested_later_leaves_earlier_reads_as_they_were() -> None:
    source, place = steady(), Place()
    place.ingestor.ingest(source, request(DAYS[8]))
    before = place.source.load(request(DAYS[8]))
    source.tell("AAA", DAYS[2], 99.0, DAYS[10])
    entry = place.ingestor.ingest(source, request(DAYS[10]))
    assert entry.corrected == 1
    after = place.source.load(request(DAYS[8]))
    assert after.source.fingerprint == before.source.fingerprint
    bars = place.source.load(request(DAYS[10])).bars
    assert bars.set_index(["symbol", "session"]).at[("AAA", pd.Timestamp(DAYS[2])), "close"] == 99


def test_a_correction_seen_again_on_the_same_day_counts_from_now_on() -> None:
    source, place = steady(), Place()
    place.ingestor.ingest(source, request(DAYS[8]))
    before = place.source.load(request(DAYS[8]))
    source.tell("AAA", DAYS[8], 99.0, DAYS[8])
    assert place.ingestor.ingest(source, request(DAYS[8])).corrected == 1
    assert place.source.load(request(DAYS[8])).source.fingerprint == before.source.fingerprint
    place.ingestor.ingest(source, request(DAYS[9]))
    same(place.source.load(request(DAYS[9])), source.load(request(DAYS[9])))


def test_ingesting_again_says_nothing_new() -> None:
    source, place = steady(), Place()
    place.ingestor.ingest(source, request(DAYS[8]))
    again = place.ingestor.ingest(source, request(DAYS[8]))
    assert (again.added, again.corrected, again.withdrawn) == (0, 0, 0)
    assert again.repeated == again.given > 0


def split(source: ToldSource, symbol: str, on: date) -> None:
    """Tell the past of a symbol anew in halves, as a source that adjusts does on a split."""
    for name, session, _ in list(source.closes):
        if name == symbol and session < on:
            source.tell(symbol, session, source.closes[name, session, session] / 2, on)


@pytest.mark.parametrize("first", [None, 1])
def test_a_past_in_later_terms_is_not_told_before_they_were_known(first: int | None) -> None:
    source, place = steady(), Place()
    split(source, "AAA", DAYS[9])
    if first is not None:
        place.ingestor.ingest(source, request(DAYS[first]))
    place.ingestor.ingest(source, request(DAYS[12]))
    same(place.source.load(request(DAYS[12])), source.load(request(DAYS[12])))
    early = place.source.load(request(DAYS[7]))
    told = source.load(request(DAYS[7])).bars
    both = early.bars.merge(told, on=["symbol", "session"], suffixes=("", "_told"))
    assert len(both) == len(early.bars), "nothing that was not told"
    np.testing.assert_array_equal(both["close"], both["close_told"])
    assert "AAA" not in set(early.bars["symbol"]) or first is not None
    rules = {f.rule for f in place.ledger.findings("main", DAYS[12])}
    assert "A source tells of a past session what it told then" in rules


def test_a_headline_that_came_late_is_not_told_before_it_came() -> None:
    source, place = steady(), Place()
    place.ingestor.ingest(source, request(DAYS[8]))
    moment = close_of(DAYS[3])
    source.happened.append(
        MarketEvent(kind="news", name="late", symbol="AAA", event_time=moment, known_at=moment)
    )
    place.ingestor.ingest(source, request(DAYS[9]))
    assert not [e for e in place.source.load(request(DAYS[8])).events if e.name == "late"]
    [late] = [e for e in place.source.load(request(DAYS[9])).events if e.name == "late"]
    assert late.known_at == close_of(DAYS[9])


def test_the_bundled_market_comes_back_whole() -> None:
    source, place = BundledSource(), Place()
    asked = MarketRequest(date(2018, 12, 28), None, 120)
    place.ingestor.ingest(source, asked)
    same(place.source.load(asked), source.load(asked))
    earlier = MarketRequest(date(2018, 11, 1), ("SPX", "AAPL"), 60)
    one, other = place.source.load(earlier), source.load(earlier)
    pd.testing.assert_frame_equal(one.bars, other.bars, check_dtype=False)


def test_what_cannot_be_is_refused_by_name() -> None:
    source, place = steady(), Place()
    with pytest.raises(OperatorError, match="has the dataset"):
        place.source.load(request(DAYS[3]))
    place.ingestor.ingest(source, request(DAYS[8]))
    with pytest.raises(OperatorError, match="forward in time"):
        place.ingestor.ingest(source, request(DAYS[7]))
    with pytest.raises(OperatorError, match="up to the as-of date"):
        place.source.load(request(DAYS[9]))
    with pytest.raises(OperatorError, match="symbol asked for"):
        place.source.load(MarketRequest(DAYS[8], ("NONE",), 5))
    with pytest.raises(UpstreamDataError, match="known at the as-of close"):
        place.source.load(MarketRequest(date(2018, 6, 22), None, 5))
    source.name = "another"
    with pytest.raises(OperatorError, match="One source feeds"):
        place.ingestor.ingest(source, request(DAYS[9]))


def test_an_ingest_that_was_torn_is_not_read_and_is_made_whole_by_the_next(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    source, place = steady(), Place()
    place.ingestor.ingest(source, request(DAYS[7]))
    append = place.store.append

    def torn(library: str, *given: object, **more: object) -> object:
        if library == "bars":
            raise KeyboardInterrupt
        return append(library, *given, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(place.store, "append", torn)
    with pytest.raises(KeyboardInterrupt):
        place.ingestor.ingest(source, request(DAYS[8]))
    with pytest.raises(OperatorError, match="ingested up to"):
        place.source.load(request(DAYS[8]))
    monkeypatch.undo()
    place.ingestor.ingest(source, request(DAYS[8]))
    same(place.source.load(request(DAYS[8])), source.load(request(DAYS[8])))
