"""What instruments are: a table of symbols with name, kind and sector beside files of bars.

Prices do not say whether a symbol is a share, an index or the fund of a sector. Peers, sectors and
stories need to know, so a folder may hold ``instruments.csv`` (or ``.parquet``, ``.xlsx``): columns
``symbol``, ``name``, ``kind`` (equity, index, etf, future) and ``sector``. All but the first may be
left out or empty. It is read as it stands: a sector of today is taken for the past as well.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pydantic import ValidationError

from foundation.contracts import Instrument
from foundation.kernel import UpstreamDataError
from stage_01_data_engine.adapters.files.sheet_reader import SheetReader
from stage_01_data_engine.adapters.files.sheets import read_sheet

STEM = "instruments"
COLUMNS = ("name", "kind", "sector")


def read_instruments(path: Path) -> dict[str, Instrument]:
    """Return what a list says of each symbol, with closes as the only bar field.

    Raises
    ------
    UpstreamDataError
        If it names no symbols, one twice, or a kind that there is none of.
    """
    sheet = read_sheet(path, None, 1)
    named = {column for column in sheet.header if column.lower() in COLUMNS}
    reader = SheetReader(
        sheet, {"symbol": "symbol"} | {column.lower(): column for column in named}, "%Y-%m-%d"
    )
    cells = {name: reader.texts(name) for name in reader.columns}
    found: dict[str, Instrument] = {}
    for row, symbol in enumerate(cells["symbol"]):
        told: Mapping[str, str] = {name: cells[name][row] for name in cells}
        if not symbol or symbol in found:
            raise UpstreamDataError(
                "A list of instruments names every symbol once",
                value=f"{reader.location(row)}: {symbol!r}",
                remedy="fill the symbol in, or remove the row",
            )
        try:
            found[symbol] = Instrument.model_validate(
                {
                    "symbol": symbol,
                    "name": told.get("name") or symbol,
                    "kind": (told.get("kind") or "equity").lower(),
                    "sector": told.get("sector") or None,
                    "fields": ("close",),
                }
            )
        except ValidationError as error:
            raise UpstreamDataError(
                "An instrument is an equity, an index, an etf or a future",
                value=f"{reader.location(row)}: {told.get('kind')!r}",
                remedy="write one of these, or leave the cell empty for an equity",
            ) from error
    return found
