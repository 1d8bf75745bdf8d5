"""The rules of the gate that hold a symbol's bars against one another, each cause once.

``histories`` says what is found; here it becomes verdicts, in an order in which one finding
explains the next: a misprint is no split, and the step back from it is no jump.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from foundation.contracts import BAR_FIELDS, Instrument
from stage_01_data_engine.findings import Rule
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
    BAD_PRINT,
    COPIED,
    FILLED,
    JUMP,
    LONG_GAP,
    ON_TWO_SESSIONS,
    REUSED,
    SHARED,
    SPLIT,
    STALE,
    TRANSPLANTED,
)
from stage_01_data_engine.verdicts import Verdicts

if TYPE_CHECKING:
    Shown = Callable[[int], str]


class HistoryRules:
    """Bars of all symbols, and the verdicts they get as histories.

    Parameters
    ----------
    symbol : int array (R,)
        Place of each row's symbol in ``instruments``.
    day : M8[D] array (R,)
    values : float64 array (R, 5)
        Open, high, low, close, volume; NaN where not reported.
    order : int array (R,)
        Rows in symbol and session order.
    days : M8[D] array (T,)
        The sessions of the window.
    verdicts : Verdicts
        Rows set aside before are left out; what is found here is added.
    jump_limit : float
        Absolute log return above which a bar is reported.
    """

    def __init__(
        self,
        symbol: np.ndarray,
        day: np.ndarray,
        values: np.ndarray,
        order: np.ndarray,
        days: np.ndarray,
        instruments: tuple[Instrument, ...],
        verdicts: Verdicts,
        *,
        jump_limit: float,
    ) -> None:
        self.symbol, self.day, self.values, self.order = symbol, day, values, order
        self.days, self.instruments, self.verdicts = days, instruments, verdicts
        self.jump_limit = jump_limit

    def report(self) -> None:
        """Set copies of other sessions aside, then report the rest about the bars that remain."""
        self._take_history()
        self._transplanted()
        self._take_history()
        self._repeated()
        self._moved()

    def _take_history(self) -> None:
        """Read the good rows as histories."""
        self.rows = self.order[self.verdicts.good[self.order]]
        at = np.searchsorted(self.days, self.day[self.rows])
        self.history = History(self.symbol[self.rows], at, self.values[self.rows])
        self.place = np.zeros(len(self.values), dtype=int)
        self.place[self.rows] = np.arange(len(self.rows))
        self.stale = stale_runs(self.history)

    def _apply(self, rule: Rule, found: np.ndarray, show: Shown) -> None:
        broken = np.zeros(len(self.values), dtype=bool)
        broken[self.rows[found]] = True
        self.verdicts.apply(rule, broken, show)

    def _transplanted(self) -> None:
        copy, undecided, twin = transplanted(self.history, self.stale)
        when = self.days[self.history.at]

        def elsewhere(row: int) -> str:
            other = when[twin[self.place[row]]]
            return f"{shown(self.values[row], TRANSPLANTED.fields)}, the bar of {other}"

        self._apply(TRANSPLANTED, copy, elsewhere)
        self._apply(ON_TWO_SESSIONS, undecided, elsewhere)

    def _repeated(self) -> None:
        """Report bars that repeat the one before: standstills, filled sessions, single copies."""

        def show(row: int) -> str:
            return shown(self.values[row], COPIED.fields)

        history = self.history
        self._apply(STALE, self.stale, show)
        now, before = history.values[1:], history.values[:-1]
        copies = np.zeros(len(history.at), dtype=bool)
        copies[1:] = ((now == before) | (np.isnan(now) & np.isnan(before))).all(axis=1)
        copies &= history.follows & (np.nan_to_num(history.values[:, 4]) > 0) & ~self.stale
        filled = filled_sessions(history, copies)
        self._apply(FILLED, filled, show)
        self._apply(COPIED, copies & ~filled, show)

    def _moved(self) -> None:
        """Report misprints, gaps, shared series, splits, and jumps that none of these explains."""
        history = self.history

        def change(row: int) -> str:
            at = self.place[row]
            return (
                f"close {history.values[at, 3]:.10g} after {history.values[max(at - 1, 0), 3]:.10g}"
            )

        def since(row: int) -> str:
            return f"{change(row)}, {history.gap[self.place[row]]} sessions earlier"

        def basis(row: int) -> str:
            like = ratio[self.place[row]]
            said = "near no declared ratio" if np.isnan(like) else f"like {_ratio_text(like)}"
            return f"{change(row)}, {said}"

        prints = bad_prints(history)
        self._apply(BAD_PRINT, prints, lambda row: shown(self.values[row], BAD_PRINT.fields))
        gap, reused = long_gaps(history)
        self._apply(REUSED, reused, since)
        self._apply(LONG_GAP, gap, since)
        shared, pairs = twins(history)
        spliced = np.concatenate([[False], shared[1:] != shared[:-1]]) & history.follows
        back = np.concatenate([[False], prints[:-1]])
        resumed = np.concatenate([[False], self.stale[:-1]]) & ~self.stale & history.follows
        explained = prints | back | reused | shared | spliced | resumed
        split, ratio = split_steps(history, explained)
        self._apply(SPLIT, split, basis)
        jump = np.nan_to_num(np.abs(history.returns)) > self.jump_limit
        self._apply(JUMP, jump & ~explained & ~split, change)
        self._twins(shared, pairs)

    def _twins(self, shared: np.ndarray, pairs: list[tuple[int, int, int]]) -> None:
        """Report pairs of symbols that share their prices, one finding a pair."""
        remaining = shared.copy()
        for a, b, times in pairs:
            one, other = self.instruments[a].symbol, self.instruments[b].symbol
            mine = remaining & ((self.history.symbol == a) | (self.history.symbol == b))
            remaining &= ~mine
            broken = np.zeros(len(self.values), dtype=bool)
            broken[self.rows[mine]] = True
            said = f"{one} and {other} agree in all prices on {times} sessions"
            finding = SHARED.finding(one, said, rows=int(mine.sum()))
            self.verdicts.apply_as_one(SHARED, broken, finding)


def shown(values: np.ndarray, fields: tuple[str, ...]) -> str:
    """Say the named fields of one bar, absent ones left out."""
    told = [(field, values[BAR_FIELDS.index(field)]) for field in fields]
    return ", ".join(f"{field} {value:.10g}" for field, value in told if not np.isnan(value))


def _ratio_text(ratio: float) -> str:
    """Say a ratio of shares as companies do: 7:1, 3:2, 1:20."""
    larger = max(ratio, 1 / ratio)
    few = next(n for n in (1, 2, 3, 4) if abs(larger * n - round(larger * n)) < 1e-6)
    many = round(larger * few)
    return f"{many}:{few}" if ratio > 1 else f"{few}:{many}"
