"""Stage 01, data engine: from a source's rows to one judged, aligned window of the market."""

from stage_01_data_engine.adapters import (
    SOURCES,
    BundledSource,
    ChainSource,
    FinnhubSettings,
    FinnhubSource,
    FolderSource,
    FredSettings,
    FredSource,
    IqfeedSettings,
    IqfeedSource,
    JoinedSource,
    NasdaqDataLinkSettings,
    NasdaqDataLinkSource,
    PolygonSettings,
    PolygonSource,
    YahooSettings,
    YahooSource,
)
from stage_01_data_engine.raw import (
    MarketRequest,
    RawMarket,
    Source,
    observation_frame,
    raw_market,
)
from stage_01_data_engine.settings import DataEngineSettings
from stage_01_data_engine.stage import DataEngineStage

__all__ = [
    "SOURCES",
    "BundledSource",
    "ChainSource",
    "DataEngineSettings",
    "DataEngineStage",
    "FinnhubSettings",
    "FinnhubSource",
    "FolderSource",
    "FredSettings",
    "FredSource",
    "IqfeedSettings",
    "IqfeedSource",
    "JoinedSource",
    "MarketRequest",
    "NasdaqDataLinkSettings",
    "NasdaqDataLinkSource",
    "PolygonSettings",
    "PolygonSource",
    "RawMarket",
    "Source",
    "YahooSettings",
    "YahooSource",
    "observation_frame",
    "raw_market",
]
