"""What needs no model loads no model library."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.laws.test_house_law import STAGE_FILES
from tests.laws.tree import ROOT, STAGES

MODEL_LIBRARIES = ("torch", "transformers", "peft", "accelerate", "datasets")
HEAVY = (
    *MODEL_LIBRARIES, "lightgbm", "arch", "skfolio", "talib", "arcticdb", "exchange_calendars",
    "plotly", "fastapi", "sklearn",
)  # fmt: skip
MODEL_STAGES = ("stage_04_tokenization", "stage_05_llm_engine")
MODEL_ROOMS = ("foundation.market_model", "foundation.twins")
LIGHT = [stage for stage in STAGES if stage not in MODEL_STAGES]


def loaded_by(script: str) -> set[str]:
    """Run a script in a fresh interpreter and return the top-level modules it loaded."""
    report = "\nimport sys; sys.stderr.write('LOADED ' + ' '.join(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", script + report],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    modules = done.stderr.rpartition("LOADED ")[2].split()
    return {name.partition(".")[0] for name in modules}


def all_of(package: str) -> str:
    """Return a script that imports every module of a package but those of the model rooms."""
    return (
        "import importlib, pkgutil\n"
        f"root = importlib.import_module({package!r})\n"
        "for m in pkgutil.walk_packages(root.__path__, root.__name__ + '.'):\n"
        f"    if not m.name.startswith({tuple(f'{room}.' for room in MODEL_ROOMS)!r}):\n"
        "        importlib.import_module(m.name)\n"
    )


@pytest.mark.parametrize("stage", LIGHT)
def test_a_narrative_stage_imports_no_model_library(stage: str) -> None:
    files = STAGE_FILES.get(stage, ("stage.py",))
    script = f"import {stage}.settings" + "".join(f", {stage}.{name[:-3]}" for name in files)
    assert not loaded_by(script) & set(MODEL_LIBRARIES)


def test_all_ground_floor_modules_import_without_model_libraries() -> None:
    assert not loaded_by(all_of("foundation")) & set(MODEL_LIBRARIES)


def test_recipes_and_settings_of_the_model_rooms_import_without_model_libraries() -> None:
    names = ("market_model", "market_model.inputs", "market_model.recipe", "twins",
             "twins.recipe", "twins.settings", "twins.promotion")  # fmt: skip
    script = "".join(f"import foundation.{name}\n" for name in names)
    assert not loaded_by(script) & set(MODEL_LIBRARIES)


def test_every_module_of_the_narrative_stages_imports_without_model_libraries() -> None:
    script = "".join(all_of(stage) for stage in LIGHT if stage != "stage_10_integration")
    assert not loaded_by(script) & set(MODEL_LIBRARIES)


def test_story_help_loads_nothing_heavy() -> None:
    script = (
        "from stage_10_integration.commands import main\n"
        "import sys\n"
        "sys.argv = ['story', '--help']\n"
        "try:\n"
        "    main()\n"
        "except SystemExit as done:\n"
        "    assert not done.code\n"
    )
    assert not loaded_by(script) & set(HEAVY)
