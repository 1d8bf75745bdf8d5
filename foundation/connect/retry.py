"""Trying again: exponential back-off with jitter, and what a server asks for in Retry-After.

The loop is tenacity's; waits follow Brooker (2015), "Exponential Backoff and Jitter", AWS
Architecture Blog ("equal jitter": half the wait is fixed, half drawn), so that many clients do
not come back at once and none comes back at once either.
"""

from __future__ import annotations

import logging
import math
import random
from collections.abc import Callable
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, TypeVar

from pydantic import Field

from foundation.connect.timekeeper import Timekeeper
from foundation.kernel import WorldError
from foundation.kernel.model import Part

if TYPE_CHECKING:
    import tenacity

T = TypeVar("T")
log = logging.getLogger("foundation.connect")


class TransientError(WorldError):
    """Something that may well work a moment later.

    Attributes
    ----------
    retry_after : float or None
        Seconds the server asked us to wait.
    outage : bool
        Whether it counts against the vendor's circuit (a rate limit does not).
    """

    def __init__(
        self,
        rule: str,
        *,
        value: object = None,
        remedy: str = "",
        retry_after: float | None = None,
        outage: bool = True,
    ) -> None:
        super().__init__(rule, value=value, remedy=remedy)
        self.retry_after, self.outage = retry_after, outage


class RetryPolicy(Part):
    """How often and after what waits a request is tried again."""

    attempts: int = Field(default=5, ge=1, description="Tries in all, the first one included.")
    first_wait: float = Field(default=0.5, ge=0, description="Seconds before the second try.")
    longest_wait: float = Field(
        default=30.0, gt=0, description="Seconds; a growing wait stops growing here."
    )
    longest_retry_after: float = Field(
        default=120.0,
        ge=0,
        description="Seconds. A server that asks for a longer wait is not waited for: the error "
        "says how long it asked for.",
    )

    def wait(self, tried: int, jitter: float) -> float:
        """Return seconds to wait after ``tried`` tries; ``jitter`` is drawn from [0, 1)."""
        grown = min(self.longest_wait, self.first_wait * 2.0 ** (tried - 1))
        return grown * (0.5 + 0.5 * jitter)


def retry_after_seconds(header: str | None, now: datetime) -> float | None:
    """Return the seconds a ``Retry-After`` header asks for (RFC 9110, section 10.2.3).

    Both forms are read: a number of seconds and an HTTP-date (the past gives 0). None where the
    header is absent or unreadable.
    """
    if header is None:
        return None
    text = header.strip()
    try:
        seconds = float(text)
        return max(0.0, seconds) if math.isfinite(seconds) else None
    except ValueError:
        pass
    try:
        moment = parsedate_to_datetime(text)
    except (TypeError, ValueError):
        return None
    if moment.tzinfo is None:
        return None
    return max(0.0, (moment - now).total_seconds())


def new_jitter() -> Callable[[], float]:
    """Return a source of jitter of its own: no global state is touched."""
    return random.Random().random


def with_retries(
    attempt: Callable[[], T],
    policy: RetryPolicy,
    timekeeper: Timekeeper,
    jitter: Callable[[], float],
) -> T:
    """Return what ``attempt`` returns, trying again as long as it raises ``TransientError``.

    Raises
    ------
    TransientError
        The last one, once the tries are used up or the server asks for too long a wait.
    """
    import tenacity

    def failed(state: tenacity.RetryCallState) -> TransientError:
        error = state.outcome.exception() if state.outcome else None
        assert isinstance(error, TransientError)
        return error

    def stop(state: tenacity.RetryCallState) -> bool:
        asked = failed(state).retry_after
        too_long = asked is not None and asked > policy.longest_retry_after
        return too_long or state.attempt_number >= policy.attempts

    def wait(state: tenacity.RetryCallState) -> float:
        return max(policy.wait(state.attempt_number, jitter()), failed(state).retry_after or 0.0)

    def tell(state: tenacity.RetryCallState) -> None:
        log.info("try %d failed: %s", state.attempt_number, failed(state))

    return tenacity.Retrying(
        retry=tenacity.retry_if_exception_type(TransientError),
        stop=stop,
        wait=wait,
        sleep=timekeeper.sleep,
        before_sleep=tell,
        reraise=True,
    )(attempt)
