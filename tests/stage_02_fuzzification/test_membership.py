"""Five states: graded as scikit-fuzzy grades them, calibrated on the past alone."""

import numpy as np
import pytest
import skfuzzy
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from stage_02_fuzzification.membership import grade, past_moments, position

finite = st.floats(-1e6, 1e6, allow_nan=False)


def oracle(x: np.ndarray, mean: float, sd: float) -> np.ndarray:
    """Memberships by scikit-fuzzy: three triangles and two open shoulders."""
    c = mean + sd * np.array([-2.0, -1.0, 0.0, 1.0, 2.0])
    far = max(1e9, 10 * np.abs(x).max())
    return np.stack(
        [
            skfuzzy.trapmf(x, [-far, -far, c[0], c[1]]),
            skfuzzy.trimf(x, c[0:3]),
            skfuzzy.trimf(x, c[1:4]),
            skfuzzy.trimf(x, c[2:5]),
            skfuzzy.trapmf(x, [c[3], c[4], far, far]),
        ],
        axis=-1,
    )


@given(
    hnp.arrays(float, st.integers(1, 50), elements=st.floats(-1e3, 1e3)),
    st.floats(-100, 100),
    st.floats(0.1, 50),
)
def test_degrees_equal_scikit_fuzzy(x: np.ndarray, mean: float, sd: float) -> None:
    ours = grade(2.0 + (x - mean) / sd)
    np.testing.assert_allclose(ours, oracle(x, mean, sd), atol=1e-9)


@given(hnp.arrays(float, hnp.array_shapes(max_dims=3), elements=st.floats(-10, 10)))
def test_degrees_sum_to_one_and_stay_within_bounds(where: np.ndarray) -> None:
    degrees = grade(where)
    np.testing.assert_allclose(degrees.sum(axis=-1), 1.0, atol=1e-12)
    assert ((degrees >= 0) & (degrees <= 1)).all()
    assert ((degrees > 0).sum(axis=-1) <= 2).all()


def test_an_absent_value_has_no_state() -> None:
    assert np.isnan(grade(np.array([np.nan]))).all()


@given(hnp.arrays(float, st.integers(11, 40), elements=finite), st.integers(0, 3))
def test_moments_equal_a_plain_loop_over_the_past(values: np.ndarray, holes: int) -> None:
    values = values.copy()
    values[:holes] = np.nan
    mean, spread = past_moments(values[:, None], 10, 0.8)
    for t in range(len(values)):
        window = values[max(0, t - 10) : t]
        present = window[~np.isnan(window)]
        if t < 10 or len(present) < 8:
            assert np.isnan(mean[t, 0])
        else:
            assert mean[t, 0] == pytest.approx(present.mean(), rel=1e-9, abs=1e-6)
            assert spread[t, 0] == pytest.approx(present.std(), rel=1e-7, abs=1e-5)


def test_constant_series_are_medium_until_they_move() -> None:
    values = np.full((15, 1), 7.0)
    values[13], values[14] = 7.5, 6.0
    where = position(values, 10, 0.8)
    assert where[12, 0] == 2.0
    np.testing.assert_array_equal(grade(where[13, 0]), [0, 0, 0, 0, 1])
    np.testing.assert_array_equal(grade(where[14, 0]), [1, 0, 0, 0, 0])


def test_longer_history_and_a_rewritten_future_change_no_bit() -> None:
    rng = np.random.default_rng(0)
    values = rng.normal(size=(300, 3)).cumsum(axis=0) + 100
    whole = position(values, 60, 0.8)
    np.testing.assert_array_equal(position(values[100:], 60, 0.8)[60:], whole[160:])
    changed = values.copy()
    changed[200:] = rng.normal(size=(100, 3))
    np.testing.assert_array_equal(position(changed, 60, 0.8)[:200], whole[:200])
