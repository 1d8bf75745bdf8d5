"""Reading a table as of a moment, a version or a snapshot: as rows, or as a panel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from foundation.kernel import OperatorError
from foundation.storage.bitemporal.rows import latest, ordered
from foundation.storage.bitemporal.tables import STATE, Described, Library, Tables, ranks, utc
from foundation.timeseries import Panel

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Question:
    """What is asked of a table. None asks for all there is.

    Attributes
    ----------
    known_at : datetime, optional
        Aware; only what was known by then.
    stand : int or str, optional
        A version's number or a snapshot's name.
    since, until : date or datetime, optional
        Bounds of the event time, both included.
    entities : sequence of str, optional
    """

    library: Library
    table: str
    known_at: datetime | None
    stand: int | str | None
    since: date | datetime | None
    until: date | datetime | None
    entities: Sequence[str] | None


def read_rows(tables: Tables, asked: Question, states: Literal["last", "all"]) -> pd.DataFrame:
    """Return one row per key, or all its states; see ``BitemporalStore.read``."""
    rows, about = _states(tables, asked, texts=True)
    names = np.array(about.entities, dtype=object)
    marks = ["withdrawn"] if states == "all" else []
    if states == "last":
        rows = rows.iloc[latest(rows)]
    rank = ranks(about.entities)[rows["entity"].to_numpy()]
    order = ordered(
        [rows["event_time"].to_numpy(), rank, rows["copy"].to_numpy(),
         rows["known_at"].to_numpy()]
    )  # fmt: skip
    rows = rows.iloc[order].reset_index(drop=True)
    named = rows.assign(entity=names[rows["entity"].to_numpy()])
    columns = ["entity", "event_time", "copy", "known_at", *marks]
    return named[[*columns, *about.numbers, *about.texts]]


def read_panel(tables: Tables, asked: Question) -> Panel:
    """Return the numbers of a table as a panel; see ``BitemporalStore.panel``."""
    import pandas as pd

    rows, about = _states(tables, asked, texts=False)
    found = latest(rows)
    found = found[rows["copy"].to_numpy()[found] == 0]
    # All of them as a rule: then nothing is copied.
    first = slice(None) if len(found) == len(rows) else found
    codes = rows["entity"].to_numpy()[first]
    present = np.bincount(codes, minlength=len(about.entities)) > 0
    names = [n for code, n in enumerate(about.entities) if present[code]]
    symbols = list(asked.entities) if asked.entities is not None else sorted(names)
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


def _states(tables: Tables, asked: Question, *, texts: bool) -> tuple[pd.DataFrame, Described]:
    """Return the states of the log that were known, in its order."""
    library, table, stand = asked.library, asked.table, asked.stand
    about = tables.described(library, table, stand)
    if about is None:
        raise OperatorError(
            f"The store has the table asked for in its library {library!r}",
            value=table if stand is None else f"{table} as of {stand!r}",
            remedy=f"choose one of {list(tables.names(library))}, or ingest it first",
        )
    columns = None if texts else [*STATE, *about.numbers]
    opened: Any = tables.open(library)
    query = _query(asked, about)
    item = tables.guarded(
        lambda: opened.read(table, as_of=stand, query_builder=query, columns=columns), table
    )
    return item.data, about


def _query(asked: Question, about: Described) -> Any:
    """Return the question in the store's terms; None asks for all rows."""
    from arcticdb import QueryBuilder

    column, tests = QueryBuilder(), []
    if asked.known_at is not None:
        tests.append(column["known_at"] <= utc(asked.known_at))
    if asked.since is not None:
        tests.append(column["event_time"] >= utc(asked.since))
    if asked.until is not None:
        tests.append(column["event_time"] <= utc(asked.until))
    if asked.entities is not None:
        wanted = set(asked.entities)
        codes = [n for n, name in enumerate(about.entities) if name in wanted]
        tests.append(column["entity"].isin(np.array(codes or [-1], dtype=np.int32)))
    joined = None
    for test in tests:
        joined = test if joined is None else joined & test
    return None if joined is None else QueryBuilder()[joined]
