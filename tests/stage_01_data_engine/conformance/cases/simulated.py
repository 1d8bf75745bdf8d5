"""The simulated market, as the wiring makes a source of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from stage_01_data_engine import SimulatedSource, SimulationSettings, Source
from tests.stage_01_data_engine.conformance.case import Setup, SourceCase

SESSIONS = 2_300
"""From 2010 to beyond the matrix's as-of date."""


class SimulatedCase(SourceCase):
    name = "simulated"
    traits = frozenset({"bars", "observations", "events"})
    symbols = None

    @contextmanager
    def opened(self, setup: Setup) -> Iterator[Source]:
        yield SimulatedSource(SimulationSettings(symbols=2, sessions=SESSIONS))


CASE = SimulatedCase()
