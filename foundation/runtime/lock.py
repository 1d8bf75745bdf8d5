"""One run per store at a time.

The lock is an advisory ``flock`` on a file in the store. The kernel gives it back when the
process ends, however it ends, so a killed run leaves no stale lock behind; the file's text
(process id and machine) only serves the error message.
"""

from __future__ import annotations

import fcntl
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from foundation.kernel import OperatorError, WorldError


class StoreBusy(OperatorError):
    """Another run is writing to this store."""


@contextmanager
def exclusive(path: Path) -> Iterator[None]:
    """Hold the lock file while the block runs.

    Raises
    ------
    StoreBusy
        If another process (or another run in this one) holds it.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise WorldError(
            f"The store must be writable ({error.strerror or error})",
            value=str(path.parent),
            remedy="check permissions, or choose another folder with --store",
        ) from error
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(descriptor, 200, 0).decode(errors="replace").strip()
            raise StoreBusy(
                "Only one run at a time may write to a store",
                value=f"{path.parent} is in use by {holder or 'another process'}",
                remedy="wait for it to end, stop it, or choose another folder with --store",
            ) from None
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"process {os.getpid()} on {socket.gethostname()}\n".encode(), 0)
        yield
    finally:
        os.close(descriptor)
