"""What became of every row: kept, repaired or quarantined, and by which rule.

A gate says of each row which rules it broke. ``Verdicts`` remembers it row by row, so that the
list of quarantined and repaired rows is complete and adds up to the input, and turns it into
findings short enough for a person.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from foundation.contracts import QualityFinding, RowVerdict, RowVerdicts, VerdictRule
from stage_01_data_engine.findings import BrokenRow, Rows, Rule

if TYPE_CHECKING:
    import pandas as pd


class Verdicts:
    """The rules that rows broke, as they accumulate.

    Parameters
    ----------
    rows : Rows
        Who, when and where of each input row.
    listed_rows : int
        A rule broken by more rows than this is reported in groups; ``table`` lists them all.

    Attributes
    ----------
    good : bool array
        Rows not quarantined so far.
    findings : list of QualityFinding
    """

    def __init__(self, rows: Rows, listed_rows: int) -> None:
        self.rows, self.listed_rows = rows, listed_rows
        self.good = np.ones(len(rows.symbol), dtype=bool)
        self.findings: list[QualityFinding] = []
        self._broken: list[tuple[Rule, np.ndarray]] = []

    def apply(self, rule: Rule, broken: np.ndarray, show: Callable[[int], str]) -> np.ndarray:
        """Record the good rows that break a rule; quarantine them if the rule says so.

        A row is quarantined by the first rule it breaks and judged by no other after that, so
        every quarantined row stands under exactly one rule.

        Returns
        -------
        int array
            Positions of the rows recorded.
        """
        rows = np.flatnonzero(broken & self.good)
        if len(rows):
            self._record(rule, rows)
            self.findings += self.rows.report(rule, rows, show, self.listed_rows)
        return rows

    def apply_as_one(self, rule: Rule, broken: np.ndarray, finding: QualityFinding) -> None:
        """Record the good rows that break a rule under one finding made by the caller."""
        rows = np.flatnonzero(broken & self.good)
        if len(rows):
            self._record(rule, rows)
        self.findings.append(finding)

    def _record(self, rule: Rule, rows: np.ndarray) -> None:
        if rule.action == "quarantined":
            self.good[rows] = False
        self._broken.append((rule, rows))

    def table(self) -> pd.DataFrame:
        """Return one line per row and broken rule.

        Columns ``row`` (position in the input), ``symbol``, ``session``, ``location``, ``rule``
        (its name), ``severity``, ``action``; ordered by row.
        """
        import pandas as pd

        at = np.concatenate([rows for _, rows in self._broken] or [np.empty(0, dtype=int)])
        count = [len(rows) for _, rows in self._broken]

        def of_rule(attribute: str) -> np.ndarray:
            said = np.array([getattr(rule, attribute) for rule, _ in self._broken], dtype=object)
            return np.repeat(said, count)

        frame = pd.DataFrame(
            {
                "row": at,
                "symbol": self.rows.symbol[at],
                "session": self.rows.day[at].astype("M8[ns]"),
                "location": self.rows.location[at],
                "rule": of_rule("name"),
                "severity": of_rule("severity"),
                "action": of_rule("action"),
            }
        )
        return frame.sort_values("row", kind="stable").reset_index(drop=True)

    def listing(self, unread: Sequence[BrokenRow] = ()) -> RowVerdicts:
        """Return the complete list for the window: rows that could not be read, then ``table``."""
        return listing_of([*unread, *self.lines()])

    def lines(self) -> list[BrokenRow]:
        """Return the lines of ``table`` one by one."""
        at = np.concatenate([rows for _, rows in self._broken] or [np.empty(0, dtype=int)])
        rule = [rule for rule, rows in self._broken for _ in rows]
        order = np.argsort(at, kind="stable")
        at = at[order]
        columns = (
            self.rows.symbol[at].tolist(),
            self.rows.day[at].astype("M8[D]").tolist(),  # NaT becomes None.
            self.rows.location[at].tolist(),
        )
        return [
            BrokenRow(rule[n], str(symbol), day, str(place))
            for n, symbol, day, place in zip(order, *columns, strict=True)
        ]

    def tally(self) -> Tally:
        """Return how many input rows met which end; the four numbers add up to the input."""
        worst = np.zeros(len(self.good), dtype=int)
        rank = {"kept": 1, "repaired": 2, "quarantined": 3}
        for rule, rows in self._broken:
            worst[rows] = np.maximum(worst[rows], rank[rule.action])
        clean, reported, repaired, quarantined = np.bincount(worst, minlength=4).tolist()
        return Tally(clean, reported, repaired, quarantined)


@dataclass(frozen=True)
class Tally:
    """Ends that rows met: untouched, kept with a remark, repaired, quarantined."""

    clean: int
    reported: int
    repaired: int
    quarantined: int

    @property
    def received(self) -> int:
        return self.clean + self.reported + self.repaired + self.quarantined


@dataclass(frozen=True)
class Judged:
    """A table of records after its gate.

    Attributes
    ----------
    kept : DataFrame
        Rows that may be used, repaired where a rule says so, with their input index.
    findings : tuple of QualityFinding
    verdicts : DataFrame
        One line per row and broken rule, as ``Verdicts.table``.
    found : Verdicts
        The same, with the rules.
    tally : Tally
    """

    kept: pd.DataFrame
    findings: tuple[QualityFinding, ...]
    verdicts: pd.DataFrame
    found: Verdicts
    tally: Tally


def listing_of(lines: Sequence[BrokenRow]) -> RowVerdicts:
    """Return lines as the contract has them."""
    rules = dict.fromkeys(line.rule for line in lines)
    return RowVerdicts(
        rules=tuple(
            VerdictRule(
                name=rule.name,
                text=rule.text,
                why=rule.why,
                remedy=rule.remedy,
                dimension=rule.dimension,
                severity=rule.severity,
                action=rule.action,
            )
            for rule in rules
        ),
        rows=tuple(
            RowVerdict(
                rule=line.rule.name,
                symbol=line.symbol,
                session=line.session,
                location=line.location,
            )
            for line in lines
        ),
    )


def rows_of(symbol: np.ndarray, day: np.ndarray, location: str) -> Rows:
    """Return ``Rows`` of a table that has no locations of its own: ``location:n``, from 1."""
    places = np.array([f"{location}:{n}" for n in range(1, len(symbol) + 1)], dtype=object)
    return Rows(np.asarray(symbol, dtype=object), day.astype("M8[D]"), places)
