"""The one market that all emulated vendors tell of, with its truth at hand.

Prices are as traded (not adjusted); splits, dividends, news and every vintage of the economic
series stand beside them. Vendors know it whole, later days included: what may be seen as of a
day is for the source to work out, and ``rewritten_after`` shows whether it did.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

import numpy as np

from foundation.kernel import NEW_YORK, seed_from
from foundation.market import close_of, next_session, sessions


@dataclass(frozen=True)
class Split:
    """``before`` shares become ``after`` on ``day``, before the open."""

    symbol: str
    day: date
    before: float
    after: float


@dataclass(frozen=True)
class Dividend:
    """US dollars a share, as traded on the ex-date; ``declared`` is None where not reported."""

    symbol: str
    ex_date: date
    amount: float
    declared: date | None
    paid: date


@dataclass(frozen=True)
class Article:
    """A piece of news and the moment it was published."""

    symbols: tuple[str, ...]
    published: datetime
    title: str
    publisher: str = "Example Wire"


@dataclass(frozen=True)
class Earnings:
    """A quarter's report: before the open ("bmo"), after the close ("amc"), during market hours
    ("dmh") or at a time that is not reported ("")."""

    symbol: str
    day: date
    hour: str
    eps: float
    estimate: float | None
    quarter: int
    year: int


@dataclass(frozen=True)
class Vintage:
    """The value of one period of a series, as published from ``day`` on."""

    period: date
    day: date
    value: float | None


@dataclass(frozen=True)
class VendorMarket:
    """What vendors know.

    Attributes
    ----------
    sessions : tuple of date
        Ascending.
    bars : dict of str to float array (T, 5)
        Open, high, low, close (US dollars, as traded) and volume (shares, as traded).
    vintages : dict of str to tuple of Vintage
        By FRED series id: VIXCLS, DCOILWTICO, DGS10, DGS2, DGS3MO, DTWEXBGS, BAA, AAA,
        CPILFESL; ordered by day.
    release_days : tuple of date
        Of consumer prices, ascending; the last few are scheduled and have no figure yet.
    """

    sessions: tuple[date, ...]
    bars: dict[str, np.ndarray]
    splits: tuple[Split, ...]
    dividends: tuple[Dividend, ...]
    articles: tuple[Article, ...]
    vintages: dict[str, tuple[Vintage, ...]]
    earnings: tuple[Earnings, ...] = ()
    release_days: tuple[date, ...] = ()

    @property
    def symbols(self) -> tuple[str, ...]:
        return tuple(self.bars)

    def adjusted(self, symbol: str, as_of: date) -> np.ndarray:
        """Return bars (t, 5) up to ``as_of``, adjusted for the splits up to then, one by one.

        Slow on purpose: the oracle that sources are held against.
        """
        kept = [day for day in self.sessions if day <= as_of]
        values = self.bars[symbol][: len(kept)].copy()
        for split in self.splits:
            if split.symbol == symbol and split.day <= as_of:
                for at, day in enumerate(kept):
                    if day < split.day:
                        values[at, :4] *= split.before / split.after
                        values[at, 4] *= split.after / split.before
        return values

    def minutes(self, symbol: str, day: date) -> np.ndarray:
        """Return the minute bars (m, 5) of regular trading on a session, as traded.

        Together they make the session's bar: the first opens, the last closes, one each touches
        high and low, volumes add up.
        """
        at = self.sessions.index(day)
        opened, high, low, close, volume = self.bars[symbol][at].tolist()
        count = (close_of(day).hour * 60 + close_of(day).minute) - 570
        path = opened + (close - opened) * np.arange(count + 1) / count
        path[[0, -1]] = opened, close
        first, last = path[:-1], path[1:]
        top, bottom = np.maximum(first, last), np.minimum(first, last)
        top[count // 2], bottom[count // 3] = high, low
        shares = np.full(count, volume // count)
        shares[-1] += volume - shares.sum()
        return np.column_stack([first, top, bottom, last, shares])

    def cut_after(self, day: date) -> VendorMarket:
        """Return the market without anything later than the end of ``day``."""
        count = sum(session <= day for session in self.sessions)
        return replace(
            self,
            sessions=self.sessions[:count],
            bars={symbol: values[:count] for symbol, values in self.bars.items()},
            splits=tuple(s for s in self.splits if s.day <= day),
            dividends=tuple(d for d in self.dividends if (d.declared or d.ex_date) <= day),
            articles=tuple(a for a in self.articles if a.published.date() <= day),
            vintages={
                name: tuple(v for v in found if v.day <= day)
                for name, found in self.vintages.items()
            },
            earnings=tuple(e for e in self.earnings if e.day <= day),
            release_days=self.release_days[: self._announced(day)],
        )

    def _announced(self, day: date) -> int:
        """Return how many release days are announced by a day: those past, and the next one."""
        return min(len(self.release_days), sum(d <= day for d in self.release_days) + 1)

    def rewritten_after(self, day: date) -> VendorMarket:
        """Return a market of another future: unchanged up to the close of ``day``, all else not."""
        past = self.cut_after(day)
        later = [session for session in self.sessions if session > day]
        bars = {
            symbol: np.vstack([past.bars[symbol], values[len(past.sessions) :] * 1.37])
            for symbol, values in self.bars.items()
        }
        first = later[0] if later else next_session(day)
        moment = datetime.combine(first, time(10), tzinfo=NEW_YORK)
        closed = datetime.combine(day, time(16), tzinfo=NEW_YORK)
        return replace(
            past,
            sessions=self.sessions,
            bars=bars,
            splits=(*past.splits, *(Split(s, first, 1, 7) for s in self.symbols)),
            dividends=(
                *past.dividends,
                *(
                    Dividend(s, first, 9.99, first, first + timedelta(days=30))
                    for s in self.symbols
                ),
            ),
            articles=(
                *(a for a in past.articles if a.published <= closed),
                Article(self.symbols, closed + timedelta(minutes=30), "After the close"),
                Article(self.symbols, moment, "What nobody knew"),
            ),
            vintages={
                name: (
                    *found,
                    *(
                        Vintage(period, first, (value or 1.0) * 1.5)
                        for period, value in {v.period: v.value for v in found[-40:]}.items()
                    ),
                )
                for name, found in past.vintages.items()
            },
            earnings=(
                *(
                    replace(e, eps=e.eps + 3.0) if e.day == day and e.hour in ("amc", "") else e
                    for e in past.earnings
                ),
                *(Earnings(s, first, "bmo", 9.0, 1.0, 4, day.year) for s in self.symbols),
            ),
            release_days=(
                *past.release_days,
                *(d + timedelta(days=2) for d in self.release_days[self._announced(day) :]),
            ),
        )


def vendor_market(
    first: date = date(2018, 6, 1), last: date = date(2019, 3, 29), seed: int = 7
) -> VendorMarket:
    """Return three stocks over a change to daylight saving, a split before and one after New Year.

    AAA is split 4 for 1 on the session 2018-10-15, BBB 2 for 1 on 2019-02-04 (known to nobody at
    the end of 2018), CCC never. The same arguments give the same bytes.
    """
    days = sessions(first, last)
    splits = tuple(
        Split(symbol, day, 1, after)
        for symbol, day, after in (("AAA", date(2018, 10, 15), 4), ("BBB", date(2019, 2, 4), 2))
        if days[0] < day <= days[-1]
    )
    bars = {s: _bars(s, days, splits, seed) for s in ("AAA", "BBB", "CCC")}
    return VendorMarket(
        sessions=days,
        bars=bars,
        splits=splits,
        dividends=_dividends(days),
        articles=_articles(days),
        earnings=_earnings(days),
        vintages={
            "VIXCLS": _daily("VIXCLS", days, 18.0, seed),
            "DCOILWTICO": _weekly("DCOILWTICO", days, 60.0, seed),
            "BAA": _monthly("BAA", first, last, 5.0, seed),
            "AAA": _monthly("AAA", first, last, 4.0, seed),
            "DGS10": _daily("DGS10", days, 2.9, seed),
            "DGS2": _daily("DGS2", days, 2.5, seed),
            "DGS3MO": _daily("DGS3MO", days, 2.1, seed),
            "DTWEXBGS": _weekly("DTWEXBGS", days, 120.0, seed),
            "CPILFESL": _monthly_index(first, last, seed),
        },
        release_days=tuple(
            _released(month) for month in _months(first, last + timedelta(days=123), 30)
        ),
    )


def _bars(symbol: str, days: tuple[date, ...], splits: tuple[Split, ...], seed: int) -> np.ndarray:
    draw = np.random.default_rng(seed_from("vendor bars", seed, symbol))
    close = 200.0 * np.exp(np.cumsum(0.012 * draw.standard_normal(len(days))))
    opened = np.concatenate([[200.0], close[:-1]]) * np.exp(0.004 * draw.standard_normal(len(days)))
    top, bottom = np.maximum(opened, close), np.minimum(opened, close)
    high = top * (1 + 0.006 * draw.random(len(days)))
    low = bottom * (1 - 0.006 * draw.random(len(days)))
    values = np.column_stack([opened, high, low, close])
    volume = np.round(1e6 * np.exp(0.3 * draw.standard_normal(len(days))))
    for split in splits:
        if split.symbol == symbol:
            since = np.array([day >= split.day for day in days])
            values[since] *= split.before / split.after
            volume[since] *= split.after / split.before
    return np.column_stack([np.round(values, 4), volume])


def _dividends(days: tuple[date, ...]) -> tuple[Dividend, ...]:
    """One a quarter for CCC, declared three weeks ahead; one for BBB without a declaration."""
    found = []
    for month in sorted({(day.year, day.month) for day in days if day.month % 3 == 2}):
        ex_date = next_session(date(*month, 6))
        if days[0] <= ex_date <= days[-1]:
            declared, paid = ex_date - timedelta(days=21), ex_date + timedelta(days=21)
            found.append(Dividend("CCC", ex_date, 0.42, declared, paid))
    undeclared = next_session(date(2018, 12, 10))
    if days[0] <= undeclared <= days[-1]:
        found.append(Dividend("BBB", undeclared, 0.25, None, undeclared + timedelta(days=14)))
    return tuple(found)


def _earnings(days: tuple[date, ...]) -> tuple[Earnings, ...]:
    """Reports of every kind of hour; AAA's of the last session of 2018 comes after its close."""
    told = (
        Earnings("AAA", date(2018, 7, 31), "amc", 1.10, 1.05, 2, 2018),
        Earnings("BBB", date(2018, 8, 2), "bmo", 0.42, 0.47, 2, 2018),
        Earnings("CCC", date(2018, 8, 15), "", 0.31, None, 2, 2018),
        Earnings("AAA", date(2018, 11, 1), "amc", 1.21, 1.20, 3, 2018),
        Earnings("BBB", date(2018, 11, 6), "bmo", 0.50, 0.44, 3, 2018),
        Earnings("CCC", date(2018, 11, 14), "dmh", 0.35, 0.33, 3, 2018),
        Earnings("AAA", date(2018, 12, 28), "amc", 1.30, 1.25, 4, 2018),
        Earnings("BBB", date(2018, 12, 28), "", 0.55, 0.52, 4, 2018),
        Earnings("BBB", date(2019, 2, 5), "bmo", 0.58, 0.55, 1, 2019),
    )
    return tuple(e for e in told if days[0] <= e.day <= days[-1])


def _articles(days: tuple[date, ...]) -> tuple[Article, ...]:
    """One every seventh session, in turn before the open, in the session and after the close."""
    hours = (time(7, 45), time(11, 30), time(18, 5))
    names = (("AAA",), ("BBB", "CCC"), ("CCC",))
    return tuple(
        Article(
            names[at % 3],
            datetime.combine(day, hours[at % 3], tzinfo=NEW_YORK),
            f"Example report number {at}",
        )
        for at, day in enumerate(days[::7])
    )


def _walk(name: str, count: int, level: float, spread: float, seed: int) -> list[float]:
    draw = np.random.default_rng(seed_from("vendor series", seed, name))
    path = level * np.exp(np.cumsum(spread * draw.standard_normal(count)))
    return [round(float(value), 2) for value in path]


def _daily(name: str, days: tuple[date, ...], level: float, seed: int) -> tuple[Vintage, ...]:
    """Published the next session, never revised."""
    values = _walk(name, len(days), level, 0.05, seed)
    return tuple(Vintage(d, next_session(d), v) for d, v in zip(days, values, strict=True))


def _weekly(name: str, days: tuple[date, ...], level: float, seed: int) -> tuple[Vintage, ...]:
    """Published by the week on the Wednesday after it (or the next session); a holiday is blank."""
    values = _walk(name, len(days), level, 0.02, seed)
    found = [
        Vintage(d, next_session(d + timedelta(days=8 - d.weekday())), v)
        for d, v in zip(days, values, strict=True)
    ]
    holiday = date(2018, 9, 3)
    if days[0] < holiday < days[-1]:
        found.append(Vintage(holiday, next_session(date(2018, 9, 11)), None))
    return tuple(sorted(found, key=lambda vintage: (vintage.day, vintage.period)))


def _months(first: date, last: date, before: int) -> list[date]:
    start, end = first.year * 12 + first.month - 1 - before, last.year * 12 + last.month - 1
    return [date(at // 12, at % 12 + 1, 1) for at in range(start, end)]


def _following(month: date) -> date:
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)


def _monthly(name: str, first: date, last: date, level: float, seed: int) -> tuple[Vintage, ...]:
    """Averages of a month, published on the first session of the next."""
    months = _months(first, last, 3)
    values = _walk(name, len(months), level, 0.02, seed)
    return tuple(
        Vintage(month, next_session(_following(month) - timedelta(days=1)), value)
        for month, value in zip(months, values, strict=True)
    )


def _released(month: date) -> date:
    """Return the day on which consumer prices of a month come out."""
    return next_session(_following(month) + timedelta(days=9))


def _monthly_index(first: date, last: date, seed: int) -> tuple[Vintage, ...]:
    """An index published on about the 11th of the next month; each February the past is revised."""
    months = _months(first, last, 30)
    draw = np.random.default_rng(seed_from("vendor series", seed, "CPILFESL"))
    levels = 250.0 * np.exp(np.cumsum(0.0017 + 0.0006 * draw.standard_normal(len(months))))
    found = []
    for at, (month, level) in enumerate(zip(months, levels, strict=True)):
        day = _released(month)
        found.append(Vintage(month, day, round(float(level), 3)))
        if day.month == 2:
            for back in range(max(0, at - 12), at):
                revised = levels[back] * (1 + 0.0004 * (-1) ** back)
                found.append(Vintage(months[back], day, round(float(revised), 3)))
    return tuple(sorted(found, key=lambda vintage: (vintage.day, vintage.period)))
