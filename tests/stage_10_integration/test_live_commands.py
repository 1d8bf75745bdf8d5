"""Intraday bars, option snapshots and quotes as they come, as a shell user meets them."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from foundation.connect import SystemTime
from foundation.kernel import NEW_YORK
from foundation.market import close_of, session_on_or_before
from foundation.testing.vendors import (
    IqfeedLevelOne,
    IqfeedLookup,
    PolygonEmulator,
    vendor_market,
)
from foundation.testing.vendors.iqfeed import in_cents
from stage_01_data_engine import TableSource
from stage_01_data_engine.adapters.files.option_snapshots import kept_layouts
from stage_10_integration.commands.application import run_application

WORLD = vendor_market()
LAST = WORLD.sessions[-1]


@dataclass
class Place:
    folder: Path

    def story(self, *words: str) -> int:
        shared = ("--config", str(self.folder / "story.toml"), "--profile", "test")
        with pytest.raises(SystemExit) as left:
            run_application([*words, *shared, "--store", str(self.folder / "store")])
        return int(left.value.code or 0)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    monkeypatch.setenv("POLYGON_API_KEY", PolygonEmulator.key)
    with ExitStack() as stack:
        polygon = stack.enter_context(PolygonEmulator(WORLD))
        lookup = stack.enter_context(IqfeedLookup(WORLD))
        quotes = stack.enter_context(IqfeedLevelOne(WORLD, ticks=3))
        (tmp_path / "story.toml").write_text(
            f'[market]\nsource = "polygon"\nsymbols = ["AAA", "BBB"]\nas_of = {LAST}\n'
            f'[sources.polygon]\nbase_url = "{polygon.url}"\nrates = []\n'
            f"[sources.iqfeed]\nlookup_port = {lookup.port}\nlevel_one_port = {quotes.port}\n"
        )
        yield Place(tmp_path)


def told(capsys: pytest.CaptureFixture[str]) -> Any:
    return json.loads(capsys.readouterr().out)


@pytest.mark.parametrize("source", ["polygon", "iqfeed"])
def test_minutes_are_written_with_the_moment_from_which_each_is_known(
    place: Place, source: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = place.folder / "deep" / "bars.parquet"
    assert place.story("data", "bars", "--source", source, "--output", str(path), "--json") == 0
    frame = pd.read_parquet(path)
    assert told(capsys)["bars"] == len(frame) > 2 * 380
    assert set(frame["symbol"]) == {"AAA", "BBB"}
    closed = pd.Timestamp(close_of(LAST)).tz_convert("UTC").tz_localize(None)
    assert frame["known_at"].max() == closed
    regular = frame[frame["part"] == "regular"]
    begun = regular["stamp"].dt.tz_localize("America/New_York").dt.tz_convert("UTC")
    length = regular["known_at"] - begun.dt.tz_localize(None)
    assert set(length) == {pd.Timedelta(minutes=1)}


def test_a_length_or_a_source_without_such_bars_is_an_error(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    assert place.story("data", "bars", "--every", "week", "--json") == 2
    assert "--every minute" in told(capsys)["error"]["remedy"]
    assert place.story("data", "bars", "--source", "simulated", "--json") == 2
    assert "story data sources" in told(capsys)["error"]["remedy"]
    assert place.story("data", "bars", "--output", "bars.docx", "--json") == 2


def test_option_snapshots_are_kept_and_read_back_from_when_they_were_known(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = place.folder / "chains"
    assert place.story("data", "options", "--folder", str(folder), "--json") == 0
    kept = told(capsys)
    assert [(k["symbol"], k["quotes"]) for k in kept] == [("AAA", 12), ("BBB", 12)]
    now = SystemTime().now()
    session = session_on_or_before(now.date())
    source = TableSource(folder, kept_layouts(folder))
    assert len(source.option_chain(WORLD.sessions[-1]).rows) == 0, "nobody knew in 2019"
    held = source.option_chain(session_on_or_before(now.date().replace(year=now.year + 1)))
    assert (len(held.rows), held.quarantined) == (24, 0)
    assert set(held.rows["snapshot"].dt.date) == {session}
    assert (held.rows["known_at"] >= pd.Timestamp(close_of(session))).all()
    assert held.rows["bid"].tolist() == pytest.approx(
        pd.concat([pd.read_csv(k["file"]) for k in kept])["bid"].tolist()
    )


def test_kept_snapshots_join_the_bars_of_a_run(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    """A chain of the as-of session, written as the command writes it, comes out as features."""
    from config.profiles import profile_named
    from config.settings import load
    from stage_10_integration.house_settings import HouseSettings
    from stage_10_integration.sources import open_source

    folder = place.folder / "chains"
    assert place.story("data", "options", "--folder", str(folder)) == 0
    for path in folder.glob("*.csv"):
        dated = pd.read_csv(path).assign(date=LAST.isoformat())
        dated.to_csv(path.with_name(f"{path.name.rpartition('_')[0]}_day.csv"), index=False)
    flags = {
        "market": {"join": ["tables"], "path": folder},
        "sources": {"tables": {"snapshots": True}},
    }
    settings = load(
        profile_named("test", HouseSettings), config=place.folder / "story.toml", flags=flags,
        environ={},
    )  # fmt: skip
    raw = open_source(settings).load()
    assert raw.source.name == "polygon with tables"
    assert len(raw.option_quotes) == 24
    words = ("data", "ingest", "--join", "tables", "--path", str(folder),
             "--set", "sources.tables.snapshots=true", "--json")  # fmt: skip
    capsys.readouterr()
    assert place.story(*words) == 0


def test_quotes_are_shown_as_they_come(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    words = ("data", "quotes", "--symbols", "AAA", "--messages", "6", "--json")
    assert place.story(*words) == 0
    out, err = capsys.readouterr()
    messages = json.loads(out)
    assert [m["kind"] for m in messages].count("Quote") == 4, "a summary and three ticks"
    prices = [m["last"] for m in messages if m["kind"] == "Quote"]
    assert prices == pytest.approx([prices[0] + 0.01 * n for n in range(4)])
    assert "connected" in err
    assert place.story("data", "quotes", "--symbols", "NOSUCH", "--json") == 2


def at(monkeypatch: pytest.MonkeyPatch, day: date, hour: int = 10) -> None:
    """Let the system's clock stand on a trading day."""
    moment = datetime(day.year, day.month, day.day, hour, tzinfo=NEW_YORK)
    monkeypatch.setattr(SystemTime, "now", lambda self: moment)


def test_a_running_sessions_features_stand_on_the_session_before_it(
    place: Place, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    before, today = WORLD.sessions[-2:]
    at(monkeypatch, today)
    words = ("data", "live", "--as-of", before.isoformat(), "--every", "0.5", "--updates", "1")
    assert place.story(*words, "--json") == 0
    out, err = capsys.readouterr()
    (made,) = json.loads(out)
    assert made["session"] == today.isoformat()
    assert made["quarantined"] == 0
    assert not made["whole"], "the feed was joined after the opening"
    assert "storage.online" in err
    (symbol,) = made["features"]  # one tick of the first symbol made the first set
    yesterday = WORLD.bars[symbol][-2][3]  # as the vendor of bars tells it, to a ten-thousandth
    tick = in_cents(WORLD.bars[symbol])[-1][3] + 0.01  # as the feed does, a cent above the last
    assert made["features"][symbol]["log_return_1"] == pytest.approx(
        math.log(tick / yesterday), abs=2e-6
    )


def test_a_day_without_the_session_before_it_is_refused_before_the_feed_is_asked(
    place: Place, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    at(monkeypatch, WORLD.sessions[-1])
    words = ("data", "live", "--as-of", WORLD.sessions[-3].isoformat())
    assert place.story(*words, "--json") == 2
    refused = json.loads(capsys.readouterr().out)["error"]
    assert refused["rule"].startswith("The window ends with the session before today")
    assert WORLD.sessions[-3].isoformat() in refused["value"]
