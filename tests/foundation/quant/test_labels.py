"""Target before stop, on bars small enough to follow with a finger."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from foundation.quant.labels import returns_from_entry, target_before_stop

NAN = float("nan")
WIDTH = np.log(1.1)  # target 110, stop 90.9 from a close of 100


def label(highs, lows, closes):
    """Label of the first session, two sessions ahead."""
    bars = (np.array(a, dtype=float)[:, None] for a in (highs, lows, closes))
    volatility = np.full((len(closes), 1), WIDTH)
    return target_before_stop(*bars, volatility, 2)[0, 0]


@pytest.mark.parametrize(
    ("highs", "lows", "closes", "expected"),
    [
        ([100, 111, 100], [100, 99, 99], [100, 100, 100], 1),  # target at once
        ([100, 100, 100], [100, 90, 99], [100, 100, 100], 0),  # stop at once
        ([100, 111, 100], [100, 90, 99], [100, 100, 100], 0),  # both in one bar: the stop counts
        ([100, 111, 100], [100, 99, 90], [100, 100, 100], 1),  # target first, stop later
        ([100, 101, 111], [100, 90, 99], [100, 100, 100], 0),  # stop first, target later
        ([100, 109, 109], [100, 92, 92], [100, 100, 100], 0),  # neither
        ([NAN] * 3, [NAN] * 3, [100, 100, 111], 1),  # closes only
        ([NAN] * 3, [NAN] * 3, [100, 90, 111], 0),
        ([100, 111, 100], [100, 99, 99], [100, 100, NAN], NAN),  # the horizon's end is unknown
    ],
)
def test_which_side_was_touched_first(highs, lows, closes, expected):
    assert label(highs, lows, closes) == pytest.approx(expected, nan_ok=True)


def test_the_last_rows_have_no_label_yet():
    closes = np.full((10, 1), 100.0)
    made = target_before_stop(closes, closes, closes, np.full((10, 1), WIDTH), 3)
    assert np.isfinite(made[:7]).all()
    assert np.isnan(made[7:]).all()
    assert np.isnan(target_before_stop(*[closes[:2]] * 3, np.full((2, 1), WIDTH), 3)).all()


@settings(max_examples=40)
@given(st.integers(0, 10_000))
def test_labels_equal_a_walk_through_the_bars_one_by_one(seed):
    generator = np.random.default_rng(seed)
    closes = 100 * np.exp(0.02 * generator.normal(size=(25, 1)).cumsum(axis=0))
    highs = closes * np.exp(0.02 * generator.uniform(size=closes.shape))
    lows = closes * np.exp(-0.02 * generator.uniform(size=closes.shape))
    width = np.full(closes.shape, 0.04)
    made = target_before_stop(highs, lows, closes, width, 5)
    for t in range(20):
        expected = 0.0
        for k in range(1, 6):
            if lows[t + k, 0] <= closes[t, 0] * np.exp(-0.04):
                break
            if highs[t + k, 0] >= closes[t, 0] * np.exp(0.04):
                expected = 1.0
                break
        assert made[t, 0] == expected


def test_returns_run_from_the_entry_to_the_close_that_ends_the_horizon():
    closes = np.array([[100.0], [100.0], [121.0]])
    made = returns_from_entry(closes, closes, 2)
    assert made[0, 0] == pytest.approx(np.log(1.21))
