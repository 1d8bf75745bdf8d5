"""A whole run on vendors' bars, series and events, by the command, against emulated vendors."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from foundation.kernel import NEW_YORK, WorldError
from foundation.testing.vendors import (
    FinnhubEmulator,
    FredEmulator,
    PolygonEmulator,
    server_error,
    vendor_market,
)
from stage_01_data_engine import Reading
from stage_10_integration.commands.application import run_application
from stage_10_integration.source_log import SourceLog

WORLD = vendor_market(date(2017, 4, 3), date(2019, 1, 31))
KEYS = {
    "POLYGON_API_KEY": PolygonEmulator.key,
    "FRED_API_KEY": FredEmulator.key,
    "FINNHUB_API_KEY": FinnhubEmulator.key,
}
OF_THE_WORLD, OF_A_DEPENDENCY = 4, 6


@dataclass
class Place:
    """Three emulated vendors, a settings file that names their addresses, and a store."""

    folder: Path
    polygon: PolygonEmulator
    fred: FredEmulator
    finnhub: FinnhubEmulator

    def asked(self) -> int:
        """How many requests the three have had."""
        return sum(len(server.requests) for server in (self.polygon, self.fred, self.finnhub))

    def story(self, *words: str, store: str = "store") -> int:
        """Run the command and return its exit code."""
        shared = ("--config", str(self.folder / "story.toml"), "--profile", "test")
        with pytest.raises(SystemExit) as left:
            run_application([*words, *shared, "--store", str(self.folder / store)])
        return int(left.value.code or 0)


SETTINGS = """
output = "{folder}/out"
[market]
source = "polygon"
join = ["fred", "finnhub"]
symbols = ["AAA", "BBB"]
as_of = 2018-12-28
[data]
history_sessions = 420
[sources.polygon]
base_url = "{polygon}"
rates = []
retry = {{attempts = 1}}
[sources.fred]
base_url = "{fred}/fred"
rates = []
retry = {{attempts = 1}}
[sources.finnhub]
base_url = "{finnhub}"
rates = []
retry = {{attempts = 1}}
"""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    for name, key in KEYS.items():
        monkeypatch.setenv(name, key)
    with ExitStack() as stack:
        polygon = stack.enter_context(PolygonEmulator(WORLD))
        fred = stack.enter_context(FredEmulator(WORLD))
        finnhub = stack.enter_context(FinnhubEmulator(WORLD))
        addresses = {"polygon": polygon.url, "fred": fred.url, "finnhub": finnhub.url}
        (tmp_path / "story.toml").write_text(SETTINGS.format(folder=tmp_path, **addresses))
        yield Place(tmp_path, polygon, fred, finnhub)  # type: ignore[arg-type]


def told(capsys: pytest.CaptureFixture[str]) -> Any:
    return json.loads(capsys.readouterr().out)


def test_three_vendors_make_a_brief_and_a_second_run_asks_nobody(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    assert place.story("run", "--json") == 0
    brief = (place.folder / "out" / "2018-12-28" / "brief.md").read_text(encoding="utf-8")
    assert all(f"Example {symbol} Inc." in brief for symbol in ("AAA", "BBB")), "Polygon's names"
    capsys.readouterr()
    asked = place.asked()
    assert asked > 15
    assert place.story("run", "--json") == 0
    assert place.asked() == asked, "every answer was a kept one"
    assert {step["state"] for step in told(capsys)["steps"]} == {"reused"}

    assert place.story("data", "status", "--json") == 0
    status = told(capsys)
    by_name = {source["source"]: source for source in status["sources"]}
    assert by_name.keys() == {"polygon", "fred", "finnhub"}
    assert (by_name["polygon"]["rows"], by_name["polygon"]["last_session"]) == (840, "2018-12-28")
    assert by_name["fred"]["observations"] > 500
    assert by_name["fred"]["events"] > 10
    assert by_name["finnhub"]["events"] > 10
    assert all(s["cached"] == s["answers"] > 0 for s in by_name.values())
    assert status["cache"]["answers"] == asked


def test_the_window_holds_bars_series_and_events_and_dates_its_answers(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    assert place.story("data", "quality", "--output", str(place.folder / "q.html"), "--json") == 0
    findings = told(capsys)["findings"]
    dated = {f["symbol"] for f in findings if f["rule"] == "Kept answers are dated"}
    assert dated == {"Polygon", "FRED", "Finnhub"}
    assert "Kept answers are dated" in (place.folder / "q.html").read_text(encoding="utf-8")


def test_a_server_that_is_gone_is_an_error_and_older_answers_stand_in_only_when_asked(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    assert place.story("data", "ingest", "--json") == 0
    capsys.readouterr()
    assert place.story("data", "status", "--json") == 0
    [dataset] = told(capsys)["datasets"]
    assert (dataset["dataset"], dataset["as_of"]) == ("main", "2018-12-28")
    assert dataset["source"] == "polygon with fred with finnhub"
    assert dataset["added"] > 840
    assert dataset["sessions_behind"] > 1000
    place.polygon.befall(server_error(503).always())
    anew = ("--set", "connection.cache_max_age=0")
    capsys.readouterr()
    assert place.story("data", "ingest", *anew, "--json") == OF_THE_WORLD
    error = told(capsys)["error"]
    assert "Polygon" in error["rule"]
    assert "503" in error["value"]
    assert error["remedy"]
    assert place.story("data", "status", "--json") == 0
    failed = next(s for s in told(capsys)["sources"] if s["source"] == "polygon")
    assert "503" in failed["error"]

    stale = (*anew, "--set", "connection.stale_on_error=true")
    assert place.story("data", "quality", "--output", str(place.folder / "q.html"), *stale,
                       "--json") == 0  # fmt: skip
    found = {f["rule"]: f for f in told(capsys)["findings"]}
    warning = found["Answers are no older than asked for"]
    assert (warning["severity"], warning["symbol"]) == ("warning", "Polygon")
    assert "10 of 10 answers" in warning["value"]


def test_another_source_answers_for_one_that_does_not_and_the_findings_say_why(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    place.polygon.befall(server_error(503).always())
    words = ("--otherwise", "simulated", "--symbols", "SIM00,SIM01", "--set", "market.join=[]",
             "--as-of", "2011-06-01", "--set", "simulation.sessions=400",
             "--output", str(place.folder / "q.html"))  # fmt: skip
    assert place.story("data", "quality", *words, "--json") == 0
    found = {f["rule"]: f for f in told(capsys)["findings"]}
    fallen = found["The source asked first answers"]
    assert (fallen["severity"], fallen["symbol"]) == ("warning", "polygon")
    assert "503" in fallen["value"]
    assert place.story("data", "status", "--json") == 0
    rows = {s["source"]: (s["rows"], bool(s["error"])) for s in told(capsys)["sources"]}
    assert rows["polygon"] == (0, True)
    assert rows["simulated"][0] > 0


def test_a_missing_key_names_its_variable(
    place: Place, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("FRED_API_KEY")
    assert place.story("run", "--json") == OF_A_DEPENDENCY
    error = told(capsys)["error"]
    assert "FRED_API_KEY" in error["rule"]
    assert place.asked() > 0, "the bars were asked for first"


def test_of_several_readings_the_one_of_the_latest_day_is_kept(tmp_path: Path) -> None:
    log = SourceLog(tmp_path / "sources")
    moment = datetime(2019, 1, 2, 9, 30, tzinfo=NEW_YORK)

    def reading(day: int, rows: int, error: str = "") -> Reading:
        return Reading(source="a b", read_at=moment, as_of=date(2018, 12, day), rows=rows,
                       error=error)  # fmt: skip

    log.keep([reading(28, 5), reading(3, 1)])
    assert log.last()["a b"].rows == 5
    log.keep([reading(28, 5), reading(28, 0, "gone")])
    assert log.last()["a b"].error == "gone"
    (tmp_path / "sources" / "a-b.json").write_text("{")
    with pytest.raises(WorldError, match="log of sources"):
        log.last()


def test_sources_say_whose_key_is_there_and_never_the_key(
    place: Place, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("FRED_API_KEY")
    for command in (["data", "sources", "--json"], ["data", "sources"], ["doctor"]):
        with pytest.raises(SystemExit):
            run_application(command)
        out, err = capsys.readouterr()
        assert PolygonEmulator.key not in out + err
        if "--json" in command:
            keys = {line["name"]: line["key_present"] for line in json.loads(out)}
            assert (keys["polygon"], keys["fred"], keys["bundled"]) == (True, False, None)
