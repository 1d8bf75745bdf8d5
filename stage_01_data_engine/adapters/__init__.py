"""Sources of market data, by name."""

from stage_01_data_engine.adapters.bundled import BundledSource
from stage_01_data_engine.adapters.chain import ChainSource, JoinedSource
from stage_01_data_engine.adapters.event_layout import EventLayout
from stage_01_data_engine.adapters.event_tables import EventTableSource
from stage_01_data_engine.adapters.finnhub import FinnhubSettings, FinnhubSource
from stage_01_data_engine.adapters.folder import FolderSource
from stage_01_data_engine.adapters.fred import FredSettings, FredSource
from stage_01_data_engine.adapters.iqfeed import IqfeedSettings, IqfeedSource
from stage_01_data_engine.adapters.iqfeed_stream import IqfeedStream, Quote
from stage_01_data_engine.adapters.nasdaq_data_link import (
    NasdaqDataLinkSettings,
    NasdaqDataLinkSource,
)
from stage_01_data_engine.adapters.polygon import PolygonSettings, PolygonSource
from stage_01_data_engine.adapters.registry import SOURCES, Opening, SourceCard, card_of
from stage_01_data_engine.adapters.settings import SourceSettings
from stage_01_data_engine.adapters.simulated import SimulatedSource, SimulationSettings
from stage_01_data_engine.adapters.tables import TableLayout, TableSource
from stage_01_data_engine.adapters.watched import Reading, WatchedSource
from stage_01_data_engine.adapters.yahoo import YahooSettings, YahooSource

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
