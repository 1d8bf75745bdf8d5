"""Shows a run as it happens: one line per step, with its state and its seconds."""

from __future__ import annotations

import time
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from foundation.contracts import StageEvent
from foundation.runtime import Plan

MARKS = {
    "waiting": ("·", "dim"),
    "running": ("▶", "cyan"),
    "done": ("✓", "green"),
    "reused": ("↺", "blue"),
    "failed": ("✗", "red"),
    "repaired": ("!", "yellow"),
}
STATE_OF = {
    "StageStarted": "running",
    "StageCompleted": "done",
    "StageReused": "reused",
    "StageFailed": "failed",
    "ArtefactUnusable": "repaired",
}


class Progress:
    """Hears stage events and paints them: live on a terminal, line by line elsewhere.

    Use as a context manager around the run; ``hear`` subscribes to the bus, ``note`` takes
    words about the step that is running.
    """

    def __init__(self, plan: Plan, console: Console) -> None:
        self._console = console
        self._titles = {step.name: step.title for step in plan}
        self._states = dict.fromkeys(self._titles, "waiting")
        self._seconds: dict[str, float] = {}
        self._begun: dict[str, float] = {}
        self._notes: dict[str, str] = {}
        self._live: Live | None = None

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._live = Live(
                console=self._console, get_renderable=self._table, refresh_per_second=6
            )
            self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._live is not None:
            self._live.refresh()
            self._live.stop()

    def hear(self, event: StageEvent) -> None:
        """Take note of a stage event."""
        state = STATE_OF[event.event]
        self._states[event.step] = state
        if state == "running":
            self._begun[event.step] = time.perf_counter()
        if event.seconds is not None:
            self._seconds[event.step] = event.seconds
        if event.error is not None:
            self._notes[event.step] = event.error
        elif state in ("done", "reused"):
            self._notes.pop(event.step, None)
        if self._live is None and state != "running":
            self._console.print(self._line(event))

    def note(self, words: str) -> None:
        """Say how the running step gets on."""
        for step, state in self._states.items():
            if state == "running":
                self._notes[step] = words

    def _line(self, event: StageEvent) -> Text:
        state = self._states[event.step]
        mark, style = MARKS[state]
        text = Text.assemble((mark, style), f" {self._titles[event.step]}")
        if event.seconds is not None:
            text.append(f"  {event.seconds:.1f} s", "dim")
        elif state == "reused":
            text.append("  reused", "dim")
        if event.error is not None:
            text.append(f"  {event.error}", "yellow")
        return text

    def _table(self) -> Table:
        table = Table.grid(padding=(0, 1))
        table.add_column(width=1)
        table.add_column(no_wrap=True)
        table.add_column(justify="right", min_width=8, no_wrap=True)
        table.add_column(overflow="ellipsis", no_wrap=True, style="dim")
        for step, title in self._titles.items():
            state = self._states[step]
            mark, style = MARKS[state]
            table.add_row(
                Text(mark, style),
                Text(title, "dim" if state == "waiting" else ""),
                self._time(step, state),
                Text(self._notes.get(step, "")),
            )
        return table

    def _time(self, step: str, state: str) -> Text:
        if state == "running":
            return Text(f"{time.perf_counter() - self._begun[step]:.1f} s", "cyan")
        if state == "reused":
            return Text("reused", "blue")
        seconds = self._seconds.get(step)
        return Text("" if seconds is None else f"{seconds:.1f} s", "dim")
