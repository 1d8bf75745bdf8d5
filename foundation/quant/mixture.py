"""Several forecasts of a categorical state as one, by weights learnt from what came true.

Bayes' mixture, for log scores Vovk's aggregating algorithm (1990, COLT): all opinions begin with
the same weight, and each session multiplies an opinion's weight by the geometric mean of the
probabilities that it gave to what happened. A session counts once, however many symbols it has:
what moves on one day moves together. Since the logarithm of a mean is no less than the mean of
logarithms, the mean loss per session exceeds that of the best opinion by no more than
``log(opinions) / sessions``, whatever happened. Nothing is set by hand.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

FLOOR = 1e-6
"""Least probability that a loss is taken of: one impossible outcome that happened (a frequency of
few drawn answers can be zero) does not silence an opinion for good."""


@dataclass(frozen=True)
class Mixture:
    """Forecasts of several opinions as one.

    Attributes
    ----------
    chances : float array, shape (T, N, S, C)
        Probabilities of the C outcomes of S series; NaN where any opinion is silent.
    weights : float array, shape (T, S, K)
        By which row ``t`` was mixed: learnt from outcomes known at row ``t``. They sum to one.
    """

    chances: np.ndarray
    weights: np.ndarray


def mix(opinions: Sequence[np.ndarray], happened: np.ndarray) -> Mixture:
    """Return the opinions as one, every series by weights of its own.

    Parameters
    ----------
    opinions : K float arrays, shape (T, N, S, C)
        Row ``t`` says how likely each outcome of the session after row ``t``'s is, from what was
        known at row ``t``. All NaN along the last axis is silence.
    happened : float array, shape (T, N, S)
        Code of the outcome on the session after row ``t``'s, known by row ``t + 1``; NaN where
        there is none (yet). Where any opinion is silent nothing is learnt.
    """
    said = np.stack(opinions, axis=-1)
    losses = _session_losses(said, happened)
    before = np.concatenate([np.zeros_like(losses[:1]), np.cumsum(losses, axis=0)[:-1]])
    likelihood = np.exp(before.min(axis=-1, keepdims=True) - before)
    weights = likelihood / likelihood.sum(axis=-1, keepdims=True)
    return Mixture(np.einsum("tnsck,tsk->tnsc", said, weights), weights)


def _session_losses(said: np.ndarray, happened: np.ndarray) -> np.ndarray:
    """Return (T, S, K): mean loss over symbols, in nats; 0 where a session has no outcome."""
    known = ~np.isnan(happened) & ~np.isnan(said).any(axis=(-1, -2))
    codes = np.where(known, happened, 0).astype(int)[..., None, None]
    given = np.take_along_axis(said, codes, axis=-2)[..., 0, :]
    nats = np.where(known[..., None], -np.log(np.maximum(given, FLOOR)), 0.0)
    counts = np.maximum(known.sum(axis=1), 1)[..., None]
    losses: np.ndarray = nats.sum(axis=1) / counts
    return losses
