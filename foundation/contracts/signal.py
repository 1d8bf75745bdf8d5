"""07 -> 08, 09, 10: what the story and the quantitative model say to do, and how they agree."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import Field

from foundation.contracts.validated_forecast import Confidence
from foundation.kernel.model import Contract, Part

Direction = Literal["bullish", "neutral", "bearish"]


class Levels(Part):
    """Price levels, ordered: stop < entry < target for a bullish signal, reversed for bearish.

    ``entry`` is the as-of close; ``support`` and ``resistance`` come from past extremes.
    None where the data has too little history or the signal is neutral.
    """

    entry: float
    support: float | None
    resistance: float | None
    breakout: float | None
    target: float | None
    stop: float | None
    risk_reward: float | None


class Risk(Part):
    """One risk, in one of the four groups, with the clause or cell that it rests on."""

    group: Literal["technical", "fundamental", "market structure", "event"]
    text: str
    evidence: str
    severity: float = Field(ge=0, le=1)


class Scenario(Part):
    """A conditional path with its probability; the probabilities of a signal sum to one."""

    name: str
    probability: float = Field(ge=0, le=1)
    direction: Direction
    text: str
    target: float | None
    stop: float | None


class Reconciliation(Part):
    """How story and quantitative context compare.

    ``story_score`` and ``quant_score`` lie in [-1, 1] (bearish to bullish); ``pooled`` is their
    weighted mean with ``story_weight``; ``agreement`` is ``1 - |difference| / 2``.
    """

    story_score: float
    quant_score: float | None
    pooled: float
    story_weight: float
    agreement: float | None
    verdict: Literal["agree", "differ", "contradict", "story only"]
    explanation: str


class Signal(Part):
    """The signal of one instrument for the target session and the four after it."""

    symbol: str
    direction: Direction
    conviction: float = Field(ge=0, le=1)
    horizon_sessions: int
    levels: Levels
    risks: tuple[Risk, ...]
    scenarios: tuple[Scenario, ...]
    reconciliation: Reconciliation
    confidence: Confidence
    rationale: tuple[str, ...]


class SignalSet(Contract):
    """Signals for every instrument, in order of the universe."""

    schema_version: int = Field(
        default=2, ge=1, description="2: ``story_basis`` joined the parts of confidence."
    )

    session: date
    target_session: date
    signals: tuple[Signal, ...]

    def of(self, symbol: str) -> Signal:
        """Return a symbol's signal; ``KeyError`` if there is none."""
        return {s.symbol: s for s in self.signals}[symbol]
