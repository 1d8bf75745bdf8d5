"""``story evaluate``: how good the system's own past forecasts were."""

from __future__ import annotations

import typer

from stage_10_integration.commands.options import Options, with_options


def register(application: typer.Typer) -> None:
    """Add the command of this file."""
    application.command("evaluate")(evaluate)


@with_options
def evaluate(options: Options) -> None:
    """Score past forecasts against what happened; runs what is missing."""
    from foundation.contracts import PerformanceReport
    from stage_10_integration.commands.opening import Session, as_document
    from stage_10_integration.commands.reporting import console, print_json
    from stage_10_integration.commands.summaries import score_table
    from stage_10_integration.wiring import FEEDBACK

    session = Session(options)
    result = session.run(session.workplace.plan.until(FEEDBACK))
    report = session.workplace.artefact(FEEDBACK, PerformanceReport)
    console().print()
    console().print(score_table(report))
    for line in report.summary:
        console().print(f"  {line}")
    if options.as_json:
        document = report.model_dump(mode="json", exclude={"outcomes"})
        print_json({**as_document(session, result), "report": document})
