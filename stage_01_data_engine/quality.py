"""The gate: every row is kept or quarantined, and every broken rule is reported.

Rules are array expressions over all rows at once. A row is quarantined by the first rule it
breaks, so that counts add up: received == kept + quarantined. ``Gated.verdicts`` lists every row
that broke a rule, one line a row and rule.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from foundation.contracts import BAR_FIELDS, MARKET, Instrument, QualityFinding
from stage_01_data_engine.findings import Rows, Rule
from stage_01_data_engine.histories import (
    History,
    bad_prints,
    filled_sessions,
    long_gaps,
    split_steps,
    stale_runs,
    transplanted,
    twins,
)
from stage_01_data_engine.rules import (
    ASCENDING,
    BAD_PRINT,
    CLOSE_REPORTED,
    COMPLETE,
    CONFLICT,
    COPIED,
    CURRENT,
    FIELDS_REPORTED,
    FILLED,
    FINITE,
    IN_RANGE,
    JUMP,
    LONG_GAP,
    LOW_HIGH,
    ON_SESSION,
    PHANTOM,
    POSITIVE,
    REPORTS_RANGES,
    REUSED,
    SAME_TWICE,
    SHARED,
    SPLIT,
    STALE,
    TRADED,
    TRANSPLANTED,
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
    tally : Tally
        Ends of the input rows; they add up to the input.
    """

    bars: pd.DataFrame
    instruments: tuple[Instrument, ...]
    findings: tuple[QualityFinding, ...]
    quarantined: int
    verdicts: pd.DataFrame
    tally: Tally


def gate(
    bars: pd.DataFrame,
    instruments: tuple[Instrument, ...],
    sessions: tuple[date, ...],
    settings: DataEngineSettings,
) -> Gated:
    """Judge every row.

    Parameters
    ----------
    bars : DataFrame
        As in ``RawMarket``: one row per bar, in the order of the source.
    sessions : tuple of date
        The window; rows outside it must not be handed in, except on non-sessions.

    Returns
    -------
    Gated
        Its bars are ordered by instrument and session; instruments without a bar on the
        as-of session are gone, their rows quarantined.
    """
    return _Gate(bars, instruments, sessions, settings).judge()


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

    def judge(self) -> Gated:
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
            tally=self.verdicts.tally(),
        )

    def _apply(self, rule: Rule, broken: np.ndarray) -> None:
        """Report the good rows that break a rule; quarantine them if the rule says so."""
        self.verdicts.apply(rule, broken, self._shown(rule))

    def _shown(self, rule: Rule) -> Callable[[int], str]:
        """Return what shows the rule's fields of a row, absent ones left out."""
        at = [(field, BAR_FIELDS.index(field)) for field in rule.fields]

        def show(row: int) -> str:
            values = self.values[row]
            return ", ".join(f"{f} {values[i]:.10g}" for f, i in at if not np.isnan(values[i]))

        return show

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
        self._histories()
        self._completeness()
        lacking = [i.symbol for i in self.instruments if i.fields != BAR_FIELDS]
        if lacking:
            self.verdicts.findings.append(REPORTS_RANGES.finding(MARKET, ", ".join(lacking)))

    def _histories(self) -> None:
        """Report what a symbol's good rows say about one another, each cause once."""
        rows = self.order[self.good[self.order]]
        at = np.searchsorted(self.days, self.day[rows])
        history = History(self.symbol[rows], at, self.values[rows])

        def apply(rule: Rule, found: np.ndarray, show: Callable[[int], str] | None = None) -> None:
            broken = np.zeros(len(self.bars), dtype=bool)
            broken[rows[found]] = True
            self.verdicts.apply(rule, broken, show or self._shown(rule))

        place = np.empty(len(self.bars), dtype=int)
        place[rows] = np.arange(len(rows))
        before = np.maximum(np.arange(len(rows)) - 1, 0)

        def change(row: int) -> str:
            old, new = (history.values[i, 3] for i in (before[place[row]], place[row]))
            return f"close {new:.10g} after {old:.10g}"

        stale = stale_runs(history)
        apply(STALE, stale)
        volume = history.values[:, 4]
        copies = self._copies(self.good)[rows] & ~stale & (volume != 0) & ~np.isnan(volume)
        filled = filled_sessions(history, copies)
        apply(FILLED, filled)
        apply(COPIED, copies & ~filled)
        moved, twin = transplanted(history)

        def elsewhere(row: int) -> str:
            other = self.days[history.at[twin[place[row]]]]
            return f"{self._shown(TRANSPLANTED)(row)}, as on {other}"

        apply(TRANSPLANTED, moved, elsewhere)
        prints = bad_prints(history)
        apply(BAD_PRINT, prints)
        gap, reused = long_gaps(history)

        def since(row: int) -> str:
            return f"{change(row)}, {history.gap[place[row]]} sessions earlier"

        apply(REUSED, reused, since)
        apply(LONG_GAP, gap, since)
        shared, pairs = twins(history)
        spliced = np.concatenate([[False], shared[1:] != shared[:-1]]) & history.follows
        back = np.concatenate([[False], prints[:-1]])
        resumed = np.concatenate([[False], stale[:-1]]) & ~stale & history.follows
        explained = prints | back | reused | shared | spliced | resumed
        split, ratio = split_steps(history, explained)

        def basis(row: int) -> str:
            return f"{change(row)}, like {_ratio_text(ratio[place[row]])}"

        apply(SPLIT, split, basis)
        jump = np.nan_to_num(np.abs(history.returns)) > self.settings.jump_limit
        apply(JUMP, jump & ~explained & ~split, change)
        self._twins(history, rows, shared, pairs)

    def _twins(
        self,
        history: History,
        rows: np.ndarray,
        shared: np.ndarray,
        pairs: list[tuple[int, int, int]],
    ) -> None:
        """Report pairs of symbols that share their prices, one finding a pair."""
        remaining = shared.copy()
        for a, b, times in pairs:
            one, other = self.instruments[a].symbol, self.instruments[b].symbol
            mine = remaining & ((history.symbol == a) | (history.symbol == b))
            remaining &= ~mine
            broken = np.zeros(len(self.bars), dtype=bool)
            broken[rows[mine]] = True
            said = f"{one} and {other} agree in all prices on {times} sessions"
            finding = SHARED.finding(one, said, rows=int(mine.sum()))
            self.verdicts.apply_as_one(SHARED, broken, finding)

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


def _ratio_text(ratio: float) -> str:
    """Say a ratio of shares as companies do: 7:1, 3:2, 1:20."""
    larger = max(ratio, 1 / ratio)
    few = next(n for n in (1, 2, 3, 4) if abs(larger * n - round(larger * n)) < 1e-6)
    many = round(larger * few)
    return f"{many}:{few}" if ratio > 1 else f"{few}:{many}"
