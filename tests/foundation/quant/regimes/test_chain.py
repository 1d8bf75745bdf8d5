"""The filter against every path of states written out, and against statsmodels."""

from itertools import pairwise, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from foundation.quant.regimes.chain import filtered, smoothed, stationary


def model(seed, sessions, states, models=1):
    draw = np.random.default_rng(seed)
    moves = draw.dirichlet(np.ones(states), size=(models, states))
    return 3 * draw.standard_normal((models, sessions, states)), moves


def every_path(log_density, moves):
    """Return filtered and smoothed chances, expected moves and likelihoods by enumeration."""
    sessions, states = log_density.shape
    begin = np.linalg.matrix_power(moves, 400)[0]
    first = begin @ moves
    weight = {}
    for path in product(range(states), repeat=sessions):
        chance = first[path[0]] * np.prod([moves[i, j] for i, j in pairwise(path)])
        weight[path] = chance * np.exp(sum(log_density[t, s] for t, s in enumerate(path)))
    whole = sum(weight.values())
    smooth, counts = np.zeros((sessions, states)), np.zeros((states, states))
    for path, value in weight.items():
        for t, s in enumerate(path):
            smooth[t, s] += value / whole
        for i, j in pairwise(path):
            counts[i, j] += value / whole
    return smooth, counts, np.log(whole)


@given(st.integers(0, 10_000), st.integers(1, 6), st.integers(1, 3))
@settings(max_examples=25, deadline=None)
def test_filter_and_smoother_equal_the_sum_over_all_paths(seed, sessions, states):
    log_density, moves = model(seed, sessions, states)
    smooth, counts, likelihood = every_path(log_density[0], moves[0])
    chance, total = filtered(log_density, moves)
    for t in range(sessions):
        upto, _, so_far = every_path(log_density[0, : t + 1], moves[0])
        assert chance[0, t] == pytest.approx(upto[-1])
        assert total[0, t] == pytest.approx(so_far)
    found, moved, whole = smoothed(log_density, moves)
    assert found[0] == pytest.approx(smooth)
    assert moved[0] == pytest.approx(counts)
    assert whole[0] == pytest.approx(likelihood)


def test_several_models_at_once_answer_as_each_alone():
    log_density, moves = model(1, 130, 3, models=4)
    chance, total = filtered(log_density, moves)
    for m in range(4):
        alone, alone_total = filtered(log_density[m : m + 1], moves[m : m + 1])
        assert chance[m] == pytest.approx(alone[0])
        assert total[m] == pytest.approx(alone_total[0])


def test_what_comes_later_changes_no_filtered_chance():
    log_density, moves = model(2, 200, 4)
    other = log_density.copy()
    other[:, 150:] += np.random.default_rng(3).standard_normal((1, 50, 4))
    assert filtered(other, moves)[0][:, :150] == pytest.approx(
        filtered(log_density, moves)[0][:, :150]
    )


def test_densities_a_thousand_nats_apart_leave_the_chances_finite():
    log_density, moves = model(4, 300, 3)
    chance, total = filtered(1000 * log_density, moves)
    assert np.isfinite(total).all()
    assert chance.sum(axis=-1) == pytest.approx(np.ones((1, 300)))
    assert np.isfinite(smoothed(1000 * log_density, moves)[0]).all()


def test_the_stationary_chances_are_those_of_a_long_walk():
    moves = model(5, 1, 4)[1]
    assert stationary(moves)[0] == pytest.approx(np.linalg.matrix_power(moves[0], 500)[2])
