"""``story data``: what stage 01 read, how good it is, and what it makes of it."""

from __future__ import annotations

import typer

from stage_10_integration.commands.data import ingest, intraday, live, quality, sources


def register(application: typer.Typer) -> None:
    """Add the command group of this room."""
    group = typer.Typer(no_args_is_help=True, help="Look at the data under the stories.")
    for commands in (quality, ingest, sources, intraday, live):
        commands.register(group)
    application.add_typer(group, name="data")


__all__ = ["register"]
