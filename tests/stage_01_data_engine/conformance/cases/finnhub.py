"""Finnhub against its emulator."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from foundation.testing.vendors import Fault, FinnhubEmulator, finnhub_limit, reshaped
from stage_01_data_engine import Source
from stage_01_data_engine.adapters.vendors.finnhub import FinnhubSettings, FinnhubSource
from tests.stage_01_data_engine.conformance.case import (
    PATIENCE,
    READ_TIMEOUT,
    Setup,
    SourceCase,
)

NEWS, EARNINGS, DIVIDENDS = "/company-news", "/calendar/earnings", "/stock/dividend"
Change = Callable[[dict[str, Any]], dict[str, Any]]


def rows_changed(change: Change, path: str) -> Fault:
    def apply(payload: Any) -> Any:
        if isinstance(payload, dict) and "earningsCalendar" in payload:
            return {"earningsCalendar": [change(dict(r)) for r in payload["earningsCalendar"]]}
        return [change(dict(row)) for row in payload] if isinstance(payload, list) else payload

    return reshaped(apply).on(path, times=None)


def without(name: str) -> Change:
    return lambda row: {field: cell for field, cell in row.items() if field != name}


def _repeat_last(payload: Any) -> Any:
    if isinstance(payload, dict) and payload.get("earningsCalendar"):
        return {"earningsCalendar": [*payload["earningsCalendar"], payload["earningsCalendar"][-1]]}
    return [*payload, payload[-1]] if isinstance(payload, list) and payload else payload


def _emptied(payload: Any) -> Any:
    return {"earningsCalendar": []} if isinstance(payload, dict) else []


class FinnhubCase(SourceCase):
    name = "finnhub"
    traits = frozenset({"world", "events", "remote", "key", "paged", "json"})
    variable = "FINNHUB_API_KEY"
    key = FinnhubEmulator.key
    symbols = ("AAA", "BBB", "CCC")

    @contextmanager
    def opened(self, setup: Setup) -> Iterator[Source]:
        # An article every second week: three an answer stand for two hundred in real life.
        size = 3 if setup.page_size else 200
        with FinnhubEmulator(setup.world, *setup.faults, page_size=size) as server:
            setup.server = server
            settings = FinnhubSettings(
                base_url=server.url,
                rates=(),
                retry=PATIENCE,
                read_timeout=READ_TIMEOUT,
                articles_a_request=size,
                dividends=True,
            )
            yield FinnhubSource(setup.connection(self.variable, self.key), settings)

    def passing_faults(self) -> dict[str, Fault]:
        reset = int(datetime(2019, 1, 2, 14, 30, 7, tzinfo=UTC).timestamp())
        return super().passing_faults() | {
            "429, date": finnhub_limit(reset),
            "429, no word how long": finnhub_limit(None),
        }

    def lasting_faults(self) -> dict[str, Fault]:
        reset = int(datetime(2019, 1, 2, 14, 30, 1, tzinfo=UTC).timestamp())
        return super().lasting_faults() | {"429": finnhub_limit(reset).always()}

    def broken_payloads(self) -> dict[str, Fault]:
        changed = super().broken_payloads()
        changed["a limit without a limit's status"] = reshaped(lambda p: {"error": "API limit"})
        return changed

    def schema_changes(self) -> dict[str, tuple[Fault, str]]:
        return {
            "an article without a time": (rows_changed(without("datetime"), NEWS), "'datetime'"),
            "an article without a headline": (
                rows_changed(lambda row: row | {"headline": ""}, NEWS), "'headline'"
            ),
            "milliseconds for seconds": (
                rows_changed(lambda row: row | {"datetime": row["datetime"] * 1000}, NEWS),
                "'datetime'",
            ),
            "a time as text": (
                rows_changed(lambda row: row | {"datetime": "2018-12-28"}, NEWS), "'datetime'"
            ),
            "the calendar renamed": (
                reshaped(lambda p: {"earnings": p["earningsCalendar"]}).on(EARNINGS, times=None),
                "'earningsCalendar'",
            ),
            "an hour nobody knows": (
                rows_changed(lambda row: row | {"hour": "16:05"}, EARNINGS), "'hour'"
            ),
            "no hour at all": (rows_changed(without("hour"), EARNINGS), "'hour'"),
            "earnings as text": (
                rows_changed(lambda row: row | {"epsActual": "1.30"}, EARNINGS), "'epsActual'"
            ),
            "earnings renamed": (rows_changed(without("epsActual"), EARNINGS), "'epsActual'"),
            "an amount as text": (
                rows_changed(lambda row: row | {"amount": "0.42"}, DIVIDENDS), "'amount'"
            ),
            "a date the American way": (
                rows_changed(lambda row: row | {"date": "12/10/2018"}, DIVIDENDS), "'date'"
            ),
        }  # fmt: skip

    def repeated_rows(self) -> Fault:
        return reshaped(_repeat_last)

    def nothing_found(self) -> Fault:
        return reshaped(_emptied)


CASE = FinnhubCase()
