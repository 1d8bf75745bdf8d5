"""Trains and shows the models on the shelf. Imported inside commands only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from foundation.contracts import MarketWindow, StockCharacteristics
from stage_10_integration.commands.opening import Session
from stage_10_integration.commands.options import Options
from stage_10_integration.commands.reporting import console, print_json
from stage_10_integration.model_shelf import ModelShelf, Trained, volatility_scale
from stage_10_integration.wiring import CHARACTERISTICS, DATA

if TYPE_CHECKING:
    from foundation.market_model.checkpoint import TrainedModel
    from foundation.market_model.recipe import MarketModelRecipe
    from foundation.market_model.training import Epoch
    from foundation.twins.recipe import TwinRecipe


def shelf_of(options: Options) -> ModelShelf:
    """Return the shelf of the store that the options name."""
    from stage_10_integration.commands.opening import open_settings

    return ModelShelf(open_settings(options).store / "models")


def train_market_model(options: Options, recipe: MarketModelRecipe, device: str) -> TrainedModel:
    """Train, telling of every epoch."""
    session = Session(options)
    session.run(session.workplace.plan.until(DATA))
    window = session.workplace.artefact(DATA, MarketWindow)

    def tell(epoch: Epoch) -> None:
        console().print(
            f"  epoch {epoch.number} of {recipe.epochs}: loss {epoch.training:.4f}, "
            f"held back {epoch.validation:.4f}, {epoch.examples_per_second:,.0f} examples/s"
        )

    return ModelShelf(session.settings.store / "models").train_market_model(
        window,
        session.settings.quant,
        recipe,
        held_back=session.settings.foundation.held_back,
        device=device,
        report=tell,
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
    for epoch in model.history:
        table.add_row(
            f"{epoch['number']:.0f}",
            f"{epoch['training']:.4f}",
            f"{epoch['validation']:.4f}",
            f"{epoch['examples_per_second']:,.0f}",
        )
    console().print(table)
    console().print(f"version {model.content_hash()[:12]}, learnt up to {model.trained_until}")


def train_twins(
    options: Options, recipe: TwinRecipe, every: int, embed_again: bool
) -> list[Trained]:
    """Train every twin and decide about it."""
    session = Session(options)
    session.run(session.workplace.plan.until(CHARACTERISTICS))
    window = session.workplace.artefact(DATA, MarketWindow)
    settings = session.settings.foundation
    return ModelShelf(session.settings.store / "models").train_twins(
        window,
        session.settings.quant,
        recipe,
        session.workplace.artefact(CHARACTERISTICS, StockCharacteristics),
        every=every,
        trial=settings.trial,
        least=settings.least,
        embed_again=embed_again,
        report=lambda row, share: console().print(
            f"  {window.bars.sessions[row]}: {share:.0%} of the twins have earned their place"
        ),
    )


def show_trained_twins(options: Options, trained: list[Trained]) -> None:
    """Say which twins may answer, and what each gained."""
    if options.as_json:
        print_json(
            [
                {
                    "card": one.card.model_dump(mode="json"),
                    "decision": one.decision.model_dump(mode="json"),
                }
                for one in trained
            ]
        )
        return
    promoted = [one for one in trained if one.decision.version is not None]
    console().print(
        f"{len(trained)} twins trained; {len(promoted)} answer for their stock, the shared heads "
        "for the others. See `story twins list`."
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
