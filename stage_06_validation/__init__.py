"""Stage 06: holds every continuation against itself, the data and the past, and judges it."""

from stage_06_validation.facts import ValidationInput
from stage_06_validation.settings import ValidationSettings
from stage_06_validation.stage import ValidationStage

__all__ = ["ValidationInput", "ValidationSettings", "ValidationStage"]
