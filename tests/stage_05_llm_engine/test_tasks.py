"""Stories of weeks, events and sessions under way, told by a model that learnt such stories."""

from __future__ import annotations

from dataclasses import replace

import pytest

from config.profiles import profile_named
from foundation.contracts import Continuation, Horizon, TokenBatch
from foundation.contracts.token_batch import Task
from foundation.kernel import OperatorError
from foundation.language import read
from foundation.language.sections import fits
from foundation.storage.folders import FolderStore
from foundation.testing import samples
from foundation.testing.language_models import TapeLaw
from stage_03_story_assembly import IntradayUpdateStage, UpdateInput
from stage_04_tokenization import TokenizationSettings, TokenizationStage
from stage_05_llm_engine import EngineInput, LlmEngineStage, Phase, TrainingStage
from stage_05_llm_engine.narrative import Order
from tests.stage_03_story_assembly import material
from tests.stage_05_llm_engine.asking import CHANCES, asking
from tests.stage_05_llm_engine.conftest import ENGINE

HORIZON: dict[Task, Horizon] = {
    "weekly summary": Horizon.WEEKLY,
    "event-driven": Horizon.EVENT,
    "intraday update": Horizon.INTRADAY,
}


@pytest.fixture(scope="module")
def tokens() -> TokenBatch:
    """Windows of every task, from stories that stage 03 told of the sample market."""
    given = material.sample()
    day = material.book(given, Horizon.DAILY)
    so_far = samples.session_so_far(given.market)
    now = IntradayUpdateStage(material.SETTINGS).run(
        UpdateInput(given.market, given.fuzzy, given.quant, day, so_far)
    )
    # The sample's one update is told of every tenth session: what counts here is its words.
    silent = ("",) * len(day.symbols)
    updates = tuple(now.texts[0] if t % 10 == 5 else silent for t in range(len(day.sessions)))
    intraday = day.model_copy(update={"horizon": Horizon.INTRADAY, "texts": updates})
    more = [material.book(given, h) for h in (Horizon.WEEKLY, Horizon.EVENT)]
    cut = TokenizationSettings(
        context_sessions=2, history_sessions=3, validation_sessions=6, stride=3,
        vocabulary_size=1024, tasks=("next day", *HORIZON),
    )  # fmt: skip
    return TokenizationStage(cut).run(day, (*more, intraday))


@pytest.fixture(scope="module")
def told(
    tokens: TokenBatch, tmp_path_factory: pytest.TempPathFactory
) -> tuple[LlmEngineStage, EngineInput]:
    recipe = profile_named("test").training.model_copy(
        update={"phases": (Phase(steps=40, loss="every story"),)}
    )
    store = FolderStore(tmp_path_factory.mktemp("tasks"))
    model = TrainingStage(recipe, store).run(tokens)
    room = ENGINE.model_copy(update={"max_words": 250, "closing_words": 24})
    stories = material.book(material.sample(), Horizon.DAILY)
    return LlmEngineStage(room, store), EngineInput(tokens, model, stories)


@pytest.mark.parametrize("task", HORIZON)
def test_a_model_tells_what_it_was_asked_for_in_words_that_are_read_back(
    told: tuple[LlmEngineStage, EngineInput], task: Task
) -> None:
    engine, given = told
    stories = engine.tell(given, task)
    assert [s.symbol for s in stories] == [
        label.symbol for label in given.tokens.split("forecast").labels
    ]
    for story in stories:
        well_told(story, HORIZON[task])


def well_told(story: Continuation, horizon: Horizon) -> None:
    """Fail unless a story is one of a horizon, from its opening to its end."""
    assert (story.ending, story.tape, story.scenario) == ("complete", {}, "base")
    reading = read(story.text)
    assert reading.ungrounded == ()
    assert all(fits(said, horizon) for said in reading.statements)
    if horizon in (Horizon.WEEKLY, Horizon.INTRADAY):
        assert (reading.statements[0].kind, reading.statements[0].subject) == ("span", "price")
    assert len(reading.statements) >= 3


def test_what_was_never_learnt_is_not_told(told: tuple[LlmEngineStage, EngineInput]) -> None:
    engine, given = told
    untaught = replace(given, tokens=given.tokens.model_copy(update={"tasks": ("next day",)}))
    with pytest.raises(OperatorError, match=r"tokens\.tasks"):
        engine.tell(untaught, "weekly summary")


def test_a_days_task_is_no_other_horizon(told: tuple[LlmEngineStage, EngineInput]) -> None:
    with pytest.raises(OperatorError, match="base scenario"):
        told[0].tell(told[1], "risk scenario")


def test_a_served_model_is_asked_in_words(tokens: TokenBatch) -> None:
    windows = tokens.split("forecast")
    law = TapeLaw(CHANCES, words="The price rose over the week.")
    with asking(tokens, api="chat", law=law) as asked:
        story = asked.narrative.generate(windows, [Order(0, "base", 1, "weekly summary")])[0]
        said = asked.server.requests[0].json()["messages"][1]["content"]
    assert said.endswith("Sum up the five sessions just told as the story of the week.")
    assert (story.text, story.tape, story.ending) == (
        "The price rose over the week.",
        {},
        "complete",
    )
