"""06 -> 07: which continuation to believe, and how far."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import Field

from foundation.contracts.lexicon import Statement
from foundation.contracts.story_forecast import Continuation
from foundation.kernel.model import Contract, Part
from foundation.timeseries import Panel

Score = Field(ge=0, le=1)


class Scores(Part):
    """Five scores in [0, 1]; the stage's README gives each formula."""

    coherence: float = Score
    accuracy: float = Score
    completeness: float = Score
    clarity: float = Score
    actionability: float = Score


class ValidationFinding(Part):
    """One failed check: the rule, what the text said, what it was held against."""

    rule: str
    severity: Literal["note", "warning", "fatal"]
    said: str
    against: str


class Confidence(Part):
    """How well a forecast text is supported: scores in [0, 1], no probabilities.

    The stage's README gives each formula. No past of these scores is kept, so nobody has held them
    against outcomes; people read them as points of 100.
    """

    overall: float = Score
    model_certainty: float = Score
    precedent: float = Score
    data_quality: float = Score
    consensus: float = Score
    story_basis: float = Score


class CheckedContinuation(Part):
    """A continuation with what the reader grounded in it and how it was judged."""

    continuation: Continuation
    statements: tuple[Statement, ...]
    ungrounded: tuple[str, ...]
    grounded_share: float = Score
    scores: Scores
    findings: tuple[ValidationFinding, ...]
    accepted: bool


class ForecastVerdict(Part):
    """The verdict on one symbol's forecast. ``rejected`` keeps every refused draft with reasons."""

    symbol: str
    verdict: Literal["accepted", "regenerated", "fallback"]
    chosen: CheckedContinuation
    scenarios: tuple[CheckedContinuation, ...]
    rejected: tuple[CheckedContinuation, ...]
    attempts: int
    confidence: Confidence


class ValidatedForecast(Contract):
    """Verdicts by symbol; the state distributions pass through unchanged."""

    schema_version: int = Field(
        default=2, ge=1, description="2: ``story_basis`` joined the parts of confidence."
    )

    session: date
    target_session: date
    verdicts: tuple[ForecastVerdict, ...]
    distributions: Panel
