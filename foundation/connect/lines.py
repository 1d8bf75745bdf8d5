"""A TCP client for services that speak in lines of text: questions, answers and streams.

TCP gives a stream of bytes, not messages: a line may come in several packets and a packet may
hold several lines. A line counts only once its end has come; what stood in the buffer when a
connection broke is never used.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import suppress

from pydantic import Field

from foundation.connect.breaker import BreakerPolicy
from foundation.connect.guard import Guard
from foundation.connect.rates import Rate
from foundation.connect.retry import RetryPolicy, TransientError
from foundation.connect.timekeeper import Timekeeper
from foundation.kernel import OperatorError, UpstreamDataError
from foundation.kernel.model import Part


class LinePolicy(Part):
    """Address, limits and patience for one service that speaks in lines."""

    vendor: str = Field(description="The vendor's name, as errors and limits use it.")
    host: str = "127.0.0.1"
    port: int = Field(ge=1, le=65_535)
    greeting: tuple[tuple[str, str], ...] = Field(
        default=(),
        description="Sent after connecting: a line, and how the line that answers it begins.",
    )
    encoding: str = "latin-1"
    connect_timeout: float = Field(default=5.0, gt=0, description="Seconds.")
    read_timeout: float = Field(
        default=30.0, gt=0, description="Seconds without a byte before a connection is given up."
    )
    total_timeout: float = Field(default=120.0, gt=0, description="Seconds for one whole answer.")
    max_bytes: int = Field(default=64 * 2**20, ge=1, description="Largest answer accepted.")
    rates: tuple[Rate, ...] = ()
    retry: RetryPolicy = RetryPolicy()
    breaker: BreakerPolicy = BreakerPolicy()
    start: str = Field(default="start the service", description="The remedy if nobody answers.")


class LineClient:
    """Asks one service, over one connection at a time. Made by ``Connection.lines``.

    Not to be shared between threads: answers to two questions would mingle.
    """

    def __init__(self, policy: LinePolicy, guard: Guard, timekeeper: Timekeeper) -> None:
        self.policy = policy
        self._guard, self._timekeeper = guard, timekeeper
        self._socket: socket.socket | None = None
        self._buffer = bytearray()
        self.greeted: list[str] = []
        """What the service said of its own accord before it answered the greeting."""

    def __enter__(self) -> LineClient:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection, if there is one; what was not read of it is lost."""
        if self._socket is not None:
            with suppress(OSError):
                self._socket.close()
        self._socket = None
        self._buffer.clear()

    def ask(self, question: str, ends: Callable[[str], bool]) -> list[str]:
        """Return the lines that answer a question, the one that ends the answer included.

        A connection that breaks is opened anew and the question asked again, so the question
        must be one that may be asked twice.

        Parameters
        ----------
        question : str
            One line, without its end.
        ends : callable
            Says whether a line is the last of the answer.

        Raises
        ------
        WorldError
            If the service cannot be reached, breaks off or falls silent in all tries
            (``TransientError``), or did so too often just now (``CircuitOpenError``).
        UpstreamDataError
            If it answers too much, or greets otherwise than agreed.
        """
        return self._guard.call(lambda: self._exchange(question, ends))

    def stream(self, *questions: str) -> Iterator[str]:
        """Yield lines as they come, after sending some; ends only by an error or by its reader.

        Raises
        ------
        TransientError
            If the connection breaks or nothing comes for the policy's ``read_timeout``.
        """
        try:
            self._connect()
            yield from self.greeted
            for question in questions:
                self._send(question)
            while True:
                yield self._line(self._timekeeper.monotonic(), forever=True)
        finally:
            self.close()

    def tell(self, line: str) -> None:
        """Send a line over the connection that a stream holds open."""
        self._send(line)

    def _exchange(self, question: str, ends: Callable[[str], bool]) -> list[str]:
        """Ask once. A connection that failed in any way is not used again."""
        try:
            self._connect()
            began, size = self._timekeeper.monotonic(), 0
            self._send(question)
            lines = []
            while True:
                lines.append(self._line(began))
                size += len(lines[-1])
                if size > self.policy.max_bytes:
                    raise self._too_much()
                if ends(lines[-1]):
                    return lines
        except BaseException:
            self.close()
            raise

    def _connect(self) -> None:
        if self._socket is not None:
            return
        policy = self.policy
        try:
            self._socket = socket.create_connection(
                (policy.host, policy.port), policy.connect_timeout
            )
        except OSError as error:
            raise self._failed(error, policy.start) from error
        self._socket.settimeout(policy.read_timeout)
        self.greeted = []
        began = self._timekeeper.monotonic()
        for line, answer in policy.greeting:
            self._send(line)
            while not (told := self._line(began)).startswith(answer):
                if told.startswith("E,") or told.startswith(answer.rpartition(",")[0] + ","):
                    raise UpstreamDataError(
                        f"{policy.vendor} answers {line!r} with {answer!r}",
                        value=told,
                        remedy=f"install a version of {policy.vendor} that speaks it",
                    )
                self.greeted.append(told)

    def _send(self, line: str) -> None:
        if "\n" in line or "\r" in line:
            raise OperatorError(
                "A question to a line service is one line",
                value=line,
                remedy="take the line end out of the symbol or the field",
            )
        if self._socket is None:
            raise self._failed("there is no connection", self.policy.start)
        try:
            self._socket.sendall(f"{line}\r\n".encode(self.policy.encoding))
        except UnicodeEncodeError as error:
            raise OperatorError(
                f"A question to {self.policy.vendor} is written in {self.policy.encoding}",
                value=line,
                remedy="use the symbol as the vendor writes it",
            ) from error
        except OSError as error:
            raise self._failed(error) from error

    def _line(self, began: float, *, forever: bool = False) -> str:
        """Return the next whole line, without its end."""
        while (end := self._buffer.find(b"\n")) < 0:
            if len(self._buffer) > self.policy.max_bytes:
                raise self._too_much()
            if not forever and self._timekeeper.monotonic() - began > self.policy.total_timeout:
                raise self._failed("the answer trickles in too slowly")
            assert self._socket is not None
            try:
                packet = self._socket.recv(65_536)
            except TimeoutError as error:
                silent = f"not a byte for {self.policy.read_timeout:g} seconds"
                raise self._failed(silent) from error
            except OSError as error:
                raise self._failed(error) from error
            if not packet:
                left = bytes(self._buffer[-60:]).decode(self.policy.encoding, errors="replace")
                raise self._failed(f"the connection was closed after {left!r}")
            self._buffer += packet
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 1]
        return line.rstrip(b"\r").decode(self.policy.encoding, errors="replace")

    def _failed(self, why: object, remedy: str = "") -> TransientError:
        policy = self.policy
        text = str(why) if isinstance(why, str) else f"{type(why).__name__}: {why}"
        return TransientError(
            f"{policy.vendor} answers at {policy.host}:{policy.port}",
            value=text,
            remedy=remedy or f"check that {policy.vendor} is connected, then try again",
        )

    def _too_much(self) -> UpstreamDataError:
        return UpstreamDataError(
            f"An answer of {self.policy.vendor} has at most {self.policy.max_bytes} bytes",
            value=f"more from {self.policy.host}:{self.policy.port}",
            remedy="ask for less at a time, or raise max_bytes",
        )
