"""The reader: from text back to statements, with nothing dropped in silence.

A sentence is cut at the connectives, and each clause is looked up among all the clauses that
the language can say. What is not found there is returned as it stood: a free text by a large
model is grounded as far as it goes, and the rest can be seen and counted.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from foundation.contracts import Statement
from foundation.language.grammar import CONNECTIVES, every_statement, phrasings, pronoun_of
from foundation.language.phrases import NOUNS

_FIGURES = re.compile(r"\s*\([^()]*\)")
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+|\n+")
_SPACES = re.compile(r"\s+")
_JOINS = re.compile(
    "|".join(re.escape(c) for group in CONNECTIVES.values() for c in sorted(group, key=len)[::-1]),
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Reading:
    """What a text says, in order, and which of its clauses the language does not know.

    ``statements`` holds one entry per grounded clause, so a repeated clause appears twice.
    """

    statements: tuple[Statement, ...]
    ungrounded: tuple[str, ...]

    @property
    def grounded_share(self) -> float:
        """Grounded clauses among all clauses; 0 for a text without any."""
        total = len(self.statements) + len(self.ungrounded)
        return len(self.statements) / total if total else 0.0


@lru_cache(maxsize=1)
def clause_index() -> dict[str, Statement]:
    """Return every clause of the language with its statement."""
    return {clause: said for said in every_statement() for clause in phrasings(said)}


def _by_pronoun(
    clause: str, before: Statement | None, index: dict[str, Statement]
) -> Statement | None:
    """Understand "it leapt today" as said of the subject of the clause before it."""
    if before is None or before.subject not in NOUNS:
        return None
    pronoun = pronoun_of(before.subject)
    if not clause.startswith(f"{pronoun} "):
        return None
    said = index.get(NOUNS[before.subject][0] + clause[len(pronoun) :])
    return said if said is not None and said.kind == "movement" else None


def read(text: str, *, name: str | None = None) -> Reading:
    """Read a story in either rendering.

    Parameters
    ----------
    text : str
        Any text. Case, repeated white space, line breaks and parenthesised figures are ignored.
    name : str, optional
        The instrument's name where the text is a reading rendering, so that "Apple fell" and
        "the S&P 500 fell" are understood as "the price fell".
    """
    index = clause_index()
    statements: list[Statement] = []
    ungrounded: list[str] = []
    plain = _FIGURES.sub("", text)
    if name:
        plain = re.sub(
            rf"(?<!\w)(?:the )?{re.escape(name)}(?!\w)", "the price", plain, flags=re.IGNORECASE
        )
    for sentence in _SENTENCE_END.split(plain):
        before: Statement | None = None
        for clause in _JOINS.split(sentence.strip()):
            shown = _SPACES.sub(" ", clause).strip().rstrip(".!?")
            if not shown:
                continue
            said = index.get(shown.lower()) or _by_pronoun(shown.lower(), before, index)
            if said is None:
                ungrounded.append(shown)
            else:
                statements.append(said)
            before = said
    return Reading(statements=tuple(statements), ungrounded=tuple(ungrounded))
