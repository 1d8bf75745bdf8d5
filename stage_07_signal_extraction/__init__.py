"""Stage 07: turns validated stories and the quantitative context into signals."""

from stage_07_signal_extraction.settings import SignalSettings
from stage_07_signal_extraction.stage import SignalExtractionStage, SignalInput

__all__ = ["SignalExtractionStage", "SignalInput", "SignalSettings"]
