"""The way to a language model that reads headlines, and where its answers are kept."""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from config.environment import model_credentials
from config.settings import Settings
from foundation.connect import CachedAnswer, Connection, ResponseCache
from foundation.kernel import OperatorError

if TYPE_CHECKING:
    from stage_02_fuzzification.sentiment import NewsReader

LONGEST_ANSWER = 1500
"""Tokens of an answer: room for some two hundred scores."""


class KeptAnswers(MutableMapping[str, str]):
    """Texts on disk, by key; kept for good, for a run must find what an earlier one was told."""

    def __init__(self, cache: ResponseCache) -> None:
        self._cache = cache

    def __getitem__(self, key: str) -> str:
        found = self._cache.get(key)
        if found is None:
            raise KeyError(key)
        return found.body.decode()

    def __setitem__(self, key: str, text: str) -> None:
        # When it was asked is for people only; the answer is the same whenever it is read.
        self._cache.put(key, CachedAnswer(200, text.encode(), datetime.now(UTC)))

    def __delitem__(self, key: str) -> None:
        raise TypeError("kept answers are not dropped one by one: remove their folder")

    def __iter__(self) -> Iterator[str]:
        raise TypeError("kept answers are filed under hashes and cannot be listed")

    def __len__(self) -> int:
        return self._cache.census().answers


def news_reader(settings: Settings) -> NewsReader | None:
    """Return the model that reads headlines; None where the lexicon does.

    Raises
    ------
    OperatorError
        If a model is asked for and no server is named.
    """
    if settings.fuzzification.news_reader == "lexicon":
        return None
    server = settings.engine.server
    if server is None:
        raise OperatorError(
            "A model that reads headlines is served by somebody",
            value="fuzzification.news_reader = model, engine.server not set",
            remedy="add --base-url http://localhost:8000/v1 --model NAME --known-until DATE",
        )
    from stage_02_fuzzification.sentiment.model_reader import ModelReader
    from stage_05_llm_engine.adapters.server.client import OpenAiClient

    client = OpenAiClient(server, Connection(credentials=model_credentials(server.key_variable)))

    def ask(instructions: str, question: str) -> str:
        messages = [
            {"role": "system", "content": instructions},
            {"role": "user", "content": question},
        ]
        asked = {"messages": messages, "temperature": 0, "seed": 0, "max_tokens": LONGEST_ANSWER}
        return client.draw(asked, lambda text: False).text

    kept = KeptAnswers(ResponseCache(settings.store / "news-server"))
    return ModelReader(f"{server.base_url} {server.model}", ask, kept)
