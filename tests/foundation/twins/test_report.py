"""The report for people: who answers, how forecasts held, what each twin says. All by hand."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from foundation.contracts import QUANT_FIELDS, REGIME_FIELDS, FoundationReport, QuantContext
from foundation.market_model.answers import Answers
from foundation.market_model.blocking import Scaling, vocabulary
from foundation.market_model.checkpoint import TrainedModel
from foundation.market_model.network.model import MarketModel
from foundation.market_model.walk_forward import Refit, WalkForward
from foundation.quant.aggregation import Aggregate
from foundation.testing.samples import quant_context
from foundation.timeseries import Panel
from foundation.twins.promotion import Comparison
from foundation.twins.report import Walked, Weighed, foundation_report, session_means
from foundation.twins.settings import FoundationSettings
from foundation.twins.walk_forward import TwinAnswers, TwinHistory
from tests.foundation.market_model.markets import SMALL, market

SESSIONS, SYMBOLS, BEGIN = 260, 4, 200
DATA, OUTCOME = market(0.0, sessions_=SESSIONS, symbols=SYMBOLS)
SHAPE = (SESSIONS, SYMBOLS)


def by_row(value: float) -> np.ndarray:
    out = np.full(SHAPE, value, np.float32)
    out[:BEGIN] = np.nan
    return out


def quantiles(width: float) -> np.ndarray:
    return np.stack([by_row(-width), by_row(0.0), by_row(width)], axis=-1)


def model() -> TrainedModel:
    torch.manual_seed(0)
    words = vocabulary(DATA)
    return TrainedModel(
        recipe=SMALL,
        vocabulary=words,
        scaling=Scaling.of(DATA, slice(0, BEGIN)),
        state=MarketModel(SMALL, words).state_dict(),
        history=(),
        trained_until=DATA.sessions[BEGIN - 5],
    )


def walked(twins: bool = True) -> Walked:
    shared = Answers(
        embedding=np.zeros((*SHAPE, 8), np.float32),
        returns=by_row(0.1),
        hit=by_row(0.25),
        quantiles=quantiles(1.0),
        inputs=np.zeros((*SHAPE, 3), np.float32),
    )
    history = TwinHistory(
        answers=TwinAnswers(
            returns=by_row(0.4),
            hit=by_row(0.75),
            volatility=by_row(1.0),
            quantiles=quantiles(50.0),
            regimes=np.stack([by_row(p) for p in (0.1, 0.2, 0.3, 0.4)], axis=-1),
        ),
        promoted=np.tile([True, False, False, False], (SESSIONS, 1)),
        comparisons=(
            [
                Comparison(0.5, 0.2, 0.8, 55),
                Comparison(0.1, -0.2, 0.4, 55),
                Comparison(float("nan"), -np.inf, np.inf, 0),
                Comparison(-0.3, -0.5, -0.1, 55),
            ],
        ),
        rows=torch.zeros(SYMBOLS, 1),
        factors=np.ones((SYMBOLS, 4), np.float32),
        losses=np.zeros((SYMBOLS, 2)),
        epochs=np.zeros(SYMBOLS, int),
    )
    names = ("LightGBM", "market model")
    weights = np.full((SESSIONS, 2), np.nan)
    weights[:BEGIN], weights[BEGIN : BEGIN + 20] = (1.0, 0.0), (0.7, 0.3)
    weights[BEGIN + 20 :] = (0.2, 0.8)
    # Errors of 0.5, 0.4 and 0.3 and their squares: gains of -0.09 and +0.07 over 40 sessions.
    opinions = {"LightGBM": by_row(0.5), "market model": by_row(0.3)}
    weighed = Weighed(Aggregate(by_row(0.4), names, weights), opinions, np.square)
    return Walked(
        data=DATA,
        shared=WalkForward(shared, (Refit(BEGIN, SESSIONS, model()),)),
        twins=history if twins else None,
        outcome=OUTCOME,
        weighed={"quantiles": weighed},
        settings=FoundationSettings(trial=40, least=30),
    )


def context(width: float) -> QuantContext:
    """Return a context that published quantiles of a width, and odds of a half."""
    sample = quant_context()
    fields = {name: np.full(SHAPE, 0.5) for name in QUANT_FIELDS}
    fields |= {"q10": by_row(-width * 0.02), "q50": by_row(0.0), "q90": by_row(width * 0.02)}
    values = Panel.from_fields(DATA.sessions, DATA.symbols, fields)
    return sample.model_copy(update={"values": values, "report": None})


@pytest.fixture(scope="module")
def report() -> FoundationReport:
    return foundation_report(context(2.0), walked(), seed=1)


def test_a_ruling_tells_who_weighs_how_much_since_when_and_how_each_stood(
    report: FoundationReport,
) -> None:
    (ruling,) = report.rulings
    assert ruling.leader == "market model"
    assert [(v.name, v.weight) for v in ruling.voices] == [("market model", 0.8), ("LightGBM", 0.2)]
    assert [(t.since, t.name) for t in ruling.tenures] == [
        (DATA.sessions[200], "LightGBM"),
        (DATA.sessions[220], "market model"),
    ]
    assert ruling.decided == DATA.sessions[-1]
    assert [s.name for s in ruling.standings] == ["market model", "LightGBM"]
    assert [s.gain for s in ruling.standings] == pytest.approx([0.07, -0.09], rel=1e-5)
    assert [s.sessions for s in ruling.standings] == [40, 40]


def test_opinions_are_compared_on_the_stocks_that_both_speak_of() -> None:
    old = np.array([[1.0, 5.0], [2.0, np.nan]])
    new = np.array([[3.0, np.nan], [np.nan, np.nan]])
    np.testing.assert_array_equal(session_means(new, old), [3.0, np.nan])
    np.testing.assert_array_equal(session_means(old, new), [1.0, np.nan])


def test_a_twin_has_alpha_only_where_it_answers_and_an_open_interval_is_none(
    report: FoundationReport,
) -> None:
    assert [t.answers for t in report.twins] == [True, False, False, False]
    first, _, unjudged, _ = report.twins
    # 0.4 - 0.1 scales of 2%.
    assert first.alpha == pytest.approx(0.006)
    assert [t.alpha for t in report.twins[1:]] == [None] * 3
    assert first.twin is not None
    assert first.shared is not None
    assert first.twin.q90 == pytest.approx(1.0)
    assert first.shared.hit_probability == pytest.approx(0.25)
    assert (unjudged.standing.gain, unjudged.standing.low, unjudged.standing.high) == (None,) * 3


def test_past_forecasts_are_held_against_what_happened(report: FoundationReport) -> None:
    shared, twins, published = report.calibration
    happened = OUTCOME.returns[BEGIN : SESSIONS - 5]
    hits = OUTCOME.hit[BEGIN : SESSIONS - 5]
    assert shared.forecasts == twins.forecasts == happened.size
    assert (shared.first, shared.last) == (DATA.sessions[BEGIN], DATA.sessions[SESSIONS - 6])
    inside = sum(-1 < y <= 1 for y in happened.ravel()) / happened.size
    assert shared.covered == pytest.approx(inside)
    assert shared.covered_low <= inside <= shared.covered_high
    assert shared.below_q50 == pytest.approx(np.mean(happened <= 0))
    assert (twins.covered, twins.below_q10, twins.below_q90) == (1.0, 0.0, 1.0)
    assert published.covered == pytest.approx(np.mean(np.abs(happened) < 2))
    (point,) = twins.hit
    assert (point.forecast, point.count) == (pytest.approx(0.75), happened.size)
    assert point.observed == pytest.approx(hits.mean())
    assert twins.hit_error == pytest.approx(abs(0.75 - hits.mean()))


def test_regimes_are_told_for_a_year_and_nothing_before_there_were_twins(
    report: FoundationReport,
) -> None:
    assert report.regimes is not None
    assert report.regimes.sessions == DATA.sessions[-252:]
    assert report.regimes.fields == REGIME_FIELDS
    first = BEGIN - (SESSIONS - 252)
    assert np.isnan(report.regimes.values[:first]).all()
    np.testing.assert_allclose(
        report.regimes.values[first:], np.broadcast_to([0.1, 0.2, 0.3, 0.4], (60, SYMBOLS, 4))
    )


def test_attention_is_told_by_session_and_ends_with_the_last(report: FoundationReport) -> None:
    assert report.attention.sessions == DATA.sessions[-SMALL.context :]
    np.testing.assert_allclose(report.attention.values.sum(axis=0), 1, rtol=1e-5)
    assert report.observed.fields == DATA.observed_names


def test_without_twins_shared_heads_are_reported_alone() -> None:
    made = foundation_report(context(2.0), walked(twins=False), seed=1)
    assert made.twins == ()
    assert made.regimes is None
    assert [c.name for c in made.calibration] == ["shared heads", "published"]
