"""What people see of models on the shelf: the page, a stock's page, the API. Pictures by hand."""

from __future__ import annotations

import math
import re
from datetime import date
from html import unescape

import numpy as np
import pytest
from fastapi.testclient import TestClient

from foundation.contracts import (
    Appointment,
    HorizonForecast,
    LearningEpoch,
    ShelfReport,
    Standing,
)
from foundation.market import sessions
from foundation.testing.samples import SampleRun
from stage_08_decision_support.adapters.web import RunView, create_app
from stage_08_decision_support.adapters.web.shelf import ShelfAnswer, ShelvedTwinAnswer
from stage_08_decision_support.adapters.web.shelf.drawing import (
    career,
    fans,
    learning,
    months,
    ribbon,
)
from tests.stage_08_decision_support.shelves import EmptyShelf, OneRun, OneShelf


@pytest.fixture(scope="module")
def shelf(run: SampleRun) -> ShelfReport:
    return run.shelf


@pytest.fixture(scope="module")
def client(view: RunView, shelf: ShelfReport) -> TestClient:
    return TestClient(create_app(OneRun(view), OneShelf(shelf)))


def words(page: str) -> str:
    """Return what is read on a page, without its marks."""
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", page)))


def test_the_page_says_what_is_in_use_and_who_answers(client: TestClient) -> None:
    text = words(client.get("/shelf").text)
    assert "market-model-cpu feedc0ffee12" in text
    assert "One twin of 4 answers for its stock" in text
    assert "2a2b2c2d2e2f" in text
    rows = re.findall(
        r'<tr class="go" data-symbol="([^"]+)" data-answers="(\d)"', client.get("/shelf").text
    )
    assert rows[0] == ("AAPL", "1")
    assert {answers for _, answers in rows[1:]} == {"0"}


def test_a_stocks_page_tells_versions_and_decisions_newest_first(client: TestClient) -> None:
    text = words(client.get("/shelf/aapl").text)  # however it is spelled
    assert "Version 2a2b2c2d2e2f of its twin answers for it since" in text
    assert text.index("2a2b2c2d2e2f in use") < text.rindex("1a1b1c1d1e1f")
    assert "+0.0120" in text
    assert "+0.0020" in text
    assert "Information technology" in text
    waiting = words(client.get("/shelf/SPX").text)
    assert "The shared heads answer for it since" in waiting
    assert "has not shown to beat the shared heads" in waiting


def test_the_api_and_the_contract_say_the_same(client: TestClient, shelf: ShelfReport) -> None:
    whole = ShelfAnswer.model_validate(client.get("/models/shelf").json())
    assert whole.twins == shelf.twins
    assert whole.epochs == shelf.epochs
    one = ShelvedTwinAnswer.model_validate(client.get("/models/shelf/AAPL").json())
    assert one.twin == shelf.twin("AAPL")
    assert one.state == shelf.report.twin("AAPL")
    assert sum(one.regime.values()) == pytest.approx(1)


def test_a_stock_without_a_twin_is_not_found_and_close_ones_are_named(client: TestClient) -> None:
    page = client.get("/shelf/APL")
    assert page.status_code == 404
    assert 'href="/shelf/AAPL"' in page.text
    answer = client.get("/models/shelf/APL")
    assert answer.status_code == 404
    assert "AAPL" in answer.json()["suggestions"]
    assert "<script>alert" not in client.get("/shelf/<script>alert(1)</script>").text


@pytest.mark.parametrize("address", ["/shelf", "/shelf/AAPL"])
def test_an_empty_shelf_says_what_to_do(view: RunView, address: str) -> None:
    client = TestClient(create_app(OneRun(view), EmptyShelf()), raise_server_exceptions=False)
    page = client.get(address)
    assert page.status_code == 503
    assert "story train market-model" in words(page.text)
    answer = client.get("/models" + address)
    assert answer.status_code == 503
    assert "story train market-model" in answer.json()["remedy"]


def test_a_market_model_without_twins_says_how_to_train_them(
    view: RunView, shelf: ShelfReport
) -> None:
    report = shelf.report.model_copy(update={"twins": (), "regimes": None, "calibration": ()})
    alone = shelf.model_copy(update={"twins": (), "report": report})
    client = TestClient(create_app(OneRun(view), OneShelf(alone)))
    text = words(client.get("/shelf").text)
    assert "No twin has been trained on it yet" in text
    assert "story train twins" in text
    assert client.get("/shelf/AAPL").status_code == 404


def test_a_stock_that_the_last_training_left_out_keeps_its_history(
    view: RunView, shelf: ShelfReport
) -> None:
    told = shelf.twin("AAPL")
    assert told is not None
    gone = shelf.model_copy(update={"twins": (told.model_copy(update={"symbol": "GONE"}),)})
    client = TestClient(create_app(OneRun(view), OneShelf(gone)))
    assert "GONE" in client.get("/shelf").text
    text = words(client.get("/shelf/GONE").text)
    assert "The last training left this stock out" in text
    assert "2a2b2c2d2e2f" in text


def forecast(low: float, middle: float, high: float) -> HorizonForecast:
    return HorizonForecast(
        expected_return_5d=middle, q10=math.log1p(low), q50=math.log1p(middle),
        q90=math.log1p(high), hit_probability=0.4,
    )  # fmt: skip


def test_a_fan_ends_at_its_quantiles_on_an_axis_of_round_per_cents() -> None:
    made = fans([("shared heads", forecast(-0.04, 0.0, 0.04)), ("twin", None)])
    assert made is not None
    (fan,) = made.fans
    assert [t.label for t in made.y] == ["\u22124%", "\u22122%", "0%", "+2%", "+4%"]
    # Over an axis from -4% to +4%, 60 high: the ends are the borders, zero is the middle.
    assert fan.end == pytest.approx((60, 30, 0), abs=0.01)
    assert made.zero == pytest.approx(30, abs=0.01)
    points = [tuple(map(float, p.split(","))) for p in fan.area.split()]
    assert points[0] == (0, 30)
    # A random walk's spread: after a quarter of the time, half of it.
    quarter = next(y for x, y in points[:21] if x == 25)
    assert 60 - quarter == pytest.approx(
        60 * (math.exp(math.log(1.04) / 2) - 0.96) / 0.08, abs=0.01
    )
    assert fans([("twin", None)]) is None


def test_a_ribbon_joins_equal_sessions_and_leaves_gaps() -> None:
    days = sessions(date(2018, 1, 2), date(2018, 1, 16))[:10]
    shares = np.full((10, 2), np.nan)
    shares[2:6] = (0.9, 0.1)
    shares[8:] = (0.2, 0.8)
    made = ribbon(days, shares, ("calm", "wild"))
    assert made is not None
    name, last, cells = made.lanes[0]
    assert (name, last) == ("calm", pytest.approx(0.2))
    # Eight sessions from the first known one: four of them at 90%, two absent, two at 20%.
    assert [(c.x, c.width, c.share) for c in cells] == [(0, 50, 0.9), (75, 25, 0.2)]
    assert ribbon(days, np.full((10, 2), np.nan), ("calm", "wild")) is None


def test_months_stand_where_they_begin_and_not_too_close() -> None:
    days = sessions(date(2017, 11, 15), date(2018, 2, 15))
    ticks = months(days)
    assert [t.label for t in ticks] == ["Dec 2017", "Jan 2018", "Feb"]
    assert ticks[0].at == pytest.approx(100 * days.index(date(2017, 12, 1)) / len(days), abs=0.01)
    assert len(months(days, fewest_apart=40)) == 2


def test_the_epoch_that_was_kept_is_the_best_on_what_was_held_back() -> None:
    losses = [(0.7, 0.68), (0.66, 0.65), (0.6, 0.67)]
    made = learning(
        [LearningEpoch(number=n, training=a, validation=b) for n, (a, b) in enumerate(losses, 1)]
    )
    assert made is not None
    assert made.kept == 50
    assert [t.label for t in made.x] == ["1", "2", "3"]
    assert all(0 <= y <= 60 for _, y, _ in (*made.training.dots, *made.validation.dots))
    assert learning([]) is None


def test_decisions_stand_by_their_gain_the_newest_on_the_right() -> None:
    def made(day: int, version: str | None, gain: float | None) -> Appointment:
        found = Standing(
            name="twins", gain=gain, low=gain and gain / 2, high=gain and 2 * gain, sessions=70
        )
        return Appointment(on=date(2018, 1, day), version=version, standing=found, reason="")

    marks = career([made(5, None, None), made(12, None, -0.5), made(19, "abc", 0.5)], reach=1.0)
    assert [m.x for m in marks] == [25, 50, 75]
    assert [m.gain for m in marks] == [None, 17.5, 6.5]  # 12 is nothing gained, 11 per unit
    assert [m.answers for m in marks] == [False, False, True]
    assert "19 Jan 2018: the twin answers; gain +0.5000 over 70 sessions" in marks[2].said
