"""Stage 02: numbers become graded fuzzy states, movements and named patterns."""

from stage_02_fuzzification.settings import FuzzificationSettings
from stage_02_fuzzification.stage import FuzzificationStage

__all__ = ["FuzzificationSettings", "FuzzificationStage"]
