"""The market's regime over a history: right where the truth is known, past-only, and silent."""

import numpy as np
import pytest
from pydantic import ValidationError

from foundation.quant import MarketRegimeSettings, OwnWindowSettings, RegimeSettings
from foundation.quant.regimes import named_regimes
from foundation.quant.regimes.market import market_regimes
from foundation.quant.regimes.own_window import own_window_probabilities
from foundation.quant.returns import log_returns
from foundation.testing.simulated_market import simulated_market

SETTINGS = MarketRegimeSettings()
QUICK = MarketRegimeSettings(
    minimum_sessions=120, refit_every=100, most_states=3, starts=2, steps=30
)


def drawn(variant, symbols=20, sessions=1250, seed=11):
    market = simulated_market(variant, symbols=symbols, sessions=sessions, seed=seed)
    return log_returns(market.bars["close"]), market.truth.regimes


@pytest.fixture(scope="module")
def stormy():
    """Five stocks, calm and storm of sixty sessions by turns."""
    storm = np.where(np.arange(420) // 60 % 2 == 1, 3.0, 1.0)[:, None]
    return 0.01 * storm * np.random.default_rng(1).standard_normal((420, 5))


def test_the_true_regime_is_named_on_most_sessions_of_a_simulated_market():
    returns, truth = drawn("regimes", sessions=1000)
    named = market_regimes(returns, SETTINGS).probabilities[500:].argmax(axis=1)
    assert (named == truth[500:]).mean() > 0.85


def test_a_martingale_has_no_regimes_and_none_is_named():
    found = market_regimes(drawn("martingale", sessions=600)[0], SETTINGS)
    assert [refit.fit.states for refit in found.refits] == [1, 1]
    assert np.isnan(found.probabilities).all()
    assert np.isfinite(found.log_score[found.refits[0].row + 1 :]).all()


def test_probabilities_sum_to_one_from_the_first_fit_on(stormy):
    found = market_regimes(stormy, QUICK)
    first = found.refits[0].row
    assert np.isnan(found.probabilities[:first]).all()
    assert found.probabilities[first:].sum(axis=1) == pytest.approx(np.ones(420 - first))
    assert (found.probabilities[first:] >= 0).all()


def test_calm_and_storm_are_told_apart_by_one_series_as_by_five(stormy):
    for returns in (stormy, stormy[:, :1]):
        p = market_regimes(returns, QUICK).probabilities
        assert p[340:360, 3].mean() > 0.8
        assert p[400:, 2].mean() > 0.8


def test_rewriting_the_future_changes_no_earlier_row(stormy):
    other = stormy.copy()
    other[330:] = np.random.default_rng(2).standard_normal((90, 5))
    one, two = (market_regimes(r, QUICK) for r in (stormy, other))
    assert one.probabilities[:330] == pytest.approx(two.probabilities[:330], nan_ok=True, abs=1e-9)
    shorter = market_regimes(stormy[:330], QUICK)
    assert shorter.probabilities == pytest.approx(one.probabilities[:330], nan_ok=True, abs=1e-9)
    assert [r.row for r in shorter.refits] == [r.row for r in one.refits if r.row < 330]


def test_neither_the_order_nor_the_unit_of_stocks_matters(stormy):
    p = market_regimes(stormy, QUICK).probabilities
    for same in (stormy[:, ::-1], 100 * stormy):
        assert market_regimes(same, QUICK).probabilities == pytest.approx(p, nan_ok=True, abs=1e-4)


def test_one_bad_price_does_not_become_a_regime(stormy):
    spoiled = np.tile(stormy, 4) * np.random.default_rng(3).choice([-1.0, 1.0], (420, 20))
    clean = market_regimes(spoiled, QUICK).probabilities[150:]
    spoiled[200, 7], spoiled[201, 7] = 4.0, -4.0
    p = market_regimes(spoiled, QUICK).probabilities[150:]
    assert (p.argmax(axis=1) == clean.argmax(axis=1)).mean() > 0.95


def test_sessions_and_stocks_without_returns_are_passed_over(stormy):
    gaps = stormy.copy()
    gaps[150] = np.nan
    gaps[300:320, 2] = np.nan
    settings = RegimeSettings(market=QUICK)
    told = named_regimes(gaps, settings).probabilities
    assert np.isnan(told[150]).all()
    assert np.isnan(told[300:320, 2]).all()
    assert np.isfinite(told[300:320, 1]).all()
    assert (told[-1] == told[-1, 0]).all()


def test_prices_that_stand_still_or_are_too_few_are_answered_with_absence():
    for returns in (np.zeros((400, 3)), np.zeros((400, 1)), 0.01 * np.ones((30, 2))):
        found = market_regimes(returns, QUICK)
        assert found.refits == ()
        assert np.isnan(found.probabilities).all()


def test_settings_say_who_names_regimes_and_the_answer_says_who_did(stormy):
    by_rule = named_regimes(stormy, RegimeSettings(named_by="own window"))
    expected = own_window_probabilities(stormy, OwnWindowSettings())
    assert by_rule.probabilities == pytest.approx(expected, nan_ok=True)
    assert (by_rule.model, by_rule.last_fit_row) == ("regimes by rule", -1)
    by_market = named_regimes(stormy, RegimeSettings(market=QUICK))
    assert by_market.model == "regimes of the market"
    assert "calmest first: choppy" in by_market.version
    assert by_market.version.endswith("volatile")
    assert by_market.last_fit_row == market_regimes(stormy, QUICK).refits[-1].row


def test_more_states_at_least_than_at_most_are_refused():
    with pytest.raises(ValidationError, match="least_states"):
        MarketRegimeSettings(least_states=5)
