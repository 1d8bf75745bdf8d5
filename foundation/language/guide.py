"""Writing under guidance: which pieces may follow a story begun in the language.

A model that draws one token after another can be held to the language: at every step only those
pieces stay on offer that lead to a clause it knows, in the order of sections, said once, and in
keeping with the outcomes it has already put on its tape. What is said stays the model's choice;
that it can be read back is then certain.

The clauses stand in one trie of characters. A place in a text is a node of it, or a place inside
a connective, or behind a full stop. What a token does at a place is worked out once and kept;
what a draft may say is a set of statements, kept as the bits of one integer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache

from foundation.contracts import STATES, TAPE, Horizon, Section, Statement, tape_outcomes
from foundation.language.contradictions import CONFIRMATIONS, OPPOSITIONS, Side
from foundation.language.event_phrases import EVENT_NAMES, SCHEDULED
from foundation.language.grammar import (
    CONNECTIVES,
    OPENERS,
    every_statement,
    phrasings,
    with_pronoun,
)
from foundation.language.sections import fits, section_of

_ORDER: tuple[Section, ...] = tuple(Section)
_JOINS: tuple[str, ...] = tuple(sorted({join for group in CONNECTIVES.values() for join in group}))
_OPENERS: tuple[str, ...] = tuple(opener for group in OPENERS.values() for opener in group)
(_COLON,) = CONNECTIVES["apposition"]
_APPOSED = frozenset({"record", "streak"})
_SEEN_ONLY = frozenset({"relative", "members", "options"})
"""What rests on other instruments or on option chains: no continuation of one story knows it."""
_NEEDS_RANGES = frozenset({"trend strength"})


@dataclass
class _Node:
    """A place inside a clause. ``reach`` holds the bits of all clauses that lie ahead."""

    next: dict[str, _Node] = field(default_factory=dict)
    reach: int = 0
    leaf: int = -1


@dataclass(frozen=True, eq=False)
class _Place:
    """Where a text stands: inside a clause, inside a connective, or behind a full stop."""

    node: _Node | None = None
    opening: bool = False
    join: str | None = None
    offset: int = 0


class Language:
    """The trie of all clauses with, per bit, what it says. Built once."""

    def __init__(self) -> None:
        self.said: list[Statement] = list(every_statement())
        by_pronoun = [s for s in self.said if s.kind == "movement" and s.subject != "price"]
        plain = len(self.said)
        self.said += by_pronoun
        # What follows a colon stands nowhere else, and nothing else follows one.
        self.root, self.tail = _Node(), _Node()
        for bit, one in enumerate(self.said):
            for clause in phrasings(one):
                text = clause if bit < plain else with_pronoun(clause, one.subject)
                self._plant(self.tail if one.kind in _APPOSED else self.root, text, bit)
        self.pronouns = sum(1 << bit for bit in range(plain, len(self.said)))
        self.places: dict[tuple[int, bool, str | None, int], _Place] = {}
        self.start = self.place(self.root, opening=True)
        self.stopped = self.place(None)

    def _plant(self, node: _Node, text: str, bit: int) -> None:
        node.reach |= 1 << bit
        for letter in text:
            node = node.next.setdefault(letter, _Node())
            node.reach |= 1 << bit
        # A pronoun clause is the same text for several series; its bits share the leaf's reach.
        node.leaf = bit if node.leaf < 0 else node.leaf

    def place(
        self, node: _Node | None, *, opening: bool = False, join: str | None = None, offset: int = 0
    ) -> _Place:
        """Return the one place of this description."""
        key = (id(node), opening, join, offset)
        return self.places.setdefault(key, _Place(node, opening, join, offset))

    def bits(self, wanted: Iterator[bool]) -> int:
        """Return the bits for which ``wanted`` is true, in the order of ``said``."""
        return sum(1 << bit for bit, yes in enumerate(wanted) if yes)

    def step(self, place: _Place, letter: str) -> Iterator[tuple[_Place, int]]:
        """Yield the places one letter further on, and the bit of a clause it closed (or -1)."""
        if place.join is not None:
            if place.join[place.offset] == letter:
                yield self._within(place.join, place.offset + 1), -1
            return
        if place.node is None:
            if letter == " ":
                yield self.start, -1
            return
        if place.opening and letter != letter.upper():
            return
        if place.opening:
            for opener in _OPENERS:
                if opener[0] == letter.lower():
                    yield self._within(opener, 1), -1
        known = place.node.next.get(letter.lower() if place.opening else letter)
        if known is not None:
            yield self.place(known), -1
        if place.node.leaf >= 0:
            if letter == ".":
                yield self.stopped, place.node.leaf
            for join in _JOINS:
                if join[0] == letter:
                    yield self._within(join, 1), place.node.leaf

    def _within(self, words: str, offset: int) -> _Place:
        """Return the place so many letters into a connective or opener, or behind it."""
        if offset < len(words):
            return self.place(None, join=words, offset=offset)
        return self.place(self.tail if words == _COLON else self.root)


@lru_cache(maxsize=1)
def language() -> Language:
    """Return the one language."""
    return Language()


Move = tuple[int, _Place, int]
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
        self._trie = _Pieces()
        for token, piece in enumerate(pieces):
            if piece:
                node = self._trie
                for letter in piece:
                    node = node.next.setdefault(letter, _Pieces())
                node.tokens.append(token)
        self._moves: dict[int, list[Move]] = {}

    def moves(self, place: _Place) -> list[Move]:
        """Return every token that the language allows at a place, whatever may be said."""
        known = self._moves.get(id(place))
        if known is None:
            known = list(self._walk(place, -1, self._trie))
            self._moves[id(place)] = known
        return known

    def _walk(self, place: _Place, closed: int, pieces: _Pieces) -> Iterator[Move]:
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

    place: _Place
    allowed: int
    spoken: int = 0
    section: int = 0
    before: int = -1


class GuidedText:
    """One story in the making.

    It opens with the day's price move, goes through the sections in order without leaving one
    out, never speaks twice of the same thing, and agrees with its tape.

    Parameters
    ----------
    guide : Guide
    tape : mapping of series to outcome
        What the story must agree with; a tape series that is missing is absent.
    absent : frozenset of str
        What the instrument's stories say is not reported (subjects of absence statements).
    expected : frozenset of str
        Which scheduled events of the instrument the story before speaks of. Of those, and of
        market-wide releases, a continuation may tell when they fall; tomorrow's headlines,
        surprises of reports and halts are never on offer, for nobody knows them.
    """

    def __init__(
        self,
        guide: Guide,
        tape: Mapping[str, str],
        absent: frozenset[str],
        expected: frozenset[str] = frozenset(),
    ) -> None:
        self._guide = guide
        self._facts = agreeing(tuple(sorted(tape.items())), absent, expected)
        opening = self._facts & _group("movement", "price")
        self._paths = [_Path(language().start, opening)]

    def options(self) -> tuple[list[int], bool]:
        """Return the tokens that may come next, ascending, and whether the story may end here."""
        tokens = {
            move[0]
            for path in self._paths
            for move in self._guide.moves(path.place)
            if self._follow(path, move) is not None
        }
        last = len(_ORDER) - 1
        ended = any(p.place is language().stopped and p.section == last for p in self._paths)
        return sorted(tokens), ended

    def take(self, token: int) -> None:
        """Go on by a token that was on offer."""
        followed = (
            self._follow(path, move)
            for path in self._paths
            for move in self._guide.moves(path.place)
            if move[0] == token
        )
        self._paths = list(dict.fromkeys(path for path in followed if path is not None))

    def _follow(self, path: _Path, move: Move) -> _Path | None:
        _, place, closed = move
        if closed >= 0:
            bit = self._meant(path, closed)
            if bit < 0:
                return None
            path = self._closed(path, bit, sentence_ends=place is language().stopped)
        if place.join in _OPENERS and path.before < 0:
            return None  # The first sentence has nothing to stand against.
        node = place.node or (language().tail if place.join == _COLON else language().root)
        ahead = node.reach & path.allowed
        over = place is language().stopped and path.section == len(_ORDER) - 1
        if ahead == 0 and not over:
            return None
        return _Path(place, path.allowed, path.spoken, path.section, path.before)

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
        section = _ORDER.index(section_of(one))
        spoken = path.spoken | _group(one.kind, one.subject)
        left = self._facts & ~spoken
        allowed = left & _sections(section, section + 1 + sentence_ends) & ~language().pronouns
        if (one.kind, one.subject) != ("movement", "price") or sentence_ends:
            allowed &= ~_kinds(_APPOSED)
        if one.kind == "state" and not sentence_ends:
            allowed |= left & _group("movement", one.subject) & language().pronouns
        return _Path(path.place, allowed, spoken, section, bit)


@cache
def _group(kind: str, subject: str) -> int:
    return language().bits(s.kind == kind and s.subject == subject for s in language().said)


@cache
def _kinds(kinds: frozenset[str]) -> int:
    return language().bits(s.kind in kinds for s in language().said)


@cache
def _sections(first: int, stop: int) -> int:
    names = _ORDER[first:stop]
    return language().bits(section_of(s) in names for s in language().said)


@lru_cache(maxsize=4096)
def agreeing(
    tape: tuple[tuple[str, str], ...],
    absent: frozenset[str],
    expected: frozenset[str] = frozenset(),
) -> int:
    """Return the bits of all statements that agree with a tape, what is absent and what is due."""
    told = {name: tape_outcomes(name).index(outcome) for name, outcome in tape}
    return language().bits(_agrees(s, told, absent, expected) for s in language().said)


def _agrees(
    one: Statement, told: Mapping[str, int], absent: frozenset[str], expected: frozenset[str]
) -> bool:
    if not fits(one, Horizon.DAILY) or one.kind in _SEEN_ONLY:
        return False
    if one.kind == "absence":
        return one.subject in absent and one.subject not in told
    if one.kind == "tension":
        pairing = _PAIRINGS[one.subject, one.value]
        return _fits(pairing.first, told) and _fits(pairing.second, told)
    if one.kind == "record":
        low, high = (3, 4) if one.value.startswith("rise") else (0, 1)
        return _between("price", low, high, told)
    if one.kind == "streak":
        low, high = (3, 4) if one.value.endswith("rises") else (0, 1)
        return _between("price", low, high, told)
    if one.kind == "event" and one.subject in EVENT_NAMES:
        # Core inflation is on every calendar; of other releases only what the story knew of.
        return "events" not in absent and one.subject in expected | {"core inflation"}
    if one.kind == "event":
        dated = one.value.split(":")[0] in ("since", "until", "reaction")
        return one.subject in SCHEDULED & expected and dated
    if section_of(one) is Section.QUANTITATIVE:
        return "quantitative context" not in absent
    if one.subject in _NEEDS_RANGES:
        return "volume" in told
    if one.subject == "risk appetite":
        # It is inferred from fear, which at its extremes rules out the opposite extreme.
        fear = told.get("market volatility")
        return fear is not None and abs(STATES.index(one.value) + fear - 4) < 4
    if one.kind in ("state", "movement") and one.subject in TAPE:
        if one.subject not in told:
            return False
        if one.kind == "movement" and one.subject == "price":
            return int(one.value) + 2 == told["price"]
        if one.kind == "state" and one.subject != "price":
            return STATES.index(one.value) == told[one.subject]
    return True


def _between(series: str, low: int, high: int, told: Mapping[str, int]) -> bool:
    return series in told and low <= told[series] <= high


_PAIRINGS = {pairing.tension: pairing for pairing in (*OPPOSITIONS, *CONFIRMATIONS)}


def _fits(side: Side, told: Mapping[str, int]) -> bool:
    """Say whether a tape lets one half of a tension be; what is not on tapes always may."""
    if side.series not in TAPE:
        return True
    code = told.get(side.series)
    return code is not None and code - 2 * (side.said == "movement") in side.codes
