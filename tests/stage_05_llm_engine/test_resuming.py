"""A run that is stopped anywhere goes on as if it had not been, and loses nothing on the way."""

from __future__ import annotations

import errno
import io
from pathlib import Path

import numpy as np
import pytest
import torch

from foundation.contracts import StoryModel, TokenBatch
from foundation.kernel import ArtefactError, DependencyError, WorldError
from foundation.storage import atomic
from foundation.storage.folders import FolderStore
from foundation.testing.planted_stories import planted_stories
from stage_04_tokenization import TokenizationSettings, TokenizationStage
from stage_05_llm_engine import (
    FileTracker,
    FolderKeeper,
    Phase,
    Report,
    TrainingRecipe,
    TrainingStage,
    Watch,
)
from stage_05_llm_engine.learning import training
from stage_05_llm_engine.weights import checkpoint
from tests.stage_05_llm_engine.test_training import SHORT

RECIPE: TrainingRecipe = SHORT.model_copy(
    update={
        "phases": (Phase(steps=7, loss="every story"), Phase(steps=5, loss="target")),
        "evaluations": 6,
        "average_last": 0.4,
        "batch_windows": 2,
        "evaluation_windows": 4,
    }
)


class Killed(BaseException):
    """A kill in the middle of a run."""


@pytest.fixture(scope="module")
def tokens() -> TokenBatch:
    settings = TokenizationSettings(history_sessions=10, validation_sessions=10)
    return TokenizationStage(settings).run(planted_stories("planted", sessions=60, symbols=2).book)


@pytest.fixture(scope="module")
def whole(tokens: TokenBatch, tmp_path_factory: pytest.TempPathFactory) -> StoryModel:
    return TrainingStage(RECIPE, FolderStore(tmp_path_factory.mktemp("whole"))).run(tokens)


def killed_after(steps: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the process die once so many optimiser steps have been taken."""
    true, taken = training._learn_from, 0

    def learn_from(*given: object) -> float:
        nonlocal taken
        if taken == steps:
            raise Killed
        taken += 1
        return true(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(training, "_learn_from", learn_from)


def killed(stage: TrainingStage, tokens: TokenBatch, steps: int) -> None:
    """Run a stage and let it die after so many steps."""
    with pytest.MonkeyPatch.context() as patch:
        killed_after(steps, patch)
        with pytest.raises(Killed):
            stage.run(tokens)


@pytest.mark.parametrize("steps", [1, 5, 8, 11])
def test_a_killed_run_goes_on_to_the_same_curve_and_weights(
    tokens: TokenBatch, whole: StoryModel, tmp_path: Path, steps: int
) -> None:
    keeper = FolderKeeper(tmp_path / "standing")
    stage = TrainingStage(RECIPE, FolderStore(tmp_path / "store"), Watch(keeper=keeper))
    killed(stage, tokens, steps)
    assert len(list(keeper.folder.glob("*.training"))) == (steps >= 2)
    seen: list[int] = []
    with pytest.MonkeyPatch.context() as patch:
        true = training._learn_from
        patch.setattr(
            training,
            "_learn_from",
            lambda *g: seen.append(g[-1]) or true(*g),  # type: ignore[func-returns-value]
        )
        made = stage.run(tokens)
    assert made.learning_curve == whole.learning_curve
    assert made.weights == whole.weights
    assert seen == list(range(steps // 2 * 2, 12))
    assert not list(keeper.folder.glob("*.training"))


def test_a_full_disk_leaves_the_last_good_standing(
    tokens: TokenBatch, whole: StoryModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keeper = FolderKeeper(tmp_path / "standing")
    stage = TrainingStage(RECIPE, FolderStore(tmp_path / "store"), Watch(keeper=keeper))
    true, written = atomic.os.fsync, 0

    def fsync(descriptor: int) -> None:
        nonlocal written
        written += 1
        if written == 5:  # Two files and their folder are on disk; this is the third file.
            raise OSError(errno.ENOSPC, "No space left on device")
        true(descriptor)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(atomic.os, "fsync", fsync)
        with pytest.raises(WorldError, match="No space left"):
            stage.run(tokens)
    kept = list(keeper.folder.iterdir())
    assert [path.suffix for path in kept] == [".training"]
    seen: list[Report] = []
    made = TrainingStage(
        RECIPE, FolderStore(tmp_path / "store"), Watch(keeper=keeper, progress=seen.append)
    ).run(tokens)
    assert made.weights == whole.weights


def test_a_spoilt_standing_is_told_not_used(tokens: TokenBatch, tmp_path: Path) -> None:
    keeper = FolderKeeper(tmp_path)
    stage = TrainingStage(RECIPE, FolderStore(tmp_path / "store"), Watch(keeper=keeper))
    killed(stage, tokens, 5)
    path = next(tmp_path.glob("*.training"))
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(bytes(content))
    with pytest.raises(ArtefactError, match="delete the file"):
        stage.run(tokens)


def test_another_recipe_or_other_windows_begin_anew(tokens: TokenBatch, tmp_path: Path) -> None:
    keeper = FolderKeeper(tmp_path)
    killed(TrainingStage(RECIPE, FolderStore(tmp_path / "a"), Watch(keeper=keeper)), tokens, 5)
    other = RECIPE.model_copy(update={"seed": 9})
    killed(TrainingStage(other, FolderStore(tmp_path / "b"), Watch(keeper=keeper)), tokens, 2)
    assert len(list(tmp_path.glob("*.training"))) == 2


def test_a_run_stops_when_stories_get_no_better_and_keeps_the_best(
    tokens: TokenBatch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Scores are dictated: the second evaluation is the best, the two after it are worse."""
    scores = iter([-1.6, -1.2, -1.5, -1.4, -1.0, -1.0])
    monkeypatch.setattr(training, "story_score", lambda *_: next(scores))
    recipe = RECIPE.model_copy(update={"patience": 2, "average_last": 0.0})
    made = TrainingStage(recipe, FolderStore(tmp_path / "early")).run(tokens)
    assert [point.story_score for point in made.learning_curve] == [-1.6, -1.2, -1.5, -1.4]
    assert made.steps == 8
    # The best weights are those a run of the same schedule had after its second evaluation.
    keeper, held = FolderKeeper(tmp_path / "standing"), {}
    true = keeper.save
    keeper.save = lambda key, content: (held.setdefault(len(held), content), true(key, content))  # type: ignore[assignment, func-returns-value]
    scores = iter([-1.6, -1.2, -1.5, -1.4, -1.0, -1.0])
    TrainingStage(recipe, FolderStore(tmp_path / "kept"), Watch(keeper=keeper)).run(tokens)
    second = torch.load(io.BytesIO(held[1]), weights_only=True)["weights"]
    network = checkpoint.read(FolderStore(tmp_path / "early").path(made.weights))
    for weight, expected in zip(network.parameters(), second, strict=True):
        assert torch.equal(weight, expected)


def test_a_tracker_gets_what_mlflow_reads(tokens: TokenBatch, tmp_path: Path) -> None:
    """Layout by MLflow's documentation of its file store; lines are ``time value step``."""
    tracker = FileTracker(tmp_path / "mlruns", tmp_path / "metrics" / "story.prom")
    made = TrainingStage(RECIPE, FolderStore(tmp_path / "s"), Watch(tracker=tracker)).run(tokens)
    run = next(p for p in (tmp_path / "mlruns" / "0").iterdir() if p.is_dir())
    assert (run / "params" / "learning_rate").read_text() == str(RECIPE.learning_rate)
    rows = [line.split() for line in (run / "metrics" / "validation_loss").read_text().splitlines()]
    assert [int(step) for _, _, step in rows] == [point.step for point in made.learning_curve]
    assert [float(value) for _, value, _ in rows] == [
        point.validation_loss for point in made.learning_curve
    ]
    meta = dict(line.split(": ", 1) for line in (run / "meta.yaml").read_text().splitlines())
    assert meta["run_id"] == f'"{run.name}"'
    assert meta["status"] == "3"
    exposed = (tmp_path / "metrics" / "story.prom").read_text()
    assert "# TYPE story_training_step gauge\nstory_training_step 12.0" in exposed


def test_running_out_of_memory_is_said_in_words(
    tokens: TokenBatch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for error in (
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB"),
        RuntimeError(
            "[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried 9 bytes"
        ),
    ):

        def fail(*_: object, error: Exception = error) -> float:
            raise error

        monkeypatch.setattr(training, "_learn_from", fail)
        with pytest.raises(DependencyError, match="lower batch_windows"):
            TrainingStage(RECIPE, FolderStore(tmp_path)).run(tokens)


def test_the_story_score_is_the_log_score_of_tomorrows_states(
    whole: StoryModel, tokens: TokenBatch
) -> None:
    scores = [point.story_score for point in whole.learning_curve]
    assert np.isfinite(scores).all()
    assert all(score < 0 for score in scores)
    assert max(scores) < 0 < -min(scores) < 3
