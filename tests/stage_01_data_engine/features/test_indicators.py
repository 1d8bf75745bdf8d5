"""Indicators against slow loops on random bars, and against cases worked out by hand."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from stage_01_data_engine.features import indicators
from tests.stage_01_data_engine.features import reference


def random_bars(seed: int, count: int = 320) -> tuple[np.ndarray, ...]:
    draw = np.random.default_rng(seed)
    close = 50 * np.exp(np.cumsum(draw.normal(0, 0.02, count)))
    opens = close * np.exp(draw.normal(0, 0.01, count))
    high = np.maximum(opens, close) * np.exp(np.abs(draw.normal(0, 0.01, count)))
    low = np.minimum(opens, close) * np.exp(-np.abs(draw.normal(0, 0.01, count)))
    return high, low, close, draw.integers(1_000, 9_000, count).astype(float)


def agree(fast: np.ndarray, slow: list[float]) -> None:
    np.testing.assert_allclose(fast, slow, rtol=1e-8, atol=1e-9)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_indicators_of_closes_agree_with_their_definitions(seed: int) -> None:
    _, _, close, _ = random_bars(seed)
    found, c = indicators.from_closes(close), close.tolist()
    means = {n: np.array(reference.sma(c, n)) for n in (20, 50, 200)}
    for n, average in means.items():
        agree(found[f"sma_{n}_gap"], (close / average - 1).tolist())
    agree(found["sma_50_200_gap"], (means[50] / means[200] - 1).tolist())
    agree(found["rsi_14"], reference.rsi(c, 14))
    agree(found["macd_histogram"], (np.array(reference.macd_histogram(c)) / close).tolist())
    spread = np.array(reference.rolling(c, 20, lambda w: reference.deviation(w, less=0)))
    agree(found["bollinger_width"], (4 * spread / means[20]).tolist())
    agree(found["bollinger_b"], ((close - means[20] + 2 * spread) / (4 * spread)).tolist())
    agree(
        found["roc_10"],
        [math.nan] * 10 + [100 * (b / a - 1) for a, b in zip(c, c[10:], strict=False)],
    )
    returns = [math.log(b / a) for a, b in itertools.pairwise(c)]
    volatility = reference.rolling(returns, 20, lambda w: reference.deviation(w, less=1))
    agree(found["realised_volatility_20"], [math.nan] + [v * math.sqrt(252) for v in volatility])


@pytest.mark.parametrize("seed", [4, 5, 6])
def test_indicators_of_ranges_and_volume_agree_with_their_definitions(seed: int) -> None:
    high, low, close, volume = random_bars(seed)
    found = indicators.from_ranges(high, low, close)
    h, x, c, v = high.tolist(), low.tolist(), close.tolist(), volume.tolist()
    fast_k = reference.stochastic(h, x, c, 14)
    agree(found["atr_20"], reference.atr(h, x, c, 20))
    agree(found["stochastic_k"], [math.nan] * 13 + reference.sma(fast_k[13:], 3))
    agree(found["williams_r_14"], [k - 100 for k in fast_k])
    agree(found["adx_14"], reference.adx(h, x, c, 14))
    agree(found["cci_20"], reference.cci(h, x, c, 20))
    agree(indicators.from_volume(high, low, close, volume)["mfi_14"], reference.mfi(h, x, c, v, 14))
    ratio = volume / np.array(reference.sma(v, 20))
    agree(indicators.volume_ratio(volume), ratio.tolist())


def test_extremes_agree_with_their_definitions() -> None:
    high, low, close, _ = random_bars(7)
    found = indicators.extremes(high, low, close)
    agree(found["support_20"], reference.rolling(low.tolist(), 20, min))
    agree(found["resistance_20"], reference.rolling(high.tolist(), 20, max))
    top = np.array(reference.rolling(high.tolist(), 252, max))
    bottom = np.array(reference.rolling(low.tolist(), 252, min))
    agree(found["high_252_gap"], (close / top - 1).tolist())
    agree(found["low_252_gap"], (close / bottom - 1).tolist())


def test_the_close_only_scale_is_twice_wilders_mean_of_absolute_changes() -> None:
    _, _, close, _ = random_bars(8)
    changes = [abs(b - a) for a, b in itertools.pairwise(close)]
    expected = [math.nan] + [2 * s for s in reference.wilder(changes, 20)]
    agree(indicators.volatility_scale_of_closes(close), expected)


def test_the_close_only_scale_estimates_the_atr_of_a_driftless_market() -> None:
    """A random walk of 400 steps a session: mean range is about twice the mean change."""
    draw = np.random.default_rng(11)
    path = 1_000 + np.cumsum(draw.normal(0, 0.05, (4_000, 400)).ravel()).reshape(4_000, 400)
    high, low, close = path.max(axis=1), path.min(axis=1), path[:, -1]
    by_range = np.nanmean(indicators.volatility_scale(high, low, close))
    by_close = np.nanmean(indicators.volatility_scale_of_closes(close))
    # A discrete walk misses part of the range (about 4% at 400 steps), the rest is noise.
    assert by_close == pytest.approx(by_range, rel=0.07)


def test_a_steady_climb_by_hand() -> None:
    """Closes 1, 2, ..., 40 with ranges of one half around each."""
    close = np.arange(1.0, 41.0)
    high, low = close + 0.5, close - 0.5
    found = indicators.from_closes(close) | indicators.from_ranges(high, low, close)
    assert found["sma_20_gap"][-1] == pytest.approx(40 / 30.5 - 1)
    assert found["rsi_14"][-1] == 100
    assert found["roc_10"][-1] == pytest.approx(100 * 10 / 30)
    # True range: high less the close before, 1.5.
    assert found["atr_20"][-1] == pytest.approx(1.5)
    # Fast %K is (40 - 26.5) / (40.5 - 26.5), the same on each of the last three bars.
    assert found["stochastic_k"][-1] == pytest.approx(100 * 13.5 / 14)
    assert found["williams_r_14"][-1] == pytest.approx(-100 * 0.5 / 14)
    assert found["adx_14"][-1] == pytest.approx(100)
    # Twenty typical prices in steps of one: the last is 9.5 above their mean, mean distance 5.
    assert found["cci_20"][-1] == pytest.approx(9.5 / (0.015 * 5))
    # 20 values in steps of one have variance (20^2 - 1) / 12.
    assert found["bollinger_width"][-1] == pytest.approx(4 * math.sqrt(399 / 12) / 30.5)
    extremes = indicators.extremes(high, low, close)
    assert (extremes["support_20"][-1], extremes["resistance_20"][-1]) == (20.5, 40.5)
    assert indicators.volatility_scale_of_closes(close)[-1] == pytest.approx(2)


def test_a_price_that_stands_still_has_no_oscillators() -> None:
    still, volume = np.full(60, 10.0), np.full(60, 100.0)
    found = indicators.from_closes(still) | indicators.from_ranges(still, still, still)
    found |= indicators.from_volume(still, still, still, volume)
    for field in ("rsi_14", "bollinger_b", "stochastic_k", "williams_r_14", "cci_20", "adx_14",
                  "mfi_14"):  # fmt: skip
        assert np.isnan(found[field]).all(), field
    assert found["bollinger_width"][-1] == pytest.approx(0, abs=1e-9)
    assert found["realised_volatility_20"][-1] == 0
    assert found["atr_20"][-1] == 0


def test_without_any_volume_there_is_neither_ratio_nor_money_flow() -> None:
    high, low, close, _ = random_bars(9, 60)
    nothing = np.zeros(60)
    assert np.isnan(indicators.volume_ratio(nothing)).all()
    assert np.isnan(indicators.from_volume(high, low, close, nothing)["mfi_14"]).all()


FIRST_BAR = {
    "sma_20_gap": 19, "sma_50_gap": 49, "sma_200_gap": 199, "sma_50_200_gap": 199, "rsi_14": 14,
    "macd_histogram": 33, "bollinger_b": 19, "bollinger_width": 19, "roc_10": 10,
    "realised_volatility_20": 20, "atr_20": 20, "stochastic_k": 15, "adx_14": 27, "cci_20": 19,
    "williams_r_14": 13, "mfi_14": 14, "support_20": 19, "resistance_20": 19,
    "high_252_gap": 251, "low_252_gap": 251,
}  # fmt: skip


def test_every_indicator_is_absent_until_its_window_is_full_and_present_from_then_on() -> None:
    high, low, close, volume = random_bars(10)
    found = indicators.from_closes(close) | indicators.from_ranges(high, low, close)
    found |= indicators.from_volume(high, low, close, volume)
    found |= indicators.extremes(high, low, close)
    assert set(found) == set(FIRST_BAR)
    for field, values in found.items():
        first = FIRST_BAR[field]
        assert np.isnan(values[:first]).all(), field
        assert np.isfinite(values[first:]).all(), field


@pytest.mark.parametrize("count", [1, 2, 5, 13, 14, 15, 19, 20, 21, 26, 33, 34])
def test_stretches_shorter_than_a_window_give_nan_not_errors(count: int) -> None:
    high, low, close, volume = random_bars(12, count)
    found = indicators.from_closes(close) | indicators.from_ranges(high, low, close)
    found |= indicators.from_volume(high, low, close, volume)
    found |= indicators.extremes(high, low, close)
    found["volume_ratio_20"] = indicators.volume_ratio(volume)
    found["scale"] = indicators.volatility_scale_of_closes(close)
    for field, values in found.items():
        assert len(values) == count, field
        assert np.isnan(values[: min(count, FIRST_BAR.get(field, 19))]).all(), field
