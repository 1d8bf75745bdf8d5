"""Defaults of stage 07. They live here and nowhere else."""

from __future__ import annotations

from pydantic import Field

from foundation.kernel import Part


class SignalSettings(Part):
    """Costs of a trade, distances of levels, and thresholds of risks.

    Attributes
    ----------
    cost_basis_points : float
        Commission plus slippage of one trade, one way. A direction is called only where it is
        expected to pay for two of them. At 0 every departure from the usual is a call.
    least_record : int
        Sessions with known outcomes below which no record of past odds is published.
    bootstrap_samples, seed : int
        Number of bootstrap samples of the record's intervals, and seed of their generator.
    target_multiple, stop_multiple : float
        Distance of target and stop from the entry in units of ``volatility_scale_20``.
    nearest_multiple, farthest_stop_multiple, level_margin : float
        A past extreme replaces the multiple where it lies farther than the nearest and, for a
        stop, nearer than the farthest; stops stand ``level_margin`` beyond their level.
    extreme_sessions : tuple of int
        Look-backs in which past highs and lows are sought when the 20-session ones are broken.
    near_level_multiple : float
        A level nearer than this is a risk.
    event_days : int
        A release due within so many days is a risk.
    most_risks : int
        Risks listed per signal, gravest first.
    """

    cost_basis_points: float = Field(default=5.0, ge=0)
    least_record: int = Field(default=20, ge=2)
    bootstrap_samples: int = Field(default=1000, ge=100)
    seed: int = 7
    target_multiple: float = Field(default=3.0, gt=0)
    stop_multiple: float = Field(default=1.5, gt=0)
    nearest_multiple: float = Field(default=0.75, gt=0)
    farthest_stop_multiple: float = Field(default=2.5, gt=0)
    level_margin: float = Field(default=0.25, ge=0)
    extreme_sessions: tuple[int, ...] = (60, 252)
    near_level_multiple: float = Field(default=1.0, gt=0)
    event_days: int = Field(default=5, ge=1)
    most_risks: int = Field(default=8, ge=1)
