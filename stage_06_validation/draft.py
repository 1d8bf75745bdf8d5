"""A continuation as the reader understood it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

from foundation.contracts import SERIES, STATES, Continuation, Movement, Section, Statement
from foundation.language import Reading
from foundation.language.sections import section_of

_SENTENCE = re.compile(r"[^.!?]+[.!?]?")


@dataclass(frozen=True)
class Draft:
    """One continuation with its reading, indexed for the checks.

    Attributes
    ----------
    statements, denied : tuple of Statement
        What the text says is so, and is not so.
    unread : tuple of (clause, reason)
        Clauses that nothing was made of, and why.
    grounded_share : float
        Grounded clauses among all clauses; 0 for a text without any.
    """

    continuation: Continuation
    statements: tuple[Statement, ...]
    denied: tuple[Statement, ...] = ()
    unread: tuple[tuple[str, str], ...] = ()
    grounded_share: float = 0.0

    @classmethod
    def of(cls, continuation: Continuation, reading: Reading) -> Draft:
        """Join a continuation and what the reader made of its text."""
        return cls(
            continuation,
            reading.statements,
            reading.denied,
            tuple((c.text, c.why) for c in reading.clauses if c.how == "unread"),
            reading.grounded_share,
        )

    @property
    def ungrounded(self) -> tuple[str, ...]:
        """Clauses that nothing was made of, as they stood."""
        return tuple(text for text, _ in self.unread)

    @cached_property
    def states(self) -> dict[str, tuple[int, ...]]:
        """State codes said of each series, in order of mention."""
        return self._codes("state", {name: code for code, name in enumerate(STATES)})

    @cached_property
    def movements(self) -> dict[str, tuple[int, ...]]:
        """Movement codes -2..2 said of each series' session, in order of mention."""
        return self._codes("movement", {f"{move:+d}": int(move) for move in Movement})

    def _codes(self, kind: str, codes: dict[str, int]) -> dict[str, tuple[int, ...]]:
        said: dict[str, tuple[int, ...]] = {}
        for statement in self.statements:
            if statement.kind == kind and statement.value in codes:
                earlier = said.get(statement.subject, ())
                said[statement.subject] = (*earlier, codes[statement.value])
        return said

    @cached_property
    def sections(self) -> frozenset[Section]:
        """Sections about which the draft says something."""
        return frozenset(section_of(s) for s in self.statements)

    @cached_property
    def series(self) -> frozenset[str]:
        """Series about which the draft says something, absence included."""
        return frozenset(s.subject for s in self.statements if s.subject in SERIES)

    @cached_property
    def sentences(self) -> tuple[str, ...]:
        """The text cut at full stops (a point between digits cuts nothing)."""
        return split_sentences(self.continuation.text)


def split_sentences(text: str) -> tuple[str, ...]:
    """Return the sentences of a text, stripped, without empty ones."""
    guarded = re.sub(r"(?<=\d)\.(?=\d)", "\x00", text)
    parts = (m.group().replace("\x00", ".").strip() for m in _SENTENCE.finditer(guarded))
    return tuple(p for p in parts if any(c.isalnum() for c in p))
