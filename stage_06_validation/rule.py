"""The shape of a check: a small pure function with a name, a severity and a score it counts in."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

from foundation.contracts import ValidationFinding
from stage_06_validation.draft import Draft
from stage_06_validation.facts import SymbolFacts
from stage_06_validation.settings import ValidationSettings

Severity = Literal["note", "warning", "fatal"]
ScoreName = Literal["coherence", "accuracy", "completeness", "clarity", "actionability"]
Breach = tuple[str, str]
"""What the draft said, and what it was held against."""

Check = Callable[[Draft, SymbolFacts, ValidationSettings], Iterable[Breach]]


@dataclass(frozen=True)
class Rule:
    """A named check. ``fatal`` refuses the draft; other severities only lower the score."""

    name: str
    score: ScoreName
    severity: Severity
    check: Check

    def findings(
        self, draft: Draft, facts: SymbolFacts, settings: ValidationSettings
    ) -> tuple[ValidationFinding, ...]:
        """Return one finding per breach, each breach once, in order."""
        return tuple(
            ValidationFinding(rule=self.name, severity=self.severity, said=said, against=against)
            for said, against in dict.fromkeys(self.check(draft, facts, settings))
        )
