"""Stage 05: the story model, its training, and its forecasts."""

from stage_05_llm_engine.learning.resume import FolderKeeper
from stage_05_llm_engine.learning.tracking import FileTracker, Report
from stage_05_llm_engine.learning.training import Watch
from stage_05_llm_engine.narrative import NarrativeModel
from stage_05_llm_engine.recipe import (
    Adapter,
    Architecture,
    Checkpoint,
    Phase,
    TrainingRecipe,
)
from stage_05_llm_engine.settings import EngineSettings, ServerSettings
from stage_05_llm_engine.stage import EngineInput, LlmEngineStage, ServedModelStage
from stage_05_llm_engine.training_stage import TrainingStage
from stage_05_llm_engine.weights.checkpoint import CheckpointStore
from stage_05_llm_engine.weights.export import export

__all__ = [
    "Adapter",
    "Architecture",
    "Checkpoint",
    "CheckpointStore",
    "EngineInput",
    "EngineSettings",
    "FileTracker",
    "FolderKeeper",
    "LlmEngineStage",
    "NarrativeModel",
    "Phase",
    "Report",
    "ServedModelStage",
    "ServerSettings",
    "TrainingRecipe",
    "TrainingStage",
    "Watch",
    "export",
]
