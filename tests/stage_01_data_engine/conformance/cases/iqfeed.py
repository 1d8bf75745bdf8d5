"""IQFeed against its emulators on two ports."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import numpy as np

from foundation.connect import Connection
from foundation.testing.vendors import (
    Fault,
    IqfeedLevelOne,
    IqfeedLookup,
    Reply,
    Request,
    VendorMarket,
    half_closed,
    hung_up,
    silent,
)
from foundation.testing.vendors.iqfeed import in_cents
from stage_01_data_engine import Source
from stage_01_data_engine.adapters.vendors.iqfeed import IqfeedSettings, IqfeedSource
from tests.stage_01_data_engine.conformance.case import (
    AS_OF,
    PATIENCE,
    READ_TIMEOUT,
    Setup,
    SourceCase,
)


def rows_changed(change: Callable[[list[str]], list[str]]) -> Fault:
    """Return a server that changes the fields of every row of history."""

    def apply(request: Request, reply: Reply) -> Reply:
        lines = [
            ",".join(change(line.split(","))) if ",LH," in line else line
            for line in str(reply.payload).split("\r\n")
        ]
        return replace(reply, payload="\r\n".join(lines))

    return Fault(apply, times=None, path="HDT")


def said(text: str) -> Fault:
    """Return a server that answers every request for history with a text."""
    return Fault(lambda request, reply: replace(reply, payload=text), times=None, path="HDT")


class IqfeedCase(SourceCase):
    name = "iqfeed"
    traits = frozenset({"world", "bars", "events", "adjusts", "remote"})

    @contextmanager
    def opened(self, setup: Setup) -> Iterator[Source]:
        lookup = IqfeedLookup(setup.world, *(f.on("HD", times=f.times) for f in setup.faults))
        with lookup as server, IqfeedLevelOne(setup.world) as quotes:
            setup.server = server
            settings = IqfeedSettings(
                lookup_port=server.port,
                level_one_port=quotes.port,
                rates=(),
                retry=PATIENCE,
                read_timeout=READ_TIMEOUT,
            )
            connection = Connection(timekeeper=setup.time, jitter=lambda: 0.5)
            yield IqfeedSource(connection, settings)

    def expected_bars(self, world: VendorMarket, symbol: str) -> np.ndarray:
        """The truth as this vendor quotes it: traded in whole cents, then adjusted."""
        quoted = {name: in_cents(values) for name, values in world.bars.items()}
        return replace(world, bars=quoted).adjusted(symbol, AS_OF)

    def passing_faults(self) -> dict[str, Fault]:
        return {"hung up": hung_up(), "half closed": half_closed(), "silent": silent()}

    def lasting_faults(self) -> dict[str, Fault]:
        return {name: fault.always() for name, fault in self.passing_faults().items()}

    def broken_payloads(self) -> dict[str, Fault]:
        return {
            "a page of HTML": said("HTTP/1.1 400 Bad Request\r\n\r\n<html>\r\nE,\r\n"),
            "another request's answer": said("2,LH,2018-12-28,1,1,1,1,1,0,\r\n1,!ENDMSG!,\r\n"),
            "an unread request": said("E,!SYNTAX_ERROR!,\r\n"),
            "an unknown error": said("1,E,Unauthorized user ID.,\r\n1,!ENDMSG!,\r\n"),
        }

    def schema_changes(self) -> dict[str, tuple[Fault, str]]:
        return {
            "no message id": (rows_changed(lambda row: [row[0], *row[2:]]), "'LH'"),
            "a field less": (rows_changed(lambda row: [*row[:-2], ""]), "7 fields"),
            "a field more": (rows_changed(lambda row: [*row[:-1], "9", ""]), "7 fields"),
            "a price with a comma": (
                rows_changed(lambda row: [*row[:3], "1,2", *row[4:]]), "7 fields"
            ),
            "a price that is none": (
                rows_changed(lambda row: [*row[:5], "n/a", *row[6:]]), "'open'"
            ),
            "an infinite price": (
                rows_changed(lambda row: [*row[:3], "inf", *row[4:]]), "'high'"
            ),
            "a date the American way": (
                rows_changed(lambda row: [*row[:2], "12/28/2018", *row[3:]]), "'date'"
            ),
            "a moment for a date": (
                rows_changed(lambda row: [*row[:2], f"{row[2]} 16:00:00", *row[3:]]), "'date'"
            ),
        }  # fmt: skip

    def nothing_found(self) -> Fault:
        return said("1,E,!NO_DATA!,,\r\n1,!ENDMSG!,\r\n")


CASE = IqfeedCase()
