"""Opening ArcticDB libraries: one handle per process and place, whoever asks.

Its LMDB engine lets other processes read while one writes; a dashboard may therefore serve a
store that a run is filling. The import costs half a second and happens on first use.
"""

from __future__ import annotations

import threading
from functools import lru_cache
from pathlib import Path
from typing import Any

from foundation.kernel import WorldError

MAP_SIZE_GIB = 256
"""Address space (not disk) that LMDB maps; the largest size that a store can grow to."""

_opening = threading.Lock()


def open_library(where: Path | str, name: str) -> Any:
    """Return a library of the ArcticDB store at a place; created where there is none.

    Parameters
    ----------
    where : Path or str
        A folder (LMDB on disk) or an ArcticDB address: ``mem://name``,
        ``s3://host:bucket?port=9000&access=...&secret=...&path_prefix=story`` (``s3s://`` for TLS).
    name : str
        The library.

    Raises
    ------
    WorldError
        If the store does not open.
    """
    if isinstance(where, str) and "://" in where:
        uri = where
    else:
        folder = Path(where).resolve()
        uri = f"lmdb://{folder}?map_size={MAP_SIZE_GIB}GB"
    with _opening:
        try:
            if uri.startswith("lmdb://"):
                folder.mkdir(parents=True, exist_ok=True)
            return _library(uri, name)
        except Exception as error:
            raise WorldError(
                f"The store must open ({first_line(error).replace(uri, shown(where))})",
                value=shown(where),
                remedy="check free disk space, network and permissions, or choose another --store",
            ) from None  # What it came from may show the keys of an address.


@lru_cache(maxsize=64)
def _instance(uri: str) -> Any:
    from arcticdb import Arctic
    from arcticdb.config import set_config_int

    # A handle trusts the last version that it saw for two seconds; what another process has
    # appended since would be missed.
    set_config_int("VersionMap.ReloadInterval", 0)
    return Arctic(uri)


@lru_cache(maxsize=256)
def _library(uri: str, name: str) -> Any:
    return _instance(uri).get_library(name, create_if_missing=True)


def shown(where: Path | str) -> str:
    """Return a place without the keys that an S3 address may carry."""
    return str(where).partition("?")[0]


def first_line(error: Exception) -> str:
    """Return what an error of the library says, in one line."""
    return (str(error).splitlines() or [type(error).__name__])[0][:160]
