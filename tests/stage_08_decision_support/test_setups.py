"""Trade setups: levels in order, the worst entry worth taking, reasons on both sides."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foundation.contracts import Levels, Signal
from foundation.testing.samples import SampleRun
from stage_08_decision_support import DecisionSupportSettings
from stage_08_decision_support.setups import (
    levels_in_order,
    risk_reward,
    trade_setup,
    worst_entry,
)


def levels(entry: float, target: float | None, stop: float | None) -> Levels:
    return Levels(
        entry=entry, support=None, resistance=None, breakout=None, target=target, stop=stop,
        risk_reward=None,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("direction", "target", "stop", "expected"),
    [
        ("bullish", 110.0, 95.0, True),
        ("bullish", 95.0, 110.0, False),
        ("bearish", 90.0, 105.0, True),
        ("bearish", 105.0, 90.0, False),
        ("bullish", None, 95.0, False),
        ("bearish", 90.0, None, False),
        ("neutral", 110.0, 95.0, False),
        ("bullish", 110.0, 100.0, False),
    ],
)
def test_levels_must_stand_in_the_order_of_the_direction(
    run: SampleRun, direction: str, target: float | None, stop: float | None, expected: bool
) -> None:
    update = {"direction": direction, "levels": levels(100.0, target, stop)}
    signal: Signal = run.signals.signals[0].model_copy(update=update)
    assert levels_in_order(signal) is expected


def test_reward_to_risk_and_worst_entry_by_hand() -> None:
    # Target 10 away, stop 5 away: 2. At 102.5 both are 7.5 away: 1. Same mirrored for a short.
    assert risk_reward(levels(100, 110, 95)) == 2.0
    assert worst_entry(levels(100, 110, 95), 1.0) == 102.5
    assert worst_entry(levels(100, 90, 105), 1.0) == 97.5
    assert worst_entry(levels(100, 110, 95), 2.0) == 100.0


@given(stop=st.floats(10, 1000), width=st.floats(1, 100), least=st.floats(0.1, 5), up=st.booleans())
def test_at_the_worst_entry_reward_is_just_enough(
    stop: float, width: float, least: float, up: bool
) -> None:
    target = stop + width if up else stop - width
    entry = worst_entry(levels((stop + target) / 2, target, stop), least)
    assert min(stop, target) < entry < max(stop, target)
    assert abs(target - entry) / abs(entry - stop) == pytest.approx(least, rel=1e-6)


def test_reasons_for_come_from_the_rationale_and_against_from_risks_by_severity(
    run: SampleRun,
) -> None:
    signal = run.signals.of("SPX")
    story = run.stories.today()["SPX"]
    setup = trade_setup(signal, story, date(2018, 12, 31), DecisionSupportSettings())
    assert setup is not None
    assert setup.why == signal.rationale
    assert setup.against[0].startswith("Volatility is above its mean.")
    assert "volatility is high" in setup.against[0]  # what the risk rests on
    assert setup.against[1].startswith("Core CPI is due")
    assert setup.against[-1].startswith("Risk scenario (10%): ")
    assert setup.direction == "long"
    assert setup.time_stop_sessions == 5


def test_a_contradiction_between_story_and_model_is_a_reason_against(run: SampleRun) -> None:
    signal = run.signals.of("IXIC")
    contradicted = signal.reconciliation.model_copy(
        update={"verdict": "contradict", "explanation": "the model points up"}
    )
    setup = trade_setup(
        signal.model_copy(update={"reconciliation": contradicted}),
        run.stories.today()["IXIC"],
        date(2018, 12, 31),
        DecisionSupportSettings(),
    )
    assert setup is not None
    assert setup.direction == "short"
    assert "The model points up." in setup.against
