"""Triggers, summary and the shape of the report."""

import numpy as np
import pytest

from foundation.contracts import TAPE, PerformanceReport
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


def test_a_model_that_fails_must_learn_again_however_little_weight_it_has():
    """What is published is sound here; the story model alone is sure and wrong."""
    observed = np.tile((np.arange(40) % 2).astype(float)[:, None, None], (1, 4, 6))
    sound, sure = constant((0.5, 0.4, 0.1, 0, 0), 21), constant((0.0, 0.0, 0.0, 0.0, 1.0), 21)
    made = report(given(observed, sound, model=sure))
    (request,) = (r for r in made.retraining if "confident" in r.trigger)
    assert request.measured == pytest.approx(1.0)
    alone = {s.series: s for s in made.scores if s.baseline_name == "story model"}
    assert alone["all"].difference > 0
    assert "story model alone would have scored" in " ".join(made.summary)


def test_the_report_says_whose_word_weighs_how_much_on_what_is_reported():
    distributions = constant((0.5, 0.4, 0.1, 0, 0), 21)
    distributions[:, :, 4] = np.nan
    made = report(given(np.zeros((40, 4, 6)), distributions))
    assert set(made.weights) == set(TAPE) - {TAPE[4]}
    assert made.weights["price"] == {
        "story model": 0.5, "Markov chain": 0.3, "past frequencies": 0.2,
    }  # fmt: skip


def test_the_chain_is_that_of_all_instruments_up_to_the_origin():
    """Oracle: outcomes that alternate in every instrument; the chain knows, frequencies do not."""
    observed = np.tile((np.arange(60) % 2).astype(float)[:, None, None], (1, 4, 6))
    made = report(given(observed, constant((0.5, 0.5, 0, 0, 0), 21)))
    chain = next(s for s in made.scores if (s.series, s.baseline_name) == ("all", "Markov chain"))
    losses = []
    for origin in range(39, 59):
        # Of four instruments' alternations half start where today stands.
        left = 4 * sum(1 for t in range(1, origin + 1) if t % 2 != origin % 2)
        losses.append(-np.log((left + 0.5) / (left + 2.5)))
    assert chain.baseline == pytest.approx(np.mean(losses))


def test_the_summary_has_four_to_seven_statements_and_names_the_bias():
    run = sample_run()
    made = report(FeedbackInput(run.forecast, run.stories, run.market))
    assert 4 <= len(made.summary) <= 7
    assert made.survivor_biased
    assert "survivor-biased" in made.summary[-1]
    assert made.as_of == run.forecast.as_of


def test_the_report_is_the_same_every_time_and_survives_json():
    run = sample_run()
    case = FeedbackInput(run.forecast, run.stories, run.market)
    first, second = report(case), report(case)
    assert first.model_dump_json() == second.model_dump_json()
    assert PerformanceReport.model_validate_json(first.model_dump_json()) == first
