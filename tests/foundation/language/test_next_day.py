"""What the next session's story may say after the story before."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from foundation.contracts import Statement, statement
from foundation.language.grammar import every_statement
from foundation.language.next_day import could_follow


def event(value: str, subject: str = "core inflation") -> Statement:
    return statement("event", subject, value)


def price(move: int) -> Statement:
    return statement("movement", "price", f"{move:+d}")


@pytest.mark.parametrize(
    ("before", "after", "follows"),
    [
        ("until: tomorrow", "since: today", True),
        ("until: tomorrow", "until: tomorrow", False),
        ("until: tomorrow", "until: days ahead", False),
        ("until: tomorrow", "since: days ago", False),
        ("until: tomorrow", "until: weeks ahead", False),
        ("until: days ahead", "until: tomorrow", True),
        ("until: days ahead", "until: weeks ahead", False),
        ("until: weeks ahead", "until: days ahead", True),
        ("until: weeks ahead", "since: today", False),
        ("since: today", "since: days ago", True),
        ("since: today", "since: today", False),
        ("since: days ago", "until: weeks ahead", True),
        ("since: weeks ago", "since: days ago", False),
    ],
)
def test_a_date_comes_one_session_nearer(before: str, after: str, follows: bool) -> None:
    assert could_follow(event(after), {event(before)}) is follows
    other = event(after, "payrolls")
    assert could_follow(other, {event(before)}), "of an event not spoken of nothing is known"


@pytest.mark.parametrize(
    ("before", "after", "follows"),
    [
        ([price(1)], "three rises", True),
        ([price(1)], "four rises", False),
        ([price(1), statement("streak", "price", "three rises")], "four rises", True),
        ([price(1), statement("streak", "price", "three rises")], "three rises", False),
        ([price(2), statement("streak", "price", "six rises")], "six rises", True),
        ([price(1), statement("record", "price", "rise of a month")], "five rises", True),
        ([price(-1)], "three rises", False),
        ([price(-1)], "three falls", True),
        ([price(0)], "four falls", True),
    ],
)
def test_a_run_grows_by_one(before: list[Statement], after: str, follows: bool) -> None:
    assert could_follow(statement("streak", "price", after), before) is follows


@given(st.lists(st.floats(-3, 3).filter(lambda x: abs(x) > 1e-3), min_size=8, max_size=30))
def test_runs_as_they_are_told_follow_one_another(moves: list[float]) -> None:
    """Oracle: runs counted by hand; a day counts as a move from 0.5, its sign for those after."""
    words = dict(zip(range(3, 7), ("three", "four", "five", "six"), strict=True))
    before: list[Statement] = []
    run = 0
    for k, move in enumerate(moves):
        run = run + 1 if k and move * moves[k - 1] > 0 else 1
        code = int(np.sign(move)) if abs(move) >= 0.5 else 0
        told = [price(code)]
        if code and run >= 3:
            side = "rises" if move > 0 else "falls"
            told.append(statement("streak", "price", f"{words[min(run, 6)]} {side}"))
        assert all(could_follow(one, before) for one in told)
        before = told


def test_a_market_wide_state_does_not_leap_and_a_regime_is_the_markets_alone() -> None:
    poor = statement("state", "breadth", "very low", "clear")
    assert not could_follow(statement("state", "breadth", "very high", "clear"), {poor})
    assert could_follow(statement("state", "breadth", "low", "clear"), {poor})
    stormy = statement("regime", "market", "volatile", "clear")
    assert not could_follow(statement("regime", "market", "choppy", "clear"), {stormy})
    assert could_follow(statement("regime", "market", "volatile", "passing"), {stormy})


def test_after_no_story_anything_may_be_said() -> None:
    assert all(could_follow(one, ()) for one in every_statement())
