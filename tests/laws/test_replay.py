"""Two runs write the same bytes; a run killed after any step ends where an unkilled one does."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from foundation.contracts import ArtefactRef, PortfolioPlan, StageEvent
from foundation.kernel import Contract
from foundation.runtime import Plan
from stage_10_integration import wiring
from stage_10_integration.verification import verify_replay
from stage_10_integration.verification.replay import outputs
from tests.laws.small_house import small_house, toy_house
from tests.laws.tree import ROOT

KILL_AFTER_EVERY_STEP = """
import os, signal, sys
from stage_10_integration.house_settings import HouseSettings
from stage_10_integration.workplace import Workplace

settings = HouseSettings.model_validate_json(sys.stdin.read())
workplace = Workplace(settings)
workplace.foresee()  # what is the same for every child: imports, rows of the source, code hashes

def hear(event):
    if event.event == "StageCompleted":
        os.kill(os.getpid(), signal.SIGKILL)

workplace.bus.subscribe(hear)
for deaths in range(50):
    child = os.fork()
    if child == 0:
        workplace.run()
        os._exit(0)
    status = os.waitpid(child, 0)[1]
    if not os.WIFSIGNALED(status):
        print(deaths)
        sys.exit(os.waitstatus_to_exitcode(status))
    assert os.WTERMSIG(status) == signal.SIGKILL, status
sys.exit("killed fifty times and not done")
"""
"""Runs in children of one process, each killed by SIGKILL as soon as it has finished one more step.

A child shares nothing with those before it but the store on disk.
"""


def journal(store: Path) -> list[StageEvent]:
    lines = (store / "journal.jsonl").read_text(encoding="utf-8").splitlines()
    return [StageEvent.model_validate_json(line) for line in lines]


@pytest.fixture(scope="module")
def unkilled(tmp_path_factory: pytest.TempPathFactory) -> dict[str, ArtefactRef]:
    """References to every output of one undisturbed run."""
    store = tmp_path_factory.mktemp("unkilled")
    return outputs(toy_house(), store, wiring.BRIEF)


def test_a_run_killed_after_every_single_step_ends_with_the_same_hashes(
    unkilled: dict[str, ArtefactRef], tmp_path: Path
) -> None:
    settings = toy_house().model_copy(update={"store": tmp_path})
    done = subprocess.run(
        [sys.executable, "-c", KILL_AFTER_EVERY_STEP],
        input=settings.model_dump_json(), cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    assert int(done.stdout.splitlines()[-1]) == len(unkilled)
    events = journal(tmp_path)
    completed = [e for e in events if e.event == "StageCompleted"]
    assert [e.step for e in completed] == list(unkilled), "every step ran once, in order"
    assert {e.step: e.output for e in completed} == unkilled
    last = [e for e in events if e.run_id == events[-1].run_id]
    assert {e.event for e in last} == {"StageReused"}, "the last run found everything done"
    assert {e.step: e.output for e in last} == unkilled


def test_two_runs_from_empty_stores_give_the_same_hashes() -> None:
    verdict = verify_replay(toy_house())
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


def test_the_toy_house_reaches_every_stage(unkilled: dict[str, ArtefactRef]) -> None:
    assert len(unkilled) == 16
    assert unkilled[wiring.PORTFOLIO].contract == PortfolioPlan.__name__
