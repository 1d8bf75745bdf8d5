"""The session so far: the running bar at a moment, from bars that had ended by then.

The previous close comes from the same bars, so that a gap compares like with like whatever the
daily bars are adjusted for; it is that of the session right before and of no older one. Volume is
held against the sessions before by the same hour. A bar is given only where the file tells it:
from the opening on, and up to the moment.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

import numpy as np

from foundation.contracts import SO_FAR_FIELDS, MarketEvent, QualityFinding, SessionSoFar
from foundation.kernel import NEW_YORK, OperatorError
from foundation.market import close_of, is_session, sessions
from foundation.timeseries import Panel
from stage_01_data_engine.findings import Rule
from stage_01_data_engine.knowledge import opening_of
from stage_01_data_engine.so_far.day_bars import DayBars, day_bars
from stage_01_data_engine.so_far.shares import ShareBasis, share_basis

if TYPE_CHECKING:
    import pandas as pd

USUAL_SESSIONS = 20
LEAST_SESSIONS = 5
LOOK_BACK = timedelta(days=60)
"""Calendar days that hold the usual sessions with room for holidays and gaps."""
QUIET = np.timedelta64(30, "m")
"""How long a price may be without a trade and still be called the present one."""

FROM_OPENING = Rule(
    "The bars of the session so far begin within half an hour of its opening",
    "hand in the whole session; check the time zone of the stamps",
    ("close",),
    "warning",
    "kept",
    name="late-beginning",
)
UP_TO_NOW = Rule(
    "The latest bar ended within half an hour of the moment",
    "fetch the bars anew; a halted share has no update",
    ("close",),
    "warning",
    "kept",
    name="old-bars",
)
DAY_BEFORE = Rule(
    "The session before has bars up to its close",
    "hand in a file with that session as well",
    ("close",),
    "warning",
    "kept",
    name="no-previous-close",
)
SHARES_KNOWN = Rule(
    "Bars before and after a split can be put on the same shares",
    "adjust the earlier bars of the file for the split, or name it among the source's events",
    ("close",),
    "warning",
    "kept",
    name="split-unsettled",
)


@dataclass(frozen=True)
class _Hour:
    """One time of day on every session of a file.

    Attributes
    ----------
    days : tuple of date, length T
    moments, opens, ends : M8[ns] arrays (T,), UTC
        Of the time of day, and of the session's opening and close.
    """

    days: tuple[date, ...]
    moments: np.ndarray
    opens: np.ndarray
    ends: np.ndarray


def session_so_far(
    placed: pd.DataFrame,
    symbols: Sequence[str],
    moment: datetime,
    events: Sequence[MarketEvent] = (),
) -> SessionSoFar:
    """Return every symbol's running bar as known at a moment of a session.

    Parameters
    ----------
    placed : DataFrame
        As ``intraday.place`` returns it. Rows known later than ``moment`` are not looked at.
    moment : datetime
        Aware; between the opening and the close of a session.
    events : sequence of MarketEvent
        Splits among them are used from when they are known.

    Raises
    ------
    OperatorError
        If the moment does not lie in a session.
    """
    local = moment.astimezone(NEW_YORK)
    day = local.date()
    if not is_session(day) or not opening_of(day) < local <= close_of(day):
        raise OperatorError(
            "An update is told between the opening and the close of a session",
            value=local.isoformat(),
            remedy="name a moment such as 2018-12-28T11:00 New York time",
        )
    rows = placed[placed["known_at"].to_numpy() <= _utc(moment)]
    hour = _hour(sessions(day - LOOK_BACK, day), local.time())
    return _Sessions(rows, symbols, hour, events).so_far(len(hour.days) - 1)


def sessions_so_far(
    placed: pd.DataFrame,
    symbols: Sequence[str],
    days: Sequence[date],
    at: time,
    events: Sequence[MarketEvent] = (),
) -> Iterator[SessionSoFar]:
    """Yield the running bars of past sessions at one time of day, each as known then.

    Sessions that had closed by that time, and those without a bar of any symbol, are left out.

    Parameters
    ----------
    placed, events
        As ``session_so_far`` takes them.
    days : sequence of date
        Sessions, ascending.
    at : time
        Of New York's clock.
    """
    if not len(placed) or not days:
        return
    first = placed["session"].min().date()
    hour = _hour(sessions(min(first, days[0]), days[-1]), at)
    made = _Sessions(placed, symbols, hour, events)
    places = {day: t for t, day in enumerate(hour.days)}
    for day in days:
        t = places[day]
        if hour.opens[t] < hour.moments[t] <= hour.ends[t] and made.begun(t):
            yield made.so_far(t)


def _utc(moment: datetime) -> np.datetime64:
    return np.datetime64(int(moment.timestamp()), "s").astype("M8[ns]")


def _hour(days: Sequence[date], at: time) -> _Hour:
    moments = [_utc(datetime.combine(day, at, tzinfo=NEW_YORK)) for day in days]
    opens = [_utc(opening_of(day)) for day in days]
    ends = [_utc(close_of(day)) for day in days]
    return _Hour(tuple(days), np.array(moments), np.array(opens), np.array(ends))


class _Sessions:
    """The bars of every session up to one time of day, and what is usual by then."""

    def __init__(
        self,
        placed: pd.DataFrame,
        symbols: Sequence[str],
        hour: _Hour,
        events: Sequence[MarketEvent],
    ) -> None:
        self.symbols, self.hour = tuple(symbols), hour
        self.bars: DayBars = day_bars(placed, self.symbols, hour.days, hour.moments)
        quiet = max(QUIET, self.bars.longest)
        # Where nothing is known comparisons with NaT are False, as they should be.
        self.from_opening = self.bars.first <= hour.opens[:, None] + QUIET
        self.up_to_now = self.bars.latest >= hour.moments[:, None] - quiet
        self.to_close = self.bars.closed >= hour.ends[:, None] - quiet
        lasted = (hour.moments <= hour.ends)[:, None]
        self.whole = self.from_opening & self.up_to_now & lasted
        opened = np.where(self.from_opening, self.bars.open, np.nan)
        close = np.where(self.to_close, self.bars.close, np.nan)
        self.basis: ShareBasis = share_basis(
            opened, close, self.symbols, hour.days, hour.moments, events
        )
        self.close = close

    def begun(self, t: int) -> bool:
        """Say whether any symbol has a bar of the session by the time of day."""
        return bool((~np.isnat(self.bars.first[t])).any())

    def so_far(self, t: int) -> SessionSoFar:
        """Return the running bars of the session at position ``t``."""
        bars, day = self.bars, self.hour.days[t]
        nothing = np.full(len(self.symbols), np.nan)
        previous = self.close[t - 1] / self.basis.shares(slice(t - 1, t), t)[0] if t else nothing
        fields = (bars.open, bars.high, bars.low, bars.last, bars.volume)
        now = [np.where(self.whole[t], field[t], np.nan) for field in fields]
        values = np.stack([previous, *now, self._usual(t)], axis=-1)[None]
        moment = datetime.fromtimestamp(
            int(self.hour.moments[t].astype("M8[s]").astype(int)), tz=NEW_YORK
        )
        return SessionSoFar(
            as_of=moment,
            produced_at=moment,
            session=day,
            elapsed=self._elapsed(t),
            values=Panel(
                sessions=(day,), symbols=self.symbols, fields=SO_FAR_FIELDS, values=values
            ),
            findings=tuple(self._findings(t, previous)),
        )

    def _usual(self, t: int) -> np.ndarray:
        """Return the mean volume by this hour over the past sessions, in shares of today."""
        oldest = self.hour.days[t] - LOOK_BACK
        first = next(s for s, day in enumerate(self.hour.days) if day >= oldest)
        past = slice(first, t)
        volumes = np.where(self.whole[past], self.bars.volume[past], np.nan)
        volumes = volumes * self.basis.shares(past, t)
        known = np.isfinite(volumes)
        recent = known & (known[::-1].cumsum(axis=0)[::-1] <= USUAL_SESSIONS)
        count = recent.sum(axis=0)
        total = np.where(recent, volumes, 0.0).sum(axis=0)
        return np.where(count >= LEAST_SESSIONS, total / np.maximum(count, 1), np.nan)

    def _elapsed(self, t: int) -> float:
        """Return the share of the session that the latest bars reach to, in (0, 1]."""
        hour = self.hour
        latest = self.bars.latest[t][self.whole[t]]
        reached = latest.max() if len(latest) else hour.moments[t]
        return float((reached - hour.opens[t]) / (hour.ends[t] - hour.opens[t]))

    def _findings(self, t: int, previous: np.ndarray) -> Iterator[QualityFinding]:
        """Say of each symbol why there is no running bar of it."""
        shares = self.basis.shares(slice(t - 1, t), t)[0] if t else np.ones(len(self.symbols))
        for n, symbol in enumerate(self.symbols):
            if not self.from_opening[t, n]:
                yield FROM_OPENING.finding(symbol, self._wall(self.bars.first[t, n]))
            elif not self.up_to_now[t, n]:
                yield UP_TO_NOW.finding(symbol, self._wall(self.bars.latest[t, n]))
            elif np.isnan(shares[n]) and np.isfinite(self.close[t - 1, n]):
                value = f"{self.close[t - 1, n]:g} before, {self.bars.open[t, n]:g} at the opening"
                yield SHARES_KNOWN.finding(symbol, value)
            elif np.isnan(previous[n]):
                yield DAY_BEFORE.finding(symbol, self._wall(self.bars.closed[t - 1, n]))

    def _wall(self, moment: np.datetime64) -> str:
        if np.isnat(moment):
            return "no bar"
        seconds = int(moment.astype("M8[s]").astype(int))
        return f"{datetime.fromtimestamp(seconds, tz=NEW_YORK):%Y-%m-%d %H:%M}"
