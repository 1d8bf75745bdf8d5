"""The writer: varied, repeatable, and honest about contrast."""

import itertools

from foundation.contracts import Statement, statement
from foundation.language import CONNECTIVES, phrasings, read
from foundation.language.grammar import OPENERS, every_statement
from stage_03_story_assembly.telling.writer import Told, Voice, group, realise, unit

UP = statement("movement", "price", "+2")
DOWN = statement("movement", "market volatility", "+2")
PATH = statement("path", "price", "-2,+0,+2")
TENSION = statement("tension", "participation", "rise on thin volume")
TILT = statement("tilt", "week", "flat")
RECORD = statement("record", "price", "rise of a year")
FALLING = statement("path", "price", "-2,-2,-2")
VOLUME = statement("state", "volume", "low", "clear")
FEAR = statement("state", "market volatility", "high", "clear")


def told(said: list[Statement], turn: int = 0, before: Statement | None = None) -> Told:
    earlier = unit(before) if before is not None else None
    return realise([unit(s) for s in said], Voice.of("X", turn), earlier)


def grouped(*said: Statement) -> list[list[int]]:
    return group([unit(s) for s in said])


def test_neighbouring_sessions_share_no_phrasing_whatever_was_said_before() -> None:
    for said in (UP, DOWN, PATH, TILT, RECORD, statement("state", "momentum", "high", "clear")):
        for turn, first, then in itertools.product(range(12), (None, UP), (None, FEAR)):
            today, later = Voice.of("AAPL", turn), Voice.of("AAPL", turn + 1)
            for voice, earlier in ((today, first), (later, then)):
                if earlier is not None:
                    voice.choose(unit(earlier).halves)
            assert today.choose(unit(said).halves) != later.choose(unit(said).halves)


def test_a_story_prefers_words_that_it_has_not_used() -> None:
    calm = statement("state", "volatility", "very high", "clear")
    fear = statement("state", "market volatility", "very high", "clear")
    for turn in range(40):
        voice = Voice.of("X", turn)
        first, second = (voice.choose(unit(s).halves).split(" is ")[1] for s in (calm, fear))
        assert first.split()[0] != second.split()[0]


def test_opposite_tones_are_joined_by_contrast_and_like_tones_are_not() -> None:
    for turn in range(20):
        opposed = told([UP, DOWN], turn).plain()
        agreed = told([UP, statement("state", "trend", "high", "clear")], turn).plain()
        assert any(c in opposed for c in CONNECTIVES["contrast"])
        assert not any(c in agreed for c in CONNECTIVES["contrast"])


def test_even_so_stands_only_where_two_sentences_part() -> None:
    against, along = set(), set()
    for turn in range(20):
        against.add(told([FALLING], turn, before=UP).opener)
        along.add(told([FALLING], turn, before=statement("movement", "price", "-2")).opener)
    assert set(OPENERS["contrast"]) <= against
    assert along == {""}


def test_figures_stand_behind_their_clause_and_do_not_disturb_reading() -> None:
    text = told([UP, DOWN], 3).with_figures(["+2.1%", ""], "the price")
    assert "(+2.1%)" in text
    assert read(text).statements == (UP, DOWN)


def test_the_price_may_be_called_by_a_name_or_by_what_it_is() -> None:
    lead, later = told([UP]), told([statement("state", "price", "very low", "clear")])
    assert lead.with_figures([""], "the Dow").startswith("The Dow ")
    assert later.with_figures([""], "the index").startswith("The index ")
    assert read(later.with_figures([""], "the stock")).statements == (
        statement("state", "price", "very low", "clear"),
    )


def test_a_record_follows_the_move_after_a_colon() -> None:
    text = told([UP, RECORD], 2).with_figures(["+9.5% to 10", ""], "the price")
    assert "(+9.5% to 10): " in text
    assert read(text).statements == (UP, RECORD)


def test_a_second_clause_about_the_same_thing_says_it() -> None:
    state = statement("state", "momentum", "low", "clear")
    moved = statement("movement", "momentum", "+2")
    for turn in range(30):
        text = told([state, moved], turn).with_figures(["RSI 33", ""], "the price")
        assert text.lower().count("momentum") == 1
        assert read(text).statements == (state, moved)
    assert grouped(state, moved, TENSION) == [[0, 1], [2]]


def test_paths_stand_alone_and_comments_join_what_they_comment_on() -> None:
    assert grouped(UP, PATH, VOLUME, VOLUME, VOLUME) == [[0], [1], [2, 3], [4]]
    assert grouped(UP, RECORD, PATH) == [[0, 1], [2]]
    assert grouped(VOLUME, VOLUME, TENSION, VOLUME) == [[0, 1, 2], [3]]
    assert grouped(PATH, TENSION) == [[0], [1]]
    assert grouped(VOLUME, TILT, TENSION) == [[0, 1], [2]]


def test_the_instrument_and_the_market_around_it_do_not_share_a_sentence() -> None:
    assert grouped(VOLUME, FEAR, FEAR) == [[0], [1, 2]]


def test_every_statement_has_words_for_odd_and_even_days() -> None:
    for said in every_statement():
        odd, even = ({text for text, _ in half} for half in unit(said).halves)
        assert not odd & even, (said, phrasings(said))
