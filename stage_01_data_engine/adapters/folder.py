"""Any folder of daily bars in CSV or Parquet files.

A file holds one symbol (its name is the symbol) or many (a column ``symbol`` or ``ticker``).
Files named like a market-wide series (``VIX.csv``, ``WTI.parquet``, ``credit_spread.csv``,
``core_cpi_yoy.csv``) are read as that series, unless their name is asked for as a symbol. VIX and
WTI count as known at the close of their date; the others must say when they became known in a
column ``known_at``.

Rows are located as ``file:row``: the line of a CSV file, or the n-th row of a Parquet file;
``file:symbol:row``, the symbol's n-th row, in a file of many symbols. Only rows dated up to the
as-of date are counted, so that later ones leave no trace; in a file ordered by date that is the
true line. A row whose date cannot be read is placed by what follows it: it belongs to the past if
a readable date of the window stands below it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from foundation.contracts import BAR_FIELDS, Instrument, QualityFinding
from foundation.kernel import OperatorError, UpstreamDataError
from foundation.market import closes
from stage_01_data_engine.adapters.stamps import exchange_dates, of_one_zone
from stage_01_data_engine.adapters.table_file import (
    SUFFIXES,
    Table,
    UnusableFileError,
    has_symbols,
    read_table,
    stem_of,
    to_numbers,
)
from stage_01_data_engine.findings import Rows, Rule
from stage_01_data_engine.raw import (
    MARKET_SERIES,
    MarketRequest,
    RawMarket,
    observation_frame,
    raw_market,
)
from stage_01_data_engine.settings import DataEngineSettings

if TYPE_CHECKING:
    import pandas as pd

READABLE_DATE = Rule("A row's date is ISO 8601", "write the date as YYYY-MM-DD", ("date",))
ONE_ZONE = Rule(
    "All dates of a file are in one time zone",
    "write every date of the file in America/New_York, or none with a zone",
    ("date",),
)
NUMBERS = Rule(
    "Prices and volume are numbers",
    "write plain decimal numbers, no thousands separators, and as many fields as the header",
    BAR_FIELDS,
)
NAMED = Rule("Every row of a file of many symbols names its symbol", "fill in the symbol")
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
)
KNOWN_AT_CLOSE: tuple[str, ...] = ("vix", "wti")


@dataclass
class _Found:
    """What the files of a folder yielded so far."""

    bars: list[pd.DataFrame] = field(default_factory=list)
    observations: list[pd.DataFrame] = field(default_factory=list)
    findings: list[QualityFinding] = field(default_factory=list)
    quarantined: int = 0
    stems: list[str] = field(default_factory=list)


class FolderSource:
    """Bars from the files of one folder.

    Parameters
    ----------
    path : Path
        The folder; files in folders below it are not read.
    settings : DataEngineSettings
        Says how many rows of a kind are listed one by one.
    """

    name = "folder"

    def __init__(self, path: Path, settings: DataEngineSettings) -> None:
        self.path = Path(path)
        self.settings = settings

    def load(self, request: MarketRequest) -> RawMarket:
        """Return what the folder tells about the window up to the as-of close.

        Raises
        ------
        OperatorError
            If the folder is missing or holds no bar files, or a symbol is asked for that no
            file has.
        UpstreamDataError
            If no file yields a single usable bar.
        """
        import pandas as pd

        found = _Found()
        for path in self._files():
            self._read(path, request, found)
        self._check(request, found)
        bars = pd.concat(found.bars, ignore_index=True)
        observations = [o for o in found.observations if len(o)]
        return raw_market(
            request,
            name=self.name,
            bars=bars,
            observations=pd.concat(observations, ignore_index=True)
            if observations
            else observation_frame([]),
            events=(),
            instruments=_instruments(bars, request),
            findings=tuple(found.findings),
            quarantined=found.quarantined,
            note=f"Folder {self.path.name}. Names and kinds of instruments are not reported; "
            "each counts as an equity. Whether delisted ones are missing is not known.",
        )

    def _files(self) -> list[Path]:
        if not self.path.is_dir():
            raise OperatorError(
                "The source folder exists",
                value=str(self.path),
                remedy="give the path of a folder of CSV or Parquet files",
            )
        files = sorted(p for p in self.path.iterdir() if p.name.lower().endswith(SUFFIXES))
        if not files:
            raise OperatorError(
                "The source folder holds bar files",
                value=str(self.path),
                remedy=f"put files ending in {', '.join(SUFFIXES)} into it",
            )
        return files

    def _read(self, path: Path, request: MarketRequest, found: _Found) -> None:
        """Read one file into ``found``, or say why it cannot be used."""
        stem = stem_of(path)
        wanted = request.symbols
        series = stem.lower() if stem.lower() in MARKET_SERIES else None
        if wanted and stem in wanted:
            series = None
        elif wanted and series is None and not has_symbols(path):
            return
        found.stems.append(stem)
        try:
            table = read_table(path)
        except UnusableFileError as error:
            found.findings.append(error.rule.finding(stem, error.value, location=path.name))
            return
        reader = _FileReader(path.name, stem, table, request, self.settings.listed_rows)
        if series:
            observed = reader.observations(series)
            found.observations.append(observed)
        else:
            found.bars.append(reader.bars())
        found.findings += reader.findings
        found.quarantined += reader.quarantined

    def _check(self, request: MarketRequest, found: _Found) -> None:
        """Raise if a symbol asked for is nowhere, or nothing at all is usable."""
        known = set().union(*(set(bars["symbol"]) for bars in found.bars), found.stems)
        for symbol in request.symbols or ():
            if symbol not in known:
                others = {stem_of(p) for p in self._files()} | known
                raise OperatorError(
                    f"A symbol asked for is in the folder {self.path.name!r}",
                    value=symbol,
                    remedy=f"choose from {', '.join(sorted(others)[:20])}"
                    + (" ..." if len(others) > 20 else ""),
                )
        if not any(len(bars) for bars in found.bars):
            first = found.findings[0] if found.findings else None
            raise UpstreamDataError(
                f"The folder {self.path.name!r} has a usable bar in the window"
                + (f"; in {first.location}: {first.rule}" if first else ""),
                value=first.value if first else request.as_of.isoformat(),
                remedy=first.remedy if first else HAS_KNOWN_ROWS.remedy,
            )


class _FileReader:
    """The rows of one file, cut at the as-of date before any of them is judged."""

    def __init__(
        self, name: str, stem: str, table: Table, request: MarketRequest, listed_rows: int
    ) -> None:
        self.name, self.stem, self.request = name, stem, request
        self.listed_rows = listed_rows
        self.findings: list[QualityFinding] = []
        self.quarantined = 0
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
        self.quarantined += len(rows)

        def show(row: int) -> str:
            cells = [(c, self.frame[c].iloc[row]) for c, bad in broken.items() if bad[row]]
            return ", ".join(f"{column} {cell!s}" for column, cell in cells)[:120]

        about = Rows(self.symbol, self.days, self.location)
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
        elif series not in KNOWN_AT_CLOSE:
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


def _instruments(bars: pd.DataFrame, request: MarketRequest) -> tuple[Instrument, ...]:
    """Return an instrument per symbol, with the fields that any of its rows reports."""
    reported = bars[list(BAR_FIELDS)].notna().groupby(bars["symbol"].to_numpy()).any()
    order = request.symbols or sorted(reported.index)
    return tuple(
        Instrument(
            symbol=symbol,
            name=symbol,
            kind="equity",
            fields=tuple(f for f in BAR_FIELDS if reported.at[symbol, f]),
        )
        for symbol in order
        if symbol in reported.index
    )
