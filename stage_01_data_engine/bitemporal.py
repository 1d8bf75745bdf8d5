"""Records with two times: what they are about, and when they could be known.

A vendor's file is read again and again; what it says about a day changes. The table of all
sightings is kept, and every question is asked as of a moment: sightings after it do not exist,
and of those before it the latest about a key counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING

import numpy as np

from stage_01_data_engine.findings import Rule
from stage_01_data_engine.verdicts import Judged, Verdicts, rows_of

if TYPE_CHECKING:
    import pandas as pd

KNOWN = Rule(
    "A sighting says what it is about and when it was made",
    "supply both times",
    (),
    name="no-time",
    why="without the second time nobody can tell what was known when",
)
SEEN_AGAIN = Rule(
    "A key is sighted once unless it changed",
    "nothing to do; a repeated sighting with the same values was set aside",
    (),
    "info",
    name="seen-again",
    why="vendors resend; a row that counts twice is wrong",
)
REVISED = Rule(
    "What is said about a key stays",
    "use as-of reads; the later sighting counts from its own time on",
    (),
    "info",
    "kept",
    name="revised",
    why="a revised value was not known before its revision",
)
CONTRADICTED = Rule(
    "Sightings of a key at one moment agree",
    "compare with another source; none of them was used, since none can be told to be right",
    (),
    "error",
    name="contradicted-key",
    why="picking one of two values of the same moment would be a guess",
)

ROUNDING = 1e-6
"""Relative difference up to which two written numbers are the same. Vendors send cents one day and
float32 the next (128.9 and 128.89999), and float32 keeps seven digits."""


def as_known(
    sightings: pd.DataFrame, as_of: date | datetime, key: Sequence[str], known_at: str
) -> pd.DataFrame:
    """Return the latest sighting of every key that was made by ``as_of``.

    Parameters
    ----------
    sightings : DataFrame
        One row per sighting, any order; ``known_at`` holds datetimes comparable with ``as_of``.
    key : sequence of str
        Columns that say what a sighting is about.

    Returns
    -------
    DataFrame
        One row per key, input index kept, ordered by key. Of two sightings at the same moment
        the one that stands later counts.
    """
    import pandas as pd

    seen = sightings[sightings[known_at] <= pd.Timestamp(as_of)]
    ordered = seen.sort_values(known_at, kind="stable")
    return ordered.drop_duplicates(list(key), keep="last").sort_values(list(key), kind="stable")


def judge_sightings(
    sightings: pd.DataFrame,
    *,
    as_of: date | datetime,
    key: Sequence[str],
    known_at: str,
    values: Sequence[str],
    location: str,
    listed_rows: int = 25,
) -> tuple[Judged, int]:
    """Judge every sighting made by ``as_of``; later ones are counted and otherwise unseen.

    Repeated sightings are set aside, revisions kept under their own time, and sightings of one
    key and moment that contradict one another are quarantined. Prices that differ by rounding
    (``ROUNDING``) agree. The first column of ``key`` names the symbol, the second the day.

    Returns
    -------
    judged : Judged
        ``kept`` holds one row per distinct state of a key.
    unseen : int
        Sightings made after ``as_of``: ``len(sightings) == judged.tally.received + unseen``.
    """
    import pandas as pd

    late = (sightings[known_at] > pd.Timestamp(as_of)).to_numpy()
    frame = sightings[~late]
    where = rows_of(sightings[key[0]].to_numpy(), _days(sightings[key[1]]), location)
    verdicts = Verdicts(where.only(~late), listed_rows)
    said = frame[list(values)].to_numpy(dtype=float)

    def show(row: int) -> str:
        cells = ", ".join(f"{c} {v:.10g}" for c, v in zip(values, said[row], strict=True))
        return f"{cells}, seen {frame[known_at].iloc[row]:%Y-%m-%d}"

    timeless = frame[known_at].isna().to_numpy() | frame[list(key)].isna().any(axis=1).to_numpy()
    verdicts.apply(KNOWN, timeless, show)
    moment = frame[known_at].to_numpy().astype("M8[ns]").astype(np.int64)
    group = frame.groupby(list(key), sort=False, dropna=False).ngroup().to_numpy()
    order = np.lexsort((np.arange(len(frame)), moment, group))
    order = order[verdicts.good[order]]
    same_key = group[order[1:]] == group[order[:-1]]
    same_time = same_key & (moment[order[1:]] == moment[order[:-1]])
    equal = _equal(said[order[1:]], said[order[:-1]])
    # Contradiction spreads over all sightings of the key at that moment.
    block = np.concatenate([[0], np.cumsum(~same_time)]) if len(order) else np.empty(0, dtype=int)
    clash = np.zeros(int(block.max(initial=-1)) + 1, dtype=bool)
    clash[block[1:][same_time & ~equal]] = True
    verdicts.apply(CONTRADICTED, _marked(len(frame), order[clash[block]]), show)
    left = order[~clash[block]]
    same_key = group[left[1:]] == group[left[:-1]]
    equal = _equal(said[left[1:]], said[left[:-1]])
    verdicts.apply(SEEN_AGAIN, _marked(len(frame), left[1:][same_key & equal]), show)
    revised = _marked(len(frame), left[1:][same_key & ~equal])
    verdicts.apply(REVISED, revised, show)
    judged = Judged(
        kept=frame[verdicts.good],
        findings=tuple(verdicts.findings),
        verdicts=verdicts.table(),
        found=verdicts,
        tally=verdicts.tally(),
    )
    return judged, int(late.sum())


def _equal(now: np.ndarray, before: np.ndarray) -> np.ndarray:
    close = np.abs(now - before) <= ROUNDING * np.fmax(np.abs(now), np.abs(before))
    return np.asarray((close | (np.isnan(now) & np.isnan(before))).all(axis=1))


def _marked(count: int, rows: np.ndarray) -> np.ndarray:
    marked = np.zeros(count, dtype=bool)
    marked[rows] = True
    return marked


def _days(column: pd.Series) -> np.ndarray:
    import pandas as pd

    return np.asarray(pd.to_datetime(column, errors="coerce").to_numpy().astype("M8[D]"))
