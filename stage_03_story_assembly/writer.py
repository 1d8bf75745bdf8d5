"""Surface realisation: from chosen statements to sentences.

Words are chosen by a rotation that starts at a seed of the symbol and moves on every session,
so a story repeats neither itself nor yesterday's phrasing, and writing it again gives the same
text. Neighbouring clauses are joined by what their tones say: "although" only where they part.
"""

from __future__ import annotations

from dataclasses import dataclass

from foundation.contracts import Statement
from foundation.kernel import seed_from
from foundation.language import CONNECTIVES, phrasings, tone
from foundation.language.grammar import with_pronoun

STRIDE = 7919
"""A prime: consecutive sessions never land on the same of several phrasings."""

_ALONE = frozenset({"path"})
_ATTACHED = frozenset({"tension", "tilt"})
"""Kinds that comment on what was just said: they join its sentence as a third clause."""


@dataclass(frozen=True)
class Voice:
    """The rotation of phrasings for one symbol and session.

    ``turn`` counts weekdays, so that neighbouring sessions differ by one or two.
    """

    seed: int
    turn: int

    @classmethod
    def of(cls, symbol: str, turn: int) -> Voice:
        return cls(seed=seed_from("voice", symbol), turn=turn)

    def choose(self, options: tuple[str, ...], place: int) -> str:
        return options[(self.seed + (self.turn + place) * STRIDE) % len(options)]


def _comments_on(one: Statement, before: Statement) -> bool:
    """Say whether a statement is a movement of what was just spoken of."""
    return one.kind == "movement" and before.kind == "state" and one.subject == before.subject


def group(said: list[Statement]) -> list[list[int]]:
    """Return which statements share a sentence: paths stand alone, others pair up in order."""
    sentences: list[list[int]] = []
    room = 0
    for i, one in enumerate(said):
        if sentences and room >= 0 and (one.kind in _ATTACHED or _comments_on(one, said[i - 1])):
            sentences[-1].append(i)
            room -= 2
        elif one.kind in _ALONE:
            sentences.append([i])
            room = -1
        elif room > 0:
            sentences[-1].append(i)
            room = 0
        else:
            sentences.append([i])
            room = 1
    return sentences


def realise(
    said: list[Statement], voice: Voice, place: int, figures: list[str] | None = None
) -> str:
    """Return one sentence that says all of ``said`` in order.

    Parameters
    ----------
    said : list of Statement
    voice : Voice
    place : int
        Position in the story, so that two clauses of one story turn differently.
    figures : list of str, optional
        What to add in parentheses behind each clause; empty strings add nothing.
    """
    text = ""
    for k, one in enumerate(said):
        clause = voice.choose(phrasings(one), place + k)
        if k and _comments_on(one, said[k - 1]):
            clause = with_pronoun(clause, one.subject)
        if figures and figures[k]:
            clause = f"{clause} ({figures[k]})"
        text += (_joint(said[k - 1], one, voice, place + k) + clause) if k else clause
    return text[0].upper() + text[1:] + "."


def _joint(before: Statement, after: Statement, voice: Voice, place: int) -> str:
    product = tone(before) * tone(after)
    kind = "contrast" if product < 0 else "and" if product > 0 else "sequence"
    return voice.choose(CONNECTIVES[kind], place)
