"""The stores that ingests fill, opened from the settings; an ingest from end to end."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from config.settings import Settings
from foundation.connect import Connection
from foundation.kernel import OperatorError, SystemClock
from foundation.runtime import exclusive
from foundation.storage.bitemporal import Appended, BitemporalStore
from foundation.storage.records import Ingest, IngestLedger, open_database

FEATURE_ROUNDING = 1e-7
"""Relative difference up to which two computations of a feature agree: smoothed ones hang on where
their window began, by 1e-8 at most."""

if TYPE_CHECKING:
    from foundation.contracts import MarketWindow
    from stage_01_data_engine import MarketRequest, RawMarket
    from stage_01_data_engine.adapters.stored import StoredSource
    from stage_10_integration.sources import SourceReading


def open_history(settings: Settings) -> BitemporalStore:
    """Return the bitemporal store."""
    return BitemporalStore(settings.storage.history or settings.store / "history")


def open_ledger(settings: Settings) -> IngestLedger:
    """Return the ledger of ingests."""
    return IngestLedger(
        open_database(settings.storage.records or settings.store / "records.sqlite")
    )


def reach(settings: Settings) -> Ingest | None:
    """Return the ledger's entry that reaches furthest; None, and nothing made, without any."""
    file = settings.store / "records.sqlite"
    if settings.storage.records is None and not file.exists():
        return None
    return open_ledger(settings).last(settings.storage.dataset)


def stored_source(settings: Settings) -> StoredSource:
    """Return the dataset that the settings name, as a source."""
    from stage_01_data_engine.adapters.stored import StoredSource

    return StoredSource(open_history(settings), open_ledger(settings), settings.storage.dataset)


def publish_features(settings: Settings, window: MarketWindow) -> Appended:
    """Keep the features of a window's last session: in the store, and online where a server is set.

    They are known from the as-of close; where that session's were kept already and bars were
    corrected since, from now on.
    """
    import pandas as pd

    from foundation.storage.online import LatestFeatures, open_cache

    store, dataset = open_history(settings), settings.storage.dataset
    row = window.features.last(1)
    known_at = window.as_of
    day = pd.Timestamp(window.session)
    if dataset in store.tables("features") and len(
        store.read("features", dataset, since=day, until=day)
    ):
        known_at = max(known_at, SystemClock().now())
    rows = pd.DataFrame(row.values[0], columns=list(row.fields)).assign(
        entity=row.symbols, event_time=day, known_at=pd.Timestamp(known_at)
    )
    done = store.append("features", dataset, rows, tolerance=FEATURE_ROUNDING)
    if settings.storage.online is not None:
        cache = open_cache(settings.storage.online)
        LatestFeatures(cache, dataset).write(row, known_at=known_at)
    return done


class Asked:
    """A source whose first answer was read already, with its progress shown.

    Parameters
    ----------
    reading : SourceReading
    """

    def __init__(self, reading: SourceReading) -> None:
        self._reading = reading

    @property
    def name(self) -> str:
        return self._reading.source.name

    def load(self, request: MarketRequest) -> RawMarket:
        """Return what was read; ask anew for anything else."""
        if request == self._reading.request:
            return self._reading.load()
        return self._reading.source.load(request)


def ingest(
    settings: Settings,
    reading: SourceReading,
    connection: Connection,
    *,
    daily: bool,
    told: Callable[[str], None] = lambda words: None,
    moved: Callable[[int, int], None] = lambda done, total: None,
) -> tuple[Ingest, ...]:
    """Write what a source delivers into the dataset that the settings name.

    Parameters
    ----------
    daily : bool
        Whether the source is asked as of every session that was not ingested yet, in turn.
    told : callable
        Told in words when the machine is waited for.
    moved : callable
        Told how many of how many sessions are done.

    Returns
    -------
    tuple of Ingest
        The ledger's entries that were made, oldest first.
    """
    from stage_01_data_engine import MarketRequest
    from stage_01_data_engine.ingest import Ingestor

    if settings.market.source == "store":
        raise OperatorError(
            "An ingest reads a source outside of the store",
            value="--source store",
            remedy="name the source whose rows are to be kept",
        )
    source, asked = Asked(reading), reading.request
    with exclusive(settings.store / "run.lock"):
        writer = Ingestor(
            open_history(settings), open_ledger(settings), settings.storage.dataset,
            SystemClock().now,
        )  # fmt: skip
        requests = [asked]
        if daily:
            days = writer.sessions(asked) or (asked.as_of,)
            requests = [MarketRequest(d, asked.symbols, asked.history_sessions) for d in days]
        made = []
        for done, request in enumerate(requests):
            moved(done, len(requests))
            connection.governor.await_resources(told)
            made.append(writer.ingest(source, request))
        moved(len(requests), len(requests))
        return tuple(made)
