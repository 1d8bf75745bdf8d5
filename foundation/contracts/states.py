"""What a position on the scale of states means: the degrees of the five states.

The scale: 0 is the centre of "very low", 2 of "medium" (the mean of a series' past window), 4 of
"very high". A position says exactly how far a value belongs to each state, so one number is kept
where five would say the same.
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from foundation.contracts.lexicon import STATES

Shape = Literal["triangular", "gaussian"]
"""How a state's degree falls off from its centre; neighbours cross at one half in both."""

MEDIUM = 2.0
"""Where a series stands that lies at the mean of its past window."""
_BLOCK = 8_192
"""Positions graded at a time: block and results fit a core's cache."""


def grade(position: np.ndarray, shape: Shape = "triangular") -> np.ndarray:
    """Return the degrees of the five states.

    Parameters
    ----------
    position : array, any shape
        Where values lie on the scale of states; beyond 0 and 4 the outer states hold fully.
        NaN means absent.
    shape : "triangular" or "gaussian"
        Triangles of half-width one (at most two states share a value), or bells of that
        half-height width, divided by their sum (all five share it, the distant ones hardly).

    Returns
    -------
    array, shape (*position.shape, 5)
        Degrees in [0, 1], summing to one; all NaN where the position is NaN.

    References
    ----------
    Ruspini (1969), "A new approach to clustering": degrees that sum to one. The triangles are
    scikit-fuzzy's ``trimf`` (``trapmf`` for the open ends), the bells its ``gaussmf``.
    """
    position = np.asarray(position, dtype=float)
    degrees = np.empty((*position.shape, len(STATES)))
    flat, out = position.ravel(), degrees.reshape(-1, len(STATES))
    fill = _triangles if shape == "triangular" else _bells
    for first in range(0, len(flat), _BLOCK):
        fill(flat[first : first + _BLOCK], out[first : first + _BLOCK])
    return degrees


def _triangles(position: np.ndarray, out: np.ndarray) -> None:
    # How far a value has gone from one centre to the next, for the four gaps between centres;
    # what it has left of one gap and not yet reached of the next is the state between them.
    before = np.clip(position, 0.0, 1.0)
    np.subtract(1.0, before, out=out[:, 0])
    for state in range(1, len(STATES) - 1):
        beyond = np.clip(position - state, 0.0, 1.0)
        np.subtract(before, beyond, out=out[:, state])
        before = beyond
    out[:, -1] = before


def _bells(position: np.ndarray, out: np.ndarray) -> None:
    inside = np.clip(position, 0.0, len(STATES) - 1.0)[:, None]
    out[:] = np.exp2(-4.0 * (inside - np.arange(len(STATES))) ** 2)
    out /= out.sum(axis=1, keepdims=True)
