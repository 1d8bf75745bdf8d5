"""Shows sources as they are read: a bar a vendor on a terminal, one line each elsewhere."""

from __future__ import annotations

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)

from foundation.connect import AnswerTally
from stage_10_integration.sources import SourceReading


def read_shown(source: SourceReading, console: Console) -> None:
    """Read the sources, if that has not happened yet, and show how far each vendor is.

    Sources that ask no vendor are read without a word: that takes no time worth a bar.
    """
    if source.connection is None:
        source.load()
        return
    log = source.connection.log
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(bar_width=28),
        MofNCompleteColumn(),
        TextColumn("[dim]{task.fields[answers]}[/dim]"),
        TimeElapsedColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    ) as shown:
        bars: dict[str, TaskID] = {}

        def bar(vendor: str) -> TaskID:
            if vendor not in bars:
                bars[vendor] = shown.add_task(f"Reading {vendor}", total=None, answers="")
            return bars[vendor]

        def moved(vendor: str, done: int, total: int) -> None:
            shown.update(bar(vendor), completed=done, total=total)

        def heard(vendor: str, tally: AnswerTally) -> None:
            kept = f", {tally.cached} kept ones" if tally.cached else ""
            shown.update(bar(vendor), answers=f"{tally.answers} answers{kept}")

        log.moved, log.heard = moved, heard
        try:
            source.load()
        finally:
            log.moved, log.heard = (lambda *_: None), (lambda *_: None)
    for reading in source.readings:
        if reading.answers:
            kept = f", {reading.cached} of them kept ones" if reading.cached else ""
            console.print(f"[dim]{reading.source}: {reading.answers} answers{kept}[/dim]")
