"""Every stage has the one shape, every model is strict, and no file tells where it was made."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator

import pytest

from foundation.kernel import Part
from tests.laws.tree import ROOT, STAGES, files, modules

TEXT = {".py", ".md", ".toml", ".txt", ".json", ".html", ".css", ".js", ".yml", ".yaml", ".cfg",
        ".ini", ".sh", ""}  # fmt: skip


STAGE_FILES = {"stage_10_integration": ("portfolio.py", "intelligence.py")}
"""The roof has two steps of its own, each in the file of its idea."""


def test_there_are_ten_stages_in_a_row() -> None:
    assert [name[6:8] for name in STAGES] == [f"{n:02d}" for n in range(1, 11)]


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("name", ["README.md", "settings.py", "__init__.py"])
def test_a_stage_has_its_page_its_settings_and_its_public_names(stage: str, name: str) -> None:
    assert (ROOT / stage / name).is_file(), f"{stage} lacks {name}"


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_keeps_its_order_of_steps_where_all_stages_do(stage: str) -> None:
    for name in STAGE_FILES.get(stage, ("stage.py",)):
        text = (ROOT / stage / name).read_text(encoding="utf-8")
        assert re.search(r"^class \w+Stage\(\s*Stage\[", text, re.M), f"no Stage in {stage}/{name}"


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_page_answers_the_six_questions(stage: str) -> None:
    page = (ROOT / stage / "README.md").read_text(encoding="utf-8").lower()
    wanted = ("given|contract in", "made|contract out", "invariant", "bad input", "source")
    missing = [words for words in wanted if not re.search(words, page)]
    assert not missing, f"{stage}/README.md says nothing about: {', '.join(missing)}"
    assert "?" in page, f"{stage}/README.md names no question that the stage answers"


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_has_tests_that_mirror_it(stage: str) -> None:
    assert list((ROOT / "tests" / stage).glob("test_*.py"))


def _parts() -> Iterator[type[Part]]:
    for name in modules():
        importlib.import_module(name)
    waiting = [Part]
    while waiting:
        kind = waiting.pop()
        waiting += kind.__subclasses__()
        if kind.__module__.split(".")[0] != "tests":
            yield kind


def test_every_model_of_every_floor_is_frozen_and_strict() -> None:
    kinds = set(_parts())
    assert len(kinds) > 50
    loose = [
        kind.__qualname__
        for kind in kinds
        if not kind.model_config.get("frozen") or kind.model_config.get("extra") != "forbid"
    ]
    assert not loose


def test_no_room_is_a_drawer_for_everything() -> None:
    drawers = {"utils", "helpers", "common", "manager", "misc", "util"}
    assert not [name for name in modules() if drawers & set(name.split("."))]


def _texts() -> Iterator[tuple[str, str]]:
    for path in files():
        if path.suffix in TEXT and path.stat().st_size < 2_000_000:
            yield str(path.relative_to(ROOT)), path.read_text(encoding="utf-8", errors="replace")


MACHINE = re.compile(
    r"(?<![\w.}])/(?:" + "|".join(("work", "root", "home/\\w+", "Users/\\w+", "mnt/\\w+")) + r")/\w"
)
HOSTS = re.compile(
    "|".join(
        re.escape(".".join(parts))
        for parts in (
            ("pypi", "org"), ("files", "pythonhosted", "org"), ("registry", "npmjs", "org"),
            ("conda", "anaconda", "org"), ("proxy", "golang", "org"), ("static", "crates", "io"),
            ("download", "pytorch", "org"), ("deb", "debian", "org"), ("index", "docker", "io"),
        )
    )
)  # fmt: skip


@pytest.mark.parametrize(
    ("what", "pattern"), [("machine path", MACHINE), ("registry", HOSTS)], ids=["machine", "host"]
)
def test_no_file_names_a_machine_or_a_package_registry(what: str, pattern: re.Pattern[str]) -> None:
    found = [
        f"{path}:{text.count(chr(10), 0, hit.start()) + 1}: {hit.group()}"
        for path, text in _texts()
        for hit in pattern.finditer(text)
    ]
    assert not found, f"{what} in:\n" + "\n".join(found)


def test_the_patterns_catch_what_they_are_for() -> None:
    assert MACHINE.search("see " + "/".join(("", "work", "shared", "data")))
    assert MACHINE.search("open('" + "/".join(("", "home", "jo", "x.csv")) + "')")
    assert not MACHINE.search("a network/worker, https://example.org/work/x")
    assert HOSTS.search("https://" + "pypi" + ".org/simple")
