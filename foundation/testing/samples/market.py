"""A market window of four instruments over a few hundred sessions that end on 2018-12-28."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from foundation.contracts import (
    BAR_FIELDS,
    MARKET,
    SO_FAR_FIELDS,
    Instrument,
    MarketEvent,
    MarketWindow,
    QualityFinding,
    RowCounts,
    RowVerdict,
    RowVerdicts,
    SessionSoFar,
    SourceInfo,
    VerdictRule,
)
from foundation.kernel import NEW_YORK, OperatorError, hash_text
from foundation.market import close_of
from foundation.timeseries import Panel

SESSION = date(2018, 12, 28)
TARGET_SESSION = date(2018, 12, 31)
AS_OF = datetime(2018, 12, 28, 16, 0, tzinfo=NEW_YORK)

_HOLIDAYS = (
    "2017-01-02", "2017-01-16", "2017-02-20", "2017-04-14", "2017-05-29", "2017-07-04",
    "2017-09-04", "2017-11-23", "2017-12-25", "2018-01-01", "2018-01-15", "2018-02-19",
    "2018-03-30", "2018-05-28", "2018-07-04", "2018-09-03", "2018-11-22", "2018-12-05",
    "2018-12-25",
)  # fmt: skip

INSTRUMENTS: tuple[Instrument, ...] = (
    Instrument(symbol="SPX", name="S&P 500", kind="index", fields=BAR_FIELDS),
    Instrument(symbol="IXIC", name="Nasdaq Composite", kind="index", fields=BAR_FIELDS),
    Instrument(symbol="AAPL", name="Apple", kind="equity", fields=("close",), sector="Technology"),
    Instrument(symbol="MTUM", name="Momentum Factor ETF", kind="etf", fields=("close",)),
)

FEATURES: tuple[str, ...] = (
    "log_return_1", "log_return_5", "log_return_20", "sma_20_gap", "sma_50_gap", "sma_200_gap",
    "sma_50_200_gap", "rsi_14", "macd_histogram", "bollinger_b", "bollinger_width", "atr_20",
    "volatility_scale_20", "stochastic_k", "adx_14", "cci_20", "mfi_14", "williams_r_14", "roc_10",
    "realised_volatility_20", "volume_ratio_20", "high_252_gap", "low_252_gap", "support_20",
    "resistance_20", "gap_open",
)  # fmt: skip

MARKET_SERIES: tuple[str, ...] = ("vix", "wti", "credit_spread", "core_cpi_yoy", "breadth")

_LEVELS = np.array([2600.0, 7000.0, 180.0, 105.0])
_VOLATILITY = np.array([0.009, 0.012, 0.017, 0.010])


def trading_days(count: int) -> tuple[date, ...]:
    """Return the last ``count`` XNYS sessions up to 2018-12-28 (at most 501, from 2017 on)."""
    days = np.arange("2017-01-01", "2018-12-29", dtype="M8[D]")
    open_days = days[np.is_busday(days, holidays=np.array(_HOLIDAYS, dtype="M8[D]"))]
    if not 1 <= count <= len(open_days):
        raise OperatorError(
            f"Samples know the {len(open_days)} sessions of 2017 and 2018",
            value=count,
            remedy="ask for fewer sessions, or use foundation.testing.simulated_market",
        )
    return tuple(open_days[-count:].tolist())


def market_window(sessions: int = 240, seed: int = 7) -> MarketWindow:
    """Return a market window; the first 90 rows or so lack some features, as in life."""
    days = trading_days(sessions)
    bars = _bars(days, np.random.default_rng(seed))
    market = _market(days, bars, np.random.default_rng(seed + 1))
    return MarketWindow(
        as_of=AS_OF,
        produced_at=AS_OF,
        session=SESSION,
        target_session=TARGET_SESSION,
        instruments=INSTRUMENTS,
        bars=bars,
        features=_features(bars),
        market=market,
        events=_events(days),
        findings=(
            QualityFinding(
                rule="the close lies between low and high",
                severity="error",
                action="quarantined",
                symbol="IXIC",
                session=days[0],
                field="close",
                location="ixic.csv, row 17",
                value="close=7100.0 high=7050.0",
                remedy="compare the row with a second source",
            ),
        ),
        verdicts=RowVerdicts(
            rules=(
                VerdictRule(
                    name="outside-range",
                    text="the close lies between low and high",
                    remedy="compare the row with a second source",
                    severity="error",
                    action="quarantined",
                ),
            ),
            rows=(
                RowVerdict(
                    rule="outside-range",
                    symbol="IXIC",
                    session=days[0],
                    location="ixic.csv, row 17",
                ),
            ),
        ),
        counts=RowCounts(received=4 * sessions + 1, kept=4 * sessions, quarantined=1),
        source=SourceInfo(
            name="sample",
            fingerprint=hash_text("sample", str(sessions), str(seed)),
            licence="CC0-1.0",
            survivor_biased=True,
            note="random numbers shaped like a market",
        ),
    )


def _bars(days: tuple[date, ...], rng: np.random.Generator) -> Panel:
    shape = (len(days), len(INSTRUMENTS))
    common = rng.standard_normal((shape[0], 1))
    returns = _VOLATILITY * (0.7 * common + 0.7 * rng.standard_normal(shape))
    close = _LEVELS * np.exp(np.cumsum(returns, axis=0))
    before = np.vstack([_LEVELS, close[:-1]])
    open_ = before * np.exp(0.2 * _VOLATILITY * rng.standard_normal(shape))
    reach = np.abs(rng.standard_normal((2, *shape))) * 0.5 * _VOLATILITY
    high = np.maximum(open_, close) * np.exp(reach[0])
    low = np.minimum(open_, close) * np.exp(-reach[1])
    volume = np.round(2e9 * np.exp(0.25 * rng.standard_normal(shape)))
    close_only = np.array([i.close_only for i in INSTRUMENTS])
    full = {"open": open_, "high": high, "low": low, "close": close, "volume": volume}
    for name in ("open", "high", "low", "volume"):
        full[name][:, close_only] = np.nan
    return Panel.from_fields(days, [i.symbol for i in INSTRUMENTS], full)


def _market(days: tuple[date, ...], bars: Panel, rng: np.random.Generator) -> Panel:
    count = len(days)
    close = bars.field("close")
    with np.errstate(invalid="ignore"):
        above = close > rolling(close, 50, np.mean)
    breadth = np.where(
        np.isfinite(rolling(close, 50, np.mean)).all(axis=1), above.mean(axis=1), np.nan
    )
    fields = {
        "vix": 16 * np.exp(0.8 * _mean_reverting(count, 0.06, rng)),
        "wti": 60 * np.exp(np.cumsum(0.015 * rng.standard_normal(count))),
        "credit_spread": 0.9 + 0.3 * _mean_reverting(count, 0.03, rng),
        "core_cpi_yoy": 2.1 + 0.1 * (np.arange(count) // 21 % 3),
        "breadth": breadth,
    }
    return Panel.from_fields(days, [MARKET], {k: v[:, None] for k, v in fields.items()})


def _mean_reverting(count: int, pull: float, rng: np.random.Generator) -> np.ndarray:
    path = np.zeros(count)
    for t in range(1, count):
        path[t] = (1 - pull) * path[t - 1] + 0.1 * rng.standard_normal()
    return path


def rolling(values: np.ndarray, window: int, how: object) -> np.ndarray:
    """Return ``how`` over the last ``window`` rows of (T, N) values; NaN before there are enough.

    ``how`` is a NumPy reduction that takes ``axis``.
    """
    out = np.full(values.shape, np.nan)
    if len(values) >= window:
        out[window - 1 :] = how(sliding_window_view(values, window, axis=0), axis=-1)  # type: ignore[operator]
    return out


def _lagged(values: np.ndarray, lag: int) -> np.ndarray:
    out = np.full(values.shape, np.nan)
    out[lag:] = values[:-lag]
    return out


def _features(bars: Panel) -> Panel:
    open_, high, low, close, volume = (bars.field(f) for f in BAR_FIELDS)
    log = np.log(close)
    change = close - _lagged(close, 1)
    previous = _lagged(close, 1)
    reach = np.maximum(high, previous) - np.minimum(low, previous)
    mean20, sd20 = rolling(close, 20, np.mean), rolling(close, 20, np.std)
    mean50, mean200 = rolling(close, 50, np.mean), rolling(close, 200, np.mean)
    top14, bottom14 = rolling(high, 14, np.max), rolling(low, 14, np.min)
    top20 = np.where(np.isnan(high), rolling(close, 20, np.max), rolling(high, 20, np.max))
    low20 = np.where(np.isnan(low), rolling(close, 20, np.min), rolling(low, 20, np.min))
    typical = (high + low + close) / 3
    gain = rolling(np.maximum(change, 0), 14, np.mean)
    flow = np.where(change > 0, 1.0, 0.0) * typical * volume
    atr = rolling(reach, 20, np.mean)
    own_scale = rolling(np.abs(change), 20, np.mean)
    mean_fast, mean_slow = rolling(close, 12, np.mean), rolling(close, 26, np.mean)
    macd = mean_fast - mean_slow
    position = (close - bottom14) / (top14 - bottom14)
    made = {
        "log_return_1": log - _lagged(log, 1),
        "log_return_5": log - _lagged(log, 5),
        "log_return_20": log - _lagged(log, 20),
        "sma_20_gap": close / mean20 - 1,
        "sma_50_gap": close / mean50 - 1,
        "sma_200_gap": close / mean200 - 1,
        "sma_50_200_gap": mean50 / mean200 - 1,
        "rsi_14": 100 * gain / rolling(np.abs(change), 14, np.mean),
        "macd_histogram": macd - rolling(macd, 9, np.mean),
        "bollinger_b": (close - mean20 + 2 * sd20) / (4 * sd20),
        "bollinger_width": 4 * sd20 / mean20,
        "atr_20": atr,
        "volatility_scale_20": np.where(np.isnan(atr), own_scale, atr),
        "stochastic_k": 100 * position,
        "adx_14": 100 * np.abs(rolling(change, 14, np.mean)) / rolling(reach, 14, np.mean),
        "cci_20": (typical - rolling(typical, 20, np.mean))
        / (0.015 * rolling(typical, 20, np.std)),
        "mfi_14": 100 * rolling(flow, 14, np.mean) / rolling(typical * volume, 14, np.mean),
        "williams_r_14": 100 * (position - 1),
        "roc_10": 100 * (close / _lagged(close, 10) - 1),
        "realised_volatility_20": rolling(log - _lagged(log, 1), 20, np.std) * np.sqrt(252),
        "volume_ratio_20": volume / rolling(volume, 20, np.mean),
        "high_252_gap": close / rolling(close, 252, np.max) - 1,
        "low_252_gap": close / rolling(close, 252, np.min) - 1,
        "support_20": low20,
        "resistance_20": top20,
        "gap_open": np.log(open_) - np.log(previous),
    }
    return Panel.from_fields(bars.sessions, bars.symbols, {name: made[name] for name in FEATURES})


def _events(days: tuple[date, ...]) -> tuple[MarketEvent, ...]:
    made = []
    for number, day in enumerate(days[15::21]):
        moment = datetime(day.year, day.month, day.day, 8, 30, tzinfo=NEW_YORK)
        made.append(
            MarketEvent(
                kind="economic release",
                name="core inflation",
                event_time=moment - timedelta(days=15),
                known_at=moment,
                actual=2.1 + 0.1 * (number % 3),
                expected=None,
                previous=2.1 + 0.1 * ((number - 1) % 3),
                unit="% y/y",
                text="Core consumer prices, change from a year before",
            )
        )
    return tuple(made)


def session_so_far(market: MarketWindow | None = None, hour: int = 12) -> SessionSoFar:
    """Return the session after a window at a full hour: up one per cent since a flat opening.

    Volume is what is usual by then; close-only instruments have none.
    """
    market = market or market_window()
    at = datetime.combine(market.target_session, time(hour), NEW_YORK)
    opens = datetime.combine(market.target_session, time(9, 30), NEW_YORK)
    close = market.bars.field("close")[-1]
    volume = np.where([i.close_only for i in market.instruments], np.nan, 1e6)
    columns = (close, close, 1.012 * close, 0.998 * close, 1.01 * close, volume, volume)
    return SessionSoFar(
        as_of=at,
        produced_at=at,
        session=market.target_session,
        elapsed=(at - opens) / (close_of(market.target_session) - opens),
        values=Panel(
            sessions=(market.target_session,),
            symbols=market.bars.symbols,
            fields=SO_FAR_FIELDS,
            values=np.stack(columns, axis=-1)[None],
        ),
    )
