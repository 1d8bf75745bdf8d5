"""CSV and Excel tables with declared columns: bars, series, option chains, flow, own data.

A ``TableLayout`` says which column of which sheet is what, and when its rows count as known. Bars,
market-wide series and option quotes come out of ``load`` like those of any source; so do columns of
option flow and of the user's own tables that a layout declares as ``series``. ``flow``, ``custom``
and ``option_chain`` give all their columns, as tables that are cut at an as-of date likewise.

Every row is kept, later than the as-of date, or quarantined with the cell that spoils it
(``chain.xlsx:Quotes!F17``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from foundation.contracts import MARKET, Instrument, QualityFinding
from foundation.kernel import OperatorError, UpstreamDataError
from stage_01_data_engine.adapters.actions import with_reported_fields
from stage_01_data_engine.adapters.files.sheet_reader import DATED, SheetReader
from stage_01_data_engine.adapters.files.sheets import Sheet, read_sheet
from stage_01_data_engine.adapters.files.table_layout import Kind, TableLayout
from stage_01_data_engine.adapters.files.table_rows import (
    empty,
    fields,
    framed,
    moments,
    observed_moment,
)
from stage_01_data_engine.findings import BrokenRow
from stage_01_data_engine.raw import MarketRequest, RawMarket, observation_frame, raw_market
from stage_01_data_engine.settings import DataEngineSettings

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class KnownTable:
    """Rows known at an as-of moment, and what was set aside.

    Attributes
    ----------
    rows : DataFrame
    findings : tuple of QualityFinding
    received : int
        Rows that were known by then: ``len(rows) + quarantined``.
    unread : tuple of BrokenRow
        The rows that were set aside, each under the one rule it broke.
    """

    rows: pd.DataFrame
    findings: tuple[QualityFinding, ...]
    received: int
    unread: tuple[BrokenRow, ...]

    @property
    def quarantined(self) -> int:
        """How many rows were set aside."""
        return len(self.unread)


class TableSource:
    """Tables of one folder.

    Parameters
    ----------
    path : Path
        The folder.
    layouts : sequence of TableLayout
    settings : DataEngineSettings, optional
        Says how many rows of a kind are listed one by one.
    name : str
        How findings and logs call it.
    """

    def __init__(
        self,
        path: Path,
        layouts: Sequence[TableLayout],
        settings: DataEngineSettings | None = None,
        name: str = "tables",
    ) -> None:
        self.name = name
        self.path, self.layouts = Path(path), tuple(layouts)
        self.settings = settings or DataEngineSettings()
        if not self.layouts:
            raise OperatorError(
                "A source of tables has a layout for each of them",
                value=layouts,
                remedy="declare a TableLayout: file, kind and columns",
            )

    def load(self, request: MarketRequest) -> RawMarket:
        """Return bars, market-wide series and option quotes as they were known at the as-of close.

        Raises
        ------
        OperatorError
            If a file, sheet or symbol is missing.
        DependencyError
            If a file is a workbook and openpyxl is not installed.
        UpstreamDataError
            If a file lacks a declared column or cannot be read, or nothing useful remains.
        """
        import pandas as pd

        bars = self._known("bars", request.as_of)
        series = self._known("series", request.as_of)
        quotes = self._known("chain", request.as_of)
        own = [self._own(layout, request.as_of) for layout in self.layouts if layout.series]
        observations = [frame for frame in (series.rows, *(o.rows for o in own)) if len(frame)]
        has_bars = any(layout.kind == "bars" for layout in self.layouts)
        for symbol in (request.symbols or ()) if has_bars else ():
            if symbol not in set(bars.rows["symbol"]):
                raise OperatorError(
                    f"A symbol asked for is in the tables of {self.path.name!r}",
                    value=symbol,
                    remedy=f"choose from {', '.join(sorted(set(bars.rows['symbol']))[:20])}",
                )
        listed = tuple(sorted(set(bars.rows["symbol"])))
        wanted = (request.symbols or listed) if has_bars else ()
        frame = bars.rows[bars.rows["symbol"].isin(wanted)].reset_index(drop=True)
        chain = _since(quotes.rows, request.sessions[0])
        if frame.empty and not observations and chain.empty:
            raise UpstreamDataError(
                f"The tables of {self.path.name!r} have a bar, a value or a quote in the window",
                value=request.as_of.isoformat(),
                remedy="choose a later as-of date, or declare a layout of bars, series or a chain",
            )
        return raw_market(
            request,
            name=self.name,
            bars=frame,
            observations=pd.concat(observations, ignore_index=True)
            if observations
            else observation_frame([]),
            events=(),
            instruments=tuple(
                with_reported_fields(
                    Instrument(symbol=symbol, name=symbol, kind="equity", fields=("close",)), frame
                )
                for symbol in wanted
            ),
            findings=tuple(f for t in (bars, series, quotes, *own) for f in t.findings),
            unread=tuple(row for t in (bars, series, quotes, *own) for row in t.unread),
            series=tuple(s for layout in self.layouts for s in layout.series.values()),
            option_quotes=chain if len(chain) else None,
            note="Tables with declared columns. Kinds of instruments are not reported; each "
            "counts as an equity. Whether delisted ones are missing is not known.",
        )

    def option_chain(self, as_of: date) -> KnownTable:
        """Return option quotes known at the close of a session.

        ``rows`` has ``contract``, ``underlying``, ``expiry``, ``strike``, ``right`` (C or P),
        ``snapshot`` (close of the quote date, New York's clock; datetime64[ns]),
        ``bid``, ``ask``, ``last``, ``spot`` (US dollars), ``volume``, ``open_interest``
        (contracts), ``implied_volatility`` (a fraction a year), the Greeks, ``known_at``,
        ``location``. NaN where the file reports nothing.
        """
        return self._known("chain", as_of)

    def flow(self, as_of: date) -> KnownTable:
        """Return option flow known at the close of a session.

        ``rows`` has ``date``, ``symbol``, ``calls``, ``puts``, ``total`` (contracts),
        ``put_call_ratio``, ``known_at``, ``location``.
        """
        return self._known("flow", as_of)

    def custom(self, as_of: date) -> KnownTable:
        """Return the user's own columns, known at the close of a session: ``date``, the declared
        fields (numbers; ``symbol`` and the like are text), ``known_at``, ``location``."""
        return self._known("custom", as_of)

    def _own(self, layout: TableLayout, as_of: date) -> KnownTable:
        """Return the declared columns of a layout as observations."""
        import pandas as pd

        table = self._together([layout], layout.kind, as_of)
        if table.rows.empty:
            return replace(table, rows=observation_frame([]))
        seen = moments([day.date() for day in table.rows["date"]], observed_moment)
        known = table.rows["known_at"]
        plain = {
            "event_time": seen.where(seen <= known, known),
            "known_at": known,
            "location": table.rows["location"],
        }
        frames = [
            pd.DataFrame(
                {
                    **plain,
                    "series": series.name,
                    "symbol": MARKET if series.panel == "market" else table.rows["symbol"],
                    "value": table.rows[column],
                }
            ).dropna(subset=["value"])
            for column, series in layout.series.items()
        ]
        return replace(table, rows=pd.concat(frames, ignore_index=True))

    def _known(self, kind: Kind, as_of: date) -> KnownTable:
        """Return the rows of all layouts of a kind that were known at the close of ``as_of``."""
        return self._together([lay for lay in self.layouts if lay.kind == kind], kind, as_of)

    def _together(self, layouts: Sequence[TableLayout], kind: Kind, as_of: date) -> KnownTable:
        import pandas as pd

        found = [
            self._read(path, layout, as_of) for layout in layouts for path in self._files(layout)
        ]
        frames = [table.rows for table in found if len(table.rows)]
        rows = pd.concat(frames, ignore_index=True) if frames else empty(kind)
        return KnownTable(
            rows=rows,
            findings=tuple(finding for table in found for finding in table.findings),
            received=sum(table.received for table in found),
            unread=tuple(row for table in found for row in table.unread),
        )

    def _files(self, layout: TableLayout) -> list[Path]:
        if not any(mark in layout.file for mark in "*?["):
            return [self.path / layout.file]
        files = sorted(self.path.glob(layout.file))
        if not files:
            raise OperatorError(
                "The pattern of a layout matches a file",
                value=f"{layout.file} in {self.path.name}",
                remedy="check the folder and the pattern",
            )
        return files

    def _read(self, path: Path, layout: TableLayout, as_of: date) -> KnownTable:
        """Read one file."""
        return self.judged(read_sheet(path, layout.sheet, layout.header_row), layout, as_of)

    def judged(self, sheet: Sheet, layout: TableLayout, as_of: date) -> KnownTable:
        """Judge every row of a sheet that was known at the close of ``as_of``, and no other."""
        columns = {k: v for k, v in layout.columns.items() if k not in layout.constants}
        reader = SheetReader(sheet, columns, layout.date_format, self.settings.listed_rows)
        # What is known from the next session on must be dated before this one.
        last = as_of if layout.known == "close" else as_of - timedelta(days=1)
        days = reader.keep_until("date", last)
        cells, checks = fields(reader, layout)
        checks.insert(0, (DATED, "date", np.isnat(days)))
        who = next((n for n in ("symbol", "underlying", "series") if n in cells), None)
        names = [str(cell) for cell in cells[who]] if who else [MARKET] * len(days)
        names = [name or MARKET for name in names]
        good = reader.judge(checks, names, days)
        rows = framed(layout, reader, cells, days, good)
        return KnownTable(
            rows=rows,
            findings=tuple(reader.findings),
            received=len(days),
            unread=tuple(reader.unread),
        )


def _since(quotes: pd.DataFrame, first: date) -> pd.DataFrame:
    """Return the option quotes of a session and of those after it."""
    if quotes.empty:
        return quotes
    recent = quotes["snapshot"].to_numpy().astype("M8[D]") >= np.datetime64(first)
    return quotes[recent].reset_index(drop=True)
