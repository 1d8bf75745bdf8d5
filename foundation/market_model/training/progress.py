"""How far a training has come: what it tells of an epoch, and what it needs to go on."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from torch import Tensor


@dataclass(frozen=True)
class Epoch:
    """One pass over the training sessions.

    Attributes
    ----------
    number : int
        From 1.
    training, validation : float
        Weighted losses.
    examples_per_second : float
        (symbol, session) pairs forecast and learnt from; wall time, so it differs between runs.
    """

    number: int
    training: float
    validation: float
    examples_per_second: float


@dataclass
class Progress:
    """Everything that a run needs to go on as if it had never stopped.

    Attributes
    ----------
    epoch, step : int
        Epochs that are over, and passes that are learnt from in the one under way.
    losses : list of float
        Of the steps of the epoch under way.
    best, best_epoch, best_state
        The least loss on the validation sessions, when it was reached, and its weights.
    history : list of dict
        ``Epoch`` of those that are over, as plain numbers.
    """

    epoch: int = 0
    step: int = 0
    losses: list[float] = field(default_factory=list)
    best: float = math.inf
    best_epoch: int = 0
    best_state: dict[str, Tensor] = field(default_factory=dict)
    history: list[dict[str, float]] = field(default_factory=list)
