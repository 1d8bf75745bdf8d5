"""The vendor of docs/data.md, read from that page, against a server made for it here."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from foundation.testing.vendors import Emulator, Fault, Reply, Request, VendorMarket, reshaped
from stage_01_data_engine import Source
from tests.stage_01_data_engine.conformance.case import (
    PATIENCE,
    READ_TIMEOUT,
    Setup,
    SourceCase,
)

PAGE = Path(__file__).parents[4] / "docs" / "data.md"


def documented() -> str:
    """Return the code that the page offers to a vendor's author."""
    [code] = re.findall(r"```python vendor\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.S)
    return str(code)


def executed() -> dict[str, Any]:
    """Return the names that this code defines."""
    names: dict[str, Any] = {}
    exec(compile(documented(), str(PAGE), "exec"), names)
    return names


class AcmeEmulator(Emulator):
    """The made-up vendor."""

    key = "emulated-acme-key"

    def __init__(self, market: VendorMarket, *faults: Fault) -> None:
        super().__init__(*faults)
        self.market = market

    def reply(self, request: Request) -> Reply:
        if request.headers.get("X-Key") != self.key:
            return Reply({"error": "no such key"}, 401)
        symbol = request.path.rpartition("/")[2]
        if symbol not in self.market.bars:
            return Reply({"error": "no such symbol"}, 404)
        rows = [
            {"day": day.isoformat()}
            | dict(zip(("open", "high", "low", "close", "volume"), row, strict=True))
            for day, row in zip(
                self.market.sessions, self.market.bars[symbol].tolist(), strict=True
            )
            if request.query["from"] <= day.isoformat() <= request.query["to"]
        ]
        return Reply({"bars": rows})


def _with_rows(change: Any) -> Fault:
    return reshaped(lambda p: p | {"bars": [change(dict(row)) for row in p["bars"]]})


class DocumentedCase(SourceCase):
    name = "acme"
    traits = frozenset({"world", "bars", "remote", "key"})
    variable = "ACME_API_KEY"
    key = AcmeEmulator.key

    @contextmanager
    def opened(self, setup: Setup) -> Iterator[Source]:
        acme = executed()
        with AcmeEmulator(setup.world, *setup.faults) as server:
            setup.server = server
            changes = {
                "base_url": server.url,
                "rates": (),
                "retry": PATIENCE,
                "read_timeout": READ_TIMEOUT,
            }
            policy = acme["ACME"].model_copy(update=changes)
            yield acme["AcmeSource"](setup.connection(self.variable, self.key), policy)

    def schema_changes(self) -> dict[str, tuple[Fault, str]]:
        return {
            "a price renamed": (
                _with_rows(
                    lambda row: {("last" if k == "close" else k): v for k, v in row.items()}
                ),
                "'close'",
            ),
            "a day as a number": (_with_rows(lambda row: row | {"day": 20181228}), "'day'"),
            "bars renamed": (reshaped(lambda p: {"rows": p["bars"]}), "'bars'"),
        }

    def nothing_found(self) -> Fault:
        return reshaped(lambda p: {"bars": []})


CASE = DocumentedCase()
