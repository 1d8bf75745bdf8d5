"""Probabilities of a Markov chain's states from what is seen: filtered, and smoothed for fitting.

Hamilton (1989), "A new approach to the economic analysis of nonstationary time series and the
business cycle", Econometrica 57 (filter); Kim (1994), "Dynamic linear models with
Markov-switching", J. Econometrics 60 (smoother). A session's step is a matrix: moves times
densities. Steps are multiplied up within blocks of about sqrt(T) sessions, all blocks and models
at once, and then carried from block to block: about 2 sqrt(T) array operations in place of T.

Legend: M models, T sessions, K states.
"""

from __future__ import annotations

import math

import numpy as np


def stationary(moves: np.ndarray) -> np.ndarray:
    """Return the long-run probabilities of the states, shape (M, K).

    ``moves[m, i, j]`` is the chance to go from ``i`` to ``j``; all must be positive.
    """
    states = moves.shape[-1]
    system = np.swapaxes(np.eye(states) - moves, -1, -2).copy()
    system[:, -1] = 1.0
    right = np.zeros((len(moves), states, 1))
    right[:, -1] = 1.0
    return np.linalg.solve(system, right)[..., 0]


def filtered(
    log_density: np.ndarray, moves: np.ndarray, start: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Return the states' probabilities given the past and present, and the log likelihood.

    Parameters
    ----------
    log_density : float64 array, shape (M, T, K)
        Of what a session shows, by state.
    moves : float64 array, shape (M, K, K)
    start : float64 array, shape (M, K), optional
        Probabilities before the first session; the stationary ones where None.

    Returns
    -------
    probabilities : float64 array, shape (M, T, K)
        Row ``t`` uses rows ``<= t``.
    log_likelihood : float64 array, shape (M, T)
        Of rows ``<= t`` together.
    """
    top, density = _scaled(log_density)
    before = stationary(moves) if start is None else start
    probabilities, total = _carried(before, moves, density)
    return probabilities, total + np.cumsum(top, axis=1)


def smoothed(
    log_density: np.ndarray, moves: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the states' probabilities given all sessions, expected moves, and likelihood.

    For fitting on a past that is known as a whole; nothing of it is ever told of a session.

    Returns
    -------
    probabilities : float64 array, shape (M, T, K)
    counts : float64 array, shape (M, K, K)
        Expected number of moves from one state to another.
    log_likelihood : float64 array, shape (M,)
    """
    top, density = _scaled(log_density)
    models, _, states = density.shape
    # Backwards it is the same recursion, through transposed moves: both run in one batch.
    both, total = _carried(
        np.concatenate([stationary(moves), np.full((models, states), 1 / states)]),
        np.concatenate([moves, np.swapaxes(moves, -1, -2)]),
        np.concatenate([density, density[:, ::-1]]),
    )
    forward, backward = both[:models], both[models:, ::-1]
    probabilities = forward.copy()
    probabilities[:, :-1] *= backward[:, 1:] @ np.swapaxes(moves, -1, -2)
    probabilities /= probabilities.sum(axis=-1, keepdims=True)
    weight = ((forward[:, :-1] @ moves) * backward[:, 1:]).sum(axis=-1, keepdims=True)
    counts = np.swapaxes(forward[:, :-1] / weight, -1, -2) @ backward[:, 1:] * moves
    return probabilities, counts, total[:models, -1] + top.sum(axis=1)


def _scaled(log_density: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the largest log density of a session, (M, T), and densities beside it."""
    top = log_density.max(axis=-1)
    return top, np.exp(log_density - top[..., None])


def _carried(
    start: np.ndarray, moves: np.ndarray, density: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Carry ``start`` through every session; return normalised rows and log of their sums.

    Moves are positive and the largest density of a session is one, so no product vanishes.
    """
    models, sessions, states = density.shape
    length = max(1, math.isqrt(sessions))
    blocks = -(-sessions // length)
    padded = np.ones((models, blocks * length, states))
    padded[:, :sessions] = density
    padded = padded.reshape(models, blocks, length, 1, states)
    product = np.empty((length, models, blocks, states, states))
    grown = np.empty((length, models, blocks))
    current = np.broadcast_to(np.eye(states), (models, blocks, states, states))
    for at in range(length):
        current = (current @ moves[:, None]) * padded[:, :, at]
        grown[at] = current.sum(axis=(-1, -2))
        current /= grown[at][..., None, None]
        product[at] = current
    scale = np.cumsum(np.log(grown), axis=0)
    entry, base = np.empty((blocks, models, 1, states)), np.empty((blocks, models))
    row, total = start[:, None, :], np.zeros(models)
    for block in range(blocks):
        entry[block], base[block] = row, total
        row = row @ product[-1, :, block]
        size = row.sum(axis=(-1, -2))
        row = row / size[:, None, None]
        total = total + np.log(size) + scale[-1, :, block]
    rows = (entry.transpose(1, 0, 2, 3)[None] @ product)[..., 0, :]
    sums = rows.sum(axis=-1)
    rows = rows / sums[..., None]
    total_by_row = base.T[None] + scale + np.log(sums)
    return (
        rows.transpose(1, 2, 0, 3).reshape(models, -1, states)[:, :sessions],
        total_by_row.transpose(1, 2, 0).reshape(models, -1)[:, :sessions],
    )
