"""A corpus to forecasts, as a shell user goes: build it, train once, forecast later days."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from foundation.contracts import StoryForecast, StoryModel, TokenBatch
from foundation.market import sessions_until
from foundation.storage import ArtefactStore
from stage_04_tokenization.corpus import read_manifest
from stage_10_integration.commands.application import run_application
from stage_10_integration.commands.opening import open_settings
from stage_10_integration.commands.options import Options
from stage_10_integration.sources import open_source
from stage_10_integration.wiring import FORECAST, TOKENS, TRAINING

TEST = ("--profile", "test")
FROM = ("--corpus", "corpus", *TEST)
Shell = Callable[..., Any]


def day(sessions_before: int) -> str:
    """Return a session of the simulated market, counted from its last."""
    last = open_source(open_settings(Options(profile="test"))).as_of
    return sessions_until(last, sessions_before + 1)[0].isoformat()


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A place with a corpus of three symbols as of ten sessions before the last, and no store."""
    place = tmp_path_factory.mktemp("corpus")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(place)
        asked = ("corpus", "corpus", *TEST, "--as-of", day(10))
        told = ("--set", "data.history_sessions=550", "--set", 'tokens.tasks=["next day", '
                '"weekly summary", "event-driven"]')  # fmt: skip
        with pytest.raises(SystemExit) as left:
            run_application([*asked, *told])
        assert not left.value.code
    shutil.rmtree(place / ".story")
    return place


@pytest.fixture
def shell(
    built: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Shell:
    """Run a command where the corpus lies; return what it printed for machines."""
    monkeypatch.chdir(built)

    def run(*words: str, code: int = 0) -> Any:
        capsys.readouterr()
        with pytest.raises(SystemExit) as left:
            run_application([*words, "--json"])
        said = capsys.readouterr()
        assert (left.value.code or 0) == code, said.err
        return json.loads(said.out)

    return run


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

    ran = shell("run", "--to", "6", "--symbols", "SIM00,SIM02", *FROM)
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


def test_the_model_tells_what_the_corpus_taught_it_to_tell(shell: Shell) -> None:
    for task in ("weekly summary", "event-driven"):
        told = shell("stage", "5", "--task", task, *FROM)
        assert told["task"] == task
        assert len(told["stories"]) == 3
        assert all(story["tape"] == {} and story["text"] for story in told["stories"])
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
