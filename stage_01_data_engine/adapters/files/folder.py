"""Any folder of daily bars in CSV or Parquet files.

A file holds one symbol (its name is the symbol) or many (a column ``symbol`` or ``ticker``).
Files named like a market-wide series (``VIX.csv``, ``WTI.parquet``, ``credit_spread.csv``,
``treasury_10y.csv``; ``series`` has them all) are read as that series, unless their name is asked
for as a symbol. What a market shows while it is open (VIX, VVIX, WTI, dollar index, internals)
counts as known at the close of its date; the others must say when they became known in a column
``known_at``.

``instruments.csv`` is no file of bars: it says what the symbols are (``instrument_list``).

Rows are located as ``file:row``: the line of a CSV file, or the n-th row of a Parquet file;
``file:symbol:row``, the symbol's n-th row, in a file of many symbols. Only rows dated up to the
as-of date are counted, so that later ones leave no trace; in a file ordered by date that is the
true line. A row whose date cannot be read is placed by what follows it: it belongs to the past if
a readable date of the window stands below it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from foundation.contracts import BAR_FIELDS, Instrument, QualityFinding
from foundation.kernel import OperatorError, UpstreamDataError
from stage_01_data_engine.adapters.files.file_reader import HAS_KNOWN_ROWS, FileReader
from stage_01_data_engine.adapters.files.instrument_list import STEM, read_instruments
from stage_01_data_engine.adapters.files.table_file import (
    SUFFIXES,
    UnusableFileError,
    has_symbols,
    read_table,
    stem_of,
)
from stage_01_data_engine.findings import BrokenRow
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


@dataclass
class _Found:
    """What the files of a folder yielded so far."""

    bars: list[pd.DataFrame] = field(default_factory=list)
    observations: list[pd.DataFrame] = field(default_factory=list)
    findings: list[QualityFinding] = field(default_factory=list)
    unread: list[BrokenRow] = field(default_factory=list)
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
            instruments=_instruments(bars, request, self._described()),
            findings=tuple(found.findings),
            unread=tuple(found.unread),
            note=f"Folder {self.path.name}. What its list of instruments does not name counts as "
            "an equity. Whether delisted ones are missing is not known.",
        )

    def _described(self) -> dict[str, Instrument]:
        lists = [p for p in sorted(self.path.iterdir()) if p.stem.lower() == STEM]
        return read_instruments(lists[0]) if lists else {}

    def _files(self) -> list[Path]:
        if not self.path.is_dir():
            raise OperatorError(
                "The source folder exists",
                value=str(self.path),
                remedy="give the path of a folder of CSV or Parquet files",
            )
        files = sorted(
            p
            for p in self.path.iterdir()
            if p.name.lower().endswith(SUFFIXES) and p.stem.lower() != STEM
        )
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
        reader = FileReader(path.name, stem, table, request, self.settings.listed_rows)
        if series:
            observed = reader.observations(series)
            found.observations.append(observed)
        else:
            found.bars.append(reader.bars())
        found.findings += reader.findings
        found.unread += reader.unread

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


def _instruments(
    bars: pd.DataFrame, request: MarketRequest, described: Mapping[str, Instrument]
) -> tuple[Instrument, ...]:
    """Return an instrument per symbol, with the fields that any of its rows reports."""
    reported = bars[list(BAR_FIELDS)].notna().groupby(bars["symbol"].to_numpy()).any()
    order = request.symbols or sorted(reported.index)
    return tuple(
        described.get(
            symbol, Instrument(symbol=symbol, name=symbol, kind="equity", fields=("close",))
        ).model_copy(update={"fields": tuple(f for f in BAR_FIELDS if reported.at[symbol, f])})
        for symbol in order
        if symbol in reported.index
    )
