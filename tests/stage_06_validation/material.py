"""Facts and drafts written by hand, so that every test says what it is about and nothing more."""

from __future__ import annotations

import numpy as np

from foundation.contracts import TAPE, Continuation, Section, Statement, statement
from foundation.language import phrasings, read
from stage_06_validation.draft import Draft
from stage_06_validation.facts import SymbolFacts
from stage_06_validation.precedent import Precedents

MIDDLING = {
    "trend": "medium", "momentum": "medium", "volatility": "medium", "volume": "medium",
    "market volatility": "medium",
}  # fmt: skip


def facts(**changed: object) -> SymbolFacts:
    """Facts of a symbol whose series all stand at medium and have 1,000 past sessions each.

    From medium, states went to medium 600 times and to low or high 200 times each; nothing ever
    jumped by two steps.
    """
    change = np.zeros((5, 5), dtype=np.int64)
    change[2] = (0, 200, 600, 200, 0)
    transitions = np.broadcast_to(change, (1, len(TAPE), 5, 5)).copy()
    pairings = np.full((len(TAPE), len(TAPE), 5, 5), 40, dtype=np.int64)
    given: dict[str, object] = {
        "symbol": "AAA",
        "position": 0,
        "today": dict.fromkeys(TAPE, 2),
        "standing": {**dict.fromkeys(MIDDLING, 2), "price": 2, "oil": 2},
        "absent": frozenset(),
        "required": frozenset(),
        "spoken": frozenset(),
        "distributions": {s: np.array([0.05, 0.2, 0.5, 0.2, 0.05]) for s in TAPE},
        "market_view": {"market volatility": 2.0},
        "levels": {"support": "near", "resistance": "far"},
        "calendar": {"core inflation": {"since": 12.0, "until": 9.0}},
        "yardsticks": {},
        "regimes": {},
        "precedents": Precedents(transitions, pairings),
        "changes": dict.fromkeys((*MIDDLING, "price", "oil"), change),
    }
    return SymbolFacts(**{**given, **changed})  # type: ignore[arg-type]


def sound() -> tuple[Statement, ...]:
    """Statements of a story without fault, one per section and tape series."""
    return (
        statement("movement", "price", "+1"),
        *(statement("state", s, v, "clear") for s, v in MIDDLING.items()),
        statement("event", "core inflation", "until: weeks ahead"),
        statement("level", "support", "near"),
        statement("regime", "market", "trending", "clear"),
    )


def tape(**changed: str) -> dict[str, str]:
    """The tape that goes with ``sound``; underscores in names stand for spaces."""
    given = {"price": "rises", **MIDDLING}
    return given | {name.replace("_", " "): value for name, value in changed.items()}


def told(*statements: Statement) -> str:
    """One sentence per statement, in the language's first phrasing."""
    clauses = [phrasings(s)[0] for s in statements]
    return " ".join(f"{c[0].upper()}{c[1:]}." for c in clauses)


def continuation(text: str, given: dict[str, str] | None = None, **changed: object) -> Continuation:
    """A base draft of AAA."""
    fields: dict[str, object] = {
        "symbol": "AAA",
        "scenario": "base",
        "attempt": 1,
        "text": text,
        "tape": tape() if given is None else given,
        "log_probability": -10.0,
        "tokens": 100,
        "seed": 0,
        "temperature": 0.7,
        "ending": "complete",
    }
    return Continuation(**{**fields, **changed})  # type: ignore[arg-type]


def draft(*statements: Statement, given: dict[str, str] | None = None, **changed: object) -> Draft:
    """What the project's reader makes of the statements in words."""
    one = continuation(told(*statements), given, **changed)
    return Draft.of(one, read(one.text))


def all_sections() -> frozenset[Section]:
    """Every section of a story."""
    return frozenset(Section)
