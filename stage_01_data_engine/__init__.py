"""Stage 01, data engine: from a source's rows to one judged, aligned window of the market."""

from stage_01_data_engine.adapters.bundled import BundledSource
from stage_01_data_engine.raw import MarketRequest, RawMarket, Source
from stage_01_data_engine.settings import DataEngineSettings
from stage_01_data_engine.stage import DataEngineStage

__all__ = [
    "BundledSource",
    "DataEngineSettings",
    "DataEngineStage",
    "MarketRequest",
    "RawMarket",
    "Source",
]
