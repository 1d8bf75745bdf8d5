"""A circuit breaker per vendor: after repeated failures, stop asking for a while.

States as in Nygard (2007), *Release It!*: *closed* lets every call pass; so many failures in a
row *open* it, and calls fail at once without touching the network; after a pause it is
*half-open* and lets one trial call pass, whose outcome closes or opens it again.

Of the libraries, pybreaker holds its lock for the whole length of a call (one request at a time
to a vendor) and reads the wall clock itself; this one does neither.
"""

from __future__ import annotations

from threading import Lock
from typing import Literal

from pydantic import Field

from foundation.connect.timekeeper import Timekeeper
from foundation.kernel import WorldError
from foundation.kernel.model import Part

State = Literal["closed", "open", "half-open"]


class CircuitOpenError(WorldError):
    """A vendor failed so often of late that it is left alone for a while."""


class BreakerPolicy(Part):
    """When a circuit opens, and for how long."""

    failures: int = Field(default=5, ge=1, description="Failures in a row that open the circuit.")
    pause: float = Field(
        default=60.0, gt=0, description="Seconds an open circuit waits before a trial call."
    )


class CircuitBreaker:
    """The circuit of one vendor. Safe to share between threads.

    Every call asks ``enter`` first and then tells ``succeeded``, ``failed`` or ``released``.
    """

    def __init__(self, vendor: str, policy: BreakerPolicy, timekeeper: Timekeeper) -> None:
        self.vendor, self.policy = vendor, policy
        self._timekeeper, self._lock = timekeeper, Lock()
        self._failures = 0
        self._opened: float | None = None
        self._trial = False

    @property
    def state(self) -> State:
        """The state at this moment."""
        with self._lock:
            return self._state()

    def _state(self) -> State:
        if self._opened is None:
            return "closed"
        return "half-open" if self._remaining() <= 0 else "open"

    def _remaining(self) -> float:
        opened = self._opened if self._opened is not None else -float("inf")
        return opened + self.policy.pause - self._timekeeper.monotonic()

    def enter(self) -> None:
        """Take leave to make a call.

        Raises
        ------
        CircuitOpenError
            If the circuit is open, or half-open with its trial call under way.
        """
        with self._lock:
            state = self._state()
            if state == "open" or (state == "half-open" and self._trial):
                left = max(0.0, self._remaining())
                raise CircuitOpenError(
                    f"{self.vendor} is asked again only after a pause, having failed "
                    f"{self._failures} times in a row",
                    value=f"{left:.0f} seconds left" if left else "a trial call is under way",
                    remedy="wait, check the vendor's status page, or use another source",
                )
            self._trial = state == "half-open"

    def succeeded(self) -> None:
        """The call went well: the circuit is closed."""
        with self._lock:
            self._failures, self._opened, self._trial = 0, None, False

    def failed(self) -> None:
        """The call failed: the circuit opens if that was one too many, or the trial call."""
        with self._lock:
            self._failures += 1
            if self._trial or self._failures >= self.policy.failures:
                self._opened = self._timekeeper.monotonic()
            self._trial = False

    def released(self) -> None:
        """The call ended in a way that says nothing about the vendor's health."""
        with self._lock:
            self._trial = False
