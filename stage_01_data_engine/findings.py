"""Rules in words, and how rows that break one become findings a person can read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Literal

import numpy as np

from foundation.contracts import MARKET, Dimension, QualityFinding


@dataclass(frozen=True)
class Rule:
    """A rule that rows must keep, what to do when one does not, and the fields to show then.

    ``name`` is how lists of single rows call it; ``why`` says what breaks when rows break it;
    ``dimension`` is the kind of quality that it is about.
    """

    text: str
    remedy: str
    fields: tuple[str, ...] = ()
    severity: Literal["info", "warning", "error"] = "error"
    action: Literal["kept", "repaired", "quarantined"] = "quarantined"
    name: str = ""
    why: str = ""
    dimension: Dimension | None = None

    def finding(
        self, symbol: str, value: str, *, location: str = "", rows: int = 0
    ) -> QualityFinding:
        """Return a finding about an instrument or a file as a whole."""
        return QualityFinding(
            rule=self.text,
            severity=self.severity,
            action=self.action,
            symbol=symbol,
            location=location,
            value=value,
            remedy=self.remedy,
            rows=rows,
        )


@dataclass(frozen=True)
class BrokenRow:
    """One row and the rule it broke; ``session`` is None where its date cannot be read."""

    rule: Rule
    symbol: str
    session: date | None
    location: str


def _date_of(day: np.datetime64) -> date | None:
    return None if np.isnat(day) else day.astype("M8[D]").item()


@dataclass(frozen=True)
class Rows:
    """Who, when and where of rows, position by position.

    Attributes
    ----------
    symbol : object array of str
    day : M8[D] array; NaT where the date cannot be read
    location : object array of str
    """

    symbol: np.ndarray
    day: np.ndarray
    location: np.ndarray

    def only(self, keep: np.ndarray) -> Rows:
        """Return the rows where ``keep`` is True."""
        return Rows(self.symbol[keep], self.day[keep], self.location[keep])

    def verdicts(self, rule: Rule, broken: np.ndarray) -> list[BrokenRow]:
        """Return one line for each of the rows at positions ``broken``."""
        return [
            BrokenRow(rule, str(self.symbol[n]), _date_of(self.day[n]), str(self.location[n]))
            for n in broken
        ]

    def report(
        self, rule: Rule, broken: np.ndarray, show: Callable[[int], str], limit: int
    ) -> list[QualityFinding]:
        """Return findings about the rows at positions ``broken``.

        One a row while there are at most ``limit``; else one a symbol, one a session or one in
        all, whichever is the first to stay within the limit. Counts are exact in every case.
        """
        if len(broken) <= limit:
            return [self._one(rule, broken[i : i + 1], show) for i in range(len(broken))]
        for keys in (self.symbol[broken], self.day[broken].astype(np.int64)):
            labels, group = np.unique(keys, return_inverse=True)
            if len(labels) <= limit:
                return [self._one(rule, broken[group == g], show) for g in range(len(labels))]
        return [self._one(rule, broken, show)]

    def _one(self, rule: Rule, rows: np.ndarray, show: Callable[[int], str]) -> QualityFinding:
        """Report rows of one kind, named by the first of them."""
        symbols, days = np.unique(self.symbol[rows]), np.unique(self.day[rows])
        value, location = show(int(rows[0])), str(self.location[rows[0]])
        if len(rows) > 1:
            value = f"{len(symbols)} symbols, {len(days)} sessions, first: {value}"
            location += f" and {len(rows) - 1} more"
        return QualityFinding(
            rule=rule.text,
            severity=rule.severity,
            action=rule.action,
            symbol=str(symbols[0]) if len(symbols) == 1 else MARKET,
            session=days[0].item() if len(days) == 1 else None,
            field=rule.fields[0] if len(rule.fields) == 1 else None,
            location=location,
            value=value,
            remedy=rule.remedy,
            rows=len(rows),
        )
