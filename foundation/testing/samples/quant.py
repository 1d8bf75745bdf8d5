"""A quantitative context and characteristics that belong to a market window."""

from __future__ import annotations

import numpy as np

from foundation.contracts import (
    CHARACTERISTICS,
    QUANT_FIELDS,
    MarketWindow,
    ModelVersion,
    QuantContext,
    StockCharacteristics,
)
from foundation.testing.samples.market import market_window
from foundation.timeseries import Panel


def quant_context(market: MarketWindow | None = None, seed: int = 11) -> QuantContext:
    """Return regimes, quantiles and odds; NaN until volatility is known, and no alpha."""
    market = market or market_window()
    rng = np.random.default_rng(seed)
    daily = market.features.field("realised_volatility_20") / np.sqrt(252)
    regimes = rng.dirichlet((4, 3, 2, 1), size=daily.shape)
    sigma = daily * np.sqrt(5)
    centre = 0.1 * sigma * rng.standard_normal(daily.shape)
    fields = {name: regimes[..., i] for i, name in enumerate(QUANT_FIELDS[:4])}
    fields |= {
        "expected_return_5d": centre,
        "hit_probability": np.clip(0.4 + centre / (2 * sigma), 0.05, 0.95),
        "volatility_5d": sigma,
        "q10": centre - 1.2816 * sigma,
        "q50": centre,
        "q90": centre + 1.2816 * sigma,
        "idiosyncratic_alpha": np.full(daily.shape, np.nan),
    }
    absent = np.isnan(daily)
    fields = {name: np.where(absent, np.nan, values) for name, values in fields.items()}
    until = market.bars.sessions[max(0, len(market.bars.sessions) - 70)]
    return QuantContext(
        as_of=market.as_of,
        produced_at=market.produced_at,
        values=Panel.from_fields(market.bars.sessions, market.bars.symbols, fields),
        models=(
            ModelVersion(
                name="sample regimes", version="1", fields=QUANT_FIELDS[:4], trained_until=None
            ),
            ModelVersion(
                name="sample quantiles", version="1", fields=QUANT_FIELDS[4:10], trained_until=until
            ),
        ),
    )


def stock_characteristics(
    market: MarketWindow | None = None, seed: int = 13
) -> StockCharacteristics:
    """Return characteristics; NaN in the first quarter, and no sentiment beta for indices."""
    market = market or market_window()
    rng = np.random.default_rng(seed)
    shape = (len(market.bars.sessions), len(market.bars.symbols))
    made = {
        "beta": 1 + 0.2 * rng.standard_normal(shape),
        "hurst_exponent": 0.5 + 0.05 * rng.standard_normal(shape),
        "earnings_sensitivity": 0.04 * rng.uniform(0.5, 2, shape),
        "sentiment_beta": 0.01 * rng.standard_normal(shape),
        "liquidity_bucket": rng.integers(0, 3, shape).astype(float),
    }
    for values in made.values():
        values[: shape[0] // 4] = np.nan
    made["sentiment_beta"][:, [i.kind == "index" for i in market.instruments]] = np.nan
    return StockCharacteristics(
        as_of=market.as_of,
        produced_at=market.produced_at,
        values=Panel.from_fields(
            market.bars.sessions,
            market.bars.symbols,
            {name: made[name] for name in CHARACTERISTICS},
        ),
    )
