"""What a source hands to the gate: rows as they were found, nothing later than the as-of close."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

import numpy as np

from foundation.contracts import (
    BAR_FIELDS,
    MARKET,
    ContinuousSeries,
    Instrument,
    MarketEvent,
    QualityFinding,
    SourceInfo,
)
from foundation.kernel import OperatorError, Part, hash_bytes
from foundation.market import close_of, is_session, session_on_or_before, sessions_until
from stage_01_data_engine.findings import BrokenRow, Rule
from stage_01_data_engine.option_quotes import OPTION_COLUMNS
from stage_01_data_engine.series import KNOWN_SERIES, declared

if TYPE_CHECKING:
    import pandas as pd

MARKET_SERIES: tuple[str, ...] = tuple(KNOWN_SERIES)
"""Market-wide series that need no declaration; units stand in ``series``."""

OBSERVATION_COLUMNS: tuple[str, ...] = (
    "series", "symbol", "event_time", "known_at", "value", "location",
)  # fmt: skip
"""Columns of ``RawMarket.observations``."""

QUOTE_COLUMNS: tuple[str, ...] = (*OPTION_COLUMNS, "known_at", "location")
"""Columns of ``RawMarket.option_quotes``."""

HAS_BARS = Rule(
    "An instrument has bars in the window",
    "choose another as-of date or a longer history",
    severity="warning",
)


@dataclass(frozen=True)
class MarketRequest:
    """What is asked of a source.

    Parameters
    ----------
    as_of : date
        The last session that may be seen; its close is the as-of moment.
    symbols : tuple of str, optional
        Instruments to load, in this order; None for all that the source has.
    history_sessions : int
        Length of the window in sessions, the as-of session included.

    Raises
    ------
    OperatorError
        If ``as_of`` is not a session, or no symbol or no history is asked for.
    """

    as_of: date
    symbols: tuple[str, ...] | None
    history_sessions: int

    def __post_init__(self) -> None:
        if not is_session(self.as_of):
            raise OperatorError(
                "The as-of date is a session of the New York Stock Exchange",
                value=self.as_of.isoformat(),
                remedy=f"use {session_on_or_before(self.as_of).isoformat()}, the session before it",
            )
        if self.symbols is not None and (
            not self.symbols or len(set(self.symbols)) != len(self.symbols)
        ):
            raise OperatorError(
                "Symbols are asked for once each, and there is at least one",
                value=self.symbols,
                remedy="name each symbol once, or none at all to take every instrument",
            )
        if self.history_sessions < 1:
            raise OperatorError(
                "A window has at least one session",
                value=self.history_sessions,
                remedy="ask for e.g. 2000 sessions",
            )

    @cached_property
    def sessions(self) -> tuple[date, ...]:
        """The sessions of the window, ascending, the last one ``as_of``."""
        return sessions_until(self.as_of, self.history_sessions)


@dataclass(frozen=True)
class RawMarket:
    """Rows of one source, cut at the as-of close, not yet judged.

    Attributes
    ----------
    request : MarketRequest
    bars : DataFrame
        One row per bar: ``symbol``, ``session`` (datetime64, the exchange date), ``open``,
        ``high``, ``low``, ``close`` (price), ``volume`` (shares; NaN means not reported) and
        ``location`` (``file:row``). Rows may break any rule of the gate.
    observations : DataFrame
        Values of continuous series: ``series`` (one of ``MARKET_SERIES``, or declared in
        ``series``), ``symbol`` (``MARKET`` for market-wide ones), ``event_time`` and ``known_at``
        (datetime64[ns, UTC]), ``value``, ``location``.
    events : tuple of MarketEvent
    instruments : tuple of Instrument
        Every instrument with rows, in the order of the panels to be.
    findings : tuple of QualityFinding
        What the source itself could not read.
    unread : tuple of BrokenRow
        Rows the source read but could not turn into numbers, each under the one rule it broke.
    source : SourceInfo
        Its fingerprint covers everything else here and nothing that was left unread.
    series : tuple of ContinuousSeries
        What ``observations`` may name: the core, what else was observed, the source's own.
    option_quotes : DataFrame
        One row per contract and snapshot, in ``QUOTE_COLUMNS`` (see ``option_quotes``):
        ``snapshot`` is New York's clock, ``known_at`` datetime64[ns, UTC], strikes and ``spot``
        on the scale of that day, NaN where not reported. Empty where the source has none.
    """

    request: MarketRequest
    bars: pd.DataFrame
    observations: pd.DataFrame
    events: tuple[MarketEvent, ...]
    instruments: tuple[Instrument, ...]
    findings: tuple[QualityFinding, ...]
    unread: tuple[BrokenRow, ...]
    source: SourceInfo
    series: tuple[ContinuousSeries, ...]
    option_quotes: pd.DataFrame

    @property
    def quarantined(self) -> int:
        """How many rows could not be read."""
        return len(self.unread)


class Source(Protocol):
    """Anywhere market data can come from.

    Everything not known at the as-of close is cut before anything else sees it: deleting or
    rewriting later rows changes no byte of what ``load`` returns.
    """

    @property
    def name(self) -> str: ...

    def load(self, request: MarketRequest) -> RawMarket:
        """Return what was known at the close of ``request.as_of``.

        Raises
        ------
        OperatorError
            If a symbol or place was asked for that the source does not have.
        UpstreamDataError
            If nothing useful remains.
        """
        ...


def raw_market(
    request: MarketRequest,
    *,
    name: str,
    bars: pd.DataFrame,
    observations: pd.DataFrame,
    events: tuple[MarketEvent, ...],
    instruments: tuple[Instrument, ...],
    findings: tuple[QualityFinding, ...] = (),
    unread: tuple[BrokenRow, ...] = (),
    licence: str = "",
    survivor_biased: bool = False,
    note: str = "",
    series: tuple[ContinuousSeries, ...] = (),
    option_quotes: pd.DataFrame | None = None,
) -> RawMarket:
    """Cut rows to what the request may see, take their fingerprint, and hand them over.

    Every source ends here: bars outside the window and observations, events and option quotes not
    yet known at the as-of close are dropped before the fingerprint is taken. Instruments left
    without rows are dropped with a finding. Observations without a column ``symbol`` are
    market-wide; ``series`` declares those that ``MARKET_SERIES`` does not name.

    Raises
    ------
    OperatorError
        If an observed series is neither known nor declared, or a known one is declared anew.
    """
    import pandas as pd

    as_of = close_of(request.as_of)
    first, last = pd.Timestamp(request.sessions[0]), pd.Timestamp(request.as_of)
    bars = bars.loc[bars["session"].between(first, last)].reset_index(drop=True)
    if "symbol" not in observations:
        observations = observations.assign(symbol=MARKET)
    observations = observations.loc[observations["known_at"] <= as_of, list(OBSERVATION_COLUMNS)]
    observations = observations.reset_index(drop=True)
    series = declared(observations["series"].unique(), series)
    quotes = no_option_quotes() if option_quotes is None else option_quotes[list(QUOTE_COLUMNS)]
    quotes = quotes.loc[quotes["known_at"] <= as_of].reset_index(drop=True)
    events = tuple(event for event in events if event.known_at <= as_of)
    present = set(bars["symbol"])
    findings += tuple(
        HAS_BARS.finding(i.symbol, f"none from {first:%Y-%m-%d} to {last:%Y-%m-%d}")
        for i in instruments
        if i.symbol not in present
    )
    instruments = tuple(i for i in instruments if i.symbol in present)
    return RawMarket(
        request=request,
        bars=bars,
        observations=observations,
        events=events,
        instruments=instruments,
        findings=findings,
        unread=unread,
        source=SourceInfo(
            name=name,
            fingerprint=_fingerprint(
                request, bars, observations, quotes, (*events, *instruments, *findings, *series)
            ),
            licence=licence,
            survivor_biased=survivor_biased,
            note=note,
        ),
        series=series,
        option_quotes=quotes,
    )


def observation_frame(
    found: Iterable[tuple[str, datetime, datetime, float, str]],
) -> pd.DataFrame:
    """Return market-wide (series, event time, known at, value, location) as observations."""
    import pandas as pd

    frame = pd.DataFrame(
        list(found), columns=["series", "event_time", "known_at", "value", "location"]
    )
    for moment in ("event_time", "known_at"):
        frame[moment] = pd.to_datetime(frame[moment], utc=True).astype("datetime64[ns, UTC]")
    return frame.astype({"value": float}).assign(symbol=MARKET)[list(OBSERVATION_COLUMNS)]


def no_bars() -> pd.DataFrame:
    """Return ``RawMarket.bars`` of a source that has none."""
    import pandas as pd

    kinds = {"symbol": "object", "session": "datetime64[ns]", "location": "object"}
    columns = ("symbol", "session", *BAR_FIELDS, "location")
    return pd.DataFrame({c: pd.Series(dtype=kinds.get(c, "float64")) for c in columns})


def no_option_quotes() -> pd.DataFrame:
    """Return ``RawMarket.option_quotes`` of a source that has none."""
    import pandas as pd

    texts, moments = {"contract", "underlying", "right", "location"}, {"expiry", "snapshot"}
    kinds = dict.fromkeys(texts, "object") | dict.fromkeys(moments, "datetime64[ns]")
    kinds["known_at"] = "datetime64[ns, UTC]"
    return pd.DataFrame({c: pd.Series(dtype=kinds.get(c, "float64")) for c in QUOTE_COLUMNS})


def _fingerprint(
    request: MarketRequest,
    bars: pd.DataFrame,
    observations: pd.DataFrame,
    quotes: pd.DataFrame,
    parts: Iterable[Part],
) -> str:
    """Return the SHA-256 of exactly what a source read."""
    return hash_bytes(
        repr((request.as_of.isoformat(), request.symbols, request.history_sessions)).encode(),
        "\n".join(bars["symbol"]).encode(),
        bars["session"].to_numpy().astype("M8[D]").astype(np.int64).tobytes(),
        np.ascontiguousarray(bars[list(BAR_FIELDS)].to_numpy(dtype=float)).tobytes(),
        "\n".join(bars["location"]).encode(),
        observations.to_csv(index=False, float_format="%.17g").encode(),
        *(_column_bytes(quotes[column]) for column in quotes),
        "\n".join(part.model_dump_json() for part in parts).encode(),
    )


def _column_bytes(column: pd.Series) -> bytes:
    if column.dtype == object:
        return "\n".join(column).encode()
    if column.dtype.kind in "mM":
        return column.to_numpy(dtype="M8[ns]").astype(np.int64).tobytes()
    return np.ascontiguousarray(column.to_numpy(dtype=float)).tobytes()
