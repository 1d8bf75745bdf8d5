"""Weights from signals: limits, cash, exclusions, proportions against independent oracles."""

from __future__ import annotations

import math
from datetime import date, timedelta
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from foundation.contracts import Instrument, MarketWindow, PortfolioPlan, SignalSet, content_hash
from foundation.kernel import UpstreamDataError
from foundation.testing import samples
from foundation.timeseries import Panel
from foundation.trading import Limits
from stage_10_integration.portfolio import PortfolioInput, PortfolioStage
from stage_10_integration.settings import PortfolioSettings

SECTORS = ("Energy", "Technology", None)
BASE = cache(samples.market_window)
BASE_SIGNALS = cache(samples.signal_set)
OPEN = Limits(max_weight=1, max_group_weight=1, max_gross=1, min_cash=0, max_volatility=10)


def a_market(
    returns: np.ndarray, kinds: list[str] | None = None, sectors: list[str | None] | None = None
) -> MarketWindow:
    """A market whose closes follow the given simple returns; NaN returns leave a gap."""
    count = returns.shape[1]
    symbols = tuple(f"S{i}" for i in range(count))
    closes = 100 * np.cumprod(1 + np.vstack([np.zeros(count), np.nan_to_num(returns)]), axis=0)
    closes[1:][np.isnan(returns)] = np.nan
    base = BASE()
    sessions = [base.session - timedelta(days=i) for i in range(len(closes))][::-1]
    kinds = kinds or ["equity"] * count
    sectors = sectors or [None] * count
    return base.model_copy(
        update={
            "bars": Panel.from_fields(sessions, symbols, {"close": closes}),
            "instruments": tuple(
                Instrument(symbol=s, name=s, kind=k, fields=("close",), sector=g)
                for s, k, g in zip(symbols, kinds, sectors, strict=True)
            ),
        }
    )


def some_signals(directions: list[str], convictions: list[float]) -> SignalSet:
    base = BASE_SIGNALS()
    return base.model_copy(
        update={
            "signals": tuple(
                base.signals[0].model_copy(
                    update={"symbol": f"S{i}", "direction": d, "conviction": c}
                )
                for i, (d, c) in enumerate(zip(directions, convictions, strict=True))
            )
        }
    )


def noise(count: int, sessions: int = 300, seed: int = 5, common: float = 0.7) -> np.ndarray:
    rng = np.random.default_rng(seed)
    market = rng.standard_normal((sessions, 1))
    own = rng.standard_normal((sessions, count))
    sigma = np.linspace(0.008, 0.025, count)
    return sigma * (common * market + math.sqrt(1 - common**2) * own)


def plan(
    signals: SignalSet, market: MarketWindow, options: PortfolioSettings | None = None
) -> PortfolioPlan:
    return PortfolioStage(options or PortfolioSettings()).run(PortfolioInput(signals, market))


def weights_of(made: PortfolioPlan) -> dict[str, float]:
    return {p.symbol: p.weight for p in made.positions}


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_every_plan_adds_up_holds_every_limit_and_holds_only_what_is_bullish(data):
    count = data.draw(st.integers(1, 12), label="instruments")

    def draw(values):
        return data.draw(st.lists(values, min_size=count, max_size=count))

    directions = draw(st.sampled_from(["bullish", "bullish", "neutral", "bearish"]))
    convictions = draw(st.floats(0, 3))
    kinds = draw(st.sampled_from(["equity", "etf", "index"]))
    sectors = draw(st.sampled_from(SECTORS))
    options = PortfolioSettings(
        method=data.draw(
            st.sampled_from(["mean-risk", "hierarchical risk parity", "inverse volatility"])
        ),
        limits=Limits(
            max_weight=data.draw(st.floats(0.03, 1)),
            max_group_weight=data.draw(st.floats(0.05, 1)),
            max_gross=data.draw(st.floats(0.2, 1)),
            min_cash=data.draw(st.floats(0, 0.5)),
            max_volatility=data.draw(st.floats(0.02, 0.5)),
        ),
        kelly_fraction=data.draw(st.floats(0.1, 1)),
    )
    market = a_market(
        noise(count, 260, data.draw(st.integers(0, 99)), data.draw(st.floats(0, 1))),
        kinds,
        sectors,
    )
    made = plan(some_signals(directions, convictions), market, options)
    weights = weights_of(made)
    limits = options.limits
    assert math.fsum([*weights.values(), made.cash]) == pytest.approx(1, abs=1e-12)
    assert made.cash >= limits.min_cash - 1e-12
    assert sum(weights.values()) <= limits.max_gross + 1e-12
    assert all(c.held for c in made.limits)
    for i in range(count):
        weight = weights.get(f"S{i}", 0.0)
        assert 0 <= weight <= limits.max_weight + 1e-12
        if directions[i] != "bullish" or kinds[i] == "index":
            assert weight == 0
    for sector in ("Energy", "Technology"):
        inside = [weights.get(f"S{i}", 0) for i in range(count) if sectors[i] == sector]
        assert sum(inside) <= limits.max_group_weight + 1e-12
    assert made.expected_volatility <= limits.max_volatility + 1e-12


def test_mean_risk_with_equal_convictions_is_the_most_diversified_portfolio():
    returns = noise(4, 253)
    options = PortfolioSettings(limits=OPEN, kelly_fraction=1, smallest_position=0)
    made = plan(some_signals(["bullish"] * 4, [5.0] * 4), a_market(returns), options)
    cov = np.cov(returns[-252:].T, ddof=0)
    sigma = np.sqrt(np.diag(cov))
    oracle = minimize(
        lambda w: -(w @ sigma) / math.sqrt(w @ cov @ w),
        np.full(4, 0.25),
        bounds=[(0, 1)] * 4,
        constraints={"type": "eq", "fun": lambda w: w.sum() - 1},
        tol=1e-12,
    ).x
    got = [weights_of(made)[f"S{i}"] for i in range(4)]
    # Ledoit-Wolf shrinks a sample of 252 sessions a little; the oracle does not.
    np.testing.assert_allclose(got, oracle, atol=0.03)


def test_risk_parity_of_two_picks_splits_capital_by_inverse_variance():
    returns = noise(2, 253, common=0.0)
    options = PortfolioSettings(
        method="hierarchical risk parity",
        limits=OPEN,
        kelly_fraction=1,
    )
    made = plan(some_signals(["bullish"] * 2, [5.0] * 2), a_market(returns), options)
    first, second = np.var(returns[-252:], axis=0)
    assert weights_of(made)["S0"] == pytest.approx(second / (first + second), abs=0.03)


def test_one_pick_gets_half_its_kelly_stake_computed_by_hand():
    returns = noise(1, 253)
    made = plan(some_signals(["bullish"], [0.1]), a_market(returns), PortfolioSettings(limits=OPEN))
    # Over a year: conviction * sigma expected, variance sigma squared.
    sigma = float(np.std(returns[-252:])) * math.sqrt(252)
    assert made.positions[0].weight == pytest.approx(0.5 * 0.1 / sigma, abs=1e-3)
    assert made.method == "mean-risk"
    assert any("half the Kelly stake" in n for n in made.notes)


def test_weaker_convictions_leave_more_in_cash():
    market = a_market(noise(8, common=0.9))
    cash = [
        plan(some_signals(["bullish"] * 8, [c] * 8), market).cash for c in (0.6, 0.2, 0.1, 0.06)
    ]
    assert cash == sorted(cash)
    assert cash[0] < cash[-1]


def test_more_conviction_means_more_weight_among_equals():
    market = a_market(noise(1, common=0.0).repeat(3, axis=1) + noise(3, seed=9) * 0.8)
    for method in ("hierarchical risk parity", "inverse volatility"):
        made = plan(
            some_signals(["bullish"] * 3, [0.2, 0.2, 0.8]),
            market,
            PortfolioSettings(method=method, limits=OPEN),
        )
        swapped = plan(
            some_signals(["bullish"] * 3, [0.8, 0.2, 0.2]),
            market,
            PortfolioSettings(method=method, limits=OPEN),
        )
        assert weights_of(swapped)["S0"] > weights_of(made)["S0"]
        assert weights_of(swapped)["S2"] < weights_of(made)["S2"]


@pytest.mark.parametrize("direction", ["neutral", "bearish"])
def test_without_a_bullish_signal_all_is_cash_and_the_notes_say_why(direction):
    made = plan(some_signals([direction] * 3, [0.9] * 3), a_market(noise(3)))
    assert made.positions == ()
    assert made.cash == 1.0
    assert made.method == "cash only"
    assert made.expected_volatility == 0.0
    text = " ".join(made.notes)
    assert f"All three instruments that can be bought are {direction}." in text
    assert "stays in cash" in text


def test_an_index_is_named_and_not_bought():
    market = a_market(noise(3), kinds=["index", "equity", "etf"])
    made = plan(some_signals(["bullish"] * 3, [0.9, 0.5, 0.5]), market)
    assert set(weights_of(made)) == {"S1", "S2"}
    assert "S0 is an index and cannot be bought directly" in made.notes[0]


def test_gaps_and_short_histories_are_left_out_by_name():
    returns = noise(4)
    returns[:-60, 1] = np.nan  # listed 60 sessions ago
    returns[-20, 2] = np.nan  # one missing day
    returns[:, 3] = 0.0  # never moved
    made = plan(some_signals(["bullish"] * 4, [0.5] * 4), a_market(returns))
    assert set(weights_of(made)) == {"S0", "S2"}
    text = " ".join(made.notes)
    assert "S1 stays out: fewer than 120 daily returns" in text
    assert "S3 stays out: the price has not moved once" in text


def test_weak_conviction_is_left_out_by_name():
    made = plan(some_signals(["bullish"] * 2, [0.5, 0.01]), a_market(noise(2)))
    assert set(weights_of(made)) == {"S0"}
    assert any("S1 stays out: bullish, but" in n for n in made.notes)


def test_twins_of_one_price_do_not_break_the_optimiser():
    returns = noise(1).repeat(5, axis=1)
    made = plan(some_signals(["bullish"] * 5, [0.5] * 5), a_market(returns))
    assert made.method == "mean-risk"
    assert sum(weights_of(made).values()) > 0.1


@pytest.mark.parametrize(
    ("alternative", "method"),
    [
        ("inverse volatility", "inverse volatility, tilted by conviction (mean-risk failed)"),
        ("cash", "cash only (mean-risk failed)"),
    ],
)
def test_a_failed_optimiser_is_visible_in_method_and_notes(monkeypatch, alternative, method):
    from skfolio.exceptions import ConvexOptimizationError
    from skfolio.optimization import MeanRisk

    def fail(self, X, y=None):
        raise ConvexOptimizationError("infeasible")

    monkeypatch.setattr(MeanRisk, "fit", fail)
    made = plan(
        some_signals(["bullish"] * 3, [0.5] * 3),
        a_market(noise(3)),
        PortfolioSettings(alternative=alternative),
    )
    assert made.method == method
    assert any("Mean-risk found no weights" in n and "infeasible" in n for n in made.notes)
    assert bool(made.positions) == (alternative != "cash")
    if made.positions:  # equal convictions: weights fall as volatility rises
        weights = weights_of(made)
        assert weights["S0"] >= weights["S1"] >= weights["S2"]


def test_reasons_speak_of_conviction_agreement_and_limits():
    made = plan(some_signals(["bullish"] * 2, [0.9, 0.9]), a_market(noise(2)))
    assert made.positions[0].weight == pytest.approx(0.15)
    reason = made.positions[0].reason
    assert "conviction of 0.90" in reason
    assert "story and quantitative model agree" in reason
    assert "limit of 15%" in reason


def test_nothing_before_the_lookback_matters_and_equal_input_gives_equal_bytes():
    returns = noise(4, 300)
    longer = np.vstack([noise(4, 80, seed=77) * 3, returns])
    signals = some_signals(["bullish"] * 4, [0.5, 0.4, 0.3, 0.2])
    first, again = plan(signals, a_market(returns)), plan(signals, a_market(returns))
    assert content_hash(first) == content_hash(again)
    earlier = plan(signals, a_market(longer))
    assert weights_of(earlier) == pytest.approx(weights_of(first), abs=2e-4)


def test_signals_and_market_of_different_sessions_are_refused():
    market = a_market(noise(2)).model_copy(update={"session": date(2018, 12, 27)})
    with pytest.raises(UpstreamDataError, match="same session"):
        plan(some_signals(["bullish"] * 2, [0.5] * 2), market)
