"""A source whose every answer is written down: what it told of which session on which day."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

import numpy as np
import pandas as pd

from foundation.contracts import BAR_FIELDS, Instrument, MarketEvent
from foundation.market import close_of, sessions
from stage_01_data_engine import MarketRequest, RawMarket, observation_frame, raw_market

DAYS: tuple[date, ...] = sessions(date(2018, 6, 25), date(2018, 7, 13))
"""Fourteen sessions around the early close of July 3."""


@dataclass
class ToldSource:
    """Tells, as of each day, the last that was written down by then.

    Attributes
    ----------
    closes : dict
        (symbol, session, day it was told) to close; NaN withdraws the bar.
    """

    closes: dict[tuple[str, date, date], float] = field(default_factory=dict)
    observed: list[tuple[str, date, float]] = field(default_factory=list)
    happened: list[MarketEvent] = field(default_factory=list)
    name: str = "told"
    asked: list[date] = field(default_factory=list)

    def tell(self, symbol: str, session: date, close: float, told: date | None = None) -> None:
        self.closes[symbol, session, told or session] = close

    def load(self, request: MarketRequest) -> RawMarket:
        self.asked.append(request.as_of)
        last: dict[tuple[str, date], float] = {}
        for symbol, session, told in sorted(self.closes, key=lambda key: key[2]):
            if told <= request.as_of and symbol in (request.symbols or (symbol,)):
                last[symbol, session] = self.closes[symbol, session, told]
        rows = [(s, pd.Timestamp(d), c) for (s, d), c in sorted(last.items()) if not np.isnan(c)]
        bars = pd.DataFrame(rows, columns=["symbol", "session", "close"])
        bars = bars.assign(
            open=bars["close"], high=bars["close"] + 1, low=bars["close"] - 1, volume=np.nan,
            location=[f"{s}.csv:{d:%m%d}" for s, d, _ in rows],
        )  # fmt: skip
        names = sorted(bars["symbol"].unique())
        return raw_market(
            request,
            name=self.name,
            bars=bars[["symbol", "session", *BAR_FIELDS, "location"]],
            observations=observation_frame(
                ("vix", close_of(d), close_of(d), v, f"vix:{d}") for _, d, v in self.observed
            ),
            events=tuple(self.happened),
            instruments=tuple(
                Instrument(symbol=s, name=f"{s} Inc.", kind="equity", fields=BAR_FIELDS[:4])
                for s in names
            ),
            licence="made up",
        )
