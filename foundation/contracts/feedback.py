"""09 -> all: what happened, and how good the forecasts were."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import Field

from foundation.kernel.model import Contract, Part

Baseline = Literal["climatology", "persistence", "Markov chain", "story model"]
"""What the system is held against: an instrument's own past frequencies; tomorrow as today; what
followed today's state, over all instruments; the story model's word alone, before it is weighed."""


class SkillScore(Part):
    """A score of the system and of a baseline on the same forecasts, with an interval.

    ``difference`` is baseline minus system (positive: the system is better); ``low`` and
    ``high`` bound its 95% interval from a circular block bootstrap over sessions.
    ``detectable`` is the smallest true difference this test would have found with 80% power.
    """

    series: str
    metric: Literal["log score", "ranked probability score"]
    system: float
    baseline_name: Baseline
    baseline: float
    difference: float
    low: float
    high: float
    detectable: float
    forecasts: int


class CalibrationBin(Part):
    """Forecast probability against observed frequency within one bin."""

    series: str
    forecast: float
    observed: float
    count: int


class DirectionalRecord(Part):
    """How often the sign of the expected move was right, with a 95% interval (block bootstrap)."""

    forecasts: int
    hit_rate: float | None
    low: float | None
    high: float | None


class Outcome(Part):
    """One past forecast beside what happened. Codes are 0..4, lowest first."""

    symbol: str
    session: date
    target_session: date
    series: str
    probabilities: tuple[float, float, float, float, float]
    observed: int


class RetrainingRequest(Part):
    """Something must be retrained, and why."""

    model: Literal["story model", "twins", "market model", "ranker"]
    trigger: str
    measured: float
    threshold: float


class PerformanceReport(Contract):
    """The system's own past forecasts, matched with what happened and scored.

    ``outcomes`` holds the most recent matched forecasts for display; the scores use all.
    ``weights`` says by which each series' forecast of tomorrow was mixed from the opinions
    (``OPINIONS``). Requests to retrain rest on the story model alone, not on what is published.
    """

    schema_version: int = Field(
        default=2, ge=1, description="2: two more baselines, and the weights of the opinions."
    )
    session: date
    scored_from: date | None
    scored_to: date | None
    sessions_scored: int
    scores: tuple[SkillScore, ...]
    calibration: tuple[CalibrationBin, ...]
    expected_calibration_error: dict[str, float]
    direction: DirectionalRecord
    outcomes: tuple[Outcome, ...]
    retraining: tuple[RetrainingRequest, ...]
    weights: dict[str, dict[str, float]]
    survivor_biased: bool
    summary: tuple[str, ...]
