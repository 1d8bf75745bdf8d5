"""The runner runs what must run, once, and tells the truth about it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from foundation.contracts import StageEvent
from foundation.kernel import (
    ArtefactError,
    ModelError,
    OperatorError,
    UpstreamDataError,
    WorldError,
)
from foundation.runtime import InProcessBus, Plan, Runner, RunResult, Step
from foundation.storage import ArtefactStore
from tests.foundation.runtime.toy import (
    AS_OF,
    Factor,
    Numbers,
    Total,
    ToySource,
    toy_plan,
    toy_store,
)


@pytest.fixture
def store(tmp_path: Path) -> ArtefactStore:
    return toy_store(tmp_path / "store")


def run(store: ArtefactStore, plan: Plan) -> tuple[RunResult, list[StageEvent]]:
    events: list[StageEvent] = []
    bus = InProcessBus()
    bus.subscribe(events.append)
    return Runner(store, bus, pause=lambda seconds: None).run(plan), events


def said(events: list[StageEvent]) -> list[tuple[str, str]]:
    return [(e.event, e.step) for e in events]


def test_a_first_run_runs_every_step_and_a_second_none(store: ArtefactStore) -> None:
    calls: list[str] = []
    first, _ = run(store, toy_plan(calls=calls))
    assert calls == ["01_read", "02_scale", "03_shift", "04_sum"]
    second, events = run(store, toy_plan(calls=calls))
    assert len(calls) == 4
    assert [e.event for e in events] == ["StageReused"] * 4
    assert second.outputs == first.outputs
    assert second.seconds == {}


def test_the_result_is_what_the_steps_compute(store: ArtefactStore) -> None:
    result, _ = run(store, toy_plan(ToySource(1, 2, 3), Factor(factor=2)))
    total = store.get(result.outputs["04_sum"].content_hash, Total)
    assert total.total == (1 + 2 + 3) * 2 + (1 + 2 + 3) + 3


def test_a_fully_cached_run_loads_nothing(
    store: ArtefactStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(store, toy_plan())
    source = ToySource()

    def refuse(*_: object) -> None:
        raise AssertionError("nothing may be loaded")

    monkeypatch.setattr(ArtefactStore, "get", refuse)
    run(store, toy_plan(source))
    assert source.loads == 0


def test_changed_settings_repeat_their_step_and_what_depends_on_it(store: ArtefactStore) -> None:
    run(store, toy_plan())
    calls: list[str] = []
    run(store, toy_plan(factor=Factor(factor=3), calls=calls))
    assert calls == ["02_scale", "04_sum"]


def test_changed_input_repeats_everything(store: ArtefactStore) -> None:
    run(store, toy_plan())
    calls: list[str] = []
    run(store, toy_plan(ToySource(4.0), calls=calls))
    assert calls == ["01_read", "02_scale", "03_shift", "04_sum"]


def test_a_step_whose_output_comes_out_unchanged_stops_the_wave(store: ArtefactStore) -> None:
    """New code, same output: later steps are keyed by content and are reused."""
    plan = toy_plan()
    run(store, plan)
    edited = [
        Step(
            s.name,
            s.number,
            s.title,
            s.makes,
            s.make,
            s.needs,
            [Factor(), Factor()] if s.name == "02_scale" else s.settings,
            s.code,
            s.reads,
        )
        for s in plan
    ]
    _, events = run(store, Plan(edited))
    assert said(events) == [
        ("StageReused", "01_read"),
        ("StageStarted", "02_scale"),
        ("StageCompleted", "02_scale"),
        ("StageReused", "03_shift"),
        ("StageReused", "04_sum"),
    ]


def test_outputs_name_what_they_were_made_from(store: ArtefactStore) -> None:
    source = ToySource()
    result, _ = run(store, toy_plan(source))
    first = store.get(result.outputs["01_read"].content_hash, Numbers)
    last = store.get(result.outputs["04_sum"].content_hash, Total)
    assert first.made_from == (source.fingerprint(),)
    assert last.made_from == tuple(result.outputs[n].content_hash for n in ("02_scale", "03_shift"))


def test_two_empty_stores_get_the_same_hashes(tmp_path: Path) -> None:
    one, _ = run(toy_store(tmp_path / "one"), toy_plan())
    two, _ = run(toy_store(tmp_path / "two"), toy_plan())
    assert one.outputs == two.outputs


def test_events_carry_references_and_seconds(store: ArtefactStore) -> None:
    result, events = run(store, toy_plan())
    done = [e for e in events if e.event == "StageCompleted"]
    assert {e.step: e.output for e in done} == result.outputs
    assert all(e.seconds is not None and e.seconds >= 0 for e in done)
    assert {e.run_id for e in events} == {result.run_id}


@pytest.mark.parametrize("damage", ["document gone", "document cut", "index cut"])
def test_a_damaged_artefact_is_said_and_its_step_repeated(
    store: ArtefactStore, damage: str
) -> None:
    first, _ = run(store, toy_plan())
    ref = first.outputs["02_scale"]
    document = store.root / "contracts" / "Numbers" / f"{ref.content_hash}.json"
    if damage == "document gone":
        document.unlink()
    elif damage == "document cut":
        document.write_bytes(document.read_bytes()[:20])
    else:
        next((store.root / "steps" / "02_scale").iterdir()).write_text("{")
    # 04 must run, so that it wants to read what 02 left
    store.discard(first.outputs["04_sum"])
    calls: list[str] = []
    again, events = run(store, toy_plan(calls=calls))
    assert again.outputs == first.outputs
    assert calls == ["02_scale", "04_sum"]
    assert ("ArtefactUnusable", "02_scale") in said(events)
    assert store.get(ref.content_hash, Numbers).values == (2.0, 4.0, 6.0)


def test_a_vanished_side_artefact_repeats_the_step_that_made_it(store: ArtefactStore) -> None:
    there = {"checkpoint": True}
    calls: list[str] = []

    def holds(_: object) -> None:
        if not there["checkpoint"]:
            raise ArtefactError("A stored folder is missing")

    def make(_: object) -> Total:
        calls.append("train")
        there["checkpoint"] = True
        return Total(as_of=AS_OF, produced_at=AS_OF, total=1.0)

    plan = Plan([Step("05_train", 5, "Train", Total, make, holds=holds)])
    run(store, plan)
    run(store, plan)
    assert calls == ["train"]
    there["checkpoint"] = False
    _, events = run(store, plan)
    assert calls == ["train", "train"]
    assert ("ArtefactUnusable", "05_train") in said(events)


def failing(error: Exception, times: int) -> Callable[[str], None]:
    left = {"n": times}

    def spoil(step: str) -> None:
        if step == "02_scale" and left["n"] > 0:
            left["n"] -= 1
            raise error

    return spoil


def test_the_worlds_failures_are_tried_again_visibly(store: ArtefactStore) -> None:
    result, events = run(store, toy_plan(spoil=failing(WorldError("The disk sleeps"), 2)))
    assert "04_sum" in result.outputs
    failures = [e for e in events if e.event == "StageFailed"]
    assert [e.step for e in failures] == ["02_scale", "02_scale"]
    assert "attempt 2 of 3" in str(failures[1].error)


def test_a_world_that_keeps_failing_is_an_error(store: ArtefactStore) -> None:
    with pytest.raises(WorldError, match="The disk sleeps"):
        run(store, toy_plan(spoil=failing(WorldError("The disk sleeps"), 99)))


@pytest.mark.parametrize("error", [UpstreamDataError("Prices are positive"), ValueError("bug")])
def test_other_errors_are_not_tried_again_and_are_journaled(
    store: ArtefactStore, error: Exception
) -> None:
    events: list[StageEvent] = []
    bus = InProcessBus()
    bus.subscribe(events.append)
    with pytest.raises(type(error)):
        Runner(store, bus).run(toy_plan(spoil=failing(error, 1)))
    assert said(events)[-1] == ("StageFailed", "02_scale")
    assert [e for e, _ in said(events)].count("StageFailed") == 1


def test_a_step_that_makes_the_wrong_contract_or_moment_is_refused(store: ArtefactStore) -> None:
    wrong = Step(
        "01_read", 1, "Read", Total, lambda i: Numbers(as_of=AS_OF, produced_at=AS_OF, values=())
    )
    with pytest.raises(ModelError, match="must make a Total"):
        run(store, Plan([wrong]))
    later = AS_OF.replace(month=12, day=31)
    drifted = Step(
        "02_total",
        2,
        "Total",
        Total,
        lambda i: Total(as_of=later, produced_at=later, total=0),
        {"x": "01_read"},
    )
    with pytest.raises(ModelError, match="as-of moment"):
        run(store, Plan([*toy_plan().until("01_read"), drifted]))


def test_an_input_may_be_of_an_earlier_day_where_the_step_says_so_and_never_of_a_later(
    store: ArtefactStore,
) -> None:
    def plan(moment: datetime, earlier: tuple[str, ...]) -> Plan:
        model = Step(
            "05_model",
            5,
            "Model",
            Total,
            lambda i: Total(as_of=moment, produced_at=moment, total=0),
        )
        asked = Step(
            "06_total",
            6,
            "Total",
            Total,
            lambda i: Total(as_of=AS_OF, produced_at=AS_OF, total=0),
            {"x": "01_read", "model": "05_model"},
            earlier=earlier,
        )
        return Plan([*toy_plan().until("01_read"), model, asked])  # fmt: skip

    yesterday, tomorrow = AS_OF - timedelta(days=1), AS_OF + timedelta(days=1)
    assert "06_total" in Runner(store, InProcessBus()).run(plan(yesterday, ("model",))).outputs
    for moment, earlier in ((yesterday, ()), (yesterday, ("x",)), (tomorrow, ("model",))):
        with pytest.raises(ModelError, match="as-of moment"):
            Runner(store, InProcessBus()).run(plan(moment, earlier), again=("05_model", "06_total"))


def test_a_plan_says_what_would_run_without_running(store: ArtefactStore) -> None:
    calls: list[str] = []
    before = toy_plan(calls=calls).foresee(store)
    assert [f.state for f in before] == ["run"] + ["run if inputs change"] * 3
    run(store, toy_plan())
    after = toy_plan(factor=Factor(factor=9), calls=calls).foresee(store)
    assert [f.state for f in after] == ["reuse", "run", "reuse", "run if inputs change"]
    assert calls == []


def test_part_of_a_plan_holds_what_its_last_step_needs() -> None:
    assert [s.name for s in toy_plan().until("03_shift")] == ["01_read", "03_shift"]
    with pytest.raises(OperatorError, match="no such step"):
        toy_plan().until("07_signals")


def test_a_plan_in_the_wrong_order_is_refused() -> None:
    steps = list(toy_plan())
    with pytest.raises(OperatorError, match="earlier steps"):
        Plan([steps[1], steps[0]])


def test_steps_run_again_on_demand_and_come_out_the_same(store: ArtefactStore) -> None:
    first, _ = run(store, toy_plan())
    calls: list[str] = []
    plan = toy_plan(calls=calls)
    again = plan.resting_on("03_shift")
    result = Runner(store, InProcessBus()).run(plan, again=again)
    assert calls == ["03_shift", "04_sum"]
    assert result.outputs == first.outputs
