"""Tables of discrete events: economic releases, earnings, splits, dividends, halts.

An ``EventLayout`` says which column is what and from when its rows are known. The source has no
bars; join it to one that has with ``JoinedSource``. CSV, Excel and Parquet.

================ =========================== ======================================================
kind             known                       also announced
================ =========================== ======================================================
``release``      at its time of day; without ``announced_days`` before, without figure (calendars)
                 one, the session after
``earnings``     bmo: at the opening; amc or  ``announced_days`` before, without figure
                 unsaid: the session after
``split``        at the opening of its date
``dividend``     at the opening of its
                 ex-date, or the session
                 after it was declared
``halt``         at its time of day
================ =========================== ======================================================

A row that is known later than the as-of close is not judged and leaves no trace; of a coming
release only its name and date are read.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np

from foundation.contracts import MARKET, MarketEvent
from foundation.kernel import OperatorError
from foundation.market import close_of, is_session, next_session
from stage_01_data_engine.adapters.actions import dividend_event, event_order, split_event
from stage_01_data_engine.adapters.files.event_layout import (
    FIGURES,
    NEEDED,
    EventLayout,
    clock_of,
    figures_of,
)
from stage_01_data_engine.adapters.files.sheet_reader import DATED, FILLED, NUMBER, SheetReader
from stage_01_data_engine.adapters.files.sheets import read_sheet
from stage_01_data_engine.corporate_actions import SplitOn
from stage_01_data_engine.findings import BrokenRow, Rule
from stage_01_data_engine.knowledge import known_after, opening_of
from stage_01_data_engine.raw import (
    MarketRequest,
    RawMarket,
    no_bars,
    observation_frame,
    raw_market,
)
from stage_01_data_engine.settings import DataEngineSettings

DECLARED_AHEAD = 366
"""Days before its ex-date that a dividend may be declared."""
TIMED = Rule(
    "A cell of a column of times holds a time of day",
    "correct the cell, or the layout's time_format",
    name="unreadable-time",
    why="without its time nobody can say whether a figure was known at a close",
)
BEFORE_OPEN = frozenset({"bmo", "before open", "before market open", "pre-market"})


class EventTableSource:
    """Events from the tables of one folder.

    Parameters
    ----------
    path : Path
    layouts : sequence of EventLayout
    settings : DataEngineSettings, optional
        Says how many rows of a kind are listed one by one.
    """

    name = "events"

    def __init__(
        self,
        path: Path,
        layouts: Sequence[EventLayout],
        settings: DataEngineSettings | None = None,
    ) -> None:
        self.path, self.layouts = Path(path), tuple(layouts)
        self.settings = settings or DataEngineSettings()
        if not self.layouts:
            raise OperatorError(
                "A source of events has a layout for each of its tables",
                value=layouts,
                remedy="declare an EventLayout: file, kind and columns",
            )

    def load(self, request: MarketRequest) -> RawMarket:
        """Return events as they were known at the as-of close; of the request's symbols, if any.

        Raises
        ------
        OperatorError
            If a file or sheet is missing.
        UpstreamDataError
            If a file lacks a declared column or cannot be read.
        """
        tables = [
            _Table.read(self.path / layout.file, layout, request, self.settings)
            for layout in self.layouts
        ]
        wanted = None if request.symbols is None else {MARKET, *request.symbols}
        found = {
            event
            for table in tables
            for event in table.events()
            if wanted is None or event.symbol in wanted
        }
        return raw_market(
            request,
            name=self.name,
            bars=no_bars(),
            observations=observation_frame([]),
            events=tuple(sorted(found, key=event_order)),
            instruments=(),
            findings=tuple(f for table in tables for f in table.reader.findings),
            unread=tuple(row for table in tables for row in table.unread),
            note="Events of tables, known as their layouts say.",
        )


@dataclass
class _Table:
    """One table, its rows up to the horizon of its announcements, judged as far as known."""

    layout: EventLayout
    request: MarketRequest
    reader: SheetReader
    days: np.ndarray
    moments: list[datetime | None]
    taken: np.ndarray
    figures: dict[str, np.ndarray]

    @property
    def unread(self) -> list[BrokenRow]:
        return self.reader.unread

    @classmethod
    def read(
        cls, path: Path, layout: EventLayout, request: MarketRequest, settings: DataEngineSettings
    ) -> _Table:
        columns = layout.columns | {f"only {c}": c for c in layout.only}
        sheet = read_sheet(path, layout.sheet, layout.header_row)
        reader = SheetReader(sheet, columns, layout.date_format, settings.listed_rows)
        # A day more: a date written west of New York may belong to the day after there.
        ahead = DECLARED_AHEAD if reader.has("declared") else layout.announced_days + 1
        days = reader.keep_until("date", request.as_of + timedelta(days=ahead))
        taken = np.ones(len(reader), dtype=bool)
        for column, cell in layout.only.items():
            taken &= np.array([text == cell for text in reader.texts(f"only {column}")], dtype=bool)
        if layout.names:
            taken &= np.array([text in layout.names for text in reader.texts("name")], dtype=bool)
        moments, bad_times = _moments(layout, reader, days)
        close = close_of(request.as_of)
        known = taken & _known_by(close, moments, days)
        checks = [(DATED, "date", np.isnat(days) & known), (TIMED, "time", bad_times & known)]
        figures = {}
        for name in reader.columns:
            if name in FIGURES:
                figures[name], bad = figures_of(reader.texts(name))
                checks.append((NUMBER, name, bad & known))
            if name in NEEDED[layout.kind] and name not in ("date", "actual"):
                checks.append((FILLED, name, reader.blank(name) & known))
        checks = [check for check in checks if check[1] in reader.columns]
        who = reader.texts("symbol") if reader.has("symbol") else [MARKET] * len(reader)
        good = reader.judge(checks, [name or MARKET for name in who], days)
        return cls(layout, request, reader, days, moments, taken & good, figures)

    def events(self) -> Iterator[MarketEvent]:
        """Yield what was known by the as-of close; one row may be announced and come out."""
        close, first = close_of(self.request.as_of), self.request.sessions[0]
        names = self.reader.texts("name") if self.reader.has("name") else [""] * len(self.reader)
        symbols = self.reader.texts("symbol") if self.reader.has("symbol") else None
        for row in np.flatnonzero(self.taken):
            moment = self.moments[row]
            if moment is None or moment.date() < first:
                continue
            symbol = symbols[row] if symbols else MARKET
            name = self.layout.names.get(names[row], names[row]).replace("|", "/")
            announced = moment - timedelta(days=self.layout.announced_days)
            told = bool(symbol) and (bool(name) or symbols is not None)
            if self.layout.announced_days and announced <= close and told:
                yield self._dated(name, symbol, moment, announced)
            if moment <= close:
                yield from self._out(int(row), name, symbol, moment)

    def _dated(
        self, name: str, symbol: str, moment: datetime, known: datetime, **figures: float | None
    ) -> MarketEvent:
        earnings = self.layout.kind == "earnings"
        return MarketEvent.model_validate(
            {
                "kind": "earnings" if earnings else "economic release",
                "name": "earnings per share" if earnings else name,
                "symbol": symbol,
                "event_time": moment,
                "known_at": known,
                "unit": "US dollars a share" if earnings else self.layout.unit,
                **figures,
            }
        )

    def _out(self, row: int, name: str, symbol: str, moment: datetime) -> Iterator[MarketEvent]:
        figures = {f: None if np.isnan(v[row]) else float(v[row]) for f, v in self.figures.items()}
        kind, day = self.layout.kind, self.days[row].item()
        if kind in ("release", "earnings"):
            if figures.get("actual") is not None:
                yield self._dated(name, symbol, moment, moment, **figures)
        elif kind == "split":
            yield split_event(SplitOn(symbol, day, 1.0, float(figures["ratio"] or np.nan)))
        elif kind == "dividend":
            declared = self.reader.dates("declared")[row] if self.reader.has("declared") else None
            told = None if declared is None or np.isnat(declared) else declared.item()
            yield dividend_event(symbol, day, float(figures["amount"] or np.nan), told)
        else:
            text = self.reader.texts("text")[row] if self.reader.has("text") else ""
            yield MarketEvent(
                kind="halt", name="trading halt", symbol=symbol, event_time=moment,
                known_at=moment, text=text,
            )  # fmt: skip


def _known_by(close: datetime, moments: Sequence[datetime | None], days: np.ndarray) -> np.ndarray:
    """Say which rows were known by a close.

    A row whose time cannot be read counts from the session after its date; one whose date cannot
    be read belongs to the past if a row that was known stands below it.
    """
    undated = np.isnat(days)
    known = np.zeros(len(days), dtype=bool)
    for row in np.flatnonzero(~undated).tolist():
        known[row] = (moments[row] or known_after(days[row].item())) <= close
    below = np.flatnonzero(known)
    return known | (undated & (np.arange(len(days)) < (below[-1] if len(below) else 0)))


def _moments(
    layout: EventLayout, reader: SheetReader, days: np.ndarray
) -> tuple[list[datetime | None], np.ndarray]:
    """Return when each row came out, None where its date or time cannot be read, and the latter."""
    count, zone = len(reader), ZoneInfo(layout.zone)
    cells = reader.texts("time") if reader.has("time") else [""] * count
    declared = reader.dates("declared") if reader.has("declared") else None
    found: list[datetime | None] = []
    bad = np.zeros(count, dtype=bool)
    for row, cell in enumerate(cells):
        day = None if np.isnat(days[row]) else days[row].item()
        if day is None:
            found.append(None)
        elif layout.kind == "earnings":
            found.append(_report(day, cell))
        elif layout.kind in ("split", "dividend"):
            opening = opening_of(day if is_session(day) else next_session(day))
            told = None if declared is None or np.isnat(declared[row]) else declared[row].item()
            found.append(opening if told is None else min(opening, known_after(told)))
        elif not cell:
            found.append(known_after(day))
        else:
            clock = clock_of(cell, layout)
            bad[row] = clock is None
            found.append(None if clock is None else datetime.combine(day, clock, tzinfo=zone))
    return found, bad


def _report(day: date, hour: str) -> datetime:
    if hour.lower() in BEFORE_OPEN:
        return opening_of(day if is_session(day) else next_session(day))
    return known_after(day)
