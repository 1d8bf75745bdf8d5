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
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from foundation.contracts import (
    BAR_FIELDS,
    MARKET,
    ContinuousSeries,
    Instrument,
    QualityFinding,
)
from foundation.kernel import NEW_YORK, OperatorError, UpstreamDataError
from foundation.kernel.model import Part
from foundation.market import close_of, is_session, next_session
from stage_01_data_engine.adapters.actions import session_column, with_reported_fields
from stage_01_data_engine.adapters.sheets import (
    DATED,
    FILLED,
    NUMBER,
    Sheet,
    SheetReader,
    read_sheet,
)
from stage_01_data_engine.findings import BrokenRow, Rule
from stage_01_data_engine.knowledge import known_after
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

Kind = Literal["bars", "series", "chain", "flow", "custom"]
NEEDED: dict[Kind, tuple[str, ...]] = {
    "bars": ("date", "symbol", "close"),
    "series": ("date", "series", "value"),
    "chain": ("date", "underlying", "expiry", "strike", "right"),
    "flow": ("date",),
    "custom": ("date",),
}
"""Fields that a row of each kind cannot do without."""
OFFERED: dict[Kind, tuple[str, ...]] = {
    "bars": ("open", "high", "low", "volume"),
    "series": (),
    "chain": (
        "contract", "bid", "ask", "last", "volume", "open_interest", "implied_volatility", "spot",
        "delta", "gamma", "theta", "vega", "rho",
    ),
    "flow": ("symbol", "calls", "puts", "total", "put_call_ratio"),
    "custom": (),
}  # fmt: skip
"""Fields that it may have besides; a ``custom`` layout may name any."""
TEXTS = ("symbol", "underlying", "series", "contract", "right")
RIGHTS = {"c": "C", "call": "C", "calls": "C", "p": "P", "put": "P", "puts": "P"}
RIGHT = Rule(
    "An option is a call or a put",
    "write C, call, P or put",
    name="no-right",
    dimension="schema",
    why="calls and puts at one strike are different contracts",
)


class TableLayout(Part):
    """What stands where in one file or sheet, and from when it is known."""

    file: str = Field(description="Name in the source's folder; a pattern such as chain_*.csv.")
    kind: Kind
    sheet: str | None = Field(default=None, description="Sheet of a workbook; None: the first.")
    header_row: int = Field(default=1, ge=1, description="Row of the column names, from 1.")
    columns: dict[str, str] = Field(description="Our field names to the file's column names.")
    constants: dict[str, str] = Field(
        default_factory=dict, description="Fields that are the same in every row, e.g. symbol."
    )
    date_format: str = Field(default="%Y-%m-%d", description="How dates are written as text.")
    series: dict[str, ContinuousSeries] = Field(
        default_factory=dict,
        description="Fields of flow and custom tables that become series of the window: by symbol "
        "where they say panel = features, else market-wide.",
    )
    known: Literal["close", "next session"] = Field(
        default="next session",
        description="Whether a row of a date is known at its close, or from the opening of the "
        "session after it (files made after the close).",
    )

    @model_validator(mode="after")
    def _complete(self) -> Self:
        told = set(self.columns) | set(self.constants)
        if lacking := set(NEEDED[self.kind]) - told:
            raise ValueError(f"a layout of {self.kind} names {', '.join(sorted(lacking))}")
        allowed = {*NEEDED[self.kind], *OFFERED[self.kind]}
        if self.kind != "custom" and (strange := told - allowed):
            raise ValueError(
                f"a layout of {self.kind} has no field {', '.join(sorted(strange))}; "
                f"it may have {', '.join(sorted(allowed))}"
            )
        if strange := set(self.constants) - set(TEXTS):
            raise ValueError(f"{', '.join(sorted(strange))} is no text and differs by row")
        if lost := set(self.series) - told:
            raise ValueError(f"{', '.join(sorted(lost))} becomes a series and is no column")
        if self.series and self.kind not in ("flow", "custom"):
            raise ValueError(f"columns of a table of {self.kind} have their place already")
        by_symbol = any(s.panel == "features" for s in self.series.values())
        if by_symbol and "symbol" not in told:
            raise ValueError("a series by symbol needs the column symbol")
        series = self.constants.get("series")
        if series is not None and series not in MARKET_SERIES:
            raise ValueError(f"a series is one of {', '.join(MARKET_SERIES)}, not {series}")
        return self


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
        seen = _utc([_observed(day.date()) for day in table.rows["date"]])
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
        rows = pd.concat(frames, ignore_index=True) if frames else _empty(kind)
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
        cells, checks = _fields(reader, layout)
        checks.insert(0, (DATED, "date", np.isnat(days)))
        who = next((n for n in ("symbol", "underlying", "series") if n in cells), None)
        names = [str(cell) for cell in cells[who]] if who else [MARKET] * len(days)
        names = [name or MARKET for name in names]
        good = reader.judge(checks, names, days)
        rows = _frame(layout, reader, cells, days, good)
        return KnownTable(
            rows=rows,
            findings=tuple(reader.findings),
            received=len(days),
            unread=tuple(reader.unread),
        )


def _fields(
    reader: SheetReader, layout: TableLayout
) -> tuple[dict[str, list[object] | np.ndarray], list[tuple[Rule, str, np.ndarray]]]:
    """Return the cells of every field but the date, and what is wrong with them."""
    cells: dict[str, list[object] | np.ndarray] = {
        name: [told] * len(reader) for name, told in layout.constants.items()
    }
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


def _observed(day: date) -> datetime:
    """Return when a value of a date was observed: at its close, or at 16:00 if there is none."""
    return close_of(day) if is_session(day) else datetime.combine(day, time(16), tzinfo=NEW_YORK)


def _frame(
    layout: TableLayout,
    reader: SheetReader,
    cells: dict[str, list[object] | np.ndarray],
    days: np.ndarray,
    good: np.ndarray,
) -> pd.DataFrame:
    """Return the rows that are left, with the columns of their kind."""
    import pandas as pd

    at = np.flatnonzero(good)
    chosen = {name: np.asarray(values, dtype=None)[at] for name, values in cells.items()}
    dated = [day.item() for day in days[at]]
    moments = {day: known_moment(day, layout.known) for day in set(dated)}
    known = _utc([moments[day] for day in dated])
    location = pd.Series([reader.location(int(row)) for row in at], dtype=object)
    blank = np.full(len(at), np.nan)

    def numbers(name: str) -> np.ndarray:
        return np.asarray(chosen.get(name, blank), dtype=float)

    def texts(name: str) -> pd.Series:
        return pd.Series([str(cell) for cell in chosen.get(name, [""] * len(at))], dtype=object)

    if layout.kind == "bars":
        columns = {"symbol": texts("symbol"), "session": session_column(dated),
                   **{name: numbers(name) for name in BAR_FIELDS}}  # fmt: skip
        return pd.DataFrame({**columns, "location": location})
    observed = {day: _observed(day) for day in set(dated)}
    seen = _utc([observed[day] for day in dated])
    if layout.kind == "series":
        return pd.DataFrame(
            {
                "series": texts("series"),
                "symbol": MARKET,
                "event_time": seen.where(seen <= known, known),
                "known_at": known,
                "value": numbers("value"),
                "location": location,
            }
        )
    if layout.kind == "chain":
        columns = {
            "underlying": texts("underlying"),
            "expiry": session_column([d.item() for d in np.asarray(chosen["expiry"])]),
            "strike": numbers("strike"),
            "right": texts("right"),
            "snapshot": seen.dt.tz_convert(NEW_YORK).dt.tz_localize(None),
            **{name: numbers(name) for name in OFFERED["chain"] if name != "contract"},
        }
        contract = texts("contract") if "contract" in chosen else _contracts(columns)
        return pd.DataFrame(
            {"contract": contract, **columns, "known_at": known, "location": location}
        )
    names = OFFERED["flow"] if layout.kind == "flow" else tuple(chosen)
    own = {name: texts(name) if name in TEXTS else numbers(name) for name in names}
    return pd.DataFrame(
        {"date": session_column(dated), **own, "known_at": known, "location": location}
    )


def _since(quotes: pd.DataFrame, first: date) -> pd.DataFrame:
    """Return the option quotes of a session and of those after it."""
    if quotes.empty:
        return quotes
    recent = quotes["snapshot"].to_numpy().astype("M8[D]") >= np.datetime64(first)
    return quotes[recent].reset_index(drop=True)


def _contracts(columns: dict[str, Any]) -> pd.Series:
    """Return a name for each contract: underlying, expiry, right and strike in thousandths."""
    import pandas as pd

    expiry = columns["expiry"].dt.strftime("%y%m%d")
    strike = [f"{float(s) * 1000:08.0f}" for s in columns["strike"]]
    parts = zip(columns["underlying"], expiry, columns["right"], strike, strict=True)
    return pd.Series(["".join(part) for part in parts], dtype=object)


def _utc(moments: list[datetime]) -> pd.Series:
    import pandas as pd

    found = pd.to_datetime(pd.Series(moments, dtype=object), utc=True)
    return found.astype("datetime64[ns, UTC]")


def _empty(kind: Kind) -> pd.DataFrame:
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
