"""What is made wrong in a real story, one flaw at a time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from foundation.contracts import (
    STATES,
    TAPE,
    Statement,
    statement,
    tape_outcomes,
)
from foundation.language import phrasings
from foundation.language.sections import section_of
from stage_06_validation.facts import SymbolFacts


@dataclass(frozen=True)
class Case:
    """A text that claims to be tomorrow's story, with its tape."""

    statements: tuple[Statement, ...]
    tape: dict[str, str]
    text: str


def written(case: Case, statements: list[Statement]) -> Case:
    """Return the case with other statements, one sentence each."""
    clauses = [phrasings(s)[0] for s in statements]
    text = " ".join(f"{c[0].upper()}{c[1:]}." for c in clauses)
    return replace(case, statements=tuple(statements), text=text)


def _swap(case: Case, old: Statement, new: Statement) -> Case:
    return written(case, [new if s is old else s for s in case.statements])


def _distant(code: int, rng: np.random.Generator, steps: int = 2) -> int | None:
    options = [k for k in range(5) if abs(k - code) >= steps]
    return int(rng.choice(options)) if options else None


def flip_price_move(case: Case, facts: SymbolFacts, rng: np.random.Generator) -> Case | None:
    """The text lets the price move against the tape."""
    for said in case.statements:
        if said.kind == "movement" and said.subject == "price":
            code = int(said.value)
            return _swap(case, said, statement("movement", "price", f"{-code or 2:+d}"))
    return None


def swap_tape_state(case: Case, facts: SymbolFacts, rng: np.random.Generator) -> Case | None:
    """The text puts a tape series two or more states away from the tape."""
    return _swap_state(case, rng, lambda s: s.subject in TAPE and s.subject != "price")


def swap_other_state(case: Case, facts: SymbolFacts, rng: np.random.Generator) -> Case | None:
    """The text puts a series outside the tape two or more states away: only data can tell."""
    return _swap_state(case, rng, lambda s: s.subject not in TAPE or s.subject == "price")


def _swap_state(
    case: Case, rng: np.random.Generator, wanted: Callable[[Statement], bool]
) -> Case | None:
    found = [s for s in case.statements if s.kind == "state" and wanted(s)]
    if not found:
        return None
    old = found[rng.integers(len(found))]
    code = _distant(STATES.index(old.value), rng)
    assert code is not None  # five states always have one two steps away
    return _swap(case, old, statement("state", old.subject, STATES[code], "clear"))


def say_it_both_ways(case: Case, facts: SymbolFacts, rng: np.random.Generator) -> Case | None:
    """A second sentence puts a series elsewhere."""
    found = [s for s in case.statements if s.kind == "state"]
    old = found[rng.integers(len(found))]
    code = _distant(STATES.index(old.value), rng)
    assert code is not None  # as above
    extra = statement("state", old.subject, STATES[code], "clear")
    return written(case, [*case.statements, extra])


def delete_section(case: Case, facts: SymbolFacts, rng: np.random.Generator) -> Case | None:
    """All that is said of one section is left out."""
    sections = sorted({section_of(s) for s in case.statements})
    gone = sections[rng.integers(len(sections))]
    return written(case, [s for s in case.statements if section_of(s) != gone])


def describe_the_absent(case: Case, facts: SymbolFacts, rng: np.random.Generator) -> Case | None:
    """Volume is described although the instrument reports none."""
    if "volume" not in facts.absent:
        return None
    kept = [s for s in case.statements if s.subject != "volume"]
    return written(case, [*kept, statement("state", "volume", STATES[rng.integers(5)], "clear")])


def jump(case: Case, facts: SymbolFacts, rng: np.random.Generator) -> Case | None:
    """Tape and text agree on a state that lies three or more steps from today's."""
    states = {s.subject: s for s in case.statements if s.kind == "state"}
    found = [
        (series, code)
        for series, start in facts.today.items()
        for code in range(5)
        if series != "price" and series in states and abs(code - start) >= 3
    ]
    if not found:
        return None
    series, code = found[rng.integers(len(found))]
    changed = _swap(case, states[series], statement("state", series, STATES[code], "clear"))
    return replace(changed, tape={**case.tape, series: tape_outcomes(series)[code]})


def move_against_change(case: Case, facts: SymbolFacts, rng: np.random.Generator) -> Case | None:
    """A series spikes into a state below today's, or collapses into one above."""
    for said in case.statements:
        if said.kind == "state" and said.subject in ("volatility", "momentum", "volume"):
            change = STATES.index(said.value) - facts.standing.get(said.subject, 0)
            if change:
                move = statement("movement", said.subject, "-2" if change > 0 else "+2")
                others = [
                    s
                    for s in case.statements
                    if not (s.kind == "movement" and s.subject == said.subject)
                ]
                return written(case, [*others, move])
    return None


def wrong_date(case: Case, facts: SymbolFacts, rng: np.random.Generator) -> Case | None:
    """A release is told as due tomorrow when it is weeks away, or the reverse."""
    for said in case.statements:
        if said.kind == "event" and said.value.startswith("until"):
            other = "until: tomorrow" if "weeks" in said.value else "until: weeks ahead"
            return _swap(case, said, statement("event", said.subject, other))
    return None


def babble(case: Case, facts: SymbolFacts, rng: np.random.Generator) -> Case | None:
    """Every third sentence says something that the language does not know."""
    sentences = [f"{phrasings(s)[0].capitalize()}." for s in case.statements]
    sentences[::3] = ["Buyers were dancing in the aisles." for _ in sentences[::3]]
    return replace(case, text=" ".join(sentences))


def turn_in_circles(case: Case, facts: SymbolFacts, rng: np.random.Generator) -> Case | None:
    """The whole text is said twice."""
    return replace(case, text=f"{case.text} {case.text}")


def break_off(case: Case, facts: SymbolFacts, rng: np.random.Generator) -> Case | None:
    """The text stops half-way without saying so."""
    return replace(case, text=case.text[: len(case.text) // 2])
