"""Movements: how far a series went, measured in its own usual steps.

A move is divided by a scale known before the move ended (ATR(20) for prices). One continuous
code says where it lies on the way from "steady" (0) through "rises" (1) to "rises sharply" (2),
with the borders between neighbours at the thresholds; the movement is the nearest whole code
and its strength says how near.
"""

from __future__ import annotations

import numpy as np

from foundation.contracts import HORIZONS
from stage_02_fuzzification.blocks import BLOCK_VALUES, over_blocks, window_sums

REFERENCE_SESSIONS = 5
SMALLEST = np.finfo(float).tiny


def own_scale(values: np.ndarray, window: int) -> np.ndarray:
    """Return the volatility scale of a series that has no ATR, shape of ``values``.

    Twice the mean absolute change over ``window`` sessions: for a driftless Brownian path the
    expected range of a session is exactly twice the expected absolute change (Feller 1951), so
    the number plays the part that ATR plays for prices. NaN until the window is full, and where
    a change in it is absent.
    """

    def work(a: np.ndarray, b: np.ndarray, c: np.ndarray, values: np.ndarray) -> np.ndarray:
        steps = np.subtract(values[1:], values[:-1], out=a[1:])
        total = window_sums(np.abs(steps, out=steps), window, b, c)
        total *= 2.0 / window
        return total

    return over_blocks(work, window, 3, values)


def code(
    values: np.ndarray,
    scale: np.ndarray,
    sessions: int,
    *,
    steady_multiple: float,
    sharp_multiple: float,
) -> np.ndarray:
    """Return the continuous movement code over the last ``sessions`` sessions, in [-2, 2].

    Parameters
    ----------
    values, scale : array, shape (T, ...)
        The series and its scale in the same unit.
    sessions : int
        Length of the segment.
    steady_multiple, sharp_multiple : float
        Borders for a segment of five sessions, in scales; they shrink or grow with the square
        root of time.

    Returns
    -------
    array, shape (T, ...)
        0 for no move, +-0.5 at the steady border, +-1.5 at the sharp border, +-2 at twice the
        sharp border and beyond, linear between. NaN where a value or the scale is absent. The
        scale is taken one session before the segment's last, so that a move is not measured by
        itself. A scale of zero makes any move a sharp one.
    """
    time = np.sqrt(sessions / REFERENCE_SESSIONS)
    steady, sharp = steady_multiple * time, sharp_multiple * time

    def work(
        a: np.ndarray, b: np.ndarray, c: np.ndarray, values: np.ndarray, scale: np.ndarray
    ) -> np.ndarray:
        multiple = np.subtract(values[sessions:], values[:-sessions], out=a[sessions:])
        near, middle = b[sessions:], c[sessions:]
        with np.errstate(over="ignore", invalid="ignore"):
            # The least positive number leaves every other scale as it is, and 0 / 0 is nought.
            multiple /= np.add(scale[sessions - 1 : -1], SMALLEST, out=near)
        # Three ramps that end at the borders add up to the broken line through them.
        np.clip(multiple, -steady, steady, out=near)
        np.clip(multiple, -sharp, sharp, out=middle)
        result = np.clip(multiple, -2 * sharp, 2 * sharp, out=multiple)
        result -= middle
        result *= 0.5 / sharp
        middle -= near
        middle *= 1.0 / (sharp - steady)
        near *= 0.5 / steady
        result += middle
        result += near
        return result

    return over_blocks(work, sessions, 3, values, scale)


def classify(codes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return movement (-2..2) and strength (0.5 at a border, 1 at the centre) of codes.

    A code on a border belongs to the calmer movement. NaN stays NaN.
    """

    def nearest(a: np.ndarray, b: np.ndarray, codes: np.ndarray) -> np.ndarray:
        np.subtract(np.maximum(codes, 0.0, out=a), 0.5, out=a)
        np.add(np.minimum(codes, 0.0, out=b), 0.5, out=b)
        return np.add(np.ceil(a, out=a), np.floor(b, out=b), out=a)

    def nearness(a: np.ndarray, codes: np.ndarray, movement: np.ndarray) -> np.ndarray:
        np.abs(np.subtract(codes, movement, out=a), out=a)
        return np.subtract(1.0, a, out=a)

    movement = over_blocks(nearest, 0, 2, codes)
    return movement, over_blocks(nearness, 0, 1, codes, movement)


def by_horizon(session: np.ndarray, segment: np.ndarray, stride: int) -> np.ndarray:
    """Return what holds of the session and of the early, middle and late segment, (T, ..., 4).

    Parameters
    ----------
    session, segment : array, shape (T, ...)
        The same thing of moves over one session and over a segment, by their last session.
    stride : int
        Sessions between the ends of neighbouring segments. NaN before the first.
    """
    told = np.empty((*session.shape, len(HORIZONS)))
    rows = max(1, BLOCK_VALUES // max(1, session[:1].size))
    # A few sessions at a time: the four neighbours of a cell are written while it is in the cache.
    for first in range(0, len(told), rows):
        last = min(len(told), first + rows)
        told[first:last, ..., 0] = session[first:last]
        for horizon, ago in ((1, 2 * stride), (2, stride), (3, 0)):
            known = max(first, min(last, ago))
            told[first:known, ..., horizon] = np.nan
            told[known:last, ..., horizon] = segment[known - ago : last - ago]
    return told


def degree(codes: np.ndarray, movement: int) -> np.ndarray:
    """Return how far codes belong to one movement, in [0, 1]: a triangle of half-width one."""
    return np.clip(1.0 - np.abs(codes - movement), 0.0, 1.0)
