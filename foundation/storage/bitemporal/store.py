"""The bitemporal store: tables of ArcticDB that grow by append and are read as of anything.

A table is a log in the order of its appends; each append is one version, written whole or not at
all. Entities are kept as codes, their names in the version's metadata. One process writes at a
time (``story data ingest`` holds the lock of its store); any number may read meanwhile.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, get_args

import numpy as np

from foundation.kernel import OperatorError, WorldError
from foundation.storage.arctic import first_line, open_library, shown
from foundation.storage.bitemporal.rows import (
    Appended,
    ConflictingRows,
    judge,
    latest,
    ordered,
)
from foundation.timeseries import Panel

if TYPE_CHECKING:
    import pandas as pd

Library = Literal["bars", "series", "events", "options", "reference", "features", "embeddings"]
LIBRARIES: tuple[Library, ...] = get_args(Library)
CATALOGUE = "catalogue"
"""The library that says which tables there are and which snapshots are complete. ArcticDB's own
listing waits a second in every library that is still empty."""

STATE = ("entity", "event_time", "copy", "known_at", "withdrawn", "revises")
SHOWN_CONFLICTS = 5


@dataclass(frozen=True)
class Version:
    """One version of a table: its number, when it was written (UTC), the snapshots that keep it."""

    number: int
    written_at: datetime
    snapshots: tuple[str, ...]


class _Table(NamedTuple):
    """What a version's metadata say: names of entities by code, columns of values."""

    entities: list[str]
    numbers: list[str]
    texts: list[str]


class BitemporalStore:
    """Rows with two times in libraries by kind, each with tables named by dataset.

    Parameters
    ----------
    where : Path or str
        A folder (LMDB) or an address; see ``foundation.storage.arctic.open_library``.
    """

    def __init__(self, where: Path | str) -> None:
        self.where = where

    # writing

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
        opened = open_library(self.where, library)
        known = self._described(opened, table)
        given, about = _prepared(rows, known, table)
        if known is None:
            log, version = given.iloc[:0], -1
        else:
            version, log = self._log_from(opened, table, given)
        compared = [name for name in (*about.numbers, *about.texts) if name not in beside]
        judged = judge(log, given, compared, tolerance)
        if judged.clash:
            raise _conflict(judged.clash, log, given, about, f"{library}/{table}")
        fresh = given[judged.fresh].assign(revises=judged.revises[judged.fresh])
        counts = _counts(fresh, len(given))
        if fresh.empty:
            return Appended(version=version, **counts)
        if known is None:
            self._list(f"tables of {library}", {*self._listed(f"tables of {library}"), table})
        rank = _ranks(about.entities)[fresh["entity"].to_numpy()]
        order = ordered(
            [fresh["known_at"].to_numpy(), fresh["event_time"].to_numpy(), rank,
             fresh["copy"].to_numpy()]
        )  # fmt: skip
        version = self._write(opened, table, fresh.iloc[order], about, new=known is None)
        return Appended(version=version, **counts)

    def _write(
        self, opened: Any, table: str, fresh: pd.DataFrame, about: _Table, *, new: bool
    ) -> int:
        import pandas as pd

        try:
            begin = 0 if new else _row_count(opened, table)
            fresh = fresh.set_index(pd.RangeIndex(begin, begin + len(fresh)))
            write = opened.write if new else opened.append
            return int(write(table, fresh, metadata=about._asdict()).version)
        except Exception as error:
            raise WorldError(
                f"The store must take new rows ({first_line(error)})",
                value=f"{shown(self.where)}: {table}",
                remedy="free disk space or check the network; the version before stays readable",
            ) from error

    def _log_from(self, opened: Any, table: str, given: pd.DataFrame) -> tuple[int, pd.DataFrame]:
        """Return the table's version, and its rows that share their event time's span."""
        from arcticdb import QueryBuilder

        span = given["event_time"].agg(["min", "max"])
        asked = QueryBuilder()
        asked = asked[(asked["event_time"] >= span["min"]) & (asked["event_time"] <= span["max"])]
        item = _guarded(lambda: opened.read(table, query_builder=asked), self.where, table)
        return int(item.version), item.data.reset_index(drop=True)

    # reading

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
        rows, about = self._states(
            library, table, known_at, self._stand(version, snapshot), since, until, entities
        )
        names = np.array(about.entities, dtype=object)
        marks = ["withdrawn"] if states == "all" else []
        if states == "last":
            rows = rows.iloc[latest(rows)]
        rank = _ranks(about.entities)[rows["entity"].to_numpy()]
        order = ordered(
            [rows["event_time"].to_numpy(), rank, rows["copy"].to_numpy(),
             rows["known_at"].to_numpy()]
        )  # fmt: skip
        rows = rows.iloc[order].reset_index(drop=True)
        named = rows.assign(entity=names[rows["entity"].to_numpy()])
        columns = ["entity", "event_time", "copy", "known_at", *marks]
        return named[[*columns, *about.numbers, *about.texts]]

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
        import pandas as pd

        rows, about = self._states(
            library, table, known_at, self._stand(version, snapshot), since, until, entities,
            texts=False,
        )  # fmt: skip
        found = latest(rows)
        found = found[rows["copy"].to_numpy()[found] == 0]
        # All of them as a rule: then nothing is copied.
        first = slice(None) if len(found) == len(rows) else found
        codes = rows["entity"].to_numpy()[first]
        present = np.bincount(codes, minlength=len(about.entities)) > 0
        names = [n for code, n in enumerate(about.entities) if present[code]]
        symbols = list(entities) if entities is not None else sorted(names)
        place = np.full(len(about.entities), -1)
        for n, symbol in enumerate(symbols):
            if symbol in about.entities:
                place[about.entities.index(symbol)] = n
        at, sessions = pd.factorize(rows["event_time"].to_numpy()[first], sort=True)
        shape = (len(sessions), len(symbols), len(about.numbers))
        values = np.full((shape[0] * shape[1], shape[2]), np.nan)
        # One row of the block is one row of the log: written once, from end to end.
        values[at * shape[1] + place[codes]] = rows[about.numbers].to_numpy()[first]
        return Panel(
            sessions=tuple(sessions.astype("M8[D]").tolist()),
            symbols=tuple(symbols),
            fields=tuple(about.numbers),
            values=values.reshape(shape),
        )

    def _states(
        self,
        library: Library,
        table: str,
        known_at: datetime | None,
        stand: int | str | None,
        since: date | datetime | None,
        until: date | datetime | None,
        entities: Sequence[str] | None,
        *,
        texts: bool = True,
    ) -> tuple[pd.DataFrame, _Table]:
        """Return the states of the log that were known, in its order."""
        from arcticdb import QueryBuilder

        opened = open_library(self.where, library)
        about = self._described(opened, table, stand)
        if about is None:
            raise OperatorError(
                f"The store has the table asked for in its library {library!r}",
                value=table if stand is None else f"{table} as of {stand!r}",
                remedy=f"choose one of {list(self.tables(library))}, or ingest it first",
            )
        tests = []
        column = QueryBuilder()
        if known_at is not None:
            tests.append(column["known_at"] <= _utc(known_at))
        if since is not None:
            tests.append(column["event_time"] >= _utc(since))
        if until is not None:
            tests.append(column["event_time"] <= _utc(until))
        if entities is not None:
            wanted = set(entities)
            codes = [n for n, name in enumerate(about.entities) if name in wanted]
            tests.append(column["entity"].isin(np.array(codes or [-1], dtype=np.int32)))
        asked = None
        for test in tests:
            asked = test if asked is None else asked & test
        query = None if asked is None else QueryBuilder()[asked]
        columns = None if texts else [*STATE, *about.numbers]
        item = _guarded(
            lambda: opened.read(table, as_of=stand, query_builder=query, columns=columns),
            self.where, table,
        )  # fmt: skip
        return item.data, about

    def _described(self, opened: Any, table: str, stand: int | str | None = None) -> _Table | None:
        """Return what the metadata of a table say; None where there is no such table."""
        if stand is None and not opened.has_symbol(table):
            return None
        if stand is not None and not opened.has_symbol(table, as_of=stand):
            return None
        return _Table(**opened.read_metadata(table, as_of=stand).metadata)

    # what there is

    def tables(self, library: Library) -> tuple[str, ...]:
        """Return the names of a library's tables, in order."""
        opened = open_library(self.where, library)
        return tuple(n for n in self._listed(f"tables of {library}") if opened.has_symbol(n))

    def _listed(self, what: str) -> list[str]:
        """Return one list of the catalogue."""
        opened = open_library(self.where, CATALOGUE)
        if not opened.has_symbol(what):
            return []
        names: list[str] = opened.read_metadata(what).metadata["names"]
        return names

    def _list(self, what: str, names: Collection[str]) -> None:
        """Put a list into the catalogue in place of the one before."""
        open_library(self.where, CATALOGUE).write_metadata(
            what, {"names": sorted(names)}, prune_previous_versions=True
        )

    def entities(self, library: Library, table: str) -> tuple[str, ...]:
        """Return the names of a table's entities, in the order they came; () without the table."""
        about = self._described(open_library(self.where, library), table)
        return tuple(about.entities) if about else ()

    def versions(self, library: Library, table: str) -> tuple[Version, ...]:
        """Return the versions of a table that can be read, oldest first."""
        listed = open_library(self.where, library).list_versions(table)
        return tuple(
            Version(int(at.version), info.date, tuple(sorted(info.snapshots)))
            for at, info in sorted(listed.items(), key=lambda item: item[0].version)
        )

    # snapshots and pruning

    def snapshot(self, name: str) -> None:
        """Keep every table as it stands now, under a name.

        Raises
        ------
        OperatorError
            If the name is taken, or there is nothing to keep.
        """
        if name in self.snapshots():
            raise OperatorError(
                "A snapshot's name is used once", value=name, remedy="choose another name"
            )
        filled = [lib for lib in LIBRARIES if self.tables(lib)]
        if not filled:
            raise OperatorError(
                "A snapshot keeps at least one table", value=name, remedy="ingest something first"
            )
        for library in filled:
            opened = open_library(self.where, library)
            if name in opened.list_snapshots():  # left by one that was interrupted
                opened.delete_snapshot(name)
            opened.snapshot(name)
        # Named last: a snapshot that was interrupted is none.
        self._list("snapshots", [*self.snapshots(), name])

    def snapshots(self) -> tuple[str, ...]:
        """Return the names of the snapshots, in order."""
        return tuple(self._listed("snapshots"))

    def drop_snapshot(self, name: str) -> None:
        """Give up a snapshot; what only it kept is gone. ``OperatorError`` if there is none."""
        self._require_snapshot(name)
        self._list("snapshots", [n for n in self.snapshots() if n != name])
        for library in LIBRARIES:
            opened = open_library(self.where, library)
            if name in opened.list_snapshots():
                opened.delete_snapshot(name)

    def prune(self) -> int:
        """Remove versions that are neither the last nor in a snapshot; return how many.

        What was known when stays: that is in the rows, not in the versions. Tables that many small
        appends left in pieces are put together first, which makes reads fast again.
        """
        removed = 0
        for library in LIBRARIES:
            opened = open_library(self.where, library)
            for table in self.tables(library):
                before = len(opened.list_versions(table))
                opened.compact_data(table)
                opened.prune_previous_versions(table)
                removed += max(before - len(opened.list_versions(table)), 0)
        return removed

    def _stand(self, version: int | None, snapshot: str | None) -> int | str | None:
        if version is not None and snapshot is not None:
            raise OperatorError(
                "A read names a version or a snapshot, not both",
                value=(version, snapshot),
                remedy="leave one of them out",
            )
        if snapshot is not None:
            self._require_snapshot(snapshot)
        return version if version is not None else snapshot

    def _require_snapshot(self, name: str) -> None:
        if name not in self.snapshots():
            raise OperatorError(
                "The store has the snapshot asked for",
                value=name,
                remedy=f"choose one of {list(self.snapshots())}",
            )


def _prepared(rows: pd.DataFrame, known: _Table | None, table: str) -> tuple[pd.DataFrame, _Table]:
    """Return rows in the shape of the log, entities as codes, and what the table then says."""
    import pandas as pd

    optional = {"copy": np.int16(0), "withdrawn": False}
    fixed = {"entity", "event_time", "known_at", *optional}
    numbers = [c for c in rows if c not in fixed and rows[c].dtype.kind in "fiu"]
    texts = [c for c in rows if c not in fixed and c not in numbers]
    lacking = sorted(fixed - set(optional) - set(rows))
    if lacking or (known and (sorted(numbers), sorted(texts)) != _columns(known)):
        raise OperatorError(
            f"Rows for the table {table!r} have its columns",
            value=sorted(map(str, rows)),
            remedy="give entity, event_time, known_at"
            + (f" and {', '.join((*known.numbers, *known.texts))}" if known else ""),
        )
    times = {name: _as_utc(rows[name]) for name in ("event_time", "known_at")}
    if any(np.isnat(column).any() for column in times.values()):
        raise OperatorError(
            f"Rows for the table {table!r} have both their times",
            value=int(sum(np.isnat(column).sum() for column in times.values())),
            remedy="say what each row is about and since when it is known",
        )
    names = known.entities if known else []
    old = set(names)
    new = [name for name in pd.unique(rows["entity"]) if name not in old]
    about = _Table([*names, *map(str, new)], known.numbers if known else numbers,
                   known.texts if known else texts)  # fmt: skip
    given = pd.DataFrame(
        {
            "entity": pd.Index(about.entities).get_indexer(rows["entity"]).astype(np.int32),
            "event_time": times["event_time"],
            "copy": rows["copy"].to_numpy(dtype=np.int16) if "copy" in rows else np.int16(0),
            "known_at": times["known_at"],
            "withdrawn": rows["withdrawn"].to_numpy(dtype=bool) if "withdrawn" in rows else False,
            "revises": False,
            **{name: rows[name].to_numpy(dtype=float) for name in about.numbers},
            **{name: rows[name].to_numpy(dtype=object) for name in about.texts},
        }
    )
    gone = given["withdrawn"].to_numpy()
    if gone.any():
        given.loc[gone, about.numbers] = np.nan
        given.loc[gone, about.texts] = ""
    return given, about


def _ranks(entities: Sequence[str]) -> np.ndarray:
    """Return the place of every entity's name in their order."""
    ranks = np.empty(len(entities), dtype=np.int64)
    ranks[sorted(range(len(entities)), key=entities.__getitem__)] = np.arange(len(entities))
    return ranks


def _columns(about: _Table) -> tuple[list[str], list[str]]:
    return sorted(about.numbers), sorted(about.texts)


def _as_utc(column: pd.Series) -> np.ndarray:
    aware = getattr(column.dt, "tz", None) is not None
    plain = column.dt.tz_convert("UTC").dt.tz_localize(None) if aware else column
    return np.asarray(plain.to_numpy().astype("M8[ns]"))


def _utc(moment: date | datetime) -> Any:
    import pandas as pd

    stamp = pd.Timestamp(moment)
    return stamp.tz_convert("UTC").tz_localize(None) if stamp.tzinfo else stamp


def _counts(fresh: pd.DataFrame, given: int) -> dict[str, int]:
    gone = int(fresh["withdrawn"].sum())
    corrected = int(fresh["revises"].sum()) - gone
    added = len(fresh) - corrected - gone
    return {
        "given": given,
        "added": added,
        "corrected": corrected,
        "withdrawn": gone,
        "repeated": given - len(fresh),
    }


def _row_count(opened: Any, table: str) -> int:
    return int(opened.get_description(table).row_count)


def _guarded(read: Any, where: Path | str, table: str) -> Any:
    try:
        return read()
    except Exception as error:
        raise WorldError(
            f"The store must be readable ({first_line(error)})",
            value=f"{shown(where)}: {table}",
            remedy="check disk and network; an older version or a snapshot may still be readable",
        ) from error


def _conflict(
    pairs: Sequence[tuple[int, int]], log: pd.DataFrame, given: pd.DataFrame, about: _Table,
    table: str,
) -> ConflictingRows:  # fmt: skip
    """Name the first rows that clash, what is stored and what is given."""
    import pandas as pd

    def values(row: pd.Series) -> str:
        cells = [f"{n} {row[n]:.10g}" for n in about.numbers if not np.isnan(row[n])]
        cells += [f"{n} {row[n]!r}" for n in about.texts]
        return ", ".join(cells) or "no values"

    both = pd.concat([log, given], ignore_index=True)
    said = []
    for now, before in pairs[:SHOWN_CONFLICTS]:
        row, other = both.iloc[len(log) + now], both.iloc[before]
        name = about.entities[int(row["entity"])]
        said.append(
            f"{name} {row['event_time']:%Y-%m-%d %H:%M} known {row['known_at']:%Y-%m-%d %H:%M} "
            f"UTC: {values(other)} and {values(row)}"
        )
    more = len(pairs) - len(said)
    return ConflictingRows(
        f"Rows of {table} that are known since the same moment agree",
        value="; ".join(said) + (f"; and {more} more" if more else ""),
        remedy="say since when the other values are known, or compare with another source",
    )
