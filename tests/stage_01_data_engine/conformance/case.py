"""How a source presents itself to the conformance matrix.

A new source adds one file to ``cases/`` with a subclass of ``SourceCase`` and its instance named
``CASE``; the matrix finds it. What it claims in ``traits`` decides which rules it must pass:

=============== ====================================================================
``world``       its data come from a ``VendorMarket`` (files written from it, or an emulator)
``bars``        it gives bars of the symbols asked for
``observations`` it gives market-wide series
``events``      it gives events
``adjusts``     it reads bars as traded and adjusts them for splits as of the as-of date
``remote``      it asks a server, which can misbehave
``key``         it needs a key
``paged``       its server answers in pages
``stamped``     its server stamps bars with moments, which have a zone
=============== ====================================================================
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from foundation.connect import Connection, Credentials, RetryPolicy
from foundation.testing.vendors import (
    Fault,
    ManualTime,
    VendorMarket,
    cut_off,
    half_closed,
    hung_up,
    not_json,
    rate_limited,
    server_error,
    silent,
)
from stage_01_data_engine import MarketRequest, Source

AS_OF = date(2018, 12, 28)
HISTORY = 110
"""Sessions back to July: a split, two early closes and the end of daylight saving lie between."""
PATIENCE = RetryPolicy(attempts=3, first_wait=0.5, longest_wait=2.0)
READ_TIMEOUT = 0.25
"""Seconds: short, since only a server that never answers runs into it."""


@dataclass
class Setup:
    """What a source is opened with.

    Attributes
    ----------
    world : VendorMarket
    folder : Path
        An empty folder of its own.
    faults : tuple of Fault
        What the server is to do wrong.
    key : {"right", "wrong", "absent"}
    page_size : int or None
        Rows a page; None for the vendor's own.
    time : ManualTime
        Nobody waits in these tests; what was waited for stands in ``time.waits``.
    server : object
        Filled in by the case: the running emulator.
    """

    world: VendorMarket
    folder: Path
    faults: tuple[Fault, ...] = ()
    key: str = "right"
    page_size: int | None = None
    time: ManualTime = field(default_factory=ManualTime)
    server: Any = None

    def connection(self, variable: str, key: str) -> Connection:
        """Return a connection whose variable holds the right key, a wrong one or none."""
        values = {"right": {variable: key}, "wrong": {variable: "x" * 32}, "absent": {}}[self.key]
        return Connection(credentials=Credentials(values), timekeeper=self.time, jitter=lambda: 0.5)


class SourceCase(ABC):
    """One source under test."""

    name: ClassVar[str]
    traits: ClassVar[frozenset[str]]
    variable: ClassVar[str] = ""
    key: ClassVar[str] = ""
    symbols: ClassVar[tuple[str, ...] | None] = ("AAA", "BBB")
    unknown: ClassVar[str] = "NOSUCH"

    @abstractmethod
    def opened(self, setup: Setup) -> AbstractContextManager[Source]:
        """Return the source, its server (if any) running as long as the context lasts."""

    def request(self, symbols: tuple[str, ...] | None = None) -> MarketRequest:
        return MarketRequest(as_of=AS_OF, symbols=symbols or self.symbols, history_sessions=HISTORY)

    def expected_bars(self, world: VendorMarket, symbol: str) -> np.ndarray:
        """Return the truth, (t, 5) by session up to the as-of date, before the window is cut."""
        adjusts = "adjusts" in self.traits
        count = sum(day <= AS_OF for day in world.sessions)
        return world.adjusted(symbol, AS_OF) if adjusts else world.bars[symbol][:count]

    def passing_faults(self) -> dict[str, Fault]:
        """Return what a server does wrong once and a client must get over."""
        return {
            "429, seconds": rate_limited("3"),
            "429, date": rate_limited("Wed, 02 Jan 2019 14:30:07 GMT"),
            "429, no word how long": rate_limited(None),
            "503": server_error(503),
            "500": server_error(500),
            "hung up": hung_up(),
            "half closed": half_closed(),
            "silent": silent(),
        }

    def lasting_faults(self) -> dict[str, Fault]:
        """Return what a server does wrong for good."""
        return {
            "429": rate_limited("1").always(),
            "503": server_error(503).always(),
            "hung up": hung_up().always(),
            "half closed": half_closed().always(),
            "silent": silent().always(),
        }

    def broken_payloads(self) -> dict[str, Fault]:
        """Return answers that arrive whole but cannot be read."""
        return {
            "cut off": cut_off().always(),
            "a page of HTML": not_json().always(),
            "a list for an object": Fault(_as_list, times=None),
            "a number": Fault(_as_number, times=None),
        }

    def schema_changes(self) -> dict[str, tuple[Fault, str]]:
        """Return changes of format, each with a word the error must contain."""
        return {}

    def wrong_zone(self) -> Fault | None:
        """Return a server that stamps bars in another zone, or None where stamps have none."""
        return None

    def repeated_rows(self) -> Fault | None:
        """Return a server that repeats rows, as pages do when rows are added meanwhile."""
        return None

    def nothing_found(self) -> Fault | None:
        """Return a server that knows every symbol and has no data."""
        return None


def _as_list(request: Any, reply: Any) -> Any:
    return type(reply)([1, 2, 3])


def _as_number(request: Any, reply: Any) -> Any:
    return type(reply)(7)
