"""What stands in which column of a table of events, and how its times and figures are written."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time
from typing import Literal, Self
from zoneinfo import ZoneInfo

import numpy as np
from pydantic import Field, model_validator

from foundation.kernel.model import Part

EventKind = Literal["release", "earnings", "split", "dividend", "halt"]
NEEDED: dict[EventKind, tuple[str, ...]] = {
    "release": ("date", "name"),
    "earnings": ("date", "symbol", "actual"),
    "split": ("date", "symbol", "ratio"),
    "dividend": ("date", "symbol", "amount"),
    "halt": ("date", "time", "symbol"),
}
"""Fields that a row of each kind cannot do without."""
OFFERED: dict[EventKind, tuple[str, ...]] = {
    "release": ("time", "actual", "expected", "previous"),
    "earnings": ("time", "expected"),
    "split": (),
    "dividend": ("declared",),
    "halt": ("text",),
}
"""Fields that it may have besides."""
FIGURES = ("actual", "expected", "previous", "ratio", "amount")
SCALES = {"K": 1e3, "M": 1e6, "B": 1e9, "T": 1e12}


class EventLayout(Part):
    """What stands where in one table of events, and from when it is known."""

    file: str = Field(description="Name in the source's folder: CSV, Excel or Parquet.")
    kind: EventKind
    sheet: str | None = Field(default=None, description="Sheet of a workbook; None: the first.")
    header_row: int = Field(default=1, ge=1, description="Row of the column names, from 1.")
    columns: dict[str, str] = Field(
        description="Our field names to the file's; date and time may be one column."
    )
    only: dict[str, str] = Field(
        default_factory=dict, description="Columns of the file and what stands in rows to take."
    )
    names: dict[str, str] = Field(
        default_factory=dict,
        description="The file's names of releases to ours; others are not taken. Empty: all.",
    )
    date_format: str = Field(default="%Y-%m-%d", description="How dates are written as text.")
    time_format: str = Field(default="%H:%M", description="How times are written as text.")
    zone: str = Field(
        default="America/New_York",
        description="Zone of the times; Etc/GMT+5 where a calendar ignores daylight saving.",
    )
    announced_days: int = Field(
        default=0,
        ge=0,
        le=366,
        description="Days before its time that an event stands in the calendar; 0: not announced.",
    )
    unit: str = Field(default="", description="Unit of the figures, where they carry none.")

    @model_validator(mode="after")
    def _complete(self) -> Self:
        needed, told = set(NEEDED[self.kind]), set(self.columns)
        if lacking := needed - told:
            raise ValueError(f"a layout of {self.kind} names {', '.join(sorted(lacking))}")
        allowed = needed | set(OFFERED[self.kind])
        if strange := told - allowed:
            raise ValueError(
                f"a layout of {self.kind} has no field {', '.join(sorted(strange))}; "
                f"it may have {', '.join(sorted(allowed))}"
            )
        if self.announced_days and self.kind not in ("release", "earnings"):
            raise ValueError("only releases and earnings are announced")
        ZoneInfo(self.zone)
        return self


def clock_of(cell: str, layout: EventLayout) -> time | None:
    """Return the time of day that a cell holds: of a stamp, or as the layout writes times."""
    for read in (
        lambda: datetime.fromisoformat(cell).time() if len(cell) > 10 else None,
        lambda: time.fromisoformat(cell),
        lambda: datetime.strptime(cell, layout.time_format).time(),
        lambda: datetime.strptime(cell, layout.date_format).time(),
    ):
        try:
            told = read()
        except ValueError:
            continue
        if told is not None:
            return told
    return None


def figures_of(cells: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """Return figures of cells such as 228K, 0.2% and <0.25%, NaN where blank, and the unreadable.

    K, M, B and T count thousands to millions of millions; a per cent stays a per cent.
    """
    values, bad = np.full(len(cells), np.nan), np.zeros(len(cells), dtype=bool)
    for row, cell in enumerate(cells):
        text = cell.strip().lstrip("<>").rstrip("%").replace(",", "")
        if text.lower() in ("", "none", "nan", "-"):
            continue
        scale = SCALES.get(text[-1].upper(), 1.0)
        try:
            value = float(text if scale == 1.0 else text[:-1]) * scale
        except ValueError:
            value = np.nan
        values[row], bad[row] = value, not np.isfinite(value)
        if bad[row]:
            values[row] = np.nan
    return values, bad
