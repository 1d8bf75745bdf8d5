"""Sources of market data, by name."""

from collections.abc import Callable

from stage_01_data_engine.adapters.bundled import BundledSource
from stage_01_data_engine.adapters.chain import ChainSource, JoinedSource
from stage_01_data_engine.adapters.finnhub import FinnhubSettings, FinnhubSource
from stage_01_data_engine.adapters.folder import FolderSource
from stage_01_data_engine.adapters.fred import FredSettings, FredSource
from stage_01_data_engine.adapters.iqfeed import IqfeedSettings, IqfeedSource
from stage_01_data_engine.adapters.nasdaq_data_link import (
    NasdaqDataLinkSettings,
    NasdaqDataLinkSource,
)
from stage_01_data_engine.adapters.polygon import PolygonSettings, PolygonSource
from stage_01_data_engine.adapters.tables import TableLayout, TableSource
from stage_01_data_engine.adapters.yahoo import YahooSettings, YahooSource
from stage_01_data_engine.raw import Source

SOURCES: dict[str, Callable[..., Source]] = {
    "bundled": BundledSource,
    "folder": FolderSource,
    "tables": TableSource,
    "polygon": PolygonSource,
    "fred": FredSource,
    "iqfeed": IqfeedSource,
    "finnhub": FinnhubSource,
    "nasdaq_data_link": NasdaqDataLinkSource,
    "yahoo": YahooSource,
}
"""Every source of this stage. ``folder`` is built from a path and the settings, ``tables`` from a
path and layouts; vendors from a ``Connection`` and their settings, or from nothing (then keys come
from the environment)."""

__all__ = [
    "SOURCES",
    "BundledSource",
    "ChainSource",
    "FinnhubSettings",
    "FinnhubSource",
    "FolderSource",
    "FredSettings",
    "FredSource",
    "IqfeedSettings",
    "IqfeedSource",
    "JoinedSource",
    "NasdaqDataLinkSettings",
    "NasdaqDataLinkSource",
    "PolygonSettings",
    "PolygonSource",
    "TableLayout",
    "TableSource",
    "YahooSettings",
    "YahooSource",
]
