"""A folder of tables written from the emulated market: a workbook of bars, Cboe's VIX file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, time

import pytest

from stage_01_data_engine import Source
from stage_01_data_engine.adapters.files.cboe import VIX_HISTORY
from stage_01_data_engine.adapters.files.table_layout import TableLayout
from stage_01_data_engine.adapters.files.tables import TableSource
from tests.stage_01_data_engine.conformance.case import Setup, SourceCase

BARS = TableLayout(
    file="prices.xlsx",
    kind="bars",
    sheet="History",
    header_row=3,
    columns={
        "date": "Trading day",
        "symbol": "Instrument",
        "open": "First",
        "high": "Highest",
        "low": "Lowest",
        "close": "Final",
        "volume": "Shares",
    },
    known="close",
)


class TablesCase(SourceCase):
    name = "tables"
    traits = frozenset({"world", "bars", "observations"})

    @contextmanager
    def opened(self, setup: Setup) -> Iterator[Source]:
        openpyxl = pytest.importorskip("openpyxl", reason="the extra 'excel' is not installed")
        book = openpyxl.Workbook(write_only=True)
        book.create_sheet("Notes").append(["nothing to see"])
        page = book.create_sheet("History")
        page.append(["Prices as traded"])
        page.append([])
        page.append(list(BARS.columns.values()))
        for at, day in enumerate(setup.world.sessions):
            for symbol, values in setup.world.bars.items():
                stamp = datetime.combine(day, time(0))
                page.append([stamp, symbol, *values[at].tolist()])
        book.save(setup.folder / "prices.xlsx")
        lines = ["DATE,OPEN,HIGH,LOW,CLOSE"]
        levels: dict[date, float | None] = {}
        for told in setup.world.vintages["VIXCLS"]:
            levels.setdefault(told.period, told.value)  # Cboe does not revise.
        lines += [f"{day:%m/%d/%Y},{','.join([f'{v:.6f}'] * 4)}" for day, v in levels.items()]
        (setup.folder / "VIX_History.csv").write_text("\n".join([*lines, ""]), encoding="utf-8")
        # The emulated market publishes a session's VIX on the next one.
        late = VIX_HISTORY.model_copy(update={"known": "next session"})
        yield TableSource(setup.folder, [BARS, late])


CASE = TablesCase()
