"""Keys come from the environment through one door, and only those that a source asks for."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from config.environment import credentials, key_variables, redis_url
from stage_01_data_engine import SOURCES, card_of

READERS = {
    "config/environment.py",
    "config/settings.py",
    # These set what libraries read, or hand the environment on to another process.
    "stage_10_integration/commands/application.py",
    "stage_10_integration/verification/replay.py",
    "stage_05_llm_engine/machine/process.py",
    "foundation/runtime/together.py",
}


def test_a_key_is_found_under_every_variable_of_its_vendor() -> None:
    polygon = card_of("polygon").credential
    assert polygon is not None
    for variable in polygon.variables:
        assert credentials({variable: "abc"}).secret(polygon).reveal() == "abc"


def test_variables_that_no_source_asks_for_are_left_alone() -> None:
    held = credentials({"POLYGON_API_KEY": "abc", "SOMEBODY_ELSES_SECRET": "xyz"})
    assert "xyz" not in repr(vars(held))


def test_the_process_own_environment_is_read_when_none_is_given(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    finnhub = card_of("finnhub").credential
    assert finnhub is not None
    monkeypatch.delenv("FINNHUB_API_KEY", raising=False)
    assert not credentials().has(finnhub)
    monkeypatch.setenv("FINNHUB_API_KEY", "abc")
    assert credentials().has(finnhub)


def test_every_variable_belongs_to_one_source() -> None:
    names = key_variables()
    assert len(set(names)) == len(names)
    assert sum(card.credential is not None for card in SOURCES.values()) >= 4


def test_a_redis_server_is_looked_for_where_the_environment_says() -> None:
    assert redis_url({}) == "redis://localhost:6379"
    assert redis_url({"REDIS_URL": "redis://elsewhere:1"}) == "redis://elsewhere:1"


def test_nobody_else_reads_the_environment(repository_root: Path) -> None:
    found = {
        str(path.relative_to(repository_root))
        for top in (
            "foundation",
            "config",
            *sorted(p.name for p in repository_root.glob("stage_*")),
        )
        for path in (repository_root / top).rglob("*.py")
        if re.search(r"\bos\.(environ|getenv)\b", path.read_text(encoding="utf-8"))
    }
    assert found <= READERS
