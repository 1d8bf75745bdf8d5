"""Minute, hour and daily bars on one clock, each known when its period ends and not before.

Vendors stamp a bar at its beginning. Its close, high, low and volume are known at its end: at
``stamp + length``, or at the session's close where that comes first (the last hour of an early
close). ``place`` says so for every bar, ``resample`` makes longer bars of shorter ones by session,
and ``align`` reads several lengths at common moments, each as last known then.

Hours: pre-market from 4:00, regular trading from 9:30 to the session's close (16:00, 13:00 on early
closes), post-market until 20:00, all New York wall clock, so daylight saving moves none of them.
A bar that straddles the opening belongs to regular trading: hour bars of the first half hour are
stamped 9:00 by vendors that carry regular trading only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Literal

import numpy as np

from foundation.contracts import BAR_FIELDS
from foundation.kernel import OperatorError
from foundation.market import closes, sessions
from stage_01_data_engine.findings import Rule
from stage_01_data_engine.rules import (
    CLOSE_REPORTED,
    CONFLICT,
    FINITE,
    IN_RANGE,
    LOW_HIGH,
    POSITIVE,
    SAME_TWICE,
    VOLUME_SIGN,
)
from stage_01_data_engine.verdicts import Judged, Verdicts, rows_of

if TYPE_CHECKING:
    import pandas as pd

PRE_OPENS, OPENS, POST_ENDS = (np.timedelta64(m, "m") for m in (240, 570, 1200))
"""Minutes after midnight, New York: 4:00, 9:30, 20:00."""

TIME_EXISTS = Rule(
    "A stamp is a moment of New York's clock",
    "write stamps with their offset; at a change of clocks this wall time stands twice or never",
    (),
    name="no-such-time",
    why="a moment that cannot be told cannot be ordered",
)
IN_HOURS = Rule(
    "A bar lies within the trading hours of a session",
    "check the time zone of the stamps; 4:00 to 20:00 New York on sessions",
    ("close",),
    name="outside-hours",
    why="a shifted clock would let a bar be known hours early",
)
ON_GRID = Rule(
    "A bar begins at a multiple of its length, counted from midnight or the opening",
    "check the length of the bars, or whether stamps are of single trades",
    ("close",),
    name="off-grid",
    why="two overlapping bars count one trade twice",
)

Length = Literal["minute", "hour", "daily"]
SPAN: dict[Length, np.timedelta64] = {
    "minute": np.timedelta64(1, "m"),
    "hour": np.timedelta64(60, "m"),
    "daily": np.timedelta64(1, "D"),
}


def place(
    bars: pd.DataFrame, length: Length | np.timedelta64, *, location: str, listed_rows: int = 25
) -> Judged:
    """Judge intraday bars and say of each when it was known.

    Parameters
    ----------
    bars : DataFrame
        ``symbol``, ``stamp`` (datetime64: wall clock in New York, or any zone if aware; the
        beginning of the bar) and the bar fields.
    length : "minute", "hour" or timedelta64
        Whole minutes that divide an hour. Bars begin at multiples of it, counted from midnight or
        from the opening, whichever most of them do.

    Returns
    -------
    Judged
        ``kept`` has the columns ``symbol``, ``session``, ``part`` (pre, regular, post), ``stamp``
        (New York wall clock), ``known_at`` (datetime64[ns], UTC) and the bar fields, ordered by
        symbol and stamp.
    """
    import pandas as pd

    stamps = pd.DatetimeIndex(bars["stamp"])
    if stamps.tz is None:
        utc = stamps.tz_localize("America/New_York", ambiguous="NaT", nonexistent="NaT")
    else:
        utc = stamps.tz_convert("America/New_York")
    wall = utc.tz_localize(None).to_numpy().astype("M8[ns]")
    moment = utc.tz_convert("UTC").tz_localize(None).to_numpy().astype("M8[ns]")
    day = wall.astype("M8[D]")
    verdicts = Verdicts(rows_of(bars["symbol"].to_numpy(), day, location), listed_rows)
    values = bars[list(BAR_FIELDS)].to_numpy(dtype=float)

    def show(row: int) -> str:
        cells = zip(BAR_FIELDS, values[row], strict=True)
        return f"{stamps[row]}: " + ", ".join(f"{f} {v:.10g}" for f, v in cells if not np.isnan(v))

    verdicts.apply(TIME_EXISTS, np.isnat(wall), show)
    span = length if isinstance(length, np.timedelta64) else SPAN[length]
    opened, ended, is_session = _hours(day)
    after = wall - day.astype("M8[ns]")
    inside = (after >= PRE_OPENS) & (after + span <= POST_ENDS)
    verdicts.apply(IN_HOURS, ~is_session | ~inside, show)
    verdicts.apply(ON_GRID, _off_grid(after, span), show)
    for rule, broken in _price_rules(values):
        verdicts.apply(rule, broken, show)
    keys = pd.DataFrame({"symbol": bars["symbol"].to_numpy(), "moment": moment})
    _one_a_stamp(keys, values, verdicts, show)
    part = np.where(moment + span <= opened, "pre", np.where(moment < ended, "regular", "post"))
    finish = moment + span
    known = np.where((part == "regular") & (ended < finish), ended, finish)
    placed = pd.DataFrame(
        {
            "symbol": bars["symbol"].to_numpy(),
            "session": day.astype("M8[ns]"),
            "part": part,
            "stamp": wall,
            "known_at": known,
            **{f: values[:, n] for n, f in enumerate(BAR_FIELDS)},
        },
        index=bars.index,
    )
    return Judged(
        kept=placed[verdicts.good].sort_values(["symbol", "stamp"], kind="stable"),
        findings=tuple(verdicts.findings),
        verdicts=verdicts.table(),
        found=verdicts,
        tally=verdicts.tally(),
    )


def _off_grid(after: np.ndarray, span: np.timedelta64) -> np.ndarray:
    """Say which bars begin between the beginnings of the others.

    Hours begin on the hour or, counted from the opening, on the half hour: whichever most do.
    """
    nothing = np.timedelta64(0, "ns")
    grids = [after % span != nothing, (after - OPENS) % span != nothing]
    return min(grids, key=np.count_nonzero)


def _price_rules(values: np.ndarray) -> list[tuple[Rule, np.ndarray]]:
    """Return the rules of single bars, and who breaks them."""
    opened, high, low, close, volume = values.T
    outside = (np.fmax(opened, close) > high) | (np.fmin(opened, close) < low)
    return [
        (FINITE, np.isinf(values).any(axis=1)),
        (CLOSE_REPORTED, np.isnan(close)),
        (POSITIVE, (values[:, :4] <= 0).any(axis=1)),
        (VOLUME_SIGN, volume < 0),
        (LOW_HIGH, low > high),
        (IN_RANGE, outside),
    ]


def _one_a_stamp(keys: pd.DataFrame, values: np.ndarray, verdicts: Verdicts, show: object) -> None:
    """Keep the first of equal bars of a stamp, and none of those that disagree."""
    import pandas as pd

    whole = pd.concat([keys, pd.DataFrame(values)], axis=1)
    good = verdicts.good
    many = keys[good].duplicated(keep=False).reindex(keys.index, fill_value=False).to_numpy()
    distinct = whole[good].drop_duplicates()
    clashing = distinct[["symbol", "moment"]].duplicated(keep=False)
    wrong = pd.MultiIndex.from_frame(distinct.loc[clashing, ["symbol", "moment"]])
    clash = many & pd.MultiIndex.from_frame(keys).isin(wrong)
    verdicts.apply(CONFLICT, clash, show)  # type: ignore[arg-type]
    again = whole[verdicts.good].duplicated(keep="first")
    verdicts.apply(SAME_TWICE, again.reindex(keys.index, fill_value=False).to_numpy(), show)  # type: ignore[arg-type]


def _hours(day: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return opening and closing moments (UTC; NaT without session), and whether there is one."""
    import pandas as pd

    found = day[~np.isnat(day)]
    nothing = np.full(len(day), np.datetime64("NaT", "ns"))
    if not len(found):
        return nothing, nothing, np.zeros(len(day), dtype=bool)
    first, last = found.min().item(), found.max().item()
    days = np.array(sessions(first, last), dtype="M8[D]")
    if not len(days):
        return nothing, nothing, np.zeros(len(day), dtype=bool)
    wall = pd.DatetimeIndex((days.astype("M8[m]") + OPENS).astype("M8[ns]"))
    opens = wall.tz_localize("America/New_York").tz_convert("UTC").tz_localize(None).to_numpy()
    at = np.minimum(np.searchsorted(days, day), len(days) - 1)
    hit = days[at] == day
    ends = closes(first, last)
    return np.where(hit, opens[at], nothing), np.where(hit, ends[at], nothing), hit


def resample(
    placed: pd.DataFrame,
    to: Literal["hour", "daily"],
    *,
    parts: tuple[str, ...] = ("regular",),
    as_of: datetime | None = None,
) -> pd.DataFrame:
    """Make hour or daily bars of shorter ones, session by session.

    Open of the first bar, highest high, lowest low, close of the last bar, sum of volumes (NaN if
    none of the bars reports it). An hour of regular trading begins at 9:30 or a full hour and ends
    at the next full hour or the close; a day ends at the close. Periods without a bar are absent.

    Parameters
    ----------
    placed : DataFrame
        As ``place`` returns it.
    parts : tuple of str
        Which of pre, regular and post count. Daily bars of extended hours end at 20:00.
    as_of : datetime, optional
        Aware. Periods that end later are not made: half a bar is no bar.

    Returns
    -------
    DataFrame
        Same columns; ``stamp`` is the beginning of the hour or the session's midnight.
    """
    import pandas as pd

    unknown = set(parts) - {"pre", "regular", "post"}
    if unknown or not parts:
        raise OperatorError(
            "Parts of a day are pre, regular and post",
            value=parts,
            remedy="name at least one of them",
        )
    used = placed[placed["part"].isin(parts)].sort_values(["symbol", "stamp"], kind="stable")
    stamp = used["stamp"].dt.floor("h") if to == "hour" else used["session"]
    extended = tuple(parts) != ("regular",)
    end = _ends(used, stamp, to, extended)
    by = ["symbol", "session", "part", "stamp"] if to == "hour" else ["symbol", "session", "stamp"]
    frame = used.assign(stamp=stamp, known_at=end)
    grouped = frame.groupby(by, sort=True, observed=True)
    made = grouped.agg(
        known_at=("known_at", "last"),
        open=("open", "first"),
        high=("high", "max"),
        low=("low", "min"),
        close=("close", "last"),
    )
    made["volume"] = grouped["volume"].sum(min_count=1)
    made = made.reset_index()
    if to == "daily":
        made["part"] = "+".join(parts)
    if as_of is not None:
        made = made[made["known_at"] <= pd.Timestamp(as_of).tz_convert("UTC").tz_localize(None)]
    columns = ["symbol", "session", "part", "stamp", "known_at", *BAR_FIELDS]
    return made[columns].reset_index(drop=True)


def _ends(used: pd.DataFrame, stamp: pd.Series, to: str, extended: bool) -> np.ndarray:
    """Return when the period of every bar is over, UTC."""
    import pandas as pd

    day = used["session"].to_numpy().astype("M8[D]")
    _, close, _ = _hours(day)
    if to == "hour":
        wall = (stamp + timedelta(hours=1)).dt.tz_localize("America/New_York")
    else:
        evening = (day.astype("M8[m]") + POST_ENDS).astype("M8[ns]")
        wall = pd.Series(evening, index=used.index).dt.tz_localize("America/New_York")
    end = wall.dt.tz_convert("UTC").dt.tz_localize(None).to_numpy().astype("M8[ns]")
    if to == "daily" and not extended:
        return close
    regular = (used["part"] == "regular").to_numpy()
    return np.where(regular & (close < end) & (to == "hour"), close, end)


def daily_known(bars: pd.DataFrame) -> pd.DataFrame:
    """Return daily bars (``symbol``, ``session``, fields) with ``known_at``: the session's close.

    Rows that stand on no session are dropped; the gate for daily bars reports those.
    """
    day = bars["session"].to_numpy().astype("M8[D]")
    _, close, hit = _hours(day)
    return bars.assign(stamp=bars["session"], known_at=close, part="regular")[hit]


@dataclass(frozen=True)
class AlignedBars:
    """Bars of several lengths at common moments.

    Attributes
    ----------
    moments : M8[ns] array (T,), UTC
    symbols : tuple of str, length N
    fields : tuple of str, length F
        ``minute close``, ``hour high``, ...
    values : float64 array (T, N, F)
        As last known at the moment; NaN before the first.
    age : float64 array (T, N, lengths)
        Minutes since that bar became known, in the order of ``lengths``; NaN before the first.
    lengths : tuple of str
    """

    moments: np.ndarray
    symbols: tuple[str, ...]
    fields: tuple[str, ...]
    values: np.ndarray
    age: np.ndarray
    lengths: tuple[str, ...]


def align(
    bars: Mapping[str, pd.DataFrame], moments: np.ndarray, symbols: tuple[str, ...]
) -> AlignedBars:
    """Read bars of several lengths at the same moments, each as last known then.

    Parameters
    ----------
    bars : mapping of length to DataFrame
        Each with ``symbol``, ``known_at`` (UTC) and the bar fields, as ``place``, ``resample`` or
        ``daily_known`` return them.
    moments : M8[ns] array (T,)
        UTC, ascending.
    """
    lengths = tuple(bars)
    shape = (len(moments), len(symbols))
    values = np.full((*shape, len(lengths) * len(BAR_FIELDS)), np.nan)
    age = np.full((*shape, len(lengths)), np.nan)
    for k, frame in enumerate(bars.values()):
        ordered = frame.sort_values("known_at", kind="stable")
        for n, symbol in enumerate(symbols):
            own = ordered[ordered["symbol"] == symbol]
            known = own["known_at"].to_numpy().astype("M8[ns]")
            at = np.searchsorted(known, moments, side="right") - 1
            seen = at >= 0
            block = own[list(BAR_FIELDS)].to_numpy(dtype=float)
            fields = slice(k * len(BAR_FIELDS), (k + 1) * len(BAR_FIELDS))
            values[seen, n, fields] = block[at[seen]]
            age[seen, n, k] = (moments[seen] - known[at[seen]]) / np.timedelta64(1, "m")
    return AlignedBars(
        moments=moments,
        symbols=symbols,
        fields=tuple(f"{length} {field}" for length in lengths for field in BAR_FIELDS),
        values=values,
        age=age,
        lengths=lengths,
    )
