"""What is made of one clause, and the claims that are whole turns or name things, not series."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from foundation.contracts import Statement, statement
from foundation.language.grammar import PATTERN_HEDGES
from foundation.language.reading.cutting import Piece
from foundation.language.reading.predicates import Said, resolved
from foundation.language.reading.words import Word
from foundation.language.synonyms import LATER


@dataclass
class Found:
    """What was made of one clause."""

    statements: list[Statement] = field(default_factory=list)
    denied: list[Statement] = field(default_factory=list)
    used: set[int] = field(default_factory=set)
    why: str = ""

    def take(self, said: Said) -> None:
        self.statements += [s for s in said.statements if s not in self.statements]
        self.denied += [s for s in said.denied if s not in self.denied]
        self.used |= said.used

    def settle(self) -> None:
        """Turn denials that leave one thing into that thing."""
        groups: dict[tuple[str, str], list[Statement]] = {}
        for denial in self.denied:
            groups.setdefault((denial.kind, denial.subject), []).append(denial)
        for denials in groups.values():
            said = resolved(denials)
            if said is not None:
                self.denied = [d for d in self.denied if d not in denials]
                if said not in self.statements:
                    self.statements.append(said)


def _claimed(before: Sequence[Word]) -> bool:
    """Say whether a turn of phrase has another subject in front ("the oil slide continues")."""
    last = before[-1] if before else None
    return last is not None and (last.unknown or last.get("noun") not in (None, "price"))


def take_patterns(told: Sequence[Word], found: Found, negated: bool) -> None:
    """Take up chart patterns that are named; partial where they are only in the making."""
    for i, word in enumerate(told):
        name = word.get("pattern")
        if not isinstance(name, str) or any(w.text in LATER for w in told):
            continue
        found.used.add(i)
        if negated or any(w.has("negation") for w in told[:i]):
            found.denied += [statement("pattern", name, "seen", h) for h in PATTERN_HEDGES]
            continue
        hedge = (
            "partial"
            if any(w.has("partial") for w in told)
            else "textbook"
            if any(w.has("textbook") for w in told)
            else "clear"
        )
        found.statements.append(statement("pattern", name, "seen", hedge))


def take_levels(told: Sequence[Word], found: Found) -> None:
    """Take up how far support or resistance is."""
    sides = [(i, w.get("side")) for i, w in enumerate(told) if w.has("side")]
    if len(sides) != 1 or any(w.has("possibility", "negation", "other time") for w in told):
        return
    at, side = sides[0]
    bands = [
        i
        for i, w in enumerate(told)
        if w.has("band") and i != at and not _strange_between(told, i, at)
    ]
    if bands and isinstance(side, str):
        # Behind the side counts before in front of it: "the price is well above support, near".
        best = min(bands, key=lambda i: abs(i - at))
        found.statements.append(statement("level", side, str(told[best].get("band"))))
        found.used |= {at, best}


def _strange_between(told: Sequence[Word], one: int, other: int) -> bool:
    between = told[min(one, other) + 1 : max(one, other)]
    return any(w.unknown or w.has("noun", "pattern") for w in between)


def take_regime(told: Sequence[Word], found: Found) -> None:
    """Take up the regime; probable where it only seems so."""
    nouns = [i for i, w in enumerate(told) if w.has("regime noun")]
    kinds = [i for i, w in enumerate(told) if w.has("regime")]
    if not nouns or not kinds or any(w.has("negation") for w in told):
        return
    hedge = "probable" if any(w.has("probably") for w in told) else "clear"
    found.statements.append(statement("regime", "market", str(told[kinds[0]].get("regime")), hedge))
    found.used |= {nouns[0], kinds[0]}


def take_idioms(piece: Piece, found: Found, negated: bool) -> None:
    """Take up turns of phrase that say one thing as a whole."""
    for said, first, last in piece.idioms:
        found.used |= set(range(first, last))
        before = piece.words[:first]
        if any(w.has("possibility") for w in before) or _claimed(before):
            continue
        if negated or any(w.has("negation") for w in before):
            found.denied.append(said)
        else:
            found.statements.append(said)
