"""Drafts are held against today's data, the past and the model's own distribution."""

from __future__ import annotations

import numpy as np
import pytest

from foundation.contracts import STATES, TAPE, Statement, statement
from stage_06_validation.accuracy import RULES
from stage_06_validation.precedent import Precedents
from stage_06_validation.settings import ValidationSettings
from tests.stage_06_validation.material import draft, facts, sound, tape

SETTINGS = ValidationSettings()


def broken(
    *statements: Statement, about: dict[str, object] | None = None, **changed: object
) -> dict[str, str]:
    one = draft(*statements, **changed)  # type: ignore[arg-type]
    known = facts(**(about or {}))
    found = [f for rule in RULES for f in rule.findings(one, known, SETTINGS)]
    return {f.rule: f.severity for f in found}


def test_a_sound_draft_breaks_no_rule() -> None:
    assert broken(*sound()) == {}


def test_a_close_only_instrument_has_no_volume_to_describe() -> None:
    found = broken(
        statement("state", "volume", "high", "clear"),
        about={"absent": frozenset({"volume"})},
        given=tape(),
    )
    assert found["what is absent is not described"] == "fatal"


def test_saying_that_an_absent_series_is_absent_is_right() -> None:
    given = {k: v for k, v in tape().items() if k != "volume"}
    absent = {"absent": frozenset({"volume"}), "standing": {"trend": 2}}
    assert broken(statement("absence", "volume", "absent"), about=absent, given=given) == {}


def test_a_reported_series_cannot_be_called_absent() -> None:
    found = broken(statement("absence", "volume", "absent"))
    assert found["what is reported is not absent"] == "fatal"


@pytest.mark.parametrize("state", STATES)
def test_a_leap_that_never_happened_in_a_thousand_sessions_is_fatal(state: str) -> None:
    found = broken(statement("state", "oil", state, "clear"))
    leaps = abs(STATES.index(state) - 2) >= 2
    assert (found.get("a jump has a precedent") == "fatal") is leaps


def test_a_leap_with_precedents_is_let_pass() -> None:
    change = np.zeros((5, 5), dtype=np.int64)
    change[2] = (100, 200, 400, 200, 100)
    found = broken(
        statement("state", "oil", "very high", "clear"), about={"changes": {"oil": change}}
    )
    assert "a jump has a precedent" not in found


def test_a_short_past_cannot_say_that_a_leap_is_unheard_of() -> None:
    change = np.zeros((5, 5), dtype=np.int64)
    change[2, 2] = 50
    found = broken(
        statement("state", "oil", "very high", "clear"), about={"changes": {"oil": change}}
    )
    assert "a jump has a precedent" not in found


def test_a_series_that_spikes_does_not_end_below_where_it_stood() -> None:
    found = broken(
        statement("movement", "volatility", "+2"),
        statement("state", "volatility", "low", "clear"),
        given=tape(volatility="low"),
    )
    assert found["movement fits the change of state"] == "fatal"


def test_a_series_that_picks_up_may_stay_in_its_state() -> None:
    said = (
        statement("movement", "volatility", "+1"),
        statement("state", "volatility", "medium", "clear"),
    )
    assert broken(*said) == {}


def test_a_pairing_that_chance_would_have_made_but_the_past_never_did_is_noticed() -> None:
    pairings = np.full((len(TAPE), len(TAPE), 5, 5), 40, dtype=np.int64)
    pairings[TAPE.index("price"), TAPE.index("trend"), 3, 2] = 0
    past = Precedents(facts().precedents.transitions, pairings)
    found = broken(*sound(), about={"precedents": past})
    assert found == {"a pairing has a precedent": "warning"}


def test_a_move_of_a_size_that_the_past_hardly_knows_is_noticed() -> None:
    # The hand-written past never arrives at "drops sharply".
    found = broken(statement("movement", "price", "-2"), given=tape(price="drops sharply"))
    assert found["the magnitude is typical"] == "warning"


def test_what_the_model_all_but_rules_out_is_noticed() -> None:
    doubts = {s: np.array([0.3, 0.3, 0.39, 0.005, 0.005]) for s in TAPE}
    found = broken(*sound(), about={"distributions": doubts})
    assert found == {"the model believes it": "warning"}


def test_the_risk_scenario_may_be_improbable() -> None:
    doubts = {s: np.array([0.3, 0.3, 0.39, 0.005, 0.005]) for s in TAPE}
    assert broken(*sound(), about={"distributions": doubts}, scenario="risk") == {}


def test_a_market_wide_series_has_one_tomorrow() -> None:
    found = broken(*sound(), about={"market_view": {"market volatility": 4.0}})
    assert found == {"the market has one tomorrow": "warning"}


def test_a_level_far_off_today_is_not_tested_tomorrow() -> None:
    found = broken(statement("level", "resistance", "at"), about={"levels": {"resistance": "far"}})
    assert found == {"levels keep their place": "warning"}


def test_a_level_may_come_nearer_by_a_band() -> None:
    assert broken(statement("level", "support", "at")) == {}


@pytest.mark.parametrize(
    ("until", "said", "rule"),
    [
        (9.0, "until: weeks ahead", None),
        (9.0, "until: days ahead", "events keep their dates"),
        (9.0, "until: tomorrow", "events are not weeks off"),
        (1.0, "until: tomorrow", None),
        (2.0, "until: tomorrow", "events keep their dates"),
        (1.0, "until: weeks ahead", "events are not weeks off"),
        (6.0, "until: days ahead", None),
        (6.0, "until: weeks ahead", None),
    ],
)
def test_a_release_is_held_against_its_date(until: float, said: str, rule: str | None) -> None:
    found = broken(
        statement("event", "core inflation", said),
        about={"calendar": {"core inflation": {"until": until}}},
    )
    assert set(found) == ({rule} if rule else set())


def test_a_release_without_a_known_date_is_not_judged() -> None:
    assert (
        broken(statement("event", "core inflation", "until: tomorrow"), about={"calendar": {}})
        == {}
    )


def test_a_regime_out_of_sight_is_noted() -> None:
    sight = {"trending": 0.02, "mean-reverting": 0.9, "choppy": 0.05, "volatile": 0.03}
    assert broken(*sound(), about={"regimes": sight}) == {"the regime is in sight": "note"}
