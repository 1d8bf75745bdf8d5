"""Training of the models on the shelf, as of a window's last session."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from foundation.contracts import (
    LearningEpoch,
    MarketWindow,
    ShelfReport,
    StockCharacteristics,
)
from foundation.kernel import OperatorError
from foundation.quant import QuantSettings
from foundation.twins.registry import TwinCard
from foundation.twins.settings import FoundationSettings
from stage_10_integration.model_shelf.inputs import (
    character_of,
    finite,
    inputs_named,
    regimes_of,
    volatility_scale,
)
from stage_10_integration.model_shelf.shelf import ModelShelf

if TYPE_CHECKING:
    from foundation.market_model.answers import Answers
    from foundation.market_model.checkpoint import TrainedModel
    from foundation.market_model.recipe import MarketModelRecipe
    from foundation.market_model.training.progress import Epoch
    from foundation.twins.recipe import TwinRecipe
    from foundation.twins.report import Walked
    from foundation.twins.walk_forward import TwinHistory

Tell = Callable[[str], None]


def train_market_model(
    shelf: ModelShelf,
    window: MarketWindow,
    quant: QuantSettings,
    settings: FoundationSettings,
    recipe: MarketModelRecipe,
    *,
    device: str = "cpu",
    processes: int = 1,
    report: Callable[[Epoch], None] | None = None,
    tell: Tell = lambda words: None,
) -> TrainedModel:
    """Train as of the window's last session and put the model into use.

    A run that was interrupted goes on where its last checkpoint was taken. What the model says
    of every session, embeddings included, is computed and kept at once.

    Raises
    ------
    OperatorError
        If the window is too short.
    """
    from foundation.market_model.inputs import labels, model_data
    from foundation.market_model.training.start import train
    from foundation.market_model.walk_forward import Refit, WalkForward, first_usable
    from foundation.twins.report import Walked

    scale = volatility_scale(window, quant)
    data = model_data(window, scale, recipe)
    last = len(data.sessions) - recipe.horizon
    validation = range(last - settings.held_back, last)
    training = range(first_usable(data), validation.start - recipe.horizon)
    if len(training) < recipe.context:
        raise OperatorError(
            f"The market model learns from at least {recipe.context} sessions",
            value=f"{max(len(training), 0)} between the first volatility and what is held back",
            remedy="ask for a longer history with --set data.history_sessions=...",
        )
    outcome = labels(window, scale, recipe)
    model = train(
        data,
        outcome,
        training=training,
        validation=validation,
        recipe=recipe,
        checkpoints=shelf.unfinished,
        device=device,
        processes=processes,
        report=report,
    )
    shelf.put(model, window.session)
    tell(f"keeping embeddings of {len(data.sessions):,} sessions and {len(data.symbols)} symbols")
    kept = shelf.embeddings.of(model, window.session, data, inputs_named(window, quant))
    end = len(data.sessions)
    walk = WalkForward(_since(kept.answers, end - 1), (Refit(end - 1, end, model),))
    shelf.keep_report(_report(window, Walked(data, walk, None, outcome, {}, settings)))
    return model


def train_twins(
    shelf: ModelShelf,
    window: MarketWindow,
    quant: QuantSettings,
    settings: FoundationSettings,
    recipe: TwinRecipe,
    characteristics: StockCharacteristics | None,
    *,
    every: int,
    embed_again: bool = False,
    report: Callable[[int, float], None] | None = None,
    tell: Tell = lambda words: None,
) -> ShelfReport:
    """Train every stock's twin on the market model in use, judge them all, keep them all.

    The twins are refitted along the sessions since the market model was trained, and learn from
    the six months before as well; their forecasts since then are what they are judged by. The
    market model is asked about sessions only whose embeddings are not kept yet, or about all with
    ``embed_again``.

    Raises
    ------
    OperatorError
        If there is no market model, no session since it was trained, or twins of the recipe's
        sizes do not fit it.
    """
    from foundation.market_model.inputs import labels, model_data
    from foundation.market_model.walk_forward import Refit, WalkForward
    from foundation.twins.given import cut
    from foundation.twins.report import Walked
    from foundation.twins.walk_forward import walk_forward

    model, since = shelf.market_model()
    _check(model, since, window, recipe)
    begins = window.bars.sessions.index(since)
    data = model_data(window, volatility_scale(window, quant), model.recipe)
    inputs = inputs_named(window, quant)
    if embed_again:
        shelf.embeddings.forget(model, data.symbols, inputs)
    kept = shelf.embeddings.of(model, since, data, inputs)
    tell(
        f"embeddings: {kept.computed:,} sessions computed, "
        f"{len(data.sessions) - kept.computed:,} read as they were kept"
    )
    earlier = cut(kept.answers, slice(max(0, begins - recipe.sessions), begins))
    shared = _since(kept.answers, begins)
    walk = WalkForward(shared, (Refit(begins, len(data.sessions), model),))
    outcome = labels(window, kept.scale, model.recipe)
    history = walk_forward(
        shared,
        outcome,
        regimes_of(window, quant),
        recipe,
        refit_rows=sorted({*range(begins, len(data.sessions), every), len(data.sessions) - 1}),
        fresh_rows=[begins],
        trial=settings.trial,
        least=settings.least,
        before={begins: earlier},
        report=report,
    )
    _keep(shelf, window, model, recipe, history, characteristics)
    shelf.keep_report(_report(window, Walked(data, walk, history, outcome, {}, settings)))
    return shelf.report()


def _check(model: TrainedModel, since: date, window: MarketWindow, recipe: TwinRecipe) -> None:
    if since not in window.bars.sessions or since >= window.session:
        raise OperatorError(
            "Twins are judged by sessions after the market model's training",
            value=f"market model as of {since}, window to {window.session}",
            remedy="train the market model as of an earlier session: "
            "story train market-model --as-of ...",
        )
    width = model.recipe.backbone.embedding
    if recipe.sizes.embedding != width:
        raise OperatorError(
            f"Twins of the market model in use correct embeddings of width {width}",
            value=f"{recipe.name}: width {recipe.sizes.embedding}",
            remedy=f"name the profile that {model.recipe.name} was trained with: --profile ...",
        )


def _keep(
    shelf: ModelShelf,
    window: MarketWindow,
    model: TrainedModel,
    recipe: TwinRecipe,
    history: TwinHistory,
    characteristics: StockCharacteristics | None,
) -> None:
    """Put every twin on the shelf and decide about it."""
    found = history.comparisons[-1]
    for n, symbol in enumerate(window.bars.symbols):
        returns, hit, volatility, quantiles = history.factors[n].tolist()
        card = shelf.twins.add(
            history.rows[n],
            TwinCard(
                symbol=symbol,
                version="",
                market_model=model.content_hash(),
                sizes=recipe.sizes,
                trained_until=window.bars.sessions[-1 - recipe.horizon],
                epoch=int(history.epochs[n]),
                loss_untrained=finite(history.losses[n, 0]),
                loss=finite(history.losses[n, 1]),
                factors=(returns, hit, volatility, quantiles),
                characteristics=character_of(symbol, window, characteristics),
            ),
        )
        shelf.twins.decide(symbol, card.version, found[n], window.session)


def _since(answers: Answers, row: int) -> Answers:
    """Leave out what the model says of sessions before a row, from which it learnt."""
    for values in vars(answers).values():
        values[:row] = np.nan
    return answers


def _report(window: MarketWindow, walked: Walked) -> ShelfReport:
    from foundation.twins.report import foundation_report

    (refit,) = walked.shared.refits
    return ShelfReport(
        as_of=window.as_of,
        produced_at=window.produced_at,
        session=window.session,
        trained_as_of=walked.data.sessions[refit.row],
        epochs=tuple(
            LearningEpoch(
                number=int(e["number"]), training=e["training"], validation=e["validation"]
            )
            for e in refit.model.history
        ),
        report=foundation_report(None, walked, refit.model.recipe.seed),
        twins=(),
    )
