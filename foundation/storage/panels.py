"""Panels in ArcticDB, one version per content hash, behind an interface of two verbs."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

import numpy as np

from foundation.kernel import ArtefactError, WorldError, short
from foundation.storage.arctic import first_line, open_library, shown
from foundation.timeseries import Panel


class PanelStore(Protocol):
    """Where panels live, by content hash."""

    def put_panel(self, panel: Panel) -> str:
        """Keep a panel and return its content hash."""
        ...

    def get_panel(self, key: str) -> Panel:
        """Return the panel with this content hash, checked. ``ArtefactError`` if absent."""
        ...

    def drop_panel(self, key: str) -> None:
        """Remove a damaged panel, if it is there."""
        ...


class ArcticPanelStore:
    """Panels as wide frames (rows are sessions, columns ``field|symbol[|layer]``) in ArcticDB.

    Parameters
    ----------
    where : Path or str
        A folder (LMDB on disk) or an ArcticDB address such as ``mem://name`` or ``s3://...``.

    Notes
    -----
    Values come back to the last bit. A symbol is written once and never changed, because its
    name is the hash of its content.
    """

    def __init__(self, where: Path | str) -> None:
        self._where = where

    def _open(self) -> Any:
        return open_library(self._where, "panels")

    def put_panel(self, panel: Panel) -> str:
        key = panel.content_hash()
        library = self._open()
        if library.has_symbol(key):
            return key
        labels = {
            "sessions": [s.isoformat() for s in panel.sessions],
            "symbols": list(panel.symbols),
            "fields": list(panel.fields),
            "layers": list(panel.layers),
        }
        try:
            library.write(key, _frame(panel), metadata=labels)
        except Exception as error:
            raise WorldError(
                f"The panel store must take new panels ({first_line(error)})",
                value=shown(self._where),
                remedy="free disk space or choose another folder with --store",
            ) from error
        return key

    def get_panel(self, key: str) -> Panel:
        try:
            item = self._open().read(key)
        except WorldError:
            raise
        except Exception as error:
            raise _unusable(f"could not be read ({first_line(error)})", key) from error
        panel = _panel(item.data, item.metadata)
        if panel.content_hash() != key:
            raise _unusable("does not match its content hash", key)
        return panel

    def drop_panel(self, key: str) -> None:
        library = self._open()
        if library.has_symbol(key):
            library.delete(key)


def _frame(panel: Panel) -> Any:
    if panel.values.size:
        return panel.to_frame()
    import pandas as pd

    return pd.DataFrame({"no values": [0.0]})


def _panel(frame: Any, labels: dict[str, list[str]]) -> Panel:
    names = {axis: tuple(labels[axis]) for axis in ("symbols", "fields", "layers")}
    sessions = np.array(labels["sessions"], dtype="M8[D]").tolist()
    shape = tuple(len(x) for x in (sessions, names["symbols"], names["fields"]))
    if names["layers"]:
        shape = (*shape, len(names["layers"]))
    values = frame.to_numpy().reshape(shape) if np.prod(shape) else np.empty(shape)
    return Panel(sessions=tuple(sessions), **names, values=np.ascontiguousarray(values))


def _unusable(what: str, key: str) -> ArtefactError:
    return ArtefactError(
        f"A stored panel {what}",
        value=short(key),
        remedy="run `story run` again: the step that made it is repeated",
    )
