"""Scores against values worked out by hand and against the definition written as a loop."""

import math
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from foundation.kernel import ModelError, OperatorError
from foundation.quant.evaluation import (
    brier_score,
    crps_from_quantiles,
    interval_coverage,
    log_score,
    pinball_loss,
    qlike,
    ranked_probability_score,
)

distributions = st.lists(st.floats(0.01, 1.0), min_size=5, max_size=5).map(
    lambda w: np.array(w) / sum(w)
)


def test_log_score_is_minus_the_logarithm_of_the_observed_outcomes_probability():
    p = np.array([[0.1, 0.2, 0.4, 0.2, 0.1], [0.5, 0.5, 0.0, 0.0, 0.0]])
    assert log_score(p, np.array([2, 1])) == pytest.approx([-math.log(0.4), math.log(2)])


def test_an_outcome_called_impossible_scores_infinity_unless_a_floor_is_named():
    p = np.array([[1.0, 0.0, 0.0]])
    assert log_score(p, np.array([2]))[0] == math.inf
    assert log_score(p, np.array([2]), floor=1e-4)[0] == pytest.approx(4 * math.log(10))


def test_ranked_probability_score_of_a_hand_computed_case():
    # F = .1 .3 .7 .9 against 0 1 1 1: .01 + .49 + .09 + .01 = .60, over four borders
    p = np.array([0.1, 0.2, 0.4, 0.2, 0.1])
    assert ranked_probability_score(p, np.array(1)) == pytest.approx(0.60 / 4)


def test_ranked_probability_score_is_one_for_the_worst_and_zero_for_the_best_forecast():
    sure = np.array([1.0, 0, 0, 0, 0])
    assert ranked_probability_score(sure, np.array(4)) == pytest.approx(1)
    assert ranked_probability_score(sure, np.array(0)) == pytest.approx(0)


def test_a_near_miss_costs_less_than_a_far_one_only_in_the_ranked_score():
    p = np.array([0.0, 1.0, 0.0, 0.0, 0.0])
    near, far = (ranked_probability_score(p, np.array(k)) for k in (2, 4))
    assert near < far


@given(distributions, distributions)
def test_no_other_forecast_has_a_better_expected_score_than_the_truth(truth, other):
    codes = np.arange(5)
    for score in (log_score, ranked_probability_score):
        honest = truth @ score(np.tile(truth, (5, 1)), codes)
        assert honest <= truth @ score(np.tile(other, (5, 1)), codes) + 1e-9


@given(distributions, st.integers(0, 4))
def test_ranked_probability_score_equals_its_definition_written_as_a_loop(p, code):
    expected = 0.0
    for k in range(4):
        expected += (sum(p[: k + 1]) - (1.0 if code <= k else 0.0)) ** 2 / 4
    assert ranked_probability_score(p, np.array(code)) == pytest.approx(expected, abs=1e-12)


def test_absent_values_give_absent_scores():
    p = np.array([[np.nan] * 5, [0.2] * 5])
    scores = log_score(p, np.array([1.0, np.nan]))
    assert np.isnan(scores).all()
    assert np.isnan(ranked_probability_score(p, np.array([1.0, np.nan]))).all()


@pytest.mark.parametrize("bad", [[0.5, 0.6], [1.2, -0.2], [np.nan, 1.0]])
def test_a_malformed_distribution_is_refused(bad):
    with pytest.raises(ModelError, match="sum to one"):
        log_score(np.array([bad]), np.array([0]))


def test_a_code_outside_the_categories_is_refused():
    with pytest.raises(OperatorError, match="from 0 to 1"):
        log_score(np.array([[0.5, 0.5]]), np.array([2]))


def test_pinball_loss_of_a_hand_computed_case():
    # y = 1: q = 0 under by 1 at tau .1 -> .1; q = 3 over by 2 at tau .9 -> .2
    loss = pinball_loss(np.array([0.0, 3.0]), np.array(1.0), (0.1, 0.9))
    assert loss == pytest.approx([0.1, 0.2])


def test_the_empirical_quantile_has_the_smallest_mean_pinball_loss():
    y = np.random.default_rng(3).standard_normal(2001)
    grid = np.linspace(-3, 3, 241)
    mean = [pinball_loss(np.full((len(y), 1), q), y, (0.9,)).mean() for q in grid]
    assert grid[int(np.argmin(mean))] == pytest.approx(np.quantile(y, 0.9), abs=0.03)


def test_crps_from_a_fine_grid_of_quantiles_approaches_the_normal_closed_form():
    # CRPS of N(0, 1) at y = 0 is (sqrt(2) - 1) / sqrt(pi)
    levels = tuple((i + 0.5) / 400 for i in range(400))
    q = np.array([NormalDist().inv_cdf(t) for t in levels])
    expected = (math.sqrt(2) - 1) / math.sqrt(math.pi)
    assert crps_from_quantiles(q, np.array(0.0), levels) == pytest.approx(expected, rel=2e-3)


def test_quantile_levels_must_be_probabilities():
    with pytest.raises(OperatorError, match="between 0 and 1"):
        pinball_loss(np.array([0.0]), np.array(0.0), (1.0,))


def test_brier_coverage_and_qlike_of_hand_computed_cases():
    assert brier_score(np.array([0.8, 0.3]), np.array([1, 0])) == pytest.approx([0.04, 0.09])
    low, high = np.zeros(4), np.ones(4)
    assert interval_coverage(low, high, np.array([0.5, 2.0, 1.0, np.nan])) == pytest.approx(2 / 3)
    assert qlike(np.array([4.0, 1.0]), np.array([4.0, 2.0])) == pytest.approx(
        [0.0, 1 - math.log(2)]
    )
    assert np.isnan(qlike(np.array([0.0]), np.array([1.0])))[0]
