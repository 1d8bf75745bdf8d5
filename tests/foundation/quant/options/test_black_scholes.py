"""Prices against integration, Greeks against differences, volatilities against their prices."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from foundation.quant.options import greeks, implied_volatility, price


def by_integration(f: float, k: float, t: float, r: float, v: float, call: bool) -> float:
    """Return the discounted mean of the payoff over the lognormal distribution of the forward."""
    from scipy.integrate import quad

    s = v * math.sqrt(t)

    def paid(z: float) -> float:
        end = f * math.exp(s * z - s * s / 2)
        return max(end - k if call else k - end, 0) * math.exp(-z * z / 2) / math.sqrt(2 * math.pi)

    kink = (math.log(k / f) + s * s / 2) / s
    ends = (kink, 12.0) if call else (-12.0, kink)
    return math.exp(-r * t) * float(quad(paid, *ends, epsabs=1e-13, limit=200)[0])


@pytest.mark.parametrize("call", [True, False])
@pytest.mark.parametrize(
    ("k", "t", "v"), [(100, 1, 0.2), (80, 0.1, 0.4), (150, 2, 0.3), (99, 0.01, 0.1)]
)
def test_prices_are_discounted_means_of_the_payoff(
    k: float, t: float, v: float, call: bool
) -> None:
    got = price(
        np.array([103.0]), np.array([k]), np.array([t]), 0.04, np.array([v]), np.array([call])
    )
    assert got[0] == pytest.approx(by_integration(103.0, k, t, 0.04, v, call), abs=1e-9)


def test_a_price_from_a_textbook() -> None:
    """Hull, Options, Futures, and Other Derivatives: S 42, K 40, r 10%, σ 20%, T 0.5."""
    forward = np.full(2, 42 * math.exp(0.05))
    got = price(
        forward, np.full(2, 40.0), np.full(2, 0.5), 0.1, np.full(2, 0.2), np.array([True, False])
    )
    assert got.round(2).tolist() == [4.76, 0.81]


def test_without_time_or_volatility_only_the_intrinsic_value_is_left() -> None:
    forward, strike = np.array([110.0, 110.0]), np.array([100.0, 120.0])
    for years, v in ((0.0, 0.3), (1.0, 0.0)):
        got = price(forward, strike, np.full(2, years), 0.0, np.full(2, v), np.array([True, True]))
        assert got.tolist() == [10, 0]


@settings(max_examples=200)
@given(
    st.floats(-1.5, 1.5), st.floats(1 / 365, 5), st.floats(0.02, 3), st.floats(-0.02, 0.1),
    st.booleans(),
)  # fmt: skip
def test_the_implied_volatility_gives_the_price_back(
    money: float, t: float, v: float, r: float, call: bool
) -> None:
    f, k = np.array([100.0]), np.array([100 * math.exp(money)])
    worth = price(f, k, np.array([t]), r, np.array([v]), np.array([call]))
    found = implied_volatility(worth, f, k, np.array([t]), r, np.array([call]))
    outside = float(worth[0]) * math.exp(r * t) - max((100 - k[0]) * (1 if call else -1), 0)
    if outside > 1e-9:
        again = price(f, k, np.array([t]), r, found, np.array([call]))
        assert again[0] == pytest.approx(worth[0], rel=1e-9, abs=1e-11)
    if outside > 1e-6:
        assert found[0] == pytest.approx(v, rel=1e-4)


def test_implied_volatility_is_exact_out_of_the_money_down_to_tiny_prices() -> None:
    draw = np.random.default_rng(0)
    f = np.full(20_000, 100.0)
    k = 100 * np.exp(draw.normal(0, 0.4, 20_000))
    t, v = draw.uniform(1 / 365, 3, 20_000), np.exp(draw.uniform(-3.5, 1, 20_000))
    call = k > f
    worth = price(f, k, t, 0.03, v, call)
    found = implied_volatility(worth, f, k, t, 0.03, call)
    real = worth > 1e-12
    assert real.mean() > 0.9
    np.testing.assert_allclose(found[real], v[real], rtol=1e-10)


@pytest.mark.parametrize(
    ("worth", "years"),
    [(9.99, 1.0), (0.0, 1.0), (-1.0, 1.0), (110.0, 1.0), (np.nan, 1.0), (12.0, 0.0), (12.0, -0.1)],
)
def test_where_no_volatility_explains_the_price_it_is_absent(worth: float, years: float) -> None:
    """A call on a forward of 110 at 100, no interest: worth more than 10 and less than 110."""
    one = np.array([1.0])
    got = implied_volatility(worth * one, 110 * one, 100 * one, years * one, 0.0, one > 0)
    assert np.isnan(got).all()


@pytest.mark.parametrize("call", [True, False])
@pytest.mark.parametrize("k", [70.0, 95.0, 130.0])
def test_greeks_are_slopes_of_the_price(k: float, call: bool) -> None:
    s, t, r, q, v = 100.0, 0.7, 0.04, 0.015, 0.3

    def worth(s: float = s, t: float = t, r: float = r, v: float = v) -> float:
        f = s * math.exp((r - q) * t)
        return float(
            price(*(np.array([x]) for x in (f, k, t)), r, np.array([v]), np.array([call]))[0]
        )

    def slope(name: str, at: float, h: float) -> float:
        return (worth(**{name: at + h}) - worth(**{name: at - h})) / (2 * h)

    forward = np.array([s * math.exp((r - q) * t)])
    got = greeks(s, forward, np.array([k]), np.array([t]), r, np.array([v]), np.array([call]))
    assert got.delta[0] == pytest.approx(slope("s", s, 1e-3), rel=1e-6)
    assert got.gamma[0] == pytest.approx(
        (worth(s + 0.01) - 2 * worth() + worth(s - 0.01)) / 1e-4, rel=1e-4
    )
    assert got.vega[0] == pytest.approx(slope("v", v, 1e-4), rel=1e-6)
    assert got.theta[0] == pytest.approx(-slope("t", t, 1e-4), rel=1e-6)
    assert got.rho[0] == pytest.approx(slope("r", r, 1e-4), rel=1e-6)
    up, down = ((worth(s + 1e-2, v=v + d) - worth(s - 1e-2, v=v + d)) / 2e-2 for d in (1e-3, -1e-3))
    assert got.vanna[0] == pytest.approx((up - down) / 2e-3, rel=1e-4)
