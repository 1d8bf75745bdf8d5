"""The newest value of every key, on every engine; and the features kept in it."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from threading import Thread

import numpy as np
import pytest

from foundation.kernel import NEW_YORK, OperatorError, UpstreamDataError, WorldError
from foundation.storage.online import LatestCache, LatestFeatures, RedisCache, open_cache
from foundation.storage.online.cache import Stamped
from foundation.timeseries import Panel

CLOSE = datetime(2018, 7, 3, 13, 0, tzinfo=NEW_YORK)  # the early close before the Fourth
HOUR = timedelta(hours=1)


def panel(day: int, *values: float) -> Panel:
    block = np.array(values).reshape(1, -1, 2)
    symbols = tuple("ABCDE"[: block.shape[1]])
    return Panel(
        sessions=(date(2018, 7, day),), symbols=symbols, fields=("rsi_14", "gap"), values=block
    )


def test_bytes_come_back_and_absent_keys_are_absent(cache: LatestCache) -> None:
    value = Stamped(1_530_000_000_123_456, bytes(range(256)))
    assert cache.put({"a": value}) == 1
    assert cache.get(["a", "b"]) == {"a": value}
    assert cache.get([]) == {}


def test_an_older_value_never_takes_the_place_of_a_newer_one(cache: LatestCache) -> None:
    cache.put({"a": Stamped(20, b"new")})
    assert cache.put({"a": Stamped(10, b"old"), "b": Stamped(5, b"b")}) == 1
    assert cache.put({"a": Stamped(20, b"other")}) == 0
    assert cache.get(["a", "b"]) == {"a": Stamped(20, b"new"), "b": Stamped(5, b"b")}
    assert cache.put({"a": Stamped(21, b"newest")}) == 1
    assert cache.get(["a"])["a"].content == b"newest"


def test_the_newest_stands_whoever_writes_first(cache: LatestCache) -> None:
    def write(start: int) -> None:
        for stamp in range(start, 400, 4):
            cache.put({"a": Stamped(stamp, str(stamp).encode())})

    writers = [Thread(target=write, args=(n,)) for n in (3, 0, 2, 1)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert cache.get(["a"]) == {"a": Stamped(399, b"399")}


def test_dropped_keys_are_gone(cache: LatestCache) -> None:
    cache.put({"a": Stamped(1, b""), "b": Stamped(1, b"")})
    assert cache.drop(["a", "c"]) == 1
    assert set(cache.get(["a", "b"])) == {"b"}


def test_more_keys_than_go_into_one_call(cache: LatestCache) -> None:
    values = {f"k{n}": Stamped(n, b"x") for n in range(5_001)}
    assert cache.put(values) == 5_001
    assert cache.get(tuple(values)) == values


def test_features_come_back_to_the_last_bit_with_their_age(cache: LatestCache) -> None:
    latest = LatestFeatures(cache, "main")
    assert latest.write(panel(3, 1 / 3, np.nan, 70.0, -0.01)) == 2
    read = latest.read(["A", "B", "Z"], now=CLOSE + HOUR, max_age=2 * HOUR)
    assert set(read) == {"A", "B"}
    one = read["A"]
    assert (one.session, one.known_at, one.fields) == (date(2018, 7, 3), CLOSE, ("rsi_14", "gap"))
    np.testing.assert_array_equal(one.values, [1 / 3, np.nan])
    assert (one.age, one.stale) == (HOUR, False)


def test_what_is_older_than_asked_for_says_so(cache: LatestCache) -> None:
    latest = LatestFeatures(cache, "main")
    latest.write(panel(3, 1.0, 2.0))
    read = latest.read(["A"], now=CLOSE + HOUR, max_age=HOUR - timedelta(seconds=1))
    assert read["A"].stale


def test_age_is_counted_in_time_that_passed_when_clocks_go_back(cache: LatestCache) -> None:
    latest = LatestFeatures(cache, "main")
    before = datetime(2018, 11, 4, 0, 30, tzinfo=NEW_YORK)  # clocks go back at 2:00
    latest.write(panel(3, 1.0, 2.0), known_at=before)
    after = datetime(2018, 11, 4, 3, 30, tzinfo=NEW_YORK)
    assert latest.read(["A"], now=after, max_age=HOUR)["A"].age == 4 * HOUR


def test_a_replayed_session_does_not_hide_the_present_one(cache: LatestCache) -> None:
    latest = LatestFeatures(cache, "main")
    latest.write(panel(3, 1.0, 2.0))
    assert latest.write(panel(2, 9.0, 9.0)) == 0
    read = latest.read(["A"], now=CLOSE, max_age=HOUR)
    assert read["A"].values.tolist() == [1.0, 2.0]


def test_datasets_do_not_mix(cache: LatestCache) -> None:
    LatestFeatures(cache, "main").write(panel(3, 1.0, 2.0))
    assert not LatestFeatures(cache, "other").read(["A"], now=CLOSE, max_age=HOUR)


def test_the_present_does_not_answer_for_the_past(cache: LatestCache) -> None:
    latest = LatestFeatures(cache, "main")
    latest.write(panel(3, 1.0, 2.0))
    with pytest.raises(OperatorError, match="about the present"):
        latest.read(["A"], now=CLOSE - timedelta(seconds=1), max_age=HOUR)


@pytest.mark.parametrize("content", [b"", b"[]\n", b'{"session": "2018-07-03", "fields": ["a"]}\n'])
def test_a_damaged_value_is_an_error_that_names_the_symbol(
    cache: LatestCache, content: bytes
) -> None:
    cache.put({"features:main:A": Stamped(1, content)})
    with pytest.raises(UpstreamDataError, match="cached of A"):
        LatestFeatures(cache, "main").read(["A"], now=CLOSE, max_age=HOUR)


def test_a_server_that_does_not_answer_is_the_worlds_fault() -> None:
    with pytest.raises(WorldError, match=r"must answer.*127\.0\.0\.1:1"):
        RedisCache("redis://127.0.0.1:1/0", timeout=0.5).get(["a"])
    with pytest.raises(OperatorError, match="by its URL"):
        open_cache("http://127.0.0.1")
