"""Refused drafts are asked for again, in bounds, and none is lost."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foundation.contracts import (
    SCENARIOS,
    CheckedContinuation,
    Continuation,
    ContinuationRequest,
    Scores,
    ValidationFinding,
)
from foundation.kernel import ModelError
from stage_06_validation.gate import Record, pass_gate
from stage_06_validation.settings import ValidationSettings
from tests.stage_06_validation.material import continuation

THREE = ValidationSettings(max_attempts=3, regenerated=SCENARIOS)


def judge(one: Continuation) -> CheckedContinuation:
    """A draft is good when its text says so; ``bad 0.3`` scores 0.3."""
    accepted = one.text == "good"
    quality = 1.0 if accepted else float(one.text.split()[1])
    refused = ValidationFinding(rule="r", severity="fatal", said=one.text, against="good")
    return CheckedContinuation(
        continuation=one,
        statements=(),
        ungrounded=(),
        grounded_share=1.0,
        scores=Scores(**dict.fromkeys(Scores.model_fields, quality)),
        findings=() if accepted else (refused,),
        accepted=accepted,
    )


class Engine:
    """Answers with prepared texts by (symbol, scenario, attempt), and remembers the calls."""

    def __init__(self, texts: dict[tuple[str, str, int], str] | None = None) -> None:
        self.texts = texts or {}
        self.calls: list[tuple[ContinuationRequest, ...]] = []

    def __call__(self, requests: Sequence[ContinuationRequest]) -> list[Continuation]:
        self.calls.append(tuple(requests))
        return [self.answer(r) for r in reversed(requests)]

    def answer(self, r: ContinuationRequest) -> Continuation:
        text = self.texts.get((r.symbol, r.scenario, r.attempt), "bad 0.1")
        return continuation(text, symbol=r.symbol, scenario=r.scenario, attempt=r.attempt)


def first(symbol: str, *texts: str) -> list[Continuation]:
    """First drafts of the scenarios, in order."""
    return [
        continuation(text, symbol=symbol, scenario=scenario)
        for text, scenario in zip(texts, SCENARIOS, strict=False)
    ]


def test_good_drafts_are_accepted_without_a_call() -> None:
    engine = Engine()
    record = pass_gate(first("AAA", "good", "good"), judge, engine, THREE)["AAA"]
    assert engine.calls == []
    assert record.decide()[0] == "accepted"
    assert record.attempts() == 1


def test_all_symbols_are_asked_for_in_one_call_per_attempt() -> None:
    engine = Engine({("BBB", "base", 2): "good"})
    drafts = [*first("AAA", "bad 0.2", "good"), *first("BBB", "bad 0.2")]
    pass_gate(drafts, judge, engine, THREE)
    assert [[(r.symbol, r.scenario, r.attempt) for r in call] for call in engine.calls] == [
        [("AAA", "base", 2), ("BBB", "base", 2)],
        [("AAA", "base", 3)],
    ]


def test_a_later_base_draft_is_called_regenerated_and_the_refused_one_is_kept() -> None:
    engine = Engine({("AAA", "base", 2): "good"})
    record = pass_gate(first("AAA", "bad 0.2"), judge, engine, THREE)["AAA"]
    verdict, chosen = record.decide()
    assert (verdict, chosen.continuation.attempt) == ("regenerated", 2)
    assert [c.continuation.text for c in record.rejected()] == ["bad 0.2"]
    assert record.rejected()[0].findings


def test_a_good_alternative_stands_in_for_a_hopeless_base() -> None:
    record = pass_gate(first("AAA", "bad 0.9", "bad 0.2", "good"), judge, Engine(), THREE)["AAA"]
    verdict, chosen = record.decide()
    assert (verdict, chosen.continuation.scenario) == ("fallback", "alternative 2")
    assert chosen.accepted


def test_without_any_good_draft_the_least_bad_one_is_a_visible_fallback() -> None:
    engine = Engine({("AAA", "alternative 1", 2): "bad 0.7"})
    record = pass_gate(first("AAA", "bad 0.3", "bad 0.2"), judge, engine, THREE)["AAA"]
    verdict, chosen = record.decide()
    assert (verdict, chosen.continuation.text, chosen.accepted) == ("fallback", "bad 0.7", False)
    assert len(record.rejected()) == 6


def test_a_good_risk_draft_does_not_stand_in_for_the_base() -> None:
    drafts = first("AAA", "bad 0.3", "bad 0.2", "bad 0.2", "good")
    verdict, chosen = pass_gate(drafts, judge, Engine(), THREE)["AAA"].decide()
    assert (verdict, chosen.continuation.scenario) == ("fallback", "base")


def test_only_the_scenarios_of_the_settings_are_asked_for_again() -> None:
    engine = Engine()
    settings = ValidationSettings(max_attempts=2, regenerated=("base",))
    record = pass_gate(first("AAA", "bad 0.2", "bad 0.2", "good"), judge, engine, settings)["AAA"]
    assert [[r.scenario for r in call] for call in engine.calls] == [["base"]]
    assert not record.standing("alternative 1").accepted
    assert len(record.rejected()) == 3


def test_one_attempt_means_no_second_draft() -> None:
    engine = Engine()
    settings = ValidationSettings(max_attempts=1)
    pass_gate(first("AAA", "bad 0.2"), judge, engine, settings)
    assert engine.calls == []


@pytest.mark.parametrize("fault", ["missing", "double", "other"])
def test_an_engine_that_does_not_answer_the_requests_is_an_error(fault: str) -> None:
    def answer(requests: Sequence[ContinuationRequest]) -> list[Continuation]:
        good = [Engine().answer(r) for r in requests]
        return {
            "missing": good[1:],
            "double": [*good, good[0]],
            "other": [*good[1:], good[0].model_copy(update={"attempt": 9})],
        }[fault]

    with pytest.raises(ModelError, match="exactly once"):
        pass_gate(first("AAA", "bad 0.2", "bad 0.2"), judge, answer, THREE)


@given(
    st.dictionaries(
        st.tuples(st.sampled_from("AB"), st.sampled_from(SCENARIOS), st.integers(1, 4)),
        st.sampled_from(["good", "bad 0.2", "bad 0.5"]),
    ),
    st.integers(1, 4),
)
def test_no_draft_is_lost_and_attempts_are_bounded(
    texts: dict[tuple[str, str, int], str], most: int
) -> None:
    engine = Engine(texts)
    drafts = [
        continuation(texts.get((n, s, 1), "bad 0.1"), symbol=n, scenario=s)
        for n in "AB"
        for s in SCENARIOS
    ]
    records = pass_gate(
        drafts, judge, engine, ValidationSettings(max_attempts=most, regenerated=SCENARIOS)
    )
    asked = sum(len(call) for call in engine.calls)
    kept = sum(len(d) for record in records.values() for d in record.drafts.values())
    assert kept == len(drafts) + asked
    assert len(engine.calls) < most
    for record in records.values():
        accepted = sum(record.standing(s).accepted for s in SCENARIOS)
        assert len(record.rejected()) + accepted == sum(len(d) for d in record.drafts.values())
        verdict, chosen = record.decide()
        assert record.attempts() <= most
        assert (verdict == "fallback") != record.standing("base").accepted
        assert chosen in [record.standing(s) for s in SCENARIOS]


def test_weights_decide_which_refused_draft_is_least_bad() -> None:
    drafts = []
    for attempt, scores in ((1, {"clarity": 0.9}), (2, {"coherence": 0.8})):
        refused = judge(continuation("bad 0.1", attempt=attempt))
        drafts.append(
            refused.model_copy(update={"scores": refused.scores.model_copy(update=scores)})
        )
    for settings, best in (
        (ValidationSettings(clarity_weight=10.0), 1),
        (ValidationSettings(coherence_weight=10.0), 2),
    ):
        record = Record("AAA", settings)
        for draft in drafts:
            record.add(draft)
        assert record.decide()[1].continuation.attempt == best
