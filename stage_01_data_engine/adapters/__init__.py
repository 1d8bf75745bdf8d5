"""Sources of market data, by name."""

from collections.abc import Callable

from stage_01_data_engine.adapters.bundled import BundledSource
from stage_01_data_engine.adapters.folder import FolderSource
from stage_01_data_engine.raw import Source

SOURCES: dict[str, Callable[..., Source]] = {"bundled": BundledSource, "folder": FolderSource}
"""Every source of this stage. ``folder`` is built from a path and the settings."""

__all__ = ["SOURCES", "BundledSource", "FolderSource"]
