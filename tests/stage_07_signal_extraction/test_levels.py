"""Levels stand where they should, in the right order, or not at all."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from foundation.kernel import UpstreamDataError
from foundation.testing import samples
from stage_07_signal_extraction.levels import Ground, ground_of, place_levels
from stage_07_signal_extraction.settings import SignalSettings

S = SignalSettings()
PRICE = st.floats(0.01, 1e6)
LEVEL = st.one_of(st.none(), PRICE)


def test_without_levels_in_reach_the_multiples_decide() -> None:
    found = place_levels(Ground(100, 2, None, None), "bullish", S)
    assert (found.target, found.stop, found.risk_reward) == (106, 97, 2)
    assert found.breakout is None


def test_bearish_levels_are_the_mirror_image() -> None:
    found = place_levels(Ground(100, 2, None, None), "bearish", S)
    assert (found.target, found.stop, found.risk_reward) == (94, 103, 2)


def test_resistance_in_reach_becomes_the_target_and_support_holds_the_stop() -> None:
    found = place_levels(Ground(100, 2, 98, 104), "bullish", S)
    # The stop stands a quarter scale below support.
    assert (found.target, found.stop, found.breakout) == (104, 97.5, 104)
    assert found.risk_reward == pytest.approx(4 / 2.5)


def test_levels_too_near_or_too_far_do_not_move_target_and_stop() -> None:
    assert place_levels(Ground(100, 2, 99.9, 100.5), "bullish", S).target == 106
    assert place_levels(Ground(100, 2, 90, 120), "bullish", S).stop == 97


def test_a_neutral_signal_has_neither_target_nor_stop() -> None:
    found = place_levels(Ground(100, 2, 98, 104), "neutral", S)
    assert (found.target, found.stop, found.risk_reward, found.breakout) == (None,) * 4
    assert (found.support, found.resistance) == (98, 104)


@pytest.mark.parametrize("scale", [math.nan, 0.0, -1.0, math.inf])
def test_without_a_volatility_scale_there_is_neither_target_nor_stop(scale: float) -> None:
    found = place_levels(Ground(100, scale, 98, 104), "bullish", S)
    assert (found.target, found.stop, found.risk_reward) == (None, None, None)


def test_a_stop_below_zero_is_no_stop() -> None:
    assert place_levels(Ground(1, 2, None, None), "bullish", S).stop is None


@given(PRICE, st.one_of(PRICE, st.just(math.nan)), LEVEL, LEVEL)
def test_levels_are_ordered_whatever_the_ground(
    entry: float, scale: float, one: float | None, two: float | None
) -> None:
    support = one if one is not None and one < entry else None
    resistance = two if two is not None and two > entry else None
    ground = Ground(entry, scale, support, resistance)
    up, down = (place_levels(ground, way, S) for way in ("bullish", "bearish"))
    if up.target is not None:
        assert up.stop is not None
        assert 0 < up.stop < entry < up.target
        assert up.risk_reward is not None
        assert up.risk_reward > 0
    if down.target is not None:
        assert down.stop is not None
        assert 0 < down.target < entry < down.stop
    assert (up.target is None) == (up.stop is None) == (up.risk_reward is None)


def market_of(closes: list[float], **features: float):  # type: ignore[no-untyped-def]
    """The sample market with the last closes and features of AAPL (close only) replaced."""
    market = samples.market_window()
    n = market.bars.symbols.index("AAPL")
    bars, table = market.bars.values.copy(), market.features.values.copy()
    bars[-len(closes) :, n, market.bars.index_of("fields", "close")] = closes
    for name, value in features.items():
        table[-1, n, market.features.index_of("fields", name)] = value
    return market.model_copy(
        update={
            "bars": market.bars.model_copy(update={"values": bars}),
            "features": market.features.model_copy(update={"values": table}),
        }
    )


def test_nearest_extremes_come_from_the_features() -> None:
    market = market_of([150.0], support_20=140.0, resistance_20=155.0, volatility_scale_20=2.5)
    ground = ground_of(market, "AAPL", S)
    assert ground == Ground(150.0, 2.5, 140.0, 155.0)


def test_a_broken_support_gives_way_to_an_older_one_and_closes_stand_in_for_lows() -> None:
    closes = [120.0] + [140.0] * 60 + [130.0]
    market = market_of(closes, support_20=140.0, resistance_20=140.0, volatility_scale_20=2.0)
    ground = ground_of(market, "AAPL", S)
    assert ground.support == 120.0  # beyond 60 sessions, within 252
    assert ground.resistance == 140.0


def test_at_the_lowest_price_ever_there_is_no_support() -> None:
    market = market_of([1.0], support_20=1.0, resistance_20=150.0, volatility_scale_20=2.0)
    assert ground_of(market, "AAPL", S).support is None


def test_without_a_close_there_is_no_signal() -> None:
    with pytest.raises(UpstreamDataError, match="positive close"):
        ground_of(market_of([np.nan]), "AAPL", S)
