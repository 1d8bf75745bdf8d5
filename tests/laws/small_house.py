"""A small house on real data: four bundled instruments, a year and a half, a few stories."""

from __future__ import annotations

from stage_10_integration.house_settings import HouseSettings


def small_house() -> HouseSettings:
    """Return settings under which data to tokens take about two seconds."""
    return HouseSettings.model_validate(
        {
            "market": {"symbols": ("SPX", "IXIC", "AAPL", "XOM")},
            "data": {"history_sessions": 420},
            "quant": {
                "quantiles": {"rounds": 3, "minimum_sessions": 100, "minimum_leaf": 20},
                "garch": {"minimum_observations": 200},
            },
            "stories": {"story_sessions": 120, "full_sessions": 5},
            "tokens": {"history_sessions": 20, "validation_sessions": 10},
        }
    )
