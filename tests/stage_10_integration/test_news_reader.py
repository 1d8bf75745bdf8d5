"""Headlines read by a served model, over the real protocol, answers kept in the store."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from config.profiles import profile_named
from foundation.kernel import OperatorError
from foundation.testing.language_models import OpenAiEmulator, Said, TapeLaw
from stage_02_fuzzification.sentiment import NewsDay
from stage_05_llm_engine.settings import ServerSettings
from stage_10_integration.house_settings import HouseSettings
from stage_10_integration.news_server import news_reader

DAY = NewsDay("AAPL", date(2018, 12, 28), ("Apple beats estimates",))
ANSWER = {
    "sentiment_score": 0.6,
    "sentiment_confidence": 0.8,
    "key_narratives": ["results"],
    "event_flags": {"earnings_surprise": True},
    "news_intensity": "quiet",
    "contrarian_signals": [],
    "scores": [0.6],
}


class Analyst(OpenAiEmulator):
    """Says one thing whatever it is asked."""

    def said(self, prompt: str, asked: dict[str, Any]) -> Said:
        text = json.dumps(ANSWER)
        return Said(text, [(text[:40], -0.1), (text[40:], -0.1)], "stop")


def house(store: Path, base_url: str | None) -> HouseSettings:
    settings = profile_named("test", HouseSettings)
    server = base_url and ServerSettings(
        base_url=base_url, model="story-model", known_until=date(2010, 1, 4)
    )
    return settings.model_copy(
        update={
            "store": store,
            "fuzzification": settings.fuzzification.model_copy(update={"news_reader": "model"}),
            "engine": settings.engine.model_copy(update={"server": server}),
        }
    )


def test_a_served_model_reads_headlines_and_its_answer_outlives_the_server(tmp_path: Path) -> None:
    with Analyst(TapeLaw()) as server:
        settings = house(tmp_path, server.base_url)
        reader = news_reader(settings)
        assert reader is not None
        reading = reader.read(DAY)
    assert reading.sentiment_score == 0.6
    assert reading.event_flags.earnings_surprise
    # The server is gone: what it said is still there, byte for byte.
    again = news_reader(settings)
    assert again is not None
    assert again.read(DAY) == reading


def test_without_a_server_the_remedy_is_named(tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match="served by somebody"):
        news_reader(house(tmp_path, None))


def test_the_lexicon_reads_where_nothing_else_is_asked_for() -> None:
    assert news_reader(profile_named("test", HouseSettings)) is None
