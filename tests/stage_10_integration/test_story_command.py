"""The ``story`` command as a shell user meets it: exit codes, streams, JSON, interruptions."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from foundation.contracts import Continuation, Horizon
from stage_10_integration.commands.application import run_application
from tests.stage_05_llm_engine.test_tasks import well_told
from tests.stage_10_integration.conftest import WHOLE

ROOT = Path(__file__).resolve().parents[2]
NO_STAGE = ("quant", "characteristics")
"""Steps of the ground floor."""
STORY = (sys.executable, "-m", "stage_10_integration.commands")


def environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("STORY_", "FORCE_COLOR"))}
    return {**kept, "PYTHONPATH": str(ROOT), "COLUMNS": "100", **(extra or {})}


def story(
    *words: str, cwd: Path, extra: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*STORY, *words], cwd=cwd, env=environment(extra), capture_output=True, text=True,
        timeout=240, check=False,
    )  # fmt: skip


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("place")


@pytest.fixture(scope="module")
def whole_run(place: Path) -> dict[str, Any]:
    done = story("run", "--profile", "test", "--json", cwd=place)
    assert done.returncode == 0, done.stderr
    document: dict[str, Any] = json.loads(done.stdout)
    return document


def test_help_names_every_command(tmp_path: Path) -> None:
    done = story("--help", cwd=tmp_path)
    assert done.returncode == 0
    commands = ("demo", "run", "stage", "brief", "serve", "train", "evaluate", "verify", "doctor")
    assert all(f" {name} " in done.stdout for name in commands)


def test_a_first_run_runs_every_step_and_writes_the_brief(
    place: Path, whole_run: dict[str, Any]
) -> None:
    assert [s["state"] for s in whole_run["steps"]] == ["run"] * len(whole_run["steps"])
    stages = [s["step"] for s in whole_run["steps"] if s["step"] not in NO_STAGE]
    assert {int(step[:2]) for step in stages} == set(range(1, 11))
    for form in ("markdown", "html", "json"):
        assert (place / whole_run["brief"][form]).stat().st_size > 500
    brief = json.loads((place / whole_run["brief"]["json"]).read_text())
    assert brief["session"] == whole_run["as_of"]


def test_a_second_run_reuses_everything(place: Path, whole_run: dict[str, Any]) -> None:
    done = story("run", "--profile", "test", "--json", cwd=place)
    again = json.loads(done.stdout)
    assert {s["state"] for s in again["steps"]} == {"reused"}
    hashes = [[s["content_hash"] for s in run["steps"]] for run in (whole_run, again)]
    assert hashes[0] == hashes[1]


def test_the_plan_says_what_a_changed_setting_would_repeat(
    place: Path, whole_run: dict[str, Any]
) -> None:
    done = story(
        "run", "--profile", "test", "--plan", "--json", "--set", "signals.cost_basis_points=10",
        cwd=place,
    )  # fmt: skip
    states = {s["step"]: s["state"] for s in json.loads(done.stdout)["steps"]}
    assert states["07_signal_extraction"] == "run"
    assert states["06_validation"] == "reuse"
    assert states["08_decision_support"] == "run if inputs change"


def test_a_stage_is_summarised_from_the_store(place: Path, whole_run: dict[str, Any]) -> None:
    done = story("stage", "3", "--profile", "test", cwd=place)
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    assert "StoryBook" in done.stderr
    assert "as learned" in done.stderr


def test_from_repeats_a_stage_and_what_rests_on_it(place: Path, whole_run: dict[str, Any]) -> None:
    done = story("run", "--profile", "test", "--from", "9", "--json", cwd=place)
    steps = json.loads(done.stdout)["steps"]
    assert [s["step"] for s in steps if s["state"] == "run"] == [
        "09_feedback", "08_decision_support",
    ]  # fmt: skip
    assert [s["content_hash"] for s in steps] == [s["content_hash"] for s in whole_run["steps"]]


@pytest.mark.parametrize(
    ("form", "begins"), [("markdown", "*as of"), ("html", "<!doctype html"), ("json", "{")]
)
def test_the_brief_goes_to_stdout_in_the_format_asked_for(
    place: Path, whole_run: dict[str, Any], form: str, begins: str
) -> None:
    done = story("brief", "--profile", "test", "--format", form, cwd=place)
    assert done.returncode == 0, done.stderr
    assert done.stdout.lstrip().lower().startswith(begins)


def test_evaluate_reports_scores_as_json(place: Path, whole_run: dict[str, Any]) -> None:
    done = story("evaluate", "--profile", "test", "--json", cwd=place)
    report = json.loads(done.stdout)["report"]
    assert {s["baseline_name"] for s in report["scores"]} == {
        "climatology", "persistence", "Markov chain", "story model",
    }  # fmt: skip


def test_a_wrong_option_is_exit_code_two(tmp_path: Path) -> None:
    done = story("run", "--colour", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stdout == ""
    assert "--colour" in done.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("run", "--as-of", "tomorrow"), "YYYY-MM-DD"),
        (("run", "--as-of", "2018-12-25"), "2018-12-24"),
        (("run", "--symbols", "NOSUCH"), "AAPL"),
        (("run", "--set", "fuzzification.window=1"), "greater than or equal to 10"),
        (("run", "--profile", "production"), "demo"),
        (("run", "--source", "folder"), "--path"),
        (("run", "--source", "folder", "--path", "nowhere", "--as-of", "2018-12-28"), "nowhere"),
        (("run", "--from", "8", "--to", "2", "--profile", "test"), "--from"),
        (("brief", "--format", "pdf"), "markdown"),
    ],
)
def test_a_wrong_request_is_told_in_words_and_as_json(
    tmp_path: Path, words: tuple[str, ...], said: str
) -> None:
    done = story(*words, "--json", cwd=tmp_path)
    assert done.returncode == 2, done.stderr
    error = json.loads(done.stdout)["error"]
    assert error["exit_code"] == 2
    assert said in f"{error['rule']} {error['value']} {error['remedy']}"
    assert "Traceback" not in done.stderr


def test_a_traceback_comes_only_when_asked_for(tmp_path: Path) -> None:
    done = story("run", "--as-of", "tomorrow", "--debug", cwd=tmp_path)
    assert done.returncode == 1
    assert "Traceback" in done.stderr


def test_the_environment_is_read_and_blamed(tmp_path: Path) -> None:
    done = story("run", cwd=tmp_path, extra={"STORY_FUZZIFICATION__WINDOW": "x"})
    assert done.returncode == 2
    assert "environment" in done.stderr


def test_serving_an_empty_store_says_what_to_do(tmp_path: Path) -> None:
    done = story("serve", "--port", "18923", cwd=tmp_path)
    assert done.returncode == 2
    assert "story demo" in done.stderr


def test_no_colours_outside_a_terminal(tmp_path: Path) -> None:
    done = story("run", "--as-of", "tomorrow", cwd=tmp_path)
    assert "\x1b" not in done.stderr


def test_doctor_says_that_this_machine_can_run_the_demo(tmp_path: Path) -> None:
    done = story("doctor", "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["demo"] is True
    assert {"Python", "torch", "GPU", "Redis"} <= {f["name"] for f in report["findings"]}


def test_an_interrupted_run_leaves_with_130_and_can_go_on(tmp_path: Path) -> None:
    # What a shell starts behind it ignores interrupts; a run in a terminal does not.
    heard = ("env", "--default-signal=INT")
    with subprocess.Popen(
        [*heard, *STORY, "run", "--profile", "test", "--to", "4"], cwd=tmp_path, env=environment(),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as running:  # fmt: skip
        assert running.stderr is not None
        assert "Market data" in running.stderr.readline()
        running.send_signal(signal.SIGINT)
        rest = running.stderr.read()
        assert running.wait(timeout=60) == 130
    assert "Traceback" not in rest
    resumed = story("run", "--profile", "test", "--to", "4", "--json", cwd=tmp_path)
    steps = json.loads(resumed.stdout)["steps"]
    assert (steps[0]["state"], steps[-1]["state"]) == ("reused", "run")


def test_a_reader_that_goes_away_is_no_error_message(
    place: Path, whole_run: dict[str, Any]
) -> None:
    """As with ``story brief --format html | head -1``."""
    with subprocess.Popen(
        [*STORY, "brief", "--profile", "test", "--format", "html"], cwd=place, env=environment(),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as writing:  # fmt: skip
        assert writing.stdout is not None
        assert writing.stderr is not None
        writing.stdout.close()
        errors = writing.stderr.read()
        assert writing.wait(timeout=60) != 0
    assert "Traceback" not in errors
    assert "roken" not in errors


def test_one_command_trains_in_two_processes_and_exports_what_they_learnt(
    place: Path,
    whole_run: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The run's lock, its artefacts and its words are the first process's; two others compute."""
    shared = (
        "--profile", "test", "--json", "--set", "training.processes=2",
        "--set", "training.batch_windows=4", "--set", "training.accumulation=2",
        "--set", 'training.phases=[{steps = 5, loss = "every story"}]',
        "--set", "training.evaluations=1",
    )  # fmt: skip

    def here(*words: str) -> Any:
        with pytest.raises(SystemExit) as left:
            run_application([*words, *shared])
        said = capsys.readouterr()
        assert left.value.code in (None, 0), said.err
        return json.loads(said.out)

    monkeypatch.chdir(place)
    trained = here("train", "llm")
    assert trained["model"]["steps"] == 5
    assert [s["step"] for s in trained["steps"] if s["state"] == "run"] == ["05_training"]
    assert here("train", "export", "served")["model"] == trained["model"]
    assert {"config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"} <= {
        path.name for path in (place / "served").iterdir()
    }


def test_weeks_and_events_are_told_by_a_model_that_learnt_them(
    place: Path,
    whole_run: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """One training serves both, and what is printed is what machines are told."""
    monkeypatch.chdir(place)
    learnt = 'tokens.tasks=["next day", "weekly summary", "event-driven"]'
    asked = ("--profile", "test", "--set", learnt, *WHOLE)
    for task, horizon in (("weekly summary", Horizon.WEEKLY), ("event-driven", Horizon.EVENT)):
        with pytest.raises(SystemExit) as left:
            run_application(["stage", "5", "--task", task, "--json", *asked])
        said = capsys.readouterr()
        assert left.value.code in (None, 0), said.err
        stories = [Continuation.model_validate(s) for s in json.loads(said.out)["stories"]]
        assert [story.symbol for story in stories] == ["SIM00", "SIM01", "SIM02"]
        for story in stories:
            well_told(story, horizon)
            assert story.text in said.err
    assert "training  reused" in said.err
