"""Stage 08: what a trader reads: the brief, its renderings, and a dashboard (adapters.web)."""

from stage_08_decision_support.rendering import (
    render_html,
    render_json,
    render_markdown,
    render_terminal,
)
from stage_08_decision_support.settings import DecisionSupportSettings
from stage_08_decision_support.stage import BriefInput, DecisionSupportStage

__all__ = [
    "BriefInput",
    "DecisionSupportSettings",
    "DecisionSupportStage",
    "render_html",
    "render_json",
    "render_markdown",
    "render_terminal",
]
