"""``story data sources`` and ``story data status``: where data may come from, what came of it."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from stage_10_integration.commands.options import Options, with_options

if TYPE_CHECKING:
    from rich.table import Table

    from foundation.connect import CacheCensus
    from foundation.storage.records import Ingest
    from stage_01_data_engine import Reading
    from stage_10_integration.house_settings import HouseSettings


def register(group: typer.Typer) -> None:
    """Add the commands of this file to ``story data``."""
    group.command("sources")(sources)
    group.command("status")(status)


def sources(
    as_json: Annotated[bool, typer.Option("--json", help="Machine output on stdout.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Tracebacks for errors.")] = False,
) -> None:
    """List every source: what it gives and needs, whether its key is there, how it was tried."""
    from rich.padding import Padding

    from config.environment import credentials
    from stage_01_data_engine import SOURCES
    from stage_10_integration.commands.reporting import console, print_json

    held = credentials()
    lines: list[dict[str, Any]] = []
    for card in SOURCES.values():
        key = card.credential
        lines.append(
            {
                "name": card.name,
                "gives": list(card.gives),
                "needs": card.needs,
                "key_variables": list(key.variables) if key else [],
                "key_present": held.has(key) if key else None,
                "known": card.point_in_time,
                "survivor_biased": card.survivor_biased,
                "licence": card.licence,
                "tried": card.tried,
            }
        )
    if as_json:
        print_json(lines)
        return
    for line in lines:
        gives = ", ".join(line["gives"])
        console().print(f"[cyan]{line['name']:<17}[/cyan] {gives:<35} {_key(line)}")
        more = f"needs {line['needs']}; {line['known']}"
        console().print(Padding(f"[dim]{more}[/dim]", (0, 0, 0, 18)))
    console().print(
        "[dim]✓ key is set, ✗ it is not. Licences, survivors, how each was tried: --json[/dim]"
    )


def _key(line: dict[str, Any]) -> str:
    """Say whether a source's key is there, by its variable's name."""
    if not line["key_variables"]:
        return "none needed"
    mark = "[green]✓[/green]" if line["key_present"] else "[red]✗[/red]"
    return f"{mark} {line['key_variables'][0]}"


@with_options
def status(options: Options) -> None:
    """Say what was read last from every source, how old it is, and what went wrong."""
    from foundation.connect import ResponseCache, SystemTime
    from stage_10_integration.archive import reach
    from stage_10_integration.commands.opening import open_settings
    from stage_10_integration.commands.reporting import console, print_json
    from stage_10_integration.source_log import SourceLog
    from stage_10_integration.sources import cache_folder, last_closed

    settings = open_settings(options)
    now, closed = SystemTime().now(), last_closed()
    readings = SourceLog(settings.store / "sources").last()
    held = reach(settings)
    folder = cache_folder(settings)
    census = ResponseCache(folder).census()
    ingests = last_ingests(settings)
    if options.as_json:
        print_json(
            {
                "store": str(settings.store),
                "last_closed_session": closed.isoformat(),
                "dataset": held.model_dump(mode="json") if held else None,
                "sources": [
                    {**r.model_dump(mode="json"), "sessions_behind": _behind(r)}
                    for r in readings.values()
                ],
                "datasets": [
                    {**i.model_dump(mode="json"), "sessions_behind": _between(i.as_of, closed)}
                    for i in ingests
                ],
                "cache": {
                    "folder": str(folder),
                    "answers": census.answers,
                    "bytes": census.size,
                    "oldest": census.oldest,
                    "newest": census.newest,
                    "max_age_seconds": settings.connection.cache_max_age,
                },
            }
        )
        return
    if readings:
        console().print(_readings(readings, now))
    else:
        console().print(f"No source was read into {settings.store} yet: [cyan]story run[/cyan]")
    for reading in readings.values():
        if reading.error:
            console().print(f"[red]{reading.source}[/red]: {reading.error}")
    for made in ingests:
        behind = _between(made.as_of, closed)
        console().print(
            f"\nDataset [cyan]{made.dataset}[/cyan] from {made.source}, up to {made.as_of}"
            + (f" ({behind:,} sessions have closed since)" if behind else "")
            + f": {made.given:,} rows in the last ingest, {ago(now - made.recorded_at)} ago, of "
            f"which {made.added:,} new, {made.corrected:,} corrected, {made.withdrawn:,} withdrawn"
        )
    if held:
        behind = _between(held.as_of, closed)
        console().print(
            f"\nDataset {held.dataset}, from {held.source}: ingested up to {held.as_of}"
            + (f", {behind:,} sessions behind" if behind else "")
        )
    console().print(f"\nKept answers in {folder}: {_census(census, now)}")


def _readings(readings: dict[str, Reading], now: datetime) -> Table:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("source", "read", "as of", "last session", "gave", "answers"):
        table.add_column(title, no_wrap=title in ("source", "read", "as of"))
    for reading in readings.values():
        table.add_row(
            f"[red]{reading.source}[/red]" if reading.error else reading.source,
            f"{ago(now - reading.read_at)} ago",
            reading.as_of.isoformat(),
            _last_session(reading),
            _gave(reading),
            _answers(reading),
        )
    return table


def _last_session(reading: Reading) -> str:
    if reading.last_session is None:
        return ""
    behind = _behind(reading)
    return f"{reading.last_session}" + (f", {behind:,} behind" if behind else "")


def _gave(reading: Reading) -> str:
    if reading.error:
        return "[red]nothing[/red]"
    given = (
        (reading.rows, "bars"),
        (reading.observations, "values"),
        (reading.events, "events"),
        (reading.option_quotes, "option quotes"),
    )
    return ", ".join(f"{count:,} {what}" for count, what in given if count)


def _answers(reading: Reading) -> str:
    """Say how many answers there were, how many were kept or stale, and which circuits are open."""
    parts = [f"{reading.answers:,}"] if reading.answers else []
    parts += [f"{reading.cached:,} kept"] if reading.cached else []
    parts += [f"[yellow]{reading.stale:,} stale[/yellow]"] if reading.stale else []
    parts += [
        f"[red]circuit of {vendor} {state}[/red]"
        for vendor, state in reading.circuits.items()
        if state != "closed"
    ]
    return ", ".join(parts)


def last_ingests(settings: HouseSettings) -> list[Ingest]:
    """Return the last ingest of every dataset, by name; none where nothing was ever ingested."""
    from stage_10_integration.archive import open_ledger

    if settings.storage.records is None and not (settings.store / "records.sqlite").exists():
        return []
    last = {made.dataset: made for made in open_ledger(settings).ingests()}
    return [last[name] for name in sorted(last)]


def _behind(reading: Reading) -> int | None:
    """Return how many sessions lie between the last one with a bar and the as-of date."""
    if reading.last_session is None:
        return None
    return _between(reading.last_session, reading.as_of)


def _between(session: date, later: date) -> int:
    """Return how many sessions closed after one, up to a later day."""
    from foundation.market import sessions

    return max(0, len(sessions(session, later)) - 1) if session <= later else 0


def _census(census: CacheCensus, now: datetime) -> str:
    if census.oldest is None or census.newest is None:
        return "none"
    return (
        f"{census.answers:,}, {census.size / 2**20:.1f} MiB, fetched {ago(now - census.oldest)} to "
        f"{ago(now - census.newest)} ago"
    )


def ago(passed: timedelta) -> str:
    """Return a duration in the largest unit of which there are two: ``45 min``, ``30 h``."""
    seconds = max(0, int(passed.total_seconds()))
    for name, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds // size} {name}"
    return f"{seconds} s"
