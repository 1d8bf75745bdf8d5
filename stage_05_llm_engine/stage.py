"""Stage 05: a model that has read the stories, and what it says of tomorrow."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from math import log
from pathlib import Path
from typing import Any

import numpy as np

from foundation.contracts import (
    SCENARIOS,
    TAPE,
    Continuation,
    ContinuationRequest,
    StoryForecast,
    StoryModel,
    TokenBatch,
    TokenWindows,
)
from foundation.kernel import ModelError, OperatorError
from foundation.runtime.stage import Stage
from foundation.timeseries import Panel
from stage_05_llm_engine.adapters.in_process.engine import TransformersNarrative
from stage_05_llm_engine.learning import training
from stage_05_llm_engine.learning.training import Progress
from stage_05_llm_engine.narrative import Order
from stage_05_llm_engine.network import checkpoint
from stage_05_llm_engine.network.architecture import build
from stage_05_llm_engine.network.checkpoint import CheckpointStore
from stage_05_llm_engine.network.machine import prepare_process, reproducible
from stage_05_llm_engine.recipe import Architecture, TrainingRecipe
from stage_05_llm_engine.settings import EngineSettings


@dataclass(frozen=True)
class EngineInput:
    """What forecasting is given: the windows, and the model that was trained on them."""

    tokens: TokenBatch
    model: StoryModel


class TrainingStage(Stage[TokenBatch, StoryModel]):
    """Train a story model by a recipe and keep its checkpoint.

    Parameters
    ----------
    settings : TrainingRecipe
    store : CheckpointStore
        Receives the checkpoint folder.
    progress : callable, optional
        Told (step, steps, loss, tokens per second) every few steps. Changes nothing.
    """

    name = "05_training"

    def __init__(
        self, settings: TrainingRecipe, store: CheckpointStore, progress: Progress | None = None
    ) -> None:
        self.settings, self.store, self.progress = settings, store, progress

    def run(self, given: TokenBatch) -> StoryModel:
        """Return the trained model, by reference.

        Raises
        ------
        DependencyError
            If the recipe's base weights or device are not there.
        OperatorError
            If an adapter's names match nothing.
        ModelError
            If training diverges.
        """
        prepare_process()
        recipe = self.settings
        with reproducible(recipe.seed, recipe.device):
            model = self._start(given)
            lesson = training.learn(model, recipe, given, self.progress)
            with tempfile.TemporaryDirectory() as scratch:
                folder = Path(scratch) / "checkpoint"
                checkpoint.write(model, recipe, given.tokenizer_json, folder)
                weights = self.store.put(folder)
        targets = [label.target for label in given.split("train").labels if label.target]
        return StoryModel(
            as_of=given.as_of,
            produced_at=given.produced_at,
            recipe=recipe.name,
            engine="gpt-oss from scratch" if recipe.adapter is None else "gpt-oss with LoRA",
            base_model_hash=checkpoint.base_hash(recipe.start, recipe.seed),
            weights=weights,
            tokenizer_hash=given.tokenizer_hash,
            parameters=sum(p.numel() for p in model.parameters()),
            trained_until=max(targets),
            seed=recipe.seed,
            steps=lesson.steps,
            tokens=lesson.tokens,
            learning_curve=lesson.curve,
            validation_loss=lesson.validation_loss,
            validation_bits_per_character=_bits_per_character(lesson.validation_loss, given),
        )

    def _start(self, given: TokenBatch) -> Any:
        recipe = self.settings
        if isinstance(recipe.start, Architecture):
            model: Any = build(recipe.start, given.vocabulary_size, given.codes.pad)
            return model.to(recipe.device)
        from stage_05_llm_engine.network.lora import adapt, load_base

        base = load_base(recipe.start, recipe.device)
        if base.config.vocab_size < given.vocabulary_size:
            raise OperatorError(
                "The windows' tokeniser must be the base model's own",
                value=f"{given.tokenizer} with {given.vocabulary_size} tokens, "
                f"the model knows {base.config.vocab_size}",
                remedy="set base_tokenizer in the tokenization settings to the model's folder",
            )
        return base if recipe.adapter is None else adapt(base, recipe.adapter)


class LlmEngineStage(Stage[EngineInput, StoryForecast]):
    """Forecast: distributions for every scored session and tomorrow, four continuations each.

    Parameters
    ----------
    settings : EngineSettings
    store : CheckpointStore
        Holds the model's checkpoint folder.
    """

    name = "05_llm_engine"

    def __init__(self, settings: EngineSettings, store: CheckpointStore) -> None:
        self.settings, self.store = settings, store
        self._loaded: tuple[str, Any] | None = None

    def run(self, given: EngineInput) -> StoryForecast:
        """Return the story forecast.

        Raises
        ------
        ModelError
            If the model was trained on another tokeniser's windows.
        """
        prepare_process()
        tokens = given.tokens
        past, ahead = tokens.split("history"), tokens.split("forecast")
        with reproducible(self.settings.seed):
            narrative = self._narrative(given)
            states = [narrative.next_states(w) for w in (past, ahead)]
            orders = [
                Order(window, name, 1) for window in range(len(ahead.ids)) for name in SCENARIOS
            ]
            continuations = narrative.generate(ahead, orders)
        return StoryForecast(
            as_of=tokens.as_of,
            produced_at=tokens.produced_at,
            session=tokens.session,
            target_session=tokens.target_session,
            model=given.model.weights,
            trained_until=given.model.trained_until,
            continuations=tuple(continuations),
            distributions=_panel([past, ahead], [found.values for found in states]),
            reading=max((found.reading for found in states), key=lambda r: r.error),
        )

    def regenerator(
        self, given: EngineInput
    ) -> Callable[[Sequence[ContinuationRequest]], tuple[Continuation, ...]]:
        """Return a function that draws further drafts of the same forecast, for validation.

        A request for a symbol without a forecast window raises an OperatorError.
        """

        def regenerate(requests: Sequence[ContinuationRequest]) -> tuple[Continuation, ...]:
            ahead = given.tokens.split("forecast")
            places = {label.symbol: i for i, label in enumerate(ahead.labels)}
            unknown = [r.symbol for r in requests if r.symbol not in places]
            if unknown:
                raise OperatorError(
                    "Only a symbol with a forecast can get another draft",
                    value=unknown,
                    remedy=f"choose among {sorted(places)}",
                )
            prepare_process()
            orders = [Order(places[r.symbol], r.scenario, r.attempt) for r in requests]
            with reproducible(self.settings.seed):
                return tuple(self._narrative(given).generate(ahead, orders))

        return regenerate

    def _narrative(self, given: EngineInput) -> TransformersNarrative:
        if given.model.tokenizer_hash != given.tokens.tokenizer_hash:
            raise ModelError(
                "A model only reads windows of the tokeniser it was trained with",
                value=f"model {given.model.tokenizer_hash[:12]}, "
                f"windows {given.tokens.tokenizer_hash[:12]}",
                remedy="train the story model again: `story train llm`",
            )
        if self._loaded is None or self._loaded[0] != given.model.weights:
            folder = self.store.path(given.model.weights)
            self._loaded = (given.model.weights, checkpoint.read(folder))
        return TransformersNarrative(
            self._loaded[1],
            given.tokens.codes,
            given.tokens.tokenizer_json,
            self.settings,
            weights=given.model.weights,
            learnt=given.tokens.tasks,
        )


def _panel(splits: Sequence[TokenWindows], distributions: Sequence[np.ndarray]) -> Panel:
    """Return distributions by origin session and symbol; NaN where there was no window."""
    labels = [label for windows in splits for label in windows.labels]
    sessions: list[date] = sorted({label.context_until for label in labels})
    symbols = list(dict.fromkeys(label.symbol for label in labels))
    rows = {session: t for t, session in enumerate(sessions)}
    columns = {symbol: n for n, symbol in enumerate(symbols)}
    values = np.full((len(sessions), len(symbols), len(TAPE), 5), np.nan)
    for label, distribution in zip(labels, np.concatenate(distributions), strict=True):
        values[rows[label.context_until], columns[label.symbol]] = distribution
    return Panel(
        sessions=tuple(sessions),
        symbols=tuple(symbols),
        fields=TAPE,
        layers=tuple("01234"),
        values=values,
    )


def _bits_per_character(loss: float, tokens: TokenBatch) -> float:
    """Return the validation loss of whole target stories, in bits per character of their words.

    The answers on the tape count as loss but not as characters, so the figure is an upper bound
    that compares recipes with different vocabularies.
    """
    from tokenizers import Tokenizer

    windows = tokens.split("validation")
    answers = [o for outcomes in tokens.codes.outcomes for outcome in outcomes for o in outcome]
    words = (windows.loss_mask == 1) & ~np.isin(windows.ids, [*answers, *tokens.codes.end])
    reader = Tokenizer.from_str(tokens.tokenizer_json)
    texts = reader.decode_batch(
        [windows.ids[row, words[row]].tolist() for row in range(len(windows.ids))],
        skip_special_tokens=False,
    )
    return loss * float(windows.loss_mask.sum()) / log(2) / sum(map(len, texts))
