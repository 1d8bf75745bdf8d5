"""An HTTP client for one vendor: keys, rates, circuit, retries, time-outs, cache, clear errors."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from foundation.connect.answers import AnswerLog
from foundation.connect.cache import CachedAnswer, Freshness, ResponseCache
from foundation.connect.credentials import Secret, hide_from_logs
from foundation.connect.governor import Governor
from foundation.connect.policy import VendorPolicy
from foundation.connect.retry import TransientError, retry_after_seconds, with_retries
from foundation.connect.timekeeper import Timekeeper
from foundation.kernel import DependencyError, UpstreamDataError, WorldError, hash_text

if TYPE_CHECKING:
    import httpx

TRANSIENT = frozenset({408, 425, 429, 500, 502, 503, 504})
"""Statuses after which the same request may well succeed (RFC 9110; RFC 6585 for 429)."""
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})

Parameters = Mapping[str, str | int | float]


@dataclass(frozen=True)
class Answer:
    """What a vendor answered, and how old that is.

    Attributes
    ----------
    url : str
        The address asked, without the key.
    status : int
    body : bytes
    fetched_at : datetime
        When it left the vendor.
    age : float
        Seconds between then and the request; 0 for a new answer.
    stale : bool
        Whether it is older than asked for, because the vendor could not be reached.
    """

    url: str
    status: int
    body: bytes
    fetched_at: datetime
    age: float = 0.0
    stale: bool = False

    def json(self) -> Any:
        """Return the body as JSON.

        Raises
        ------
        UpstreamDataError
            If it is none (an HTML page, a text cut short): says where the text breaks.
        """
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError) as error:
            tail = self.body[-60:].decode("utf-8", errors="replace")
            raise UpstreamDataError(
                f"The answer of {self.url} is complete JSON ({error})",
                value=f"{len(self.body)} bytes ending in {tail!r}",
                remedy="try again later; if it stays, the vendor has changed its format",
            ) from error


class HttpClient:
    """Asks one vendor. Made by ``Connection.client``; safe to share between threads.

    Every request waits for the machine and the vendor's rate, passes the vendor's circuit, is
    tried again after network failures and the statuses in ``TRANSIENT`` (as the server asks in
    Retry-After), and is answered from the cache where one is there and fresh enough.
    """

    def __init__(
        self,
        policy: VendorPolicy,
        secret: Secret | None,
        *,
        timekeeper: Timekeeper,
        governor: Governor,
        cache: ResponseCache | None,
        freshness: Freshness,
        jitter: Callable[[], float],
        log: AnswerLog,
    ) -> None:
        self._log = log
        self.policy, self.freshness = policy, freshness
        self._secret, self._timekeeper, self._governor = secret, timekeeper, governor
        self._cache, self._jitter = cache, jitter
        self._limiter = governor.limiter(policy.vendor, policy.rates)
        self._breaker = governor.breaker(policy.vendor, policy.breaker)
        self._http: httpx.Client | None = None
        if secret:
            hide_from_logs(secret)

    def __enter__(self) -> HttpClient:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections that are kept open for the next request."""
        if self._http is not None:
            self._http.close()
            self._http = None

    def get(
        self,
        path: str,
        parameters: Parameters | None = None,
        *,
        accept: tuple[int, ...] = (200,),
        freshness: Freshness | None = None,
    ) -> Answer:
        """Return the answer to a GET request.

        Parameters
        ----------
        path : str
            Below the vendor's base address; or a whole address on the vendor's own host (as
            cursors give), never on another, since the key goes with it.
        parameters : mapping, optional
            The query, without the key.
        accept : tuple of int
            Statuses the caller understands. Only 200 is kept in the cache.
        freshness : Freshness, optional
            In place of the connection's.

        Raises
        ------
        WorldError
            If the vendor cannot be reached, is overloaded or out of order after all tries
            (``TransientError``), or was so too often just now (``CircuitOpenError``).
        DependencyError
            If the vendor refuses the key.
        UpstreamDataError
            If it answers with a status that is not accepted, or too much.
        """
        freshness = freshness or self.freshness
        url, query = self._address(path, parameters or {})
        shown = f"{url}?{urlencode(query)}" if query else url
        key = hash_text(self.policy.vendor, url, *(f"{k}={v}" for k, v in sorted(query)))
        kept = self._cache.get(key) if self._cache else None
        now = self._timekeeper.now()
        if kept and (freshness.max_age is None or kept.age(now) < freshness.max_age):
            return self._from(kept, shown, cached=True)
        try:
            fetched = with_retries(
                lambda: self._ask(url, query, shown, accept),
                self.policy.retry,
                self._timekeeper,
                self._jitter,
            )
        except WorldError:
            if kept and freshness.stale_on_error:
                return self._from(kept, shown, cached=True, stale=True)
            raise
        if self._cache and fetched.status == 200:
            self._cache.put(key, fetched)
        return self._from(fetched, shown)

    def json(
        self,
        path: str,
        parameters: Parameters | None = None,
        *,
        accept: tuple[int, ...] = (200,),
        freshness: Freshness | None = None,
    ) -> Any:
        """Return the answer to a GET request as JSON; raises as ``get`` and ``Answer.json`` do."""
        return self.get(path, parameters, accept=accept, freshness=freshness).json()

    def _from(
        self, kept: CachedAnswer, shown: str, *, cached: bool = False, stale: bool = False
    ) -> Answer:
        age = kept.age(self._timekeeper.now())
        self._log.note(
            self.policy.vendor,
            kept.fetched_at,
            cached=cached,
            stale=stale,
            kept=self._cache is not None,
        )
        return Answer(shown, kept.status, kept.body, kept.fetched_at, age, stale)

    def _address(self, path: str, parameters: Parameters) -> tuple[str, list[tuple[str, str]]]:
        """Return the address without query, and the query."""
        base = urlsplit(self.policy.base_url)
        asked = urlsplit(path)
        if asked.netloc and (asked.scheme, asked.netloc) != (base.scheme, base.netloc):
            raise UpstreamDataError(
                f"{self.policy.vendor} sends its clients on to its own host {base.netloc} only",
                value=f"{asked.scheme}://{asked.netloc}",
                remedy="nothing was sent there, since the key would go along; tell the vendor",
            )
        root = "" if asked.netloc else base.path.rstrip("/")
        query = parse_qsl(asked.query, keep_blank_values=True)
        query = [pair for pair in query if pair[0] != self.policy.key_name or not self._in_query]
        query += [(name, str(value)) for name, value in parameters.items()]
        return f"{base.scheme}://{base.netloc}{root}/{asked.path.lstrip('/')}", query

    @property
    def _in_query(self) -> bool:
        return self.policy.key_in == "query"

    def _signed(self, query: list[tuple[str, str]]) -> tuple[list[tuple[str, str]], dict[str, str]]:
        """Return query and headers with the key in its place."""
        headers = dict(self.policy.headers)
        if self._secret is None or self.policy.key_in == "none":
            return query, headers
        key = self._secret.reveal()
        if self.policy.key_in == "query":
            return [*query, (self.policy.key_name, key)], headers
        if self.policy.key_in == "bearer":
            return query, headers | {"Authorization": f"Bearer {key}"}
        return query, headers | {self.policy.key_name: key}

    def _ask(
        self, url: str, query: list[tuple[str, str]], shown: str, accept: tuple[int, ...]
    ) -> CachedAnswer:
        """Send the request once."""
        self._breaker.enter()
        try:
            self._governor.await_resources()
            self._limiter.wait()
            answer, headers = self._send(url, query, shown)
        except TransientError:
            self._breaker.failed()
            raise
        except BaseException:
            self._breaker.released()
            raise
        if answer.status in accept or answer.status not in TRANSIENT:
            self._breaker.succeeded()
        elif answer.status == 429:
            self._breaker.released()
        else:
            self._breaker.failed()
        if answer.status not in accept:
            raise self._refusal(answer, headers, shown)
        return answer

    def _send(
        self, url: str, query: list[tuple[str, str]], shown: str
    ) -> tuple[CachedAnswer, Mapping[str, str]]:
        """Return the whole answer and its headers, however slowly it comes."""
        import httpx

        signed, headers = self._signed(query)
        began = self._timekeeper.monotonic()
        body = bytearray()
        try:
            with self._client().stream(
                "GET", url, params=httpx.QueryParams(tuple(signed)), headers=headers
            ) as response:
                for chunk in response.iter_bytes():
                    body += chunk
                    if len(body) > self.policy.max_bytes:
                        raise UpstreamDataError(
                            f"An answer of {self.policy.vendor} has at most "
                            f"{self.policy.max_bytes} bytes",
                            value=f"more from {shown}",
                            remedy="ask for less at a time, or raise max_bytes",
                        )
                    if self._timekeeper.monotonic() - began > self.policy.total_timeout:
                        raise httpx.ReadTimeout("the answer trickles in too slowly")
        except (httpx.TransportError, httpx.DecodingError) as error:
            raise TransientError(
                f"{self.policy.vendor} answers {shown}",
                value=self._hidden(f"{type(error).__name__}: {error}"),
                remedy="check the network and the vendor's status page, then try again",
            ) from None  # The library's error carries the request, and so the key.
        answer = CachedAnswer(response.status_code, bytes(body), self._timekeeper.now())
        return answer, response.headers

    def _refusal(
        self, answer: CachedAnswer, headers: Mapping[str, str], shown: str
    ) -> TransientError | DependencyError | UpstreamDataError:
        """Return the error that a status stands for."""
        vendor, status = self.policy.vendor, answer.status
        said = self._hidden(answer.body[:300].decode("utf-8", errors="replace").strip())
        if status in TRANSIENT:
            asked = self._asked_to_wait(headers)
            wait = f", wait {asked:g} seconds" if asked is not None else ""
            return TransientError(
                f"{vendor} answers {shown}",
                value=f"status {status}{wait}: {said}",
                remedy="wait and try again; ask for less, or lower the request rate",
                retry_after=asked,
                outage=status != 429,
            )
        if status in (401, 403):
            variable = self._secret.variable if self._secret else "(none set)"
            return DependencyError(
                f"{vendor} accepts the key in {variable} for {shown}",
                value=f"status {status}: {said}",
                remedy=f"check {variable}, and whether your plan covers this data",
            )
        return UpstreamDataError(
            f"{vendor} answers {shown} with status 200",
            value=f"status {status}: {said}",
            remedy="check symbol and dates; if they are right, the vendor has changed its service",
        )

    def _asked_to_wait(self, headers: Mapping[str, str]) -> float | None:
        """Return the seconds the server asks for: Retry-After, else until the limit's reset."""
        now = self._timekeeper.now()
        asked = retry_after_seconds(headers.get("Retry-After"), now)
        if asked is None and self.policy.reset_header:
            with suppress(ValueError):
                left = float(headers.get(self.policy.reset_header, "")) - now.timestamp()
                return max(0.0, left) if math.isfinite(left) else None
        return asked

    def _hidden(self, text: str) -> str:
        return self._secret.redact(text) if self._secret else text

    def _client(self) -> httpx.Client:
        import httpx

        if self._http is None:
            policy = self.policy
            self._http = httpx.Client(
                timeout=httpx.Timeout(policy.read_timeout, connect=policy.connect_timeout),
                # A server on this machine is never behind a proxy.
                trust_env=urlsplit(policy.base_url).hostname not in LOOPBACK,
            )
        return self._http
