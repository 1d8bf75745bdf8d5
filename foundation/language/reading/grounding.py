"""Claims from sentences in other words.

A stretch of text is cut at commas and joining words. Turns of phrase are recognised first, as
wholes; in what is left, something is said of a series only where nothing unknown stands between
the series' noun and the predicate, and where the noun is not part of a longer, unknown one
("fuel prices"). What is merely possible, or said of another session, is not a claim of this one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from foundation.contracts import Statement
from foundation.language.reading.cutting import Piece, pieces
from foundation.language.reading.figures import Yardstick
from foundation.language.reading.paths import path_of
from foundation.language.reading.predicates import (
    Said,
    attributive,
    nominal,
    predicate,
)
from foundation.language.reading.result import Clause
from foundation.language.reading.wholes import (
    Found,
    take_idioms,
    take_levels,
    take_patterns,
    take_regime,
)
from foundation.language.reading.words import Word, tokens

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
    path = path_of(given)
    if path is not None:
        said, left = path
        shown = _shown(text, start, end)
        if said is None:
            yield Clause(shown, start, end, number, "unread", why=NOTHING_SAID)
        else:
            yield Clause(shown, start, end, number, "paraphrase", (said,), (), left)
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
) -> tuple[Found, list[Word], _Scope]:
    """Return what a clause says, its words, and what it leaves to the next clause."""
    told = piece.words
    found = Found()
    negated = scope.negated and piece.joined_by in ("that", "as")
    possible = (scope.possible and piece.joined_by == "that") or any(
        w.has("possibility") for w in told
    )
    elsewhen = any(w.has("other time") for w in told)
    take_idioms(piece, found, negated)
    subjects = _subjects(told)
    carried = () if subjects else _carried(piece, scope)
    take_patterns(told, found, negated)
    take_levels(told, found)
    take_regime(told, found)
    blocked = possible or elsewhen
    if not blocked:
        for nouns, behind in subjects or ([(carried, 0)] if carried else []):
            _take_predicate(told, nouns, behind, negated, found, yardsticks)
        for i, word in enumerate(told):
            _take_attributes(told, i, word, found)
    found.settle()
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
    if len(told) > 1 and told[0].text.endswith("ing") and told[1].unknown:
        return ()  # "With rising taxes": the taxes rise.
    return scope.subjects if continues or pronoun else ()


def _take_predicate(
    told: Sequence[Word],
    nouns: tuple[str, ...],
    behind: int,
    negated: bool,
    found: Found,
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


def _take_attributes(told: Sequence[Word], at: int, word: Word, found: Found) -> None:
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
    if at + 1 >= len(told) or not told[at + 1].has("link"):
        return None
    said = predicate(told, at + 1, series, any(w.has("negation") for w in told[:at]), {})
    if said is None or any(s.kind != "state" for s in (*said.statements, *said.denied)):
        return None
    return said
