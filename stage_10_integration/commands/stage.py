"""``story stage N``: run up to one stage and look at what it made."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from foundation.contracts.lexicon import Horizon
from foundation.kernel import OperatorError
from stage_10_integration.commands.options import Options, with_options

if TYPE_CHECKING:
    from stage_10_integration.commands.opening import Session


def register(application: typer.Typer) -> None:
    """Add the command of this file."""
    application.command("stage")(stage)


@with_options
def stage(
    options: Options,
    number: Annotated[int, typer.Argument(metavar="N", min=1, max=10, help="Stage, 1 to 10.")],
    horizon: Annotated[
        Horizon | None,
        typer.Option("--horizon", help="Print the latest stories of this horizon (stage 3)."),
    ] = None,
    bars: Annotated[
        Path | None,
        typer.Option("--bars", help="Minute or hour bars of the session that lasts (intraday)."),
    ] = None,
    at: Annotated[
        str | None,
        typer.Option("--at", help="Moment of an intraday update, such as 2018-12-31T11:00."),
    ] = None,
    task: Annotated[
        str | None,
        typer.Option(
            "--task",
            help="Let the story model tell this (stage 5): weekly summary, event-driven or "
            "intraday update, as learnt by tokens.tasks.",
        ),
    ] = None,
) -> None:
    """Run up to and including one stage and summarise its artefacts."""
    from stage_10_integration.commands.opening import Session, as_document
    from stage_10_integration.commands.reporting import console, print_json
    from stage_10_integration.commands.summaries import summary_lines, summary_table

    session = Session(options)
    if task is not None:
        _continue(session, number, task, as_json=options.as_json)
        return
    if horizon is not None:
        _tell(session, number, horizon, bars, at, as_json=options.as_json)
        return
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


def _continue(session: Session, number: int, task: str, *, as_json: bool) -> None:
    from stage_10_integration.commands.reporting import print_json
    from stage_10_integration.commands.telling import continued

    if number != 5:
        raise OperatorError(
            "The story model tells in stage 5",
            value=f"--task with stage {number}",
            remedy="stage 5",
        )
    told = continued(session, task)
    if as_json:
        print_json({"task": task, "stories": [c.model_dump(mode="json") for c in told]})


def _tell(
    session: Session,
    number: int,
    horizon: Horizon,
    bars: Path | None,
    at: str | None,
    *,
    as_json: bool,
) -> None:
    from stage_10_integration.commands.reporting import print_json
    from stage_10_integration.commands.telling import latest, tell

    if number != 3:
        raise OperatorError(
            "Stories are told in stage 3", value=f"--horizon with stage {number}", remedy="stage 3"
        )
    book = tell(session, horizon, bars, at)
    if as_json:
        print_json({"stories": [story.model_dump(mode="json") for story in latest(book)]})
