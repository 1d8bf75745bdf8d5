"""What people see of the market model and its twins: the page, the panel, the API."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html import unescape
from math import exp, expm1

import numpy as np
import pytest
from fastapi.testclient import TestClient

from foundation.contracts import QuantContext, ReliabilityPoint
from foundation.kernel import OperatorError
from foundation.timeseries import Panel
from stage_08_decision_support.adapters.web import RunView, create_app
from stage_08_decision_support.adapters.web.quantitative import (
    RegimeAnswer,
    TwinAnswer,
    TwinListAnswer,
)
from stage_08_decision_support.adapters.web.quantitative.models_page import reliability
from stage_08_decision_support.adapters.web.quantitative.twin_chart import (
    forecast_bands,
    twin_figure,
)
from stage_08_decision_support.adapters.web.quantitative.twin_panel import verdict
from stage_08_decision_support.adapters.web.quantitative.weighing import attention, weight_groups
from stage_08_decision_support.phrasing import ABSENT, MINUS
from tests.stage_08_decision_support.shelves import EmptyShelf, OneRun


class NoRun:
    def latest(self) -> RunView:
        raise OperatorError("There is no complete run", value=None, remedy="run story demo")


@pytest.fixture(scope="module")
def client(view: RunView) -> TestClient:
    return TestClient(create_app(OneRun(view), EmptyShelf()))


@pytest.fixture(scope="module")
def without_model(view: RunView) -> TestClient:
    """A run as in the test profile: GARCH and LightGBM alone."""
    quant = quant_of(view).model_copy(update={"report": None})
    return TestClient(create_app(OneRun(replace(view, quant=quant)), EmptyShelf()))


def quant_of(view: RunView) -> QuantContext:
    assert view.quant is not None
    return view.quant


def squeezed(html: str) -> str:
    """Return the words of a page, with a space where a tag stands."""
    shown = re.sub(r"<(script|title)\b.*?</\1>", " ", html, flags=re.S)
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]*>", " ", shown)))


def test_the_page_says_who_carries_how_much_weight_and_how_each_stood(client: TestClient) -> None:
    text = squeezed(client.get("/models").text)
    assert "Expected return and its range market model weighs most since Wed 14 Nov 2018" in text
    assert "before that LightGBM" in text
    assert "weights of Wed 26 Dec 2018 market model 50% twins 30% LightGBM 20%" in text
    assert "One twin of 4 has earned its place" in text
    assert "AAPL twin +0.0120" in text
    assert f"SPX shared heads {MINUS}0.0010" in text
    assert f"MTUM nobody yet {ABSENT} too few outcomes yet 0 not known {ABSENT}" in text


def test_the_page_shows_every_variable_and_session_that_was_weighed(
    client: TestClient, view: RunView
) -> None:
    page = client.get("/models").text
    report = quant_of(view).report
    assert report is not None
    text = squeezed(page)
    known = report.observed.values[0, :3]  # the fourth instrument has no forecast
    for k, name in enumerate(report.observed.fields):
        assert f"{name.replace('_', ' ')} {100 * known[:, k].mean():.1f}%" in text
    assert page.count('class="mean"') == 60
    for name in ("shared heads", "twins", "published"):
        assert name in text
    assert "72.0% 67.0% to 77.0%" in text


def test_an_instruments_panel_tells_both_opinions_and_what_the_stock_is_like(
    client: TestClient, view: RunView
) -> None:
    text = squeezed(client.get("/instrument/AAPL").text)
    assert "The twin speaks for the market model here, for it did better: +0.0120" in text
    assert f"Twin speaks +{100 * expm1(0.009):.2f}%" in text
    assert f"Alpha of its own: +{100 * expm1(0.005):.2f}%" in text
    made = view.characteristics.values
    beta = made.field("beta")[-1, made.index_of("symbols", "AAPL")]
    assert f"Beta {beta:.2f}" in text
    assert client.get("/instrument/AAPL").text.count('class="mean"') == 60
    assert client.get("/instrument/MTUM").text.count('class="mean"') == 0
    other = squeezed(client.get("/instrument/SPX").text)
    assert f"the twin's gain over them is not clear: {MINUS}0.0010 in loss" in other
    assert "64 sessions). The range that is published is made of market model (50%), " in other
    assert "No alpha of its own" in other
    silent = squeezed(client.get("/instrument/MTUM").text)
    assert "neither twin nor shared heads speak" in silent
    assert "No alpha of its own" not in silent


def test_without_a_market_model_pages_say_so_and_still_show_the_rules_regime(
    without_model: TestClient,
) -> None:
    text = squeezed(without_model.get("/models").text)
    assert "There is no market model in this run" in text
    assert "sample quantiles" in text
    assert "Twins" not in text
    panel = squeezed(without_model.get("/instrument/AAPL").text)
    assert "There is no market model in this run" in panel
    assert "trending 51%" in panel


def test_without_a_quantitative_context_there_is_no_panel(view: RunView) -> None:
    client = TestClient(create_app(OneRun(replace(view, quant=None)), EmptyShelf()))
    assert "The twin" not in squeezed(client.get("/instrument/AAPL").text)
    assert "There is no market model" in client.get("/models").text
    absent = client.get("/predictions/AAPL/regime")
    assert absent.status_code == 404
    assert "market.symbols" in absent.json()["remedy"]


def figure_of(client: TestClient, symbol: str) -> dict:
    page = client.get(f"/instrument/{symbol}").text
    found = re.search(
        r'<script type="application/json" id="twin-figure">(.*?)</script>', page, re.S
    )
    assert found is not None
    return json.loads(found[1])


def test_the_chart_has_path_bands_fan_opinions_and_both_ribbons(client: TestClient) -> None:
    kinds = [trace["type"] for trace in figure_of(client, "AAPL")["data"]]
    assert kinds == ["scatter"] * 7 + ["heatmap"] * 2
    # No forecast, no detector: the path, its bands, the published fan, the rule's regimes.
    kinds = [trace["type"] for trace in figure_of(client, "MTUM")["data"]]
    assert kinds == ["scatter"] * 5 + ["heatmap"]


def test_two_opinions_stand_apart_and_read_in_their_own_place(view: RunView) -> None:
    report = quant_of(view).report
    assert report is not None
    figure = twin_figure(view, "AAPL", report.twin("AAPL"))
    named = {n["text"]: n["y"] for n in figure["layout"]["annotations"]}
    low, high = figure["layout"]["yaxis"]["range"]
    assert named["twin"] - named["shared heads"] >= 0.049 * (high - low)
    drawn = [v for t in figure["data"][:7] for v in t["y"] if v is not None]
    assert low < min(drawn)
    assert high > max(drawn)


@pytest.mark.parametrize("entry", ["close", "next open"])
def test_bands_stand_where_the_forecast_five_sessions_before_put_them(
    view: RunView, entry: str
) -> None:
    quant = quant_of(view).model_copy(update={"entry": entry})
    low, high = forecast_bands(replace(view, quant=quant), "SPX")
    bars, values, t = view.market.bars, quant.values, 150
    n = bars.index_of("symbols", "SPX")
    begin = bars.field("close")[t - 5, n] if entry == "close" else bars.field("open")[t - 4, n]
    assert low[t] == pytest.approx(begin * exp(values.field("q10")[t - 5, n]))
    assert high[t] == pytest.approx(begin * exp(values.field("q90")[t - 5, n]))
    assert np.isnan(low[:5]).all()


def test_a_stock_without_opens_enters_at_its_close(view: RunView) -> None:
    at_open = replace(view, quant=quant_of(view).model_copy(update={"entry": "next open"}))
    np.testing.assert_array_equal(forecast_bands(at_open, "AAPL"), forecast_bands(view, "AAPL"))


def test_weights_of_one_stand_beside_the_mean_of_all_who_have_a_forecast(view: RunView) -> None:
    report = quant_of(view).report
    assert report is not None
    observed = weight_groups(report, "SPX")[0]
    own = dict(zip(report.observed.fields, report.observed.values[0, 0], strict=True))
    assert [w.own for w in observed.weights] == sorted(own.values(), reverse=True)
    assert sum(w.mean for w in observed.weights) == pytest.approx(1)
    assert weight_groups(report, "MTUM") == ()
    assert [a.back for a in attention(report)] == list(range(59, -1, -1))
    assert attention(report, "MTUM") == ()


def test_odds_are_drawn_on_axes_that_end_with_them_and_rare_ones_not_at_all(view: RunView) -> None:
    report = quant_of(view).report
    assert report is not None
    assert reliability(report).end == 0.6
    rare = ReliabilityPoint(forecast=0.95, observed=1.0, count=29)
    first = report.calibration[0]
    more = first.model_copy(update={"hit": (*first.hit, rare)})
    shown = reliability(report.model_copy(update={"calibration": (more,)}))
    assert shown.end == 0.6
    assert rare not in shown.dots[first.name]
    enough = more.model_copy(update={"hit": (rare.model_copy(update={"count": 30}),)})
    assert reliability(report.model_copy(update={"calibration": (enough,)})).end == 1.0


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [(-0.3, -0.1, "the twin did worse"), (-0.1, 0.3, "is not clear"), (None, None, "too few")],
)
def test_why_the_shared_heads_speak_is_said(
    view: RunView, low: float | None, high: float | None, said: str
) -> None:
    report = quant_of(view).report
    assert report is not None
    state = report.twin("SPX")
    assert state is not None
    found = state.standing.model_copy(update={"low": low, "high": high})
    assert said in verdict(state.model_copy(update={"standing": found}))


def test_where_nobody_has_a_forecast_nothing_is_weighed(view: RunView) -> None:
    report = quant_of(view).report
    assert report is not None

    def emptied(panel: Panel) -> Panel:
        return panel.model_copy(update={"values": np.full(panel.values.shape, np.nan)})

    silent = report.model_copy(
        update={n: emptied(getattr(report, n)) for n in ("observed", "attention")}
    )
    assert weight_groups(silent) == ()
    assert attention(silent) == ()


def test_twins_are_listed_and_told_one_by_one(client: TestClient, view: RunView) -> None:
    listed = TwinListAnswer.model_validate_json(client.get("/models/twins").text)
    report = quant_of(view).report
    assert report is not None
    assert [t.symbol for t in listed.twins] == ["SPX", "IXIC", "AAPL", "MTUM"]
    assert [t.answers for t in listed.twins] == [False, False, True, False]
    assert listed.twins[3].regime is None
    assert listed.rulings == report.rulings
    told = TwinAnswer.model_validate_json(client.get("/models/twins/aapl").text)
    assert told.state == report.twin("AAPL")
    assert sum(told.weights.values()) == pytest.approx(1)
    assert set(told.characteristics) == set(view.characteristics.values.fields)
    assert told.regime is not None
    assert report.regimes is not None
    assert told.regime.volatile == report.regimes.values[-1, 2, 3]
    silent = TwinAnswer.model_validate_json(client.get("/models/twins/MTUM").text)
    assert (silent.regime, silent.weights) == (None, {})


def test_a_regime_is_told_with_its_year(client: TestClient, view: RunView) -> None:
    told = RegimeAnswer.model_validate_json(client.get("/predictions/SPX/regime").text)
    values = quant_of(view).values
    row = [values.field(f)[-1, 0] for f in values.fields[:4]]
    assert told.told is not None
    assert list(told.told.model_dump().values()) == row
    assert told.regime == ["trending", "mean-reverting", "choppy", "volatile"][int(np.argmax(row))]
    assert told.session == view.brief.session
    assert [d.session for d in told.history] == list(values.sessions[-252:])
    unknown = [d.session for d in told.history if d.told is None]
    missing = np.isnan(values.field("p_choppy")[-252:, 0])
    assert len(unknown) == missing.sum()
    assert 0 < len(unknown) < len(told.history)


@pytest.mark.parametrize("address", ["/models/twins", "/models/twins/AAPL"])
def test_a_run_without_twins_says_how_to_get_them(without_model: TestClient, address: str) -> None:
    answer = without_model.get(address)
    assert answer.status_code == 404
    assert answer.json()["rule"] == "The run on show has twins"
    assert "foundation" in answer.json()["remedy"]
    assert without_model.get("/predictions/AAPL/regime").json()["by_twin"] is None


@pytest.mark.parametrize("address", ["/models/twins/APPL", "/predictions/APPL/regime"])
def test_an_unknown_symbol_is_answered_with_its_neighbours(
    client: TestClient, address: str
) -> None:
    answer = client.get(address)
    assert answer.status_code == 404
    assert answer.json()["value"] == "APPL"
    assert "AAPL" in answer.json()["remedy"]


@pytest.mark.parametrize("address", ["/models/twins", "/predictions/AAPL/regime"])
def test_without_a_run_the_answer_is_data_that_says_what_to_do(address: str) -> None:
    answer = TestClient(create_app(NoRun(), EmptyShelf()), raise_server_exceptions=False).get(
        address
    )
    assert (answer.status_code, answer.json()["remedy"]) == (503, "run story demo")


def test_the_answers_have_a_schema(client: TestClient) -> None:
    described = client.get("/api/openapi.json").json()
    for path, name in (
        ("/models/twins", "TwinListAnswer"),
        ("/models/twins/{symbol}", "TwinAnswer"),
        ("/predictions/{symbol}/regime", "RegimeAnswer"),
    ):
        content = described["paths"][path]["get"]["responses"]["200"]["content"]
        assert content["application/json"]["schema"]["$ref"].endswith(f"/{name}")
