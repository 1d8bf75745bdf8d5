"""All symbols' good bars in symbol and session order, and how large their moves usually are.

Whether a move is large depends on the instrument and the time, so it is held against the twenty
bars before it. Every scale is 1.4826 times a median absolute deviation (a robust standard
deviation: one outlier among the twenty does not move it) and has a floor: under that, a tick is a
large part of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

BEFORE = 20
"""Bars before a move that tell how large moves are: a month of trading."""
FEWEST = 5
"""Bars before a move below which its scale is not known and nothing is said."""
YEAR = 252
LEAST_SCALE, LEAST_GAP_SCALE = 0.005, 0.0025
"""Floors of a day's and a night's scale: half a percent and half of that."""
CROWD = 10
"""Symbols from which the session's common move is taken out of a symbol's own."""


@dataclass(frozen=True)
class History:
    """Bars in symbol and session order, one a symbol and session.

    Attributes
    ----------
    symbol : int array (R,)
        Ascending.
    at : int array (R,)
        Position of the bar's session among the sessions of the window; ascending per symbol.
    values : float64 array (R, 5)
        Open, high, low, close, volume; NaN where not reported. Closes are above zero.
    """

    symbol: np.ndarray
    at: np.ndarray
    values: np.ndarray

    @cached_property
    def follows(self) -> np.ndarray:
        """Whether the row before is of the same symbol."""
        same = np.zeros(len(self.symbol), dtype=bool)
        same[1:] = self.symbol[1:] == self.symbol[:-1]
        return same

    @cached_property
    def log_close(self) -> np.ndarray:
        return np.asarray(np.log(self.values[:, 3]))

    @cached_property
    def returns(self) -> np.ndarray:
        """Log return since the bar before; NaN on a symbol's first bar."""
        return self._since_before(self.log_close)

    @cached_property
    def gap(self) -> np.ndarray:
        """Sessions since the bar before: 1 where none is missing; 0 on a symbol's first bar."""
        gap = np.zeros(len(self.at), dtype=int)
        gap[1:] = np.diff(self.at)
        return np.where(self.follows, gap, 0)

    @cached_property
    def step(self) -> np.ndarray:
        """Log of open over the close before; the return where no open is reported."""
        step = np.full(len(self.at), np.nan)
        with np.errstate(invalid="ignore"):
            step[1:] = np.log(self.values[1:, 0]) - self.log_close[:-1]
        step[~self.follows] = np.nan
        return np.where(np.isnan(step), self.returns, step)

    @cached_property
    def own_step(self) -> np.ndarray:
        """``step`` less the session's median over all symbols, where at least ten have one.

        What the whole market did overnight is no instrument's own change of basis.
        """
        return np.asarray(self.step - self._common(self.step)[self.at])

    @cached_property
    def market(self) -> np.ndarray:
        """The session's median log return over all symbols, by session position; 0 under ten."""
        return self._common(np.where(self.gap == 1, self.returns, np.nan))

    @cached_property
    def own_returns(self) -> np.ndarray:
        """``returns`` over one session less the market's; NaN over a gap."""
        return np.where(self.gap == 1, self.returns, np.nan) - self.market[self.at]

    def _common(self, change: np.ndarray) -> np.ndarray:
        """Return the median change by session position; 0 where under ten symbols have one."""
        import pandas as pd

        by_session = pd.Series(change).groupby(self.at)
        count = int(self.at.max(initial=-1)) + 1
        middle = by_session.median().reindex(range(count)).to_numpy()
        enough = by_session.count().reindex(range(count), fill_value=0).to_numpy() >= CROWD
        return np.where(enough, np.nan_to_num(middle), 0.0)

    def _since_before(self, level: np.ndarray) -> np.ndarray:
        change = np.full(len(level), np.nan)
        change[1:] = np.diff(level)
        change[~self.follows] = np.nan
        return change

    def around(self, rows: np.ndarray, first: int, last: int) -> tuple[np.ndarray, np.ndarray]:
        """Return row numbers ``rows + first .. rows + last`` and whether they are of the symbol.

        Shape (len(rows), last - first + 1) both; numbers out of bounds are clipped and False.
        """
        wanted = rows[:, None] + np.arange(first, last + 1)
        clipped = np.clip(wanted, 0, max(len(self.symbol) - 1, 0))
        inside = (wanted == clipped) & (self.symbol[clipped] == self.symbol[rows][:, None])
        return clipped, inside

    def scale(self, rows: np.ndarray) -> np.ndarray:
        """Return the robust standard deviation of the twenty returns before each row.

        NaN with fewer than five of them.
        """
        return np.maximum(self._deviation(self.returns, rows), LEAST_SCALE)

    def gap_scale(self, rows: np.ndarray) -> np.ndarray:
        """Return the robust standard deviation of the twenty own overnight steps before each row.

        NaN with fewer than five of them.
        """
        return np.maximum(self._deviation(self.own_step, rows), LEAST_GAP_SCALE)

    def _deviation(self, change: np.ndarray, rows: np.ndarray) -> np.ndarray:
        near, inside = self.around(rows, -BEFORE, -1)
        return 1.4826 * median_of(np.where(inside, np.abs(change[near]), np.nan))

    def own_scale(self, rows: np.ndarray) -> np.ndarray:
        """Return the robust standard deviation of own returns around each row.

        Of up to a year before it and up to a year from the bar after it on.
        """
        sides = []
        for first, last in ((-YEAR, -1), (1, YEAR)):
            near, inside = self.around(rows, first, last)
            sides.append(np.where(inside, np.abs(self.own_returns[near]), np.nan))
        return np.maximum(1.4826 * median_of(np.concatenate(sides, axis=1)), LEAST_SCALE)

    @cached_property
    def turnover(self) -> np.ndarray:
        """Log of close times volume; NaN where no volume is reported or none was traded."""
        with np.errstate(invalid="ignore", divide="ignore"):
            money = self.log_close + np.log(self.values[:, 4])
        return np.where(np.isfinite(money), money, np.nan)


def median_of(block: np.ndarray) -> np.ndarray:
    """Return the median along the last axis without NaN; NaN where fewer than five are left."""
    enough = np.isfinite(block).sum(axis=1) >= FEWEST
    out = np.full(len(block), np.nan)
    if enough.any():
        out[enough] = np.nanmedian(block[enough], axis=1)
    return out
