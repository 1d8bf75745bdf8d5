"""What our market-wide series are made of at FRED, and their values vintage by vintage."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from typing import Literal, NamedTuple

from foundation.contracts import MarketEvent
from foundation.kernel import NEW_YORK
from foundation.market import close_of, last_session_of_month
from stage_01_data_engine.adapters.bundled import CORE_INFLATION
from stage_01_data_engine.knowledge import known_after

SeriesName = Literal[
    "vix", "wti", "credit_spread", "treasury_10y", "treasury_2y", "treasury_3m", "dollar_index",
    "core_cpi_yoy",
]  # fmt: skip
CONSUMER_PRICES = 10
"""FRED's number of the release "Consumer Price Index"."""
LONGEST_GAP = timedelta(days=40)
"""Between two releases that came as scheduled. A month's release of consumer prices follows the
last within 36 days; after the shutdowns of 2013 and 2025 it took 43 and more."""


class Published(NamedTuple):
    """A value of a period and the date of the vintage that brought it."""

    day: date
    period: date
    value: float


Levels = dict[str, dict[date, float]]
"""By FRED id: the values of all periods, as they stand in some vintage."""


class FredSeries(NamedTuple):
    """How one of our series is made from FRED's."""

    ids: tuple[str, ...]
    value: Callable[[Levels, date], float | None]
    touched: Callable[[date], tuple[date, ...]]
    monthly: bool
    released: time | None = None


def _year_before(month: date) -> date:
    return date(month.year - 1, month.month, 1)


def _month_before(month: date) -> date:
    return (month - timedelta(days=1)).replace(day=1)


def _itself(name: str) -> Callable[[Levels, date], float | None]:
    return lambda levels, period: levels[name].get(period)


def _difference(high: str, low: str) -> Callable[[Levels, date], float | None]:
    def value(levels: Levels, period: date) -> float | None:
        if period not in levels[high] or period not in levels[low]:
            return None
        return levels[high][period] - levels[low][period]

    return value


def _yearly_change(name: str) -> Callable[[Levels, date], float | None]:
    def value(levels: Levels, period: date) -> float | None:
        now, then = levels[name].get(period), levels[name].get(_year_before(period))
        return None if now is None or not then else 100.0 * (now / then - 1.0)

    return value


SERIES: dict[SeriesName, FredSeries] = {
    "vix": FredSeries(("VIXCLS",), _itself("VIXCLS"), lambda day: (day,), monthly=False),
    "wti": FredSeries(("DCOILWTICO",), _itself("DCOILWTICO"), lambda day: (day,), monthly=False),
    "credit_spread": FredSeries(
        ("BAA", "AAA"), _difference("BAA", "AAA"), lambda month: (month,), monthly=True
    ),
    "treasury_10y": FredSeries(("DGS10",), _itself("DGS10"), lambda day: (day,), monthly=False),
    "treasury_2y": FredSeries(("DGS2",), _itself("DGS2"), lambda day: (day,), monthly=False),
    "treasury_3m": FredSeries(("DGS3MO",), _itself("DGS3MO"), lambda day: (day,), monthly=False),
    "dollar_index": FredSeries(
        ("DTWEXBGS",), _itself("DTWEXBGS"), lambda day: (day,), monthly=False
    ),
    "core_cpi_yoy": FredSeries(
        ("CPILFESL",),
        _yearly_change("CPILFESL"),
        # A level moves the change of its own month and that of the same month a year later.
        lambda month: (month, date(month.year + 1, month.month, 1)),
        monthly=True,
        released=time(8, 30),
    ),
}


def derived_values(series: FredSeries, history: dict[str, list[Published]]) -> list[Published]:
    """Return our series by vintage: its value anew whenever a value it rests on is new.

    A value that repeats the one before it is the same, continued: a request cuts real-time periods
    at its bounds, so the next one begins where it ended.
    """
    levels: Levels = {fred_id: {} for fred_id in series.ids}
    news = sorted(
        (told.day, fred_id, told.period, told.value)
        for fred_id, published in history.items()
        for told in published
    )
    made: list[Published] = []
    last: dict[date, float] = {}
    at = 0
    while at < len(news):
        day, touched = news[at][0], set()
        while at < len(news) and news[at][0] == day:
            _, fred_id, period, level = news[at]
            levels[fred_id][period] = level
            touched |= set(series.touched(period))
            at += 1
        for period in sorted(touched):
            value = series.value(levels, period)
            if value is not None and last.get(period) != value:
                made.append(Published(day, period, value))
                last[period] = value
    return made


def known_from(series: FredSeries, day: date) -> datetime:
    """Return when a vintage counts as known."""
    if series.released is None:
        return known_after(day)
    return datetime.combine(day, series.released, tzinfo=NEW_YORK)


def ended(series: FredSeries, period: date) -> datetime:
    """Return the end of a period: 16:00 of a day, the last close of a month."""
    if series.monthly:
        return close_of(last_session_of_month(period.year, period.month))
    return datetime.combine(period, time(16), tzinfo=NEW_YORK)


def observations(
    name: str, series: FredSeries, made: list[Published], since: date
) -> list[tuple[str, datetime, datetime, float, str]]:
    return [
        (
            name,
            ended(series, told.period),
            known_from(series, told.day),
            told.value,
            f"{'-'.join(series.ids)}:{told.period.isoformat()}@{told.day.isoformat()}",
        )
        for told in made
        if told.period >= since
    ]


def releases(series: FredSeries, made: list[Published], since: date) -> list[MarketEvent]:
    """Return the first print of every month, beside the month before as it then stood."""
    standing: dict[date, float] = {}
    events = []
    for day in sorted({told.day for told in made}):
        fresh = [told for told in made if told.day == day]
        first = [told for told in fresh if told.period not in standing]
        standing |= {told.period: told.value for told in fresh}
        # The first vintage of all brings years at once: what was new in it is not known.
        newest = max(first, key=lambda told: told.period, default=None)
        if newest is None or len(first) > 1 or newest.period < since:
            continue
        moment = known_from(series, day)
        events.append(
            MarketEvent(
                kind="economic release",
                name=CORE_INFLATION,
                event_time=moment,
                known_at=moment,
                actual=newest.value,
                previous=standing.get(_month_before(newest.period)),
                unit="percent over twelve months",
                text=f"Core consumer prices for {newest.period:%B %Y}",
            )
        )
    return events


def announcements(
    series: FredSeries, days: Sequence[date], released: Sequence[MarketEvent], since: date
) -> list[MarketEvent]:
    """Return the releases that were to come, each known from the release before it.

    The Bureau of Labor Statistics names the date of the next release in the text of each. FRED
    tells the dates as they are now: where one was moved after its announcement (more than
    ``LONGEST_GAP`` after the release before), since when the new one was known is not told, and
    nothing is announced.

    Parameters
    ----------
    days : sequence of date
        Release dates, ascending, scheduled ones included.
    released : sequence of MarketEvent
        What was released, for the figure that stood when a date was announced.
    since : date
        Releases before it are left out.
    """
    found = []
    for before, day in pairwise(days):
        if day < since or day - before > LONGEST_GAP:
            continue
        known = known_from(series, before)
        standing = max(
            (event for event in released if event.known_at <= known),
            key=lambda event: event.known_at,
            default=None,
        )
        found.append(
            MarketEvent(
                kind="economic release",
                name=CORE_INFLATION,
                event_time=known_from(series, day),
                known_at=known,
                previous=None if standing is None else standing.actual,
                unit="percent over twelve months",
                text="Core consumer prices, due",
            )
        )
    return found
