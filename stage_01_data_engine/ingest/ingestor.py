"""Ingesting a source: what it delivers is appended, and nothing counts as known before it was.

A delivery as of session D says what the source knew then, not since when. The claims of
``delivery`` (a bar is known at its close) stand for what lies after the last ingest; for the rest
the store remembers what was delivered before, and what differs is known from D's close on:

* a row up to the last ingest that is new or changed: a correction, known from D on; one of the
  window that is not delivered any more, though its symbol is: withdrawn from D on. A symbol that is
  not delivered at all stays: the store remembers what a vendor forgets;
* rows of a symbol whose past was restated (a split since): known from D on, for they are in D's
  terms, whatever their session;
* symbols that come for the first time: their oldest bar is asked for as of its own day. Where the
  source told it otherwise then, its history is in D's terms, and known from D on.

Walking session by session (``daily``) tells exactly what the source would have told on each day.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import numpy as np

from foundation.contracts import BAR_FIELDS, MARKET, QualityFinding
from foundation.kernel import OperatorError, UpstreamDataError
from foundation.market import close_of
from foundation.storage.bitemporal import Appended, BitemporalStore, Library
from foundation.storage.records import Ingest, IngestLedger
from stage_01_data_engine.findings import Rule
from stage_01_data_engine.ingest.delivery import BESIDE, BETWEEN, Delivery, delivered
from stage_01_data_engine.raw import MarketRequest, RawMarket, Source

if TYPE_CHECKING:
    import pandas as pd

KEY = ["entity", "event_time", "copy"]

RESTATED = Rule(
    "A source tells of a past session what it told then",
    "ingest session by session (--daily): then each day's own terms are kept",
    (),
    "warning",
    "kept",
    name="restated-history",
    why="prices in later terms know of later splits; they count from the ingest's close on",
)


class Ingestor:
    """Writes one dataset.

    Parameters
    ----------
    store : BitemporalStore
    ledger : IngestLedger
    dataset : str
        The name of its tables. One source feeds it.
    now : callable
        The wall clock, for the ledger, and for corrections seen again on the same as-of date.
    """

    def __init__(
        self,
        store: BitemporalStore,
        ledger: IngestLedger,
        dataset: str,
        now: Callable[[], datetime],
    ) -> None:
        self.store, self.ledger, self.dataset, self._now = store, ledger, dataset, now

    def sessions(self, request: MarketRequest) -> tuple[date, ...]:
        """Return the sessions of the request's window that were not ingested yet."""
        last = self.ledger.last(self.dataset)
        return tuple(s for s in request.sessions if last is None or s > last.as_of)

    def ingest(self, source: Source, request: MarketRequest) -> Ingest:
        """Append what the source delivers as of the request's session; return the ledger's entry.

        Raises
        ------
        OperatorError
            If the dataset is another source's, or reaches beyond the as-of date already.
        ConflictingRows
            If the store holds other values known since the same moment.
        FinancialStoryError
            What the source raises. Nothing is entered in the ledger then.
        """
        last = self.ledger.last(self.dataset)
        self._check_date(request, last)
        raw = source.load(request)
        self._check_source(raw, last)
        delivery = delivered(raw)
        dated, findings = self._dated(source, raw, delivery, last)
        done: dict[Library, Appended] = {
            library: self.store.append(
                library, self.dataset, rows, beside=[c for c in BESIDE if c in rows]
            )
            for library, rows in dated
            if len(rows)
        }
        entry = self._entry(raw, done)
        self.ledger.record(entry, (*raw.findings, *findings))
        return entry

    def _dated(
        self, source: Source, raw: RawMarket, delivery: Delivery, last: Ingest | None
    ) -> tuple[list[tuple[Library, pd.DataFrame]], list[QualityFinding]]:
        """Return rows by library with the moments they count from, and what there is to tell."""
        known = set(self.store.entities("bars", self.dataset))
        moment = self._moment(raw.request, last)
        bars, restated = self._bars(source, raw, delivery.bars, known, last, moment)
        rows: list[tuple[Library, pd.DataFrame]] = []
        for library, given in delivery:
            if library == "bars":
                rows.append((library, bars))
            elif library == "reference":
                rows.append((library, _with_first_bar(given, bars)))
            else:
                rows.append((library, self._others(library, given, known, last, moment)))
        findings = [
            RESTATED.finding(symbol, f"known from {raw.request.as_of} on", rows=int(count))
            for symbol, count in restated.items()
        ]
        return rows, findings

    def _bars(
        self,
        source: Source,
        raw: RawMarket,
        given: pd.DataFrame,
        known: set[str],
        last: Ingest | None,
        moment: np.datetime64,
    ) -> tuple[pd.DataFrame, dict[str, int]]:
        """Date bars; add withdrawals. Also the symbols told in later terms, with their rows."""
        import pandas as pd

        rows = given.copy()
        old = rows["entity"].isin(known).to_numpy()
        past = np.zeros(len(rows), dtype=bool)
        gone = rows.iloc[:0]
        if last is not None and old.any():
            past = old & (rows["event_time"] <= pd.Timestamp(last.as_of)).to_numpy()
            stored = self.store.read(
                "bars",
                self.dataset,
                since=raw.request.sessions[0],
                entities=tuple(known & set(rows["entity"])),
            )
            changed = _changed(rows[past], stored)
            gone = _gone(rows[old], stored).assign(known_at=moment, withdrawn=True)
            restated = set(changed["entity"])
        else:
            restated = set()
        restated |= self._told_otherwise(source, raw.request, rows[~old])
        late = rows["entity"].isin(restated).to_numpy()
        rows.loc[past | late, "known_at"] = np.maximum(
            rows.loc[past | late, "known_at"].to_numpy(), moment
        )
        counts = rows.loc[late & ~past, "entity"].value_counts().sort_index().to_dict()
        if gone.empty:
            return rows, counts
        return pd.concat([rows.assign(withdrawn=False), gone], ignore_index=True), counts

    def _told_otherwise(
        self, source: Source, request: MarketRequest, fresh: pd.DataFrame
    ) -> set[str]:
        """Return new symbols of whose first session the source tells otherwise as of that day."""
        first = fresh.groupby("entity", sort=False)["event_time"].min()
        first = first[first.dt.date < request.as_of]
        otherwise: set[str] = set()
        for day, symbols in first.groupby(first).groups.items():
            wanted = tuple(map(str, symbols))
            asked = next(s for s in request.sessions if s >= day.date())
            try:
                then = source.load(MarketRequest(asked, wanted, request.history_sessions))
            except (OperatorError, UpstreamDataError):
                otherwise |= set(wanted)
                continue
            mine = fresh[fresh["entity"].isin(wanted) & (fresh["event_time"].dt.date <= asked)]
            told = delivered(then).bars
            told = told[told["event_time"].dt.date >= request.sessions[0]]
            otherwise |= set(_changed(mine, told)["entity"])
            otherwise |= set(_gone(mine, told)["entity"]) | set(_gone(told, mine)["entity"])
            otherwise |= set(wanted) - set(told["entity"])
        return otherwise

    def _others(
        self,
        library: Library,
        given: pd.DataFrame,
        known: set[str],
        last: Ingest | None,
        moment: np.datetime64,
    ) -> pd.DataFrame:
        """Date series, events and option quotes: what came later than it claims counts from now."""
        rows = given.assign(known_at=_plain(given["known_at"]))
        if last is None or self.dataset not in self.store.tables(library):
            return rows
        reached = np.datetime64(_utc(close_of(last.as_of)), "ns")
        late = (rows["known_at"].to_numpy() <= reached) & _of_symbols(rows, known)
        if not late.any():
            return rows
        stored = self.store.read(library, self.dataset, states="all")
        keys = [*KEY, "known_at", *_compared(rows)]
        # Times are compared as the store keeps them.
        asked = rows.assign(event_time=_plain(rows["event_time"]))[keys]
        there = asked.merge(stored[keys].drop_duplicates(), how="left", on=keys, indicator=True)
        missing = late & (there["_merge"] == "left_only").to_numpy()
        kept = rows[~late | missing].copy()
        late_rows = missing[~late | missing]
        kept.loc[late_rows, "known_at"] = moment
        return kept.drop_duplicates([*KEY, "known_at"], keep="last")

    def _moment(self, request: MarketRequest, last: Ingest | None) -> np.datetime64:
        """Return since when corrections are known: the as-of close, or now where that was had."""
        moment = close_of(request.as_of)
        if last is not None and last.as_of == request.as_of:
            moment = max(moment, self._now())
        return np.datetime64(_utc(moment), "ns")

    def _check_date(self, request: MarketRequest, last: Ingest | None) -> None:
        if last is not None and request.as_of < last.as_of:
            raise OperatorError(
                f"The dataset {self.dataset!r} is ingested forward in time",
                value=f"as of {request.as_of}, and it reaches {last.as_of}",
                remedy="read that day from the store (--source store), or name another dataset",
            )

    def _check_source(self, raw: RawMarket, last: Ingest | None) -> None:
        if last is not None and raw.source.name != last.source:
            raise OperatorError(
                f"One source feeds the dataset {self.dataset!r}",
                value=f"{raw.source.name} answered, and it holds {last.source}",
                remedy="name another dataset with --set storage.dataset=NAME",
            )

    def _entry(self, raw: RawMarket, done: dict[Library, Appended]) -> Ingest:
        counts = {
            name: sum(getattr(one, name) for one in done.values())
            for name in ("given", "added", "corrected", "withdrawn", "repeated")
        }
        return Ingest(
            dataset=self.dataset,
            source=raw.source.name,
            first_session=raw.bars["session"].min().date(),
            as_of=raw.request.as_of,
            recorded_at=self._now(),
            quarantined=raw.quarantined,
            licence=raw.source.licence,
            survivor_biased=raw.source.survivor_biased,
            note=raw.source.note,
            versions={f"{lib}/{self.dataset}": one.version for lib, one in done.items()},
            **counts,
        )


def _changed(rows: pd.DataFrame, stored: pd.DataFrame) -> pd.DataFrame:
    """Return the rows whose key is stored with other values."""
    both = rows.merge(stored, how="inner", on=KEY, suffixes=("", "_stored"))
    same = np.ones(len(both), dtype=bool)
    for field in BAR_FIELDS:
        now, before = both[field].to_numpy(), both[f"{field}_stored"].to_numpy()
        same &= (now == before) | (np.isnan(now) & np.isnan(before))
    return both[~same]


def _gone(rows: pd.DataFrame, stored: pd.DataFrame) -> pd.DataFrame:
    """Return what is stored of the rows' symbols and is not among the rows."""
    mine = stored[stored["entity"].isin(rows["entity"].unique())]
    both = mine.merge(rows[KEY], how="left", on=KEY, indicator=True)
    return both[both["_merge"] == "left_only"].drop(columns="_merge")


def _with_first_bar(reference: pd.DataFrame, bars: pd.DataFrame) -> pd.DataFrame:
    """Date what is said of instruments by their first bar, of series by the first bar of all."""
    first = bars.groupby("entity")["known_at"].min()
    symbols = reference["entity"].str.partition(BETWEEN)[2]
    return reference.assign(
        known_at=first.reindex(symbols).fillna(bars["known_at"].min()).to_numpy()
    )


def _of_symbols(rows: pd.DataFrame, known: set[str]) -> np.ndarray:
    """Say which rows are of the market as a whole or of symbols that the dataset has."""
    parts = rows["entity"].str.split(BETWEEN, expand=True)
    found = np.zeros(len(rows), dtype=bool)
    for column in parts:
        found |= parts[column].isin(known | {MARKET}).to_numpy()
    return found


def _compared(rows: pd.DataFrame) -> list[str]:
    return [c for c in rows if c not in (*KEY, "known_at", *BESIDE)]


def _plain(column: pd.Series) -> np.ndarray:
    aware = column.dt.tz is not None
    return np.asarray((column.dt.tz_convert(None) if aware else column).to_numpy(), dtype="M8[ns]")


def _utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(tzinfo=None)
