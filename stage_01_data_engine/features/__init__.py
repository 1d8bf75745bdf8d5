"""Features of every instrument on every session, past only."""

from stage_01_data_engine.features.compute import (
    FEATURE_FIELDS,
    breadth,
    feature_values,
    stretches,
)

__all__ = ["FEATURE_FIELDS", "breadth", "feature_values", "stretches"]
