"""The page "Models": what the market model weighs, who answers for what, how twins hold."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from foundation.contracts import FoundationReport, ReliabilityPoint, Standing, TwinState
from stage_08_decision_support.adapters.web.quantitative.regimes import by_twin, most_likely
from stage_08_decision_support.adapters.web.quantitative.twin_panel import (
    MATTERS,
    NO_MODEL,
    interval_in_words,
)
from stage_08_decision_support.adapters.web.quantitative.weighing import attention, weight_groups
from stage_08_decision_support.adapters.web.runs import RunView

VARIABLES_SHOWN = 14
FEWEST = 30
"""Forecasts below which a bin is not drawn: chance alone moves its share by ten points and more."""


@dataclass(frozen=True)
class TwinRow:
    """One line of the table of twins."""

    state: TwinState
    regime: str | None


@dataclass(frozen=True)
class Reliability:
    """Odds forecast beside how often it happened, by model; axes run from 0 to ``end``."""

    end: float
    dots: dict[str, tuple[ReliabilityPoint, ...]]


@dataclass(frozen=True)
class Reach:
    """A gain and its interval as x positions of a 100-wide box, zero in the middle."""

    low: float
    middle: float
    high: float


def models_context(view: RunView) -> dict[str, Any]:
    """Return everything that the page shows; ``report`` is None where no model was trained."""
    report = None if view.quant is None else view.quant.report
    shown: dict[str, Any] = {
        "view": view, "report": report, "absent": NO_MODEL, "matters": MATTERS,
        "versions": () if view.quant is None else view.quant.models,
        "interval_in_words": interval_in_words, "most_variables": VARIABLES_SHOWN,
    }  # fmt: skip
    if report is None:
        return shown
    standings = [s for ruling in report.rulings for s in ruling.standings]
    return shown | {
        "groups": weight_groups(report),
        "attention": attention(report),
        "twins": twin_rows(view, report),
        "answering": sum(state.answers for state in report.twins),
        "reach_of_twins": half_width([state.standing for state in report.twins]),
        "reach_of_rulings": half_width(standings),
        "drawn": drawn,
        "reliability": reliability(report),
    }


def reliability(report: FoundationReport) -> Reliability:
    """Return the dots of all models on one pair of axes, as long as the largest dot needs."""
    dots = {
        past.name: tuple(point for point in past.hit if point.count >= FEWEST)
        for past in report.calibration
    }
    ends = [end for drawn in dots.values() for p in drawn for end in (p.forecast, p.observed)]
    return Reliability(math.ceil(10 * max(ends, default=1.0)) / 10, dots)


def twin_rows(view: RunView, report: FoundationReport) -> tuple[TwinRow, ...]:
    """Return the twins: those that answer first, then by gain; those not judged yet last."""
    assert view.quant is not None
    rows = []
    for state in report.twins:
        detected = by_twin(view.quant, state.symbol)
        rows.append(TwinRow(state, None if detected is None else most_likely(detected[-1])))
    return tuple(
        sorted(
            rows,
            key=lambda r: (
                not r.state.answers,
                r.state.standing.gain is None,
                -(r.state.standing.gain or 0.0),
                r.state.symbol,
            ),
        )
    )


def half_width(standings: list[Standing]) -> float:
    """Return a half-width that holds every interval, at least a hair so that it can divide."""
    ends = [abs(end) for s in standings for end in (s.low, s.high) if end is not None]
    return max(ends, default=0.0) or 1e-9


def drawn(standing: Standing, reach: float) -> Reach | None:
    """Return an interval on an axis from ``-reach`` to ``reach``; None where it is open."""
    if standing.gain is None or standing.low is None or standing.high is None:
        return None

    def x(value: float) -> float:
        return round(50 + 46 * max(-1.0, min(1.0, value / reach)), 1)

    return Reach(low=x(standing.low), middle=x(standing.gain), high=x(standing.high))
