"""Planted parameters are found again, and as many regimes as there are."""

import numpy as np
import pytest

from foundation.quant.regimes.emissions import Emissions
from foundation.quant.regimes.fitting import fitted, told
from foundation.quant.regimes.session_sums import effective_share, session_sums
from foundation.quant.settings import MarketRegimeSettings

SETTINGS = MarketRegimeSettings()
MEMORY, OWN, MARKET = np.array([0.3, -0.3, 0.0]), np.array([1, 1, 2.5]), np.array([0.7, 0.7, 1.8])


def planted(sessions=1200, stocks=15, seed=0):
    """Return returns (T, N) of three regimes that last forty sessions on average, and the truth."""
    draw = np.random.default_rng(seed)
    state, path = 0, []
    for _ in range(sessions):
        state = state if draw.random() < 0.975 else (state + draw.integers(1, 3)) % 3
        path.append(state)
    returns, before = np.empty((sessions, stocks)), np.zeros(stocks)
    for t, s in enumerate(path):
        shock = OWN[s] * draw.standard_normal(stocks)
        shock += MARKET[s] * draw.standard_normal() - shock.mean()
        returns[t] = before = MEMORY[s] * before + shock + 0 * t
    return 0.01 * returns, np.array(path)


def fit_of(returns, settings=SETTINGS):
    sums, deviations = session_sums(returns, settings.scale_half_life)
    share = effective_share(deviations, settings.share_window)
    emissions = Emissions(sums, share)
    return emissions, fitted(emissions, share, settings)[0]


@pytest.fixture(scope="module")
def found():
    returns, path = planted()
    return *fit_of(returns), path


def test_planted_parameters_are_found_again(found):
    _, fit, path = found
    assert fit.states == 3
    order = np.argsort(fit.spread)[[0, 1, 2]]
    order[:2] = order[:2][np.argsort(-fit.parameters.memory[0, order[:2]])]
    assert fit.parameters.memory[0, order] == pytest.approx(MEMORY, abs=0.06)
    assert 100 * fit.parameters.market[0, order] == pytest.approx(MARKET, rel=0.15)
    # Deviations from the mean of fifteen have their variance but for the mean's part.
    assert 100 * fit.parameters.own[0, order] == pytest.approx(OWN, rel=0.1)
    stayed = [np.mean(path[1:][path[:-1] == s] == s) for s in range(3)]
    assert np.diag(fit.parameters.moves[0])[order] == pytest.approx(stayed, abs=0.02)
    error = np.abs(fit.parameters.memory[0, order] - MEMORY) / fit.memory_error[order]
    assert (error < 4).all()


def test_the_states_of_sessions_are_found_again(found):
    emissions, fit, path = found
    likeliest = told(emissions, fit)[0].argmax(axis=1)
    right = sum(np.bincount(path[likeliest == s], minlength=3).max() for s in range(3))
    assert right / len(path) > 0.9


def test_a_sessions_log_scores_add_up_to_the_likelihood(found):
    emissions, fit, _ = found
    assert told(emissions, fit)[1].sum() == pytest.approx(
        fit.log_likelihood, abs=SETTINGS.tolerance
    )


@pytest.mark.parametrize("stocks", [1, 12])
def test_where_there_is_one_regime_one_is_found(stocks):
    noise = 0.01 * np.random.default_rng(5).standard_normal((600, stocks))
    _, fit = fit_of(noise)
    assert fit.states == 1
    assert fit.criterion[0] == min(fit.criterion)
    assert len(fit.criterion) == SETTINGS.most_states


def test_the_same_past_is_fitted_alike_to_the_last_bit():
    returns, _ = planted(400, 5)
    one, other = (fit_of(returns)[1] for _ in range(2))
    for name, values in vars(one.parameters).items():
        assert values.tobytes() == getattr(other.parameters, name).tobytes()


def test_a_later_fit_may_start_from_an_earlier_one_and_is_no_worse():
    returns, _ = planted(500, 8)
    sums, _ = session_sums(returns, SETTINGS.scale_half_life)
    _, models = fitted(Emissions(sums.until(300), 1.0), 1.0, SETTINGS)
    emissions = Emissions(sums, 1.0)
    fresh, _ = fitted(emissions, 1.0, SETTINGS)
    warm, _ = fitted(emissions, 1.0, SETTINGS, models)
    assert warm.log_likelihood > fresh.log_likelihood - 2 * SETTINGS.tolerance
