"""Small houses: one on real data as far as tokens, one on simulated data with a toy of a model."""

from __future__ import annotations

from config.profiles import profile_named
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
