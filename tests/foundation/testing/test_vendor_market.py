"""The emulated vendors' one market, and how a server is told to misbehave."""

from __future__ import annotations

import json
from datetime import date
from urllib.error import HTTPError
from urllib.request import ProxyHandler, build_opener

import numpy as np

from foundation.testing.vendors import (
    FredEmulator,
    PolygonEmulator,
    rate_limited,
    reshaped,
    server_error,
    vendor_market,
)

WORLD = vendor_market()
DAY = date(2018, 12, 28)
OPENER = build_opener(ProxyHandler({}))


def fetched(url: str) -> tuple[int, dict]:
    try:
        with OPENER.open(url, timeout=10) as answer:
            return answer.status, json.load(answer)
    except HTTPError as error:
        return error.code, {}


def test_the_same_arguments_give_the_same_market_and_another_seed_another() -> None:
    again, other = vendor_market(), vendor_market(seed=8)
    assert again.vintages == WORLD.vintages
    for symbol in WORLD.symbols:
        assert np.array_equal(again.bars[symbol], WORLD.bars[symbol])
        assert not np.array_equal(other.bars[symbol], WORLD.bars[symbol])


def test_bars_are_consistent_and_a_split_shows_as_a_jump_in_them() -> None:
    for values in WORLD.bars.values():
        opened, high, low, close, volume = values.T
        assert (low <= np.minimum(opened, close)).all()
        assert (high >= np.maximum(opened, close)).all()
        assert (volume > 0).all()
    at = WORLD.sessions.index(date(2018, 10, 15))
    close = WORLD.bars["AAA"][:, 3]
    assert abs(close[at] / close[at - 1] - 0.25) < 0.03
    adjusted = WORLD.adjusted("AAA", DAY)[:, 3]
    assert np.abs(np.diff(np.log(adjusted))).max() < 0.08


def test_another_future_shares_the_past_and_nothing_else() -> None:
    cut, other = WORLD.cut_after(DAY), WORLD.rewritten_after(DAY)
    count = len(cut.sessions)
    assert cut.sessions[-1] == DAY
    for symbol in WORLD.symbols:
        assert np.array_equal(other.bars[symbol][:count], WORLD.bars[symbol][:count])
        assert not (other.bars[symbol][count:, 3] == WORLD.bars[symbol][count:, 3]).any()
    assert len(other.splits) > len(cut.splits)
    for name, found in other.vintages.items():
        assert {v for v in found if v.day <= DAY} == set(cut.vintages[name])
        assert any(v.day > DAY for v in found)


def test_a_bar_is_written_as_the_vendor_writes_it() -> None:
    """The vendor's own example: 1577941200000 is the daily bar of 2020-01-02."""
    with PolygonEmulator(vendor_market(date(2020, 1, 2), date(2020, 1, 10))) as server:
        status, page = fetched(
            f"{server.url}/v2/aggs/ticker/AAA/range/1/day/2020-01-02/2020-01-03"
            f"?adjusted=false&apiKey={PolygonEmulator.key}"
        )
    assert status == 200
    assert page["results"][0]["t"] == 1577941200000
    assert set(page["results"][0]) == {"v", "vw", "o", "c", "h", "l", "t", "n"}
    assert page["resultsCount"] == len(page["results"]) == 2


def test_a_real_time_period_is_cut_to_the_one_asked_for() -> None:
    with FredEmulator(WORLD) as server:
        _, page = fetched(
            f"{server.url}/fred/series/observations?series_id=CPILFESL&file_type=json"
            f"&api_key={FredEmulator.key}&realtime_start=2019-01-01&realtime_end=2019-03-01"
            "&observation_start=2018-06-01&observation_end=2018-06-01"
        )
    rows = [(r["realtime_start"], r["realtime_end"]) for r in page["observations"]]
    assert rows == [("2019-01-01", "2019-02-10"), ("2019-02-11", "2019-03-01")]


def test_faults_befall_the_requests_they_are_for_in_order_and_then_end() -> None:
    path = f"/v3/reference/splits?apiKey={PolygonEmulator.key}"
    faults = (server_error(500).on("splits", times=1, skip=1), rate_limited().on("news"))
    with PolygonEmulator(WORLD, *faults) as server:
        seen = [fetched(server.url + path)[0] for _ in range(3)]
        news = [
            fetched(server.url + path.replace("v3", "v2").replace("splits", "news"))[0]
            for _ in (1, 2)
        ]
        server.befall(reshaped(lambda payload: {"all": payload}))
        assert set(fetched(server.url + path)[1]) == {"all"}
    assert seen == [200, 500, 200]
    assert news == [429, 200]
