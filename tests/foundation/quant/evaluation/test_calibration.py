"""Calibration tables on cases small enough to count by hand."""

import math

import numpy as np
import pytest

from foundation.kernel import OperatorError
from foundation.quant.evaluation import (
    confidence_gap,
    expected_calibration_error,
    reliability_bins,
)


def test_bins_hold_mean_forecast_observed_frequency_and_count():
    p = np.array([0.05, 0.15, 0.15, 0.95, 1.0])
    y = np.array([0, 1, 0, 1, 1])
    first, second, last = reliability_bins(p, y, bins=10)
    assert (first.forecast, first.observed, first.count) == pytest.approx((0.05, 0.0, 1))
    assert (second.forecast, second.observed, second.count) == pytest.approx((0.15, 0.5, 2))
    assert (last.forecast, last.observed, last.count) == pytest.approx((0.975, 1.0, 2))


def test_expected_calibration_error_is_the_weighted_mean_gap():
    # bins [0, .5): mean .2, observed .5 (n = 2); [.5, 1]: mean .9, observed 1 (n = 1)
    p, y = np.array([0.1, 0.3, 0.9]), np.array([0, 1, 1])
    assert expected_calibration_error(p, y, bins=2) == pytest.approx((2 * 0.3 + 0.1) / 3)


def test_a_calibrated_forecaster_has_an_error_near_zero_and_a_boastful_one_has_not():
    generator = np.random.default_rng(1)
    p = generator.uniform(0.2, 0.8, 40_000)
    y = (generator.uniform(size=p.size) < p).astype(float)
    boast = 0.5 + 1.6 * (p - 0.5)
    assert expected_calibration_error(p, y) < 0.01
    assert expected_calibration_error(boast, y) > 0.05


def test_absent_pairs_are_left_out_and_nothing_known_gives_nan():
    assert sum(b.count for b in reliability_bins(np.array([0.5, np.nan]), np.array([1, 1]))) == 1
    assert math.isnan(expected_calibration_error(np.array([np.nan]), np.array([1.0])))
    assert math.isnan(confidence_gap(np.full((1, 2), np.nan), np.array([1.0])))


def test_confidence_gap_is_mean_confidence_less_accuracy():
    p = np.array([[0.7, 0.3], [0.6, 0.4], [0.1, 0.9], [np.nan, np.nan]])
    # confidences .7 .6 .9, right: yes, no, yes
    assert confidence_gap(p, np.array([0, 1, 1, 0])) == pytest.approx(2.2 / 3 - 2 / 3)


def test_no_bins_is_refused():
    with pytest.raises(OperatorError, match="at least one bin"):
        reliability_bins(np.array([0.5]), np.array([1]), bins=0)
