"""``story train market-model|twins|ranker`` and ``story twins``, on a small simulated market."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from foundation.kernel import ArtefactError
from foundation.market_model import answers as answering
from foundation.market_model.answers import answers
from stage_10_integration.commands.application import run_application
from stage_10_integration.model_shelf import LATEST, ModelShelf

Story = Callable[..., Any]
SMALL = ("--profile", "test")
SIMULATED = ("simulation.symbols=3", "simulation.sessions=660", "data.history_sessions=660")
MODELLED = (
    "--profile", "demo", "--source", "simulated", *(w for s in SIMULATED for w in ("--set", s))
)  # fmt: skip
"""The demo's models on the simulated market of the tests."""


def left_with(words: list[str]) -> int:
    with pytest.raises(SystemExit) as left:
        run_application(words)
    return int(left.value.code or 0)


@pytest.fixture(scope="module")
def shelved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with a market model of ninety sessions before the end, trained by two processes."""
    store = tmp_path_factory.mktemp("shelved") / "store"
    words = ("train", "market-model", "--epochs", "1", "--as-of", sessions_before(90))
    shared = ("--processes", "2", "--set", "foundation.market_model.passes_per_step=2")
    assert left_with([*words, *shared, *MODELLED, "--store", str(store)]) == 0
    return store


@pytest.fixture
def story(shelved: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Story:
    """Run a command with --json on a copy of that store and return what it printed."""
    shutil.copytree(shelved, tmp_path / "store")

    def run(*words: str, of: tuple[str, ...] = MODELLED) -> Any:
        code = left_with([*words, *of, "--store", str(tmp_path / "store"), "--json"])
        captured = capsys.readouterr()
        assert code == 0, captured.err
        return json.loads(captured.out)

    return run


def sessions_before(count: int) -> str:
    """Return the as-of date that many sessions before the simulated market's last one."""
    from foundation.market import sessions_until
    from stage_10_integration.commands.opening import open_settings
    from stage_10_integration.commands.options import Options
    from stage_10_integration.sources import open_source

    last = open_source(open_settings(Options(source="simulated", settings=SIMULATED))).as_of
    return sessions_until(last, count + 1)[0].isoformat()


def test_twins_are_trained_on_the_market_model_judged_by_later_sessions_and_shown(
    story: Story, tmp_path: Path
) -> None:
    model, since = ModelShelf(tmp_path / "store" / "models").market_model()
    assert len(model.history) == 1
    assert model.trained_until < since == date.fromisoformat(sessions_before(90))

    trained = story("train", "twins", "--every", "80")
    assert len(trained) == 3
    for one in trained:
        (version,), (made_known,) = one["versions"], one["appointments"]
        assert version["market_model"] == model.content_hash()
        assert made_known["standing"]["sessions"] >= 63
        answers = made_known["version"] is not None
        assert answers == (made_known["standing"]["low"] > 0)

    assert story("twins", "list") == trained
    symbol = trained[0]["symbol"]
    shown = story("twins", "show", symbol)
    assert shown["twin"] == trained[0]
    assert sum(shown["regime"].values()) == pytest.approx(1)
    assert shown["state"]["answers"] == (trained[0]["appointments"][-1]["version"] is not None)
    assert [held["name"] for held in shown["calibration"]] == ["shared heads", "twins"]


def test_a_second_weekly_training_asks_the_market_model_nothing(
    story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []

    def counted(model: Any, data: Any, rows: range) -> Any:
        asked.append(len(rows))
        return answers(model, data, rows)

    monkeypatch.setattr(answering, "answers", counted)
    week = ("train", "twins", "--every", "80")
    first = story(*week)
    assert sum(asked) == 90  # the sessions before were kept when the model was trained
    asked.clear()
    second = story(*week)
    assert asked == []
    assert [one["versions"] for one in second] == [one["versions"] for one in first]
    again = story(*week, "--embed-again")
    assert sum(asked) > 90
    assert [one["versions"] for one in again] == [one["versions"] for one in first]


def test_twins_without_a_market_model_are_refused_with_the_remedy(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = left_with(["train", "twins", *SMALL, "--store", str(tmp_path)])
    assert code == 2
    assert "story train market-model" in " ".join(capsys.readouterr().err.split())


def test_a_stock_without_a_twin_is_an_error_with_the_remedy(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert left_with(["twins", "show", "NOPE", "--store", str(tmp_path)]) == 2
    assert "story twins list" in " ".join(capsys.readouterr().err.split())


def test_the_ranker_says_what_its_ranks_were_worth(story: Story) -> None:
    made = story("train", "ranker", "--set", "simulation.symbols=12", of=SMALL)
    assert made["refits"]
    assert set(made["rank_information"]) == {"mean", "newey_west_t", "sessions"}
    assert len(made["ranks"]) == 12


@pytest.mark.parametrize("content", ["", "[]", '{"model": "abc"}'])
def test_a_damaged_pointer_to_the_market_model_is_refused_by_name(
    tmp_path: Path, content: str
) -> None:
    folder = tmp_path / "market-model"
    folder.mkdir()
    (folder / LATEST).write_text(content)
    with pytest.raises(ArtefactError, match="pointer names a market model"):
        ModelShelf(tmp_path).market_model()
