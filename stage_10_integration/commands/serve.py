"""``story serve``: the dashboard over the latest complete run of a store."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Annotated

import typer

from foundation.kernel import OperatorError


def register(application: typer.Typer) -> None:
    """Add the command of this file."""
    application.command("serve")(serve)


def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")] = 8000,
    store: Annotated[Path | None, typer.Option("--store", help="Store to show.")] = None,
    config: Annotated[
        Path | None,
        typer.Option("--config", envvar="STORY_CONFIG", help="TOML file with settings."),
    ] = None,
    debug: Annotated[bool, typer.Option("--debug", help="Tracebacks for errors.")] = False,
) -> None:
    """Show the latest run in a browser; a new run shows without a restart."""
    import uvicorn

    from foundation.runtime import Journal
    from foundation.storage import ArtefactStore
    from stage_08_decision_support.adapters.web import create_app
    from stage_10_integration.commands.opening import open_settings
    from stage_10_integration.commands.options import Options
    from stage_10_integration.commands.reporting import console
    from stage_10_integration.model_shelf import LatestShelf, ModelShelf
    from stage_10_integration.stored_runs import StoredRuns

    _check_free(host, port)
    root = open_settings(Options(store=store, config=config)).store
    runs = StoredRuns(ArtefactStore(root), Journal(root / "journal.jsonl"))
    view = runs.latest()
    console().print(
        f"[bold]{view.brief.headline}[/bold]\n"
        f"Serving the brief of {view.brief.session} at [cyan]http://{host}:{port}[/cyan] "
        "(Ctrl-C ends)"
    )
    shelf = LatestShelf(ModelShelf(root / "models"))
    uvicorn.run(create_app(runs, shelf), host=host, port=port, log_level="warning")


def _check_free(host: str, port: int) -> None:
    try:
        with socket.create_server((host, port)):
            pass
    except OSError as error:
        raise OperatorError(
            f"The dashboard needs a free address to listen on ({error.strerror or error})",
            value=f"{host}:{port}",
            remedy="choose another with --port or --host",
        ) from error
