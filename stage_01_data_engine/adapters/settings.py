"""What can be set about each source, by the source's name. Defaults live here and nowhere else."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field

from foundation.kernel.model import Part
from stage_01_data_engine.adapters.files.event_layout import EventLayout
from stage_01_data_engine.adapters.files.table_layout import TableLayout
from stage_01_data_engine.adapters.vendors.finnhub import FinnhubSettings
from stage_01_data_engine.adapters.vendors.fred import FredSettings
from stage_01_data_engine.adapters.vendors.iqfeed import IqfeedSettings
from stage_01_data_engine.adapters.vendors.nasdaq_data_link import NasdaqDataLinkSettings
from stage_01_data_engine.adapters.vendors.polygon import PolygonSettings
from stage_01_data_engine.adapters.vendors.yahoo import YahooSettings


class FolderSettings(Part):
    """Where a folder of bars lies."""

    path: Path | None = Field(
        default=None, description="The folder; None: the path that the market names."
    )


class TablesSettings(Part):
    """Which tables are read, and what stands in their columns."""

    path: Path | None = Field(
        default=None, description="The folder; None: the path that the market names."
    )
    layouts: tuple[TableLayout, ...] = Field(default=(), description="One for each file or sheet.")
    snapshots: bool = Field(
        default=False, description="Whether to read what `story data options` kept in the folder."
    )


class EventsSettings(Part):
    """Which tables of events are read, and what stands in their columns."""

    path: Path | None = Field(
        default=None, description="The folder; None: the path that the market names."
    )
    layouts: tuple[EventLayout, ...] = Field(default=(), description="One for each table.")


CboeFile = Literal["vix_history", "put_call_ratio", "option_eod_summary", "delayed_chain"]


class CboeSettings(Part):
    """Which of Cboe's files are read. Their columns are known."""

    path: Path | None = Field(
        default=None, description="The folder; None: the path that the market names."
    )
    files: tuple[CboeFile, ...] = Field(
        default=("delayed_chain",), min_length=1, description="Kinds of files in the folder."
    )


class SourceSettings(Part):
    """Settings of every source that has any, by its name with underscores."""

    folder: FolderSettings = FolderSettings()
    tables: TablesSettings = TablesSettings()
    events: EventsSettings = EventsSettings()
    cboe: CboeSettings = CboeSettings()
    polygon: PolygonSettings = PolygonSettings()
    fred: FredSettings = FredSettings()
    finnhub: FinnhubSettings = FinnhubSettings()
    nasdaq_data_link: NasdaqDataLinkSettings = NasdaqDataLinkSettings()
    iqfeed: IqfeedSettings = IqfeedSettings()
    yahoo: YahooSettings = YahooSettings()
