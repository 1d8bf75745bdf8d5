"""A language model that is a law: it continues stories, and every next token's chance is known.

It reads the last story of a text: where a question stands open it answers by its table, where the
tape is complete it tells a sentence and stops. It knows no past, so what it will say of a series
is the same whatever came before: an oracle for whoever asks it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cached_property

import numpy as np

from foundation.contracts import TAPE
from foundation.language.tape_words import STORY, TEXT, answers, question

END = ""
"""The token that closes a text: it has no letters."""

_TOKEN = re.compile(r" ?[A-Za-z]+|\n| ?[^\sA-Za-z]|\s")

EVEN = dict.fromkeys(TAPE, (0.1, 0.2, 0.4, 0.2, 0.1))


def tokens_of(text: str) -> list[str]:
    """Return a text's tokens: words and marks, each with the space before it."""
    return _TOKEN.findall(text)


class TapeLaw:
    """The model.

    Parameters
    ----------
    chances : mapping of series to five numbers
        Probability of each outcome, lowest first. Series left out are never told.
    synonym : float
        Probability that an outcome is said by its first synonym and not by its label.
    words : str
        What it tells behind the tape.
    """

    def __init__(
        self,
        chances: Mapping[str, Sequence[float]] = EVEN,
        *,
        synonym: float = 0.0,
        words: str = "The price rose today.",
    ) -> None:
        self.chances = {s: tuple(float(p) for p in chances[s]) for s in TAPE if s in chances}
        self.synonym = synonym
        self.words = words
        self._known: dict[str, dict[str, float]] = {}

    def next_tokens(self, text: str) -> dict[str, float]:
        """Return the probability of every token that may follow a text.

        A story ends where its line ends; behind it, and before the first, another one begins.
        """
        line = text.rpartition("\n")[2]
        if line not in self._known:
            self._known[line] = self._next(line)
        return self._known[line]

    def _next(self, line: str) -> dict[str, float]:
        _, mark, story = line.rpartition(STORY)
        if not mark:
            first, second = tokens_of(STORY)
            return {second if line.endswith(first) else first: 1.0}
        if TEXT in story:
            return self._script(f" {self.words}", story.split(TEXT, 1)[1])
        *told, last = story.split(";")
        series, asked, said = last.strip(" ").partition(":")
        if asked and series in self.chances:
            return self._answer(series, said)
        done = {segment.partition(":")[0].strip() for segment in told}
        left = [s for s in self.chances if s not in done]
        return self._script(question(left[0]) if left else TEXT, last)

    @cached_property
    def spelled(self) -> dict[str, dict[str, float]]:
        """The probability of every wording of an answer, by series."""
        table: dict[str, dict[str, float]] = {}
        for series, chances in self.chances.items():
            table[series] = {}
            for wordings, chance in zip(answers(series), chances, strict=True):
                table[series][wordings[0]] = chance * (1 - self.synonym)
                table[series][wordings[1]] = chance * self.synonym
        return table

    def _answer(self, series: str, said: str) -> dict[str, float]:
        """Return what follows an answer begun."""
        found: dict[str, float] = {}
        for wording, chance in self.spelled[series].items():
            spelling = tokens_of(wording)
            begun = tokens_of(said)
            if chance and spelling[: len(begun)] == begun and len(spelling) > len(begun):
                token = spelling[len(begun)]
                found[token] = found.get(token, 0.0) + chance
        total = sum(found.values())
        return {token: chance / total for token, chance in found.items()} if total else {END: 1.0}

    def _script(self, whole: str, said: str) -> dict[str, float]:
        """Return the next token of a text that is known beforehand."""
        if not whole.startswith(said):
            return {END: 1.0}
        left = tokens_of(whole[len(said) :])
        return {left[0] if left else END: 1.0}

    def draw(
        self,
        text: str,
        *,
        most: int,
        temperature: float,
        rng: np.random.Generator,
        floor: float = 0.0,
    ) -> list[tuple[str, float]]:
        """Return tokens with their log-probabilities at temperature 1, the end included.

        Tokens less likely than ``floor`` times the likeliest are never drawn.
        """
        drawn: list[tuple[str, float]] = []
        while len(drawn) < most:
            chances = self.next_tokens(text)
            names = sorted(chances)
            logs = np.log([chances[n] for n in names]) / max(temperature, 1e-3)
            weights = np.exp(logs - logs.max())
            weights[weights < floor] = 0.0
            token = names[int(rng.choice(len(names), p=weights / weights.sum()))]
            drawn.append((token, float(np.log(chances[token]))))
            if token == END:
                break
            text += token
        return drawn
