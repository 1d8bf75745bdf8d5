"""The plan of the whole house: every step, what it needs, and the collaborators it gets.

This is the only file that knows all stages. Each is imported when its step runs, so a run
that reuses a step does not pay for its libraries.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from foundation.contracts import (
    DecisionBrief,
    FuzzyWindow,
    Horizon,
    MarketIntelligence,
    MarketWindow,
    PerformanceReport,
    PortfolioPlan,
    QuantContext,
    SignalSet,
    StockCharacteristics,
    StoryBook,
    StoryForecast,
    StoryModel,
    TokenBatch,
    ValidatedForecast,
)
from foundation.kernel import Contract
from foundation.runtime import External, Plan, Step
from foundation.storage import ArtefactStore
from stage_10_integration.corpus_folder import CorpusFolder
from stage_10_integration.house_settings import HouseSettings
from stage_10_integration.intraday_file import intraday_file
from stage_10_integration.news_server import news_reader
from stage_10_integration.story_server import story_server

DATA = "01_data_engine"
FUZZY = "02_fuzzification"
QUANT = "quant"
CHARACTERISTICS = "characteristics"
STORIES = "03_story_assembly"
WEEKLY = "03_weekly_stories"
OCCASIONS = "03_event_stories"
UPDATES = "03_past_updates"
TOKENS = "04_tokenization"
TRAINING = "05_training"
FORECAST = "05_llm_engine"
VALIDATION = "06_validation"
SIGNALS = "07_signal_extraction"
FEEDBACK = "09_feedback"
PORTFOLIO = "10_portfolio"
INTELLIGENCE = "10_intelligence"
BRIEF = "08_decision_support"

Inputs = Mapping[str, Any]


def build_plan(
    settings: HouseSettings,
    source: External,
    store: ArtefactStore,
    progress: Callable[[str], None] = lambda words: None,
) -> Plan:
    """Return all steps from market data to the brief, in running order.

    Parameters
    ----------
    settings : HouseSettings
    source : External
        Delivers a ``RawMarket``, cut at the as-of close.
    store : ArtefactStore
        Where training leaves its checkpoint and forecasting finds it.
    progress : callable
        Told in words how training gets on.
    """
    return Plan(
        [
            *_data_to_stories(settings, source, progress),
            *_past_updates(settings),
            *_stories_to_forecast(settings, store, progress),
            *_forecast_to_brief(settings, store),
        ]
    )


def _data_to_stories(
    settings: HouseSettings, source: External, progress: Callable[[str], None]
) -> list[Step]:
    def data(given: Inputs) -> Contract:
        from stage_01_data_engine import DataEngineStage

        return DataEngineStage(settings.data).run(given["raw"])

    def fuzzy(given: Inputs) -> Contract:
        from stage_02_fuzzification import FuzzificationStage

        return FuzzificationStage(settings.fuzzification, news_reader(settings)).run(
            given["market"]
        )

    def quant(given: Inputs) -> Contract:
        from foundation.twins.forecaster import FoundationForecaster

        forecaster = FoundationForecaster(settings.quant, settings.foundation, progress)
        return forecaster.context(given["market"])

    def characteristics(given: Inputs) -> Contract:
        from foundation.quant.characteristics import stock_characteristics

        return stock_characteristics(given["market"], given["fuzzy"], settings.characteristics)

    def stories(horizon: Horizon) -> Callable[[Inputs], Contract]:
        def tell(given: Inputs) -> Contract:
            from stage_03_story_assembly import AssemblyInput, StoryAssemblyStage

            return StoryAssemblyStage(settings.stories, horizon).run(AssemblyInput(**given))

        return tell

    market = {"market": DATA}
    server = settings.engine.server
    reads = settings.fuzzification.news_reader == "model" and server is not None
    asked = (server,) if reads else ()
    return [
        Step(DATA, 1, "Market data and features", MarketWindow, data, {}, (settings.data,),
             ("stage_01_data_engine",), reads=source),
        Step(FUZZY, 2, "Fuzzy states, movements, patterns", FuzzyWindow, fuzzy, market,
             (settings.fuzzification, *asked), ("stage_02_fuzzification",)),
        Step(QUANT, 3, "Quantitative context", QuantContext, quant, market,
             (settings.quant, settings.foundation), ("foundation.twins.forecaster",)),
        Step(CHARACTERISTICS, 3, "Characteristics of each stock", StockCharacteristics,
             characteristics, {**market, "fuzzy": FUZZY}, (settings.characteristics,),
             ("foundation.quant.characteristics",)),
        *(
            Step(name, 3, title, StoryBook, stories(horizon),
                 {**market, "fuzzy": FUZZY, "quant": QUANT}, (settings.stories,),
                 ("stage_03_story_assembly",))
            for name, title, horizon in (
                (STORIES, "Stories", Horizon.DAILY),
                (WEEKLY, "Stories of the week", Horizon.WEEKLY),
                (OCCASIONS, "Stories of events", Horizon.EVENT),
            )
        ),
    ]  # fmt: skip


def _past_updates(settings: HouseSettings) -> list[Step]:
    """Return the step that tells updates of past sessions, where a model is to learn from them."""
    if "intraday update" not in settings.tokens.tasks or settings.corpus is not None:
        return []

    def tell(given: Inputs) -> Contract:
        from stage_03_story_assembly import PastUpdatesInput, PastUpdatesStage

        inputs = {name: made for name, made in given.items() if name != "raw"}
        so_far = given["raw"].so_far(given["market"], given["stories"])
        return PastUpdatesStage(settings.stories).run(PastUpdatesInput(**inputs, so_far=so_far))

    needs = {"market": DATA, "fuzzy": FUZZY, "quant": QUANT, "stories": STORIES}
    code = ("stage_03_story_assembly", "stage_01_data_engine.so_far")
    return [
        Step(UPDATES, 3, "Updates of past sessions", StoryBook, tell, needs, (settings.stories,),
             code, reads=intraday_file(settings.market)),
    ]  # fmt: skip


def _stories_to_forecast(
    settings: HouseSettings, store: ArtefactStore, progress: Callable[[str], None]
) -> list[Step]:
    def tokens(given: Inputs) -> Contract:
        from stage_04_tokenization import TokenizationStage

        more = [given[name] for name in told if name != "stories"]
        return TokenizationStage(settings.tokens, given.get("raw")).run(given["stories"], more)

    def train(given: Inputs) -> Contract:
        from stage_05_llm_engine import (
            FileTracker,
            FolderKeeper,
            Report,
            ServedModelStage,
            TrainingStage,
            Watch,
        )

        if served is not None:
            return ServedModelStage(served).run(given["tokens"])

        def tell(now: Report) -> None:
            progress(
                f"step {now.step} of {now.steps}, loss {now.loss:.3f}, "
                f"{now.tokens_per_second:,.0f} tokens/s, {now.seconds_left:,.0f} s left"
            )

        notes = settings.store / "training"
        tracker = FileTracker(notes / "mlruns", notes / "story_training.prom")
        watch = Watch(tell, tracker, FolderKeeper(notes / "standing"))
        material = given["raw" if corpus else "tokens"]
        return TrainingStage(settings.training, store.folders, watch).run(material)

    def holds(made: Contract) -> None:
        assert isinstance(made, StoryModel)
        if served is None:
            store.folders.path(made.weights)

    def forecast(given: Inputs) -> Contract:
        from stage_05_llm_engine import EngineInput, LlmEngineStage

        stage = LlmEngineStage(settings.engine, store.folders, *story_server(settings))
        return stage.run(EngineInput(**given))

    corpus = None if settings.corpus is None else CorpusFolder(settings.corpus)
    books = {"weekly summary": WEEKLY, "event-driven": OCCASIONS, "intraday update": UPDATES}
    # Stories of other horizons are targets to learn from; a corpus holds them already.
    taught = () if corpus else settings.tokens.tasks
    told = {"stories": STORIES} | {b: b for t, b in books.items() if t in taught}
    code = ("stage_05_llm_engine",)
    served = settings.engine.server if settings.engine.engine == "openai" else None
    return [
        Step(TOKENS, 4, "Tokens", TokenBatch, tokens, told, (settings.tokens,),
             ("stage_04_tokenization",), reads=corpus),
        Step(TRAINING, 5, "Story model: training", StoryModel, train,
             {} if corpus and not served else {"tokens": TOKENS},
             (served or settings.training.decisive(),), code, holds=holds,
             reads=None if served else corpus),
        Step(FORECAST, 5, "Story model: forecasts", StoryForecast, forecast,
             {"tokens": TOKENS, "model": TRAINING, "stories": STORIES}, (settings.engine,), code,
             earlier=_trained_once(settings)),
    ]  # fmt: skip


def _trained_once(settings: HouseSettings) -> tuple[str, ...]:
    """Return the inputs that may be of an earlier day: a model that learnt from a corpus."""
    return () if settings.corpus is None else ("model",)


def _forecast_to_brief(settings: HouseSettings, store: ArtefactStore) -> list[Step]:
    def validate(given: Inputs) -> Contract:
        from stage_05_llm_engine import EngineInput, LlmEngineStage
        from stage_06_validation import ValidationInput, ValidationStage

        engine_input = EngineInput(given["tokens"], given["model"], given["stories"])
        engine = LlmEngineStage(settings.engine, store.folders, *story_server(settings))
        again = engine.regenerator(engine_input, given["forecast"])
        stage = ValidationStage(settings.validation, again)
        inputs = {k: v for k, v in given.items() if k not in ("tokens", "model")}
        return stage.run(ValidationInput(**inputs))

    def signals(given: Inputs) -> Contract:
        from stage_07_signal_extraction import SignalExtractionStage, SignalInput

        return SignalExtractionStage(settings.signals).run(SignalInput(**given))

    def feedback(given: Inputs) -> Contract:
        from stage_09_feedback import FeedbackInput, FeedbackStage

        return FeedbackStage(settings.feedback).run(FeedbackInput(**given))

    def portfolio(given: Inputs) -> Contract:
        from stage_10_integration.portfolio import PortfolioInput, PortfolioStage

        return PortfolioStage(settings.portfolio).run(PortfolioInput(**given))

    def intelligence(given: Inputs) -> Contract:
        from stage_10_integration.intelligence import IntelligenceInput, IntelligenceStage

        return IntelligenceStage(settings.intelligence).run(IntelligenceInput(**given))

    def brief(given: Inputs) -> Contract:
        from stage_08_decision_support import BriefInput, DecisionSupportStage

        return DecisionSupportStage(settings.brief).run(BriefInput(**given))

    market, stories = {"market": DATA}, {"stories": STORIES}
    return [
        Step(VALIDATION, 6, "Validation", ValidatedForecast, validate,
             {"forecast": FORECAST, **stories, **market, "fuzzy": FUZZY, "quant": QUANT,
              "tokens": TOKENS, "model": TRAINING},
             (settings.validation, settings.engine),
             ("stage_06_validation", "stage_05_llm_engine"), earlier=_trained_once(settings)),
        Step(SIGNALS, 7, "Signals", SignalSet, signals,
             {"validated": VALIDATION, **stories, **market, "quant": QUANT}, (settings.signals,),
             ("stage_07_signal_extraction",)),
        Step(FEEDBACK, 9, "Scores of past forecasts", PerformanceReport, feedback,
             {"forecast": FORECAST, **stories, **market}, (settings.feedback,),
             ("stage_09_feedback",)),
        Step(PORTFOLIO, 10, "Portfolio", PortfolioPlan, portfolio,
             {"signals": SIGNALS, **market}, (settings.portfolio,),
             ("stage_10_integration.portfolio",)),
        Step(INTELLIGENCE, 10, "Market themes", MarketIntelligence, intelligence,
             {"signals": SIGNALS, **stories, "fuzzy": FUZZY, **market}, (settings.intelligence,),
             ("stage_10_integration.intelligence",)),
        Step(BRIEF, 8, "Daily brief", DecisionBrief, brief,
             {**market, **stories, "weekly": WEEKLY, "occasions": OCCASIONS,
              "validated": VALIDATION, "signals": SIGNALS,
              "performance": FEEDBACK, "portfolio": PORTFOLIO, "intelligence": INTELLIGENCE,
              "characteristics": CHARACTERISTICS},
             (settings.brief,), ("stage_08_decision_support",)),
    ]  # fmt: skip
