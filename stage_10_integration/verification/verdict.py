"""What a proof says: each question it asked, and the first step that broke a law, and where."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from foundation.runtime import Plan

Rewire = Callable[[Plan], Plan]
"""Last hand on a plan."""
Say = Callable[[str], None]
"""Told in words what is being done."""


@dataclass(frozen=True)
class Comparison:
    """One question, the steps compared, and the first that differed (None: none did)."""

    question: str
    steps: tuple[str, ...]
    step: str | None = None
    where: str | None = None

    @property
    def held(self) -> bool:
        """Whether nothing differed."""
        return self.step is None


@dataclass(frozen=True)
class Verdict:
    """The outcome of a proof: it held, or the first step that broke it and where."""

    law: str
    comparisons: tuple[Comparison, ...]

    @property
    def held(self) -> bool:
        """Whether every comparison held."""
        return all(c.held for c in self.comparisons)

    @property
    def first_broken(self) -> Comparison | None:
        """The first comparison that did not hold."""
        return next((c for c in self.comparisons if not c.held), None)
