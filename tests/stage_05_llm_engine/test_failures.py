"""What goes wrong outside of the arithmetic: processes that are killed, memory that runs out."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from foundation.contracts import TokenBatch
from foundation.kernel import ArtefactError, DependencyError
from foundation.storage.folders import FolderStore
from foundation.testing.planted_stories import planted_stories
from stage_04_tokenization import TokenizationSettings, TokenizationStage
from stage_05_llm_engine import FolderKeeper, LlmEngineStage, TrainingStage, Watch
from stage_05_llm_engine.weights import checkpoint
from tests.stage_05_llm_engine.conftest import ENGINE
from tests.stage_05_llm_engine.test_resuming import RECIPE

ROOT = Path(__file__).resolve().parents[2]
TRAIN = """
import sys
from pathlib import Path
from foundation.storage.folders import FolderStore
from stage_05_llm_engine import FolderKeeper, TrainingStage, Watch
from tests.stage_05_llm_engine.test_failures import windows
from tests.stage_05_llm_engine.test_resuming import RECIPE
keeper = FolderKeeper(Path(sys.argv[1]) / "standing")
TrainingStage(RECIPE, FolderStore(Path(sys.argv[1]) / "store"), Watch(keeper=keeper)).run(windows())
"""


def windows() -> TokenBatch:
    settings = TokenizationSettings(history_sessions=10, validation_sessions=10)
    return TokenizationStage(settings).run(planted_stories("planted", sessions=60, symbols=2).book)


def test_a_training_process_that_is_killed_goes_on_to_the_same_weights(tmp_path: Path) -> None:
    training = subprocess.Popen(
        [sys.executable, "-c", TRAIN, str(tmp_path)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stderr=subprocess.DEVNULL,
    )
    while not list((tmp_path / "standing").glob("*.training")):
        assert training.poll() is None
        time.sleep(0.002)
    training.send_signal(signal.SIGKILL)
    assert training.wait() == -signal.SIGKILL
    assert not list((tmp_path / "store").glob("*"))
    keeper, taken = FolderKeeper(tmp_path / "standing"), []
    resumed = TrainingStage(
        RECIPE,
        FolderStore(tmp_path / "store"),
        Watch(keeper=keeper, progress=lambda report: taken.append(report.step)),
    ).run(windows())
    whole = TrainingStage(RECIPE, FolderStore(tmp_path / "whole")).run(windows())
    assert resumed.weights == whole.weights
    assert resumed.learning_curve == whole.learning_curve
    assert min(taken) > 1


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 9.00 GiB"),
        RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: 9 bytes"),
        MemoryError(),
    ],
)
def test_a_forecast_that_runs_out_of_memory_says_what_to_lower(
    tmp_path: Path, error: Exception
) -> None:
    engine = LlmEngineStage(ENGINE, FolderStore(tmp_path))
    with pytest.raises(DependencyError, match="batch_drafts"), engine._machine():
        raise error


def test_other_errors_of_a_forecast_stay_what_they_are(tmp_path: Path) -> None:
    engine = LlmEngineStage(ENGINE, FolderStore(tmp_path))
    with pytest.raises(RuntimeError, match="shapes"), engine._machine():
        raise RuntimeError("shapes cannot be multiplied")


def test_a_checkpoint_cut_short_is_told_not_read(base: Path, tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    key = store.put(base)
    weights = store.root / key / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-64])
    with pytest.raises(ArtefactError, match="no longer matches its content hash"):
        checkpoint.read(store.path(key))
