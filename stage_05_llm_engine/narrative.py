"""The narrative model: anything that scores stories, continues them, and says what is likely.

Two engines stand behind it in ``adapters``: transformers in this process, and any server that
speaks the OpenAI protocol.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from foundation.contracts import Continuation, DistributionReading, TokenWindows
from foundation.contracts.token_batch import Task
from stage_05_llm_engine.weighing import Blend

Blends = Mapping[str, Mapping[int, Blend]]
NOT_MIXED: Blends = {}


@dataclass(frozen=True)
class Order:
    """An order for one continuation of one window's story.

    ``task`` asks for a story of another horizon than the day's, in words alone: then there is no
    scenario but the base.
    """

    window: int
    scenario: str
    attempt: int
    task: Task = "next day"


@dataclass(frozen=True)
class NextStates:
    """Tomorrow's distributions, and how they were read.

    Attributes
    ----------
    values : float64 (W, len(TAPE), 5)
        Probabilities of the outcomes, lowest first; NaN for series that a window's last story
        does not have.
    reading : DistributionReading
    """

    values: np.ndarray
    reading: DistributionReading


class NarrativeModel(Protocol):
    """What stage 05 asks of a model.

    Attributes
    ----------
    fingerprint : str
        Hash of all that decides its answers but the question: weights or server, adapter,
        tokeniser, engine.
    """

    fingerprint: str

    def score(self, windows: TokenWindows) -> np.ndarray:
        """Return float64 (W,): log-probability in nats of each window's target story.

        Counted are the target's answers, words and end, given all that stands before them.
        NaN for windows without a target story.
        """
        ...

    def next_states(self, windows: TokenWindows) -> NextStates:
        """Return the distributions of the session after each window's last story."""
        ...

    def generate(
        self, windows: TokenWindows, orders: Sequence[Order], mixed: Blends = NOT_MIXED
    ) -> list[Continuation]:
        """Return one continuation per order, in order.

        Parameters
        ----------
        mixed : mapping of symbol to series position to Blend
            How answers on the tape are mixed with what others say of the series, so that drafts
            tell what is published. A server's drafts are its model's own: nothing can be mixed in.
        """
        ...
