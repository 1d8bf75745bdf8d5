"""How far prices moved when such things happened before."""

from __future__ import annotations

import numpy as np


def daily_moves(close: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """Return each session's absolute move in the volatility scale of the session before, (T, N).

    ``|close[t] - close[t-1]| / scale[t-1]``; the scale is ATR(20) or its close-only equivalent,
    in which an ordinary day of a random walk is about 0.5. NaN where either is absent.
    """
    moves = np.full(close.shape, np.nan)
    usable = np.where(scale[:-1] > 0, scale[:-1], np.nan)
    moves[1:] = np.abs(np.diff(close, axis=0)) / usable
    return moves


def first_session(at: np.ndarray, count: int) -> int:
    """Return the first session by which an event had occurred; ``count`` if none has."""
    return min(max(int(at.min()), 0), count) if len(at) else count


def past_reaction(at: np.ndarray, moves: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the mean move on earlier sessions with such an event, and how many there were.

    Parameters
    ----------
    at : int array
        Sessions on which the events counted; several on one session count once.
    moves : float array, shape (T, N)

    Returns
    -------
    mean, count : float arrays, shape (T, N)
        Over events strictly before each session. The mean is NaN where there was none; both are
        before the first event, when nobody knew that there would be any.
    """
    happened = np.zeros(len(moves), dtype=bool)
    happened[at[(at >= 0) & (at < len(moves))]] = True
    counted = happened[:, None] & ~np.isnan(moves)
    total = np.cumsum(np.where(counted, moves, 0.0), axis=0) - np.where(counted, moves, 0.0)
    count = (np.cumsum(counted, axis=0) - counted).astype(float)
    count[: first_session(at, len(moves))] = np.nan
    return np.divide(total, count, out=np.full(moves.shape, np.nan), where=count > 0), count
