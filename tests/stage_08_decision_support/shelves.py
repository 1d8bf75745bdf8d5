"""Runs and shelves for tests of the dashboard."""

from __future__ import annotations

from foundation.contracts import ShelfReport
from foundation.kernel import OperatorError
from stage_08_decision_support.adapters.web import RunView


class OneRun:
    """Always the same run."""

    def __init__(self, view: RunView) -> None:
        self.view = view

    def latest(self) -> RunView:
        return self.view


class OneShelf:
    """Always the same report."""

    def __init__(self, told: ShelfReport) -> None:
        self.told = told

    def report(self) -> ShelfReport:
        return self.told


class EmptyShelf:
    """Nothing was trained yet."""

    def report(self) -> ShelfReport:
        raise OperatorError(
            "Something is on the shelf", value="models", remedy="story train market-model"
        )
