"""Fuzzy inference: rules in a table, evaluated for a whole history at once.

Mamdani's scheme as ``skfuzzy.control`` runs it (Mamdani and Assilian 1975): a rule fires as far
as its weakest condition holds, it cuts off its conclusion at that height, the cut conclusions are
joined by their maximum, and the answer is the centre of gravity of what results. ``control``
takes milliseconds for one evaluation; here all evaluations are rows of one array, and the
answers are the same (it is the oracle in the tests).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product

import numpy as np

from foundation.contracts import STATES, grade

TERMS: tuple[str, ...] = ("low", "medium", "high")
"""What rules ask of an input: low joins the two lower states, high the two upper ones."""

CENTRES = np.array([0.0, 25.0, 50.0, 75.0, 100.0])
"""Where the five conclusions stand: triangles of half-width 25 from -25 to 125, so that a
conclusion alone gives its own centre, and answers lie in [0, 100]."""
HALF_WIDTH = 25.0
UNIVERSE = np.linspace(-25.0, 125.0, 25)
"""Grid of the centre of gravity; heights at which conclusions are cut off are added to it."""
_ROWS = 20_000
"""Evaluations in one go: keeps the working set within tens of megabytes."""


@dataclass(frozen=True)
class RuleTable:
    """A complete table of rules over three inputs.

    Attributes
    ----------
    inputs : tuple of str
        Names of the three inputs, in order of the table: block, row, column.
    rules : dict
        Conclusion (one of ``STATES``) by the terms of the three inputs.
    """

    inputs: tuple[str, str, str]
    rules: Mapping[tuple[str, str, str], str]

    @classmethod
    def of(cls, inputs: tuple[str, str, str], table: str) -> RuleTable:
        """Read a table of nine lines: ``block row | column low, column medium, column high``."""
        rules = {}
        for line in table.strip().splitlines():
            terms, conclusions = line.split("|")
            block, row = terms.split()
            for column, conclusion in zip(TERMS, conclusions.split(","), strict=True):
                rules[block, row, column] = conclusion.strip()
        return cls(inputs, rules)


RISK_APPETITE = RuleTable.of(
    ("market volatility", "credit spread", "breadth"),
    """
    low    low    | high,     very high, very high
    low    medium | medium,   high,      very high
    low    high   | low,      medium,    high
    medium low    | medium,   high,      very high
    medium medium | low,      medium,    high
    medium high   | very low, low,       medium
    high   low    | low,      medium,    high
    high   medium | very low, low,       medium
    high   high   | very low, very low,  low
    """,
)
"""Calm options, tight credit and a broad advance are what appetite for risk looks like.

The three inputs weigh the same. Implied volatility and credit spreads are the common core of
published indices (Illing and Aaron 2005, "A brief survey of risk-appetite indexes"; Coudert and
Gex 2008); breadth tells whether buyers reach for the whole market.
"""

STORY_CONFIDENCE = RuleTable.of(
    ("coverage", "clarity", "agreement"),
    """
    low    low    | very low, very low,  very low
    low    medium | very low, very low,  low
    low    high   | very low, low,       medium
    medium low    | very low, low,       low
    medium medium | low,      low,       medium
    medium high   | low,      medium,    high
    high   low    | very low, low,       medium
    high   medium | low,      medium,    high
    high   high   | medium,   high,      very high
    """,
)
"""How far a day's states carry a story: are they there, are they decided, do they agree?

Without data nothing makes up for it: low coverage never concludes more than medium.
"""

DIRECTIONAL: tuple[str, ...] = ("price", "trend", "momentum", "breadth")
"""Series whose states point up or down, for agreement."""


def infer(table: RuleTable, positions: Mapping[str, np.ndarray]) -> np.ndarray:
    """Return the answer of a rule table.

    Parameters
    ----------
    table : RuleTable
    positions : dict of array, one shape
        Where each input lies on the scale of states: 0 is the centre of "very low", 4 of "very
        high"; beyond them counts as at the end.

    Returns
    -------
    array of that shape
        In [0, 100]. NaN where any input is.
    """
    stacked = np.stack([positions[name] for name in table.inputs], axis=-1)
    rows = stacked.reshape(-1, len(table.inputs))
    present = ~np.isnan(rows).any(axis=-1)
    answers = np.full(len(rows), np.nan)
    # Market-wide inputs repeat and histories are long: every distinct row is worked out once.
    distinct, where = np.unique(rows[present], axis=0, return_inverse=True)
    if len(distinct):
        parts = np.array_split(distinct, max(1, len(distinct) // _ROWS))
        answers[present] = np.concatenate([_evaluate(table, p) for p in parts])[where.ravel()]
    return answers.reshape(stacked.shape[:-1])


def _evaluate(table: RuleTable, rows: np.ndarray) -> np.ndarray:
    degrees = grade(rows)
    terms = np.stack(
        [degrees[..., 0] + degrees[..., 1], degrees[..., 2], degrees[..., 3] + degrees[..., 4]],
        axis=-1,
    )
    heights = np.zeros((len(rows), len(STATES)))
    for (i, first), (j, second), (k, third) in product(enumerate(TERMS), repeat=3):
        firing = np.minimum(np.minimum(terms[:, 0, i], terms[:, 1, j]), terms[:, 2, k])
        conclusion = STATES.index(table.rules[first, second, third])
        heights[:, conclusion] = np.maximum(heights[:, conclusion], firing)
    return _centre_of_gravity(heights)


def _centre_of_gravity(heights: np.ndarray) -> np.ndarray:
    """Return the centre of gravity of the five cut-off triangles joined, shape (M,)."""
    reach = HALF_WIDTH * (1.0 - heights)
    cuts = np.concatenate([CENTRES - reach, CENTRES + reach], axis=1)
    grid = np.broadcast_to(UNIVERSE, (len(heights), len(UNIVERSE)))
    x = np.sort(np.concatenate([grid, cuts], axis=1), axis=1)
    y = np.zeros(x.shape)
    for centre, height in zip(CENTRES, heights.T, strict=True):
        triangle = np.maximum(1.0 - np.abs(x - centre) / HALF_WIDTH, 0.0)
        y = np.maximum(y, np.minimum(triangle, height[:, None]))
    # Exact for straight pieces: area and moment of every trapezium between neighbouring points.
    step, left, right = np.diff(x, axis=1), y[:, :-1], y[:, 1:]
    area = step * (left + right) / 2
    moment = area * x[:, :-1] + step**2 * (left + 2 * right) / 6
    answer: np.ndarray = moment.sum(axis=1) / area.sum(axis=1)
    return np.clip(answer, 0.0, 100.0)


def risk_appetite(memberships: Mapping[str, np.ndarray]) -> np.ndarray:
    """Return the appetite for risk, in [0, 100], shape (T, N): 50 is ordinary.

    Market-wide: relative to the past quarter, as the states of its inputs are. NaN where implied
    volatility, the credit spread or breadth has no state.
    """
    return infer(RISK_APPETITE, {n: place(memberships[n]) for n in RISK_APPETITE.inputs})


def story_confidence(memberships: Mapping[str, np.ndarray]) -> np.ndarray:
    """Return how far the states of a session carry a story, in [0, 100], shape (T, N).

    Three inputs on the scale of states, 0 to 4, from the degrees of all series:

    coverage
        Share of the series that have a state: 0 at none, 4 at all.
    clarity
        Mean degree of the leading state: 0 at one half (every series lies between two), 4 at 1.
    agreement
        ``|sum| / sum of |.|`` of the distances of price, trend, momentum and breadth from
        medium: 0 where they cancel out, 4 where all point one way, or none anywhere.

    NaN where no series has a state.
    """
    names = list(memberships)
    degrees = np.stack([memberships[n] for n in names], axis=-2)
    there = ~np.isnan(degrees[..., 0])
    count = there.sum(axis=-1)
    top = np.where(there, np.nan_to_num(degrees).max(axis=-1), 0.0).sum(axis=-1)
    leanings = np.stack([np.nan_to_num(place(memberships[n]) - 2.0) for n in DIRECTIONAL], axis=-1)
    size = np.abs(leanings).sum(axis=-1)
    agreement = np.abs(leanings.sum(axis=-1)) / np.where(size > 0, size, 1.0)
    some = np.where(count > 0, count, np.nan)
    return infer(
        STORY_CONFIDENCE,
        {
            "coverage": 4.0 * some / len(names),
            "clarity": 8.0 * (top / some - 0.5),
            "agreement": 4.0 * np.where(size > 0, agreement, 1.0),
        },
    )


def place(degrees: np.ndarray) -> np.ndarray:
    """Return where a value lies among the states, 0 to 4, from its five degrees."""
    where: np.ndarray = degrees @ np.arange(len(STATES), dtype=float)
    return where
