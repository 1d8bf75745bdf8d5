"""Recipes of the market model and of its twins."""

from __future__ import annotations

from foundation.market_model.recipe import (
    BackboneSizes,
    EncoderSizes,
    GraphSizes,
    MarketModelRecipe,
)
from foundation.twins.recipe import TwinRecipe, TwinSizes


def market_model_full(seed: int = 20181228) -> MarketModelRecipe:
    """Return the full size: hidden 256, two layers of 8 x 64 graph attention, 448 -> 256 -> 128.

    For a GPU: half precision, all symbols of a session in one graph.
    """
    return MarketModelRecipe(name="market-model-full", precision="bfloat16", seed=seed)


def market_model_cpu(seed: int = 20181228) -> MarketModelRecipe:
    """Return a profile for two CPU cores: minutes for 500 stocks and five years."""
    return MarketModelRecipe(
        name="market-model-cpu",
        encoder=EncoderSizes(hidden=32, heads=4, lstm_layers=1),
        graph=GraphSizes(heads=2, width=16, projected=32),
        backbone=BackboneSizes(sector=8, liquidity=4, market_regime=4, middle=64, embedding=64),
        block=128,
        symbols_per_step=128,
        epochs=8,
        patience=3,
        learning_rate=2e-3,
        seed=seed,
    )


def market_model_demo(seed: int = 20181228) -> MarketModelRecipe:
    """Return the demo's profile: a small market of close-only stocks, in seconds.

    Returns run from the close, as the demo's stocks report no opens.
    """
    return MarketModelRecipe(
        name="market-model-demo",
        encoder=EncoderSizes(hidden=16, heads=2, lstm_layers=1),
        graph=GraphSizes(heads=2, width=8, projected=16),
        backbone=BackboneSizes(sector=4, liquidity=2, market_regime=4, middle=32, embedding=32),
        block=128,
        epochs=5,
        patience=2,
        learning_rate=4e-3,
        entry="close",
        features=(
            "log_return_1",
            "log_return_5",
            "log_return_20",
            "sma_20_gap",
            "sma_50_gap",
            "sma_200_gap",
            "rsi_14",
            "bollinger_b",
            "bollinger_width",
            "realised_volatility_20",
            "high_252_gap",
        ),
        price_units=(),
        threads=1,
        seed=seed,
    )


def twins_full() -> TwinRecipe:
    """Return twins of about 50 thousand parameters on the full market model's embeddings."""
    return TwinRecipe(name="twins-full")


def twins_cpu() -> TwinRecipe:
    """Return twins for the CPU profile's embeddings."""
    return TwinRecipe(name="twins-cpu", sizes=TwinSizes(embedding=64, inputs=27))


def twins_demo() -> TwinRecipe:
    """Return twins for the demo's embeddings."""
    return TwinRecipe(
        name="twins-demo",
        sizes=TwinSizes(
            embedding=32, inputs=20, adapter=8, stock=16, regime=8, detector=(16, 8),
            correction=(32, 16), head=8,
        ),
        epochs=8,
        patience=2,
        threads=1,
    )  # fmt: skip
