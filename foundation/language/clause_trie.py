"""All clauses of the language in one trie of characters, and what each of them says.

A place in a text is a node of the trie, or a place inside a connective, or behind a full stop.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from foundation.contracts import Statement
from foundation.language.grammar import (
    CONNECTIVES,
    OPENERS,
    every_statement,
    phrasings,
    with_pronoun,
)

_JOINS: tuple[str, ...] = tuple(sorted({join for group in CONNECTIVES.values() for join in group}))
ALL_OPENERS: tuple[str, ...] = tuple(opener for group in OPENERS.values() for opener in group)
(COLON,) = CONNECTIVES["apposition"]
APPOSED = frozenset({"record", "streak"})
"""Kinds that follow a colon, and stand nowhere else."""


@dataclass
class Node:
    """A place inside a clause. ``reach`` holds the bits of all clauses that lie ahead."""

    next: dict[str, Node] = field(default_factory=dict)
    reach: int = 0
    leaf: int = -1


@dataclass(frozen=True, eq=False)
class Place:
    """Where a text stands: inside a clause, inside a connective, or behind a full stop."""

    node: Node | None = None
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
        self.root, self.tail = Node(), Node()
        for bit, one in enumerate(self.said):
            for clause in phrasings(one):
                text = clause if bit < plain else with_pronoun(clause, one.subject)
                self._plant(self.tail if one.kind in APPOSED else self.root, text, bit)
        self.pronouns = sum(1 << bit for bit in range(plain, len(self.said)))
        self.places: dict[tuple[int, bool, str | None, int], Place] = {}
        self.start = self.place(self.root, opening=True)
        self.stopped = self.place(None)

    def _plant(self, node: Node, text: str, bit: int) -> None:
        node.reach |= 1 << bit
        for letter in text:
            node = node.next.setdefault(letter, Node())
            node.reach |= 1 << bit
        # A pronoun clause is the same text for several series; its bits share the leaf's reach.
        node.leaf = bit if node.leaf < 0 else node.leaf

    def place(
        self, node: Node | None, *, opening: bool = False, join: str | None = None, offset: int = 0
    ) -> Place:
        """Return the one place of this description."""
        key = (id(node), opening, join, offset)
        return self.places.setdefault(key, Place(node, opening, join, offset))

    def bits(self, wanted: Iterator[bool]) -> int:
        """Return the bits for which ``wanted`` is true, in the order of ``said``."""
        return sum(1 << bit for bit, yes in enumerate(wanted) if yes)

    def step(self, place: Place, letter: str) -> Iterator[tuple[Place, int]]:
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
            for opener in ALL_OPENERS:
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

    def _within(self, words: str, offset: int) -> Place:
        """Return the place so many letters into a connective or opener, or behind it."""
        if offset < len(words):
            return self.place(None, join=words, offset=offset)
        return self.place(self.tail if words == COLON else self.root)


@lru_cache(maxsize=1)
def language() -> Language:
    """Return the one language."""
    return Language()
