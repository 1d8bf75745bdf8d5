"""Corrections by past outcomes: right on average, blind to the future, absent where unearned."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.isotonic import IsotonicRegression

from foundation.kernel import OperatorError
from foundation.quant.evaluation import expected_calibration_error, interval_coverage
from foundation.quant.recalibration import conformal_quantiles, isotonic_odds, monotone, offset
from foundation.quant.settings import RecalibrationSettings

HORIZON = 5
SETTINGS = RecalibrationSettings(window=150, least=30, every=10)


def overconfident(seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return odds that are twice as far from one half as the truth, and what happened."""
    draw = np.random.default_rng(seed)
    truth = draw.uniform(0.3, 0.7, (400, 40))
    happened = (draw.random(truth.shape) < truth).astype(float)
    happened[-HORIZON:] = np.nan
    return 0.5 + 2 * (truth - 0.5), happened


def too_narrow(seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return half-width quantiles of a normal return, the return and its scale."""
    draw = np.random.default_rng(seed)
    scale = draw.uniform(0.01, 0.05, (400, 40))
    outcome = scale * draw.standard_normal(scale.shape)
    outcome[-HORIZON:] = np.nan
    return scale[..., None] * np.array([-0.64, 0.0, 0.64]), outcome, scale


def odds(p: np.ndarray, y: np.ndarray) -> np.ndarray:
    return isotonic_odds(p, y, horizon=HORIZON, settings=SETTINGS)


def interval(q: np.ndarray, y: np.ndarray, s: np.ndarray) -> np.ndarray:
    return conformal_quantiles(q, y, s, horizon=HORIZON, settings=SETTINGS)


def test_odds_that_overstate_are_brought_back_to_what_happens() -> None:
    said, happened = overconfident()
    later = slice(100, None)
    assert expected_calibration_error(said[later], happened[later]) > 0.08
    assert expected_calibration_error(odds(said, happened)[later], happened[later]) < 0.03


def test_the_map_is_that_of_scikit_learn() -> None:
    draw = np.random.default_rng(3)
    p = np.round(draw.random(500), 2)
    y = (draw.random(500) < p**2).astype(float)
    seen, fitted = monotone(p, y)
    asked = np.linspace(-0.1, 1.1, 77)
    theirs = IsotonicRegression(out_of_bounds="clip").fit(p, y).predict(asked)
    np.testing.assert_allclose(np.interp(asked, seen, fitted), theirs, atol=1e-12)


def test_too_narrow_intervals_are_widened_to_their_level() -> None:
    q, outcome, scale = too_narrow()
    made = interval(q, outcome, scale)
    later = slice(100, None)
    before = interval_coverage(q[later, :, 0], q[later, :, 2], outcome[later])
    after = interval_coverage(made[later, :, 0], made[later, :, 2], outcome[later])
    assert before < 0.55
    assert 0.78 < after < 0.82


def test_each_side_is_moved_by_itself() -> None:
    q, outcome, scale = too_narrow()
    made = interval(q + 1.0 * scale[..., None], outcome, scale)[100:]
    truth = outcome[100:]
    known = np.isfinite(truth)
    assert abs((truth < made[..., 0])[known].mean() - 0.1) < 0.015
    # Both outer quantiles stop at the median, which stands one deviation too high.
    assert (made[..., 2] >= made[..., 1]).all()


def test_quantiles_never_cross() -> None:
    q, outcome, scale = too_narrow()
    made = interval(q * 5, outcome + 3 * scale, scale)
    assert (np.diff(made, axis=-1) >= 0).all()


@pytest.mark.parametrize("what", ["odds", "interval"])
def test_rewriting_what_was_not_known_yet_changes_no_byte(what: str) -> None:
    day = 220
    rewritten = np.random.default_rng(8)
    if what == "odds":
        said, happened = overconfident()
        made = odds(said, happened)
        happened[day + 1 - HORIZON :] = rewritten.integers(
            0, 2, happened[day + 1 - HORIZON :].shape
        )
        other = odds(said, happened)
    else:
        q, outcome, scale = too_narrow()
        made = interval(q, outcome, scale)
        outcome[day + 1 - HORIZON :] *= 9
        other = interval(q, outcome, scale)
    np.testing.assert_array_equal(made[: day + 1], other[: day + 1])
    assert not np.array_equal(made[day + 1 :], other[day + 1 :])


def test_before_enough_outcomes_are_known_forecasts_stay_as_they_are() -> None:
    said, happened = overconfident()
    made = odds(said, happened)
    first = SETTINGS.least + HORIZON - 1
    np.testing.assert_array_equal(made[:first], said[:first])
    assert not np.array_equal(made[first], said[first])


def test_what_was_not_forecast_stays_absent() -> None:
    said, happened = overconfident()
    said[200:210, 3] = np.nan
    made = odds(said, happened)
    np.testing.assert_array_equal(np.isnan(made), np.isnan(said))


def test_an_offset_counts_one_more_than_it_has_seen() -> None:
    # Of nine, the tenth tenth is beyond the largest: no finite offset is known to hold.
    assert offset(np.arange(9.0), 0.95) == 0.0
    assert offset(np.arange(9.0), 0.9) == 8.0
    assert offset(np.array([np.nan, *range(19)]), 0.5) == 9.0


def test_forecasts_of_other_sessions_are_refused() -> None:
    with pytest.raises(OperatorError, match="same sessions and symbols"):
        odds(np.zeros((4, 2)), np.zeros((5, 2)))
