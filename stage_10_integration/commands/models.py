"""Trains the models on the shelf and tells how they learnt. Imported inside commands only."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from foundation.contracts import MarketWindow, ShelfReport, StockCharacteristics
from foundation.kernel import OperatorError
from stage_10_integration.commands.opening import Session
from stage_10_integration.commands.options import Options
from stage_10_integration.commands.reporting import console, print_json
from stage_10_integration.model_shelf import (
    ModelShelf,
    train_market_model,
    train_twins,
    volatility_scale,
)
from stage_10_integration.wiring import CHARACTERISTICS, DATA

if TYPE_CHECKING:
    from foundation.market_model.checkpoint import TrainedModel
    from foundation.market_model.training.progress import Epoch


def shelf_of(options: Options) -> ModelShelf:
    """Return the shelf of the store that the options name."""
    from stage_10_integration.commands.opening import open_settings

    return ModelShelf(open_settings(options).store / "models")


def learn_market_model(
    options: Options, device: str, epochs: int | None, *, processes: int, anew: bool
) -> TrainedModel:
    """Train the market model of the profile, telling of every epoch."""
    session = Session(options)
    recipe = session.settings.foundation.market_model
    if recipe is None:
        raise _no_recipe("market model", options)
    if epochs is not None:
        recipe = recipe.model_copy(update={"epochs": epochs})
    shelf = ModelShelf(session.settings.store / "models")
    if anew:
        shelf.forget_unfinished()
    session.run(session.workplace.plan.until(DATA))
    window = session.workplace.artefact(DATA, MarketWindow)
    console().print(
        f"Training {recipe.name} on {len(window.bars.symbols)} symbols as of {window.session}"
    )
    if shelf.unfinished_there():
        console().print("[dim]going on with the training that was interrupted[/dim]")
    begun, first = time.perf_counter(), 0

    def tell(epoch: Epoch) -> None:
        nonlocal first
        first = first or epoch.number
        each = (time.perf_counter() - begun) / (epoch.number - first + 1)
        left = each * (recipe.epochs - epoch.number)
        console().print(
            f"  epoch {epoch.number} of {recipe.epochs}: loss {epoch.training:.4f}, "
            f"held back {epoch.validation:.4f}, {epoch.examples_per_second:,.0f} examples/s"
            + (f", at most {_duration(left)} left" if left else ""),
            soft_wrap=True,
        )

    with _interruptible("The same command goes on from the last epoch that was finished."):
        return train_market_model(
            shelf,
            window,
            session.settings.quant,
            session.settings.foundation,
            recipe,
            device=device,
            processes=processes,
            report=tell,
            tell=_dimly,
        )


def show_market_model(options: Options, model: TrainedModel) -> None:
    """Say what was trained and how it learned."""
    from rich.table import Table

    if options.as_json:
        print_json(
            {
                "content_hash": model.content_hash(),
                "recipe": model.recipe.model_dump(mode="json"),
                "trained_until": model.trained_until.isoformat(),
                "history": [dict(epoch) for epoch in model.history],
            }
        )
        return
    table = Table(
        "epoch", "loss", "held back", "examples/s", title=f"Market model {model.recipe.name}"
    )
    best = min(epoch["validation"] for epoch in model.history)
    for epoch in model.history:
        table.add_row(
            f"{epoch['number']:.0f}",
            f"{epoch['training']:.4f}",
            f"{epoch['validation']:.4f}" + (" kept" if epoch["validation"] == best else ""),
            f"{epoch['examples_per_second']:,.0f}",
        )
    console().print(table)
    console().print(
        f"version {model.content_hash()[:12]}, learnt up to {model.trained_until}. Next, once "
        "sessions have passed: `story train twins`."
    )


def learn_twins(options: Options, every: int, *, embed_again: bool) -> ShelfReport:
    """Train every twin of the profile and decide about it."""
    session = Session(options)
    settings = session.settings.foundation
    shelf = ModelShelf(session.settings.store / "models")
    shelf.market_model()  # before the data are read, which may take minutes
    if settings.twins is None:
        raise _no_recipe("twins", options)
    session.run(session.workplace.plan.until(CHARACTERISTICS))
    window = session.workplace.artefact(DATA, MarketWindow)
    console().print(
        f"Training {settings.twins.name} of {len(window.bars.symbols)} symbols as of "
        f"{window.session}"
    )
    with _interruptible(
        "Embeddings are kept; the same command trains the twins anew. Those in use stay."
    ):
        return train_twins(
            shelf,
            window,
            session.settings.quant,
            settings,
            settings.twins,
            session.workplace.artefact(CHARACTERISTICS, StockCharacteristics),
            every=every,
            embed_again=embed_again,
            report=lambda row, share: console().print(
                f"  {window.bars.sessions[row]}: {share:.0%} of the twins have earned their place"
            ),
            tell=_dimly,
        )


def show_trained_twins(options: Options, shelf: ShelfReport) -> None:
    """Say which twins may answer."""
    trained = {state.symbol for state in shelf.report.twins}
    twins = [twin for twin in shelf.twins if twin.symbol in trained]
    if options.as_json:
        print_json([twin.model_dump(mode="json") for twin in twins])
        return
    answering = sum(twin.in_use is not None for twin in twins)
    console().print(
        f"{len(twins)} twins trained; {answering} answer for their stock, the shared heads "
        "for the others. See `story twins list`, and the page Models of `story serve`."
    )


def show_ranking(options: Options) -> None:
    """Rank walk-forward and print the rank information with its Newey-West t."""
    import numpy as np

    from foundation.quant.labels import entry_prices, returns_from_entry
    from foundation.quant.ranker import newey_west_t, rank_correlation, walk_forward_ranking
    from foundation.quant.settings import RankerSettings

    session = Session(options)
    session.run(session.workplace.plan.until(DATA))
    window = session.workplace.artefact(DATA, MarketWindow)
    settings = RankerSettings()
    ranking = walk_forward_ranking(
        window, volatility_scale(window, session.settings.quant), settings
    )
    closes = window.bars.field("close")
    entry = entry_prices(window.bars.field("open"), closes)
    outcome = returns_from_entry(entry, closes, settings.horizon)
    information = rank_correlation(ranking.score, outcome, settings.least_stocks)
    mean, t = newey_west_t(information, lags=2 * settings.horizon - 1)
    known = int(np.isfinite(information).sum())
    last = ranking.score[-1]
    order = [i for i in np.argsort(-np.nan_to_num(last, nan=-1)) if np.isfinite(last[i])]
    if options.as_json:
        print_json(
            {
                "refits": [window.bars.sessions[r].isoformat() for r in ranking.refit_rows],
                "trees": list(ranking.rounds),
                "rank_information": {"mean": mean, "newey_west_t": t, "sessions": known},
                "importance": ranking.importance,
                "ranks": {window.bars.symbols[i]: float(last[i]) for i in order},
            }
        )
        return
    console().print(
        f"{len(ranking.refit_rows)} refits with {list(ranking.rounds)} trees; rank information "
        f"{mean:+.4f} (Newey-West t {t:+.2f}) over {known} sessions"
    )
    if order and np.nanmax(last) > np.nanmin(last):
        names = [window.bars.symbols[i] for i in order]
        console().print(f"highest: {', '.join(names[:5])}; lowest: {', '.join(names[-5:])}")
    else:
        console().print("its features had earned nothing: every stock ranks alike")


@contextmanager
def _interruptible(words: str) -> Iterator[None]:
    """Say what an interruption leaves behind."""
    try:
        yield
    except KeyboardInterrupt:
        console().print(f"\nInterrupted. {words}")
        raise


def _no_recipe(what: str, options: Options) -> OperatorError:
    return OperatorError(
        f"The settings name a {what} to train" if what != "twins" else "The settings name twins",
        value=f"--profile {options.profile}: none",
        remedy="say --profile cpu, or --profile full on a machine with a GPU",
    )


def _dimly(words: str) -> None:
    console().print(f"[dim]{words}[/dim]")


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"
