"""Each stock's own layer: a batched ridge regression of what the parent leaves unsaid."""

from __future__ import annotations

import numpy as np

from foundation.market_model.lstm.parent import (
    Parent,
    TransferRecipe,
    said_by_parent,
)


def fit_children(
    states: np.ndarray, coming: np.ndarray, parent: Parent, recipe: TransferRecipe
) -> tuple[np.ndarray, float]:
    """Return every stock's correction of the parent's answer, and the penalty that was taken."""
    stop = len(states)
    cut = stop - recipe.held_back
    learnt, late = slice(0, cut - recipe.ahead), slice(cut, stop)
    missing = coming - said_by_parent(parent, states)
    errors = {}
    for ridge in recipe.ridges:
        layer = batched_ridge(states[learnt], missing[learnt], ridge)
        errors[ridge] = float(np.nanmean((missing[late] - layer_added(layer, states[late])) ** 2))
    best = min(errors, key=lambda ridge: (errors[ridge], -ridge))
    return batched_ridge(states, missing, best), best


def batched_ridge(inputs: np.ndarray, outcome: np.ndarray, ridge: float) -> np.ndarray:
    """Return one ridge regression per stock, bias included and not penalised, (N, F + 1, K).

    Parameters
    ----------
    inputs : float array, shape (T, N, F)
    outcome : float array, shape (T, N, K)
        A session of which any entry is NaN is left out for its stock.
    ridge : float
        Added to the diagonal of the inputs' products.
    """
    known = np.isfinite(outcome).all(axis=-1)
    x = np.concatenate([inputs, np.ones((*inputs.shape[:2], 1), inputs.dtype)], axis=-1)
    x = (x * known[..., None]).astype(float).swapaxes(0, 1)
    y = np.where(known[..., None], outcome, 0.0).swapaxes(0, 1)
    products = x.swapaxes(1, 2) @ x
    penalty = np.full(x.shape[-1], ridge)
    penalty[-1] = 1e-9
    products += np.diag(penalty)
    return np.linalg.solve(products, x.swapaxes(1, 2) @ y)


def layer_added(layer: np.ndarray, states: np.ndarray) -> np.ndarray:
    """Return (T, N, K) of states (T, N, H) and layers (N, H + 1, K)."""
    corrected = states.swapaxes(0, 1).astype(float) @ layer[:, :-1] + layer[:, -1:]
    return corrected.swapaxes(0, 1)
