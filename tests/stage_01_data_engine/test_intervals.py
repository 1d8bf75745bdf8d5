"""Minute and hour bars of vendors, on one clock with their daily bars."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import date, datetime

import numpy as np
import pandas as pd
import pytest

from foundation.connect import Connection, Credentials
from foundation.kernel import NEW_YORK, OperatorError, UpstreamDataError
from foundation.market import close_of
from foundation.testing.vendors import (
    IqfeedLevelOne,
    IqfeedLookup,
    ManualTime,
    PolygonEmulator,
    VendorMarket,
    reshaped,
    vendor_market,
)
from stage_01_data_engine import (
    FredSource,
    IqfeedSettings,
    IqfeedSource,
    MarketRequest,
    PolygonSettings,
    PolygonSource,
)
from stage_01_data_engine.adapters.intervals import interval_source, on_one_clock, placed_bars
from stage_01_data_engine.intraday import resample

WORLD = vendor_market()
AFTER_SPLIT = date(2018, 10, 15)
"""AAA is split 4 for 1 that morning."""
EARLY_CLOSE = date(2018, 11, 23)


@contextmanager
def polygon(
    world: VendorMarket = WORLD, *faults: object, **given: object
) -> Iterator[PolygonSource]:
    with PolygonEmulator(world, *faults, **given) as server:  # type: ignore[arg-type]
        connection = Connection(
            credentials=Credentials({"POLYGON_API_KEY": PolygonEmulator.key}),
            timekeeper=ManualTime(),
        )
        yield PolygonSource(connection, PolygonSettings(base_url=server.url, rates=()))


def request(as_of: date, sessions: int, *symbols: str) -> MarketRequest:
    return MarketRequest(as_of, symbols or ("AAA", "BBB"), sessions)


def test_minutes_make_the_daily_bars_of_the_same_vendor_across_a_split() -> None:
    asked = request(AFTER_SPLIT, 3)
    with polygon() as source:
        minutes = placed_bars(source, "minute", asked)
        daily = source.load(asked).bars
    assert not minutes.findings
    made = resample(minutes.kept, "daily").set_index(["symbol", "session"])
    told = daily.set_index(["symbol", "session"])
    fields = ["open", "high", "low", "close", "volume"]
    for symbol in ("AAA", "BBB"):
        np.testing.assert_allclose(made.loc[symbol, fields], told.loc[symbol, fields], rtol=1e-9)
        truth = WORLD.adjusted(symbol, AFTER_SPLIT)[-3:]
        np.testing.assert_allclose(made.loc[symbol, fields], truth, rtol=1e-9)


def test_hours_are_those_that_minutes_make() -> None:
    asked = request(EARLY_CLOSE, 2, "CCC")
    with polygon() as source:
        hours = placed_bars(source, "hour", asked).kept.reset_index(drop=True)
        made = resample(placed_bars(source, "minute", asked).kept, "hour")
    pd.testing.assert_frame_equal(hours[made.columns], made, check_dtype=False, rtol=1e-12)
    assert len(hours) == 7 + 4, "a whole session, and one that closes at one"
    last = hours["known_at"].iloc[-1].tz_localize("UTC").tz_convert(NEW_YORK)
    assert last == pd.Timestamp(datetime(2018, 11, 23, 13, tzinfo=NEW_YORK))


def test_a_later_split_leaves_the_minutes_of_a_past_day_alone() -> None:
    """BBB is split in February 2019; nobody knew on the last session of 2018."""
    asked = request(date(2018, 12, 28), 1, "BBB")
    with polygon() as source:
        now = placed_bars(source, "minute", asked).kept
    with polygon(replace(WORLD, splits=WORLD.splits[:1])) as source:
        then = placed_bars(source, "minute", asked).kept
    pd.testing.assert_frame_equal(now, then)


def test_on_one_clock_nothing_is_known_before_its_bar_has_ended() -> None:
    asked = request(EARLY_CLOSE, 2, "AAA")
    with polygon() as source:
        minutes, daily = placed_bars(source, "minute", asked), source.load(asked)
    aligned = on_one_clock(minutes, daily)
    assert len(aligned.moments) == 13 + 7, "half hours of a whole session and of a short one"
    at = {name: n for n, name in enumerate(aligned.fields)}
    close = aligned.values[:, 0, at["minute close"]]
    hour = aligned.values[:, 0, at["hour close"]]
    day = aligned.values[:, 0, at["daily close"]]
    path = WORLD.minutes("AAA", date(2018, 11, 21))
    scale = WORLD.adjusted("AAA", EARLY_CLOSE)[-2, 3] / path[-1, 3]
    assert close[0] == pytest.approx(path[29, 3] * scale), "10:00 knows the minute from 9:59"
    assert close[1] == pytest.approx(path[59, 3] * scale)
    assert hour[1] == pytest.approx(path[29, 3] * scale), "10:30 knows the hour that ended at ten"
    assert np.isnan(day[:12]).all(), "the daily bar is known at the close"
    assert day[12] == pytest.approx(path[-1, 3] * scale)
    np.testing.assert_allclose(day[13:19], day[12])
    assert day[19] == pytest.approx(WORLD.adjusted("AAA", EARLY_CLOSE)[-1, 3])
    assert aligned.age[0, 0, 0] == 0.0


@pytest.mark.parametrize("page_size", [7, 100])
def test_pages_are_put_together(page_size: int) -> None:
    asked = request(EARLY_CLOSE, 1, "AAA")
    with polygon(page_size=page_size) as source:
        parts = placed_bars(source, "minute", asked).kept
    with polygon() as source:
        pd.testing.assert_frame_equal(parts, placed_bars(source, "minute", asked).kept)


def test_bars_that_are_adjusted_unasked_or_stamped_oddly_are_refused() -> None:
    asked = request(EARLY_CLOSE, 1, "AAA")

    def seconds(payload: dict) -> dict:
        rows = [row | {"t": -row["t"]} for row in payload.get("results", [])]
        return payload | {"results": rows}

    for change, said in ((lambda p: p | {"adjusted": True}, "adjusted"), (seconds, "milliseconds")):
        fault = reshaped(change).on("/v2/aggs/", times=None)
        with polygon(WORLD, fault) as source, pytest.raises(UpstreamDataError, match=said):
            placed_bars(source, "minute", asked)


def test_iqfeed_minutes_agree_with_its_daily_bars() -> None:
    last = WORLD.sessions[-1]
    asked = MarketRequest(last, ("BBB",), 2)
    with ExitStack() as stack:
        lookup = stack.enter_context(IqfeedLookup(WORLD))
        quotes = stack.enter_context(IqfeedLevelOne(WORLD))
        settings = IqfeedSettings(lookup_port=lookup.port, level_one_port=quotes.port, rates=())
        now = ManualTime(close_of(last))
        source = IqfeedSource(Connection(timekeeper=now), settings)
        minutes, daily = placed_bars(source, "minute", asked), source.load(asked)
    made = resample(minutes.kept, "daily")
    np.testing.assert_allclose(made["close"], daily.bars["close"])
    np.testing.assert_allclose(made["high"], daily.bars["high"])


def test_a_source_without_minutes_is_told_from_one_with() -> None:
    with pytest.raises(OperatorError, match="minute and hour bars") as caught:
        interval_source(FredSource(), "fred")
    assert "story data sources" in caught.value.remedy
    with polygon() as source:
        assert interval_source(source, "polygon") is source


def test_minutes_of_a_session_without_any_are_an_error() -> None:
    with polygon() as source, pytest.raises(UpstreamDataError, match="minute bar"):
        placed_bars(source, "minute", request(date(2017, 6, 1), 1, "AAA"))
