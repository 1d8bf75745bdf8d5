from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stage_01_data_engine.features import indicators
from stage_01_data_engine.features import FEATURE_FIELDS, breadth, feature_values, stretches
from tests.stage_01_data_engine.test_indicators import random_bars

NEEDS_RANGES = {"atr_20", "stochastic_k", "adx_14", "cci_20", "mfi_14", "williams_r_14"}
NEEDS_MORE_THAN_CLOSES = NEEDS_RANGES | {"volume_ratio_20", "gap_open"}


def block(seed: int, count: int = 320) -> np.ndarray:
    """Return one instrument's bars, shape (T, 1, 5)."""
    high, low, close, volume = random_bars(seed, count)
    return np.stack([(high + low) / 2, high, low, close, volume], axis=-1)[:, None, :]


def features(bars: np.ndarray, *, ranges: bool = True, gap: int = 5) -> dict[str, np.ndarray]:
    values = feature_values(bars, np.full(bars.shape[1], ranges), gap)
    return {field: values[:, 0, i] for i, field in enumerate(FEATURE_FIELDS)}


def test_one_missing_bar_costs_that_session_only() -> None:
    """TA-Lib by itself returns an RSI of 0.0 and no moving average ever after."""
    import talib

    bars = block(1)
    holed = bars.copy()
    holed[100] = np.nan
    poisoned = talib.RSI(holed[:, 0, 3], 14)
    assert (poisoned[120:] == 0).all() or np.isnan(poisoned[120:]).all(), "the hazard is gone"

    found = features(holed)
    bridged = indicators.from_closes(np.delete(bars[:, 0, 3], 100))
    for field in ("rsi_14", "sma_50_gap", "macd_histogram", "bollinger_b"):
        assert np.isnan(found[field][100])
        np.testing.assert_array_equal(np.delete(found[field], 100), bridged[field])
        assert np.isfinite(found[field][101:]).all()


def test_a_missing_low_costs_what_needs_ranges_and_nothing_else() -> None:
    bars = block(2)
    bars[200, 0, 2] = np.nan
    found, whole = features(bars), features(block(2))
    assert np.isnan(found["atr_20"][200])
    assert np.isfinite(found["atr_20"][201:]).all()
    np.testing.assert_array_equal(found["rsi_14"], whole["rsi_14"])
    np.testing.assert_array_equal(found["log_return_1"], whole["log_return_1"])


def test_returns_and_opening_gaps_are_held_to_the_calendar() -> None:
    bars = block(3)
    bars[100] = np.nan
    found = features(bars)
    close = bars[:, 0, 3]
    assert np.flatnonzero(np.isnan(found["log_return_1"])).tolist() == [0, 100, 101]
    assert np.flatnonzero(np.isnan(found["log_return_5"][6:])).tolist() == [94, 99]
    assert found["log_return_20"][50] == pytest.approx(np.log(close[50] / close[30]))
    assert found["gap_open"][50] == pytest.approx(bars[50, 0, 0] / close[49] - 1)
    assert np.isnan(found["gap_open"][101])


def test_after_a_long_gap_windows_start_afresh() -> None:
    bars = block(4)
    bars[100:106] = np.nan
    bridged, fresh = features(bars, gap=6), features(bars, gap=5)
    assert np.isfinite(bridged["sma_20_gap"][106])
    assert np.isnan(fresh["sma_20_gap"][106:125]).all()
    assert np.isfinite(fresh["sma_20_gap"][125:]).all()
    alone = indicators.from_closes(bars[106:, 0, 3])["rsi_14"]
    np.testing.assert_array_equal(fresh["rsi_14"][106:], alone)


@given(st.lists(st.booleans(), max_size=40), st.integers(1, 4))
def test_stretches_hold_every_bar_once_and_break_exactly_at_long_gaps(
    reported: list[bool], gap: int
) -> None:
    parts = list(stretches(np.array(reported, dtype=bool), gap))
    assert [i for part in parts for i in part] == [i for i, r in enumerate(reported) if r]
    assert all((np.diff(part) <= gap + 1).all() for part in parts)
    assert all(b[0] - a[-1] > gap + 1 for a, b in itertools.pairwise(parts))


def test_close_only_instruments_lack_exactly_what_needs_ranges_or_volume() -> None:
    bars = block(5)
    bars[:, :, [0, 1, 2, 4]] = np.nan
    found = features(bars, ranges=False)
    absent = {field for field, values in found.items() if np.isnan(values).all()}
    assert absent == NEEDS_MORE_THAN_CLOSES
    close = bars[:, 0, 3]
    np.testing.assert_array_equal(
        found["volatility_scale_20"], indicators.volatility_scale_of_closes(close)
    )
    assert found["support_20"][50] == close[31:51].min()


def test_with_ranges_the_volatility_scale_is_the_atr() -> None:
    found = features(block(6))
    np.testing.assert_array_equal(found["volatility_scale_20"], found["atr_20"])


@settings(max_examples=25)
@given(st.integers(0, 2**32 - 1), st.integers(30, 299), st.booleans())
def test_no_feature_looks_ahead(seed: int, cut: int, ranges: bool) -> None:
    draw = np.random.default_rng(seed)
    bars = block(seed % 97, 300)
    bars[draw.random(300) < 0.03] = np.nan
    rewritten = bars.copy()
    rewritten[cut + 1 :] = np.where(
        draw.random((299 - cut, 1, 5)) < 0.5, np.nan, bars[cut + 1 :] * draw.uniform(0.5, 2)
    )
    before = feature_values(bars, np.array([ranges]), 5)[: cut + 1]
    after = feature_values(rewritten, np.array([ranges]), 5)[: cut + 1]
    assert before.tobytes() == after.tobytes()


def test_breadth_counts_only_instruments_that_have_a_mean() -> None:
    gap = np.array([[0.1, -0.1, np.nan], [0.1, 0.2, -0.3], [np.nan, np.nan, np.nan]])
    close = np.ones((3, 3))
    np.testing.assert_allclose(breadth(close, gap), [1 / 2, 2 / 3, np.nan])
