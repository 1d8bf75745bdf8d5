"""A model server in trouble: waited for, asked again, or named; and what it must never do."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from foundation.contracts import TokenBatch
from foundation.kernel import DependencyError, OperatorError, UpstreamDataError, WorldError
from foundation.testing.language_models import (
    TRANSFORMERS,
    TapeLaw,
)
from foundation.testing.vendors import (
    Fault,
    Reply,
    cut_off,
    fault,
    half_closed,
    hung_up,
    not_json,
    rate_limited,
    server_error,
    silent,
    stalled,
)
from stage_04_tokenization import TokenizationSettings, TokenizationStage
from stage_05_llm_engine.narrative import Order
from tests.stage_05_llm_engine.asking import CHANCES, asking
from tests.stage_05_llm_engine.conftest import few_stories


@pytest.fixture(scope="module")
def tokens() -> TokenBatch:
    settings = TokenizationSettings(history_sessions=3, validation_sessions=4)
    return TokenizationStage(settings).run(few_stories())


def test_a_full_server_is_waited_for_as_long_as_it_asks(tokens: TokenBatch) -> None:
    with asking(tokens, rate_limited("7")) as asked:
        asked.narrative.generate(tokens.split("forecast"), [Order(0, "base", 1)])
        assert asked.time.waits == [7.0]


@pytest.mark.parametrize(
    "trouble",
    [server_error(503), silent(), stalled(), half_closed(), cut_off(0.7)],
    ids=["503", "silent", "stalled", "half closed", "cut off"],
)
def test_a_passing_trouble_is_tried_again(tokens: TokenBatch, trouble: Fault) -> None:
    with asking(tokens, trouble, read_timeout=0.3) as asked:
        story = asked.narrative.generate(tokens.split("forecast"), [Order(0, "base", 1)])[0]
        assert len(asked.paths) == 2
    assert story.ending == "complete"


def test_requests_that_fail_together_all_use_up_their_tries(tokens: TokenBatch) -> None:
    """A server that restarts hangs up on all that are under way, and again until it is back."""
    orders = [Order(row, "base", attempt) for row in range(2) for attempt in (1, 2, 3, 4)]
    with asking(tokens, replace(hung_up(), times=8), concurrency=8, attempts=9) as asked:
        told = asked.narrative.generate(tokens.split("forecast"), orders)
    assert {story.ending for story in told} == {"complete"}


@pytest.mark.parametrize("trouble", [server_error(503), silent()], ids=["503", "silent"])
def test_a_lasting_trouble_is_an_error_of_the_world(tokens: TokenBatch, trouble: Fault) -> None:
    with (
        asking(tokens, trouble.always(), read_timeout=0.1) as asked,
        pytest.raises(WorldError, match="model server at http"),
    ):
        asked.narrative.generate(tokens.split("forecast"), [Order(0, "base", 1)])


def answering(document: object) -> Fault:
    return fault(lambda request, reply: Reply(document)).always()


@pytest.mark.parametrize(
    ("trouble", "words"),
    [
        (not_json().always(), "is JSON"),
        (answering({"choices": [{"index": 0}]}), "choices.0.text"),
        (answering({"answer": 42}), "choices"),
        (answering({"choices": []}), "every prompt once"),
    ],
    ids=["page", "choice without text", "another protocol", "no choice"],
)
def test_a_malformed_answer_is_named(tokens: TokenBatch, trouble: Fault, words: str) -> None:
    with (
        asking(tokens, trouble, distributions="prompt logprobs") as asked,
        pytest.raises(UpstreamDataError, match=words),
    ):
        asked.narrative.next_states(tokens.split("forecast"))


def test_a_malformed_stream_is_named(tokens: TokenBatch) -> None:
    broken = fault(lambda request, reply: Reply("data: {nonsense\n\n"))
    with asking(tokens, broken) as asked, pytest.raises(UpstreamDataError, match="is JSON"):
        asked.narrative.generate(tokens.split("forecast"), [Order(0, "base", 1)])


def stream_of(*events: object) -> Fault:
    body = "".join(f"data: {json.dumps(event)}\n\n" for event in events) + "data: [DONE]\n\n"
    return fault(lambda request, reply: Reply(body, 200, {"Content-Type": "text/event-stream"}))


BEGUN = {"choices": [{"index": 0, "text": " rises;", "finish_reason": None}]}


@pytest.mark.parametrize(
    "error",
    [{"message": "out of memory", "type": "server_error", "code": 500}, "out of memory"],
    ids=["vLLM and llama.cpp", "transformers serve"],
)
def test_an_answer_given_up_is_asked_for_again(tokens: TokenBatch, error: object) -> None:
    with asking(tokens, stream_of(BEGUN, {"error": error})) as asked:
        story = asked.narrative.generate(tokens.split("forecast"), [Order(0, "base", 1)])[0]
        assert len(asked.paths) == 2
    assert story.ending == "complete"
    with (
        asking(tokens, stream_of(BEGUN, {"error": error}).always()) as asked,
        pytest.raises(WorldError, match="out of memory"),
    ):
        asked.narrative.generate(tokens.split("forecast"), [Order(0, "base", 1)])


def test_a_request_refused_within_a_stream_is_not_put_again(tokens: TokenBatch) -> None:
    """vLLM answers 200 to some chats and says in the stream that it cannot read them."""
    error = {"message": "Token id 200008 is out of vocabulary", "code": 400}
    with asking(tokens, stream_of({"error": error}).always(), api="chat") as asked:
        with pytest.raises(UpstreamDataError, match="out of vocabulary"):
            asked.narrative.generate(tokens.split("forecast"), [Order(0, "base", 1)])
        assert len(asked.paths) == 1


@pytest.mark.parametrize(
    "body",
    [
        {"error": {"message": "This model's maximum context length is 4096 tokens. However, your "
                   "prompt contains 72000 characters.", "code": 400}},
        {"error": {"message": "request (12002 tokens) exceeds the available context size (4096 "
                   "tokens), try increasing it", "type": "exceed_context_size_error"}},
    ],
    ids=["vLLM", "llama.cpp"],
)  # fmt: skip
def test_a_prompt_beyond_the_context_is_known_by_the_servers_own_words(
    tokens: TokenBatch, body: object
) -> None:
    refused = fault(lambda request, reply: Reply(body, 400)).always()
    with asking(tokens, refused) as asked, pytest.raises(OperatorError, match="longer context"):
        asked.narrative.generate(tokens.split("forecast"), [Order(0, "base", 1)])


def test_fields_that_a_strict_server_does_not_know_are_named(tokens: TokenBatch) -> None:
    with (
        asking(tokens, dialect=TRANSFORMERS) as asked,
        pytest.raises(UpstreamDataError, match=r"Unexpected fields(.|\n)*further_fields to \{\}"),
    ):
        asked.narrative.next_states(tokens.split("forecast"))


def test_an_unknown_model_and_a_long_prompt_say_what_to_do(tokens: TokenBatch) -> None:
    windows, order = tokens.split("forecast"), [Order(0, "base", 1)]
    with (
        asking(tokens, model="another") as asked,
        pytest.raises(DependencyError, match=r"set server\.model"),
    ):
        asked.narrative.generate(windows, order)
    with (
        asking(tokens, longest=50) as asked,
        pytest.raises(OperatorError, match="lower context_sessions"),
    ):
        asked.narrative.generate(windows, order)


def test_a_key_goes_along_where_one_is_asked_for_and_is_never_shown(tokens: TokenBatch) -> None:
    windows, order = tokens.split("forecast"), [Order(0, "base", 1)]
    with asking(tokens, key="s3cret", key_variable="MODEL_KEY") as asked:
        assert asked.narrative.generate(windows, order)[0].ending == "complete"
    with asking(tokens, key="other", key_variable="MODEL_KEY") as asked:
        with pytest.raises(DependencyError, match="key_variable") as caught:
            asked.narrative.generate(windows, order)
        assert "s3cret" not in str(caught.value)
    with (
        pytest.raises(DependencyError, match="NO_SUCH_KEY"),
        asking(tokens, key_variable="NO_SUCH_KEY"),
    ):
        pass


def test_a_model_that_answers_something_else_is_refused_not_guessed(tokens: TokenBatch) -> None:
    with (
        asking(tokens, law=TapeLaw({"price": CHANCES["price"]}), distributions="samples") as asked,
        pytest.raises(UpstreamDataError, match="answers every series"),
    ):
        asked.narrative.next_states(tokens.split("forecast"))
