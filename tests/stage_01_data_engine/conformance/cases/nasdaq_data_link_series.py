"""Nasdaq Data Link against its emulator: one time series for each symbol."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from foundation.testing.vendors import Fault, NasdaqDataLinkEmulator, reshaped
from stage_01_data_engine import Source
from stage_01_data_engine.adapters.vendors.nasdaq_data_link import (
    NasdaqDataLinkSettings,
    NasdaqDataLinkSource,
)
from tests.stage_01_data_engine.conformance.case import PATIENCE, READ_TIMEOUT, Setup
from tests.stage_01_data_engine.conformance.cases.nasdaq_data_link import NasdaqDataLinkCase


def series_changed(change: Callable[[dict[str, Any]], dict[str, Any]]) -> Fault:
    return reshaped(lambda p: {"dataset": change(p["dataset"])}).on("/EOD/", times=None)


class TimeSeriesCase(NasdaqDataLinkCase):
    name = "nasdaq-data-link, time series"
    traits = frozenset({"world", "bars", "events", "adjusts", "remote", "key", "json"})
    bars = "EOD/{symbol}"

    @contextmanager
    def opened(self, setup: Setup) -> Iterator[Source]:
        with NasdaqDataLinkEmulator(setup.world, *setup.faults) as server:
            setup.server = server
            settings = NasdaqDataLinkSettings(
                base_url=f"{server.url}/api/v3",
                rates=(),
                retry=PATIENCE,
                read_timeout=READ_TIMEOUT,
                bars=self.bars,
            )
            yield NasdaqDataLinkSource(setup.connection(self.variable, self.key), settings)

    def schema_changes(self) -> dict[str, tuple[Fault, str]]:
        def names(change: Callable[[str], Any]) -> Fault:
            return series_changed(
                lambda s: s | {"column_names": [change(name) for name in s["column_names"]]}
            )

        return {
            "a column renamed": (names(lambda n: "Settle" if n == "Close" else n), "'close'"),
            "columns without names": (names(lambda n: None), "'column_names'"),
            "a row less wide": (
                series_changed(lambda s: s | {"data": [row[1:] for row in s["data"]]}), "cells"
            ),
            "rows as objects": (
                series_changed(lambda s: s | {"data": [{"Date": "x"}]}), "cells"
            ),
        }  # fmt: skip

    def nothing_found(self) -> Fault:
        return series_changed(lambda s: s | {"data": []})


CASE = TimeSeriesCase()
