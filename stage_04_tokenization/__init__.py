"""Stage 04: stories as windows of tokens, split by time."""

from stage_04_tokenization.settings import TokenizationSettings
from stage_04_tokenization.stage import TokenizationStage

__all__ = ["TokenizationSettings", "TokenizationStage"]
