"""``story brief``: the brief of an as-of date, in the format asked for."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from stage_10_integration.commands.options import Options, with_options


class Format(StrEnum):
    """How a brief can be written."""

    MARKDOWN = "markdown"
    HTML = "html"
    JSON = "json"


def register(application: typer.Typer) -> None:
    """Add the command of this file."""
    application.command("brief")(brief)


@with_options
def brief(
    options: Options,
    form: Annotated[
        Format | None, typer.Option("--format", help="Write the brief in this format.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", help="File to write; stdout when left out.")
    ] = None,
) -> None:
    """Print the brief; runs what is missing for it."""
    from stage_08_decision_support import (
        render_html,
        render_json,
        render_markdown,
        render_terminal,
    )
    from stage_10_integration.commands.opening import Session
    from stage_10_integration.commands.reporting import console, write_text

    session = Session(options)
    session.run()
    made = session.workplace.brief()
    if form is None and output is not None:
        suffixes = {".html": Format.HTML, ".json": Format.JSON}
        form = suffixes.get(output.suffix.lower(), Format.MARKDOWN)
    if form is None:
        form = Format.JSON if options.as_json else None
    if form is None:
        render_terminal(made, console())
        return
    write = {Format.MARKDOWN: render_markdown, Format.HTML: render_html, Format.JSON: render_json}
    text = write[form](made)
    if output is None:
        print(text)
    else:
        write_text(output, text)
        console().print(f"Written to {output}")
