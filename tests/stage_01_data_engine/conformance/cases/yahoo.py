"""Yahoo by the library yfinance, against an emulated chart service."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from foundation.connect import Connection
from foundation.testing.vendors import Fault, YahooEmulator, rate_limited, reshaped
from stage_01_data_engine import Source
from stage_01_data_engine.adapters.vendors.yahoo import YahooSettings, YahooSource
from tests.stage_01_data_engine.conformance.case import (
    PATIENCE,
    Setup,
    SourceCase,
)

READ_TIMEOUT = 0.5


def charts_changed(change: Callable[[dict[str, Any]], Any]) -> Fault:
    """Return a server that changes the result of every chart."""

    def apply(payload: Any) -> Any:
        if not isinstance(payload, dict) or not payload.get("chart", {}).get("result"):
            return payload
        return {"chart": {"result": [change(payload["chart"]["result"][0])], "error": None}}

    return reshaped(apply)


def quotes_changed(change: Callable[[dict[str, Any]], dict[str, Any]]) -> Fault:
    return charts_changed(
        lambda chart: (
            chart
            | {
                "indicators": chart["indicators"]
                | {"quote": [change(chart["indicators"]["quote"][0])]}
            }
        )
    )


def _in_london(chart: dict[str, Any]) -> dict[str, Any]:
    return chart | {"meta": chart["meta"] | {"exchangeTimezoneName": "Europe/London"}}


def _emptied(chart: dict[str, Any]) -> dict[str, Any]:
    empty = {"quote": [{}], "adjclose": [{}]}
    told = {name: part for name, part in chart.items() if name not in ("timestamp", "events")}
    return told | {"indicators": empty}


class YahooCase(SourceCase):
    name = "yahoo"
    traits = frozenset({"world", "bars", "events", "adjusts", "remote", "json"})

    @contextmanager
    def opened(self, setup: Setup) -> Iterator[Source]:
        pytest.importorskip("yfinance", reason="the optional extra 'live' is not installed")
        faults = tuple(replace(f, path=f.path or "/v8/finance/chart/") for f in setup.faults)
        with YahooEmulator(setup.world, *faults) as server:
            setup.server = server
            settings = YahooSettings(
                rates=(),
                retry=PATIENCE,
                read_timeout=READ_TIMEOUT,
                base_url=server.url,
                library_cache=str(setup.folder),
            )
            yield YahooSource(Connection(timekeeper=setup.time, jitter=lambda: 0.5), settings)

    def passing_faults(self) -> dict[str, Fault]:
        # The date of a Retry-After is measured by the machine's clock here: the library waits
        # for nobody's.
        return {k: v for k, v in super().passing_faults().items() if k != "429, date"}

    def lasting_faults(self) -> dict[str, Fault]:
        return super().lasting_faults() | {"429": rate_limited(None).always()}

    def schema_changes(self) -> dict[str, tuple[Fault, str]]:
        def without(name: str) -> Fault:
            return quotes_changed(lambda q: {k: v for k, v in q.items() if k != name})

        return {
            "closes gone": (without("close"), "close"),
            "prices that are none": (
                quotes_changed(lambda q: q | {"open": ["n/a" for _ in q["open"]]}), "n/a"
            ),
            "fewer volumes": (
                quotes_changed(lambda q: q | {"volume": q["volume"][:-3]}), "length|shape"
            ),
            "no time zone": (
                charts_changed(
                    lambda c: c
                    | {"meta": {k: v for k, v in c["meta"].items() if k != "exchangeTimezoneName"}}
                ),
                "(?i)timezone",
            ),
            "a split into nothing": (
                charts_changed(
                    lambda c: c
                    | {
                        "events": {
                            "splits": {
                                "1": {
                                    "date": c["timestamp"][5],
                                    "numerator": -4.0,
                                    "denominator": 1.0,
                                }
                            }
                        }
                    }
                ),
                "positive",
            ),
        }  # fmt: skip

    def wrong_zone(self) -> Fault:
        return charts_changed(_in_london)

    def nothing_found(self) -> Fault:
        return charts_changed(_emptied)


CASE = YahooCase()
