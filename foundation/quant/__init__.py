"""The quantitative opinion: volatility, regimes, return quantiles and odds, on past data only.

``QuantForecaster(settings).context(window)`` answers for every session and symbol. How any
forecast is judged lies in ``foundation.quant.evaluation``. The heavy libraries (arch, lightgbm)
are imported when something is fitted, not before.
"""

from foundation.quant.forecaster import Forecaster, QuantForecaster
from foundation.quant.settings import (
    GarchSettings,
    MarketRegimeSettings,
    OwnWindowSettings,
    QuantileSettings,
    QuantSettings,
    RegimeSettings,
)

__all__ = [
    "Forecaster",
    "GarchSettings",
    "MarketRegimeSettings",
    "OwnWindowSettings",
    "QuantForecaster",
    "QuantSettings",
    "QuantileSettings",
    "RegimeSettings",
]
