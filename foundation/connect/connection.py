"""What all clients share."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from foundation.connect.answers import AnswerLog
from foundation.connect.breaker import BreakerPolicy
from foundation.connect.cache import Freshness, ResponseCache
from foundation.connect.client import HttpClient
from foundation.connect.credentials import Credential, Credentials
from foundation.connect.governor import Governor
from foundation.connect.guard import Guard
from foundation.connect.lines import LineClient, LinePolicy
from foundation.connect.policy import VendorPolicy
from foundation.connect.rates import Rate
from foundation.connect.retry import RetryPolicy, new_jitter
from foundation.connect.timekeeper import SystemTime, Timekeeper


class Connection:
    """Keys, time, governor and cache, shared by the clients of all vendors.

    Parameters
    ----------
    credentials : Credentials, optional
        Default: none, for vendors without a key. Keys of the environment are read by
        ``config.environment.credentials``.
    timekeeper : Timekeeper, optional
        Default: the machine's time.
    governor : Governor, optional
        Default: one with the default limits.
    cache : ResponseCache, optional
        Default: none; every request goes out.
    freshness : Freshness, optional
        How old cached answers may be. Default: not at all, so that a cache alone changes nothing
        but ``stale_on_error``.
    jitter : callable, optional
        Draws from [0, 1) for the waits between tries.

    Attributes
    ----------
    log : AnswerLog
        What the clients of this connection were answered, and how old that was.
    """

    def __init__(
        self,
        *,
        credentials: Credentials | None = None,
        timekeeper: Timekeeper | None = None,
        governor: Governor | None = None,
        cache: ResponseCache | None = None,
        freshness: Freshness | None = None,
        jitter: Callable[[], float] | None = None,
    ) -> None:
        self.credentials = credentials or Credentials({})
        self.timekeeper = timekeeper or SystemTime()
        self.governor = governor or Governor(self.timekeeper)
        self.cache = cache
        self.freshness = freshness or Freshness()
        self.jitter = jitter or new_jitter()
        self.log = AnswerLog()

    def freshness_of(self, moment: datetime) -> Freshness:
        """Return how old an answer about what happened up to a moment may be.

        As the connection says, once that lies behind us; before, the answer still grows, and one
        that was kept may be taken for nothing.
        """
        return self.freshness if self.timekeeper.now() >= moment else Freshness(0.0)

    def client(
        self,
        policy: VendorPolicy,
        credential: Credential | None = None,
        freshness: Freshness | None = None,
    ) -> HttpClient:
        """Return a client for a vendor.

        Parameters
        ----------
        policy : VendorPolicy
        credential : Credential, optional
            None for a vendor without a key.
        freshness : Freshness, optional
            In place of the connection's.

        Raises
        ------
        DependencyError
            If the vendor needs a key and none is set.
        """
        secret = self.credentials.secret(credential) if credential else None
        self.log.opened(policy.vendor)
        return HttpClient(
            policy,
            secret,
            timekeeper=self.timekeeper,
            governor=self.governor,
            cache=self.cache,
            freshness=freshness or self.freshness,
            jitter=self.jitter,
            log=self.log,
        )

    def guard(
        self,
        vendor: str,
        *,
        rates: tuple[Rate, ...] = (),
        retry: RetryPolicy | None = None,
        breaker: BreakerPolicy | None = None,
    ) -> Guard:
        """Return what lets calls to a vendor pass that are not plain HTTP."""
        self.log.opened(vendor)
        return Guard(
            vendor,
            rates=rates,
            retry=retry or RetryPolicy(),
            breaker=breaker or BreakerPolicy(),
            timekeeper=self.timekeeper,
            governor=self.governor,
            jitter=self.jitter,
        )

    def lines(self, policy: LinePolicy) -> LineClient:
        """Return a client for a service that speaks in lines over TCP."""
        guard = self.guard(
            policy.vendor, rates=policy.rates, retry=policy.retry, breaker=policy.breaker
        )
        return LineClient(policy, guard, self.timekeeper)
