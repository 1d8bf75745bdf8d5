"""Intraday bars summed up by session and symbol, up to one time of day and to the close."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class DayBars:
    """Regular trading of T sessions and N symbols. NaN and NaT: no bar had ended.

    Attributes
    ----------
    open, high, low, last, volume : float64 arrays (T, N)
        Of the bars that had ended by the time of day. Volume is NaN if none of them reports it.
    first, latest : M8[ns] arrays (T, N), UTC
        When the first of them began, and when the latest ended.
    close : float64 array (T, N)
        Of the last bar of the session.
    closed : M8[ns] array (T, N), UTC
        When that ended.
    longest : timedelta64
        The longest bar.
    """

    open: np.ndarray
    high: np.ndarray
    low: np.ndarray
    last: np.ndarray
    volume: np.ndarray
    first: np.ndarray
    latest: np.ndarray
    close: np.ndarray
    closed: np.ndarray
    longest: np.timedelta64


def day_bars(
    placed: pd.DataFrame, symbols: Sequence[str], days: Sequence[date], moments: np.ndarray
) -> DayBars:
    """Sum bars up to a moment of each session.

    Parameters
    ----------
    placed : DataFrame
        As ``intraday.place`` returns it; other symbols and sessions are passed over.
    days : sequence of date, length T
        Ascending.
    moments : M8[ns] array (T,), UTC
    """
    shape = (len(days), len(symbols))
    rows = placed[(placed["part"] == "regular").to_numpy() & placed["symbol"].isin(symbols)]
    all_days = np.array(days, dtype="M8[D]")
    day = rows["session"].to_numpy().astype("M8[D]")
    t = np.minimum(np.searchsorted(all_days, day), len(all_days) - 1)
    inside = all_days[t] == day
    rows, t = rows[inside], t[inside]
    places = {symbol: n for n, symbol in enumerate(symbols)}
    n = rows["symbol"].map(places).to_numpy(dtype=int)
    stamp, known = rows["stamp"].to_numpy(), rows["known_at"].to_numpy().astype("M8[ns]")
    order = np.lexsort((stamp, t * shape[1] + n))
    t, n, stamp, known = t[order], n[order], stamp[order], known[order]
    field = {name: rows[name].to_numpy(dtype=float)[order] for name in
             ("open", "high", "low", "close", "volume")}  # fmt: skip
    whole = _Runs(t, n, shape)
    ended = known <= moments[t]
    part = _Runs(t[ended], n[ended], shape)
    so_far = {name: values[ended] for name, values in field.items()}
    begun = _opened_at(rows)[order]
    return DayBars(
        open=part.first(so_far["open"]),
        high=part.over(np.fmax, so_far["high"]),
        low=part.over(np.fmin, so_far["low"]),
        last=part.last(so_far["close"]),
        volume=_volume(part, so_far["volume"]),
        first=part.first(begun[ended]),
        latest=part.last(known[ended]),
        close=whole.last(field["close"]),
        closed=whole.last(known),
        longest=(known - begun).max() if len(known) else np.timedelta64(0, "ns"),
    )


def _opened_at(rows: pd.DataFrame) -> np.ndarray:
    """Return when bars begin, M8[ns] in UTC."""
    stamp = rows["stamp"].dt.tz_localize("America/New_York")
    return stamp.dt.tz_convert("UTC").dt.tz_localize(None).to_numpy().astype("M8[ns]")


def _volume(runs: _Runs, volume: np.ndarray) -> np.ndarray:
    reported = runs.over(np.add, np.isfinite(volume).astype(float))
    return np.where(reported > 0, runs.over(np.add, np.nan_to_num(volume)), np.nan)


class _Runs:
    """Rows ordered by cell: the run of each cell, and what becomes of it."""

    def __init__(self, t: np.ndarray, n: np.ndarray, shape: tuple[int, int]) -> None:
        key = t * shape[1] + n
        self.starts = np.flatnonzero(np.diff(key, prepend=-1))
        self.stops = np.append(self.starts[1:], len(key)) - 1
        self.shape, self._cells = shape, key[self.starts]

    def _spread(self, values: np.ndarray) -> np.ndarray:
        empty = "NaT" if values.dtype.kind == "M" else np.nan
        out = np.full(self.shape, empty, dtype=values.dtype)
        out.flat[self._cells] = values
        return out

    def first(self, values: np.ndarray) -> np.ndarray:
        """Return the first value of each cell."""
        return self._spread(values[self.starts])

    def last(self, values: np.ndarray) -> np.ndarray:
        """Return the last value of each cell."""
        return self._spread(values[self.stops])

    def over(self, what: np.ufunc, values: np.ndarray) -> np.ndarray:
        """Return the values of each cell taken together."""
        return self._spread(what.reduceat(values, self.starts) if len(self.starts) else values)
