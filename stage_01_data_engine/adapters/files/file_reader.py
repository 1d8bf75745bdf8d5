"""The rows of one file: cut at the as-of date, placed in the file, turned into numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from foundation.contracts import BAR_FIELDS, QualityFinding
from foundation.market import closes
from stage_01_data_engine.adapters.files.stamps import exchange_dates, of_one_zone
from stage_01_data_engine.adapters.files.table_file import Table, to_numbers
from stage_01_data_engine.findings import BrokenRow, Rows, Rule
from stage_01_data_engine.raw import MarketRequest, observation_frame
from stage_01_data_engine.series import TRADED_SERIES

if TYPE_CHECKING:
    import pandas as pd

READABLE_DATE = Rule(
    "A row's date is ISO 8601",
    "write the date as YYYY-MM-DD",
    ("date",),
    name="unreadable-date",
    dimension="schema",
    why="a row without a date has no place in time",
)
ONE_ZONE = Rule(
    "All dates of a file are in one time zone",
    "write every date of the file in America/New_York, or none with a zone",
    ("date",),
    name="mixed-zones",
    dimension="schema",
    why="the same moment falls on two dates",
)
NUMBERS = Rule(
    "Prices and volume are numbers",
    "write plain decimal numbers, no thousands separators, and as many fields as the header",
    BAR_FIELDS,
    name="not-a-number",
    dimension="schema",
    why="a number read out of a broken cell would be made up",
)
NAMED = Rule(
    "Every row of a file of many symbols names its symbol",
    "fill in the symbol",
    name="no-symbol",
    dimension="schema",
    why="a price of nobody cannot be placed",
)
HAS_KNOWN_ROWS = Rule(
    "A file has bars in the window, up to the as-of date",
    "choose a later as-of date or longer history, or write its dates as YYYY-MM-DD",
    severity="warning",
)
WHOLE_RANGES = Rule(
    "A file that reports ranges has open, high and low",
    "supply the missing columns; until then only its closes are used",
    severity="warning",
    action="kept",
)
DATED_KNOWLEDGE = Rule(
    "A market-wide series says when each value became known",
    "add a column known_at with aware timestamps",
    severity="warning",
    name="known-at-missing",
    dimension="completeness",
    why="a value used before it was published shows the future",
)


class FileReader:
    """The rows of one file, cut at the as-of date before any of them is judged."""

    def __init__(
        self, name: str, stem: str, table: Table, request: MarketRequest, listed_rows: int
    ) -> None:
        self.name, self.stem, self.request = name, stem, request
        self.listed_rows = listed_rows
        self.findings: list[QualityFinding] = []
        self.unread: list[BrokenRow] = []
        self.many = "symbol" in table.frame
        self._cut(table)

    def _cut(self, table: Table) -> None:
        """Keep the rows of the window, each with its place in the file."""
        import pandas as pd

        frame = table.frame
        symbol = (
            frame["symbol"].fillna("").astype(str).str.strip().str.upper()
            if self.many
            else pd.Series(self.stem, index=frame.index, dtype=object)
        )
        group = pd.factorize(symbol)[0]
        days, zone, local = exchange_dates(frame["date"])
        first, last = (np.datetime64(d) for d in (self.request.sessions[0], self.request.as_of))
        past, inside = days <= last, (days >= first) & (days <= last)
        unread = np.isnat(days)
        if unread.any():
            past |= unread & _followed(past, group)
            inside |= unread & _followed(inside, group)
        place = pd.Series(past).groupby(group).cumsum().to_numpy() + (
            1 if table.is_csv and not self.many else 0
        )
        keep = (
            inside
            if not self.request.symbols
            else inside & symbol.isin(self.request.symbols).to_numpy()
        )
        self.frame, self.days = frame[keep], days[keep]
        self.zone, self.local = zone[keep], local[keep]
        symbol = symbol[keep]
        self.symbol = symbol.to_numpy(dtype=object)
        prefix = {s: f"{self.name}:{s}:" if self.many else f"{self.name}:" for s in set(symbol)}
        self.location = np.array(
            [f"{prefix[s]}{n}" for s, n in zip(self.symbol, place[keep], strict=True)], dtype=object
        )
        self.good = np.ones(len(self.symbol), dtype=bool)
        if len(self.symbol) == 0 and not self.many:
            self.findings.append(
                HAS_KNOWN_ROWS.finding(self.stem, "no such row", location=self.name)
            )

    def _quarantine(self, rule: Rule, broken: dict[str, np.ndarray]) -> None:
        """Take out rows with a broken cell; report the broken cells as they were written.

        Readable cells are not shown: how they print depends on the rest of their column, and so
        on rows that are not known yet.
        """
        rows = np.flatnonzero(np.any(list(broken.values()), axis=0) & self.good)
        self.good[rows] = False

        def show(row: int) -> str:
            cells = [(c, self.frame[c].iloc[row]) for c, bad in broken.items() if bad[row]]
            return ", ".join(f"{column} {cell!s}" for column, cell in cells)[:120]

        about = Rows(self.symbol, self.days, self.location)
        self.unread += about.verdicts(rule, rows)
        self.findings += about.report(rule, rows, show, self.listed_rows)

    def _judge_stamps(self) -> None:
        self._quarantine(NAMED, {"date": self.symbol == ""})
        self._quarantine(READABLE_DATE, {"date": np.isnat(self.days)})
        same = np.ones(len(self.good), dtype=bool)
        same[self.good] = of_one_zone(self.zone[self.good], self.local[self.good])
        self._quarantine(ONE_ZONE, {"date": ~same})

    def bars(self) -> pd.DataFrame:
        """Return the readable rows as bars; the unreadable ones are in ``findings``."""
        import pandas as pd

        self._judge_stamps()
        ranges = [f for f in ("open", "high", "low") if f in self.frame]
        if 0 < len(ranges) < 3:
            self.findings.append(
                WHOLE_RANGES.finding(self.stem, f"only {', '.join(ranges)}", location=self.name)
            )
        used = ["close", *(["open", "high", "low"] if len(ranges) == 3 else [])]
        used += ["volume"] if "volume" in self.frame else []
        values = {f: np.full(len(self.good), np.nan) for f in BAR_FIELDS}
        unreadable = {}
        for name in used:
            values[name], unreadable[name] = to_numbers(self.frame[name])
        self._quarantine(NUMBERS, unreadable)
        frame = pd.DataFrame(
            {
                "symbol": self.symbol,
                "session": self.days.astype("M8[ns]"),
                **values,
                "location": self.location,
            }
        )
        return frame[self.good]

    def observations(self, series: str) -> pd.DataFrame:
        """Return the rows as values of a market-wide series."""
        import pandas as pd

        self._judge_stamps()
        values, unreadable = to_numbers(self.frame["close"])
        self._quarantine(NUMBERS, {"close": unreadable})
        at_close = _closes_on_or_after(self.days, self.request)
        known = at_close
        if "known_at" in self.frame:
            stamps = pd.to_datetime(self.frame["known_at"], utc=True, errors="coerce")
            aware = self.frame["known_at"].astype(str).str.contains(r"(?:Z|[+-]\d{2}:?\d{2})$")
            known = stamps.where(aware).dt.tz_convert(None).to_numpy().astype("M8[ns]")
            self._quarantine(DATED_KNOWLEDGE, {"known_at": np.isnat(known)})
        elif series not in TRADED_SERIES:
            self._quarantine(DATED_KNOWLEDGE, {"date": self.good.copy()})
        keep = self.good & ~np.isnan(values) & ~np.isnat(known)
        noon = self.days.astype("M8[ns]") + np.timedelta64(17, "h")
        return observation_frame(
            zip(
                [series] * int(keep.sum()),
                noon[keep],
                known[keep],
                values[keep],
                self.location[keep],
                strict=True,
            )
        )


def _followed(marked: np.ndarray, group: np.ndarray) -> np.ndarray:
    """Say of every row whether a marked row of its group stands below it."""
    last = np.full(int(group.max(initial=-1)) + 1, -1)
    rows = np.flatnonzero(marked)
    np.maximum.at(last, group[rows], rows)
    return np.asarray(last[group] > np.arange(len(group)))


def _closes_on_or_after(days: np.ndarray, request: MarketRequest) -> np.ndarray:
    """Return when a value of each date is known: the close of that session, or of the next."""
    sessions = np.array(request.sessions, dtype="M8[D]")
    moments = closes(request.sessions[0], request.as_of)
    at = np.searchsorted(sessions, days, side="left")
    at[np.isnat(days)] = len(sessions)
    return np.append(moments, np.datetime64("NaT", "ns"))[at]
