"""Builds what stage 09 is given from plain arrays."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np

from foundation.contracts import (
    OPINIONS,
    TAPE,
    DistributionReading,
    MarketWindow,
    StoryBook,
    StoryForecast,
)
from foundation.testing.samples import market_window
from foundation.timeseries import Panel
from stage_09_feedback import FeedbackInput

SYMBOLS = ("SPX", "IXIC", "AAPL", "MTUM")
UNIFORM = np.full(5, 0.2)


def given(
    observed: np.ndarray,
    distributions: np.ndarray,
    *,
    trained_until: date = date(2000, 1, 3),
    forecast_symbols: Sequence[str] = SYMBOLS,
    market: MarketWindow | None = None,
    model: np.ndarray | None = None,
) -> FeedbackInput:
    """Return the input for observed codes (T, 4, 6) and the last K rows' distributions.

    ``distributions`` has shape (K, 4, 6, 5), its symbols in the order of ``forecast_symbols``;
    ``model`` is what the story model alone said, the same unless given.
    """
    market = market or market_window(len(observed))
    stamp = {
        "as_of": market.as_of,
        "produced_at": market.produced_at,
        "session": market.session,
        "target_session": market.target_session,
    }
    sessions = market.bars.sessions
    book = StoryBook(
        **stamp,
        sessions=sessions,
        symbols=SYMBOLS,
        texts=tuple(("",) * 4 for _ in sessions),
        observed=Panel(sessions=sessions, symbols=SYMBOLS, fields=TAPE, values=observed),
        recent=(),
    )
    panel = Panel(
        sessions=sessions[len(sessions) - len(distributions) :],
        symbols=tuple(forecast_symbols),
        fields=TAPE,
        layers=tuple("01234"),
        values=distributions,
    )
    forecast = StoryForecast(
        **stamp,
        model="planted",
        trained_until=trained_until,
        continuations=(),
        distributions=panel,
        model_distributions=panel if model is None else panel.model_copy(update={"values": model}),
        weights=Panel(
            sessions=panel.sessions,
            symbols=("all symbols",),
            fields=TAPE,
            layers=OPINIONS,
            values=np.full((len(panel.sessions), 1, len(TAPE), 3), (0.5, 0.3, 0.2)),
        ),
        reading=DistributionReading(method="logits"),
    )
    return FeedbackInput(forecast=forecast, stories=book, market=market)


def drawn(probabilities: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Draw one code per distribution on the last axis."""
    edges = np.cumsum(probabilities, axis=-1)[..., :-1]
    return (generator.uniform(size=(*probabilities.shape[:-1], 1)) > edges).sum(-1).astype(float)


def constant(values: Sequence[float], rows: int) -> np.ndarray:
    """Repeat one distribution over rows, symbols and series."""
    return np.tile(np.asarray(values, dtype=float), (rows, 4, 6, 1))
