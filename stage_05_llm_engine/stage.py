"""Stage 05: a model that has read the stories, and what it says of tomorrow."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack, nullcontext
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from foundation.connect import Connection, ResponseCache
from foundation.contracts import (
    SCENARIOS,
    TAPE,
    Continuation,
    ContinuationRequest,
    StoryBook,
    StoryForecast,
    StoryModel,
    TokenBatch,
    TokenWindows,
)
from foundation.contracts.token_batch import Task
from foundation.kernel import ModelError, OperatorError, hash_text
from foundation.runtime.stage import Stage
from foundation.timeseries import Panel
from stage_05_llm_engine import adapters
from stage_05_llm_engine.machine.memory import enough_memory
from stage_05_llm_engine.machine.process import prepare_process, reproducible
from stage_05_llm_engine.narrative import NarrativeModel, Order
from stage_05_llm_engine.responses import CachedNarrative
from stage_05_llm_engine.settings import EngineSettings, ServerSettings
from stage_05_llm_engine.weighing import blends, contexts, weigh
from stage_05_llm_engine.weights import checkpoint
from stage_05_llm_engine.weights.checkpoint import CheckpointStore


@dataclass(frozen=True)
class EngineInput:
    """What forecasting is given: the windows, the model that was trained on them, the stories.

    Of the stories only what happened is read: by it the opinions are weighed.
    """

    tokens: TokenBatch
    model: StoryModel
    stories: StoryBook


class ServedModelStage(Stage[TokenBatch, StoryModel]):
    """In place of training where a server has the model: what is known of it beforehand."""

    name = "05_training"

    def __init__(self, settings: ServerSettings) -> None:
        self.settings = settings

    def run(self, given: TokenBatch) -> StoryModel:
        """Return the served model, named by address and name. Nothing is asked of the server."""
        identity = hash_text("served", self.settings.base_url, self.settings.model)
        return StoryModel(
            as_of=given.as_of,
            produced_at=given.produced_at,
            recipe="served",
            engine="OpenAI-compatible server",
            base_model_hash=identity,
            weights=identity,
            tokenizer_hash=given.tokenizer_hash,
            parameters=None,
            trained_until=self.settings.known_until,
            seed=0,
            steps=0,
            tokens=0,
            learning_curve=(),
            validation_loss=float("nan"),
            validation_bits_per_character=float("nan"),
        )


class LlmEngineStage(Stage[EngineInput, StoryForecast]):
    """Forecast: distributions for every scored session and tomorrow, four continuations each.

    Parameters
    ----------
    settings : EngineSettings
    store : CheckpointStore
        Holds the model's checkpoint folder, where it runs in this process.
    connection : Connection, optional
        The way to a server; needed where one answers.
    responses : ResponseCache, optional
        Keeps answers, so that the same question is never put twice.
    """

    name = "05_llm_engine"
    version = "3"

    def __init__(
        self,
        settings: EngineSettings,
        store: CheckpointStore,
        connection: Connection | None = None,
        responses: ResponseCache | None = None,
    ) -> None:
        self.settings, self.store = settings, store
        self.connection = connection or Connection()
        self.responses = responses
        self._loaded: tuple[str, Any] | None = None

    def run(self, given: EngineInput) -> StoryForecast:
        """Return the story forecast.

        Raises
        ------
        ModelError
            If the model was trained on another tokeniser's windows.
        """
        tokens = given.tokens
        ahead = tokens.split("forecast")
        orders = [Order(window, name, 1) for window in range(len(ahead.ids)) for name in SCENARIOS]
        with self._machine():
            narrative = self._narrative(given)
            forecast = self._distributions(given, narrative)
            told = narrative.generate(ahead, orders, blends(forecast))
        return forecast.model_copy(update={"continuations": tuple(told)})

    def _distributions(self, given: EngineInput, narrative: NarrativeModel) -> StoryForecast:
        """Return the forecast without continuations yet.

        A model of this process also speaks of the validation sessions, which it did not learn
        from: so the weights of the first scored session know something already. A server is not
        asked so much.
        """
        tokens = given.tokens
        asked = [tokens.split("history"), tokens.split("forecast")]
        if self.settings.engine == "transformers":
            asked = [contexts(tokens.split("validation")), *asked]
        states = [narrative.next_states(windows) for windows in asked]
        model = _panel(asked, [found.values for found in states])
        scored = {label.context_until for windows in asked[-2:] for label in windows.labels}
        weighed = weigh(model, given.stories.observed, given.model.trained_until)
        published, alone, weights = (
            panel.last(len(scored)) for panel in (weighed.distributions, model, weighed.weights)
        )
        return StoryForecast(
            as_of=tokens.as_of,
            produced_at=tokens.produced_at,
            session=tokens.session,
            target_session=tokens.target_session,
            model=given.model.weights,
            trained_until=given.model.trained_until,
            continuations=(),
            distributions=published,
            model_distributions=alone,
            weights=weights,
            reading=max((found.reading for found in states), key=lambda r: r.error),
        )

    def regenerator(
        self, given: EngineInput, forecast: StoryForecast
    ) -> Callable[[Sequence[ContinuationRequest]], tuple[Continuation, ...]]:
        """Return a function that draws further drafts of the same forecast, for validation.

        A request for a symbol without a forecast window raises an OperatorError.
        """
        mixed = blends(forecast)

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
            orders = [Order(places[r.symbol], r.scenario, r.attempt) for r in requests]
            with self._machine():
                return tuple(self._narrative(given).generate(ahead, orders, mixed))

        return regenerate

    def tell(self, given: EngineInput, task: Task) -> tuple[Continuation, ...]:
        """Return a story of another horizon for every symbol, behind the stories up to today.

        Raises
        ------
        OperatorError
            If the task is one of the day's, or the model never learnt it.
        """
        ahead = given.tokens.split("forecast")
        orders = [Order(window, "base", 1, task) for window in range(len(ahead.ids))]
        with self._machine():
            return tuple(self._narrative(given).generate(ahead, orders))

    def _machine(self) -> AbstractContextManager[Any]:
        """Return the state of this process in which the model runs; a server needs none."""
        if self.settings.engine == "openai":
            return nullcontext()
        prepare_process()
        stack = ExitStack()
        stack.enter_context(reproducible(self.settings.seed))
        stack.enter_context(
            enough_memory("Forecasting", "lower engine.batch_tokens and engine.batch_drafts")
        )
        return stack

    def _narrative(self, given: EngineInput) -> NarrativeModel:
        if given.model.tokenizer_hash != given.tokens.tokenizer_hash:
            raise ModelError(
                "A model only reads windows of the tokeniser it was trained with",
                value=f"model {given.model.tokenizer_hash[:12]}, "
                f"windows {given.tokens.tokenizer_hash[:12]}",
                remedy="train the story model again: `story train llm`",
            )
        settings = self.settings
        if settings.engine == "openai":
            narrative = adapters.open_server(settings, given.tokens, self.connection)
        else:
            if self._loaded is None or self._loaded[0] != given.model.weights:
                folder = self.store.path(given.model.weights)
                self._loaded = (given.model.weights, checkpoint.read(folder))
            narrative = adapters.open_network(settings, given.tokens, given.model, self._loaded[1])
        if self.responses is None:
            return narrative
        return CachedNarrative(narrative, settings, self.responses, self.connection.timekeeper.now)


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
