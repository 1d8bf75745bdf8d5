"""All contracts, found by walking the package: a new one is under the law from its first day."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator

import foundation.contracts
from foundation.contracts import ContinuationRequest, StageEvent
from foundation.kernel import Contract, Part


def _below(kind: type[Part]) -> Iterator[type[Part]]:
    for sub in kind.__subclasses__():
        yield sub
        yield from _below(sub)


for _module in pkgutil.iter_modules(foundation.contracts.__path__):
    importlib.import_module(f"foundation.contracts.{_module.name}")

PARTS: tuple[type[Part], ...] = tuple(
    sorted(
        {p for p in _below(Part) if p.__module__.startswith("foundation.contracts.")},
        key=lambda p: p.__name__,
    )
)
"""Every model of ``foundation.contracts``."""

CONTRACTS: tuple[type[Contract], ...] = tuple(p for p in PARTS if issubclass(p, Contract))
"""Those that cross a border on their own."""

MESSAGES: tuple[type[Part], ...] = (*CONTRACTS, StageEvent, ContinuationRequest)
"""What is written down or sent: contracts, events and requests."""
