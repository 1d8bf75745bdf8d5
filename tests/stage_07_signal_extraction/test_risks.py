"""Each risk is found where its cause is, in its group, with its evidence; reasons are honest."""

from __future__ import annotations

from datetime import timedelta

import pytest

from foundation.contracts import MarketEvent, Risk, Signal, Statement, statement
from stage_07_signal_extraction import SignalExtractionStage, SignalInput, SignalSettings
from tests.stage_07_signal_extraction.material import (
    given,
    with_claims,
    with_foresight,
    with_price,
)

GROUPS = {"technical", "fundamental", "market structure", "event"}
UP = [0.02, 0.08, 0.1, 0.3, 0.5]
DOWN = UP[::-1]


def signal(inputs: SignalInput, symbol: str = "SPX") -> Signal:
    settings = SignalSettings(most_risks=50)
    return SignalExtractionStage(settings).run(inputs).of(symbol)


def risks(price: list[float], *said: Statement, symbol: str = "SPX") -> tuple[Risk, ...]:
    """Risks of a clearly directed signal whose story of today says just this."""
    inputs = with_foresight(given(), **{symbol: 0.9 if price is UP else 0.1})
    inputs = with_claims(with_price(inputs, price, symbol), *said, symbol=symbol)
    made = signal(inputs, symbol)
    assert made.direction == ("bullish" if price is UP else "bearish")
    return made.risks


def texts(found: tuple[Risk, ...], group: str) -> str:
    return " ".join(r.text for r in found if r.group == group)


def test_every_risk_has_a_group_a_text_and_evidence() -> None:
    for one in SignalExtractionStage(SignalSettings()).run(given()).signals:
        assert one.risks
        for risk in one.risks:
            assert risk.group in GROUPS
            assert risk.text.endswith(".")
            assert risk.evidence


def test_stretched_momentum_is_a_risk_of_its_own_direction_only() -> None:
    stretched = statement("state", "momentum", "very high", "clear")
    assert "overbought" in texts(risks(UP, stretched), "technical")
    assert "overbought" not in texts(risks(DOWN, stretched), "technical")


def test_a_rise_on_thin_volume_speaks_against_a_bullish_signal() -> None:
    thin = statement("tension", "participation", "rise on thin volume")
    assert "Volume and price pull apart" in texts(risks(UP, thin), "technical")
    assert "Volume and price" not in texts(risks(DOWN, thin), "technical")


def test_an_opposing_pattern_is_named() -> None:
    pattern = statement("pattern", "bearish breakdown", "seen", "clear")
    assert "bearish breakdown" in texts(risks(UP, pattern), "technical")
    assert "bearish breakdown" not in texts(risks(DOWN, pattern), "technical")


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (statement("state", "credit spread", "high", "clear"), True),
        (statement("state", "credit spread", "low", "clear"), False),
        (statement("movement", "credit spread", "+1"), True),
        (statement("movement", "credit spread", "-1"), False),
    ],
)
def test_wide_or_widening_credit_spreads_are_a_fundamental_risk(
    said: Statement, told: bool
) -> None:
    assert ("headwind" in texts(risks(UP, said), "fundamental")) is told


def test_fear_and_the_absence_of_fear_are_both_risks() -> None:
    nervous = statement("state", "market volatility", "high", "clear")
    asleep = statement("state", "market volatility", "very low", "clear")
    middling = statement("state", "market volatility", "medium", "clear")
    assert "nervous" in texts(risks(UP, nervous), "market structure")
    assert "unprepared" in texts(risks(UP, asleep), "market structure")
    found = texts(risks(UP, middling), "market structure")
    assert "nervous" not in found
    assert "unprepared" not in found


def test_evidence_names_clause_and_cell() -> None:
    found = risks(UP, statement("state", "credit spread", "high", "clear"))
    evidence = next(r.evidence for r in found if r.group == "fundamental")
    assert "credit spread" in evidence
    assert "features.x of SPX on 2018-12-28 = 1.5" in evidence


def test_a_close_only_instrument_says_what_it_does_not_report() -> None:
    assert "not reported" in texts(risks(UP, symbol="AAPL"), "market structure")
    assert "not reported" not in texts(risks(UP), "market structure")


@pytest.mark.parametrize(("price", "word"), [(UP, "sharp drop"), (DOWN, "sharp rise")])
def test_the_sharp_move_against_the_signal_is_told_with_its_probability(
    price: list[float], word: str
) -> None:
    adverse = [r for r in risks(price) if word in r.text]
    assert [r.severity for r in adverse] == [pytest.approx(0.02)]


@pytest.mark.parametrize(
    ("days", "told"),
    [(3, "due on Monday, the next session"), (4, "due in 2 weekdays"), (30, None), (-5, None)],
)
def test_a_release_within_the_week_is_an_event_risk(days: int, told: str | None) -> None:
    inputs = given()
    release = MarketEvent(
        kind="economic release",
        name="payrolls",
        event_time=inputs.market.as_of + timedelta(days=days),
        known_at=inputs.market.as_of,
    )
    market = inputs.market.model_copy(update={"events": (release,)})
    changed = SignalInput(inputs.validated, inputs.stories, market, inputs.quant)
    found = [r.text for r in signal(changed).risks if "Payrolls" in r.text]
    assert len(found) == (told is not None)
    if told:
        assert told in found[0]


def test_risks_are_listed_gravest_first_and_cut() -> None:
    for one in SignalExtractionStage(SignalSettings(most_risks=2)).run(given()).signals:
        grave = [r.severity for r in one.risks]
        assert grave == sorted(grave, reverse=True)
        assert len(grave) <= 2


def test_a_signal_that_todays_story_does_not_support_says_so() -> None:
    weak = statement("state", "trend", "very low", "clear")
    inputs = with_foresight(given(), SPX=0.9)
    one = signal(with_claims(with_price(inputs, UP), weak))
    assert one.direction == "bullish"
    assert "Nothing that today's story tells speaks for it." in one.rationale
    assert any(line.startswith("Against it, the trend is") for line in one.rationale)
