"""The envelope of everything on the bus, and the stage events inside it."""

from __future__ import annotations

from typing import Literal

from foundation.kernel.model import Moment, Part


class ArtefactRef(Part):
    """A reference to a stored contract: never the bulk data itself."""

    contract: str
    content_hash: str


class StageEvent(Part):
    """What the runner says about a step. ``happened_at`` is wall-clock time.

    ``key`` is the hash of (inputs, settings, code version) under which the output is stored.
    ``ArtefactUnusable`` says that a stored output is gone or damaged and that its step runs again.
    """

    schema_version: int = 1
    event: Literal[
        "StageStarted", "StageCompleted", "StageReused", "StageFailed", "ArtefactUnusable"
    ]
    run_id: str
    step: str
    key: str
    happened_at: Moment
    seconds: float | None = None
    output: ArtefactRef | None = None
    error: str | None = None
