"""Defaults of stage 07. They live here and nowhere else."""

from __future__ import annotations

from pydantic import Field

from foundation.kernel import Part


class SignalSettings(Part):
    """Weights of the scores, distances of levels, and thresholds of risks.

    They are conventions chosen before looking at any result, but for ``drift_scale``: it was
    doubled after one look at a day on which nearly every quantitative score stood at its
    ceiling. ``story_weight`` in particular has not been earned out of sample: an even split is
    what one assumes before stage 09 has measured which side deserves more.

    Attributes
    ----------
    story_weight : float in [0, 1]
        Share of the story score in the pooled score.
    neutral_zone : float in [0, 1]
        Pooled scores closer to zero than this give no direction.
    full_strength : float in (0, 1]
        Pooled score at which conviction is no longer limited by the score itself.
    price_weight, trend_weight, momentum_weight, text_weight : float
        Weights of the parts of the story score; those of absent parts are shared out.
    price_scale, shift_scale, drift_scale, hit_scale : float
        Input at which each part's tanh has reached 0.76.
    hit_weight : float in [0, 1]
        Share of the hit probability in the quantitative score.
    story_only_factor : float in [0, 1]
        Stands in for the agreement where the quantitative model does not answer.
    horizon_sessions : int
        Sessions for which a signal is meant, the target session included.
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

    story_weight: float = Field(default=0.5, ge=0, le=1)
    neutral_zone: float = Field(default=0.1, ge=0, lt=1)
    full_strength: float = Field(default=0.5, gt=0, le=1)
    price_weight: float = Field(default=0.5, gt=0)
    trend_weight: float = Field(default=0.15, ge=0)
    momentum_weight: float = Field(default=0.15, ge=0)
    text_weight: float = Field(default=0.2, ge=0)
    price_scale: float = Field(default=0.25, gt=0)
    shift_scale: float = Field(default=0.5, gt=0)
    drift_scale: float = Field(default=0.5, gt=0)
    hit_scale: float = Field(default=0.1, gt=0)
    hit_weight: float = Field(default=0.3, ge=0, le=1)
    story_only_factor: float = Field(default=0.5, ge=0, le=1)
    horizon_sessions: int = Field(default=5, ge=1)
    target_multiple: float = Field(default=3.0, gt=0)
    stop_multiple: float = Field(default=1.5, gt=0)
    nearest_multiple: float = Field(default=0.75, gt=0)
    farthest_stop_multiple: float = Field(default=2.5, gt=0)
    level_margin: float = Field(default=0.25, ge=0)
    extreme_sessions: tuple[int, ...] = (60, 252)
    near_level_multiple: float = Field(default=1.0, gt=0)
    event_days: int = Field(default=5, ge=1)
    most_risks: int = Field(default=8, ge=1)
