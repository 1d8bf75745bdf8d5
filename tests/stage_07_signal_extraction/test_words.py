"""What signals say in words: clauses that stand alone."""

from foundation.contracts import Movement, statement
from foundation.language.grammar import path_value
from stage_07_signal_extraction.view import clause


def test_a_path_names_the_price_where_a_story_would_say_it() -> None:
    for a in Movement:
        words = clause(statement("path", "price", path_value((a, Movement.STEADY, Movement.RISES))))
        assert "the price" in words
        assert not words.startswith("it ")


def test_a_clause_that_names_its_subject_is_left_as_it_is() -> None:
    assert clause(statement("state", "momentum", "high", "clear")).startswith("momentum is ")
