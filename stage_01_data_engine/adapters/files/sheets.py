"""Reading one CSV or Parquet file, or one sheet of an Excel workbook: as a whole or not at all."""

from __future__ import annotations

import csv
import gzip
import io
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from foundation.kernel import DependencyError, OperatorError, UpstreamDataError
from stage_01_data_engine.adapters.files.table_file import UnusableFileError, read_parquet

WORKBOOKS = (".xlsx", ".xlsm")
LARGEST_WORKBOOK = 512 * 2**20
"""Bytes of a workbook when unpacked: a small file may hold gigabytes."""


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
    if len(grid) < header_row or not any(written(cell) for cell in grid[header_row - 1]):
        raise UpstreamDataError(
            f"{name} names its columns in row {header_row}",
            value=f"{len(grid)} rows",
            remedy="set header_row of the layout to the row of the column names",
        )
    header = tuple(written(cell) for cell in grid[header_row - 1])
    return Sheet(name, header, grid[header_row:], header_row + 1, is_workbook)


def written(cell: Any) -> str:
    """Return a cell as text, without blanks at the ends."""
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
