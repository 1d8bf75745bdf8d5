"""Settings of option features. Defaults live here and nowhere else."""

from __future__ import annotations

from pydantic import Field

from foundation.kernel import Part


class OptionSettings(Part):
    """Limits of the chain's quality rules and windows of its features.

    Attributes
    ----------
    near_days : float
        Contracts that expire within so many days count as near.
    history, least_history : int
        Earlier chains that ranks and z-scores look back on, at most and at least.
    unusual_volume, unusual_ratio : float
        A contract's volume is unusual from so many contracts on, if it is also so many times
        its open interest.
    flip_reach, flip_steps
        Share of the spot up and down within which the gamma flip is searched, and points there.
    bound_tolerance : float
        Slack of no-arbitrage bounds as a share of the spot, for quotes that are not simultaneous.
    scale_tolerance : float
        Share by which the forward implied by a pair of put and call may differ from the spot.
    spot_tolerance : float
        Share by which the forward of the chain may differ from the spot.
    stale_days : float
        Age from which a last trade is called stale.
    copied_share : float
        Share of traded contracts that repeat the chain before, from which it counts as a copy.
    tiny_volatility, volatility_tolerance : float
        A source's implied volatility is called absent below the first, and different from ours
        beyond the second.
    """

    near_days: float = Field(default=30, gt=0)
    history: int = Field(default=252, ge=2)
    least_history: int = Field(default=20, ge=2)
    unusual_volume: float = Field(default=100, gt=0)
    unusual_ratio: float = Field(default=2.0, gt=0)
    flip_reach: float = Field(default=0.2, gt=0, lt=1)
    flip_steps: int = Field(default=81, ge=3)
    bound_tolerance: float = Field(default=0.01, ge=0)
    scale_tolerance: float = Field(default=0.25, gt=0)
    spot_tolerance: float = Field(default=0.01, gt=0)
    stale_days: float = Field(default=7, gt=0)
    copied_share: float = Field(default=0.95, gt=0, le=1)
    tiny_volatility: float = Field(default=0.01, gt=0)
    volatility_tolerance: float = Field(default=0.02, gt=0)
