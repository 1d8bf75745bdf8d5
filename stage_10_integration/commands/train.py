"""``story train``: train a model and show how it learned."""

from __future__ import annotations

from typing import Annotated

import typer

from stage_10_integration.commands.options import Options, with_options

group = typer.Typer(no_args_is_help=True, help="Train a model.")


def register(application: typer.Typer) -> None:
    """Add the command group of this file."""
    application.add_typer(group, name="train")


@group.command("llm")
@with_options
def llm(
    options: Options,
    again: Annotated[
        bool, typer.Option("--again", help="Train even if this very model is in the store.")
    ] = False,
) -> None:
    """Train the story model on the stories before the scored sessions."""
    from foundation.contracts import StoryModel
    from stage_10_integration.commands.opening import Session, as_document
    from stage_10_integration.commands.reporting import console, print_json
    from stage_10_integration.commands.summaries import summary_table
    from stage_10_integration.wiring import TRAINING

    session = Session(options)
    plan = session.workplace.plan.until(TRAINING)
    result = session.run(plan, again=(TRAINING,) if again else ())
    model = session.workplace.artefact(TRAINING, StoryModel)
    console().print()
    console().print(summary_table("Story model", model))
    if options.as_json:
        print_json({**as_document(session, result), "model": model.model_dump(mode="json")})
