"""One continuation while it is being drawn: what may come next, what did, and how it ends.

The tape comes first, in an order that the draft's own seed draws. Questions are put (forced),
answers are drawn among the five, then the words are drawn until the end: among those that the
language and the tape leave open where a guide stands by, freely where none does. The draws of one
draft come from its own generator, one uniform number per drawn token, so its company in a batch
changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Literal

import numpy as np

from foundation.contracts import TAPE, TapeCodes, tape_outcomes
from foundation.language.guide import GuidedText
from stage_05_llm_engine.scenarios import Scenario
from stage_05_llm_engine.tape import read_tape

Ending = Literal["complete", "truncated", "empty", "repeating"]


class Draft:
    """A continuation in the making.

    Parameters
    ----------
    codes : TapeCodes
    present : series positions that the symbol has
    scenario : Scenario
    seed : int
    max_words, repeat_span, repeat_times : int
        See ``EngineSettings``.
    guided : callable, optional
        Takes the finished tape and returns what holds the words to the language.

    Attributes
    ----------
    ids : list of int
        Everything written so far, frame included.
    log_probability : float
        Sum over drawn tokens at temperature 1, in nats. What was put or forced does not count.
    drawn : int
        Tokens drawn.
    ending : None while it goes on
    """

    def __init__(
        self,
        codes: TapeCodes,
        present: Sequence[int],
        scenario: Scenario,
        seed: int,
        *,
        max_words: int,
        repeat_span: int,
        repeat_times: int,
        guided: Callable[[dict[str, str]], GuidedText] | None = None,
    ) -> None:
        self.codes, self.scenario, self.seed = codes, scenario, seed
        self.max_words, self.repeat = max_words, (repeat_span, repeat_times)
        self.rng = np.random.Generator(np.random.Philox(seed))
        self.ids: list[int] = []
        self.words: list[int] = []
        self.log_probability = 0.0
        self.drawn = 0
        self.ending: Ending | None = None
        self.in_words = False
        self._guided = guided
        self._steps = self._script(present)
        self._wish: int | Sequence[int] | None = next(self._steps)

    @property
    def wish(self) -> int | Sequence[int] | None:
        """What comes next: a token that is put, a choice among some, or (None) among all words."""
        return self._wish

    def take(self, token: int, log_probability: float | None) -> None:
        """Write the next token; ``log_probability`` is None where it was put, not drawn."""
        self.ids.append(token)
        if log_probability is not None:
            self.log_probability += log_probability
            self.drawn += 1
        if self.in_words:
            self._take_word(token)
        if self.ending is None:
            self._wish = next(self._steps)

    def tape(self) -> dict[str, str]:
        """Return what the tape says, in words, in the house's order of series."""
        told = read_tape(self.codes, self.ids)
        return {name: tape_outcomes(name)[told[s]] for s, name in enumerate(TAPE) if s in told}

    def _script(self, present: Sequence[int]) -> Iterator[int | Sequence[int] | None]:
        yield from self.codes.story
        forced = [s for s in self.scenario.forced if s in present]
        others = [s for s in present if s not in forced]
        for s in [*forced, *(others[i] for i in self.rng.permutation(len(others)))]:
            yield from self.codes.series[s]
            if s in forced:
                yield from self.codes.outcomes[s][self.scenario.forced[s]]
            else:
                yield from self._answer(self.codes.outcomes[s])
        yield from self.codes.text
        self.in_words = True
        if self._guided is None:
            while True:
                yield None
        text = self._guided(self.tape())
        while True:
            tokens, may_end = text.options()
            yield [*tokens, self.codes.end[0]] if may_end else tokens
            text.take(self.ids[-1])

    def _answer(self, outcomes: Sequence[Sequence[int]]) -> Iterator[Sequence[int]]:
        """Offer the tokens that continue some answer, until one answer is complete."""
        start = len(self.ids)
        while True:
            said = tuple(self.ids[start:])
            left = [o for o in outcomes if tuple(o[: len(said)]) == said]
            if any(len(o) == len(said) for o in left):
                return
            yield sorted({o[len(said)] for o in left})

    def _take_word(self, token: int) -> None:
        if token == self.codes.end[0]:
            self.ending = "complete" if self.words else "empty"
            return
        self.words.append(token)
        if repeats(self.words, *self.repeat):
            self.ending = "repeating"
        elif len(self.words) >= self.max_words:
            self.ending = "truncated"


def repeats(words: Sequence[int], longest: int, times: int) -> bool:
    """Say whether the end of ``words`` is one stretch of 2 to ``longest`` tokens, ``times`` times.

    A single token in a row counts from ``2 * times`` on.
    """
    if len(words) >= 2 * times and len(set(words[-2 * times :])) == 1:
        return True
    for span in range(2, longest + 1):
        if span * times > len(words):
            return False
        tail = list(words[-span * times :])
        if all(tail[i] == tail[i % span] for i in range(span, len(tail))):
            return True
    return False
