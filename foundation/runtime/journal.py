"""The journal: one JSON line per stage event, on disk before the run goes on.

A crash can tear the last line. The next append starts on a fresh line, and reading skips
what is torn and says how many lines that were, so a crash costs one event at most.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from foundation.contracts import StageEvent
from foundation.kernel import WorldError


@dataclass(frozen=True)
class JournalPages:
    """What a journal holds: events in order, and the number of torn lines between them."""

    events: tuple[StageEvent, ...]
    torn: int

    def run(self, run_id: str) -> tuple[StageEvent, ...]:
        """Return the events of one run."""
        return tuple(e for e in self.events if e.run_id == run_id)

    @property
    def runs(self) -> tuple[str, ...]:
        """Run ids in order of first appearance."""
        return tuple(dict.fromkeys(e.run_id for e in self.events))

    def interrupted(self) -> tuple[StageEvent, ...]:
        """Return the steps that started and neither completed nor failed: the run was killed."""
        open_steps: dict[tuple[str, str], StageEvent] = {}
        for event in self.events:
            if event.event == "StageStarted":
                open_steps[(event.run_id, event.step)] = event
            else:
                open_steps.pop((event.run_id, event.step), None)
        return tuple(open_steps.values())


class Journal:
    """Append-only file of stage events, with an fsync per event.

    Parameters
    ----------
    path : Path
        The file; created on the first event.
    """

    def __init__(self, path: Path) -> None:
        self.path = Path(path)

    def append(self, event: StageEvent) -> None:
        """Write one event durably. ``WorldError`` if the disk refuses."""
        line = event.model_dump_json(exclude_none=True).encode() + b"\n"
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("ab+") as file:
                if _is_torn(file):
                    line = b"\n" + line
                file.write(line)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise WorldError(
                f"The journal must be writable ({error.strerror or error})",
                value=str(self.path),
                remedy="free disk space, check permissions, or choose another store",
            ) from error

    def read(self) -> JournalPages:
        """Return everything written so far; an absent file is an empty journal."""
        try:
            lines = self.path.read_bytes().split(b"\n")
        except FileNotFoundError:
            return JournalPages(events=(), torn=0)
        events: list[StageEvent] = []
        torn = 0
        for line in filter(None, lines):
            try:
                events.append(StageEvent.model_validate_json(line))
            except ValidationError:
                torn += 1
        return JournalPages(events=tuple(events), torn=torn)


def _is_torn(file: object) -> bool:
    end = file.seek(0, os.SEEK_END)  # type: ignore[attr-defined]
    if end == 0:
        return False
    file.seek(end - 1)  # type: ignore[attr-defined]
    return bool(file.read(1) != b"\n")  # type: ignore[attr-defined]
