"""Every source under test: one module each, found by its name ``CASE``."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from tests.stage_01_data_engine.conformance.case import SourceCase

CASES: tuple[SourceCase, ...] = tuple(
    import_module(f"{__name__}.{module.name}").CASE
    for module in sorted(iter_modules(__path__), key=lambda module: module.name)
)
