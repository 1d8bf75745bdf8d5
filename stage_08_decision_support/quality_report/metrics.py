"""Quality in numbers, by symbol: completeness, and rows that broke a rule by kind of quality."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, get_args

import numpy as np

from foundation.contracts import Dimension, MarketWindow
from stage_08_decision_support.quality_report.facts import SEVERITIES, listed

DIMENSIONS: tuple[str, ...] = get_args(Dimension)


@dataclass(frozen=True)
class SymbolQuality:
    """One symbol in numbers.

    Attributes
    ----------
    sessions : int
        Of the window, from the symbol's first bar on; 0 where none of its bars is in the window.
    present : int
        Of these, with a bar that may be used.
    broken : dict of str to int
        Rows that broke a rule, by ``Dimension``; a row counts under each rule it broke.
    severity : dict of str to int
        The same by severity of the rule.
    aside : int
        Rows set aside.
    rules : tuple of str
        Names of the rules, the most frequent first.
    """

    symbol: str
    sessions: int
    present: int
    broken: dict[str, int]
    severity: dict[str, int]
    aside: int
    rules: tuple[str, ...]

    @property
    def completeness(self) -> float:
        """Share of the sessions since the first bar that have one; NaN where there is none."""
        return self.present / self.sessions if self.sessions else math.nan

    @property
    def missing(self) -> int:
        return self.sessions - self.present


def symbol_quality(window: MarketWindow) -> list[SymbolQuality]:
    """Return every symbol that has a bar or broke a rule, the worst first.

    Worst is most rows with errors, then with warnings, then most bars missing.
    """
    close = window.bars.field("close")
    there = np.isfinite(close)
    sessions = np.maximum.accumulate(there, axis=0).sum(axis=0).tolist()
    present = there.sum(axis=0).tolist()
    counted = dict(zip(window.bars.symbols, zip(sessions, present, strict=True), strict=True))
    verdicts = listed(window)
    rules = {rule.name: rule for rule in verdicts.rules}
    found: dict[str, dict[str, int]] = {symbol: {} for symbol in counted}
    for row in verdicts.rows:
        own = found.setdefault(row.symbol or row.location, {})
        own[row.rule] = own.get(row.rule, 0) + 1
    told = []
    for symbol, own in found.items():
        broken, severity = dict.fromkeys(DIMENSIONS, 0), dict.fromkeys(SEVERITIES, 0)
        for name, times in own.items():
            severity[rules[name].severity] += times
            dimension = rules[name].dimension
            if dimension is not None:
                broken[dimension] += times
        since, bars = counted.get(symbol, (0, 0))
        told.append(
            SymbolQuality(
                symbol=symbol,
                sessions=since,
                present=bars,
                broken=broken,
                severity=severity,
                aside=sum(n for name, n in own.items() if rules[name].action == "quarantined"),
                rules=tuple(sorted(own, key=lambda name: (-own[name], name))),
            )
        )
    return sorted(
        told,
        key=lambda q: (
            -q.severity["error"], -q.severity["warning"], -q.missing, -q.severity["info"], q.symbol,
        ),
    )  # fmt: skip


def completeness(quality: list[SymbolQuality]) -> float:
    """Return the share of all symbols' sessions, each from its first bar on, that have a bar."""
    sessions = sum(q.sessions for q in quality)
    return sum(q.present for q in quality) / sessions if sessions else math.nan


def quality_document(window: MarketWindow) -> dict[str, Any]:
    """Return the figures of the report as plain data: totals, and one entry a symbol."""
    quality = symbol_quality(window)
    whole = completeness(quality)
    return {
        "as_of": window.as_of.isoformat(),
        "counts": window.counts.model_dump(),
        "completeness": None if math.isnan(whole) else whole,
        "symbols": [
            {
                "symbol": q.symbol,
                "sessions": q.sessions,
                "completeness": None if math.isnan(q.completeness) else q.completeness,
                "set_aside": q.aside,
                "rows_by_kind": q.broken,
                "rules": list(q.rules),
            }
            for q in quality
        ],
        "rows": [
            row.model_dump(mode="json")
            for row in listed(window).rows
            if row.rule in {r.name for r in listed(window).rules if r.action != "kept"}
        ],
    }
