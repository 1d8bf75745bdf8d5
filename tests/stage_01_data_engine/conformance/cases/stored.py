"""A dataset of the bitemporal store, ingested from the emulated market's files."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date

from foundation.kernel import SystemClock
from foundation.storage.bitemporal import BitemporalStore
from foundation.storage.records import IngestLedger, open_database
from stage_01_data_engine import Source
from stage_01_data_engine.adapters.stored import StoredSource
from stage_01_data_engine.ingest import Ingestor
from tests.stage_01_data_engine.conformance.case import Setup, SourceCase
from tests.stage_01_data_engine.conformance.cases.folder import CASE as FILES

BEYOND = date(2019, 1, 11)
"""What is ingested reaches beyond the matrix's as-of date."""


class StoredCase(SourceCase):
    name = "store"
    traits = frozenset({"world", "bars"})

    @contextmanager
    def opened(self, setup: Setup) -> Iterator[Source]:
        store = BitemporalStore(setup.folder / "store")
        ledger = IngestLedger(open_database(setup.folder / "records.sqlite"))
        with FILES.opened(setup) as files:
            # Bars alone: a file cannot say since when its VIX is known. Series: see the ingest.
            (setup.folder / "VIX.csv").unlink()
            asked = self.request()
            last = min(BEYOND, setup.world.sessions[-1])
            Ingestor(store, ledger, "main", SystemClock().now).ingest(
                files, replace(asked, as_of=last, symbols=None, history_sessions=1_000)
            )
        yield StoredSource(store, ledger, "main")


CASE = StoredCase()
