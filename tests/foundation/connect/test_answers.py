"""What was answered is counted and dated; a cache can be looked over."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from foundation.connect import AnswerLog, Freshness, ResponseCache
from foundation.kernel import NEW_YORK, WorldError
from foundation.testing.vendors import ManualTime, server_error
from tests.foundation.connect.servers import client_of

MORNING = datetime(2019, 1, 2, 9, 30, tzinfo=NEW_YORK)


def test_a_tally_spans_from_the_oldest_answer_to_the_newest() -> None:
    log = AnswerLog()
    heard = []
    log.heard = lambda vendor, tally: heard.append((vendor, tally.answers))
    for hours, cached, stale in ((2, True, False), (0, True, True), (5, False, False)):
        moment = MORNING + timedelta(hours=hours)
        log.note("A", moment, cached=cached, stale=stale, kept=True)
    log.note("B", MORNING, cached=False, stale=False, kept=False)
    told = log.take()
    assert (told["A"].answers, told["A"].cached, told["A"].stale) == (3, 2, 1)
    assert told["A"].oldest == told["A"].oldest_stale == MORNING
    assert told["A"].newest == MORNING + timedelta(hours=5)
    assert (told["A"].kept, told["B"].kept, told["B"].oldest_stale) == (True, False, None)
    assert heard == [("A", 1), ("A", 2), ("A", 3), ("B", 1)]
    assert log.take() == {}


def test_steps_tell_how_many_are_done() -> None:
    log, moved = AnswerLog(), []
    log.moved = lambda vendor, done, total: moved.append((vendor, done, total))
    assert list(log.steps("A", "xyz")) == ["x", "y", "z"]
    assert moved == [("A", 0, 3), ("A", 1, 3), ("A", 2, 3), ("A", 3, 3)]


def test_fresh_kept_and_stale_answers_are_told_apart(tmp_path: Path) -> None:
    time = ManualTime()
    keep = {"time": time, "cache": ResponseCache(tmp_path)}
    with client_of(**keep, freshness=Freshness(3_600, stale_on_error=True)) as (server, client):
        log = client._log
        client.get("/a")
        assert (log.take()["Example"].cached, client.get("/a").age) == (0, 0.0)
        assert log.take()["Example"].cached == 1
        time.advance(timedelta(hours=2))
        server.befall(server_error(503).always())
        assert client.get("/a").stale
        tally = log.take()["Example"]
    assert (tally.cached, tally.stale) == (1, 1)
    assert tally.oldest_stale == tally.oldest
    assert time.now() - tally.oldest >= timedelta(hours=2)


def test_a_census_counts_whole_answers_and_dates_them(tmp_path: Path) -> None:
    cache = ResponseCache(tmp_path / "answers")
    assert (cache.census().answers, cache.census().oldest) == (0, None)
    time = ManualTime()
    with client_of(time=time, cache=cache) as (_, client):
        client.get("/a")
        time.advance(timedelta(hours=1))
        client.get("/b")
    (tmp_path / "answers" / "zz").mkdir()
    (tmp_path / "answers" / "zz" / "half.answer").write_bytes(b"{")
    census = cache.census()
    assert census.answers == 2
    assert census.oldest is not None
    assert census.newest is not None
    assert census.newest - census.oldest >= timedelta(hours=1)
    files = [p for p in (tmp_path / "answers").glob("*/*.answer") if p.parent.name != "zz"]
    assert census.size == sum(p.stat().st_size for p in files)


def test_a_disk_that_refuses_an_answer_is_an_error_of_the_world(tmp_path: Path) -> None:
    (tmp_path / "answers").write_text("a file in the way")
    cache = ResponseCache(tmp_path / "answers")
    with client_of(cache=cache) as (_, client), pytest.raises(WorldError, match="kept") as caught:
        client.get("/a")
    assert "connection.cache" in caught.value.remedy
