"""Which sessions serve training, validation, the scoring of past forecasts, and tomorrow.

All splits are by time. Between the last target of one and the first context story of the next
lie enough sessions that no story is a target of one split and part of a window of a later one
(purge: Lopez de Prado 2018, chapter 7)::

    ... train targets | purge | validation targets | purge | history origins | as-of
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from foundation.kernel import OperatorError, seed_from
from stage_04_tokenization.settings import TokenizationSettings

HORIZON = 1
"""Sessions from a window's last context story to its target."""

Split = Literal["train", "validation", "history", "forecast"]


@dataclass(frozen=True)
class Spans:
    """Session positions by split. Train and validation hold targets, the others origins."""

    train: range
    validation: range
    history: range
    forecast: range


def spans(sessions: int, settings: TokenizationSettings) -> Spans:
    """Return the spans of each split over ``sessions`` positions, the last being the as-of one.

    Raises
    ------
    OperatorError
        If too few sessions are left to train or validate on.
    """
    whole = _backwards(sessions, settings)
    return _enough(whole, whole.train, sessions)


def spans_to_forecast(sessions: int, settings: TokenizationSettings) -> Spans:
    """Return the spans where a model has learnt elsewhere: there is nothing to train on.

    Raises
    ------
    OperatorError
        If too few sessions are left to validate on.
    """
    whole = _backwards(sessions, settings)
    validation = range(max(1, whole.validation.start), whole.validation.stop)
    return _enough(replace(whole, train=range(0), validation=validation), validation, sessions)


def _backwards(sessions: int, settings: TokenizationSettings) -> Spans:
    """Return the spans, cut from the as-of session backwards, however many sessions there are."""
    purge = settings.context_sessions + HORIZON
    last = sessions - 1
    history = range(last - settings.history_sessions, last)
    validation_stop = history.start - purge + 1
    validation = range(validation_stop - settings.validation_sessions, validation_stop)
    train = range(1, validation.start - purge + 1)
    return Spans(train, validation, history, range(last, last + 1))


def _enough(cut: Spans, first: range, sessions: int) -> Spans:
    """Return the spans, if the earliest of them holds a session."""
    if len(first) < 1:
        raise OperatorError(
            "Stories are too few for training, validation and history with a purge between them",
            value=f"{sessions} sessions",
            remedy=f"tell at least {sessions + 2 - first.stop} sessions' stories, "
            "or lower history_sessions or validation_sessions",
        )
    return cut


def strided(targets: range, symbol: str, stride: int) -> Iterator[int]:
    """Yield every ``stride``-th target of a span, from a phase that a symbol's name draws.

    Different phases let every weekday be a target of some symbol.
    """
    phase = seed_from("window phase", symbol) % stride
    yield from range(targets.start + phase, targets.stop, stride)
