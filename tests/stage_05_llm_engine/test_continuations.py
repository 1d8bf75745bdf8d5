"""Continuations: seeded, the same in any company, and honest about how they ended."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch

from foundation.connect import ResponseCache
from foundation.contracts import (
    SCENARIOS,
    TAPE,
    Continuation,
    ContinuationRequest,
    TokenWindows,
    tape_outcomes,
)
from foundation.kernel import OperatorError
from foundation.language import read
from stage_04_tokenization.vocabulary import special_codes
from stage_05_llm_engine.adapters.in_process.engine import TransformersNarrative
from stage_05_llm_engine.drawing import Ask, Draft, Put, repeats
from stage_05_llm_engine.narrative import NOT_MIXED, Blends, Order
from stage_05_llm_engine.responses import CachedNarrative
from stage_05_llm_engine.scenarios import Scenario, scenario
from stage_05_llm_engine.weighing import blends
from stage_05_llm_engine.weights import checkpoint
from tests.stage_05_llm_engine.conftest import ENGINE, Trained

CODES = special_codes()
PLAIN = Scenario("base", 1.0, 1.0, {})


@pytest.fixture(scope="module")
def narrative(planted: Trained) -> TransformersNarrative:
    return TransformersNarrative(
        checkpoint.read(planted.store.path(planted.model.weights)),
        planted.tokens.codes,
        planted.tokens.tokenizer_json,
        ENGINE,
        weights=planted.model.weights,
    )


def test_every_symbol_gets_every_scenario_once(planted: Trained) -> None:
    found = [(c.symbol, c.scenario, c.attempt) for c in planted.forecast.continuations]
    symbols = planted.stories.book.symbols
    assert found == [(symbol, name, 1) for symbol in symbols for name in SCENARIOS]


def test_the_tape_speaks_of_exactly_the_series_that_the_symbol_has(planted: Trained) -> None:
    silent = planted.stories.book.symbols[-1]
    for c in planted.forecast.continuations:
        present = [s for s in TAPE if s != "volume" or c.symbol != silent]
        assert list(c.tape) == present
        assert all(outcome in tape_outcomes(s) for s, outcome in c.tape.items())


def test_the_risk_scenario_is_about_a_sharp_drop(planted: Trained) -> None:
    risky = [c for c in planted.forecast.continuations if c.scenario == "risk"]
    assert {c.tape["price"] for c in risky} == {"drops sharply"}


def test_guided_words_can_be_read_back_and_free_ones_need_not(
    planted: Trained, narrative: TransformersNarrative
) -> None:
    def draw(guided: bool) -> list[Continuation]:
        return TransformersNarrative(
            narrative.model,
            planted.tokens.codes,
            planted.tokens.tokenizer_json,
            ENGINE.model_copy(update={"guided": guided, "max_words": 300}),
            weights=planted.model.weights,
        ).generate(planted.tokens.split("forecast"), [Order(w, "base", 1) for w in (0, 1)])

    for held, free in zip(draw(guided=True), draw(guided=False), strict=True):
        assert held.tape == free.tape
        # A nano model may not come to its end; every sentence that it ended counts.
        ended = held.text[: held.text.rindex(".") + 1]
        assert read(ended).ungrounded == ()
        assert len(read(ended).statements) >= 5
        assert held.text != free.text


def test_a_draft_reads_the_same_alone_and_in_a_batch(
    planted: Trained, narrative: TransformersNarrative
) -> None:
    windows = planted.tokens.split("forecast")
    orders = [Order(w, name, 1) for w in range(len(windows.ids)) for name in SCENARIOS]
    mixed = blends(planted.forecast)
    together = narrative.generate(windows, orders, mixed)
    for place in (3, 8, 22):
        alone = narrative.generate(windows, [orders[place]], mixed)[0]
        assert (alone.text, alone.tape) == (together[place].text, together[place].tape)
        assert alone.log_probability == pytest.approx(together[place].log_probability, abs=1e-3)
    assert together == list(planted.forecast.continuations)


def test_another_attempt_draws_from_another_seed(planted: Trained) -> None:
    regenerate = planted.engine.regenerator(planted.given, planted.forecast)
    first = [c for c in planted.forecast.continuations if c.scenario == "alternative 2"]
    asked = [
        ContinuationRequest(symbol=c.symbol, scenario="alternative 2", attempt=a)
        for c in first
        for a in (1, 2)
    ]
    drawn = regenerate(asked)
    assert list(drawn[::2]) == first
    assert [c.attempt for c in drawn[1::2]] == [2] * len(first)
    assert all(a.seed != b.seed for a, b in zip(first, drawn[1::2], strict=True))
    assert [c.text for c in drawn[1::2]] != [c.text for c in first]


def test_no_draft_for_a_symbol_without_a_forecast(planted: Trained) -> None:
    request = ContinuationRequest(symbol="NOPE", scenario="base", attempt=2)
    with pytest.raises(OperatorError, match="NOPE"):
        planted.engine.regenerator(planted.given, planted.forecast)([request])


def test_the_log_probability_is_that_of_the_drawn_tokens(
    planted: Trained, narrative: TransformersNarrative
) -> None:
    """Oracle: one plain forward pass over context and continuation, no cache, no padding."""
    windows, codes = planted.tokens.split("forecast"), planted.tokens.codes
    drafts = []
    for row, name in ((0, "alternative 1"), (5, "risk")):
        order = Order(row, name, 1)
        draft = narrative._draft(windows, order, NOT_MIXED)
        told = windows.ids[row, : windows.attention_mask[row].sum()].tolist()
        with torch.no_grad():
            from stage_05_llm_engine.adapters.in_process.generation import draw

            draw(narrative.model, codes, [told], [(0, draft)])
        drafts.append((told, draft, name))
    put = {*codes.story, *codes.text, *(m for s in codes.series for m in s)}
    for told, draft, name in drafts:
        ids = torch.tensor([[*told, *draft.ids]])
        with torch.no_grad():
            logits = narrative.model(input_ids=ids).logits[0].double().log_softmax(dim=-1)
        forced = {codes.outcomes[TAPE.index("price")][0][0]} if name == "risk" else set()
        expected, drawn = 0.0, 0
        for place, token in enumerate(draft.ids):
            if token in put or token in forced:
                continue
            expected += float(logits[len(told) + place - 1, token])
            drawn += 1
        assert draft.drawn == drawn
        assert draft.log_probability == pytest.approx(expected, abs=1e-3)


def test_an_unknown_scenario_is_refused() -> None:
    with pytest.raises(OperatorError, match="hope"):
        scenario("hope", ENGINE)


def play(words: Sequence[int], **limits: int) -> Draft:
    """Play a script of word tokens to a draft of one series."""
    kept = {"max_words": 50, "repeat_span": 4, "repeat_times": 3, **limits}
    draft = Draft(CODES, [2], PLAIN, 7, **kept)
    script = iter(words)
    while draft.ending is None:
        wish = draft.wish
        if isinstance(wish, Put):
            draft.put(wish.token)
        elif isinstance(wish, Ask):
            draft.answer(3, -0.5)
        else:
            draft.choose(next(script), -0.5)
    return draft


END = CODES.end[0]


@pytest.mark.parametrize(
    ("words", "limits", "ending"),
    [
        ([900, 901, 902, END], {}, "complete"),
        ([END], {}, "empty"),
        (list(range(900, 999)), {"max_words": 5}, "truncated"),
        ([900, 901, 902] * 9, {}, "repeating"),
        ([900] * 9, {}, "repeating"),
    ],
)
def test_endings_are_named(words: list[int], limits: dict[str, int], ending: str) -> None:
    assert play(words, **limits).ending == ending


def test_a_draft_puts_the_frame_and_counts_what_is_drawn() -> None:
    draft = play([900, 901, END])
    answer = CODES.outcomes[2][3]
    assert draft.ids == [
        *CODES.story, *CODES.series[2], *answer, *CODES.text, 900, 901, *CODES.end,
    ]  # fmt: skip
    assert (draft.drawn, draft.log_probability) == (4, -2.0)
    assert draft.tape() == {"momentum": "high"}


def test_an_answer_of_several_tokens_is_put_as_stories_spell_it() -> None:
    spelled = ((5, 6, 9), (5, 9), (7, 9), (7, 8, 9), (5, 6, 7, 9))
    codes = CODES.model_copy(
        update={"outcomes": (*CODES.outcomes[:2], spelled, *CODES.outcomes[3:])}
    )
    draft = Draft(codes, [2], PLAIN, 1, max_words=3, repeat_span=4, repeat_times=3)
    while not isinstance(draft.wish, Ask):
        draft.put(draft.wish.token)
    draft.answer(3, -1.5)
    put = []
    while isinstance(draft.wish, Put):
        put.append(draft.wish.token)
        draft.put(draft.wish.token)
    assert draft.ids[-4:] == [7, 8, 9, codes.text[0]]
    assert put == [8, 9, codes.text[0]]
    assert (draft.drawn, draft.log_probability) == (1, -1.5)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([1, 2, 3, 1, 2, 3, 1, 2, 3], True),
        ([9, 9, 1, 2, 1, 2, 1, 2], True),
        ([1, 2, 3, 1, 2, 3, 1, 2], False),
        ([4, 4, 4, 4, 4], False),
        ([4, 4, 4, 4, 4, 4], True),
        ([1, 2, 1, 3, 1, 4, 1, 5], False),
    ],
)
def test_repetition_is_the_same_stretch_three_times_over(words: list[int], said: bool) -> None:
    assert repeats(words, 4, 3) is said


def test_no_mark_of_the_tape_stands_among_words(planted: Trained) -> None:
    assert not [c.text for c in planted.forecast.continuations if "<" in c.text]
    assert np.isfinite([c.log_probability for c in planted.forecast.continuations]).all()


@pytest.mark.parametrize("together", [1, 5])
def test_how_many_are_drawn_side_by_side_changes_no_story(
    planted: Trained, narrative: TransformersNarrative, together: int
) -> None:
    windows = planted.tokens.split("forecast")
    orders = [Order(w, name, 1) for w in (4, 0, 2) for name in SCENARIOS]
    apart = TransformersNarrative(
        narrative.model,
        planted.tokens.codes,
        planted.tokens.tokenizer_json,
        ENGINE.model_copy(update={"batch_drafts": together}),
        weights=planted.model.weights,
    ).generate(windows, orders)
    for one, other in zip(apart, narrative.generate(windows, orders), strict=True):
        assert (one.text, one.tape, one.ending) == (other.text, other.tape, other.ending)


def test_a_kept_continuation_is_not_drawn_again(
    planted: Trained, narrative: TransformersNarrative, tmp_path: Path
) -> None:
    class Counting:
        fingerprint = narrative.fingerprint
        asked = 0

        def generate(
            self, windows: TokenWindows, orders: Sequence[Order], mixed: Blends = NOT_MIXED
        ) -> list[Continuation]:
            self.asked += len(orders)
            return narrative.generate(windows, orders, mixed)

    windows, model = planted.tokens.split("forecast"), Counting()
    now = planted.forecast.as_of
    cached = CachedNarrative(model, ENGINE, ResponseCache(tmp_path), lambda: now)
    first = cached.generate(windows, [Order(0, "base", 1), Order(1, "risk", 1)])
    again = cached.generate(windows, [Order(1, "risk", 1), Order(0, "base", 2)])
    assert model.asked == 3
    assert again[0] == first[1]
    cached.generate(windows, [Order(0, "base", 1)], blends(planted.forecast))
    assert model.asked == 4
    bolder = ENGINE.model_copy(update={"base_temperature": 0.9})
    CachedNarrative(model, bolder, ResponseCache(tmp_path), lambda: now).generate(
        windows, [Order(0, "base", 1)]
    )
    assert model.asked == 5


def test_a_model_that_learnt_the_risk_task_is_asked_it() -> None:
    taught = scenario("risk", ENGINE, ("next day", "risk scenario"))
    draft = Draft(CODES, [0, 2], taught, 7, max_words=9, repeat_span=4, repeat_times=3)
    while isinstance(draft.wish, Put):
        draft.put(draft.wish.token)
    drop = CODES.outcomes[0][0]
    assert draft.ids[:4] == [*CODES.task("risk scenario"), *CODES.story, *CODES.series[0], *drop]
    assert scenario("risk", ENGINE).task == "next day"
    assert scenario("base", ENGINE, ("next day", "risk scenario")).task == "next day"
