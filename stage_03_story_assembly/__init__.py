"""Stage 03: states, movements and events become stories worth reading."""

from stage_03_story_assembly.settings import StoryAssemblySettings
from stage_03_story_assembly.stage import AssemblyInput, StoryAssemblyStage

__all__ = ["AssemblyInput", "StoryAssemblySettings", "StoryAssemblyStage"]
