"""Processes over gloo learn what one learns; who dies is named, and what was kept stays."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import signal
from pathlib import Path

import pytest
import torch
from pydantic import ValidationError
from safetensors.torch import load_file

from foundation.contracts import StoryModel, TokenBatch
from foundation.kernel import DependencyError, WorldError
from foundation.storage.folders import FolderStore
from stage_05_llm_engine import (
    Adapter,
    FileTracker,
    FolderKeeper,
    Phase,
    Report,
    TrainingRecipe,
    TrainingStage,
    Watch,
)
from tests.stage_05_llm_engine.conftest import recipe

Learnt = tuple[StoryModel, dict[str, torch.Tensor]]


def split(published: Path, **changes: object) -> TrainingRecipe:
    """Return the 20B recipe in small: bfloat16 below a float32 adapter with dropout."""
    short = {"phases": (Phase(steps=4, loss="target"),), "evaluations": 2, "precision": "bfloat16"}
    return recipe(published, **{**short, **changes})


def adapter(folder: Path, made: StoryModel) -> dict[str, torch.Tensor]:
    return load_file(FolderStore(folder).path(made.weights) / "adapter_model.safetensors")


@pytest.fixture(scope="module")
def alone(
    published: Path, base_tokens: TokenBatch, tmp_path_factory: pytest.TempPathFactory
) -> Learnt:
    """What one process learns, and its adapter: the oracle of all others."""
    folder = tmp_path_factory.mktemp("alone")
    made = TrainingStage(split(published), FolderStore(folder)).run(base_tokens)
    return made, adapter(folder, made)


def same(made: StoryModel, folder: Path, alone: Learnt) -> None:
    """Check curve and adapter against one process's, to what another order of sums may change."""
    expected, weights = alone
    counts = ("steps", "tokens", "parameters")
    assert [getattr(made, n) for n in counts] == [getattr(expected, n) for n in counts]
    for one, two in zip(expected.learning_curve, made.learning_curve, strict=True):
        for name in ("train_loss", "validation_loss", "story_score"):
            assert getattr(two, name) == pytest.approx(getattr(one, name), rel=1e-4)
    assert made.validation_loss == pytest.approx(expected.validation_loss, rel=1e-4)
    found = adapter(folder, made)
    assert weights.keys() == found.keys()
    for name, weight in weights.items():
        torch.testing.assert_close(found[name], weight, rtol=1e-3, atol=1e-4)


def test_two_processes_learn_what_one_learns_and_one_of_them_tells(
    published: Path, base_tokens: TokenBatch, tmp_path: Path, alone: Learnt
) -> None:
    told: list[Report] = []
    watch = Watch(told.append, FileTracker(tmp_path / "mlruns"), FolderKeeper(tmp_path / "kept"))
    stage = TrainingStage(split(published, processes=2), FolderStore(tmp_path / "s"), watch)
    same(stage.run(base_tokens), tmp_path / "s", alone)
    assert [report.step for report in told] == [4]
    scores = next((tmp_path / "mlruns" / "0").glob("*/metrics/story_score"))
    assert len(scores.read_text().splitlines()) == 2
    assert not list((tmp_path / "kept").glob("*.training"))
    assert not multiprocessing.active_children()


class Deadly(FolderKeeper):
    """Keeps a standing, and then ends the second process as a machine out of memory would."""

    def save(self, key: str, content: bytes) -> None:
        super().save(key, content)
        second = next(p for p in multiprocessing.active_children() if p.name == "member 1")
        assert second.pid is not None
        os.kill(second.pid, signal.SIGKILL)


def test_shards_go_on_where_a_dead_process_left_them(
    published: Path, base_tokens: TokenBatch, tmp_path: Path, alone: Learnt
) -> None:
    """Weights and optimiser are kept in full: as many shards take them up again, or one process."""
    store, kept = FolderStore(tmp_path / "s"), tmp_path / "kept"
    spread = split(published, processes=2, sharded=True, recompute=True)
    with pytest.raises(WorldError, match="process 2 of 2 was ended by SIGKILL"):
        TrainingStage(spread, store, Watch(keeper=Deadly(kept))).run(base_tokens)
    assert not multiprocessing.active_children()
    shutil.copytree(kept, tmp_path / "copy")
    for folder, again in ((kept, spread), (tmp_path / "copy", split(published))):
        (standing,) = folder.glob("*.training")
        made = TrainingStage(again, store, Watch(keeper=FolderKeeper(folder))).run(base_tokens)
        same(made, tmp_path / "s", alone)
        assert not standing.exists()


def test_what_cannot_be_shared_out_is_refused(published: Path) -> None:
    document = split(published).model_dump()
    with pytest.raises(ValidationError, match="processes must divide accumulation"):
        TrainingRecipe.model_validate({**document, "processes": 3})
    experts = Adapter(dropout=0.0, expert_parameters=("mlp.experts.down_proj",)).model_dump()
    with pytest.raises(ValidationError, match="attention alone"):
        TrainingRecipe.model_validate({**document, "sharded": True, "adapter": experts})


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a CUDA device")
def test_too_few_gpus_are_told_before_anything_starts(
    published: Path, base_tokens: TokenBatch, tmp_path: Path
) -> None:
    stage = TrainingStage(split(published, processes=2, device="cuda"), FolderStore(tmp_path))
    with pytest.raises(DependencyError, match="2 processes, 0 devices"):
        stage.run(base_tokens)
