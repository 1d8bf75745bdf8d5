"""Other people's sentences: what is claimed in them, what is not, and why.

``free_text/*.jsonl`` holds sentences as an analyst would write them with the claims in them,
written before the first rule of the reader. The rules were made looking at one half only.
"""

from __future__ import annotations

import json
import math
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foundation.contracts import Statement, statement
from foundation.language import Reading, Yardstick, phrasings, read
from foundation.language.grammar import every_statement

SENTENCES = Path(__file__).parent / "free_text"
YARDSTICKS = {
    "price": Yardstick(steady=0.34, sharp=1.34),
    "momentum": Yardstick(mean=50, spread=10),
    "market volatility": Yardstick(mean=15, spread=2.5),
    "volume": Yardstick(mean=math.log(3e6), spread=0.35),
}
ALL = tuple(every_statement())


def said(text: str, **given: object) -> set[tuple[str, str, str]]:
    """Kind, subject and value of everything that a text says is so."""
    return {(s.kind, s.subject, s.value) for s in read(text, **given).statements}  # type: ignore[arg-type]


def denied(text: str) -> set[tuple[str, str, str]]:
    return {(s.kind, s.subject, s.value) for s in read(text).denied}


def claims_of(reading: Reading) -> set[tuple[str, ...]]:
    """Claims in the notation of the files: denials of one subject are one claim."""
    found: set[tuple[str, ...]] = {(s.kind, s.subject, s.value) for s in reading.statements}
    denials: dict[tuple[str, str], set[str]] = {}
    for one in reading.denied:
        denials.setdefault((one.kind, one.subject), set()).add(one.value)
    return found | {("not", *key, " ".join(sorted(v))) for key, v in denials.items()}


def written_claims(row: dict[str, list[str]]) -> set[tuple[str, ...]]:
    claims = set()
    for one in row["claims"]:
        parts = one.split("|")
        if parts[0] == "not":
            states = re.findall(r"very \w+|[^\s]+", parts[3])
            parts[3] = " ".join(sorted(states))
        claims.add(tuple(parts))
    return claims


def score(name: str) -> tuple[float, float]:
    """Precision and recall of the reader's claims on one half of the sentences."""
    hits = made = wanted = 0
    for line in (SENTENCES / f"{name}.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        expected = written_claims(row)
        found = claims_of(read(row["text"], yardsticks=YARDSTICKS))
        hits += len(expected & found)
        made += len(found)
        wanted += len(expected)
    return hits / made, hits / wanted


@pytest.mark.parametrize("half", ["development", "held_out"])
def test_claims_in_an_analysts_sentences_are_found_and_hardly_any_invented(half: str) -> None:
    precision, recall = score(half)
    assert precision >= 0.9
    assert recall >= 0.7


def test_a_clause_says_how_it_was_read_and_where_it_stood() -> None:
    text = "Volume is normal today. Meanwhile shares slid hard, said the barber."
    reading = read(text)
    for clause in reading.clauses:
        assert re.sub(r"\s+", " ", text[clause.start : clause.end]).strip(" .") == clause.text
    hows = {clause.text: clause.how for clause in reading.clauses}
    assert hows["Meanwhile shares slid hard"] == "paraphrase"
    assert hows["said the barber"] == "unread"
    assert reading.ungrounded == ("said the barber",)
    assert 0 < reading.grounded_share < 1
    assert reading.grounded_sentences < 1


def test_the_languages_own_clauses_are_read_exactly() -> None:
    clause = phrasings(statement("state", "volume", "high", "clear"))[0]
    assert [c.how for c in read(f"{clause}.").clauses] == ["exact"]


@pytest.mark.parametrize(
    ("text", "claims"),
    [
        ("The price did not fall.", {("movement", "price", "-1"), ("movement", "price", "-2")}),
        ("The shares never rose.", {("movement", "price", "+1"), ("movement", "price", "+2")}),
        (
            "Volatility isn't low.",
            {("state", "volatility", "low"), ("state", "volatility", "very low")},
        ),
        ("We see no sign of a golden cross.", {("pattern", "golden cross", "seen")}),
    ],
)
def test_what_is_denied_is_not_claimed(text: str, claims: set[tuple[str, str, str]]) -> None:
    assert denied(text) == claims
    assert said(text) == set()


def test_denials_that_leave_one_thing_say_that_thing() -> None:
    assert said("The price neither rose nor fell.") == {("movement", "price", "+0")}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("The price may fall.", "possibility"),
        ("If the shares rise, everyone is happy.", "possibility"),
        ("Yesterday the shares plunged.", "another session"),
        ("The price will fall.", "another session"),
        ("Revenue fell sharply.", "names nothing"),
        ("Did the price fall?", "question"),
        ("Volume is a topic of debate.", "says nothing"),
    ],
)
def test_what_makes_no_claim_of_this_session_is_returned_with_the_reason(
    text: str, why: str
) -> None:
    reading = read(text)
    assert reading.statements == ()
    assert any(why in clause.why for clause in reading.clauses)


@pytest.mark.parametrize(
    "text",
    [
        "Fuel prices rose.",
        "Analysts raised price targets.",
        "The price of wheat fell.",
        "Shares of a rival fell.",
        "The rival's shares fell.",
        "Shipments beat expectations.",
        "The dollar sits at trend support.",
    ],
)
def test_a_longer_noun_is_another_thing(text: str) -> None:
    assert said(text) == set()


def test_a_number_means_what_the_series_own_scale_makes_of_it() -> None:
    quiet = {"price": Yardstick(steady=3.0, sharp=9.0)}
    nervous = {"price": Yardstick(steady=0.2, sharp=1.0)}
    text = "The shares fell 2.5%."
    assert said(text, yardsticks=quiet) == {("movement", "price", "+0")}
    assert said(text, yardsticks=nervous) == {("movement", "price", "-2")}
    assert said(text) == {("movement", "price", "-1")}


def test_a_level_without_a_scale_says_nothing() -> None:
    assert said("The RSI stands at 71.", yardsticks=YARDSTICKS) == {
        ("state", "momentum", "very high")
    }
    reading = read("The RSI stands at 71.")
    assert reading.statements == ()
    assert reading.ungrounded == ("The RSI stands at 71",)


def test_two_claims_of_one_sentence_are_two_claims_in_order() -> None:
    reading = read("While the VIX leapt, turnover was brisk and the stock slipped.")
    assert [(s.kind, s.subject) for s in reading.statements] == [
        ("movement", "market volatility"),
        ("state", "volume"),
        ("movement", "price"),
    ]


def test_case_and_slips_of_the_pen_are_forgiven_but_endings_are_not_guessed() -> None:
    assert said("THE STCOK FELL SHAPRLY") == {("movement", "price", "-2")}
    assert said("The shared fell") == set()
    assert said("They were taking stock") == set()


def test_the_instruments_name_is_its_price() -> None:
    assert said("Coca-Cola tumbled on thin volume.", name="Coca-Cola") == {
        ("movement", "price", "-2"),
        ("state", "volume", "low"),
    }


PIECES = (
    *("price", "volume", "rose", "fell", "not", "heavy", "the", "VIX", "xyzzy", ",", ";", "."),
    *("and", "may", "while", "at", "71", "3%", "support", "near", "yesterday", "regime", "choppy"),
)


def test_a_name_that_is_also_a_word_hides_nothing() -> None:
    clause = phrasings(statement("level", "support", "near"))
    for text in (f"{c[0].upper()}{c[1:]}." for c in clause):
        assert read(text, name="A").statements == (statement("level", "support", "near"),)
    assert said("A tumbled today.", name="A") == {("movement", "price", "-2")}


def test_a_slip_inside_the_languages_own_clause_is_put_right() -> None:
    clause = phrasings(statement("state", "momentum", "high", "clear"))[0]
    slipped = clause.replace("momentum", "momenutm")
    (read_back,) = read(slipped).clauses
    assert (read_back.how, read_back.statements) == (
        "respelt",
        (statement("state", "momentum", "high", "clear"),),
    )


@given(st.lists(st.sampled_from(PIECES), max_size=25), st.booleans())
def test_nothing_unknown_is_dropped_and_places_are_in_order(parts: list[str], caps: bool) -> None:
    text = " ".join(parts).upper() if caps else " ".join(parts)
    reading = read(text, yardsticks=YARDSTICKS)
    at = 0
    for clause in reading.clauses:
        assert at <= clause.start <= clause.end <= len(text)
        at = clause.end
    for word in re.finditer("xyzzy", text, re.IGNORECASE):
        assert any(c.start <= word.start() < c.end for c in reading.clauses)
    assert 0 <= reading.grounded_share <= 1
    assert all(isinstance(s, Statement) for s in (*reading.statements, *reading.denied))


@given(st.text(max_size=120), st.sampled_from(ALL))
def test_strange_text_around_a_clause_does_not_hide_it(noise: str, one: Statement) -> None:
    clause = phrasings(one)[0]
    reading = read(f"{clause[0].upper()}{clause[1:]}.\n{noise}")
    assert reading.statements[0] == one
