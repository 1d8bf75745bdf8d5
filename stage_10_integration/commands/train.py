"""``story train``: train a model and show how it learned."""

from __future__ import annotations

from pathlib import Path
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


@group.command("export")
@with_options
def export(
    options: Options,
    target: Annotated[Path, typer.Argument(help="A new folder, for a server to load.")],
) -> None:
    """Write the trained story model, its adapter merged, as a folder for servers of GPT-OSS."""
    from foundation.contracts import StoryModel
    from stage_05_llm_engine import export as write_model
    from stage_10_integration.commands.opening import Session
    from stage_10_integration.commands.reporting import console, print_json
    from stage_10_integration.wiring import TRAINING

    session = Session(options)
    session.run(session.workplace.plan.until(TRAINING))
    model = session.workplace.artefact(TRAINING, StoryModel)
    write_model(session.workplace.store.folders.path(model.weights), target)
    console().print(f"{model.recipe}, trained until {model.trained_until}: {target}")
    if options.as_json:
        print_json({"folder": str(target), "model": model.model_dump(mode="json")})


@group.command("market-model")
@with_options
def market_model(
    options: Options,
    device: Annotated[str, typer.Option("--device", help="cpu or cuda.")] = "cpu",
    processes: Annotated[
        int, typer.Option("--processes", min=1, help="How many share a step, one on each GPU.")
    ] = 1,
    epochs: Annotated[int | None, typer.Option("--epochs", min=1, help="Passes at most.")] = None,
    anew: Annotated[
        bool, typer.Option("--anew", help="Give up a training that was interrupted, begin anew.")
    ] = False,
) -> None:
    """Train TFT and graph attention on all symbols as of the as-of date; resumes if interrupted."""
    from stage_10_integration.commands.models import learn_market_model, show_market_model

    trained = learn_market_model(options, device, epochs, processes=processes, anew=anew)
    show_market_model(options, trained)


@group.command("twins")
@with_options
def twins(
    options: Options,
    every: Annotated[
        int, typer.Option("--every", min=1, help="Sessions between two refits, to be judged by.")
    ] = 5,
    embed_again: Annotated[
        bool, typer.Option("--embed-again", help="Give up kept embeddings and compute them anew.")
    ] = False,
) -> None:
    """Correct the market model for every stock; let those answer that have earned it."""
    from stage_10_integration.commands.models import learn_twins, show_trained_twins

    show_trained_twins(options, learn_twins(options, every, embed_again=embed_again))


@group.command("ranker")
@with_options
def ranker(options: Options) -> None:
    """Rank each session's stocks by lambdarank, walk-forward, and say what the ranks were worth."""
    from stage_10_integration.commands.models import show_ranking

    show_ranking(options)
