"""Two runs write the same bytes; a run killed after any step ends where an unkilled one does."""

from __future__ import annotations

import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from config.profiles import profile_named
from foundation.contracts import ArtefactRef, PortfolioPlan, StageEvent
from foundation.kernel import Contract
from foundation.runtime import Plan
from stage_10_integration import wiring
from stage_10_integration.house_settings import HouseSettings
from stage_10_integration.verification import outputs, verify_replay
from tests.laws.small_house import small_house
from tests.laws.tree import ROOT

RUN = """
import os, signal, sys
from pathlib import Path
from stage_10_integration.house_settings import HouseSettings
from stage_10_integration.workplace import Workplace

settings = HouseSettings.model_validate_json(sys.stdin.read())
workplace = Workplace(settings)
finished = []

def hear(event):
    if event.event == "StageCompleted":
        finished.append(event.step)
        os.kill(os.getpid(), signal.SIGKILL)

if sys.argv[1] == "kill":
    workplace.bus.subscribe(hear)
workplace.run()
"""


def run_in_its_own_process(settings: HouseSettings, mode: str) -> int:
    done = subprocess.run(
        [sys.executable, "-c", RUN, mode],
        input=settings.model_dump_json(), cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode in (0, -signal.SIGKILL), done.stderr[-2000:]
    return done.returncode


def journal(store: Path) -> list[StageEvent]:
    lines = (store / "journal.jsonl").read_text(encoding="utf-8").splitlines()
    return [StageEvent.model_validate_json(line) for line in lines]


@pytest.fixture(scope="module")
def unkilled(tmp_path_factory: pytest.TempPathFactory) -> dict[str, ArtefactRef]:
    """References to every output of one undisturbed run of the test profile."""
    store = tmp_path_factory.mktemp("unkilled")
    return outputs(profile_named("test", HouseSettings), store, wiring.BRIEF)


def test_a_run_killed_after_every_single_step_ends_with_the_same_hashes(
    unkilled: dict[str, ArtefactRef], tmp_path: Path
) -> None:
    """Each process is killed as soon as it has finished one more step; the last finds all done."""
    settings = profile_named("test", HouseSettings).model_copy(update={"store": tmp_path})
    deaths = 0
    while run_in_its_own_process(settings, "kill") == -signal.SIGKILL:
        deaths += 1
        assert deaths <= len(unkilled), "a killed run does not get on"
    assert deaths == len(unkilled)
    events = journal(tmp_path)
    completed = [e for e in events if e.event == "StageCompleted"]
    assert [e.step for e in completed] == list(unkilled), "every step ran once, in order"
    assert {e.step: e.output for e in completed} == unkilled
    reused = {e.step: e.output for e in events if e.event == "StageReused"}
    assert reused == unkilled


def test_a_second_run_repeats_nothing(unkilled: dict[str, ArtefactRef], tmp_path: Path) -> None:
    settings = profile_named("test", HouseSettings).model_copy(update={"store": tmp_path})
    assert run_in_its_own_process(settings, "go on") == 0
    assert run_in_its_own_process(settings, "go on") == 0
    second = [e for e in journal(tmp_path) if e.run_id == journal(tmp_path)[-1].run_id]
    assert {e.event for e in second} == {"StageReused"}
    assert {e.step: e.output for e in second} == unkilled


def test_two_runs_from_empty_stores_give_the_same_hashes() -> None:
    verdict = verify_replay(profile_named("test", HouseSettings))
    assert verdict.held, verdict.first_broken
    assert verdict.comparisons[0].steps[-1] == wiring.BRIEF


def test_a_step_that_never_says_the_same_twice_is_caught() -> None:
    calls: list[int] = []

    def rewire(plan: Plan) -> Plan:
        def make(given: Any) -> Contract:
            made = plan.step(wiring.FUZZY).make(given)
            calls.append(1)
            cells = made.strengths.values.copy()  # type: ignore[attr-defined]
            cells[-1, 0, 0, 0] = len(calls) / 10
            strengths = made.strengths.model_copy(update={"values": cells})  # type: ignore[attr-defined]
            return made.model_copy(update={"strengths": strengths})

        steps = [replace(s, make=make) if s.name == wiring.FUZZY else s for s in plan]
        return Plan(steps)

    verdict = verify_replay(small_house(), until=wiring.FUZZY, rewire=rewire)
    broken = verdict.first_broken
    assert broken is not None
    assert broken.step == wiring.FUZZY
    assert "strengths[2018-12-28, SPX, price, session]: 0.1 became 0.2" in str(broken.where)


def test_the_test_profile_reaches_every_stage(unkilled: dict[str, ArtefactRef]) -> None:
    assert len(unkilled) == 13
    assert unkilled[wiring.PORTFOLIO].contract == PortfolioPlan.__name__
