"""Story books whose tape has a known law, so that a forecast of it can be held against the truth.

Two laws:

``planted``
    Every state series is a Markov chain over its five states: it stays with probability 0.6 and
    else moves to a neighbour. Tomorrow's price outcome depends on today's momentum alone: very
    high momentum makes a rise likely, very low a fall.
``martingale``
    Every series draws afresh each session from one fixed distribution. Nobody can forecast
    better than that distribution, which is its climatology.

Texts are short stories in the house's own phrases that say the same as the tape.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Literal

import numpy as np

from foundation.contracts import STATES, TAPE, StoryBook, statement
from foundation.kernel import NEW_YORK, seed_from
from foundation.language import phrasings
from foundation.timeseries import Panel

STAY = 0.6
"""Probability that a state series keeps its state."""
RISING = np.array([0.04, 0.08, 0.13, 0.30, 0.45])
"""Price outcomes after a session of very high momentum; reversed after very low."""
EVEN = np.array([0.10, 0.20, 0.40, 0.20, 0.10])
"""Price outcomes otherwise, and every series' distribution in the martingale."""
START = date(2012, 1, 2)


@dataclass(frozen=True)
class PlantedStories:
    """A story book and its law.

    Attributes
    ----------
    truth : float array, shape (T, N, len(TAPE), 5)
        Probability of each outcome on the session after row t, given everything up to t.
        NaN for a series that the symbol does not have.
    """

    book: StoryBook
    truth: np.ndarray


def planted_stories(
    law: Literal["planted", "martingale"],
    *,
    sessions: int = 400,
    symbols: int = 6,
    seed: int = 0,
) -> PlantedStories:
    """Return a story book under a law. The last symbol reports no volume.

    More sessions leave the earlier ones as they are.
    """
    rng = np.random.Generator(np.random.Philox(seed))
    draws = rng.random((sessions, symbols, len(TAPE)))
    shared = TAPE.index("market volatility")
    draws[:, :, shared] = draws[:, :1, shared]
    codes = np.zeros((sessions, symbols, len(TAPE)), dtype=int)
    truth = np.zeros((sessions, symbols, len(TAPE), 5))
    now = np.broadcast_to(EVEN, (symbols, len(TAPE), 5))
    for t in range(sessions):
        codes[t] = (draws[t][..., None] > now.cumsum(axis=-1)[..., :4]).sum(axis=-1)
        now = _next_law(codes[t]) if law == "planted" else now
        truth[t] = now
    observed = codes.astype(float)
    volume = TAPE.index("volume")
    observed[:, -1, volume] = np.nan
    truth[:, -1, volume] = np.nan
    return PlantedStories(book=_book(observed, seed), truth=truth)


def _next_law(codes: np.ndarray) -> np.ndarray:
    """Return the distribution of the next outcomes after these (N, S) codes."""
    chain = np.zeros((5, 5))
    for state in range(5):
        chain[state, state] += STAY
        chain[state, max(state - 1, 0)] += (1 - STAY) / 2
        chain[state, min(state + 1, 4)] += (1 - STAY) / 2
    law = chain[codes]
    momentum = codes[:, TAPE.index("momentum")]
    price = np.array([RISING[::-1], EVEN, EVEN, EVEN, RISING])
    law[:, TAPE.index("price")] = price[momentum]
    return law


def _book(observed: np.ndarray, seed: int) -> StoryBook:
    days = _weekdays(len(observed) + 1)
    names = tuple(f"S{n:02d}" for n in range(observed.shape[1]))
    sessions = days[:-1]
    close = datetime.combine(sessions[-1], time(16, 0), tzinfo=NEW_YORK)
    return StoryBook(
        as_of=close,
        produced_at=close,
        session=sessions[-1],
        target_session=days[-1],
        sessions=sessions,
        symbols=names,
        texts=tuple(
            tuple(_tell(observed[t, n], seed, t, name) for n, name in enumerate(names))
            for t in range(len(sessions))
        ),
        observed=Panel(sessions=sessions, symbols=names, fields=TAPE, values=observed),
        recent=(),
    )


def _tell(row: np.ndarray, seed: int, t: int, symbol: str) -> str:
    clauses = []
    for s, name in enumerate(TAPE):
        if np.isnan(row[s]):
            said = statement("absence", name, "absent")
        elif name == "price":
            said = statement("movement", name, f"{int(row[s]) - 2:+d}")
        else:
            said = statement("state", name, STATES[int(row[s])], "clear")
        options = phrasings(said)
        clauses.append(options[seed_from(seed, t, symbol, name) % len(options)])
    pairs = [f"{a}; {b}" for a, b in zip(clauses[::2], clauses[1::2], strict=True)]
    return " ".join(f"{pair[0].upper()}{pair[1:]}." for pair in pairs)


def _weekdays(count: int) -> tuple[date, ...]:
    days: list[date] = []
    day = START
    while len(days) < count:
        if day.weekday() < 5:
            days.append(day)
        day += timedelta(days=1)
    return tuple(days)
