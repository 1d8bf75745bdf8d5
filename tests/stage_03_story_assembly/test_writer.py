"""The writer: varied, repeatable, and honest about contrast."""

from foundation.contracts import statement
from foundation.language import CONNECTIVES, phrasings, read
from stage_03_story_assembly.writer import Voice, group, realise

UP = statement("movement", "price", "+2")
DOWN = statement("movement", "market volatility", "+2")
PATH = statement("path", "price", "-2,+0,+2")
TENSION = statement("tension", "participation", "rise on thin volume")
TILT = statement("tilt", "week", "flat")


def test_neighbouring_sessions_never_use_the_same_phrasing() -> None:
    for said in (UP, DOWN, PATH, statement("state", "momentum", "high", "clear")):
        options = phrasings(said)
        for turn in range(50):
            for gap in (1, 2):
                today = Voice.of("AAPL", turn).choose(options, 0)
                later = Voice.of("AAPL", turn + gap).choose(options, 0)
                assert today != later


def test_opposite_tones_are_joined_by_contrast_and_like_tones_are_not() -> None:
    for turn in range(20):
        voice = Voice.of("X", turn)
        opposed = realise([UP, DOWN], voice, 0)
        agreed = realise([UP, statement("state", "trend", "high", "clear")], voice, 0)
        assert any(c in opposed for c in CONNECTIVES["contrast"])
        assert not any(c in agreed for c in CONNECTIVES["contrast"])


def test_figures_stand_behind_their_clause_and_do_not_disturb_reading() -> None:
    text = realise([UP, DOWN], Voice.of("X", 3), 0, ["+2.1%", ""])
    assert "(+2.1%)" in text
    assert read(text).statements == (UP, DOWN)


def test_a_second_clause_about_the_same_thing_says_it() -> None:
    state = statement("state", "momentum", "low", "clear")
    moved = statement("movement", "momentum", "+2")
    for turn in range(30):
        text = realise([state, moved], Voice.of("X", turn), 0, ["RSI 33", ""])
        assert text.lower().count("momentum") == 1
        assert read(text).statements == (state, moved)
    assert group([state, moved, TENSION]) == [[0, 1], [2]]


def test_paths_stand_alone_and_comments_join_what_they_comment_on() -> None:
    state = statement("state", "volume", "low", "clear")
    assert group([UP, PATH, state, state, state]) == [[0], [1], [2, 3], [4]]
    assert group([state, state, TENSION, state]) == [[0, 1, 2], [3]]
    assert group([PATH, TENSION]) == [[0], [1]]
    assert group([state, TILT, TENSION]) == [[0, 1], [2]]
