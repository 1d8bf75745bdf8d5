import pytest
from hypothesis import given
from hypothesis import strategies as st

from foundation.kernel import OperatorError
from foundation.trading import kelly_stake


def test_full_kelly_maximises_the_growth_of_a_known_gamble():
    """Even-money bet won with p = 0.51: Kelly stakes p - q = 2%; mean 0.02, variance 0.9996."""
    assert kelly_stake(0.02, 0.9996, fraction=1.0) == pytest.approx(0.02, rel=1e-3)


def test_fraction_halves_the_stake_and_the_cap_bounds_it():
    assert kelly_stake(0.001, 0.0004, fraction=0.5, cap=10) == pytest.approx(1.25)
    assert kelly_stake(0.001, 0.0004, fraction=0.5, cap=0.15) == 0.15


@given(st.floats(-1, 0), st.floats(1e-6, 1))
def test_nothing_is_staked_without_an_expected_gain(mean, variance):
    assert kelly_stake(mean, variance) == 0.0


@given(st.floats(-1, 1), st.floats(1e-6, 1), st.floats(0.01, 1), st.floats(0, 1))
def test_stake_never_leaves_zero_to_cap(mean, variance, fraction, cap):
    assert 0.0 <= kelly_stake(mean, variance, fraction=fraction, cap=cap) <= cap


@pytest.mark.parametrize(
    ("mean", "variance", "options"),
    [
        (0.01, 0.0, {}),
        (0.01, float("nan"), {}),
        (float("nan"), 0.01, {}),
        (0.01, 0.01, {"fraction": 1.5}),
        (0.01, 0.01, {"cap": -0.1}),
    ],
)
def test_senseless_input_is_refused_with_a_remedy(mean, variance, options):
    with pytest.raises(OperatorError, match="Remedy"):
        kelly_stake(mean, variance, **options)
