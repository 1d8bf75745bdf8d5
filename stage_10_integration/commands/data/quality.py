"""``story data quality`` and ``story data features``: how good the data is, what is made of it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from stage_10_integration.commands.options import Options, with_options


def register(group: typer.Typer) -> None:
    """Add the commands of this file to ``story data``."""
    group.command("quality")(quality)
    group.command("features")(features)


@with_options
def quality(
    options: Options,
    output: Annotated[
        Path | None, typer.Option("--output", help="HTML file; default below the output folder.")
    ] = None,
) -> None:
    """Write the quality report: what is missing, which rules were broken, where and when."""
    from foundation.contracts import MarketWindow
    from foundation.kernel import WorldError
    from stage_08_decision_support.quality_report import quality_document, write_quality_report
    from stage_10_integration.commands.opening import Session
    from stage_10_integration.commands.reporting import console, print_json
    from stage_10_integration.wiring import DATA

    session = Session(options)
    session.run(session.workplace.plan.until(DATA))
    window = session.workplace.artefact(DATA, MarketWindow)
    path = output or session.settings.output / window.session.isoformat() / "quality.html"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_quality_report(window, path)
    except OSError as error:
        raise WorldError(
            f"The quality report must be writable ({error.strerror})",
            value=str(path),
            remedy="name another file with --output",
        ) from error
    c = window.counts
    console().print(
        f"{c.received:,} rows received, {c.kept:,} kept, {c.quarantined:,} set aside; "
        f"{len(window.findings)} findings. Report: {path}"
    )
    if options.as_json:
        findings = [f.model_dump(mode="json") for f in window.findings]
        print_json({"report": str(path), **quality_document(window), "findings": findings})


def features(
    as_json: Annotated[bool, typer.Option("--json", help="Machine output on stdout.")] = False,
) -> None:
    """List the features that stage 01 computes, by group."""
    from rich.table import Table

    from stage_01_data_engine.features.catalogue import FEATURES
    from stage_10_integration.commands.reporting import console, print_json

    if as_json:
        print_json([{"name": f.name, "group": f.group, "smoothed": f.smoothed} for f in FEATURES])
        return
    table = Table("group", "features", box=None, header_style="bold", pad_edge=False)
    for name in dict.fromkeys(f.group for f in FEATURES):
        table.add_row(name, ", ".join(f.name for f in FEATURES if f.group == name))
    console().print(table)
