"""Autoregressions agree with statsmodels, find what is there, and see no later return."""

from __future__ import annotations

import numpy as np
import pytest
from statsmodels.regression.linear_model import yule_walker
from statsmodels.tsa.arima.model import ARIMA

from foundation.quant.arima import ArFit, ar_forecasts, fit_ar, sum_ahead
from foundation.quant.settings import ArSettings

SETTINGS = ArSettings(minimum_observations=60, refit_every=20, fit_window=200, orders=3)


def autoregression(phi: tuple[float, ...], *, length: int, seed: int) -> np.ndarray:
    draw = np.random.default_rng(seed)
    x = np.zeros(length + 50)
    for t in range(len(phi), len(x)):
        x[t] = sum(p * x[t - k - 1] for k, p in enumerate(phi)) + draw.standard_normal()
    return 0.01 * x[50:] + 0.0005


def series() -> np.ndarray:
    return np.stack(
        [
            autoregression((0.4,), length=800, seed=1),
            autoregression((0.2, -0.5), length=800, seed=2),
            autoregression((), length=800, seed=3),
        ],
        axis=1,
    )


def test_coefficients_are_those_of_yule_and_walker() -> None:
    x = series()
    fit = fit_ar(x, 4)
    for n, order in enumerate(fit.order):
        if order:
            phi, sigma = yule_walker(x[:, n], order=int(order), method="mle", result_object=False)
            np.testing.assert_allclose(fit.coefficients[:order, n], phi, rtol=1e-8, atol=1e-10)
            np.testing.assert_allclose(fit.variance[n], sigma**2, rtol=1e-8)
        assert (fit.coefficients[order:, n] == 0).all()


def test_the_order_that_was_planted_is_reached() -> None:
    order = fit_ar(series(), 5).order
    assert order[0] >= 1
    assert order[1] >= 2


def test_forecasts_are_those_of_statsmodels_at_the_same_parameters() -> None:
    x = series()[:, 1]
    fit = fit_ar(x[:, None], 2)
    model = ARIMA(x, order=(2, 0, 0), trend="c")
    theirs = model.smooth([fit.mean[0], *fit.coefficients[:, 0], fit.variance[0]]).get_forecast(5)
    mean, variance = sum_ahead(fit, x[::-1][:2, None], 5)
    np.testing.assert_allclose(mean[0], theirs.predicted_mean.sum(), rtol=1e-8)
    # Their intervals are per session; the variance of the sum needs their covariances.
    phi = fit.coefficients[:, 0]
    psi = [1.0, phi[0]]
    for _ in range(3):
        psi.append(phi[0] * psi[-1] + phi[1] * psi[-2])
    by_hand = fit.variance[0] * sum(sum(psi[: j + 1]) ** 2 for j in range(5))
    np.testing.assert_allclose(variance[0], by_hand, rtol=1e-12)
    np.testing.assert_allclose(
        theirs.var_pred_mean, fit.variance[0] * np.cumsum(np.square(psi)), rtol=1e-6
    )


def test_the_variance_of_the_sum_is_that_of_simulated_sums() -> None:
    fit = ArFit(np.zeros(1), np.ones(1), np.array([[0.5]]), np.array([1]))
    draw = np.random.default_rng(0).standard_normal((200_000, 5))
    state, total = np.zeros(len(draw)), np.zeros(len(draw))
    for shock in draw.T:
        state = 0.5 * state + shock
        total += state
    _, variance = sum_ahead(fit, np.zeros((1, 1)), 5)
    assert variance[0] == pytest.approx(total.var(), rel=0.02)


def test_a_rewritten_future_changes_no_byte_of_the_past() -> None:
    x = series()[:300]
    made = ar_forecasts(x, SETTINGS)
    x[151:] *= -3
    other = ar_forecasts(x, SETTINGS)
    np.testing.assert_array_equal(made.expected[:151], other.expected[:151])
    np.testing.assert_array_equal(made.volatility[:151], other.volatility[:151])
    assert not np.array_equal(made.expected[151:], other.expected[151:])


def test_nothing_is_said_before_enough_is_seen_nor_of_a_series_that_stands_still() -> None:
    x = series()[:200]
    x[:, 2] = 0.0
    x[:100, 0] = np.nan
    made = ar_forecasts(x, SETTINGS)
    assert np.isnan(made.expected[:159, 0]).all()
    assert np.isfinite(made.expected[180:, 0]).all()
    assert np.isnan(made.expected[:59, 1]).all()
    assert np.isfinite(made.expected[59:, 1]).all()
    assert np.isnan(made.expected[:, 2]).all()


def test_an_absent_return_gets_no_forecast_and_stops_nothing() -> None:
    x = series()[:200]
    x[120, 1] = np.nan
    made = ar_forecasts(x, SETTINGS).expected[:, 1]
    assert np.isnan(made[120])
    assert np.isfinite(made[121:]).all()
