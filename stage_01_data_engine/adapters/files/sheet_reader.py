"""The cells of a sheet as columns that the user has declared: texts, dates and numbers.

What stands later than the as-of date is dropped before any cell is judged, so that it leaves no
trace. Rows are counted without the later ones; in a file ordered by date that is the true row.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import numpy as np

from foundation.contracts import QualityFinding
from foundation.kernel import UpstreamDataError
from stage_01_data_engine.adapters.files.sheets import Sheet, written
from stage_01_data_engine.adapters.files.table_file import ABSENT
from stage_01_data_engine.findings import BrokenRow, Rows, Rule

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
        blank = np.array([not any(map(written, row)) for row in rows], dtype=bool)
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
        return [written(self._cell(row, column)) for row in self._rows]

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
        text = written(cell)
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
    text = written(cell)
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
