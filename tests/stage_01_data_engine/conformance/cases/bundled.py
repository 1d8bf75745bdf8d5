"""The bundled source: no world to write, no server to disturb."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from stage_01_data_engine import BundledSource, Source
from tests.stage_01_data_engine.conformance.case import Setup, SourceCase


class BundledCase(SourceCase):
    name = "bundled"
    traits = frozenset({"bars", "observations", "events"})
    symbols = ("SPX", "AAPL")

    @contextmanager
    def opened(self, setup: Setup) -> Iterator[Source]:
        yield BundledSource()


CASE = BundledCase()
