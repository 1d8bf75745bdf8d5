"""Arrays by session that grow by appending, in segments each named by the hash of its bytes.

For numbers that are computed once, are as many as the bars themselves times a hundred, and never
change, such as a model's embeddings: kept in single precision as they came, read in one piece,
without the machinery that corrections of data need.

An entry is a folder with an index and one file per segment. A segment is written before the index
names it, and the index is replaced in one move: what is read is whole or absent.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from foundation.kernel import ArtefactError, OperatorError, hash_bytes
from foundation.storage.atomic import write_file

INDEX = "index.json"


@dataclass(frozen=True)
class Segment:
    """Consecutive sessions of some arrays.

    Attributes
    ----------
    sessions : tuple of date
        Ascending; the first axis of every array.
    known_at : tuple of datetime
        Since when each session's values are known; aware.
    arrays : mapping of name to array (T, ...)
    """

    sessions: tuple[date, ...]
    known_at: tuple[datetime, ...]
    arrays: Mapping[str, np.ndarray]


class SegmentStore:
    """Entries below one folder, each a sequence of segments.

    Parameters
    ----------
    root : Path
        Created on first use.
    remedy : str
        What the reader of an error can do about a damaged entry.
    """

    def __init__(self, root: Path, remedy: str) -> None:
        self.root, self._remedy = Path(root), remedy

    def entries(self) -> tuple[str, ...]:
        """Return the names of the entries, in order of the alphabet."""
        if not self.root.is_dir():
            return ()
        return tuple(sorted(path.parent.name for path in self.root.glob(f"*/{INDEX}")))

    def reach(self, entry: str) -> tuple[date, date] | None:
        """Return the first and last session of an entry; None where there is none."""
        listed = self._index(entry)
        return (listed[0][1], listed[-1][2]) if listed else None

    def append(self, entry: str, segment: Segment) -> str:
        """Put a segment behind the last one of an entry and return the hash that names it.

        Raises
        ------
        OperatorError
            If its sessions do not ascend from the last one kept, or an array is of another length.
        WorldError
            If the disk refuses. What was kept before stays as it was.
        """
        from safetensors.numpy import save

        listed = self._index(entry)
        _check(segment, listed[-1][2] if listed else None)
        about = {
            "sessions": json.dumps([day.isoformat() for day in segment.sessions]),
            "known_at": json.dumps([moment.isoformat() for moment in segment.known_at]),
        }
        arrays = {name: np.ascontiguousarray(value) for name, value in segment.arrays.items()}
        content = save(arrays, metadata=about)
        name = hash_bytes(content)
        write_file(self._file(entry, name), content)
        listed.append((name, segment.sessions[0], segment.sessions[-1]))
        index = [[name, first.isoformat(), last.isoformat()] for name, first, last in listed]
        write_file(self.root / entry / INDEX, json.dumps(index, indent=0).encode())
        return name

    def read(
        self, entry: str, since: date | None = None, until: date | None = None
    ) -> Segment | None:
        """Return all sessions of an entry between two (both included), checked; None if none are.

        Raises
        ------
        ArtefactError
            If a file is missing, or its bytes are not those that its name says.
        """
        parts = [
            self._load(entry, name)
            for name, first, last in self._index(entry)
            if (since is None or last >= since) and (until is None or first <= until)
        ]
        if not parts:
            return None
        sessions = tuple(day for part in parts for day in part.sessions)
        known_at = tuple(moment for part in parts for moment in part.known_at)
        keep = [
            n
            for n, day in enumerate(sessions)
            if (since is None or day >= since) and (until is None or day <= until)
        ]
        if not keep:
            return None
        cut = slice(keep[0], keep[-1] + 1)
        return Segment(
            sessions[cut],
            known_at[cut],
            {
                name: np.concatenate([part.arrays[name] for part in parts])[cut]
                for name in parts[0].arrays
            },
        )

    def drop(self, entry: str) -> None:
        """Give up an entry, damaged or not; nothing happens where there is none."""
        folder = self.root / entry
        if not folder.is_dir():
            return
        # The index first: from then on there is no such entry, whatever else is still there.
        (folder / INDEX).unlink(missing_ok=True)
        for path in folder.iterdir():
            path.unlink()
        folder.rmdir()

    def _load(self, entry: str, name: str) -> Segment:
        from safetensors import safe_open
        from safetensors.numpy import load

        path = self._file(entry, name)
        try:
            content = path.read_bytes()
        except OSError as error:
            raise self._damaged(path, error.strerror or str(error)) from error
        if hash_bytes(content) != name:
            raise self._damaged(path, "bytes that are not those that its name says")
        # After the hash: what follows reads exactly what was written.
        with safe_open(path, framework="numpy") as opened:
            about: dict[str, str] = opened.metadata()
        return Segment(
            tuple(date.fromisoformat(day) for day in json.loads(about["sessions"])),
            tuple(datetime.fromisoformat(moment) for moment in json.loads(about["known_at"])),
            load(content),
        )

    def _index(self, entry: str) -> list[tuple[str, date, date]]:
        path = self.root / entry / INDEX
        if not path.exists():
            return []
        try:
            rows: list[list[str]] = json.loads(path.read_bytes())
            return [
                (name, date.fromisoformat(first), date.fromisoformat(last))
                for name, first, last in rows
            ]
        except (ValueError, TypeError) as error:
            raise self._damaged(path, f"{type(error).__name__}: {error}") from error

    def _file(self, entry: str, name: str) -> Path:
        return self.root / entry / f"{name}.safetensors"

    def _damaged(self, path: Path, reason: str) -> ArtefactError:
        value: Any = f"{path}: {reason[:200]}"
        return ArtefactError(
            "Every segment of an entry is what the hash in its name says",
            value=value,
            remedy=self._remedy,
        )


def _check(segment: Segment, last: date | None) -> None:
    """Refuse what would not ascend, and arrays of another length."""
    days = segment.sessions
    ascends = all(a < b for a, b in pairwise(days)) and bool(days)
    if not ascends or (last is not None and days[0] <= last):
        raise OperatorError(
            "Sessions are appended in ascending order, each once",
            value=f"{len(days)} sessions from {days[0] if days else None}, kept up to {last}",
            remedy="append only sessions after the last one kept",
        )
    lengths = {name: len(value) for name, value in segment.arrays.items()}
    if set(lengths.values()) - {len(days)} or len(segment.known_at) != len(days):
        raise OperatorError(
            f"Every array of a segment covers its {len(days)} sessions",
            value={**lengths, "known_at": len(segment.known_at)},
            remedy="cut them by the same sessions",
        )
