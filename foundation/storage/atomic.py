"""Writing so that a crash leaves either the old state or the new one, never half of it."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path

from foundation.kernel import WorldError


def scratch_beside(target: Path) -> Path:
    """Return an unused path in the target's folder, from which a rename is atomic."""
    return target.with_name(f".{target.name}.{os.getpid()}.{secrets.token_hex(4)}.part")


def write_file(target: Path, content: bytes) -> None:
    """Write a file that is complete or absent: temporary file, fsync, rename, fsync of the folder.

    Raises
    ------
    WorldError
        If the disk refuses (full, read-only, no permission).
    """
    scratch = scratch_beside(target)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with scratch.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        scratch.replace(target)
        sync_folder(target.parent)
    except OSError as error:
        with suppress(OSError):
            scratch.unlink()
        raise refused(target, error) from error


def sync_folder(folder: Path) -> None:
    """Make renames within a folder survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def refused(path: Path, error: OSError) -> WorldError:
    """Say that the disk refused, and what to do."""
    return WorldError(
        f"The store must be writable ({error.strerror or error})",
        value=str(path),
        remedy="free disk space, check permissions, or choose another folder with --store",
    )
