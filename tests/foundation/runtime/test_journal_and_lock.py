"""The journal survives crashes; the lock keeps runs apart and dies with its holder."""

from __future__ import annotations

import signal
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest

from foundation.contracts import StageEvent
from foundation.kernel import NEW_YORK
from foundation.runtime import InProcessBus, Journal, StoreBusy, exclusive

REPOSITORY = Path(__file__).parents[3]


def event(step: str, name: str = "StageStarted", run: str = "r1") -> StageEvent:
    return StageEvent(
        event=name,  # type: ignore[arg-type]
        run_id=run,
        step=step,
        key="k",
        happened_at=datetime(2024, 1, 2, 9, 30, tzinfo=NEW_YORK),
    )


def test_what_was_written_is_read_back_in_order(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "deep" / "journal.jsonl")
    assert journal.read().events == ()
    for step in "abc":
        journal.append(event(step))
    assert [e.step for e in journal.read().events] == ["a", "b", "c"]
    assert journal.read().events[0] == event("a")


def test_a_torn_last_line_costs_one_event_only(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.jsonl")
    journal.append(event("a"))
    journal.append(event("b"))
    content = journal.path.read_bytes()
    journal.path.write_bytes(content[:-30])
    journal.append(event("c"))
    pages = journal.read()
    assert [e.step for e in pages.events] == ["a", "c"]
    assert pages.torn == 1


def test_a_step_that_only_started_was_interrupted(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.jsonl")
    for e in (
        event("a"),
        event("a", "StageCompleted"),
        event("b"),
        event("b", run="r2"),
        event("b", "StageCompleted", run="r2"),
    ):
        journal.append(e)
    assert [(e.run_id, e.step) for e in journal.read().interrupted()] == [("r1", "b")]


def test_subscribers_hear_events_in_order_until_they_stop() -> None:
    bus, heard = InProcessBus(), list[str]()
    stop = bus.subscribe(lambda e: heard.append(f"one {e.step}"))
    bus.subscribe(lambda e: heard.append(f"two {e.step}"))
    bus.publish(event("a"))
    stop()
    bus.publish(event("b"))
    assert heard == ["one a", "two a", "two b"]


HOLDER = """
import sys, time
from pathlib import Path
from foundation.runtime import exclusive
with exclusive(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_second_run_is_refused_and_a_killed_holder_leaves_no_stale_lock(tmp_path: Path) -> None:
    lock = tmp_path / "store" / "run.lock"
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(lock)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=REPOSITORY,
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(StoreBusy, match=f"process {holder.pid}"), exclusive(lock):
            pass
        holder.send_signal(signal.SIGKILL)
        holder.wait(timeout=10)
    with exclusive(lock):
        pass
    with exclusive(lock):
        pass


def test_the_lock_is_given_back_after_an_error(tmp_path: Path) -> None:
    lock = tmp_path / "run.lock"
    with pytest.raises(ZeroDivisionError), exclusive(lock):
        1 / 0  # noqa: B018
    with exclusive(lock), pytest.raises(StoreBusy), exclusive(lock):
        pass
