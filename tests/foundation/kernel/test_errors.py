"""Errors say the rule, the value and the remedy, and keep their kind across processes."""

from __future__ import annotations

import pickle

import pytest

import foundation.kernel as kernel
from foundation.kernel import FinancialStoryError, OperatorError

KINDS = [
    kind
    for kind in vars(kernel).values()
    if isinstance(kind, type) and issubclass(kind, FinancialStoryError)
]


def test_the_message_names_rule_value_and_remedy() -> None:
    error = OperatorError("The as-of date is a session", value="2018-12-25", remedy="take the 24th")
    assert str(error) == (
        "The as-of date is a session. Received: '2018-12-25'. Remedy: take the 24th."
    )


def test_what_is_not_given_is_not_mentioned() -> None:
    assert str(OperatorError("A rule.")) == "A rule."


def test_a_huge_value_is_cut() -> None:
    assert len(str(OperatorError("A rule", value="x" * 10_000))) < 260


@pytest.mark.parametrize("kind", KINDS, ids=lambda k: k.__name__)
def test_errors_survive_pickling(kind: type[FinancialStoryError]) -> None:
    again = pickle.loads(pickle.dumps(kind("A rule", value=(1, "two"), remedy="do this")))
    assert type(again) is kind
    assert (again.rule, again.value, again.remedy) == ("A rule", (1, "two"), "do this")


def test_roots_tell_a_shell_apart_by_exit_code() -> None:
    roots = [kind for kind in KINDS if kind.__mro__[1] is FinancialStoryError]
    codes = [kind.exit_code for kind in roots]
    assert len(set(codes)) == len(codes) >= 5
    assert 0 not in codes
