"""Any OpenAI-compatible server as story model: what it says is read right, and its faults named.

Oracle: the server's law, whose every probability was written down here.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pytest
from tokenizers import Tokenizer

from foundation.connect import ResponseCache
from foundation.contracts import SCENARIOS, TAPE, StoryForecast, TokenBatch, tape_outcomes
from foundation.kernel import OperatorError, UpstreamDataError
from foundation.storage.folders import FolderStore
from foundation.testing.language_models import (
    LLAMA_CPP,
    TRANSFORMERS,
    VLLM,
    Dialect,
    TapeLaw,
    tokens_of,
)
from foundation.testing.language_models.openai import IMPOSSIBLE
from stage_04_tokenization import TokenizationSettings, TokenizationStage
from stage_05_llm_engine import (
    EngineInput,
    EngineSettings,
    LlmEngineStage,
    ServedModelStage,
)
from stage_05_llm_engine.narrative import Order
from stage_05_llm_engine.tape import last_story, read_tape, words_of
from tests.stage_05_llm_engine.asking import CHANCES, PROTOCOL, TRUTH, Asked, asking
from tests.stage_05_llm_engine.conftest import few_stories


@pytest.fixture(scope="module")
def tokens() -> TokenBatch:
    settings = TokenizationSettings(history_sessions=3, validation_sessions=4)
    return TokenizationStage(settings).run(few_stories())


@pytest.mark.parametrize(
    ("dialect", "method"),
    [
        (PROTOCOL, "prompt logprobs"),
        (Dialect(echo="refused"), "top logprobs"),
        (VLLM, "prompt logprobs"),
        (LLAMA_CPP, "top logprobs"),
    ],
    ids=["the protocol", "no echo", "vLLM", "llama.cpp"],
)
def test_distributions_from_log_probabilities_are_the_laws_own(
    tokens: TokenBatch, dialect: Dialect, method: str
) -> None:
    """All wordings are added up: the law says a quarter of its answers by a synonym."""
    windows = tokens.split("forecast")
    with asking(tokens, dialect=dialect) as asked:
        found = asked.narrative.next_states(windows)
    assert (found.reading.method, found.reading.samples) == (method, 0)
    assert found.reading.error == pytest.approx(0.0, abs=1e-9)
    np.testing.assert_allclose(found.values[0], TRUTH, atol=1e-6)
    silent_series = TAPE.index("volume")  # The last symbol reports no volume.
    assert np.isnan(found.values[-1, silent_series]).all()
    np.testing.assert_allclose(np.delete(found.values[-1] - TRUTH, silent_series, 0), 0, atol=1e-6)


def test_what_a_server_leaves_untold_is_stated_and_bounds_the_error(tokens: TokenBatch) -> None:
    law = TapeLaw(CHANCES)
    with asking(
        tokens, law=law, dialect=Dialect(echo="refused", likeliest=3), synonyms=False
    ) as asked:
        found = asked.narrative.next_states(tokens.split("forecast"))
    off = np.abs(found.values[0] - TRUTH).max()
    assert 0.01 < off <= found.reading.error < 0.5
    np.testing.assert_allclose(found.values[0].sum(axis=-1), 1.0)


@pytest.mark.parametrize(
    ("dialect", "fields"),
    [(Dialect(echo="refused", logprobs="none"), {"top_k": 0, "min_p": 0}), (TRANSFORMERS, {})],
    ids=["none told", "transformers serve"],
)
def test_without_log_probabilities_tapes_are_drawn_and_counted(
    tokens: TokenBatch, dialect: Dialect, fields: dict[str, float]
) -> None:
    windows = tokens.split("forecast")
    with asking(tokens, dialect=dialect, samples=100, further_fields=fields) as asked:
        found = asked.narrative.next_states(windows)
        again = asked.narrative.next_states(windows)
    assert (found.reading.method, found.reading.samples) == ("samples", 100)
    assert 0.035 < found.reading.error < 0.051  # sqrt(0.25 / 100) = 0.05 at most
    deviation = np.abs(found.values[0] - TRUTH) / np.sqrt(TRUTH * (1 - TRUTH) / 100)
    assert deviation.max() < 4
    np.testing.assert_array_equal(found.values, again.values)


def test_unlikely_outcomes_are_drawn_where_a_server_would_leave_them_out(
    tokens: TokenBatch,
) -> None:
    """Drops and rises, sharp or not, are 4% likely: less than a twentieth of the other's 92%."""
    rare = TapeLaw(CHANCES | {"price": (0.02, 0.02, 0.92, 0.02, 0.02)})
    seen = {}
    for name, fields in (("as served", {}), ("as we ask", {"top_k": 0, "min_p": 0})):
        with asking(
            tokens, law=rare, dialect=LLAMA_CPP, distributions="samples", further_fields=fields
        ) as asked:
            chances = asked.narrative.next_states(tokens.split("forecast")).values[0, 0]
            seen[name] = round(64 - (chances[2] * 66.5 - 0.5))  # Jeffreys' half-observations.
    assert seen["as served"] == 0
    assert 1 <= seen["as we ask"] <= 15  # 5.1 of 64 on average


def test_a_server_that_always_says_the_same_is_refused(tokens: TokenBatch) -> None:
    with (
        asking(tokens, dialect=Dialect(draws=False), distributions="samples") as asked,
        pytest.raises(UpstreamDataError, match="draws anew for every seed"),
    ):
        asked.narrative.next_states(tokens.split("forecast"))


def test_a_model_that_is_sure_is_not_taken_for_one_that_does_not_draw(tokens: TokenBatch) -> None:
    sure = TapeLaw(dict.fromkeys(TAPE, (0.0005, 0.0005, 0.998, 0.0005, 0.0005)))
    with asking(tokens, law=sure, distributions="samples", samples=8) as asked:
        found = asked.narrative.next_states(tokens.split("forecast"))
    assert found.values[0, 0].argmax() == 2


def test_a_chat_model_is_told_the_form_and_counted(tokens: TokenBatch) -> None:
    with asking(tokens, api="chat", samples=60) as asked:
        found = asked.narrative.next_states(tokens.split("forecast"))
        story = asked.narrative.generate(tokens.split("forecast"), [Order(0, "base", 1)])[0]
        said = asked.server.requests[0].json()["messages"]
    assert found.reading.method == "samples"
    assert np.abs(found.values[0] - TRUTH).max() < 0.3
    assert [message["role"] for message in said] == ["system", "user"]
    assert "price: drops sharply, drops, holds steady" in said[0]["content"]
    assert said[1]["content"].endswith("Tell the story of the next session.")
    assert (story.text, story.ending) == ("The price rose today.", "complete")


def test_windows_are_sent_token_by_token_where_that_is_asked_for(base_tokens: TokenBatch) -> None:
    """A base model's windows begin every prompt as they stand; what is asked follows."""
    windows, text = base_tokens.split("forecast"), Tokenizer.from_str(base_tokens.tokenizer_json)

    def decode(ids: list[int]) -> str:
        return str(text.decode(ids, skip_special_tokens=False))

    law = TapeLaw(CHANCES)
    with asking(base_tokens, law=law, decode=decode, prompts="tokens", synonyms=False) as asked:
        found = asked.narrative.next_states(windows)
        story = asked.narrative.generate(windows, [Order(0, "base", 1)])[0]
        sent = [request.json()["prompt"] for request in asked.server.requests]
    np.testing.assert_allclose(found.values[0], TRUTH, atol=1e-6)
    assert story.ending == "complete"
    starts = {
        tuple(windows.ids[row, windows.story_index[row] >= 0].tolist())
        for row in range(len(windows.ids))
    }
    several = [given if isinstance(given[0], list) else [given] for given in sent]
    prompts = [tuple(one) for given in several for one in given]
    assert all(any(prompt[: len(start)] == start for start in starts) for prompt in prompts)
    assert decode(list(prompts[0])).endswith("Session: price: drops sharply;")


def test_text_is_refused_where_a_server_would_split_it_otherwise(base_tokens: TokenBatch) -> None:
    """The window is spelled byte by byte here, which no tokeniser would do again."""
    windows, text = base_tokens.split("forecast"), Tokenizer.from_str(base_tokens.tokenizer_json)
    said = str(text.decode(windows.ids[0, windows.story_index[0] >= 0].tolist()))
    alphabet = {byte: text.token_to_id(letter) for byte, letter in bytes_to_letters().items()}
    ids = np.array([[alphabet[byte] for byte in said.encode()]], dtype=np.int32)
    spelled = windows.model_copy(
        update={
            "ids": ids,
            "attention_mask": np.ones_like(ids),
            "loss_mask": np.zeros_like(ids),
            "story_index": np.zeros_like(ids),
            "labels": windows.labels[:1],
        }
    )
    with asking(base_tokens) as asked, pytest.raises(OperatorError, match="prompts to tokens"):
        asked.narrative.generate(spelled, [Order(0, "base", 1)])


def bytes_to_letters() -> dict[int, str]:
    """Return how byte-level vocabularies write a byte: itself where it prints, else from 256 on."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in plain]
    return {b: chr(b) for b in plain} | {b: chr(256 + n) for n, b in enumerate(others)}


def test_log_probabilities_of_a_chat_are_refused(tokens: TokenBatch) -> None:
    with (
        asking(tokens, api="chat", distributions="prompt logprobs") as asked,
        pytest.raises(OperatorError, match="completions"),
    ):
        asked.narrative.next_states(tokens.split("forecast"))


def test_stories_are_drawn_seeded_and_whatever_stands_beside_them(tokens: TokenBatch) -> None:
    windows = tokens.split("forecast")
    orders = [Order(row, name, 1) for row in range(2) for name in SCENARIOS]
    with asking(tokens) as asked:
        together = asked.narrative.generate(windows, orders)
        alone = [asked.narrative.generate(windows, [order])[0] for order in reversed(orders)]
        seeds = {continuation.seed for continuation in together}
    assert together == alone[::-1]
    assert len(seeds) == len(orders)
    assert {c.ending for c in together} == {"complete"}
    assert {c.text for c in together} == {"The price rose today."}
    risky = [c for c in together if c.scenario == "risk"]
    assert {c.tape["price"] for c in risky} == {"drops sharply"}
    assert all("volume" not in c.tape for c in together if c.symbol == windows.labels[1].symbol)


@pytest.mark.parametrize("dialect", [PROTOCOL, VLLM, LLAMA_CPP], ids=["plain", "vLLM", "llama"])
def test_the_log_probability_is_that_of_the_drawn_answers(
    tokens: TokenBatch, dialect: Dialect
) -> None:
    """Oracle: the law's table; words and marks are certain under it."""
    law = TapeLaw(CHANCES)
    with asking(tokens, law=law, dialect=dialect) as asked:
        story = asked.narrative.generate(tokens.split("forecast"), [Order(0, "alternative 2", 1)])[
            0
        ]
    expected = sum(
        np.log(CHANCES[series][tape_outcomes(series).index(outcome)])
        for series, outcome in story.tape.items()
    )
    assert story.log_probability == pytest.approx(expected, abs=1e-9)
    assert story.ending == "complete"


def test_tokens_are_counted_where_a_server_sends_several_at_once(tokens: TokenBatch) -> None:
    """The question of the price is put; what is told behind it comes two tokens at a time."""
    with asking(tokens, law=TapeLaw(CHANCES), dialect=VLLM) as asked:
        story = asked.narrative.generate(tokens.split("forecast"), [Order(0, "base", 1)])[0]
    tape = "".join(f" {series}: {outcome};" for series, outcome in story.tape.items())
    whole = tokens_of(f"{tape} Story: {story.text}")
    assert story.tokens == len(whole) - len(tokens_of(" price:")) + 1  # and the end


def test_a_server_that_tells_no_log_probabilities_leaves_them_unknown(tokens: TokenBatch) -> None:
    with asking(tokens, dialect=Dialect(logprobs="none")) as asked:
        story = asked.narrative.generate(tokens.split("forecast"), [Order(0, "base", 1)])[0]
    assert np.isnan(story.log_probability)


@pytest.mark.parametrize(
    ("words", "changes", "ending"),
    [
        ("The price rose today.", {}, "complete"),
        ("", {}, "empty"),
        ("Purple monkey dishwasher.", {}, "unparseable"),
        ("up and up and " * 20, {}, "repeating"),
        (
            " ".join(f"word{chr(97 + n % 26)}{chr(97 + n // 26)}" for n in range(400)),
            {},
            "truncated",
        ),
    ],
)
def test_endings_are_named(
    tokens: TokenBatch, words: str, changes: dict[str, object], ending: str
) -> None:
    with asking(tokens, law=TapeLaw(CHANCES, words=words), **changes) as asked:
        story = asked.narrative.generate(tokens.split("forecast"), [Order(0, "base", 1)])[0]
    assert story.ending == ending


def test_a_target_story_is_scored_by_its_answers_and_words(tokens: TokenBatch) -> None:
    """Oracle: the law's table for the answers, whatever was asked in whichever order.

    The law tells other words than these stories do: each is worth ``IMPOSSIBLE``, and counts.
    """
    windows = tokens.split("validation")
    with asking(tokens, law=TapeLaw(CHANCES)) as asked:
        scores = asked.narrative.score(windows)
    text = Tokenizer.from_str(tokens.tokenizer_json)
    for row, score in enumerate(scores):
        story = last_story(windows, row)
        answered = read_tape(tokens.codes, story)
        expected = sum(np.log(CHANCES[TAPE[series]][code]) for series, code in answered.items())
        other = round(score / IMPOSSIBLE)
        words = text.decode(words_of(tokens.codes, story), skip_special_tokens=False)
        assert 1 <= other <= len(tokens_of(f" {words.strip()}\n"))
        assert score - other * IMPOSSIBLE == pytest.approx(expected, abs=1e-4)


def forecast(
    asked: Asked, tokens: TokenBatch, root: Path, responses: ResponseCache | None = None
) -> StoryForecast:
    assert asked.settings.server is not None
    model = ServedModelStage(asked.settings.server).run(tokens)
    stage = LlmEngineStage(asked.settings, FolderStore(root), asked.connection, responses)
    return stage.run(EngineInput(tokens, model, few_stories()))


def test_a_whole_forecast_by_a_server(tokens: TokenBatch, tmp_path: Path) -> None:
    with asking(tokens, law=TapeLaw(CHANCES), synonyms=False) as asked:
        made = forecast(asked, tokens, tmp_path)
    assert made.reading.method == "prompt logprobs"
    assert made.trained_until == date(2000, 1, 1)
    assert [c.scenario for c in made.continuations[:4]] == list(SCENARIOS)
    said = made.model_distributions.values[:, 0]
    np.testing.assert_allclose(said, TRUTH[None].repeat(4, 0), atol=1e-6)


def test_sessions_that_the_model_may_know_are_not_asked_about(
    tokens: TokenBatch, tmp_path: Path
) -> None:
    known = tokens.split("history").labels[1].target
    with asking(tokens, known_until=known, law=TapeLaw(CHANCES), synonyms=False) as asked:
        made = forecast(asked, tokens, tmp_path)
    told = ~np.isnan(made.distributions.values[:, 0]).all(axis=(1, 2))
    assert told.tolist() == [False, False, True, True]


def test_an_answer_that_was_kept_is_not_asked_for_again(tokens: TokenBatch, tmp_path: Path) -> None:
    kept = ResponseCache(tmp_path / "responses")
    with asking(tokens, distributions="samples", samples=8) as asked:
        first = forecast(asked, tokens, tmp_path, kept)
        count = len(asked.server.requests)
        assert forecast(asked, tokens, tmp_path, kept) == first
        assert len(asked.server.requests) == count > 0
    with asking(tokens, distributions="samples", samples=9) as other:
        forecast(other, tokens, tmp_path, kept)
        assert len(other.server.requests) > 0


def test_a_server_must_be_named_where_one_answers() -> None:
    with pytest.raises(ValueError, match="base_url"):
        EngineSettings(engine="openai")
