"""The volatility surface of a chain: forwards, implied volatilities, and points read off them.

Out-of-the-money options give the volatility of a strike, for puts and calls alike: by put-call
parity both have the same one, and the out-of-the-money one trades more and is exercised early less.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from foundation.quant.options.black_scholes import implied_volatility
from foundation.quant.options.chain import OptionChain

PAIRS = 5
"""Pairs of put and call nearest to the money whose forwards the median is taken of."""


@dataclass(frozen=True)
class Expiry:
    """One expiry of a chain.

    Attributes
    ----------
    years : float
        Time to expiry; above zero.
    forward : float
        Implied by put-call parity near the money; the spot grown at the rate where no strike has
        both a put and a call.
    from_parity : bool
        Whether the forward is implied.
    rows : int array
        Positions of its contracts in the chain.
    money, volatility : float64 arrays
        The smile: ln(strike / forward), ascending, and the implied volatility there; two strikes
        at least, or empty.
    """

    years: float
    forward: float
    from_parity: bool
    rows: np.ndarray
    money: np.ndarray
    volatility: np.ndarray

    def at(self, money: np.ndarray | float) -> np.ndarray:
        """Return the volatility at ln(strike / forward): linear between strikes, flat beyond."""
        if not len(self.money):
            return np.full(np.shape(money), np.nan)
        return np.interp(money, self.money, self.volatility)

    def within(self, money: float) -> bool:
        """Say whether the smile's strikes enclose a point."""
        return bool(len(self.money)) and bool(self.money[0] <= money <= self.money[-1])

    @property
    def atm(self) -> float:
        """Volatility at the forward; NaN where the strikes do not enclose it."""
        return float(self.at(0.0)) if self.within(0.0) else float("nan")

    def of_delta(self, delta: float) -> float:
        """Return the volatility of the option with this undiscounted delta, NaN beyond the strikes.

        Negative deltas are those of puts. Found on the smile itself: the delta of each of its
        strikes falls along it, and the volatility is read where it crosses.
        """
        if not len(self.money):
            return float("nan")
        from scipy.special import ndtr

        deviation = self.volatility * np.sqrt(self.years)
        of_call = ndtr(-self.money / deviation + deviation / 2)
        wanted = delta if delta > 0 else 1 + delta
        falling = np.minimum.accumulate(
            of_call
        )  # a noisy quote may turn it; read the first crossing
        if not falling[-1] <= wanted <= falling[0]:
            return float("nan")
        return float(np.interp(-wanted, -falling, self.volatility))


@dataclass(frozen=True)
class Surface:
    """Every live expiry of a chain in order of time, and a volatility for every contract.

    ``volatility`` has shape (K,): that of the contract's strike on its expiry's smile; NaN where
    the expiry has none.
    """

    expiries: tuple[Expiry, ...]
    volatility: np.ndarray
    forward: np.ndarray

    def atm(self, days: float) -> float:
        """Return the at-the-money volatility at a constant maturity, NaN beyond the expiries.

        Total variance is interpolated linearly in time between the two expiries around it, as in
        the VIX (Cboe, 2019).
        """
        return self._between(days, [e.atm for e in self.expiries])

    def of_delta(self, delta: float, days: float) -> float:
        """Return the volatility of a delta at a constant maturity, NaN beyond the expiries."""
        return self._between(days, [e.of_delta(delta) for e in self.expiries])

    def of_money(self, money: float, days: float) -> float:
        """Return the volatility at ln(strike / forward) at a constant maturity."""
        values = [float(e.at(money)) if e.within(money) else np.nan for e in self.expiries]
        return self._between(days, values)

    def _between(self, days: float, values: list[float]) -> float:
        years = np.array([e.years for e in self.expiries])
        known = np.isfinite(values)
        at, wanted = years[known], days / 365
        if not len(at) or not at[0] <= wanted <= at[-1]:
            return float("nan")
        variance = np.array(values)[known] ** 2 * at
        return float(np.sqrt(np.interp(wanted, at, variance) / wanted))


def surface(chain: OptionChain) -> Surface:
    """Return the surface of a chain; contracts that have expired are left out."""
    years = chain.years
    live = np.flatnonzero(years > 0)
    forwards, implied = np.full((2, len(chain)), np.nan)
    groups = _groups(years, live)
    parity = []
    for rows in groups:
        forward, seen = implied_forward(chain, rows, float(years[rows[0]]))
        forwards[rows] = forward
        parity.append(seen)
    outside = live[(chain.strike[live] >= forwards[live]) == chain.call[live]]
    implied[outside] = implied_volatility(
        chain.price[outside],
        forwards[outside],
        chain.strike[outside],
        years[outside],
        chain.rate,
        chain.call[outside],
    )
    of_strike = np.full(len(chain), np.nan)
    expiries = []
    for rows, seen in zip(groups, parity, strict=True):
        forward = float(forwards[rows[0]])
        money, volatility = _smile(chain, rows, forward, implied)
        found = Expiry(float(years[rows[0]]), forward, seen, rows, money, volatility)
        of_strike[rows] = found.at(np.log(chain.strike[rows] / forward))
        expiries.append(found)
    return Surface(tuple(expiries), of_strike, forwards)


def implied_forward(chain: OptionChain, rows: np.ndarray, years: float) -> tuple[float, bool]:
    """Return the forward of one expiry, and whether put-call parity implied it.

    Median of ``K + exp(r T) (C - P)`` over the ``PAIRS`` strikes with the smallest |C - P|: where
    both prices are near one another both are liquid (Cboe's way, made robust).
    """
    strikes, pairs = parity_pairs(chain, rows)
    if not len(strikes):
        return chain.spot * float(np.exp(chain.rate * years)), False
    nearest = np.argsort(np.abs(pairs), kind="stable")[:PAIRS]
    return float(np.median(strikes[nearest] + np.exp(chain.rate * years) * pairs[nearest])), True


def parity_pairs(chain: OptionChain, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the strikes that have both a put and a call price, and call less put there."""
    priced = rows[np.isfinite(chain.price[rows])]
    calls, puts = priced[chain.call[priced]], priced[~chain.call[priced]]
    strikes, c, p = np.intersect1d(chain.strike[calls], chain.strike[puts], return_indices=True)
    return strikes, chain.price[calls][c] - chain.price[puts][p]


def _groups(years: np.ndarray, live: np.ndarray) -> list[np.ndarray]:
    """Return the rows of each expiry (open and close of a day apart) in order of time."""
    order = live[np.argsort(years[live], kind="stable")]
    if not len(order):
        return []
    return np.split(order, np.flatnonzero(np.diff(years[order]) > 1e-9) + 1)


def _smile(
    chain: OptionChain, rows: np.ndarray, forward: float, implied: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    known = rows[np.isfinite(implied[rows])]
    if len(known) < 2:
        return np.empty(0), np.empty(0)
    strikes, first = np.unique(chain.strike[known], return_index=True)
    return np.log(strikes / forward), implied[known[first]]
