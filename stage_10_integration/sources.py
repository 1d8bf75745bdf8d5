"""Which source a run reads, and from which as-of date."""

from __future__ import annotations

from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING

from config.settings import Settings
from foundation.kernel import OperatorError

if TYPE_CHECKING:
    from stage_01_data_engine import MarketRequest, RawMarket, Source

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
    """

    def __init__(self, source: Source, request: MarketRequest) -> None:
        self._source = source
        self._request = request

    @property
    def as_of(self) -> date:
        """The last session that may be seen."""
        return self._request.as_of

    @cached_property
    def _raw(self) -> RawMarket:
        return self._source.load(self._request)

    def fingerprint(self) -> str:
        """Return the hash of exactly what was read."""
        return self._raw.source.fingerprint

    def load(self) -> RawMarket:
        """Return the rows."""
        return self._raw


def open_source(settings: Settings) -> SourceReading:
    """Return the source that the settings name, asked for their as-of date and symbols.

    Raises
    ------
    OperatorError
        If the folder or the as-of date is missing, or the date is no session.
    """
    from stage_01_data_engine import MarketRequest

    source, last = _source(settings)
    as_of = settings.market.as_of or last
    if as_of is None:
        raise OperatorError(
            "A folder of bars needs an as-of date",
            value=None,
            remedy="name the last session that may be seen, e.g. --as-of 2018-12-28",
        )
    request = MarketRequest(
        as_of=as_of,
        symbols=settings.market.symbols,
        history_sessions=settings.data.history_sessions,
    )
    return SourceReading(source, request)


def _source(settings: Settings) -> tuple[Source, date | None]:
    market = settings.market
    if market.path is not None and market.source != "folder":
        raise OperatorError(
            "Only a folder source has a path",
            value=f"--source {market.source} --path {market.path}",
            remedy="say --source folder, or leave --path out",
        )
    if market.source == "bundled":
        from stage_01_data_engine import BundledSource

        return BundledSource(), BUNDLED_AS_OF
    if market.source == "simulated":
        from stage_10_integration.simulated_source import SimulatedSource

        simulated = SimulatedSource(settings.simulation)
        return simulated, simulated.last_session()
    if market.path is None:
        raise OperatorError(
            "A folder source needs its path",
            value="--source folder",
            remedy="add --path DIR, a folder of CSV or Parquet files",
        )
    from stage_01_data_engine import FolderSource

    return FolderSource(market.path, settings.data), None
