"""``--processes`` reaches the training that it is meant for."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.stage_10_integration.test_model_commands import MODELLED, left_with


def test_processes_that_a_step_cannot_be_divided_by_are_refused_with_the_remedy(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["train", "market-model", "--processes", "2", "--store", str(tmp_path)]
    assert left_with([*command, *MODELLED]) == 2
    assert "passes_per_step of the recipe to 2" in " ".join(capsys.readouterr().err.split())
