"""From rows to one clock: bars and market-wide series as panels over exchange sessions."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from foundation.contracts import BAR_FIELDS
from foundation.market import closes

if TYPE_CHECKING:
    import pandas as pd


def bar_values(
    bars: pd.DataFrame, sessions: tuple[date, ...], symbols: tuple[str, ...]
) -> np.ndarray:
    """Scatter gated rows into one block.

    Parameters
    ----------
    bars : DataFrame
        Rows that passed the gate: at most one per symbol and session, all within ``sessions``.

    Returns
    -------
    float64 array, shape (T, N, 5)
        Fields in the order of ``BAR_FIELDS``; NaN where no row, or where the row does not
        report the field.
    """
    import pandas as pd

    values = np.full((len(sessions), len(symbols), len(BAR_FIELDS)), np.nan)
    days = np.array(sessions, dtype="M8[D]")
    at_session = np.searchsorted(days, bars["session"].to_numpy().astype("M8[D]"))
    at_symbol = pd.Index(symbols).get_indexer(pd.Index(bars["symbol"]))
    values[at_session, at_symbol] = bars[list(BAR_FIELDS)].to_numpy(dtype=float)
    return values


def last_known(
    observations: pd.DataFrame, sessions: tuple[date, ...], stale_after: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return one series as it was last known at each session's close.

    Of two values known at the same moment the one about the later time counts.

    Parameters
    ----------
    observations : DataFrame
        Rows of one series: ``event_time``, ``known_at`` (UTC), ``value``.
    stale_after : int
        Sessions a value stays valid after the session on which it became known.

    Returns
    -------
    values : float64 array, shape (T,)
        NaN before the first known value and once the last one is stale.
    age : int array, shape (T,)
        Sessions since the value became known; -1 where nothing was known yet.
    """
    values = np.full(len(sessions), np.nan)
    age = np.full(len(sessions), -1)
    ordered = observations.sort_values(["known_at", "event_time"], kind="stable")
    event_time = _utc(ordered["event_time"]).astype(np.int64)
    ordered = ordered[event_time == np.maximum.accumulate(event_time)]
    known = _utc(ordered["known_at"])
    if not len(known):
        return values, age
    first = min(sessions[0], known[0].astype("M8[D]").item())
    moments = closes(first, sessions[-1])
    at = (np.searchsorted(known, moments, side="right") - 1)[-len(sessions) :]
    seen = at >= 0
    now = np.arange(len(moments))[-len(sessions) :]
    age[seen] = (now - np.searchsorted(moments, known[at], side="left"))[seen]
    values[seen] = ordered["value"].to_numpy(dtype=float)[at[seen]]
    values[age > stale_after] = np.nan
    return values, age


def last_known_by_symbol(
    observations: pd.DataFrame,
    sessions: tuple[date, ...],
    symbols: tuple[str, ...],
    stale_after: int,
) -> np.ndarray:
    """Return one series as it was last known of each symbol at each session's close.

    As ``last_known``, with a column ``symbol``; values of other symbols are not read.

    Returns
    -------
    float64 array, shape (T, N)
        NaN before a symbol's first known value and once its last one is stale.
    """
    values = np.full((len(sessions), len(symbols)), np.nan)
    at = {symbol: n for n, symbol in enumerate(symbols)}
    for symbol, rows in observations.groupby("symbol", sort=False):
        if symbol in at:
            values[:, at[symbol]], _ = last_known(rows, sessions, stale_after)
    return values


def _utc(moments: pd.Series) -> np.ndarray:
    return np.asarray(moments.dt.tz_convert(None).to_numpy(), dtype="M8[ns]")
