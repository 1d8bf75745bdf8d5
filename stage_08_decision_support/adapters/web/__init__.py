"""The dashboard: a FastAPI application over whatever runs and models the wiring hands it.

FastAPI is imported when ``create_app`` is called, never when this package is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stage_08_decision_support.adapters.web.runs import (
    RunMetadata,
    RunSource,
    RunView,
    StepRecord,
    run_metadata,
)

if TYPE_CHECKING:
    from fastapi import FastAPI

    from stage_08_decision_support.adapters.web.shelf import ShelfSource

__all__ = ["RunMetadata", "RunSource", "RunView", "StepRecord", "create_app", "run_metadata"]


def create_app(runs: RunSource, shelf: ShelfSource) -> FastAPI:
    """Return the dashboard over ``runs`` and a shelf of models; see ``adapters.web.app``."""
    from stage_08_decision_support.adapters.web.app import create_app as create

    return create(runs, shelf)
