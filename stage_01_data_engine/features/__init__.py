"""Features of every instrument on every session, past only.

``catalogue`` names them, ``compute`` makes them; every other module is one group of formulas.
"""

from stage_01_data_engine.features.catalogue import (
    FEATURE_FIELDS,
    FEATURES,
    STORY_FIELDS,
    Feature,
)
from stage_01_data_engine.features.compute import breadth, feature_values, stretches
from stage_01_data_engine.features.increment import features_since

__all__ = [
    "FEATURES",
    "FEATURE_FIELDS",
    "STORY_FIELDS",
    "Feature",
    "breadth",
    "feature_values",
    "features_since",
    "stretches",
]
