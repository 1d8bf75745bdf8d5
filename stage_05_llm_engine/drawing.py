"""One continuation while it is being drawn: what may come next, what did, and how it ends.

The tape comes first: what is supposed, then the key series (the price), then the others in an
order that the draft's own seed draws. Questions are put (forced), answers are drawn among the five
by the probability of all their spellings, and put as stories spell them; then the words are drawn
until the end: among those that the language and the tape leave open where a guide stands by,
freely where none does. The draws of one draft come from its own generator, one uniform number per
draw, so its company in a batch changes nothing.

Alternatives give the key series another answer than the drafts they stand beside: theirs is drawn
from what is left of the distribution. Since the key comes first, its distribution is the same for
all of them, and what the others answer is worked out anew from their seeds: none need be drawn.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from foundation.contracts import TAPE, TapeCodes, tape_outcomes
from foundation.contracts.story_forecast import Ending
from foundation.kernel import seed_from
from foundation.language.guide import GuidedText
from foundation.language.task_words import HORIZONS
from stage_05_llm_engine.scenarios import Scenario, key_series
from stage_05_llm_engine.weighing import Blend

NOTHING: Mapping[int, Blend] = {}


@dataclass(frozen=True)
class Put:
    """The next token is this one."""

    token: int


@dataclass(frozen=True)
class Ask:
    """A series has been asked: one of its five answers comes next."""

    series: int


@dataclass(frozen=True)
class Choose:
    """The next token is drawn among some, or (None) among all words."""

    tokens: Sequence[int] | None


Wish = Put | Ask | Choose


@dataclass(frozen=True)
class Teller:
    """One who answers the key question: by what temperature, and from what seed."""

    temperature: float
    seed: int


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
    closing_words : int
        See ``EngineSettings``; of use where words are guided.
    beside : sequence of Teller
        Drafts of the same story whose answers to the key question this one does not repeat, in
        the order in which they avoid one another.
    mixed : mapping of series position to Blend
        How the model's answers are mixed with what others say of the series.

    Attributes
    ----------
    ids : list of int
        Everything written so far, frame included.
    outcomes : dict of int to int
        The tape so far: series position -> outcome code, in the order asked.
    log_probability : float
        Sum over what was drawn at temperature 1, in nats, by the model alone; an answer counts
        with all its spellings. What was put or forced does not count.
    drawn : int
        How many draws.
    ending : None while it goes on
    wish : what comes next
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
        closing_words: int = 0,
        beside: Sequence[Teller] = (),
        mixed: Mapping[int, Blend] = NOTHING,
    ) -> None:
        self.codes, self.scenario, self.seed = codes, scenario, seed
        self.max_words, self.repeat = max_words, (repeat_span, repeat_times)
        self.closing_words = closing_words
        self.rng = np.random.Generator(np.random.Philox(seed))
        self.ids: list[int] = []
        self.words: list[int] = []
        self.outcomes: dict[int, int] = {}
        self.log_probability = 0.0
        self.drawn = 0
        self.ending: Ending | None = None
        self.in_words = False
        self._guided, self._mixed = guided, mixed
        self._key = key_series(present)
        self._tellers = (*beside, Teller(scenario.temperature, seed))
        self._steps = self._script(present)
        self.wish: Wish = next(self._steps)

    def put(self, token: int) -> None:
        """Write the token that was wished for."""
        self._write(token)

    def draw_answer(self, chances: np.ndarray) -> None:
        """Draw the answer to the question that was put, from the model's log-probabilities (5,)."""
        assert isinstance(self.wish, Ask)
        blend = self._mixed.get(self.wish.series)
        believed = chances if blend is None else blend.of(chances)
        if self.wish.series == self._key:
            outcome = key_answer(believed, self._tellers)
        else:
            outcome = drawn(believed, self.scenario.temperature, self.rng)
        self.answer(outcome, float(chances[outcome]))

    def answer(self, outcome: int, log_probability: float) -> None:
        """Take an answer; its tokens are put next."""
        assert isinstance(self.wish, Ask)
        self.outcomes[self.wish.series] = outcome
        self._count(log_probability)
        self.wish = next(self._steps)
        assert isinstance(self.wish, Put)
        self._write(self.wish.token)

    def choose(self, token: int, log_probability: float) -> None:
        """Write the word token that was drawn."""
        self._count(log_probability)
        self._write(token)

    def tape(self) -> dict[str, str]:
        """Return what the tape says, in words, in the house's order of series."""
        told = self.outcomes
        return {name: tape_outcomes(name)[told[s]] for s, name in enumerate(TAPE) if s in told}

    def _count(self, log_probability: float) -> None:
        self.log_probability += log_probability
        self.drawn += 1

    def _write(self, token: int) -> None:
        self.ids.append(token)
        if self.in_words:
            self._take_word(token)
        if self.ending is None:
            self.wish = next(self._steps)

    def _script(self, present: Sequence[int]) -> Iterator[Wish]:
        codes = self.codes
        yield from map(Put, (*codes.task(self.scenario.task), *codes.story))
        if self.scenario.task not in HORIZONS:
            yield from self._tape_script(present)
        yield from map(Put, codes.text)
        self.in_words = True
        if self._guided is None:
            while True:
                yield Choose(None)
        text = self._guided(self.tape())
        while True:
            if self.max_words - len(self.words) <= self.closing_words * (text.owed + 1):
                text.hurry()
            tokens, may_end = text.options()
            yield Choose([*tokens, codes.end[0]] if may_end else tokens)
            text.take(self.ids[-1])

    def _tape_script(self, present: Sequence[int]) -> Iterator[Wish]:
        codes = self.codes
        forced = [s for s in self.scenario.forced if s in present]
        first = [s for s in dict.fromkeys([*forced, self._key]) if s in present]
        others = [s for s in present if s not in first]
        for s in [*first, *(others[i] for i in self.rng.permutation(len(others)))]:
            yield from map(Put, codes.series[s])
            if s in forced:
                self.outcomes[s] = self.scenario.forced[s]
            else:
                yield Ask(s)
            yield from map(Put, codes.outcomes[s][self.outcomes[s]])

    def _take_word(self, token: int) -> None:
        if token == self.codes.end[0]:
            self.ending = "complete" if self.words else "empty"
            return
        self.words.append(token)
        if repeats(self.words, *self.repeat):
            self.ending = "repeating"
        elif len(self.words) >= self.max_words:
            self.ending = "truncated"


def key_answer(chances: np.ndarray, tellers: Sequence[Teller]) -> int:
    """Return the key answer of the last of some tellers; each avoids what those before it said.

    Parameters
    ----------
    chances : float array, shape (5,)
        Log-probabilities of the answers, the same for all tellers.
    """
    left = list(range(len(chances)))
    answer = -1
    for teller in tellers:
        rng = np.random.Generator(np.random.Philox(seed_from("key", teller.seed)))
        answer = left.pop(drawn(chances[left], teller.temperature, rng))
    return answer


def drawn(log_probability: np.ndarray, temperature: float, rng: np.random.Generator) -> int:
    """Return a place drawn by one uniform number, probabilities raised to 1 / temperature."""
    scaled = log_probability / temperature
    cumulative = np.exp(scaled - scaled.max()).cumsum()
    place = int(np.searchsorted(cumulative, rng.random() * cumulative[-1], side="right"))
    return min(place, len(scaled) - 1)


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
