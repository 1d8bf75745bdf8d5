"""Every source by name: what it gives, what it needs, how far it can be trusted, how it is opened.

A new source adds one ``SourceCard``. Nothing is opened, and no heavy library loaded, before
``card.open`` is called.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from foundation.connect import Connection, Credential
from foundation.kernel import OperatorError
from stage_01_data_engine.adapters.bundled import BundledSource
from stage_01_data_engine.adapters.files import cboe
from stage_01_data_engine.adapters.files.event_tables import EventTableSource
from stage_01_data_engine.adapters.files.folder import FolderSource
from stage_01_data_engine.adapters.files.option_snapshots import kept_layouts
from stage_01_data_engine.adapters.files.table_layout import TableLayout
from stage_01_data_engine.adapters.files.tables import TableSource
from stage_01_data_engine.adapters.settings import SourceSettings
from stage_01_data_engine.adapters.simulated import SimulatedSource, SimulationSettings
from stage_01_data_engine.adapters.stored import StoredSource
from stage_01_data_engine.adapters.vendors import finnhub as _finnhub
from stage_01_data_engine.adapters.vendors import fred as _fred
from stage_01_data_engine.adapters.vendors import nasdaq_data_link as _data_link
from stage_01_data_engine.adapters.vendors import polygon as _polygon
from stage_01_data_engine.adapters.vendors.finnhub import FinnhubSource
from stage_01_data_engine.adapters.vendors.fred import FredSource
from stage_01_data_engine.adapters.vendors.iqfeed import IqfeedSource
from stage_01_data_engine.adapters.vendors.nasdaq_data_link import NasdaqDataLinkSource
from stage_01_data_engine.adapters.vendors.polygon import PolygonSource
from stage_01_data_engine.adapters.vendors.yahoo import YahooSource
from stage_01_data_engine.raw import Source
from stage_01_data_engine.settings import DataEngineSettings

Gift = Literal["bars", "intraday bars", "quotes", "macro", "events", "options"]
Survivors = Literal["yes", "no", "not known"]


@dataclass(frozen=True)
class Opening:
    """What a source may be opened with; each takes what it needs.

    Attributes
    ----------
    connection : Connection
        Keys, time, limits and cache of all vendors.
    sources : SourceSettings
    data : DataEngineSettings
    simulation : SimulationSettings
    path : Path or None
        The folder of sources made of files that name none of their own.
    stored : callable or None
        Opens the dataset that the settings name; None where there is no store to open.
    """

    connection: Connection
    sources: SourceSettings
    data: DataEngineSettings
    simulation: SimulationSettings
    path: Path | None = None
    stored: Callable[[], Source] | None = None


@dataclass(frozen=True)
class SourceCard:
    """What is known of a source before it is opened.

    Attributes
    ----------
    name : str
        As commands and settings call it.
    kind : type
        The class behind it.
    gives : tuple of str
    needs : str
        What it cannot do without, in words; a key is in ``credential``.
    credential : Credential or None
    point_in_time : str
        When its values count as known, and where that is less than certain.
    survivor_biased : "yes", "no" or "not known"
    licence : str
    tried : str
        What its tests hold it against.
    open : callable
        From an ``Opening`` to the source.
    files : bool
        Whether it reads a folder.
    """

    name: str
    kind: type
    gives: tuple[Gift, ...]
    needs: str
    credential: Credential | None
    point_in_time: str
    survivor_biased: Survivors
    licence: str
    tried: str
    open: Callable[[Opening], Source]
    files: bool = False


def _folder_of(name: str, own: Path | None, opening: Opening) -> Path:
    path = own or opening.path
    if path is None:
        raise OperatorError(
            f"A {name} source needs its path",
            value=f"--source {name}",
            remedy=f"add --path DIR, or set sources.{name}.path",
        )
    return path


def _open_folder(opening: Opening) -> Source:
    path = _folder_of("folder", opening.sources.folder.path, opening)
    return FolderSource(path, opening.data)


def _open_tables(opening: Opening) -> Source:
    chosen = opening.sources.tables
    path = _folder_of("tables", chosen.path, opening)
    layouts = (*chosen.layouts, *(kept_layouts(path) if chosen.snapshots else ()))
    if not layouts:
        raise OperatorError(
            "A source of tables has a layout for each of them",
            value=f"none declared, no option snapshots read in {path.name}",
            remedy="declare [[sources.tables.layouts]] with file, kind and columns (docs/data.md), "
            "or set sources.tables.snapshots where `story data options` kept some",
        )
    return TableSource(path, layouts, opening.data)


def _open_events(opening: Opening) -> Source:
    chosen = opening.sources.events
    path = _folder_of("events", chosen.path, opening)
    return EventTableSource(path, chosen.layouts, opening.data)


def _open_store(opening: Opening) -> Source:
    if opening.stored is None:
        raise OperatorError(
            "A stored source needs a store",
            value="--source store",
            remedy="open it through the settings of a run",
        )
    return opening.stored()


CBOE_LAYOUTS: dict[str, TableLayout] = {
    "vix_history": cboe.VIX_HISTORY,
    "put_call_ratio": cboe.PUT_CALL_RATIO,
    "option_eod_summary": cboe.OPTION_EOD_SUMMARY,
    "delayed_chain": cboe.DELAYED_CHAIN,
}


def _open_cboe(opening: Opening) -> Source:
    chosen = opening.sources.cboe
    path = _folder_of("cboe", chosen.path, opening)
    layouts = [CBOE_LAYOUTS[name] for name in chosen.files]
    return TableSource(path, layouts, opening.data, name="cboe")


_CARDS: tuple[SourceCard, ...] = (
    SourceCard(
        "bundled", BundledSource, ("bars", "macro", "events"),
        "nothing", None,
        "closes and VIX at the close; core CPI late by rule, of a later vintage than first printed",
        "yes", "arch (NCSA) and skfolio (BSD-3-Clause), with the data they carry",
        "the installed packages, conformance matrix",
        lambda opening: BundledSource(),
    ),
    SourceCard(
        "folder", FolderSource, ("bars", "macro"),
        "a folder of CSV or Parquet files", None,
        "at the close of a row's date, or as its column known_at says",
        "not known", "the files' own",
        "files in many dialects, conformance matrix, fuzzing", _open_folder, files=True,
    ),
    SourceCard(
        "tables", TableSource, ("bars", "macro", "options"),
        "a folder of CSV or Excel files and their layouts (Excel: the extra `excel`)", None,
        "as each layout says: the session after a row's date, or its close",
        "not known", "the files' own",
        "files, conformance matrix, fuzzing", _open_tables, files=True,
    ),
    SourceCard(
        "events", EventTableSource, ("events",),
        "a folder of CSV, Excel or Parquet files and their layouts", None,
        "each event at its minute, or as its layout says; coming ones once they are announced",
        "not known", "the files' own",
        "files, the calendars of real releases and earnings", _open_events, files=True,
    ),
    SourceCard(
        "cboe", TableSource, ("macro", "options"),
        "a folder of files from Cboe", None,
        "from the session after a file's date; the VIX at its close",
        "not known", "Cboe's terms; not for redistribution",
        "files in Cboe's formats", _open_cboe, files=True,
    ),
    SourceCard(
        "store", StoredSource, ("bars", "macro", "events", "options"),
        "an earlier `story data ingest`", None,
        "as of any moment: each row from the moment its source told it, corrections from theirs",
        "not known", "that of the source it was ingested from",
        "every source it was ingested from, as of every day; LMDB and S3", _open_store,
    ),
    SourceCard(
        "simulated", SimulatedSource, ("bars", "macro", "events"),
        "nothing", None,
        "exact: every moment is made", "no", "made up",
        "its own truth, conformance matrix",
        lambda opening: SimulatedSource(opening.simulation),
    ),
    SourceCard(
        "polygon", PolygonSource, ("bars", "intraday bars", "events", "options"),
        "a key; intraday bars and options a plan that covers them", _polygon.CREDENTIAL,
        "bars as traded, adjusted as of the as-of date; news to the second; dividends from the "
        "session after their declaration; option snapshots now only",
        "not known", "Polygon/Massive market data terms; not for redistribution",
        "PolygonEmulator, conformance matrix, fuzzing",
        lambda opening: PolygonSource(opening.connection, opening.sources.polygon),
    ),
    SourceCard(
        "fred", FredSource, ("macro", "events"),
        "a key (free)", _fred.CREDENTIAL,
        "by ALFRED vintage, first prints and revisions; release dates from the release before",
        "no", "FRED terms of use; some series belong to their providers",
        "FredEmulator, conformance matrix, fuzzing",
        lambda opening: FredSource(opening.connection, opening.sources.fred),
    ),
    SourceCard(
        "finnhub", FinnhubSource, ("events",),
        "a key; dividends a paid plan", _finnhub.CREDENTIAL,
        "news to the second; earnings by their hour, figures as they stand today (no vintages)",
        "not known", "Finnhub terms of service; not for redistribution",
        "FinnhubEmulator, conformance matrix, fuzzing",
        lambda opening: FinnhubSource(opening.connection, opening.sources.finnhub),
    ),
    SourceCard(
        "nasdaq-data-link", NasdaqDataLinkSource, ("bars", "events"),
        "a key and a subscription to the database", _data_link.CREDENTIAL,
        "bars as traded, adjusted as of the as-of date; dividends on the ex-date",
        "not known", "the publisher's terms",
        "NasdaqDataLinkEmulator (tables and time series), conformance matrix, fuzzing",
        lambda opening: NasdaqDataLinkSource(opening.connection, opening.sources.nasdaq_data_link),
    ),
    SourceCard(
        "iqfeed", IqfeedSource, ("bars", "intraday bars", "quotes", "events"),
        "IQConnect running and logged in", None,
        "the vendor's split adjustment undone and made anew as of the as-of date; it names the "
        "last two splits only",
        "not known", "DTN IQFeed market data terms; not for redistribution",
        "IqfeedLookup and IqfeedLevelOne, conformance matrix, fuzzing",
        lambda opening: IqfeedSource(opening.connection, opening.sources.iqfeed),
    ),
    SourceCard(
        "yahoo", YahooSource, ("bars", "events"),
        "the extra `live` (yfinance)", None,
        "Yahoo's split adjustment undone and made anew as of the as-of date; dividends on the "
        "ex-date",
        "yes", "Yahoo's terms: personal use only",
        "YahooEmulator through yfinance, conformance matrix, fuzzing",
        lambda opening: YahooSource(opening.connection, opening.sources.yahoo),
    ),
)  # fmt: skip

SOURCES: dict[str, SourceCard] = {card.name: card for card in _CARDS}
"""Every source by name."""


def card_of(name: str) -> SourceCard:
    """Return the card of a source.

    Raises
    ------
    OperatorError
        If there is no source of this name: names those that there are.
    """
    if name not in SOURCES:
        raise OperatorError(
            "There is no such source", value=name, remedy=f"choose one of {', '.join(SOURCES)}"
        )
    return SOURCES[name]
