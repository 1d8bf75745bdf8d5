"""Appending to a table: what rows say that is new, written whole or not at all."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from foundation.kernel import OperatorError, WorldError
from foundation.storage.arctic import first_line, shown
from foundation.storage.bitemporal.rows import Appended, ConflictingRows, judge, ordered
from foundation.storage.bitemporal.tables import Described, Library, Tables, ranks

if TYPE_CHECKING:
    import pandas as pd

SHOWN_CONFLICTS = 5


def append_rows(
    tables: Tables,
    library: Library,
    table: str,
    rows: pd.DataFrame,
    tolerance: float,
    beside: Collection[str],
) -> Appended:
    """Append what rows say that is new; see ``BitemporalStore.append``."""
    known = tables.described(library, table)
    given, about = _prepared(rows, known, table)
    if known is None:
        log, version = given.iloc[:0], -1
    else:
        version, log = _log_from(tables, library, table, given)
    compared = [name for name in (*about.numbers, *about.texts) if name not in beside]
    judged = judge(log, given, compared, tolerance)
    if judged.clash:
        raise _conflict(judged.clash, log, given, about, f"{library}/{table}")
    fresh = given[judged.fresh].assign(revises=judged.revises[judged.fresh])
    counts = _counts(fresh, len(given))
    if fresh.empty:
        return Appended(version=version, **counts)
    if known is None:
        tables.add(library, table)
    rank = ranks(about.entities)[fresh["entity"].to_numpy()]
    order = ordered(
        [fresh["known_at"].to_numpy(), fresh["event_time"].to_numpy(), rank,
         fresh["copy"].to_numpy()]
    )  # fmt: skip
    version = _write(tables, library, table, fresh.iloc[order], about, new=known is None)
    return Appended(version=version, **counts)


def _write(
    tables: Tables, library: Library, table: str, fresh: pd.DataFrame, about: Described,
    *, new: bool,
) -> int:  # fmt: skip
    import pandas as pd

    try:
        opened = tables.open(library)
        begin = 0 if new else int(opened.get_description(table).row_count)
        fresh = fresh.set_index(pd.RangeIndex(begin, begin + len(fresh)))
        write = opened.write if new else opened.append
        return int(write(table, fresh, metadata=about._asdict()).version)
    except Exception as error:
        raise WorldError(
            f"The store must take new rows ({first_line(error)})",
            value=f"{shown(tables.where)}: {table}",
            remedy="free disk space or check the network; the version before stays readable",
        ) from error


def _log_from(
    tables: Tables, library: Library, table: str, given: pd.DataFrame
) -> tuple[int, pd.DataFrame]:
    """Return the table's version, and its rows that share their event time's span."""
    from arcticdb import QueryBuilder

    span = given["event_time"].agg(["min", "max"])
    asked = QueryBuilder()
    asked = asked[(asked["event_time"] >= span["min"]) & (asked["event_time"] <= span["max"])]
    opened: Any = tables.open(library)
    item = tables.guarded(lambda: opened.read(table, query_builder=asked), table)
    return int(item.version), item.data.reset_index(drop=True)


def _prepared(
    rows: pd.DataFrame, known: Described | None, table: str
) -> tuple[pd.DataFrame, Described]:
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
    about = Described([*names, *map(str, new)], known.numbers if known else numbers,
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


def _columns(about: Described) -> tuple[list[str], list[str]]:
    return sorted(about.numbers), sorted(about.texts)


def _as_utc(column: pd.Series) -> np.ndarray:
    aware = getattr(column.dt, "tz", None) is not None
    plain = column.dt.tz_convert("UTC").dt.tz_localize(None) if aware else column
    return np.asarray(plain.to_numpy().astype("M8[ns]"))


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


def _conflict(
    pairs: Sequence[tuple[int, int]], log: pd.DataFrame, given: pd.DataFrame, about: Described,
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
