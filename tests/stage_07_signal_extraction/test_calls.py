"""A call pays after costs against cash and against the usual; conviction by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stage_07_signal_extraction.calls import (
    Stakes,
    direction_of,
    horizon_volatility,
    information_ratios,
    stakes,
)
from stage_07_signal_extraction.odds import weigh
from tests.stage_07_signal_extraction.worlds import planted

P = st.floats(0, 1)


def one(volatility: float, rise: float = 0.8, fall: float = -0.8) -> Stakes:
    return Stakes(np.array([[rise]]), np.array([[fall]]), np.array([[volatility]]))


def ratio(odds: float, usual: float, volatility: float = 0.03, cost: float = 5e-4) -> float:
    found = information_ratios(np.array([[odds]]), np.array([[usual]]), one(volatility), cost)
    return float(found[0, 0])


def test_conviction_by_hand() -> None:
    # 10 points above the usual: 0.1 * 1.6 volatilities, less two trades of 5 points in 300.
    expected = (0.1 * 1.6 - 2 * 0.0005 / 0.03) * math.sqrt(252 / 5)
    assert ratio(0.65, 0.55) == pytest.approx(expected)
    assert direction_of(ratio(0.65, 0.55)) == "bullish"


def test_a_short_must_earn_more_than_cash_and_not_only_less_than_usual() -> None:
    # 52% is less than usual, yet a rise stays likelier than not: selling short would lose.
    assert direction_of(ratio(0.52, 0.60)) == "neutral"
    # At 40% it earns 0.2 * 0.8 volatilities; against the usual it would be twice that.
    assert ratio(0.40, 0.60) == pytest.approx(-(0.16 - 0.001 / 0.03) * math.sqrt(252 / 5))
    assert direction_of(ratio(0.40, 0.60)) == "bearish"


def test_the_usual_drift_alone_is_no_call() -> None:
    assert direction_of(ratio(0.60, 0.60, cost=0.0)) == "neutral"


def test_what_a_trade_costs_weighs_more_on_a_quiet_stock() -> None:
    assert direction_of(ratio(0.57, 0.55, volatility=0.06)) == "bullish"
    assert direction_of(ratio(0.57, 0.55, volatility=0.01)) == "neutral"


@given(P, P, st.floats(0.002, 0.2), st.floats(0, 0.01))
def test_a_call_has_the_odds_on_its_side_and_more_of_them_than_usual(
    odds: float, usual: float, volatility: float, cost: float
) -> None:
    found = ratio(odds, usual, volatility, cost)
    if found > 0:
        assert odds > usual
        assert odds > 0.5
    if found < 0:
        assert odds < usual
        assert odds < 0.5


@given(P, P, P)
def test_conviction_grows_with_the_odds_of_its_direction(a: float, b: float, usual: float) -> None:
    low, high = sorted((a, b))
    assert ratio(low, usual) <= ratio(high, usual) + 1e-12


def test_stakes_are_means_of_known_outcomes_in_units_of_volatility() -> None:
    moved = np.array([[0.02], [0.06], [-0.03], [0.01], [0.05], [0.1], [0.2], [0.3]])
    volatility = np.array([[0.02], [0.03], [0.03], [np.nan], [0.05], [0.1], [0.1], [0.1]])
    found = stakes(moved, volatility)
    assert np.isnan(found.rise[:5]).all()
    # Row 5 knows row 0, row 6 also row 1, row 7 also row 2.
    np.testing.assert_allclose(found.rise[5:, 0], [1.0, 1.5, 1.5])
    np.testing.assert_allclose(found.fall[5:, 0], [np.nan, np.nan, -1.0])


def test_without_any_stake_nothing_is_called() -> None:
    unknown = Stakes(np.array([[np.nan]]), np.array([[np.nan]]), np.array([[0.03]]))
    found = information_ratios(np.array([[0.9]]), np.array([[0.5]]), unknown, 5e-4)
    assert direction_of(float(found[0, 0])) == "neutral"


def test_where_no_volatility_is_forecast_the_past_twenty_returns_stand_in() -> None:
    rng = np.random.default_rng(1)
    close = 100 * np.exp(np.cumsum(rng.normal(0, 0.02, (40, 2)), axis=0))
    forecast = np.full(close.shape, np.nan)
    forecast[:, 1] = 0.05
    found = horizon_volatility(close, forecast)
    daily = np.diff(np.log(close[:, 0]))
    assert found[30, 0] == pytest.approx(daily[10:30].std() * math.sqrt(5))
    assert np.isnan(found[19, 0])
    assert (found[:, 1] == 0.05).all()


def test_planted_odds_are_called_and_a_martingale_is_not() -> None:
    called = []
    for spread in (0.15, 0.0):
        world = planted(600, spread, seed=11)
        noise = np.random.default_rng(12).uniform(0.3, 0.8, world.truth.shape)
        made = weigh(world.opinions(world.truth, noise), world.moved)
        stake = stakes(world.moved, np.full(world.moved.shape, 0.03))
        ratios = information_ratios(made.published, made.opinions["past"], stake, 5e-4)[300:]
        called.append(np.sign(ratios))
    truth = planted(600, 0.15, seed=11).truth[300:]
    assert (called[0][truth > 0.55] == 1).mean() > 0.95
    assert (called[0][truth < 0.55] == -1).mean() > 0.95
    assert (called[1] != 0).mean() < 0.01
