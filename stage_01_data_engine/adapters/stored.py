"""A dataset of the bitemporal store as a source: what was ingested, as it was known."""

from __future__ import annotations

from typing import TYPE_CHECKING

from foundation.contracts import BAR_FIELDS, Instrument, QualityFinding
from foundation.kernel import OperatorError, UpstreamDataError
from foundation.market import close_of
from foundation.storage.bitemporal import BitemporalStore, Library
from foundation.storage.records import Ingest, IngestLedger
from stage_01_data_engine.ingest import delivery
from stage_01_data_engine.raw import (
    MarketRequest,
    RawMarket,
    no_option_quotes,
    observation_frame,
    raw_market,
)

if TYPE_CHECKING:
    import pandas as pd


class StoredSource:
    """Rows that ``story data ingest`` kept, as of any moment since.

    Parameters
    ----------
    store : BitemporalStore
    ledger : IngestLedger
    dataset : str
    """

    name = "store"

    def __init__(self, store: BitemporalStore, ledger: IngestLedger, dataset: str) -> None:
        self._store, self._ledger, self._dataset = store, ledger, dataset

    def reach(self) -> Ingest:
        """Return the ledger's entry that reaches furthest.

        Raises
        ------
        OperatorError
            If nothing was ingested.
        """
        last = self._ledger.last(self._dataset)
        if last is None:
            raise OperatorError(
                "The store has the dataset asked for",
                value=self._dataset,
                remedy="ingest it first, e.g. story data ingest --source bundled",
            )
        return last

    def load(self, request: MarketRequest) -> RawMarket:
        """Return what was known at the as-of close. See ``Source.load``."""
        last = self.reach()
        if request.as_of > last.as_of:
            raise OperatorError(
                f"The dataset {self._dataset!r} was ingested up to the as-of date",
                value=f"as of {request.as_of}, ingested up to {last.as_of}",
                remedy=f"say --as-of {last.as_of}, or ingest up to that day",
            )
        instruments, series = delivery.declared_of(self._read("reference", request))
        bars = delivery.bars_of(self._read("bars", request), request.symbols or tuple(instruments))
        self._check(request, bars)
        observed, happened, quoted = (
            self._read(library, request) for library in ("series", "events", "options")
        )
        return raw_market(
            request,
            name=self.name,
            bars=bars,
            observations=delivery.observations_of(observed)
            if len(observed)
            else observation_frame([]),
            events=delivery.events_of(happened) if len(happened) else (),
            instruments=_instruments(request, bars, instruments),
            findings=self._findings(request),
            licence=last.licence,
            survivor_biased=last.survivor_biased,
            note=f"Dataset {self._dataset}, ingested from {last.source}. {last.note}".strip(),
            series=series,
            option_quotes=delivery.option_quotes_of(quoted) if len(quoted) else no_option_quotes(),
        )

    def _read(self, library: Library, request: MarketRequest) -> pd.DataFrame:
        import pandas as pd

        if self._dataset not in self._store.tables(library):
            return pd.DataFrame({"entity": pd.Series(dtype=object)})
        of_bars = library == "bars"
        rows = self._store.read(
            library,
            self._dataset,
            known_at=close_of(request.as_of),
            since=request.sessions[0] if of_bars else None,
            entities=request.symbols if of_bars else None,
            states="all" if library == "series" else "last",
        )
        if of_bars or request.symbols is None:
            return rows
        return rows[delivery.about(rows["entity"], request.symbols)]

    def _check(self, request: MarketRequest, bars: pd.DataFrame) -> None:
        for symbol in request.symbols or ():
            if symbol not in self._store.entities("bars", self._dataset):
                held = self._store.entities("bars", self._dataset)
                raise OperatorError(
                    f"A symbol asked for is in the dataset {self._dataset!r}",
                    value=symbol,
                    remedy=f"choose from {', '.join(held[:20])}" + (" ..." if held[20:] else ""),
                )
        if bars.empty:
            raise UpstreamDataError(
                f"The dataset {self._dataset!r} has bars that were known at the as-of close",
                value=request.as_of.isoformat(),
                remedy="choose a later as-of date",
            )

    def _findings(self, request: MarketRequest) -> tuple[QualityFinding, ...]:
        """Return what the ingests up to then told, each once; what only informs is left there."""
        told = self._ledger.findings(self._dataset, request.as_of)
        return tuple(dict.fromkeys(f for f in told if f.severity != "info"))


def _instruments(
    request: MarketRequest, bars: pd.DataFrame, known: dict[str, Instrument]
) -> tuple[Instrument, ...]:
    """Return instruments with the fields that rows of the window report: no later row decides."""
    reported = bars[list(BAR_FIELDS)].notna().groupby(bars["symbol"].to_numpy()).any()
    wanted = request.symbols or tuple(known)
    return tuple(
        known[symbol].model_copy(
            update={"fields": tuple(f for f in BAR_FIELDS if reported.at[symbol, f])}
        )
        for symbol in wanted
        if symbol in known and symbol in reported.index
    )
