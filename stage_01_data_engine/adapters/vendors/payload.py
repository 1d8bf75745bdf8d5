"""Reading what a vendor's server sent: every field is checked, and errors say where it stood."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import numpy as np

from foundation.kernel import UpstreamDataError

Row = dict[str, Any]

FIRST_YEAR, LAST_YEAR = 1600, 2199
"""Dates outside are slips of a pen: no series is that old, no contract that long."""


@dataclass(frozen=True)
class Place:
    """Where a payload came from, for errors: the vendor and what was asked of it."""

    vendor: str
    asked: str

    def broken(self, expectation: str, value: object) -> UpstreamDataError:
        """Return the error for a payload that is not as agreed."""
        return UpstreamDataError(
            f"{self.vendor}'s answer to {self.asked} {expectation}",
            value=value,
            remedy="if it stays so, the vendor has changed its format and the adapter must follow",
        )

    def mapping(self, payload: Any) -> Row:
        """Return a payload that is an object."""
        if not isinstance(payload, dict):
            raise self.broken("is an object", payload)
        return payload

    def rows(self, payload: Any, field: str, *, absent_means_none: bool = False) -> list[Row]:
        """Return the list of objects in a field of a payload."""
        whole = self.mapping(payload)
        if field not in whole and absent_means_none:
            return []
        found = whole.get(field)
        if not isinstance(found, list):
            raise self.broken(f"has a list {field!r}", sorted(whole))
        for row in found:
            if not isinstance(row, dict):
                raise self.broken(f"has objects in {field!r}", row)
        return found

    def numbers(self, rows: Sequence[Row], field: str, *, optional: bool = False) -> np.ndarray:
        """Return a numeric field of all rows, float64; NaN where a row has null or no such field.

        Unless it is optional, some row must have the field.
        """
        cells = [row.get(field) for row in rows]
        if rows and not optional and not any(field in row for row in rows):
            raise self.broken(f"has the field {field!r}", sorted(rows[0]))
        for cell in cells:
            if cell is not None and (isinstance(cell, bool) or not isinstance(cell, int | float)):
                raise self.broken(f"has numbers in {field!r}", cell)
        return np.array(
            [np.nan if c is None else self._float(c, field) for c in cells], dtype=float
        )

    def text(self, row: Row, field: str) -> str:
        """Return a field that is a text, not empty."""
        cell = row.get(field)
        if not isinstance(cell, str) or not cell:
            raise self.broken(f"has a text in {field!r}", row)
        if not cell.isascii() and any("\ud800" <= letter <= "\udfff" for letter in cell):
            raise self.broken(f"has a text of whole characters in {field!r}", ascii(cell))
        return cell

    def number(self, row: Row, field: str) -> float:
        """Return a field that is a finite number."""
        cell = row.get(field)
        if isinstance(cell, bool) or not isinstance(cell, int | float):
            raise self.broken(f"has a number in {field!r}", row)
        value = self._float(cell, field)
        if not math.isfinite(value):
            raise self.broken(f"has a number in {field!r}", row)
        return value

    def count(self, row: Row, field: str) -> int:
        """Return a field that is a whole number, zero or more."""
        cell = self.number(row, field)
        if not (0 <= cell < 2**53 and cell == int(cell)):
            raise self.broken(f"has a count in {field!r}", row[field])
        return int(cell)

    def _float(self, cell: float, field: str) -> float:
        try:
            return float(cell)
        except OverflowError:
            raise self.broken(f"has numbers in {field!r}", cell) from None

    def day(self, row: Row, field: str) -> date:
        """Return a field that is a date, ``YYYY-MM-DD``."""
        text = self.text(row, field)
        try:
            day = date.fromisoformat(text)
        except ValueError:
            raise self.broken(f"has a date in {field!r}", text) from None
        if not FIRST_YEAR <= day.year <= LAST_YEAR:
            raise self.broken(f"has a date of our time in {field!r}", text)
        return day

    def optional_day(self, row: Row, field: str) -> date | None:
        """Return a field that is a date, or None where it is absent, null or empty."""
        return self.day(row, field) if row.get(field) else None

    def moment(self, row: Row, field: str) -> datetime:
        """Return a field that is a moment with a time zone, ISO 8601."""
        text = self.text(row, field)
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            raise self.broken(f"has a moment in {field!r}", text) from None
        if not FIRST_YEAR <= moment.year <= LAST_YEAR:
            raise self.broken(f"has a moment of our time in {field!r}", text)
        if moment.tzinfo is None:
            raise self.broken(f"says the time zone of {field!r}", text)
        return moment
