"""Answers kept on disk, with their age in plain sight.

An answer is filed under the hash of its request (vendor, address, parameters; never the key). It
is used again only while it is as fresh as the caller asks; an older one only if the caller asks
for that too, and is marked stale then.
"""

from __future__ import annotations

import json
import os
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from foundation.kernel import NEW_YORK, WorldError, hash_bytes


@dataclass(frozen=True)
class Freshness:
    """How old an answer may be.

    Parameters
    ----------
    max_age : float or None
        Seconds. 0 asks anew every time (the answer is still kept); None takes any age.
    stale_on_error : bool
        Whether an older answer is better than none when the vendor cannot be reached. It is
        marked ``stale`` then.
    """

    max_age: float | None = 0.0
    stale_on_error: bool = False


@dataclass(frozen=True)
class CachedAnswer:
    """An answer and when it was fetched."""

    status: int
    body: bytes
    fetched_at: datetime

    def age(self, now: datetime) -> float:
        """Return seconds since it was fetched."""
        return max(0.0, (now - self.fetched_at).total_seconds())


@dataclass(frozen=True)
class CacheCensus:
    """What a cache holds: how many answers, of how many bytes, and when the first and the last
    of them were fetched (None where there is none)."""

    answers: int
    size: int
    oldest: datetime | None
    newest: datetime | None


class ResponseCache:
    """A folder of answers, one file each. Several processes may share it.

    A file is complete or absent (written beside and renamed); one whose content no longer
    matches its hash counts as absent.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = Path(folder)

    def get(self, key: str) -> CachedAnswer | None:
        """Return the answer filed under a key, of whatever age."""
        try:
            head, _, body = self._path(key).read_bytes().partition(b"\n")
            told = json.loads(head)
            if told["sha256"] != hash_bytes(body):
                return None
            return CachedAnswer(
                status=int(told["status"]),
                body=body,
                fetched_at=datetime.fromisoformat(told["fetched_at"]).astimezone(NEW_YORK),
            )
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def census(self) -> CacheCensus:
        """Count the answers that are kept; damaged files are none."""
        moments, size = [], 0
        for path in self.folder.glob("??/*.answer"):
            try:
                with path.open("rb") as file:
                    told = json.loads(file.readline())
                moments.append(datetime.fromisoformat(told["fetched_at"]).astimezone(NEW_YORK))
                size += path.stat().st_size
            except (OSError, ValueError, KeyError, TypeError):
                continue
        return CacheCensus(
            len(moments), size, min(moments, default=None), max(moments, default=None)
        )

    def put(self, key: str, answer: CachedAnswer) -> None:
        """File an answer under a key, in place of the one before.

        Raises
        ------
        WorldError
            If the disk refuses.
        """
        try:
            self._write(self._path(key), answer)
        except OSError as error:
            raise WorldError(
                f"Answers can be kept in the cache ({error.strerror or error})",
                value=str(self.folder),
                remedy="free disk space, check permissions, or set connection.cache",
            ) from error

    def _write(self, path: Path, answer: CachedAnswer) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        head = {
            "status": answer.status,
            "fetched_at": answer.fetched_at.isoformat(),
            "sha256": hash_bytes(answer.body),
        }
        handle, beside = tempfile.mkstemp(dir=path.parent, suffix=".part")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(json.dumps(head).encode() + b"\n" + answer.body)
            os.replace(beside, path)
        except BaseException:
            with suppress(OSError):
                os.unlink(beside)
            raise

    def _path(self, key: str) -> Path:
        return self.folder / key[:2] / f"{key}.answer"
