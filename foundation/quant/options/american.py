"""American options by QuantLib: prices, early exercise, implied volatilities and Greeks.

``QdFpAmericanEngine``: the fixed-point method of Andersen, Lake & Offengenden (2016, Journal of
Computational Finance 20), to some ten digits. One contract after another, so it serves comparison
and single questions; features stay with the vectorised European form (``black_scholes``) on
out-of-the-money options, where early exercise is worth least. Needs ``pip install
'financial-story-llm[options]'``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from foundation.kernel import DependencyError
from foundation.quant.options.black_scholes import Greeks

BOUNDS = (1e-3, 8.0)
"""Volatilities that are searched."""

DAYS_PER_YEAR = 365.0


def american_price(
    spot: np.ndarray,
    strike: np.ndarray,
    years: np.ndarray,
    rate: np.ndarray,
    carry: np.ndarray,
    volatility: np.ndarray,
    call: np.ndarray,
) -> np.ndarray:
    """Return prices of options that may be exercised at any time, arrays that broadcast.

    Parameters
    ----------
    rate, carry : float arrays
        Interest and dividend yield per year, continuously compounded.

    Notes
    -----
    NaN where an input is NaN, or time or volatility is not above zero.

    Raises
    ------
    DependencyError
        If QuantLib is not installed.
    """
    return _each(_Contract.price, spot, strike, years, rate, carry, volatility, call)


def american_implied_volatility(
    value: np.ndarray,
    spot: np.ndarray,
    strike: np.ndarray,
    years: np.ndarray,
    rate: np.ndarray,
    carry: np.ndarray,
    call: np.ndarray,
) -> np.ndarray:
    """Return the volatility at which ``american_price`` gives ``value``.

    NaN where there is none: a price at or below immediate exercise, or what no volatility to speak
    of (0.1%) would give already, or above what 800% would give; and where an input is NaN.
    """
    return _each(_Contract.volatility_at, spot, strike, years, rate, carry, value, call)


def american_greeks(
    spot: np.ndarray,
    strike: np.ndarray,
    years: np.ndarray,
    rate: np.ndarray,
    carry: np.ndarray,
    volatility: np.ndarray,
    call: np.ndarray,
) -> Greeks:
    """Return sensitivities by central differences of the price; units as of ``Greeks``."""

    def priced(**moved: np.ndarray) -> np.ndarray:
        given = {
            "spot": spot,
            "strike": strike,
            "years": years,
            "rate": rate,
            "carry": carry,
            "volatility": volatility,
            "call": call,
        } | moved
        return american_price(**given)

    spot, volatility = np.asarray(spot, dtype=float), np.asarray(volatility, dtype=float)
    rate, years = np.asarray(rate, dtype=float), np.asarray(years, dtype=float)
    # Steps well above the engine's error: its square root for first, its fourth for second.
    ds, dv, dr, dt = 2e-3 * spot, 1e-3, 1e-4, 1e-3 * years
    up, here, down = priced(spot=spot + ds), priced(), priced(spot=spot - ds)

    def delta_at(vol: np.ndarray) -> np.ndarray:
        high = priced(spot=spot + ds, volatility=vol)
        return (high - priced(spot=spot - ds, volatility=vol)) / (2 * ds)

    higher, lower = priced(volatility=volatility + dv), priced(volatility=volatility - dv)
    dearer, cheaper = priced(rate=rate + dr), priced(rate=rate - dr)
    longer, shorter = priced(years=years + dt), priced(years=years - dt)
    return Greeks(
        delta=(up - down) / (2 * ds),
        gamma=(up - 2 * here + down) / ds**2,
        vega=(higher - lower) / (2 * dv),
        theta=-(longer - shorter) / (2 * dt),
        rho=(dearer - cheaper) / (2 * dr),
        vanna=(delta_at(volatility + dv) - delta_at(volatility - dv)) / (2 * dv),
    )


def _quantlib() -> Any:
    try:
        import QuantLib
    except ImportError as error:
        raise DependencyError(
            "American options are priced by QuantLib",
            value="it is not installed",
            remedy="pip install 'financial-story-llm[options]'",
        ) from error
    return QuantLib


def _each(ask: Callable[[_Contract, float, float], float], *inputs: np.ndarray) -> np.ndarray:
    """Ask contract by contract; the last but one input is the price or the volatility."""
    ql = _quantlib()
    arrays = np.broadcast_arrays(*inputs[:-1], inputs[-1])
    out = np.full(arrays[0].shape, np.nan)
    rows = zip(*(a.ravel() for a in arrays), strict=True)
    for at, (spot, strike, years, rate, carry, known, call) in enumerate(rows):
        numbers = np.array([spot, strike, years, rate, carry, known], dtype=float)
        if np.isfinite(numbers).all() and min(spot, strike, years, known) > 0:
            contract = _Contract(ql, spot, strike, years, rate, carry, bool(call))
            out.flat[at] = ask(contract, float(known), float(spot))
    return out


class _Contract:
    """One option in QuantLib's terms.

    QuantLib counts whole days. Any length of time is had by letting a year of days pass and
    scaling rates and variance to the time there is: the price depends on their products alone.
    """

    def __init__(
        self, ql: Any, spot: float, strike: float, years: float, rate: float, carry: float,
        call: bool,
    ) -> None:  # fmt: skip
        today = ql.Date(1, 1, 2020)
        ql.Settings.instance().evaluationDate = today
        count = ql.Actual365Fixed()
        self._scale, self._strike, self._call = years, strike, call
        self._spread = ql.SimpleQuote(0.2)

        def flat(value: float) -> Any:
            return ql.YieldTermStructureHandle(ql.FlatForward(today, value * years, count))

        process = ql.BlackScholesMertonProcess(
            ql.QuoteHandle(ql.SimpleQuote(spot)),
            flat(carry),
            flat(rate),
            ql.BlackVolTermStructureHandle(
                ql.BlackConstantVol(today, ql.NullCalendar(), ql.QuoteHandle(self._spread), count)
            ),
        )
        end = today + int(DAYS_PER_YEAR)
        kind = ql.Option.Call if call else ql.Option.Put
        self._option = ql.VanillaOption(
            ql.PlainVanillaPayoff(kind, strike), ql.AmericanExercise(today, end)
        )
        self._option.setPricingEngine(
            ql.QdFpAmericanEngine(process, ql.QdFpAmericanEngine.accurateScheme())
        )

    def price(self, volatility: float, spot: float) -> float:
        """Return the price at a volatility."""
        self._spread.setValue(volatility * self._scale**0.5)
        return float(self._option.NPV())

    def volatility_at(self, value: float, spot: float) -> float:
        """Return the volatility at a price; NaN where there is none."""
        from scipy.optimize import brentq

        exercised = max(spot - self._strike if self._call else self._strike - spot, 0.0)
        low, high = BOUNDS
        if value <= exercised or not (self.price(low, spot) < value < self.price(high, spot)):
            return float("nan")
        return float(brentq(lambda v: self.price(v, spot) - value, low, high, xtol=1e-10))
