"""Max pain and gamma exposure against loops and hand-worked cases."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from foundation.quant.options import gamma_profile, max_pain, surface
from tests.foundation.quant.options.chains import made_up


@given(
    st.lists(
        st.tuples(st.sampled_from([80.0, 85.0, 92.5, 117.0]), st.booleans(), st.integers(0, 50)),
        min_size=1, max_size=30,
    )
)  # fmt: skip
def test_max_pain_is_the_strike_that_pays_least(held: list[tuple[float, bool, int]]) -> None:
    strike, call, interest = (np.array(side) for side in zip(*held, strict=True))

    def paid(x: float) -> float:
        return sum(n * max(x - k if c else k - x, 0) for k, c, n in held)

    got = max_pain(strike, call, interest.astype(float))
    if not interest.any():
        assert math.isnan(got)
    else:
        assert paid(got) == pytest.approx(min(paid(x) for x in strike))


def test_max_pain_by_hand() -> None:
    """Calls on 10 at 90 and 100, puts on 30 at 110: 90 pays 600, 100 pays 400, 110 pays 300."""
    strike, call = np.array([90.0, 100.0, 110.0]), np.array([True, True, False])
    assert max_pain(strike, call, np.array([10.0, 10.0, 30.0])) == 110
    assert max_pain(strike, call, np.array([30.0, 10.0, 10.0])) == 90


def by_loop(chain, made, spot: float) -> dict[float, float]:  # type: ignore[no-untyped-def]
    """Net gamma exposure by strike in millions, one contract at a time, forwards in proportion."""
    net: dict[float, float] = {}
    for i in range(len(chain)):
        t, v, k = chain.years[i], made.volatility[i], chain.strike[i]
        f = made.forward[i] * spot / chain.spot
        d1 = (math.log(f / k) + v * v * t / 2) / (v * math.sqrt(t))
        carried = math.exp(-chain.rate * t) * f / spot
        gamma = (
            carried * math.exp(-d1 * d1 / 2) / math.sqrt(2 * math.pi) / (spot * v * math.sqrt(t))
        )
        dollars = gamma * chain.open_interest[i] * 100 * spot**2 * 0.01 / 1e6
        net[k] = net.get(k, 0.0) + (dollars if chain.call[i] else -dollars)
    return net


def test_gamma_exposure_by_strike_agrees_with_a_loop() -> None:
    chain = made_up()
    made = surface(chain)
    profile = gamma_profile(chain, made, 0.2, 81)
    expected = by_loop(chain, made, chain.spot)
    assert profile.strikes.tolist() == sorted(expected)
    np.testing.assert_allclose(profile.by_strike, [expected[k] for k in profile.strikes])
    assert profile.net == pytest.approx(sum(expected.values()))
    assert profile.call_wall == profile.strikes[np.argmax(profile.calls)]


def test_at_the_flip_net_gamma_is_zero() -> None:
    from dataclasses import replace

    chain = made_up()
    # Puts are held below, calls above: the sign must change in between.
    interest = np.where(chain.call == (chain.strike > 103), 1000.0, 0.0)
    chain = replace(chain, open_interest=interest)
    made = surface(chain)
    profile = gamma_profile(chain, made, 0.2, 81)
    assert 90 < profile.flip < 115
    at, beside = (
        abs(sum(by_loop(chain, made, spot).values()))
        for spot in (profile.flip, profile.flip * 1.03)
    )
    assert at < 0.02 * beside


def test_calls_alone_have_no_flip_and_no_put_wall() -> None:
    chain = made_up()
    calls = chain.only(chain.call)
    profile = gamma_profile(calls, surface(calls), 0.2, 41)
    assert math.isnan(profile.flip)
    assert math.isnan(profile.put_wall)
    assert profile.net == profile.gross > 0
