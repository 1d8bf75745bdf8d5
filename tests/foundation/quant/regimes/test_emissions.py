"""Densities against scipy's multivariate t and statsmodels; each step of fitting climbs."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import helmert
from scipy.stats import multivariate_t, t

from foundation.quant.regimes.chain import filtered, smoothed
from foundation.quant.regimes.emissions import Emissions, Parameters
from foundation.quant.regimes.session_sums import SessionSums


def sums_of(today, before):
    """Return the sums of given scaled returns and those before them, (T, N)."""
    a, b = (values - values.mean(axis=1, keepdims=True) for values in (today, before))
    return SessionSums(
        count=np.full(len(today), float(today.shape[1])),
        mean=today.mean(axis=1),
        mean_before=before.mean(axis=1),
        square=(a * a).sum(axis=1),
        cross=(a * b).sum(axis=1),
        square_before=(b * b).sum(axis=1),
    )


def parameters(states=3, **changed):
    made = Parameters(
        memory=np.array([[0.2, -0.3, 0.0]])[:, :states],
        market=np.array([[0.6, 0.9, 2.0]])[:, :states],
        own=np.array([[0.8, 1.0, 1.9]])[:, :states],
        market_freedom=np.array([6.0]),
        own_freedom=np.array([8.0]),
        slope_spread=np.array([0.15]),
        moves=np.array([np.full((states, states), 0.1) + np.eye(states) * (1 - 0.1 * states)]),
    )
    return replace(made, **changed)


def test_a_density_is_a_t_of_the_mean_times_a_multivariate_t_of_the_deviations():
    draw = np.random.default_rng(0)
    today, before = draw.standard_normal((2, 4, 6))
    p = parameters()
    found = Emissions(sums_of(today, before), 1.0).log_density(p)[0]
    contrasts = helmert(6)
    for row, state in np.ndindex(found.shape):
        a, b = contrasts @ today[row], contrasts @ before[row]
        memory, own = p.memory[0, state], p.own[0, state]
        shape = own**2 * np.eye(5) + p.slope_spread[0] ** 2 * np.outer(b, b)
        expected = multivariate_t.logpdf(a, memory * b, shape, df=8) + t.logpdf(
            today[row].mean(), 6, memory * before[row].mean(), p.market[0, state]
        )
        assert found[row, state] == pytest.approx(expected)


def test_a_half_share_counts_as_half_as_many_stocks():
    draw = np.random.default_rng(1)
    sums = sums_of(*draw.standard_normal((2, 5, 9)))
    fewer = replace(
        sums,
        count=np.full(5, 5.0),
        square=sums.square / 2,
        cross=sums.cross / 2,
        square_before=sums.square_before / 2,
    )
    one, other = Emissions(sums, 0.5), Emissions(fewer, 1.0)
    assert one.log_density(parameters()) == pytest.approx(other.log_density(parameters()))


def test_no_number_of_stocks_makes_one_session_certain():
    """A dispersion q seen of ever more stocks says what one draw of an inverse gamma says.

    The t's log density tends to ``nu ln s - nu s^2 / (2 q)`` as a function of the spread ``s``.
    """
    draw = np.random.default_rng(2)
    before, shocks = draw.standard_normal((2, 1, 20_000))
    sums = sums_of(1.5 * shocks, before)
    p = parameters(2, memory=np.zeros((1, 2)), own=np.array([[1.0, 2.0]]),
                   market=np.ones((1, 2)), slope_spread=np.zeros(1))  # fmt: skip
    density = Emissions(sums, 1.0).log_density(p)[0, 0]
    q = sums.square[0] / 19_999
    assert density[1] - density[0] == pytest.approx(8 * np.log(2) - 8 * 3 / (2 * q), abs=0.01)


def test_one_series_is_filtered_as_by_statsmodels():
    from statsmodels.tsa.regime_switching.markov_regression import MarkovRegression

    draw = np.random.default_rng(3)
    series = draw.standard_normal(300) * np.repeat([0.5, 2.0, 0.6], 100)
    before = np.concatenate([[0.0], series[:-1]])
    moves = np.array([[0.97, 0.03], [0.08, 0.92]])
    p = parameters(2, memory=np.array([[0.1, -0.2]]), market=np.array([[0.5, 1.8]]),
                   market_freedom=np.array([1e9]), moves=moves[None])  # fmt: skip
    emissions = Emissions(sums_of(series[:, None], before[:, None]), 1.0)
    chance, total = filtered(emissions.log_density(p), p.moves)
    peer = MarkovRegression(series, 2, trend="n", exog=before[:, None], switching_variance=True)
    given_ = [moves[0, 0], moves[1, 0], 0.1, -0.2, 0.25, 1.8**2]
    oracle = peer.smooth(given_)
    assert total[0, -1] == pytest.approx(oracle.llf, rel=1e-6)
    assert chance[0] == pytest.approx(oracle.filtered_marginal_probabilities, abs=1e-5)
    smooth, _, _ = smoothed(emissions.log_density(p), p.moves)
    assert smooth[0] == pytest.approx(oracle.smoothed_marginal_probabilities, abs=1e-5)


@given(st.integers(0, 1000), st.sampled_from([1.0, 0.3]), st.sampled_from([1, 2, 7]))
@settings(max_examples=25, deadline=None)
def test_no_step_of_fitting_loses_likelihood(seed, share, stocks):
    draw = np.random.default_rng(seed)
    wide = np.repeat(draw.choice([0.5, 1.0, 3.0], 12), 10)[:, None]
    today, before = wide * draw.standard_t(4, (2, 120, stocks))
    emissions = Emissions(sums_of(today, before), share)
    p, last = parameters(), -np.inf
    for _ in range(8):
        density, weights = emissions.judged(p)
        chance, _, likelihood = smoothed(density, p.moves)
        assert likelihood[0] >= last - 1e-8 * abs(last if np.isfinite(last) else 0)
        last = likelihood[0]
        p = emissions.improved(p, chance, weights)
