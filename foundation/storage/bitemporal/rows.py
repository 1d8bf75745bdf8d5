"""States of keys: which rows say something new, and which state of a key held at a moment.

A row is one state of a key (entity, event time, copy): what it is about; ``known_at``: since when
this is known; and values. Rows are a log: a correction is a later state, a withdrawal a state
without values. Terms as in Snodgrass (1999), *Developing Time-Oriented Database Applications in
SQL*: event time is valid time; ``known_at`` takes the place of transaction time, so that history
may be loaded later than it was known.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from foundation.kernel import UpstreamDataError

if TYPE_CHECKING:
    import pandas as pd

KEY = ("entity", "event_time", "copy")
"""``entity`` is a code (int32) here; ``copy`` counts rows of a source that share the other two."""


class ConflictingRows(UpstreamDataError):
    """Two rows of one key, known since the same moment, with different values."""


@dataclass(frozen=True)
class Appended:
    """What an append did, in rows; ``given`` is the sum of the other four.

    ``added`` are new keys, ``corrected`` new states of known keys, ``withdrawn`` states that end
    a key, ``repeated`` said nothing new and were left out. ``version`` is the table's version
    afterwards: unchanged (-1: no such table yet) where nothing was new.
    """

    version: int
    given: int
    added: int = 0
    corrected: int = 0
    withdrawn: int = 0
    repeated: int = 0


@dataclass(frozen=True)
class Judged:
    """Which of the given rows are new, in their order.

    ``fresh`` and ``revises`` are bool arrays over the given rows: to be appended, and its key is
    in the log already. ``clash`` lists pairs (row given, row of the log or given earlier).
    """

    fresh: np.ndarray
    revises: np.ndarray
    clash: tuple[tuple[int, int], ...]


def judge(
    log: pd.DataFrame, given: pd.DataFrame, values: Sequence[str], tolerance: float
) -> Judged:
    """Hold given rows against the log (positions ``0 .. len(log)``) and against one another.

    A row is new if it differs from the state of its key that was known before it. Of the same
    moment only one state may exist: a difference there is a clash.

    Parameters
    ----------
    log, given : DataFrame
        Columns ``entity``, ``event_time``, ``copy``, ``known_at``, ``withdrawn`` and ``values``.
    tolerance : float
        Relative difference up to which two numbers are the same.
    """
    import pandas as pd

    both = pd.concat([log, given], ignore_index=True)
    is_given = np.arange(len(both)) >= len(log)
    # Ties of all times and keys stay in the order log first, then as given.
    order = ordered([both[name].to_numpy() for name in (*KEY, "known_at")])
    same_key = np.zeros(len(both), dtype=bool)
    same_key[1:] = _same(both, order, KEY)
    same_time = np.zeros(len(both), dtype=bool)
    same_time[1:] = same_key[1:] & _same(both, order, ("known_at",))
    equal = np.zeros(len(both), dtype=bool)
    equal[1:] = _equal(both, order, values, tolerance)
    mine = is_given[order]
    clash = np.flatnonzero(mine & same_time & ~equal)
    gone = both["withdrawn"].to_numpy(dtype=bool)[order]
    fresh = mine & np.where(same_key, ~equal, ~gone)
    revises = fresh & same_key
    # A state older than those in the log: its key is there all the same.
    in_log = np.isin(_groups(same_key), _groups(same_key)[~mine])
    revises |= fresh & in_log
    result = np.zeros((2, len(both)), dtype=bool)
    result[:, order] = fresh, revises
    pairs = tuple((int(order[at]) - len(log), int(order[at - 1])) for at in clash)
    return Judged(fresh=result[0, len(log) :], revises=result[1, len(log) :], clash=pairs)


def latest(rows: pd.DataFrame) -> np.ndarray:
    """Return the positions of the last state of every key, withdrawn keys left out.

    Parameters
    ----------
    rows : DataFrame
        States of the log known by the moment asked for, in the order of the log; the column
        ``revises`` marks rows whose key stands in the log before them.

    Notes
    -----
    Keys that nothing revises have one state; only the others are sorted, so a read costs what the
    rows cost.
    """
    revises = rows["revises"].to_numpy(dtype=bool)
    gone = rows["withdrawn"].to_numpy(dtype=bool)
    keep = ~gone
    if revises.any():
        at = _rows_of_keys(rows, revises)
        part = rows.iloc[at]
        order = ordered([part[name].to_numpy() for name in (*KEY, "known_at")])
        last = np.ones(len(at), dtype=bool)
        last[:-1] = ~_same(part, order, KEY)
        keep[at] = False
        keep[at[order[last]]] = True
        keep &= ~gone
    return np.flatnonzero(keep)


def ordered(columns: Sequence[np.ndarray]) -> np.ndarray:
    """Return the positions of rows ordered by columns, the first the most significant; stable.

    Columns have few distinct values each (sessions, entities), so their ranks fit into one number:
    one sort instead of one a column.
    """
    import pandas as pd

    packed, size = np.zeros(len(columns[0]), dtype=np.int64), 1
    for column in columns:
        codes, values = pd.factorize(column, sort=True)
        size *= max(len(values), 1)
        if size >= 2**62:
            return np.lexsort(columns[::-1])
        packed = packed * max(len(values), 1) + codes
    return np.argsort(packed, kind="stable")


def _rows_of_keys(rows: pd.DataFrame, marked: np.ndarray) -> np.ndarray:
    """Return the positions of all rows that share a key with a marked one."""
    import pandas as pd

    times = pd.Index(rows["event_time"].to_numpy()[marked]).unique()
    near = np.flatnonzero(times.get_indexer(pd.Index(rows["event_time"])) >= 0)
    part = rows.iloc[near]
    keys = pd.MultiIndex.from_frame(part[list(KEY)])
    wanted = pd.MultiIndex.from_frame(rows.loc[marked, list(KEY)]).unique()
    return near[keys.isin(wanted)]


def _groups(same_key: np.ndarray) -> np.ndarray:
    """Return the number of each row's key, rows in the order of keys."""
    return np.cumsum(~same_key)


def _same(rows: pd.DataFrame, order: np.ndarray, columns: Sequence[str]) -> np.ndarray:
    """Say which rows, from the second on, agree with the one before in these columns."""
    same = np.ones(max(len(order) - 1, 0), dtype=bool)
    for name in columns:
        column = rows[name].to_numpy()[order]
        same &= column[1:] == column[:-1]
    return same


def _equal(
    rows: pd.DataFrame, order: np.ndarray, values: Sequence[str], tolerance: float
) -> np.ndarray:
    """Say which rows, from the second on, have the values of the one before."""
    equal = _same(rows, order, ("withdrawn",))
    for name in values:
        column = rows[name].to_numpy()[order]
        now, before = column[1:], column[:-1]
        if column.dtype.kind != "f":
            equal &= now == before
            continue
        with np.errstate(invalid="ignore"):
            scale = np.fmax(np.abs(now), np.abs(before))
            close = (now == before) | (np.abs(now - before) <= tolerance * scale)
        equal &= close | (np.isnan(now) & np.isnan(before))
    return equal
