"""Writing under guidance: which pieces may follow a story begun in the language.

A model that draws one token after another can be held to the language: at every step only those
pieces stay on offer that lead to a clause it knows, in the order of sections, said once, and in
keeping with the outcomes it has already put on its tape. What is said stays the model's choice;
that it can be read back is then certain. A story that has no room left is made to come to its
end: one clause for each section that it still owes.

What a token does at a place is worked out once and kept; what a draft may say is a set of
statements, kept as the bits of one integer.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cache

from foundation.contracts import Horizon, Section, Statement
from foundation.language.agreement import Known, agreeing
from foundation.language.clause_trie import ALL_OPENERS, APPOSED, COLON, Place, language
from foundation.language.grammar import OPENERS
from foundation.language.sections import ORDER, section_of
from foundation.language.topics import market_wide

_OWED: dict[Horizon, frozenset[Section]] = {
    Horizon.DAILY: frozenset(Section),
    Horizon.WEEKLY: frozenset(Section) - {Section.EVENTS},
    Horizon.EVENT: frozenset(Section) - {Section.PARTICIPATION},
    Horizon.INTRADAY: frozenset({Section.DIRECTION, Section.PARTICIPATION, Section.LOOK_AHEAD}),
}
"""Sections that no story of a horizon leaves out."""
_OPENING: dict[Horizon, str | None] = {
    Horizon.DAILY: "movement",
    Horizon.WEEKLY: "span",
    Horizon.INTRADAY: "span",
    Horizon.EVENT: None,
}
"""The kind of statement about the price that a story opens with; an event story opens with any
statement of its first section."""


Move = tuple[int, Place, int]
"""A token, where it leads, and the bit of the clause it closes (or -1)."""


@dataclass
class _Pieces:
    """A node of the trie of tokens' texts; ``tokens`` are those whose text ends here."""

    next: dict[str, _Pieces] = field(default_factory=dict)
    tokens: list[int] = field(default_factory=list)


class Guide:
    """What each token of a vocabulary does at each place of a text.

    Parameters
    ----------
    pieces : sequence of str or None
        The text of each token; None for those that may not stand in a text.
    """

    def __init__(self, pieces: Sequence[str | None]) -> None:
        self._trie, self._texts = _Pieces(), tuple(pieces)
        for token, piece in enumerate(pieces):
            if piece:
                node = self._trie
                for letter in piece:
                    node = node.next.setdefault(letter, _Pieces())
                node.tokens.append(token)
        self._moves: dict[int, list[Move]] = {}

    def longest(self, tokens: Iterable[int]) -> list[int]:
        """Return the tokens whose text is not the beginning of another one's."""
        known = sorted((text, token) for token in tokens if (text := self._texts[token]))
        behind = [*(text for text, _ in known[1:]), ""][: len(known)]
        return [
            token
            for (text, token), following in zip(known, behind, strict=True)
            if following == text or not following.startswith(text)
        ]

    def moves(self, place: Place) -> list[Move]:
        """Return every token that the language allows at a place, whatever may be said."""
        known = self._moves.get(id(place))
        if known is None:
            known = list(self._walk(place, -1, self._trie))
            self._moves[id(place)] = known
        return known

    def _walk(self, place: Place, closed: int, pieces: _Pieces) -> Iterator[Move]:
        for token in pieces.tokens:
            yield token, place, closed
        for letter, below in pieces.next.items():
            for further, bit in language().step(place, letter):
                # One token closes at most one clause: tokens do not span clause marks.
                if closed < 0 or bit < 0:
                    yield from self._walk(further, max(closed, bit), below)


@dataclass(frozen=True)
class _Path:
    """One reading of the text so far.

    ``allowed`` holds what the next clause may say, ``spoken`` what has been said (with all that
    would contradict it), ``before`` the bit of the clause before, or -1.
    """

    place: Place
    allowed: int
    spoken: int = 0
    section: int = 0
    before: int = -1


class GuidedText:
    """One story in the making.

    It opens as stories of its horizon do (of a day: with the price's move), goes through the
    sections in order and leaves none out that is owed, never speaks twice of the same thing, and
    agrees with what is known.

    Parameters
    ----------
    guide : Guide
    known : Known
    """

    def __init__(self, guide: Guide, known: Known) -> None:
        self._guide = guide
        self._order, owed = ORDER[known.horizon], _OWED[known.horizon]
        self._owed = [k for k, section in enumerate(self._order) if section in owed]
        self._facts = agreeing(known)
        kind = _OPENING[known.horizon]
        opening = _group(kind, "price") if kind else _sections(self._order[:1])
        self._paths = [_Path(language().start, self._facts & opening)]
        self._hurried = False

    @property
    def owed(self) -> int:
        """How many sections still wait for their first clause, by the reading that owes most."""
        return max((sum(k > path.section for k in self._owed) for path in self._paths), default=0)

    def hurry(self) -> None:
        """Allow from here on one clause for each section that is owed, and then the end.

        Where several pieces begin alike only the longest stays on offer.
        """
        if not self._hurried:
            self._hurried = True
            self._paths = [self._brief(path) for path in self._paths]

    def options(self) -> tuple[list[int], bool]:
        """Return the tokens that may come next, ascending, and whether the story may end here."""
        tokens = {
            move[0]
            for path in self._paths
            for move in self._guide.moves(path.place)
            if self._follow(path, move) is not None
        }
        ended = any(p.place is language().stopped and self._over(p.section) for p in self._paths)
        # One letter after another a story would not get to its end in time.
        return sorted(self._guide.longest(tokens) if self._hurried else tokens), ended

    def take(self, token: int) -> None:
        """Go on by a token that was on offer."""
        followed = (
            self._follow(path, move)
            for path in self._paths
            for move in self._guide.moves(path.place)
            if move[0] == token
        )
        self._paths = list(dict.fromkeys(path for path in followed if path is not None))

    def _over(self, section: int) -> bool:
        return section >= self._owed[-1]

    def _next_owed(self, section: int) -> int:
        """Return the next section that must be told, or the last one where all have been."""
        return next((k for k in self._owed if k > section), len(self._order) - 1)

    def _brief(self, path: _Path) -> _Path:
        """Return a path between two sentences with nothing but what is owed; others as they are."""
        between = path.place in (language().stopped, language().start)
        if path.before < 0 or not (between or path.place.join in ALL_OPENERS):
            return path
        if self._over(path.section) and path.place is language().stopped:
            return replace(path, allowed=0)
        owed = path.allowed & _sections((self._order[self._next_owed(path.section)],))
        return replace(path, allowed=owed or path.allowed)

    def _follow(self, path: _Path, move: Move) -> _Path | None:
        _, place, closed = move
        if closed >= 0:
            stops = place is language().stopped
            bit = self._meant(path, closed)
            if bit < 0 or (self._hurried and not stops):
                return None
            path = self._closed(path, bit, sentence_ends=stops)
        if place.join in ALL_OPENERS:
            if path.before < 0:
                return None  # The first sentence has nothing to stand against.
            path = replace(path, allowed=path.allowed & _opened(place.join))
        node = place.node or (language().tail if place.join == COLON else language().root)
        over = place is language().stopped and self._over(path.section)
        if node.reach & path.allowed == 0 and not over:
            return None
        return replace(path, place=place)

    def _meant(self, path: _Path, closed: int) -> int:
        """Return the allowed bit that a closed clause says; a pronoun takes what it refers to."""
        if path.allowed >> closed & 1:
            return closed
        said = language().said
        if language().pronouns >> closed & 1 and path.before >= 0:
            meant = language().pronouns & path.allowed
            for bit in range(len(said)):
                if meant >> bit & 1 and said[bit].value == said[closed].value:
                    return bit
        return -1

    def _closed(self, path: _Path, bit: int, *, sentence_ends: bool) -> _Path:
        """Return the path behind a statement. A sentence stays within its section."""
        one = language().said[bit]
        section = self._order.index(section_of(one))
        spoken = path.spoken | _topic(*_about(one))
        left = self._facts & ~spoken
        stop = self._next_owed(section) if sentence_ends else section
        allowed = left & _sections(self._order[section : stop + 1]) & ~language().pronouns
        if (one.kind, one.subject) != ("movement", "price") or sentence_ends:
            allowed &= ~_kinds(APPOSED)
        if one.kind == "state" and not sentence_ends:
            allowed |= left & _group("movement", one.subject) & language().pronouns
        closed = _Path(path.place, allowed, spoken, section, bit)
        if self._hurried and sentence_ends:
            return self._brief(replace(closed, place=language().stopped))
        return closed


def _about(one: Statement) -> tuple[str, str, str]:
    """Return what a statement is about: of two about the same thing only one is made.

    How a series stands and whence it came this week are one thing; a gap and the move since the
    open are two. Of patterns a story tells the clearest and no second one.
    """
    if one.kind == "pattern":
        return one.kind, "", ""
    kind = "state" if one.kind == "shift" else one.kind
    return kind, one.subject, one.value.split(":")[0] if one.kind == "span" else ""


@cache
def _topic(kind: str, subject: str, stretch: str) -> int:
    return language().bits(_about(s) == (kind, subject, stretch) for s in language().said)


@cache
def _group(kind: str, subject: str) -> int:
    return language().bits(s.kind == kind and s.subject == subject for s in language().said)


@cache
def _kinds(kinds: frozenset[str]) -> int:
    return language().bits(s.kind in kinds for s in language().said)


@cache
def _opened(opener: str) -> int:
    """Return what a sentence may say that begins so: words that turn somewhere must get there."""
    if opener in OPENERS["market"]:
        return language().bits(s.kind == "state" and market_wide(s) for s in language().said)
    if opener in OPENERS["ahead"]:
        return _kinds(frozenset({"level"}))
    return language().bits(True for _ in language().said)


@cache
def _sections(names: tuple[Section, ...]) -> int:
    return language().bits(section_of(s) in names for s in language().said)
