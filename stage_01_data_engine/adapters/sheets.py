"""Reading one CSV file or one sheet of an Excel workbook into columns that the user has declared.

A file is accepted or refused as a whole here; its cells are judged by ``SheetReader``. What stands
later than the as-of date is dropped before any cell is judged, so that it leaves no trace. Rows are
counted without the later ones; in a file ordered by date that is the true row.
"""

from __future__ import annotations

import csv
import gzip
import io
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from foundation.contracts import QualityFinding
from foundation.kernel import DependencyError, OperatorError, UpstreamDataError
from stage_01_data_engine.adapters.table_file import ABSENT, UnusableFileError, read_parquet
from stage_01_data_engine.findings import BrokenRow, Rows, Rule

WORKBOOKS = (".xlsx", ".xlsm")
LARGEST_WORKBOOK = 512 * 2**20
"""Bytes of a workbook when unpacked: a small file may hold gigabytes."""

NUMBER = Rule(
    "A cell of a column of numbers holds a number",
    "correct the cell, or leave it empty where nothing is known",
    name="not-a-number",
    dimension="schema",
    why="a number read out of a broken cell would be made up",
)
DATED = Rule(
    "A cell of a column of dates holds a date as the layout writes it",
    "correct the cell, or the layout's date_format",
    name="unreadable-date",
    dimension="schema",
    why="a row without a date has no place in time",
)
FILLED = Rule(
    "A cell that a row cannot do without is filled",
    "fill the cell in, or remove the row",
    name="cell-empty",
    dimension="completeness",
    why="a row that lacks what it is about says nothing",
)


@dataclass(frozen=True)
class Sheet:
    """The cells below the header, as they were written.

    Attributes
    ----------
    name : str
        ``book.xlsx:Sheet1`` or ``file.csv``, for locations.
    header : tuple of str
    rows : list of sequence
    first_row : int
        The number of the first row below the header, counting from 1.
    is_workbook : bool
        Whether cells are called by letter and number (``Sheet1!C7``), else by line and column.
    """

    name: str
    header: tuple[str, ...]
    rows: list[Sequence[Any]]
    first_row: int
    is_workbook: bool


def read_sheet(path: Path, sheet: str | None, header_row: int) -> Sheet:
    """Return the cells of a CSV or Parquet file, or of one sheet of a workbook.

    Parameters
    ----------
    path : Path
    sheet : str or None
        Name of the sheet; None for the first one. A CSV file has none.
    header_row : int
        The row that names the columns, counting from 1; what stands above is not read.

    Raises
    ------
    OperatorError
        If there is no such file or sheet.
    DependencyError
        If it is a workbook and openpyxl is not installed.
    UpstreamDataError
        If it cannot be read, or has no header there.
    """
    if not path.is_file():
        raise OperatorError(
            "The file of a layout exists",
            value=path.name,
            remedy="check folder and file name, and that the file is not open elsewhere",
        )
    if path.name.lower().endswith(WORKBOOKS):
        title, grid = _workbook(path, sheet)
        name, is_workbook = f"{path.name}:{title}", True
    elif path.name.lower().endswith(".parquet"):
        grid, name, is_workbook = _parquet(path), path.name, False
    else:
        grid = _csv(path)
        name, is_workbook = path.name, False
    if len(grid) < header_row or not any(_written(cell) for cell in grid[header_row - 1]):
        raise UpstreamDataError(
            f"{name} names its columns in row {header_row}",
            value=f"{len(grid)} rows",
            remedy="set header_row of the layout to the row of the column names",
        )
    header = tuple(_written(cell) for cell in grid[header_row - 1])
    return Sheet(name, header, grid[header_row:], header_row + 1, is_workbook)


def _written(cell: Any) -> str:
    return "" if cell is None else str(cell).strip()


def _csv(path: Path) -> list[Sequence[Any]]:
    try:
        raw = path.read_bytes()
        raw = gzip.decompress(raw) if path.name.lower().endswith(".gz") else raw
        text = raw.decode("utf-8-sig")
    except (UnicodeDecodeError, gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise UpstreamDataError(
            f"{path.name} is UTF-8 text",
            value=str(error),
            remedy="save the file as UTF-8, or as .xlsx if it is a workbook",
        ) from error
    sample = text[:4096]
    delimiter = max(",;\t", key=sample.count)
    try:
        return list(csv.reader(io.StringIO(text, newline=None), delimiter=delimiter))
    except csv.Error as error:
        raise UpstreamDataError(
            f"{path.name} is a table of comma-separated values",
            value=str(error),
            remedy="save the file again as CSV",
        ) from error


def _parquet(path: Path) -> list[Sequence[Any]]:
    """Return the columns' names and the rows of a Parquet file."""
    try:
        frame = read_parquet(path)
    except UnusableFileError as error:
        raise UpstreamDataError(
            f"{path.name} is a whole Parquet file",
            value=error.value,
            remedy="write the file again",
        ) from error
    rows = zip(*(column.tolist() for _, column in frame.items()), strict=True)
    return [tuple(str(name) for name in frame.columns), *rows]


def _workbook(path: Path, sheet: str | None) -> tuple[str, list[Sequence[Any]]]:
    """Return the name of a sheet and its cells, as values and not as formulas."""
    if find_spec("openpyxl") is None:
        raise DependencyError(
            "Excel files are read by the library openpyxl",
            value="not installed",
            remedy="install the optional extra: pip install 'financial-story-llm[excel]'",
        )
    import openpyxl

    try:
        with zipfile.ZipFile(path) as packed:
            size = sum(entry.file_size for entry in packed.infolist())
        if size > LARGEST_WORKBOOK:
            raise UpstreamDataError(
                f"{path.name} is at most {LARGEST_WORKBOOK >> 20} MiB when unpacked",
                value=f"{size >> 20} MiB",
                remedy="split the workbook, or save its sheets as CSV",
            )
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    except UpstreamDataError:
        raise
    except Exception as error:  # The library documents no list of what a bad file raises.
        raise _unreadable(path, error) from error
    try:
        title = book.sheetnames[0] if sheet is None else sheet
        if title not in book.sheetnames:
            raise OperatorError(
                f"{path.name} has the sheet of the layout",
                value=title,
                remedy=f"choose from {', '.join(book.sheetnames)}",
            )
        page = book[title]
        if hasattr(page, "reset_dimensions"):
            page.reset_dimensions()  # Some programs write a wrong size.
        return title, [tuple(row) for row in page.iter_rows(values_only=True)]
    except OperatorError:
        raise
    except Exception as error:
        raise _unreadable(path, error) from error
    finally:
        book.close()


def _unreadable(path: Path, error: Exception) -> UpstreamDataError:
    return UpstreamDataError(
        f"{path.name} is a whole Excel workbook (.xlsx)",
        value=f"{type(error).__name__}: {error}",
        remedy="open it in Excel and save it again, or download it again",
    )


@dataclass
class SheetReader:
    """Turns declared columns into numbers and dates; keeps count of the rows it sets aside.

    Parameters
    ----------
    sheet : Sheet
    columns : dict of str to str
        Our field names to the sheet's column names.
    date_format : str
        How dates are written where they are text (``datetime.strptime``).
    listed_rows : int
        Rows of a kind that are listed one by one.
    """

    sheet: Sheet
    columns: dict[str, str]
    date_format: str
    listed_rows: int = 25
    findings: list[QualityFinding] = field(default_factory=list)
    unread: list[BrokenRow] = field(default_factory=list)

    def __post_init__(self) -> None:
        plain = [name.lower() for name in self.sheet.header]
        self._at = {}
        for ours, theirs in self.columns.items():
            if theirs.lower() not in plain:
                raise UpstreamDataError(
                    f"{self.sheet.name} has the column {theirs!r} that the layout names",
                    value=", ".join(self.sheet.header)[:200],
                    remedy=f"correct the layout's column for {ours!r}, or its header_row",
                )
            self._at[ours] = plain.index(theirs.lower())
        self._rows = self.sheet.rows
        self._numbers = self.sheet.first_row + np.arange(len(self._rows))

    def keep_until(self, column: str, last: date) -> np.ndarray:
        """Drop rows dated later and blank rows; return the dates of those left, M8[D].

        A row whose date cannot be read is kept, as NaT, if a date that is kept stands below it.
        """
        rows = self.sheet.rows
        blank = np.array([not any(map(_written, row)) for row in rows], dtype=bool)
        days = np.array([self._date(self._cell(row, column)) for row in rows], dtype="M8[D]")
        past = days <= np.datetime64(last)  # False for NaT.
        below = np.flatnonzero(past)
        until = int(below[-1]) if len(below) else -1
        kept = past | (np.isnat(days) & ~blank & (np.arange(len(rows)) < until))
        self._numbers = self.sheet.first_row - 1 + np.cumsum(kept | blank)[kept]
        self._rows = [row for row, keep in zip(rows, kept, strict=True) if keep]
        return days[kept]

    def __len__(self) -> int:
        return len(self._rows)

    def has(self, column: str) -> bool:
        """Say whether the layout names a column."""
        return column in self._at

    def texts(self, column: str) -> list[str]:
        """Return cells as text, without blanks at the ends."""
        return [_written(self._cell(row, column)) for row in self._rows]

    def dates(self, column: str) -> np.ndarray:
        """Return cells as dates, M8[D]; NaT where there is none."""
        cells = [self._date(self._cell(row, column)) for row in self._rows]
        return np.array(cells, dtype="M8[D]")

    def numbers(self, column: str) -> tuple[np.ndarray, np.ndarray]:
        """Return cells as numbers (NaN where blank), and which hold something else."""
        values = np.full(len(self._rows), np.nan)
        bad = np.zeros(len(self._rows), dtype=bool)
        for at, row in enumerate(self._rows):
            values[at], bad[at] = _number(self._cell(row, column))
        return values, bad

    def blank(self, column: str) -> np.ndarray:
        """Say which cells are empty."""
        return np.array([t.lower() in ABSENT for t in self.texts(column)], dtype=bool)

    def location(self, row: int, column: str | None = None) -> str:
        """Return where a row, or a cell of it, stands."""
        number = self._numbers[row]
        if self.sheet.is_workbook:
            letter = _letters(self._at[column]) if column is not None else "A"
            return f"{self.sheet.name}!{letter}{number}"
        cell = f":{self.columns[column]}" if column is not None else ""
        return f"{self.sheet.name}:{number}{cell}"

    def judge(
        self, checks: Sequence[tuple[Rule, str, np.ndarray]], symbols: list[str], days: np.ndarray
    ) -> np.ndarray:
        """Set rows aside that break a rule, the first of several; return which are left.

        Parameters
        ----------
        checks : sequence of (Rule, column, bool array)
            Which rows break the rule in that column.
        symbols, days
            Who and when, for the findings.
        """
        good = np.ones(len(self._rows), dtype=bool)
        who = np.array(symbols, dtype=object)
        for rule, column, broken in checks:
            rows = np.flatnonzero(broken & good)
            if not len(rows):
                continue
            places = np.full(len(self._rows), "", dtype=object)
            places[rows] = [self.location(int(row), column) for row in rows]
            about = Rows(who, days, places)
            cells = self.texts(column)
            self.findings += about.report(
                rule,
                rows,
                lambda row, cells=cells: repr(cells[row])[:80],  # type: ignore[misc]
                self.listed_rows,
            )
            good[rows] = False
            self.unread += about.verdicts(rule, rows)
        return good

    def _cell(self, row: Sequence[Any], column: str) -> Any:
        at = self._at[column]
        return row[at] if at < len(row) else None

    def _date(self, cell: Any) -> date | None:
        if isinstance(cell, datetime):
            return cell.date()
        if isinstance(cell, date):
            return cell
        text = _written(cell)
        try:
            return datetime.strptime(text, self.date_format).date()
        except (ValueError, OverflowError):
            return None


def _number(cell: Any) -> tuple[float, bool]:
    """Return a cell's number, NaN where it is blank, and whether it holds something else."""
    if isinstance(cell, bool | date):
        return np.nan, True
    if isinstance(cell, int | float):
        try:
            value = float(cell)
        except OverflowError:
            return np.nan, True
        return value, not np.isfinite(value)
    text = _written(cell)
    if text.lower() in ABSENT:
        return np.nan, False
    try:
        value = float(text.replace(",", "")) if "_" not in text else np.nan
    except ValueError:
        value = np.nan
    return (value, False) if np.isfinite(value) else (np.nan, True)


def _letters(column: int) -> str:
    """Return the letters of a column: 0 is A, 26 is AA."""
    text = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        text = chr(65 + rest) + text
    return text
