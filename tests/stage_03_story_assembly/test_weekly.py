"""The summary of a week: told when it ends, of what happened in it, blind to what comes."""

from datetime import date

import numpy as np
import pytest

from foundation.contracts import Horizon, StoryBook, content_hash, statement
from foundation.language.grammar import every_statement, phrasings
from foundation.market import next_session
from stage_03_story_assembly.content.weekly import shift_column
from stage_03_story_assembly.content.weeks import Weeks, classify, courses, week_multiple
from tests.stage_03_story_assembly import material


@pytest.fixture(scope="module")
def weekly() -> StoryBook:
    return material.book(material.sample(), Horizon.WEEKLY)


def test_a_week_is_told_on_its_last_session_and_on_no_other(weekly: StoryBook) -> None:
    assert weekly.horizon is Horizon.WEEKLY
    told = 0
    for day, row in zip(weekly.sessions, weekly.texts, strict=True):
        ends = next_session(day).isocalendar()[:2] != day.isocalendar()[:2]
        assert any(row) == ends, day
        told += sum(map(bool, row))
    assert told > 50


def test_claims_of_a_week_survive_the_round_trip(weekly: StoryBook) -> None:
    assert len(weekly.recent) > 30
    for story in weekly.recent:
        assert story.horizon is Horizon.WEEKLY
        material.reads_back(story)


def test_a_week_begins_with_its_move_and_rests_on_both_its_ends(weekly: StoryBook) -> None:
    bars = material.sample().market.bars
    for story in weekly.recent:
        first = story.claims[0]
        assert (first.statement.kind, first.statement.value[:5]) == ("span", "week:")
        before, now = first.sources
        assert now.session == story.session
        assert before.session.isocalendar()[:2] != now.session.isocalendar()[:2]
        assert next_session(before.session).isocalendar()[:2] == now.session.isocalendar()[:2]
        n = bars.symbols.index(story.symbol)
        assert before.value == bars.field("close")[bars.sessions.index(before.session), n]


def test_a_shift_names_the_states_of_the_two_fridays(weekly: StoryBook) -> None:
    fuzzy = material.sample().fuzzy
    sessions, symbols = fuzzy.memberships.sessions, fuzzy.memberships.symbols
    seen = 0
    for story in weekly.recent:
        for claim in story.claims:
            if claim.statement.kind != "shift":
                continue
            degrees = fuzzy.memberships.field(claim.statement.subject)
            n = symbols.index(story.symbol)
            ends = [sessions.index(row.session) for row in claim.sources]
            names = [fuzzy.memberships.layers[int(degrees[t, n].argmax())] for t in ends]
            assert claim.statement.value == " > ".join(names)
            seen += 1
    assert seen > 20


def test_a_series_is_told_by_its_shift_or_its_state_but_not_both(weekly: StoryBook) -> None:
    for story in weekly.recent:
        spoken = [
            c.statement.subject for c in story.claims if c.statement.kind in ("shift", "state")
        ]
        assert len(spoken) == len(set(spoken))
        assert {"trend", "momentum", "volatility"} <= set(spoken)


def test_last_weeks_summary_does_not_know_this_week(weekly: StoryBook) -> None:
    ends = sorted({story.session for story in weekly.recent})
    before = material.book(material.cut(material.sample(), ends[-2]), Horizon.WEEKLY)
    assert before.texts[-1] == weekly.texts[weekly.sessions.index(ends[-2])]
    then = [story for story in weekly.recent if story.session == ends[-2]]
    assert list(before.today().values()) == then


def test_the_same_week_gives_the_same_bytes() -> None:
    one, two = (material.book(material.sample(), Horizon.WEEKLY) for _ in range(2))
    assert content_hash(one) == content_hash(two)


# The second week of 2018 has five sessions, the third four (Monday was a holiday).
FIRST = (date(2018, 1, 5), *(date(2018, 1, d) for d in (8, 9, 10, 11, 12)))
SHORT = (date(2018, 1, 12), *(date(2018, 1, d) for d in (16, 17, 18, 19)))


def test_weeks_know_their_ends_and_lengths() -> None:
    weeks = Weeks.of((*FIRST, *SHORT[1:]))
    assert weeks.ends.tolist() == [True, *[False] * 4, True, *[False] * 3, True]
    assert weeks.before.tolist() == [-1, 0, 0, 0, 0, 0, 5, 5, 5, 5]
    assert weeks.length.tolist() == [1, 1, 2, 3, 4, 5, 1, 2, 3, 4]


def test_a_weeks_move_is_measured_by_the_square_root_of_its_length() -> None:
    weeks = Weeks.of(SHORT)
    close = np.array([[100.0], [101], [102], [103], [104]])
    multiple = week_multiple(close, np.full((5, 1), 2.0), weeks)
    assert np.isnan(multiple[0, 0])
    # Up 4 in four sessions, with a scale of 2: 2 scales over sqrt(4/5).
    assert multiple[-1, 0] == pytest.approx(2 / np.sqrt(0.8))


def test_moves_are_graded_as_segments_are() -> None:
    multiple = np.array([0.0, 0.5, 0.51, 2.0, 2.01, -9.0, np.nan])
    moves, degrees = classify(multiple, 0.5, 2.0)
    np.testing.assert_array_equal(moves, [0, 0, 1, 1, 2, -2, np.nan])
    np.testing.assert_allclose(degrees[[0, 1, 3, 5]], [1.0, 0.5, 0.5, 1.0])


@pytest.mark.parametrize(
    ("closes", "course"),
    [
        ((100, 101, 102, 103, 104, 105), "steady climb"),
        ((100, 99, 98, 97, 96, 95), "steady slide"),
        ((100, 100.2, 100.1, 104, 104.1, 104.3), "one day up"),
        ((100, 100.2, 100.1, 96, 96.1, 96.3), "one day down"),
        ((100, 102, 103, 102, 101, 100.2), "gain given back"),
        ((100, 98, 97, 98, 99, 99.8), "loss made good"),
        # Most of a fall of four was made good; the week still fell by 0.9, and says so.
        ((100, 96, 96.5, 97, 97.5, 99.1), "back and forth"),
        ((100, 100.6, 100, 100.6, 100, 100.1), "back and forth"),
        ((100, 100.1, 100.2, 100.1, 100.2, 100.1), "quiet"),
    ],
)
def test_how_a_week_came_about_has_a_name(closes: tuple, course: str) -> None:
    from foundation.language.week_phrases import COURSES

    close = np.array(closes, dtype=float)[:, None]
    codes = courses(close, np.full(close.shape, 1.0), Weeks.of(FIRST))
    assert (codes[:-1] == -1).all()
    assert list(COURSES)[codes[-1, 0]] == course


def test_shifts_need_a_week_before() -> None:
    fuzzy = material.sample().fuzzy
    column = shift_column(fuzzy, "momentum", Weeks.of(fuzzy.memberships.sessions))
    first = next(t for t, b in enumerate(column.since) if b >= 0)
    assert (column.codes[:first] == -1).all()


def test_a_contradiction_of_the_week_is_told_of_the_day_it_was_on() -> None:
    """The week may have fallen: "the rise" would be a rise that nobody was told of."""
    said = statement("contradiction", "direction", "sharp rise in a weak trend", "once")
    assert set(phrasings(said)) >= {
        "one day's puzzle was that a rise ran against a weak trend",
        "what did not fit for a day was that a weak trend had met a sharp rise",
    }
    lasting = statement("contradiction", "risk", "tight band in a restless instrument", "repeated")
    assert (
        "the week's lasting puzzle was that the band had tightened before the unrest was over"
        in (phrasings(lasting))
    )


def test_no_words_count_the_sessions_of_a_week_that_may_have_four() -> None:
    spans = [s for s in every_statement() if s.kind == "span" and s.value.startswith("week")]
    assert spans
    assert not [text for s in spans for text in phrasings(s) if "five" in text]
