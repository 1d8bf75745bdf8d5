"""IQFeed's particulars: splits told in two decimals, interval bars, the stream, bad lines."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from foundation.connect import Connection, RetryPolicy, TransientError
from foundation.kernel import NEW_YORK, FinancialStoryError, OperatorError, UpstreamDataError
from foundation.testing.vendors import (
    Fault,
    IqfeedLevelOne,
    IqfeedLookup,
    ManualTime,
    Split,
    VendorMarket,
    hung_up,
    silent,
    vendor_market,
)
from stage_01_data_engine import MarketRequest
from stage_01_data_engine.adapters.vendors import iqfeed_lines as lines
from stage_01_data_engine.adapters.vendors.iqfeed import IqfeedSettings, IqfeedSource
from stage_01_data_engine.adapters.vendors.iqfeed_stream import (
    FIELDS,
    FeedState,
    IqfeedStream,
    Quote,
    read_message,
)

WORLD = vendor_market()
NOW = datetime(2019, 1, 2, 9, 31, tzinfo=NEW_YORK)


@contextmanager
def source_of(world: VendorMarket = WORLD, **changes: object) -> Iterator[IqfeedSource]:
    with IqfeedLookup(world) as lookup, IqfeedLevelOne(world) as quotes:
        told = IqfeedSettings(
            lookup_port=lookup.port, level_one_port=quotes.port, rates=(), read_timeout=0.3
        )
        connection = Connection(timekeeper=ManualTime(), jitter=lambda: 0.5)
        yield IqfeedSource(connection, told.model_copy(update=changes))


def request(as_of: date = date(2018, 12, 28)) -> MarketRequest:
    return MarketRequest(as_of=as_of, symbols=("AAA",), history_sessions=20)


@pytest.mark.parametrize(
    ("told", "before", "after", "certain"),
    [
        ("0.50 02/18/2003", 1, 2, True),
        ("0.14 06/09/2014", 1, 7, True),
        ("0.33 08/25/2022", 1, 3, True),
        ("0.67 01/02/2019", 2, 3, True),
        ("0.05 06/06/2022", 1, 20, True),
        ("10.00 05/09/2011", 10, 1, True),
        ("0.07 01/02/2019", 1, 14, False),  # 1 for 15 rounds to the same.
    ],
)
def test_a_rounded_split_factor_is_read_as_the_plainest_ratio(
    told: str, before: int, after: int, certain: bool
) -> None:
    split = lines.read_split("AAA", told)
    assert split is not None
    assert (split.split.before, split.split.after) == (before, after)
    assert split.certain is certain


@pytest.mark.parametrize("told", ["0.5", "half 02/18/2003", "0 02/18/2003", "-1.00 02/18/2003",
                                  "0.50 2003-02-18", "nan 02/18/2003"])  # fmt: skip
def test_a_split_factor_that_cannot_be_read_is_named(told: str) -> None:
    with pytest.raises(UpstreamDataError, match="Split Factor"):
        lines.read_split("AAA", told)


def test_a_later_split_of_seven_for_one_leaves_no_trace() -> None:
    later = replace(WORLD, splits=(*WORLD.splits, Split("AAA", date(2019, 1, 3), 1, 7)))
    with source_of() as plain, source_of(later) as split:
        pd.testing.assert_frame_equal(
            plain.load(request()).bars, split.load(request()).bars, check_exact=True
        )


def test_two_later_splits_are_refused_because_a_third_would_go_unnamed() -> None:
    twice = (Split("AAA", date(2019, 1, 3), 1, 2), Split("AAA", date(2019, 2, 1), 1, 2))
    world = replace(WORLD, splits=twice)
    with source_of(world) as source, pytest.raises(UpstreamDataError, match="last two only"):
        source.load(request())
    with source_of(world, more_splits="accept") as source:
        closes = source.load(request()).bars["close"].to_numpy()
    count = sum(day <= date(2018, 12, 28) for day in world.sessions)
    np.testing.assert_allclose(closes, np.round(world.bars["AAA"][count - 20 : count, 3], 2))


def test_an_uncertain_split_is_a_finding() -> None:
    world = replace(WORLD, splits=(Split("AAA", date(2018, 12, 10), 1, 15),))
    with source_of(world) as source:
        raw = source.load(request())
    assert [f.symbol for f in raw.findings if "one plain ratio" in f.rule] == ["AAA"]


def test_interval_bars_are_known_when_they_end_whatever_the_season() -> None:
    with source_of() as source:
        last = WORLD.sessions[-1]
        begin, end = (datetime(last.year, last.month, last.day, h, m, tzinfo=NEW_YORK)
                      for h, m in ((9, 31), (9, 33)))  # fmt: skip
        bars = source.interval_bars("AAA", 60, begin, end)
    assert [f"{t:%H:%M}" for t in bars["known_at"].dt.tz_convert(NEW_YORK)] == [
        "09:31", "09:32", "09:33",
    ]  # fmt: skip
    assert (bars["known_at"] - bars["opened_at"] == pd.Timedelta(minutes=1)).all()
    assert f"{bars['opened_at'].iloc[0]:%H:%M}" == "13:30"  # Daylight saving: four hours.
    assert (bars["low"] <= bars["high"]).all()


def test_interval_bars_need_a_zone() -> None:
    with source_of() as source, pytest.raises(OperatorError, match="aware"):
        source.interval_bars("AAA", 60, datetime(2019, 3, 29, 9), datetime(2019, 3, 29, 10))


def test_every_request_is_understood_by_the_emulated_service() -> None:
    asked = [
        lines.daily_last("AAA", 3, "1"),
        lines.daily_between("AAA", date(2018, 12, 26), date(2018, 12, 28), "1"),
    ]
    with IqfeedLookup(WORLD) as server:
        answers = [server.answer(_asked(line)).payload for line in asked]
        intervals = server.answer(_asked(lines.interval_last("AAA", 60, 2, "9"))).payload
    for line, answer in zip(asked, answers, strict=True):
        rows = lines.read_answer(answer.split("\r\n")[:-1], "1", line, lines.DAILY_FIELDS).rows
        assert len(rows) == 3
        assert rows[0][0] < rows[-1][0]
    told = lines.read_answer(intervals.split("\r\n")[:-1], "9", "x", lines.INTERVAL_FIELDS)
    assert told.rows[-1][0] == "2019-03-29 16:00:00"


def _asked(line: str):  # type: ignore[no-untyped-def]
    from foundation.testing.vendors import Request

    return Request(line, {}, {})


@contextmanager
def stream_of(*faults: Fault, **changes: object) -> Iterator[tuple[IqfeedStream, ManualTime]]:
    time = ManualTime(NOW)
    with IqfeedLevelOne(WORLD, *faults, **changes) as server:  # type: ignore[arg-type]
        told = IqfeedSettings(
            level_one_port=server.port,
            read_timeout=0.2,
            retry=RetryPolicy(attempts=2, first_wait=1.0),
        )
        yield IqfeedStream(Connection(timekeeper=time, jitter=lambda: 0.5), told), time


def test_a_watch_yields_the_state_the_summary_and_the_updates() -> None:
    with stream_of(ticks=3) as (stream, _):
        messages = stream.messages(["AAA"])
        found = [next(messages) for _ in range(6)]
    assert [m.state for m in found[:2] if isinstance(m, FeedState)] == [
        "connected", "server connected",
    ]  # fmt: skip
    quotes = [m for m in found if isinstance(m, Quote)]
    assert [q.summary for q in quotes] == [True, False, False, False]
    close = round(float(WORLD.bars["AAA"][-1, 3]), 2)
    np.testing.assert_allclose([q.last for q in quotes], [close + 0.01 * n for n in range(4)])
    assert quotes[1].bid < quotes[1].last < quotes[1].ask
    assert quotes[1].received_at == NOW


def test_a_stream_that_breaks_says_so_and_watches_again() -> None:
    with stream_of(hung_up().on("wAAA"), ticks=1) as (stream, time):
        messages = stream.messages(["AAA"])
        found: list[object] = []
        while not (found and isinstance(found[-1], Quote)):
            found.append(next(messages))
    states = [m.state for m in found if isinstance(m, FeedState)]
    assert states.count("broken off") == 1
    assert states.count("connected") == 2
    assert [wait for wait in time.waits if wait > 0] == [0.75]


def test_a_stream_that_stays_broken_ends_in_an_error() -> None:
    with (
        stream_of(silent().on("wAAA", times=None)) as (stream, _),
        pytest.raises(TransientError, match="IQFeed"),
    ):
        list(stream.messages(["AAA"]))


def test_a_server_that_lost_its_feed_is_told_of() -> None:
    with stream_of(server_connected=False) as (stream, _):
        messages = stream.messages(["AAA"])
        assert [next(messages).state for _ in range(2)][1] == "server disconnected"  # type: ignore[union-attr]


def test_an_unknown_symbol_in_the_stream_is_an_error() -> None:
    with stream_of() as (stream, _), pytest.raises(OperatorError, match="NOSUCH"):
        list(stream.messages(["NOSUCH"]))


LINE = st.one_of(
    st.text(max_size=60),
    st.builds(
        ",".join,
        st.lists(
            st.sampled_from(
                ["1", "LH", "E", "Q", "P", "F", "S", "n", "T", "!ENDMSG!", "!NO_DATA!", "",
                 "2018-12-28", "2018-12-28 00:00:00", "1.5", "-1", "nan", "1e999", "AAA"]
            ),
            max_size=14,
        ),
    ),
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(st.lists(LINE, max_size=6))
def test_no_answer_whatever_breaks_the_reader_of_history(told: list[str]) -> None:
    try:
        answer = lines.read_answer(told, "1", "x", lines.DAILY_FIELDS)
    except FinancialStoryError:
        return
    rows = [line for line in told if line.startswith("1,LH,")]
    assert len(answer.rows) == len(rows)  # Nothing is lost unsaid.
    assert [",".join(("1", "LH", *row, "")) for row in answer.rows] == rows


@settings(max_examples=150, deadline=None)
@given(LINE, st.sampled_from([None, FIELDS]))
def test_no_line_whatever_breaks_the_reader_of_the_stream(
    line: str, names: tuple[str, ...] | None
) -> None:
    try:
        message = read_message(line, names, NOW)
    except FinancialStoryError:
        return
    assert message is None or isinstance(message, Quote | FeedState)
