"""All samples of one run, made from one another."""

from __future__ import annotations

from dataclasses import dataclass, fields

from foundation.contracts import (
    DecisionBrief,
    FuzzyWindow,
    MarketIntelligence,
    MarketWindow,
    PerformanceReport,
    PortfolioPlan,
    QuantContext,
    SessionSoFar,
    ShelfReport,
    SignalSet,
    StockCharacteristics,
    StoryBook,
    StoryForecast,
    StoryModel,
    TokenBatch,
    ValidatedForecast,
)
from foundation.kernel import Contract
from foundation.testing.samples.decisions import (
    decision_brief,
    market_intelligence,
    performance_report,
    portfolio_plan,
    signal_set,
)
from foundation.testing.samples.forecasts import story_forecast, validated_forecast
from foundation.testing.samples.fuzzy import fuzzy_window
from foundation.testing.samples.market import market_window, session_so_far
from foundation.testing.samples.quant import quant_context, stock_characteristics
from foundation.testing.samples.shelf import shelf_report
from foundation.testing.samples.stories import story_book
from foundation.testing.samples.tokens import story_model, token_batch


@dataclass(frozen=True)
class SampleRun:
    """One contract of every boundary, in running order."""

    market: MarketWindow
    fuzzy: FuzzyWindow
    quant: QuantContext
    characteristics: StockCharacteristics
    stories: StoryBook
    tokens: TokenBatch
    model: StoryModel
    forecast: StoryForecast
    validated: ValidatedForecast
    signals: SignalSet
    performance: PerformanceReport
    portfolio: PortfolioPlan
    intelligence: MarketIntelligence
    brief: DecisionBrief
    so_far: SessionSoFar
    shelf: ShelfReport

    def contracts(self) -> tuple[Contract, ...]:
        """Return all of them."""
        return tuple(getattr(self, field.name) for field in fields(self))


def sample_run(sessions: int = 240, seed: int = 7) -> SampleRun:
    """Return every boundary of one run.

    ``sessions`` is at least 160, so that history, purge and context fit.
    """
    market = market_window(sessions, seed)
    fuzzy = fuzzy_window(market)
    quant = quant_context(market)
    stories = story_book(market, fuzzy, quant)
    tokens = token_batch(stories)
    model = story_model(tokens)
    forecast = story_forecast(stories, model)
    validated = validated_forecast(forecast)
    signals = signal_set(validated, market)
    performance = performance_report(forecast, stories)
    portfolio = portfolio_plan(signals)
    intelligence = market_intelligence(signals)
    brief = decision_brief(stories, validated, signals, performance, portfolio, intelligence)
    return SampleRun(
        market,
        fuzzy,
        quant,
        stock_characteristics(market),
        stories,
        tokens,
        model,
        forecast,
        validated,
        signals,
        performance,
        portfolio,
        intelligence,
        brief,
        session_so_far(market),
        shelf_report(market),
    )
