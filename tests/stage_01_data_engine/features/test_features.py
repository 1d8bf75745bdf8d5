from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from foundation.contracts import BAR_FIELDS, Instrument
from stage_01_data_engine import DataEngineSettings
from stage_01_data_engine.features import (
    FEATURE_FIELDS,
    FEATURES,
    STORY_FIELDS,
    breadth,
    feature_values,
    indicators,
    macro,
    stretches,
)
from tests.stage_01_data_engine.features.test_indicators import random_bars

NEEDS_MORE_THAN_CLOSES = """
    atr_20 stochastic_k adx_14 cci_20 mfi_14 williams_r_14 volume_ratio_20 gap_open plus_di_14
    minus_di_14 aroon_oscillator_25 stochastic_d ultimate_oscillator_28 parkinson_volatility_20
    garman_klass_volatility_20 choppiness_14 atr_14_ratio volume_z_20 volume_trend_5_20 vwap_20_gap
    obv_ratio_20 chaikin_money_flow_20 dollar_volume_20 amihud_20 volume_return_correlation_20
    obv_ema_gap_20 intraday_return close_location body_share upper_shadow_share lower_shadow_share
    range_ratio_14 pivot_gap squeeze_20 candle_pattern
"""
NEEDS_PEERS = """
    return_5_rank return_20_rank momentum_rank volatility_rank volume_rank sector_rank_20
    sector_gap_20 sector_strength_20
"""


def block(seed: int, count: int = 320) -> np.ndarray:
    """Return one instrument's bars, shape (T, 1, 5)."""
    high, low, close, volume = random_bars(seed, count)
    return np.stack([(high + low) / 2, high, low, close, volume], axis=-1)[:, None, :]


def instruments(count: int, *, ranges: bool = True) -> tuple[Instrument, ...]:
    return tuple(
        Instrument(
            symbol=f"S{i}",
            name=f"Stock {i}",
            kind="equity",
            fields=BAR_FIELDS if ranges else ("close",),
            sector=("Energy", "Finance")[i % 2],
        )
        for i in range(count)
    )


def market(count: int, seed: int = 0) -> dict[str, np.ndarray]:
    steps = np.random.default_rng(seed).normal(0, 0.03, (count, len(macro.SERIES)))
    return dict(zip(macro.SERIES, 20 * np.exp(steps.cumsum(axis=0)).T, strict=True))


def values_of(bars: np.ndarray, *, ranges: bool = True, gap: int = 5, first: int = 0) -> np.ndarray:
    settings = DataEngineSettings(gap_sessions=gap)
    given = instruments(bars.shape[1], ranges=ranges)
    return feature_values(bars, given, market(len(bars)), settings, first=first)


def features(bars: np.ndarray, *, ranges: bool = True, gap: int = 5) -> dict[str, np.ndarray]:
    """Return every feature of the first instrument."""
    values = values_of(bars, ranges=ranges, gap=gap)
    return {field: values[:, 0, i] for i, field in enumerate(FEATURE_FIELDS)}


def many(seed: int, symbols: int = 6, count: int = 320) -> np.ndarray:
    """Return bars of several instruments, (T, N, 5), with holes."""
    bars = np.concatenate([block(seed * 31 + n, count) for n in range(symbols)], axis=1)
    draw = np.random.default_rng(seed)
    bars[draw.random(bars.shape[:2]) < 0.02] = np.nan
    return bars


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
    assert absent == {*NEEDS_MORE_THAN_CLOSES.split(), *NEEDS_PEERS.split()}
    close = bars[:, 0, 3]
    np.testing.assert_array_equal(
        found["volatility_scale_20"], indicators.volatility_scale_of_closes(close)
    )
    assert found["support_20"][50] == close[31:51].min()


def test_with_ranges_the_volatility_scale_is_the_atr() -> None:
    found = features(block(6))
    np.testing.assert_array_equal(found["volatility_scale_20"], found["atr_20"])


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(30, 299), st.booleans())
def test_no_feature_looks_ahead(seed: int, cut: int, ranges: bool) -> None:
    draw = np.random.default_rng(seed)
    bars = many(seed % 97, 5, 300)
    rewritten = bars.copy()
    rewritten[cut + 1 :] = np.where(
        draw.random((299 - cut, 5, 5)) < 0.5, np.nan, bars[cut + 1 :] * draw.uniform(0.5, 2)
    )
    given = instruments(5, ranges=ranges)
    seen, later = market(300), market(300)
    for series in later.values():
        series[cut + 1 :] = draw.uniform(-5, 50, 299 - cut)
    setting = DataEngineSettings()
    before = feature_values(bars, given, seen, setting)[: cut + 1]
    after = feature_values(rewritten, given, later, setting)[: cut + 1]
    assert before.tobytes() == after.tobytes()


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 1000), st.integers(1, 299))
def test_a_window_that_ends_earlier_gives_the_same_bytes(seed: int, end: int) -> None:
    bars = many(seed, 4, 300)
    assert values_of(bars[:end]).tobytes() == values_of(bars)[:end].tobytes()


@pytest.mark.parametrize("new", [1, 3])
@pytest.mark.parametrize("ranges", [True, False])
def test_the_last_sessions_alone_equal_the_full_recomputation(new: int, ranges: bool) -> None:
    """Windows to rounding; recursions to what 500 bars of warm-up leave of their beginning."""
    bars = many(3, 8, 900)
    bars[:, 7] = np.nan
    bars[400:, 7] = bars[400:, 6]
    whole = values_of(bars, ranges=ranges)[-new:]
    alone = values_of(bars, ranges=ranges, first=900 - new)
    assert alone.shape == whole.shape
    np.testing.assert_array_equal(np.isnan(alone), np.isnan(whole))
    for i, feature in enumerate(FEATURES):
        tolerance = 1e-8 if feature.smoothed else 1e-9
        np.testing.assert_allclose(
            alone[..., i], whole[..., i], rtol=tolerance, atol=tolerance, err_msg=feature.name
        )


def test_prices_in_whole_numbers_have_ties_and_the_increment_still_agrees() -> None:
    """TA-Lib breaks ties between equal highs by what it saw before its window."""
    for seed in range(4):
        bars = many(seed, 6, 800)
        bars[..., :4] = np.round(bars[..., :4] / 5) + 5
        np.testing.assert_allclose(
            values_of(bars, first=799), values_of(bars)[-1:], rtol=1e-8, atol=1e-8
        )


def test_the_warm_up_is_read_and_nothing_before_it() -> None:
    bars = many(4, 3, 900)
    spoilt = bars.copy()
    spoilt[: 900 - 1 - 560] *= 3.0
    one, other = (values_of(b, first=899) for b in (bars, spoilt))
    assert one.tobytes() == other.tobytes()


def test_the_features_of_stories_come_first_and_every_group_is_there() -> None:
    assert FEATURE_FIELDS[: len(STORY_FIELDS)] == STORY_FIELDS
    assert len(set(FEATURE_FIELDS)) == len(FEATURE_FIELDS)
    least = {
        "technical": 25, "volume": 8, "price action": 12, "cross-section": 10, "pattern": 5,
        "macro": 5,
    }  # fmt: skip
    for group, count in least.items():
        assert sum(f.group == group for f in FEATURES) >= count


def test_every_feature_says_something_on_ordinary_bars() -> None:
    values = values_of(many(5, 8, 400))
    for i, field in enumerate(FEATURE_FIELDS):
        assert np.isfinite(values[300:, :, i]).mean() > 0.5, field
        assert np.nanstd(values[300:, :, i]) > 0, field


def test_breadth_counts_only_instruments_that_have_a_mean() -> None:
    gap = np.array([[0.1, -0.1, np.nan], [0.1, 0.2, -0.3], [np.nan, np.nan, np.nan]])
    close = np.ones((3, 3))
    np.testing.assert_allclose(breadth(close, gap), [1 / 2, 2 / 3, np.nan])
