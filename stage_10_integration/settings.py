"""Settings of the portfolio and of the market's themes. Defaults live here and nowhere else."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from foundation.kernel import Part
from foundation.trading import Limits


class PortfolioSettings(Part):
    """How signals become weights.

    Attributes
    ----------
    method : str
        ``mean-risk`` (highest ratio of viewed return to volatility), ``hierarchical risk
        parity`` or ``inverse volatility``; the latter two are multiplied by conviction.
    alternative : str
        What to do, visibly, when the optimiser finds no weights.
    limits : Limits
        Never exceeded. Long only, always.
    lookback_sessions : int
        Past daily returns that covariance and tail risk are estimated on (252 = a year).
    minimum_sessions : int
        Fewest returns that all candidates must have in common for an estimate.
    smallest_conviction : float
        Bullish signals below this conviction are not held.
    kelly_fraction : float
        Share of the full Kelly stake.
    smallest_position : float
        Weights below this stay in cash: not worth their trouble.
    cost_basis_points : float
        Commission plus slippage, one way, assumed in the plan's backcast of risk.
    tail_level : float
        Confidence level of value at risk and expected shortfall.
    """

    method: Literal["mean-risk", "hierarchical risk parity", "inverse volatility"] = "mean-risk"
    alternative: Literal["inverse volatility", "cash"] = "inverse volatility"
    limits: Limits = Limits(
        max_weight=0.15, max_group_weight=0.35, max_gross=1.0, min_cash=0.02, max_volatility=0.15
    )
    lookback_sessions: int = Field(default=252, ge=20)
    minimum_sessions: int = Field(default=120, ge=20)
    smallest_conviction: float = Field(default=0.05, gt=0)
    kelly_fraction: float = Field(default=0.5, gt=0, le=1)
    smallest_position: float = Field(default=0.005, ge=0, lt=1)
    cost_basis_points: float = Field(default=5.0, ge=0)
    tail_level: float = Field(default=0.95, gt=0.5, lt=1)


class IntelligenceSettings(Part):
    """What counts as a theme, and what as a divergence.

    Attributes
    ----------
    comparison_sessions : int
        How far back "usual" reaches: today's shares are held against so many sessions.
    smallest_share : float
        A theme is shared by at least this fraction of the instruments that it could apply to.
    smallest_count : int
        ... and by at least so many instruments.
    unusual : float
        A theme or divergence is unusual if at most this fraction of the comparison sessions
        showed it as strongly.
    smallest_gap : float
        Groups part if their median states differ by at least this much (1 = one state of five).
    most_themes, most_divergences : int
        How many of each are reported.
    named : int
        How many symbols a text names before it only counts.
    """

    comparison_sessions: int = Field(default=252, ge=20)
    smallest_share: float = Field(default=0.3, gt=0, le=1)
    smallest_count: int = Field(default=3, ge=2)
    unusual: float = Field(default=0.2, gt=0, lt=1)
    smallest_gap: float = Field(default=0.75, gt=0, le=4)
    most_themes: int = Field(default=5, ge=1)
    most_divergences: int = Field(default=5, ge=1)
    named: int = Field(default=4, ge=1)
