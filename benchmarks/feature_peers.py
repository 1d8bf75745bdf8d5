"""The features of stage 01 as they are usually written: a pandas groupby loop with TA-Lib.

Every field but the two of chart patterns, by name, from a long table of bars. Used by
``data_engine.py`` as the thing to be faster than, and as a check that both compute the same.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import talib as ta

LEFT_OUT = {"chart_pattern", "chart_pattern_confidence"}
YEAR = np.sqrt(252)


def by_groupby(bars: pd.DataFrame) -> pd.DataFrame:
    """Return the features of a table with ticker, date, open, high, low, close and volume."""
    parts = [one_symbol(group) for _, group in bars.groupby("ticker", sort=False)]
    return across_symbols(pd.concat(parts, ignore_index=True))


def one_symbol(g: pd.DataFrame) -> pd.DataFrame:
    """Return one symbol's rows with its features, TA-Lib wherever it has the indicator."""
    o, h, x, c, v = g["open"], g["high"], g["low"], g["close"], g["volume"].astype(float)
    f = {"ticker": g["ticker"], "date": g["date"]}
    r = np.log(c).diff()
    for n in (1, 5, 20, 60):
        f[f"log_return_{n}"] = np.log(c).diff(n)
    f["momentum_252_21"] = np.log(c.shift(21) / c.shift(252))
    f["gap_open"] = o / c.shift(1) - 1
    mean = {n: ta.SMA(c, n) for n in (20, 50, 200)}
    for n, m in mean.items():
        f[f"sma_{n}_gap"] = c / m - 1
    f["sma_50_200_gap"] = mean[50] / mean[200] - 1
    f["ema_12_gap"], f["ema_26_gap"] = c / ta.EMA(c, 12) - 1, c / ta.EMA(c, 26) - 1
    line, signal, histogram = ta.MACD(c, 12, 26, 9)
    f["macd_line"], f["macd_signal"], f["macd_histogram"] = line / c, signal / c, histogram / c
    f["rsi_14"] = rsi = ta.RSI(c, 14)
    low14, high14 = ta.MIN(rsi, 14), ta.MAX(rsi, 14)
    f["stochastic_rsi_14"] = 100 * (rsi - low14) / (high14 - low14)
    f["trix_15"], f["roc_10"] = ta.TRIX(c, 15), ta.ROC(c, 10)
    f["linear_slope_20"] = ta.LINEARREG_SLOPE(np.log(c), 20)
    f["linear_fit_20"] = ta.CORREL(np.log(c), pd.Series(np.arange(len(c), dtype=float)), 20) ** 2
    f["efficiency_ratio_20"] = c.diff(20).abs() / c.diff().abs().rolling(20).sum()
    upper, middle, lower = ta.BBANDS(c, 20, 2.0, 2.0)
    f["bollinger_b"], f["bollinger_width"] = (c - lower) / (upper - lower), (upper - lower) / middle
    f["atr_20"] = f["volatility_scale_20"] = ta.ATR(h, x, c, 20)
    f["atr_14_ratio"] = ta.ATR(h, x, c, 14) / c
    f["stochastic_k"], _ = ta.STOCH(h, x, c, 14, 3, 0, 1, 0)
    _, f["stochastic_d"] = ta.STOCH(h, x, c, 14, 3, 0, 3, 0)
    f["adx_14"], f["cci_20"] = ta.ADX(h, x, c, 14), ta.CCI(h, x, c, 20)
    f["plus_di_14"], f["minus_di_14"] = ta.PLUS_DI(h, x, c, 14), ta.MINUS_DI(h, x, c, 14)
    f["aroon_oscillator_25"] = ta.AROONOSC(h, x, 25)
    f["williams_r_14"], f["mfi_14"] = ta.WILLR(h, x, c, 14), ta.MFI(h, x, c, v, 14)
    f["ultimate_oscillator_28"] = ta.ULTOSC(h, x, c, 7, 14, 28)
    f["realised_volatility_20"] = short = r.rolling(20).std() * YEAR
    f["realised_volatility_60"] = long = r.rolling(60).std() * YEAR
    f["volatility_ratio_20_60"] = short / long
    f["volatility_percentile_252"] = short.rolling(252).rank(method="max") / 252
    f["downside_volatility_20"] = np.sqrt((r.clip(upper=0) ** 2).rolling(20).mean()) * YEAR
    f["return_skewness_60"] = r.rolling(60).skew() * (58 / np.sqrt(60 * 59))
    spread = np.log(h / x) ** 2
    f["parkinson_volatility_20"] = np.sqrt(spread.rolling(20).mean() / (4 * np.log(2))) * YEAR
    body = (2 * np.log(2) - 1) * np.log(c / o) ** 2
    f["garman_klass_volatility_20"] = np.sqrt((spread / 2 - body).rolling(20).mean().clip(0)) * YEAR
    path = ta.TRANGE(h, x, c).rolling(14).sum() / (ta.MAX(h, 14) - ta.MIN(x, 14))
    f["choppiness_14"] = 100 * np.log10(path) / np.log10(14)
    usual, total = v.rolling(20).mean(), v.rolling(20).sum()
    f["volume_ratio_20"], f["volume_z_20"] = v / usual, (v - usual) / v.rolling(20).std()
    f["volume_trend_5_20"] = v.rolling(5).mean() / usual - 1
    f["vwap_20_gap"] = c / (((h + x + c) / 3 * v).rolling(20).sum() / total) - 1
    balance = ta.OBV(c, v)
    f["obv_ratio_20"] = balance.diff(20) / total
    f["obv_ema_gap_20"] = (balance - ta.EMA(balance, 20)) / usual
    place = ((2 * c - h - x) / (h - x)).where(h > x, 0.0)
    f["chaikin_money_flow_20"] = (place * v).rolling(20).sum() / total
    f["dollar_volume_20"] = np.log10((c * v).rolling(20).mean())
    f["amihud_20"] = (r.abs() / (c * v / 1e6)).rolling(20).mean()
    f["volume_return_correlation_20"] = r.rolling(20).corr(v)
    f["intraday_return"], f["close_location"] = np.log(c / o), (2 * c - h - x) / (h - x)
    f["body_share"] = (c - o).abs() / (h - x)
    f["upper_shadow_share"] = (h - np.maximum(o, c)) / (h - x)
    f["lower_shadow_share"] = (np.minimum(o, c) - x) / (h - x)
    f["range_ratio_14"] = (h - x) / (h - x).rolling(14).mean()
    way = np.sign(c.diff())
    run = way.groupby((way != way.shift()).cumsum()).cumcount() + 1
    f["streak_10"] = way * run.clip(upper=10)
    top, bottom = ta.MAX(h, 252), ta.MIN(x, 252)
    f["high_252_gap"], f["low_252_gap"] = c / top - 1, c / bottom - 1
    since = pd.Series(np.arange(len(c)), index=c.index) - ta.MAXINDEX(h, 252)
    f["bars_since_high_252"] = since.where(top.notna())
    f["support_20"], f["resistance_20"] = ta.MIN(x, 20), ta.MAX(h, 20)
    f["pivot_gap"] = c / ((h + x + c) / 3).shift(1) - 1
    span = (c - ta.MIN(x, 60)) / (ta.MAX(h, 60) - ta.MIN(x, 60))
    drawn = np.array([0, 0.236, 0.382, 0.5, 0.618, 0.786, 1])
    f["fibonacci_position_60"] = span
    away = span.to_numpy()[:, None] - drawn
    f["fibonacci_gap_60"] = away[np.arange(len(c)), np.abs(away).argmin(axis=1)]
    for side, prices, extreme in (("high", h, ta.MAX), ("low", x, ta.MIN)):
        level = prices.shift(5).where(prices.shift(5) == extreme(prices, 11))
        f[f"swing_{side}_gap_120"] = c / level.ffill(limit=114) - 1
    for n in (20, 252):
        above, below = ta.MAX(h, n).shift(1), ta.MIN(x, n).shift(1)
        f[f"breakout_{n}"] = ((c > above).astype(float) - (c < below)).where(above.notna())
    channel = 1.5 * ta.TRANGE(h, x, c).rolling(20).mean()
    f["squeeze_20"] = (2 * ta.STDDEV(c, 20) < channel).astype(float).where(channel.notna())
    f["candle_pattern"] = candles(o, h, x, c)
    return pd.DataFrame(f)


def candles(o: pd.Series, h: pd.Series, x: pd.Series, c: pd.Series) -> pd.Series:
    """Return engulfing bars, hammers and shooting stars."""
    body = c - o
    top, bottom, size = np.maximum(o, c), np.minimum(o, c), body.abs()
    holds = (top >= top.shift()) & (bottom <= bottom.shift()) & (size > size.shift())
    turn = np.sign(body) * (np.sign(body) == -np.sign(body.shift())) * holds
    change, upper, lower = c.diff(5), h - top, bottom - x
    hammer = (size > 0) & (lower >= 2 * size) & (upper <= size / 2) & (change < 0)
    star = (size > 0) & (upper >= 2 * size) & (lower <= size / 2) & (change > 0)
    return np.sign(turn + hammer.astype(float) - star).where(change.notna())


def across_symbols(f: pd.DataFrame) -> pd.DataFrame:
    """Add ranks by session, and what the mean return of all explains."""
    by_day = f.groupby("date")
    for name, of in {
        "return_5_rank": "log_return_5",
        "return_20_rank": "log_return_20",
        "momentum_rank": "momentum_252_21",
        "volatility_rank": "realised_volatility_20",
        "volume_rank": "volume_ratio_20",
    }.items():
        f[name] = (by_day[of].rank() - 1) / (by_day[of].transform("count") - 1)
    f["market"] = by_day["log_return_1"].transform("mean")
    parts = []
    for _, g in f.groupby("ticker", sort=False):
        own, market = g["log_return_1"], g["market"]
        correlation = own.rolling(60, min_periods=48).corr(market)
        left = own.rolling(60, min_periods=48).var() * (1 - correlation**2) * 59 / 58
        covariance = own.rolling(252, min_periods=202).cov(market)
        parts.append(
            g.assign(
                market_correlation_60=correlation,
                market_beta_252=covariance / market.rolling(252, min_periods=202).var(),
                residual_volatility_60=np.sqrt(252 * left),
                relative_strength_60=(own - market).rolling(60, min_periods=48).sum(),
            )
        )
    return pd.concat(parts).drop(columns="market")
