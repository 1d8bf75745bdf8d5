"""The rows of a table: judged by its layout, then put into the columns of its kind."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from foundation.contracts import BAR_FIELDS, MARKET
from foundation.kernel import NEW_YORK
from foundation.market import close_of, is_session, next_session
from stage_01_data_engine.adapters.actions import session_column
from stage_01_data_engine.adapters.files.sheet_reader import DATED, FILLED, NUMBER, SheetReader
from stage_01_data_engine.adapters.files.table_layout import (
    NEEDED,
    OFFERED,
    TEXTS,
    Kind,
    TableLayout,
)
from stage_01_data_engine.findings import Rule
from stage_01_data_engine.knowledge import known_after
from stage_01_data_engine.raw import observation_frame

if TYPE_CHECKING:
    import pandas as pd

Cells = dict[str, list[object] | np.ndarray]
"""By field, one cell for each row."""
RIGHTS = {"c": "C", "call": "C", "calls": "C", "p": "P", "put": "P", "puts": "P"}
RIGHT = Rule(
    "An option is a call or a put",
    "write C, call, P or put",
    name="no-right",
    dimension="schema",
    why="calls and puts at one strike are different contracts",
)


def fields(
    reader: SheetReader, layout: TableLayout
) -> tuple[Cells, list[tuple[Rule, str, np.ndarray]]]:
    """Return the cells of every field but the date, and what is wrong with them."""
    cells: Cells = {name: [told] * len(reader) for name, told in layout.constants.items()}
    checks: list[tuple[Rule, str, np.ndarray]] = []
    needed = NEEDED[layout.kind]
    for name in reader.columns:
        if name == "date":
            continue
        if name in needed:
            checks.append((FILLED, name, reader.blank(name)))
        if name == "expiry":
            cells[name] = reader.dates(name)
            checks.append((DATED, name, np.isnat(cells[name])))  # type: ignore[arg-type]
        elif name in TEXTS:
            told = reader.texts(name)
            cells[name] = list(told)
            if name == "right":
                cells[name] = [RIGHTS.get(text.lower(), "") for text in told]
                checks.append((RIGHT, name, np.array([c == "" for c in cells[name]], dtype=bool)))
        else:
            cells[name], bad = reader.numbers(name)
            checks.append((NUMBER, name, bad))
    return cells, checks


def known_moment(day: date, known: Literal["close", "next session"]) -> datetime:
    """Return from when a row of a date counts as known."""
    if known == "next session":
        return known_after(day)
    return close_of(day if is_session(day) else next_session(day))


def observed_moment(day: date) -> datetime:
    """Return when a value of a date was observed: at its close, or at 16:00 if there is none."""
    return close_of(day) if is_session(day) else datetime.combine(day, time(16), tzinfo=NEW_YORK)


def moments(days: list[date], moment_of: Callable[[date], datetime]) -> pd.Series:
    """Return the moment of each date, datetime64[ns, UTC]."""
    import pandas as pd

    told = {day: moment_of(day) for day in set(days)}
    found = pd.to_datetime(pd.Series([told[day] for day in days], dtype=object), utc=True)
    return found.astype("datetime64[ns, UTC]")


def framed(
    layout: TableLayout, reader: SheetReader, cells: Cells, days: np.ndarray, good: np.ndarray
) -> pd.DataFrame:
    """Return the rows that are left, with the columns of their kind."""
    import pandas as pd

    at = np.flatnonzero(good)
    dated = [day.item() for day in days[at]]
    rows = _Rows(
        cells={name: np.asarray(values, dtype=None)[at] for name, values in cells.items()},
        dates=dated,
        known=moments(dated, lambda day: known_moment(day, layout.known)),
        location=pd.Series([reader.location(int(row)) for row in at], dtype=object),
    )
    return pd.DataFrame(_COLUMNS[layout.kind](rows))


def empty(kind: Kind) -> pd.DataFrame:
    """Return no rows of a kind; those that no one reads by column have none either."""
    import pandas as pd

    if kind == "series":
        return observation_frame([])
    if kind == "bars":
        return pd.DataFrame(
            {
                "symbol": pd.Series(dtype=object),
                "session": pd.Series(dtype="M8[ns]"),
                **{name: pd.Series(dtype=float) for name in BAR_FIELDS},
                "location": pd.Series(dtype=object),
            }
        )
    return pd.DataFrame()


@dataclass(frozen=True)
class _Rows:
    """Rows that broke no rule: their cells by field, their dates, and when they were known."""

    cells: dict[str, np.ndarray]
    dates: list[date]
    known: pd.Series
    location: pd.Series

    @property
    def observed(self) -> pd.Series:
        return moments(self.dates, observed_moment)

    def numbers(self, name: str) -> np.ndarray:
        """Return a field as numbers; NaN where the layout has no such field."""
        blank = np.full(len(self.dates), np.nan)
        return np.asarray(self.cells.get(name, blank), dtype=float)

    def texts(self, name: str) -> pd.Series:
        """Return a field as text; empty where the layout has no such field."""
        import pandas as pd

        told = self.cells.get(name, [""] * len(self.dates))
        return pd.Series([str(cell) for cell in told], dtype=object)


def _bars(rows: _Rows) -> dict[str, Any]:
    return {
        "symbol": rows.texts("symbol"),
        "session": session_column(rows.dates),
        **{name: rows.numbers(name) for name in BAR_FIELDS},
        "location": rows.location,
    }


def _series(rows: _Rows) -> dict[str, Any]:
    observed = rows.observed
    return {
        "series": rows.texts("series"),
        "symbol": MARKET,
        "event_time": observed.where(observed <= rows.known, rows.known),
        "known_at": rows.known,
        "value": rows.numbers("value"),
        "location": rows.location,
    }


def _chain(rows: _Rows) -> dict[str, Any]:
    columns = {
        "underlying": rows.texts("underlying"),
        "expiry": session_column([d.item() for d in np.asarray(rows.cells["expiry"])]),
        "strike": rows.numbers("strike"),
        "right": rows.texts("right"),
        "snapshot": rows.observed.dt.tz_convert(NEW_YORK).dt.tz_localize(None),
        **{name: rows.numbers(name) for name in OFFERED["chain"] if name != "contract"},
    }
    contract = rows.texts("contract") if "contract" in rows.cells else _contracts(columns)
    return {"contract": contract, **columns, "known_at": rows.known, "location": rows.location}


def _flow(rows: _Rows) -> dict[str, Any]:
    return _own(rows, OFFERED["flow"])


def _custom(rows: _Rows) -> dict[str, Any]:
    return _own(rows, tuple(rows.cells))


def _own(rows: _Rows, names: tuple[str, ...]) -> dict[str, Any]:
    return {
        "date": session_column(rows.dates),
        **{name: rows.texts(name) if name in TEXTS else rows.numbers(name) for name in names},
        "known_at": rows.known,
        "location": rows.location,
    }


_COLUMNS: dict[Kind, Callable[[_Rows], dict[str, Any]]] = {
    "bars": _bars,
    "series": _series,
    "chain": _chain,
    "flow": _flow,
    "custom": _custom,
}


def _contracts(columns: dict[str, Any]) -> pd.Series:
    """Return a name for each contract: underlying, expiry, right and strike in thousandths."""
    import pandas as pd

    expiry = columns["expiry"].dt.strftime("%y%m%d")
    strike = [f"{float(s) * 1000:08.0f}" for s in columns["strike"]]
    parts = zip(columns["underlying"], expiry, columns["right"], strike, strict=True)
    return pd.Series(["".join(part) for part in parts], dtype=object)
