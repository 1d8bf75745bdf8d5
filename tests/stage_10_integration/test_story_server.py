"""A server is named on the command line or in settings, and then asked in place of training."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from foundation.connect import ResponseCache
from foundation.kernel import OperatorError
from stage_10_integration.commands.opening import open_settings
from stage_10_integration.commands.options import Options
from stage_10_integration.story_server import story_server

NAMED = Options(
    profile="test",
    base_url="http://localhost:8000/v1",
    model="gpt-oss-20b",
    known_until="2024-06-30",
)


def test_naming_a_server_is_asking_it() -> None:
    engine = open_settings(NAMED).engine
    assert engine.engine == "openai"
    assert engine.server is not None
    assert engine.server.base_url == "http://localhost:8000/v1"
    assert engine.server.model == "gpt-oss-20b"
    assert engine.server.known_until == date(2024, 6, 30)


def test_other_settings_of_the_server_stand_beside_the_flags() -> None:
    options = Options(**{**vars(NAMED), "settings": ("engine.server.api=chat", "engine.seed=4")})
    engine = open_settings(options).engine
    assert engine.server is not None
    assert (engine.server.api, engine.server.model, engine.seed) == ("chat", "gpt-oss-20b", 4)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (Options(profile="test", engine="openai"), "base_url"),
        (Options(profile="test", engine="carrier pigeon"), "carrier pigeon"),
        (Options(profile="test", base_url="http://localhost:1/v1", model="m"), "known_until"),
    ],
    ids=["no server", "no such engine", "no cut-off"],
)
def test_what_is_missing_is_named(options: Options, words: str) -> None:
    with pytest.raises(OperatorError, match=words):
        open_settings(options)


def test_answers_are_kept_in_the_store_and_only_of_a_server(tmp_path: Path) -> None:
    assert story_server(open_settings(Options(profile="test"))) == (None, None)
    connection, kept = story_server(open_settings(Options(**{**vars(NAMED), "store": tmp_path})))
    assert connection is not None
    assert isinstance(kept, ResponseCache)
    assert kept.folder.is_relative_to(tmp_path)
