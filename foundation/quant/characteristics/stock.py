"""All characteristics of all stocks of a window.

Sentiment is read in fuzzification, from headlines; so the sentiment beta, and with it this step,
comes after it and takes its reading instead of reading headlines a second time.
"""

from __future__ import annotations

import numpy as np

from foundation.contracts import CHARACTERISTICS, FuzzyWindow, MarketWindow, StockCharacteristics
from foundation.quant.characteristics.earnings import earnings_sensitivity, reported_on
from foundation.quant.characteristics.hurst import hurst_exponent
from foundation.quant.characteristics.liquidity import liquidity_bucket
from foundation.quant.characteristics.sensitivity import rolling_slope
from foundation.quant.characteristics.settings import CharacteristicSettings
from foundation.quant.returns import log_returns
from foundation.timeseries import Panel

BETA = "market_beta_252"
HEADLINES, SENTIMENT = "news|headlines", "news|sentiment"


def stock_characteristics(
    market: MarketWindow, fuzzy: FuzzyWindow, settings: CharacteristicSettings
) -> StockCharacteristics:
    """Return beta, Hurst exponent, sensitivities and liquidity of every instrument.

    Beta is the window's own feature (``market_beta_252``; NaN in a window without it). Sentiment
    is that of sessions on which headlines became known, held against the return beyond the mean
    of the other instruments: a stock that stands alone has no sentiment beta.
    """
    close, volume = market.bars.field("close"), market.bars.field("volume")
    returns = log_returns(close)
    equities = np.array([i.kind == "equity" for i in market.instruments], dtype=bool)
    has_beta = market.features.has(BETA)
    values = {
        "beta": market.features.field(BETA) if has_beta else np.full(close.shape, np.nan),
        "hurst_exponent": hurst_exponent(
            close, settings.hurst_window, settings.hurst_lags, settings.coverage
        ),
        "earnings_sensitivity": earnings_sensitivity(
            returns,
            reported_on(market.events, market.bars.sessions, market.bars.symbols),
            settings.reports,
            settings.least_reports,
        ),
        "sentiment_beta": rolling_slope(
            sentiment_of(fuzzy),
            beyond_the_others(returns),
            settings.sentiment_window,
            settings.least_news,
        ),
        "liquidity_bucket": liquidity_bucket(close * volume, equities, settings.liquidity_window),
    }
    return StockCharacteristics(
        as_of=market.as_of,
        produced_at=market.produced_at,
        values=Panel.from_fields(
            market.bars.sessions,
            market.bars.symbols,
            {name: values[name] for name in CHARACTERISTICS},
        ),
    )


def beyond_the_others(returns: np.ndarray) -> np.ndarray:
    """Return each log return less the mean of the other instruments', shape (T, N).

    NaN where nobody else reports.
    """
    present = np.isfinite(returns)
    filled = np.where(present, returns, 0.0)
    others = present.sum(axis=1, keepdims=True) - 1
    mean = (filled.sum(axis=1, keepdims=True) - filled) / np.maximum(others, 1)
    return np.where(present & (others > 0), returns - mean, np.nan)


def sentiment_of(fuzzy: FuzzyWindow) -> np.ndarray:
    """Return news sentiment on sessions with headlines, shape (T, N); NaN on others."""
    told = fuzzy.symbol_events.field(HEADLINES) > 0
    return np.where(told, fuzzy.symbol_events.field(SENTIMENT), np.nan)
