"""Slopes of scores, against differences of the scores themselves."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from foundation.quant.evaluation import (
    brier_score,
    brier_slope,
    pinball_loss,
    pinball_slope,
    qlike,
    qlike_slope,
)

STEP = 1e-6


@given(st.floats(-3, 3), st.floats(-3, 3), st.sampled_from([0.1, 0.5, 0.9]))
def test_pinball(quantile: float, observed: float, level: float) -> None:
    if abs(quantile - observed) < 2 * STEP:
        return
    low, high = (
        pinball_loss(np.array([quantile + e]), np.array(observed), (level,)) for e in (-STEP, STEP)
    )
    slope = pinball_slope(np.array([quantile]), np.array(observed), (level,))
    np.testing.assert_allclose(slope, (high - low) / (2 * STEP), atol=1e-6)


@given(st.floats(0, 1), st.sampled_from([0.0, 1.0]))
def test_brier(probability: float, happened: float) -> None:
    low, high = (brier_score(np.array(probability + e), happened) for e in (-STEP, STEP))
    np.testing.assert_allclose(
        brier_slope(np.array(probability), np.array(happened)), (high - low) / (2 * STEP), atol=1e-6
    )


@given(st.floats(-5, 0), st.floats(1e-4, 0.5))
def test_qlike(log_volatility: float, realised: float) -> None:
    low, high = (qlike(np.exp(2 * (log_volatility + e)), realised) for e in (-STEP, STEP))
    np.testing.assert_allclose(
        qlike_slope(np.array(log_volatility), np.array(realised)),
        (high - low) / (2 * STEP),
        rtol=1e-4,
        atol=1e-4,
    )


def test_what_cannot_be_scored_has_no_slope() -> None:
    levels = (0.1, 0.9)
    made = pinball_slope(np.array([[0.0, np.nan], [0.0, 1.0]]), np.array([1.0, np.nan]), levels)
    np.testing.assert_array_equal(np.isnan(made), [[False, True], [True, True]])
    assert np.isnan(brier_slope(np.array(0.5), np.array(np.nan)))
    assert np.isnan(qlike_slope(np.array([-4.0, -4.0]), np.array([0.0, np.nan]))).all()
