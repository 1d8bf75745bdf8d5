"""Stories under a known law, and a small model that has read them. Trained once per test run."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import pytest

from config.recipes import story_nano_test
from foundation.contracts import TAPE, StoryForecast, StoryModel, TokenBatch
from foundation.storage.folders import FolderStore
from foundation.testing.planted_stories import PlantedStories, planted_stories
from stage_04_tokenization import TokenizationSettings, TokenizationStage
from stage_05_llm_engine import EngineInput, EngineSettings, LlmEngineStage, TrainingStage

ENGINE = EngineSettings(threads=1, max_words=60)


@dataclass(frozen=True)
class Trained:
    """A law's stories, the model that read them, and what it forecasts."""

    stories: PlantedStories
    tokens: TokenBatch
    model: StoryModel
    store: FolderStore
    engine: LlmEngineStage
    forecast: StoryForecast

    @property
    def given(self) -> EngineInput:
        return EngineInput(self.tokens, self.model)


def learn(law: Literal["planted", "martingale"], root: Path) -> Trained:
    stories = planted_stories(law, sessions=360, symbols=6, seed=3)
    tokens = TokenizationStage(TokenizationSettings()).run(stories.book)
    store = FolderStore(root)
    model = TrainingStage(story_nano_test(), store).run(tokens)
    engine = LlmEngineStage(ENGINE, store)
    forecast = engine.run(EngineInput(tokens, model))
    return Trained(stories, tokens, model, store, engine, forecast)


@pytest.fixture(scope="session")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    return learn("planted", tmp_path_factory.mktemp("planted"))


@pytest.fixture(scope="session")
def martingale(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    return learn("martingale", tmp_path_factory.mktemp("martingale"))


@dataclass(frozen=True)
class Scored:
    """Log scores (nats, lower is better) of past forecasts of one series, forecast by forecast."""

    model: np.ndarray
    climatology: np.ndarray
    truth: np.ndarray


def score(trained: Trained, series: str) -> Scored:
    """Score the past forecasts against what happened; climatology is the training sessions'."""
    book, panel = trained.stories.book, trained.forecast.distributions
    s = TAPE.index(series)
    observed = book.observed.values[:, :, s]
    origins = [book.sessions.index(day) for day in panel.sessions[:-1]]
    happened = observed[[t + 1 for t in origins]]
    known = ~np.isnan(happened)
    codes = happened[known].astype(int)
    learnt = observed[: book.sessions.index(trained.model.trained_until) + 1]
    counts = np.array([(learnt == code).sum() + 1 for code in range(5)], dtype=float)
    chosen = np.arange(len(codes))
    return Scored(
        model=-np.log(panel.values[:-1, :, s][known][chosen, codes]),
        climatology=-np.log((counts / counts.sum())[codes]),
        truth=-np.log(trained.stories.truth[origins][:, :, s][known][chosen, codes]),
    )
