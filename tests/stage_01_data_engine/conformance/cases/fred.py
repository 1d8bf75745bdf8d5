"""FRED against its emulator."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from foundation.testing.vendors import Fault, FredEmulator, rate_limited, reshaped
from stage_01_data_engine import Source
from stage_01_data_engine.adapters.vendors.fred import FredSettings, FredSource
from tests.stage_01_data_engine.conformance.case import (
    PATIENCE,
    READ_TIMEOUT,
    Setup,
    SourceCase,
)

TOO_MANY = {"error_code": 429, "error_message": "Too Many Requests.  Exceeded Rate Limit"}


def observations_changed(change: Callable[[dict[str, Any]], dict[str, Any]]) -> Fault:
    def apply(payload: Any) -> Any:
        if isinstance(payload, dict) and "observations" in payload:
            return payload | {"observations": [change(dict(r)) for r in payload["observations"]]}
        return payload

    return reshaped(apply)


def _without(name: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda row: {field: cell for field, cell in row.items() if field != name}


def _repeat_last(payload: Any) -> Any:
    for name in ("observations", "vintage_dates", "release_dates"):
        if isinstance(payload, dict) and payload.get(name):
            payload = payload | {name: [*payload[name], payload[name][-1]]}
    return payload


def _emptied(payload: Any) -> Any:
    if isinstance(payload, dict) and "count" in payload:
        names = {"observations", "vintage_dates", "release_dates"} & set(payload)
        return payload | {"count": 0} | {name: [] for name in names}
    return payload


def _lost_rows(payload: Any) -> Any:
    if isinstance(payload, dict) and "observations" in payload:
        return payload | {"observations": payload["observations"][:-2]}
    return payload


class FredCase(SourceCase):
    name = "fred"
    traits = frozenset({"world", "observations", "events", "remote", "key", "paged"})
    variable = "FRED_API_KEY"
    key = FredEmulator.key
    symbols = None

    @contextmanager
    def opened(self, setup: Setup) -> Iterator[Source]:
        emulator = FredEmulator(setup.world, *setup.faults, page_size=setup.page_size or 100_000)
        with emulator as server:
            setup.server = server
            settings = FredSettings(
                base_url=f"{server.url}/fred", rates=(), retry=PATIENCE, read_timeout=READ_TIMEOUT
            )
            yield FredSource(setup.connection(self.variable, self.key), settings)

    def passing_faults(self) -> dict[str, Fault]:
        return super().passing_faults() | {"429, seconds": rate_limited("3", TOO_MANY)}

    def schema_changes(self) -> dict[str, tuple[Fault, str]]:
        return {
            "no values": (observations_changed(_without("value")), "'value'"),
            "no vintages": (observations_changed(_without("realtime_start")), "'realtime_start'"),
            "a value that is no number": (
                observations_changed(lambda row: row | {"value": "n/a"}), "'value'"
            ),
            "a moment for a date": (
                observations_changed(lambda row: row | {"date": "Dec 2018"}), "'date'"
            ),
            "observations renamed": (
                reshaped(lambda p: {"data" if k == "observations" else k: v for k, v in p.items()}),
                "'observations'",
            ),
            "no count": (
                reshaped(lambda p: {k: v for k, v in p.items() if k != "count"}), "'count'"
            ),
            "rows lost": (reshaped(_lost_rows), "counts"),
        }  # fmt: skip

    def repeated_rows(self) -> Fault:
        return reshaped(_repeat_last)

    def nothing_found(self) -> Fault:
        return reshaped(_emptied)


CASE = FredCase()
