"""Checks of a draft against today's data, the past, and the model's own distributions."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

import numpy as np

from foundation.contracts import STATES, TAPE, Movement, Statement, tape_outcomes
from stage_06_validation.draft import Draft
from stage_06_validation.facts import LEVEL_BANDS, SymbolFacts
from stage_06_validation.rule import Breach, Rule
from stage_06_validation.settings import ValidationSettings


def said_outcomes(draft: Draft) -> dict[str, int]:
    """Return the outcome codes that a draft claims, from its tape and, failing that, its text."""
    said = {
        series: tape_outcomes(series).index(outcome)
        for series, outcome in draft.continuation.tape.items()
        if outcome in tape_outcomes(series)
    }
    for series in TAPE:
        if series == "price" and draft.movements.get(series):
            said.setdefault(series, draft.movements[series][0] + 2)
        elif series != "price" and draft.states.get(series):
            said.setdefault(series, draft.states[series][0])
    return {series: said[series] for series in TAPE if series in said}


def absent_is_spoken_of(
    draft: Draft, facts: SymbolFacts, settings: ValidationSettings
) -> Iterator[Breach]:
    """Nothing can be said of a series that the instrument does not report."""
    told = {s.subject for s in draft.statements if s.kind in ("state", "movement", "path")}
    for series in sorted(told | set(draft.continuation.tape)):
        if series in facts.absent:
            yield f"{series} is described", f"{series} is not reported for {facts.symbol}"


def reported_is_called_absent(
    draft: Draft, facts: SymbolFacts, settings: ValidationSettings
) -> Iterator[Breach]:
    """A series that is there today will not be unreported tomorrow."""
    for said in draft.statements:
        if said.kind == "absence" and said.subject in facts.standing:
            yield f"{said.subject} is not reported", f"{said.subject} is reported today"


def jump_without_precedent(
    draft: Draft, facts: SymbolFacts, settings: ValidationSettings
) -> Iterator[Breach]:
    """A state does not leap over several steps in one session unless it has done so before."""
    claimed = {series: codes[0] for series, codes in draft.states.items()}
    claimed |= {s: code for s, code in said_outcomes(draft).items() if s != "price"}
    for series, code in claimed.items():
        start, changes = facts.standing.get(series), facts.changes.get(series)
        if start is None or changes is None or abs(code - start) < settings.jump_steps:
            continue
        seen, times = int(changes[start].sum()), int(changes[start, code])
        # Laplace's rule of succession: never seen in few sessions is not yet rare.
        if (times + 1) / (seen + len(STATES)) <= settings.precedent_floor:
            yield (
                f"{series}: from {STATES[start]} to {STATES[code]} in one session",
                f"{times} of {seen} past sessions",
            )


def movement_against_change(
    draft: Draft, facts: SymbolFacts, settings: ValidationSettings
) -> Iterator[Breach]:
    """A series that rises sharply does not end in a lower state than today's, nor the reverse."""
    for series, moves in draft.movements.items():
        start, states = facts.standing.get(series), draft.states.get(series)
        if start is None or not states or series == "price":
            continue
        change = states[0] - start
        if abs(moves[0]) + abs(change) >= 3 and moves[0] * change < 0:
            yield (
                f"{series}: {Movement(moves[0]).name.lower().replace('_', ' ')}, "
                f"{STATES[states[0]]}",
                f"{STATES[start]} today",
            )


def pairing_without_precedent(
    draft: Draft, facts: SymbolFacts, settings: ValidationSettings
) -> Iterator[Breach]:
    """Two outcomes that chance would often have paired but that were hardly ever seen together."""
    for (one, i), (two, j) in combinations(said_outcomes(draft).items(), 2):
        table = facts.precedents.pairings[TAPE.index(one), TAPE.index(two)]
        seen = int(table.sum())
        if seen < settings.precedent_observations:
            continue
        by_chance = table[i].sum() * table[:, j].sum() / seen**2
        together = table[i, j] / seen
        if by_chance > 5 * settings.precedent_floor and together <= settings.precedent_floor:
            yield (
                f"{one}: {tape_outcomes(one)[i]} with {two}: {tape_outcomes(two)[j]}",
                f"together in {int(table[i, j])} of {seen} past sessions, "
                f"{by_chance * seen:.0f} by chance",
            )


def magnitude_is_rare(
    draft: Draft, facts: SymbolFacts, settings: ValidationSettings
) -> Iterator[Breach]:
    """A price move of a size that the instrument's past hardly knows."""
    code = said_outcomes(draft).get("price")
    if code is None:
        return
    share = facts.precedents.share(facts.position, TAPE.index("price"))[code]
    if not np.isnan(share) and share <= settings.precedent_floor:
        yield f"price: {tape_outcomes('price')[code]}", f"{share:.2%} of past sessions"


def improbable_to_the_model(
    draft: Draft, facts: SymbolFacts, settings: ValidationSettings
) -> Iterator[Breach]:
    """The drawn text claims what the model's own distribution all but rules out.

    The risk scenario is improbable by design and is not held to this.
    """
    if draft.continuation.scenario == "risk":
        return
    for series, code in said_outcomes(draft).items():
        if series in facts.distributions:
            chance = float(facts.distributions[series][code])
            if chance < settings.improbable:
                yield f"{series}: {tape_outcomes(series)[code]}", f"probability {chance:.1%}"


def against_the_market_view(
    draft: Draft, facts: SymbolFacts, settings: ValidationSettings
) -> Iterator[Breach]:
    """A market-wide series has one tomorrow, whichever instrument's story tells it."""
    if draft.continuation.scenario == "risk":
        return
    said = said_outcomes(draft)
    for series, view in facts.market_view.items():
        if series in said and abs(said[series] - view) >= 2:
            yield f"{series}: {STATES[said[series]]}", f"{STATES[round(view)]} over all stories"


def level_out_of_place(
    draft: Draft, facts: SymbolFacts, settings: ValidationSettings
) -> Iterator[Breach]:
    """A level that was far off today is not being tested tomorrow, and must exist at all."""
    for said in draft.statements:
        if said.kind != "level" or said.value not in LEVEL_BANDS:
            continue
        today = facts.levels.get(said.subject)
        if today is None:
            yield f"{said.subject}: {said.value}", "today's story knows no such level"
        elif abs(LEVEL_BANDS.index(said.value) - LEVEL_BANDS.index(today)) >= settings.level_steps:
            yield f"{said.subject}: {said.value}", f"{today} today"


def event_off_schedule(
    draft: Draft, facts: SymbolFacts, settings: ValidationSettings
) -> Iterator[Breach]:
    """A release is told at the wrong distance from its date (bands that touch are let pass)."""
    for said, days in _scheduled(draft, facts):
        low, high = _EVENT_BANDS[said.value]
        if not low <= days <= high and not _far_off(said.value, days):
            yield f"{said.subject}, {said.value}", f"{days:.0f} days on the target session"


def event_far_off_schedule(
    draft: Draft, facts: SymbolFacts, settings: ValidationSettings
) -> Iterator[Breach]:
    """A release that is weeks away is told for today or tomorrow, or the reverse."""
    for said, days in _scheduled(draft, facts):
        if _far_off(said.value, days):
            yield f"{said.subject}, {said.value}", f"{days:.0f} days on the target session"


def _scheduled(draft: Draft, facts: SymbolFacts) -> Iterator[tuple[Statement, float]]:
    for said in draft.statements:
        if said.kind == "event" and said.value in _EVENT_BANDS:
            aspect = said.value.partition(": ")[0]
            days = facts.calendar.get(said.subject, {}).get(aspect)
            if days is not None:
                yield said, days


def _far_off(value: str, days: float) -> bool:
    _, high = _EVENT_BANDS[value]
    if high == np.inf:
        return days <= 1
    return high <= 1 and days > 7


_EVENT_BANDS: dict[str, tuple[float, float]] = {
    "since: today": (0, 0),
    "since: days ago": (1, 7),
    "since: weeks ago": (5, np.inf),
    "until: tomorrow": (1, 1),
    "until: days ahead": (2, 7),
    "until: weeks ahead": (5, np.inf),
}
"""Days that each phrase may stand for. Borders are a setting of stage 03; the ranges overlap so
that no likely choice of it is called an error."""


def quantitative_turn(
    draft: Draft, facts: SymbolFacts, settings: ValidationSettings
) -> Iterator[Breach]:
    """The quantitative context is slow; a regime it all but rules out today is reported."""
    for said in draft.statements:
        chance = facts.regimes.get(said.value) if said.kind == "regime" else None
        if chance is not None and chance < 0.1:
            yield f"regime: {said.value}", f"probability {chance:.0%} today"


RULES: tuple[Rule, ...] = (
    Rule("what is absent is not described", "accuracy", "fatal", absent_is_spoken_of),
    Rule("what is reported is not absent", "accuracy", "fatal", reported_is_called_absent),
    Rule("a jump has a precedent", "accuracy", "fatal", jump_without_precedent),
    Rule("movement fits the change of state", "accuracy", "fatal", movement_against_change),
    Rule("a pairing has a precedent", "accuracy", "warning", pairing_without_precedent),
    Rule("the magnitude is typical", "accuracy", "warning", magnitude_is_rare),
    Rule("the model believes it", "accuracy", "warning", improbable_to_the_model),
    Rule("the market has one tomorrow", "accuracy", "warning", against_the_market_view),
    Rule("levels keep their place", "accuracy", "warning", level_out_of_place),
    Rule("events keep their dates", "accuracy", "warning", event_off_schedule),
    Rule("events are not weeks off", "accuracy", "fatal", event_far_off_schedule),
    Rule("the regime is in sight", "accuracy", "note", quantitative_turn),
)
