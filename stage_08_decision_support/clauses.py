"""Clauses: the pieces of a sentence that each rest on one claim.

Stories join clauses with the connectives of ``foundation.language``; cutting there gives one
piece of text per claim, in order, so that each can be traced to rows of data.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from foundation.contracts import Claim, Sentence, Statement, Story
from foundation.language import CONNECTIVES
from stage_08_decision_support.phrasing import cell, listed

_JOINS = re.compile(
    "|".join(
        re.escape(c)
        for c in sorted((c for group in CONNECTIVES.values() for c in group), key=len)[::-1]
    ),
    re.IGNORECASE,
)
_FIGURES = re.compile(r"\([^()]*\)")


@dataclass(frozen=True)
class Clause:
    """A piece of a sentence; ``before`` joins it to the piece before, ``after`` closes it."""

    before: str
    text: str
    after: str
    claims: tuple[Claim, ...]
    number: int = 0


def clauses(sentence: Sentence) -> tuple[Clause, ...]:
    """Return the clauses of a sentence in its reading rendering.

    Where the text does not fall into as many pieces as it has claims, the sentence is one
    clause that rests on all of them: a claim is never shown under words that do not make it.
    """
    text = sentence.reading.strip()
    body = text.rstrip(".!?")
    end = text[len(body) :]
    hidden = _FIGURES.sub(lambda m: "\0" * len(m.group()), body)
    cuts = [m.span() for m in _JOINS.finditer(hidden)]
    if len(cuts) + 1 != len(sentence.claims):
        return (Clause("", body, end, sentence.claims),)
    starts = [0, *(stop for _, stop in cuts)]
    stops = [*(start for start, _ in cuts), len(body)]
    joins = ["", *(body[start:stop] for start, stop in cuts)]
    last = len(starts) - 1
    return tuple(
        Clause(joins[i], body[starts[i] : stops[i]], end if i == last else "", (claim,))
        for i, claim in enumerate(sentence.claims)
    )


@dataclass(frozen=True)
class ToldSection:
    """A section of a story as numbered clauses, sentence by sentence."""

    name: str
    sentences: tuple[tuple[Clause, ...], ...]


def told(story: Story) -> tuple[ToldSection, ...]:
    """Return a story as sections of numbered clauses; numbers run from 1 through the story."""
    number = 0
    sections = []
    for section in story.sections:
        sentences = []
        for sentence in section.sentences:
            numbered = []
            for clause in clauses(sentence):
                number += 1
                numbered.append(
                    Clause(clause.before, clause.text, clause.after, clause.claims, number)
                )
            sentences.append(tuple(numbered))
        sections.append(ToldSection(section.name.value, tuple(sentences)))
    return tuple(sections)


_MOVES = {
    "-2": "drops sharply", "-1": "drops", "+0": "holds steady", "0": "holds steady",
    "+1": "rises", "1": "rises", "+2": "rises sharply", "2": "rises sharply",
}  # fmt: skip


def statement_in_words(said: Statement) -> str:
    """Return a statement as data in words: ``trend is high (leaning lower)``."""
    value = said.value.replace(" > ", " to ")
    if said.kind == "span":
        stretch, _, move = value.partition(": ")
        return f"{said.subject} {_MOVES[move]} ({stretch})"
    if said.kind in ("movement", "path"):
        value = ", then ".join(_MOVES.get(part, part) for part in value.split(","))
    verb = {"state": "is ", "regime": "regime is ", "range": "range: ", "odds": "odds: ",
            "tilt": "tilt: ", "tension": "against ", "contradiction": "against ",
            "streak": "makes ", "record": "makes the largest ", "relative": "is ",
            "members": "above their average: ", "options": "is ", "eve": "was ",
            "shift": "went ", "response": "response: "}.get(said.kind, "")  # fmt: skip
    hedge = f" ({said.hedge})" if said.hedge else ""
    return f"{said.subject} {verb}{value}{hedge}"


def sources_in_words(claim: Claim) -> str:
    """Return a claim's cells as text: ``features.rsi_14 of SPX on 2018-12-28 = 38.2``."""
    return listed(
        [f"{r.panel}.{r.field} {r.symbol} {r.session} = {cell(r.value)}" for r in claim.sources]
    )
