"""A folder of CSV files written from the emulated market."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from stage_01_data_engine import DataEngineSettings, FolderSource, Source
from tests.stage_01_data_engine.conformance.case import Setup, SourceCase


class FolderCase(SourceCase):
    name = "folder"
    traits = frozenset({"world", "bars", "observations"})

    @contextmanager
    def opened(self, setup: Setup) -> Iterator[Source]:
        days = setup.world.sessions
        for symbol, values in setup.world.bars.items():
            rows = [
                f"{day.isoformat()},{','.join(repr(cell) for cell in row)}"
                for day, row in zip(days, values.tolist(), strict=True)
            ]
            text = "\n".join(["date,open,high,low,close,volume", *rows, ""])
            (setup.folder / f"{symbol}.csv").write_text(text, encoding="utf-8")
        found = setup.world.vintages["VIXCLS"]
        levels = [f"{v.period.isoformat()},{v.value}" for v in found if v.value is not None]
        text = "\n".join(["date,close", *levels, ""])
        (setup.folder / "VIX.csv").write_text(text, encoding="utf-8")
        yield FolderSource(setup.folder, DataEngineSettings())


CASE = FolderCase()
