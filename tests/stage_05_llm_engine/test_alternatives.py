"""Alternatives tell another story than the drafts beside them, by the rest of the distribution."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from foundation.contracts import TAPE, TokenBatch, tape_outcomes
from foundation.testing.language_models import TapeLaw
from stage_05_llm_engine.adapters.in_process.engine import TransformersNarrative
from stage_05_llm_engine.drawing import Teller, key_answer
from stage_05_llm_engine.narrative import Order
from stage_05_llm_engine.scenarios import key_series
from tests.stage_05_llm_engine.asking import CHANCES, asking
from tests.stage_05_llm_engine.conftest import ENGINE

NAMES = ("base", "alternative 1", "alternative 2")
PRICE = np.array(CHANCES["price"])


def tellers(place: int, *temperatures: float) -> list[Teller]:
    return [Teller(t, 1_000 * place + n) for n, t in enumerate(temperatures)]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.floats(-700, 0), min_size=5, max_size=5),
    st.lists(st.floats(0.05, 2), min_size=3, max_size=3),
    st.integers(0, 10**6),
)
def test_no_two_of_them_give_the_key_the_same_answer(
    chances: list[float], temperatures: list[float], place: int
) -> None:
    told = tellers(place, *temperatures)
    answers = [key_answer(np.array(chances), told[: n + 1]) for n in range(3)]
    assert len(set(answers)) == 3


def test_they_are_drawn_from_what_is_left() -> None:
    """Oracle: the law of three draws without replacement, summed over all orders by hand."""
    count = 2_000
    drawn = np.array(
        [
            [key_answer(np.log(PRICE), tellers(k, 1.0, 1.0, 1.0)[: n + 1]) for n in range(3)]
            for k in range(count)
        ]
    )
    expected = np.zeros((3, 5))
    for first, p in enumerate(PRICE):
        expected[0, first] += p
        for second in set(range(5)) - {first}:
            q = p * PRICE[second] / (1 - p)
            expected[1, second] += q
            for third in set(range(5)) - {first, second}:
                expected[2, third] += q * PRICE[third] / (1 - p - PRICE[second])
    np.testing.assert_allclose(expected.sum(axis=1), 1.0)
    for n in range(3):
        found = np.bincount(drawn[:, n], minlength=5) / count
        error = np.sqrt(expected[n] * (1 - expected[n]) / count)
        assert (np.abs(found - expected[n]) < 4 * error).all()


def test_in_this_process_every_attempt_tells_three_stories(
    few_tokens: TokenBatch, untrained: TransformersNarrative
) -> None:
    windows = few_tokens.split("forecast")
    orders = [Order(w, name, a) for w in range(2) for a in range(1, 7) for name in NAMES]
    told = dict(zip(orders, untrained.generate(windows, orders), strict=True))
    for window in range(2):
        for attempt in range(1, 7):
            tapes = [told[Order(window, name, attempt)].tape for name in NAMES]
            assert len({tape["price"] for tape in tapes}) == 3
    # The second alternative avoids the others whether or not they are asked for.
    alone = untrained.generate(windows, [Order(1, "alternative 2", 3)])[0]
    assert alone.tape == told[Order(1, "alternative 2", 3)].tape


def test_base_drafts_let_the_price_do_what_the_distribution_says(
    few_tokens: TokenBatch, untrained: TransformersNarrative
) -> None:
    windows, count = few_tokens.split("forecast"), 400
    plain = TransformersNarrative(
        untrained.model,
        few_tokens.codes,
        few_tokens.tokenizer_json,
        ENGINE.model_copy(
            update={
                "guided": False,
                "max_words": 1,
                "base_temperature": 1.0,
                "scoring_precision": "float32",
            }
        ),
        weights="untrained",
    )
    told = plain.generate(windows, [Order(0, "base", a) for a in range(1, count + 1)])
    outcomes = tape_outcomes("price")
    found = np.bincount([outcomes.index(c.tape["price"]) for c in told], minlength=5) / count
    expected = plain.next_states(windows).values[0, TAPE.index("price")]
    assert (np.abs(found - expected) < 4 * np.sqrt(expected * (1 - expected) / count)).all()


def test_the_key_is_the_price_where_there_is_one() -> None:
    price = TAPE.index("price")
    assert key_series(range(len(TAPE))) == price
    assert key_series([s for s in range(len(TAPE)) if s != price]) == min(
        s for s in range(len(TAPE)) if s != price
    )


@pytest.mark.parametrize("api", ["completions", "chat"])
def test_a_server_tells_three_stories(few_tokens: TokenBatch, api: str) -> None:
    windows = few_tokens.split("forecast")
    orders = [Order(w, name, a) for w in range(2) for a in (1, 2) for name in NAMES]
    with asking(few_tokens, api=api, law=TapeLaw(CHANCES), redraws=60) as asked:
        told = dict(zip(orders, asked.narrative.generate(windows, orders), strict=True))
        alone = asked.narrative.generate(windows, [Order(1, "alternative 2", 2)])[0]
    same = told[Order(1, "alternative 2", 2)]
    assert (alone.tape, alone.text, alone.seed) == (same.tape, same.text, same.seed)
    assert {c.ending for c in told.values()} == {"complete"}
    for window in range(2):
        for attempt in (1, 2):
            three = [told[Order(window, name, attempt)] for name in NAMES]
            prices = [c.tape["price"] for c in three]
            assert all(one != other for one, other in combinations(prices, 2))


def test_a_server_that_always_says_the_same_is_said_to(few_tokens: TokenBatch) -> None:
    certain = TapeLaw({**CHANCES, "price": (0.0, 0.0, 0.0, 1.0, 0.0)})
    windows = few_tokens.split("forecast")
    with asking(few_tokens, law=certain, redraws=3) as asked:
        told = asked.narrative.generate(windows, [Order(0, name, 1) for name in NAMES])
        seeds = [request.json()["seed"] for request in asked.server.requests]
    assert [c.ending for c in told] == ["complete", "duplicate", "duplicate"]
    assert len(seeds) == len(set(seeds)) == 1 + 4 + 4
