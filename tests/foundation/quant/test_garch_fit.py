"""The batched fit against ``arch``, one series at a time, and against the truth of simulations."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from arch import arch_model

from foundation.quant.garch_fit import fit_garch


def simulated(
    sessions: int, series: int, *, gamma: float = 0.0, seed: int = 0, alpha: float = 0.08
) -> np.ndarray:
    draw = np.random.default_rng(seed)
    h = np.full(series, 1.5)
    out = np.empty((sessions, series))
    for t in range(sessions):
        out[t] = np.sqrt(h) * draw.standard_normal(series)
        h = 0.04 + (alpha + gamma * (out[t] < 0)) * out[t] ** 2 + (0.88 - gamma / 2) * h
    return out


def by_arch(shocks: np.ndarray, leverage: bool) -> tuple[float, np.ndarray]:
    model = arch_model(
        shocks, mean="Zero", vol="GARCH", p=1, o=int(leverage), q=1, dist="normal", rescale=False
    )
    found = model.fit(disp="off", show_warning=False)
    return float(found.loglikelihood), np.asarray(found.params)


@pytest.mark.parametrize("leverage", [False, True])
def test_every_series_is_fitted_as_well_as_by_arch(leverage: bool) -> None:
    shocks = simulated(900, 12, gamma=0.1 if leverage else 0.0)
    fit = fit_garch(shocks, leverage=leverage)
    for n in range(12):
        likelihood, parameters = by_arch(shocks[:, n], leverage)
        assert fit.log_likelihood[n] > likelihood - 0.05
        own = [fit.omega[n], fit.alpha[n], *([fit.gamma[n]] if leverage else []), fit.beta[n]]
        known = arch_model(
            shocks[:, n], mean="Zero", vol="GARCH", p=1, o=int(leverage), q=1, rescale=False
        ).fix(own)
        # The same recursion, likelihood and forecast at the same parameters.
        assert fit.log_likelihood[n] == pytest.approx(known.loglikelihood, rel=1e-10)
        ahead = known.forecast(horizon=1, reindex=False).variance.to_numpy()[-1, 0]
        assert fit.next_variance[n] == pytest.approx(ahead, rel=1e-10)
        if abs(fit.log_likelihood[n] - likelihood) < 1e-3:
            assert own == pytest.approx(parameters, rel=0.05, abs=0.01)


def test_the_parameters_of_long_simulations_are_recovered() -> None:
    fit = fit_garch(simulated(6000, 20, gamma=0.08), leverage=True)
    assert fit.converged.all()
    assert np.median(fit.alpha) == pytest.approx(0.08, abs=0.015)
    assert np.median(fit.gamma) == pytest.approx(0.08, abs=0.02)
    assert np.median(fit.persistence) == pytest.approx(0.96, abs=0.01)


def test_a_further_parameter_costs_no_likelihood() -> None:
    shocks = simulated(600, 30, seed=3)
    plain, with_leverage = fit_garch(shocks), fit_garch(shocks, leverage=True)
    assert (with_leverage.log_likelihood > plain.log_likelihood - 0.01).all()
    assert (with_leverage.gamma >= 0).all()


def test_a_series_is_fitted_to_the_same_bits_in_any_company() -> None:
    shocks = simulated(400, 9, seed=5)
    together = fit_garch(shocks)
    for columns in ([4], [0, 4], [8, 4, 2]):
        apart = fit_garch(shocks[:, columns])
        at = columns.index(4)
        for name in ("omega", "alpha", "beta", "log_likelihood", "next_variance"):
            assert getattr(apart, name)[at] == getattr(together, name)[4]


def test_a_shorter_series_stands_at_the_end_of_its_column() -> None:
    shocks = simulated(500, 3, seed=7)
    late = shocks.copy()
    late[:200, 1] = np.nan
    among, alone = fit_garch(late), fit_garch(shocks[200:, 1:2])
    assert among.log_likelihood[1] == pytest.approx(alone.log_likelihood[0], rel=1e-9)
    assert among.persistence[1] == pytest.approx(alone.persistence[0], rel=1e-4)


def test_what_never_varies_or_has_holes_is_not_fitted() -> None:
    shocks = simulated(300, 4)
    shocks[:, 0] = 0.0
    shocks[150, 1] = np.nan
    shocks[:, 2] = np.nan
    fit = fit_garch(shocks)
    assert np.isnan(fit.omega[:3]).all()
    assert np.isnan(fit.next_variance[:3]).all()
    assert not fit.converged[:3].any()
    assert np.isfinite(fit.omega[3])


def test_variances_stay_positive_and_persistence_below_one_on_wild_data() -> None:
    draw = np.random.default_rng(1)
    shocks = draw.standard_t(2.2, size=(400, 25)) * np.exp(draw.normal(0, 3, 25))
    shocks[200] *= 50
    fit = fit_garch(shocks, leverage=True)
    assert (fit.omega > 0).all()
    assert (np.stack([fit.alpha, fit.gamma, fit.beta]) >= 0).all()
    assert (fit.persistence < 1).all()
    assert (fit.next_variance > 0).all()
    assert np.isfinite(fit.log_likelihood).all()


def test_the_likelihood_is_highest_where_the_fit_says() -> None:
    shocks = simulated(1500, 1, seed=2)
    fit = fit_garch(shocks)
    best = [fit.omega[0], fit.alpha[0], fit.beta[0]]
    around = [
        arch_model(shocks[:, 0], mean="Zero", rescale=False)
        .fix([p * (1 + shift) if i == at else p for i, p in enumerate(best)])
        .loglikelihood
        for at in range(3)
        for shift in (-0.01, 0.01)
    ]
    assert max(around) < fit.log_likelihood[0]
    assert all(a != b for a, b in pairwise(around))
