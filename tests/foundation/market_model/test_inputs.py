"""Inputs know nothing of the future; labels are what the hand computes."""

from __future__ import annotations

import numpy as np
import pytest

from foundation.kernel import OperatorError
from foundation.market_model import MarketModelRecipe, labels, model_data
from foundation.market_model.inputs import MARKET_REGIMES, SECTORS, market_regime, sector_code
from foundation.quant.labels import entry_prices, realised_volatility_ahead, returns_from_entry
from foundation.testing.samples import market_window

RECIPE = MarketModelRecipe(
    name="sample",
    features=("log_return_1", "rsi_14", "atr_20"),
    price_units=("atr_20",),
    market_series=("vix",),
    market_window=60,
)


def test_the_entry_is_the_next_open_and_the_close_where_no_open_is_ever_reported() -> None:
    opens = np.array([[10.0, np.nan], [11.0, np.nan], [12.0, np.nan]])
    closes = np.array([[10.5, 20.0], [11.5, 21.0], [12.5, 22.0]])
    expected = np.array([[11.0, 20.0], [12.0, 21.0], [np.nan, 22.0]])
    np.testing.assert_array_equal(entry_prices(opens, closes), expected)


def test_the_return_runs_from_entry_to_the_close_that_ends_the_horizon() -> None:
    closes = np.array([[100.0], [110.0], [121.0], [90.0]])
    entry = np.array([[105.0], [np.nan], [100.0], [100.0]])
    got = returns_from_entry(entry, closes, 2)[:, 0]
    np.testing.assert_allclose(got[:1], [np.log(121 / 105)])
    assert np.isnan(got[1:]).all()


def test_realised_volatility_is_the_root_of_the_sum_of_squared_returns_ahead() -> None:
    closes = 100 * np.exp(np.cumsum([[0.0], [0.01], [-0.02], [0.03]], axis=0))
    got = realised_volatility_ahead(closes, 2)[:, 0]
    np.testing.assert_allclose(got[:2], [np.hypot(0.01, 0.02), np.hypot(0.02, 0.03)])
    assert np.isnan(got[2:]).all()


def test_a_market_that_rises_is_a_bulls_and_one_that_falls_a_bears() -> None:
    noise = np.random.default_rng(0).normal(0, 0.01, (300, 1))
    noise -= noise.mean()
    for drift, name in ((0.005, "bull"), (-0.005, "bear")):
        codes = market_regime(noise + drift)
        assert (codes[:119] == MARKET_REGIMES.index("not known")).all()
        assert (codes[119:] == MARKET_REGIMES.index(name)).mean() > 0.95


def test_a_sector_that_is_not_one_of_the_eleven_is_unknown() -> None:
    assert sector_code("Energy") == SECTORS.index("energy")
    assert sector_code(None) == sector_code("Widgets") == len(SECTORS)


def test_inputs_have_no_price_units_and_name_what_they_hold() -> None:
    window = market_window(250)
    scale = np.full(window.bars.values.shape[:2], 0.02)
    data = model_data(window, scale, RECIPE)
    assert data.observed.shape == (250, 4, len(data.observed_names))
    atr = window.features.field("atr_20") / window.bars.field("close")
    np.testing.assert_allclose(data.observed[:, :, 2], atr, rtol=1e-6, equal_nan=True)


def test_inputs_at_a_session_are_the_same_without_what_came_later() -> None:
    window = market_window(250)
    shape = window.bars.values.shape[:2]
    cut = window.model_copy(
        update={
            "bars": window.bars.until(window.bars.sessions[199]),
            "features": window.features.until(window.bars.sessions[199]),
            "market": window.market.until(window.bars.sessions[199]),
        }
    )
    whole = model_data(window, np.full(shape, 0.02), RECIPE)
    early = model_data(cut, np.full((200, shape[1]), 0.02), RECIPE)
    for name in ("observed", "known", "known_codes", "liquidity", "market_regime", "returns"):
        np.testing.assert_array_equal(getattr(whole, name)[:200], getattr(early, name))


def test_sessions_ahead_are_told_from_the_calendar() -> None:
    window = market_window(60)
    data = model_data(window, np.full(window.bars.values.shape[:2], 0.02), RECIPE)
    # 2018-12-28 was a Friday; Monday the 31st is the next session and the month's last.
    assert data.known_codes[-1].tolist() == [0, 11]
    # Five sessions on, over the New Year holiday:
    # 31 December, 2, 3, 4 and 7 January.
    np.testing.assert_allclose(data.known[-1, :, 0], 10 / 5)
    np.testing.assert_allclose(data.known[-1, :, 1], 1 / 21, rtol=1e-6)


def test_labels_are_in_units_of_the_scale() -> None:
    window = market_window(60)
    shape = window.bars.values.shape[:2]
    one = labels(window, np.full(shape, 0.02), RECIPE)
    two = labels(window, np.full(shape, 0.04), RECIPE)
    np.testing.assert_allclose(one.returns, 2 * two.returns)
    np.testing.assert_allclose(one.volatility, 2 * two.volatility)
    assert np.isnan(one.returns[-5:]).all()


def test_a_scale_of_another_shape_is_refused() -> None:
    with pytest.raises(OperatorError, match="sessions and symbols of the window"):
        model_data(market_window(60), np.ones((3, 3)), RECIPE)
