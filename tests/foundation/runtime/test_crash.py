"""Killed anywhere, a run goes on where it stopped and ends with the same hashes."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from foundation.runtime import Journal

REPOSITORY = Path(__file__).parents[3]
STEPS = ("01_read", "02_scale", "03_shift", "04_sum")


def process(root: Path, step: str = "-", moment: str = "-") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tests.foundation.runtime.toy", str(root), step, moment],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> str:
    done = process(tmp_path_factory.mktemp("whole"))
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("moment", ["StageStarted", "StageCompleted"])
@pytest.mark.parametrize("step", STEPS)
def test_a_killed_run_resumes_to_the_same_hashes(
    tmp_path: Path, uninterrupted: str, step: str, moment: str
) -> None:
    killed = process(tmp_path, step, moment)
    assert killed.returncode == -signal.SIGKILL
    resumed = process(tmp_path)
    assert resumed.returncode == 0, resumed.stderr
    assert resumed.stdout == uninterrupted

    pages = Journal(tmp_path / "journal.jsonl").read()
    assert len(pages.runs) == 2
    first, second = (pages.run(r) for r in pages.runs)
    assert (first[-1].event, first[-1].step) == (moment, step)
    finished = STEPS.index(step) + (moment == "StageCompleted")
    assert [e.event for e in second if e.event != "StageStarted"] == (
        ["StageReused"] * finished + ["StageCompleted"] * (len(STEPS) - finished)
    )
    interrupted = [e.step for e in pages.interrupted()]
    assert interrupted == ([step] if moment == "StageStarted" else [])
