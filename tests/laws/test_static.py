"""Ruff and mypy find nothing. One run each, over the whole tree."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.laws.tree import ROOT


@pytest.mark.parametrize(
    "command",
    [("ruff", "check", "."), ("ruff", "format", "--check", "."), ("mypy",)],
    ids=["ruff check", "ruff format", "mypy"],
)
def test_the_tree_is_clean_under(command: tuple[str, ...]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", *command], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, "\n".join((done.stdout + done.stderr).splitlines()[-60:])
