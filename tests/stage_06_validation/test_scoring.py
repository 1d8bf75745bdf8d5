"""Scores follow the formulas on the stage's page; acceptance follows the findings."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foundation.contracts import Section
from foundation.language import read
from foundation.language.grammar import every_statement
from foundation.language.sections import section_of
from stage_06_validation.draft import Draft, split_sentences
from stage_06_validation.scoring import RULES, check, score
from stage_06_validation.settings import ValidationSettings
from tests.stage_06_validation.material import (
    all_sections,
    continuation,
    draft,
    facts,
    sound,
    tape,
    told,
)

SETTINGS = ValidationSettings()
DEMANDING = facts(
    required=frozenset(Section), spoken=frozenset({"price", "trend", "volume", "oil"})
)


def test_rules_have_distinct_names() -> None:
    assert len({rule.name for rule in RULES}) == len(RULES)


def test_a_sound_draft_is_accepted() -> None:
    checked = check(draft(*sound()), facts(required=all_sections()), SETTINGS)
    assert checked.accepted
    assert checked.findings == ()
    assert set(checked.scores.model_dump().values()) == {1.0}


def test_completeness_is_seven_tenths_sections_and_three_tenths_series() -> None:
    kept = [s for s in sound() if section_of(s) != Section.EVENTS]
    found = score(draft(*kept), DEMANDING, (), SETTINGS)
    # Six of seven sections; price, trend and volume of the four series, oil is left out.
    assert found.completeness == pytest.approx(0.7 * 6 / 7 + 0.3 * 3 / 4)


def test_a_missing_section_refuses_the_draft() -> None:
    kept = [s for s in sound() if section_of(s) != Section.EVENTS]
    checked = check(draft(*kept), DEMANDING, SETTINGS)
    assert not checked.accepted
    assert "nothing on events" in {f.said for f in checked.findings}


def test_clarity_multiplies_grounded_distinct_and_readable_shares() -> None:
    text = f"{told(*sound()[:3])} {told(sound()[0])} Buyers danced in the aisles."
    one = Draft.of(continuation(text), read(text))
    # Four of five clauses grounded, four of five sentences distinct, all of readable length.
    assert score(one, facts(), (), SETTINGS).clarity == pytest.approx(0.8 * 0.8)


def test_actionability_asks_for_direction_level_and_risk() -> None:
    by_kind = {s.kind: s for s in sound()}
    only_level = draft(by_kind["level"], given={"trend": "medium"})
    assert score(only_level, facts(), (), SETTINGS).actionability == pytest.approx(0.3)
    assert score(draft(*sound()), facts(), (), SETTINGS).actionability == pytest.approx(1.0)


def test_fatal_warning_and_note_cost_what_the_settings_say() -> None:
    # The tape contradicts the trend (fatal) and lies one step from momentum (warning).
    one = draft(*sound(), given=tape(trend="very high", momentum="high"))
    checked = check(one, facts(), SETTINGS)
    assert checked.scores.coherence == pytest.approx(0.5 * 0.85)
    assert not checked.accepted


@pytest.mark.parametrize("ending", ["truncated", "empty", "repeating"])
def test_an_unfinished_text_is_refused(ending: str) -> None:
    assert not check(draft(*sound(), ending=ending), facts(), SETTINGS).accepted


def test_an_empty_text_scores_nothing_and_is_refused() -> None:
    checked = check(draft(given={}), facts(), SETTINGS)
    assert not checked.accepted
    assert (checked.scores.coherence, checked.scores.accuracy, checked.scores.clarity) == (0, 0, 0)
    assert checked.grounded_share == 0


def test_a_text_in_a_foreign_tongue_is_refused_with_an_example() -> None:
    text = "Der Kurs stieg heute. Das Volumen war hoch."
    checked = check(Draft.of(continuation(text), read(text)), facts(), SETTINGS)
    assert not checked.accepted
    assert any("Der Kurs stieg heute" in f.said for f in checked.findings)
    assert checked.ungrounded == ("Der Kurs stieg heute", "Das Volumen war hoch")


def test_a_story_told_twice_is_refused() -> None:
    text = f"{told(*sound())} {told(*sound())}"
    checked = check(Draft.of(continuation(text), read(text)), facts(), SETTINGS)
    assert not checked.accepted


def test_a_point_within_a_number_ends_no_sentence() -> None:
    assert split_sentences("It rose 1.5 percent. Fine!") == ("It rose 1.5 percent.", "Fine!")


@given(st.lists(st.sampled_from(tuple(every_statement())), max_size=12))
def test_scores_lie_between_zero_and_one_whatever_is_said(said: list) -> None:  # type: ignore[type-arg]
    checked = check(draft(*said), DEMANDING, SETTINGS)
    assert all(0 <= value <= 1 for value in checked.scores.model_dump().values())
    assert checked.accepted == all(f.severity != "fatal" for f in checked.findings)
