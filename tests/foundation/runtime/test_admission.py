"""A step runs once the machine has room for it."""

from __future__ import annotations

from pathlib import Path

import pytest

from foundation.contracts import StageEvent
from foundation.kernel import WorldError
from foundation.runtime import InProcessBus, Runner
from tests.foundation.runtime.toy import toy_plan, toy_store


def test_the_machine_is_asked_before_every_step_that_runs_and_no_other(tmp_path: Path) -> None:
    asked: list[int] = []
    store, plan = toy_store(tmp_path), toy_plan()
    runner = Runner(store, InProcessBus(), admit=lambda: asked.append(1))
    runner.run(plan)
    assert len(asked) == len(plan)
    runner.run(plan)
    assert len(asked) == len(plan), "what is reused costs nothing"


def test_a_step_without_room_fails_in_the_journal_and_is_not_tried_again(tmp_path: Path) -> None:
    events: list[StageEvent] = []
    bus = InProcessBus()
    bus.subscribe(events.append)

    def full() -> None:
        raise WorldError("At least 128 MiB are free", value="10 MiB")

    with pytest.raises(WorldError, match="128 MiB"):
        Runner(toy_store(tmp_path), bus, admit=full).run(toy_plan())
    assert [e.event for e in events] == ["StageStarted", "StageFailed"]
    assert "128 MiB" in str(events[-1].error)
