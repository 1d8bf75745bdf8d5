"""Characteristics against processes whose truth is known, plain loops, and real earnings."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from foundation.contracts import CHARACTERISTICS, MarketEvent
from foundation.kernel import NEW_YORK
from foundation.market import close_of, next_session, sessions, sessions_until
from foundation.quant.characteristics import (
    CharacteristicSettings,
    earnings_sensitivity,
    hurst_exponent,
    liquidity_bucket,
    rolling_slope,
    stock_characteristics,
)
from foundation.quant.characteristics.earnings import reported_on
from foundation.quant.characteristics.stock import beyond_the_others
from foundation.quant.returns import log_returns
from foundation.testing.samples import fuzzy_window, market_window
from foundation.timeseries import Panel

SETTINGS = CharacteristicSettings()
LAGS = SETTINGS.hurst_lags


def fractional_moves(hurst: float, count: int, paths: int, seed: int) -> np.ndarray:
    """Moves of fractional Brownian motion, exact, by the Cholesky root of their covariance."""
    k = np.arange(count, dtype=float)
    covariance = (
        np.abs(k + 1) ** (2 * hurst) - 2 * k ** (2 * hurst) + np.abs(k - 1) ** (2 * hurst)
    ) / 2
    root = np.linalg.cholesky(covariance[np.abs(np.subtract.outer(k, k)).astype(int)])
    return root @ np.random.default_rng(seed).standard_normal((count, paths))


def prices(moves: np.ndarray) -> np.ndarray:
    return 100 * np.exp(np.vstack([np.zeros((1, moves.shape[1])), np.cumsum(moves, axis=0)]))


@pytest.mark.parametrize(("hurst", "slack"), [(0.3, 0.02), (0.4, 0.02), (0.5, 0.02), (0.65, 0.05)])
def test_hurst_exponents_are_those_of_fractional_brownian_motion(
    hurst: float, slack: float
) -> None:
    moves = 0.01 * fractional_moves(hurst, 252, 400, 1)
    found = hurst_exponent(prices(moves), 252, LAGS, 0.8)[-1]
    assert found.mean() == pytest.approx(hurst, abs=slack)
    assert found.std() < 0.11


def test_a_drift_is_no_memory() -> None:
    moves = 0.01 * fractional_moves(0.5, 252, 300, 2)
    plain, drifting = (
        hurst_exponent(prices(m), 252, LAGS, 0.8)[-1] for m in (moves, moves + 0.005)
    )
    np.testing.assert_allclose(drifting, plain, atol=1e-9)


def test_a_hurst_exponent_by_hand() -> None:
    """One window, worked out move by move."""
    moves = 0.01 * fractional_moves(0.5, 40, 1, 3)[:, 0]
    logs = np.append(0.0, np.cumsum(moves))
    variances = []
    for lag in (1, 2, 4):
        changes = np.array([logs[t] - logs[t - lag] for t in range(lag, 41)])
        squares = ((changes - lag * moves.mean()) ** 2).sum()
        variances.append(squares / (len(changes) * (1 - lag / 40)))
    wanted = np.polyfit(np.log([1, 2, 4]), np.log(variances), 1)[0] / 2
    found = hurst_exponent(prices(moves[:, None]), 40, (1, 2, 4), 0.8)
    assert found[-1, 0] == pytest.approx(wanted, rel=1e-9)
    assert np.isnan(found[:39]).all()


def test_a_window_of_prices_is_all_that_counts_and_gaps_are_left_out() -> None:
    close = prices(0.01 * fractional_moves(0.5, 400, 3, 4))
    whole = hurst_exponent(close, 252, LAGS, 0.8)
    assert whole[-1].tobytes() == hurst_exponent(close[-253:], 252, LAGS, 0.8)[-1].tobytes()
    spoilt = close.copy()
    spoilt[300:] *= 3
    assert hurst_exponent(spoilt, 252, LAGS, 0.8)[:300].tobytes() == whole[:300].tobytes()
    holed = close.copy()
    holed[310:320, 0] = np.nan
    holed[250:330, 1] = np.nan
    found = hurst_exponent(holed, 252, LAGS, 0.8)[-1]
    assert found[0] == pytest.approx(whole[-1, 0], abs=0.05)
    assert np.isnan(found[1])
    assert found[2] == whole[-1, 2]
    assert np.isnan(hurst_exponent(np.full((300, 1), 5.0), 252, LAGS, 0.8)).all()


def report(symbol: str, moment: datetime, actual: float | None = 1.0) -> MarketEvent:
    return MarketEvent(
        kind="earnings", name="earnings", symbol=symbol, event_time=moment, known_at=moment,
        actual=actual,
    )  # fmt: skip


def at(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime.combine(day, time(hour, minute), tzinfo=NEW_YORK)


def test_a_report_counts_on_the_first_session_whose_price_can_answer() -> None:
    """Before the open and within the session: that day; after the close: the next session."""
    days = sessions_until(date(2018, 12, 28), 8)
    told = [
        report("A", at(days[1], 7)), report("A", close_of(days[3])),
        report("B", at(days[4], 16, 5)), report("B", at(days[6], 9), None),
        report("A", at(days[0] - timedelta(days=30), 7)), report("C", at(days[2], 7)),
    ]  # fmt: skip
    marked = reported_on(told, days, ("A", "B"))
    assert np.argwhere(marked).tolist() == [[1, 0], [3, 0], [5, 1]]


def test_earnings_sensitivity_is_the_mean_move_of_the_last_reports() -> None:
    draw = np.random.default_rng(5)
    returns = draw.normal(0, 0.02, (300, 4))
    returns[draw.random(returns.shape) < 0.05] = np.nan
    marked = draw.random(returns.shape) < 0.05
    found = earnings_sensitivity(returns, marked, 3, 2)
    for n in range(4):
        seen: list[float] = []
        for t in range(300):
            if marked[t, n] and np.isfinite(returns[t, n]):
                seen.append(abs(returns[t, n]))
            wanted = np.mean(seen[-3:]) if len(seen) >= 2 else np.nan
            np.testing.assert_allclose(found[t, n], wanted, rtol=1e-9)


def test_planted_reactions_to_earnings_are_found() -> None:
    """One stock moves by a tenth each quarter, the other as on any day."""
    draw = np.random.default_rng(6)
    returns = draw.normal(0, 0.01, (600, 2))
    marked = np.zeros((600, 2), dtype=bool)
    marked[30::63] = True
    returns[marked[:, 0], 0] = 0.1 * np.where(draw.random(marked[:, 0].sum()) < 0.5, 1, -1)
    found = earnings_sensitivity(returns, marked, 8, 4)[-1]
    assert found[0] == pytest.approx(0.1)
    assert found[1] == pytest.approx(0.01 * np.sqrt(2 / np.pi), rel=0.6)
    assert np.isnan(earnings_sensitivity(returns, marked, 8, 4)[:200]).all()


def test_a_planted_sentiment_beta_is_found_and_none_where_there_is_none() -> None:
    draw = np.random.default_rng(7)
    market = draw.normal(0, 0.01, (500, 1))
    tone = np.where(draw.random((500, 40)) < 0.3, draw.uniform(-1, 1, (500, 40)), np.nan)
    planted = np.append(np.full(20, 0.03), np.zeros(20))
    returns = market + draw.normal(0, 0.01, (500, 40)) + planted * np.nan_to_num(tone)
    found = rolling_slope(tone, beyond_the_others(returns), 252, 30)[-1]
    error = 0.01 / np.sqrt(76 / 3)  # of a slope: noise over the root of the sum of squares
    assert np.abs(found - planted).max() < 4 * error
    assert found[:20].mean() == pytest.approx(0.03, abs=4 * error / np.sqrt(20))
    assert found[20:].mean() == pytest.approx(0.0, abs=4 * error / np.sqrt(20))


def test_slopes_agree_with_polyfit() -> None:
    draw = np.random.default_rng(8)
    x = draw.normal(0, 1, (120, 3))
    x[draw.random(x.shape) < 0.5] = np.nan
    x[:, 2] = 0.3
    y = draw.normal(0, 1, x.shape)
    found = rolling_slope(x, y, 50, 20)
    for t in range(49, 120):
        for n in range(2):
            rows = slice(t - 49, t + 1)
            there = np.isfinite(x[rows, n])
            wanted = np.nan
            if there.sum() >= 20:
                wanted = np.polyfit(x[rows, n][there], y[rows, n][there], 1)[0]
            np.testing.assert_allclose(found[t, n], wanted, rtol=1e-8)
    assert np.isnan(found[:49]).all()
    assert np.isnan(found[:, 2]).all()


def test_liquidity_buckets_are_thirds_of_pandas_ranks() -> None:
    draw = np.random.default_rng(9)
    dollars = np.exp(draw.normal(15, 2, (150, 12)))
    dollars[draw.random(dollars.shape) < 0.1] = np.nan
    dollars[:100, 3] = np.nan
    dollars[:, 5] = dollars[:, 6]
    peers = np.ones(12, dtype=bool)
    peers[0] = False
    found = liquidity_bucket(dollars, peers, 60)
    mean = pd.DataFrame(dollars).rolling(60, min_periods=30).mean()
    mean = mean.where(np.broadcast_to(peers, mean.shape))
    rank = mean.rank(axis=1, pct=True).to_numpy()
    # 1/3 and 2/3 of a count are thirds to a rounding only.
    np.testing.assert_array_equal(found, np.ceil(np.round(rank * 3, 9)) - 1)


def test_the_contract_is_made_of_the_window_and_its_fuzzy_reading() -> None:
    """News of one stock of the sample, whose price answers it by a hundredth a unit."""
    market = market_window(400)
    bars, symbols = market.bars, market.bars.symbols
    draw = np.random.default_rng(10)
    shape = (len(bars.sessions), len(symbols))
    told = (draw.random(shape) < 0.5) & (np.array(symbols) == "AAPL")
    tone = draw.uniform(-1, 1, shape)
    close = bars.field("close") * np.exp(np.cumsum(0.01 * np.where(told, tone, 0.0), axis=0))
    values = bars.values.copy()
    values[:, :, bars.fields.index("close")] = close
    market = market.model_copy(update={"bars": bars.model_copy(update={"values": values})})
    news = Panel.from_fields(
        bars.sessions,
        symbols,
        {"news|headlines": told.astype(float), "news|sentiment": np.where(told, tone, 0.3)},
    )
    fuzzy = fuzzy_window(market).model_copy(update={"symbol_events": news})
    made = stock_characteristics(market, fuzzy, SETTINGS)
    assert made.values.fields == CHARACTERISTICS
    assert made.values.symbols == symbols
    assert made.values.sessions == bars.sessions
    assert np.isfinite(made.values.field("hurst_exponent")[-1]).all()
    assert np.isnan(made.values.field("liquidity_bucket")).all(), "nobody's volume is known"
    answers = made.values.field("sentiment_beta")[-1]
    assert answers[symbols.index("AAPL")] == pytest.approx(0.01, abs=0.008)
    assert np.isnan(answers[symbols.index("SPX")])


@pytest.mark.parametrize(
    "wrong", [{"hurst_lags": (4, 2)}, {"hurst_lags": (1, 100)}, {"least_reports": 9}]
)
def test_settings_that_cannot_be_are_refused(wrong: dict) -> None:
    with pytest.raises(ValueError, match=r"hurst_lags|least_reports"):
        CharacteristicSettings(**wrong)


def test_real_companies_move_more_when_they_report(shared_data: Path) -> None:
    """Sixty companies of the S&P 500, 2013 to 2018: the market reads earnings."""
    earnings = pd.read_parquet(shared_data / "earnings_calendar" / "earnings_1993_2018.parquet")
    bars = pd.read_parquet(shared_data / "ohlcv_sp500_2013_2018" / "bars.parquet")
    names = sorted(set(earnings["symbol"]) & set(bars["ticker"]))[::2]
    wide = bars[bars["ticker"].isin(names)].pivot(index="date", columns="ticker", values="close")
    days = tuple(day.date() for day in pd.to_datetime(wide.index))
    assert days == sessions(days[0], days[-1])
    told = earnings[earnings["symbol"].isin(names) & earnings["eps"].notna()]
    told = told[told["date"].between(wide.index[0], wide.index[-1])]
    events = []
    for row in told.itertuples():
        day = row.date.date()
        hour = at(day, 8) if row.time == "bmo" else at(day, 17)
        if row.time == "amc" or day in days:
            events.append(report(row.symbol, hour, row.eps))
    returns = log_returns(wide.to_numpy())
    marked = reported_on(events, days, tuple(wide.columns))
    found = earnings_sensitivity(returns, marked, 8, 4)[-1]
    usual = np.nanmean(np.abs(returns), axis=0)
    there = np.isfinite(found)
    assert there.sum() > 40
    assert (found > usual)[there].mean() > 0.9
    assert np.median((found / usual)[there]) > 2
    assert next_session(days[0]) == days[1]


def test_real_news_moves_tesla_more_than_apple_and_apple_more_than_coca_cola(
    shared_data: Path,
) -> None:
    """Headlines graded from 1 to 5, five years: the mean of the sentiment betas of each."""
    frame = pd.read_parquet(shared_data / "news_fnspid_price_sentiment" / "daily.parquet")
    frame = frame[frame["date"].astype("datetime64[ns]") >= pd.Timestamp("2018-01-01")]
    close, grade, flag = (
        frame.pivot(index="date", columns="ticker", values=name)
        for name in ("adj_close", "sentiment_gpt", "news_flag")
    )
    tone = np.where(flag.to_numpy() == 1, (grade.to_numpy() - 3) / 2, np.nan)
    returns = beyond_the_others(log_returns(close.to_numpy()))
    with np.errstate(invalid="ignore"):
        found = rolling_slope(tone, returns, SETTINGS.sentiment_window, SETTINGS.least_news)
    mean = dict(zip(close.columns, np.nanmean(found[300:], axis=0), strict=True))
    assert mean["TSLA"] > 2 * mean["AAPL"] > 0
    assert mean["AAPL"] > 2 * abs(mean["KO"])
