"""Positioning: where open interest sits, what hedging it does, and where it pulls.

Signs of gamma exposure follow the convention that dealers are long calls and short puts that
customers hold (SqueezeMetrics, The implied order book, 2016): an assumption, not an observation.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from foundation.quant.options.black_scholes import greeks
from foundation.quant.options.chain import CONTRACT_SIZE, OptionChain
from foundation.quant.options.surface import Surface

MILLION = 1e6


def max_pain(strike: np.ndarray, call: np.ndarray, open_interest: np.ndarray) -> float:
    """Return the strike at which holders of the contracts would be paid least at expiry.

    Argmin over the listed strikes ``X`` of ``sum OI_call max(X - K, 0) + sum OI_put max(K - X,
    0)``; the lowest of equals. NaN without open interest.
    """
    held = np.isfinite(open_interest) & (open_interest > 0)
    if not held.any():
        return float("nan")
    levels = np.unique(strike)
    paid = np.zeros(len(levels))
    for side, sign in ((call, 1.0), (~call, -1.0)):
        of_side = held & side
        owned = np.bincount(
            np.searchsorted(levels, strike[of_side]), open_interest[of_side], len(levels)
        )
        along = owned if sign > 0 else owned[::-1]
        steps = np.diff(levels) if sign > 0 else np.diff(levels)[::-1]
        # Moving up one strike pays every call below it the step: a sum of running sums.
        total = np.concatenate([[0.0], np.cumsum(np.cumsum(along)[:-1] * steps)])
        paid += total if sign > 0 else total[::-1]
    return float(levels[np.argmin(paid)])


@dataclass(frozen=True)
class GammaProfile:
    """Gamma exposure of a chain.

    Attributes
    ----------
    strikes : float64 array, shape (S,)
    by_strike : float64 array, shape (S,)
        Millions of dollars that hedgers buy (+) or sell (-) when the spot falls 1%: calls
        count +, puts -.
    calls, puts : float64 arrays, shape (S,)
        The two parts of it, both at least zero.
    flip : float
        Spot nearest to the present one at which the sum crosses zero, implied volatilities held by
        strike; NaN where it does not within reach.
    """

    strikes: np.ndarray
    by_strike: np.ndarray
    calls: np.ndarray
    puts: np.ndarray
    flip: float

    @property
    def net(self) -> float:
        return float(self.by_strike.sum())

    @property
    def gross(self) -> float:
        return float(self.calls.sum() + self.puts.sum())

    @property
    def call_wall(self) -> float:
        """Strike of the largest call exposure; NaN without any."""
        return _largest(self.strikes, self.calls)

    @property
    def put_wall(self) -> float:
        """Strike of the largest put exposure; NaN without any."""
        return _largest(self.strikes, self.puts)


def gamma_profile(chain: OptionChain, made: Surface, reach: float, steps: int) -> GammaProfile:
    """Return gamma exposure by strike, and where it flips.

    A contract's exposure is ``gamma x open interest x 100 x spot^2 x 1%``; those without open
    interest or volatility count nothing.
    """
    held = (chain.open_interest > 0) & np.isfinite(made.volatility) & (chain.years > 0)
    one = chain.only(held)
    sigma, forward = made.volatility[held], made.forward[held]
    sign = np.where(one.call, 1.0, -1.0)
    exposure = _exposure(one, sigma, forward, chain.spot)
    strikes, at = np.unique(one.strike, return_inverse=True)
    calls = np.bincount(at, exposure * one.call, len(strikes))
    puts = np.bincount(at, exposure * ~one.call, len(strikes))
    spots = chain.spot * np.linspace(1 - reach, 1 + reach, steps)
    nets = np.array(
        [float(sign @ _exposure(one, sigma, forward * spot / chain.spot, spot)) for spot in spots]
    )
    return GammaProfile(strikes, calls - puts, calls, puts, _flip(spots, nets, chain.spot))


def _exposure(
    chain: OptionChain, sigma: np.ndarray, forward: np.ndarray, spot: float
) -> np.ndarray:
    made = greeks(spot, forward, chain.strike, chain.years, chain.rate, sigma, chain.call)
    dollars = made.gamma * chain.open_interest * CONTRACT_SIZE * spot * spot * 0.01
    return np.asarray(dollars / MILLION)


def _flip(spots: np.ndarray, nets: np.ndarray, spot: float) -> float:
    crossed = np.flatnonzero(np.sign(nets[1:]) * np.sign(nets[:-1]) < 0)
    if not len(crossed):
        return float("nan")
    share = nets[crossed] / (nets[crossed] - nets[crossed + 1])
    levels = spots[crossed] + share * (spots[crossed + 1] - spots[crossed])
    return float(levels[np.argmin(np.abs(levels - spot))])


def _largest(strikes: np.ndarray, exposure: np.ndarray) -> float:
    if not len(exposure) or not exposure.max() > 0:
        return float("nan")
    return float(strikes[np.argmax(exposure)])
