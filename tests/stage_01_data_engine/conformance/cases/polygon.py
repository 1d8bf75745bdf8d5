"""Polygon against its emulator."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from foundation.testing.vendors import Fault, PolygonEmulator, reshaped
from stage_01_data_engine import Source
from stage_01_data_engine.adapters.vendors.polygon import PolygonSettings, PolygonSource
from tests.stage_01_data_engine.conformance.case import (
    PATIENCE,
    READ_TIMEOUT,
    Setup,
    SourceCase,
)

AGGREGATES, SPLITS, DIVIDENDS, NEWS = "/v2/aggs/", "/splits", "/dividends", "/news"


def rows_changed(change: Callable[[dict[str, Any]], dict[str, Any]], path: str) -> Fault:
    """Return a server that changes every row of its answers."""

    def apply(payload: Any) -> Any:
        if isinstance(payload, dict) and isinstance(payload.get("results"), list):
            return payload | {"results": [change(dict(row)) for row in payload["results"]]}
        return payload

    return reshaped(apply).on(path, times=None)


def renamed(old: str, new: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda row: {new if name == old else name: cell for name, cell in row.items()}


def _later_by_five_hours(row: dict[str, Any]) -> dict[str, Any]:
    """Stamp with midnight of UTC, as if the exchange were there."""
    return row | {"t": row["t"] - row["t"] % 86_400_000}


def _repeat_last(payload: Any) -> Any:
    if isinstance(payload, dict) and payload.get("results") and "next_url" in payload:
        return payload | {"results": [*payload["results"], payload["results"][-1]]}
    return payload


def _emptied(payload: Any) -> Any:
    if isinstance(payload, dict) and isinstance(payload.get("results"), list):
        return {k: v for k, v in payload.items() if k != "next_url"} | {
            "results": [],
            "resultsCount": 0,
        }
    return payload


class PolygonCase(SourceCase):
    name = "polygon"
    traits = frozenset({"world", "bars", "events", "adjusts", "remote", "key", "paged", "stamped"})
    variable = "POLYGON_API_KEY"
    key = PolygonEmulator.key

    @contextmanager
    def opened(self, setup: Setup) -> Iterator[Source]:
        emulator = PolygonEmulator(setup.world, *setup.faults, page_size=setup.page_size or 50_000)
        with emulator as server:
            setup.server = server
            settings = PolygonSettings(
                base_url=server.url, rates=(), retry=PATIENCE, read_timeout=READ_TIMEOUT
            )
            yield PolygonSource(setup.connection(self.variable, self.key), settings)

    def schema_changes(self) -> dict[str, tuple[Fault, str]]:
        return {
            "a price renamed": (rows_changed(renamed("c", "close"), AGGREGATES), "'c'"),
            "a price as text": (
                rows_changed(lambda row: row | {"o": str(row["o"])}, AGGREGATES), "'o'"
            ),
            "seconds for milliseconds": (
                rows_changed(lambda row: row | {"t": row["t"] // 1000}, AGGREGATES), "New York"
            ),
            "nanoseconds for milliseconds": (
                rows_changed(lambda row: row | {"t": row["t"] * 1_000_000}, AGGREGATES), "'t'"
            ),
            "results renamed": (
                reshaped(renamed("results", "data")).on(AGGREGATES, times=None),
                "'results'",
            ),
            "adjusted unasked": (
                reshaped(lambda p: p | {"adjusted": True}).on(AGGREGATES, times=None), "adjusted"
            ),
            "a split without terms": (
                rows_changed(renamed("split_to", "to"), SPLITS), "'split_to'"
            ),
            "a split into nothing": (
                rows_changed(lambda row: row | {"split_to": 0}, SPLITS), "positive"
            ),
            "a date the American way": (
                rows_changed(lambda row: row | {"execution_date": "10/15/2018"}, SPLITS),
                "'execution_date'",
            ),
            "a dividend as text": (
                rows_changed(lambda row: row | {"cash_amount": "0.25"}, DIVIDENDS),
                "'cash_amount'",
            ),
            "news without a zone": (
                rows_changed(
                    lambda row: row | {"published_utc": row["published_utc"].rstrip("Z")}, NEWS
                ),
                "zone",
            ),
            "a cursor that stands still": (
                reshaped(
                    lambda p: p | {"next_url": "/v2/reference/news?cursor=YQ"}
                ).on(NEWS, times=None),
                "page to page",
            ),
            "a cursor to another host": (
                reshaped(
                    lambda p: p | {"next_url": "https://example.com/v2/aggs/x"}
                ).on(AGGREGATES, times=None),
                "own host",
            ),
        }  # fmt: skip

    def wrong_zone(self) -> Fault:
        return rows_changed(_later_by_five_hours, AGGREGATES)

    def repeated_rows(self) -> Fault:
        return reshaped(_repeat_last)

    def nothing_found(self) -> Fault:
        return reshaped(_emptied)


CASE = PolygonCase()
