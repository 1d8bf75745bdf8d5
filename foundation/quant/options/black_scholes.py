"""Black-Scholes-Merton: prices, implied volatilities and Greeks of European options, vectorised.

Everything is stated through the forward ``F = S exp((r - q) T)``, so that dividends enter by the
forward that put and call prices imply. Early exercise is left to ``american``: for calls without
dividends it is worth nothing, for puts at low rates little, and where it is not little the implied
volatility of deep in-the-money options is too high. That is why out-of-the-money options are used
wherever there is a choice.

Black & Scholes (1973, Journal of Political Economy 81); Merton (1973, Bell Journal of Economics 4);
the normalised form and its scaled complementary error functions: Jäckel, Let's be rational (2015,
Wilmott 75).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

LARGEST_DEVIATION = 10.0
"""Largest total standard deviation (volatility times root of time) that is searched."""

MOST_STEPS = 100


@dataclass(frozen=True)
class Greeks:
    """Sensitivities of an option's price, one array of contracts each.

    Attributes
    ----------
    delta : per 1 of the underlying's price; -1 to 1
    gamma : change of delta per 1 of the underlying's price
    vega : per 1.00 of volatility (divide by 100 for a point)
    theta : per year that passes (divide by 365 for a day)
    rho : per 1.00 of the interest rate
    vanna : change of delta per 1.00 of volatility
    """

    delta: np.ndarray
    gamma: np.ndarray
    vega: np.ndarray
    theta: np.ndarray
    rho: np.ndarray
    vanna: np.ndarray


def price(
    forward: np.ndarray,
    strike: np.ndarray,
    years: np.ndarray,
    rate: np.ndarray | float,
    volatility: np.ndarray,
    call: np.ndarray,
) -> np.ndarray:
    """Return the price today: ``exp(-r T) (±) (F Φ(±d1) - K Φ(±d2))``.

    NaN where an input is NaN. At ``T = 0`` or volatility 0 it is the discounted intrinsic value.
    """
    from scipy.special import ndtr

    sign = np.where(call, 1.0, -1.0)
    deviation = volatility * np.sqrt(years)
    with np.errstate(divide="ignore", invalid="ignore"):
        d1 = np.log(forward / strike) / deviation + deviation / 2
        worth = sign * (forward * ndtr(sign * d1) - strike * ndtr(sign * (d1 - deviation)))
    intrinsic = np.maximum(sign * (forward - strike), 0.0)
    worth = np.where(deviation == 0, intrinsic, worth)
    return np.asarray(np.exp(-np.asarray(rate) * years) * worth)


def implied_volatility(
    value: np.ndarray,
    forward: np.ndarray,
    strike: np.ndarray,
    years: np.ndarray,
    rate: np.ndarray | float,
    call: np.ndarray,
) -> np.ndarray:
    """Return the volatility at which ``price`` gives ``value``.

    In-the-money prices are turned into out-of-the-money ones by put-call parity. Then Newton's
    method on the logarithm of the normalised price, each step kept inside a bracket that halves
    where Newton would leave it; started at the point of inflection (Manaster & Koehler, 1982,
    Journal of Finance 37). Converges to rounding.

    NaN where no volatility exists: a price at or below its intrinsic value, at or above its upper
    bound (discounted forward for calls, strike for puts), no time left, or an absent input.
    """
    shape = np.broadcast_shapes(*(np.shape(a) for a in (value, forward, strike, years, rate, call)))
    value, forward, strike, years, rate, call = (
        np.broadcast_to(np.asarray(a), shape).ravel()
        for a in (value, forward, strike, years, rate, call)
    )
    sign = np.where(call, 1.0, -1.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        future = value * np.exp(rate * years)
        outside = future - np.maximum(sign * (forward - strike), 0.0)
        scaled = outside / np.sqrt(forward * strike)
        money = -np.abs(np.log(forward / strike))
        # What is left of an in-the-money price after its intrinsic value is rounding below this.
        rounding = 4 * np.finfo(float).eps * future / np.sqrt(forward * strike)
        found = (scaled > rounding) & (scaled < np.exp(money / 2)) & (years > 0)
    out = np.full(len(value), np.nan)
    at = np.flatnonzero(found)
    if len(at):
        out[at] = _deviation(money[at], np.log(scaled[at])) / np.sqrt(years[at])
    return out.reshape(shape)


def greeks(
    spot: float | np.ndarray,
    forward: np.ndarray,
    strike: np.ndarray,
    years: np.ndarray,
    rate: np.ndarray | float,
    volatility: np.ndarray,
    call: np.ndarray,
) -> Greeks:
    """Return the sensitivities; NaN where time or volatility is not above zero.

    The carry ``q`` follows from ``forward = spot exp((rate - q) years)`` and is held fixed.
    """
    from scipy.special import ndtr

    sign = np.where(call, 1.0, -1.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        years = np.where(np.asarray(years) > 0, years, np.nan)
        volatility = np.where(np.asarray(volatility) > 0, volatility, np.nan)
        root = np.sqrt(years)
        deviation = volatility * root
        d1 = np.log(forward / strike) / deviation + deviation / 2
        d2 = d1 - deviation
        density = np.exp(-d1 * d1 / 2) / np.sqrt(2 * np.pi)
        discount = np.exp(-np.asarray(rate) * years)
        carried = discount * forward / spot  # exp(-q T)
        yielded = np.asarray(rate) - np.log(forward / spot) / years
        decay = -spot * carried * density * volatility / (2 * root)
        paid = -sign * rate * strike * discount * ndtr(sign * d2)
        earned = sign * yielded * spot * carried * ndtr(sign * d1)
        return Greeks(
            delta=sign * carried * ndtr(sign * d1),
            gamma=carried * density / (spot * deviation),
            vega=spot * carried * density * root,
            theta=decay + paid + earned,
            rho=sign * strike * years * discount * ndtr(sign * d2),
            vanna=-carried * density * d2 / volatility,
        )


def _log_price(money: np.ndarray, deviation: np.ndarray) -> np.ndarray:
    """Return the log of the normalised out-of-the-money price, ``money = -|ln(F / K)|``.

    ``b = exp(-(h^2 + t^2) / 2) / 2 (erfcx(-(h + t) / √2) - erfcx(-(h - t) / √2))`` with
    ``h = money / deviation`` and ``t = deviation / 2``: nothing cancels, nothing underflows.
    """
    from scipy.special import erfcx

    h, t = money / deviation, deviation / 2
    inner = erfcx(-(h + t) / np.sqrt(2)) - erfcx(-(h - t) / np.sqrt(2))
    return np.asarray(-(h * h + t * t) / 2 + np.log(inner / 2))


def _deviation(money: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Return the total standard deviation whose log price is ``target``."""
    low, high = np.full(len(money), 1e-9), np.full(len(money), LARGEST_DEVIATION)
    guess = np.maximum(np.sqrt(2 * -money), np.exp(target) * np.sqrt(2 * np.pi))
    guess = np.clip(guess, 1e-8, LARGEST_DEVIATION / 2)
    active = np.arange(len(money))
    for _ in range(MOST_STEPS):
        x, v = money[active], guess[active]
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            log = _log_price(x, v)
            miss = log - target[active]
            h, t = x / v, v / 2
            slope = np.exp(-(h * h + t * t) / 2 - log) / np.sqrt(2 * np.pi)
            step = v - miss / slope
        # Where the price itself cannot be told from zero, the volatility is too low.
        below = ~(miss > 0)
        low[active] = np.where(below, v, low[active])
        high[active] = np.where(below, high[active], v)
        # Close to the answer Newton only tosses rounding about: that is where it ends.
        done = np.abs(step - v) <= 1e-13 * v
        inside = (step > low[active]) & (step < high[active])
        new = np.where(inside | done, step, (low[active] + high[active]) / 2)
        guess[active] = new
        active = active[~done]
        if not len(active):
            break
    return guess
