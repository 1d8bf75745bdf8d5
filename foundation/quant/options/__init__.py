"""Options: chains judged, volatilities and Greeks computed from prices, forty features.

``layouts`` turn vendors' tables into ``OptionChain``; ``judge`` says what of it can be trusted;
``option_features`` and ``option_panel`` make the features; ``regimes`` puts words to them.
"""

from foundation.quant.options.black_scholes import Greeks, greeks, implied_volatility, price
from foundation.quant.options.chain import OptionChain
from foundation.quant.options.features import OPTION_FIELDS, option_features, option_panel
from foundation.quant.options.layouts import CBOE_SPX, LEAN, YAHOO, Layout, settles_at_open
from foundation.quant.options.positioning import GammaProfile, gamma_profile, max_pain
from foundation.quant.options.quality import JudgedChain, judge
from foundation.quant.options.regimes import gamma_zone, sentiment_extreme, volatility_regime
from foundation.quant.options.settings import OptionSettings
from foundation.quant.options.surface import Expiry, Surface, surface

__all__ = [
    "CBOE_SPX",
    "LEAN",
    "OPTION_FIELDS",
    "YAHOO",
    "Expiry",
    "GammaProfile",
    "Greeks",
    "JudgedChain",
    "Layout",
    "OptionChain",
    "OptionSettings",
    "Surface",
    "gamma_profile",
    "gamma_zone",
    "greeks",
    "implied_volatility",
    "judge",
    "max_pain",
    "option_features",
    "option_panel",
    "price",
    "sentiment_extreme",
    "settles_at_open",
    "surface",
    "volatility_regime",
]
