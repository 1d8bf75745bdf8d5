"""What models on the shelf are given of a market window."""

from __future__ import annotations

import numpy as np

from foundation.contracts import MarketWindow, StockCharacteristics
from foundation.market_model.inputs import LIQUIDITY
from foundation.quant import QuantSettings
from foundation.quant.regimes import named_regimes
from foundation.quant.returns import log_returns
from foundation.quant.volatility import garch_volatility
from foundation.twins.registry import Characteristics


def inputs_named(window: MarketWindow, quant: QuantSettings) -> str:
    """Return what the model's inputs rest on, besides the sessions, the symbols and its recipe."""
    return f"{window.source.name}, {quant.garch.model_dump_json()}"


def volatility_scale(window: MarketWindow, quant: QuantSettings) -> np.ndarray:
    """Return GARCH's past-only volatility of the coming sessions, (T, N)."""
    return garch_volatility(log_returns(window.bars.field("close")), quant.garch).volatility


def regimes_of(window: MarketWindow, quant: QuantSettings) -> np.ndarray:
    """Return the likeliest regime at each row, int (T, N); -1 where none is named."""
    chances = named_regimes(log_returns(window.bars.field("close")), quant.regimes).probabilities
    return np.where(np.isnan(chances).any(-1), -1, np.nan_to_num(chances).argmax(-1))


def character_of(
    symbol: str, window: MarketWindow, known: StockCharacteristics | None
) -> Characteristics:
    """Return what a stock is like at the last session; None where it is not known."""
    sector = window.instrument(symbol).sector
    if known is None or symbol not in known.values.symbols:
        return Characteristics(sector=sector)
    place = known.values.symbols.index(symbol)
    last = {field: finite(known.values.field(field)[-1, place]) for field in known.values.fields}
    bucket = last["liquidity_bucket"]
    return Characteristics(
        sector=sector,
        beta=last["beta"],
        hurst=last["hurst_exponent"],
        earnings_sensitivity=last["earnings_sensitivity"],
        sentiment_beta=last["sentiment_beta"],
        liquidity=None if bucket is None else LIQUIDITY[int(bucket)],
    )


def finite(value: float) -> float | None:
    """Return a number, None where it is none."""
    return float(value) if np.isfinite(value) else None
