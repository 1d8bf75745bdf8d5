"""What a sentence says of a series: states and movements from named words."""

from __future__ import annotations

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
    adjective, of = word.get("adjective"), word.get("verb of")
    return (
        word.has("verb", "direction", "standstill", "unusual")
        or (isinstance(adjective, dict) and series in adjective)
        or (isinstance(of, dict) and series in of)
        or (isinstance(c := word.get("comparative"), dict) and series in c)
    )


def _said_by(
    words: Sequence[Word],
    at: int,
    series: str,
    degree: _Degree,
    used: set[int],
    yardsticks: Mapping[str, Yardstick],
) -> Said | None:
    word = words[at]
    used = used | {at}
    adjective, of = word.get("adjective"), word.get("verb of")
    state = adjective.get(series) if isinstance(adjective, dict) else None
    moving = of.get(series, word.get("verb")) if isinstance(of, dict) else word.get("verb")
    becoming = word.has("comparative") and any(
        w.text in BECOMING for w in words[max(0, at - 2) : at]
    )
    if state is not None and moving is None and not becoming:
        return _state(series, *_intensified(state, degree), degree.negated, used)
    if word.has("unusual"):
        return _state(series, 2, "clear", False, used) if degree.negated else None
    compared = word.get("comparative")
    if isinstance(compared, dict) and series in compared and moving is None:
        if becoming:
            return _movement(series, compared[series], degree, used)
        told = at + 1 < len(words) and words[at + 1].has("than")
        if told or not word.has("direction"):
            code = 2 + compared[series]
            return _state(
                series,
                *_intensified((code, "clear"), degree),
                degree.negated,
                used | ({at + 1} if told else set()),
            )
    moving = word.get("direction") if moving is None else moving
    if word.has("standstill"):
        if not (degree.negated or degree.barely):
            return None
        return _movement(series, 0, _Degree(), used)
    if moving is None:
        return None
    code = int(str(moving))
    last = at + 1
    size: float | None = None
    while last < len(words) and words[last].has(
        "sharp", "filler", "number", "mitigator", "direction"
    ):
        nearby = words[last]
        if nearby.has("direction") and int(str(nearby.get("direction"))) * code < 0:
            break
        degree.sharp |= nearby.has("sharp")
        if size is None and nearby.has("percent") and series == "price" and nearby.get("percent"):
            size = float(str(nearby.get("number")))
        used |= {last}
        last += 1
    if size is None:
        size = _size(words, at, series)
    ruler = yardsticks.get(series)
    if size is not None and ruler is not None and not degree.negated:
        measured = ruler.movement(abs(size) * (1 if code > 0 or (code == 0 and size > 0) else -1))
        code = code if measured is None else measured
        return _movement(series, code, _Degree(), used)
    if degree.sharp or (degree.intense and word.has("direction")):
        code = max(-2, min(2, 2 * code))
    if degree.barely:
        code = 0
    return _movement(series, code, degree, used)


def _size(words: Sequence[Word], at: int, series: str) -> float | None:
    """Return a percentage between noun and verb ("2% lower")."""
    if series == "price" and at > 0 and words[at - 1].get("percent"):
        return float(str(words[at - 1].get("number")))
    return None


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
    adjective, compared, amount = (word.get(t) for t in ("adjective", "comparative", "amount"))
    if isinstance(adjective, dict) and series in adjective:
        state = adjective[series]
    elif isinstance(compared, dict) and series in compared:
        state = (2 + compared[series], "clear")
    elif amount is not None and not (at > 0 and words[at - 1].has("intensifier")):
        state = (2 + int(str(amount)), "clear")
    elif isinstance(amount, int):
        state = (2 + 2 * amount, "clear")
    elif word.get("direction") == 0 and series in MOVEMENT_SERIES:
        return _movement(series, 0, _Degree(), used | {at})
    elif word.has("verb") and word.text.endswith("ing") and series in MOVEMENT_SERIES:
        return _movement(series, int(str(word.get("verb"))), _Degree(), used | {at})
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
    if at < 0 or at == noun - 1 or not words[at].has("movement noun"):
        return None
    code = int(str(words[at].get("movement noun")))
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
            state = ruler.state_of_multiple(series, float(str(word.get("multiple"))))
        elif word.has("number") and i + 1 < len(words) and words[i + 1].has("times"):
            state = ruler.state_of_multiple(series, float(str(word.get("number"))))
        elif word.has("number") and not word.get("percent") and i > 0:
            scale = words[i + 1].get("scale") if i + 1 < len(words) else None
            if words[i - 1].text in ("at", "to", "of", "near", "around", "stands at", "reads"):
                level = float(str(word.get("number"))) * float(str(scale or 1))
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
