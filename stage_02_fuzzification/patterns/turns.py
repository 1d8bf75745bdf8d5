"""Turning points that were known at the time.

A high becomes a turn on the session on which the close has fallen a stated number of scales
from it, and not before (a directional change; Guillaume et al. 1997, "From the bird's eye to
the microscope"). What lies between two turns is smoothed away: moves smaller than the reversal
leave no mark. Unlike a centred smoother this looks at no later session; the price is that a
turn is known late, as it is to a trader.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

KEPT = 6
"""Turns remembered: as many as a head and shoulders has, with the low before it."""


@dataclass(frozen=True)
class Turns:
    """The last turns as known at each session, newest first.

    Attributes
    ----------
    price : array (KEPT, T, N)
        Closes of the turns; NaN where there have not been so many.
    bar : int array (KEPT, T, N)
        Rows on which they stand; -1 where there have not been so many.
    falling : bool array (T, N)
        Whether the newest turn is a high, so that the price has come down from it.
    """

    price: np.ndarray
    bar: np.ndarray
    falling: np.ndarray

    @cached_property
    def mirrored(self) -> Turns:
        """The turns of the chart upside down."""
        return Turns(-self.price, self.bar, ~self.falling & (self.bar[0] >= 0))


def find_turns(
    close: np.ndarray, scale: np.ndarray, reversals: tuple[float, ...]
) -> tuple[Turns, ...]:
    """Return the turns of every symbol at several sizes of reversal.

    One walk over the sessions serves all symbols and sizes at once. Where close or scale is
    absent nothing turns.

    Parameters
    ----------
    close, scale : array (T, N)
    reversals : tuple of float
        Distance from an extreme at which it counts as a turn, in scales of the session on
        which the distance is reached.
    """
    count, width = close.shape
    closes = np.tile(close, (1, len(reversals)))
    steps = np.concatenate([scale * size for size in reversals], axis=1)
    columns = closes.shape[1]
    high, low = np.full(columns, -np.inf), np.full(columns, np.inf)
    high_at, low_at = np.zeros(columns, np.int32), np.zeros(columns, np.int32)
    leg = np.zeros(columns, np.int8)
    price, bar = np.full((KEPT, columns), np.nan), np.full((KEPT, columns), -1, np.int32)
    prices = np.empty((KEPT, count, columns))
    bars = np.empty((KEPT, count, columns), np.int32)
    falling = np.empty((count, columns), bool)
    for t in range(count):
        now, step = closes[t], steps[t]
        higher, lower = (leg >= 0) & (now > high), (leg <= 0) & (now < low)
        high[higher], high_at[higher] = now[higher], t
        low[lower], low_at[lower] = now[lower], t
        down = (leg >= 0) & (high - now >= step)
        up = (leg <= 0) & (now - low >= step) & ~down
        turned = down | up
        if turned.any():
            price[1:, turned], bar[1:, turned] = price[:-1, turned], bar[:-1, turned]
            price[0] = np.where(down, high, np.where(up, low, price[0]))
            bar[0] = np.where(down, high_at, np.where(up, low_at, bar[0]))
            leg = np.where(down, -1, np.where(up, 1, leg)).astype(np.int8)
            low[down], low_at[down] = now[down], t
            high[up], high_at[up] = now[up], t
        prices[:, t], bars[:, t], falling[t] = price, bar, leg < 0
    return tuple(
        Turns(prices[..., part], bars[..., part], falling[:, part])
        for part in (slice(k * width, (k + 1) * width) for k in range(len(reversals)))
    )
