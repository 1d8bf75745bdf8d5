"""Which sources a run reads, put together by their names in the settings, and as of when."""

from __future__ import annotations

from datetime import date, timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from config.environment import credentials
from config.settings import Settings
from foundation.connect import Connection, Freshness, Governor, ResponseCache, SystemTime
from foundation.kernel import OperatorError
from foundation.market import close_of, session_on_or_before
from stage_01_data_engine import MarketRequest, Opening, Reading, card_of
from stage_10_integration.archive import stored_source

if TYPE_CHECKING:
    from stage_01_data_engine import RawMarket, Source

BUNDLED_AS_OF = date(2018, 12, 28)
"""The last Friday on which every bundled series has a value."""


class SourceReading:
    """One reading of a source, for the first step of a plan.

    The rows are read once. Their fingerprint is the step's input hash, so that a source
    whose files changed is read anew, and one whose later rows changed is not.

    Parameters
    ----------
    source : Source
    request : MarketRequest
    connection : Connection, optional
        What vendors are asked through; tells how the reading gets on.
    readings : list of Reading, optional
        Filled, as sources are read, with how each reading went.

    Attributes
    ----------
    source : Source
    request : MarketRequest
    readings : list of Reading
    """

    def __init__(
        self,
        source: Source,
        request: MarketRequest,
        connection: Connection | None = None,
        readings: list[Reading] | None = None,
    ) -> None:
        self.source = source
        self.request = request
        self.connection = connection
        self.readings: list[Reading] = [] if readings is None else readings

    @property
    def as_of(self) -> date:
        """The last session that may be seen."""
        return self.request.as_of

    @cached_property
    def _raw(self) -> RawMarket:
        return self.source.load(self.request)

    def fingerprint(self) -> str:
        """Return the hash of exactly what was read."""
        return self._raw.source.fingerprint

    def load(self) -> RawMarket:
        """Return the rows."""
        return self._raw


def open_source(settings: Settings) -> SourceReading:
    """Return the sources that the settings name, asked for their as-of date and symbols.

    Raises
    ------
    OperatorError
        If a path or the as-of date is missing, the date is no session, or a source is named
        twice.
    """
    _check(settings)
    connection = open_connection(settings)
    readings: list[Reading] = []
    source = _composed(settings, connection, readings)
    request = MarketRequest(
        as_of=as_of_of(settings),
        symbols=settings.market.symbols,
        history_sessions=settings.data.history_sessions,
    )
    return SourceReading(source, request, connection, readings)


def open_connection(settings: Settings) -> Connection:
    """Return what all vendors are asked through: keys of the environment, limits, cache."""
    chosen = settings.connection
    time = SystemTime()
    return Connection(
        credentials=credentials(),
        timekeeper=time,
        governor=Governor(time, chosen.limits),
        cache=ResponseCache(cache_folder(settings)),
        freshness=Freshness(chosen.cache_max_age, chosen.stale_on_error),
    )


def cache_folder(settings: Settings) -> Path:
    """Return where vendors' answers are kept."""
    return settings.connection.cache or settings.store / "answers"


def open_one(name: str, settings: Settings, connection: Connection) -> Source:
    """Return one source by its name, opened with its settings."""
    opening = Opening(
        connection=connection,
        sources=settings.sources,
        data=settings.data,
        simulation=settings.simulation,
        path=settings.market.path,
        stored=lambda: stored_source(settings),
    )
    return card_of(name).open(opening)


def _composed(settings: Settings, connection: Connection, readings: list[Reading]) -> Source:
    from stage_01_data_engine import ChainSource, JoinedSource, WatchedSource

    market = settings.market

    def watched(name: str) -> Source:
        return WatchedSource(open_one(name, settings, connection), connection, readings.append)

    first: Source = watched(market.source)
    if market.otherwise:
        first = ChainSource(first, *map(watched, market.otherwise))
    if market.join:
        return JoinedSource(first, *map(watched, market.join))
    return first


def _check(settings: Settings) -> None:
    market = settings.market
    for name in market.named:
        if market.named.count(name) > 1:
            raise OperatorError(
                "A source is named once",
                value=f"{name} in {', '.join(market.named)}",
                remedy="name it as the source, in --otherwise or in --join",
            )
    for name in (market.source, *market.otherwise):
        if "bars" not in card_of(name).gives:
            raise OperatorError(
                "The source, and those asked otherwise, give bars",
                value=f"{name} gives {', '.join(card_of(name).gives)}",
                remedy=f"join it to a source of bars: --source polygon --join {name}",
            )
    if market.path is not None and not any(card_of(name).files for name in market.named):
        raise OperatorError(
            "Only a source made of files has a path",
            value=f"--source {market.source} --path {market.path}",
            remedy="say --source folder, or leave --path out",
        )


def as_of_of(settings: Settings) -> date:
    """Return the last session that may be seen. Only sources with an end have one of their own."""
    market = settings.market
    if market.as_of is not None:
        return market.as_of
    if market.source == "bundled":
        return BUNDLED_AS_OF
    if market.source == "simulated":
        from stage_01_data_engine import SimulatedSource

        return SimulatedSource(settings.simulation).last_session()
    if market.source == "store":
        return stored_source(settings).reach().as_of
    raise OperatorError(
        f"A run on the source {market.source} needs an as-of date",
        value=None,
        remedy=f"name the last session that may be seen, e.g. --as-of {last_closed()}",
    )


def last_closed() -> date:
    """Return the last session of the New York Stock Exchange that has closed."""
    now = SystemTime().now()
    session = session_on_or_before(now.date())
    if now >= close_of(session):
        return session
    return session_on_or_before(session - timedelta(days=1))
