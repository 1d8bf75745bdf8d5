"""The cells of data that claims rest on, gathered by arrays once and handed out story by story."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time, timedelta

import numpy as np

from foundation.contracts import MARKET, FuzzyWindow, MarketWindow, QuantContext, SourceRow
from foundation.timeseries import Panel
from stage_03_story_assembly.content.columns import Cell, Column

Rows = tuple[SourceRow, ...]
LookUp = Callable[[int, int], SourceRow | None]
"""Finds a cell by session and symbol; None where the data has none."""
CLOSE = time(16, 0)


class Evidence:
    """Hands out the source rows of a column's claim at a session and symbol."""

    def __init__(self, market: MarketWindow, fuzzy: FuzzyWindow, quant: QuantContext) -> None:
        self.sessions, self.symbols = market.bars.sessions, market.bars.symbols
        self._market, self._fuzzy, self._quant = market, fuzzy, quant
        self._cells: dict[Cell, LookUp] = {}
        self._columns: dict[int, tuple[Column, list[LookUp]]] = {}

    def rows(self, column: Column, t: int, n: int) -> Rows:
        """Return the cells; without those that the data does not have (an absence has none)."""
        found = []
        look_ups = self._look_ups(column)
        if column.since is not None and column.since[t] >= 0:
            since = int(column.since[t])
            found = [look_up(since, n) for look_up in look_ups]
        at = t - column.lag
        found += [look_up(at, n) for look_up in look_ups]
        return tuple([row for row in found if row is not None])

    def _look_ups(self, column: Column) -> list[LookUp]:
        known = self._columns.get(id(column))
        if known is None:
            # The column is kept with its look-ups, so that no other takes its identity.
            known = column, [self._of(address) for address in column.cells]
            self._columns[id(column)] = known
        return known[1]

    def _of(self, address: Cell) -> LookUp:
        look_up = self._cells.get(address)
        if look_up is None:
            look_up = self._cells[address] = self._look_up(address)
        return look_up

    def cell(self, address: Cell, t: int, n: int) -> SourceRow | None:
        """Return one cell; None where the data has none."""
        return self._of(address)(t, n)

    def _look_up(self, address: Cell) -> LookUp:
        panel, field = address
        if panel == "events" and not self._fuzzy.events.has(field):
            return self._release(field)
        values = self._values(panel, field)
        if values.shape[1] == 1 or panel in ("market", "events"):
            return self._for_all(panel, field, values[:, 0])
        return self._for_each(panel, field, values)

    def _for_all(self, panel: str, field: str, values: np.ndarray) -> LookUp:
        kept: dict[int, SourceRow] = {}

        def row(t: int, n: int) -> SourceRow:
            known = kept.get(t)
            if known is None:
                known = kept[t] = SourceRow.proven(
                    panel=panel,
                    field=field,
                    symbol=MARKET,
                    session=self.sessions[t],
                    value=float(values[t]),
                )
            return known

        return row

    def _for_each(self, panel: str, field: str, values: np.ndarray) -> LookUp:
        last: list[tuple[tuple[int, int], SourceRow]] = []

        def row(t: int, n: int) -> SourceRow:
            # One story looks at the same cell more than once, and at no other story's.
            if last and last[0][0] == (t, n):
                return last[0][1]
            made = SourceRow.proven(
                panel=panel,
                field=field,
                symbol=self.symbols[n],
                session=self.sessions[t],
                value=float(values[t, n]),
            )
            last[:] = [((t, n), made)]
            return made

        return row

    def _values(self, panel: str, field: str) -> np.ndarray:
        """Return a field's values, (T, N) or (T, 1); the state's number for a fuzzy series."""
        if panel == "fuzzy":
            degrees = self._fuzzy.memberships.field(field)
            return np.nan_to_num(degrees).argmax(axis=-1).astype(float)
        holder = {"quant": self._quant.values, "events": self._fuzzy.events,
                  "symbol_events": self._fuzzy.symbol_events}.get(panel)  # fmt: skip
        if panel == "options":
            return self._of_options(field)
        source: Panel = getattr(self._market, panel) if holder is None else holder
        if not source.has(field):
            return np.full((len(self.sessions), 1), np.nan)
        return source.field(field)

    def _of_options(self, field: str) -> np.ndarray:
        """Return an option feature of all instruments, (T, N); NaN for those without chains."""
        values = np.full((len(self.sessions), len(self.symbols)), np.nan)
        panel = self._market.options
        if panel is not None:
            at = [self.symbols.index(symbol) for symbol in panel.symbols]
            values[:, at] = panel.field(field)
        return values

    def _release(self, name: str) -> LookUp:
        """Return how to find the last published figure of a release, as known at each session."""
        told = sorted(
            (e for e in self._market.events if e.name == name and e.actual is not None),
            key=lambda e: e.known_at,
        )
        known = np.array([_counts_from(e.known_at) for e in told], dtype="M8[D]")
        days = np.array(self.sessions, dtype="M8[D]")
        last = np.searchsorted(known, days, side="right") - 1
        rows = [
            SourceRow(panel="events", field=name, symbol=e.symbol,
                      session=e.event_time.date(), value=float(e.actual or 0.0))
            for e in told
        ]  # fmt: skip

        def row(t: int, n: int) -> SourceRow | None:
            return rows[last[t]] if last[t] >= 0 else None

        return row


def _counts_from(known_at: datetime) -> date:
    """Return the first day at whose close a moment lies in the past."""
    return known_at.date() + timedelta(days=known_at.time() > CLOSE)
