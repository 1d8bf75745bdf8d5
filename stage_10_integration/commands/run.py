"""``story demo`` and ``story run``: from market data to a brief."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from foundation.kernel import OperatorError
from stage_10_integration.commands.options import Options, with_options

if TYPE_CHECKING:
    from foundation.runtime import Plan
    from stage_10_integration.commands.opening import Session


def register(application: typer.Typer) -> None:
    """Add the commands of this file."""
    application.command("demo")(demo)
    application.command("run")(run)


@with_options
def demo(options: Options) -> None:
    """From real market data to a daily brief, everything computed on this machine."""
    from stage_10_integration.commands.opening import Session
    from stage_10_integration.commands.presenting import present_brief, present_next_steps

    session = Session(options)
    result = session.run()
    present_brief(session, result, as_json=options.as_json)
    present_next_steps(session, result)


@with_options
def run(
    options: Options,
    first: Annotated[
        int | None,
        typer.Option(
            "--from",
            min=1,
            max=10,
            help="Run this stage, and all that rests on it, again even if nothing changed.",
        ),
    ] = None,
    last: Annotated[
        int | None, typer.Option("--to", min=1, max=10, help="Stop after this stage.")
    ] = None,
    plan_only: Annotated[
        bool, typer.Option("--plan", help="Say what would run and what is cached; run nothing.")
    ] = False,
) -> None:
    """Run the stages that something changed for, and reuse the rest."""
    from stage_10_integration.commands.opening import Session
    from stage_10_integration.commands.presenting import (
        present_brief,
        present_plan,
        present_run,
    )
    from stage_10_integration.wiring import BRIEF

    session = Session(options)
    plan, again = _cut(session, first, last)
    if plan_only:
        present_plan(session, plan, again, as_json=options.as_json)
        return
    result = session.run(plan, again=again)
    if BRIEF in result.outputs:
        present_brief(session, result, as_json=options.as_json)
    else:
        present_run(session, result, as_json=options.as_json)


def _cut(session: Session, first: int | None, last: int | None) -> tuple[Plan, tuple[str, ...]]:
    workplace = session.workplace
    plan = workplace.plan if last is None else workplace.plan.until(*workplace.steps_of(last))
    again = () if first is None else workplace.plan.resting_on(*workplace.steps_of(first))
    kept = tuple(step.name for step in plan if step.name in again)
    if first is not None and not kept:
        raise OperatorError(
            "What --from asks for must lie before what --to asks for",
            value=f"--from {first} --to {last}",
            remedy=f"stage {last} does not rest on stage {first}; leave one of them out",
        )
    return plan, kept
