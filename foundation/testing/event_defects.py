"""Defects planted into events: texts, earnings, corporate actions, memberships, lists.

As in ``record_defects``: each function makes clean records by a stated law, spoils some at known
places and says where. Truth maps each kind to positions of the rows that a gate must name; of a
repeated row that is the copy, of rows that contradict one another each of them. Rows stand in
random order, so a copy may stand before what it copies; then the later of the two is the copy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from foundation.kernel import seed_from
from foundation.testing.record_defects import SpoiltRecords

if TYPE_CHECKING:
    import pandas as pd

WORDS = (
    "profit", "warning", "lawsuit", "merger", "buyback", "dividend", "chip", "oil", "drug",
    "trial", "chief", "analyst", "upgrade", "downgrade", "guidance", "plant", "strike", "recall",
    "deal", "debt", "rating", "launch", "margin", "order", "tariff",
)  # fmt: skip


class _Spoiler:
    """A clean table whose rows are spoilt one by one, none twice."""

    def __init__(self, clean: pd.DataFrame, what: str, seed: int, each: int) -> None:
        # Cells of a table have no static type.
        self.table: Any = clean
        self.draw = np.random.default_rng(seed_from("event defects", what, seed))
        self.free = self.draw.permutation(len(clean)).tolist()
        self.each = each
        self.marks: dict[str, list[int]] = {}
        self.added: list[tuple[str | None, dict[str, Any], int]] = []

    def take(self, kind: str | None) -> list[int]:
        """Return rows that nothing has touched yet, marked as spoilt by ``kind``."""
        rows, self.free = self.free[: self.each], self.free[self.each :]
        if kind is not None:
            self.marks[kind] = rows
        return rows

    def set(self, kind: str, column: str, value: Any) -> None:
        """Write a value, or what a function makes of the row, into fresh rows."""
        for row in self.take(kind):
            made = value(self.table.loc[row]) if callable(value) else value
            self.table.at[row, column] = made

    def copy(self, kind: str, both: bool, **changes: Any) -> None:
        """Repeat fresh rows, changed; mark the later one, or both."""
        for row in self.take(kind if both else None):
            fresh = self.table.loc[row].to_dict()
            made = {c: v(fresh) if callable(v) else v for c, v in changes.items()}
            self.added.append((kind, {**fresh, **made}, row if not both else -1))

    def some_days(self) -> int:
        """Draw one to four hundred days."""
        return int(self.draw.integers(1, 401))

    def done(self) -> SpoiltRecords:
        """Return the rows in random order, and where the spoilt ones have come to stand."""
        import pandas as pd

        count = len(self.table)
        extra = pd.DataFrame([row for _, row, _ in self.added], columns=self.table.columns)
        whole = pd.concat([self.table, extra], ignore_index=True) if len(extra) else self.table
        order = self.draw.permutation(len(whole))
        place = np.argsort(order)
        truth = {kind: {int(place[row]) for row in rows} for kind, rows in self.marks.items()}
        for n, (kind, _, source) in enumerate(self.added):
            at = int(place[count + n])
            at = max(at, int(place[source])) if source >= 0 else at
            truth.setdefault(str(kind), set()).add(at)
        return SpoiltRecords(
            whole.iloc[order].reset_index(drop=True),
            {kind: frozenset(rows) for kind, rows in truth.items()},
        )


def _symbols(count: int) -> list[str]:
    return [f"S{n:03d}" for n in range(count)]


def texts_with_defects(seed: int = 0, *, count: int = 4_000, each: int = 25) -> SpoiltRecords:
    """Return headlines of sixty symbols over two years, collected at the end of 2016.

    Kinds: ``empty text``, ``undated event``, ``future stamped`` (1 to 400 days), ``known before
    event`` (a minute to a week), ``unknown symbol``, ``repeated text`` (other case and blanks, up
    to some hours later on the same day), ``other day`` (dated the day before).
    """
    import pandas as pd

    draw = np.random.default_rng(seed_from("event defects", "texts", seed))
    minute = draw.integers(0, 720 * 24 * 60, count)
    stamp = pd.Timestamp("2015-01-01", tz="UTC") + pd.to_timedelta(minute, unit="min")
    said = [f"{' '.join(draw.choice(WORDS, 6))} {n}" for n in range(count)]
    clean = pd.DataFrame(
        {
            "symbol": draw.choice(_symbols(60), count),
            "stamp": stamp,
            "known_at": stamp,
            "date": stamp.normalize().tz_localize(None),
            "text": said,
        }
    )
    s = _Spoiler(clean, "texts", seed, each)

    def later(low: float, high: float) -> pd.Timedelta:
        return pd.Timedelta(minutes=round(float(np.exp(s.draw.uniform(*np.log([low, high]))))))

    s.set("empty text", "text", lambda _: str(s.draw.choice(["", "  ", "\t"])))
    s.set("undated event", "stamp", pd.NaT)
    end = pd.Timestamp("2017-01-01", tz="UTC")
    s.set("future stamped", "stamp", lambda _: end + later(1_440, 576_000))
    s.set("known before event", "known_at", lambda row: row["stamp"] - later(1, 10_080))
    s.set("unknown symbol", "symbol", lambda row: str(s.draw.choice(["", row["symbol"] + "X"])))
    s.set("other day", "date", lambda row: row["date"] - pd.Timedelta(days=1))

    def same_day(row: dict[str, Any]) -> pd.Timestamp:
        last = row["stamp"].normalize() + pd.Timedelta(hours=23, minutes=59)
        return min(row["stamp"] + later(1, 600), last)

    s.copy("repeated text", False, stamp=same_day, text=lambda row: f" {row['text'].upper()} ")
    for row in range(len(s.added)):
        s.added[row][1]["known_at"] = s.added[row][1]["stamp"]
    return s.done()


def earnings_with_defects(seed: int = 0, *, companies: int = 80, each: int = 25) -> SpoiltRecords:
    """Return quarterly reports over five years, collected at the end of 2015.

    Kinds: ``future stamped`` (an actual figure dated after collection), ``impossible earnings``
    (a total in place of a figure a share), ``conflicting earnings`` (0.01 to a dollar apart),
    ``repeated earnings``, ``two reports a quarter`` (again 2 to 15 days later), ``bases differ``
    (a factor of 20 to 100), ``zero revenue``, ``no earnings``.
    """
    import pandas as pd

    draw = np.random.default_rng(seed_from("event defects", "earnings", seed))
    parts = []
    for symbol in _symbols(companies):
        first = np.datetime64("2011-01-10") + int(draw.integers(0, 60))
        day = first + 91 * np.arange(19) + draw.integers(-8, 9, 19)
        level = float(np.exp(draw.normal(0.8, 0.5)))
        expected = np.round(level * np.exp(draw.normal(0, 0.15, 19)) + 0.2, 2)
        eps = np.round(expected * np.exp(draw.normal(0, 0.1, 19)), 2)
        revenue = np.round(level * 1e8 * np.exp(draw.normal(0, 0.1, 19)))
        parts.append(
            pd.DataFrame(
                {"symbol": symbol, "date": day, "eps": eps, "eps_estimate": expected,
                 "revenue": revenue}
            )
        )  # fmt: skip
    clean = pd.concat(parts, ignore_index=True)
    clean["date"] = clean["date"].astype("datetime64[ns]")
    s = _Spoiler(clean, "earnings", seed, each)
    days = pd.Timedelta
    s.set("future stamped", "date", lambda _: pd.Timestamp("2016-02-01") + days(days=s.some_days()))
    s.set("impossible earnings", "eps", lambda row: row["eps"] * 10 ** s.draw.uniform(6, 9))
    s.set("bases differ", "eps", lambda row: row["eps_estimate"] * s.draw.uniform(20, 100))
    s.set("zero revenue", "revenue", 0.0)
    for row in s.take("no earnings"):
        s.table.loc[row, ["eps", "eps_estimate"]] = np.nan
    s.copy("repeated earnings", False)
    s.copy("conflicting earnings", True, eps=lambda row: row["eps"] + s.draw.uniform(0.01, 1.0))
    soon = {"date": lambda row: row["date"] + days(days=int(s.draw.integers(2, 16)))}
    rows = s.take(None)
    for row in rows:
        fresh = s.table.loc[row].to_dict()
        s.added.append(("two reports a quarter", {**fresh, "date": soon["date"](fresh)}, -1))
    return s.done()


def actions_with_defects(seed: int = 0, *, companies: int = 80, each: int = 20) -> SpoiltRecords:
    """Return quarterly dividends and some splits over five years, ex-dates on sessions.

    Kinds: ``impossible action`` (zero, negative, a split of 200:1), ``split of one``,
    ``conflicting split``, ``repeated action``, ``near copy`` (2 to 5 days later, on a session),
    ``ex date off session`` (the weekend after), ``announced after ex date``.
    """
    import pandas as pd

    from foundation.market import sessions

    draw = np.random.default_rng(seed_from("event defects", "actions", seed))
    first = pd.Timestamp("2010-01-04").date()
    last = pd.Timestamp("2015-12-31").date()
    open_days = np.array(sessions(first, last), dtype="M8[ns]")
    parts = []
    for symbol in _symbols(companies):
        at = np.arange(int(draw.integers(5, 60)), len(open_days) - 30, 63)
        paid = np.round(0.1 + draw.random() + 0.01 * np.arange(len(at)), 2)
        splits = np.sort(draw.choice(np.setdiff1d(np.arange(10, 1_400), at), 2, replace=False))
        ratio = draw.choice([1.5, 2.0, 3.0, 0.1], 2)
        parts += [
            pd.DataFrame({"symbol": symbol, "ex_date": open_days[at], "kind": "dividend",
                          "value": paid}),
            pd.DataFrame({"symbol": symbol, "ex_date": open_days[splits], "kind": "split",
                          "value": ratio}),
        ]  # fmt: skip
    clean = pd.concat(parts, ignore_index=True)
    clean["known_at"] = (clean["ex_date"] - pd.Timedelta(days=20)).dt.tz_localize("UTC")
    s = _Spoiler(clean, "actions", seed, each)
    of_splits = [row for row in s.free if s.table.at[row, "kind"] == "split"]
    s.free = [row for row in s.free if s.table.at[row, "kind"] == "dividend"]

    def wrong(row: Any) -> float:
        return float(s.draw.choice([0.0, -abs(row["value"])]))

    s.set("impossible action", "value", wrong)
    s.set("announced after ex date", "known_at",
          lambda row: row["known_at"] + pd.Timedelta(days=40))  # fmt: skip

    def weekend(row: Any) -> pd.Timestamp:
        return row["ex_date"] + pd.Timedelta(days=5 - row["ex_date"].weekday())

    s.set("ex date off session", "ex_date", weekend)
    s.copy("repeated action", False)

    def soon(row: dict[str, Any]) -> pd.Timestamp:
        at = int(np.searchsorted(open_days, row["ex_date"].to_datetime64()))
        return pd.Timestamp(open_days[at + int(s.draw.integers(2, 4))])

    for row in s.take(None):
        fresh = s.table.loc[row].to_dict()
        s.added.append(("near copy", {**fresh, "ex_date": soon(fresh)}, -1))
    s.free = of_splits
    s.set("split of one", "value", 1.0)
    s.copy("conflicting split", True, value=lambda row: row["value"] * 2)
    return s.done()


def memberships_with_defects(seed: int = 0, *, count: int = 600, each: int = 20) -> SpoiltRecords:
    """Return intervals of members, collected at the end of 2020.

    Kinds: ``ends before it begins``, ``future stamped``, ``repeated membership``, ``overlapping
    membership`` (the same symbol again before it has left).
    """
    import pandas as pd

    draw = np.random.default_rng(seed_from("event defects", "memberships", seed))
    start = np.datetime64("1996-01-02") + draw.integers(0, 6_000, count)
    length = draw.integers(200, 2_500, count)
    end = pd.Series((start + length).astype("M8[ns]"))
    clean = pd.DataFrame(
        {"symbol": _symbols(count), "start": start.astype("M8[ns]"),
         "end": end.where(draw.random(count) < 0.6)}
    )  # fmt: skip
    s = _Spoiler(clean, "memberships", seed, each)
    back = pd.Timedelta
    s.set("ends before it begins", "end", lambda row: row["start"] - back(days=s.some_days()))
    s.set("future stamped", "end", lambda _: pd.Timestamp("2021-01-01") + back(days=s.some_days()))
    s.copy("repeated membership", False)
    for row in s.take(None):
        fresh = s.table.loc[row].to_dict()
        fresh["start"] += back(days=int(s.draw.integers(10, 190)))
        fresh["end"] = pd.NaT
        s.added.append(("overlapping membership", fresh, -1))
    return s.done()
