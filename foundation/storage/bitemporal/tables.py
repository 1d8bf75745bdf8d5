"""Which tables a store has, who and what stands in their columns, and opening them.

Entities are kept as codes; their names, and those of the columns, are in each version's metadata.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypeVar, get_args

import numpy as np

from foundation.kernel import WorldError
from foundation.storage.arctic import first_line, open_library, shown

Library = Literal["bars", "series", "events", "options", "reference", "features"]
LIBRARIES: tuple[Library, ...] = get_args(Library)
CATALOGUE = "catalogue"
"""The library that says which tables there are and which snapshots are complete. ArcticDB's own
listing waits a second in every library that is still empty."""

STATE = ("entity", "event_time", "copy", "known_at", "withdrawn", "revises")
"""Columns of every table, before its values."""

Read = TypeVar("Read")


class Described(NamedTuple):
    """What a version's metadata say: names of entities by code, columns of values."""

    entities: list[str]
    numbers: list[str]
    texts: list[str]


class Tables:
    """The tables of one place.

    Parameters
    ----------
    where : Path or str
        See ``foundation.storage.arctic.open_library``.
    """

    def __init__(self, where: Path | str) -> None:
        self.where = where

    def open(self, library: str) -> Any:
        """Return a library, opened."""
        return open_library(self.where, library)

    def described(
        self, library: str, table: str, stand: int | str | None = None
    ) -> Described | None:
        """Return what the metadata of a table say; None where there is no such table."""
        opened = self.open(library)
        if stand is None and not opened.has_symbol(table):
            return None
        if stand is not None and not opened.has_symbol(table, as_of=stand):
            return None
        return Described(**opened.read_metadata(table, as_of=stand).metadata)

    def names(self, library: str) -> tuple[str, ...]:
        """Return the names of a library's tables, in order."""
        opened = self.open(library)
        return tuple(n for n in self.listed(f"tables of {library}") if opened.has_symbol(n))

    def add(self, library: str, table: str) -> None:
        """Put a table into the catalogue."""
        what = f"tables of {library}"
        self.list_anew(what, {*self.listed(what), table})

    def listed(self, what: str) -> list[str]:
        """Return one list of the catalogue."""
        opened = self.open(CATALOGUE)
        if not opened.has_symbol(what):
            return []
        names: list[str] = opened.read_metadata(what).metadata["names"]
        return names

    def list_anew(self, what: str, names: Collection[str]) -> None:
        """Put a list into the catalogue in place of the one before."""
        self.open(CATALOGUE).write_metadata(
            what, {"names": sorted(names)}, prune_previous_versions=True
        )

    def guarded(self, read: Callable[[], Read], table: str) -> Read:
        """Return what a read gives.

        Raises
        ------
        WorldError
            If the store does not answer.
        """
        try:
            return read()
        except Exception as error:
            raise WorldError(
                f"The store must be readable ({first_line(error)})",
                value=f"{shown(self.where)}: {table}",
                remedy="check disk and network; an older version or a snapshot may still be "
                "readable",
            ) from error


def ranks(entities: Sequence[str]) -> np.ndarray:
    """Return the place of every entity's name in their order."""
    places = np.empty(len(entities), dtype=np.int64)
    places[sorted(range(len(entities)), key=entities.__getitem__)] = np.arange(len(entities))
    return places


def utc(moment: date | datetime) -> Any:
    """Return a moment as the store keeps it: in UTC, without a zone."""
    import pandas as pd

    stamp = pd.Timestamp(moment)
    return stamp.tz_convert("UTC").tz_localize(None) if stamp.tzinfo else stamp
