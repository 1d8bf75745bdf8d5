"""``story data ingest``: a source's rows into the store, where every later day finds them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from stage_10_integration.commands.options import Options, with_options

if TYPE_CHECKING:
    from rich.table import Table

    from foundation.storage.records import Ingest
    from stage_10_integration.commands.opening import Session


def register(group: typer.Typer) -> None:
    """Add the command of this file to ``story data``."""
    group.command("ingest")(ingest)


@with_options
def ingest(
    options: Options,
    daily: Annotated[
        bool,
        typer.Option(
            "--daily",
            help="Ask the source as of every session since the last ingest, one by one: what it "
            "restates (splits) is then known from its own day on.",
        ),
    ] = False,
) -> None:
    """Append the source's rows to the store, then judge what is stored: the market window."""
    from foundation.contracts import MarketWindow
    from stage_10_integration.archive import publish_features
    from stage_10_integration.commands.opening import Session, as_document
    from stage_10_integration.commands.reporting import console, print_json
    from stage_10_integration.commands.summaries import summary_table
    from stage_10_integration.wiring import DATA

    session = Session(options)
    entries = _written(session, daily)
    console().print(ingest_table(entries))
    session.turn_to_store(entries[-1].as_of)
    result = session.run(session.workplace.plan.until(DATA))
    window = session.workplace.artefact(DATA, MarketWindow)
    features = publish_features(session.settings, window)
    console().print()
    console().print(summary_table("Market window", window))
    if options.as_json:
        counts = window.counts.model_dump(mode="json")
        print_json(
            {
                **as_document(session, result),
                "counts": counts,
                "ingested": ingest_document(entries),
                "features": {"added": features.added, "corrected": features.corrected},
            }
        )


def _written(session: Session, daily: bool) -> tuple[Ingest, ...]:
    """Read the source and write it, with a bar for the sessions where there are many."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    from stage_10_integration.archive import ingest as write
    from stage_10_integration.commands.reporting import console
    from stage_10_integration.sources import open_connection

    reading = session.workplace.source
    connection = reading.connection or open_connection(session.settings)
    if not daily:
        session.read()
    try:
        with Progress(
            TextColumn("Ingesting sessions"),
            BarColumn(bar_width=28),
            MofNCompleteColumn(),
            console=console(),
            transient=True,
            disable=not (daily and console().is_terminal),
        ) as shown:
            bar = shown.add_task("ingest", total=None)
            return write(
                session.settings,
                reading,
                connection,
                daily=daily,
                told=lambda words: console().print(f"[yellow]{words}[/yellow]"),
                moved=lambda done, total: shown.update(bar, completed=done, total=total),
            )
    finally:
        session.workplace.keep_readings()


def ingest_document(entries: tuple[Ingest, ...]) -> dict[str, Any]:
    """Return what was ingested, for machines."""
    last = entries[-1]
    return {
        "dataset": last.dataset,
        "source": last.source,
        "as_of": last.as_of.isoformat(),
        "ingests": len(entries),
        "versions": last.versions,
        **_sums(entries),
    }


def ingest_table(entries: tuple[Ingest, ...]) -> Table:
    """Return what was ingested, for people."""
    from rich.table import Table

    last, sums = entries[-1], _sums(entries)
    table = Table(
        title=f"Dataset {last.dataset}, from {last.source}, as of {last.as_of}",
        title_justify="left",
        box=None,
        header_style="bold",
    )
    for name in sums:
        table.add_column(name, justify="right")
    table.add_row(*(f"{count:,}" for count in sums.values()))
    return table


def _sums(entries: tuple[Ingest, ...]) -> dict[str, int]:
    names = ("given", "added", "corrected", "withdrawn", "repeated", "quarantined")
    return {name: sum(getattr(entry, name) for entry in entries) for name in names}
