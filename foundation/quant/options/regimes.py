"""Words for option features: put-call extremes, gamma zones and volatility regimes.

Limits are percentiles of the instrument's own past, not levels: a ratio of 0.6 is low for an index
and high for a stock.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import numpy as np

SentimentExtreme = Literal["extreme fear", "extreme greed", "ordinary", "unknown"]
GammaZone = Literal["long gamma", "near the flip", "short gamma", "unknown"]
VolatilityRegime = Literal["low", "normal", "high", "extreme", "unknown"]

EXTREME = 0.95
NEAR_FLIP = 0.01
REGIMES: tuple[tuple[float, VolatilityRegime], ...] = (
    (0.25, "low"),
    (0.75, "normal"),
    (0.95, "high"),
)


def sentiment_extreme(features: Mapping[str, float]) -> SentimentExtreme:
    """Return what the put-call ratio's percentile says: beyond 95% fear, up to 5% greed."""
    at = features["pcr_volume_percentile"]
    if np.isnan(at):
        return "unknown"
    return "extreme fear" if at >= EXTREME else "extreme greed" if at <= 1 - EXTREME else "ordinary"


def gamma_zone(features: Mapping[str, float]) -> GammaZone:
    """Return the side of the flip: hedgers calm the market where net gamma is positive.

    "Near the flip" is a spot within 1% of it.
    """
    net, gap = features["gamma_exposure"], features["gamma_flip_gap"]
    if np.isnan(net):
        return "unknown"
    if abs(gap) <= NEAR_FLIP:
        return "near the flip"
    return "long gamma" if net > 0 else "short gamma"


def volatility_regime(features: Mapping[str, float]) -> VolatilityRegime:
    """Return the regime of the 30-day volatility's percentile: up to 25%, 75%, 95%, beyond."""
    at = features["volatility_percentile"]
    if np.isnan(at):
        return "unknown"
    return next((name for limit, name in REGIMES if at <= limit), "extreme")
