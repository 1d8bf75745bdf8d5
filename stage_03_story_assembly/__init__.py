"""Stage 03: states, movements and events become stories worth reading."""

from stage_03_story_assembly.past_updates import PastUpdatesInput, PastUpdatesStage
from stage_03_story_assembly.settings import StoryAssemblySettings
from stage_03_story_assembly.stage import AssemblyInput, StoryAssemblyStage
from stage_03_story_assembly.update import IntradayUpdateStage, UpdateInput

__all__ = [
    "AssemblyInput",
    "IntradayUpdateStage",
    "PastUpdatesInput",
    "PastUpdatesStage",
    "StoryAssemblySettings",
    "StoryAssemblyStage",
    "UpdateInput",
]
