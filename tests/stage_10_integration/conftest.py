"""A place where a shell user has built a corpus."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from foundation.market import sessions_until
from stage_10_integration.commands.application import run_application
from stage_10_integration.commands.opening import open_settings
from stage_10_integration.commands.options import Options
from stage_10_integration.sources import open_source

WHOLE = ("--set", "engine.max_words=250", "--set", "engine.closing_words=24")
"""Room for a story from its opening to its end."""
Shell = Callable[..., Any]

BEFORE = 10
"""Sessions from the corpus's as-of session to the simulated market's last."""
THEN = ("--set", f"data.history_sessions={560 - BEFORE}")
"""The sessions that there were by then."""


def day(sessions_before: int) -> str:
    """Return a session of the simulated market, counted from its last."""
    last = open_source(open_settings(Options(profile="test"))).as_of
    return sessions_until(last, sessions_before + 1)[0].isoformat()


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A place with a corpus of three symbols, built in the store ``desk``, and no store else."""
    place = tmp_path_factory.mktemp("corpus")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(place)
        with pytest.raises(SystemExit) as left:
            run_application(
                ["corpus", "corpus", "--profile", "test", "--as-of", day(BEFORE), *THEN,
                 "--store", "desk",
                 "--set", 'tokens.tasks=["next day", "weekly summary", "event-driven"]']
            )  # fmt: skip
        assert not left.value.code
    return place


@pytest.fixture
def shell(
    built: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Shell:
    """Run a command where the corpus lies; return what it printed for machines."""
    monkeypatch.chdir(built)

    def run(*words: str, code: int = 0) -> Any:
        capsys.readouterr()
        with pytest.raises(SystemExit) as left:
            run_application([*words, "--json"])
        said = capsys.readouterr()
        assert (left.value.code or 0) == code, said.err
        return json.loads(said.out)

    return run
