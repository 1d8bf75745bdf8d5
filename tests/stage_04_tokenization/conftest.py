"""A small story book under a known law, and its token batch."""

from __future__ import annotations

import pytest

from foundation.contracts import StoryBook, TokenBatch
from foundation.testing.planted_stories import planted_stories
from stage_04_tokenization import TokenizationSettings, TokenizationStage

SETTINGS = TokenizationSettings(history_sessions=20, validation_sessions=14)


@pytest.fixture(scope="session")
def book() -> StoryBook:
    return planted_stories("planted", sessions=120, symbols=3).book


@pytest.fixture(scope="session")
def batch(book: StoryBook) -> TokenBatch:
    return TokenizationStage(SETTINGS).run(book)
