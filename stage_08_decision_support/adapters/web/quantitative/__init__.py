"""What people see of the quantitative foundation: a twin's panel, the page "Models", the API."""

from stage_08_decision_support.adapters.web.quantitative.answers import (
    NotInRun,
    RegimeAnswer,
    TwinAnswer,
    TwinListAnswer,
    regime_answer,
    twin_answer,
    twin_list,
)
from stage_08_decision_support.adapters.web.quantitative.models_page import models_context
from stage_08_decision_support.adapters.web.quantitative.twin_panel import MATTERS, twin_panel

__all__ = [
    "MATTERS",
    "NotInRun",
    "RegimeAnswer",
    "TwinAnswer",
    "TwinListAnswer",
    "models_context",
    "regime_answer",
    "twin_answer",
    "twin_list",
    "twin_panel",
]
