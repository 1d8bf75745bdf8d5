"""What a theme sounds like: a title, and what its instruments do.

States are graded against a series' own past quarter, and the words say so ("than usual", "than
of late"). A phrase is a predicate in the plural; the second is what is said of those at the
extreme: "... fell today, four of them sharply".
"""

from __future__ import annotations

from dataclasses import dataclass

from foundation.contracts import Movement
from foundation.language.phrases import PATTERNS


@dataclass(frozen=True)
class Phrase:
    """A theme's words. ``extreme`` is empty where the theme itself is the extreme."""

    title: str
    does: str
    extreme: str = ""


Key = tuple[str, str, frozenset[int]]
"""Kind of statement, subject, and the codes (of state or movement) that count."""

VERY_LOW, LOW, MIDDLE = frozenset({0}), frozenset({0, 1}), frozenset({2})
HIGH, VERY_HIGH = frozenset({3, 4}), frozenset({4})

_STATES: dict[str, tuple[Phrase, Phrase, Phrase, Phrase, Phrase]] = {
    "price": (
        Phrase("Far below the quarter's mean", "trade far below their quarterly mean"),
        Phrase("Below the quarter's mean", "trade below their quarterly mean", "far below it"),
        Phrase("Close to the quarter's mean", "trade close to their quarterly mean"),
        Phrase("Above the quarter's mean", "trade above their quarterly mean", "far above it"),
        Phrase("Far above the quarter's mean", "trade far above their quarterly mean"),
    ),
    "trend": (
        Phrase("Much weaker trends", "have a much weaker trend than of late"),
        Phrase("Weaker trends", "have a weaker trend than of late", "a much weaker one"),
        Phrase("Steady trends", "have much the same trend as of late"),
        Phrase("Firmer trends", "have a firmer trend than of late", "a much firmer one"),
        Phrase("Much firmer trends", "have a much firmer trend than of late"),
    ),
    "volume": (
        Phrase("Very thin volume", "trade on very thin volume"),
        Phrase("Light volume", "trade on light volume", "on very thin volume"),
        Phrase("Normal volume", "trade on normal volume"),
        Phrase("Heavy volume", "trade on heavy volume", "on very heavy volume"),
        Phrase("Very heavy volume", "trade on very heavy volume"),
    ),
    "momentum": (
        Phrase("Unusually weak momentum", "sit in very low momentum"),
        Phrase("Weak momentum", "show weaker momentum than usual", "much weaker"),
        Phrase("Balanced momentum", "show ordinary momentum"),
        Phrase("Strong momentum", "show stronger momentum than usual", "much stronger"),
        Phrase("Unusually strong momentum", "enjoy very high momentum"),
    ),
    "trend strength": (
        Phrase("Hardly any direction", "move with hardly any direction"),
        Phrase("Little direction", "move with little direction", "with hardly any"),
        Phrase("Ordinary direction", "move with ordinary direction"),
        Phrase("Clear direction", "move with clear direction", "with unusually clear direction"),
        Phrase("Unusually clear direction", "move with unusually clear direction"),
    ),
    "band width": (
        Phrase("Very tight trading bands", "trade in a very tight band"),
        Phrase("Tight trading bands", "trade in a tight band", "in a very tight one"),
        Phrase("Ordinary trading bands", "trade in a band of ordinary width"),
        Phrase("Wide trading bands", "trade in a wide band", "in a very wide one"),
        Phrase("Very wide trading bands", "trade in a very wide band"),
    ),
    "volatility": (
        Phrase("Far calmer than usual", "move far less than usual"),
        Phrase("Calmer than usual", "move less than usual", "far less"),
        Phrase("Ordinary volatility", "move as much as usual"),
        Phrase("Rougher than usual", "move more than usual", "far more"),
        Phrase("Far rougher than usual", "move far more than usual"),
    ),
}
_MOVEMENTS: dict[str, tuple[Phrase, Phrase, Phrase, Phrase, Phrase]] = {
    "price": (
        Phrase("A sharp fall", "fell sharply on the day"),
        Phrase("A falling day", "fell on the day", "sharply"),
        Phrase("A day of little movement", "held steady on the day"),
        Phrase("A rising day", "rose on the day", "sharply"),
        Phrase("A sharp rise", "rose sharply on the day"),
    ),
    "momentum": (
        Phrase("Momentum gives way", "lost momentum sharply on the day"),
        Phrase("Momentum eases", "lost momentum on the day", "sharply"),
        Phrase("Momentum holds", "kept their momentum on the day"),
        Phrase("Momentum builds", "gained momentum on the day", "sharply"),
        Phrase("Momentum surges", "gained momentum sharply on the day"),
    ),
    "volume": (
        Phrase("Volume dries up", "saw their volume collapse on the day"),
        Phrase("Volume eases", "saw their volume fall on the day", "collapse"),
        Phrase("Volume holds", "traded as much as the day before"),
        Phrase("Volume picks up", "saw their volume rise on the day", "jump"),
        Phrase("Volume jumps", "saw their volume jump on the day"),
    ),
}
CODES: tuple[frozenset[int], ...] = (VERY_LOW, LOW, MIDDLE, HIGH, VERY_HIGH)

PHRASES: dict[Key, Phrase] = {
    (kind, subject, codes): phrase
    for kind, table in (("state", _STATES), ("movement", _MOVEMENTS))
    for subject, phrases in table.items()
    for codes, phrase in zip(CODES, phrases, strict=True)
}
"""Words by key; movement codes are shifted by two, so that 0 drops sharply and 4 rises sharply."""

FAMILY: dict[str, str] = {
    "price": "direction", "trend": "direction", "momentum": "direction",
    "trend strength": "strength", "volume": "participation",
    "volatility": "unrest", "band width": "unrest",
}  # fmt: skip
"""Subjects that tell much the same; a headline names one of each family."""

_STEPS: dict[Movement, str] = {
    Movement.DROPS_SHARPLY: "fell sharply",
    Movement.DROPS: "fell",
    Movement.STEADY: "stood still",
    Movement.RISES: "rose",
    Movement.RISES_SHARPLY: "rose sharply",
}


def path_phrase(steps: tuple[int, int, int]) -> Phrase:
    """Return the words of a path over three overlapping segments: ``fell, fell again, rose``."""
    if len(set(steps)) == 1:
        return Phrase(
            "A shared path", f"{_STEPS[Movement(steps[0])]} throughout the past two weeks"
        )
    verbs = [_STEPS[Movement(s)] for s in steps]
    if steps[0] == steps[1]:
        told = f"{verbs[0]} for most of the past two weeks and then {verbs[2]}"
    elif steps[1] == steps[2]:
        told = f"first {verbs[0]} and then {verbs[1]} for most of the past two weeks"
    else:
        told = f"{verbs[0]}, then {verbs[1]} and at last {verbs[2]} over the past two weeks"
    return Phrase("A shared path", told)


def pattern_phrase(name: str) -> Phrase:
    """Return the words of a chart pattern."""
    return Phrase(name[:1].upper() + name[1:], f"show {PATTERNS[name]}")


GAUGES: dict[str, tuple[str, str]] = {
    "market volatility": ("implied market volatility", "is"),
    "credit spread": ("credit spreads", "are"),
    "oil": ("oil", "is"),
    "breadth": ("market breadth", "is"),
}
"""Market-wide series by name, with their verb."""

LEVELS: dict[str, tuple[str, str, str, str, str]] = {
    "price": (
        "far below its quarterly mean", "below its quarterly mean", "close to its quarterly mean",
        "above its quarterly mean", "far above its quarterly mean",
    ),
    "trend": (
        "much weaker than of late", "weaker than of late", "much as it was",
        "firmer than of late", "much firmer than of late",
    ),
    "momentum": ("very weak", "weak", "ordinary", "strong", "very strong"),
}  # fmt: skip
"""Median states of a group, lowest first, for series on which groups are compared."""
