"""Regimes by rule: planted regimes are named, statistics equal their textbook definition."""

import numpy as np
import pytest
from scipy.stats import norm, rankdata

from foundation.contracts import REGIMES
from foundation.quant.regimes.own_window import (
    own_window_probabilities,
    reversal_score,
    stress_score,
    trend_score,
)
from foundation.quant.settings import OwnWindowSettings

SETTINGS = OwnWindowSettings()


def noise(sessions=900, symbols=20, seed=0):
    return 0.01 * np.random.default_rng(seed).standard_normal((sessions, symbols))


def shares(probabilities):
    known = probabilities[~np.isnan(probabilities[..., 0])]
    return dict(zip(REGIMES, np.bincount(known.argmax(-1), minlength=4) / len(known), strict=True))


def test_probabilities_sum_to_one_and_start_when_the_past_is_long_enough():
    p = own_window_probabilities(noise(), SETTINGS)
    first = SETTINGS.volatility_window + SETTINGS.stress_window - 2
    assert np.isnan(p[:first]).all()
    assert p[first:].sum(axis=-1) == pytest.approx(np.ones(p[first:].shape[:2]))
    assert (p[first:] > 0).all()


def test_a_random_walk_is_named_every_regime_now_and_then_and_choppy_most():
    named = shares(own_window_probabilities(noise(symbols=60), SETTINGS))
    assert max(named, key=named.get) == "choppy"
    assert min(named.values()) > 0.1


def test_a_steady_drift_is_trending_either_way():
    for drift in (0.004, -0.004):
        assert shares(own_window_probabilities(noise() + drift, SETTINGS))["trending"] > 0.8


def test_moves_that_are_undone_are_mean_reverting():
    shocks = noise(seed=3)
    undone = shocks - 0.7 * np.vstack([np.zeros((1, 20)), shocks[:-1]])
    assert shares(own_window_probabilities(undone, SETTINGS))["mean-reverting"] > 0.7


def test_a_burst_of_noise_is_volatile():
    burst = noise(600, seed=4)
    burst[570:] *= 3
    p = own_window_probabilities(burst, SETTINGS)[-5:]
    assert shares(p)["volatile"] > 0.7


def test_statistics_equal_their_definitions_written_out():
    r = noise(300, 2, seed=6)
    window = r[299 - 59 :, 1]
    z = abs(window.mean()) / window.std(ddof=1) * np.sqrt(60)
    assert trend_score(r, 60)[299, 1] == pytest.approx(
        (z - norm.expect(abs)) / np.sqrt(1 - norm.expect(abs) ** 2)
    )
    window = r[299 - 119 :, 1]
    sums = np.array([window[i : i + 5].sum() for i in range(116)])
    ratio = sums.var(ddof=1) / (5 * window.var(ddof=1))
    assert reversal_score(r, 120, 5)[299, 1] == pytest.approx(
        (1 - ratio) / np.sqrt(2 * 9 * 4 / (3 * 5 * 120))
    )
    spread = [r[t - 19 : t + 1, 1].std(ddof=1) for t in range(299 - 99, 300)]
    rank = rankdata(spread)[-1]
    assert stress_score(r, 20, 100)[299, 1] == pytest.approx(norm.ppf((rank - 0.5) / 100))


def test_rewriting_the_future_changes_no_earlier_probability():
    r = noise(500, 3)
    other = r.copy()
    other[400:] = 5.0
    before, after = (own_window_probabilities(x, SETTINGS)[:400] for x in (r, other))
    assert before.tobytes() == after.tobytes()


def test_missed_sessions_are_skipped_and_stay_absent():
    full = noise(450, 1, seed=8)
    gaps = np.insert(full, [50, 300, 300], np.nan, axis=0)
    p, q = own_window_probabilities(full, SETTINGS), own_window_probabilities(gaps, SETTINGS)
    seen = ~np.isnan(gaps[:, 0])
    assert q[seen] == pytest.approx(p, nan_ok=True)
    assert np.isnan(q[~seen]).all()


def test_a_price_that_stands_still_has_no_regime():
    assert np.isnan(own_window_probabilities(np.zeros((400, 1)), SETTINGS)).all()
