"""Signals, the record of past forecasts, a portfolio, themes and the brief."""

from __future__ import annotations

import numpy as np

from foundation.contracts import (
    TAPE,
    Alert,
    CalibrationBin,
    DecisionBrief,
    DirectionalRecord,
    InstrumentPage,
    Levels,
    LimitCheck,
    MarketIntelligence,
    MarketWindow,
    OddsRecord,
    Outcome,
    Outlook,
    PerformanceReport,
    PortfolioPlan,
    Position,
    Reconciliation,
    ReliabilityDecile,
    RetrainingRequest,
    Risk,
    Scenario,
    Signal,
    SignalSet,
    SkillScore,
    StoryBook,
    StoryForecast,
    Theme,
    TradeSetup,
    ValidatedForecast,
)
from foundation.contracts.signal import Direction
from foundation.testing.samples.forecasts import story_forecast, validated_forecast
from foundation.testing.samples.market import market_window
from foundation.testing.samples.stories import story_book

_DIRECTIONS: tuple[Direction, ...] = ("bullish", "bearish", "neutral")


def signal_set(
    validated: ValidatedForecast | None = None, market: MarketWindow | None = None
) -> SignalSet:
    """Return one signal per instrument: bullish, bearish, neutral, bullish."""
    market = market or market_window()
    validated = validated or validated_forecast(story_forecast(story_book(market)))
    return SignalSet(
        as_of=market.as_of,
        produced_at=market.produced_at,
        session=market.session,
        target_session=market.target_session,
        signals=tuple(
            _signal(market, validated, n, _DIRECTIONS[n % 3])
            for n in range(len(market.instruments))
        ),
        record=OddsRecord(
            sessions=240,
            forecasts=960,
            rose=0.55,
            brier=0.2461,
            past_brier=0.2475,
            difference=-0.0014,
            low=-0.0026,
            high=-0.0002,
            calibration_error=0.02,
            calls=120,
            right=72,
            deciles=(
                ReliabilityDecile(forecast=0.48, observed=0.47, low=0.41, high=0.53, count=480),
                ReliabilityDecile(forecast=0.62, observed=0.63, low=0.58, high=0.68, count=480),
            ),
        ),
    )


def _signal(
    market: MarketWindow, validated: ValidatedForecast, n: int, direction: Direction
) -> Signal:
    verdict = validated.verdicts[n]
    side = {"bullish": 1.0, "neutral": 0.0, "bearish": -1.0}[direction]
    levels = _levels(market, n, side)
    odds = (("base", 0.5, direction), ("alternative 1", 0.2, "neutral"),
            ("alternative 2", 0.2, "bullish"), ("risk", 0.1, "bearish"))  # fmt: skip
    return Signal(
        symbol=verdict.symbol,
        direction=direction,
        conviction=0.1 if direction == "neutral" else 0.55 - 0.05 * n,
        horizon_sessions=5,
        levels=levels,
        risks=(
            Risk(
                group="technical",
                text="Volatility is above its mean.",
                evidence="volatility is high",
                severity=0.4,
            ),
            Risk(
                group="event",
                text="Core CPI is due within a week.",
                evidence="core inflation within a week",
                severity=0.3,
            ),
        ),
        scenarios=tuple(
            Scenario(
                name=name,
                probability=probability,
                direction=way,
                text=f"The {name} path.",
                target=levels.target,
                stop=levels.stop,
            )
            for name, probability, way in odds
        ),
        reconciliation=Reconciliation(
            past=0.56,
            story=0.56 + 0.2 * side,
            model=0.56 + 0.1 * side,
            past_weight=0.2,
            story_weight=0.5,
            model_weight=0.3,
            rise=0.56 + 0.13 * side,
            verdict="agree",
            explanation="Story and quantitative context point the same way.",
        ),
        support=verdict.confidence,
        rationale=("Price rose and trend is high.", "The quantitative median agrees."),
    )


def _levels(market: MarketWindow, n: int, side: float) -> Levels:
    entry = float(market.bars.field("close")[-1, n])
    scale = float(market.features.field("volatility_scale_20")[-1, n])
    support = float(market.features.field("support_20")[-1, n])
    resistance = float(market.features.field("resistance_20")[-1, n])
    if not side:
        return Levels(
            entry=entry,
            support=support,
            resistance=resistance,
            breakout=None,
            target=None,
            stop=None,
            risk_reward=None,
        )
    return Levels(
        entry=entry,
        support=support,
        resistance=resistance,
        breakout=resistance if side > 0 else support,
        target=entry + 3 * side * scale,
        stop=entry - 1.5 * side * scale,
        risk_reward=2.0,
    )


def performance_report(
    forecast: StoryForecast | None = None, stories: StoryBook | None = None
) -> PerformanceReport:
    """Return scores with plausible numbers; only ``outcomes`` is matched with the panels."""
    stories = stories or story_book()
    forecast = forecast or story_forecast(stories)
    distributions = forecast.distributions
    rows = [np.argwhere(np.isfinite(distributions.values[-2, :, :, 0]))][0].tolist()
    session, target = distributions.sessions[-2:]
    observed = stories.observed.values[-1]
    outcomes = tuple(
        Outcome(
            symbol=distributions.symbols[n],
            session=session,
            target_session=target,
            series=distributions.fields[k],
            probabilities=tuple(distributions.values[-2, n, k].tolist()),
            observed=int(observed[n, k]),
        )
        for n, k in rows
    )
    return PerformanceReport(
        as_of=stories.as_of,
        produced_at=stories.produced_at,
        session=stories.session,
        scored_from=distributions.sessions[0],
        scored_to=session,
        sessions_scored=len(distributions.sessions) - 1,
        scores=(
            SkillScore(
                series="price",
                metric="log score",
                system=1.52,
                baseline_name="climatology",
                baseline=1.50,
                difference=-0.02,
                low=-0.06,
                high=0.02,
                detectable=0.06,
                forecasts=240,
            ),
            SkillScore(
                series="trend",
                metric="ranked probability score",
                system=0.11,
                baseline_name="persistence",
                baseline=0.19,
                difference=0.08,
                low=0.05,
                high=0.11,
                detectable=0.04,
                forecasts=240,
            ),
        ),
        calibration=tuple(
            CalibrationBin(series="price", forecast=f, observed=o, count=c)
            for f, o, c in ((0.1, 0.12, 500), (0.3, 0.27, 300), (0.5, 0.52, 80))
        ),
        expected_calibration_error={"price": 0.03, "trend": 0.02},
        direction=DirectionalRecord(forecasts=180, hit_rate=0.51, low=0.44, high=0.58),
        outcomes=outcomes,
        weights={
            series: {"story model": 0.7, "Markov chain": 0.2, "past frequencies": 0.1}
            for series in TAPE
        },
        retraining=(
            RetrainingRequest(
                model="story model",
                trigger="hit rate below its threshold",
                measured=0.51,
                threshold=0.60,
            ),
        ),
        survivor_biased=True,
        summary=("Past forecasts of trend beat persistence.", "Price shows no skill."),
    )


def portfolio_plan(signals: SignalSet | None = None) -> PortfolioPlan:
    """Return a plan that holds the bullish instruments, a fifth of capital each."""
    signals = signals or signal_set()
    held = [s for s in signals.signals if s.direction == "bullish"]
    positions = tuple(
        Position(symbol=s.symbol, weight=0.2, reason=f"Bullish, conviction {s.conviction:.2f}.")
        for s in held
    )
    return PortfolioPlan(
        as_of=signals.as_of,
        produced_at=signals.produced_at,
        session=signals.session,
        target_session=signals.target_session,
        method="sample equal weights",
        positions=positions,
        cash=1 - 0.2 * len(held),
        expected_volatility=0.08,
        limits=(
            LimitCheck(name="largest weight", limit=0.25, used=0.2 if held else 0.0, held=True),
        ),
        notes=("Long only.",),
    )


def market_intelligence(signals: SignalSet | None = None) -> MarketIntelligence:
    """Return what the signals say together."""
    signals = signals or signal_set()
    count = len(signals.signals)
    by_way = {
        way: tuple(s.symbol for s in signals.signals if s.direction == way) for way in _DIRECTIONS
    }
    return MarketIntelligence(
        as_of=signals.as_of,
        produced_at=signals.produced_at,
        session=signals.session,
        target_session=signals.target_session,
        headline="Stories lean bullish.",
        themes=(
            Theme(
                title="Rising trend",
                text="Trend is high across the indices.",
                symbols=by_way["bullish"],
                share=len(by_way["bullish"]) / count,
            ),
        ),
        divergences=(
            Theme(
                title="Indices part",
                text="One index rises while the other falls.",
                symbols=by_way["bearish"],
                share=len(by_way["bearish"]) / count,
            ),
        ),
        breadth_bullish=len(by_way["bullish"]) / count,
        breadth_bearish=len(by_way["bearish"]) / count,
    )


def decision_brief(
    stories: StoryBook | None = None,
    validated: ValidatedForecast | None = None,
    signals: SignalSet | None = None,
    performance: PerformanceReport | None = None,
    portfolio: PortfolioPlan | None = None,
    intelligence: MarketIntelligence | None = None,
) -> DecisionBrief:
    """Return the brief on everything before it; one setup per signal that is not neutral."""
    stories = stories or story_book()
    if validated is None:
        validated = validated_forecast(story_forecast(stories))
    signals = signals or signal_set(validated)
    today = stories.today()
    chosen = {v.symbol: v.chosen.continuation.text for v in validated.verdicts}
    return DecisionBrief(
        as_of=stories.as_of,
        produced_at=stories.produced_at,
        session=stories.session,
        target_session=stories.target_session,
        headline="A mixed close, with trend intact.",
        summary=("Two of four instruments lean bullish.", "Volatility is near its mean."),
        instruments=tuple(
            InstrumentPage(
                outlook=(
                    Outlook(series="price", now="rises", likeliest="holds steady", probability=0.4),
                    Outlook(series="trend", now="high", likeliest="high", probability=0.8),
                ),
                story=today[s.symbol],
                forecast_text=chosen[s.symbol],
                forecast_note="Accepted at the first attempt.",
                signal=s,
            )
            for s in signals.signals
        ),
        setups=tuple(_setup(s) for s in signals.signals if s.direction != "neutral"),
        alerts=(
            Alert(
                kind="level break",
                symbol="SPX",
                text="Closed below its 20-session low.",
                raised_at=stories.as_of,
            ),
        ),
        intelligence=intelligence or market_intelligence(signals),
        portfolio=portfolio or portfolio_plan(signals),
        performance=performance or performance_report(stories=stories),
        odds=signals.record,
        caveats=("The universe is survivor-biased.",),
    )


def _setup(signal: Signal) -> TradeSetup:
    levels = signal.levels
    assert levels.target is not None  # a signal with a direction has both
    assert levels.stop is not None
    return TradeSetup(
        symbol=signal.symbol,
        setup_type="trend following",
        direction="long" if signal.direction == "bullish" else "short",
        entry_criteria=("At the next open.",),
        target=levels.target,
        stop=levels.stop,
        time_stop_sessions=signal.horizon_sessions,
        risk_reward=levels.risk_reward or 0.0,
        why=signal.rationale,
        against=tuple(risk.text for risk in signal.risks),
    )
