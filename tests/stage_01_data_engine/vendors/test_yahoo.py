"""Yahoo's particulars: a downloader handed in, single precision, splits undone, no library."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from importlib.machinery import ModuleSpec

import numpy as np
import pandas as pd
import pytest

from foundation.connect import Connection, RetryPolicy, TransientError
from foundation.kernel import DependencyError, UpstreamDataError
from foundation.testing.vendors import ManualTime, Split, VendorMarket, vendor_market
from stage_01_data_engine import MarketRequest
from stage_01_data_engine.adapters.vendors import yahoo_download
from stage_01_data_engine.adapters.vendors.yahoo import YahooSettings, YahooSource
from stage_01_data_engine.adapters.vendors.yahoo_download import Download, Downloader

WORLD = vendor_market()
AS_OF = date(2018, 12, 28)


def frame_of(world: VendorMarket, symbol: str) -> pd.DataFrame:
    """Return what yfinance returns: all in the terms of today's shares, in single precision."""
    days = list(world.sessions)
    ratio = np.array([
        np.prod([s.after / s.before for s in world.splits if s.symbol == symbol and s.day > day])
        for day in days
    ])  # fmt: skip
    values = world.bars[symbol]
    prices = np.float32(values[:, :4] / ratio[:, None]).astype(float)
    paid = {d.ex_date: d.amount for d in world.dividends if d.symbol == symbol}
    split = {s.day: s.after / s.before for s in world.splits if s.symbol == symbol}
    return pd.DataFrame(
        {
            **{n: prices[:, at] for at, n in enumerate(("Open", "High", "Low", "Close"))},
            "Adj Close": prices[:, 3],
            "Volume": np.rint(values[:, 4] * ratio).astype(np.int64),
            "Dividends": [paid.get(day, 0.0) / r for day, r in zip(days, ratio, strict=True)],
            "Stock Splits": [split.get(day, 0.0) for day in days],
        },
        index=pd.DatetimeIndex(days, name="Date").tz_localize("America/New_York"),
    )


def recorded(
    world: VendorMarket = WORLD, change: Callable[[pd.DataFrame], pd.DataFrame] = lambda f: f
) -> Downloader:
    def download(symbol: str, since: date) -> Download:
        frame = frame_of(world, symbol)
        return Download(change(frame[frame.index.date >= since]), f"Example {symbol}", "EQUITY")

    return download


def load(downloader: Downloader, symbol: str = "AAA", **changes: object) -> pd.DataFrame:
    connection = Connection(timekeeper=ManualTime(), jitter=lambda: 0.5)
    settings = YahooSettings.model_validate({"rates": (), "retry": RetryPolicy(attempts=3)})
    source = YahooSource(connection, settings.model_copy(update=changes), downloader)
    return source.load(MarketRequest(AS_OF, (symbol,), 110)).bars


def test_bars_are_the_truth_adjusted_as_of_the_as_of_date() -> None:
    bars = load(recorded())
    truth = WORLD.adjusted("AAA", AS_OF)[-110:]
    np.testing.assert_allclose(
        bars[["open", "high", "low", "close", "volume"]].to_numpy(), truth, rtol=1e-12
    )


@pytest.mark.parametrize(("before", "after"), [(1, 7), (1, 20), (2, 3), (10, 1)])
def test_a_later_split_of_any_ratio_leaves_no_trace_in_prices(before: int, after: int) -> None:
    later = Split("AAA", date(2019, 1, 7), before, after)
    world = replace(WORLD, splits=(*WORLD.splits, later))
    prices = ["open", "high", "low", "close"]
    pd.testing.assert_frame_equal(
        load(recorded())[prices], load(recorded(world))[prices], check_exact=True
    )


def test_the_vendors_own_adjusted_close_is_left_unread() -> None:
    changed = recorded(change=lambda frame: frame.assign(**{"Adj Close": 1.0}))
    pd.testing.assert_frame_equal(load(changed), load(recorded()), check_exact=True)


def test_dividends_are_taken_out_only_when_asked() -> None:
    plain, adjusted = (
        load(recorded(), "CCC", adjustment=how) for how in ("splits", "splits and dividends")
    )
    assert adjusted["close"].to_numpy()[0] < plain["close"].to_numpy()[0]
    assert adjusted["close"].to_numpy()[-1] == plain["close"].to_numpy()[-1]


def test_a_failure_that_passes_is_asked_again() -> None:
    tries = []
    fetch = recorded()

    def flaky(symbol: str, since: date) -> Download:
        tries.append(symbol)
        if len(tries) < 3:
            raise TransientError("Yahoo answers", value="status 503")
        return fetch(symbol, since)

    assert len(load(flaky)) == 110
    assert len(tries) == 3


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (lambda f: f.tz_convert("UTC"), "New York"),
        (lambda f: f.tz_localize(None), "New York"),
        (lambda f: f.shift(9, freq="h"), "midnight"),
        (lambda f: f.reset_index(drop=True), "dates"),
        (lambda f: f.drop(columns="Close"), "'Close'"),
        (lambda f: f.drop(columns="Stock Splits"), "'Stock Splits'"),
        (lambda f: f.assign(Open="high"), "'Open'"),
        (lambda f: f.assign(Volume=True), "'Volume'"),
        (lambda f: f.assign(**{"Stock Splits": -2.0}), "plausible"),
        (lambda f: f.assign(Dividends=np.inf), "finite"),
        (lambda f: f.iloc[:0], "a bar"),
    ],
)
def test_a_frame_of_another_shape_is_named(
    change: Callable[[pd.DataFrame], pd.DataFrame], word: str
) -> None:
    with pytest.raises(UpstreamDataError, match=word):
        load(recorded(change=change))


def test_without_the_library_the_error_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(name: str) -> ModuleSpec | None:
        return None

    monkeypatch.setattr(yahoo_download, "find_spec", absent)
    with pytest.raises(DependencyError, match=r"financial-story-llm\[live\]"):
        YahooSource(Connection(timekeeper=ManualTime())).load(MarketRequest(AS_OF, ("AAA",), 20))
