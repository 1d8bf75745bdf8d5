"""What a sentence says of a series: states and movements from named words."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from foundation.contracts import STATES, Movement, Statement, statement
from foundation.language.grammar import MOVEMENT_SERIES
from foundation.language.reading.figures import Yardstick
from foundation.language.reading.words import Word
from foundation.language.synonyms import BECOMING

_COMPARED = frozenset({"trend"})
"""Series whose states are comparisons with the past, so that a change of theirs is a state."""

_PASSED = ("link", "filler", "barely", "probably", "sharp", "intensifier", "mitigator", "negation",
           "number", "possibility", "other time", "partial")  # fmt: skip
"""What may stand between a noun and what is said of it."""
_TRAILING = ("sharp", "filler", "number", "mitigator", "direction")
"""What may follow a verb and belong to it."""


@dataclass(frozen=True)
class Said:
    """What one predicate says of one series, and which words say it."""

    statements: tuple[Statement, ...]
    denied: tuple[Statement, ...]
    used: frozenset[int]


@dataclass
class _Degree:
    """How strongly a predicate is meant, gathered from the words around it."""

    intense: bool = False
    sharp: bool = False
    barely: bool = False
    negated: bool = False


def _modify(degree: _Degree, word: Word) -> None:
    degree.intense |= word.has("intensifier")
    degree.sharp |= word.has("sharp")
    degree.barely |= word.has("barely")
    degree.negated |= word.has("negation")


def predicate(
    words: Sequence[Word],
    at: int,
    series: str,
    negated: bool,
    yardsticks: Mapping[str, Yardstick],
) -> Said | None:
    """Return what is said of ``series`` by the words from ``at`` on; None where nothing is.

    ``negated`` says whether the clause before denies what follows.
    """
    degree = _Degree(negated=negated)
    used: set[int] = set()
    figure = _figure(words, at, series, yardsticks)
    while at < len(words):
        word = words[at]
        if _speaks(word, series):
            said = _said_by(words, at, series, degree, used, yardsticks)
            if said is not None:
                return _with_figure(said, figure)
        # "Twice its usual level" is a figure: the level is not called usual.
        if not word.has(*_PASSED) or word.has("multiple", "times"):
            break
        _modify(degree, word)
        used.add(at)
        at += 1
    return _with_figure(None, figure)


def _speaks(word: Word, series: str) -> bool:
    return word.has("verb", "direction", "standstill", "unusual") or any(
        word.of(tag, series) is not None for tag in ("adjective", "verb of", "comparative")
    )


def _said_by(
    words: Sequence[Word],
    at: int,
    series: str,
    degree: _Degree,
    used: set[int],
    yardsticks: Mapping[str, Yardstick],
) -> Said | None:
    """Return what the predicate at ``at`` says, as a state or as a movement."""
    word = words[at]
    used = used | {at}
    moving = _verb(word, series)
    becoming = word.has("comparative") and any(
        w.text in BECOMING for w in words[max(0, at - 2) : at]
    )
    if moving is None:
        said = _state_said(words, at, series, degree, used, becoming=becoming)
        if said is not None:
            return said
        moving = word.code("direction")
    if word.has("standstill"):
        still = degree.negated or degree.barely
        return _movement(series, 0, _Degree(), used) if still else None
    if moving is None:
        return None
    return _moved(words, at, series, moving, degree, used, yardsticks.get(series))


def _verb(word: Word, series: str) -> int | None:
    code = word.of("verb of", series)
    return code if isinstance(code, int) else word.code("verb")


def _state_said(
    words: Sequence[Word],
    at: int,
    series: str,
    degree: _Degree,
    used: set[int],
    *,
    becoming: bool,
) -> Said | None:
    word = words[at]
    state, compared = word.of("adjective", series), word.of("comparative", series)
    if isinstance(compared, int) and becoming:
        return _movement(series, compared, degree, used)
    if isinstance(state, tuple):
        return _state(series, *_intensified(state, degree), degree.negated, used)
    if word.has("unusual"):
        return _state(series, 2, "clear", False, used) if degree.negated else None
    if isinstance(compared, int):
        told = at + 1 < len(words) and words[at + 1].has("than")
        if told or not word.has("direction"):
            state = _intensified((2 + compared, "clear"), degree)
            return _state(series, *state, degree.negated, used | ({at + 1} if told else set()))
    return None


def _moved(
    words: Sequence[Word],
    at: int,
    series: str,
    code: int,
    degree: _Degree,
    used: set[int],
    ruler: Yardstick | None,
) -> Said | None:
    """Return a movement: by its percentage where one is told and can be graded, else by words."""
    # "2% lower" has the figure in front, "fell 2%" behind.
    figures = [words[at - 1]] if at > 0 else []
    last = at + 1
    while last < len(words) and words[last].has(*_TRAILING):
        nearby = words[last]
        if (nearby.code("direction") or 0) * code < 0:
            break
        degree.sharp |= nearby.has("sharp")
        figures.append(nearby)
        used = used | {last}
        last += 1
    size = next((w.amount("number") for w in reversed(figures) if w.get("percent")), None)
    if series == "price" and size is not None and ruler is not None and not degree.negated:
        measured = ruler.movement(abs(size) * (1 if code > 0 or (code == 0 and size > 0) else -1))
        if measured is not None:
            return _movement(series, measured, _Degree(), used)
    if degree.sharp or (degree.intense and words[at].has("direction")):
        code = max(-2, min(2, 2 * code))
    return _movement(series, 0 if degree.barely else code, degree, used)


def _intensified(state: tuple[int, str], degree: _Degree) -> tuple[int, str]:
    """Return a state told as very much so; what it says by itself where nothing is added."""
    code, hedge = state
    if degree.intense and code in (1, 3):
        return (0 if code == 1 else 4), "clear"
    return code, hedge


def attributive(words: Sequence[Word], noun: int, series: str) -> Said | None:
    """Return what the words right before a noun say of it ("very heavy volume")."""
    at = noun - 1
    used: set[int] = set()
    if at >= 0 and words[at].has("than"):
        used.add(at)
        at -= 1
    if at < 0:
        return None
    word = words[at]
    state, compared = word.of("adjective", series), word.of("comparative", series)
    amount, moving = word.code("amount"), word.code("verb")
    if isinstance(state, tuple):
        pass
    elif isinstance(compared, int):
        state = (2 + compared, "clear")
    elif amount is not None:
        state = (2 + amount, "clear")
    elif word.code("direction") == 0:
        return _movement(series, 0, _Degree(), used | {at})
    elif moving is not None and word.text.endswith("ing"):
        return _movement(series, moving, _Degree(), used | {at})
    else:
        return None
    degree = _Degree()
    used.add(at)
    while at > 0 and words[at - 1].has("intensifier", "mitigator", "negation"):
        at -= 1
        _modify(degree, words[at])
        used.add(at)
    return _state(series, *_intensified(state, degree), degree.negated, used)


def nominal(words: Sequence[Word], noun: int, series: str) -> Said | None:
    """Return what "a sharp drop in" before a noun says of it, or "was steep" behind it."""
    at = noun - 1
    while at >= 0 and words[at].text in ("in", "of", "the", "its", "in the"):
        at -= 1
    code = words[at].code("movement noun") if 0 <= at < noun - 1 else None
    if code is None:
        return None
    used = {*range(at, noun)}
    before = words[at - 1] if at > 0 else None
    behind = [w for w in words[noun + 1 :] if not w.has("link", "filler", "intensifier")]
    steep = [w for w in (before, *behind[:1]) if w is not None and w.has("sharp adjective")]
    if steep:
        code = max(-2, min(2, 2 * code))
    used |= {i for i, w in enumerate(words) if any(w is s for s in steep)}
    if before is not None and before.has("mild adjective"):
        used.add(at - 1)
    negated = any(w.has("negation") for w in words[:at])
    return _movement(series, code, _Degree(negated=negated), used)


def _figure(
    words: Sequence[Word], at: int, series: str, yardsticks: Mapping[str, Yardstick]
) -> Said | None:
    """Return what a level says: "at 71", "stands at 52", "twice its usual level"."""
    ruler = yardsticks.get(series)
    if ruler is None:
        return None
    for i in range(at, len(words)):
        word = words[i]
        if word.has("noun") and word.get("noun") != series:
            break
        state = None
        if word.has("multiple"):
            state = ruler.state_of_multiple(series, word.amount("multiple"))
        elif word.has("number") and i + 1 < len(words) and words[i + 1].has("times"):
            state = ruler.state_of_multiple(series, word.amount("number"))
        elif word.has("number") and not word.get("percent") and i > 0:
            scale = words[i + 1].amount("scale") if i + 1 < len(words) else math.nan
            if words[i - 1].text in ("at", "to", "of", "near", "around", "stands at", "reads"):
                level = word.amount("number") * (1.0 if math.isnan(scale) else scale)
                state = ruler.state(series, level)
        if state is not None:
            return _state(series, STATES.index(state), "clear", False, {i, i - 1})
    return None


def _with_figure(said: Said | None, figure: Said | None) -> Said | None:
    """Join what words and what a level say; the same thing said twice is said once."""
    if said is None or figure is None:
        return said or figure
    known = {(s.kind, s.subject, s.value) for s in said.statements}
    more = tuple(s for s in figure.statements if (s.kind, s.subject, s.value) not in known)
    return Said(said.statements + more, said.denied, said.used | figure.used)


def _state(series: str, code: int, hedge: str, negated: bool, used: set[int]) -> Said:
    if not negated:
        return Said((statement("state", series, STATES[code], hedge),), (), frozenset(used))
    codes = range(code, 5) if code > 2 else range(code + 1) if code < 2 else (2,)
    denied = tuple(statement("state", series, STATES[c], "clear") for c in codes)
    return Said((), denied, frozenset(used))


def _movement(series: str, code: int, degree: _Degree, used: set[int]) -> Said | None:
    if series in _COMPARED:
        return _state(series, 2 + code, "clear", degree.negated, used)
    if series not in MOVEMENT_SERIES:
        return None
    if not degree.negated:
        return Said((statement("movement", series, f"{code:+d}"),), (), frozenset(used))
    codes = [m for m in Movement if (m * code > 0 if code else m == 0)]
    denied = tuple(statement("movement", series, f"{m:+d}") for m in codes)
    return Said((), denied, frozenset(used))


def resolved(denied: Sequence[Statement]) -> Statement | None:
    """Return the one statement that is left when all others of its kind are denied.

    What neither rose nor fell held steady.
    """
    if not denied or len({(s.kind, s.subject) for s in denied}) != 1:
        return None
    kind, subject = denied[0].kind, denied[0].subject
    values = STATES if kind == "state" else tuple(f"{m:+d}" for m in Movement)
    left = [v for v in values if v not in {s.value for s in denied}]
    if kind not in ("state", "movement") or len(left) != 1:
        return None
    return statement(kind, subject, left[0], "clear" if kind == "state" else "")
