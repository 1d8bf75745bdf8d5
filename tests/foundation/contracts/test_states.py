"""Degrees of the five states: what scikit-fuzzy gives, whole, and the same in any company."""

import numpy as np
import pytest
import skfuzzy
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from foundation.contracts import grade


def triangles(x: np.ndarray, centres: np.ndarray) -> np.ndarray:
    """Memberships by scikit-fuzzy: three triangles and two open shoulders."""
    far = max(1e9, 10 * np.abs(x).max())
    return np.stack(
        [
            skfuzzy.trapmf(x, [-far, -far, centres[0], centres[1]]),
            *(skfuzzy.trimf(x, centres[k : k + 3]) for k in range(3)),
            skfuzzy.trapmf(x, [centres[3], centres[4], far, far]),
        ],
        axis=-1,
    )


def bells(x: np.ndarray, centres: np.ndarray) -> np.ndarray:
    """Memberships by scikit-fuzzy's Gaussians, as wide at half height as centres lie apart."""
    apart = centres[1] - centres[0]
    width = apart / (2 * np.sqrt(2 * np.log(2)))
    inside = np.clip(x, centres[0], centres[-1])
    raw = np.stack([skfuzzy.gaussmf(inside, c, width) for c in centres], axis=-1)
    return raw / raw.sum(axis=-1, keepdims=True)


@pytest.mark.parametrize(("shape", "oracle"), [("triangular", triangles), ("gaussian", bells)])
@given(
    x=hnp.arrays(float, st.integers(1, 50), elements=st.floats(-1e3, 1e3)),
    mean=st.floats(-100, 100),
    sd=st.floats(0.1, 50),
)
def test_degrees_equal_scikit_fuzzy(
    shape: str, oracle: object, x: np.ndarray, mean: float, sd: float
) -> None:
    centres = mean + sd * np.array([-2.0, -1.0, 0.0, 1.0, 2.0])
    ours = grade(2.0 + (x - mean) / sd, shape)
    np.testing.assert_allclose(ours, oracle(x, centres), atol=1e-9)


@given(
    hnp.arrays(float, hnp.array_shapes(max_dims=3), elements=st.floats(-10, 10)),
    st.sampled_from(["triangular", "gaussian"]),
)
def test_degrees_sum_to_one_and_both_shapes_lead_with_the_nearest_state(
    where: np.ndarray, shape: str
) -> None:
    degrees = grade(where, shape)
    np.testing.assert_allclose(degrees.sum(axis=-1), 1.0, atol=1e-12)
    assert ((degrees >= 0) & (degrees <= 1)).all()
    distance = np.abs(np.clip(where, 0, 4)[..., None] - np.arange(5))
    leading = np.take_along_axis(distance, degrees.argmax(-1)[..., None], -1)[..., 0]
    np.testing.assert_allclose(leading, distance.min(axis=-1), atol=1e-12)


def test_triangles_share_a_value_between_two_states_at_most() -> None:
    where = np.linspace(-1, 5, 601)
    assert ((grade(where) > 0).sum(axis=-1) <= 2).all()


def test_the_outer_states_are_open_ended() -> None:
    for shape in ("triangular", "gaussian"):
        ends = grade(np.array([-50.0, 0.0, 4.0, 50.0]), shape)
        np.testing.assert_array_equal(ends[0], ends[1])
        np.testing.assert_array_equal(ends[2], ends[3])
        assert ends[0].argmax() == 0
        assert ends[3].argmax() == 4


def test_an_absent_value_has_no_state() -> None:
    assert np.isnan(grade(np.array([np.nan]))).all()
    assert np.isnan(grade(np.array([np.nan]), "gaussian")).all()


def test_a_value_is_graded_the_same_in_any_company() -> None:
    where = np.random.default_rng(1).normal(2, 2, 20_000)
    whole = grade(where)
    np.testing.assert_array_equal(whole.reshape(4, 50, 100, 5), grade(where.reshape(4, 50, 100)))
    np.testing.assert_array_equal(whole[8_190:8_195], grade(where[8_190:8_195]))
