"""A change of regime is told when that costs less than to stay, and not before."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from foundation.quant.regimes import told_regimes


def of_two(*second: float) -> np.ndarray:
    """Return probabilities of two regimes for one stock, (T, 1, 2)."""
    return np.array([[[1 - p, p]] for p in second])


def test_a_narrow_majority_changes_no_name_and_a_clear_one_does() -> None:
    told = told_regimes(of_two(0.1, 0.54, 0.74, 0.76, 0.4, 0.26, 0.24), 2.0)[:, 0]
    assert told.tolist() == [0, 0, 0, 1, 1, 1, 0]


def test_at_no_cost_the_likeliest_is_told_every_session() -> None:
    told = told_regimes(of_two(0.4, 0.51, 0.49, 0.9), 0.0)[:, 0]
    assert told.tolist() == [0, 1, 0, 1]


def test_of_many_regimes_one_that_has_all_but_vanished_is_left_sooner() -> None:
    """Nine in ten wrong by staying, four in ten by changing: at a cost of one that is even less."""
    chances = np.array([[[0.9, 0.05, 0.05]], [[0.1, 0.6, 0.3]]])
    assert told_regimes(chances, 1.0)[:, 0].tolist() == [0, 1]
    chances[1, 0] = 0.45, 0.5, 0.05
    assert told_regimes(chances, 1.0)[:, 0].tolist() == [0, 0]


def test_a_gap_ends_no_regime_and_stocks_are_told_apart() -> None:
    chances = np.concatenate([of_two(0.1, np.nan, 0.6), of_two(0.9, 0.9, 0.9)], axis=1)
    assert told_regimes(chances, 2.0).tolist() == [[0, 1], [-1, 1], [0, 1]]


@given(
    st.lists(st.lists(st.floats(0.01, 1), min_size=4, max_size=4), min_size=1, max_size=30),
    st.floats(0, 5),
    st.integers(1, 30),
)
def test_each_name_is_the_cheaper_of_staying_and_changing_and_knows_no_later_session(
    weights: list[list[float]], cost: float, until: int
) -> None:
    chances = np.array(weights)
    chances /= chances.sum(axis=1, keepdims=True)
    told = told_regimes(chances[:, None], cost)[:, 0]
    now = int(chances[0].argmax())
    for row, name in zip(chances, told, strict=True):
        losses = {k: (1 + cost * (k != now)) * (1 - row[k]) for k in range(4)}
        assert losses[int(name)] == pytest.approx(min(losses.values()))
        now = int(name)
    assert told_regimes(chances[:until, None], cost)[:, 0].tolist() == told[:until].tolist()
