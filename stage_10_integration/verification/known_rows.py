"""A market's rows cut at the close of a session, or changed after it: what a proof runs on."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

from foundation.market import close_of

if TYPE_CHECKING:
    from stage_01_data_engine import MarketRequest, RawMarket


class HeldRows:
    """Rows held in memory, cut at the close of whatever session is asked for."""

    def __init__(self, rows: RawMarket) -> None:
        self._rows = rows

    @property
    def name(self) -> str:
        return self._rows.source.name

    def load(self, request: MarketRequest) -> RawMarket:
        return known(self._rows, request)


def known(rows: RawMarket, request: MarketRequest) -> RawMarket:
    """Return the rows known at the close of ``request.as_of``, fingerprint included.

    The cut is made here, and not left to ``raw_market``: a proof needs its own yardstick.
    """
    import pandas as pd

    from stage_01_data_engine import raw_market
    from stage_01_data_engine.raw import MARKET_SERIES

    close = close_of(request.as_of)
    bars = rows.bars[rows.bars["session"] <= pd.Timestamp(request.as_of)]
    return raw_market(
        request,
        name=rows.source.name,
        bars=bars,
        observations=rows.observations[rows.observations["known_at"] <= pd.Timestamp(close)],
        option_quotes=rows.option_quotes[rows.option_quotes["known_at"] <= pd.Timestamp(close)],
        series=tuple(s for s in rows.series if s.name not in MARKET_SERIES),
        events=tuple(e for e in rows.events if e.known_at <= close),
        instruments=tuple(i for i in rows.instruments if i.symbol in set(bars["symbol"])),
        findings=tuple(f for f in rows.findings if f.session is None or f.session <= request.as_of),
        unread=tuple(r for r in rows.unread if r.session is None or r.session <= request.as_of),
        licence=rows.source.licence,
        survivor_biased=rows.source.survivor_biased,
        note=rows.source.note,
    )


def changed_after(rows: RawMarket, session: date) -> RawMarket:
    """Return the rows with every value after the session's close made another one."""
    import pandas as pd

    close = close_of(session)
    bars, seen = rows.bars.copy(), rows.observations.copy()
    later = bars["session"] > pd.Timestamp(session)
    prices = ["open", "high", "low", "close"]
    bars.loc[later, prices] = bars.loc[later, prices] * 1.7 + 3.0
    bars.loc[later, "volume"] = bars.loc[later, "volume"] * 0.3 + 11.0
    unknown = seen["known_at"] > pd.Timestamp(close)
    seen.loc[unknown, "value"] = seen.loc[unknown, "value"] * 1.4 + 0.5
    quotes = rows.option_quotes.copy()
    quoted = quotes["known_at"] > pd.Timestamp(close)
    for column in ("bid", "ask", "last", "volume", "open_interest", "spot"):
        quotes.loc[quoted, column] = quotes.loc[quoted, column] * 1.3 + 0.25
    events = tuple(
        e
        if e.known_at <= close or e.actual is None
        else e.model_copy(update={"actual": 1.4 * e.actual + 0.5})
        for e in rows.events
    )
    return replace(rows, bars=bars, observations=seen, events=events, option_quotes=quotes)
