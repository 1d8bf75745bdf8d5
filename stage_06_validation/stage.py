"""Stage 06: which continuation to believe, and how far."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from foundation.contracts import (
    SCENARIOS,
    CheckedContinuation,
    Continuation,
    ForecastVerdict,
    ValidatedForecast,
)
from foundation.language import Reading, Yardstick, read
from foundation.runtime.stage import Stage
from stage_06_validation.confidence import assess, data_quality, story_basis
from stage_06_validation.draft import Draft
from stage_06_validation.facts import SymbolFacts, ValidationInput, gather_facts
from stage_06_validation.gate import Record, Regenerate, pass_gate
from stage_06_validation.scoring import check
from stage_06_validation.settings import ValidationSettings


class Reader(Protocol):
    """Reads a text, grading its numbers by yardsticks."""

    def __call__(self, text: str, *, yardsticks: Mapping[str, Yardstick]) -> Reading: ...


class ValidationStage(Stage[ValidationInput, ValidatedForecast]):
    """Read every continuation, hold it against itself, the data and the past, and judge it.

    Parameters
    ----------
    settings : ValidationSettings
    regenerate : callable
        ``Sequence[ContinuationRequest] -> Sequence[Continuation]``: the story engine's next
        drafts. Not called when nothing is refused or ``max_attempts`` is 1.
    reader : callable, optional
        ``(text, yardsticks=...) -> Reading``; the project's own reader by default.
    """

    name = "06_validation"
    version = "1"

    def __init__(
        self,
        settings: ValidationSettings,
        regenerate: Regenerate,
        reader: Reader = read,
    ) -> None:
        self.settings = settings
        self._regenerate = regenerate
        self._reader = reader

    def run(self, given: ValidationInput) -> ValidatedForecast:
        """Return one verdict per symbol that has continuations, in order of first mention.

        Raises
        ------
        ModelError
            If the inputs do not belong together, or an asked-for draft does not come back.
        """
        facts = gather_facts(given, self.settings)
        quality = data_quality(given.market, self.settings)
        basis = story_basis(given.fuzzy)

        def judge(continuation: Continuation) -> CheckedContinuation:
            known = facts[continuation.symbol]
            reading = self._reader(continuation.text, yardsticks=known.yardsticks)
            return check(Draft.of(continuation, reading), known, self.settings)

        records = pass_gate(given.forecast.continuations, judge, self._regenerate, self.settings)
        return ValidatedForecast(
            as_of=given.forecast.as_of,
            produced_at=given.forecast.produced_at,
            session=given.forecast.session,
            target_session=given.forecast.target_session,
            verdicts=tuple(
                self._verdict(
                    record, facts[symbol], quality.get(symbol, 0.0), basis.get(symbol, 0.0)
                )
                for symbol, record in records.items()
            ),
            distributions=given.forecast.distributions,
        )

    def _verdict(
        self, record: Record, facts: SymbolFacts, quality: float, basis: float
    ) -> ForecastVerdict:
        verdict, chosen = record.decide()
        scenarios = tuple(record.standing(s) for s in SCENARIOS if s in record.drafts)
        return ForecastVerdict(
            symbol=record.symbol,
            verdict=verdict,
            chosen=chosen,
            scenarios=scenarios,
            rejected=record.rejected(),
            attempts=record.attempts(),
            confidence=assess(chosen, scenarios, facts, quality, basis, self.settings),
        )
