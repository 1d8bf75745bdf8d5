"""A step's code version changes with what it runs, and only with that."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from foundation.runtime import code_version


@pytest.fixture
def version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], str]]:
    package = tmp_path / "toy_stage"
    package.mkdir()
    (package / "__init__.py").write_text("from toy_stage.stage import run\n")
    (package / "stage.py").write_text("def run():\n    from foundation.kernel import short\n")
    (package / "page.html").write_text("<p>")
    (tmp_path / "toy_other.py").write_text("")
    monkeypatch.syspath_prepend(str(tmp_path))

    def compute() -> str:
        code_version.cache_clear()
        return code_version("toy_stage")

    yield compute
    code_version.cache_clear()


def test_it_is_stable_and_imports_nothing(version: Callable[[], str]) -> None:
    assert version() == version()
    assert "toy_stage" not in sys.modules


@pytest.mark.parametrize("name", ["stage.py", "page.html"])
def test_it_changes_with_every_file_of_the_package(
    version: Callable[[], str], tmp_path: Path, name: str
) -> None:
    before = version()
    path = tmp_path / "toy_stage" / name
    path.write_text(path.read_text() + "# more\n")
    assert version() != before


def test_of_a_module_it_covers_what_the_module_reaches_and_nothing_else(
    version: Callable[[], str], tmp_path: Path
) -> None:
    package = tmp_path / "toy_stage"
    (package / "stage.py").write_text("def run():\n    from toy_stage import near\n")
    (package / "near.py").write_text("import toy_stage.far\n")
    (package / "far.py").write_text("x = 1\n")
    (package / "apart.py").write_text("x = 1\n")

    def of_module() -> str:
        code_version.cache_clear()
        return code_version("toy_stage.stage")

    before = of_module()
    (package / "apart.py").write_text("x = 2\n")
    assert of_module() == before
    (package / "far.py").write_text("x = 2\n")
    assert of_module() != before


def test_bytecode_does_not_count(version: Callable[[], str], tmp_path: Path) -> None:
    before = version()
    cache = tmp_path / "toy_stage" / "__pycache__"
    cache.mkdir()
    (cache / "stage.pyc").write_bytes(b"x")
    assert version() == before
