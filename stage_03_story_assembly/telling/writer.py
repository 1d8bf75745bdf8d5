"""Surface realisation: from chosen statements to sentences.

Words are chosen by a rotation. Every statement's phrasings fall into two halves that take turns
by trading day, so no story says a thing in yesterday's words; inside a half the choice starts at
a seed of the symbol and prefers words that the story has not used yet. Writing a story again
gives the same text. Clauses and sentences are joined by what their tones say: "although" and
"even so" only where they part.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from zlib import crc32

from foundation.contracts import Statement
from foundation.kernel import seed_from
from foundation.language import CONNECTIVES, phrasings, tone
from foundation.language.grammar import OPENERS, with_pronoun
from foundation.language.topics import market_wide

_ALONE = frozenset({"path"})
_ATTACHED = frozenset({"tension", "tilt"})
"""Kinds that comment on what was just said: they join its sentence as a third clause."""
APPOSED = frozenset({"record", "streak"})
"""Kinds that say more about the very thing just said: they follow after a colon."""

_BITS = 2048
_TRIVIAL: tuple[str, ...] = (
    "the", "a", "an", "is", "are", "was", "it", "its", "of", "to", "in", "on", "at", "by", "for",
    "and", "has", "have", "been", "that", "as", "from", "with", "than",
)  # fmt: skip
_CANDIDATES = 4
"""How many wordings are weighed for freshness; what comes first moves with the days."""
_TELLING_TONE = 0.5
_WORD = re.compile(r"[a-z'-]+")


def fingerprint(text: str) -> int:
    """Return a text's words of weight as bits of one integer."""
    bits = 0
    for word in _WORD.findall(text.lower()):
        if word not in _TRIVIAL:
            bits |= 1 << crc32(word.encode()) % _BITS
    return bits


Wording = tuple[str, int]
"""A clause, and the words of weight that it spends."""
Halves = tuple[tuple[Wording, ...], tuple[Wording, ...]]
"""All ways to say a thing, in two halves that take turns."""


@dataclass(frozen=True, slots=True, eq=False)
class Unit:
    """A statement made ready for telling: what can be worked out once for all its uses.

    ``market`` says whether it is about the market around the instrument, ``by_pronoun`` holds
    the ways to say a movement of what was just named.
    """

    said: Statement
    kind: str
    subject: str
    tone: float
    market: bool
    halves: Halves
    by_pronoun: Halves | None


@lru_cache(maxsize=65_536)
def unit(said: Statement) -> Unit:
    """Return the unit of a statement."""
    texts = phrasings(said)
    pronoun = None
    if said.kind == "movement" and said.subject != "price":
        pronoun = _halves(dict.fromkeys(with_pronoun(text, said.subject) for text in texts))
    return Unit(
        said, said.kind, said.subject, tone(said), market_wide(said), _halves(texts), pronoun
    )


def _halves(texts: Iterable[str]) -> Halves:
    every = tuple((text, fingerprint(text)) for text in texts)
    return every[::2], every[1::2] or every


class Voice:
    """What one story has said so far, and how it goes on.

    Parameters
    ----------
    seed : int
        Of the symbol: two symbols of one session choose differently.
    turn : int
        Counts trading days, so that neighbouring sessions differ by one.
    """

    def __init__(self, seed: int, turn: int) -> None:
        # Words depend on the sum alone, which runs through the same values for every symbol:
        # what turns a story takes does not tell whose it is.
        self._place = seed + turn
        self.used = 0
        self._joined = self._place
        self._opened: set[str] = set()

    @classmethod
    def of(cls, symbol: str, turn: int) -> Voice:
        return cls(seed_of(symbol), turn)

    def choose(self, options: Halves) -> str:
        """Return the freshest wording of today's half, from a start that moves with the days."""
        half = options[self._place & 1]
        start, used = (self._place >> 1) % len(half), self.used
        best, least = half[start], (half[start][1] & used).bit_count()
        for k in range(start + 1 - min(len(half), _CANDIDATES), start):
            if not least:
                break
            spent = (half[k][1] & used).bit_count()
            if spent < least:
                best, least = half[k], spent
        self.used = used | best[1]
        return best[0]

    def join(self, kind: str) -> str:
        """Return a connective, the next one each time."""
        options = CONNECTIVES[kind]
        self._joined += 1
        return options[self._joined % len(options)]

    def open(self, kind: str) -> str:
        """Return words to begin a sentence with; each kind once a story, and not every day."""
        if kind in self._opened:
            return ""
        self._opened.add(kind)
        options = OPENERS[kind]
        k = self._place % (len(options) + 1)
        if k == len(options):
            return ""
        self.used |= fingerprint(options[k])
        return options[k]


@lru_cache(maxsize=65_536)
def seed_of(symbol: str) -> int:
    """Return where a symbol's rotation starts."""
    return seed_from("voice", symbol)


def _comments_on(one: Unit, before: Unit) -> bool:
    """Say whether a statement is a movement of what was just spoken of."""
    return one.kind == "movement" and before.kind == "state" and one.subject == before.subject


def group(told: Sequence[Unit]) -> list[list[int]]:
    """Return which statements share a sentence.

    Paths stand alone and others pair up in order, as long as they speak of the same thing: the
    instrument itself or the market around it. Comments join the sentence they comment on.
    """
    sentences: list[list[int]] = []
    room = 0
    before = told[0] if told else None
    for i, one in enumerate(told):
        assert before is not None
        if i and one.kind in APPOSED:
            sentences[-1].append(i)
            room = 0
        elif sentences and room >= 0 and (one.kind in _ATTACHED or _comments_on(one, before)):
            sentences[-1].append(i)
            room -= 2
        elif one.kind in _ALONE:
            sentences.append([i])
            room = -1
        elif room > 0 and one.market == before.market:
            sentences[-1].append(i)
            room = 0
        else:
            sentences.append([i])
            room = 1
        before = one
    return sentences


@dataclass(frozen=True, slots=True)
class Told:
    """A sentence in clauses: each with what joins it to the words before it."""

    opener: str
    joins: tuple[str, ...]
    clauses: tuple[str, ...]

    def plain(self) -> str:
        """Return the sentence without any figure."""
        text = self.opener
        for join, clause in zip(self.joins, self.clauses, strict=True):
            text += join + clause
        return f"{text[0].upper()}{text[1:]}."

    def with_figures(self, figures: Sequence[str], reference: str) -> str:
        """Return the sentence as people read it.

        Parameters
        ----------
        figures : sequence of str
            What stands in parentheses behind each clause; empty strings add nothing.
        reference : str
            What to call the price.
        """
        text = self.opener
        for join, clause, figure in zip(self.joins, self.clauses, figures, strict=True):
            text += join + clause.replace("the price", reference)
            if figure:
                text += f" ({figure})"
        return f"{text[0].upper()}{text[1:]}."


def realise(told: Sequence[Unit], voice: Voice, before: Unit | None = None) -> Told:
    """Put the statements of one sentence into words, in order.

    Parameters
    ----------
    told : sequence of Unit
    voice : Voice
    before : Unit, optional
        The last statement of the sentence before; None begins a story.
    """
    last = told[0]
    opener = _opener(last, before, voice) if before is not None else ""
    joins, clauses = [""], [voice.choose(last.halves)]
    for one in told[1:]:
        pronoun = one.by_pronoun
        halves = pronoun if pronoun and _comments_on(one, last) else one.halves
        clauses.append(voice.choose(halves))
        joins.append(voice.join(_relation(one, last)))
        last = one
    return Told(opener, tuple(joins), tuple(clauses))


def _relation(one: Unit, before: Unit) -> str:
    if one.kind in APPOSED:
        return "apposition"
    product = one.tone * before.tone
    return "contrast" if product < 0 else "and" if product > 0 else "sequence"


def _opener(one: Unit, before: Unit, voice: Voice) -> str:
    if one.kind == "level" and before.kind != "level":
        return voice.open("ahead")
    if one.market and not before.market and one.kind == "state":
        return voice.open("market")
    parted = one.tone * before.tone < 0
    if parted and min(abs(one.tone), abs(before.tone)) >= _TELLING_TONE:
        return voice.open("contrast")
    return ""
