"""Small valid instances of every contract, consistent with one another, the same every time.

Each function builds what it needs from the boundaries before it, or takes them: a test of
stage 03 can say ``story_book(market, fuzzy)`` or just ``story_book()``. They describe four
instruments: two indices with full bars, and an equity and an ETF that report closes only.
The arithmetic is plain on purpose. Samples are shaped like the truth, not computed like it:
an expected value never comes from here.
"""

from foundation.testing.samples.decisions import (
    decision_brief,
    market_intelligence,
    performance_report,
    portfolio_plan,
    signal_set,
)
from foundation.testing.samples.forecasts import story_forecast, validated_forecast
from foundation.testing.samples.fuzzy import PATTERNS, fuzzy_window
from foundation.testing.samples.market import (
    AS_OF,
    FEATURES,
    INSTRUMENTS,
    MARKET_SERIES,
    SESSION,
    TARGET_SESSION,
    market_window,
    session_so_far,
    trading_days,
)
from foundation.testing.samples.quant import foundation_report, quant_context
from foundation.testing.samples.shelf import shelf_report
from foundation.testing.samples.stories import story_book
from foundation.testing.samples.tokens import story_model, token_batch
from foundation.testing.samples.whole import SampleRun, sample_run

__all__ = [
    "AS_OF",
    "FEATURES",
    "INSTRUMENTS",
    "MARKET_SERIES",
    "PATTERNS",
    "SESSION",
    "TARGET_SESSION",
    "SampleRun",
    "decision_brief",
    "foundation_report",
    "fuzzy_window",
    "market_intelligence",
    "market_window",
    "performance_report",
    "portfolio_plan",
    "quant_context",
    "sample_run",
    "session_so_far",
    "shelf_report",
    "signal_set",
    "story_book",
    "story_forecast",
    "story_model",
    "token_batch",
    "trading_days",
    "validated_forecast",
]
