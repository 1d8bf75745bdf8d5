"""Answers are kept with their age; stale ones are used only when asked for, and marked."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foundation.connect import CachedAnswer, Freshness, ResponseCache, TransientError
from foundation.testing.vendors import ManualTime, hung_up, server_error
from tests.foundation.connect.servers import KEY, client_of

HOUR = Freshness(max_age=3600)


def test_a_fresh_answer_is_used_again_and_shows_its_age(tmp_path: Path) -> None:
    time = ManualTime()
    with client_of(time=time, cache=ResponseCache(tmp_path), freshness=HOUR) as (server, client):
        first = client.get("x", {"a": 1})
        time.advance(timedelta(minutes=59))
        again = client.get("x", {"a": 1})
        assert again.body == first.body
        assert (first.age, again.age) == (0.0, 59 * 60.0)
        assert again.fetched_at == first.fetched_at
        assert not again.stale
        assert len(server.requests) == 1
        time.advance(timedelta(minutes=1))
        assert client.get("x", {"a": 1}).json()["asked"] == 2


def test_another_question_is_another_answer(tmp_path: Path) -> None:
    with client_of(cache=ResponseCache(tmp_path), freshness=HOUR) as (server, client):
        for path, query in (("x", {}), ("x", {"a": 1}), ("x", {"a": 2}), ("y", {"a": 1})):
            client.get(path, query)
        assert len(server.requests) == 4
        assert client.get("x", {"a": 2}).json()["asked"] == 3


def test_without_freshness_a_cache_answers_nothing(tmp_path: Path) -> None:
    with client_of(cache=ResponseCache(tmp_path)) as (server, client):
        client.get("x")
        client.get("x")
        assert len(server.requests) == 2


def test_any_age_will_do_when_asked_so(tmp_path: Path) -> None:
    time = ManualTime()
    with client_of(time=time, cache=ResponseCache(tmp_path)) as (server, client):
        client.get("x")
        time.advance(timedelta(days=4000))
        old = client.get("x", freshness=Freshness(max_age=None))
        assert old.age == 4000 * 86_400
        assert len(server.requests) == 1


def test_an_old_answer_in_place_of_none_is_marked_stale_and_only_on_request(tmp_path: Path) -> None:
    time, cache = ManualTime(), ResponseCache(tmp_path)
    with client_of(hung_up().on("", times=None, skip=1), time=time, cache=cache) as (_, client):
        fresh = client.get("x")
        time.advance(timedelta(hours=5))
        with pytest.raises(TransientError):
            client.get("x")
        stale = client.get("x", freshness=Freshness(max_age=60, stale_on_error=True))
        assert stale.stale
        assert stale.age > 5 * 3600
        assert stale.body == fresh.body
        with pytest.raises(TransientError):  # Nothing was ever kept for this one.
            client.get("y", freshness=Freshness(max_age=60, stale_on_error=True))


def test_only_good_answers_are_kept(tmp_path: Path) -> None:
    with client_of(server_error(503), cache=ResponseCache(tmp_path), freshness=HOUR) as (_, client):
        client.get("missing", accept=(200, 404))
        assert not list(tmp_path.rglob("*.answer"))
        client.get("x")
        assert len(list(tmp_path.rglob("*.answer"))) == 1


def test_no_key_is_written_to_disk(tmp_path: Path) -> None:
    with client_of(cache=ResponseCache(tmp_path), freshness=HOUR) as (_, client):
        client.get("x")
    for path in tmp_path.rglob("*"):
        assert KEY not in path.name
        assert path.is_dir() or KEY.encode() not in path.read_bytes()


@given(damage=st.integers(0, 400), byte=st.integers(0, 255))
def test_a_damaged_file_is_whole_or_absent(
    damage: int, byte: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    cache = ResponseCache(tmp_path_factory.mktemp("cache"))
    answer = CachedAnswer(200, b'{"results": [1, 2, 3]}' * 10, ManualTime().now())
    cache.put("ab" * 32, answer)
    [path] = cache.folder.rglob("*.answer")
    raw = bytearray(path.read_bytes())
    raw[damage % len(raw)] = byte
    path.write_bytes(raw[: len(raw) - damage // 100])
    found = cache.get("ab" * 32)
    assert found is None or found.body == answer.body


def test_a_file_cut_short_is_asked_for_anew(tmp_path: Path) -> None:
    with client_of(cache=ResponseCache(tmp_path), freshness=HOUR) as (_, client):
        client.get("x")
        [path] = tmp_path.rglob("*.answer")
        path.write_bytes(path.read_bytes()[:-3])
        assert client.json("x")["asked"] == 2
        assert client.json("x")["asked"] == 2
