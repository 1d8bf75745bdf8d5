"""On real markets: what the claims say, the text says, and nothing else."""

import itertools
from datetime import date

import pytest

from foundation.contracts import Story, StoryBook
from foundation.language import read
from foundation.quant import QuantForecaster
from foundation.quant.settings import QuantSettings
from stage_01_data_engine import (
    BundledSource,
    DataEngineSettings,
    DataEngineStage,
    MarketRequest,
)
from stage_02_fuzzification import FuzzificationSettings, FuzzificationStage
from stage_03_story_assembly import AssemblyInput, StoryAssemblySettings, StoryAssemblyStage


@pytest.fixture(scope="module")
def book() -> StoryBook:
    request = MarketRequest(as_of=date(2018, 12, 28), symbols=None, history_sessions=700)
    market = DataEngineStage(DataEngineSettings()).run(BundledSource().load(request))
    fuzzy = FuzzificationStage(FuzzificationSettings()).run(market)
    quant = QuantForecaster(QuantSettings()).context(market)
    stage = StoryAssemblyStage(StoryAssemblySettings(story_sessions=60, full_sessions=45))
    return stage.run(AssemblyInput(market, fuzzy, quant))


def test_nothing_is_lost_on_a_thousand_real_symbol_days(book: StoryBook) -> None:
    assert len(book.recent) >= 1_000
    for story in book.recent:
        expected = tuple(claim.statement for claim in story.claims)
        for text in (story.reading, story.learning):
            reading = read(text, name=story.name)
            assert reading.ungrounded == (), (story.symbol, story.session)
            assert reading.statements == expected, (story.symbol, story.session)


def test_no_story_repeats_a_sentence_or_yesterdays_sentences(book: StoryBook) -> None:
    by_symbol: dict[str, list[Story]] = {}
    for story in book.recent:
        by_symbol.setdefault(story.symbol, []).append(story)
    for stories in by_symbol.values():
        for before, after in itertools.pairwise(stories):
            sentences = [s.learning for part in after.sections for s in part.sentences]
            assert len(set(sentences)) == len(sentences)
            # A clause with a single wording may come back; a story's opening may not.
            assert before.sections[0].sentences[0].learning != sentences[0]
