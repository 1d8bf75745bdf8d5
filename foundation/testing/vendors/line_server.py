"""A local TCP server that answers in lines of text, and misbehaves like a real one when told to.

Packets are small on purpose: a client that takes a packet for a line fails here.
"""

from __future__ import annotations

import socket
from collections.abc import Iterable
from contextlib import suppress
from socketserver import BaseRequestHandler, TCPServer, ThreadingTCPServer

from foundation.testing.vendors.server import Emulator, Fault, Reply, Request


class LineEmulator(Emulator):
    """A vendor's line service on a free port of this machine.

    A question stands in ``Request.path``; the answer is the text of ``Reply.payload``. The faults
    that are about connections apply: ``silent``, ``hung_up``, ``half_closed`` (half an answer,
    then the end of the connection in mid-line) and those that change the payload.

    Parameters
    ----------
    *faults : Fault
    packet : int
        Bytes a packet, at most.
    """

    def __init__(self, *faults: Fault, packet: int = 61) -> None:
        super().__init__(*faults)
        self.packet = packet

    def welcome(self) -> str:
        """Return what is sent to a client that has just connected."""
        return ""

    def reply(self, request: Request) -> Reply:
        raise NotImplementedError

    def _listen(self) -> TCPServer:
        class Server(ThreadingTCPServer):
            daemon_threads = True
            allow_reuse_address = True

        return Server(("127.0.0.1", 0), _handler(self))


def _handler(emulator: LineEmulator) -> type[BaseRequestHandler]:
    class Handler(BaseRequestHandler):
        def handle(self) -> None:
            self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with suppress(OSError):
                self._send(emulator.welcome().encode("latin-1"))
                for line in self._lines():
                    reply = emulator.answer(Request(line, {}, {}))
                    if reply.behaviour == "silent":
                        emulator.wait_for_the_end()
                    if reply.behaviour in ("silent", "hung up"):
                        break
                    body = reply.body()
                    if reply.behaviour == "half closed":
                        self._send(body[: len(body) // 2])
                        break
                    self._send(body)
                self.request.shutdown(socket.SHUT_RDWR)

        def _lines(self) -> Iterable[str]:
            buffer = b""
            while packet := self.request.recv(65_536):
                *whole, buffer = (buffer + packet).split(b"\n")
                for line in whole:
                    yield line.rstrip(b"\r").decode("latin-1")

        def _send(self, body: bytes) -> None:
            for begin in range(0, len(body), emulator.packet):
                self.request.sendall(body[begin : begin + emulator.packet])

    return Handler
