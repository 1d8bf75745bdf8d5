"""A small server for the tests of this room, and a client for it that never really waits."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from foundation.connect import (
    BreakerPolicy,
    Connection,
    Credential,
    Credentials,
    Freshness,
    Governor,
    HttpClient,
    KeyPlace,
    ResponseCache,
    RetryPolicy,
    VendorPolicy,
)
from foundation.testing.vendors import Emulator, Fault, ManualTime, Reply, Request

KEY = "sesame/open+1"
CREDENTIAL = Credential("Example", ("EXAMPLE_KEY", "OLD_EXAMPLE_KEY"), "https://example.com/keys")


class Counter(Emulator):
    """Answers how often it was asked."""

    def reply(self, request: Request) -> Reply:
        if request.path == "/missing":
            return Reply({"error": f"nothing here for {request.query.get('key', 'you')}"}, 404)
        if request.path == "/refused":
            return Reply({"error": f"bad key {request.query.get('key', '')}"}, 401)
        return Reply({"asked": len(self.requests), "path": request.path})


@contextmanager
def client_of(
    *faults: Fault,
    time: ManualTime | None = None,
    retry: RetryPolicy | None = None,
    breaker: BreakerPolicy | None = None,
    governor: Governor | None = None,
    cache: ResponseCache | None = None,
    freshness: Freshness | None = None,
    key_in: KeyPlace = "query",
    **policy: float,
) -> Iterator[tuple[Counter, HttpClient]]:
    """Yield a running server and a client of it."""
    time = time or ManualTime()
    with Counter(*faults) as server:
        assert isinstance(server, Counter)
        connection = Connection(
            credentials=Credentials({"EXAMPLE_KEY": KEY}),
            timekeeper=time,
            governor=governor,
            cache=cache,
            freshness=freshness,
            jitter=lambda: 0.5,
        )
        made = VendorPolicy(
            vendor="Example",
            base_url=server.url,
            key_in=key_in,
            key_name="key" if key_in != "bearer" else "",
            retry=retry or RetryPolicy(attempts=3, first_wait=1.0),
            breaker=breaker or BreakerPolicy(failures=100),
            **{"read_timeout": 0.2} | policy,
        )
        with connection.client(made, CREDENTIAL) as client:
            yield server, client
