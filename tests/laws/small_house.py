"""Small houses: one on real data as far as tokens, one on simulated data with a toy of a model."""

from __future__ import annotations

from config.profiles import profile_named
from foundation.market_model import (
    BackboneSizes,
    EncoderSizes,
    GraphSizes,
    MarketModelRecipe,
)
from foundation.twins.recipe import TwinRecipe, TwinSizes
from foundation.twins.settings import FoundationSettings
from stage_10_integration.house_settings import HouseSettings


def small_house() -> HouseSettings:
    """Return settings under which data to tokens take about two seconds."""
    return HouseSettings.model_validate(
        {
            "market": {"symbols": ("SPX", "IXIC", "AAPL", "XOM")},
            "data": {"history_sessions": 420},
            "quant": {
                "quantiles": {"round_choices": (3,), "minimum_sessions": 100, "minimum_leaf": 20},
                "garch": {"minimum_observations": 200},
            },
            "stories": {"story_sessions": 120, "full_sessions": 5},
            "tokens": {"history_sessions": 20, "validation_sessions": 10},
        }
    )


def modelled_house() -> HouseSettings:
    """Return the small house with a market model and twins of a few hundred parameters."""
    house = small_house()
    recipe = MarketModelRecipe(
        name="toy",
        encoder=EncoderSizes(hidden=8, heads=2, lstm_layers=1),
        graph=GraphSizes(heads=2, width=4, projected=4),
        backbone=BackboneSizes(sector=2, liquidity=2, market_regime=2, middle=16, embedding=8),
        context=12,
        block=64,
        epochs=1,
        entry=house.quant.quantiles.entry,
        features=("log_return_1", "rsi_14", "realised_volatility_20"),
        price_units=(),
        market_series=("vix",),
        threads=1,
    )
    sizes = TwinSizes(
        embedding=8,
        inputs=6,
        adapter=4,
        stock=4,
        regime=4,
        detector=(8, 4),
        correction=(8, 8),
        head=4,
    )
    twins = TwinRecipe(sizes=sizes, epochs=1, sessions=60, held_back=10, batch=16, threads=1)
    foundation = FoundationSettings(
        market_model=recipe,
        twins=twins,
        first_refit=100,
        refit_every=200,
        held_back=20,
        twin_refit_every=40,
        least=20,
        trial=60,
    )
    return house.model_copy(update={"foundation": foundation})


def toy_house() -> HouseSettings:
    """Return the test profile with still less training: every step runs, in seconds.

    One thread, for the laws run beside other tests and must not wait for a second core.
    """
    house = profile_named("test", HouseSettings)
    phases = tuple(phase.model_copy(update={"steps": 4}) for phase in house.training.phases)
    training = {"phases": phases, "batch_windows": 2, "evaluation_windows": 4, "threads": 1}
    return house.model_copy(
        update={
            "simulation": house.simulation.model_copy(update={"symbols": 2}),
            "training": house.training.model_copy(update=training),
            "engine": house.engine.model_copy(update={"threads": 1, "max_words": 24}),
        }
    )
