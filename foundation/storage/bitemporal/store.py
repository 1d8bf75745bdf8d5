"""The bitemporal store: tables of ArcticDB that grow by append and are read as of anything.

A table is a log in the order of its appends; each append is one version, written whole or not at
all. Entities are kept as codes, their names in the version's metadata. One process writes at a
time (``story data ingest`` holds the lock of its store); any number may read meanwhile.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from foundation.storage.bitemporal import snapshots
from foundation.storage.bitemporal.appending import append_rows
from foundation.storage.bitemporal.reading import Question, read_panel, read_rows
from foundation.storage.bitemporal.rows import Appended
from foundation.storage.bitemporal.snapshots import Version
from foundation.storage.bitemporal.tables import Library, Tables
from foundation.timeseries import Panel

if TYPE_CHECKING:
    import pandas as pd


class BitemporalStore:
    """Rows with two times in libraries by kind, each with tables named by dataset.

    Parameters
    ----------
    where : Path or str
        A folder (LMDB) or an address; see ``foundation.storage.arctic.open_library``.
    """

    def __init__(self, where: Path | str) -> None:
        self.where = where
        self._tables = Tables(where)

    def append(
        self,
        library: Library,
        table: str,
        rows: pd.DataFrame,
        *,
        tolerance: float = 0.0,
        beside: Collection[str] = (),
    ) -> Appended:
        """Append what rows say that is new.

        Parameters
        ----------
        rows : DataFrame
            ``entity`` (str), ``event_time`` and ``known_at`` (datetime64, UTC or exchange dates;
            aware ones are turned to UTC), values (float or str columns; NaN means absent), and
            where needed ``copy`` (int, default 0) and ``withdrawn`` (bool, default False; its
            values count as absent).
        tolerance : float
            Relative difference up to which two numbers are the same.
        beside : collection of str
            Columns that are kept and never compared, such as the place of a row in its file.

        Raises
        ------
        ConflictingRows
            If two rows of one key are known since the same moment and differ. Nothing is written.
        OperatorError
            If the columns are not those of the table, or a time is missing.
        WorldError
            If the store does not take them; the version before stays readable.
        """
        return append_rows(self._tables, library, table, rows, tolerance, beside)

    def read(
        self,
        library: Library,
        table: str,
        *,
        known_at: datetime | None = None,
        version: int | None = None,
        snapshot: str | None = None,
        since: date | datetime | None = None,
        until: date | datetime | None = None,
        entities: Sequence[str] | None = None,
        states: Literal["last", "all"] = "last",
    ) -> pd.DataFrame:
        """Return one row per key, as it was known; or all its states up to then.

        Parameters
        ----------
        known_at : datetime, optional
            Aware. Only what was known by then; None: all that is known.
        version, snapshot : optional
            The table as it stood in that version or snapshot; None: as it stands. One of the two.
        since, until : optional
            Bounds of the event time, both included.
        entities : sequence of str, optional
            None for all.
        states : "last" or "all"
            All: withdrawals are rows too, with a column ``withdrawn``.

        Returns
        -------
        DataFrame
            ``entity`` (str), ``event_time``, ``copy``, ``known_at`` (datetime64[ns], UTC), values;
            ordered by event time, entity, copy and known_at.

        Raises
        ------
        OperatorError
            If there is no such table, version or snapshot.
        """
        stand = snapshots.stand_of(self._tables, version, snapshot)
        asked = Question(library, table, known_at, stand, since, until, entities)
        return read_rows(self._tables, asked, states)

    def panel(
        self,
        library: Library,
        table: str,
        *,
        known_at: datetime | None = None,
        version: int | None = None,
        snapshot: str | None = None,
        since: date | None = None,
        until: date | None = None,
        entities: Sequence[str] | None = None,
    ) -> Panel:
        """Return the numbers of a table as a panel, event times as sessions.

        Of rows that share entity and session the first copy stands. Symbols are in the order of
        ``entities``, else by name; sessions are those that any of them has. See ``read``.
        """
        stand = snapshots.stand_of(self._tables, version, snapshot)
        asked = Question(library, table, known_at, stand, since, until, entities)
        return read_panel(self._tables, asked)

    def tables(self, library: Library) -> tuple[str, ...]:
        """Return the names of a library's tables, in order."""
        return self._tables.names(library)

    def entities(self, library: Library, table: str) -> tuple[str, ...]:
        """Return the names of a table's entities, in the order they came; () without the table."""
        about = self._tables.described(library, table)
        return tuple(about.entities) if about else ()

    def versions(self, library: Library, table: str) -> tuple[Version, ...]:
        """Return the versions of a table that can be read, oldest first."""
        return snapshots.versions_of(self._tables, library, table)

    def snapshot(self, name: str) -> None:
        """Keep every table as it stands now, under a name.

        Raises
        ------
        OperatorError
            If the name is taken, or there is nothing to keep.
        """
        snapshots.take_snapshot(self._tables, name)

    def snapshots(self) -> tuple[str, ...]:
        """Return the names of the snapshots, in order."""
        return tuple(self._tables.listed(snapshots.SNAPSHOTS))

    def drop_snapshot(self, name: str) -> None:
        """Give up a snapshot; what only it kept is gone. ``OperatorError`` if there is none."""
        snapshots.drop_snapshot(self._tables, name)

    def prune(self) -> int:
        """Remove versions that are neither the last nor in a snapshot; return how many.

        What was known when stays: that is in the rows, not in the versions. Tables that many small
        appends left in pieces are put together first, which makes reads fast again.
        """
        return snapshots.prune(self._tables)
