"""Engines behind the one ``NarrativeModel``: transformers in this process, or a server."""

from __future__ import annotations

from typing import Any

from foundation.connect import Connection
from foundation.contracts import StoryModel, TokenBatch
from stage_05_llm_engine.narrative import NarrativeModel
from stage_05_llm_engine.settings import EngineSettings


def open_server(
    settings: EngineSettings, tokens: TokenBatch, connection: Connection
) -> NarrativeModel:
    """Return the engine that asks a server."""
    from stage_05_llm_engine.adapters.server.engine import ServerNarrative

    return ServerNarrative(
        tokens.codes, tokens.tokenizer_json, settings, connection, learnt=tokens.tasks
    )


def open_network(
    settings: EngineSettings, tokens: TokenBatch, model: StoryModel, network: Any
) -> NarrativeModel:
    """Return the engine that runs a loaded network in this process."""
    from stage_05_llm_engine.adapters.in_process.engine import TransformersNarrative

    return TransformersNarrative(
        network,
        tokens.codes,
        tokens.tokenizer_json,
        settings,
        weights=model.weights,
        learnt=tokens.tasks,
    )
