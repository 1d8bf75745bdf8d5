"""What is read off a surface whose smile is known."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import norm

from foundation.quant.options import surface
from tests.foundation.quant.options.chains import made_up, smile


def test_forwards_and_volatilities_come_back_from_prices() -> None:
    chain = made_up()
    made = surface(chain)
    assert len(made.expiries) == 4
    for expiry in made.expiries:
        assert expiry.from_parity
        assert expiry.forward == pytest.approx(100 * math.exp(0.02 * expiry.years))
    expected = smile(np.log(chain.strike / made.forward), chain.years)
    np.testing.assert_allclose(made.volatility, expected, rtol=1e-7)


def test_constant_maturities_interpolate_total_variance() -> None:
    chain = made_up()
    made = surface(chain)
    near, far = made.expiries[1], made.expiries[2]
    share = (30 / 365 - near.years) / (far.years - near.years)
    total = (1 - share) * near.atm**2 * near.years + share * far.atm**2 * far.years
    assert made.atm(30) == pytest.approx(math.sqrt(total / (30 / 365)))
    assert math.isnan(made.atm(2)), "before the first expiry"
    assert math.isnan(made.atm(400)), "beyond the last"


@pytest.mark.parametrize("delta", [0.25, -0.25, 0.1, -0.1])
def test_a_volatility_by_delta_has_that_delta(delta: float) -> None:
    for expiry in surface(made_up()).expiries[1:]:
        v = expiry.of_delta(delta)
        grid = np.linspace(-0.5, 0.4, 200_001)
        on = smile(grid, np.full(len(grid), expiry.years))
        d1 = -grid / (on * math.sqrt(expiry.years)) + on * math.sqrt(expiry.years) / 2
        of = norm.cdf(d1) - (delta < 0)
        exact = on[np.argmin(np.abs(of - delta))]
        assert v == pytest.approx(exact, abs=2e-3), "linear between strikes 2.5 apart"


def test_contracts_that_expired_have_no_volatility() -> None:
    chain = made_up((0, 7, 28))
    late = replace(chain, moment=chain.moment.replace(hour=16))
    made = surface(late)
    assert len(made.expiries) == 2
    assert np.isnan(made.volatility[late.years <= 0]).all()


def test_without_pairs_the_forward_is_the_spot_grown_at_the_rate() -> None:
    chain = made_up()
    calls = chain.only(chain.call)
    expiry = surface(calls).expiries[0]
    assert not expiry.from_parity
    assert expiry.forward == pytest.approx(100 * math.exp(0.03 * expiry.years))


def test_one_bad_quote_near_the_money_does_not_move_the_forward() -> None:
    chain = made_up()
    bad = chain.price.copy()
    bad[np.flatnonzero((chain.strike == 100) & chain.call)] += 3.0
    expiry = surface(replace(chain, price=bad)).expiries[2]
    assert expiry.forward == pytest.approx(100 * math.exp(0.02 * expiry.years), rel=2e-4)
