"""Stage 09, feedback: past forecasts matched with what happened, scored, and acted upon."""

from stage_09_feedback.settings import FeedbackSettings
from stage_09_feedback.stage import FeedbackInput, FeedbackStage

__all__ = ["FeedbackInput", "FeedbackSettings", "FeedbackStage"]
