"""The law of a session within a regime, and the parameters that fit it best.

In regime ``s`` the scaled return of stock ``i`` follows its previous one:

    r[i, t] = slope[t] * r[i, t-1] + shock[i, t],   slope[t] ~ (memory_s, slope_spread^2)

Shocks share a common part. Their mean over stocks and their deviations from it are judged apart:
the mean by Student's t with spread ``market_s``; the deviations by a multivariate t with spread
``own_s``, in which one draw widens or narrows the whole session. Two things keep one fact from
being counted once per stock: deviations count as the independent ones that they are worth
(``session_sums.effective_share``), and a session's dispersion and slope vary about the regime's
by more than chance (``own_freedom``, ``slope_spread``), so that no number of stocks makes one
session certain.

The steps of maximisation are those of Dempster, Laird & Rubin (1977) with the t's mixing weights
(Lange, Little & Taylor 1989, JASA 84) and the session's slope as further hidden values;
freedoms maximise the expected density itself (Liu & Rubin 1994, Biometrika 81).

Legend: M models, K states, T sessions.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from foundation.quant.regimes.session_sums import SessionSums

FREEDOMS = np.array([2.5, 3, 4, 5, 6, 8, 10, 14, 20, 30, 50, 100, 200, 500])
"""Degrees of freedom to choose from; the last is a normal density by all practical means."""
LEAST_SPREAD = 1e-3
"""Smallest spread of a state, in units of the whole past's: a density must stay finite."""
MOST_MEMORY = 0.95


@dataclass(frozen=True)
class Parameters:
    """Parameters of M models of K states each.

    Attributes
    ----------
    memory : float64 array, shape (M, K)
        Mean slope of a return on the one before.
    market, own : float64 array, shape (M, K)
        Spread (scale of the t) of the market's mean return and of a stock's deviation from it, log
        return. ``own`` is 1 and means nothing in a market of one stock.
    market_freedom, own_freedom : float64 array, shape (M,)
        Degrees of freedom.
    slope_spread : float64 array, shape (M,)
        Standard deviation of a session's slope about the regime's memory.
    moves : float64 array, shape (M, K, K)
        Chances to go from a state (row) to another; rows sum to one.
    """

    memory: np.ndarray
    market: np.ndarray
    own: np.ndarray
    market_freedom: np.ndarray
    own_freedom: np.ndarray
    slope_spread: np.ndarray
    moves: np.ndarray

    def chosen(self, model: int) -> Parameters:
        """Return one of the models alone, still with its leading axis."""
        return Parameters(
            **{f.name: getattr(self, f.name)[model : model + 1] for f in fields(self)}
        )

    def joined(self, other: Parameters) -> Parameters:
        """Return these models and the others of as many states."""
        return Parameters(
            **{
                f.name: np.concatenate([getattr(self, f.name), getattr(other, f.name)])
                for f in fields(self)
            }
        )


class Emissions:
    """Densities of given sessions under any parameters.

    Parameters
    ----------
    sums : SessionSums
    share : float
        Of the deviations' degrees of freedom, those that are independent.
    """

    def __init__(self, sums: SessionSums, share: float) -> None:
        before = sums.square_before
        self.seen = (sums.count > 0)[:, None]
        self.freedom = (share * sums.degrees)[:, None]
        self.mean, self.mean_before = sums.mean[:, None], sums.mean_before[:, None]
        self.before = (share * before)[:, None]
        slope = np.divide(sums.cross, before, out=np.zeros_like(before), where=before > 0)
        self.slope = slope[:, None]
        self.rest = share * np.maximum(sums.square - slope * sums.cross, 0.0)[:, None]
        self.several = bool(self.freedom.any())

    def spreads(self) -> tuple[float, float]:
        """Return the root mean square of the market's mean and of deviations, over all sessions."""
        market = float(np.sqrt(np.mean(self.mean[self.seen] ** 2)))
        if not self.several:
            return market, 1.0
        total = self.rest + self.slope**2 * self.before
        return market, float(np.sqrt(total.sum() / self.freedom.sum()))

    def log_density(self, p: Parameters) -> np.ndarray:
        """Return the log density of every session by state, (M, T, K); nought where none is seen.

        Up to a constant that no parameter changes.
        """
        return self._judged(p)[0]

    def _judged(self, p: Parameters) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return log densities and both parts' mixing weights, (M, T, K)."""
        surprise = (self.mean - p.memory[:, None] * self.mean_before) / p.market[:, None]
        nu = p.market_freedom[:, None, None]
        square = surprise**2
        density = _log_t(square, nu, 1.0) - np.log(p.market)[:, None]
        market_weight = (nu + 1) / (nu + square)
        if not self.several:
            return np.where(self.seen, density, 0.0), market_weight, np.ones_like(density)
        distance, widened = self._distance(p)
        nu = p.own_freedom[:, None, None]
        density += _log_t(distance, nu, self.freedom)
        density -= self.freedom * np.log(p.own)[:, None] + 0.5 * np.log(widened)
        own_weight = (nu + self.freedom) / (nu + distance)
        return np.where(self.seen, density, 0.0), market_weight, own_weight

    def _distance(self, p: Parameters) -> tuple[np.ndarray, np.ndarray]:
        """Return the deviations' squared length in spreads, and what the slope's spread adds.

        The second is the factor by which the slope's variance exceeds that of a fixed slope.
        """
        variance = p.own[:, None] ** 2
        widened = 1 + p.slope_spread[:, None, None] ** 2 * self.before / variance
        along = self.before * (self.slope - p.memory[:, None]) ** 2 / widened
        return (self.rest + along) / variance, widened

    def judged(self, p: Parameters) -> tuple[np.ndarray, tuple[np.ndarray, np.ndarray]]:
        """Return log densities (M, T, K), and the mixing weights ``improved`` needs."""
        density, market_weight, own_weight = self._judged(p)
        return density, (market_weight, own_weight)

    def improved(
        self, p: Parameters, chance: np.ndarray, weights: tuple[np.ndarray, np.ndarray]
    ) -> Parameters:
        """Return parameters that fit better, given the chances of states (M, T, K); same moves."""
        chance = chance * self.seen
        by_market, by_own = chance * weights[0], chance * weights[1]
        memory = self._memory(p, by_market, by_own)[0]
        least = LEAST_SPREAD * np.array(self.spreads())
        surprise = self.mean - memory[:, None] * self.mean_before
        total = np.maximum(chance.sum(axis=1), np.finfo(float).tiny)
        market = np.sqrt((by_market * surprise**2).sum(axis=1) / total)
        made = Parameters(
            memory,
            np.maximum(market, least[0]),
            p.own,
            p.market_freedom,
            p.own_freedom,
            p.slope_spread,
            p.moves,
        )
        square = (surprise / made.market[:, None]) ** 2
        freedoms = {"market_freedom": _freedom(chance, square, 1.0, p.market_freedom)}
        if self.several:
            own, slope_spread = self._own(made, chance, by_own)
            changed = {"own": np.maximum(own, least[1]), "slope_spread": slope_spread}
            made = Parameters(**(vars(made) | changed))
            distance = self._distance(made)[0]
            freedoms["own_freedom"] = _freedom(chance, distance, self.freedom, p.own_freedom)
        return Parameters(**(vars(made) | freedoms))

    def memory_error(self, p: Parameters, chance: np.ndarray) -> np.ndarray:
        """Return the standard error of each state's memory, (M, K), were the states known."""
        chance = chance * self.seen
        _, market_weight, own_weight = self._judged(p)
        return 1 / np.sqrt(self._memory(p, chance * market_weight, chance * own_weight)[1])

    def _memory(
        self, p: Parameters, by_market: np.ndarray, by_own: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return the weighted least squares slope of either part together, and its precision."""
        weight = by_market / p.market[:, None] ** 2
        precision = (weight * self.mean_before**2).sum(axis=1)
        product = (weight * self.mean * self.mean_before).sum(axis=1)
        if self.several:
            widened = self._distance(p)[1]
            weight = by_own * self.before / (p.own[:, None] ** 2 * widened)
            precision = precision + weight.sum(axis=1)
            product = product + (weight * self.slope).sum(axis=1)
        precision = np.maximum(precision, np.finfo(float).tiny)
        return np.clip(product / precision, -MOST_MEMORY, MOST_MEMORY), precision

    def _own(
        self, p: Parameters, chance: np.ndarray, by_own: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return spreads of deviations (M, K) and of slopes (M,), the slopes being hidden."""
        widened = self._distance(p)[1]
        spread = p.slope_spread[:, None, None] ** 2
        off = (self.slope - p.memory[:, None]) ** 2
        length = by_own * (self.rest + self.before * off / widened**2)
        length += chance * self.before * spread / widened
        freedom = (chance * self.freedom).sum(axis=1)
        own = np.sqrt(length.sum(axis=1) / np.maximum(freedom, np.finfo(float).tiny))
        moved = by_own * off * (1 - 1 / widened) ** 2 + chance * spread / widened
        counted = (chance * (self.freedom > 0)).sum(axis=(1, 2))
        return own, np.sqrt((moved * (self.freedom > 0)).sum(axis=(1, 2)) / counted)


def _log_t(square: np.ndarray, nu: np.ndarray, size: np.ndarray | float) -> np.ndarray:
    """Return the log density of a spherical t by its squared distance; ``size`` dimensions."""
    from scipy.special import gammaln

    constant = gammaln((nu + size) / 2) - gammaln(nu / 2) - size / 2 * np.log(nu * np.pi)
    return constant - (nu + size) / 2 * np.log1p(square / nu)


def _freedom(
    chance: np.ndarray, square: np.ndarray, size: np.ndarray | float, now: np.ndarray
) -> np.ndarray:
    """Return the best of the present freedom and its neighbours in ``FREEDOMS``, (M,)."""
    place = np.searchsorted(FREEDOMS, now)
    tried = np.clip(place + np.array([[-1], [0], [1]]), 0, len(FREEDOMS) - 1)
    value = [
        (chance * _log_t(square, FREEDOMS[t][:, None, None], size)).sum(axis=(1, 2)) for t in tried
    ]
    best = np.argmax(np.stack(value), axis=0)
    return FREEDOMS[tried[best, np.arange(len(now))]]
