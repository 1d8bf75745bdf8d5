"""What pulls apart is found, what belongs together is not."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from foundation.contracts import STATES, Statement, statement
from foundation.language import read
from foundation.language.contradictions import (
    CONFIRMATIONS,
    KINDS,
    OPPOSITIONS,
    Pairing,
    Side,
    contradictions,
)
from foundation.language.phrases import TENSIONS

TEXTS = Path(__file__).parent / "free_text" / "contradictory.jsonl"


def state(series: str, value: str) -> Statement:
    return statement("state", series, value, "clear")


def move(series: str, code: int) -> Statement:
    return statement("movement", series, f"{code:+d}")


@pytest.mark.parametrize(
    ("first", "second", "kind"),
    [
        (move("price", -2), state("trend", "very high"), "direction against movement"),
        (move("price", 2), state("trend", "low"), "direction against movement"),
        (move("price", 2), state("volatility", "very low"), "volatility against range"),
        (state("volatility", "high"), state("band width", "low"), "volatility against range"),
        (move("price", 1), state("volume", "very low"), "volume against participation"),
        (state("volume", "high"), state("breadth", "very low"), "volume against participation"),
        (
            statement("event", "earnings", "since: today"),
            statement("event", "earnings", "until: tomorrow"),
            "event before its time",
        ),
        (
            statement("event", "earnings", "until: tomorrow"),
            statement("event", "earnings", "surprise: above"),
            "event before its time",
        ),
    ],
)
def test_two_claims_that_pull_apart_are_found_in_either_order(
    first: Statement, second: Statement, kind: str
) -> None:
    between = move("oil", 1)
    assert [c.kind for c in contradictions((first, between, second))] == [kind]
    assert [c.kind for c in contradictions((second, first))] == [kind]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (move("price", -1), state("trend", "very high")),
        (move("price", 2), state("trend", "high")),
        (move("price", 1), state("volume", "high")),
        (move("price", -2), state("volume", "low")),
        (move("price", 2), state("volatility", "medium")),
        (move("price", -2), state("volume", "very high")),
        (
            statement("event", "earnings", "since: today"),
            statement("event", "earnings", "surprise: above"),
        ),
        (
            statement("event", "core inflation", "since: days ago"),
            statement("event", "core inflation", "until: weeks ahead"),
        ),
        (
            statement("event", "earnings", "until: tomorrow"),
            statement("event", "core inflation", "since: today"),
        ),
    ],
)
def test_claims_that_belong_together_are_left_alone(first: Statement, second: Statement) -> None:
    assert contradictions((first, second)) == ()


def test_contradictions_are_found_in_other_peoples_words() -> None:
    kinds = {c.kind for c in contradictions(read("The shares rose on thin volume.").statements)}
    assert kinds == {"volume against participation"}


@pytest.mark.parametrize("line", TEXTS.read_text(encoding="utf-8").splitlines())
def test_contradictions_in_an_analysts_words_are_found_and_none_invented(line: str) -> None:
    row = json.loads(line)
    found = contradictions(read(row["text"]).statements)
    assert {c.kind for c in found} == set(row["kinds"])


def test_every_pairing_has_words() -> None:
    told = {pairing.tension for pairing in (*OPPOSITIONS, *CONFIRMATIONS)}
    assert told <= set(TENSIONS)
    assert {pairing.kind for pairing in OPPOSITIONS} <= set(KINDS)


def test_on_arrays_and_on_claims_a_pairing_says_the_same() -> None:
    for pairing in OPPOSITIONS:
        for a in _values(pairing.first):
            for b in _values(pairing.second):
                codes = {
                    pairing.first.key: np.array([float(a), np.nan]),
                    pairing.second.key: np.array([float(b), float(b)]),
                }
                found = contradictions((_claim(pairing.first, a), _claim(pairing.second, b)))
                same = any(
                    (c.told.subject, c.told.value) == pairing.tension for c in found if c.told
                )
                assert pairing.holds(codes).tolist() == [same, False]


def _values(side: Side) -> range:
    return range(5) if side.said == "state" else range(-2, 3)


def _claim(side: Side, code: int) -> Statement:
    return state(side.series, STATES[code]) if side.said == "state" else move(side.series, code)


def test_a_pairing_is_made_of_two_different_things() -> None:
    pairings: tuple[Pairing, ...] = (*OPPOSITIONS, *CONFIRMATIONS)
    assert all(p.first.key != p.second.key for p in pairings)
