"""What belongs to the project: its files, its packages, its modules."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]

NOT_OURS = frozenset(
    {
        ".git", ".venv", ".story", "__pycache__", ".pytest_cache", ".mypy_cache", ".ruff_cache",
        ".hypothesis", ".import_linter_cache", "build", "runs", "shared",
    }
)  # fmt: skip
"""Folders that are never part of the repository (see .gitignore)."""

OUTSIDE_THE_HOUSE = frozenset({"tests", "benchmarks", "docs"})
"""Top-level folders that are no floor: they may import everything, nothing imports them."""

STAGES: tuple[str, ...] = tuple(sorted(p.name for p in ROOT.glob("stage_*") if p.is_dir()))


def files(below: Path = ROOT) -> Iterator[Path]:
    """Yield every file of the project."""
    for path in sorted(below.iterdir()):
        if path.name in NOT_OURS or path.name.endswith(".egg-info"):
            continue
        if path.is_dir():
            yield from files(path)
        else:
            yield path


def packages() -> set[str]:
    """Return the names of the top-level packages in the tree."""
    return {
        p.parent.name for p in ROOT.glob("*/__init__.py") if p.parent.name not in OUTSIDE_THE_HOUSE
    }


def modules() -> Iterator[str]:
    """Yield the dotted name of every module of every floor that does nothing when imported."""
    for package in sorted(packages()):
        for path in files(ROOT / package):
            if path.suffix == ".py" and path.stem != "__main__":
                parts = path.relative_to(ROOT).with_suffix("").parts
                yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def pyproject() -> dict[str, Any]:
    """Return pyproject.toml as it stands."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
