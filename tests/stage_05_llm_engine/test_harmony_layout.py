"""Conversations as gpt-oss knows them: the same exactness where an answer takes several tokens.

Oracle everywhere: plain passes of transformers' own network over the whole text.
"""

from __future__ import annotations

import numpy as np
import pytest
import torch
from transformers import GptOssConfig, GptOssForCausalLM

from foundation.contracts import TAPE, TokenBatch
from foundation.testing.planted_stories import planted_stories
from stage_04_tokenization import TokenizationSettings, TokenizationStage, harmony
from stage_05_llm_engine.adapters.in_process.engine import TransformersNarrative
from stage_05_llm_engine.adapters.in_process.generation import draw
from stage_05_llm_engine.drawing import Draft
from stage_05_llm_engine.narrative import Order
from stage_05_llm_engine.scenarios import Scenario
from tests.stage_04_tokenization.test_harmony import save
from tests.stage_05_llm_engine.conftest import ENGINE
from tests.stage_05_llm_engine.test_lora import _spelled

MOMENTUM = TAPE.index("momentum")


@pytest.fixture(scope="module")
def tokens(tmp_path_factory: pytest.TempPathFactory) -> TokenBatch:
    folder = save(tmp_path_factory.mktemp("harmony"), ["<|endoftext|>", *harmony.SPECIAL])
    settings = TokenizationSettings(
        context_sessions=1, history_sessions=2, validation_sessions=4, max_tokens=4000,
        base_tokenizer=str(folder), layout="harmony",
    )  # fmt: skip
    return TokenizationStage(settings).run(planted_stories("planted", sessions=20, symbols=2).book)


@pytest.fixture(scope="module")
def narrative(tokens: TokenBatch) -> TransformersNarrative:
    config = GptOssConfig(
        vocab_size=tokens.vocabulary_size, hidden_size=16, num_hidden_layers=2,
        num_attention_heads=2, num_key_value_heads=1, head_dim=8, intermediate_size=16,
        num_local_experts=2, num_experts_per_tok=1, sliding_window=128, initializer_range=0.2,
        pad_token_id=0,
    )  # fmt: skip
    with torch.random.fork_rng():
        torch.manual_seed(4)
        network = GptOssForCausalLM(config).eval()
    exact = ENGINE.model_copy(update={"scoring_precision": "float32", "max_words": 3})
    return TransformersNarrative(
        network, tokens.codes, tokens.tokenizer_json, exact, weights="random"
    )


def context(tokens: TokenBatch) -> list[int]:
    windows = tokens.split("forecast")
    return windows.ids[0, : windows.attention_mask[0].sum()].tolist()


def test_distributions_are_those_of_the_answer_in_the_final_channel(
    tokens: TokenBatch, narrative: TransformersNarrative
) -> None:
    codes = tokens.codes
    assert len(codes.outcomes[MOMENTUM][4]) > 1
    asked = [
        *context(tokens), *codes.task("next day"), *codes.story, *codes.series[MOMENTUM],
    ]  # fmt: skip
    scores = np.array(_spelled(narrative.model, asked, codes, MOMENTUM))
    expected = np.exp(scores - scores.max())
    found = narrative.next_states(tokens.split("forecast")).values[0, MOMENTUM]
    np.testing.assert_allclose(found, expected / expected.sum(), atol=1e-5)
    assert np.ptp(found) > 0.01


def test_answers_are_drawn_as_often_as_the_distribution_says(
    tokens: TokenBatch, narrative: TransformersNarrative
) -> None:
    count, plain = 80, Scenario("base", 1.0, 1.0, {})
    drafts = [
        Draft(tokens.codes, [MOMENTUM], plain, seed, max_words=1, repeat_span=4, repeat_times=3)
        for seed in range(count)
    ]
    with torch.no_grad():
        draw(narrative.model, tokens.codes, [context(tokens)], [(0, d) for d in drafts])
    told = np.bincount([d.outcomes[MOMENTUM] for d in drafts], minlength=5) / count
    expected = narrative.next_states(tokens.split("forecast")).values[0, MOMENTUM]
    error = np.sqrt(expected * (1 - expected) / count)
    assert (np.abs(told - expected) < 4 * error + 1 / count).all()
    turn = tokens.codes.task("next day")
    assert all(tuple(d.ids[: len(turn)]) == turn for d in drafts)


def test_a_story_scores_what_the_stock_network_says_of_it(
    tokens: TokenBatch, narrative: TransformersNarrative
) -> None:
    windows = tokens.split("validation")
    ids = windows.ids[0, : windows.attention_mask[0].sum()].tolist()
    with torch.no_grad():
        said = narrative.model(input_ids=torch.tensor([ids])).logits[0].double().log_softmax(-1)
    counted = np.nonzero(windows.loss_mask[0])[0].tolist()
    expected = sum(float(said[place - 1, ids[place]]) for place in counted)
    assert narrative.score(windows)[0] == pytest.approx(expected, abs=1e-3)


def test_base_and_alternatives_tell_three_stories_here_too(
    tokens: TokenBatch, narrative: TransformersNarrative
) -> None:
    names = ("base", "alternative 1", "alternative 2", "risk")
    told = narrative.generate(tokens.split("forecast"), [Order(0, name, 1) for name in names])
    assert len({c.tape["price"] for c in told[:3]}) == 3
    assert told[3].tape["price"] == "drops sharply"
    assert not [c.text for c in told if harmony.START in c.text]
