"""Rates, circuit and retries for any call to a vendor that is not plain HTTP."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from foundation.connect.breaker import BreakerPolicy
from foundation.connect.governor import Governor
from foundation.connect.rates import Rate
from foundation.connect.retry import RetryPolicy, TransientError, with_retries
from foundation.connect.timekeeper import Timekeeper

T = TypeVar("T")


class Guard:
    """Lets calls to one vendor pass as ``HttpClient`` lets requests pass.

    Made by ``Connection.guard``. A call waits for the machine and the vendor's rate, passes the
    vendor's circuit and is tried again after every ``TransientError`` that it raises.
    """

    def __init__(
        self,
        vendor: str,
        *,
        rates: tuple[Rate, ...],
        retry: RetryPolicy,
        breaker: BreakerPolicy,
        timekeeper: Timekeeper,
        governor: Governor,
        jitter: Callable[[], float],
    ) -> None:
        self.vendor = vendor
        self._retry, self._timekeeper, self._jitter = retry, timekeeper, jitter
        self._governor = governor
        self._limiter = governor.limiter(vendor, rates)
        self._breaker = governor.breaker(vendor, breaker)

    def call(self, attempt: Callable[[], T]) -> T:
        """Return what ``attempt`` returns.

        Raises
        ------
        TransientError
            The last one, once all tries are used up.
        CircuitOpenError
            If the vendor failed too often just now.
        """
        return with_retries(
            lambda: self._once(attempt), self._retry, self._timekeeper, self._jitter
        )

    def _once(self, attempt: Callable[[], T]) -> T:
        self._breaker.enter()
        try:
            self._governor.await_resources()
            self._limiter.wait()
            answer = attempt()
        except TransientError as error:
            if error.outage:
                self._breaker.failed()
            else:
                self._breaker.released()
            raise
        except BaseException:
            self._breaker.released()
            raise
        self._breaker.succeeded()
        return answer
