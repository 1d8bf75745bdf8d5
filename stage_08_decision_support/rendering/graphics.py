"""Geometry of the small inline drawings: pure numbers, in the units of their view box."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from foundation.contracts import Reconciliation, SkillScore

REACH = 0.1
"""Probability from the middle to either end of a dumbbell's axis."""


def sparkline(values: Sequence[float], width: float = 120, height: float = 28) -> str:
    """Return an SVG path through the values, gaps where they are NaN; empty if fewer than two."""
    known = [v for v in values if math.isfinite(v)]
    if len(known) < 2:
        return ""
    low, span = min(known), (max(known) - min(known)) or 1.0
    step = width / (len(values) - 1)
    path, pen_down = [], False
    for i, value in enumerate(values):
        if not math.isfinite(value):
            pen_down = False
            continue
        y = 1 + (height - 2) * (1 - (value - low) / span)
        path.append(f"{'L' if pen_down else 'M'}{i * step:.1f} {y:.1f}")
        pen_down = True
    return "".join(path)


@dataclass(frozen=True)
class Dumbbell:
    """Odds of a rise beside the past frequency, as x positions of a 100-wide box."""

    story: float
    model: float | None
    rise: float


def dumbbell(reconciliation: Reconciliation) -> Dumbbell:
    """Return where the odds of story and model and the published ones stand (margin 6).

    The past frequency is in the middle, ``REACH`` below and above it at the ends.
    """

    def x(odds: float) -> float:
        beside = (odds - reconciliation.past) / REACH
        return round(50 + 44 * max(-1.0, min(1.0, beside)), 1)

    model = reconciliation.model
    return Dumbbell(
        story=x(reconciliation.story),
        model=None if model is None else x(model),
        rise=x(reconciliation.rise),
    )


@dataclass(frozen=True)
class Interval:
    """A difference and its 95% interval as x positions of a 100-wide box, zero in the middle."""

    low: float
    middle: float
    high: float


def interval(score: SkillScore, reach: float) -> Interval:
    """Return the interval on an axis from ``-reach`` to ``reach``."""

    def x(value: float) -> float:
        return round(50 + 46 * max(-1.0, min(1.0, value / reach)), 1)

    return Interval(low=x(score.low), middle=x(score.difference), high=x(score.high))


def reach(scores: Sequence[SkillScore]) -> float:
    """Return a half-width that holds every interval, at least a hair so that it can divide."""
    ends = [abs(end) for s in scores for end in (s.low, s.high) if math.isfinite(end)]
    return max(ends, default=0.0) or 1e-9
