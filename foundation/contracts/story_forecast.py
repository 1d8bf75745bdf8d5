"""05 -> 06: continuations of the story into tomorrow, and the distribution over its states."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import Field

from foundation.kernel.model import Contract, Part
from foundation.timeseries import Panel

Ending = Literal["complete", "truncated", "empty", "repeating", "unparseable", "duplicate"]
"""How a continuation ended. ``truncated``: cut at the longest length. ``repeating``: one stretch
over and over. ``unparseable``: no tape, or not one clause that the story language knows.
``duplicate``: an alternative that lets the price do what another draft lets it do already."""

SCENARIOS: tuple[str, ...] = ("base", "alternative 1", "alternative 2", "risk")


class Continuation(Part):
    """One continuation of a symbol's story into the target session.

    Of the drafts of one attempt base and alternatives let the price do three different things: an
    alternative is drawn from what the distribution leaves beside theirs.

    ``tape`` gives, per tape series, the outcome that the model wrote before the text.
    ``log_probability`` is the sum over generated tokens, in nats, under the model at
    temperature 1; NaN where a server tells none. ``ending`` names how generation stopped.
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
    ending: Ending


class ContinuationRequest(Part):
    """A request for another draft: ``attempt`` is the number the new continuation must carry.

    The first drafts of a forecast are attempt 1; a higher attempt draws from another seed.
    """

    symbol: str
    scenario: Literal["base", "alternative 1", "alternative 2", "risk"]
    attempt: int = Field(ge=1)


class DistributionReading(Part):
    """How the distributions were read from the model, and how far off that may leave them.

    Attributes
    ----------
    method : str
        ``logits``: exactly, in this process. ``prompt logprobs``: exactly, from what a server
        says of every token of a prompt. ``top logprobs``: from the likeliest next tokens that it
        tells. ``samples``: from the frequencies of drawn answers.
    samples : int
        Answers drawn per distribution; 0 where nothing was drawn.
    error : float
        0 where exact. For ``top logprobs`` the largest probability that the server left untold
        in any distribution; for ``samples`` the largest standard error of a probability.
    """

    method: Literal["logits", "prompt logprobs", "top logprobs", "samples"]
    samples: int = Field(default=0, ge=0)
    error: float = Field(default=0.0, ge=0, le=1)


OPINIONS: tuple[str, ...] = ("story model", "Markov chain", "past frequencies")
"""Whose forecasts of tomorrow's states are weighed: the story model's, that of the pooled
transitions from today's state, and that of the pooled frequencies."""


class StoryForecast(Contract):
    """Continuations for the target session and state distributions, past ones included.

    Attributes
    ----------
    distributions : Panel (K, N, len(TAPE), 5), fields = TAPE, layers = "0".."4"
        What is published: probability of each outcome on the session after the row's session.
        The last row is the forecast for ``target_session``, the rows before it are the system's
        own past forecasts, made by the same model, which saw none of those sessions in training,
        and weighed by what was known then. NaN where the series is absent.
    model_distributions : Panel, the same axes
        What the story model alone says.
    weights : Panel (K, 1, len(TAPE), len(OPINIONS)), layers = OPINIONS
        By which ``distributions`` were mixed, for all symbols alike: learnt from the outcomes of
        the sessions up to the row's.
    reading : DistributionReading
        How the model's were read.
    """

    schema_version: int = Field(
        default=3,
        ge=1,
        description="2: says how distributions are read. 3: the published ones are weighed.",
    )
    session: date
    target_session: date
    model: str
    trained_until: date
    continuations: tuple[Continuation, ...]
    distributions: Panel
    model_distributions: Panel
    weights: Panel
    reading: DistributionReading
