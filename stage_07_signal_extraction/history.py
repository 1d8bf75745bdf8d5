"""What all inputs tell of the past, on the market's own sessions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from foundation.contracts import TAPE, MarketWindow, QuantContext, StoryBook, ValidatedForecast
from foundation.timeseries import Panel

QUANTILES = ("q10", "q50", "q90")


@dataclass(frozen=True)
class History:
    """T sessions of N symbols; NaN where an input does not reach, or says nothing.

    Attributes
    ----------
    sessions : tuple of date, length T
    close : float array (T, N)
    outcomes : float array (T, N)
        Code of the price outcome that the story book observed.
    price : float array (T, N, 5)
        The story's probabilities of the next session's price outcome, as published then.
    quantiles : float array (T, N, 3)
        10%, 50% and 90% of the five-session log return.
    volatility : float array (T, N)
        Standard deviation of the five-session log return, as forecast.
    """

    sessions: tuple[date, ...]
    close: np.ndarray
    outcomes: np.ndarray
    price: np.ndarray
    quantiles: np.ndarray
    volatility: np.ndarray


def history_of(
    market: MarketWindow,
    stories: StoryBook,
    validated: ValidatedForecast,
    quant: QuantContext,
    symbols: tuple[str, ...],
) -> History:
    """Return the inputs' past of some symbols, by session."""
    days = market.bars.sessions
    told = quant.values.select(symbols=symbols, fields=(*QUANTILES, "volatility_5d"))
    views = on_days(told, days)
    return History(
        sessions=days,
        close=market.bars.select(symbols=symbols).field("close"),
        outcomes=on_days(stories.observed.select(symbols=symbols, fields=TAPE), days)[
            :, :, TAPE.index("price")
        ],
        price=on_days(validated.distributions.select(symbols=symbols, fields=TAPE), days)[
            :, :, TAPE.index("price")
        ],
        quantiles=views[..., :-1],
        volatility=views[..., -1],
    )


def on_days(panel: Panel, days: tuple[date, ...]) -> np.ndarray:
    """Return a panel's values on these days; NaN on days that it does not have."""
    place = {day: t for t, day in enumerate(days)}
    rows = [(place[day], row) for row, day in enumerate(panel.sessions) if day in place]
    values = np.full((len(days), *panel.values.shape[1:]), np.nan)
    for to, row in rows:
        values[to] = panel.values[row]
    return values
