"""Contexts are read once, questions asked in one pass, answers kept by all that decides them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from foundation.connect import ResponseCache
from foundation.contracts import SCENARIOS, TAPE, Continuation, TokenBatch, TokenWindows
from foundation.contracts.token_batch import TASKS
from foundation.testing.language_models import TapeLaw
from stage_05_llm_engine import EngineSettings, ServerSettings
from stage_05_llm_engine.adapters.in_process.engine import TransformersNarrative
from stage_05_llm_engine.adapters.server.engine import ServerNarrative
from stage_05_llm_engine.endings import named
from stage_05_llm_engine.narrative import NOT_MIXED, Blends, Order
from stage_05_llm_engine.responses import CachedNarrative
from tests.stage_05_llm_engine.asking import CHANCES, Asked, asking
from tests.stage_05_llm_engine.conftest import ENGINE


@contextmanager
def passes(narrative: TransformersNarrative) -> Iterator[list[tuple[int, int]]]:
    """Note (rows, tokens) of every pass through the network's body."""
    seen: list[tuple[int, int]] = []

    def note(_: Any, __: Any, given: dict[str, Any]) -> None:
        seen.append(tuple(given["input_ids"].shape))

    handle = narrative.model.model.register_forward_pre_hook(note, with_kwargs=True)
    try:
        yield seen
    finally:
        handle.remove()


def test_a_context_is_read_once_for_all_its_scenarios(
    few_tokens: TokenBatch, untrained: TransformersNarrative
) -> None:
    windows = few_tokens.split("forecast")
    longest = int(windows.attention_mask.sum(axis=1).max())
    orders = [Order(w, name, 1) for w in range(2) for name in SCENARIOS]
    with passes(untrained) as seen:
        untrained.generate(windows, orders)
    # Both contexts in one pass; then one token of every draft at a time.
    assert seen[0] == (2, longest)
    assert {tokens for _, tokens in seen[1:]} == {1}
    assert max(rows for rows, _ in seen[1:]) == len(orders)


def test_contexts_of_like_length_are_read_together(
    few_tokens: TokenBatch, untrained: TransformersNarrative
) -> None:
    windows = few_tokens.split("train")
    lengths = windows.attention_mask.sum(axis=1)
    two_by_two = TransformersNarrative(
        untrained.model, few_tokens.codes, few_tokens.tokenizer_json,
        untrained.settings.model_copy(update={"batch_drafts": 2}), weights="untrained",
    )  # fmt: skip
    with passes(two_by_two) as seen:
        two_by_two.generate(windows, [Order(w, "base", 1) for w in range(len(lengths))])
    widths = [tokens for _, tokens in seen if tokens > 1]
    assert len(widths) == -(-len(lengths) // 2)
    assert widths == sorted(widths)
    assert widths[0] < widths[-1] == max(lengths)


def test_all_distributions_of_a_window_come_from_one_pass(
    few_tokens: TokenBatch, untrained: TransformersNarrative
) -> None:
    with passes(untrained) as seen:
        found = untrained.next_states(few_tokens.split("forecast")).values
    assert len(seen) <= 1  # The body's own call, or none where the tail is read by hand.
    assert np.isfinite(found[0]).all()
    assert found.shape == (2, len(TAPE), 5)


@pytest.mark.parametrize(
    ("tape", "text", "ending"),
    [
        ({"price": "rises"}, "The price rose today.", "complete"),
        ({"price": "rises"}, "Purple monkey dishwasher.", "unparseable"),
        ({}, "The price rose today.", "unparseable"),
        (None, "The price rose over the week.", "complete"),
        (None, "Purple monkey dishwasher.", "unparseable"),
    ],
)
def test_what_came_to_its_end_is_complete_if_it_can_be_read(
    tape: dict[str, str] | None, text: str, ending: str
) -> None:
    assert named("complete", tape, text) == ending
    assert named("truncated", tape, text) == "truncated"


class Counting:
    """A model that says how often it was asked."""

    def __init__(self, fingerprint: str, answer: Continuation) -> None:
        self.fingerprint, self.answer, self.asked = fingerprint, answer, 0

    def generate(
        self, windows: TokenWindows, orders: Sequence[Order], mixed: Blends = NOT_MIXED
    ) -> list[Continuation]:
        self.asked += len(orders)
        return [self.answer] * len(orders)


CHANGES: list[dict[str, Any]] = [
    {"base_temperature": 0.31},
    {"alternative_temperatures": (0.8, 1.1)},
    {"risk_temperature": 0.71},
    {"word_temperature": 0.51},
    {"guided": False},
    {"max_words": 61},
    {"closing_words": 11},
    {"repeat_span": 25},
    {"repeat_times": 4},
    {"seed": 1},
]


@pytest.fixture(scope="module")
def answer(few_tokens: TokenBatch, untrained: TransformersNarrative) -> Continuation:
    return untrained.generate(few_tokens.split("forecast"), [Order(0, "base", 1)])[0]


@pytest.mark.parametrize("changed", CHANGES, ids=lambda c: next(iter(c)))
def test_an_answer_is_kept_by_how_it_is_drawn(
    few_tokens: TokenBatch, answer: Continuation, tmp_path: Path, changed: dict[str, Any]
) -> None:
    model, windows = Counting("one", answer), few_tokens.split("forecast")
    for settings, asked in ((ENGINE, 1), (ENGINE, 1), (ENGINE.model_copy(update=changed), 2)):
        kept = CachedNarrative(model, settings, ResponseCache(tmp_path), lambda: few_tokens.as_of)
        kept.generate(windows, [Order(0, "base", 1)])
        assert model.asked == asked


def test_an_answer_is_kept_by_model_prompt_and_question(
    few_tokens: TokenBatch, answer: Continuation, tmp_path: Path
) -> None:
    windows, now = few_tokens.split("forecast"), few_tokens.as_of
    first, other = Counting("one", answer), Counting("another", answer)
    orders = [
        Order(0, "base", 1), Order(1, "base", 1), Order(0, "risk", 1), Order(0, "base", 2),
        Order(0, "base", 1, "weekly summary"),
    ]  # fmt: skip
    for _ in range(2):
        CachedNarrative(first, ENGINE, ResponseCache(tmp_path), lambda: now).generate(
            windows, orders
        )
    assert first.asked == len(orders)
    CachedNarrative(other, ENGINE, ResponseCache(tmp_path), lambda: now).generate(windows, orders)
    assert other.asked == len(orders)
    ids = windows.ids.copy()
    ids[0, 3] += 1
    spoken = windows.model_copy(update={"ids": ids})
    CachedNarrative(first, ENGINE, ResponseCache(tmp_path), lambda: now).generate(spoken, orders)
    assert first.asked == len(orders) + 4  # All but the second window's.


def test_a_network_is_known_by_weights_tokeniser_and_what_it_learnt(
    few_tokens: TokenBatch, base_tokens: TokenBatch, untrained: TransformersNarrative
) -> None:
    def fingerprint(tokens: TokenBatch, weights: str, **more: Any) -> str:
        free = ENGINE.model_copy(update={"guided": False})
        return TransformersNarrative(
            untrained.model, tokens.codes, tokens.tokenizer_json, free, weights=weights, **more
        ).fingerprint

    found = [
        fingerprint(few_tokens, "a"),
        fingerprint(few_tokens, "b"),
        fingerprint(base_tokens, "a"),
        fingerprint(few_tokens, "a", learnt=("next day", "risk scenario")),
    ]
    assert len(set(found)) == 4
    assert fingerprint(few_tokens, "a") == found[0]


@pytest.mark.parametrize(
    "changed",
    [{"model": "another"}, {"base_url": "http://127.0.0.1:9/v1"}, {"api": "chat"}],
    ids=lambda c: next(iter(c)),
)
def test_a_served_model_is_known_by_address_name_and_protocol(
    few_tokens: TokenBatch, changed: dict[str, str]
) -> None:
    with asking(few_tokens, law=TapeLaw(CHANCES)) as asked:
        assert known(asked, few_tokens) == known(asked, few_tokens)
        assert known(asked, few_tokens, **changed) != known(asked, few_tokens)
        taught = ServerNarrative(
            few_tokens.codes, few_tokens.tokenizer_json, asked.settings, asked.connection,
            learnt=TASKS,
        )  # fmt: skip
        assert taught.fingerprint != known(asked, few_tokens)


def known(asked: Asked, tokens: TokenBatch, **changed: str) -> str:
    """Return the fingerprint of a served model with something changed."""
    told = {"base_url": "http://127.0.0.1:8/v1", "model": "m", "known_until": date(2000, 1, 1)}
    settings = EngineSettings(
        engine="openai", server=ServerSettings.model_validate({**told, **changed})
    )
    return ServerNarrative(
        tokens.codes, tokens.tokenizer_json, settings, asked.connection
    ).fingerprint
