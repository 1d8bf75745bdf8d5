"""Files and lines with something wrong somewhere: what the parsers make of them.

A parser ends in rows or in a documented error, and every row that came in is kept, later than the
as-of date, or counted as quarantined. Anything else is a failure.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from random import Random
from typing import Any

from foundation.kernel import NEW_YORK, FinancialStoryError
from stage_01_data_engine import DataEngineSettings, FolderSource, MarketRequest
from stage_01_data_engine.adapters.files.sheets import Sheet
from stage_01_data_engine.adapters.files.table_layout import TableLayout
from stage_01_data_engine.adapters.files.tables import TableSource
from stage_01_data_engine.adapters.vendors import iqfeed_lines as lines
from stage_01_data_engine.adapters.vendors.iqfeed_stream import (
    FIELDS,
    FeedState,
    Quote,
    read_message,
)
from stage_01_data_engine.quality import gate
from tests.stage_01_data_engine.vendors.vendor_fuzz import ODD, scrambled

AS_OF = date(2018, 12, 28)
REQUEST = MarketRequest(AS_OF, None, 5)
NOW = datetime(2019, 1, 2, 9, 31, tzinfo=NEW_YORK)
HEADER = ("Quoted", "Expiry", "Strike", "Side", "Bid", "Ask")
CHAIN = TableLayout(
    file="chain.csv",
    kind="chain",
    columns=dict(zip(("date", "expiry", "strike", "right", "bid", "ask"), HEADER, strict=True)),
    constants={"underlying": "AAA"},
    known="close",
)
ROWS: tuple[tuple[Any, ...], ...] = tuple(
    (f"2018-12-{day}", "2019-01-18", 100 + day, side, 1.5, 1.75)
    for day in (24, 26, 27, 28, 31)
    for side in ("C", "put")
)
HISTORY = "\r\n".join(
    [
        f"1,LH,2018-12-{day},10.5000,9.5000,9.8000,10.1000,1000,0,"
        for day in (24, 26, 27, 28)
    ]
    + ["1,!ENDMSG!,", ""]
)  # fmt: skip
STREAM = (
    "Q,AAA,10.0000,100,09:31:00.000250,1000,9.9900,300,10.0100,200,Cba,",
    "P,AAA,,,,,,,,,,",
    "F,AAA,5,,,EXAMPLE INC,",
    "S,SERVER CONNECTED",
    "S,SERVER DISCONNECTED",
    "S,KEY,36162",
    "T,20190102 09:31:00",
    "n,NOSUCH",
    "E,!SYNTAX_ERROR!,",
)
BARS = "\n".join(
    ["date,open,high,low,close,volume"]
    + [f"2018-12-{day},9.8,10.5,9.5,10.1,1000" for day in (21, 24, 26, 27, 28, 31)]
    + [""]
)


def spoilt(raw: bytes, draw: Random) -> bytes:
    """Return bytes with some changed, removed or put in, or with their end cut off."""
    made = bytearray(raw)
    for _ in range(draw.randint(1, 6)):
        at = draw.randrange(len(made) + 1)
        deed = draw.randrange(4)
        if deed == 0 and at < len(made):
            made[at] = draw.randrange(256)
        elif deed == 1:
            del made[at : at + draw.randrange(12)]
        elif deed == 2:
            made[at:at] = draw.choice((b"\0", b",", b'"', b"\n", b"\r", b"\xff", b";", b"nan"))
        elif draw.random() < 0.2:
            del made[at:]
    return bytes(made)


def history(draw: Random, folder: Path) -> bool:
    """IQFeed's answer to a request for daily bars."""
    told = scrambled(HISTORY, draw).split("\r\n")
    try:
        answer = lines.read_answer(told, "1", "x", lines.DAILY_FIELDS)
        for row in answer.rows:
            lines.day(row[0], "x")
            for cell in row[1:]:
                lines.number(cell, "x", "cell")
    except FinancialStoryError:
        return False
    assert len(answer.rows) == sum(line.startswith("1,LH,") for line in told)
    return True


def stream(draw: Random, folder: Path) -> bool:
    """A line of IQFeed's level 1 stream."""
    line = scrambled(draw.choice(STREAM), draw)
    try:
        made = read_message(line, draw.choice((None, FIELDS)), NOW)
    except FinancialStoryError:
        return False
    assert made is None or isinstance(made, Quote | FeedState)
    return True


def cells(draw: Random, folder: Path) -> bool:
    """The cells of a declared table, as a workbook gives them."""
    rows = [list(row) for row in ROWS]
    for _ in range(draw.randint(1, 4)):
        row = draw.choice(rows)
        deed = draw.randrange(4)
        if deed == 0 or not row:
            rows.insert(draw.randrange(len(rows) + 1), [])
        elif deed == 1:
            row[draw.randrange(len(row))] = draw.choice((*ODD, NOW.replace(tzinfo=None), AS_OF))
        elif deed == 2:
            del row[draw.randrange(len(row)) :]
        else:
            row.append(draw.choice(ODD))
    header = HEADER if draw.random() < 0.9 else HEADER[: draw.randrange(len(HEADER))]
    sheet = Sheet("chain.xlsx:Quotes", header, rows, 2, is_workbook=True)
    return _whole(TableSource(folder, [CHAIN]), sheet)


def table(draw: Random, folder: Path) -> bool:
    """A CSV file of a declared table."""
    text = "\n".join([",".join(HEADER), *(",".join(map(str, row)) for row in ROWS), ""])
    (folder / "chain.csv").write_bytes(spoilt(text.encode(), draw))
    return _whole(TableSource(folder, [CHAIN]), None)


def workbook(draw: Random, folder: Path) -> bool:
    """An Excel workbook whose bytes are spoilt."""
    (folder / "chain.xlsx").write_bytes(spoilt(_workbook(), draw))
    layout = CHAIN.model_copy(update={"file": "chain.xlsx"})
    return _whole(TableSource(folder, [layout]), None)


def bars(draw: Random, folder: Path) -> bool:
    """A CSV file of bars in a folder."""
    (folder / "AAA.csv").write_bytes(spoilt(BARS.encode(), draw))
    try:
        raw = FolderSource(folder, DataEngineSettings()).load(REQUEST)
    except FinancialStoryError:
        return False
    judged = gate(raw.bars, raw.instruments, raw.request.sessions, DataEngineSettings())
    assert len(judged.bars) + judged.quarantined == len(raw.bars)
    assert sum(f.rows for f in raw.findings if f.action == "quarantined") == raw.quarantined
    return True


def _whole(source: TableSource, sheet: Sheet | None) -> bool:
    try:
        made = (
            source.judged(sheet, CHAIN, AS_OF) if sheet is not None else source.option_chain(AS_OF)
        )
    except FinancialStoryError:
        return False
    assert len(made.rows) + made.quarantined == made.received
    assert sum(finding.rows for finding in made.findings) == made.quarantined
    return True


_WORKBOOKS: list[bytes] = []


def _workbook() -> bytes:
    if not _WORKBOOKS:
        import openpyxl

        book = openpyxl.Workbook()
        for row in (HEADER, *ROWS):
            book.active.append(list(row))
        made = io.BytesIO()
        book.save(made)
        _WORKBOOKS.append(made.getvalue())
    return _WORKBOOKS[0]


PARSERS: dict[str, Callable[[Random, Path], bool]] = {
    "iqfeed history": history,
    "iqfeed stream": stream,
    "declared table, cells": cells,
    "declared table, CSV": table,
    "declared table, workbook": workbook,
    "folder of bars, CSV": bars,
}
"""Each returns whether it yielded data (else a documented error), and raises on a failure."""
