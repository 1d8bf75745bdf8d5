"""On real markets: what the claims say, the text says, and nothing else."""

import itertools
from datetime import date

import pytest

from foundation.contracts import Horizon, Story, StoryBook
from foundation.language import read
from foundation.language.grammar import bare
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

SETTINGS = StoryAssemblySettings(story_sessions=60, full_sessions=45)


@pytest.fixture(scope="module")
def given() -> AssemblyInput:
    request = MarketRequest(as_of=date(2018, 12, 28), symbols=None, history_sessions=700)
    market = DataEngineStage(DataEngineSettings()).run(BundledSource().load(request))
    fuzzy = FuzzificationStage(FuzzificationSettings()).run(market)
    quant = QuantForecaster(QuantSettings()).context(market)
    return AssemblyInput(market, fuzzy, quant)


@pytest.fixture(scope="module")
def book(given: AssemblyInput) -> StoryBook:
    return StoryAssemblyStage(SETTINGS).run(given)


@pytest.mark.parametrize(("horizon", "least"), [(Horizon.WEEKLY, 200), (Horizon.EVENT, 15)])
def test_nothing_is_lost_in_weeks_and_events_either(
    given: AssemblyInput, horizon: Horizon, least: int
) -> None:
    told = StoryAssemblyStage(SETTINGS, horizon).run(given).recent
    assert len(told) >= least
    for story in told:
        expected = tuple(claim.statement for claim in story.claims)
        for text in (story.reading, story.learning):
            reading = read(text, name=story.name)
            assert reading.ungrounded == (), (story.symbol, story.session)
            assert reading.statements == expected, (story.symbol, story.session)


def test_nothing_is_lost_on_a_thousand_real_symbol_days(book: StoryBook) -> None:
    assert len(book.recent) >= 1_000
    for story in book.recent:
        expected = tuple(claim.statement for claim in story.claims)
        for text in (story.reading, story.learning):
            reading = read(text, name=story.name)
            assert reading.ungrounded == (), (story.symbol, story.session)
            assert reading.statements == expected, (story.symbol, story.session)


def clauses(story: Story) -> list[str]:
    return [
        bare(clause.text.lower())
        for part in story.sections
        for sentence in part.sentences
        for clause in read(sentence.learning).clauses
    ]


def by_symbol(book: StoryBook) -> list[list[Story]]:
    found: dict[str, list[Story]] = {}
    for story in book.recent:
        found.setdefault(story.symbol, []).append(story)
    return list(found.values())


def test_no_story_says_a_thing_in_yesterdays_words(book: StoryBook) -> None:
    for stories in by_symbol(book):
        for before, after in itertools.pairwise(stories):
            assert not set(clauses(before)) & set(clauses(after)), (after.symbol, after.session)


def test_no_story_repeats_a_turn_of_phrase(book: StoryBook) -> None:
    """Four words in a row stand once in a story, names and figures apart."""
    repeated = 0
    for story in book.recent:
        runs = [
            tuple(words[i : i + 4])
            for words in (clause.split() for clause in clauses(story))
            for i in range(len(words) - 3)
        ]
        repeated += len(runs) > len(set(runs))
    assert repeated <= 0.01 * len(book.recent)
