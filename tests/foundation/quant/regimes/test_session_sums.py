"""Sums against loops, and what one stock, one sector or one bad price can do to them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from foundation.quant.regimes.session_sums import (
    effective_share,
    relative_scale,
    session_sums,
    within_reach,
)


def noise(sessions=200, symbols=6, seed=0):
    return 0.01 * np.random.default_rng(seed).standard_normal((sessions, symbols))


def test_sums_are_those_of_scaled_returns_written_out():
    returns = noise()
    returns[120, 2] = np.nan
    sums, _ = session_sums(returns, 10)
    scale = relative_scale(returns, 10)
    for t in (60, 120, 121, 199):
        known = [i for i in range(6) if np.isfinite(returns[t, i] * returns[t - 1, i])]
        today = np.array([returns[t, i] / scale[t, i] for i in known])
        before = np.array([returns[t - 1, i] / scale[t, i] for i in known])
        assert sums.count[t] == len(known)
        assert sums.mean[t] == pytest.approx(today.mean())
        assert sums.mean_before[t] == pytest.approx(before.mean())
        assert sums.square[t] == pytest.approx(len(known) * today.var())
        assert sums.cross[t] == pytest.approx(len(known) * np.cov(today, before, ddof=0)[0, 1])
        assert sums.square_before[t] == pytest.approx(len(known) * before.var())


def test_a_scale_is_the_ratio_of_weighted_mean_sizes_up_to_the_session_before():
    returns = noise(60, 3)
    t, weight = 59, 0.5 ** (np.arange(58, -1, -1) / 10)
    size = np.abs(returns[:59])
    expected = weight @ size[:, 1] / (weight @ size.mean(axis=1))
    assert relative_scale(returns, 10)[t, 1] == pytest.approx(expected)


def test_twice_the_moves_are_twice_the_scale_and_leave_the_same_sums():
    returns = noise(400, 30, seed=3)
    wide = returns * np.where(np.arange(30) % 2, 1.0, 2.0)
    scale = relative_scale(wide, 60)[200:]
    assert (scale[:, ::2].mean() / scale[:, 1::2].mean()) == pytest.approx(2, rel=0.05)
    sums, _ = session_sums(wide, 60)
    dispersion = np.sqrt(sums.square / 29)[200:]
    assert dispersion.mean() == pytest.approx(0.015, rel=0.05)


@given(st.integers(0, 1000))
@settings(max_examples=15, deadline=None)
def test_the_order_of_stocks_does_not_matter(seed):
    returns = noise(80, 5, seed)
    order = np.random.default_rng(seed).permutation(5)
    one, other = (session_sums(r, 10)[0] for r in (returns, returns[:, order]))
    for name, values in vars(one).items():
        assert getattr(other, name) == pytest.approx(values, abs=1e-15)


def test_one_stock_alone_has_no_deviations_and_keeps_its_returns():
    sums, deviations = session_sums(noise(50, 1), 10)
    assert sums.mean[1:] == pytest.approx(noise(50, 1)[1:, 0])
    assert not deviations.any()
    assert not sums.degrees.any()


def test_a_bad_price_of_one_stock_is_drawn_in_and_normal_returns_are_left_alone():
    values = np.random.default_rng(0).standard_normal((50, 100))
    assert (within_reach(values) == values).all()
    spoiled = values.copy()
    spoiled[10, 3] = 300.0
    drawn_in = within_reach(spoiled)
    assert 4 < drawn_in[10, 3] < 7
    others = np.arange(100) != 3
    assert (drawn_in[:, others] == values[:, others]).all()


def test_a_session_on_which_most_stand_still_is_left_as_it_is():
    values = np.zeros((1, 5))
    values[0, 0] = 0.02
    assert (within_reach(values) == values).all()


def test_independent_stocks_count_in_full_and_twins_by_half():
    own = noise(600, 40, seed=1)
    _, alone = session_sums(own, 30)
    _, pairs = session_sums(np.repeat(own, 2, axis=1), 30)
    assert effective_share(alone, 500) == pytest.approx(1, abs=0.05)
    assert effective_share(pairs, 500) == pytest.approx(0.5, abs=0.05)


def test_a_past_without_deviations_has_nothing_to_share():
    assert effective_share(np.zeros((30, 1)), 20) == 1.0
