"""Sources of market data, by name."""

from stage_01_data_engine.adapters.bundled import BundledSource
from stage_01_data_engine.adapters.chain import ChainSource, JoinedSource
from stage_01_data_engine.adapters.files.event_layout import EventLayout
from stage_01_data_engine.adapters.files.event_tables import EventTableSource
from stage_01_data_engine.adapters.files.folder import FolderSource
from stage_01_data_engine.adapters.files.table_layout import TableLayout
from stage_01_data_engine.adapters.files.tables import TableSource
from stage_01_data_engine.adapters.registry import SOURCES, Opening, SourceCard, card_of
from stage_01_data_engine.adapters.settings import SourceSettings
from stage_01_data_engine.adapters.simulated import SimulatedSource, SimulationSettings
from stage_01_data_engine.adapters.vendors.finnhub import FinnhubSettings, FinnhubSource
from stage_01_data_engine.adapters.vendors.fred import FredSettings, FredSource
from stage_01_data_engine.adapters.vendors.iqfeed import IqfeedSettings, IqfeedSource
from stage_01_data_engine.adapters.vendors.iqfeed_stream import IqfeedStream, Quote
from stage_01_data_engine.adapters.vendors.nasdaq_data_link import (
    NasdaqDataLinkSettings,
    NasdaqDataLinkSource,
)
from stage_01_data_engine.adapters.vendors.polygon import PolygonSettings, PolygonSource
from stage_01_data_engine.adapters.vendors.yahoo import YahooSettings, YahooSource
from stage_01_data_engine.adapters.watched import Reading, WatchedSource

__all__ = [
    "SOURCES",
    "BundledSource",
    "ChainSource",
    "EventLayout",
    "EventTableSource",
    "FinnhubSettings",
    "FinnhubSource",
    "FolderSource",
    "FredSettings",
    "FredSource",
    "IqfeedSettings",
    "IqfeedSource",
    "IqfeedStream",
    "JoinedSource",
    "NasdaqDataLinkSettings",
    "NasdaqDataLinkSource",
    "Opening",
    "PolygonSettings",
    "PolygonSource",
    "Quote",
    "Reading",
    "SimulatedSource",
    "SimulationSettings",
    "SourceCard",
    "SourceSettings",
    "TableLayout",
    "TableSource",
    "WatchedSource",
    "YahooSettings",
    "YahooSource",
    "card_of",
]
