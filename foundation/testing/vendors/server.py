"""A local HTTP server that answers like a vendor, and misbehaves like one when told to."""

from __future__ import annotations

import json
import socket
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from threading import Event, Lock, Thread
from typing import Any, Literal
from urllib.parse import parse_qsl, urlsplit

Behaviour = Literal["answer", "silent", "hung up", "half closed", "stalled"]


@dataclass(frozen=True)
class Request:
    """What a client asked: path without query, the query's last value per name, headers, body."""

    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes = b""

    def json(self) -> Any:
        """Return the body as JSON."""
        return json.loads(self.body)


@dataclass(frozen=True)
class Reply:
    """What the server says.

    Attributes
    ----------
    payload : object
        Sent as JSON; bytes and str are sent as they are.
    """

    payload: Any
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    behaviour: Behaviour = "answer"

    def body(self) -> bytes:
        if isinstance(self.payload, bytes):
            return self.payload
        if isinstance(self.payload, str):
            return self.payload.encode()
        return json.dumps(self.payload).encode()


Change = Callable[[Request, Reply], Reply]


@dataclass(frozen=True)
class Fault:
    """What to do to the server's true reply, to which requests, and how often.

    Parameters
    ----------
    change : callable
        From request and true reply to the one that is sent.
    times : int or None
        How many requests it befalls; None for all.
    path : str
        Befalls only requests whose path contains this.
    skip : int
        Leaves the first so many of these requests alone.
    """

    change: Change
    times: int | None = 1
    path: str = ""
    skip: int = 0

    def on(self, path: str, *, times: int | None = 1, skip: int = 0) -> Fault:
        """Return this fault for other requests."""
        return replace(self, path=path, times=times, skip=skip)

    def always(self) -> Fault:
        """Return this fault for every request."""
        return replace(self, times=None)


def fault(change: Change) -> Fault:
    """Return a fault of your own making, for the next request."""
    return Fault(change)


def rate_limited(retry_after: str | None = "1", body: Any = None) -> Fault:
    """Answer 429. ``retry_after`` is sent as it stands: seconds, an HTTP-date, or not at all."""
    headers = {} if retry_after is None else {"Retry-After": retry_after}
    said = body or {"status": "ERROR", "error": "You've exceeded the maximum requests per minute."}
    return Fault(lambda request, reply: Reply(said, 429, headers))


def server_error(status: int = 503) -> Fault:
    """Answer a server error with an HTML page, as load balancers do."""
    page = f"<html><body><h1>{status} Service Temporarily Unavailable</h1></body></html>"
    return Fault(lambda request, reply: Reply(page, status, {"Content-Type": "text/html"}))


def silent() -> Fault:
    """Accept the request and never answer."""
    return Fault(lambda request, reply: replace(reply, behaviour="silent"))


def hung_up() -> Fault:
    """Close the connection without a word."""
    return Fault(lambda request, reply: replace(reply, behaviour="hung up"))


def half_closed() -> Fault:
    """Announce a whole body, send half of it, and close."""
    return Fault(lambda request, reply: replace(reply, behaviour="half closed"))


def stalled() -> Fault:
    """Announce a whole body, send half of it, and then nothing more."""
    return Fault(lambda request, reply: replace(reply, behaviour="stalled"))


def cut_off(share: float = 0.6) -> Fault:
    """Answer with a body that breaks off, its length announced as if it were whole."""

    def cut(request: Request, reply: Reply) -> Reply:
        body = reply.body()
        return replace(reply, payload=body[: max(1, int(len(body) * share))])

    return Fault(cut)


def not_json() -> Fault:
    """Answer 200 with an HTML page, as portals in between do."""
    page = "<!doctype html><title>Maintenance</title>"
    return Fault(lambda request, reply: Reply(page, 200, {"Content-Type": "text/html"}))


def reshaped(change: Callable[[Any], Any]) -> Fault:
    """Change the payload of every successful answer: other names, zones, repeated rows."""

    def apply(request: Request, reply: Reply) -> Reply:
        return replace(reply, payload=change(reply.payload)) if reply.status == 200 else reply

    return Fault(apply, times=None)


class Emulator(ABC):
    """A vendor's HTTP service on a free port of this machine.

    Use it as a context manager. Subclasses answer in ``reply``.

    Attributes
    ----------
    requests : list of Request
        Everything that was asked, in order.
    """

    def __init__(self, *faults: Fault) -> None:
        self.requests: list[Request] = []
        self._faults = list(faults)
        self._befell = [0] * len(faults)
        self._lock, self._closing = Lock(), Event()
        self._server: TCPServer | None = None
        self._thread: Thread | None = None

    @abstractmethod
    def reply(self, request: Request) -> Reply:
        """Return the vendor's true answer."""

    @property
    def url(self) -> str:
        """The address to use in place of the vendor's."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def port(self) -> int:
        """The port of this machine that the server listens on."""
        if self._server is None:
            raise RuntimeError("the emulator is not running: use it in a with statement")
        return int(self._server.server_address[1])

    def _listen(self) -> TCPServer:
        """Return a server on a free port, each connection in a thread of its own."""
        server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        server.daemon_threads = True
        return server

    def befall(self, *faults: Fault) -> None:
        """Add faults while the server runs."""
        with self._lock:
            self._faults += faults
            self._befell += [0] * len(faults)

    def __enter__(self) -> Emulator:
        self._closing.clear()
        self._server = self._listen()
        self._thread = Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        assert self._server is not None
        assert self._thread is not None
        self._closing.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        self._server = self._thread = None

    def answer(self, request: Request) -> Reply:
        """Return what is sent: the true answer, changed by the first fault that is due."""
        with self._lock:
            self.requests.append(request)
            due = self._due(request)
        reply = self.reply(request)
        for at in due:
            reply = self._faults[at].change(request, reply)
        return reply

    def _due(self, request: Request) -> list[int]:
        """Return the lasting faults that apply, or the first of those that pass."""
        lasting: list[int] = []
        passing: list[int] = []
        for at, planned in enumerate(self._faults):
            if planned.path not in request.path:
                continue
            used = self._befell[at]
            if planned.times is not None and used >= planned.skip + planned.times:
                continue
            if planned.times is not None and passing:
                continue
            self._befell[at] += 1
            if used >= planned.skip:
                (lasting if planned.times is None else passing).append(at)
        return lasting + passing

    def wait_for_the_end(self) -> None:
        """Hold a request until the server closes."""
        self._closing.wait(timeout=30)


def _handler(emulator: Emulator) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # Else head and body are sent 40 ms apart.

        def do_GET(self) -> None:
            self._answer(b"")

        def do_POST(self) -> None:
            self._answer(self.rfile.read(int(self.headers.get("Content-Length", "0"))))

        def _answer(self, body: bytes) -> None:
            asked = urlsplit(self.path)
            query = dict(parse_qsl(asked.query, keep_blank_values=True))
            reply = emulator.answer(Request(asked.path, query, dict(self.headers.items()), body))
            if reply.behaviour == "silent":
                emulator.wait_for_the_end()
            if reply.behaviour in ("silent", "hung up"):
                self._drop()
                return
            said = reply.body()
            self.send_response(reply.status)
            for name, value in ({"Content-Type": "application/json"} | reply.headers).items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            if reply.behaviour in ("half closed", "stalled"):
                self.wfile.write(said[: len(said) // 2])
                self.wfile.flush()
                if reply.behaviour == "stalled":
                    emulator.wait_for_the_end()
                self._drop()
                return
            self.wfile.write(said)

        def _drop(self) -> None:
            self.close_connection = True
            self.wfile.flush()
            try:
                self.connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                time.sleep(0)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing: a test's output is the test's."""

    return Handler
