"""American options against a binomial tree, symmetry and bounds."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from foundation.quant.options.american import (
    american_greeks,
    american_implied_volatility,
    american_price,
)
from foundation.quant.options.black_scholes import price as european_price

pytest.importorskip("QuantLib", reason="QuantLib is not installed: pip install '.[options]'")


def tree(
    spot: float, strike: float, years: float, rate: float, carry: float, volatility: float,
    call: bool, steps: int = 2000,
) -> float:  # fmt: skip
    """Price on a binomial tree (Cox, Ross & Rubinstein 1979)."""
    dt = years / steps
    up = np.exp(volatility * np.sqrt(dt))
    share = (np.exp((rate - carry) * dt) - 1 / up) / (up - 1 / up)
    discount, sign = np.exp(-rate * dt), 1 if call else -1
    ladder = spot * up ** np.arange(steps, -steps - 1, -2.0)
    worth = np.maximum(sign * (ladder - strike), 0)
    for level in range(steps - 1, -1, -1):
        ladder = spot * up ** np.arange(level, -level - 1, -2.0)
        kept = discount * (share * worth[:-1] + (1 - share) * worth[1:])
        worth = np.maximum(kept, sign * (ladder - strike))
    return float(worth[0])


CASES = [
    (100.0, 110.0, 0.75, 0.05, 0.00, 0.25, False),
    (100.0, 90.0, 1.5, 0.04, 0.06, 0.30, True),
    (100.0, 100.0, 0.05, 0.03, 0.01, 0.60, False),
    (100.0, 140.0, 2.0, 0.08, 0.02, 0.20, False),
]


@pytest.mark.parametrize("case", CASES)
def test_prices_are_those_of_a_fine_tree(case: tuple[float, ...]) -> None:
    got = float(american_price(*(np.array(x) for x in case)))
    assert got == pytest.approx(tree(*case), rel=2e-4)  # type: ignore[arg-type]


def test_deltas_are_those_of_a_fine_tree() -> None:
    spot, *rest = CASES[0]
    got = american_greeks(np.array(spot), *(np.array(x) for x in rest))
    up, down = tree(spot + 1, *rest), tree(spot - 1, *rest)  # type: ignore[arg-type]
    assert float(got.delta) == pytest.approx((up - down) / 2, abs=2e-3)
    assert float(got.gamma) > 0
    assert float(got.vega) > 0
    assert float(got.theta) < 0


NUMBERS = {
    "spot": st.floats(50, 150),
    "strike": st.floats(60, 140),
    "years": st.floats(0.05, 2.5),
    "rate": st.floats(0.005, 0.09),
    "carry": st.floats(0.005, 0.09),
    "volatility": st.floats(0.1, 0.9),
}


@settings(max_examples=40, deadline=None)
@given(**NUMBERS)
def test_a_put_is_a_call_with_roles_exchanged(
    spot: float, strike: float, years: float, rate: float, carry: float, volatility: float
) -> None:
    # McDonald & Schroder (1998, Journal of Computational Finance 1).
    put = american_price(*map(np.array, (spot, strike, years, rate, carry, volatility, False)))
    call = american_price(*map(np.array, (strike, spot, years, carry, rate, volatility, True)))
    assert float(put) == pytest.approx(float(call), rel=1e-5, abs=1e-6)


@settings(max_examples=40, deadline=None)
@given(**NUMBERS, call=st.booleans())
def test_early_exercise_is_worth_something_and_volatility_is_found_again(
    spot: float, strike: float, years: float, rate: float, carry: float, volatility: float,
    call: bool,
) -> None:  # fmt: skip
    at = [np.array(x) for x in (spot, strike, years, rate, carry)]
    american = float(american_price(*at, np.array(volatility), np.array(call)))
    forward = np.array(spot * np.exp((rate - carry) * years))
    european = float(
        european_price(forward, at[1], at[2], rate, np.array(volatility), np.array(call))
    )
    now = max(spot - strike if call else strike - spot, 0.0)
    assert american >= max(european, now) - 1e-6
    still = float(american_price(*at, np.array(0.002), np.array(call)))
    if american - max(now, still) > 0.05:
        found = american_implied_volatility(np.array(american), *at, np.array(call))
        # Held in prices: deep in the money many volatilities have one price.
        again = american_price(*at, found, np.array(call))
        assert float(again) == pytest.approx(american, abs=1e-6)


def test_near_the_money_the_volatility_itself_is_found_again() -> None:
    strikes, volatility = np.array([90.0, 100.0, 110.0]), np.array([0.15, 0.3, 0.6])
    at = (np.array(100.0), strikes, np.array(0.5), np.array(0.04), np.array(0.02))
    for call in (True, False):
        worth = american_price(*at, volatility, np.array(call))
        found = american_implied_volatility(worth, *at, np.array(call))
        np.testing.assert_allclose(found, volatility, atol=1e-6)


def test_a_call_without_dividends_is_never_exercised_early() -> None:
    strikes = np.array([80.0, 100.0, 120.0])
    american = american_price(np.array(100.0), strikes, np.array(1.0), np.array(0.05),
                              np.array(0.0), np.array(0.3), np.array(True))  # fmt: skip
    european = european_price(
        np.full(3, 100 * np.exp(0.05)), strikes, np.ones(3), 0.05, np.full(3, 0.3), np.array(True)
    )
    np.testing.assert_allclose(american, european, rtol=1e-6)


def test_no_volatility_explains_a_price_below_exercise_or_an_absent_one() -> None:
    values = np.array([9.5, np.nan, 10.0, 500.0])
    found = american_implied_volatility(
        values, np.array(100.0), np.array(110.0), np.array(0.5), np.array(0.03), np.array(0.0),
        np.array(False),
    )  # fmt: skip
    assert np.isnan(found).all()
