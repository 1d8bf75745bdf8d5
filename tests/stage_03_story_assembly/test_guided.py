"""The guide that holds a model's words to the language knows all words that stories are told in."""

import numpy as np
import pytest

from foundation.contracts import TAPE, Horizon, Story, tape_outcomes
from foundation.language.grammar import OPENERS
from foundation.language.guide import Guide, GuidedText
from tests.stage_03_story_assembly import material

GIVEN = material.sample()
BOOK = material.book(GIVEN, Horizon.DAILY)
LETTERS: list[str | None] = [chr(c) for c in range(32, 127)]
GUIDE = Guide(LETTERS)
UNKNOWABLE = frozenset({"relative", "members", "options"})
"""What rests on other instruments or on option chains is not on offer to a continuation."""


def follow(story: Story) -> str:
    """Return how much of a story's learning text the guide follows."""
    t, n = BOOK.observed.sessions.index(story.session), BOOK.symbols.index(story.symbol)
    codes = {series: BOOK.observed.field(series)[t, n] for series in TAPE}
    tape = {s: tape_outcomes(s)[int(c)] for s, c in codes.items() if not np.isnan(c)}
    said = [claim.statement for claim in story.claims]
    guided = GuidedText(
        GUIDE,
        tape,
        frozenset(s.subject for s in said if s.kind == "absence"),
        frozenset(s.subject for s in said if s.kind == "event"),
    )
    for k, letter in enumerate(story.learning):
        guided.take(LETTERS.index(letter))
        if not guided._paths:
            return story.learning[:k]
    assert guided.options()[1], "the story may end where it does"
    return story.learning


def could_be_continued(story: Story) -> bool:
    """Say whether a continuation could say the same: nothing unknowable, nothing twice."""
    said = [claim.statement for claim in story.claims]
    about = {(s.kind, s.subject) for s in said}
    return len(about) == len(said) and not any(kind in UNKNOWABLE for kind, _ in about)


def test_the_guide_follows_every_story_that_a_continuation_could_tell() -> None:
    stories = [story for story in BOOK.recent if could_be_continued(story)][-24:]
    assert len(stories) == 24
    for story in stories:
        assert follow(story) == story.learning
    text = " ".join(story.learning.lower() for story in stories)
    assert all(any(opener in text for opener in group) for group in OPENERS.values())
    assert ": " in text


@pytest.mark.parametrize("opener", ["Even so, ", "In the wider market, "])
def test_no_story_begins_with_an_opener(opener: str) -> None:
    guided = GuidedText(GUIDE, {"price": "rises"}, frozenset())
    for letter in opener:
        guided.take(LETTERS.index(letter))
    assert not guided._paths


def test_other_horizons_words_are_not_on_offer_to_tomorrows_story() -> None:
    for words in ("The price rose over the week", "It trades at the day's high"):
        guided = GuidedText(GUIDE, {"price": "rises"}, frozenset())
        for letter in words:
            guided.take(LETTERS.index(letter))
        assert not guided._paths
