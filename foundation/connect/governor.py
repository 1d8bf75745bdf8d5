"""One governor for what all vendors share: request rates, circuits, processor and memory."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from typing import Protocol

from pydantic import Field

from foundation.connect.breaker import BreakerPolicy, CircuitBreaker
from foundation.connect.rates import Rate, RateLimiter
from foundation.connect.timekeeper import Timekeeper
from foundation.kernel import WorldError
from foundation.kernel.model import Part


class ResourceLimits(Part):
    """What the machine must have left before more work is taken in. None: not looked at."""

    cpu_percent: float | None = Field(
        default=None, gt=0, le=100, description="Highest load of all cores together, percent."
    )
    free_memory_mb: float | None = Field(
        default=128, ge=0, description="Lowest memory available on the machine, MiB."
    )
    process_memory_mb: float | None = Field(
        default=None, gt=0, description="Highest resident memory of this process, MiB."
    )
    patience: float = Field(default=60.0, ge=0, description="Seconds to wait for it to get better.")
    look_every: float = Field(default=0.5, gt=0, description="Seconds between two looks.")


class Readings(Protocol):
    """The machine's instruments."""

    def cpu_percent(self) -> float: ...

    def free_memory_mb(self) -> float: ...

    def process_memory_mb(self) -> float: ...


class MachineReadings:
    """Readings of this machine, by psutil."""

    def cpu_percent(self) -> float:
        """Return the load since the reading before (0 at the first one)."""
        import psutil

        return float(psutil.cpu_percent(interval=None))

    def free_memory_mb(self) -> float:
        import psutil

        return float(psutil.virtual_memory().available) / 2**20

    def process_memory_mb(self) -> float:
        import psutil

        return float(psutil.Process().memory_info().rss) / 2**20


class Governor:
    """Says when a request may go out.

    Clients that share a governor share each vendor's rate and circuit, whatever their number.

    Parameters
    ----------
    timekeeper : Timekeeper
    limits : ResourceLimits
    readings : Readings, optional
        Default: this machine's.
    """

    def __init__(
        self,
        timekeeper: Timekeeper,
        limits: ResourceLimits | None = None,
        readings: Readings | None = None,
    ) -> None:
        self.timekeeper = timekeeper
        self.limits = limits or ResourceLimits()
        self.readings = readings or MachineReadings()
        self._lock = Lock()
        self._limiters: dict[str, RateLimiter] = {}
        self._breakers: dict[str, CircuitBreaker] = {}

    def limiter(self, vendor: str, rates: tuple[Rate, ...]) -> RateLimiter:
        """Return the vendor's one limiter; the rates given first hold."""
        with self._lock:
            if vendor not in self._limiters:
                self._limiters[vendor] = RateLimiter(rates, self.timekeeper)
            return self._limiters[vendor]

    def breaker(self, vendor: str, policy: BreakerPolicy) -> CircuitBreaker:
        """Return the vendor's one circuit; the policy given first holds."""
        with self._lock:
            if vendor not in self._breakers:
                self._breakers[vendor] = CircuitBreaker(vendor, policy, self.timekeeper)
            return self._breakers[vendor]

    def states(self) -> dict[str, str]:
        """Return the state of every vendor's circuit that was used so far."""
        with self._lock:
            return {vendor: breaker.state for vendor, breaker in sorted(self._breakers.items())}

    def await_resources(self, told: Callable[[str], None] = lambda words: None) -> float:
        """Return once processor and memory allow more work; the seconds that were waited.

        Parameters
        ----------
        told : callable
            Told in words, once, that the machine is waited for, and why.

        Raises
        ------
        WorldError
            If they do not within the limits' patience: names the limit and the reading.
        """
        began, said = self.timekeeper.monotonic(), False
        while broken := self._broken():
            waited = self.timekeeper.monotonic() - began
            if waited >= self.limits.patience:
                rule, value = broken
                raise WorldError(
                    f"{rule}; waited {waited:.0f} seconds",
                    value=value,
                    remedy="close other programs, ask for fewer symbols, or change the limit",
                )
            if not said:
                said = True
                told(f"Waiting for the machine: {broken[0]}; it shows {broken[1]}")
            self.timekeeper.sleep(self.limits.look_every)
        return self.timekeeper.monotonic() - began

    def _broken(self) -> tuple[str, str] | None:
        """Return the first limit that does not hold, and its reading."""
        limits, readings = self.limits, self.readings
        if limits.free_memory_mb is not None:
            free = readings.free_memory_mb()
            if free < limits.free_memory_mb:
                return f"At least {limits.free_memory_mb:g} MiB are free", f"{free:.0f} MiB"
        if limits.process_memory_mb is not None:
            used = readings.process_memory_mb()
            if used > limits.process_memory_mb:
                return f"This process uses {limits.process_memory_mb:g} MiB at most", (
                    f"{used:.0f} MiB"
                )
        if limits.cpu_percent is not None:
            load = readings.cpu_percent()
            if load > limits.cpu_percent:
                return f"Processor load is {limits.cpu_percent:g}% at most", f"{load:.0f}%"
        return None
