import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import integrate, stats

from foundation.kernel import OperatorError
from foundation.trading import drawdown, historical_tail_risk, normal_tail_risk, volatility

RETURNS = arrays(float, st.integers(20, 60), elements=st.floats(-0.5, 0.5))


def test_volatility_of_two_uncorrelated_halves():
    covariance = np.diag([0.01**2, 0.01**2])
    assert volatility(np.array([0.5, 0.5]), covariance) == pytest.approx(0.01 * (252 / 2) ** 0.5)


def test_drawdown_of_a_hand_computed_path():
    # Wealth 0.9, 1.08, 0.81, 1.215 against highs 1, 1.08, 1.08, 1.215.
    path = drawdown(np.array([-0.10, 0.20, -0.25, 0.50]))
    np.testing.assert_allclose(path, [0.10, 0.0, 0.25, 0.0], atol=1e-12)


@given(RETURNS)
def test_drawdown_agrees_with_a_slow_reading_of_its_definition(returns):
    wealth, high, expected = 1.0, 1.0, []
    for r in returns:
        wealth *= 1 + r
        high = max(high, wealth)
        expected.append(1 - wealth / high)
    np.testing.assert_allclose(drawdown(returns), expected, atol=1e-12)


def test_historical_tail_of_a_hand_computed_sample():
    # Losses 1%..100% of 100 sessions: the five worst are 96..100%.
    risk = historical_tail_risk(-np.arange(1, 101) / 100, 0.95)
    assert risk.value_at_risk == pytest.approx(0.96)
    assert risk.expected_shortfall == pytest.approx(0.98)


def test_a_fractional_tail_counts_its_last_loss_by_its_share():
    # 30 sessions at 95%: k = 1.5, so the worst loss whole and half of the second.
    returns = np.full(30, 0.01)
    returns[[3, 17]] = [-0.06, -0.03]
    risk = historical_tail_risk(returns, 0.95)
    assert risk.value_at_risk == pytest.approx(0.03)
    assert risk.expected_shortfall == pytest.approx((0.06 + 0.5 * 0.03) / 1.5)


@given(RETURNS, st.floats(0.5, 0.95))
def test_expected_shortfall_is_never_below_value_at_risk(returns, level):
    risk = historical_tail_risk(returns, level)
    assert risk.expected_shortfall >= risk.value_at_risk - 1e-12


def test_normal_tail_agrees_with_numerical_integration():
    mean, deviation, level = 0.0004, 0.012, 0.975
    risk = normal_tail_risk(mean, deviation, level)
    dist = stats.norm(mean, deviation)
    assert risk.value_at_risk == pytest.approx(-dist.ppf(1 - level))
    tail, _ = integrate.quad(lambda x: -x * dist.pdf(x), -0.3, dist.ppf(1 - level))
    assert risk.expected_shortfall == pytest.approx(tail / (1 - level), rel=1e-6)


def test_historical_and_normal_tails_meet_on_a_large_normal_sample():
    sample = stats.norm(0.0, 0.01).ppf((np.arange(20_000) + 0.5) / 20_000)
    seen, assumed = historical_tail_risk(sample, 0.99), normal_tail_risk(0.0, 0.01, 0.99)
    assert seen.value_at_risk == pytest.approx(assumed.value_at_risk, rel=2e-3)
    assert seen.expected_shortfall == pytest.approx(assumed.expected_shortfall, rel=2e-3)


@pytest.mark.parametrize("returns", [np.array([]), np.array([0.1, np.nan]), np.zeros((2, 2))])
def test_gaps_are_refused(returns):
    with pytest.raises(OperatorError, match="gapless"):
        drawdown(returns)


def test_a_tail_of_less_than_one_session_is_refused_and_says_how_many_are_needed():
    with pytest.raises(OperatorError, match="at least 20 returns"):
        historical_tail_risk(np.zeros(19), 0.95)
    historical_tail_risk(np.zeros(20), 0.95)


def test_bad_level_and_bad_deviation_are_refused():
    with pytest.raises(OperatorError):
        historical_tail_risk(np.zeros(50), 1.0)
    with pytest.raises(OperatorError):
        normal_tail_risk(0.0, -0.1)
