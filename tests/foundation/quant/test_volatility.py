"""The batched GARCH filter against ``arch`` and against the recursion written as a loop."""

import os
import subprocess
import sys

import numpy as np
import pytest
from arch import arch_model

from foundation.quant import GarchSettings
from foundation.quant.volatility import aggregated_variance, filtered_variance, garch_volatility

SETTINGS = GarchSettings(minimum_observations=250, refit_every=200, fit_window=400)


def simulated(sessions, symbols, seed=1, omega=2e-6, alpha=0.08, beta=0.9):
    generator = np.random.default_rng(seed)
    h = np.full(symbols, omega / (1 - alpha - beta))
    rows, variances = [], []
    for _ in range(sessions):
        r = np.sqrt(h) * generator.standard_normal(symbols)
        rows.append(r)
        h = omega + alpha * r**2 + beta * h
        variances.append(h)
    return np.array(rows), np.array(variances)


@pytest.fixture(scope="module")
def market():
    return simulated(700, 3)


def test_forecasts_equal_those_of_arch_with_the_parameters_known_then(market):
    returns, _ = market
    made = garch_volatility(returns, SETTINGS)
    # fits at 250, 450 and 650 observations; row 520 uses the one at 450 over 400 returns
    percent = 100 * returns[:, 1]
    mean = percent[50:450].mean()
    fitted = arch_model(percent[50:450] - mean, mean="Zero", rescale=False).fit(disp="off")
    known = arch_model(percent[50:521] - mean, mean="Zero", rescale=False)
    ahead = known.fix(fitted.params).forecast(horizon=5, reindex=False).variance.to_numpy()
    expected = np.sqrt(ahead.sum()) / 100
    # Two optimisers on one flat likelihood: they agree to where it is flat.
    assert made.volatility[520, 1] == pytest.approx(expected, rel=1e-3)
    assert (made.fits, made.refused, made.last_fit_row) == (9, 0, 649)


def test_the_filter_equals_its_recursion_walked_one_symbol_at_a_time():
    generator = np.random.default_rng(5)
    returns = generator.normal(size=(40, 2))
    returns[[12, 13, 30], 1] = np.nan
    starts = np.full((40, 2, 6), np.nan)
    starts[5, 0] = (0.1, 0.05, 0.1, 0.8, 0.0, 1.3)
    starts[20, 0] = (0.0, 0.02, 0.2, 0.7, 0.15, 0.9)
    starts[9, 1] = (-0.2, 0.1, 0.05, 0.9, 0.3, 2.0)
    expected = np.full((40, 2), np.nan)
    for n in range(2):
        h, held = None, None
        for t in range(40):
            if held is not None and not np.isnan(returns[t, n]):
                mu, omega, alpha, beta, gamma = held
                shock = returns[t, n] - mu
                weight = alpha + gamma if shock < 0 else alpha
                h = omega + weight * shock**2 + beta * h
            if not np.isnan(starts[t, n, 0]):
                held, h = starts[t, n, :5], starts[t, n, 5]
            if h is not None:
                expected[t, n] = h
    assert filtered_variance(returns, starts) == pytest.approx(expected, nan_ok=True)


@pytest.mark.parametrize("persistence", [0.0, 0.6, 0.98, 1.0])
def test_the_sum_over_five_sessions_equals_the_closed_form(persistence):
    omega, h = 0.3, 2.0
    if persistence < 1:
        level = omega / (1 - persistence)
        expected = 5 * level + (h - level) * sum(persistence**k for k in range(5))
    else:
        expected = 5 * h + omega * (0 + 1 + 2 + 3 + 4)
    got = aggregated_variance(np.array([h]), np.array([omega]), np.array([persistence]), 5)
    assert got[0] == pytest.approx(expected)


def test_forecasts_follow_the_true_volatility_of_a_simulated_market():
    returns, h = simulated(2500, 2, seed=9, alpha=0.12, beta=0.85)
    made = garch_volatility(returns, GarchSettings(fit_window=2000, refit_every=1000))
    known = slice(1300, None)
    level, phi = 2e-6 / 0.03, 0.97
    truth = np.sqrt(5 * level + (h - level) * sum(phi**k for k in range(5)))[known]
    ratio = made.volatility[known] / truth
    assert np.abs(np.log(ratio)).mean() < 0.08


def test_rewriting_the_future_changes_no_earlier_forecast(market):
    returns, _ = market
    rewritten = returns.copy()
    rewritten[500:] *= -3.0
    before, after, shorter = (
        garch_volatility(r, SETTINGS).volatility[:500] for r in (returns, rewritten, returns[:500])
    )
    assert before.tobytes() == after.tobytes() == shorter.tobytes()


def test_a_symbol_that_starts_late_has_its_own_clock_and_gaps_stay_absent(market):
    returns, _ = market
    late = returns.copy()
    late[:100, 2] = np.nan
    late[400, 2] = np.nan
    made = garch_volatility(late, SETTINGS).volatility[:, 2]
    assert np.isnan(made[:349]).all()
    assert np.isfinite(made[349])
    assert np.isnan(made[400])
    assert np.isfinite(made[401])


def test_a_price_that_never_moves_is_refused_and_counted_not_invented(market):
    returns, _ = market
    still = returns.copy()
    still[:, 0] = 0.0
    made = garch_volatility(still, SETTINGS)
    assert np.isnan(made.volatility[:, 0]).all()
    assert (made.fits, made.refused) == (9, 3)


def test_after_a_refused_fit_the_last_accepted_parameters_go_on(market):
    returns, _ = market
    stalled = returns.copy()
    stalled[250:450, 1] = 0.0  # the fit at 450 looks back on 200 still rows only
    short = GarchSettings(minimum_observations=250, refit_every=200, fit_window=200)
    made = garch_volatility(stalled, short)
    assert made.refused == 1
    assert np.isfinite(made.volatility[249:, 1]).all()


def test_the_number_of_threads_changes_no_byte():
    code = (
        "import hashlib, numpy as np\n"
        "from foundation.quant import GarchSettings\n"
        "from foundation.quant.volatility import garch_volatility\n"
        "r = 0.01 * np.random.default_rng(3).standard_t(4, size=(1010, 2))\n"
        "made = garch_volatility(r, GarchSettings(refit_every=380)).volatility\n"
        "print(hashlib.sha256(made.tobytes()).hexdigest())"
    )
    answers = {
        subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True, text=True, check=True,
            env={**os.environ, "OMP_NUM_THREADS": threads, "OPENBLAS_NUM_THREADS": threads},
        ).stdout
        for threads in ("1", "2")
    }  # fmt: skip
    assert len(answers) == 1
