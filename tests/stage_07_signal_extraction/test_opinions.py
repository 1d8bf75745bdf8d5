"""The three opinions on a rise against numbers counted by hand, and what they may know."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.stats import norm

from stage_07_signal_extraction.opinions import (
    HORIZON,
    model_odds,
    moves,
    past_frequency,
    rises,
    story_odds,
)

EVEN = np.full(5, 0.2)


def closes(rose: list[int]) -> np.ndarray:
    """One symbol's closes by which the close of row t is below that of row t + 5 where told."""
    close = np.full((len(rose) + HORIZON, 1), 100.0)
    for t, up in enumerate(rose):
        close[t + HORIZON] = close[t] * (1.01 if up else 0.99)
    return close


def test_a_rise_is_a_higher_close_five_sessions_on() -> None:
    close = np.array([[10.0, 5.0]] * 5 + [[11.0, np.nan], [9.0, 5.0]])
    found = rises(moves(close))
    np.testing.assert_array_equal(found[:2], [[1, np.nan], [0, 0]])
    assert np.isnan(found[2:]).all()


def test_the_past_frequency_counts_only_outcomes_known_at_the_row() -> None:
    told = [1, 1, 0, 1, 0, 0, 1]
    frequency = past_frequency(rises(moves(closes(told))))[:, 0]
    # Row t knows the first t - 4 outcomes; half a case on either side.
    expected = [(sum(told[: max(0, t - 4)]) + 0.5) / (max(0, t - 4) + 1) for t in range(12)]
    assert frequency == pytest.approx(expected)


def test_the_storys_odds_are_the_total_probability_by_hand() -> None:
    # Rises begin with outcome 3, falls with outcome 1: two of each are known at the last row.
    told = [1, 0, 1, 0]
    rose = rises(moves(closes(told)))
    outcomes = np.full(rose.shape, np.nan)
    outcomes[1:5, 0] = [3, 1, 3, 1]
    price = np.full((9, 1, 5), np.nan)
    price[-1, 0] = (0.0, 0.3, 0.2, 0.5, 0.0)
    found = story_odds(price, outcomes, rose)
    # f_1 = 0.5/3, f_3 = 2.5/3, and one half where nothing was seen.
    assert found[-1, 0] == pytest.approx(0.3 * 0.5 / 3 + 0.2 * 0.5 + 0.5 * 2.5 / 3)
    assert np.isnan(found[:-1]).all()


def test_a_story_that_expects_what_the_past_has_shown_gives_the_past_frequency() -> None:
    rng = np.random.default_rng(3)
    close = 100 * np.exp(np.cumsum(rng.normal(0.001, 0.01, (3000, 2)), axis=0))
    rose = rises(moves(close))
    step = np.diff(np.log(close), axis=0, prepend=np.nan) / 0.01
    outcomes = np.where(np.isnan(step), np.nan, np.digitize(step, [-1.5, -0.5, 0.5, 1.5]))
    seen = outcomes[1:-HORIZON]
    usual = np.array([(seen == k).mean() for k in range(5)])
    found = story_odds(np.broadcast_to(usual, (3000, 2, 5)), outcomes, rose)
    np.testing.assert_allclose(found[-1], past_frequency(rose)[-1], atol=2e-3)


@given(hnp.arrays(np.float64, 5, elements=st.floats(0.01, 1)), st.integers(0, 3))
def test_moving_chance_to_an_outcome_that_rises_begin_with_never_lowers_the_odds(
    weights: np.ndarray, lower: int
) -> None:
    # In this past the higher tomorrow's outcome, the more often the week rose.
    told = [int(k < rose) for rose in range(5) for k in range(4)] * 3
    rose = rises(moves(closes(told)))
    outcomes = np.full(rose.shape, np.nan)
    outcomes[1 : len(told) + 1, 0] = np.tile(np.repeat(np.arange(5), 4), 3)
    before = weights / weights.sum()
    after = before.copy()
    after[lower] -= before[lower] / 2
    after[lower + 1] += before[lower] / 2

    def odds(price: np.ndarray) -> float:
        return float(story_odds(np.broadcast_to(price, (*rose.shape, 5)), outcomes, rose)[-1, 0])

    assert 0 <= odds(before) <= odds(after) <= 1


@given(st.floats(-0.05, 0.05), st.floats(0.001, 0.1))
def test_normal_quantiles_give_the_normals_own_chance_of_a_rise(mean: float, sd: float) -> None:
    low, middle, high = (np.array([[norm.ppf(q, mean, sd)]]) for q in (0.1, 0.5, 0.9))
    assert model_odds(low, middle, high)[0, 0] == pytest.approx(norm.sf(0, mean, sd), abs=1e-9)


def test_quantiles_of_no_width_and_absent_ones_say_nothing() -> None:
    nan = np.array([[np.nan]])
    one = np.array([[0.01]])
    assert np.isnan(model_odds(one, one, one)).all()
    assert np.isnan(model_odds(nan, nan, nan)).all()


def test_a_skewed_forecast_is_read_on_the_side_where_zero_lies() -> None:
    # The median is above zero: what lies above it cannot matter.
    odds = [
        model_odds(np.array([[-0.02]]), np.array([[0.01]]), np.array([[high]]))[0, 0]
        for high in (0.02, 0.2)
    ]
    assert odds[0] == odds[1] == pytest.approx(norm.cdf(norm.ppf(0.9) / 3))


def test_the_future_changes_no_opinion_of_the_past() -> None:
    rng = np.random.default_rng(5)
    close = 100 * np.exp(np.cumsum(rng.normal(0, 0.01, (80, 3)), axis=0))
    outcomes = rng.integers(0, 5, (80, 3)).astype(float)
    price = np.broadcast_to(EVEN, (80, 3, 5))
    other = close.copy()
    other[60:] *= rng.uniform(0.5, 2, (20, 3))
    for said in (
        lambda c: past_frequency(rises(moves(c))),
        lambda c: story_odds(price, outcomes, rises(moves(c))),
    ):
        np.testing.assert_array_equal(said(close)[:60], said(other)[:60])
        assert not np.array_equal(said(close)[66:], said(other)[66:])
