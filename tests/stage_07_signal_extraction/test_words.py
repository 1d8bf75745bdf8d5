"""What signals say in words: clauses that stand alone, signs that are signs."""

import pytest

from foundation.contracts import Movement, statement
from foundation.language.grammar import path_value
from stage_07_signal_extraction.pooling import signed
from stage_07_signal_extraction.view import clause


def test_a_path_names_the_price_where_a_story_would_say_it() -> None:
    for a in Movement:
        words = clause(statement("path", "price", path_value((a, Movement.STEADY, Movement.RISES))))
        assert "the price" in words
        assert not words.startswith("it ")


def test_a_clause_that_names_its_subject_is_left_as_it_is() -> None:
    assert clause(statement("state", "momentum", "high", "clear")).startswith("momentum is ")


@pytest.mark.parametrize(
    ("score", "text"), [(0.5, "+0.50"), (-0.125, "\u22120.12"), (-0.001, "0.00"), (0.0, "0.00")]
)
def test_scores_have_a_minus_and_nothing_has_no_sign(score: float, text: str) -> None:
    assert signed(score) == text
