"""The plan joins all stages, keys each by what decides its output, and serves complete runs."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import pytest

from config.profiles import profile_named
from foundation.contracts import ArtefactRef, StageEvent
from foundation.kernel import NEW_YORK, OperatorError
from foundation.runtime import Journal, Plan, code_version
from foundation.storage import ArtefactStore
from stage_10_integration import wiring
from stage_10_integration.house_settings import HouseSettings
from stage_10_integration.sources import open_source
from stage_10_integration.stored_runs import StoredRuns
from stage_10_integration.wiring import build_plan


def settings(**market: object) -> HouseSettings:
    profile: HouseSettings = profile_named("test", HouseSettings)
    return profile.model_copy(update={"market": profile.market.model_copy(update=market)})


class Nothing:
    def fingerprint(self) -> str:
        return "f" * 64

    def load(self) -> object:
        raise AssertionError("a plan must not read its source before it runs")


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    return build_plan(settings(), Nothing(), ArtefactStore(tmp_path))


def test_every_stage_has_a_step_and_the_brief_comes_last(plan: Plan) -> None:
    assert {step.number for step in plan} == set(range(1, 11))
    assert plan.steps[-1].name == wiring.BRIEF


def test_the_brief_rests_on_every_step(plan: Plan) -> None:
    assert len(plan.until(wiring.BRIEF)) == len(plan)


def test_forecasts_are_scored_without_touching_signals_or_portfolio(plan: Plan) -> None:
    names = {step.name for step in plan.until(wiring.FEEDBACK)}
    assert names.isdisjoint({wiring.VALIDATION, wiring.SIGNALS, wiring.PORTFOLIO})


def test_a_changed_setting_changes_the_keys_of_its_own_steps_only(tmp_path: Path) -> None:
    base = settings()
    changed = base.model_copy(
        update={"engine": base.engine.model_copy(update={"seed": base.engine.seed + 1})}
    )
    keys = []
    for chosen in (base, changed):
        made = build_plan(chosen, Nothing(), ArtefactStore(tmp_path))
        keys.append({s.name: s.key(["x"] * (len(s.needs) + (s.reads is not None))) for s in made})
    differing = {name for name in keys[0] if keys[0][name] != keys[1][name]}
    assert differing == {wiring.FORECAST, wiring.VALIDATION}


def test_who_shares_the_work_of_training_is_not_asked_when_its_model_is_sought(
    tmp_path: Path,
) -> None:
    def key(**training: object) -> str:
        house = settings()
        changed = house.training.model_copy(update=training)
        plan = build_plan(
            house.model_copy(update={"training": changed}), Nothing(), ArtefactStore(tmp_path)
        )
        return plan.step(wiring.TRAINING).key(["a" * 64])

    assert key(threads=1) == key(threads=16) == key(processes=8, sharded=True)
    assert key(seed=1) != key(seed=2)


def test_a_step_is_keyed_by_its_own_package_and_what_that_imports(plan: Plan) -> None:
    """No step's code reaches into the commands or into a stage it does not run."""
    codes = {step.name: step.code for step in plan}
    assert all(codes.values())
    versions = {name: code_version(*code) for name, code in codes.items()}
    assert versions[wiring.TRAINING] == versions[wiring.FORECAST]
    assert len(set(versions.values())) == len(set(codes.values()))


@pytest.mark.parametrize(
    ("market", "said"),
    [
        ({"source": "folder"}, "--path"),
        ({"source": "bundled", "path": Path("here")}, "--source folder"),
        ({"source": "folder", "path": Path("here")}, "--as-of"),
        ({"source": "simulated", "as_of": date(2011, 1, 1)}, "2010-12-31"),
    ],
)
def test_a_market_that_cannot_be_opened_says_what_is_missing(
    market: dict[str, object], said: str
) -> None:
    with pytest.raises(OperatorError) as caught:
        open_source(settings(**market))
    assert said in str(caught.value)


def test_the_simulated_market_is_cut_at_the_as_of_close() -> None:
    whole = open_source(settings())
    earlier = open_source(settings(as_of=date(2011, 6, 1)))
    raw = earlier.load()
    assert raw.bars["session"].max().date() == date(2011, 6, 1)
    assert raw.observations["known_at"].max() <= datetime(2011, 6, 1, 16, tzinfo=NEW_YORK)
    assert all(e.known_at.date() <= date(2011, 6, 1) for e in raw.events)
    assert earlier.fingerprint() != whole.fingerprint()
    assert earlier.fingerprint() == open_source(settings(as_of=date(2011, 6, 1))).fingerprint()


def event(run: str, step: str, name: str = "StageCompleted") -> StageEvent:
    return StageEvent(
        event=name,  # type: ignore[arg-type]
        run_id=run, step=step, key="k", happened_at=datetime(2024, 1, 2, tzinfo=NEW_YORK),
        output=ArtefactRef(contract="X", content_hash="0" * 64),
    )  # fmt: skip


def test_a_store_without_a_complete_run_has_nothing_to_show(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.jsonl")
    runs = StoredRuns(ArtefactStore(tmp_path), journal)
    with pytest.raises(OperatorError, match="story demo"):
        runs.latest()
    journal.append(event("r1", wiring.DATA))
    journal.append(event("r1", wiring.BRIEF, "StageStarted"))
    with pytest.raises(OperatorError, match="story demo"):
        runs.latest()
