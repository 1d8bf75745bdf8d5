"""Checks of a draft against itself: one story, one market."""

from __future__ import annotations

from collections.abc import Iterator

from foundation.contracts import PRICE_OUTCOMES, STATES, Movement, Statement, tape_outcomes
from foundation.language.contradictions import contradictions
from stage_06_validation.draft import Draft
from stage_06_validation.facts import SymbolFacts
from stage_06_validation.rule import Breach, Rule
from stage_06_validation.settings import ValidationSettings

_SINGLE = ("level", "regime", "range", "odds", "tilt", "path")


def one_state_per_series(
    draft: Draft, facts: SymbolFacts, settings: ValidationSettings
) -> Iterator[Breach]:
    """Neighbouring states may be told of one series (it lies between them), distant ones not."""
    for series, codes in draft.states.items():
        if max(codes) - min(codes) >= 2:
            yield f"{series}: {STATES[codes[0]]}", f"{series}: {STATES[_farthest(codes)]}"


def _farthest(codes: tuple[int, ...]) -> int:
    return max(codes, key=lambda code: abs(code - codes[0]))


def one_movement_per_series(
    draft: Draft, facts: SymbolFacts, settings: ValidationSettings
) -> Iterator[Breach]:
    """A series has one movement a session."""
    for series, codes in draft.movements.items():
        if len(set(codes)) > 1:
            yield f"{series}: {_move(codes[0])}", f"{series}: {_move(_farthest(codes))}"


def one_value_per_subject(
    draft: Draft, facts: SymbolFacts, settings: ValidationSettings
) -> Iterator[Breach]:
    """Distance of a level, regime, range, odds, tilt and path have one value each."""
    first: dict[tuple[str, str], str] = {}
    for said in draft.statements:
        aspect = said.value.split(":")[0] if said.kind == "event" else ""
        if said.kind in _SINGLE or said.kind == "event":
            known = first.setdefault((said.kind, f"{said.subject}{aspect}"), said.value)
            if known != said.value:
                yield f"{said.kind} of {said.subject}: {said.value}", f"also said: {known}"


def tape_contradicts_text(
    draft: Draft, facts: SymbolFacts, settings: ValidationSettings
) -> Iterator[Breach]:
    """Tape and text may not lie two or more steps apart."""
    return _tape_gaps(draft, at_least=2)


def tape_differs_from_text(
    draft: Draft, facts: SymbolFacts, settings: ValidationSettings
) -> Iterator[Breach]:
    """Tape and text one step apart: possible for a hedged state, odd all the same."""
    return _tape_gaps(draft, at_least=1, at_most=1)


def _tape_gaps(draft: Draft, at_least: int, at_most: int = 4) -> Iterator[Breach]:
    for series, outcome in draft.continuation.tape.items():
        if outcome not in tape_outcomes(series):
            continue
        code = tape_outcomes(series).index(outcome)
        said = (
            tuple(m + 2 for m in draft.movements.get(series, ()))
            if series == "price"
            else draft.states.get(series, ())
        )
        for other in said:
            if at_least <= abs(other - code) <= at_most:
                yield f"{series}: {tape_outcomes(series)[other]}", f"tape: {outcome}"


def tape_is_readable(
    draft: Draft, facts: SymbolFacts, settings: ValidationSettings
) -> Iterator[Breach]:
    """Every tape entry is one of its series' five outcomes, and price has one."""
    for series, outcome in draft.continuation.tape.items():
        if outcome not in tape_outcomes(series):
            yield f"{series}: {outcome}", f"one of {', '.join(tape_outcomes(series))}"
    if "price" not in draft.continuation.tape:
        yield "no outcome for price", f"one of {', '.join(PRICE_OUTCOMES)}"


def absent_and_described(
    draft: Draft, facts: SymbolFacts, settings: ValidationSettings
) -> Iterator[Breach]:
    """What is called unreported cannot be described in the same story."""
    for said in draft.statements:
        if said.kind == "absence" and said.subject in (*draft.states, *draft.movements):
            yield f"{said.subject} is not reported", f"{said.subject} is described"


def said_and_denied(
    draft: Draft, facts: SymbolFacts, settings: ValidationSettings
) -> Iterator[Breach]:
    """What the text says is not so can neither be said elsewhere nor stand on the tape."""
    said = {(s.kind, s.subject, s.value) for s in draft.statements}
    for denial in draft.denied:
        if (denial.kind, denial.subject, denial.value) in said:
            yield f"{denial.subject} is not {denial.value}", "said to be so in the same text"
        elif _taped(draft, denial):
            yield f"{denial.subject} is not {denial.value}", f"tape: {_taped(draft, denial)}"


def _taped(draft: Draft, denial: Statement) -> str:
    """Return the tape's outcome where it is what a denial rules out; empty elsewhere."""
    outcome = draft.continuation.tape.get(denial.subject, "")
    if outcome not in PRICE_OUTCOMES and outcome not in STATES:
        return ""
    if denial.subject == "price":
        ruled_out = denial.kind == "movement" and PRICE_OUTCOMES[int(denial.value) + 2] == outcome
    else:
        ruled_out = denial.kind == "state" and denial.value == outcome
    return outcome if ruled_out else ""


def contradiction_untold(
    draft: Draft, facts: SymbolFacts, settings: ValidationSettings
) -> Iterator[Breach]:
    """Facts may pull apart, but a story that has seen them side by side says so."""
    told = {s.subject for s in draft.statements if s.kind == "tension"}
    for found in contradictions(draft.statements):
        if found.told is not None and found.told.subject not in told:
            yield _claim(found.first), _claim(found.second)


def event_before_its_time(
    draft: Draft, facts: SymbolFacts, settings: ValidationSettings
) -> Iterator[Breach]:
    """What is due within days has not happened within days, nor surprised anybody yet."""
    for found in contradictions(draft.statements):
        if found.told is None:
            yield _claim(found.first), _claim(found.second)


def _claim(said: Statement) -> str:
    value = _move(int(said.value)) if said.kind == "movement" else said.value
    return f"{said.subject}: {value}"


def tension_without_its_parts(
    draft: Draft, facts: SymbolFacts, settings: ValidationSettings
) -> Iterator[Breach]:
    """A tension is told of two facts; the draft's other sentences must not deny them."""
    moves = _price_moves(draft)
    for said in draft.statements:
        if said.kind != "tension" or not moves:
            continue
        if said.value.startswith("rise") and max(moves) < 0:
            yield said.value, f"price: {_move(moves[0])}"
        if said.value.startswith("fall") and min(moves) > 0:
            yield said.value, f"price: {_move(moves[0])}"
        volume = draft.states.get("volume", ())
        if said.value == "rise on thin volume" and volume and min(volume) >= 3:
            yield said.value, f"volume: {STATES[min(volume)]}"
        if said.value == "fall on heavy volume" and volume and max(volume) <= 1:
            yield said.value, f"volume: {STATES[max(volume)]}"


def _price_moves(draft: Draft) -> tuple[int, ...]:
    told = draft.movements.get("price", ())
    tape = draft.continuation.tape.get("price")
    return told or ((PRICE_OUTCOMES.index(tape) - 2,) if tape in PRICE_OUTCOMES else ())


def _move(code: int) -> str:
    return Movement(code).name.lower().replace("_", " ")


RULES: tuple[Rule, ...] = (
    Rule("a series is in one state", "coherence", "fatal", one_state_per_series),
    Rule("a series moves one way", "coherence", "fatal", one_movement_per_series),
    Rule("a thing is said one way", "coherence", "fatal", one_value_per_subject),
    Rule("the tape is readable", "coherence", "fatal", tape_is_readable),
    Rule("tape and text do not contradict", "coherence", "fatal", tape_contradicts_text),
    Rule("tape and text match", "coherence", "warning", tape_differs_from_text),
    Rule("the absent is not described", "coherence", "fatal", absent_and_described),
    Rule("what is denied is not said", "coherence", "fatal", said_and_denied),
    Rule("an event comes in its time", "coherence", "fatal", event_before_its_time),
    Rule("what pulls apart is told", "coherence", "warning", contradiction_untold),
    Rule("a tension fits its parts", "coherence", "warning", tension_without_its_parts),
)
