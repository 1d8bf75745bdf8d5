"""Contradictions inside a draft are found, and a sound draft has none."""

from __future__ import annotations

import pytest

from foundation.contracts import STATES, Statement, statement
from foundation.language import read
from stage_06_validation.coherence import RULES
from stage_06_validation.draft import Draft
from stage_06_validation.expression import RULES as EXPRESSION_RULES
from stage_06_validation.settings import ValidationSettings
from tests.stage_06_validation.material import continuation, draft, facts, sound, tape

SETTINGS = ValidationSettings()


def broken(*statements: Statement, **changed: object) -> dict[str, str]:
    """Names and severities of the rules that a draft breaks."""
    one = draft(*statements, **changed)  # type: ignore[arg-type]
    found = [f for rule in RULES for f in rule.findings(one, facts(), SETTINGS)]
    return {f.rule: f.severity for f in found}


def test_a_sound_draft_breaks_no_rule() -> None:
    assert broken(*sound()) == {}


@pytest.mark.parametrize(
    ("first", "second", "contradicts"),
    [("low", "high", True), ("very low", "very high", True), ("low", "medium", False)],
)
def test_two_states_of_a_series_may_only_be_neighbours(
    first: str, second: str, contradicts: bool
) -> None:
    found = broken(
        statement("state", "oil", first, "clear"), statement("state", "oil", second, "clear")
    )
    assert (found.get("a series is in one state") == "fatal") is contradicts


def test_a_price_cannot_rise_and_fall_in_one_session() -> None:
    found = broken(statement("movement", "price", "+1"), statement("movement", "price", "-1"))
    assert found["a series moves one way"] == "fatal"


def test_support_cannot_be_near_and_far() -> None:
    found = broken(statement("level", "support", "at"), statement("level", "support", "far"))
    assert found["a thing is said one way"] == "fatal"


def test_support_and_resistance_may_lie_at_different_distances() -> None:
    said = (statement("level", "support", "at"), statement("level", "resistance", "far"))
    assert "a thing is said one way" not in broken(*said)


@pytest.mark.parametrize("state", STATES)
def test_the_distance_of_text_from_tape_decides_how_grave_it_is(state: str) -> None:
    found = broken(statement("state", "trend", state, "clear"), given=tape(trend="medium"))
    gap = abs(STATES.index(state) - 2)
    assert (found.get("tape and text do not contradict") == "fatal") is (gap >= 2)
    assert (found.get("tape and text match") == "warning") is (gap == 1)


def test_a_fall_in_the_text_contradicts_a_rise_on_the_tape() -> None:
    found = broken(statement("movement", "price", "-1"), given=tape(price="rises"))
    assert found["tape and text do not contradict"] == "fatal"


def test_an_unknown_outcome_on_the_tape_is_fatal() -> None:
    assert broken(*sound(), given=tape(trend="sideways"))["the tape is readable"] == "fatal"


def test_a_tape_without_price_is_fatal() -> None:
    assert broken(*sound(), given={"trend": "medium"})["the tape is readable"] == "fatal"


def test_what_is_called_unreported_cannot_be_described() -> None:
    found = broken(
        statement("absence", "volume", "absent"), statement("state", "volume", "high", "clear")
    )
    assert found["the absent is not described"] == "fatal"


def test_facts_that_pull_apart_are_noticed_unless_the_draft_says_so() -> None:
    said = (
        statement("movement", "price", "-2"),
        statement("state", "volatility", "very low", "clear"),
    )
    given = tape(price="drops sharply", volatility="very low")
    assert broken(*said, given=given) == {"what pulls apart is told": "warning"}
    tension = statement("tension", "risk", "sharp move in a calm instrument")
    assert broken(*said, tension, given=given) == {}


def test_an_event_is_not_told_before_its_time() -> None:
    found = broken(
        *sound(),
        statement("event", "earnings", "surprise: above"),
        statement("event", "earnings", "until: tomorrow"),
    )
    assert found == {"an event comes in its time": "fatal"}


def test_a_tension_about_a_rise_does_not_fit_a_fall() -> None:
    found = broken(
        statement("movement", "price", "-1"),
        statement("tension", "participation", "rise on thin volume"),
        given=tape(price="drops"),
    )
    assert found == {"a tension fits its parts": "warning"}


def told_freely(text: str, **changed: str) -> dict[str, str]:
    """Names and severities of the rules that a free text breaks."""
    one = continuation(text, tape(**changed))
    found = [
        f for rule in RULES for f in rule.findings(Draft.of(one, read(text)), facts(), SETTINGS)
    ]
    return {f.rule: f.severity for f in found}


def test_what_is_denied_cannot_stand_on_the_tape() -> None:
    found = told_freely("The price did not rise.", price="rises")
    assert found == {"what is denied is not said": "fatal"}
    assert told_freely("The price did not rise.", price="drops") == {}
    found = told_freely("Volume was not heavy.", volume="high")
    assert found == {"what is denied is not said": "fatal"}


def test_what_is_denied_cannot_be_said_in_the_same_text() -> None:
    text = "The shares rose. In truth, the price did not rise."
    assert told_freely(text)["what is denied is not said"] == "fatal"


def test_a_free_text_below_the_grounded_share_is_refused_by_name_with_the_reasons() -> None:
    text = "Shares slid hard on heavy trading. The chief executive sang. Snow fell in Ohio."
    one = Draft.of(continuation(text), read(text))
    assert one.grounded_share == 0.5
    strict, lenient = (ValidationSettings(max_ungrounded=share) for share in (0.4, 0.6))
    rule = next(r for r in EXPRESSION_RULES if r.name == "the text can be checked")
    assert [f.severity for f in rule.findings(one, facts(), strict)] == ["fatal"]
    assert rule.findings(one, facts(), lenient) == ()
    every = next(r for r in EXPRESSION_RULES if r.name == "every clause can be checked")
    found = {f.said: f.against for f in every.findings(one, facts(), strict)}
    assert set(found) == {"The chief executive sang", "Snow fell in Ohio"}
    assert all("names nothing" in reason for reason in found.values())
