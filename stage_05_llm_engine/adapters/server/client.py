"""One server: requests with patience, limits and a circuit; answers whole or as they come."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from foundation.connect import (
    BreakerPolicy,
    Connection,
    Credential,
    Rate,
    RetryPolicy,
    TransientError,
    retry_after_seconds,
)
from foundation.kernel import DependencyError, OperatorError, UpstreamDataError
from stage_05_llm_engine.adapters.server.protocol import (
    Choice,
    Completions,
    ServedModels,
    Streamed,
    parsed,
)
from stage_05_llm_engine.settings import ServerSettings

if TYPE_CHECKING:
    import httpx

TRANSIENT = frozenset({408, 425, 429, 500, 502, 503, 504})
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_TOO_LONG = ("context length", "context size", "too long", "maximum model length", "max_model_len")
"""How servers say that a prompt exceeds the model's context, in their own words."""


Sent = str | list[int]
"""A prompt as it is sent: as text, or as the tokens' numbers."""


class RefusedRequestError(UpstreamDataError):
    """The server understood a request and does not do such things."""


@dataclass(frozen=True)
class Drawn:
    """A text that a server drew.

    Attributes
    ----------
    stopped : str
        The server's word for why: ``stop`` or ``length``; ``left`` where we stopped listening.
    log_probabilities : tuple of float
        Of its tokens, as far as told.
    tokens : int
        Tokens that came, where the server told them, else pieces of text.
    """

    text: str
    stopped: str
    log_probabilities: tuple[float, ...]
    tokens: int


class OpenAiClient:
    """Asks one server. Safe to share between threads.

    Parameters
    ----------
    settings : ServerSettings
    connection : Connection
        Time, keys, and the governor that all connections share.

    Raises
    ------
    DependencyError
        If a key is asked for and not set.
    """

    def __init__(self, settings: ServerSettings, connection: Connection) -> None:
        self.settings = settings
        self._timekeeper = connection.timekeeper
        self.where = f"the model server at {settings.base_url}"
        per_minute = settings.requests_per_minute
        self._guard = connection.guard(
            self.where,
            rates=(Rate(requests=per_minute, seconds=60.0),) if per_minute else (),
            retry=RetryPolicy(attempts=settings.attempts),
            # The requests under way fail together: each may use up its tries.
            breaker=BreakerPolicy(failures=settings.attempts * settings.concurrency),
        )
        name = settings.key_variable
        self._secret = (
            connection.credentials.secret(Credential(self.where, (name,), "the server's operator"))
            if name
            else None
        )
        self._http: httpx.Client | None = None

    def close(self) -> None:
        """Close what is kept open for the next request."""
        if self._http is not None:
            self._http.close()
            self._http = None

    def complete(self, prompts: Sequence[Sent], **wanted: Any) -> tuple[Choice, ...]:
        """Return one choice per prompt (text or tokens), in the order of the prompts.

        Raises
        ------
        WorldError
            If the server cannot be reached or is overloaded after all tries.
        RefusedRequestError
            If it does not do what is asked.
        UpstreamDataError
            If its answer is not that of the protocol, or not one choice per prompt.
        DependencyError, OperatorError
            If it knows neither key nor model; if a prompt is longer than the model's context.
        """
        body = {"model": self.settings.model, "prompt": list(prompts), **wanted}

        def ask() -> tuple[Choice, ...]:
            with self._sent("completions", body) as response:
                text = self._whole(response)
            return parsed(Completions, text, self.where).choices

        choices = sorted(self._guard.call(ask), key=lambda choice: choice.index)
        if len(choices) != len(prompts):
            raise UpstreamDataError(
                f"{self.where} answers every prompt once",
                value=f"{len(choices)} choices for {len(prompts)} prompts",
                remedy="update the server, or set server.distributions to samples",
            )
        return tuple(choices)

    def draw(self, asked: dict[str, Any], enough: Callable[[str], bool]) -> Drawn:
        """Return a streamed text; listening ends once ``enough`` says so of what has come.

        ``asked`` holds a prompt or messages, and how to draw. Raises as ``complete`` does.
        """
        path = "chat/completions" if "messages" in asked else "completions"
        body = {"model": self.settings.model, "stream": True, **asked}
        return self._guard.call(lambda: self._draw_once(path, body, enough))

    def models(self) -> tuple[str, ...]:
        """Return the names of the models that the server has."""

        def ask() -> bytes:
            with self._sent("models", None) as response:
                return self._whole(response)

        served = parsed(ServedModels, self._guard.call(ask), self.where)
        return tuple(model.id for model in served.data)

    def _draw_once(self, path: str, body: dict[str, Any], enough: Callable[[str], bool]) -> Drawn:
        text, chances, tokens = "", [], 0
        with self._sent(path, body) as response:
            for event in self._events(response):
                told = parsed(Streamed, event, self.where)
                if told.error is not None:
                    raise self._given_up(told.error, event.encode())
                for choice in told.choices:
                    text += choice.said
                    likely = choice.logprobs.token_logprobs if choice.logprobs else ()
                    chances += [chance for chance in likely if chance is not None]
                    tokens += len(likely) or bool(choice.said)
                    if choice.finish_reason:
                        text = _until(text, body.get("stop", ()))
                        return Drawn(text, choice.finish_reason, tuple(chances), tokens)
                if enough(text):
                    return Drawn(text, "left", tuple(chances), tokens)
        raise TransientError(
            f"{self.where} says why a stream ends",
            value=f"cut off after {text[-60:]!r}",
            remedy="try again; look into the server's log",
        )

    def _events(self, response: httpx.Response) -> Iterator[str]:
        """Yield the data of server-sent events, within the time a whole answer may take.

        An event counts once its blank line has come; one that was cut off does not.
        """
        began, waiting = self._timekeeper.monotonic(), ""
        for line in response.iter_lines():
            if self._timekeeper.monotonic() - began > self.settings.total_timeout:
                raise self._unreachable("the answer trickles in too slowly")
            kind, _, data = line.partition(":")
            if kind == "data":
                waiting = data.strip()
            elif not line and waiting == "[DONE]":
                return
            elif not line and waiting:
                yield waiting
                waiting = ""

    def _whole(self, response: httpx.Response) -> bytes:
        began, body = self._timekeeper.monotonic(), bytearray()
        for chunk in response.iter_bytes():
            body += chunk
            if self._timekeeper.monotonic() - began > self.settings.total_timeout:
                raise self._unreachable("the answer trickles in too slowly")
        return bytes(body)

    @contextmanager
    def _sent(self, path: str, body: dict[str, Any] | None) -> Iterator[httpx.Response]:
        """Send one request; hand on an answer with status 200, its body unread."""
        import httpx

        headers = {"Authorization": f"Bearer {self._secret.reveal()}"} if self._secret else {}
        url = f"{self.settings.base_url.rstrip('/')}/{path}"
        try:
            with self._client().stream(
                "POST" if body is not None else "GET", url, json=body, headers=headers
            ) as response:
                if response.status_code != 200:
                    raise self._refusal(response.status_code, response.read(), response.headers)
                yield response
        except (httpx.TransportError, httpx.DecodingError) as error:
            raise self._unreachable(f"{type(error).__name__}: {error}") from None

    def _unreachable(self, why: str) -> TransientError:
        return TransientError(
            f"{self.where} answers in time",
            value=self._secret.redact(why) if self._secret else why,
            remedy="check that the server runs and base_url is right; raise server.read_timeout "
            "for a slow machine",
        )

    def _given_up(self, error: Any, event: bytes) -> Exception:
        """Return the error of a stream in which the server says that it cannot go on."""
        code = error.get("code") if isinstance(error, dict) else None
        if isinstance(code, int) and code != 200:
            return self._refusal(code, event, {})
        why = _message(event)
        return TransientError(
            f"{self.where} ends what it has begun",
            value=self._secret.redact(why) if self._secret else why,
            remedy="try again; look into the server's log",
        )

    def _refusal(self, status: int, body: bytes, headers: Any) -> Exception:
        """Return the error that a status stands for."""
        said = _message(body)
        if self._secret:
            said = self._secret.redact(said)
        value = f"status {status}: {said}"
        if status in TRANSIENT:
            wait = retry_after_seconds(headers.get("Retry-After"), self._timekeeper.now())
            return TransientError(
                f"{self.where} has room for requests",
                value=value,
                remedy="lower server.concurrency or set server.requests_per_minute",
                retry_after=wait,
                outage=status != 429,
            )
        if status in (401, 403):
            return DependencyError(
                f"{self.where} accepts our key",
                value=value,
                remedy="set server.key_variable to the variable that holds the server's key",
            )
        if status == 404:
            return DependencyError(
                f"{self.where} serves the model {self.settings.model}",
                value=value,
                remedy=f"see what it serves at {self.settings.base_url.rstrip('/')}/models, and "
                "set server.model; check that base_url ends in /v1",
            )
        if any(words in said.lower() for words in _TOO_LONG):
            return OperatorError(
                "A prompt fits into the served model's context",
                value=value,
                remedy="serve with a longer context, or lower context_sessions or max_words",
            )
        return RefusedRequestError(
            f"{self.where} does what is asked of it",
            value=value,
            remedy="set server.distributions to samples, server.api to chat, or, where a field is "
            "not known to it, server.further_fields to {}",
        )

    def _client(self) -> httpx.Client:
        import httpx

        if self._http is None:
            settings = self.settings
            self._http = httpx.Client(
                timeout=httpx.Timeout(settings.read_timeout, connect=settings.connect_timeout),
                limits=httpx.Limits(max_connections=settings.concurrency),
                # A server on this machine is never behind a proxy.
                trust_env=urlsplit(settings.base_url).hostname not in LOOPBACK,
            )
        return self._http


def _message(body: bytes) -> str:
    """Return what an error says, in whichever of the servers' forms."""
    text = body[:500].decode("utf-8", errors="replace").strip()
    try:
        told = json.loads(body)
    except ValueError:
        return text
    error = told.get("error", told.get("detail", told)) if isinstance(told, dict) else told
    return str(error.get("message", error) if isinstance(error, dict) else error)


def _until(text: str, stops: Sequence[str]) -> str:
    """Return a text up to the first stop: some servers hand on what they stopped at."""
    return text[: min((text.index(stop) for stop in stops if stop in text), default=len(text))]
