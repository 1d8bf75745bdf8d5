"""Versions that a store keeps: every table as it stands, under a name; and giving them up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from foundation.kernel import OperatorError
from foundation.storage.bitemporal.tables import LIBRARIES, Library, Tables

SNAPSHOTS = "snapshots"


@dataclass(frozen=True)
class Version:
    """One version of a table: its number, when it was written (UTC), the snapshots that keep it."""

    number: int
    written_at: datetime
    snapshots: tuple[str, ...]


def versions_of(tables: Tables, library: Library, table: str) -> tuple[Version, ...]:
    """Return the versions of a table that can be read, oldest first."""
    listed = tables.open(library).list_versions(table)
    return tuple(
        Version(int(at.version), info.date, tuple(sorted(info.snapshots)))
        for at, info in sorted(listed.items(), key=lambda item: item[0].version)
    )


def take_snapshot(tables: Tables, name: str) -> None:
    """Keep every table as it stands; see ``BitemporalStore.snapshot``."""
    known = tables.listed(SNAPSHOTS)
    if name in known:
        raise OperatorError(
            "A snapshot's name is used once", value=name, remedy="choose another name"
        )
    filled = [library for library in LIBRARIES if tables.names(library)]
    if not filled:
        raise OperatorError(
            "A snapshot keeps at least one table", value=name, remedy="ingest something first"
        )
    for library in filled:
        opened = tables.open(library)
        if name in opened.list_snapshots():  # left by one that was interrupted
            opened.delete_snapshot(name)
        opened.snapshot(name)
    # Named last: a snapshot that was interrupted is none.
    tables.list_anew(SNAPSHOTS, [*known, name])


def drop_snapshot(tables: Tables, name: str) -> None:
    """Give up a snapshot; see ``BitemporalStore.drop_snapshot``."""
    require_snapshot(tables, name)
    tables.list_anew(SNAPSHOTS, [n for n in tables.listed(SNAPSHOTS) if n != name])
    for library in LIBRARIES:
        opened = tables.open(library)
        if name in opened.list_snapshots():
            opened.delete_snapshot(name)


def prune(tables: Tables) -> int:
    """Remove versions that nothing keeps; see ``BitemporalStore.prune``."""
    removed = 0
    for library in LIBRARIES:
        opened = tables.open(library)
        for table in tables.names(library):
            before = len(opened.list_versions(table))
            opened.compact_data(table)
            opened.prune_previous_versions(table)
            removed += max(before - len(opened.list_versions(table)), 0)
    return removed


def stand_of(tables: Tables, version: int | None, snapshot: str | None) -> int | str | None:
    """Return the version or snapshot that a read names; None for the table as it stands.

    Raises
    ------
    OperatorError
        If both are named, or there is no such snapshot.
    """
    if version is not None and snapshot is not None:
        raise OperatorError(
            "A read names a version or a snapshot, not both",
            value=(version, snapshot),
            remedy="leave one of them out",
        )
    if snapshot is not None:
        require_snapshot(tables, snapshot)
    return version if version is not None else snapshot


def require_snapshot(tables: Tables, name: str) -> None:
    """Refuse the name of a snapshot that there is not."""
    known = tables.listed(SNAPSHOTS)
    if name not in known:
        raise OperatorError(
            "The store has the snapshot asked for",
            value=name,
            remedy=f"choose one of {sorted(known)}",
        )
