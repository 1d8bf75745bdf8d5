"""How story and market model compare, in odds and in words."""

from __future__ import annotations

from typing import Literal

from foundation.contracts import Reconciliation
from foundation.contracts.signal import Direction
from stage_07_signal_extraction.opinions import HORIZON

Verdict = Literal["agree", "differ", "contradict", "story only"]


def compare(story: Direction, model: Direction | None) -> Verdict:
    """Return how the directions compare that each opinion would call by itself."""
    if model is None:
        return "story only"
    if story == model:
        return "agree"
    return "differ" if "neutral" in (story, model) else "contradict"


def reconcile(
    odds: dict[str, float],
    weights: dict[str, float],
    rise: float,
    calls: tuple[Direction, Direction | None],
) -> Reconciliation:
    """Return the opinions of one symbol beside one another.

    Parameters
    ----------
    odds, weights : dict
        By ``past``, ``story`` and ``model``; the model's odds are NaN where it is silent.
    calls : pair of Direction
        What story and model would call by themselves; None for a silent model.
    """
    silent = calls[1] is None
    verdict = compare(*calls)
    return Reconciliation(
        past=odds["past"],
        story=odds["story"],
        model=None if silent else odds["model"],
        past_weight=weights["past"],
        story_weight=weights["story"],
        model_weight=weights["model"],
        rise=rise,
        verdict=verdict,
        explanation=_explain(odds, weights, rise, calls, verdict),
    )


def _explain(
    odds: dict[str, float],
    weights: dict[str, float],
    rise: float,
    calls: tuple[Direction, Direction | None],
    verdict: Verdict,
) -> str:
    told = [
        f"{_chance(odds[name])} by {voice} (weight {weights[name]:.0%})"
        for name, voice in (
            ("past", "past frequency"),
            ("story", "the story"),
            ("model", "the market model"),
        )
        if name != "model" or calls[1] is not None
    ]
    listed = f"{', '.join(told[:-1])} and {told[-1]}"
    return (
        f"A higher close in {HORIZON} sessions has odds of {listed}, together "
        f"{_chance(rise)}. {_compared(calls, verdict)}"
    )


def _compared(calls: tuple[Direction, Direction | None], verdict: Verdict) -> str:
    story, model = calls
    if verdict == "story only":
        return "The market model has no opinion here, so nothing confirms the story."
    if verdict == "contradict":
        return f"The story by itself is {story}, the market model {model}: they contradict."
    if verdict == "differ":
        return f"The story by itself is {story}, the market model {model}: they differ."
    if story == "neutral":
        return "Neither would pay for a trade by itself."
    return f"Story and market model are both {story}."


def _chance(probability: float) -> str:
    """Return odds with one decimal: what sets them apart is less than a percent."""
    return f"{probability:.1%}"
