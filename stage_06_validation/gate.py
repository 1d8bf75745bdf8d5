"""The gate: drafts in, verdicts out, and another try for what was refused.

Nothing is dropped: every refused draft stays in the record with its findings, and a fallback
says that it is one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from foundation.contracts import (
    SCENARIOS,
    CheckedContinuation,
    Continuation,
    ContinuationRequest,
)
from foundation.kernel import ModelError
from stage_06_validation.scoring import overall
from stage_06_validation.settings import ValidationSettings

Regenerate = Callable[[Sequence[ContinuationRequest]], Sequence[Continuation]]
"""Draws another draft for every request, in any order."""

Checker = Callable[[Continuation], CheckedContinuation]
VerdictName = Literal["accepted", "regenerated", "fallback"]


@dataclass
class Record:
    """All drafts of one symbol, by scenario, oldest first."""

    symbol: str
    settings: ValidationSettings
    drafts: dict[str, list[CheckedContinuation]] = field(default_factory=dict)

    def add(self, checked: CheckedContinuation) -> None:
        """Keep a draft."""
        self.drafts.setdefault(checked.continuation.scenario, []).append(checked)

    def standing(self, scenario: str) -> CheckedContinuation:
        """Return a scenario's accepted draft or, where there is none, its best refused one."""
        return max(self.drafts[scenario], key=self._rank)

    def _rank(self, checked: CheckedContinuation) -> tuple[bool, int, float, float, int]:
        return checked.accepted, *_merit(checked, self.settings)

    def open_scenarios(self) -> tuple[str, ...]:
        """Return the scenarios without an accepted draft, in order."""
        return tuple(s for s in SCENARIOS if s in self.drafts and not self.standing(s).accepted)

    def attempts(self) -> int:
        """Return the largest number of drafts that any scenario took."""
        return max(len(drafts) for drafts in self.drafts.values())

    def rejected(self) -> tuple[CheckedContinuation, ...]:
        """Return every refused draft, by scenario and attempt."""
        return tuple(c for s in SCENARIOS for c in self.drafts.get(s, ()) if not c.accepted)

    def decide(self) -> tuple[VerdictName, CheckedContinuation]:
        """Return the verdict and the draft to believe.

        The base draft where one was accepted; else the best accepted alternative; else the
        least bad draft of base and alternatives. A risk draft is adverse on purpose and is only
        taken when the symbol has no other.
        """
        base = self.standing("base") if "base" in self.drafts else None
        if base is not None and base.accepted:
            first = len(self.drafts["base"]) == 1
            return ("accepted" if first else "regenerated"), base
        candidates = [self.standing(s) for s in SCENARIOS if s in self.drafts and s != "risk"]
        candidates = candidates or [self.standing("risk")]
        return "fallback", max(candidates, key=self._rank)


def _merit(
    checked: CheckedContinuation, settings: ValidationSettings
) -> tuple[int, float, float, int]:
    """Rank drafts: fewer fatal findings, higher weighted score, likelier text, earlier attempt."""
    fatal = sum(f.severity == "fatal" for f in checked.findings)
    draft = checked.continuation
    likelihood = draft.log_probability / max(1, draft.tokens)
    return -fatal, overall(checked.scores, settings), likelihood, -draft.attempt


def pass_gate(
    continuations: Sequence[Continuation],
    check: Checker,
    regenerate: Regenerate,
    settings: ValidationSettings,
) -> dict[str, Record]:
    """Check all drafts; ask again for refused ones, all symbols in one call per attempt.

    Parameters
    ----------
    continuations : sequence of Continuation
        First drafts.
    check : callable
        Reads and judges one draft.
    regenerate : callable
        Called at most ``max_attempts - 1`` times, and never with an empty sequence.

    Raises
    ------
    ModelError
        If ``regenerate`` does not answer every request exactly once.
    """
    records: dict[str, Record] = {}
    for continuation in continuations:
        records.setdefault(continuation.symbol, Record(continuation.symbol, settings)).add(
            check(continuation)
        )
    for _ in range(settings.max_attempts - 1):
        requests = tuple(_requests(records, settings))
        if not requests:
            break
        for continuation in _answers(requests, regenerate(requests)):
            records[continuation.symbol].add(check(continuation))
    return records


def _requests(
    records: dict[str, Record], settings: ValidationSettings
) -> list[ContinuationRequest]:
    return [
        ContinuationRequest(
            symbol=record.symbol,
            scenario=scenario,
            attempt=max(c.continuation.attempt for c in record.drafts[scenario]) + 1,
        )
        for record in records.values()
        for scenario in record.open_scenarios()
        if scenario in settings.regenerated
    ]


def _answers(
    requests: Sequence[ContinuationRequest], answers: Sequence[Continuation]
) -> list[Continuation]:
    found = {(c.symbol, c.scenario, c.attempt): c for c in answers}
    asked = [(r.symbol, r.scenario, r.attempt) for r in requests]
    if len(found) != len(answers) or set(found) != set(asked):
        raise ModelError(
            "Every requested continuation must come back exactly once",
            value=sorted(set(asked) ^ set(found)) or f"{len(answers)} answers",
            remedy="let the story engine answer each request with its symbol, scenario, attempt",
        )
    return [found[key] for key in asked]
