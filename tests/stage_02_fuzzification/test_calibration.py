"""Positions among past states: the plain loop's, from the past alone, to the last bit."""

import os
from pathlib import Path

import numpy as np
import pytest
import skfuzzy
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from foundation.contracts import grade
from stage_02_fuzzification.calibration import position

SHARED = Path(os.environ.get("STORY_SHARED_DATA", Path(__file__).parents[3] / "shared" / "data"))


def plain(values: np.ndarray, window: int, minimum_valid: float, sigma: float) -> np.ndarray:
    """One series in a loop, every window summed exactly by ``math.fsum``."""
    from math import fsum, isnan, sqrt

    placed = np.full(len(values), np.nan)
    for t in range(window, len(values)):
        past = [v for v in values[t - window : t].tolist() if not isnan(v)]
        if isnan(values[t]) or len(past) < max(2, np.ceil(minimum_valid * window)):
            continue
        mean = fsum(past) / len(past)
        spread = sqrt(fsum((v - mean) ** 2 for v in past) / len(past))
        distance = values[t] - mean
        if spread > 1e-12 * abs(mean):
            placed[t] = 2 + distance / (sigma * spread)
        else:
            placed[t] = 2 + (3 * np.sign(distance) if abs(distance) > 1e-12 * abs(mean) else 0)
    return placed


def worst(ours: np.ndarray, theirs: np.ndarray) -> float:
    """Greatest difference per standard deviation from the mean (at least one)."""
    np.testing.assert_array_equal(np.isnan(ours), np.isnan(theirs))
    distance = np.abs(ours - theirs) / np.maximum(1.0, np.abs(theirs - 2))
    return float(np.nanmax(distance)) if (~np.isnan(ours)).any() else 0.0


@settings(max_examples=60)
@given(
    hnp.arrays(
        float,
        st.integers(11, 80),
        elements=st.floats(-3, 3).map(lambda v: round(v, 3)) | st.just(np.nan),
    ),
    st.sampled_from([0.0, 1.0, 50.0, 1e4]),
    st.integers(10, 23),
    st.floats(0.3, 1.0),
    st.sampled_from([0.5, 1.0, 1.7]),
)
def test_positions_equal_a_plain_loop_whatever_the_level_the_window_and_the_gaps(
    steps: np.ndarray, level: float, window: int, minimum_valid: float, sigma: float
) -> None:
    values = np.where(np.isnan(steps), np.nan, np.cumsum(np.nan_to_num(steps)) + level)
    ours = position(values[:, None], window, minimum_valid, sigma)[:, 0]
    assert worst(ours, plain(values, window, minimum_valid, sigma)) < 1e-9


@pytest.mark.parametrize("window", [10, 59, 60, 61, 64, 250, 300])
def test_every_length_of_window_is_summed_whole(window: int) -> None:
    values = np.random.default_rng(window).normal(size=700).cumsum() + 30
    ours = position(values[:, None], window, 0.8, 1.0)[:, 0]
    assert worst(ours, plain(values, window, 0.8, 1.0)) < 1e-9


def test_levels_from_rates_to_share_counts_lose_no_digits() -> None:
    rng = np.random.default_rng(3)
    walk = rng.normal(size=(200, 1)).cumsum(axis=0)
    for level, step in ((0.0, 1e-6), (5.0, 1e-3), (100.0, 1e-3), (4e3, 0.01), (1e9, 1e5)):
        values = level + step * walk
        ours = position(values, 60, 0.8, 1.0)[:, 0]
        assert worst(ours, plain(values[:, 0], 60, 0.8, 1.0)) < 1e-9, (level, step)


def test_real_bars_get_scikit_fuzzys_degrees() -> None:
    path = SHARED / "ohlcv_sp500_2013_2018" / "bars.parquet"
    if not path.is_file():
        pytest.skip(f"the bars are not there: {path}")
    import pandas as pd

    bars = pd.read_parquet(path)
    keys = next(c for c in ("symbol", "ticker", "Name") if c in bars)
    chosen = sorted(bars[keys].unique())[::100]
    for symbol in chosen:
        closes = bars.loc[bars[keys] == symbol].sort_values("date")["close"].to_numpy(float)[:200]
        degrees = grade(position(closes[:, None], 60, 0.8, 1.0)[:, 0])
        for t in range(60, len(closes)):
            window = closes[t - 60 : t]
            c = window.mean() + window.std() * np.array([-2.0, -1.0, 0.0, 1.0, 2.0])
            x = np.clip(closes[t : t + 1], c[0], c[4])
            theirs = [
                skfuzzy.trapmf(x, [c[0] - 1, c[0] - 1, c[0], c[1]])[0],
                *(skfuzzy.trimf(x, c[k : k + 3])[0] for k in range(3)),
                skfuzzy.trapmf(x, [c[3], c[4], c[4] + 1, c[4] + 1])[0],
            ]
            np.testing.assert_allclose(degrees[t], theirs, atol=1e-9)


def test_constant_series_are_medium_until_they_move() -> None:
    for level in (7.0, 0.0, -1e9):
        values = np.full((15, 1), level)
        values[13], values[14] = level + 0.5, level - 1.0
        where = position(values, 10, 0.8, 1.0)
        assert where[12, 0] == 2.0
        np.testing.assert_array_equal(grade(where[13, 0]), [0, 0, 0, 0, 1])
        assert grade(where[14, 0])[0] == 1


def test_a_window_with_too_few_values_or_none_today_has_no_position() -> None:
    values = np.arange(40.0)[:, None] % 7
    values[5:8] = np.nan
    where = position(values, 10, 0.8, 1.0)[:, 0]
    # Windows of ten hold all three gaps from session 8 to 15, two of them at 16.
    assert np.isnan(where[8:16]).all()
    assert not np.isnan(where[16:]).any()
    values[30] = np.nan
    assert np.isnan(position(values, 10, 0.8, 1.0)[30, 0])


def test_longer_history_other_columns_and_a_rewritten_future_change_no_bit() -> None:
    rng = np.random.default_rng(0)
    values = rng.normal(size=(900, 40)).cumsum(axis=0) + 100
    values[rng.random(values.shape) < 0.01] = np.nan
    values[300:420, 3] = 5.0
    whole = position(values, 60, 0.8, 1.0)
    for cut in (1, 100, 333):
        np.testing.assert_array_equal(position(values[cut:], 60, 0.8, 1.0)[60:], whole[cut + 60 :])
    np.testing.assert_array_equal(position(values[:, 7], 60, 0.8, 1.0), whole[:, 7])
    changed = values.copy()
    changed[500:] = rng.normal(size=(400, 40))
    np.testing.assert_array_equal(position(changed, 60, 0.8, 1.0)[:500], whole[:500])


def test_wider_states_draw_every_value_towards_the_middle_in_proportion() -> None:
    values = np.random.default_rng(5).normal(size=(100, 2))
    one, two = (position(values, 20, 0.8, sigma)[20:] for sigma in (1.0, 2.0))
    np.testing.assert_allclose(two - 2, (one - 2) / 2, rtol=1e-12)


def test_a_history_shorter_than_the_window_has_no_positions() -> None:
    assert np.isnan(position(np.ones((60, 2)), 60, 0.8, 1.0)).all()
    assert position(np.ones((70, 0)), 60, 0.8, 1.0).shape == (70, 0)
