"""How the five states of a series are graded in words.

A state and its hedge lie at one of eleven grades either side of the middle: an adjective and
how strongly it is meant. "Somewhat elevated" and "markedly elevated" are different claims, and
each reads like what a person would write. States are relative to a series' own past quarter.

Rules: within one series no phrase serves two meanings; none holds a connective or an opener.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

from foundation.contracts import STATES

HEDGES: tuple[str, ...] = (
    "clear",
    "leaning lower",
    "leaning higher",
    "between lower",
    "between higher",
)
"""How firmly a state holds: membership >= 0.85, 0.65 to 0.85, or 0.5 to 0.65 with a neighbour."""

GRADES: dict[tuple[int, str], str] = {
    (2, "clear"): "extreme",
    (2, "inward leaning"): "very",
    (2, "inward between"): "strong",
    (1, "outward between"): "marked",
    (1, "outward leaning"): "clear",
    (1, "clear"): "plain",
    (1, "inward leaning"): "mild",
    (1, "inward between"): "slight",
    (0, "outward between"): "touched",
    (0, "outward leaning"): "tinged",
    (0, "clear"): "middle",
}
"""From states away from the middle and the lean of the hedge to how strongly a word is meant."""


def _frames(
    frame: str, adverbs: dict[str, str], tinged: tuple[str, ...]
) -> dict[str, tuple[str, ...]]:
    """Return, by grade, a frame with each of its adverbs (a dash stands for none)."""
    return {
        grade: tuple(frame.format(adverb=adverb).removeprefix("- ") for adverb in words.split(", "))
        for grade, words in adverbs.items()
    } | {"tinged": tinged}


_ADJECTIVE = _frames(
    "{adverb} {{x}}",
    {
        "extreme": "exceptionally, extremely, remarkably, most unusually",
        "very": "very, unusually, notably, uncommonly",
        "strong": "strikingly, distinctly, conspicuously, unmistakably",
        "marked": "markedly, decidedly, definitely, appreciably",
        "clear": "clearly, plainly, noticeably, visibly",
        "plain": "-, rather",
        "mild": "fairly, moderately, reasonably, relatively",
        "slight": "somewhat, a little, a bit, a trifle",
        "touched": "slightly, mildly, marginally, faintly",
    },
    ("{m}, if a shade {x}", "a touch {x}", "only just {x}", "barely {x}"),
)
_COMPARATIVE = _frames(
    "{adverb} {{x}} {{than}}",
    {
        "extreme": "far, vastly, very much, dramatically",
        "very": "much, a great deal, a lot, greatly",
        "strong": "considerably, substantially, a good deal, strikingly",
        "marked": "markedly, decidedly, distinctly, appreciably",
        "clear": "clearly, plainly, noticeably, visibly",
        "plain": "-, rather",
        "mild": "moderately, modestly",
        "slight": "somewhat, a little, a bit, a trifle",
        "touched": "slightly, marginally, fractionally, faintly",
    },
    ("{m}, if a shade {x}", "a touch {x} {than}", "{m}, if barely {x}", "a shade {x} {than}"),
)
_SIDE = _frames(
    "{adverb} {{x}} {{than}}",
    {
        "extreme": "very far, remarkably far",
        "very": "far, a long way",
        "strong": "well, a good way",
        "marked": "markedly, distinctly",
        "clear": "clearly, plainly",
        "plain": "-, some way",
        "mild": "moderately, not far",
        "slight": "somewhat, a little",
        "touched": "slightly, marginally",
    },
    ("a shade {x} {than}", "just {x} {than}"),
)


@dataclass(frozen=True)
class Scale:
    """The words of one series.

    Attributes
    ----------
    low, high : tuple of str
        Adjectives of either side; alternatives mean the same.
    middle : tuple of str
        Whole predicates of the middle state.
    lowest, highest : tuple of str
        Idioms for the clear extremes, beside the graded adjectives.
    frames : dict
        How a grade is put.
    than : str
        What a comparison is with.
    """

    low: tuple[str, ...]
    middle: tuple[str, ...]
    high: tuple[str, ...]
    lowest: tuple[str, ...] = ()
    highest: tuple[str, ...] = ()
    frames: tuple[tuple[str, tuple[str, ...]], ...] = tuple(_ADJECTIVE.items())
    than: str = ""


def _comparing(
    than: str, low: tuple[str, ...], middle: tuple[str, ...], high: tuple[str, ...]
) -> Scale:
    return Scale(low, middle, high, frames=tuple(_COMPARATIVE.items()), than=than)


SCALES: dict[str, Scale] = {
    "price": Scale(
        ("below", "under"),
        ("close to its quarterly mean", "near its quarterly mean"),
        ("above", "over"),
        frames=tuple(_SIDE.items()),
        than="its quarterly mean",
    ),
    "trend": _comparing(
        "than of late",
        ("weaker", "softer"),
        ("much as it was", "steady"),
        ("stronger", "firmer"),
    ),
    "volume": _comparing(
        "than its norm",
        ("lighter", "thinner"),
        ("normal", "about average"),
        ("heavier", "brisker"),
    ),
    "breadth": Scale(
        ("narrow", "poor"), ("mixed", "ordinary"), ("broad", "healthy"),
        ("dismal",), ("all-embracing",),
    ),
    # An index of 49 is not weak, only weaker than this series usually has it.
    "momentum": _comparing(
        "than usual",
        ("weaker", "softer"),
        ("in its usual range", "about where it usually is"),
        ("stronger", "livelier"),
    ),
    "trend strength": Scale(
        ("weak", "low"), ("moderate", "middling"), ("pronounced", "high"),
        ("all but absent",), ("overwhelming",),
    ),
    "band width": Scale(
        ("tight", "narrow"), ("normal", "neither tight nor wide"), ("wide", "broad"),
        ("squeezed shut",), ("blown open",),
    ),
    "volatility": Scale(("low", "subdued"), ("ordinary", "unremarkable"), ("high", "elevated")),
    "market volatility": Scale(
        ("low", "subdued"), ("average", "neither high nor low"), ("high", "elevated")
    ),
    "credit spread": _comparing(
        "than the quarter's norm",
        ("tighter",),
        ("ordinary", "unremarkable"),
        ("wider",),
    ),
    "oil": _comparing(
        "than its recent average",
        ("cheaper", "lower"),
        ("average in price", "about as dear as before"),
        ("dearer", "more expensive"),
    ),
    "risk appetite": Scale(
        ("low", "poor"), ("ordinary", "in balance"), ("high", "keen"),
        ("all but gone",), ("close to greed",),
    ),
}  # fmt: skip


def predicates(series: str, state: str, hedge: str) -> Iterator[str]:
    """Yield every predicate for a state as hedged; neighbours in the list differ in their words.

    Raises
    ------
    KeyError
        If the hedge leads off the end of the scale.
    """
    scale = SCALES[series]
    code = STATES.index(state)
    side, grade = _grade(code, hedge)
    if grade == "middle":
        yield from scale.middle
        return
    words = scale.low if side < 0 else scale.high
    frames = dict(scale.frames)[grade]
    if grade == "extreme":
        yield from scale.lowest if side < 0 else scale.highest
    for shift, (k, frame) in product(range(len(words)), enumerate(frames)):
        word = words[(k + shift) % len(words)]
        yield frame.format(x=word, than=scale.than, m=scale.middle[shift % len(scale.middle)])


def plain(series: str, state: str) -> tuple[str, ...]:
    """Return the words of a state without any hedge."""
    return tuple(predicates(series, state, "clear"))


def _grade(code: int, hedge: str) -> tuple[int, str]:
    """Return the side of the middle (-1, 0, 1) and the grade; ``KeyError`` off the scale."""
    away = code - 2
    if hedge == "clear":
        return (away > 0) - (away < 0), GRADES[abs(away), "clear"]
    kind, _, way = hedge.rpartition(" ")
    if hedge not in HEDGES or not 0 <= code + (1 if way == "higher" else -1) < len(STATES):
        raise KeyError(hedge)
    lean = 1 if way == "higher" else -1
    if away == 0:
        return lean, GRADES[0, f"outward {kind}"]
    side = 1 if away > 0 else -1
    return side, GRADES[abs(away), f"{'outward' if lean == side else 'inward'} {kind}"]
