"""The simulated market as a source like any other: same borders, same cut at the as-of close."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Literal

import numpy as np
from pydantic import Field

from foundation.contracts import BAR_FIELDS, Instrument, MarketEvent
from foundation.kernel import OperatorError, UpstreamDataError
from foundation.kernel.model import Part
from foundation.market import close_of
from stage_01_data_engine.raw import MarketRequest, RawMarket, observation_frame, raw_market

if TYPE_CHECKING:
    import pandas as pd

    from foundation.testing.simulated_market import SimulatedMarket


class SimulationSettings(Part):
    """Which market is simulated.

    Attributes
    ----------
    variant : str
        ``regimes``, ``planted`` (known effects) or ``martingale`` (nothing to find).
    symbols, sessions, seed : int
    """

    variant: Literal["regimes", "planted", "martingale"] = "regimes"
    symbols: int = Field(default=6, ge=1)
    sessions: int = Field(default=1500, ge=30)
    seed: int = 0


class SimulatedSource:
    """A market whose truth is known (``foundation.testing.simulated_market``).

    Parameters
    ----------
    settings : SimulationSettings
        Which market; the same settings give the same numbers.
    """

    name = "simulated"

    def __init__(self, settings: SimulationSettings) -> None:
        self._settings = settings

    def market(self) -> SimulatedMarket:
        """Return the whole simulated market, truth included."""
        from foundation.testing.simulated_market import simulated_market

        chosen = self._settings
        return simulated_market(
            chosen.variant, symbols=chosen.symbols, sessions=chosen.sessions, seed=chosen.seed
        )

    def last_session(self) -> date:
        """Return the last simulated session."""
        return self.market().sessions[-1]

    def load(self, request: MarketRequest) -> RawMarket:
        """Return what was known at the as-of close. See ``stage_01_data_engine.Source``."""
        market = self.market()
        wanted = request.symbols or market.symbols
        unknown = [s for s in wanted if s not in market.symbols]
        if unknown:
            raise OperatorError(
                "The simulated source has a fixed list of instruments",
                value=unknown[0],
                remedy=f"choose from {', '.join(market.symbols)}",
            )
        bars = _bars(market, wanted, request)
        if bars.empty:
            raise UpstreamDataError(
                "The simulated market has sessions in the window asked for",
                value=request.as_of.isoformat(),
                remedy=f"choose a date from {market.sessions[0]} to {market.sessions[-1]}",
            )
        observations, events = _market_wide(market, request)
        return raw_market(
            request,
            name=self.name,
            bars=bars,
            observations=observations,
            events=events,
            instruments=tuple(
                Instrument(symbol=s, name=f"Simulated {s}", kind="equity", fields=BAR_FIELDS)
                for s in wanted
            ),
            licence="made up",
            note=f"Simulated, variant {self._settings.variant!r}: not real prices.",
        )


def _bars(market: SimulatedMarket, wanted: tuple[str, ...], request: MarketRequest) -> pd.DataFrame:
    import pandas as pd

    first = request.sessions[0]
    pieces = [
        market.frame(symbol)
        .reset_index()
        .assign(symbol=symbol, location=[f"{symbol}:{i}" for i in range(len(market.sessions))])
        for symbol in wanted
    ]
    frame = pd.concat(pieces, ignore_index=True)
    inside = frame["session"].between(pd.Timestamp(first), pd.Timestamp(request.as_of))
    columns = ["symbol", "session", *BAR_FIELDS, "location"]
    return frame.loc[inside, columns].reset_index(drop=True)


def _market_wide(
    market: SimulatedMarket, request: MarketRequest
) -> tuple[pd.DataFrame, tuple[MarketEvent, ...]]:
    first = request.sessions[0] - timedelta(days=10)
    rows = [
        (series, close_of(day), close_of(day), float(values[at]), f"{series}:{at}")
        for series, values in market.market.items()
        for at, day in enumerate(market.sessions)
        if first <= day <= request.as_of
    ]
    change = _yearly_change(np.array([level for _, _, level in market.releases]))
    for at, (_, known, _) in enumerate(market.releases):
        if known.date() >= first and not np.isnan(change[at]):
            rows.append(("core_cpi_yoy", known, known, float(change[at]), f"release:{at}"))
    events = tuple(e for e in market.events() if e.known_at.date() >= first)
    return observation_frame(rows), events


def _yearly_change(levels: np.ndarray) -> np.ndarray:
    change = np.full(len(levels), np.nan)
    change[12:] = 100.0 * (levels[12:] / levels[:-12] - 1.0)
    return change
