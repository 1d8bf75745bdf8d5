"""What a reader hands back: every clause of a text with what it says, or why it says nothing."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from foundation.contracts import Statement

How = Literal["exact", "respelt", "paraphrase", "unread"]


@dataclass(frozen=True, slots=True)
class Clause:
    """One clause of a text.

    Attributes
    ----------
    text : str
        The clause as it stood, single-spaced.
    start, end : int
        Its place in the text that was read, as for slicing.
    sentence : int
        Number of its sentence, from 0.
    how : "exact", "respelt", "paraphrase" or "unread"
        Looked up among the clauses of the language as it stood, or with slips of the pen put
        right; understood in other words; or not understood.
    statements : tuple of Statement
        What it says is so; one for a clause that was looked up.
    denied : tuple of Statement
        What it says is not so ("the price did not rise" denies both rises).
    left : tuple of str
        Content words of a paraphrase that nothing was made of.
    why : str
        Why nothing was understood; empty otherwise.
    """

    text: str
    start: int
    end: int
    sentence: int
    how: How
    statements: tuple[Statement, ...] = ()
    denied: tuple[Statement, ...] = ()
    left: tuple[str, ...] = ()
    why: str = ""


@dataclass(frozen=True)
class Reading:
    """What a text says, clause by clause in order. Nothing of the text is missing here.

    A clause is grounded when it makes or denies a statement of the language. What it makes
    besides is in its ``left``.
    """

    clauses: tuple[Clause, ...]

    @cached_property
    def statements(self) -> tuple[Statement, ...]:
        """What the text says is so, in order; said twice, it stands here twice."""
        return tuple(s for clause in self.clauses for s in clause.statements)

    @cached_property
    def denied(self) -> tuple[Statement, ...]:
        """What the text says is not so, in order."""
        return tuple(s for clause in self.clauses for s in clause.denied)

    @cached_property
    def ungrounded(self) -> tuple[str, ...]:
        """Clauses that nothing was made of, as they stood."""
        return tuple(clause.text for clause in self.clauses if clause.how == "unread")

    @property
    def grounded_share(self) -> float:
        """Grounded clauses among all clauses; 0 for a text without any."""
        read = sum(clause.how != "unread" for clause in self.clauses)
        return read / len(self.clauses) if self.clauses else 0.0

    @property
    def grounded_sentences(self) -> float:
        """Sentences with nothing ungrounded and nothing left over, among all sentences."""
        whole: dict[int, bool] = {}
        for clause in self.clauses:
            understood = clause.how != "unread" and not clause.left
            whole[clause.sentence] = whole.get(clause.sentence, True) and understood
        return sum(whole.values()) / len(whole) if whole else 0.0
