"""A corpus to forecasts, as a shell user goes: build it, train once, forecast later days."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from foundation.contracts import Continuation, Horizon, StoryForecast, StoryModel, TokenBatch
from foundation.storage import ArtefactStore
from stage_04_tokenization.corpus import read_manifest
from stage_10_integration.commands.opening import open_settings
from stage_10_integration.commands.options import Options
from stage_10_integration.wiring import FORECAST, TOKENS, TRAINING
from stage_10_integration.workplace import Workplace
from tests.stage_05_llm_engine.test_tasks import well_told
from tests.stage_10_integration.conftest import WHOLE, Shell, day

FROM = ("--corpus", "corpus", "--profile", "test")


def made(place: Path, document: Any, step: str, kind: type[Any]) -> Any:
    """Return the artefact of a step that a command told of."""
    (content,) = (s["content_hash"] for s in document["steps"] if s["step"] == step)
    return ArtefactStore(place / ".story").get(content, kind)


def test_a_model_is_trained_once_and_forecasts_later_days_of_other_universes(
    built: Path, shell: Shell
) -> None:
    manifest = read_manifest(built / "corpus")
    trained = shell("train", "llm", *FROM)
    # Nothing but the corpus was needed: no market data, no stories.
    assert [step["step"] for step in trained["steps"]] == [TRAINING]
    model = StoryModel.model_validate(trained["model"])
    assert model.trained_until == manifest.until["train"]
    card = built / ".story" / "folders" / model.weights / "training.json"
    assert json.loads(card.read_text())["data_hash"] == manifest.corpus_hash

    ran = shell("run", "--to", "5", "--symbols", "SIM00,SIM02", *FROM)
    states = {step["step"]: step["state"] for step in ran["steps"]}
    assert states[TRAINING] == "reused"
    forecast = made(built, ran, FORECAST, StoryForecast)
    tokens = made(built, ran, TOKENS, TokenBatch)
    assert forecast.as_of > model.as_of == manifest.as_of
    assert forecast.model == model.weights
    assert forecast.distributions.symbols == ("SIM00", "SIM02")
    assert tokens.tokenizer_hash == manifest.tokenizer_hash == model.tokenizer_hash
    scored = tokens.split("history").labels
    assert min(label.context_until for label in scored) > manifest.until["validation"]


def test_every_step_that_uses_the_model_may_use_one_of_an_earlier_day(built: Path) -> None:
    options = Options(profile="test", corpus=built / "corpus", store=built / "unused")
    using = [
        step for step in Workplace(open_settings(options)).plan if TRAINING in step.needs.values()
    ]
    assert {step.number for step in using} == {5, 6}
    for step in using:
        assert [step.needs[name] for name in step.earlier] == [TRAINING]
    own = Workplace(open_settings(Options(profile="test", store=built / "unused"))).plan
    assert not any(step.earlier for step in own)


def test_the_model_tells_what_the_corpus_taught_it_to_tell(shell: Shell) -> None:
    told = shell("stage", "5", "--task", "event-driven", *FROM, *WHOLE)
    assert len(told["stories"]) == 3
    for story in told["stories"]:
        well_told(Continuation.model_validate(story), Horizon.EVENT)
    refused = shell("stage", "5", "--task", "intraday update", *FROM, code=2)
    assert "tokens.tasks" in refused["error"]["remedy"]


def test_days_that_the_corpus_teaches_are_not_forecast(shell: Shell) -> None:
    asked = ("--as-of", day(15), "--set", "data.history_sessions=545")
    error = shell("run", "--to", "5", *FROM, *asked, code=2)["error"]
    assert "after those that it learnt from" in error["rule"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("train", "llm", "--corpus", "nowhere"), "story corpus"),
        (("run", *FROM, "--set", "tokens.context_sessions=3"), "tokens.context_sessions"),
        (("corpus", "other", *FROM), "leave --corpus"),
    ],
)
def test_what_cannot_be_is_told(shell: Shell, words: tuple[str, ...], said: str) -> None:
    code = 4 if "nowhere" in words else 2
    error = shell(*words, code=code)["error"]
    assert said in f"{error['value']} {error['remedy']}"
