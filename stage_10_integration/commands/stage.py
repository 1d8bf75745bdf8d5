"""``story stage N``: run up to one stage and look at what it made."""

from __future__ import annotations

from typing import Annotated

import typer

from stage_10_integration.commands.options import Options, with_options


def register(application: typer.Typer) -> None:
    """Add the command of this file."""
    application.command("stage")(stage)


@with_options
def stage(
    options: Options,
    number: Annotated[int, typer.Argument(metavar="N", min=1, max=10, help="Stage, 1 to 10.")],
) -> None:
    """Run up to and including one stage and summarise its artefacts."""
    from stage_10_integration.commands.opening import Session, as_document
    from stage_10_integration.commands.reporting import console, print_json
    from stage_10_integration.commands.summaries import summary_lines, summary_table

    session = Session(options)
    steps = session.workplace.steps_of(number)
    result = session.run(session.workplace.plan.until(*steps))
    summaries = {}
    for name in steps:
        made = session.workplace.artefact(name, session.workplace.plan.step(name).makes)
        summaries[name] = dict(summary_lines(made))
        title = session.workplace.plan.step(name).title
        console().print()
        console().print(summary_table(f"{title} ({type(made).__name__})", made))
    if options.as_json:
        print_json({**as_document(session, result), "summaries": summaries})
