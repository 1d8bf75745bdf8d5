"""Trade setups: directional signals with enough conviction and levels in order."""

from __future__ import annotations

from datetime import date
from typing import Literal

from foundation.contracts import Levels, Scenario, Signal, Story, TradeSetup
from stage_08_decision_support.phrasing import medium_date, percent, price, sentence
from stage_08_decision_support.settings import DecisionSupportSettings

_HIGH = frozenset({"high", "very high"})
_LOW = frozenset({"low", "very low"})


def levels_in_order(signal: Signal) -> bool:
    """Say whether stop, entry and target exist and stand in the order of the direction."""
    levels = signal.levels
    if levels.stop is None or levels.target is None:
        return False
    if signal.direction == "bullish":
        return levels.stop < levels.entry < levels.target
    if signal.direction == "bearish":
        return levels.target < levels.entry < levels.stop
    return False


def risk_reward(levels: Levels) -> float:
    """Return |target - entry| / |entry - stop|; the caller has checked that both exist."""
    assert levels.target is not None
    assert levels.stop is not None
    return abs(levels.target - levels.entry) / abs(levels.entry - levels.stop)


def worst_entry(levels: Levels, least_risk_reward: float) -> float:
    """Return the entry price at which reward per unit of risk is just ``least_risk_reward``.

    From ``(target - e) / (e - stop) = r`` follows ``e = (target + r stop) / (1 + r)``; the
    same holds for shorts.
    """
    assert levels.target is not None
    assert levels.stop is not None
    return (levels.target + least_risk_reward * levels.stop) / (1 + least_risk_reward)


def setup_type(signal: Signal, story: Story) -> str:
    """Name the setup by how the signal stands to the trend that its story states."""
    long = signal.direction == "bullish"
    trend = {
        c.statement.value
        for c in story.claims
        if c.statement.kind == "state" and c.statement.subject == "trend"
    }
    if trend & (_HIGH if long else _LOW):
        return "trend continuation"
    if trend & (_LOW if long else _HIGH):
        return "reversal"
    return "range departure"


def _entry_criteria(
    signal: Signal, target_session: date, settings: DecisionSupportSettings
) -> tuple[str, ...]:
    levels = signal.levels
    long = signal.direction == "bullish"
    limit = worst_entry(levels, settings.setup_risk_reward)
    side = "at or below" if long else "at or above"
    criteria = [
        f"Enter at the open of {medium_date(target_session)}, {side} {price(limit)}: beyond that "
        f"price the reward is less than {settings.setup_risk_reward:.1f} times the risk.",
        f"Stand aside if the open is already {side} the stop at {price(levels.stop)}.",
    ]
    if levels.breakout is not None:
        verb = "above" if long else "below"
        criteria.append(f"A close {verb} {price(levels.breakout)} would confirm the move.")
    return tuple(criteria)


def _against(signal: Signal) -> tuple[str, ...]:
    reasons = [
        f"{sentence(risk.text)} Rests on: {risk.evidence}"
        for risk in sorted(signal.risks, key=lambda r: -r.severity)
    ]
    if signal.reconciliation.verdict in ("differ", "contradict"):
        reasons.append(sentence(signal.reconciliation.explanation))
    opposite = {"bullish": "bearish", "bearish": "bullish"}[signal.direction]
    reasons += [
        f"{s.name.capitalize()} scenario{_chance(s)}: {sentence(s.text)}"
        for s in signal.scenarios
        if s.direction == opposite and s.probability > 0
    ]
    return tuple(reasons)


def _chance(scenario: Scenario) -> str:
    chance = percent(scenario.probability)
    return "" if chance in scenario.text else f" ({chance})"


def trade_setup(
    signal: Signal, story: Story, target_session: date, settings: DecisionSupportSettings
) -> TradeSetup | None:
    """Return the setup of one signal, or None where the signal does not carry one."""
    if signal.direction == "neutral" or signal.conviction < settings.setup_conviction:
        return None
    if not levels_in_order(signal):
        return None
    reward = risk_reward(signal.levels)
    if reward < settings.setup_risk_reward:
        return None
    assert signal.levels.target is not None
    assert signal.levels.stop is not None
    direction: Literal["long", "short"] = "long" if signal.direction == "bullish" else "short"
    return TradeSetup(
        symbol=signal.symbol,
        setup_type=setup_type(signal, story),
        direction=direction,
        entry_criteria=_entry_criteria(signal, target_session, settings),
        target=signal.levels.target,
        stop=signal.levels.stop,
        time_stop_sessions=signal.horizon_sessions,
        risk_reward=reward,
        why=signal.rationale,
        against=_against(signal),
    )
