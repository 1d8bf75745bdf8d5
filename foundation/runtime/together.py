"""Several processes of one machine that compute one thing together.

The process that was asked stays at home: it holds the locks, writes, tracks and prints. It starts
members, which compute; the first of them asks home for whatever touches the world. If one member
fails or dies, all end, and home says what happened.

Members find one another by the environment variables that ``torch.distributed`` (and therefore
accelerate) reads: ``RANK``, ``WORLD_SIZE``, ``LOCAL_RANK``, ``MASTER_ADDR``, ``MASTER_PORT``.
"""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
import socket
import sys
import threading
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkServerProcess
from typing import Any

from foundation.kernel import FinancialStoryError, WorldError

GRACE = 3.0
"""Seconds in which members that fail one after another are heard before the cause is named: a
death makes the others fail too, and their complaints can come first."""

PRELOADED = ("torch", "accelerate", "transformers.models.gpt_oss.modeling_gpt_oss", "peft")
"""What members compute with. It takes seconds to import: that is done once, in a process without
threads from which the members of all calls are forked. What is not installed is passed over."""

Work = Callable[["Member", Any], Any]


@dataclass(frozen=True)
class Member:
    """One of the processes.

    Attributes
    ----------
    rank : int
        From 0. Only the first may ask home.
    size : int
        How many there are.
    """

    rank: int
    size: int
    _wire: Connection

    @property
    def first(self) -> bool:
        """Whether this is the one that speaks for all."""
        return self.rank == 0

    def ask(self, name: str, *given: Any) -> Any:
        """Have something done at home; return what came of it. An error there ends all members."""
        _send(self._wire, ("ask", name, given))
        return _receive(self._wire)


def together(
    work: Work,
    given: Any,
    processes: int,
    answers: Mapping[str, Callable[..., Any]],
) -> Any:
    """Run ``work(member, given)`` in new processes; return what the first of them returned.

    Parameters
    ----------
    work : function
        Of a module's top level; ``given`` and its result can be pickled.
    processes : int
    answers : mapping of str to callable
        What the first member may ask for, by name; called in this process.

    Raises
    ------
    FinancialStoryError
        Whatever a member raised.
    WorldError
        If a member was killed.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([*PRELOADED])
    port = _free_port()
    members: list[tuple[ForkServerProcess, Connection]] = []
    try:
        for rank in range(processes):
            here, there = context.Pipe()
            process = context.Process(
                target=_live,
                args=(work, given, rank, processes, port, there),
                name=f"member {rank}",
                daemon=True,
            )
            process.start()
            there.close()
            members.append((process, here))
        return _Home(members, answers).listen()
    finally:
        for process, wire in members:
            wire.close()
            _end(process)


class _Home:
    """Answers the members until all are done."""

    def __init__(
        self,
        members: list[tuple[ForkServerProcess, Connection]],
        answers: Mapping[str, Callable[..., Any]],
    ) -> None:
        self.members, self.answers = members, answers
        self.results: dict[int, Any] = {}
        self.failures: dict[int, BaseException] = {}

    def listen(self) -> Any:
        """Return the first member's result, or raise what went wrong."""
        began: float | None = None
        while waiting := {w: r for r, (_, w) in enumerate(self.members) if not self._ended(r)}:
            for wire in wait(list(waiting), None if began is None else GRACE):
                self._hear(waiting[wire], wire)  # type: ignore[index, arg-type]
            if self.failures:
                began = time.monotonic() if began is None else began
                if self._explained() or time.monotonic() - began > GRACE:
                    break
        if self.failures:
            raise self._cause()
        return self.results[0]

    def _explained(self) -> bool:
        """Say whether a failure is known that needs no other to explain it."""
        return any(isinstance(error, FinancialStoryError) for error in self.failures.values())

    def _ended(self, rank: int) -> bool:
        return rank in self.results or rank in self.failures

    def _hear(self, rank: int, wire: Connection) -> None:
        try:
            kind, *said = _receive(wire)
        except (EOFError, ConnectionResetError):
            self.failures[rank] = self._silent(rank)
            return
        if kind == "ask":
            name, given = said
            answer = self.answers[name](*given)
            try:
                _send(wire, answer)
            except (BrokenPipeError, ConnectionResetError):
                self.failures[rank] = self._silent(rank)
        elif kind == "done":
            self.results[rank] = said[0]
        else:
            self.failures[rank] = said[0]

    def _silent(self, rank: int) -> WorldError:
        """Return the error of a member that ended without a word."""
        process = self.members[rank][0]
        process.join(GRACE)
        code = process.exitcode
        by = signal.Signals(-code).name if code is not None and code < 0 else f"status {code}"
        return _Died(
            "All processes that compute together live to the end",
            value=f"process {rank + 1} of {len(self.members)} was ended by {by}",
            remedy="see to the machine's memory and GPUs, then give the same command again: it "
            "goes on at the last checkpoint",
        )

    def _cause(self) -> BaseException:
        """Return the failure that explains the others: a death, else an error in our own words."""
        found = [self.failures[rank] for rank in sorted(self.failures)]
        return min(
            found,
            key=lambda e: 0 if isinstance(e, _Died) else 2 - isinstance(e, FinancialStoryError),
        )


class _Died(WorldError):
    """A member was ended from outside."""


def _live(work: Work, given: Any, rank: int, size: int, port: int, wire: Connection) -> None:
    """Be a member: from the first line to the last of a new process."""
    threading.Thread(target=_end_with_home, daemon=True).start()
    if rank:
        # One voice: what the others have to say comes home by wire.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        os.dup2(sys.stdout.fileno(), sys.stderr.fileno())
    os.environ.update(
        RANK=str(rank),
        LOCAL_RANK=str(rank),
        WORLD_SIZE=str(size),
        LOCAL_WORLD_SIZE=str(size),
        MASTER_ADDR="127.0.0.1",
        MASTER_PORT=str(port),
    )
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    try:
        _send(wire, ("done", work(Member(rank, size, wire), given)))
    except BaseException as error:
        _send(wire, ("failed", _portable(error)))
        raise SystemExit(1) from None


def _send(wire: Connection, said: Any) -> None:
    """Send by value. (A connection's own ``send`` would lend torch's tensors by file handles,
    which are gone when their process is.)"""
    wire.send_bytes(pickle.dumps(said))


def _receive(wire: Connection) -> Any:
    return pickle.loads(wire.recv_bytes())


def _portable(error: BaseException) -> BaseException:
    """Return an error that can be told at home, where its traceback cannot be."""
    if isinstance(error, FinancialStoryError):
        return error
    told = "".join(traceback.format_exception(error))
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:
        error = RuntimeError(f"{type(error).__name__}: {error}")
    error.add_note(told)
    return error


def _end_with_home() -> None:
    """End this process as soon as home is gone: nobody would hear what it computes."""
    home = multiprocessing.parent_process()
    if home is not None:
        wait([home.sentinel])
        os._exit(1)


def _end(process: ForkServerProcess) -> None:
    process.join(0.0 if process.is_alive() and process.exitcode is None else GRACE)
    for stop in (process.terminate, process.kill):
        if process.is_alive():
            stop()
            process.join(GRACE)


def _free_port() -> int:
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        return int(door.getsockname()[1])
