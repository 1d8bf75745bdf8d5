"""Movements: how far a series went, measured in its own usual steps.

A move is divided by a scale known before the move ended (ATR(20) for prices). One continuous
code says where it lies on the way from "steady" (0) through "rises" (1) to "rises sharply" (2),
with the borders between neighbours at the thresholds; the movement is the nearest whole code
and its strength says how near.
"""

from __future__ import annotations

import numpy as np

REFERENCE_SESSIONS = 5


def own_scale(values: np.ndarray, window: int) -> np.ndarray:
    """Return the volatility scale of a series that has no ATR, shape of ``values``.

    Twice the mean absolute change over ``window`` sessions: for a driftless Brownian path the
    expected range of a session is exactly twice the expected absolute change (Feller 1951), so
    the number plays the part that ATR plays for prices. NaN until the window is full, and where
    a change in it is absent.
    """
    scale = np.full(values.shape, np.nan)
    if values.shape[0] > window:
        steps = np.abs(np.diff(values, axis=0))
        windows = np.lib.stride_tricks.sliding_window_view(steps, window, axis=0)
        scale[window:] = 2.0 * windows.sum(axis=-1) / window
    return scale


def code(
    values: np.ndarray,
    scale: np.ndarray,
    sessions: int,
    *,
    ending: int = 0,
    steady_multiple: float,
    sharp_multiple: float,
) -> np.ndarray:
    """Return the continuous movement code over ``sessions`` sessions, in [-2, 2].

    Parameters
    ----------
    values, scale : array, shape (T, ...)
        The series and its scale in the same unit.
    sessions : int
        Length of the segment.
    ending : int
        How many sessions ago the segment ended.
    steady_multiple, sharp_multiple : float
        Borders for a segment of five sessions, in scales; they shrink or grow with the square
        root of time.

    Returns
    -------
    array, shape (T, ...)
        0 for no move, +-0.5 at the steady border, +-1.5 at the sharp border, +-2 at twice the
        sharp border and beyond. NaN where a value or the scale is absent. The scale is taken
        one session before the segment's last, so that a move is not measured by itself. A
        scale of zero makes any move a sharp one.
    """
    result = np.full(values.shape, np.nan)
    first = sessions + ending
    if values.shape[0] <= first:
        return result
    stop = values.shape[0] - ending
    move = values[sessions:stop] - values[: stop - sessions]
    yardstick = scale[sessions - 1 : stop - 1]
    with np.errstate(divide="ignore", invalid="ignore"):
        multiple = np.where(move == 0.0, 0.0 * yardstick, move / yardstick)
    time = np.sqrt(sessions / REFERENCE_SESSIONS)
    steady, sharp = steady_multiple * time, sharp_multiple * time
    size = np.interp(np.abs(multiple), [0.0, steady, sharp, 2 * sharp], [0.0, 0.5, 1.5, 2.0])
    result[first:] = np.copysign(np.where(np.isnan(multiple), np.nan, size), multiple)
    return result


def classify(codes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return movement (-2..2) and strength (0.5 at a border, 1 at the centre) of codes.

    A code on a border belongs to the calmer movement. NaN stays NaN.
    """
    movement = np.copysign(np.ceil(np.abs(codes) - 0.5), codes) + 0.0
    return movement, 1.0 - np.abs(codes - movement)


def degree(codes: np.ndarray, movement: int) -> np.ndarray:
    """Return how far codes belong to one movement, in [0, 1]: a triangle of half-width one."""
    return np.clip(1.0 - np.abs(codes - movement), 0.0, 1.0)
