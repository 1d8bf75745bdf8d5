"""Settings of the feedback stage. Defaults live here and nowhere else."""

from __future__ import annotations

from pydantic import Field

from foundation.kernel import Part


class FeedbackSettings(Part):
    """How past forecasts are scored and when retraining is asked for.

    Attributes
    ----------
    minimum_sessions : int
        Scored sessions below which no score is published: an interval from fewer says nothing.
    block : int
        Sessions per bootstrap block (a trading week).
    bootstrap_samples, seed : int
        Number of bootstrap samples and seed of their generator.
    probability_floor : float
        Probability that replaces a smaller one under the logarithm, for system and references
        alike. How often the system needed it is part of the report's summary.
    bins : int
        Equal-width bins of the calibration table.
    shown_sessions : int
        Most recent target sessions listed one by one as outcomes.
    accuracy_floor, accuracy_sessions : float, int
        Retraining is asked for when direction accuracy was below the floor on each of the last
        so many sessions with directional calls.
    confidence_gap : float
        Retraining is asked for when mean confidence and accuracy differ by more than this.
    """

    minimum_sessions: int = Field(default=10, ge=2)
    block: int = Field(default=5, ge=1)
    bootstrap_samples: int = Field(default=2000, ge=100)
    seed: int = 9
    probability_floor: float = Field(default=1e-6, gt=0, lt=0.1)
    bins: int = Field(default=10, ge=2)
    shown_sessions: int = Field(default=5, ge=0)
    accuracy_floor: float = Field(default=0.6, gt=0, lt=1)
    accuracy_sessions: int = Field(default=5, ge=1)
    confidence_gap: float = Field(default=0.2, gt=0, lt=1)
