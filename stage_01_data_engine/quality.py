"""The gate: every row is kept or quarantined, and every broken rule is reported.

Rules are array expressions over all rows at once. A row is quarantined by the first rule it
breaks, so that counts add up: received == kept + quarantined. ``Gated.verdicts`` lists every row
that broke a rule, one line a row and rule.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from foundation.contracts import BAR_FIELDS, MARKET, Instrument, QualityFinding, RowVerdicts
from stage_01_data_engine.findings import BrokenRow, Rows, Rule
from stage_01_data_engine.history_rules import HistoryRules, shown
from stage_01_data_engine.rules import (
    ASCENDING,
    CLOSE_REPORTED,
    COMPLETE,
    CONFLICT,
    CURRENT,
    FIELDS_REPORTED,
    FINITE,
    IN_RANGE,
    LOW_HIGH,
    ON_SESSION,
    PHANTOM,
    POSITIVE,
    REPORTS_RANGES,
    SAME_TWICE,
    TRADED,
    VOLUME_SIGN,
    VOLUME_WITH_MOVEMENT,
)
from stage_01_data_engine.settings import DataEngineSettings
from stage_01_data_engine.verdicts import Tally, Verdicts

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Gated:
    """What passed the gate, in symbol and session order, and what it found.

    Attributes
    ----------
    verdicts : DataFrame
        One line per input row and rule it broke (``Verdicts.table``): the complete list.
    listing : RowVerdicts
        The same as the window carries it, rows that the source could not read first.
    tally : Tally
        Ends of the input rows; they add up to the input.
    """

    bars: pd.DataFrame
    instruments: tuple[Instrument, ...]
    findings: tuple[QualityFinding, ...]
    quarantined: int
    verdicts: pd.DataFrame
    listing: RowVerdicts
    tally: Tally


def gate(
    bars: pd.DataFrame,
    instruments: tuple[Instrument, ...],
    sessions: tuple[date, ...],
    settings: DataEngineSettings,
    unread: tuple[BrokenRow, ...] = (),
) -> Gated:
    """Judge every row.

    Parameters
    ----------
    bars : DataFrame
        As in ``RawMarket``: one row per bar, in the order of the source.
    sessions : tuple of date
        The window; rows outside it must not be handed in, except on non-sessions.
    unread : tuple of BrokenRow
        Rows that the source could not turn into numbers, for the listing.

    Returns
    -------
    Gated
        Its bars are ordered by instrument and session; instruments without a bar on the
        as-of session are gone, their rows quarantined.
    """
    return _Gate(bars, instruments, sessions, settings).judge(unread)


class _Gate:
    """The rows as arrays, and the verdicts as they accumulate."""

    def __init__(
        self,
        bars: pd.DataFrame,
        instruments: tuple[Instrument, ...],
        sessions: tuple[date, ...],
        settings: DataEngineSettings,
    ) -> None:
        import pandas as pd

        self.bars, self.instruments, self.settings = bars, instruments, settings
        self.days = np.array(sessions, dtype="M8[D]")
        self.day = bars["session"].to_numpy().astype("M8[D]")
        self.symbol = pd.Index([i.symbol for i in instruments]).get_indexer(
            pd.Index(bars["symbol"])
        )
        self.rows = Rows(bars["symbol"].to_numpy(), self.day, bars["location"].to_numpy())
        self.values = bars[list(BAR_FIELDS)].to_numpy(dtype=float, copy=True)
        # Ties keep the order of the source, so the first of two copies stays the first.
        self.order = np.lexsort((np.arange(len(bars)), self.day, self.symbol))
        self.verdicts = Verdicts(self.rows, settings.listed_rows)

    @property
    def good(self) -> np.ndarray:
        """Rows not quarantined so far."""
        return self.verdicts.good

    def judge(self, unread: tuple[BrokenRow, ...]) -> Gated:
        self._sessions()
        self._numbers()
        self._duplicates()
        self._order_of_rows()
        self._reported_fields()
        self._impossible_volume()
        self._reports()
        instruments = self._currency()
        kept = self.order[self.good[self.order]]
        bars = self.bars.iloc[kept].reset_index(drop=True)
        return Gated(
            bars=bars.assign(volume=self.values[kept, 4]),
            instruments=instruments,
            findings=tuple(self.verdicts.findings),
            quarantined=int((~self.good).sum()),
            verdicts=self.verdicts.table(),
            listing=self.verdicts.listing(unread),
            tally=self.verdicts.tally(),
        )

    def _apply(self, rule: Rule, broken: np.ndarray) -> None:
        """Report the good rows that break a rule; quarantine them if the rule says so."""
        self.verdicts.apply(rule, broken, lambda row: shown(self.values[row], rule.fields))

    def _sessions(self) -> None:
        off_session = ~np.isin(self.day, self.days)
        self._apply(PHANTOM, off_session & self._copies(~np.isnan(self.values[:, 3])))
        self._apply(ON_SESSION, off_session)

    def _copies(self, among: np.ndarray) -> np.ndarray:
        """Say which rows repeat, field by field, the row before them in symbol and date order."""
        rows = self.order[among[self.order]]
        same_symbol = self.symbol[rows[1:]] == self.symbol[rows[:-1]]
        later = self.day[rows[1:]] > self.day[rows[:-1]]
        now, before = self.values[rows[1:]], self.values[rows[:-1]]
        same = ((now == before) | (np.isnan(now) & np.isnan(before))).all(axis=1)
        copies = np.zeros(len(self.bars), dtype=bool)
        copies[rows[1:]] = same_symbol & later & same
        return copies

    def _numbers(self) -> None:
        opened, high, low, close, volume = self.values.T
        slack = 1 + self.settings.range_tolerance
        self._apply(FINITE, np.isinf(self.values).any(axis=1))
        self._apply(CLOSE_REPORTED, np.isnan(close))
        self._apply(POSITIVE, np.any(self.values[:, :4] <= 0, axis=1))
        self._apply(VOLUME_SIGN, volume < 0)
        self._apply(LOW_HIGH, low > high * slack)
        top, bottom = np.fmax(opened, close), np.fmin(opened, close)
        self._apply(IN_RANGE, (top > high * slack) | (bottom * slack < low))

    def _duplicates(self) -> None:
        rows = self.order[self.good[self.order]]
        same = (self.symbol[rows[1:]] == self.symbol[rows[:-1]]) & (
            self.day[rows[1:]] == self.day[rows[:-1]]
        )
        group = np.concatenate([[0], np.cumsum(~same)]) if len(rows) else np.empty(0, dtype=int)
        first = np.searchsorted(group, group)
        now, head = self.values[rows], self.values[rows[first]]
        differs = ~((now == head) | (np.isnan(now) & np.isnan(head))).all(axis=1)
        disagree = np.bincount(group, weights=differs)[group] > 0 if len(rows) else differs
        conflict, copy = np.zeros((2, len(self.bars)), dtype=bool)
        conflict[rows[disagree]] = True
        copy[rows[(first != np.arange(len(rows))) & ~disagree]] = True
        self._apply(CONFLICT, conflict)
        self._apply(SAME_TWICE, copy)

    def _order_of_rows(self) -> None:
        """Report good rows that stand behind a later one of the same symbol."""
        rows = np.flatnonzero(self.good)
        rows = rows[np.argsort(self.symbol[rows], kind="stable")]
        day = self.day[rows].astype(np.int64)
        # Lifting each symbol above the one before makes one running maximum serve them all.
        lifted = day + self.symbol[rows] * (int(day.max(initial=0)) + 1)
        behind = np.zeros(len(self.bars), dtype=bool)
        if len(rows):
            behind[rows] = lifted < np.maximum.accumulate(lifted)
        self._apply(ASCENDING, behind)

    def _reported_fields(self) -> None:
        """Report good rows that lack a field their instrument has."""
        has = {
            f: np.array([f in i.fields for i in self.instruments], dtype=bool) for f in BAR_FIELDS
        }
        missing = np.zeros(len(self.bars), dtype=bool)
        for at, field in enumerate(BAR_FIELDS):
            missing |= has[field][self.symbol] & np.isnan(self.values[:, at])
        self._apply(FIELDS_REPORTED, missing)

    def _impossible_volume(self) -> None:
        """Take a volume of zero beside a price that moved as not reported."""
        impossible = (self.values[:, 4] == 0) & (self.values[:, 1] > self.values[:, 2])
        self._apply(VOLUME_WITH_MOVEMENT, impossible)
        self.values[impossible & self.good, 4] = np.nan

    def _reports(self) -> None:
        """Report what is unusual about the good rows but no reason to distrust them."""
        volume = self.values[:, 4]
        self._apply(TRADED, volume == 0)
        HistoryRules(
            self.symbol,
            self.day,
            self.values,
            self.order,
            self.days,
            self.instruments,
            self.verdicts,
            jump_limit=self.settings.jump_limit,
        ).report()
        self._completeness()
        lacking = [i.symbol for i in self.instruments if i.fields != BAR_FIELDS]
        if lacking:
            self.verdicts.findings.append(REPORTS_RANGES.finding(MARKET, ", ".join(lacking)))

    def _completeness(self) -> None:
        """Report per instrument how many sessions between its first and last bar are missing."""
        rows = np.flatnonzero(self.good)
        at = np.searchsorted(self.days, self.day[rows])
        count = np.bincount(self.symbol[rows], minlength=len(self.instruments))
        first = np.full(len(self.instruments), len(self.days))
        last = np.full(len(self.instruments), -1)
        np.minimum.at(first, self.symbol[rows], at)
        np.maximum.at(last, self.symbol[rows], at)
        lacking = np.where(count > 0, last - first + 1 - count, 0)
        for i in np.flatnonzero(lacking):
            self.verdicts.findings.append(
                COMPLETE.finding(
                    self.instruments[i].symbol,
                    f"{lacking[i]} of {last[i] - first[i] + 1} sessions missing",
                )
            )

    def _currency(self) -> tuple[Instrument, ...]:
        """Drop instruments without a good bar on the as-of session; return the others."""
        today = self.good & (self.day == self.days[-1])
        current = np.zeros(len(self.instruments), dtype=bool)
        current[self.symbol[today]] = True
        for i in np.flatnonzero(~current):
            rows = np.flatnonzero(self.good & (self.symbol == i))
            last = str(self.day[rows].max()) if len(rows) else "none"
            gone = np.zeros(len(self.bars), dtype=bool)
            gone[rows] = True
            symbol = self.instruments[i].symbol
            finding = CURRENT.finding(symbol, f"last bar: {last}", rows=len(rows))
            self.verdicts.apply_as_one(CURRENT, gone, finding)
        return tuple(i for i, kept in zip(self.instruments, current, strict=True) if kept)
