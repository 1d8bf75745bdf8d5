"""05 -> 06: continuations of the story into tomorrow, and the distribution over its states."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import Field

from foundation.kernel.model import Contract, Part
from foundation.timeseries import Panel

SCENARIOS: tuple[str, ...] = ("base", "alternative 1", "alternative 2", "risk")


class Continuation(Part):
    """One continuation of a symbol's story into the target session.

    ``tape`` gives, per tape series, the outcome that the model wrote before the text.
    ``log_probability`` is the sum over generated tokens, in nats, under the model at
    temperature 1. ``ending`` names how generation stopped.
    """

    symbol: str
    scenario: Literal["base", "alternative 1", "alternative 2", "risk"]
    attempt: int
    text: str
    tape: dict[str, str]
    log_probability: float
    tokens: int
    seed: int
    temperature: float
    ending: Literal["complete", "truncated", "empty", "repeating"]


class ContinuationRequest(Part):
    """A request for another draft: ``attempt`` is the number the new continuation must carry.

    The first drafts of a forecast are attempt 1; a higher attempt draws from another seed.
    """

    symbol: str
    scenario: Literal["base", "alternative 1", "alternative 2", "risk"]
    attempt: int = Field(ge=1)


class StoryForecast(Contract):
    """Continuations for the target session and state distributions, past ones included.

    Attributes
    ----------
    distributions : Panel (K, N, len(TAPE), 5), fields = TAPE, layers = "0".."4"
        Probability of each outcome on the session after the row's session: the last row is
        the forecast for ``target_session``, the rows before it are the system's own past
        forecasts, made by the same model, which saw none of those sessions in training.
        NaN where the series is absent.
    """

    session: date
    target_session: date
    model: str
    trained_until: date
    continuations: tuple[Continuation, ...]
    distributions: Panel
