"""Stories of events: told where something happened, and of what was known when it did."""

from datetime import datetime, time, timedelta

import numpy as np
import pytest

from foundation.contracts import Horizon, MarketEvent, Section, Story, StoryBook
from foundation.kernel import NEW_YORK
from stage_03_story_assembly import AssemblyInput
from tests.stage_03_story_assembly import material

MARKET = material.sample().market
STOCK = next(i.symbol for i in MARKET.instruments if not i.close_only)
DAYS = MARKET.bars.sessions
REPORTED, JUMPED = len(DAYS) - 12, len(DAYS) - 5


def reports() -> list[MarketEvent]:
    """Quarterly reports at 8:00, announced two weeks before; the last beats by far."""
    made = []
    for quarter in range(10):
        k = REPORTED - 22 * quarter
        at = datetime.combine(DAYS[k], time(8), NEW_YORK)
        common = {"kind": "earnings", "name": "earnings", "symbol": STOCK, "event_time": at}
        actual = 3.0 if quarter == 0 else 1.0 + 0.05 * (quarter % 3)
        made.append(MarketEvent(**common, known_at=at - timedelta(days=14)))
        made.append(MarketEvent(**common, known_at=at, actual=actual, expected=1.0))
    return made


@pytest.fixture(scope="module")
def given() -> AssemblyInput:
    n = MARKET.bars.symbols.index(STOCK)

    def jump(values: np.ndarray) -> None:
        values[JUMPED:, n, :4] *= 1.5

    market = material.with_bars(MARKET, jump)
    return material.assemble(market.model_copy(update={"events": (*MARKET.events, *reports())}))


@pytest.fixture(scope="module")
def events(given: AssemblyInput) -> StoryBook:
    return material.book(given, Horizon.EVENT)


def told(book: StoryBook, k: int) -> Story:
    return {(s.symbol, s.session): s for s in book.recent}[STOCK, DAYS[k]]


def kinds(story: Story) -> dict[tuple[str, str], str]:
    return {(c.statement.kind, c.statement.subject): c.statement.value for c in story.claims}


def test_event_stories_are_told_where_something_happened_and_nowhere_else(
    events: StoryBook,
) -> None:
    column = [row[events.symbols.index(STOCK)] for row in events.texts]
    days = {day for day, text in zip(events.sessions, column, strict=True) if text}
    assert {DAYS[REPORTED], DAYS[JUMPED]} <= days
    assert len(days) < len(events.sessions) / 2
    for story in events.recent:
        said = {c.statement.kind for c in story.claims}
        dated = any(c.statement.value == "since: today" for c in story.claims)
        assert "occasion" in said or dated


def test_an_event_story_begins_with_the_event_and_reads_back(events: StoryBook) -> None:
    assert len(events.recent) > 5
    for story in events.recent:
        assert story.horizon is Horizon.EVENT
        assert story.sections[0].name is Section.EVENTS
        material.reads_back(story)


def test_a_report_is_told_with_surprise_past_reaction_and_the_eve(
    events: StoryBook, given: AssemblyInput
) -> None:
    story = told(events, REPORTED)
    said = kinds(story)
    assert any(c.statement.value == "surprise: well above" for c in story.claims)
    assert "3.00 a share against 1.00 expected" in story.reading
    assert ("response", "event") in said
    eve = given.fuzzy.memberships
    for series in ("trend", "momentum", "volatility"):
        degrees = eve.field(series)[REPORTED - 1, eve.symbols.index(STOCK)]
        assert said["eve", series] == eve.layers[int(degrees.argmax())]
    rows = [r for c in story.claims if c.statement.kind == "eve" for r in c.sources]
    assert {row.session for row in rows} == {DAYS[REPORTED - 1]}


def test_a_move_out_of_all_proportion_is_an_event(events: StoryBook) -> None:
    said = kinds(told(events, JUMPED))
    assert said["occasion", "move"] == "up"
    assert said["occasion", "gap"] == "up"
    assert said["record", "price"].startswith("rise of a")


def test_yesterdays_event_story_does_not_know_today(
    events: StoryBook, given: AssemblyInput
) -> None:
    before = material.book(material.cut(given, DAYS[REPORTED]), Horizon.EVENT)
    then = [s for s in events.recent if s.session == DAYS[REPORTED]]
    assert list(before.today().values()) == then
