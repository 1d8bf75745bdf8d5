"""An opinion is believed once the past has shown it the better one, not before."""

from __future__ import annotations

import numpy as np
import pytest

from foundation.kernel import OperatorError
from foundation.twins.selection import assembled, choose, session_means

RULES = {"horizon": 5, "trial": 120, "least": 60, "seed": 0}


def losses(gain: float, sessions: int = 300) -> dict[str, np.ndarray]:
    draw = np.random.default_rng(0)
    old = draw.normal(1.0, 0.2, (sessions, 8))
    return {"old": old, "new": old - gain + draw.normal(0, 0.2, old.shape)}


def test_a_better_opinion_takes_over_once_enough_outcomes_are_known() -> None:
    choices = choose(losses(0.2), "old", rows=range(20, 300, 20), **RULES)
    names = [choice.name for choice in choices]
    # 60 sessions with known outcome exist from row 64 on.
    assert names[:3] == ["old"] * 3
    assert names[3:] == ["new"] * 11


def test_an_opinion_that_is_no_better_does_not() -> None:
    choices = choose(losses(0.0), "old", rows=range(20, 300, 20), **RULES)
    assert {choice.name for choice in choices} == {"old"}
    worse = choose(losses(-0.2), "old", rows=range(20, 300, 20), **RULES)
    assert {choice.name for choice in worse} == {"old"}
    assert worse[-1].comparisons["new"].high < 0


def test_outcomes_that_were_not_known_at_a_choice_do_not_move_it() -> None:
    table = losses(0.2)
    rows = range(20, 201, 20)
    before = choose(table, "old", rows=rows, **RULES)
    for values in table.values():
        values[200 - 4 :] = 99 * np.random.default_rng(1).normal(size=values[196:].shape)
    assert choose(table, "old", rows=rows, **RULES) == before


def test_opinions_are_compared_on_the_stocks_that_both_speak_of() -> None:
    old = np.array([[1.0, 5.0], [2.0, np.nan]])
    new = np.array([[3.0, np.nan], [np.nan, np.nan]])
    np.testing.assert_array_equal(session_means(new, old), [3.0, np.nan])
    np.testing.assert_array_equal(session_means(old, new), [1.0, np.nan])


def test_where_the_chosen_one_is_silent_the_incumbent_answers() -> None:
    old, new = np.zeros((4, 2)), np.ones((4, 2))
    new[3, 0] = np.nan
    table = {"old": old, "new": new}
    choices = choose(losses(0.2), "old", rows=[0, 299], **RULES)
    made = [choices[0], choices[1].__class__(2, "new", {})]
    np.testing.assert_array_equal(assembled(table, "old", made), [[0, 0], [0, 0], [1, 1], [0, 1]])


def test_an_unknown_incumbent_is_refused() -> None:
    with pytest.raises(OperatorError, match="incumbent"):
        choose(losses(0.1), "nobody", rows=[1], **RULES)
