"""Defects planted into records that are no bars: calendars, macro series, option chains, sightings.

Each function makes clean records by a stated law, spoils some at known places and says where. Truth
is the set of row positions of the table returned; for missing periods, which have no row, the set
of dates.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from math import erf
from typing import TYPE_CHECKING

import numpy as np

from foundation.kernel import seed_from
from foundation.market import sessions

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class SpoiltRecords:
    """A table with defects; ``truth`` maps each kind to row positions (or dates)."""

    table: pd.DataFrame
    truth: dict[str, frozenset[object]]


def _generator(what: str, seed: int) -> np.random.Generator:
    return np.random.default_rng(seed_from("record defects", what, seed))


def calendar_without_daylight_saving(
    seed: int = 0, *, events: int = 40, years: int = 6
) -> SpoiltRecords:
    """Return monthly releases, half of the events stamped in a fixed offset (UTC-5).

    Events are released at a wall clock of their own between 7:00 and 16:00 New York; one release in
    ten is moved by 15 to 120 minutes, as holidays and elections do. Truth, kind ``no daylight
    saving``: the unmoved summer rows of the events in fixed offset.
    """
    import pandas as pd

    draw = _generator("calendar", seed)
    months = pd.date_range("2008-01-01", periods=12 * years, freq="MS")
    parts, truth, at = [], set(), 0
    for event in range(events):
        day = months + pd.to_timedelta(draw.integers(0, 27, len(months)), unit="D")
        minute = int(draw.integers(28, 65)) * 15
        moved = draw.random(len(months)) < 0.1
        extra = np.where(moved, 15 * draw.integers(1, 9, len(months)), 0)
        wall = day + pd.to_timedelta(minute + extra, unit="min")
        stamp = wall
        if event < events // 2:
            utc = wall.tz_localize("America/New_York").tz_convert("UTC").tz_localize(None)
            stamp = utc - pd.Timedelta(hours=5)
            shifted = np.asarray(stamp != wall) & ~moved
            truth |= {at + int(n) for n in np.flatnonzero(shifted)}
        parts.append(pd.DataFrame({"stamp": stamp, "place": "USD", "event": f"release {event}"}))
        at += len(months)
    return SpoiltRecords(
        pd.concat(parts, ignore_index=True), {"no daylight saving": frozenset(truth)}
    )


def series_with_missing_periods(seed: int = 0, *, series: int = 30) -> SpoiltRecords:
    """Return monthly, weekly and daily series with gaps of one to twelve periods.

    Daily gaps are five to thirty weekdays; weekdays that are no exchange sessions are absent from
    daily series anyway and are no defect. Truth, kind ``missing periods``: (series, date).
    """
    import pandas as pd

    draw = _generator("series", seed)
    weekdays = np.array(sessions(date(1995, 1, 2), date(2004, 12, 31)), dtype="M8[D]")
    parts, truth = [], set()
    for n in range(series):
        name, kind = f"series {n}", ("monthly", "weekly", "daily")[n % 3]
        if kind == "monthly":
            days = np.arange("1990-01", "2010-01", dtype="M8[M]").astype("M8[D]")
        elif kind == "weekly":
            days = np.arange(np.datetime64("1995-01-04"), np.datetime64("2005-01-01"), 7)
        else:
            days = weekdays
        gone: set[int] = set()
        for _ in range(3):
            length = int(draw.integers(5, 31) if kind == "daily" else draw.integers(1, 13))
            first = int(draw.integers(5, len(days) - 40))
            gone |= set(range(first, first + length))
        absent = days[sorted(gone)]
        if kind == "daily":
            # All weekdays between the last value before a gap and the first after it.
            kept = np.delete(days, sorted(gone))
            whole = np.arange(days[0], days[-1])
            whole = whole[np.is_busday(whole)]
            holes = np.flatnonzero(np.isin(kept[1:], days[np.array(sorted(gone)) + 1]))
            absent = np.concatenate(
                [whole[(whole > kept[h]) & (whole < kept[h + 1])] for h in holes]
            )
        truth |= {(name, day.item()) for day in absent}
        left = np.delete(days, sorted(gone))
        value = 100 + np.cumsum(draw.standard_normal(len(left)))
        parts.append(pd.DataFrame({"series": name, "date": left.astype("M8[ns]"), "value": value}))
    return SpoiltRecords(pd.concat(parts, ignore_index=True), {"missing periods": frozenset(truth)})


def chain_with_defects(seed: int = 0, *, snapshots: int = 12, each: int = 60) -> SpoiltRecords:
    """Return an option chain by Black and Scholes (1973) with planted defects.

    Quotes have a spread of a tick to 5%, an upward-curved smile, and move with the underlying,
    0.1% to 2% a snapshot. Kinds: ``zero ask``, ``crossed quote`` (bid above ask by 1% to 50%),
    ``no volatility`` (zero, or 1e-5), ``impossible quote`` (a negative number), ``repeated quote``
    (the same row again), ``expired`` (snapshot after expiry) and ``repeated snapshot`` (two whole
    snapshots resent under a later stamp; truth: their rows).
    """
    import pandas as pd

    draw = _generator("chain", seed)
    spot, frames = 100.0, []
    strikes, expiries = np.arange(70.0, 131.0, 2.5), np.array([20, 48, 90, 180])
    base = pd.DataFrame(
        [(k, d, r) for k in strikes for d in expiries for r in "CP"],
        columns=["strike", "days", "right"],
    )
    begin = pd.Timestamp("2020-01-06")
    for n in range(snapshots):
        spot *= float(np.exp(draw.choice([-1, 1]) * draw.uniform(0.001, 0.02)))
        frames.append(_quotes(base, spot, begin, n, draw))
    resent = sorted(draw.choice(np.arange(1, snapshots), 2, replace=False).tolist())
    copied = ["bid", "ask", "last", "volume", "open_interest", "implied_volatility"]
    for n in resent:
        frames[n][copied] = frames[n - 1][copied].to_numpy()
    table = pd.concat(frames, ignore_index=True)
    snapshot = table["snapshot"].rank(method="dense").astype(int).to_numpy() - 1
    truth: dict[str, set[object]] = {
        "repeated snapshot": set(np.flatnonzero(np.isin(snapshot, resent)).tolist())
    }
    # A resent snapshot and those beside it are left alone: a spoilt copy would be no copy.
    near = {m for n in resent for m in (n - 1, n)}
    free = draw.permutation(np.flatnonzero(~np.isin(snapshot, list(near))))
    kinds = ("zero ask", "crossed quote", "no volatility", "impossible quote", "expired")
    for k, kind in enumerate(kinds):
        rows = free[k * each : (k + 1) * each]
        truth[kind] = set(rows.tolist())
        if kind == "zero ask":
            table.loc[rows, "ask"] = 0.0
        elif kind == "crossed quote":
            table.loc[rows, "bid"] = table.loc[rows, "ask"] * (1 + draw.uniform(0.01, 0.5, each))
        elif kind == "no volatility":
            table.loc[rows, "implied_volatility"] = draw.choice([0.0, 1e-5], each)
        elif kind == "impossible quote":
            column = draw.choice(["bid", "open_interest", "volume", "strike"], each)
            for row, name in zip(rows, column, strict=True):
                table.loc[row, name] = -abs(table.loc[row, name]) - 1
        else:
            table.loc[rows, "expiry"] = table.loc[rows, "snapshot"].dt.normalize() - pd.Timedelta(
                days=3
            )
    again = free[len(kinds) * each : (len(kinds) + 1) * each]
    truth["repeated quote"] = set(range(len(table), len(table) + each))
    table = pd.concat([table, table.loc[again]], ignore_index=True)
    return SpoiltRecords(table, {kind: frozenset(rows) for kind, rows in truth.items()})


def _quotes(
    base: pd.DataFrame, spot: float, begin: pd.Timestamp, n: int, draw: np.random.Generator
) -> pd.DataFrame:
    """Return one snapshot of the chain."""
    import pandas as pd

    moment = begin + pd.Timedelta(days=n, hours=16)
    years = (base["days"].to_numpy() - n) / 365
    strike = base["strike"].to_numpy()
    vol = 0.2 + 0.15 * np.log(strike / spot) ** 2 + 0.01 * draw.random(len(base))
    spread = vol * np.sqrt(years)
    d1 = np.log(spot / strike) / spread + spread / 2
    normal = np.vectorize(lambda x: 0.5 * (1 + erf(x / np.sqrt(2))))
    call = spot * normal(d1) - strike * normal(d1 - spread)
    value = np.where(base["right"] == "C", call, call - spot + strike) + 0.05
    width = np.maximum(0.01, value * draw.uniform(0, 0.05, len(base)))
    names = [f"X{r}{d}-{k:g}" for k, d, r in base.itertuples(index=False)]
    return pd.DataFrame(
        {
            "contract": names,
            "underlying": "X",
            "expiry": begin + pd.to_timedelta(base["days"], unit="D"),
            "strike": strike,
            "right": base["right"],
            "snapshot": moment,
            "bid": value - width / 2,
            "ask": value + width / 2,
            "last": value,
            "volume": draw.poisson(20, len(base)).astype(float),
            "open_interest": draw.poisson(500, len(base)).astype(float),
            "implied_volatility": vol,
            "spot": spot,
        }
    )


def sightings_with_defects(seed: int = 0, *, keys: int = 600) -> SpoiltRecords:
    """Return prices as sighted on several days, some revised, repeated or contradicted.

    Every key is sighted once; a fifth again unchanged (``seen again``; half of those as float32), a
    fifth again with a volume or close changed by 0.01% to 10% (``revised``), a tenth twice at one
    moment with different closes (``contradicted``, both rows).
    """
    import pandas as pd

    draw = _generator("sightings", seed)
    days = np.array(sessions(date(2015, 1, 2), date(2015, 12, 31)), dtype="M8[ns]")
    rows: list[tuple[object, ...]] = []
    truth: dict[str, set[object]] = {"seen again": set(), "revised": set(), "contradicted": set()}
    for key in range(keys):
        at = int(draw.integers(0, len(days) - 5))
        close, volume = round(float(draw.uniform(5, 500)), 2), float(draw.integers(10_000, 10**7))
        about = (f"S{key % 40:02d}", days[at])
        if any(r[:2] == about for r in rows):
            continue
        rows.append((*about, close, volume, days[at]))
        luck = draw.random()
        later = days[at + int(draw.integers(1, 4))]
        if luck < 0.2:
            again = float(np.float32(close)) if draw.random() < 0.5 else close
            truth["seen again"].add(len(rows))
            rows.append((*about, again, volume, later))
        elif luck < 0.4:
            change = 1 + float(np.exp(draw.uniform(np.log(1e-4), np.log(0.1))))
            truth["revised"].add(len(rows))
            new = (close * change, volume) if draw.random() < 0.5 else (close, volume * change)
            rows.append((*about, *new, later))
        elif luck < 0.5:
            truth["contradicted"] |= {len(rows) - 1, len(rows)}
            rows.append((*about, close * 1.001, volume, days[at]))
    table = pd.DataFrame(rows, columns=["symbol", "session", "close", "volume", "known_at"])
    return SpoiltRecords(table, {kind: frozenset(found) for kind, found in truth.items()})
