"""The guide that holds a model's words to the language knows all words that stories are told in."""

import numpy as np
import pytest

from foundation.contracts import TAPE, Horizon, Statement, Story, tape_outcomes
from foundation.language import read
from foundation.language.agreement import Known
from foundation.language.event_phrases import EVENT_NAMES, SCHEDULED
from foundation.language.grammar import OPENERS
from foundation.language.guide import Guide, GuidedText
from foundation.testing import samples
from stage_03_story_assembly import IntradayUpdateStage, UpdateInput
from tests.stage_03_story_assembly import material

GIVEN = material.sample()
BOOK = material.book(GIVEN, Horizon.DAILY)
LETTERS: list[str | None] = [chr(c) for c in range(32, 127)]
GUIDE = Guide(LETTERS)
RISING = Known(tape=(("price", "rises"),))
UNKNOWABLE = frozenset({"relative", "members", "options"})
"""What rests on other instruments or on option chains is not on offer to a continuation."""


def follow(story: Story) -> str:
    """Return how much of a story's learning text the guide follows."""
    day = story.horizon is Horizon.DAILY
    t = BOOK.observed.sessions.index(story.session) if day else -1
    n = BOOK.symbols.index(story.symbol)
    codes = {series: BOOK.observed.field(series)[t, n] for series in TAPE}
    tape = {s: tape_outcomes(s)[int(c)] for s, c in codes.items() if not np.isnan(c)}
    said = [claim.statement for claim in story.claims]
    known = Known(
        tape=tuple(sorted(tape.items())) if day else (),
        present=frozenset(tape),
        absent=frozenset(s.subject for s in said if s.kind == "absence"),
        before=frozenset(read(BOOK.texts[t - 1][n]).statements if day else said),
        horizon=story.horizon,
    )
    guided = GuidedText(GUIDE, known)
    for k, letter in enumerate(story.learning):
        guided.take(LETTERS.index(letter))
        if not guided._paths:
            return story.learning[:k]
    assert guided.options()[1], "the story may end where it does"
    return story.learning


def could_be_continued(story: Story) -> bool:
    """Say whether a continuation could say the same: nothing unknowable, nothing twice."""
    said = [claim.statement for claim in story.claims]
    about = {(s.kind, s.subject, s.value.split(":")[0] * (s.kind == "span")) for s in said}
    unforeseen = any(s.kind == "event" and not foreseen(s) for s in said)
    unknowable = any(s.kind in UNKNOWABLE for s in said)
    return len(about) == len(said) and not unknowable and not unforeseen


def foreseen(event: Statement) -> bool:
    """Say whether a date is all that a statement tells of a scheduled event, or of a release."""
    dated = event.value.split(":")[0] in ("since", "until", "reaction")
    return event.subject in EVENT_NAMES or (event.subject in SCHEDULED and dated)


def test_the_guide_follows_every_story_that_a_continuation_could_tell() -> None:
    stories = [story for story in BOOK.recent if could_be_continued(story)][-24:]
    assert len(stories) == 24
    for story in stories:
        assert follow(story) == story.learning
    text = " ".join(story.learning.lower() for story in stories)
    assert all(any(opener in text for opener in group) for group in OPENERS.values())
    assert ": " in text


@pytest.mark.parametrize("horizon", [Horizon.WEEKLY, Horizon.EVENT])
def test_the_guide_follows_the_stories_of_weeks_and_events(horizon: Horizon) -> None:
    told = material.book(GIVEN, horizon).recent
    stories = [story for story in told if could_be_continued(story)][-12:]
    assert len(stories) >= 5
    for story in stories:
        assert follow(story) == story.learning


def test_the_guide_follows_the_updates_of_a_session_under_way() -> None:
    given = UpdateInput(
        GIVEN.market, GIVEN.fuzzy, GIVEN.quant, BOOK, samples.session_so_far(GIVEN.market)
    )
    stories = IntradayUpdateStage(material.SETTINGS).run(given).recent
    assert stories
    for story in stories:
        assert follow(story) == story.learning


@pytest.mark.parametrize("opener", ["Even so, ", "In the wider market, "])
def test_no_story_begins_with_an_opener(opener: str) -> None:
    guided = GuidedText(GUIDE, RISING)
    for letter in opener:
        guided.take(LETTERS.index(letter))
    assert not guided._paths


def test_other_horizons_words_are_not_on_offer_to_tomorrows_story() -> None:
    for words in ("The price rose over the week", "It trades at the day's high"):
        guided = GuidedText(GUIDE, RISING)
        for letter in words:
            guided.take(LETTERS.index(letter))
        assert not guided._paths
