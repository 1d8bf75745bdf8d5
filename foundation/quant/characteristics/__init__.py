"""What kind of stock: beta, memory, sensitivity to earnings and news, liquidity; past only.

``stock_characteristics(market, fuzzy, settings)`` makes the contract; each module is one of the
five, as a function of arrays.
"""

from foundation.quant.characteristics.earnings import earnings_sensitivity
from foundation.quant.characteristics.hurst import hurst_exponent
from foundation.quant.characteristics.liquidity import liquidity_bucket
from foundation.quant.characteristics.sensitivity import rolling_slope
from foundation.quant.characteristics.settings import CharacteristicSettings
from foundation.quant.characteristics.stock import stock_characteristics

__all__ = [
    "CharacteristicSettings",
    "earnings_sensitivity",
    "hurst_exponent",
    "liquidity_bucket",
    "rolling_slope",
    "stock_characteristics",
]
