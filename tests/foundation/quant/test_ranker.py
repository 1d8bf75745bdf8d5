"""Ranks find what orders the stocks, nothing where nothing does, and never look ahead."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import rankdata, spearmanr

from foundation.contracts import BAR_FIELDS, Instrument, MarketWindow
from foundation.market import sessions_until
from foundation.quant.labels import entry_prices, returns_from_entry
from foundation.quant.ranker import (
    fifths,
    newey_west_t,
    percentiles,
    rank_correlation,
    walk_forward_ranking,
)
from foundation.quant.settings import RankerSettings
from foundation.testing.samples import SESSION, market_window
from foundation.timeseries import Panel

SETTINGS = RankerSettings(
    features=("signal", "noise"),
    price_unit_features=(),
    minimum_sessions=100,
    refit_every=80,
    minimum_leaf=20,
    least_stocks=5,
    every=1,
    round_choices=(0, 20),
)


def window(effect: float, *, stocks: int = 20, count: int = 260, seed: int = 0) -> MarketWindow:
    """Return a market whose coming returns are ordered by a feature, as far as ``effect`` says."""
    draw = np.random.default_rng(seed)
    shape = (count, stocks)
    signal = draw.normal(size=shape)
    returns = 0.01 * draw.normal(size=shape)
    returns[1:] += 0.01 * effect * signal[:-1]
    closes = 100 * np.exp(np.cumsum(returns, axis=0))
    opens = np.vstack([closes[:1], closes[:-1]])
    names = tuple(f"S{n}" for n in range(stocks))
    days = sessions_until(SESSION, count)
    bars = {
        "open": opens,
        "high": np.maximum(opens, closes),
        "low": np.minimum(opens, closes),
        "close": closes,
        "volume": np.ones(shape),
    }
    features = {"signal": signal, "noise": draw.normal(size=shape)}
    return market_window(60).model_copy(
        update={
            "instruments": tuple(
                Instrument(symbol=s, name=s, kind="equity", fields=BAR_FIELDS) for s in names
            ),
            "bars": Panel.from_fields(days, names, bars),
            "features": Panel.from_fields(days, names, features),
            "market": Panel.from_fields(days, ("MARKET",), {"vix": np.ones((count, 1))}),
        }
    )


def information(market: MarketWindow) -> tuple[float, float]:
    """Return the mean rank IC over unseen sessions and its t-statistic."""
    closes = market.bars.field("close")
    ranking = walk_forward_ranking(market, np.full(closes.shape, 0.02), SETTINGS)
    entry = entry_prices(market.bars.field("open"), closes)
    outcome = returns_from_entry(entry, closes, SETTINGS.horizon)
    return newey_west_t(rank_correlation(ranking.score, outcome, 5), lags=9)


def test_an_order_that_is_there_is_found() -> None:
    mean, t = information(window(effect=1.0))
    assert mean > 0.2
    assert t > 5


def test_no_order_is_found_where_none_is() -> None:
    _, t = information(window(effect=0.0))
    assert not t > 2.6


def test_rewriting_the_future_changes_no_earlier_rank() -> None:
    market, other = window(0.5), window(0.5, seed=9)
    day = 220

    def mixed(name: str) -> Panel:
        one, two = getattr(market, name), getattr(other, name)
        values = np.concatenate([one.values[:day], two.values[day:]])
        return one.model_copy(update={"values": values})

    changed = market.model_copy(update={n: mixed(n) for n in ("bars", "features")})
    scale = np.full((260, 20), 0.02)
    before = walk_forward_ranking(market, scale, SETTINGS).score[:day]
    after = walk_forward_ranking(changed, scale, SETTINGS).score[:day]
    np.testing.assert_array_equal(before, after)


def test_indices_funds_and_stocks_without_a_scale_are_not_ranked() -> None:
    market = window(0.5)
    first = market.instruments[0].model_copy(update={"kind": "etf"})
    market = market.model_copy(update={"instruments": (first, *market.instruments[1:])})
    scale = np.full((260, 20), 0.02)
    scale[:, 1] = np.nan
    score = walk_forward_ranking(market, scale, SETTINGS).score
    assert np.isnan(score[:, :2]).all()
    assert np.isfinite(score[200, 2:]).all()


@settings(max_examples=60, deadline=None)
@given(
    arrays(
        float,
        st.tuples(st.integers(1, 4), st.integers(1, 9)),
        elements=st.one_of(st.integers(-3, 3).map(float), st.just(np.nan)),
    )
)
def test_percentiles_are_ranks_within_a_row(values: np.ndarray) -> None:
    got = percentiles(values)
    for row, ranked in zip(values, got, strict=True):
        present = np.isfinite(row)
        assert np.isnan(ranked[~present]).all()
        if present.sum() > 1:
            expected = (rankdata(row[present]) - 1) / (present.sum() - 1)
            np.testing.assert_allclose(ranked[present], expected)
        else:
            assert (ranked[present] == 0.5).all()


def test_fifths_split_a_cross_section_evenly() -> None:
    values = np.random.default_rng(0).permutation(50.0 + np.arange(50))[None]
    codes = fifths(values, least=5)
    assert np.bincount(codes[0].astype(int)).tolist() == [10, 10, 10, 10, 10]
    assert np.isnan(fifths(values[:, :4], least=5)).all()


def test_rank_information_is_spearmans() -> None:
    draw = np.random.default_rng(1)
    score, outcome = draw.integers(0, 6, (5, 30)).astype(float), draw.normal(size=(5, 30))
    outcome[0, :3] = np.nan
    got = rank_correlation(score, outcome, 5)
    for t in range(5):
        keep = np.isfinite(outcome[t])
        assert got[t] == pytest.approx(spearmanr(score[t, keep], outcome[t, keep]).statistic)


def test_newey_wests_error_is_that_of_statsmodels() -> None:
    import statsmodels.api as sm

    x = np.convolve(np.random.default_rng(2).normal(size=304), np.ones(5) / 5, "valid") + 0.05
    fitted = sm.OLS(x, np.ones(len(x))).fit(
        cov_type="HAC", cov_kwds={"maxlags": 9, "use_correction": False}
    )
    mean, t = newey_west_t(np.append(x, np.nan), lags=9)
    assert mean == pytest.approx(x.mean())
    assert t == pytest.approx(float(fitted.tvalues[0]))
