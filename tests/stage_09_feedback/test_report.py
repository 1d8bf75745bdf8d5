"""Triggers, summary and the shape of the report."""

import numpy as np
import pytest

from foundation.contracts import PerformanceReport
from foundation.testing.samples import sample_run
from stage_09_feedback import FeedbackInput, FeedbackSettings, FeedbackStage
from tests.stage_09_feedback.cases import constant, given

BULLISH = (0.1, 0.1, 0.2, 0.3, 0.3)


def report(case, **settings):
    return FeedbackStage(FeedbackSettings(**settings)).run(case)


def prices(last_five):
    """Rises everywhere, and codes of the four symbols on each of the last five sessions."""
    observed = np.full((40, 4, 6), 3.0)
    observed[-5:, :, 0] = last_five
    return observed


def test_five_bad_sessions_in_a_row_ask_for_retraining():
    # two of four right on each of them, .5 < .6
    made = report(given(prices([[4, 4, 0, 0]] * 5), constant(BULLISH, 21)))
    (request,) = (r for r in made.retraining if "direction accuracy" in r.trigger)
    assert (request.model, request.measured, request.threshold) == ("story model", 0.5, 0.6)


def test_one_good_session_among_the_last_five_asks_for_nothing():
    four_bad = [[4, 4, 0, 0], [4, 4, 4, 0], *[[4, 4, 0, 0]] * 3]
    made = report(given(prices(four_bad), constant(BULLISH, 21)))
    assert not [r for r in made.retraining if "direction accuracy" in r.trigger]


@pytest.mark.parametrize(
    ("top", "right", "word"), [(0.9, False, "more confident"), (0.24, True, "less confident")]
)
def test_confidence_far_from_accuracy_asks_for_retraining(top, right, word):
    rest = (1 - top) / 4
    observed = np.full((40, 4, 6), 0.0 if right else 4.0)
    made = report(given(observed, constant((top, rest, rest, rest, rest), 21)))
    (request,) = (r for r in made.retraining if "confident" in r.trigger)
    assert word in request.trigger
    assert request.measured == pytest.approx(top - (1.0 if right else 0.0))


def test_confidence_that_matches_accuracy_asks_for_nothing():
    observed = np.tile((np.arange(40) % 2).astype(float)[:, None, None], (1, 4, 6))
    made = report(given(observed, constant((0.5, 0.4, 0.1, 0, 0), 21)))
    assert made.retraining == ()


def test_the_summary_has_three_to_six_statements_and_names_the_bias():
    run = sample_run()
    made = report(FeedbackInput(run.forecast, run.stories, run.market))
    assert 3 <= len(made.summary) <= 6
    assert made.survivor_biased
    assert "survivor-biased" in made.summary[-1]
    assert made.as_of == run.forecast.as_of


def test_the_report_is_the_same_every_time_and_survives_json():
    run = sample_run()
    case = FeedbackInput(run.forecast, run.stories, run.market)
    first, second = report(case), report(case)
    assert first.model_dump_json() == second.model_dump_json()
    assert PerformanceReport.model_validate_json(first.model_dump_json()) == first
