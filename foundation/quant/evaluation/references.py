"""Reference forecasts of a categorical state: what a forecast must beat to be worth its cost.

Each function takes observed codes with sessions on the first axis and answers, at row ``t``,
with the distribution over the code at ``t + 1`` that was available after ``t`` was seen. Row
``t`` uses rows ``<= t`` and nothing else. NaN means "not observed": it adds no count.

``pooled`` counts the symbols (second axis) together: what one has shown serves all.

All counts are smoothed by one half per category (Jeffreys prior; Krichevsky & Trofimov 1981,
IEEE Trans. Inf. Theory 27), so no reference ever calls an outcome impossible. For skill
against references see Murphy (1992), Wea. Forecasting 7.
"""

from __future__ import annotations

import numpy as np

HALF = 0.5


def climatology(observed: np.ndarray, categories: int, *, pooled: bool = False) -> np.ndarray:
    """Return past frequencies of each category, shape (T, ..., K).

    ``(n_k + 1/2) / (n + K/2)`` with counts over rows ``0 .. t``, for each series by itself.
    """
    hot = _indicators(observed, categories)
    counts = np.cumsum(hot.sum(axis=1, keepdims=True) if pooled else hot, axis=0)
    return _smoothed(np.broadcast_to(counts, hot.shape))


def persistence(observed: np.ndarray, categories: int) -> np.ndarray:
    """Return the "tomorrow as today" forecast, shape (T, ..., K).

    Today's category gets the probability of staying, estimated from the past as
    ``(stays + 1/2) / (transitions + 1)``; the rest is shared by the other categories in
    proportion to their climatology. Today is the last observed category; before the first
    observation the forecast is uniform.
    """
    codes = np.asarray(observed, dtype=float)
    today, known = _last_observed(codes)
    both = ~np.isnan(codes[1:]) & ~np.isnan(codes[:-1])
    first = np.zeros((1, *codes.shape[1:]))
    transitions = np.cumsum(np.concatenate([first, both.astype(float)]), axis=0)
    stays = np.cumsum(np.concatenate([first, (both & (codes[1:] == codes[:-1])) * 1.0]), axis=0)
    stay = ((stays + HALF) / (transitions + 2 * HALF))[..., None]

    base = climatology(codes, categories)
    here = today[..., None] == np.arange(categories)
    others = np.where(here, 0.0, base)
    others /= others.sum(axis=-1, keepdims=True)
    forecast = np.where(here, stay, (1 - stay) * others)
    return np.where(known[..., None], forecast, 1.0 / categories)


def first_order_markov(
    observed: np.ndarray, categories: int, *, pooled: bool = False
) -> np.ndarray:
    """Return the row of the past transition matrix that belongs to today, shape (T, ..., K).

    ``(n_{jk} + 1/2) / (n_j + K/2)`` with ``j`` the last observed category; uniform before the
    first observation.
    """
    codes = np.asarray(observed, dtype=float)
    today, known = _last_observed(codes)
    hot = _indicators(codes, categories)
    if pooled:
        moved = np.einsum("tn...j,tn...k->t...jk", hot[:-1], hot[1:])[:, None]
    else:
        moved = hot[:-1, ..., :, None] * hot[1:, ..., None, :]
    counts = np.concatenate([np.zeros((1, *moved.shape[1:])), np.cumsum(moved, axis=0)])
    counts = np.broadcast_to(counts, (*hot.shape, categories))
    rows = np.take_along_axis(counts, today.astype(int)[..., None, None], axis=-2)[..., 0, :]
    return np.where(known[..., None], _smoothed(rows), 1.0 / categories)


def _indicators(observed: np.ndarray, categories: int) -> np.ndarray:
    """Return (..., K) indicators, all zero where nothing was observed."""
    return (np.asarray(observed, dtype=float)[..., None] == np.arange(categories)).astype(float)


def _smoothed(counts: np.ndarray) -> np.ndarray:
    return (counts + HALF) / (counts.sum(axis=-1, keepdims=True) + HALF * counts.shape[-1])


def _last_observed(codes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the last code seen up to each row (0 where none yet) and whether there is one."""
    rows = np.arange(len(codes)).reshape(-1, *[1] * (codes.ndim - 1))
    place = np.maximum.accumulate(np.where(np.isnan(codes), -1, rows), axis=0)
    last = np.take_along_axis(codes, np.maximum(place, 0), axis=0)
    return np.where(place >= 0, last, 0.0), place >= 0
