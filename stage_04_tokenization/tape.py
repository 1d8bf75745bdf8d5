"""The tape: what each series did, said in special tokens before the words.

The order of the series is drawn by a hash of symbol and session. Over many stories every series
comes first equally often, whatever it did, so the model's answer to the first question is the
marginal distribution of that series, not one conditioned on the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import permutations

import numpy as np

from foundation.contracts import TAPE, TapeCodes
from foundation.kernel import seed_from

_ORDERS: tuple[tuple[int, ...], ...] = tuple(permutations(range(len(TAPE))))


@dataclass(frozen=True)
class EncodedStory:
    """One story's ids up to its last word, and which are answers or words (1), not frame (0)."""

    ids: tuple[int, ...]
    answers: tuple[int, ...]


def tape_order(symbol: str, session: date) -> tuple[int, ...]:
    """Return the order of the tape's series for one story: a uniformly drawn permutation."""
    return _ORDERS[seed_from("tape order", symbol, session.isoformat()) % len(_ORDERS)]


def write_story(
    codes: TapeCodes, order: Sequence[int], observed: np.ndarray, words: Sequence[int]
) -> EncodedStory:
    """Return a story without its closing: frame, tape in the given order, words.

    Parameters
    ----------
    observed : array of shape (len(TAPE),)
        Outcome codes 0..4; NaN where the series is absent, which leaves it off the tape.
    """
    ids = [*codes.story]
    answers = [0] * len(ids)
    for s in order:
        if np.isnan(observed[s]):
            continue
        asked, told = codes.series[s], codes.outcomes[s][int(observed[s])]
        ids += [*asked, *told]
        answers += [0] * len(asked) + [1] * len(told)
    ids += [*codes.text, *words]
    answers += [0] * len(codes.text) + [1] * len(words)
    return EncodedStory(tuple(ids), tuple(answers))
