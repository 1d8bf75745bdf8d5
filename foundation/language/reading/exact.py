"""Clauses of the language itself: looked up, so that nothing is lost."""

from __future__ import annotations

import re
from functools import lru_cache

from foundation.contracts import Statement
from foundation.language.grammar import bare, every_statement, phrasings, pronoun_of
from foundation.language.phrases import NOUNS
from foundation.language.reading.spelling import Shelves

_WORD = re.compile(r"[a-z]+")


@lru_cache(maxsize=1)
def clause_index() -> dict[str, Statement]:
    """Return every clause of the language with its statement."""
    return {clause: said for said in every_statement() for clause in phrasings(said)}


def meaning(clause: str, before: Statement | None) -> Statement | None:
    """Return what a lower-case clause says; None if it is not a clause of the language.

    ``before`` is what the clause before it in the sentence said: "it leapt today" is said of
    that one's subject.
    """
    clause = bare(clause)
    said = clause_index().get(clause)
    return said if said is not None else _by_pronoun(clause, before)


@lru_cache(maxsize=1)
def _vocabulary() -> tuple[frozenset[str], Shelves]:
    known = frozenset(word for clause in clause_index() for word in _WORD.findall(clause))
    return known, Shelves(known)


def put_right(clause: str) -> str | None:
    """Return a lower-case clause with misspelt words put right; None where nothing was."""
    known, shelves = _vocabulary()
    clause = bare(clause)
    wrong = {word for word in _WORD.findall(clause) if word not in known}
    if not wrong:
        return None
    for word in wrong:
        meant = shelves.nearest(word)
        if meant is None:
            return None
        clause = re.sub(rf"\b{word}\b", meant, clause)
    return clause


def _by_pronoun(clause: str, before: Statement | None) -> Statement | None:
    if before is None or before.subject not in NOUNS:
        return None
    pronoun = pronoun_of(before.subject)
    if not clause.startswith(f"{pronoun} "):
        return None
    said = clause_index().get(NOUNS[before.subject][0] + clause[len(pronoun) :])
    return said if said is not None and said.kind == "movement" else None
