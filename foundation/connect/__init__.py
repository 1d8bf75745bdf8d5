"""The way out of the house: HTTP and TCP to vendors, with keys, patience, limits and a cache.

``Connection`` holds what all vendors share (clock, governor, cache, keys); ``connection.client``
makes an ``HttpClient`` for one of them, ``connection.lines`` a ``LineClient`` for a service that
speaks in lines over TCP, ``connection.guard`` a ``Guard`` for a vendor's own library. Whatever
goes wrong is one of three errors: ``WorldError`` (the network or the vendor failed),
``UpstreamDataError`` (the vendor answered, but not what was agreed) and ``DependencyError`` (a
key is missing or refused).
"""

from foundation.connect.answers import AnswerLog, AnswerTally
from foundation.connect.breaker import BreakerPolicy, CircuitBreaker, CircuitOpenError
from foundation.connect.cache import CacheCensus, CachedAnswer, Freshness, ResponseCache
from foundation.connect.client import Answer, HttpClient
from foundation.connect.connection import Connection
from foundation.connect.credentials import Credential, Credentials, Secret
from foundation.connect.governor import Governor, MachineReadings, Readings, ResourceLimits
from foundation.connect.guard import Guard
from foundation.connect.lines import LineClient, LinePolicy
from foundation.connect.policy import KeyPlace, VendorPolicy
from foundation.connect.rates import Rate, RateLimiter
from foundation.connect.retry import RetryPolicy, TransientError, retry_after_seconds
from foundation.connect.timekeeper import SystemTime, Timekeeper

__all__ = [
    "Answer",
    "AnswerLog",
    "AnswerTally",
    "BreakerPolicy",
    "CacheCensus",
    "CachedAnswer",
    "CircuitBreaker",
    "CircuitOpenError",
    "Connection",
    "Credential",
    "Credentials",
    "Freshness",
    "Governor",
    "Guard",
    "HttpClient",
    "KeyPlace",
    "LineClient",
    "LinePolicy",
    "MachineReadings",
    "Rate",
    "RateLimiter",
    "Readings",
    "ResourceLimits",
    "ResponseCache",
    "RetryPolicy",
    "Secret",
    "SystemTime",
    "Timekeeper",
    "TransientError",
    "VendorPolicy",
    "retry_after_seconds",
]
