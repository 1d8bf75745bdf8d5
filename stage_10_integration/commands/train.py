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


@group.command("market-model")
@with_options
def market_model(
    options: Options,
    size: Annotated[
        str, typer.Option("--size", help="demo, cpu or full: a recipe in config.recipes.")
    ] = "cpu",
    device: Annotated[str, typer.Option("--device", help="cpu or cuda.")] = "cpu",
    epochs: Annotated[int | None, typer.Option("--epochs", help="Passes at most.")] = None,
) -> None:
    """Train TFT and graph attention on all symbols as of the as-of date; resumes if interrupted."""
    from config.recipes.market_model import market_model_named
    from stage_10_integration.commands.models import show_market_model, train_market_model

    recipe = market_model_named(size)
    if epochs is not None:
        recipe = recipe.model_copy(update={"epochs": epochs})
    show_market_model(options, train_market_model(options, recipe, device))


@group.command("twins")
@with_options
def twins(
    options: Options,
    size: Annotated[
        str, typer.Option("--size", help="demo, cpu or full: that of the market model in use.")
    ] = "cpu",
    every: Annotated[
        int, typer.Option("--every", help="Sessions between two refits while they are judged.")
    ] = 5,
    embed_again: Annotated[
        bool, typer.Option("--embed-again", help="Give up kept embeddings and compute them anew.")
    ] = False,
) -> None:
    """Correct the market model for every stock; let those answer that have earned it."""
    from config.recipes.market_model import twins_named
    from stage_10_integration.commands.models import show_trained_twins, train_twins

    show_trained_twins(options, train_twins(options, twins_named(size), every, embed_again))


@group.command("ranker")
@with_options
def ranker(options: Options) -> None:
    """Rank each session's stocks by lambdarank, walk-forward, and say what the ranks were worth."""
    from stage_10_integration.commands.models import show_ranking

    show_ranking(options)
