"""Block bootstrap against an index-by-index oracle, known standard errors and coverage."""

import math

import numpy as np
import pytest

from foundation.kernel import OperatorError
from foundation.quant.evaluation import (
    block_length,
    circular_block_bootstrap,
    smallest_detectable_effect,
)


def resampled_by_hand(totals, counts, block, samples, seed):
    """Draw the same blocks, then walk them one session at a time around the circle."""
    sessions = len(totals)
    blocks = math.ceil(sessions / block)
    starts = np.random.default_rng(seed).integers(0, sessions, size=(samples, blocks))
    means = []
    for row in starts:
        walk = [(s + j) % sessions for s in row for j in range(block)][:sessions]
        means.append(sum(totals[i] for i in walk) / sum(counts[i] for i in walk))
    return np.array(means)


@pytest.mark.parametrize(("sessions", "block"), [(10, 3), (12, 4), (7, 7), (5, 1)])
def test_intervals_equal_those_of_blocks_walked_session_by_session(sessions, block):
    generator = np.random.default_rng(8)
    totals, counts = generator.normal(size=sessions), generator.integers(1, 9, sessions)
    (got,) = circular_block_bootstrap(
        totals[:, None], counts[:, None], block=block, samples=300, seed=5
    )
    means = resampled_by_hand(totals, counts, block, 300, 5)
    assert got.mean == pytest.approx(totals.sum() / counts.sum())
    assert (got.low, got.high) == pytest.approx(tuple(np.quantile(means, [0.025, 0.975])))
    assert got.standard_error == pytest.approx(means.std())


def test_independent_sessions_give_the_textbook_standard_error():
    x = np.random.default_rng(0).normal(size=(400, 1))
    (got,) = circular_block_bootstrap(x, np.ones_like(x), block=1, samples=4000, seed=1)
    assert got.standard_error == pytest.approx(x.std() / 20, rel=0.05)


def test_persistent_sessions_need_a_wider_interval_than_single_draws_would_say():
    generator = np.random.default_rng(2)
    x = np.zeros(600)
    for t in range(1, 600):
        x[t] = 0.8 * x[t - 1] + generator.normal()
    ones = np.ones((600, 1))
    single, blocks = (
        circular_block_bootstrap(x[:, None], ones, block=b, samples=1000, seed=3)[0].standard_error
        for b in (1, 25)
    )
    assert blocks > 1.8 * single


def test_about_95_of_100_intervals_hold_the_true_mean():
    generator = np.random.default_rng(11)
    data = generator.normal(size=(150, 300))
    intervals = circular_block_bootstrap(
        data, np.ones_like(data), block=block_length(150), samples=500, seed=4
    )
    held = np.mean([i.low <= 0 <= i.high for i in intervals])
    assert 0.88 <= held <= 0.98


def test_block_length_is_the_cube_root_rounded_up():
    assert [block_length(n) for n in (1, 8, 9, 60, 1000, 1001)] == [1, 2, 3, 4, 10, 11]


def test_smallest_detectable_effect_of_five_hundred_days_of_coin_flips_is_six_points():
    # (1.96 + 0.8416) * sqrt(.25 / 500): against 50%, only 56.3% or more would be found
    standard_error = math.sqrt(0.25 / 500)
    assert smallest_detectable_effect(standard_error) == pytest.approx(0.0626, abs=1e-4)


def test_a_column_without_any_value_has_no_interval():
    (got,) = circular_block_bootstrap(
        np.zeros((4, 1)), np.zeros((4, 1)), block=2, samples=10, seed=0
    )
    assert math.isnan(got.mean)
    assert math.isnan(got.low)


@pytest.mark.parametrize("block", [0, 6])
def test_a_block_longer_than_the_data_is_refused(block):
    with pytest.raises(OperatorError, match="between 1 and 5"):
        circular_block_bootstrap(np.zeros((5, 1)), np.ones((5, 1)), block=block, samples=1, seed=0)
