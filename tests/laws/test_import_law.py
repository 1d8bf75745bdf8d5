"""Floors stand on floors below them; stages stand side by side; the law sees every package."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.laws.tree import ROOT, packages, pyproject

LINT = (
    "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))"
)


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", LINT], cwd=folder, capture_output=True, text=True, check=False
    )


def test_the_import_law_holds() -> None:
    done = lint(ROOT)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 broken" in done.stdout


def test_the_law_covers_every_package_of_the_tree() -> None:
    assert set(pyproject()["tool"]["importlinter"]["root_packages"]) == packages()


def test_mypy_reads_every_package_of_the_tree() -> None:
    assert set(pyproject()["tool"]["mypy"]["packages"]) == packages()


def test_every_contract_of_the_law_names_existing_packages() -> None:
    floors = pyproject()["tool"]["importlinter"]["contracts"][0]["layers"]
    assert {name.strip() for floor in floors for name in floor.split("|")} == packages()


PLANTED = {
    "a stage imports a stage": (
        "stage_03_story_assembly/planted.py", "import stage_02_fuzzification\n", "Each floor",
    ),
    "the ground imports a stage": (
        "foundation/quant/planted.py", "import stage_02_fuzzification\n", "Each floor",
    ),
    "a stage imports the settings": (
        "stage_07_signal_extraction/planted.py", "import config\n", "Each floor",
    ),
    "the kernel imports the contracts": (
        "foundation/kernel/planted.py", "import foundation.contracts\n", "Rooms of the ground",
    ),
    "runtime and storage lean on one another": (
        "foundation/runtime/planted.py", "import foundation.storage\n", "Rooms of the ground",
    ),
    "a room outside the plan": ("foundation/attic/__init__.py", "", "attic"),
    "torch in a narrative stage": (
        "stage_02_fuzzification/planted.py", "import torch\n", "PyTorch only",
    ),
    "torch on the ground, inside a function": (
        "foundation/quant/planted.py", "def f():\n    import torch\n", "PyTorch only",
    ),
}  # fmt: skip


@pytest.mark.parametrize("crime", PLANTED)
def test_a_planted_violation_is_caught(crime: str, tmp_path: Path) -> None:
    path, line, broken = PLANTED[crime]
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for package in packages():
        shutil.copytree(
            ROOT / package,
            tmp_path / package,
            ignore=_not_python,
        )
    planted = tmp_path / path
    planted.parent.mkdir(exist_ok=True)
    planted.write_text(line, encoding="utf-8")
    done = lint(tmp_path)
    said = done.stdout + done.stderr
    assert done.returncode != 0, said
    verdicts = [text for text in said.splitlines() if broken in text]
    assert any("BROKEN" in text or broken == "attic" for text in verdicts), said


def _not_python(folder: str, names: list[str]) -> list[str]:
    return [n for n in names if not n.endswith(".py") and not (Path(folder) / n).is_dir()]
