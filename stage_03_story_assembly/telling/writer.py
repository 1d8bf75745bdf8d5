"""Surface realisation: from chosen statements to sentences.

Words are chosen by a rotation. Every statement's phrasings fall into two halves that take turns
by trading day, so no story says a thing in yesterday's words; inside a half the choice starts at
a seed of the symbol and prefers words that the story has not used yet. Writing a story again
gives the same text. Clauses and sentences are joined by what their tones say: "although" and
"even so" only where they part.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
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

_BITS = 1024
_TRIVIAL: tuple[str, ...] = (
    "the", "a", "an", "is", "are", "was", "it", "its", "of", "to", "in", "on", "at", "by", "for",
    "and", "has", "have", "been", "that", "as", "from", "with", "than",
)  # fmt: skip
_TELLING_TONE = 0.5
_WORD = re.compile(r"[a-z'-]+")


def fingerprint(text: str) -> int:
    """Return a text's words of weight as bits of one integer."""
    bits = 0
    for word in _WORD.findall(text.lower()):
        if word not in _TRIVIAL:
            bits |= 1 << crc32(word.encode()) % _BITS
    return bits


@dataclass(frozen=True)
class Wording:
    """One way to say a statement; ``prints`` are the words that it spends."""

    text: str
    prints: int


@dataclass(frozen=True)
class Wordings:
    """All ways to say a statement, in two halves that take turns, and its tone."""

    halves: tuple[tuple[Wording, ...], tuple[Wording, ...]]
    tone: float


@lru_cache(maxsize=65_536)
def wordings(said: Statement, *, by_pronoun: bool = False) -> Wordings:
    """Return the ways to say a statement; by pronoun where its subject was just named."""
    texts = phrasings(said)
    if by_pronoun:
        texts = tuple(dict.fromkeys(with_pronoun(text, said.subject) for text in texts))
    every = tuple(Wording(text, fingerprint(text)) for text in texts)
    return Wordings((every[::2], every[1::2] or every), tone(said))


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

    def choose(self, options: Wordings) -> str:
        """Return the freshest wording of today's half, from a start that moves with the days."""
        half = options.halves[self._place & 1]
        start = self._place >> 1
        best, least = half[start % len(half)], _BITS
        for k in range(len(half)):
            wording = half[(start + k) % len(half)]
            spent = (wording.prints & self.used).bit_count()
            if spent < least:
                best, least = wording, spent
                if not spent:
                    break
        self.used |= best.prints
        return best.text

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


def _comments_on(one: Statement, before: Statement) -> bool:
    """Say whether a statement is a movement of what was just spoken of."""
    return one.kind == "movement" and before.kind == "state" and one.subject == before.subject


def group(said: Sequence[Statement]) -> list[list[int]]:
    """Return which statements share a sentence.

    Paths stand alone and others pair up in order, as long as they speak of the same thing: the
    instrument itself or the market around it. Comments join the sentence they comment on.
    """
    sentences: list[list[int]] = []
    room = 0
    for i, one in enumerate(said):
        before = said[i - 1] if i else one
        if i and one.kind in APPOSED:
            sentences[-1].append(i)
            room = 0
        elif sentences and room >= 0 and (one.kind in _ATTACHED or _comments_on(one, before)):
            sentences[-1].append(i)
            room -= 2
        elif one.kind in _ALONE:
            sentences.append([i])
            room = -1
        elif room > 0 and market_wide(one) == market_wide(before):
            sentences[-1].append(i)
            room = 0
        else:
            sentences.append([i])
            room = 1
    return sentences


@dataclass(frozen=True)
class Told:
    """A sentence in clauses: each with what joins it to the words before it."""

    opener: str
    joins: tuple[str, ...]
    clauses: tuple[str, ...]

    def text(self, figures: Sequence[str] = (), reference: str = "") -> str:
        """Return the sentence.

        Parameters
        ----------
        figures : sequence of str
            What stands in parentheses behind each clause; empty strings add nothing.
        reference : str
            What to call the price; empty leaves it as it is.
        """
        parts = [self.opener]
        for k, clause in enumerate(self.clauses):
            words = clause.replace("the price", reference) if reference else clause
            shown = f" ({figures[k]})" if figures and figures[k] else ""
            parts += (self.joins[k], words, shown)
        text = "".join(parts)
        return f"{text[0].upper()}{text[1:]}."


def realise(said: Sequence[Statement], voice: Voice, before: Statement | None = None) -> Told:
    """Put the statements of one sentence into words, in order.

    Parameters
    ----------
    said : sequence of Statement
    voice : Voice
    before : Statement, optional
        The last statement of the sentence before; None begins a story.
    """
    opener = _opener(said[0], before, voice) if before is not None else ""
    joins, clauses = [""], [voice.choose(wordings(said[0]))]
    for one, last in zip(said[1:], said, strict=False):
        told = wordings(one, by_pronoun=_comments_on(one, last))
        clauses.append(voice.choose(told))
        joins.append(voice.join(_relation(one, told.tone, wordings(last).tone)))
    return Told(opener, tuple(joins), tuple(clauses))


def _relation(one: Statement, tone_of_one: float, tone_before: float) -> str:
    if one.kind in APPOSED:
        return "apposition"
    product = tone_of_one * tone_before
    return "contrast" if product < 0 else "and" if product > 0 else "sequence"


def _opener(one: Statement, before: Statement, voice: Voice) -> str:
    if one.kind == "level" and before.kind != "level":
        return voice.open("ahead")
    if market_wide(one) and not market_wide(before) and one.kind == "state":
        return voice.open("market")
    here, there = wordings(one).tone, wordings(before).tone
    if here * there < 0 and min(abs(here), abs(there)) >= _TELLING_TONE:
        return voice.open("contrast")
    return ""
