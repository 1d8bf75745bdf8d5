"""Risks in four groups, each with the clause or the cell of data that it rests on.

Severity in [0, 1] orders risks; it is a convention, not a probability, except for the sharp
adverse move, where it is the model's own probability.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Literal

import numpy as np

from foundation.contracts import STATES, Claim, Risk
from foundation.language import tone
from stage_07_signal_extraction.settings import SignalSettings
from stage_07_signal_extraction.view import SymbolView, clause, evidence_of

Group = Literal["technical", "fundamental", "market structure", "event"]
Finder = Callable[[SymbolView, SignalSettings], Iterator[Risk]]


def find_risks(view: SymbolView, settings: SignalSettings) -> tuple[Risk, ...]:
    """Return the gravest risks first, at most ``most_risks``; ties keep the order of finders."""
    found = [risk for finder in FINDERS for risk in finder(view, settings)]
    return tuple(sorted(found, key=lambda risk: -risk.severity)[: settings.most_risks])


def _risk(group: Group, text: str, evidence: str, severity: float) -> Risk:
    return Risk(
        group=group, text=text, evidence=evidence, severity=float(np.clip(severity, 0.0, 1.0))
    )


def level_in_the_way(view: SymbolView, settings: SignalSettings) -> Iterator[Risk]:
    """A past extreme close ahead, at which the move may fail."""
    ahead = {1: ("resistance", view.levels.resistance), -1: ("support", view.levels.support)}
    side, level = ahead.get(view.sign, ("", None))
    if level is None or not np.isfinite(view.scale) or view.scale <= 0:
        return
    distance = abs(level - view.levels.entry) / view.scale
    if distance <= settings.near_level_multiple:
        move = "advance may fail at" if view.sign > 0 else "decline may halt at"
        yield _risk(
            "technical",
            f"The {move} {side} near {level:,.2f}, {distance:.1f} usual daily ranges away.",
            f"{side} {level:,.2f} against a close of {view.levels.entry:,.2f}",
            0.8 - 0.5 * distance / settings.near_level_multiple,
        )


def stretched_momentum(view: SymbolView, settings: SignalSettings) -> Iterator[Risk]:
    """Momentum at the end of its scale in the signal's own direction."""
    extreme = {1: STATES[-1], -1: STATES[0]}.get(view.sign)
    for claim in _states(view, "momentum", extreme):
        word = "overbought" if view.sign > 0 else "oversold"
        yield _risk(
            "technical",
            f"Momentum is already {word}, which often precedes a pause.",
            evidence_of(claim),
            0.5 * claim.degree,
        )


def opposing_signs(view: SymbolView, settings: SignalSettings) -> Iterator[Risk]:
    """Patterns and tensions of today that speak against the signal (for a neutral one, all)."""
    for claim in view.claims:
        said = claim.statement
        if said.kind not in ("pattern", "tension"):
            continue
        speaks = tone(said)
        if speaks == 0 or speaks * view.sign > 0:
            continue
        volume = said.kind == "tension" and said.subject == "participation"
        text = (
            f"Volume and price pull apart: {clause(said)}."
            if volume
            else f"Against the signal, {clause(said)}."
            if view.sign
            else f"A one-sided sign: {clause(said)}."
        )
        yield _risk("technical", text, evidence_of(claim), abs(speaks) * 0.7 * claim.degree)


def credit_conditions(view: SymbolView, settings: SignalSettings) -> Iterator[Risk]:
    """Credit spreads that are wide or widening."""
    for claim in view.claims:
        said = claim.statement
        if said.subject != "credit spread":
            continue
        wide = said.kind == "state" and STATES.index(said.value) >= 3
        widening = said.kind == "movement" and int(said.value) > 0
        if wide or widening:
            yield _risk(
                "fundamental",
                f"Funding conditions are a headwind: {clause(said)}.",
                evidence_of(claim),
                0.5 * claim.degree,
            )


def oil_shock(view: SymbolView, settings: SignalSettings) -> Iterator[Risk]:
    """Oil at an end of its scale: a cost shock, or a sign of weak demand."""
    for state in (STATES[0], STATES[-1]):
        for claim in _states(view, "oil", state):
            meaning = "demand may be weak" if state == STATES[0] else "costs may rise"
            yield _risk(
                "fundamental", f"Oil is at an extreme and {meaning}.", evidence_of(claim), 0.3
            )


def volatility_extremes(view: SymbolView, settings: SignalSettings) -> Iterator[Risk]:
    """Fear, or the absence of any; an instrument far more restless than usual."""
    for claim in _states(view, "market volatility", *STATES[3:]):
        yield _risk(
            "market structure",
            f"The market is nervous and gaps are more likely: {clause(claim.statement)}.",
            evidence_of(claim),
            0.6 * claim.degree,
        )
    for claim in _states(view, "market volatility", STATES[0]):
        yield _risk(
            "market structure",
            "The market expects next to nothing to happen; a surprise would find it unprepared.",
            evidence_of(claim),
            0.35 * claim.degree,
        )
    for claim in _states(view, "volatility", STATES[-1]):
        yield _risk(
            "market structure",
            "Daily swings are at the top of their range, so stops are hit by noise more easily.",
            evidence_of(claim),
            0.5 * claim.degree,
        )


def narrow_market(view: SymbolView, settings: SignalSettings) -> Iterator[Risk]:
    """An advance that few instruments share."""
    if view.sign > 0:
        for claim in _states(view, "breadth", *STATES[:2]):
            yield _risk(
                "market structure",
                "Few instruments take part, so the advance rests on a narrow base.",
                evidence_of(claim),
                0.4 * claim.degree,
            )


def unreported_data(view: SymbolView, settings: SignalSettings) -> Iterator[Risk]:
    """What the source does not report cannot warn anybody."""
    missing = [f for f in ("high", "low", "volume") if f not in view.instrument.fields]
    if missing:
        names = {"high": "highs", "low": "lows", "volume": "volume"}
        told = [names[f] for f in missing]
        listed = told[0] if len(told) == 1 else f"{', '.join(told[:-1])} and {told[-1]}"
        be = "is" if told == ["volume"] else "are"
        yield _risk(
            "market structure",
            f"{listed.capitalize()} {be} not reported, so liquidity and intraday extremes "
            "are unseen.",
            f"{view.instrument.symbol} reports {', '.join(view.instrument.fields)} only",
            0.25,
        )


def sharp_adverse_move(view: SymbolView, settings: SignalSettings) -> Iterator[Risk]:
    """The model's own probability of the sharp move against the signal."""
    code, word = (4, "rise") if view.sign < 0 else (0, "drop")
    chance = float(view.price[code])
    yield _risk(
        "market structure",
        f"The story model gives a sharp {word} on the next session {chance:.0%}.",
        f"distribution of price, outcome {code}, on {view.market.target_session} = {chance:.4f}",
        chance,
    )


def release_ahead(view: SymbolView, settings: SignalSettings) -> Iterator[Risk]:
    """A scheduled release within the horizon; the count is of weekdays."""
    session, following = view.market.session, view.market.target_session
    due: dict[str, np.datetime64] = {}
    for event in view.market.events:
        day = event.event_time.date()
        if day > session and event.symbol in ("MARKET", view.instrument.symbol):
            due[event.name] = min(due.get(event.name, np.datetime64(day)), np.datetime64(day))
    for name, when in sorted(due.items()):
        days = int(np.busday_count(session, when))
        if days <= settings.event_days:
            next_one = when <= np.datetime64(following)
            count = f"on {following:%A}, the next session" if next_one else f"in {days} weekdays"
            yield _risk(
                "event",
                f"{name[0].upper()}{name[1:]} is due {count} and may move prices either way.",
                f"events.{name} scheduled for {when}",
                0.6 - 0.06 * days,
            )
    for claim in view.claims:
        said = claim.statement
        near = said.kind == "event" and said.value in ("until: tomorrow", "until: days ahead")
        if near and said.subject not in due:
            yield _risk("event", f"A release is near: {clause(said)}.", evidence_of(claim), 0.4)


def _states(view: SymbolView, series: str, *states: str | None) -> Iterator[Claim]:
    for claim in view.claims:
        said = claim.statement
        if said.kind == "state" and said.subject == series and said.value in states:
            yield claim


FINDERS: tuple[Finder, ...] = (
    level_in_the_way,
    stretched_momentum,
    opposing_signs,
    credit_conditions,
    oil_shock,
    volatility_extremes,
    narrow_market,
    unreported_data,
    sharp_adverse_move,
    release_ahead,
)
