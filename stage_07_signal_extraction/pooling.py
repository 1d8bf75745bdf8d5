"""Story and quantitative model put together: direction, agreement, conviction."""

from __future__ import annotations

from typing import Literal

from foundation.contracts import Reconciliation
from foundation.contracts.signal import Direction
from stage_07_signal_extraction.settings import SignalSettings

Verdict = Literal["agree", "differ", "contradict", "story only"]


def direction_of(score: float, settings: SignalSettings) -> Direction:
    """Return the direction of a score; neutral within the neutral zone, its edge included."""
    if abs(score) <= settings.neutral_zone:
        return "neutral"
    return "bullish" if score > 0 else "bearish"


def reconcile(story: float, quant: float | None, settings: SignalSettings) -> Reconciliation:
    """Pool two scores in [-1, 1] and say in words how they compare.

    ``pooled = w story + (1 - w) quant``; without a quantitative score it is the story's alone.
    """
    if quant is None:
        return Reconciliation(
            story_score=story,
            quant_score=None,
            pooled=story,
            story_weight=1.0,
            agreement=None,
            verdict="story only",
            explanation=(
                f"The story is {direction_of(story, settings)} ({signed(story)}); the quantitative "
                "model has no opinion here, so nothing confirms it."
            ),
        )
    weight = settings.story_weight
    verdict = compare(story, quant, settings)
    return Reconciliation(
        story_score=story,
        quant_score=quant,
        pooled=weight * story + (1 - weight) * quant,
        story_weight=weight,
        agreement=1 - abs(story - quant) / 2,
        verdict=verdict,
        explanation=_explain(story, quant, verdict, settings),
    )


def compare(story: float, quant: float, settings: SignalSettings) -> Verdict:
    """Return ``agree`` for one direction, ``contradict`` for opposite ones, else ``differ``."""
    ways = {direction_of(story, settings), direction_of(quant, settings)}
    if len(ways) == 1:
        return "agree"
    return "contradict" if "neutral" not in ways else "differ"


def _explain(story: float, quant: float, verdict: Verdict, settings: SignalSettings) -> str:
    told = f"{direction_of(story, settings)} ({signed(story)})"
    reckoned = f"{direction_of(quant, settings)} ({signed(quant)})"
    if verdict == "agree":
        return f"Story, {told}, and quantitative model, {reckoned}, agree."
    if verdict == "contradict":
        return (
            f"The story is {told} but the quantitative model is {reckoned}: they contradict "
            "each other, and conviction is cut for it."
        )
    return f"The story is {told} while the quantitative model is {reckoned}: they differ."


def conviction(
    direction: Direction,
    reconciliation: Reconciliation,
    confidence: float,
    settings: SignalSettings,
) -> float:
    """Return ``min(1, |pooled| / full_strength) x confidence x agreement``, 0 when neutral.

    It falls with the confidence in the forecast and with disagreement. It orders signals; it is
    not the probability of being right.
    """
    if direction == "neutral":
        return 0.0
    agreement = reconciliation.agreement
    strength = min(1.0, abs(reconciliation.pooled) / settings.full_strength)
    return strength * confidence * (settings.story_only_factor if agreement is None else agreement)


def signed(score: float) -> str:
    """Return a score with its sign, a minus and not a hyphen; one that rounds to 0 has none."""
    text = f"{abs(score):.2f}"
    if text == "0.00":
        return text
    return ("\u2212" if score < 0 else "+") + text
