"""Trend, momentum, volatility, volume, price action, levels and patterns against slow loops."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from stage_01_data_engine.features import (
    levels,
    momentum,
    pattern,
    price_action,
    trend,
    volatility,
    volume,
)
from tests.stage_01_data_engine.features import reference_features as slow
from tests.stage_01_data_engine.features.reference import ema
from tests.stage_01_data_engine.features.test_indicators import agree, random_bars


def bars(seed: int, count: int = 330) -> tuple[np.ndarray, ...]:
    """Return opens, highs, lows, closes and volume that are consistent with one another."""
    draw = np.random.default_rng(seed)
    high, low, close, traded = random_bars(seed, count)
    return low + draw.random(count) * (high - low), high, low, close, traded


@pytest.mark.parametrize("seed", [1, 2])
def test_trend_agrees_with_its_definitions(seed: int) -> None:
    _, high, low, close, _ = bars(seed)
    h, x, c = high.tolist(), low.tolist(), close.tolist()
    found = trend.from_closes(close) | trend.from_ranges(high, low, close)
    line, signal = slow.macd(c)
    slope, fit = slow.line_through(c, 20)
    expected = {
        "ema_12_gap": close / np.array(ema(c, 12)) - 1,
        "ema_26_gap": close / np.array(ema(c, 26)) - 1,
        "macd_line": np.array(line) / close,
        "macd_signal": np.array(signal) / close,
        "trix_15": slow.trix(c, 15),
        "linear_slope_20": slope,
        "linear_fit_20": fit,
        "efficiency_ratio_20": slow.efficiency(c, 20),
        "plus_di_14": slow.directional(h, x, c, 14, up=True),
        "minus_di_14": slow.directional(h, x, c, 14, up=False),
        "aroon_oscillator_25": slow.aroon(h, x, 25),
    }
    compare(found, expected)


@pytest.mark.parametrize("seed", [3, 4])
def test_momentum_agrees_with_its_definitions(seed: int) -> None:
    _, high, low, close, _ = bars(seed)
    h, x, c = high.tolist(), low.tolist(), close.tolist()
    found = momentum.from_closes(close) | momentum.from_ranges(high, low, close)
    expected = {
        "stochastic_rsi_14": slow.stochastic_rsi(c, 14),
        "stochastic_d": slow.stochastic_d(h, x, c),
        "ultimate_oscillator_28": slow.ultimate(h, x, c),
    }
    compare(found, expected)


@pytest.mark.parametrize("seed", [5, 6])
def test_volatility_agrees_with_its_definitions(seed: int) -> None:
    opened, high, low, close, _ = bars(seed)
    o, h, x, c = (side.tolist() for side in (opened, high, low, close))
    found = volatility.from_closes(close) | volatility.from_ranges(high, low, close)
    found |= volatility.from_bars(opened, high, low, close)
    short, long = slow.volatility(c, 20), slow.volatility(c, 60)
    expected = {
        "realised_volatility_60": long,
        "downside_volatility_20": slow.downside(c, 20),
        "volatility_ratio_20_60": [a / b for a, b in zip(short, long, strict=True)],
        "volatility_percentile_252": slow.percentile(short, 252, 271),
        "return_skewness_60": slow.skewness(c, 60),
        "atr_14_ratio": np.array(slow.atr(h, x, c, 14)) / close,
        "parkinson_volatility_20": slow.parkinson(h, x, 20),
        "garman_klass_volatility_20": slow.garman_klass(o, h, x, c, 20),
        "choppiness_14": slow.choppiness(h, x, c, 14),
    }
    compare(found, expected)


@pytest.mark.parametrize("seed", [7, 8])
def test_volume_agrees_with_pandas(seed: int) -> None:
    _, high, low, close, traded = bars(seed)
    c, v = pd.Series(close), pd.Series(traded)
    found = volume.from_volume(traded) | volume.from_closes(close, traded)
    found |= volume.from_ranges(high, low, close, traded)
    typical, change = (pd.Series(high) + low + c) / 3, np.log(c).diff()
    balance = pd.Series(slow.on_balance(close.tolist(), traded.tolist()))
    multiplier = ((c - low) - (high - c)) / (high - low)
    smoothed = np.array(ema(balance.tolist(), 20))
    expected = {
        "volume_z_20": (v - v.rolling(20).mean()) / v.rolling(20).std(),
        "volume_trend_5_20": v.rolling(5).mean() / v.rolling(20).mean() - 1,
        "vwap_20_gap": c / ((typical * v).rolling(20).sum() / v.rolling(20).sum()) - 1,
        "obv_ratio_20": balance.diff(20) / v.rolling(20).sum(),
        "obv_ema_gap_20": (balance - smoothed) / v.rolling(20).mean(),
        "chaikin_money_flow_20": (multiplier * v).rolling(20).sum() / v.rolling(20).sum(),
        "dollar_volume_20": np.log10((c * v).rolling(20).mean()),
        "amihud_20": (change.abs() / (c * v / 1e6)).rolling(20).mean(),
        "volume_return_correlation_20": change.rolling(20).corr(v),
    }
    compare(found, expected)


@pytest.mark.parametrize("seed", [9, 10])
def test_price_action_agrees_with_its_definitions(seed: int) -> None:
    opened, high, low, close, _ = bars(seed)
    o, h, x, c = (side.tolist() for side in (opened, high, low, close))
    found = price_action.from_closes(close) | price_action.from_ranges(high, low, close)
    found |= price_action.from_bars(opened, high, low, close)
    found |= price_action.from_extremes(high, low, close)
    span = [a - b for a, b in zip(h, x, strict=True)]
    rows = list(zip(o, h, x, c, strict=True))
    expected = {
        "streak_10": slow.streak(c),
        "close_location": [((c - x) - (h - c)) / (h - x) for _, h, x, c in rows],
        "range_ratio_14": pd.Series(span) / pd.Series(span).rolling(14).mean(),
        "intraday_return": [math.log(c / o) for o, _, _, c in rows],
        "body_share": [abs(c - o) / (h - x) for o, h, x, c in rows],
        "upper_shadow_share": [(h - max(o, c)) / (h - x) for o, h, x, c in rows],
        "lower_shadow_share": [(min(o, c) - x) / (h - x) for o, h, x, c in rows],
        "bars_since_high_252": slow.each(
            len(c), 251, lambda t: 251 - h[t - 251 : t + 1].index(max(h[t - 251 : t + 1]))
        ),
    }
    compare(found, expected)


@pytest.mark.parametrize("seed", [11, 12])
def test_levels_agree_with_their_definitions(seed: int) -> None:
    _, high, low, close, _ = bars(seed)
    h, x, c = high.tolist(), low.tolist(), close.tolist()
    found = levels.from_extremes(high, low, close) | levels.from_ranges(high, low, close)
    top, bottom = pd.Series(high).rolling(60).max(), pd.Series(low).rolling(60).min()
    place = (pd.Series(close) - bottom) / (top - bottom)
    drawn = (0, 0.236, 0.382, 0.5, 0.618, 0.786, 1)
    expected = {
        "fibonacci_position_60": place,
        "fibonacci_gap_60": [p - min(drawn, key=lambda d: abs(p - d)) for p in place],
        "swing_high_gap_120": slow.swing_gap(h, c, 1),
        "swing_low_gap_120": slow.swing_gap(x, c, -1),
        "pivot_gap": slow.each(
            len(c), 1, lambda t: c[t] / ((h[t - 1] + x[t - 1] + c[t - 1]) / 3) - 1
        ),
    }
    compare(found, expected)


@pytest.mark.parametrize("seed", range(13, 19))
@pytest.mark.parametrize("closes_only", [False, True])
def test_patterns_agree_with_their_definitions(seed: int, closes_only: bool) -> None:
    opened, high, low, close, _ = bars(seed, 400)
    if closes_only:
        high = low = close
    h, x, c = high.tolist(), low.tolist(), close.tolist()
    found = pattern.from_extremes(high, low, close)
    codes, sure = slow.chart_pattern(h, x, c)
    expected = {
        "chart_pattern": codes,
        "chart_pattern_confidence": sure,
    } | {
        f"breakout_{n}": slow.each(
            len(c),
            n,
            lambda t, n=n: float(c[t] > max(h[t - n : t])) - float(c[t] < min(x[t - n : t])),
        )
        for n in (20, 252)
    }
    compare(found, expected)
    if not closes_only:
        o = opened.tolist()
        found = pattern.from_bars(opened, high, low, close)
        compare(found, {"candle_pattern": slow.candle(o, h, x, c)})
        band = pd.Series(close).rolling(20).std(ddof=0)
        ranges = pd.Series([math.nan, *slow.true_ranges(h, x, c)]).rolling(20).mean()
        squeezed = (2 * band < 1.5 * ranges).astype(float).where(ranges.notna())
        compare(pattern.from_ranges(high, low, close), {"squeeze_20": squeezed})


def test_the_chart_patterns_of_these_tests_do_occur() -> None:
    seen: set[float] = set()
    for seed in range(13, 60):
        _, high, low, close, _ = bars(seed, 400)
        seen |= set(np.unique(pattern.from_extremes(high, low, close)["chart_pattern"][65:]))
    assert seen == {-2.0, -1.0, 0.0, 1.0, 2.0}


def test_a_bull_flag_by_hand() -> None:
    """Sixty flat bars, a pole of ten rises of 2, five bars that give back 2 of the 20."""
    close = np.concatenate(
        [np.full(60, 100.0), 100 + 2.0 * np.arange(1, 11), [119, 118.5, 118, 118.5, 119]]
    )
    found = pattern.from_extremes(close + 0.5, close - 0.5, close)
    assert found["chart_pattern"][-1] == 1
    assert found["chart_pattern_confidence"][-1] == pytest.approx(1 - 2 * 2 / 20)
    mirrored = 300 - close
    assert (
        pattern.from_extremes(mirrored + 0.5, mirrored - 0.5, mirrored)["chart_pattern"][-1] == -1
    )


def test_a_double_bottom_by_hand() -> None:
    """Down to 90, up to 100, down to 90.5, up through 100: two lows half a point apart."""
    legs = [(110, 90, 20), (90, 100, 10), (100, 90.5, 10), (90.5, 101, 11)]
    close = np.concatenate(
        [np.full(50, 110.0), *(np.linspace(a, b, n + 1)[1:] for a, b, n in legs)]
    )
    found = pattern.from_extremes(close + 0.25, close - 0.25, close)
    assert found["chart_pattern"][-2:].tolist() == [0, 2], "100 is not above the neckline, 101 is"
    steps = np.maximum(np.abs(np.diff(close)) + 0.25, 0.5)[-20:]
    assert found["chart_pattern_confidence"][-1] == pytest.approx(1 - 0.5 / steps.mean())


def test_candles_by_hand() -> None:
    quiet = [(10.0, 10.2, 9.8, 10.1)] * 6

    def last(*rows: tuple[float, float, float, float]) -> float:
        columns = (np.array(side) for side in zip(*quiet, *rows, strict=True))
        return float(pattern.from_bars(*columns)["candle_pattern"][-1])

    assert last((10.0, 10.1, 9.4, 9.5), (9.4, 10.3, 9.3, 10.2)) == 1, "a bullish engulfing bar"
    assert last((10.0, 10.6, 9.9, 10.5), (10.6, 10.7, 9.7, 9.8)) == -1, "a bearish one"
    assert last((10.0, 10.0, 9.5, 9.6), (9.5, 9.56, 9.0, 9.55)) == 1, "a hammer after a fall"
    assert last((10.2, 10.4, 10.1, 10.3), (10.35, 10.9, 10.3, 10.3)) == -1, "a shooting star"
    assert last((10.0, 10.2, 9.8, 10.1)) == 0


def test_of_equal_highs_the_latest_counts() -> None:
    high = np.full(300, 10.0)
    high[[60, 150, 290]] = 12.0
    since = price_action.from_extremes(high, high, high)["bars_since_high_252"]
    assert np.isnan(since[:251]).all()
    assert since[[251, 289, 290, 299]].tolist() == [101, 139, 0, 9]


def test_levels_by_hand() -> None:
    high = np.array([1, 2, 3, 4, 5, 9, 5, 4, 3, 2, 1, 1.0])
    known = levels.swing_highs(high)
    assert np.flatnonzero(known).tolist() == [10], "the high on bar 5 is known five bars later"
    found = levels.from_extremes(high, high, high)["swing_high_gap_120"]
    assert np.isnan(found[:10]).all()
    assert found[10] == pytest.approx(1 / 9 - 1)


def test_a_price_that_stands_still_leaves_ratios_absent() -> None:
    still, traded = np.full(400, 10.0), np.full(400, 100.0)
    three = (still, still, still)
    found = trend.from_closes(still) | trend.from_ranges(*three) | momentum.from_closes(still)
    found |= momentum.from_ranges(*three) | volatility.from_ranges(*three)
    found |= price_action.from_ranges(*three) | levels.from_extremes(*three)
    found |= volume.from_volume(traded) | volume.from_closes(still, traded)
    absent = {name for name, values in found.items() if np.isnan(values[300:]).all()}
    assert absent == {
        "linear_fit_20", "efficiency_ratio_20", "plus_di_14", "minus_di_14", "stochastic_rsi_14",
        "stochastic_d", "ultimate_oscillator_28", "choppiness_14", "close_location",
        "range_ratio_14", "fibonacci_position_60", "fibonacci_gap_60", "volume_z_20",
        "volume_return_correlation_20",
    }  # fmt: skip


def test_without_any_volume_there_is_no_volume_feature_but_its_signless_zero() -> None:
    _, high, low, close, _ = bars(20, 60)
    nothing = np.zeros(60)
    found = volume.from_volume(nothing) | volume.from_closes(close, nothing)
    found |= volume.from_ranges(high, low, close, nothing)
    assert all(np.isnan(values).all() for values in found.values()), found.keys()


def compare(found: dict[str, np.ndarray], expected: dict[str, object]) -> None:
    assert set(found) == set(expected)
    for name, values in expected.items():
        np.testing.assert_array_equal(
            np.isnan(found[name]), np.isnan(np.asarray(values, dtype=float)), err_msg=name
        )
        agree(found[name], np.asarray(values, dtype=float).tolist())
