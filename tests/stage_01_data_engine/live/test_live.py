"""A session that is going on: from quotes to bars, from bars to features."""

from __future__ import annotations

import math
from datetime import date, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from foundation.kernel import NEW_YORK, OperatorError, UpstreamDataError
from foundation.market import close_of
from stage_01_data_engine import DataEngineSettings
from stage_01_data_engine.adapters.vendors.iqfeed_stream import FeedState, Quote
from stage_01_data_engine.features import FEATURES
from stage_01_data_engine.live import NextSession, RunningBars, live_features
from tests.stage_01_data_engine.market_files import lines, walk, window, write

DAY = date(2018, 7, 3)  # closes at 13:00


def at(clock: str) -> datetime:
    return datetime.fromisoformat(f"{DAY}T{clock}").replace(tzinfo=NEW_YORK)


def quote(clock: str, last: float, **more: object) -> Quote:
    told = {
        "symbol": "AAA", "received_at": at(clock), "last": last, "last_size": 100.0,
        "traded": clock, "volume": math.nan, "bid": math.nan, "bid_size": math.nan,
        "ask": math.nan, "ask_size": math.nan, "contents": "Cv", "summary": False,
    }  # fmt: skip
    return Quote(**told | more)  # type: ignore[arg-type]


def watched() -> RunningBars:
    bars = RunningBars(DAY)
    bars.fold(FeedState("connected", at("09:20:00")))
    return bars


def only(bars: RunningBars) -> dict[str, object]:
    [row] = bars.rows().to_dict("records")
    return row


def test_trades_make_the_bar_of_the_day_so_far() -> None:
    bars = watched()
    for clock, last, volume in (("09:30:01", 10, 100), ("09:31:00", 12, 300), ("10:00:00", 9, 900)):
        assert bars.fold(quote(clock, last, volume=float(volume)))
    row = only(bars)
    assert [row[f] for f in ("open", "high", "low", "close", "volume")] == [10, 12, 9, 9, 900]
    assert row["known_at"] == at("10:00:00")
    assert row["session"] == pd.Timestamp(DAY)
    assert bars.whole


@pytest.mark.parametrize(
    "other",
    [
        quote("09:29:59", 99.0),
        quote("13:00:01", 99.0),
        quote("11:00:00", 99.0, contents="ba"),
        quote("11:00:00", 99.0, contents="Tv"),
        quote("11:00:00", 99.0, summary=True),
        quote("11:00:00", math.nan),
        quote("11:00:00", 0.0),
    ],
    ids=["before the open", "after the early close", "a quote", "form T", "summary", "empty", "0"],
)
def test_what_is_no_trade_of_regular_hours_makes_no_price(other: Quote) -> None:
    bars = watched()
    if other.received_at < at("10:00:00"):
        bars.fold(other)
    bars.fold(quote("10:00:00", 10.0))
    if other.received_at > at("10:00:00"):
        assert not bars.fold(other)
    row = only(bars)
    assert [row[f] for f in ("open", "high", "low", "close")] == [10.0] * 4
    assert row["known_at"] == at("10:00:00")


def test_the_open_is_absent_where_the_first_trade_may_have_been_missed() -> None:
    late = RunningBars(DAY)
    late.fold(FeedState("connected", at("09:45:00")))
    late.fold(quote("09:46:00", 10.0))
    assert math.isnan(only(late)["open"])  # type: ignore[arg-type]
    assert not late.whole


def test_a_gap_in_the_feed_is_told() -> None:
    bars = watched()
    bars.fold(quote("09:30:01", 10.0))
    bars.fold(FeedState("broken off", at("10:00:00"), "timed out"))
    bars.fold(FeedState("connected", at("10:01:00")))
    assert (bars.gaps, bars.whole) == (1, False)
    after_close = watched()
    after_close.fold(FeedState("server disconnected", at("15:00:00")))
    assert after_close.whole


def test_messages_out_of_order_are_refused() -> None:
    bars = watched()
    bars.fold(quote("10:00:00", 10.0))
    with pytest.raises(OperatorError, match="in the order they were received"):
        bars.fold(quote("09:59:59", 11.0))


def test_later_quotes_change_nothing_that_was_read_before() -> None:
    bars = watched()
    bars.fold(quote("10:00:00", 10.0))
    early = bars.rows()
    copy = early.copy()
    bars.fold(quote("10:00:01", 20.0))
    pd.testing.assert_frame_equal(early, copy)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("bars")
    for seed, name in enumerate(("AAA", "BBB", "CCC")):
        write(place, f"{name}.csv", lines(walk(seed, 700)))
    return place


def test_the_increment_equals_the_full_window_of_the_new_session(folder: Path) -> None:
    full = window(folder, history=700)
    before = window(folder, history=700, as_of=full.bars.sessions[-2])
    ahead = NextSession(before, DataEngineSettings())
    assert ahead.session == full.session
    rows = pd.DataFrame(
        [
            {"symbol": s, "session": pd.Timestamp(full.session), "location": "new",
             **dict(zip(full.bars.fields, full.bars.values[-1, n], strict=True))}
            for n, s in enumerate(full.bars.symbols)
        ]
    )  # fmt: skip
    market = {f: float(full.market.field(f)[-1, 0]) for f in full.market.fields}
    for _ in range(2):  # as often as one likes
        made = ahead.increment(rows, market)
    assert made.quarantined == 0
    np.testing.assert_array_equal(made.bars.values[0], full.bars.values[-1])
    for i, feature in enumerate(FEATURES):
        np.testing.assert_allclose(
            made.features.values[0, :, i], full.features.values[-1, :, i],
            rtol=1e-8 if feature.smoothed else 1e-9, atol=1e-9, err_msg=feature.name,
        )  # fmt: skip

    spoilt = rows.assign(high=[*rows["high"][:2], -1.0])
    judged = ahead.increment(spoilt, market)
    assert judged.quarantined == 1
    assert [f.symbol for f in judged.findings] == ["CCC"]
    assert np.isnan(judged.bars.values[0, 2]).all()
    np.testing.assert_array_equal(judged.bars.values[0, :2], full.bars.values[-1, :2])
    with pytest.raises(UpstreamDataError, match="has a usable bar"):
        ahead.increment(rows.assign(close=np.nan), market)


def test_quotes_become_features(folder: Path) -> None:
    before = window(folder, history=700)
    ahead = NextSession(before, DataEngineSettings())
    bars = RunningBars(ahead.session)
    opening = close_of(ahead.session) - timedelta(hours=3)
    last = before.bars.field("close")[-1]
    for n, symbol in enumerate(before.bars.symbols):
        told = quote("10:00:00", float(last[n]) * 1.01)
        told = Quote(**{**told.__dict__, "symbol": symbol,
                        "received_at": opening + timedelta(seconds=n)})  # fmt: skip
        assert bars.fold(told)
    made = ahead.increment(bars.rows(), {})
    returns = made.features.field("log_return_1")[0]
    np.testing.assert_allclose(returns, np.log(1.01), rtol=1e-9)


def test_features_follow_the_quotes_and_are_never_ahead_of_them(folder: Path) -> None:
    before = window(folder, history=700)
    ahead = NextSession(before, DataEngineSettings())
    opening = close_of(ahead.session) - timedelta(hours=2)
    last = float(before.bars.field("close")[-1, 0])

    def traded(seconds: int, factor: float) -> Quote:
        told = quote("10:00:00", last * factor).__dict__
        moment = opening + timedelta(seconds=seconds)
        return Quote(**{**told, "received_at": moment})

    quotes = [traded(0, 1.01), traded(4, 1.02), traded(10, 1.03), traded(11, 1.04)]
    made = list(live_features(quotes, ahead, {}, every=timedelta(seconds=10)))
    assert [(known - opening).seconds for known, _, _ in made] == [0, 10, 11]
    returns = [float(i.features.field("log_return_1")[0, 0]) for _, i, _ in made]
    np.testing.assert_allclose(returns, np.log([1.01, 1.03, 1.04]), rtol=1e-9)
    cut = list(live_features(quotes[:2], ahead, {}, every=timedelta(seconds=10)))
    assert cut[0][1].features == made[0][1].features
