"""07 -> 08, 09, 10: what the story and the quantitative model say to do, and how they agree."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import Field

from foundation.contracts.validated_forecast import Confidence
from foundation.kernel.model import Contract, Part

Direction = Literal["bullish", "neutral", "bearish"]
Probability = Field(ge=0, le=1)


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
    """The opinions on one event, weighed: that the close at the horizon's end lies above today's.

    Attributes
    ----------
    past : float in [0, 1]
        How often that happened before, all instruments together: the base rate.
    story, model : float in [0, 1], optional
        Probability by the story model's odds of the next session, and by the market model's
        return quantiles. ``model`` is None where it has no opinion.
    past_weight, story_weight, model_weight : float in [0, 1]
        Learnt from the Brier scores of each one's past opinions; they sum to one. A silent model's
        is the past's.
    rise : float in [0, 1]
        Their weighted mean: the probability that is published.
    verdict : str
        Whether story and model, each by itself, would call the same direction (``agree``), opposite
        ones (``contradict``), or only one of them any (``differ``).
    """

    past: float = Probability
    story: float = Probability
    model: float | None = Field(ge=0, le=1)
    past_weight: float = Probability
    story_weight: float = Probability
    model_weight: float = Probability
    rise: float = Probability
    verdict: Literal["agree", "differ", "contradict", "story only"]
    explanation: str


class Signal(Part):
    """The signal of one instrument for the target session and the four after it.

    Attributes
    ----------
    direction : str
        A call: a position in this direction is expected to pay after costs, against holding none
        and against what the instruments usually do, at odds whose record is proven to be better
        than the past frequency's. ``neutral`` otherwise.
    conviction : float, at least 0
        What that is expected to earn, per unit of risk and annualised (information ratio): 0.5 is
        good, 1 exceptional. 0 where neutral.
    support : Confidence
        How well the forecast text is supported: scores, no probabilities.
    """

    symbol: str
    direction: Direction
    conviction: float = Field(ge=0)
    horizon_sessions: int
    levels: Levels
    risks: tuple[Risk, ...]
    scenarios: tuple[Scenario, ...]
    reconciliation: Reconciliation
    support: Confidence
    rationale: tuple[str, ...]

    @property
    def confidence(self) -> float | None:
        """Probability of the called direction; None where there is no call."""
        rise = self.reconciliation.rise
        return {"bullish": rise, "bearish": 1 - rise, "neutral": None}[self.direction]


class ReliabilityDecile(Part):
    """A tenth of the past odds, lowest first: what was said beside what came true.

    ``low`` and ``high`` bound the 95% interval of ``observed`` (circular block bootstrap over
    sessions).
    """

    forecast: float = Probability
    observed: float = Probability
    low: float = Probability
    high: float = Probability
    count: int = Field(ge=1)


class OddsRecord(Part):
    """Published odds of past sessions, held against what happened.

    Attributes
    ----------
    sessions, forecasts : int
        Scored: those on which more than the past frequency had an opinion.
    rose : float
        Share of the forecasts whose close did lie higher.
    brier, past_brier : float
        Brier score of the published odds, and of the past frequency alone. Lower is better.
    difference, low, high : float
        ``brier - past_brier`` with its 95% interval (circular block bootstrap over sessions).
    calibration_error : float
        Mean distance of forecast and observed frequency over the deciles.
    calls, right : int
        Forecasts at whose odds a direction would have paid, whether or not the odds were proven
        by then, and how many of those the close went.
    deciles : tuple of ReliabilityDecile
        Fewer than ten where many odds are the same.
    """

    sessions: int
    forecasts: int
    rose: float = Probability
    brier: float = Probability
    past_brier: float = Probability
    difference: float
    low: float
    high: float
    calibration_error: float = Probability
    calls: int = Field(ge=0)
    right: int = Field(ge=0)
    deciles: tuple[ReliabilityDecile, ...]

    @property
    def better(self) -> bool:
        """Say whether the odds were better than the past frequency by the whole interval."""
        return self.high < 0


class SignalSet(Contract):
    """Signals for every instrument, in order of the universe.

    ``record`` is None while too few outcomes are known for one.
    """

    schema_version: int = Field(
        default=3,
        ge=1,
        description="3: odds of a rise and their record; conviction is an information ratio.",
    )

    session: date
    target_session: date
    signals: tuple[Signal, ...]
    record: OddsRecord | None

    def of(self, symbol: str) -> Signal:
        """Return a symbol's signal; ``KeyError`` if there is none."""
        return {s.symbol: s for s in self.signals}[symbol]
