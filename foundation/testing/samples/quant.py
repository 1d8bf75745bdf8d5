"""A quantitative context and characteristics that belong to a market window."""

from __future__ import annotations

from datetime import date

import numpy as np

from foundation.contracts import (
    CHARACTERISTICS,
    QUANT_FIELDS,
    REGIME_FIELDS,
    FoundationReport,
    HorizonForecast,
    MarketWindow,
    ModelVersion,
    PastCalibration,
    QuantContext,
    ReliabilityPoint,
    Ruling,
    Standing,
    StockCharacteristics,
    Tenure,
    TwinState,
    Voice,
)
from foundation.testing.samples.market import market_window
from foundation.timeseries import Panel


def quant_context(market: MarketWindow | None = None, seed: int = 11) -> QuantContext:
    """Return regimes, quantiles and odds; NaN until volatility is known. One twin has alpha."""
    market = market or market_window()
    rng = np.random.default_rng(seed)
    daily = market.features.field("realised_volatility_20") / np.sqrt(252)
    regimes = rng.dirichlet((4, 3, 2, 1), size=daily.shape)
    sigma = daily * np.sqrt(5)
    centre = 0.1 * sigma * rng.standard_normal(daily.shape)
    fields = {name: regimes[..., i] for i, name in enumerate(QUANT_FIELDS[:4])}
    fields |= {
        "expected_return_5d": centre,
        "hit_probability": np.clip(0.4 + centre / (2 * sigma), 0.05, 0.95),
        "volatility_5d": sigma,
        "q10": centre - 1.2816 * sigma,
        "q50": centre,
        "q90": centre + 1.2816 * sigma,
        "idiosyncratic_alpha": np.full(daily.shape, np.nan),
    }
    absent = np.isnan(daily)
    fields = {name: np.where(absent, np.nan, values) for name, values in fields.items()}
    report = foundation_report(market)
    for n, twin in enumerate(report.twins):
        if twin.alpha is not None:
            fields["idiosyncratic_alpha"][-1, n] = twin.alpha
    until = market.bars.sessions[max(0, len(market.bars.sessions) - 70)]
    return QuantContext(
        as_of=market.as_of,
        produced_at=market.produced_at,
        values=Panel.from_fields(market.bars.sessions, market.bars.symbols, fields),
        models=(
            ModelVersion(
                name="sample regimes", version="1", fields=QUANT_FIELDS[:4], trained_until=None
            ),
            ModelVersion(
                name="sample quantiles", version="1", fields=QUANT_FIELDS[4:10], trained_until=until
            ),
        ),
        report=report,
    )


def foundation_report(market: MarketWindow | None = None, seed: int = 12) -> FoundationReport:
    """Return a report in which AAPL's twin answers, and the last instrument has no forecast."""
    market = market or market_window()
    rng = np.random.default_rng(seed)
    sessions, symbols = market.bars.sessions, market.bars.symbols

    def weights(names: tuple[str, ...]) -> Panel:
        values = rng.dirichlet(np.ones(len(names)), size=(1, len(symbols)))
        values[:, -1] = np.nan
        return Panel(sessions=sessions[-1:], symbols=symbols, fields=names, values=values)

    attention = rng.dirichlet(np.linspace(1, 5, 60), size=len(symbols)).T[..., None]
    attention[:, -1] = np.nan
    regimes = rng.dirichlet((4, 3, 2, 1), size=(len(sessions), len(symbols)))[-252:]
    regimes[:, -1] = np.nan
    return FoundationReport(
        market_model="sample market model",
        trained_until=sessions[-80],
        observed=weights((*market.features.fields[:6], "vix")),
        ahead=weights(("weekday", "month", "days to earnings")),
        statics=weights(("sector", "kind of instrument")),
        attention=Panel(
            sessions=sessions[-60:], symbols=symbols, fields=("attention",), values=attention
        ),
        rulings=(
            Ruling(
                matter="quantiles",
                fields=("expected_return_5d", "q10", "q50", "q90"),
                decided=sessions[-3],
                voices=(
                    Voice(name="market model", weight=0.5),
                    Voice(name="twins", weight=0.3),
                    Voice(name="LightGBM", weight=0.2),
                ),
                tenures=(
                    Tenure(since=sessions[-70], name="LightGBM"),
                    Tenure(since=sessions[-30], name="market model"),
                ),
                standings=(
                    Standing(name="market model", gain=0.002, low=-0.001, high=0.005, sessions=64),
                    Standing(name="twins", gain=0.001, low=-0.004, high=0.006, sessions=64),
                    Standing(name="LightGBM", gain=-0.02, low=-0.03, high=-0.01, sessions=64),
                ),
            ),
            Ruling(
                matter="volatility",
                fields=("volatility_5d",),
                decided=sessions[-3],
                voices=(Voice(name="GARCH", weight=0.75), Voice(name="twins", weight=0.25)),
                tenures=(Tenure(since=sessions[-70], name="GARCH"),),
                standings=(
                    Standing(name="GARCH", gain=None, low=None, high=None, sessions=0),
                    Standing(name="twins", gain=None, low=None, high=None, sessions=0),
                ),
            ),
        ),
        twins=tuple(_twin(symbol, n == len(symbols) - 1) for n, symbol in enumerate(symbols)),
        regimes=Panel(
            sessions=sessions[-252:], symbols=symbols, fields=REGIME_FIELDS, values=regimes
        ),
        calibration=tuple(
            _calibration(name, shift, sessions[-70], sessions[-6])
            for name, shift in (("shared heads", 0.04), ("twins", 0.02), ("published", 0.0))
        ),
    )


def _twin(symbol: str, silent: bool) -> TwinState:
    answers = symbol == "AAPL"
    shared = HorizonForecast(
        expected_return_5d=0.004, q10=-0.03, q50=0.005, q90=0.04, hit_probability=0.45
    )
    twin = HorizonForecast(
        expected_return_5d=0.009, q10=-0.025, q50=0.01, q90=0.05, hit_probability=0.52
    )
    judged = Standing(
        name="twins",
        gain=0.012 if answers else -0.001,
        low=0.003 if answers else -0.009,
        high=0.021 if answers else 0.007,
        sessions=64,
    )
    unjudged = Standing(name="twins", gain=None, low=None, high=None, sessions=0)
    return TwinState(
        symbol=symbol,
        answers=answers,
        standing=unjudged if silent else judged,
        shared=None if silent else shared,
        twin=None if silent else twin,
        alpha=0.005 if answers else None,
    )


def _calibration(name: str, shift: float, first: date, last: date) -> PastCalibration:
    return PastCalibration(
        name=name,
        first=first,
        last=last,
        forecasts=256,
        hit=(
            ReliabilityPoint(forecast=0.35, observed=0.35 - shift, count=96),
            ReliabilityPoint(forecast=0.45, observed=0.45, count=120),
            ReliabilityPoint(forecast=0.55, observed=0.55 + shift, count=40),
        ),
        hit_error=shift * (96 + 40) / 256,
        below_q10=0.1 + shift,
        below_q50=0.5,
        below_q90=0.9 - shift,
        covered=0.8 - 2 * shift,
        covered_low=0.75 - 2 * shift,
        covered_high=0.85 - 2 * shift,
    )


def stock_characteristics(
    market: MarketWindow | None = None, seed: int = 13
) -> StockCharacteristics:
    """Return characteristics; NaN in the first quarter, and no sentiment beta for indices."""
    market = market or market_window()
    rng = np.random.default_rng(seed)
    shape = (len(market.bars.sessions), len(market.bars.symbols))
    made = {
        "beta": 1 + 0.2 * rng.standard_normal(shape),
        "hurst_exponent": 0.5 + 0.05 * rng.standard_normal(shape),
        "earnings_sensitivity": 0.04 * rng.uniform(0.5, 2, shape),
        "sentiment_beta": 0.01 * rng.standard_normal(shape),
        "liquidity_bucket": rng.integers(0, 3, shape).astype(float),
    }
    for values in made.values():
        values[: shape[0] // 4] = np.nan
    made["sentiment_beta"][:, [i.kind == "index" for i in market.instruments]] = np.nan
    return StockCharacteristics(
        as_of=market.as_of,
        produced_at=market.produced_at,
        values=Panel.from_fields(
            market.bars.sessions,
            market.bars.symbols,
            {name: made[name] for name in CHARACTERISTICS},
        ),
    )
