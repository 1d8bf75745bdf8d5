"""Models that outlive a run: the market model in use and every stock's twins.

``story train market-model`` trains as of the as-of date and puts the model on the shelf; ``story
train twins`` corrects it for every stock, judges the twins by the sessions since that model was
trained, and promotes those that have earned it. Nothing here reads later than the as-of close.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from foundation.contracts import MarketWindow, StockCharacteristics
from foundation.kernel import ArtefactError, OperatorError, short
from foundation.market_model.inputs import LIQUIDITY
from foundation.market_model.kept import KeptAnswers
from foundation.quant import QuantSettings
from foundation.quant.regimes import regime_probabilities
from foundation.quant.returns import log_returns
from foundation.quant.volatility import garch_volatility
from foundation.storage.atomic import write_file
from foundation.twins.registry import Characteristics, Decision, TwinCard, TwinRegistry

if TYPE_CHECKING:
    from foundation.market_model.checkpoint import TrainedModel
    from foundation.market_model.recipe import MarketModelRecipe
    from foundation.market_model.training import Epoch
    from foundation.twins.recipe import TwinRecipe

LATEST = "latest.json"


@dataclass(frozen=True)
class Trained:
    """One stock's twin after a training, and what was decided about it."""

    card: TwinCard
    decision: Decision


class ModelShelf:
    """The models below one folder.

    Parameters
    ----------
    root : Path
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.twins = TwinRegistry(root / "twins")
        self.embeddings = KeptAnswers(root / "embeddings")

    def train_market_model(
        self,
        window: MarketWindow,
        quant: QuantSettings,
        recipe: MarketModelRecipe,
        *,
        held_back: int,
        device: str = "cpu",
        report: Callable[[Epoch], None] | None = None,
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
        from foundation.market_model.training import train
        from foundation.market_model.walk_forward import first_usable

        scale = volatility_scale(window, quant)
        data = model_data(window, scale, recipe)
        last = len(data.sessions) - recipe.horizon
        validation = range(last - held_back, last)
        training = range(first_usable(data), validation.start - recipe.horizon)
        if len(training) < recipe.context:
            raise OperatorError(
                f"The market model learns from at least {recipe.context} sessions",
                value=f"{max(len(training), 0)} between the first volatility and what is held back",
                remedy="ask for a longer history with --set data.history_sessions=...",
            )
        model = train(
            data,
            labels(window, scale, recipe),
            training=training,
            validation=validation,
            recipe=recipe,
            checkpoints=self.root / "market-model" / "unfinished",
            device=device,
            report=report,
        )
        name = short(model.content_hash())
        model.save(self.root / "market-model" / name)
        entry = {"model": name, "as_of": window.session.isoformat()}
        write_file(self.root / "market-model" / LATEST, json.dumps(entry).encode())
        self.embeddings.of(model, window.session, data, inputs_named(window, quant))
        return model

    def market_model(self) -> tuple[TrainedModel, date]:
        """Return the market model in use and the session as of which it was trained.

        Raises
        ------
        OperatorError
            If none was trained yet.
        ArtefactError
            If what names it is damaged.
        """
        from foundation.market_model.checkpoint import TrainedModel

        pointer = self.root / "market-model" / LATEST
        if not pointer.exists():
            raise OperatorError(
                "A market model is on the shelf",
                value=str(pointer.parent),
                remedy="train one first: story train market-model",
            )
        try:
            entry = json.loads(pointer.read_bytes())
            folder, as_of = pointer.parent / entry["model"], date.fromisoformat(entry["as_of"])
        except (ValueError, KeyError, TypeError) as error:
            raise ArtefactError(
                "The shelf's pointer names a market model and its session",
                value=f"{pointer}: {type(error).__name__}: {error}",
                remedy="train it again: story train market-model",
            ) from error
        return TrainedModel.load(folder), as_of

    def train_twins(
        self,
        window: MarketWindow,
        quant: QuantSettings,
        recipe: TwinRecipe,
        characteristics: StockCharacteristics | None,
        *,
        every: int,
        trial: int,
        least: int,
        embed_again: bool = False,
        report: Callable[[int, float], None] | None = None,
    ) -> list[Trained]:
        """Train every stock's twin on the market model in use, judge them all, keep them all.

        The twins are refitted along the sessions since the market model was trained; their
        forecasts of those sessions are what they are judged by. The market model is asked about
        sessions only whose embeddings are not kept yet, or about all with ``embed_again``.

        Raises
        ------
        OperatorError
            If there is no market model, or no session since it was trained.
        """
        from foundation.market_model.inputs import labels, model_data
        from foundation.twins.walk_forward import walk_forward

        model, since = self.market_model()
        if since not in window.bars.sessions or since >= window.session:
            raise OperatorError(
                "Twins learn from sessions after the market model's training",
                value=f"market model as of {since}, window to {window.session}",
                remedy="train the market model as of an earlier session: "
                "story train market-model --as-of ...",
            )
        scale = volatility_scale(window, quant)
        begins = window.bars.sessions.index(since)
        data = model_data(window, scale, model.recipe)
        inputs = inputs_named(window, quant)
        if embed_again:
            self.embeddings.forget(model, data.symbols, inputs)
        kept = self.embeddings.of(model, since, data, inputs)
        shared = kept.answers
        silent = np.arange(len(data.sessions)) < begins
        for values in vars(shared).values():
            values[silent] = np.nan
        rows = sorted({*range(begins, len(data.sessions), every), len(data.sessions) - 1})
        history = walk_forward(
            shared,
            labels(window, kept.scale, model.recipe),
            regimes_of(window, quant),
            recipe,
            refit_rows=rows,
            fresh_rows=[begins],
            trial=trial,
            least=least,
            report=report,
        )
        found = history.comparisons[-1]
        made = []
        for n, symbol in enumerate(data.symbols):
            card = self.twins.add(
                history.rows[n],
                TwinCard(
                    symbol=symbol,
                    version="",
                    market_model=model.content_hash(),
                    sizes=recipe.sizes,
                    trained_until=window.bars.sessions[-1 - recipe.horizon],
                    epoch=int(history.epochs[n]),
                    loss_untrained=_finite(history.losses[n, 0]),
                    loss=_finite(history.losses[n, 1]),
                    characteristics=_characteristics(symbol, window, characteristics),
                ),
            )
            decision = self.twins.decide(symbol, card.version, found[n], window.session)
            made.append(Trained(card, decision))
        return made


def inputs_named(window: MarketWindow, quant: QuantSettings) -> str:
    """Return what the model's inputs rest on, besides the sessions, the symbols and its recipe."""
    return f"{window.source.name}, {quant.garch.model_dump_json()}"


def volatility_scale(window: MarketWindow, quant: QuantSettings) -> np.ndarray:
    """Return GARCH's past-only volatility of the coming sessions, (T, N)."""
    return garch_volatility(log_returns(window.bars.field("close")), quant.garch).volatility


def regimes_of(window: MarketWindow, quant: QuantSettings) -> np.ndarray:
    """Return the regime that the rule names at each row, int (T, N); -1 where it names none."""
    chances = regime_probabilities(log_returns(window.bars.field("close")), quant.regimes)
    return np.where(np.isnan(chances).any(-1), -1, np.nan_to_num(chances).argmax(-1))


def _characteristics(
    symbol: str, window: MarketWindow, known: StockCharacteristics | None
) -> Characteristics:
    sector = window.instrument(symbol).sector
    if known is None or symbol not in known.values.symbols:
        return Characteristics(sector=sector)
    place = known.values.symbols.index(symbol)
    last = {field: _finite(known.values.field(field)[-1, place]) for field in known.values.fields}
    bucket = last["liquidity_bucket"]
    return Characteristics(
        sector=sector,
        beta=last["beta"],
        hurst=last["hurst_exponent"],
        earnings_sensitivity=last["earnings_sensitivity"],
        sentiment_beta=last["sentiment_beta"],
        liquidity=None if bucket is None else LIQUIDITY[int(bucket)],
    )


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
