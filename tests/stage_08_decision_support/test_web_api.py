"""The dashboard over HTTP, without a browser."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest
from fastapi.testclient import TestClient

from foundation.contracts import (
    OPINIONS,
    TAPE,
    ArtefactRef,
    DecisionBrief,
    InstrumentPage,
    PerformanceReport,
    StageEvent,
)
from foundation.kernel import OperatorError, UpstreamDataError
from stage_08_decision_support.adapters.web import RunView, create_app, run_metadata
from tests.stage_08_decision_support.shelves import EmptyShelf, OneRun
from tests.stage_08_decision_support.test_rendering import text_of

PAGES = ("/", "/instrument/SPX", "/instrument/AAPL", "/performance", "/models", "/quality", "/runs")


class NoRun:
    def latest(self) -> RunView:
        raise OperatorError("There is no complete run", value=None, remedy="run story demo")


@pytest.fixture(scope="module")
def client(view: RunView) -> TestClient:
    return TestClient(create_app(OneRun(view), EmptyShelf()))


@pytest.mark.parametrize("address", PAGES)
def test_pages_are_well_formed_and_load_nothing_from_elsewhere(
    client: TestClient, address: str
) -> None:
    answer = client.get(address)
    assert answer.status_code == 200
    text_of(answer.text)
    assert not re.search(r"https?://|//[a-z0-9.-]+\.(com|net|org|io)", answer.text)
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy


def test_files_the_pages_ask_for_are_there_and_may_be_kept(client: TestClient) -> None:
    found = set()
    for address in PAGES:
        found |= set(
            re.findall(r'(?:src|href)="(/(?:static|icon)[^"]*)"', client.get(address).text)
        )
    assert {a.rsplit("/", 1)[-1] for a in found} == {
        "story.css", "app.js", "plotly.min.js", "icon.svg",
    }  # fmt: skip
    for address in found:
        answer = client.get(address)
        assert answer.status_code == 200
        assert "immutable" in answer.headers["cache-control"]


def test_plotly_is_the_packages_own_file_compressed_or_not(client: TestClient) -> None:
    from importlib.resources import files

    bundled = files("plotly").joinpath("package_data", "plotly.min.js").read_bytes()
    address = re.search(r'"(/static/[^"]*plotly.min.js)"', client.get("/instrument/SPX").text)
    assert address is not None
    packed = client.get(address[1], headers={"accept-encoding": "gzip"})
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.content == bundled
    plain = client.get(address[1], headers={"accept-encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert plain.content == bundled


def test_the_quality_page_and_its_data_tell_the_same_rows(
    client: TestClient, view: RunView
) -> None:
    text, told = client.get("/quality").text, client.get("/api/quality").json()
    assert told["counts"] == view.market.counts.model_dump()
    assert f"{view.market.counts.quarantined:,} of {view.market.counts.received:,} rows" in text
    assert [row["location"] for row in told["rows"]] == ["ixic.csv, row 17"]
    assert {s["symbol"] for s in told["symbols"]} == set(view.market.bars.symbols)
    for symbol in view.market.bars.symbols:
        assert symbol in text


def test_the_performance_page_holds_past_odds_against_what_came_true(client: TestClient) -> None:
    # The sample's two deciles: 48% said and 47% true, 62% and 63%.
    text = client.get("/performance").text
    table = text[text.index("Odds of a rise") :]
    assert "held against 960 past outcomes" in table
    for said, true, interval in (
        ("48.0%", "47.0%", "41.0% to 53.0%"),
        ("62.0%", "63.0%", "58.0% to 68.0%"),
    ):
        row = table[table.index(said) :]
        assert row.index(true) < row.index(interval)


def test_the_performance_page_says_whose_word_is_published(client: TestClient) -> None:
    text = client.get("/performance").text
    part = text[text.index("Whose word is published") : text.index("Calibration")]
    assert all(name in part for name in OPINIONS)
    assert part.count("70%") == part.count("20%") == part.count("10%") == len(TAPE)


def test_the_api_gives_the_contracts_back(client: TestClient, view: RunView) -> None:
    assert DecisionBrief.model_validate_json(client.get("/api/brief").text) == view.brief
    report = PerformanceReport.model_validate_json(client.get("/api/performance").text)
    assert report == view.brief.performance


def test_instruments_are_listed_with_their_signals(client: TestClient, view: RunView) -> None:
    listed = client.get("/api/instruments").json()
    assert [i["symbol"] for i in listed] == ["SPX", "IXIC", "AAPL", "MTUM"]
    assert [i["close_only"] for i in listed] == [False, False, True, True]
    assert listed[0]["direction"] == view.brief.instruments[0].signal.direction


def test_one_instrument_has_page_distributions_and_ribbon(
    client: TestClient, view: RunView
) -> None:
    told = client.get("/api/instruments/aapl").json()
    assert InstrumentPage.model_validate(told["page"]) == view.brief.instruments[2]
    assert sum(told["distributions"]["price"].values()) == pytest.approx(1)
    assert told["distributions"]["volume"] is None
    assert all(set(day) == {None} for day in told["ribbon"]["degrees"]["volume"])
    assert told["quantiles_5d_log_return"]["q10"] < told["quantiles_5d_log_return"]["q90"]


def test_an_unknown_symbol_is_not_found_and_close_ones_are_suggested(client: TestClient) -> None:
    page = client.get("/instrument/APPL")
    assert page.status_code == 404
    assert '<a href="/instrument/AAPL">' in page.text
    data = client.get("/api/instruments/APPL")
    assert data.status_code == 404
    assert "AAPL" in data.json()["suggestions"]
    assert client.get("/nowhere").status_code == 404
    assert client.get("/api/nowhere").json()["value"] == "/api/nowhere"


def test_what_is_asked_for_is_shown_not_obeyed(client: TestClient) -> None:
    page = client.get("/instrument/<script>alert(1)</script>")
    assert page.status_code == 404
    assert "<script>alert" not in page.text


def test_a_hostile_name_cannot_leave_text_or_chart_data(view: RunView) -> None:
    name = "</script><script>alert(1)</script>"
    instruments = tuple(
        i.model_copy(update={"name": name}) if i.symbol == "SPX" else i
        for i in view.market.instruments
    )
    hostile = replace(view, market=view.market.model_copy(update={"instruments": instruments}))
    with TestClient(create_app(OneRun(hostile), EmptyShelf())) as client:
        for address in ("/", "/instrument/SPX"):
            assert "<script>alert" not in client.get(address).text


def test_chart_data_is_json_of_the_figure(client: TestClient) -> None:
    page = client.get("/instrument/SPX").text
    found = re.search(r'<script type="application/json" id="figure">(.*?)</script>', page, re.S)
    assert found is not None
    assert json.loads(found[1])["data"][0]["type"] == "candlestick"


def test_every_clause_has_a_claim_to_show(client: TestClient) -> None:
    page = client.get("/instrument/SPX").text
    asked = re.findall(r'class="clause" href="#([^"]+)"', page)
    there = set(re.findall(r'class="claims" id="([^"]+)"', page))
    assert len(asked) > 20
    assert set(asked) == there
    assert len(asked) == len(set(asked))


def test_scenarios_and_drafts_are_told_apart(client: TestClient, view: RunView) -> None:
    text = text_of(client.get("/instrument/SPX").text)
    scenarios, drafts = text.split("How the model would tell it")
    signal = view.brief.instruments[0].signal
    verdict = view.validated.verdicts[0]
    for scenario in signal.scenarios:
        assert scenario.text in scenarios
    for draft in verdict.scenarios:
        assert draft.continuation.text in drafts
        assert f"price {draft.continuation.tape['price']}" in drafts


def test_health_and_metrics_speak_of_the_run_on_show(client: TestClient, view: RunView) -> None:
    health = client.get("/health").json()
    assert health["status"] == "ok"
    assert health["run"] == "run-7"
    assert health["instruments"] == 4
    client.get("/")
    text = client.get("/metrics").text
    assert 'story_web_requests_total{route="/",status="200"}' in text
    shown = re.search(r"^story_brief_as_of_seconds (\S+)$", text, re.M)
    assert shown is not None
    assert float(shown[1]) == view.brief.as_of.timestamp()


def test_without_a_run_pages_and_health_say_what_to_do() -> None:
    client = TestClient(create_app(NoRun(), EmptyShelf()), raise_server_exceptions=False)
    page = client.get("/")
    assert page.status_code == 503
    assert "run story demo" in page.text
    health = client.get("/health")
    assert (health.status_code, health.json()["remedy"]) == (503, "run story demo")


def event(kind: str, step: str, second: int, run: str = "r1") -> StageEvent:
    return StageEvent(
        event=kind, run_id=run, step=step, key="k",
        happened_at=f"2026-01-05T09:30:{second:02}-05:00",
        seconds=None if kind == "StageStarted" else 1.5,
        output=ArtefactRef(contract="StoryBook", content_hash="abc")
        if kind != "StageStarted" else None,
    )  # fmt: skip


def test_run_metadata_is_read_from_the_journals_events() -> None:
    told = run_metadata(
        [event("StageStarted", "03", 0), event("StageCompleted", "03", 2),
         event("StageReused", "04", 3)]
    )  # fmt: skip
    assert (told.run_id, told.seconds) == ("r1", 3.0)
    assert [(s.name, s.status, s.output) for s in told.steps] == [
        ("03", "completed", "abc"), ("04", "reused", "abc"),
    ]  # fmt: skip


def test_events_of_two_runs_are_refused() -> None:
    with pytest.raises(UpstreamDataError, match="exactly one run"):
        run_metadata([event("StageStarted", "03", 0), event("StageStarted", "03", 1, "r2")])
