"""The simulated market is what it says it is: bars, truth, effects, and nothing else."""

from __future__ import annotations

import numpy as np
import pytest

from foundation.contracts import BAR_FIELDS, REGIMES
from foundation.kernel import OperatorError
from foundation.testing.simulated_market import (
    MEMORY,
    SPREAD,
    SimulatedMarket,
    Variant,
    simulated_market,
)

VARIANTS: tuple[Variant, ...] = ("regimes", "planted", "martingale")


def log_returns(market: SimulatedMarket) -> np.ndarray:
    """Return log returns aligned with the sessions they end on; row 0 is NaN."""
    close = np.log(market.bars["close"])
    return np.vstack([np.full((1, close.shape[1]), np.nan), np.diff(close, axis=0)])


@pytest.mark.parametrize("variant", VARIANTS)
def test_every_bar_is_possible(variant: Variant) -> None:
    bars = simulated_market(variant, symbols=5, sessions=600, seed=3).bars
    body_low = np.minimum(bars["open"], bars["close"])
    body_high = np.maximum(bars["open"], bars["close"])
    assert (bars["low"] > 0).all()
    assert (bars["low"] <= body_low).all()
    assert (bars["high"] >= body_high).all()
    assert (bars["volume"] >= 1).all()
    assert all(np.isfinite(bars[name]).all() for name in BAR_FIELDS)


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_longer_market_begins_with_the_shorter_one(variant: Variant) -> None:
    short = simulated_market(variant, symbols=3, sessions=200, seed=5)
    long = simulated_market(variant, symbols=3, sessions=350, seed=5)
    assert long.sessions[:200] == short.sessions
    for name in BAR_FIELDS:
        np.testing.assert_array_equal(long.bars[name][:200], short.bars[name])
    for name, values in short.market.items():
        np.testing.assert_array_equal(long.market[name][:200], values)
    assert long.releases[: len(short.releases)] == short.releases


def test_same_seed_same_market_and_another_seed_another() -> None:
    first, again = (simulated_market(seed=1, sessions=100) for _ in range(2))
    other = simulated_market(seed=2, sessions=100)
    np.testing.assert_array_equal(first.bars["close"], again.bars["close"])
    assert not np.array_equal(first.bars["close"], other.bars["close"])


def test_sessions_are_new_york_trading_days() -> None:
    days = {str(d) for d in simulated_market(sessions=300).sessions}
    assert days >= {"2010-01-04", "2010-07-06", "2010-11-26"}
    # Independence Day (observed), Thanksgiving and Good Friday of 2010, from the exchange's list.
    assert not days & {"2010-07-05", "2010-11-25", "2010-04-02"}


def test_a_martingale_remembers_nothing() -> None:
    returns = log_returns(simulated_market("martingale", symbols=1, sessions=5000, seed=11))[1:, 0]
    limit = 4 / np.sqrt(len(returns))  # four standard errors of an autocorrelation of noise
    for series in (returns, np.abs(returns), np.sign(returns)):
        centred = series - series.mean()
        for lag in (1, 2, 3, 5, 10, 20):
            assert abs(np.mean(centred[lag:] * centred[:-lag]) / np.mean(centred**2)) < limit
    assert abs(returns.mean()) < 4 * returns.std() / np.sqrt(len(returns))


@pytest.mark.parametrize("name", ["vix", "volume"])
def test_martingale_volume_and_vix_do_not_foretell_themselves(name: str) -> None:
    market = simulated_market("martingale", symbols=1, sessions=5000, seed=12)
    series = np.log(market.market["vix"] if name == "vix" else market.bars["volume"][:, 0])
    assert abs(np.corrcoef(series[1:], series[:-1])[0, 1]) < 4 / np.sqrt(len(series))


def test_sharp_drops_on_heavy_volume_rebound_as_often_as_stated() -> None:
    market = simulated_market("planted", symbols=20, sessions=1500, seed=4)
    returns, truth = log_returns(market), market.truth
    after = (returns[1:] > 0)[truth.drops[:-1]]
    assert len(after) > 500
    assert abs(after.mean() - truth.probability) < 4 * np.sqrt(0.8 * 0.2 / len(after))
    control = (returns[1:] > 0)[truth.rises[:-1]]
    # Shocks are correlated across symbols, so allow for fewer independent ones than counted.
    assert abs(control.mean() - 0.5) < 4 * np.sqrt(0.25 / len(control) * 5)


def test_only_one_symbol_falls_after_quiet_sessions() -> None:
    market = simulated_market("planted", symbols=8, sessions=4000, seed=6)
    fell, quiet = log_returns(market)[1:] < 0, market.truth.quiet[:-1]
    n = market.symbols.index(str(market.truth.reacting))
    own = fell[:, n][quiet[:, n]]
    others = np.delete(fell, n, axis=1)[np.delete(quiet, n, axis=1)]
    assert abs(own.mean() - 0.8) < 4 * np.sqrt(0.16 / len(own))
    assert abs(others.mean() - 0.5) < 4 * np.sqrt(0.25 / len(others) * 4)


def test_planted_sessions_can_be_seen_in_the_bars() -> None:
    market = simulated_market("planted", symbols=4, sessions=1000, seed=8)
    volume, truth = np.log(market.bars["volume"]), market.truth
    usual, spread = volume.mean(axis=0), volume.std(axis=0)
    score = (volume - usual) / spread
    assert score[truth.drops].min() > 1.5
    assert score[truth.quiet].max() < -1.0
    true_range = market.bars["high"] - market.bars["low"]
    moves = np.diff(market.bars["close"], axis=0)
    assert (moves[truth.drops[1:]] < -2 * np.median(true_range)).mean() > 0.5


def test_regimes_differ_as_stated() -> None:
    market = simulated_market("regimes", symbols=12, sessions=6000, seed=9)
    returns, regimes = log_returns(market)[1:], market.truth.regimes
    assert regimes is not None
    spread = {}
    for code, name in enumerate(REGIMES):
        same = (regimes[1:-1] == code) & (regimes[2:] == code)
        now, following = returns[:-1][same], returns[1:][same]
        slope = np.mean(now * following) / np.mean(now**2)
        assert abs(slope - MEMORY[name]) < 0.08, name
        spread[name] = returns[regimes[1:] == code].std() / SPREAD[name]
    assert max(spread.values()) / min(spread.values()) < 1.35


def test_releases_become_known_after_their_month_has_ended() -> None:
    market = simulated_market(sessions=400)
    assert len(market.releases) >= 17
    for reference, known_at, level in market.releases:
        assert known_at.tzinfo is not None
        assert known_at.date() > reference
        assert known_at.date() in market.sessions
        assert level > 0


def test_rows_hold_the_same_numbers_as_the_arrays() -> None:
    market = simulated_market(symbols=2, sessions=50)
    rows = market.bar_rows()
    assert list(rows.columns) == ["symbol", "session", *BAR_FIELDS, "location"]
    own = rows[rows["symbol"] == "SIM01"]
    np.testing.assert_array_equal(own["close"].to_numpy(), market.bars["close"][:, 1])
    assert tuple(own["session"].dt.date) == market.sessions
    assert rows["location"].is_unique
    seen = market.observation_rows()
    vix = seen.loc[seen["series"] == "vix", "value"]
    np.testing.assert_array_equal(vix.to_numpy(), market.market["vix"])


def test_no_row_is_known_before_it_happened_and_none_before_its_month_ended() -> None:
    market = simulated_market(symbols=1, sessions=600)
    seen = market.observation_rows()
    assert (seen["known_at"] >= seen["event_time"]).all()
    releases = [e for e in market.events() if e.actual is not None]
    assert len(releases) == len(market.releases) - 13
    for event, (reference, _, _) in zip(releases, market.releases[13:], strict=True):
        assert event.known_at.date() > reference


def test_the_next_release_is_announced_without_its_figure() -> None:
    events = simulated_market(symbols=1, sessions=600).events()
    announced = [e for e in events if e.actual is None]
    assert announced
    assert all(e.known_at < e.event_time for e in announced)
    dates = {e.event_time for e in events if e.actual is not None}
    assert {e.event_time for e in announced} <= dates


def test_a_release_says_how_prices_changed_over_twelve_months() -> None:
    market = simulated_market(symbols=1, sessions=600)
    first = market.events()[0]
    levels = [level for _, _, level in market.releases]
    assert first.actual == pytest.approx((levels[13] - levels[1]) / levels[1] * 100)
    assert first.previous == pytest.approx((levels[12] - levels[0]) / levels[0] * 100)


def test_an_unknown_variant_is_named_in_the_error() -> None:
    with pytest.raises(OperatorError, match="choose regimes, planted or martingale"):
        simulated_market("bubble")  # type: ignore[arg-type]
