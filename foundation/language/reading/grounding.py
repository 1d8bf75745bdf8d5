"""Claims from sentences in other words.

A stretch of text is cut at commas and joining words. Turns of phrase are recognised first, as
wholes; in what is left, something is said of a series only where nothing unknown stands between
the series' noun and the predicate, and where the noun is not part of a longer, unknown one
("fuel prices"). What is merely possible, or said of another session, is not a claim of this one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from foundation.contracts import Statement, statement
from foundation.language import idioms
from foundation.language.grammar import PATTERN_HEDGES, path_value
from foundation.language.reading.cutting import Piece, pieces
from foundation.language.reading.figures import Yardstick
from foundation.language.reading.predicates import (
    Said,
    attributive,
    nominal,
    predicate,
    resolved,
)
from foundation.language.reading.result import Clause
from foundation.language.reading.words import Token, Word, tokens, words

_SPACES = re.compile(r"\s+")

NO_SERIES = "names nothing that the language speaks of"
NOTHING_SAID = "says nothing that the language knows of what it names"
NOT_ASSERTED = "is a possibility, not a claim"
OTHER_SESSION = "speaks of another session"
A_QUESTION = "is a question"


@dataclass
class _Scope:
    """What one clause of a sentence leaves to the next."""

    subjects: tuple[str, ...] = ()
    negated: bool = False
    possible: bool = False


@dataclass
class _Found:
    """What was made of one clause."""

    statements: list[Statement] = field(default_factory=list)
    denied: list[Statement] = field(default_factory=list)
    used: set[int] = field(default_factory=set)
    why: str = ""

    def take(self, said: Said) -> None:
        self.statements += [s for s in said.statements if s not in self.statements]
        self.denied += [s for s in said.denied if s not in self.denied]
        self.used |= said.used


def ground(
    text: str,
    start: int,
    end: int,
    number: int,
    before: Statement | None,
    yardsticks: Mapping[str, Yardstick],
) -> Iterator[Clause]:
    """Yield the clauses of a stretch of text between clauses of the language.

    Parameters
    ----------
    text : str
    start, end : int
        The stretch.
    number : int
        Number of its sentence.
    before : Statement or None
        What was said just before in the same sentence, whose subject may be carried on.
    yardsticks : mapping of series to Yardstick
    """
    given = tokens(text, start, end)
    if text[start:end].rstrip().endswith("?"):
        yield Clause(_shown(text, start, end), start, end, number, "unread", why=A_QUESTION)
        return
    parts: list[Clause] = []
    path = _path(text, start, end, given, number)
    if path is not None:
        yield path
        return
    scope = _Scope(subjects=(before.subject,) if before is not None else ())
    for piece in pieces(given):
        found, told, scope = _read(piece, scope, yardsticks)
        first, last = told[0].start, told[-1].end
        shown = _shown(text, first, last)
        if found.statements or found.denied:
            left = tuple(w.text for i, w in enumerate(told) if w.unknown and i not in found.used)
            claims = tuple(found.statements), tuple(found.denied), left
            parts.append(Clause(shown, first, last, number, "paraphrase", *claims))
        elif found.why:
            parts.append(Clause(shown, first, last, number, "unread", why=found.why))
    if not parts:
        parts.append(Clause(_shown(text, start, end), start, end, number, "unread", why=NO_SERIES))
    yield from _merged(text, parts)


def _shown(text: str, start: int, end: int) -> str:
    return _SPACES.sub(" ", text[start:end]).strip().rstrip(".!? ")


def _merged(text: str, parts: Sequence[Clause]) -> Iterator[Clause]:
    """Yield the clauses with neighbouring unread ones of the same reason as one."""
    held: Clause | None = None
    for part in parts:
        if held is not None and part.how == "unread" and held.why == part.why:
            held = Clause(
                _shown(text, held.start, part.end), held.start, part.end, part.sentence,
                "unread", why=part.why,
            )  # fmt: skip
            continue
        if held is not None:
            yield held
        held = part if part.how == "unread" else None
        if held is None:
            yield part
    if held is not None:
        yield held


def _read(
    piece: Piece, scope: _Scope, yardsticks: Mapping[str, Yardstick]
) -> tuple[_Found, list[Word], _Scope]:
    """Return what a clause says, its words, and what it leaves to the next clause."""
    told = piece.words
    found = _Found()
    negated = scope.negated and piece.joined_by in ("that", "as")
    possible = (scope.possible and piece.joined_by == "that") or any(
        w.has("possibility") for w in told
    )
    elsewhen = any(w.has("other time") for w in told)
    _take_idioms(piece, found, negated)
    subjects = _subjects(told)
    carried = () if subjects else _carried(piece, scope)
    _take_patterns(told, found, negated)
    _take_levels(told, found)
    _take_regime(told, found)
    blocked = possible or elsewhen
    if not blocked:
        for nouns, behind in subjects or ([(carried, 0)] if carried else []):
            _take_predicate(told, nouns, behind, negated, found, yardsticks)
        for i, word in enumerate(told):
            _take_attributes(told, i, word, found)
    _settle(found)
    if not (found.statements or found.denied):
        found.why = _reason(told, bool(subjects or carried), possible, elsewhen)
    heirs = tuple(s for nouns, _ in subjects[-1:] for s in nouns) or carried
    hands_on = any(w.has("negation") for w in told) and not found.denied
    return found, told, _Scope(heirs, hands_on or negated, possible)


def _reason(told: Sequence[Word], named: bool, possible: bool, elsewhen: bool) -> str:
    """Return why nothing was made of a clause; empty where there was nothing to make of it."""
    speaks = named or any(
        w.unknown or (w.has("verb", "verb of", "direction", "adjective", "comparative", "side",
                           "regime noun", "movement noun", "noun", "qualified")
        and not w.has("filler"))
        for w in told
    )  # fmt: skip
    if not speaks:
        return ""
    if possible:
        return NOT_ASSERTED
    if elsewhen:
        return OTHER_SESSION
    return NOTHING_SAID if named else NO_SERIES


def _settle(found: _Found) -> None:
    """Turn denials that leave one thing into that thing."""
    groups: dict[tuple[str, str], list[Statement]] = {}
    for denial in found.denied:
        groups.setdefault((denial.kind, denial.subject), []).append(denial)
    for denials in groups.values():
        said = resolved(denials)
        if said is not None:
            found.denied = [d for d in found.denied if d not in denials]
            if said not in found.statements:
                found.statements.append(said)


def _subjects(told: Sequence[Word]) -> list[tuple[tuple[str, ...], int]]:
    """Return groups of series named together, and where the words behind each begin."""
    groups: list[tuple[tuple[str, ...], int]] = []
    for i, word in enumerate(told):
        series = word.get("noun")
        if not isinstance(series, str) or _part_of_another(told, i):
            continue
        if groups and all(
            w.text in ("and", "nor", "or", "the", "its") for w in told[groups[-1][1] : i]
        ):
            nouns, _ = groups.pop()
            groups.append(((*nouns, series), i + 1))
        else:
            groups.append(((series,), i + 1))
    return groups


def _part_of_another(told: Sequence[Word], at: int) -> bool:
    """Say whether a noun belongs to something unknown: "fuel prices", "shares of a rival"."""
    behind = [w for w in told[at + 1 : at + 4] if w.text not in ("the", "a")]
    if len(behind) > 1 and behind[0].text in ("of", "in") and behind[1].unknown:
        return True
    own = told[at].text.partition(" ")[0] in ("the", "its")
    if at == 0 or own:
        return False
    before = told[at - 2] if at > 1 and told[at - 1].text == "s" else told[at - 1]
    return before.unknown


def _carried(piece: Piece, scope: _Scope) -> tuple[str, ...]:
    """Return the series that a clause without a noun goes on about."""
    told = piece.words
    if piece.joined_by == "which":
        return scope.subjects
    first = next((w for w in told if w.has("adjective") or not w.has("filler", "break")), None)
    continues = first is not None and first.has(
        "verb", "verb of", "direction", "link", "sharp", "intensifier", "negation", "number",
        "adjective", "barely", "comparative", "multiple", "standstill", "mitigator",
    )  # fmt: skip
    pronoun = bool(told) and told[0].text in ("it", "they")
    return scope.subjects if continues or pronoun else ()


def _take_predicate(
    told: Sequence[Word],
    nouns: tuple[str, ...],
    behind: int,
    negated: bool,
    found: _Found,
    yardsticks: Mapping[str, Yardstick],
) -> None:
    denied = negated or any(w.has("negation") for w in told[:behind])
    for series in nouns:
        said = predicate(told, behind, series, denied, yardsticks)
        if said is not None:
            found.take(said)
            more = _alternative(told, said, series, yardsticks)
            if more is not None:
                found.take(more)


def _alternative(
    told: Sequence[Word], said: Said, series: str, yardsticks: Mapping[str, Yardstick]
) -> Said | None:
    """Return the second half of "neither rose nor fell", "neither strong nor weak"."""
    if not said.denied:
        return None
    last = max(said.used)
    if last + 1 < len(told) and told[last + 1].text in ("nor", "or"):
        return predicate(told, last + 2, series, True, yardsticks)
    return None


def _take_attributes(told: Sequence[Word], at: int, word: Word, found: _Found) -> None:
    series = word.get("noun")
    if isinstance(series, str) and not _part_of_another(told, at):
        if series == "price" and at + 1 < len(told) and told[at + 1].unknown:
            return  # "A rise in stock buy-backs" is no rise of the stock.
        said = nominal(told, at, series) or attributive(told, at, series)
        if said is not None:
            found.take(said)
        return
    series = word.get("qualified")
    if isinstance(series, str) and not word.has("noun"):
        said = attributive(told, at, series) or _behind(told, at, series)
        if said is not None:
            found.take(said)


def _behind(told: Sequence[Word], at: int, series: str) -> Said | None:
    """Return a state said of a word that only means a series with an adjective of its own."""
    said = predicate(told, at + 1, series, any(w.has("negation") for w in told[:at]), {})
    if said is None or any(s.kind != "state" for s in (*said.statements, *said.denied)):
        return None
    return said


def _take_patterns(told: Sequence[Word], found: _Found, negated: bool) -> None:
    for i, word in enumerate(told):
        name = word.get("pattern")
        if not isinstance(name, str):
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


def _take_levels(told: Sequence[Word], found: _Found) -> None:
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


def _take_regime(told: Sequence[Word], found: _Found) -> None:
    nouns = [i for i, w in enumerate(told) if w.has("regime noun")]
    kinds = [i for i, w in enumerate(told) if w.has("regime")]
    if not nouns or not kinds or any(w.has("negation") for w in told):
        return
    hedge = "probable" if any(w.has("probably") for w in told) else "clear"
    found.statements.append(statement("regime", "market", str(told[kinds[0]].get("regime")), hedge))
    found.used |= {nouns[0], kinds[0]}


def _take_idioms(piece: Piece, found: _Found, negated: bool) -> None:
    for said, first, last in piece.idioms:
        found.used |= set(range(first, last))
        before = piece.words[:first]
        if any(w.has("possibility") for w in before) or (before and before[-1].unknown):
            continue
        if negated or any(w.has("negation") for w in before):
            found.denied.append(said)
        else:
            found.statements.append(said)


def _path(text: str, start: int, end: int, given: list[Token], number: int) -> Clause | None:
    """Read how the price went over the past two weeks; None for any other stretch."""
    line = " ".join(t.text for t in given)
    if not re.search(idioms.PATH_OPENING, line):
        return None
    named = words(given)
    codes = _path_codes(named)
    shape = {
        3: lambda c: (c[0], c[1], c[2]),
        2: lambda c: (
            (c[0], c[0], c[1]) if re.search(idioms.PATH_LATE_TURN, line) else (c[0], c[1], c[1])
        ),
        1: lambda c: (c[0], c[0], c[0]),
    }.get(len(codes))
    shown = _shown(text, start, end)
    if shape is None or any(w.has("possibility", "negation") for w in named):
        return Clause(shown, start, end, number, "unread", why=NOTHING_SAID)
    said = statement("path", "price", path_value(shape(codes)))
    left = tuple(w.text for w in named if w.unknown)
    return Clause(shown, start, end, number, "paraphrase", (said,), (), left)


def _path_codes(named: Sequence[Word]) -> list[int]:
    codes = []
    for i, word in enumerate(named):
        of = word.get("verb of")
        code = of.get("price") if isinstance(of, dict) else None
        code = word.get("verb") if code is None else code
        if code is not None:
            sharp = i + 1 < len(named) and named[i + 1].has("sharp")
            size = int(str(code))
            codes.append(max(-2, min(2, 2 * size)) if sharp else size)
    return codes
