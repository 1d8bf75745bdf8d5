"""Nasdaq Data Link against its emulator: the table of all tickers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, ClassVar

from foundation.testing.vendors import (
    Fault,
    NasdaqDataLinkEmulator,
    Reply,
    Request,
    call_limit,
    reshaped,
)
from stage_01_data_engine import Source
from stage_01_data_engine.adapters.vendors.nasdaq_data_link import (
    NasdaqDataLinkSettings,
    NasdaqDataLinkSource,
)
from tests.stage_01_data_engine.conformance.case import (
    PATIENCE,
    READ_TIMEOUT,
    Setup,
    SourceCase,
)


def cells_changed(name: str, change: Callable[[Any], Any]) -> Fault:
    """Return a server that changes one column of its tables."""

    def apply(payload: Any) -> Any:
        names = [column["name"] for column in payload["datatable"]["columns"]]
        if name not in names:
            return payload
        at = names.index(name)
        data = [[*row[:at], change(row[at]), *row[at + 1 :]]
                for row in payload["datatable"]["data"]]  # fmt: skip
        return payload | {"datatable": payload["datatable"] | {"data": data}}

    return reshaped(apply)


def table_changed(change: Callable[[dict[str, Any]], dict[str, Any]]) -> Fault:
    return reshaped(lambda p: p | {"datatable": change(p["datatable"])})


def renamed(old: str, new: str) -> Fault:
    return table_changed(
        lambda table: table
        | {
            "columns": [
                c | {"name": new} if c["name"] == old else c
                for c in table["columns"]
            ]
        }
    )  # fmt: skip


def _emptied(request: Request, reply: Reply) -> Reply:
    """Answer with nothing for every window, though the symbol is there."""
    if "date.gte" not in request.query or reply.status != 200:
        return reply
    told = reply.payload
    return replace(
        reply,
        payload={
            "datatable": told["datatable"] | {"data": []},
            "meta": {"next_cursor_id": None},
        },
    )


def _repeat_last(payload: Any) -> Any:
    data = payload["datatable"]["data"]
    if data and payload["meta"]["next_cursor_id"]:
        return payload | {"datatable": payload["datatable"] | {"data": [*data, data[-1]]}}
    return payload


class NasdaqDataLinkCase(SourceCase):
    name = "nasdaq-data-link"
    traits = frozenset({"world", "bars", "events", "adjusts", "remote", "key", "paged", "json"})
    variable = "NASDAQ_DATA_LINK_API_KEY"
    key = NasdaqDataLinkEmulator.key
    bars: ClassVar[str] = "QUOTEMEDIA/PRICES"

    @contextmanager
    def opened(self, setup: Setup) -> Iterator[Source]:
        size = setup.page_size or 10_000
        with NasdaqDataLinkEmulator(setup.world, *setup.faults, page_size=size) as server:
            setup.server = server
            settings = NasdaqDataLinkSettings(
                base_url=f"{server.url}/api/v3",
                rates=(),
                retry=PATIENCE,
                read_timeout=READ_TIMEOUT,
                bars=self.bars,
            )
            yield NasdaqDataLinkSource(setup.connection(self.variable, self.key), settings)

    def passing_faults(self) -> dict[str, Fault]:
        return super().passing_faults() | {
            "429, seconds": call_limit("3"),
            "429, no word how long": call_limit(),
        }

    def schema_changes(self) -> dict[str, tuple[Fault, str]]:
        return {
            "a price renamed": (renamed("close", "close_price"), "'close'"),
            "the split renamed": (renamed("split", "ratio"), "'split'"),
            "two columns of one name": (renamed("high", "low"), "once"),
            "a price as text": (cells_changed("open", str), "'open'"),
            "a split into nothing": (cells_changed("split", lambda cell: 0.0), "positive"),
            "a dividend as text": (cells_changed("dividend", str), "'dividend'"),
            "a date the American way": (cells_changed("date", lambda d: "12/28/2018"), "'date'"),
            "another ticker": (cells_changed("ticker", lambda t: "ZZZ"), "only"),
            "rows of another width": (
                table_changed(lambda t: t | {"data": [row[:-1] for row in t["data"]]}), "cells"
            ),
            "data renamed": (
                table_changed(lambda t: {"rows": t["data"], "columns": t["columns"]}), "'data'"
            ),
            "no columns": (table_changed(lambda t: {"data": t["data"]}), "'columns'"),
            "no meta": (reshaped(lambda p: {"datatable": p["datatable"]}), "object"),
            "a cursor that stands still": (
                reshaped(lambda p: p | {"meta": {"next_cursor_id": "djFfMA=="}}), "page to page"
            ),
        }  # fmt: skip

    def repeated_rows(self) -> Fault:
        return reshaped(_repeat_last)

    def nothing_found(self) -> Fault:
        return Fault(_emptied, times=None)


CASE = NasdaqDataLinkCase()
