"""What stages say to one another: one file per boundary."""

from foundation.contracts.decision import (
    Alert,
    DecisionBrief,
    InstrumentPage,
    TradeSetup,
)
from foundation.contracts.events import ArtefactRef, StageEvent
from foundation.contracts.feedback import (
    CalibrationBin,
    DirectionalRecord,
    Outcome,
    PerformanceReport,
    RetrainingRequest,
    SkillScore,
)
from foundation.contracts.fuzzy_window import HORIZONS, FuzzyWindow
from foundation.contracts.identity import array_hash, content_hash, document_hash
from foundation.contracts.lexicon import (
    PRICE_OUTCOMES,
    REGIMES,
    SERIES,
    STATES,
    TAPE,
    Movement,
    Section,
    Series,
    Statement,
    statement,
    tape_outcomes,
)
from foundation.contracts.market_window import (
    BAR_FIELDS,
    MARKET,
    Instrument,
    MarketEvent,
    MarketWindow,
    QualityFinding,
    RowCounts,
    SourceInfo,
)
from foundation.contracts.portfolio import (
    LimitCheck,
    MarketIntelligence,
    PortfolioPlan,
    Position,
    Theme,
)
from foundation.contracts.quant_context import QUANT_FIELDS, ModelVersion, QuantContext
from foundation.contracts.signal import (
    Levels,
    Reconciliation,
    Risk,
    Scenario,
    Signal,
    SignalSet,
)
from foundation.contracts.story import (
    Claim,
    Sentence,
    SourceRow,
    Story,
    StoryBook,
    StorySection,
)
from foundation.contracts.story_forecast import (
    SCENARIOS,
    Continuation,
    ContinuationRequest,
    StoryForecast,
)
from foundation.contracts.story_model import LearningPoint, StoryModel
from foundation.contracts.token_batch import TokenBatch, TokenWindows, WindowLabel
from foundation.contracts.validated_forecast import (
    CheckedContinuation,
    Confidence,
    ForecastVerdict,
    Scores,
    ValidatedForecast,
    ValidationFinding,
)

__all__ = [name for name in dir() if not name.startswith("_")]
