"""Several opinions as one, by weights learnt online from what each has lost.

Bernstein online aggregation with linearised losses (Wintenberger 2017, Machine Learning 106:
algorithm 1 with the gradient trick of section 2.2 and learning rates that adapt, section 3.3).
After T sessions the mean loss of what was published exceeds that of the best fixed convex
combination of the opinions, and so that of the best opinion, by no more than the order of
sqrt(log(K) / T), whatever the market did. No rate is set by hand.

A loss counts only once its outcome is known, ``horizon`` sessions after the forecast; losses of so
many neighbours overlap, and the rates are smaller by its square root (Joulani, Gyorgy & Szepesvari
2013, ICML, on aggregation under delay). An opinion that is silent neither gains nor loses (Freund,
Schapire, Singer & Warmuth 1997, STOC).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from foundation.kernel import OperatorError

Slope = Callable[[np.ndarray, int], np.ndarray]


@dataclass(frozen=True)
class Aggregate:
    """What the opinions say together, and the weights by which they do.

    Attributes
    ----------
    values : float array (T, N) or (T, N, Q)
        Weighted mean of the opinions given of each stock; NaN where none is.
    names : tuple of str
        Of the K opinions.
    weights : float array (T, K)
        At each row, by outcomes known there. They sum to one over the opinions that speak of any
        stock in that row and are zero for the others; NaN where nobody speaks.
    """

    values: np.ndarray
    names: tuple[str, ...]
    weights: np.ndarray

    def of(self, others: Mapping[str, np.ndarray]) -> np.ndarray:
        """Return other opinions of the same (T, N) by the same weights and names."""
        said = np.stack([others[name] for name in self.names])
        return _mean(said, np.nan_to_num(self.weights).T)


def aggregate(
    opinions: Mapping[str, np.ndarray],
    slope: Slope,
    prior: Mapping[str, float],
    *,
    horizon: int,
) -> Aggregate:
    """Return the opinions as one, each row by weights learnt from outcomes known there.

    Parameters
    ----------
    opinions : mapping of name to float array (T, N) or (T, N, Q)
        On a scale on which a weighted mean is an opinion of the same kind; NaN is silence.
    slope : callable
        ``slope(published, row)``: derivative of the loss by what was published at a row, of its
        shape; NaN where the outcome is not known. The loss is convex in it.
    prior : mapping of name to positive float
        Weights before anything is known, up to a factor.
    horizon : int
        Sessions after which an outcome is known.

    Raises
    ------
    OperatorError
        If the prior is not one positive weight for each opinion.
    """
    names = tuple(opinions)
    if set(prior) != set(names) or not all(weight > 0 for weight in prior.values()):
        raise OperatorError(
            "Every opinion has a positive prior weight, and nobody else has one",
            value=dict(prior),
            remedy=f"name a weight for each of {sorted(names)}",
        )
    said = np.stack([opinions[name] for name in names])
    learner = Bernstein(np.array([prior[name] for name in names], dtype=float), horizon)
    values = np.full(said.shape[1:], np.nan)
    weights = np.full((said.shape[1], len(names)), np.nan)
    for row in range(said.shape[1]):
        known = row - horizon
        if known >= 0:
            learner.learn(gains(said[:, known], values[known], slope(values[known], known)))
        spoke = np.isfinite(said[:, row]).reshape(len(names), -1).any(axis=1)
        if spoke.any():
            kept = np.where(spoke, learner.weights(), 0.0)
            weights[row] = kept / kept.sum()
            values[row] = _mean(said[:, row], weights[row])
    return Aggregate(values, names, weights)


def gains(said: np.ndarray, published: np.ndarray, slope: np.ndarray) -> np.ndarray:
    """Return how much less each opinion would have lost, to first order, (K,).

    Parameters
    ----------
    said : float array (K, N) or (K, N, Q)
    published, slope : float arrays (N) or (N, Q)

    Returns
    -------
    float array (K,)
        Mean over the stocks that are known; zero for an opinion that was silent of all of them.
    """
    gain = -slope * (said - published)
    if gain.ndim == 3:
        gain = gain.mean(axis=-1)
    known = np.isfinite(gain)
    count = known.sum(axis=1)
    total = np.where(known, gain, 0.0).sum(axis=1)
    return np.divide(total, count, out=np.zeros(len(said)), where=count > 0)


@dataclass
class Bernstein:
    """Weights of K opinions, and what has been learnt of each: its gains and how they vary.

    Parameters
    ----------
    prior : float array (K,)
    delay : int
        Sessions between a forecast and its outcome.
    """

    prior: np.ndarray
    delay: int
    total: np.ndarray = field(init=False)
    squares: np.ndarray = field(init=False)
    largest: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        self.prior = self.prior / self.prior.sum()
        self.total = np.zeros_like(self.prior)
        self.squares, self.largest = np.zeros((2, len(self.prior)))

    def learn(self, gain: np.ndarray) -> None:
        """Take in what each opinion would have gained over what was published, (K,).

        The square is the price of varying: of two opinions with equal gains the steadier one
        weighs more.
        """
        self.squares = self.squares + self.delay * gain**2
        self.largest = np.maximum(self.largest, np.abs(gain))
        self.total = self.total + gain - self._rates() * self.delay * gain**2

    def weights(self) -> np.ndarray:
        """Return the weights, (K,); the prior's until something is known."""
        rate = self._rates()
        told = rate > 0
        if not told.any():
            return self.prior
        # Whoever has never differed from what was published has no rate of its own yet.
        rate = np.where(told, rate, np.exp(np.log(rate[told]).mean()))
        logs = np.log(self.prior) + np.log(rate) + rate * self.total
        weights = np.exp(logs - logs.max())
        return weights / weights.sum()

    def _rates(self) -> np.ndarray:
        """Return each opinion's learning rate, (K,); zero while it has neither gained nor lost."""
        told = self.squares > 0
        squares, largest = np.where(told, self.squares, 1.0), np.where(told, self.largest, 1.0)
        surprise = np.log(1 / np.minimum(self.prior, 0.5))
        rate = np.minimum(1 / (2 * self.delay * largest), np.sqrt(surprise / squares))
        return np.where(told, rate, 0.0)


def _mean(said: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return the weighted mean over (K, ...) opinions of whoever speaks of a stock."""
    parts = weights.reshape(*weights.shape, *[1] * (said.ndim - weights.ndim))
    parts = parts * np.isfinite(said)
    total = parts.sum(axis=0)
    mean = (parts * np.where(np.isfinite(said), said, 0.0)).sum(axis=0)
    return np.divide(mean, total, out=np.full(total.shape, np.nan), where=total > 0)
