"""The language says each thing in words that mean nothing else."""

from collections import defaultdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foundation.contracts import Movement, statement
from foundation.kernel import OperatorError
from foundation.language import CONNECTIVES, phrasings, read, tone
from foundation.language.grammar import every_statement, path_value

ALL = tuple(every_statement())
JOINS = [c for group in CONNECTIVES.values() for c in group]


def test_no_clause_means_two_things() -> None:
    meanings = defaultdict(set)
    for said in ALL:
        for clause in phrasings(said):
            meanings[clause].add(said)
    assert not {clause: m for clause, m in meanings.items() if len(m) > 1}


def test_every_clause_alone_is_read_as_what_it_says() -> None:
    for said in ALL:
        for clause in phrasings(said):
            reading = read(clause[0].upper() + clause[1:] + ".")
            assert reading.statements == (said,), clause
            assert reading.ungrounded == ()


@given(
    st.lists(
        st.tuples(st.sampled_from(ALL), st.integers(0, 10**6), st.sampled_from([*JOINS, ". "])),
        min_size=1,
        max_size=12,
    ),
    st.booleans(),
)
def test_any_joined_text_is_read_back_in_order(parts: list[tuple], shouted: bool) -> None:
    text = ""
    for said, pick, join in parts:
        options = phrasings(said)
        text += options[pick % len(options)] + join
    text = text.rstrip(" ,;.") if parts[-1][2] != ". " else text
    for join in JOINS:
        text = text.removesuffix(join.rstrip())
    reading = read(text.upper() if shouted else text)
    assert reading.statements == tuple(said for said, _, _ in parts)
    assert reading.ungrounded == ()


@given(st.text(max_size=200))
def test_unknown_text_is_returned_and_never_crashes(text: str) -> None:
    reading = read(text)
    assert 0.0 <= reading.grounded_share <= 1.0


def test_ungrounded_clauses_are_returned_as_they_stood() -> None:
    reading = read("The price fell today, although Martians landed. Volume is heavy!\nBuy now?")
    assert [s.subject for s in reading.statements] == ["price", "volume"]
    assert reading.ungrounded == ("Martians landed", "Buy now")
    assert reading.grounded_share == 0.5


def test_a_pronoun_without_anything_to_stand_for_is_not_understood() -> None:
    reading = read("It leapt today. Volume is heavy, and it leapt today. It leapt today.")
    assert [s.kind for s in reading.statements] == ["state", "movement"]
    assert reading.ungrounded == ("It leapt today", "It leapt today")


def test_figures_and_names_do_not_hide_the_meaning() -> None:
    reading = read("Coca-Cola slipped today (-0.4% to 46.93).", name="Coca-Cola")
    assert reading.statements == (statement("movement", "price", "-1"),)


def test_a_statement_without_words_is_refused_by_name() -> None:
    with pytest.raises(OperatorError, match="no words"):
        phrasings(statement("state", "phlogiston", "high", "clear"))


def test_tone_mirrors_for_mirrored_moves() -> None:
    for a in Movement:
        assert tone(statement("movement", "price", f"{a:+d}")) == -tone(
            statement("movement", "price", f"{-a:+d}")
        )
    up = path_value((0, 1, 2))
    assert tone(statement("path", "price", up)) > 0
    assert all(-1 <= tone(said) <= 1 for said in ALL)
